"""How one entity behaves in a system in memory: its fields, its spellings, what it can and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connector.systems.base import Capabilities, FeedKind, Repeat

_REPEAT: Final[Mapping[str, Repeat]] = {"create": "verify", "update": "verify", "delete": "verify", "stamp": "same"}


def as_given(value: Any) -> Any:
    """A system that keeps values exactly as they are given."""
    return value


def as_text(value: Any) -> str | None:
    """The canonical value of a key that is stored plainly; an empty one is no key."""
    return None if value is None or value == "" else str(value)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A raw field: how the system re-spells what it is given, and what it may be found by."""

    spelling: Callable[[Any], Any] = as_given
    canonical: Callable[[Any], str | None] = as_text  # stored value -> the canonical value of its scheme
    scheme: str | None = None  # the scheme that `find` takes for this field
    unique: bool = False  # a second equal canonical value is refused
    required: bool = False
    default: Any = None
    name: str | None = None  # the canonical field, where it is called otherwise than the raw one


@dataclass(frozen=True, kw_only=True)
class Table:
    """How one entity behaves there."""

    columns: Mapping[str, Column]
    feed: FeedKind = "snapshot"
    complete: bool = True
    page_size: int = 100
    readable: bool = True
    can_create: bool = True
    can_update: bool = True
    can_delete: bool = True
    partial_update: bool = True  # False: the whole form is sent, as `current` had it
    versioned: bool = False  # an update of a row that changed since it was read is refused
    reference: str | None = None  # the raw field that keeps our uid
    chosen_id: bool = False  # our uid becomes the external id; a second one is refused
    id_scheme: str | None = None  # the scheme under which other systems know its ids (1C: id_1c)
    returns_id: bool = True
    reads_back: bool = False  # the answer to a write carries the record
    times: bool = False  # rows tell when they changed
    mark: str | None = None  # the raw flag that calls a row deleted
    stamp: str | None = None  # the raw field that takes a 1C GUID
    create_batch: int = 1
    repeat: Mapping[str, Repeat] = field(default_factory=lambda: dict(_REPEAT))

    def capabilities(self) -> Capabilities:
        schemes = [column.scheme for column in self.columns.values() if column.scheme is not None]
        if self.reference is not None or self.chosen_id:
            schemes.insert(0, "reference")
        return Capabilities(
            feed=self.feed if self.readable else "none",
            complete=self.complete and self.feed == "snapshot" and self.readable,
            readable=self.readable,
            find_by=tuple(schemes) if self.readable else (),
            unique=tuple(column.name or raw for raw, column in self.columns.items() if column.unique),
            required=tuple(column.name or raw for raw, column in self.columns.items() if column.required),
            can_create=self.can_create,
            can_update=self.can_update,
            can_delete=self.can_delete,
            partial_update=self.partial_update,
            versioned=self.versioned,
            keeps_reference=self.reference is not None or self.chosen_id,
            id_scheme=self.id_scheme,
            returns_id=self.returns_id,
            create_batch=self.create_batch,
            stamps=self.stamp is not None,
            repeat=self.repeat,
        )
