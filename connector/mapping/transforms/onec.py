"""Contact information of 1C: one row of a table part, found by its type and kind (1c.md section 8).

A row has `Тип` (`Телефон`, `АдресЭлектроннойПочты`, `Адрес`), `Вид_Key` (the GUID of its kind) and, where the adapter
could resolve that GUID, `Вид`: the kind's predefined name, such as `ТелефонКонтрагента`. Two kinds of address can be
told apart by it only; phones and e-mails of other kinds are taken when there is none of the wanted kind.

A write gives the whole table part with one row changed, added or removed and every other row as it was. An added row
carries `Вид` and no `Вид_Key`: the adapter fills it in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from connector.locale import N_
from connector.mapping.transforms import contact, text
from connector.mapping.transforms.base import MISSING, Transform, Unreadable
from connector.model.values import ABSENT

Row = Mapping[str, Any]
R = TypeVar("R", bound=Mapping[str, Any])

_STRUCTURE: Final = {"Значение": "", "ЗначенияПолей": ""}
"""1C rebuilds the structured form of a contact from its presentation when this is empty."""


@dataclass(frozen=True)
class _Part:
    """One field kept in the table part: `type` of its rows, their wanted `kind`, and whether only that kind counts."""

    type: str
    kind: str | None
    strict: bool
    keys: tuple[str, ...]  # where the value may stand in a row, best first
    parse: Callable[[object], Any]
    fill: Callable[[Any], dict[str, str]]

    def read(self, rows: object) -> Any:
        found = self._candidates(_rows(rows))
        if found is None:
            return ABSENT
        reason: Unreadable | None = None
        for row in found:
            try:
                if (value := self._value(row)) is not None:
                    return value
            except Unreadable as error:
                reason = reason or error
        if reason is not None:
            raise reason
        return None

    def write(self, value: Any, current: object) -> list[dict[str, Any]]:
        rows = [dict(row) for row in _rows(current)]
        standing = self._standing(rows)
        if value is None:
            return _numbered([row for row in rows if row is not standing])
        if standing is None:
            standing = {"Тип": self.type} | ({} if self.kind is None else {"Вид": self.kind})
            rows.append(standing)
        standing.update(self.fill(value) | _STRUCTURE)
        return _numbered(rows)

    def _candidates(self, rows: Sequence[R]) -> list[R] | None:
        """Rows that may hold the field, best first; None when the kinds, which alone tell, are not known."""
        typed = sorted((row for row in rows if row.get("Тип") == self.type), key=_line)
        wanted = [row for row in typed if self.kind is not None and row.get("Вид") == self.kind]
        if not self.strict:
            return wanted + [row for row in typed if not any(row is one for one in wanted)]
        return None if typed and not any("Вид" in row for row in typed) else wanted

    def _standing(self, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
        candidates = self._candidates(rows)
        if candidates is None:
            raise Unreadable(N_("the kinds of contact information are not known"))
        for row in candidates:
            try:
                if self._value(row) is not None:
                    return row
            except Unreadable:
                continue
        return candidates[0] if candidates else None

    def _value(self, row: Row) -> Any:
        reason: Unreadable | None = None
        for key in self.keys:
            raw = row.get(key)
            if raw is None or (isinstance(raw, str) and not raw.strip()):
                continue
            try:
                return self.parse(raw)
            except Unreadable as error:
                if reason is None:
                    error.about, reason = raw, error
        if reason is not None:
            raise reason
        return None


def _rows(rows: object) -> Sequence[Row]:
    if rows is MISSING or rows is None or rows == "":
        return ()
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        raise Unreadable(N_("rows of contact information were expected"))
    return rows


def _line(row: Row) -> int:
    number = str(row.get("LineNumber", ""))
    return int(number) if number.isdecimal() else 0


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"LineNumber": str(number)} for number, row in enumerate(rows, 1)]


def _fill_phone(value: str) -> dict[str, str]:
    digits = value[1:]
    return {"Представление": value, "НомерТелефона": digits, "НомерТелефонаБезКодов": digits[-7:]}


def _fill_email(value: str) -> dict[str, str]:
    return {"Представление": value, "АдресЭП": value, "ДоменноеИмяСервера": value.rpartition("@")[2]}


def _fill_address(value: str) -> dict[str, str]:
    return {"Представление": value, "Страна": "", "Регион": "", "Город": ""}


def _transform(name: str, part: _Part, like: Transform) -> Transform:
    return Transform(
        name=name,
        kind="text",
        read=part.read,
        write=part.write,
        equal=like.equal,
        sample=like.sample,
        patches=True,
        clears=True,
    )


def phone(kind: str | None) -> Transform:
    """The first phone that can be read, best of the wanted kind."""
    keys = ("Представление", "НомерТелефона")
    part = _Part("Телефон", kind, False, keys, contact.read_phone, _fill_phone)
    return _transform("onec_phone", part, contact.PHONE)


def email(kind: str | None) -> Transform:
    part = _Part("АдресЭлектроннойПочты", kind, False, ("АдресЭП", "Представление"), contact.read_email, _fill_email)
    return _transform("onec_email", part, contact.EMAIL)


def address(kind: str | None) -> Transform:
    """The address of exactly this kind; ABSENT when 1C has addresses but their kinds are not known."""
    part = _Part("Адрес", kind, kind is not None, ("Представление",), text.plain, _fill_address)
    return _transform("onec_address", part, text.TEXT)
