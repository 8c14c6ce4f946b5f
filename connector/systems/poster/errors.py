"""What Poster's error codes mean, by section and code, and what to do about them.

The same number means different things in different sections (42, 44 and 45 for one), so the section comes first; `*`
is any section. The documents of 2018 only refer to a table of errors: this is the union of the later ones.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Duplicate,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    RejectedError,
    Throttled,
    Unavailable,
)
from connector.locale import N_
from connector.transport.redaction import redact


class Reaction(NamedTuple):
    """The kind of error and its sentence; `unsure` says that a write may have happened all the same."""

    kind: type[ConnectorError]
    text: str
    unsure: bool = False


_TOKEN: Final = N_("{account}: Poster does not accept the token ({code}). Connect the account again")
_EXPIRED: Final = N_("{account}: the Poster token has expired ({code}). Connect the account again")
_SCOPE: Final = N_("{account}: the Poster application has no right to {section} ({code}). Allow it in its settings")
_ARCHIVED: Final = N_("{account}: this Poster account is archived ({code})")
_TARIFF: Final = N_("{account}: {endpoint} is refused because of the limit of the Poster tariff ({code})")
_NAME: Final = N_("{account}: Poster does not know the call {endpoint} ({code}). Report it: the catalogue is wrong")
_NONE: Final = N_("{account}: {endpoint}: there is no such record ({code})")
_EMPTY: Final = N_("{account}: {endpoint}: a required value is missing or empty ({code}: {message})")
_VALUE: Final = N_("{account}: {endpoint}: a value is not acceptable ({code}: {message})")
_PHONE: Final = N_("{account}: {endpoint}: the phone number is not acceptable ({code}). Correct it")
_TAKEN: Final = N_("{account}: {endpoint}: such a record is already there ({code}: {message})")
_SAVE: Final = N_("{account}: {endpoint}: Poster could not save it ({code}). Look before repeating it")
_DENIED: Final = N_("{account}: {endpoint}: Poster does not allow this change ({code}: {message})")
_SPAN: Final = N_("{account}: {endpoint}: the period must be shorter ({code})")
_SUMS: Final = N_("{account}: {endpoint}: the payments differ from the sum of the receipt ({code})")
_CURRENCY: Final = N_("{account}: {endpoint}: the currency is not that of the account ({code})")
_APPLICATION: Final = N_(
    "{account}: Poster does not know the application or its signature ({code}). Check its settings"
)
_ORDER: Final = N_("{account}: {endpoint}: the order is refused ({code}: {message})")
_LINE: Final = N_("{account}: {endpoint}: the receipt or its line is not as expected ({code}: {message})")
_OTHER: Final = N_("{account}: {endpoint}: Poster refuses it ({code}: {message})")

TABLE: Final[dict[tuple[str, int], Reaction]] = {
    ("*", 1): Reaction(Unavailable, _SAVE, unsure=True),
    ("*", 10): Reaction(Forbidden, _TOKEN),
    ("*", 11): Reaction(Forbidden, _TOKEN),
    ("*", 12): Reaction(Forbidden, _EXPIRED),
    ("*", 20): Reaction(Forbidden, _SCOPE),
    ("*", 30): Reaction(BrokenAnswer, _NAME),
    ("*", 32): Reaction(Missing, _NONE),
    ("*", 34): Reaction(Invalid, _EMPTY),
    ("*", 36): Reaction(Invalid, _VALUE),
    ("*", 37): Reaction(Invalid, _PHONE),
    ("*", 38): Reaction(Duplicate, _TAKEN),
    ("*", 42): Reaction(Invalid, _VALUE),
    ("*", 44): Reaction(Unavailable, _SAVE, unsure=True),
    ("*", 45): Reaction(Invalid, _VALUE),
    ("*", 50): Reaction(Invalid, _EMPTY),
    ("*", 52): Reaction(Invalid, _SPAN),
    ("*", 54): Reaction(Invalid, _DENIED),
    ("*", 88): Reaction(Invalid, _SUMS),
    ("*", 99): Reaction(Duplicate, _TAKEN),
    ("*", 142): Reaction(Forbidden, _APPLICATION),
    ("*", 143): Reaction(Forbidden, _APPLICATION),
    ("*", 153): Reaction(Invalid, _DENIED),
    ("*", 154): Reaction(Duplicate, _TAKEN),
    ("*", 155): Reaction(Invalid, _VALUE),
    ("*", 168): Reaction(Invalid, _ORDER),
    ("*", 169): Reaction(Invalid, _ORDER),
    ("*", 185): Reaction(Invalid, _ORDER),
    ("*", 400): Reaction(Invalid, _EMPTY),
    ("*", 404): Reaction(Missing, _NONE),
    ("*", 429): Reaction(Throttled, _TARIFF),
    ("*", 503): Reaction(Forbidden, _ARCHIVED),
    ("*", 700): Reaction(Throttled, _TARIFF),
    ("*", 701): Reaction(Invalid, _VALUE),
    ("*", 4001): Reaction(Invalid, _CURRENCY),
    ("auth", 34): Reaction(Invalid, _EMPTY),
    ("transactions", 41): Reaction(Invalid, _LINE),
    ("transactions", 42): Reaction(Invalid, _LINE),  # no such modification, or no such receipt: see `reaction`
    ("transactions", 43): Reaction(Invalid, _LINE),
    ("transactions", 44): Reaction(Invalid, _LINE),
    ("transactions", 45): Reaction(Invalid, _LINE),
    ("transactions", 46): Reaction(Invalid, _LINE),
    ("transactions", 47): Reaction(Invalid, _LINE),
    ("transactions", 49): Reaction(Invalid, _LINE),
    ("transactions", 60): Reaction(Invalid, _LINE),
}

_RECEIPT: Final = re.compile(r"чек|замовлен|заказ|transaction|receipt|order", re.IGNORECASE)
_LONG_NUMBER: Final = re.compile(r"\d{5,}")
_ADDRESS: Final = re.compile(r"\S+@\S+")
_LONGEST: Final = 160


def section_of(endpoint: str) -> str:
    """`clients.getClients` -> clients, `v2/auth/manage` -> auth."""
    return "auth" if "auth" in endpoint.split("/") else endpoint.partition(".")[0]


def reaction(section: str, code: int, message: str = "") -> Reaction:
    """What a code means in its section; an unknown one is a refusal whose number and text are shown."""
    if (section, code) == ("transactions", 42) and _RECEIPT.search(message):
        return Reaction(Missing, _NONE)
    return TABLE.get((section, code)) or TABLE.get(("*", code)) or Reaction(RejectedError, _OTHER)


def error_of(account: str, endpoint: str, code: int, message: str, *, is_write: bool) -> ConnectorError:
    """The error for a code that Poster answered with."""
    section = section_of(endpoint)
    known = reaction(section, code, message)
    facts = {"account": account, "endpoint": endpoint, "section": section, "code": code, "message": shown(message)}
    if known.unsure and is_write:
        return OutcomeUnknown(known.text, **facts)
    return known.kind(known.text, **facts)


def shown(message: str) -> str:
    """Poster's own words, without what may be a secret or a person's: addresses, phones, card numbers."""
    text = _LONG_NUMBER.sub("…", _ADDRESS.sub("…", redact(message.strip())))
    return text[:_LONGEST] or "—"
