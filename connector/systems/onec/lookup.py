"""Finding objects by a key: a condition the base can judge, wide enough, and the exact comparison afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.systems.onec.contacts import digits_of
from connector.systems.onec.filters import Condition, any_of, field
from connector.systems.onec.profile import Contacts, Lookup

_NATIONAL: Final = 10
"""Digits of a Russian number without the country: people write it with +7, with 8 and with nothing."""


def condition_of(look: Lookup, value: str, contacts: Contacts) -> Condition | None:
    """What to ask for; None when no object can have this value."""
    if look.contact == "email":
        return any_of(contacts.table, lambda row: row("АдресЭП").eq(value))
    if look.contact == "phone":
        return _phone(value, contacts)
    first = value.partition("/")[0] if look.second is not None else value
    if not first:
        return None
    conditions = [field(name).eq(first) for name in look.fields]
    return conditions[0] if len(conditions) == 1 else conditions[0] | conditions[1]


def carries(row: Mapping[str, Any], look: Lookup, value: str, contacts: Contacts) -> bool:
    """Whether an object really has the value."""
    if look.contact is not None:
        rows = [each for each in row.get(contacts.table) or () if isinstance(each, Mapping)]
        return any(_says(each, look.contact, value, contacts) for each in rows)
    if look.second is None:
        return any(_text(row.get(name)) == value for name in look.fields)
    key, second = _text(row.get(look.fields[0])), _text(row.get(look.second))
    return value == (f"{key}/{second}" if second else key)


def _phone(value: str, contacts: Contacts) -> Condition | None:
    """By the digits 1C keeps, or by the last four as people write them: `4567`, `45-67`."""
    digits = digits_of(value)
    if len(digits) < 5:
        return None
    tail = digits[-4:]
    return any_of(
        contacts.table,
        lambda row: (
            row("Тип").eq(contacts.phone)
            & (
                row("НомерТелефона").contains(digits[-_NATIONAL:])
                | row("Представление").contains(tail)
                | row("Представление").contains(f"{tail[:2]}-{tail[2:]}")
            )
        ),
    )


def _says(row: Mapping[str, Any], contact: str, value: str, contacts: Contacts) -> bool:
    shown = _text(row.get("Представление"))
    if contact == "email":
        return value.casefold() in (_text(row.get("АдресЭП")).casefold(), shown.casefold())
    if row.get("Тип") != contacts.phone:
        return False
    return digits_of(value) in (_international(shown), _international(_text(row.get("НомерТелефона"))))


def _international(text: str) -> str:
    digits = digits_of(text)
    if text.lstrip().startswith("+"):
        return digits
    if len(digits) == _NATIONAL:
        return "7" + digits
    return "7" + digits[1:] if len(digits) == _NATIONAL + 1 and digits.startswith("8") else digits


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
