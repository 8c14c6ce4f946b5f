"""Contact information: phones, e-mails and addresses as rows of a table part.

A row as a mapping sees it: what 1C holds, without Ref_Key and LineNumber, with one key more: `Вид`, the programmatic
name of its kind (`ТелефонКонтрагента`), since the guid in `Вид_Key` is another one in every base.

    {"Тип": "Телефон", "Вид": "ТелефонКонтрагента", "Вид_Key": "…", "Представление": "+7 916 123-45-67", …}

Rows to write name their kind by `Вид`, by `Вид_Key`, or only their `Тип`: then the first row of that type is meant, and
for a new one the first kind of that type that the owner has. That one also serves a phone or an e-mail whose kind this
base does not have. 1C replaces a table part whole, so it is always read,
merged and sent whole: rows that the writer never saw survive, rows that it saw and left out are removed.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.systems.onec.values import is_empty

Row = Mapping[str, Any]

_NOISE: Final = frozenset({"Ref_Key", "LineNumber"})
_SHOWN: Final = "Представление"
_PHONE: Final = "Телефон"
_EMAIL: Final = "АдресЭлектроннойПочты"
_DERIVED: Final = (
    "ЗначенияПолей",
    "Значение",
    "Страна",
    "Регион",
    "Город",
    "АдресЭП",
    "ДоменноеИмяСервера",
    "НомерТелефона",
    "НомерТелефонаБезКодов",
)
"""What 1C computes from what is shown: it must not keep telling the old value."""

_EXTENSION: Final = re.compile(r"(?:доб|вн|ext|#)\D*(\d+)\s*\Z", re.IGNORECASE)
_NOT_DIGIT: Final = re.compile(r"\D+", re.ASCII)


class NoKind(ValueError):
    """The base has no kind of contact information under which this row could stand; `name` is what was looked for."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass(frozen=True)
class Kind:
    """One element of the catalogue of kinds. `owner` is the name of its folder: `СправочникКонтрагенты`."""

    guid: str
    name: str
    type: str = ""
    owner: str = ""
    order: int = 0


@dataclass
class Kinds:
    """The kinds of a base. Empty where the catalogue is not offered: rows are then told apart by their type alone."""

    known: Sequence[Kind] = ()
    _names: dict[str, str] = field(init=False, repr=False)
    _guids: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._names = {kind.guid: kind.name for kind in self.known}
        self._guids = {kind.name: kind.guid for kind in reversed(self.known)}

    def name(self, guid: object) -> str | None:
        return self._names.get(guid) if isinstance(guid, str) else None

    def guid(self, name: str) -> str | None:
        return self._guids.get(name)

    def first(self, type_: str, owner: str) -> str | None:
        """The kind under which a first phone (or e-mail, address) of this owner is entered."""
        fitting = [kind for kind in self.known if kind.type == type_ and kind.owner == owner]
        return min(fitting, key=lambda kind: (kind.order, kind.guid)).guid if fitting else None


