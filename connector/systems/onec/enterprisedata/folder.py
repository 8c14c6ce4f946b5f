"""Exchange through a folder that 1C sees too: «Синхронизация данных» through a local or network directory.

    folder = Folder(Path("//server/exchange"), Counters(file, plan=PLAN, code="CON"), now=datetime.now)
    for received in folder.receive(take): ...      # take(header, objects) stores them; then the message is confirmed
    folder.send(objects)                           # what 1C has not confirmed yet, and what is new

Each side overwrites one file of its own, `Message_<from>_<to>.xml` (or .zip with that file in it). Ours gets its name
only when it is whole, and its number is on the disk before. A message of 1C is taken out of the way before it is read,
proved whole before anything of it is used, and ends in `processed` or, with the reason beside it, in `failed`; one that
is still being written is left for the next time. A message that was received before is not read again, and said.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, Literal, NamedTuple

from connector.errors import BrokenAnswer, UsageError
from connector.locale import N_, Sentence
from connector.systems.onec.archives import members
from connector.systems.onec.disk import settle, speaking, write_whole
from connector.systems.onec.enterprisedata.counters import Counters
from connector.systems.onec.enterprisedata.exchange import Node, judge, next_header
from connector.systems.onec.enterprisedata.message import (
    Header,
    Item,
    Written,
    read_message,
    whole_message,
    write_message,
)

PLAN: Final = "СинхронизацияДанныхЧерезУниверсальныйФормат"
TAKEN: Final = "processing"
PROCESSED: Final = "processed"
FAILED: Final = "failed"
MOST: Final = 16 * 1024**3
"""Bytes of a message, unpacked."""
SETTLES: Final = timedelta(minutes=2)
"""A file that breaks off and was changed within this time is still being written."""

_SAFE: Final = re.compile(r"[\w. -]{1,100}\Z")
"""A code that may stand in the name of a file."""

Take = Callable[[Header, Iterator[Item]], None]
Became = Literal["accept", "seen", "settings", "refuse", "broken"]


class Received(NamedTuple):
    """What became of one message. `objects` counts those that were given on."""

    file: str
    became: Became
    objects: int
    reason: Sentence | None = None


class Sent(NamedTuple):
    """Our message: its number, the file, and what went into it."""

    number: int
    file: str
    written: Written


class Folder:
    """One exchange. StopError where the folder cannot be used; Locked while another process is at it."""

    def __init__(self, folder: Path, counters: Counters, *, now: Callable[[], datetime]) -> None:
        self._folder, self._counters, self._now = folder, counters, now

    def receive(self, take: Take) -> list[Received]:
        """Read what has come. `take` stores the objects; when it raises, the message is read again the next time."""
        with self._counters.held(), speaking(self._folder):
            self._take_away()
            found = sorted(self._place(TAKEN).iterdir())
            return [received for file in found if (received := self._read(file, take)) is not None]

    def send(self, objects: Iterable[tuple[str, Mapping[str, Any]]]) -> Sent:
        """Leave a message with these objects: all that 1C has not confirmed, for it replaces the one before.

        Without objects it is a bare confirmation. UsageError while the code of 1C's node is unknown.
        """
        with self._counters.held(), speaking(self._folder):
            node = self._counters.load()
            peer = node.spelled or node.peer
            if peer is None or not _SAFE.match(peer):
                text = N_("{folder}: the code of 1C's node is not known yet. Let 1C write its first message")
                raise UsageError(text, folder=self._folder)
            header, following = next_header(node, self._now().replace(microsecond=0, tzinfo=None).isoformat())
            self._counters.save(following)
            name = _name_of(node)
            return Sent(following.sent, name, self._leave(self._folder / name, header, objects))

    def lies(self) -> int | None:
        """The number of our message that lies there; None where there is none, or what lies there is not ours."""
        node = self._counters.load()
        if node.spelled is None and node.peer is None:
            return None
        with speaking(self._folder):
            try:
                with (self._folder / _name_of(node)).open("rb") as stream:
                    confirmation = read_message(stream).header.confirmation
            except (FileNotFoundError, BrokenAnswer):
                return None
        return None if confirmation is None or confirmation.sender != node.code else confirmation.number

    def failed(self) -> list[str]:
        """The names of messages that were put aside, with the reason beside each."""
        with speaking(self._folder):
            place = self._folder / FAILED
            return sorted(file.name for file in place.iterdir() if file.suffix != ".txt") if place.is_dir() else []

    def prove(self) -> None:
        """StopError where files cannot be made there."""
        with speaking(self._folder):
            probe = self._folder / f"{self._counters.code}.probe"
            probe.write_bytes(b"")
            probe.unlink()

    @property
    def node(self) -> Node:
        """How the exchange stands."""
        return self._counters.load()

    @property
    def acknowledged(self) -> int:
        """The number up to which 1C has confirmed our messages."""
        return self.node.acknowledged

    # -- incoming

    def _take_away(self) -> None:
        """Out of 1C's way: what it writes from now on is another file."""
        ending = f"_{self._counters.code}".casefold()
        for file in sorted(self._folder.iterdir()):
            plain = file.name.casefold()
            is_message = plain.startswith("message_") and file.stem.casefold().endswith(ending)
            if not is_message or file.suffix.casefold() not in (".xml", ".zip"):
                continue
            try:
                os.replace(file, self._place(TAKEN) / file.name)
            except PermissionError:
                continue  # on Windows: 1C has it open

    def _read(self, file: Path, take: Take) -> Received | None:
        try:
            with _opened(file) as stream:
                header, count = whole_message(stream, file.name)
        except BrokenAnswer as error:
            return self._broken(file, error)
        judged = judge(self._counters.load(), header)
        if judged.verdict == "refuse":
            return self._put_aside(file, "refuse", judged.reason)
        if judged.verdict == "accept":
            with _opened(file) as stream:
                message = read_message(stream, file.name)
                take(message.header, message.objects)
                if next(message.objects, None) is not None:
                    raise ValueError("the objects of a message were not read to their end")
        self._counters.save(replace(judged.node, spelled=self._spelled(file)))
        number = header.confirmation.number if header.confirmation is not None else 0
        os.replace(file, self._place(PROCESSED) / f"{file.stem}-{number}{file.suffix}")
        return Received(file.name, judged.verdict, count if judged.verdict == "accept" else 0, judged.reason)

    def _spelled(self, file: Path) -> str:
        """Between `Message_` and our own code."""
        return file.stem[len("Message_") : -len(self._counters.code) - 1]

    def _broken(self, file: Path, error: BrokenAnswer) -> Received | None:
        """Left for the next time while it may still be being written, unless 1C has written another one."""
        changed = datetime.fromtimestamp(file.stat().st_mtime, tz=self._now().tzinfo)
        back = self._folder / file.name
        if self._now() - changed < SETTLES and not back.exists():
            os.replace(file, back)
            return None
        return self._put_aside(file, "broken", error.sentence)

    def _put_aside(self, file: Path, became: Became, reason: Any) -> Received:
        target = self._place(FAILED) / f"{file.stem}-{self._now():%Y%m%d-%H%M%S}{file.suffix}"
        write_whole(target.with_suffix(".txt"), f"{reason}\n".encode())
        os.replace(file, target)
        return Received(file.name, became, 0, reason)

    def _place(self, name: str) -> Path:
        place = self._folder / name
        place.mkdir(exist_ok=True)
        return place

    # -- outgoing

    def _leave(self, file: Path, header: Header, objects: Iterable[tuple[str, Mapping[str, Any]]]) -> Written:
        part = file.with_name(file.name + ".part")
        try:
            with part.open("wb") as stream:
                written = write_message(stream, header, objects)
                settle(stream)
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
        return written


def _name_of(node: Node) -> str:
    return f"Message_{node.code}_{node.spelled or node.peer}.xml"


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """The message, out of its archive where it is in one."""
    if file.suffix.casefold() != ".zip":
        with file.open("rb") as stream:
            yield stream
        return
    try:
        with zipfile.ZipFile(file) as archive, _member(archive, file) as packed:
            yield packed
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BrokenAnswer(N_("{file}: it is no archive, or it breaks off"), file=file.name) from error


def _member(archive: zipfile.ZipFile, file: Path) -> IO[bytes]:
    """The first message in an archive that does no harm."""
    found = members(archive, file.stat().st_size, MOST)
    member = next((one for one in found if one.filename.casefold().endswith(".xml")), None)
    if member is None:
        raise BrokenAnswer(N_("{file}: there is no message in the archive"), file=file.name)
    try:
        return archive.open(member)
    except (RuntimeError, NotImplementedError) as error:  # a password, a way of packing that is unknown
        text = N_("{file}: the archive is locked by a password, or packed in a way that is not known here")
        raise BrokenAnswer(text, file=file.name) from error
