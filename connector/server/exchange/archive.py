"""Archives that 1C packs its files into: unpacked within limits, whatever they say of themselves."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from connector.errors import BrokenAnswer
from connector.locale import N_
from connector.server.exchange.address import Unsafe, file_key

MOST_FILES: Final = 10_000
MOST_RATIO: Final = 200
"""XML packs to a twentieth at best; what packs better by far was made to fill a disk."""
_SMALL: Final = 1024 * 1024
_CHUNK: Final = 256 * 1024
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, LookupError)


def unpack(archive: Path, room: int, fresh: Callable[[], Path]) -> Iterator[tuple[str, Path, int]]:
    """(key, where it lies now, bytes) of every XML file in an archive; the rest of it is passed over.

    BrokenAnswer for an archive that is damaged or locked, holds more than `room` bytes, or names a file outside.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = _checked(packed, archive.stat().st_size, room)
            for key, member in members:
                target = fresh()
                with packed.open(member) as source, target.open("wb") as file:
                    size = _copied(source, file, room)
                room -= size
                yield key, target, size
    except _DAMAGED as error:
        raise BrokenAnswer(N_("the archive cannot be unpacked")) from error


def _checked(packed: zipfile.ZipFile, size: int, room: int) -> list[tuple[str, zipfile.ZipInfo]]:
    members = packed.infolist()
    total = sum(member.file_size for member in members)
    if len(members) > MOST_FILES or total > room or total > max(_SMALL, size * MOST_RATIO):
        raise _too_much()
    if any(member.flag_bits & 1 for member in members):
        raise BrokenAnswer(N_("the archive is locked with a password"))
    try:
        named = [(file_key(member.filename), member) for member in members if not member.is_dir()]
    except Unsafe as error:
        raise BrokenAnswer(N_("the archive names a file that lies elsewhere")) from error
    return [(key, member) for key, member in named if key.endswith(".xml")]


def _copied(source: IO[bytes], target: IO[bytes], room: int) -> int:
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if size > room:
            raise _too_much()
        target.write(chunk)
    return size


def _too_much() -> BrokenAnswer:
    return BrokenAnswer(N_("the archive holds more than may be received in one exchange"))
