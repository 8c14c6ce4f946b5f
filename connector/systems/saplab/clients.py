"""The feed of clients: the list, and for legal persons the details that only their form shows (S-16).

A form costs a request, so it is read when the client is new to us, when anything in the list row has changed, and
besides in turns: every run reads the forms of another part of the legal persons, so that an edit that left the list
row alone is seen within `TURNS` runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from zlib import crc32
from zoneinfo import ZoneInfo

from connector.systems.base import Row
from connector.systems.rows import canonical_body, decode_body

Remember = Callable[[str, Sequence[str]], Mapping[str, bytes]]
"""(entity, external ids) -> the bodies that were last stored for those that are known."""

LEGAL: Final = "wholesaler_data"
LIST_DIGEST: Final = "_list"
"""A key of ours in the body of a legal person: the digest of the list row it was made with."""

TURNS: Final = 24
_DIGESTED: Final = (
    "address",
    "comment",
    "date_added",
    "date_modified",
    "email",
    "group_id",
    "is_wholesaler",
    "manager_id",
    "name",
    "phone",
    "point_id",
    "shipping_id",
    "status",
    "wholesaler_info",
)
"""What list and form both show, money apart: that moves with every order and says nothing of legal details."""


@dataclass
class Listed:
    """A page of the list as it came."""

    raws: list[Mapping[str, Any]]
    pages: int | None = None

    @property
    def count(self) -> int:
        return len(self.raws)

    @property
    def ids(self) -> Sequence[str]:
        return [client_id(raw) for raw in self.raws]

    @property
    def last(self) -> str | None:
        return None


def client_id(raw: Mapping[str, Any]) -> str:
    """The id as text; empty when there is none."""
    value = raw.get("id")
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def is_legal(raw: Mapping[str, Any]) -> bool:
    return raw.get("is_wholesaler") in ("1", 1, True)


def digest_of(raw: Mapping[str, Any]) -> str:
    """Equal when nothing but money has changed in the list row. The form gives the same digest as the list."""
    return blake2b(canonical_body(raw, _DIGESTED), digest_size=12).hexdigest()


def turn_of(cursor: str | None) -> int | None:
    """The number of the run that a cursor says; None on a first or a full run."""
    return int(cursor) if cursor is not None and cursor.isascii() and cursor.isdigit() else None


def is_turn(external_id: str, turn: int, turns: int = TURNS) -> bool:
    """Whether this run is the one that reads this client's form in any case."""
    number = int(external_id) if external_id.isascii() and external_id.isdigit() else crc32(external_id.encode())
    return number % turns == turn % turns


def with_legal(raw: Mapping[str, Any], details: Any) -> dict[str, Any]:
    """A list row completed by legal details; PHP's `[]` for none is an empty map."""
    held = dict(sorted(details.items())) if isinstance(details, Mapping) else {}
    return {**raw, LEGAL: held, LIST_DIGEST: digest_of(raw)}


def known_legal(raws: Iterable[Mapping[str, Any]], remembered: Mapping[str, bytes], turn: int) -> dict[str, Any]:
    """Client id -> legal details that need not be read again in this run."""
    known: dict[str, Any] = {}
    for raw in raws:
        key = client_id(raw)
        if key not in remembered or is_turn(key, turn):
            continue
        last = decode_body(remembered[key])
        if last.get(LIST_DIGEST) == digest_of(raw) and LEGAL in last:
            known[key] = last[LEGAL]
    return known


class ClientRows:
    """Rows of clients: the asked keys, and the digest of the list row where `digested`."""

    def __init__(self, paths: Sequence[str], zone: ZoneInfo, *, digested: bool) -> None:
        self._kept = (*paths, LIST_DIGEST) if digested else tuple(paths)
        self._zone = zone

    def row(self, raw: Mapping[str, Any]) -> Row:
        changed_at = moment(raw.get("date_modified"), self._zone)
        return Row(client_id(raw), canonical_body(raw, self._kept), changed_at=changed_at)


def moment(text: Any, zone: ZoneInfo) -> str | None:
    """A time of the shop (`2017-01-15 17:31:21.560473`) with its offset; None for what is none (S-14)."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except (TypeError, ValueError):
        return None
