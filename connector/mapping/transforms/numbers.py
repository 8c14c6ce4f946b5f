"""Money and numbers: exact decimals, half up, never a float (P-31, V-17)."""

from __future__ import annotations

import re
from decimal import Decimal
from random import Random
from typing import Final

from connector.locale import N_
from connector.mapping.transforms.base import UNSAYABLE, Transform, Unreadable, Unwritable
from connector.model.values import canonical_number, decimal_of, major, minor

_PLAIN: Final = re.compile(r"(-?[0-9]{1,15})(?:\.([0-9]{1,2}))?\Z")
_COMMON_PERCENTS: Final = frozenset(map(str, range(101)))


def _exact(raw: object) -> Decimal:
    if isinstance(raw, float) or not isinstance(raw, str | int | Decimal):
        raise Unreadable(N_("this is not an exact number"))
    try:
        return decimal_of(raw.replace(",", ".") if isinstance(raw, str) else raw)
    except (TypeError, ValueError):
        raise Unreadable(N_("this is not a number")) from None


def read_kopecks(raw: object) -> int:
    """Minor units as they are sent: `"10000"` is one hundred roubles."""
    if isinstance(raw, str) and raw.isascii() and raw.isdecimal():
        return int(raw)
    number = _exact(raw)
    if number != number.to_integral_value():
        raise Unreadable(N_("minor units must be a whole number"))
    return int(number)


def read_roubles(raw: object) -> int:
    """Major units, rounded half up to the kopeck. Plain digits with up to two places take a way without decimals."""
    plain = _PLAIN.match(raw) if isinstance(raw, str) else None
    if plain is None:
        return minor(_exact(raw))
    whole, places = plain.groups("")
    return int(whole + (places + "00")[:2])


def read_number(raw: object) -> str:
    return canonical_number(_exact(raw))


def read_percent(raw: object) -> str:
    if isinstance(raw, str) and raw in _COMMON_PERCENTS:
        return raw
    number = _exact(raw)
    if not 0 <= number <= 100:
        raise Unreadable(N_("a percent lies between 0 and 100"))
    return canonical_number(number)


def write_roubles(value: int) -> str:
    return f"{major(value):f}"


def write_whole_roubles(value: int) -> str:
    if value % 100:
        raise Unwritable(N_("only whole roubles can be written here"))
    return str(value // 100)


def write_whole(value: str) -> str:
    if "." in value:
        raise Unwritable(N_("only a whole number can be written here"))
    return value


def _as_is(value: str) -> str:
    return value


def sample_amount(random: Random) -> int:
    return random.choice((0, 1, -1, 10**9 + 7, random.randrange(-(10**6), 10**7)))


def sample_whole(random: Random) -> int:
    return random.randrange(-1000, 10**6) * 100


def sample_number(random: Random) -> str:
    return canonical_number(Decimal(random.randrange(-(10**6), 10**6)).scaleb(-random.randint(0, 4)))


def sample_percent(random: Random) -> str:
    return canonical_number(Decimal(random.choice((0, 100, random.randrange(10001) / Decimal(100)))))


def sample_whole_percent(random: Random) -> str:
    return str(random.randint(0, 100))


KOPECKS: Final = Transform(name="kopecks", kind="amount", read=read_kopecks, write=str, sample=sample_amount)
ROUBLES: Final = Transform(name="roubles", kind="amount", read=read_roubles, write=write_roubles, sample=sample_amount)
WHOLE_ROUBLES: Final = Transform(
    name="whole_roubles", kind="amount", read=read_roubles, write=write_whole_roubles, sample=sample_whole
)
NUMBER: Final = Transform(name="number", kind="text", read=read_number, write=_as_is, sample=sample_number)
PERCENT: Final = Transform(name="percent", kind="text", read=read_percent, write=_as_is, sample=sample_percent)
ONEC_MONEY: Final = Transform(
    name="onec_money", kind="amount", read=read_roubles, write=major, sample=sample_amount, empty=UNSAYABLE
)
"""1C takes and gives numbers of JSON, roubles with two places; an empty number is a zero there, which is a value."""
ONEC_NUMBER: Final = Transform(
    name="onec_number", kind="text", read=read_number, write=Decimal, sample=sample_number, empty=UNSAYABLE
)
WHOLE_PERCENT: Final = Transform(
    name="whole_percent", kind="text", read=read_percent, write=write_whole, sample=sample_whole_percent
)
