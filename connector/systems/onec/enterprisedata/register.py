"""What we have told through a folder and 1C has not confirmed yet: our side's register of changes, as 1C has its own.

    register.put([Told("customer", "Справочник.Контрагенты", key, row, base)])    # on the disk when it returns
    for told in register.unconfirmed(acknowledged): ...    # goes into every message until then
    register.numbered(7)    # what had no number leaves in message 7

A message replaces the one before it, so each holds all that is not confirmed. An entry keeps the number of the first
message that held it as it stands; told anew, it has none until it leaves again. One thing stands here once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from connector.errors import ConfigError, StopError
from connector.locale import N_
from connector.systems.onec.disk import settle

Key = tuple[str, str]
"""(entity, GUID)."""

_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode


class Told(msgspec.Struct, array_like=True):
    """One thing as 1C is to have it. `base` is how 1C showed it before we told anything, where it has.

    `fact` says that the outbox offers it, and says when that is over; `number` is the message that held it first.
    """

    entity: str
    type: str
    key: str
    row: dict[str, Any]
    base: dict[str, Any] | None = None
    fact: bool = False
    number: int | None = None

    @property
    def place(self) -> Key:
        return self.entity, self.key


_DECODE: Final = msgspec.json.Decoder(Told, float_hook=Decimal).decode


@dataclass(slots=True)
class _At:
    offset: int
    length: int
    number: int | None
    fact: bool


class Register:
    """One account's register, in a file that only grows until it is written anew. Memory holds where things stand.

    One process at a time writes it: the run, which holds the lock of the store.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._index: dict[Key, _At] | None = None

    def put(self, told: Iterable[Told]) -> None:
        """Add these, or what is told of the same things now; on the disk when it returns."""
        told = list(told)
        if not told:
            return
        index = self._known()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as stream:
                for one in told:
                    index[one.place] = self._append(stream, one)
                settle(stream)
        except OSError as error:
            self._index = None
            raise self._unwritable(error) from error

    def get(self, entity: str, key: str) -> Told | None:
        """What was told of a thing and stands here still."""
        at = self._known().get((entity, key))
        if at is None:
            return None
        with self._file.open("rb") as stream:
            return self._read(stream, at)

    def numbers(self) -> dict[Key, int | None]:
        """Everything that stands here, and the message that held it first."""
        return {place: at.number for place, at in self._known().items()}

    def facts(self) -> set[Key]:
        """Those that the outbox offers."""
        return {place for place, at in self._known().items() if at.fact}

    def unconfirmed(self, acknowledged: int) -> Iterator[Told]:
        """What 1C has not confirmed, in the order in which it was first told. Read as it is taken."""
        found = self._known().values()
        yield from self._some([at for at in found if at.number is None or at.number > acknowledged])

    def confirmed(self, acknowledged: int, entity: str) -> Iterator[Told]:
        """What 1C has confirmed of an entity."""
        found = [at for place, at in self._known().items() if place[0] == entity and at.number is not None]
        yield from self._some([at for at in found if at.number is not None and at.number <= acknowledged])

    def numbered(self, number: int) -> None:
        """What has no number yet leaves in this message. On the disk before the message is."""
        self._rewrite(lambda _, at: True, number)

    def forget(self, places: Iterable[Key]) -> None:
        """These are no matter of ours any more."""
        gone = set(places) & self._known().keys()
        if gone:
            self._rewrite(lambda place, _: place not in gone, None)

    # the file

    def _known(self) -> dict[Key, _At]:
        if self._index is None:
            self._index = self._load()
        return self._index

    def _load(self) -> dict[Key, _At]:
        """Where everything stands. A last line that breaks off was never promised to anybody, and is cut away."""
        index: dict[Key, _At] = {}
        whole = 0
        try:
            with self._file.open("rb") as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    told = self._decoded(line)
                    index[told.place] = _At(whole, len(line), told.number, told.fact)
                    whole += len(line)
        except FileNotFoundError:
            return index
        if whole < self._file.stat().st_size:
            os.truncate(self._file, whole)
        return index

    def _decoded(self, line: bytes) -> Told:
        try:
            return _DECODE(line)
        except msgspec.DecodeError:
            text = N_("the register of what 1C has not confirmed is damaged. Restore the file from a copy")
            raise ConfigError(text, str(self._file)) from None

    def _some(self, found: Sequence[_At]) -> Iterator[Told]:
        if found:
            with self._file.open("rb") as stream:
                yield from (self._read(stream, at) for at in found)

    def _read(self, stream: IO[bytes], at: _At) -> Told:
        stream.seek(at.offset)
        told = self._decoded(stream.read(at.length))
        told.number = at.number
        return told

    @staticmethod
    def _append(stream: IO[bytes], told: Told) -> _At:
        line = _ENCODE(told) + b"\n"
        offset = stream.seek(0, os.SEEK_END)
        stream.write(line)
        return _At(offset, len(line), told.number, told.fact)

    def _rewrite(self, keep: Callable[[Key, _At], bool], number: int | None) -> None:
        """The file anew with what is kept, whole or not at all."""
        part = self._file.with_name(self._file.name + ".part")
        kept: dict[Key, _At] = {}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                for told in self._some(list(self._known().values())):
                    if keep(told.place, self._known()[told.place]):
                        told.number = number if told.number is None else told.number
                        kept[told.place] = self._append(stream, told)
                settle(stream)
            os.replace(part, self._file)
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            part.unlink(missing_ok=True)
        self._index = kept

    def _unwritable(self, error: OSError) -> StopError:
        return StopError(N_("{file} cannot be written: {reason}"), file=self._file, reason=error.strerror)
