"""The border between the engine and a system: what every adapter promises.

An adapter knows its vendor's document and nothing of ours: no canonical record, no mapping, no store.
It is provable with the document in hand, and the contract suite (`tests/contract.py`) proves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

from connector.errors import ConnectorError, RowError
from connector.locale import Sentence

FeedKind = Literal["snapshot", "delta", "window", "none"]
Repeat = Literal["safe", "same", "verify", "never"]
Raw = Mapping[str, Any]


class Row(NamedTuple):
    """One remote record as it was read.

    `body` is canonical JSON (UTF-8, the asked top-level keys in the asked order, a key the remote did not send left
    out): equal content is equal bytes, so a hash tells whether anything changed. Numbers keep every digit.
    `version` is the remote's own (1C DataVersion); `changed_at` its own change time, ISO 8601 with offset.
    `gone` says that the remote itself calls the record deleted. `full` is the whole decoded record where `get`
    had to read it anyway: an adapter may use it to send a whole form back. `reference` is our uid, where the system
    keeps one (virtpos `external_id`): the engine links by it, and links can be rebuilt from it.
    """

    external_id: str
    body: bytes
    version: str | None = None
    gone: bool = False
    changed_at: str | None = None
    full: Raw | None = None
    reference: str | None = None


class Page(NamedTuple):
    """A part of a feed. `cursor` may be stored once every row of this page is; None where there is none to keep.

    `unreadable` holds rows that have no usable identity: (external id or "", what is wrong with it).
    """

    rows: list[Row]
    cursor: str | None = None
    unreadable: Sequence[tuple[str, str | Sentence]] = ()


class Outcome(NamedTuple):
    """What a write came to. `external_id` is None where the remote does not say it (Saplab): `find` it then.

    `row` is a read-back, given only where the answer itself carries the record.
    """

    external_id: str | None
    row: Row | None = None
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an account can do with an entity. A route that needs what is lacking is refused at load."""

    feed: FeedKind = "none"
    complete: bool = False  # a snapshot whose silence about a record means that it is gone
    readable: bool = True  # False: written only, compared with our last write
    find_by: tuple[str, ...] = ()  # schemes `find` takes: reference, id_1c, card_uid, barcode, phone, inn, email, name
    unique: tuple[str, ...] = ()  # canonical fields of which the remote refuses a second one
    required: tuple[str, ...] = ()  # canonical fields without which it refuses a create
    can_create: bool = False
    can_update: bool = False
    can_delete: bool = False
    partial_update: bool = True  # False: the adapter sends the whole form, read just before
    versioned: bool = False  # honours an expected version
    keeps_reference: bool = False  # stores our uid and finds by it
    id_scheme: str | None = None  # the scheme under which other systems know this one's ids (1C: id_1c)
    returns_id: bool = True
    create_batch: int = 1
    stamps: bool = False  # takes a 1C GUID for an existing record (verb stamp)
    collects: bool = False  # it comes for what we have: an operation is offered, never called, until it acknowledges
    repeat: Mapping[str, Repeat] = field(default_factory=dict)  # verb (create, update, delete, stamp) -> repeat class


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of `connector check`."""

    name: str
    ok: bool
    text: Any  # Sentence
    warning: bool = False


class Adapter(Protocol):
    """One account of one system.

    Every method raises only the errors of `connector.errors`. Reads may be repeated inside; a write is sent once:
    `OutcomeUnknown` says that nobody knows whether it happened.
    """

    account: str
    kind: str
    spoke: str

    def capabilities(self, entity: str) -> Capabilities:
        """What this account can do with an entity; an unknown entity has no capability at all."""
        ...

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        """All records (snapshot), or those changed since `cursor` (delta, window), page by page.

        A row at a page border is given once; order is stable. `paths` are the top-level raw keys to keep, in order.
        """
        ...

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        """One record as it is now, or None when the remote has none of that id."""
        ...

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        """The records whose key of this scheme has this canonical value; an empty list when none.

        Answers of a fuzzy remote search are filtered: what is returned really carries the value.
        """
        ...

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        """One new record from raw write fields. `reference` is our uid, stored where the system keeps one."""
        ...

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        """Several at once, answered in order. Only called up to `capabilities.create_batch`."""
        ...

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        """Change the given raw fields and no others. `current` is what `get` gave just before (guard read)."""
        ...

    def delete(self, entity: str, external_id: str) -> Outcome:
        """Remove for good. Called only where the route says delete."""
        ...

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        """Write the 1C GUID into existing records: external id -> GUID, None to remove."""
        ...

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        """One raw call through the catalogue; the decoded payload, its envelope removed."""
        ...

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        """Reachable, credentials, rights, clock, the mapped paths (entity -> raw keys) exist. Writes nothing."""
        ...

    def requests(self) -> int:
        """How many requests this adapter has sent."""
        ...

    def close(self) -> None: ...


class Offered(Protocol):
    """One operation that the outbox offers. With a problem its mapping cannot say it, and `raw` is empty."""

    @property
    def id(self) -> int: ...
    @property
    def entity(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def external_id(self) -> str | None: ...
    @property
    def raw(self) -> Raw: ...
    @property
    def problem(self) -> RowError | None: ...


@runtime_checkable
class KeepsWhatCame(Protocol):
    """An adapter of a system that tells each thing once: what it said is kept, and its feed begins with the oldest."""

    def has_history(self) -> bool:
        """Whether anything is kept; without it nobody knows what the system has said before."""
        ...


@runtime_checkable
class SendsOff(Protocol):
    """An adapter whose writes only lie ready until they leave together, at the end of a run that may write."""

    def send_off(self, offered: Iterable[Offered]) -> list[tuple[int, ConnectorError]]:
        """What is ready leaves, and what is offered with it. (operation, why) of each offer that cannot be told."""
        ...
