"""Archives of exchange files, read where they lie: within limits, whatever they say of themselves.

    for name, packed in files_of(path, 1 << 30):      # one that is no archive is its own only file
        with packed() as stream: ...

Nothing is unpacked onto the disk, and no file is ever called as an archive says; a name that leads elsewhere is refused
all the same, for it was made to do harm. BrokenAnswer says what is wrong with an archive.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final

from connector.errors import BrokenAnswer
from connector.locale import N_, Sentence

MOST_FILES: Final = 10_000
MOST_RATIO: Final = 200
"""XML packs to a twentieth at best; what packs better by far was made to fill a disk or a memory."""
DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, LookupError)
"""What reading a damaged archive, or one packed in a way that is not known here, may raise."""

_BREAKS: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)

Opened = Callable[[], AbstractContextManager[IO[bytes]]]

_SMALL: Final = 1024 * 1024
_MARK: Final = b"PK"
_ENDINGS: Final = (".xml", ".txt")
_ELSEWHERE: Final = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|\Z)|[\x00-\x1f\x7f]")
_LONGEST_NAME: Final = 255


def files_of(path: Path, room: int) -> list[tuple[str, Opened]]:
    """(name, how to open it) of a file, or of every exchange file in an archive, in its order.

    `room` is how many bytes they may have together. BrokenAnswer, too, where an archive holds none.
    """
    with path.open("rb") as stream:
        if stream.read(len(_MARK)) != _MARK:
            if path.stat().st_size > room:
                raise broken(path.name, N_("it is longer than {limit} bytes"), limit=room)
            return [(path.name, partial(_plain_file, path))]
    try:
        with zipfile.ZipFile(path) as packed:
            found = members(packed, path.stat().st_size, room)
    except DAMAGED as error:
        raise broken(path.name, N_("the archive cannot be unpacked")) from error
    wanted = [member for member in found if member.filename.casefold().endswith(_ENDINGS)]
    if not wanted:
        raise broken(path.name, N_("there is no exchange file in the archive"))
    return [(_plain(member.filename), partial(_member, path, member)) for member in wanted]


def members(packed: zipfile.ZipFile, size: int, room: int) -> list[zipfile.ZipInfo]:
    """The files of an archive of `size` bytes. BrokenAnswer for what is too much, locked, or named elsewhere."""
    found = packed.infolist()
    total = sum(member.file_size for member in found)
    if len(found) > MOST_FILES or total > room or total > max(_SMALL, size * MOST_RATIO):
        raise BrokenAnswer(N_("the archive holds more than may be received in one exchange"))
    if any(member.flag_bits & 1 for member in found):
        raise BrokenAnswer(N_("the archive is locked with a password"))
    if any(len(member.filename) > _LONGEST_NAME or _ELSEWHERE.search(member.filename) for member in found):
        raise BrokenAnswer(N_("the archive names a file that lies elsewhere"))
    return [member for member in found if not member.is_dir()]


@contextmanager
def _member(path: Path, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """One file of an archive. A damage that shows only while it is read is told as such."""
    try:
        with zipfile.ZipFile(path) as packed, packed.open(member) as stream:
            yield stream
    except _BREAKS as error:
        raise broken(path.name, N_("the archive cannot be unpacked")) from error


def _plain_file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _plain(name: str) -> str:
    """The last part of a name, whichever slashes it has."""
    return name.replace("\\", "/").rpartition("/")[2]


def broken(file: str, text: str, /, **facts: object) -> BrokenAnswer:
    """What is wrong with a file, in front of it its name."""
    return BrokenAnswer(N_("{file}: {reason}"), file=file, reason=Sentence(text, **facts))
