"""A row of 1C that is older than what we have told since, completed by it. Pure.

Property by property, contact information row by row: what we have changed stands as we told it, unless 1C has changed
the very same since; then its word is shown, and whoever decides between the two sees both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.systems.onec.enterprisedata.rows import CONTACTS

_KIND: Final = "Вид"
Row = Mapping[str, Any]


def overlaid(theirs: Row, base: Row, ours: Row) -> dict[str, Any]:
    """`theirs` with what differs between `base`, from which we started, and `ours`."""
    found = dict(theirs)
    for name in dict.fromkeys([*ours, *base]):
        if name == CONTACTS:
            rows = _contacts(theirs.get(name) or [], base.get(name) or [], ours.get(name) or [])
            found.update({name: rows} if rows or name in theirs else {})
        elif _is_ours(theirs.get(name), base.get(name), ours.get(name)):
            found[name] = ours.get(name)
    return {name: value for name, value in found.items() if value is not None}


def _is_ours(theirs: object, base: object, ours: object) -> bool:
    return ours != base and theirs == base


def _contacts(theirs: Sequence[Row], base: Sequence[Row], ours: Sequence[Row]) -> list[Row]:
    """Rows of one kind go together: a kind may stand there several times."""
    sides = [_by_kind(rows) for rows in (theirs, base, ours)]
    found: list[Row] = []
    for kind in dict.fromkeys(kind for side in sides for kind in side):
        their, first, our = (side.get(kind, []) for side in sides)
        found += our if _is_ours(_said(their), _said(first), _said(our)) else their
    return found


def _by_kind(rows: Sequence[Row]) -> dict[str, list[Row]]:
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(str(row.get(_KIND, "")), []).append(row)
    return kinds


def _said(rows: Sequence[Row]) -> list[str]:
    """What a person reads of them: their structure is spelt in several ways."""
    return [str(row.get("Представление", "")) for row in rows]
