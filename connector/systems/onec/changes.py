"""What changed since the last time, where the base registers changes for us in an exchange plan.

`SelectChanges` marks all registered changes with a message number and gives an atom feed; `NotifyChangesReceived`
forgets them up to a number. Only the references are taken from the feed: the objects themselves are read again as JSON,
so that an unchanged one has the same bytes as in a full reading.

One node serves all entities, while each entity is stored on its own. So a run asks for one selection, which serves them
all, and first tells 1C to forget the messages that every entity has stored: the least of their numbers. What was
selected and not stored comes again; a lost notice is told again by the next run.

Whatever makes the registration doubtful leads back to reading everything: another node, a base restored from a backup
(it has received less than we knew of), changes that somebody else took (it has forgotten more than we have stored), and
every so many runs all the same, for nobody can see from outside which objects a plan registers.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from sys import intern
from typing import Final, NamedTuple, Self
from urllib.parse import unquote

from connector.errors import BrokenAnswer, ConfigError
from connector.locale import N_
from connector.systems.onec.errors import error_of, is_business
from connector.systems.onec.filters import field as property_of
from connector.systems.onec.names import title_of
from connector.systems.onec.safexml import NotXml, Readable, child_text, elements, local
from connector.systems.onec.values import guid_of
from connector.systems.onec.wire import Wire
from connector.transport.messages import Request

log: Final = logging.getLogger("connector.systems.onec")

FULL_EVERY: Final = 96
"""Runs between two full readings: a day of runs every quarter of an hour."""

_MAX_BYTES: Final = 4 * 1024 * 1024 * 1024
_OBJECT: Final = re.compile(r"(?:^|/)(?P<resource>[^/()]+)\(guid'(?P<guid>[0-9a-fA-F-]{36})'\)\Z")


class Change(NamedTuple):
    """One object that changed, or that is no more."""

    resource: str
    guid: str
    removed: bool = False


class Place(NamedTuple):
    """How far an entity has come, as its cursor says it.

    `message` is the last one whose rows are stored, `runs` how many runs ago everything was read, `received` the number
    up to which the base had forgotten changes when this was written.
    """

    node: str
    message: int
    runs: int
    received: int

    @classmethod
    def of(cls, cursor: str | None) -> Self | None:
        """None for what is no cursor of ours: then everything is read."""
        node, *numbers = (cursor or "").split(" ")
        if guid_of(node) is None or len(numbers) != len(cls._fields) - 1 or not all(map(_is_number, numbers)):
            return None
        return cls(node, *map(int, numbers))

    def __str__(self) -> str:
        return " ".join(map(str, self))


@dataclass(frozen=True)
class Round:
    """One selection: what it found, and what the node said of itself just before."""

    node: str
    number: int
    received: int
    changes: Mapping[str, Collection[Change]]
    is_empty: bool

    def of(self, resources: Iterable[str]) -> list[Change]:
        return [change for resource in resources for change in self.changes.get(resource, ())]

    def after(self, place: Place) -> Place:
        """How far an entity is that has stored this round. An empty round leaves nothing to be forgotten."""
        message = place.message if self.is_empty else self.number
        return Place(self.node, message, place.runs + 1, self.received)

    @property
    def start(self) -> Place:
        """How far an entity is that has read everything since this round was asked for."""
        return Place(self.node, self.number, 0, self.received)


class Plan:
    """Our node of an exchange plan. `resources` are the ones whose changes are wanted."""

    def __init__(
        self, wire: Wire, base_url: str, name: str, code: str, *, resources: Collection[str], full_every: int
    ) -> None:
        self.resource = f"ExchangePlan_{name}"
        self._wire, self._base_url, self._code = wire, base_url, code
        self._resources, self._full_every = frozenset(resources), full_every
        self._round: Round | None = None
        self._given: set[str] = set()  # the entities that have had the round

    def round(self, entity: str, stored: Callable[[], Iterable[Place]]) -> Round:
        """The selection of this run: a new one when the entity has had the last one.

        `stored` are the places of all entities that have one. What every one of them is past is forgotten in 1C before
        the new selection is made.
        """
        if self._round is None or entity in self._given:
            self._round = self._next(list(stored()))
            self._given = set()
        self._given.add(entity)
        return self._round

    def continues(self, place: Place | None, now: Round) -> bool:
        """Whether the changes of this round are all that an entity has missed."""
        if place is None or place.node != now.node:
            return False
        if now.received < place.received:
            log.warning("%s: 1C was restored from a copy: everything is read", self._wire.account)
            return False
        if now.received > place.message:
            log.warning("%s: changes were taken that never were stored: everything is read", self._wire.account)
            return False
        return place.runs + 1 < self._full_every

    def known(self) -> tuple[str, int, int]:
        """Our node as it stands: its guid, the last number sent and received. ConfigError when there is none."""
        rows = self._wire.rows(
            self.resource,
            select=("Ref_Key", "SentNo", "ReceivedNo"),
            where=property_of("Code").eq(self._code),
            top=2,
        )
        if len(rows) != 1:
            raise ConfigError(
                N_("{account}: {plan} has no node with the code {code}. Make one in 1C, or remove peer_code"),
                account=self._wire.account,
                plan=title_of(self.resource),
                code=self._code,
            )
        (row,) = rows
        return str(row["Ref_Key"]), int(row.get("SentNo") or 0), int(row.get("ReceivedNo") or 0)

    def prove(self) -> bool:
        """Whether 1C lets this user fetch changes: by asking it to forget what it has forgotten, which changes nothing.

        False where nothing was ever fetched, so that nothing can be asked. The errors are those of a refusal.
        """
        node, _, received = self.known()
        if received == 0:
            return False
        response = self._wire.transport.send(self._request(node, "NotifyChangesReceived", received))
        if not response.ok:
            raise error_of(response, self.resource)
        return True

    def _next(self, stored: Collection[Place]) -> Round:
        node, sent, received = self.known()
        places = [place for place in stored if place.node == node]
        forgotten = min((place.message for place in places), default=0)
        if forgotten > received:
            self._tell(node, forgotten)
        number = max(sent, received, *(place.message for place in places), 0) + 1
        found: dict[str, list[Change]] = {}
        is_empty = True
        for change in self._select(node, number):
            is_empty = False
            if change.resource in self._resources:
                found.setdefault(change.resource, []).append(change)
        return Round(node, number, received, found, is_empty)

    def _select(self, node: str, number: int) -> Iterator[Change]:
        """Every change, as it comes: the feed holds the objects whole and may be long."""
        request = self._request(node, "SelectChanges", number)
        try:
            with self._wire.transport.stream(request) as body:
                yield from changes_in(body)
            return
        except NotXml as error:
            reason = error.sentence
        raise BrokenAnswer(
            N_("{account}: the list of changes cannot be read: {reason}"),
            account=self._wire.account,
            endpoint=request.endpoint,
            reason=reason,
        )

    def _tell(self, node: str, number: int) -> None:
        """What 1C refuses to forget it gives again: nothing is lost, and the next run tells it again."""
        response = self._wire.transport.send(self._request(node, "NotifyChangesReceived", number))
        if not response.ok:
            log.warning("%s", error_of(response, self.resource))

    def _request(self, node: str, what: str, number: int) -> Request:
        point = f"{self._base_url}/{self.resource}(guid'{node}')"
        return Request(
            endpoint=f"{self.resource} {what}",
            path=f"/{what}",
            verb="POST",
            query=[("DataExchangePoint", f"'{point}'"), ("MessageNo", number)],
            headers={"Accept": "application/atom+xml"},
            repeat="same",  # the same number selects or forgets the same changes again
            max_bytes=_MAX_BYTES,
            understood=is_business,
            refused=lambda response: error_of(response, self.resource),
        )


def changes_in(stream: Readable) -> Iterator[Change]:
    """The references in an atom feed of changes, deleted ones included; what is no object (a register) has no guid."""
    for element in elements(stream, {"entry", "deleted-entry"}):
        is_removed = local(element) == "deleted-entry"
        address = element.get("ref", "") if is_removed else child_text(element, "id") or ""
        match = _OBJECT.search(unquote(address))
        yield Change("", "") if match is None else Change(intern(match["resource"]), match["guid"].lower(), is_removed)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
