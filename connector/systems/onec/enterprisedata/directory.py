"""What 1C has told of things that documents only refer to: goods, organizations, storages.

    directory.note([("Справочник.Номенклатура", guid, {...}), ...])     # on the disk when it returns; None: deleted
    directory.get("Справочник.Организации", guid)
    directory.find("Справочник.Номенклатура", "Артикул", "A-100")       # every one that says this, letter case apart

1C tells of a thing when it changes, not when it is asked, so what it said is kept for as long as the exchange lives.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from connector.errors import ConfigError, StopError
from connector.locale import N_
from connector.systems.onec.disk import settle, write_whole
from connector.systems.onec.enterprisedata.rows import ORGANIZATION, PRODUCT, STORAGE

KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    PRODUCT: ("Наименование", "НаименованиеПолное", "Артикул", "КодВПрограмме", "ТипНоменклатуры"),
    ORGANIZATION: ("Наименование", "ИНН", "КПП", "ЮридическоеФизическоеЛицо"),
    STORAGE: ("Наименование", "ТипСклада"),
}
"""What is kept of each: enough to be found and referred to."""

Noted = tuple[str, str, dict[str, Any] | None]
"""(type, GUID, what is kept of its row); None where 1C has deleted it."""

_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode
_DECODE: Final = msgspec.json.Decoder(Noted, float_hook=Decimal).decode
_LONGEST: Final = 1024 * 1024
"""Bytes of one line: names and articles are shorter."""
_LOOSE: Final = 4
"""The file is written anew when it has so many times more lines than there are things."""


class Directory:
    """One base, in a file of lines. It is read when something is looked up first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._things: dict[str, dict[str, dict[str, Any]]] | None = None
        self._found: dict[tuple[str, str], dict[str, list[str]]] = {}

    def note(self, things: Iterable[Noted]) -> None:
        """1C says this of them now. StopError where the file cannot be written."""
        lines = [_ENCODE(_short(one)) + b"\n" for one in things]
        if not lines:
            return
        self._things, self._found = None, {}
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a+b") as stream:
                _mend(stream)
                stream.writelines(lines)
                settle(stream)
        except OSError as error:
            text = N_("{file} cannot be written: {reason}")
            raise StopError(text, file=self._file, reason=error.strerror) from error

    def get(self, type_: str, key: str) -> Mapping[str, Any] | None:
        return self._known().get(type_, {}).get(key)

    def all(self, type_: str) -> list[tuple[str, Mapping[str, Any]]]:
        """(GUID, row) of everything of a type."""
        return list(self._known().get(type_, {}).items())

    def find(self, type_: str, field: str, value: str) -> list[tuple[str, Mapping[str, Any]]]:
        """(GUID, row) of each that says this, in the order in which they were told."""
        index = self._found.get((type_, field))
        things = self._known().get(type_, {})
        if index is None:
            index = self._found[type_, field] = {}
            for key, row in things.items():
                if (said := _folded(row.get(field))) != "":
                    index.setdefault(said, []).append(key)
        return [(key, things[key]) for key in index.get(_folded(value), ())]

    def _known(self) -> dict[str, dict[str, dict[str, Any]]]:
        if self._things is None:
            self._things = self._load()
        return self._things

    def _load(self) -> dict[str, dict[str, dict[str, Any]]]:
        things: dict[str, dict[str, dict[str, Any]]] = {}
        count = 0
        try:
            with self._file.open("rb") as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        break  # it broke off: the message it came from was not confirmed, and comes again
                    type_, key, row = self._decoded(line)
                    count += 1
                    if row is None:
                        things.get(type_, {}).pop(key, None)
                    else:
                        things.setdefault(type_, {})[key] = row
        except FileNotFoundError:
            return things
        if count > _LOOSE * sum(map(len, things.values())) + 1000:
            rows = ((type_, key, row) for type_, known in things.items() for key, row in known.items())
            write_whole(self._file, b"".join(_ENCODE(one) + b"\n" for one in rows))
        return things

    def _decoded(self, line: bytes) -> Noted:
        try:
            noted: Noted = _DECODE(line)
        except msgspec.DecodeError:
            text = N_("what 1C has told of goods and organizations is damaged. Restore the file from a copy")
            raise ConfigError(text, str(self._file)) from None
        return noted


def _mend(stream: IO[bytes]) -> None:
    """Cut away a last line that broke off."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - _LONGEST))
    tail = stream.read()
    if tail and not tail.endswith(b"\n"):
        stream.truncate(end - len(tail) + tail.rfind(b"\n") + 1)
    stream.seek(0, os.SEEK_END)


def _short(one: Noted) -> Noted:
    type_, key, row = one
    return type_, key, None if row is None else {name: row[name] for name in KEPT[type_] if name in row}


def _folded(value: object) -> str:
    return " ".join(value.split()).casefold() if isinstance(value, str) else ""
