"""The files of a session: pieces put together, archives unpacked, each proved whole, and laid into the inbox.

Memory does not grow with a file. What cannot be used is refused in a sentence, and nothing of it is kept.
"""

from __future__ import annotations

from itertools import islice
from typing import IO, Final
from zipfile import is_zipfile

from connector.errors import BrokenAnswer
from connector.jobs.desk import Desk
from connector.locale import N_
from connector.server.exchange.address import Unsafe, file_key
from connector.server.exchange.archive import unpack
from connector.server.exchange.visits import Part, Visit
from connector.systems.onec.commerceml import orders_of, prove_file, read_file
from connector.systems.onec.inbox import Inbox

MEGABYTE: Final = 1024 * 1024
WAITING: Final = 4
"""So many exchanges of the largest size may wait for a run."""
_CHUNK: Final = 256 * 1024
_ENDS: Final = tuple("</КоммерческаяИнформация>".encode(encoding) for encoding in ("utf-8", "cp1251"))
_TAIL: Final = 4096
_ROOM: Final = 500


class Intake:
    """One account. `file_limit` is bytes of one piece, `largest` of one session, unpacked."""

    def __init__(self, inbox: Inbox, desk: Desk, *, file_limit: int, largest: int, takes_zip: bool) -> None:
        self._inbox, self._desk = inbox, desk
        self.file_limit, self._largest, self._takes_zip = file_limit, largest, takes_zip

    def append(self, visit: Visit, name: str, stream: IO[bytes]) -> Part | None:
        """One piece, behind those that came before under its name. None for a picture: nothing here needs it."""
        key = self.key_of(name)
        if not key.endswith((".xml", ".zip")):
            self._pass_over(stream)
            return None
        if key.endswith(".zip") and not self._takes_zip:
            raise BrokenAnswer(N_("packed files are not taken here; let 1C send them as they are"))
        if visit.imports.pop(key, None) is not None:
            visit.parts.pop(key, None)  # it was taken before: this is another one of the name
        part = visit.parts.setdefault(key, Part(key, visit.new_path()))
        self._write(visit, part, stream)
        return part

    def key_of(self, name: str) -> str:
        """By what a file of this name is known again. BrokenAnswer for a name that leads elsewhere."""
        try:
            return file_key(name)
        except Unsafe as error:
            raise BrokenAnswer(N_("a file may not be called so")) from error

    def _pass_over(self, stream: IO[bytes]) -> None:
        size = 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > self.file_limit:
                raise self._too_long()

    def _write(self, visit: Visit, part: Part, stream: IO[bytes]) -> None:
        """All of a piece or nothing of it."""
        size = 0
        with part.path.open("ab") as file:
            try:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    if size > self.file_limit:
                        raise self._too_long()
                    if visit.bytes + size > self._largest:
                        raise BrokenAnswer(N_("this exchange is longer than {limit} bytes"), limit=self._largest)
                    file.write(chunk)
            except BaseException:
                file.truncate(part.size)
                raise
        part.size += size
        visit.bytes += size

    def _too_long(self) -> BrokenAnswer:
        return BrokenAnswer(N_("one piece of a file may have {limit} bytes"), limit=self.file_limit)

    # proving

    def ready(self, visit: Visit, part: Part) -> list[str]:
        """The files that are whole now that this piece has come: nothing else tells which piece is the last one."""
        if part.name.endswith(".zip"):
            if not is_zipfile(part.path):
                return []
            known = set(visit.parts)
            self._unpack(visit)
            return sorted(set(visit.parts) - known)
        return [part.name] if _is_whole(part) else []

    def left(self, visit: Visit) -> list[str]:
        """Whole files of a session that nobody asked to be taken."""
        return [
            part.name
            for part in list(visit.parts.values())
            if part.name.endswith(".xml") and part.path.exists() and part.name not in visit.imports and _is_whole(part)
        ]

    def take(self, visit: Visit, name: str) -> list[int]:
        """Prove a file and lay it into the inbox; the operations that it acknowledges.

        BrokenAnswer says what is wrong with it.
        """
        self._unpack(visit)
        part = self._named(visit, self.key_of(name))
        self._prove(part)
        if self._desk.reads and self._inbox.size() + part.size > WAITING * self._largest:
            raise BrokenAnswer(N_("too much waits to be read; look why no run of the connector has read it"))
        acknowledged = self._returned(part) if visit.kind == "sale" else []
        if self._desk.reads:
            self._inbox.put(part.path)
        part.path.unlink(missing_ok=True)
        self._desk.wake()
        return acknowledged

    def _unpack(self, visit: Visit) -> None:
        for key in [key for key in visit.parts if key.endswith(".zip")]:
            packed = visit.parts.pop(key)
            try:
                for name, path, size in unpack(packed.path, self._largest - visit.bytes, visit.new_path):
                    visit.parts[name] = Part(name, path, size)
                    visit.bytes += size
            finally:
                packed.path.unlink(missing_ok=True)

    def _named(self, visit: Visit, key: str) -> Part:
        """By its key, else by its last part alone: 1C names what it has packed without its folder."""
        found = visit.parts.get(key)
        if found is None:
            same = [part for name, part in visit.parts.items() if name.rpartition("/")[2] == key.rpartition("/")[2]]
            found = same[0] if len(same) == 1 else None
        if found is None or not found.path.exists():
            raise BrokenAnswer(N_("no file of this name was received"))
        return found

    @staticmethod
    def _prove(part: Part) -> None:
        """Read to its end before anything of it is used."""
        with part.path.open("rb") as stream:
            prove_file(stream, part.name.rpartition("/")[2])

    def _returned(self, part: Part) -> list[int]:
        """The operations that the orders in it acknowledge; read a second time, some at once."""
        done: list[int] = []
        with part.path.open("rb") as stream:
            orders = orders_of(read_file(stream, part.name.rpartition("/")[2]).items)
            while room := list(islice(orders, _ROOM)):
                done += self._desk.returned(room)
        return done


def _is_whole(part: Part) -> bool:
    with part.path.open("rb") as file:
        file.seek(max(0, part.size - _TAIL))
        tail = file.read().rstrip()
    return tail.endswith(_ENDS)
