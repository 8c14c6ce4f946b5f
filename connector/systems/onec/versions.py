"""DataVersion: eight bytes in base64 that move at every write of an object, also at one that changes nothing.

How far they move is the database's matter: equal versions mean an untouched object, and no more is read from them.
A row made of two objects carries both versions, with a sign between them that base64 does not have.
"""

from __future__ import annotations

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