def kinds_of(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> Kinds:
    """The kinds from the catalogue's rows; `names` are the properties that may hold a programmatic name."""
    listed = list(rows)
    title = {str(row.get("Ref_Key")): _name(row, names) for row in listed}
    return Kinds(
        [
            Kind(
                guid=str(row.get("Ref_Key")),
                name=title[str(row.get("Ref_Key"))],
                type=str(row.get("Тип") or ""),
                owner=title.get(str(row.get("Parent_Key")), ""),
                order=int(row.get("РеквизитДопУпорядочивания") or 0),
            )
            for row in listed
            if row.get("IsFolder") is not True and row.get("DeletionMark") is not True
        ]
    )


def _name(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((str(row[name]) for name in names if not is_empty(row.get(name))), "")


def shown(rows: object, kinds: Kinds) -> list[dict[str, Any]]:
    """The rows of the table part as a mapping sees them."""
    listed = rows if isinstance(rows, list) else []
    return [_shown(row, kinds) for row in listed if isinstance(row, Mapping)]


def show(rows: list[dict[str, Any]], kinds: Kinds) -> None:
    """The same in place, for rows that were decoded for nobody else: a feed has them by the hundred thousand."""
    for row in rows:
        row.pop("Ref_Key", None)
        row.pop("LineNumber", None)
        name = kinds.name(row.get("Вид_Key"))
        if name is not None:
            row["Вид"] = name


def _shown(row: Row, kinds: Kinds) -> dict[str, Any]:
    plain = dict(row)
    show([plain], kinds)
    return plain


def merged(
    current: object, wanted: Iterable[Row], seen: Sequence[Row] | None, kinds: Kinds, owner: str
) -> list[dict[str, Any]]:
    """The whole table part to send, numbered from 1.

    `current` are the rows as they stand, `wanted` those to be, `seen` the rows that whoever wrote `wanted` knew of
    (None: of none). A row of `wanted` without a presentation is not written. Raises NoKind.
    """
    rows = [dict(row) for row in current if isinstance(row, Mapping)] if isinstance(current, list) else []
    kept: dict[int, dict[str, Any]] = {}
    added: list[dict[str, Any]] = []
    for want in wanted:
        place = _place(rows, kept, want, kinds)
        if is_empty(want.get(_SHOWN)):
            continue
        if place is None:
            added.append(_new_row(want, kinds, owner))
        else:
            kept[place] = _changed(rows[place], want)
    known = {_signature(row) for row in seen or ()}
    rest = {place: row for place, row in enumerate(rows) if place not in kept and _signature(row) not in known}
    return numbered([*(row for _, row in sorted({**rest, **kept}.items())), *added])


def _signature(row: Row) -> tuple[Any, ...]:
    return row.get("Тип"), row.get("Вид_Key"), row.get(_SHOWN)


def _place(rows: Sequence[Row], taken: Container[int], want: Row, kinds: Kinds) -> int | None:
    """Which of the current rows a wanted one stands for: the same one, else the first free one of its kind or type."""
    guid = _kind_guid(want, kinds)
    free = [place for place in range(len(rows)) if place not in taken]
    fitting = [place for place in free if _fits(rows[place], want, guid)]
    same = [place for place in fitting if rows[place].get(_SHOWN) == want.get(_SHOWN)]
    return next(iter(same or fitting), None)


def _fits(row: Row, want: Row, guid: str | None) -> bool:
    return row.get("Вид_Key") == guid if guid is not None else row.get("Тип") == want.get("Тип")


def _kind_guid(row: Row, kinds: Kinds) -> str | None:
    guid = row.get("Вид_Key")
    if isinstance(guid, str) and not is_empty(guid):
        return guid
    return kinds.guid(str(row["Вид"])) if row.get("Вид") else None


def _new_row(want: Row, kinds: Kinds, owner: str) -> dict[str, Any]:
    type_ = str(want.get("Тип") or "")
    guid = _kind_guid(want, kinds)
    if guid is None and (not want.get("Вид") or type_ in (_PHONE, _EMAIL)):
        guid = kinds.first(type_, owner)  # which address an address is matters, which e-mail an e-mail does not
    if guid is None:
        raise NoKind(str(want.get("Вид") or type_))
    return {**_filled(type_, str(want[_SHOWN])), **_given(want), "Вид_Key": guid}


def _changed(row: Row, want: Row) -> dict[str, Any]:
    given = _given(want)
    if given[_SHOWN] == row.get(_SHOWN):
        return {**row, **given}
    emptied = {name: "" for name in _DERIVED if isinstance(row.get(name), str)}
    own = {name: value for name, value in given.items() if name not in _DERIVED or value != row.get(name)}
    return {**row, **emptied, **_filled(str(row.get("Тип")), str(given[_SHOWN])), **own}


def _given(want: Row) -> dict[str, Any]:
    return {name: value for name, value in want.items() if name not in _NOISE and name != "Вид"}


def _filled(type_: str, text: str) -> dict[str, str]:
    """What 1C's own form would have filled in beside the text; the structured form it rebuilds from the text itself."""
    if type_ == _PHONE:
        digits = digits_of(text)
        return {"НомерТелефона": digits, "НомерТелефонаБезКодов": digits[-7:]}
    if type_ == _EMAIL:
        return {"АдресЭП": text, "ДоменноеИмяСервера": text.rpartition("@")[2]}
    return {}


def digits_of(text: str) -> str:
    """The digits of a phone, its extension left out."""
    return _NOT_DIGIT.sub("", _EXTENSION.sub("", text))


def numbered(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of a table part as 1C takes them: numbered from 1 without a gap; the number, an Int64, is a text."""
    return [
        {"LineNumber": str(number), **{name: value for name, value in row.items() if name not in _NOISE}}
        for number, row in enumerate(rows, 1)
    ]
