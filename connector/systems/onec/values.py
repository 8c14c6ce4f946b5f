"""Values as 1C spells them: guids, naive dates in the server's own time, and what stands for "empty"."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

ZERO_GUID: Final = "00000000-0000-0000-0000-000000000000"
"""An empty reference."""

EMPTY_DATE: Final = "0001-01-01T00:00:00"
"""An empty date."""

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\Z")


def guid_of(text: str) -> str | None:
    """The guid in the one spelling that 1C uses (lower case, with hyphens), or None where the text is none."""
    try:
        return str(UUID(text.strip()))
    except (ValueError, AttributeError):
        return None


def is_guid(text: str) -> bool:
    """Whether it is a guid in the spelling that 1C uses."""
    return _GUID.match(text) is not None


def naive(moment: datetime, zone: ZoneInfo) -> str:
    """An aware moment as the wall clock of the server shows it: `2026-01-31T14:05:00`."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def aware(text: str, zone: ZoneInfo) -> datetime | None:
    """What the server's wall clock says as an aware moment; None for the empty date.

    Where the clock shows an hour twice (autumn), the first one is meant.
    """
    if not _NAIVE.match(text):
        raise ValueError(f"not a date of 1C: {text!r}")
    return None if text == EMPTY_DATE else datetime.fromisoformat(text).replace(tzinfo=zone)


def is_empty(value: Any) -> bool:
    """Whether 1C means "nothing here". A zero and False are values."""
    return value is None or value in ("", EMPTY_DATE, ZERO_GUID) or value == []


def empty_like(name: str, current: Any) -> Any:
    """How "nothing" is said to a property: by its name, and by what stands there now."""
    if name.endswith("_Key"):
        return ZERO_GUID
    if isinstance(current, str) and _NAIVE.match(current):
        return EMPTY_DATE
    return "" if isinstance(current, str) else None
