"""The named transforms: every word that may stand after `as:`, and how each is made for a row of a mapping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from connector.mapping.transforms import codes, contact, dates, flags, numbers, onec, text
from connector.mapping.transforms.base import MISSING, OMIT, UNSAYABLE, Transform, Unreadable, Unwritable

UTC: Final = ZoneInfo("UTC")

REVISION: Final = 1
"""Raised when a transform reads something differently: part of every mapping's version."""


@dataclass(frozen=True)
class Circumstances:
    """What a row says besides the name of its transform."""

    writes: int = 1
    contact: str | None = None
    zone: ZoneInfo = UTC


Maker = Callable[[Circumstances], Transform]

_FIXED: Final = (
    text.TEXT,
    text.HTML_TEXT,
    text.NAME_WITH_PERCENT,
    text.JOINED,
    text.WORDS,
    contact.PHONE,
    contact.PHONE_DIGITS,
    contact.EMAIL,
    dates.DATE,
    dates.DATE_COMPACT,
    dates.DATE_DOTTED,
    dates.DATE_PARTS,
    dates.ONEC_DATE,
    numbers.KOPECKS,
    numbers.ROUBLES,
    numbers.WHOLE_ROUBLES,
    numbers.NUMBER,
    numbers.PERCENT,
    numbers.WHOLE_PERCENT,
    numbers.ONEC_MONEY,
    numbers.ONEC_NUMBER,
    codes.ID,
    codes.GUID,
    codes.CARD_UID,
    codes.BARCODE,
    codes.INN,
    codes.KPP,
    codes.OGRN,
    codes.BIK,
    codes.BANK_ACCOUNT,
    flags.FLAG,
    flags.FLAG_INVERTED,
    flags.BOOLEAN,
    flags.BOOLEAN_INVERTED,
    flags.CHECKBOX,
    flags.LEGAL_CHECKBOX,
    flags.ONEC_PARTNER_KIND,
)


def _always(transform: Transform) -> Maker:
    return lambda circumstances: transform


TRANSFORMS: Final[dict[str, Maker]] = {
    **{transform.name: _always(transform) for transform in _FIXED},
    "person_name": lambda row: text.person_name(row.writes),
    "legal_name": lambda row: text.legal_name(row.writes),
    "datetime": lambda row: dates.moment("datetime", row.zone),
    "onec_datetime": lambda row: dates.moment("onec_datetime", row.zone),
    "epoch_ms": lambda row: dates.epoch_ms(row.zone),
    "onec_phone": lambda row: onec.phone(row.contact),
    "onec_email": lambda row: onec.email(row.contact),
    "onec_address": lambda row: onec.address(row.contact),
}
"""Every transform by its name."""

ZONED: Final = frozenset({"datetime", "onec_datetime", "epoch_ms"})
"""Transforms that take `zone`."""

CONTACTS: Final = frozenset({"onec_phone", "onec_email", "onec_address"})
"""Transforms that take `contact`."""

__all__ = [
    "CONTACTS",
    "MISSING",
    "OMIT",
    "REVISION",
    "TRANSFORMS",
    "UNSAYABLE",
    "ZONED",
    "Circumstances",
    "Transform",
    "Unreadable",
    "Unwritable",
]
