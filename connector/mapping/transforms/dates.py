"""Dates and moments. A canonical date is `YYYY-MM-DD`; a moment is ISO 8601 with the offset of its zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from connector.locale import N_
from connector.mapping.transforms.base import Transform, Unreadable, scalar_text

_NOT_A_DATE: Final = N_("this is not a date")
_NOT_A_MOMENT: Final = N_("this is not a date with a time")
_NOT_A_TIME: Final = N_("this is not a time in milliseconds")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_date(raw: object) -> str:
    """`1986-11-23`, also with a time after it, which is dropped."""
    text = (raw if isinstance(raw, str) else scalar_text(raw)).strip()
    if len(text) > 10 and text[10] in " T":
        text = text[:10]
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise Unreadable(_NOT_A_DATE)
    try:
        date.fromisoformat(text)
    except ValueError:
        raise Unreadable(_NOT_A_DATE) from None
    return text


def _by_format(pattern: str) -> tuple[Callable[[object], str], Callable[[str], str]]:
    def read(raw: object) -> str:
        try:
            return datetime.strptime(scalar_text(raw).strip(), pattern).date().isoformat()
        except ValueError as error:
            raise error if isinstance(error, Unreadable) else Unreadable(_NOT_A_DATE) from None

    def write(value: str) -> str:
        day = date.fromisoformat(value)
        year, month, of_month = f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
        return pattern.replace("%Y", year).replace("%m", month).replace("%d", of_month)

    return read, write


def read_parts(day: Any, month: Any, year: Any) -> str | None:
    """Day, month and year apart (virtpos). A birthday without its year is no date."""
    parts = (day, month, year)
    if all(part is None for part in parts):
        return None
    if any(part is None for part in parts):
        raise Unreadable(N_("day, month and year must be given together"))
    try:
        return date(*(int(scalar_text(part)) for part in (year, month, day))).isoformat()
    except (ValueError, OverflowError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable(_NOT_A_DATE) from None


def write_parts(value: str) -> tuple[str, str, str]:
    day = date.fromisoformat(value)
    return str(day.day), str(day.month), str(day.year)


def sample_date(random: Random) -> str:
    return (date(1900, 1, 2) + timedelta(days=random.randrange(60_000))).isoformat()


def _as_is(value: str) -> str:
    return value


def _midnight(value: str) -> str:
    return f"{value}T00:00:00"


_COMPACT: Final = _by_format("%Y%m%d")
_DOTTED: Final = _by_format("%d.%m.%Y")

DATE: Final = Transform(
    name="date", kind="text", read=read_date, write=_as_is, sample=sample_date, blank=("0000-00-00",)
)
DATE_COMPACT: Final = Transform(
    name="date_compact", kind="text", read=_COMPACT[0], write=_COMPACT[1], sample=sample_date, blank=("00000000",)
)
DATE_DOTTED: Final = Transform(
    name="date_dotted", kind="text", read=_DOTTED[0], write=_DOTTED[1], sample=sample_date, blank=("00.00.0000",)
)
ONEC_DATE: Final = Transform(
    name="onec_date",
    kind="text",
    read=read_date,
    write=_midnight,
    sample=sample_date,
    blank=("0001-01-01T00:00:00", "0001-01-01"),
    empty="0001-01-01T00:00:00",
)
DATE_PARTS: Final = Transform(
    name="date_parts",
    kind="text",
    read=read_parts,
    write=write_parts,
    sample=sample_date,
    reads=range(3, 4),
    writes=range(3, 4),
)


def moment(name: str, zone: ZoneInfo) -> Transform:
    """`datetime` (`2017-01-14 22:50:08.610461`) or `onec_datetime` (`…T…`): naive wall clock of `zone`.

    Equal is equal on that clock: the hour that an autumn repeats cannot be told apart there.
    """
    between = "T" if name == "onec_datetime" else " "
    blank = "0001-01-01T00:00:00" if name == "onec_datetime" else "0000-00-00 00:00:00"

    def read(raw: object) -> str:
        try:
            wall = datetime.fromisoformat(scalar_text(raw).strip())
        except ValueError as error:
            raise error if isinstance(error, Unreadable) else Unreadable(_NOT_A_MOMENT) from None
        return (wall.replace(tzinfo=zone) if wall.tzinfo is None else wall.astimezone(zone)).isoformat()

    def on_the_wall(value: str) -> datetime:
        return datetime.fromisoformat(value).astimezone(zone).replace(tzinfo=None)

    return Transform(
        name=name,
        kind="text",
        read=read,
        write=lambda value: on_the_wall(value).isoformat(between),
        equal=lambda left, right: on_the_wall(left) == on_the_wall(right),
        sample=lambda random: _some_moment(random, zone),
        blank=(blank,),
        empty=blank,
    )


def epoch_ms(zone: ZoneInfo) -> Transform:
    """Milliseconds since 1970 as a text or a number (Poster `date_close`, P-27)."""

    def read(raw: object) -> str:
        try:
            milliseconds = int(scalar_text(raw))
            return (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone).isoformat()
        except (ValueError, OverflowError) as error:
            raise error if isinstance(error, Unreadable) else Unreadable(_NOT_A_TIME) from None

    def write(value: str) -> str:
        return str(round((datetime.fromisoformat(value) - _EPOCH) / timedelta(milliseconds=1)))

    return Transform(
        name="epoch_ms",
        kind="text",
        read=read,
        write=write,
        equal=lambda left, right: write(left) == write(right),
        sample=lambda random: _some_moment(random, zone),
        blank=("0",),
        empty="0",
    )


def _some_moment(random: Random, zone: ZoneInfo) -> str:
    return (_EPOCH + timedelta(milliseconds=random.randrange(1, 2_500_000_000_000))).astimezone(zone).isoformat()
