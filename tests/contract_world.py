"""What a test of an adapter gives to the contract suite: the adapter, its remote side, and how to disturb them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from connector.systems.base import Adapter, Capabilities, Page, Row
from connector.systems.rows import decode_body

Trouble = Literal["throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired", "encoding"]
Verb = Literal["feed", "get", "find", "create", "update", "delete"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One record to be: the raw fields that write it, what must be read back of them, and its canonical keys."""

    write: Mapping[str, Any]
    read: Mapping[str, Any]
    keys: Mapping[str, str] = field(default_factory=dict)


class World(ABC):
    """One entity of one account of one system. Its users' hands are here too: they do not go through the adapter."""

    adapter: Adapter
    entity: str
    paths: Sequence[str]
    page_size: int = 100
    unknown_id: str = "999999"
    secrets: Sequence[str] = ()
    troubles: frozenset[str] = frozenset()

    @property
    def can(self) -> Capabilities:
        return self.adapter.capabilities(self.entity)

    def needs(self, *names: str) -> Capabilities:
        """Skip, by name, what this system cannot do."""
        can = self.can
        for name in names:
            if not getattr(can, name):
                pytest.skip(f"{self.adapter.kind}: {self.entity}: {name} is not among its capabilities")
        return can

    def needs_feed(self, *kinds: str) -> Capabilities:
        if self.can.feed not in (kinds or ("snapshot", "delta", "window")):
            pytest.skip(f"{self.adapter.kind}: {self.entity}: its feed is {self.can.feed}")
        return self.can

    def needs_trouble(self, name: Trouble) -> None:
        if name not in self.troubles:
            pytest.skip(f"{self.adapter.kind}: its remote side cannot play {name}")

    # -- what a test file gives

    @abstractmethod
    def sample(self, number: int) -> Sample:
        """The record of this number; numbers differ in every key."""

    @abstractmethod
    def with_text(self, number: int, text: str) -> Sample:
        """The same with a free text; skips when the system documents that it cannot keep such a text."""

    @abstractmethod
    def change(self, number: int) -> Sample:
        """An edit of one field: only that field in `write` and `read`."""

    @abstractmethod
    def user_adds(self, sample: Sample) -> str:
        """A user enters a record; its external id."""

    @abstractmethod
    def user_edits(self, external_id: str, change: Sample) -> None: ...

    @abstractmethod
    def user_removes(self, external_id: str) -> None: ...

    @abstractmethod
    def stored(self) -> dict[str, dict[str, Any]]:
        """Everything the remote side holds of this entity, by external id, in the names of reading."""

    @abstractmethod
    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        """From now on the wire does this to such calls, `count` times (None: always)."""

    @abstractmethod
    def waited(self) -> float:
        """Seconds that the adapter slept so far."""

    def own_marks(self, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of a stored record: the fields that the system itself moves at every change (a version, a time)."""
        return {}

    # -- short ways

    def feed(self, cursor: str | None = None, paths: Sequence[str] | None = None) -> list[Row]:
        return [row for page in self.pages(cursor, paths) for row in page.rows]

    def pages(self, cursor: str | None = None, paths: Sequence[str] | None = None) -> list[Page]:
        return list(self.adapter.feed(self.entity, tuple(paths or self.paths), cursor))

    def get(self, external_id: str) -> Row | None:
        return self.adapter.get(self.entity, external_id, tuple(self.paths))

    def find(self, scheme: str, value: str) -> list[Row]:
        return self.adapter.find(self.entity, scheme, value, tuple(self.paths))

    def create(self, sample: Sample, reference: str) -> str:
        """Create through the adapter; the external id, looked up where the answer does not say it."""
        known = set(self.stored())
        outcome = self.adapter.create(self.entity, sample.write, reference)
        if outcome.external_id is not None:
            return outcome.external_id
        (new,) = set(self.stored()) - known
        return new


def uid(number: int) -> str:
    """A uid of ours, as the hub makes them."""
    return f"01900000-0000-7000-8000-{number:012d}"


def reads(row: Row | None, sample: Sample) -> None:
    """The row holds what the sample says."""
    assert row is not None
    raw = decode_body(row.body)
    assert {name: raw.get(name) for name in sample.read} == dict(sample.read)
