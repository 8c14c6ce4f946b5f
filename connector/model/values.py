"""Values that must never be guessed: absence, money, time.

Inside a record every value is plain and canonical, so that equal means equal bytes:
text is str; a phone is E.164 (`+79991234567`); a date is `YYYY-MM-DD`; a moment is ISO 8601 with an offset;
money is an int of minor units (kopecks); a quantity or percent is a canonical decimal string (`"7.5"`, never `"7.50"`);
a flag is bool; a reference is the other record's uid in the hub and its external id in a spoke.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final, TypeAlias

import msgspec

ABSENT: Final = msgspec.UNSET
"""This system does not say. It never overwrites and never conflicts; `None` is known to be empty."""

Absent: TypeAlias = msgspec.UnsetType
Value: TypeAlias = str | int | bool | list[object] | dict[str, object] | None
MaybeValue: TypeAlias = Value | Absent

_CENT: Final = Decimal("0.01")


def minor(amount: Decimal) -> int:
    """Minor units of an amount in major units, half up: `minor(Decimal("335.145")) == 33515` (V-17)."""
    return int((amount.quantize(_CENT, ROUND_HALF_UP) * 100).to_integral_exact())


def major(kopecks: int) -> Decimal:
    """Major units with two decimals: `major(1050) == Decimal("10.50")`."""
    return (Decimal(kopecks) / 100).quantize(_CENT)


def money_text(kopecks: int) -> str:
    """How money is shown in JSON: `"10.50"`."""
    return f"{major(kopecks):f}"


def decimal_of(text: str | int | Decimal) -> Decimal:
    """An exact decimal. A float is refused: it has already lost what the sender meant."""
    if isinstance(text, bool | float):
        raise TypeError(f"not an exact number: {text!r}")
    try:
        number = Decimal(str(text).strip())
    except InvalidOperation as error:
        raise ValueError(f"not a number: {text!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a number: {text!r}")
    return number


def canonical_number(number: Decimal) -> str:
    """One spelling for each number: no exponent, no trailing zeros, no minus zero."""
    text = f"{number.normalize():f}"
    return "0" if text == "-0" else text


_VARIANTS: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def new_uid(now_ms: int, number: int, entropy: bytes) -> str:
    """A time-ordered UUID (version 7) from a clock in milliseconds, a running number and eight random bytes.

    Within one run `number` counts up, so that uids sort in the order in which they were made.
    """
    return uid_of(uid_head(now_ms, number), number, entropy[:8].hex())


def uid_head(now_ms: int, number: int) -> str:
    """How the uids of 4096 numbers begin; another beginning follows when the last twelve bits of `number` are 0."""
    moment = f"{now_ms + (number >> 12):012x}"
    return f"{moment[:8]}-{moment[8:]}-7"


def uid_of(head: str, number: int, tail: str) -> str:
    """`new_uid` of its parts, for those who make many: `tail` is the random bytes in hexadecimal."""
    return f"{head}{number & 0xFFF:03x}-{_VARIANTS[tail[0]]}{tail[1:4]}-{tail[4:]}"
