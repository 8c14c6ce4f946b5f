"""A value that a person types for a canonical field, checked and brought to its canonical spelling."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from connector.errors import UsageError
from connector.locale import N_
from connector.mapping.transforms import TRANSFORMS, Circumstances, Unreadable
from connector.model.records import ENTITIES
from connector.model.values import decimal_of, minor

_TRANSFORMS: Final = {
    "phone": "phone",
    "email": "email",
    "inn": "inn",
    "kpp": "kpp",
    "ogrn": "ogrn",
    "bik": "bik",
    "bank_account": "bank_account",
    "correspondent_account": "bank_account",
    "card_uid": "card_uid",
    "uid": "card_uid",
    "percent": "percent",
    "discount_percent": "percent",
}
_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "kind": ("person", "legal"),
    "sex": ("male", "female"),
    "loyalty": ("bonus", "discount"),
    "status": ("new", "active", "blocked"),
    "medium": ("plastic", "magnet", "app"),
}
_FLAGS: Final = {
    "true": True,
    "yes": True,
    "да": True,
    "1": True,
    "false": False,
    "no": False,
    "нет": False,
    "0": False,
}
_DATES: Final = frozenset({"birthday", "issued_on", "blocked_on"})
_DATE_FORMATS: Final = ("%Y-%m-%d", "%d.%m.%Y")


def typed(entity: str, field: str, text: str) -> Any:
    """The canonical value of what a person typed; an empty text is None. UsageError says what is expected."""
    text = text.strip()
    if not text:
        return None
    if field in ENTITIES[entity].amounts:
        return _amount(field, text)
    if field == "active":
        return _one_of(field, text.casefold(), tuple(_FLAGS)) and _FLAGS[text.casefold()]
    if field in _WORDS:
        return _one_of(field, text.casefold(), _WORDS[field])
    if field in _DATES:
        return _date(field, text)
    return _told(field, text) if field in _TRANSFORMS else text


def _told(field: str, text: str) -> Any:
    try:
        value = TRANSFORMS[_TRANSFORMS[field]](Circumstances()).read(text)
    except Unreadable as error:
        raise UsageError(N_("“{text}” is no {field}"), text=text, field=field) from error
    if not isinstance(value, str):
        raise UsageError(N_("“{text}” is no {field}"), text=text, field=field)
    return value


def _amount(field: str, text: str) -> int:
    try:
        return minor(decimal_of(text.replace(",", ".")))
    except ValueError as error:
        raise UsageError(N_("“{text}” is no amount; write one such as 150.00"), text=text, field=field) from error


def _one_of(field: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise UsageError(N_("{field} is one of: {known}"), field=field, known=", ".join(known))
    return text


def _date(field: str, text: str) -> str:
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    raise UsageError(N_("“{text}” is no date; write one such as 31.12.1990"), text=text, field=field)
