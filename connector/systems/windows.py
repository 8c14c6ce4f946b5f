"""Whether the dates that came lie in the window that was asked for.

Some systems ignore a date parameter they do not like and answer with their usual window (systems.md §1.4): such rows
are not data but a mistake of ours, and are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from connector.errors import BrokenAnswer
from connector.locale import N_
from connector.systems.catalogue import Endpoint
from connector.systems.decoding import dig
from connector.systems.parameters import ValueRefused

_SLACK: Final = timedelta(days=1)
"""A business day ends after midnight, and a moment in milliseconds has no time zone of the account."""

_FORMATS: Final = {"Ymd": "%Y%m%d", "Y-m-d": "%Y-%m-%d", "dmY": "%d%m%Y"}


def refuse_outside(account: str, endpoint: Endpoint, values: Mapping[str, Any], payload: Any) -> None:
    """BrokenAnswer when a row's date lies more than a day outside the asked window."""
    window = endpoint.window
    if window is None or window.field is None:
        return
    start, end = (_day(values.get(name), window.format) for name in (window.start, window.end))
    if start is None and end is None:
        return
    for held in _held(payload, endpoint, window.field):
        day = _day(held, window.field_format or window.format)
        if day is None:
            continue
        if (start is not None and day < start - _SLACK) or (end is not None and day > end + _SLACK):
            text = N_("{account}: {endpoint} was asked for {start} to {end} and answered with {day}")
            facts = {"account": account, "endpoint": endpoint.name, "day": day.isoformat()}
            raise BrokenAnswer(text, start=_shown(start), end=_shown(end), **facts)


def refuse_too_long(endpoint: Endpoint, values: Mapping[str, Any]) -> None:
    """ValueRefused for a window over which the call answers something else (P-69)."""
    window = endpoint.window
    if window is None or window.days is None:
        return
    start, end = (_day(values.get(name), window.format) for name in (window.start, window.end))
    if start is not None and end is not None and (end - start).days >= window.days:
        text = N_("{endpoint}: ask for at most {days} days at once; over a longer time its rows mean something else")
        raise ValueRefused(text, endpoint=endpoint.name, days=window.days)


def halves(endpoint: Endpoint, params: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The same call over the two halves of its window, whole days each; None where there is nothing to halve."""
    window = endpoint.window
    if window is None:
        return None
    start, end = (_asked(params.get(name), window.format) for name in (window.start, window.end))
    if start is None or end is None or start >= end:
        return None
    middle = start + (end - start) // 2
    first, second = middle.isoformat(), (middle + timedelta(days=1)).isoformat()
    if ":" in str(params[window.start]) or ":" in str(params[window.end]):
        first, second = f"{first} 23:59:59", f"{second} 00:00:00"
    return [{**params, window.end: first}, {**params, window.start: second}]


def _asked(value: Any, form: str) -> date | None:
    """A day as a person or a mapping gives it: in the remote's format, or ISO."""
    day = _day(value, form)
    return day if day is not None else _day(value, "Y-m-d")


def _held(payload: Any, endpoint: Endpoint, field: str) -> Iterator[Any]:
    rows = dig(payload, endpoint.rows.split(".")) if endpoint.rows else payload
    for row in rows if isinstance(rows, list) else [rows]:
        if isinstance(row, Mapping):
            yield dig(row, field.split("."))


def _day(value: Any, form: str) -> date | None:
    """The day of a value; None where there is none (empty, zero, or no date at all)."""
    text = "" if value is None else str(value).strip()
    if not text or not text.strip("0-: "):
        return None
    try:
        if form in ("ms", "unix"):
            return datetime.fromtimestamp(int(text) / (1000 if form == "ms" else 1), UTC).date()
        return datetime.strptime(text, _FORMATS[form]).date() if form in _FORMATS else date.fromisoformat(text[:10])
    except (ValueError, OverflowError, OSError):
        return None


def _shown(day: date | None) -> str:
    return "…" if day is None else day.isoformat()
