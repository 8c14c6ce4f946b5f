"""The states a run compares and leaves behind: links with their shadow, operations, conflicts, journal lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

Verb = Literal["create", "update", "deactivate", "post", "unpost", "stamp", "call"]
"""call: what a person sent with `connector call`; its entity is the endpoint, and no record stands behind its uid."""
Status = Literal["ready", "sent", "done", "refused", "unknown", "parked", "offered"]
How = Literal["id_1c", "reference", "card", "barcode", "phone", "inn", "email", "sku", "name", "manual", "created"]
ConflictKind = Literal["field", "identity", "document"]

OPEN: Final[tuple[Status, ...]] = ("sent", "unknown", "parked", "offered")
"""While an operation is in one of these, its record is not planned for that spoke."""


class Shadow(msgspec.Struct, omit_defaults=True):
    """What hub and spoke held when they last agreed, field by field; the base of the three-way merge.

    `spoke` holds the value as read there; `hub` only the fields in which the hub's value differs from it.
    `overruled` holds a spoke's value that has lost against the hub and still stands there.
    """

    spoke: dict[str, Any] = msgspec.field(default_factory=dict, name="s")
    hub: dict[str, Any] = msgspec.field(default_factory=dict, name="h")
    overruled: dict[str, Any] = msgspec.field(default_factory=dict, name="o")
    written: list[str] = msgspec.field(default_factory=list, name="w")
    """Fields we have written since the spoke was last seen; they stand there as `spoke` says, until it is seen."""
    before: dict[str, Any] = msgspec.field(default_factory=dict, name="p")
    """What stood in the written fields before; seen again, it tells that the spoke did not take what we wrote."""
    ignored: dict[str, int] = msgspec.field(default_factory=dict, name="i")
    """How often in a row the spoke did not take a field that was written to it."""

    def has(self, field: str) -> bool:
        return field in self.spoke

    def of_hub(self, field: str) -> Any:
        return self.hub[field] if field in self.hub else self.spoke[field]

    def agree(self, field: str, hub: Any, spoke: Any) -> None:
        self.spoke[field] = spoke
        if hub == spoke:
            self.hub.pop(field, None)
        else:
            self.hub[field] = hub
        self.overruled.pop(field, None)
        self.ignored.pop(field, None)

    def forget(self, field: str) -> None:
        self.spoke.pop(field, None)
        self.hub.pop(field, None)
        self.overruled.pop(field, None)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Shadow).decode


def shadow_bytes(shadow: Shadow) -> bytes:
    return _encode(shadow)


def shadow_from(data: bytes | None) -> Shadow:
    return Shadow() if data is None else _decode(data)


@dataclass(slots=True)
class Link:
    """hub uid <-> (spoke, entity, external_id), with what was last seen there and how the two found each other."""

    id: int
    uid: str
    spoke: str
    entity: str
    external_id: str
    primary: bool
    seen: bytes | None
    shadow: Shadow
    version: str | None
    gone: bool
    changed_at: str | None
    how: str
    by: str
    at: str
    stale: bool = False
    """We have written since `seen` was read."""
    run: int = 0
    """The run that made it."""


@dataclass(slots=True, kw_only=True)
class Operation:
    """One intended write. `patch` and `expect` are canonical fields: what to set and what stood there before."""

    id: int = 0
    run: int = 0
    entity: str
    account: str
    spoke: str
    uid: str
    verb: Verb
    external_id: str | None
    patch: dict[str, Any]
    expect: dict[str, Any] = field(default_factory=dict)
    status: Status = "ready"
    repeat: str = "verify"
    reason: Any = None
    evidence: dict[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Names the operation in a plan: stable while nothing changes."""
        return f"{self.entity}/{self.account}/{self.uid}/{self.verb}"


@dataclass(slots=True, kw_only=True)
class Conflict:
    """Two values for one thing. Written also when a rule decided alone."""

    id: int = 0
    kind: ConflictKind
    entity: str
    uid: str
    field: str | None
    base: Any
    values: Mapping[str, Any]
    rule: str
    winner: str | None
    status: Literal["open", "resolved"]
    by: str | None = None
    at: str = ""
    run: int = 0


@dataclass(slots=True, kw_only=True)
class JournalLine:
    """A row or field that could not be read, or a record that waits; with what to do about it."""

    id: int = 0
    run: int = 0
    kind: Literal["unreadable", "waiting"] = "unreadable"
    account: str
    entity: str
    external_id: str
    uid: str | None = None
    field: str | None = None
    value: str | None = None
    reason: Any
    amount: int | None = None
    do: Any = None
    at: str = ""
    dismissed_by: str | None = None
    """Who said that nobody need look, while nothing of this changes."""
    dismissed_at: str | None = None
