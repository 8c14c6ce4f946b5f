"""DataVersion: eight bytes in base64 that count the writes of an object, also those that change nothing.

A row made of two objects carries both versions, with a sign between them that base64 does not have.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

_BETWEEN: Final = "|"


def joined(first: object, second: object = None) -> str | None:
    """One version of a row from those of its objects; None where the base tells none."""
    if first is None:
        return None
    return str(first) if second is None else f"{first}{_BETWEEN}{second}"


def parts(version: str | None) -> tuple[str | None, str | None]:
    """The versions of both objects."""
    if version is None:
        return None, None
    first, _, second = version.partition(_BETWEEN)
    return first, second or None


def writes_between(before: object, after: object) -> int | None:
    """How many writes lie between two versions; None where they are no counters that we can read."""
    first, last = _count(before), _count(after)
    return None if first is None or last is None else last - first


def _count(version: object) -> int | None:
    if not isinstance(version, str):
        return None
    try:
        data = base64.b64decode(version, validate=True)
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(data, "big") if len(data) == 8 else None
