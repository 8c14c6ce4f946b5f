"""What a probe of money units finds, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from connector.errors import RejectedError
from connector.locale import N_, Sentence
from connector.systems.parameters import Proved

SENT: Final = 3
"""Read back as 3 the unit was kopecks, as 300 roubles; anything else proves nothing."""

_UNITS: Final[Mapping[Decimal, Proved]] = {Decimal(SENT): "minor", Decimal(SENT * 100): "major"}

Call = Callable[[str, Mapping[str, Any]], Any]


class Proof(NamedTuple):
    """What a probe found: the unit, or why it found none."""

    endpoint: str
    field: str
    unit: Proved | None
    text: Sentence


def unknown(endpoint: str, field: str) -> Proof:
    """The probe could not be read back."""
    text = N_("{endpoint}: the probe could not be read back")
    return Proof(endpoint, field, None, Sentence(text, endpoint=endpoint))


def read(endpoint: str, field: str, look: Callable[[], Decimal]) -> Proof:
    """The unit in which SENT was taken, by the kopecks that `look` reads."""
    try:
        amount = look()
    except (RejectedError, ValueError, TypeError, KeyError, StopIteration):
        return unknown(endpoint, field)
    unit = _UNITS.get(amount)
    text = {
        "minor": N_("{endpoint}: “{field}” is in kopecks"),
        "major": N_("{endpoint}: “{field}” is in roubles"),
        None: N_("{endpoint}: “{field}” was written as {sent} and reads as {amount}: its unit is not known"),
    }[unit]
    return Proof(endpoint, field, unit, Sentence(text, endpoint=endpoint, field=field, sent=SENT, amount=f"{amount:f}"))
