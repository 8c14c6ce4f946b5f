"""The feed of clients: the list, and for legal persons the details that only their form shows (S-16).

A form costs a request, so it is read when the client is new to us, when anything in the list row has changed, and
besides in turns: every run reads the forms of another part of the legal persons, so that an edit that left the list
row alone is seen within `TURNS` runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final
from zlib import crc32
from zoneinfo import ZoneInfo

import msgspec

from connector.systems.base import Row
from connector.systems.decoding import Unexpected
from connector.systems.rows import canonical_body, decode_body

Remember = Callable[[str, Sequence[str]], Mapping[str, bytes]]
"""(entity, external ids) -> the bodies that were last stored for those that are known."""

LEGAL: Final = "wholesaler_data"
LIST_DIGEST: Final = "_list"
"""A key of ours in the body of a legal person: the digest of the list row it was made with."""

TURNS: Final = 24
_TOLD: Final = ("id", "is_wholesaler", "date_modified")
_LEGAL_MARKS: Final = ("1", 1, True)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")  # the spelling of `canonical_body`
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
    """A page of the list. A row without an id has none in `external_id`; a firm's holds the list row as `full`."""

    rows: list[Row]
    pages: int | None = None

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def ids(self) -> Sequence[str]:
        return [row[0] for row in self.rows]

    @property
    def last(self) -> str | None:
        return None


def client_id(raw: Mapping[str, Any]) -> str:
    """The id as text; empty when there is none."""
    return _id(raw.get("id"))


def _id(value: Any) -> str:
    if type(value) is str:
        return value
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def is_legal(raw: Mapping[str, Any]) -> bool:
    return raw.get("is_wholesaler") in _LEGAL_MARKS


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


class ListReader:
    """Pages of the list straight from their bytes: of a row only what is asked for, and what tells and dates a firm.

    A person's row never becomes a map of all that the panel shows; a firm's does, for its form belongs to it.
    """

    def __init__(self, paths: Sequence[str], zone: ZoneInfo) -> None:
        keys = list(dict.fromkeys((*paths, *_TOLD, *_DIGESTED)))
        self._field = {key: f"f{index}" for index, key in enumerate(keys)}
        known: list[tuple[str, Any, Any]] = [(field, Any, msgspec.UNSET) for field in self._field.values()]
        names = {field: key for key, field in self._field.items()}
        self._struct = msgspec.defstruct("ListRow", known, rename=names, gc=False)
        page: Any = msgspec.defstruct("List", [("clients", list[self._struct]), ("pages", Any, None)])  # type: ignore[name-defined]
        self._decode = msgspec.json.Decoder(page, float_hook=Decimal).decode
        self._told = attrgetter(*(self._field[key] for key in _TOLD))
        self._hidden = [field for key, field in self._field.items() if key not in paths]
        self._zone = zone

    def page(self, body: bytes) -> Listed:
        """The page of a healthy answer; Unexpected for what is none."""
        try:
            page = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unexpected from error
        return self._listed(page.clients, page.pages)

    def listed(self, raws: Sequence[Mapping[str, Any]], pages: Any) -> Listed:
        """The same from rows that were decoded already."""
        rows = [self._struct(**{field: raw[key] for key, field in self._field.items() if key in raw}) for raw in raws]
        return self._listed(rows, pages)

    def _listed(self, structs: Sequence[Any], pages: Any) -> Listed:
        told, hidden, unset, encode, zone = self._told, self._hidden, msgspec.UNSET, _ENCODER.encode, self._zone
        listed = Listed([], int(pages) if str(pages).isdigit() else None)
        add, new = listed.rows.append, tuple.__new__
        for struct in structs:
            key, mark, changed = told(struct)
            key = key if type(key) is str else _id(key)
            firm = self._raw(struct) if key and mark in _LEGAL_MARKS else None
            for field in hidden:
                setattr(struct, field, unset)
            add(new(Row, (key, encode(struct), None, False, moment(changed, zone), firm, None)))
        return listed

    def _raw(self, struct: Any) -> dict[str, Any]:
        return {
            key: value for key, field in self._field.items() if (value := getattr(struct, field)) is not msgspec.UNSET
        }


def moment(text: Any, zone: ZoneInfo) -> str | None:
    """A time of the shop (`2017-01-15 17:31:21.560473`) with its offset; None for what is none (S-14)."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except (TypeError, ValueError):
        return None
