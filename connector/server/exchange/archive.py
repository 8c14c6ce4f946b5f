"""Archives that 1C packs its files into: unpacked within limits, whatever they say of themselves."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from connector.errors import BrokenAnswer
from connector.locale import N_
from connector.server.exchange.address import Unsafe, file_key
from connector.systems.onec.archives import DAMAGED, members

_CHUNK: Final = 256 * 1024


def unpack(archive: Path, room: int, fresh: Callable[[], Path]) -> Iterator[tuple[str, Path, int]]:
    """(key, where it lies now, bytes) of every XML file in an archive; the rest of it is passed over.

    BrokenAnswer for an archive that is damaged or locked, holds more than `room` bytes, or names a file outside.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            for key, member in _checked(packed, archive.stat().st_size, room):
                target = fresh()
                with packed.open(member) as source, target.open("wb") as file:
                    size = _copied(source, file, room)
                room -= size
                yield key, target, size
    except DAMAGED as error:
        raise BrokenAnswer(N_("the archive cannot be unpacked")) from error


def _checked(packed: zipfile.ZipFile, size: int, room: int) -> list[tuple[str, zipfile.ZipInfo]]:
    try:
        named = [(file_key(member.filename), member) for member in members(packed, size, room)]
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
