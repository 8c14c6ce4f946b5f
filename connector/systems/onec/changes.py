"""What changed since the last time, where the base registers changes for us in an exchange plan.

`SelectChanges` marks all registered changes with a message number and gives an atom feed; `NotifyChangesReceived`
forgets them up to a number. Only the references are taken from the feed: the objects themselves are read again as JSON,
so that an unchanged one has the same bytes as in a full reading.

One node serves all entities, while each entity is stored on its own. So one selection serves them all, and a message is
acknowledged only when every entity of the profile has come back with the number of a message whose rows are stored.
Until then changes are given again, which costs a look and loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from connector.errors import BrokenAnswer, ConfigError
from connector.locale import N_
from connector.systems.onec.errors import error_of, is_business
from connector.systems.onec.filters import field as property_of
from connector.systems.onec.names import title_of
from connector.systems.onec.safexml import NotXml, Readable, child_text, elements, local
from connector.systems.onec.wire import Wire
from connector.transport.messages import Request

_MAX_BYTES: Final = 512 * 1024 * 1024
_OBJECT: Final = re.compile(r"(?:^|/)(?P<resource>[^/()]+)\(guid'(?P<guid>[0-9a-fA-F-]{36})'\)\Z")


@dataclass(frozen=True)
class Change:
    """One object that changed, or that is no more."""

    resource: str
    guid: str
    removed: bool = False


@dataclass
class Plan:
    """Our node of an exchange plan. `sent` is the last message number the node knows of."""

    wire: Wire
    base_url: str
    name: str
    node: str
    sent: int
    entities: Collection[str]
    _stored: dict[str, int] = field(default_factory=dict)
    _given: set[str] = field(default_factory=set)  # the entities that have had the selection
    _selection: tuple[Change, ...] = ()
    _acknowledged: int = 0

    def since(self, entity: str, number: int) -> tuple[int, tuple[Change, ...]]:
        """The message that follows the one whose rows are stored: its number and all changes not acknowledged yet."""
        self._stored[entity] = number
        self._acknowledge()
        if not self._given or entity in self._given or number >= self.sent:
            self.sent = max(self.sent, *self._stored.values()) + 1
            self._selection = tuple(self._select(self.sent))
            self._given.clear()
        self._given.add(entity)
        return self.sent, self._selection

    def _acknowledge(self) -> None:
        number = min(self._stored.values())
        if set(self._stored) >= set(self.entities) and number > self._acknowledged:
            self._tell("NotifyChangesReceived", number)
            self._acknowledged = number

    def _select(self, number: int) -> list[Change]:
        request = self._request("SelectChanges", number)
        response = self.wire.transport.send(request)
        if not response.ok:
            raise error_of(response, self.name)
        try:
            return list(changes_in(_Bytes(response.body)))
        except NotXml as error:
            reason = error.sentence
        raise BrokenAnswer(
            N_("{account}: the list of changes cannot be read: {reason}"),
            account=self.wire.account,
            endpoint=request.endpoint,
            reason=reason,
        )

    def _tell(self, what: str, number: int) -> None:
        response = self.wire.transport.send(self._request(what, number))
        if not response.ok:
            raise error_of(response, self.name)

    def _request(self, what: str, number: int) -> Request:
        point = f"{self.base_url}/{self.name}(guid'{self.node}')"
        return Request(
            endpoint=f"{self.name} {what}",
            path=f"/{what}",
            verb="POST",
            query=[("DataExchangePoint", f"'{point}'"), ("MessageNo", number)],
            headers={"Accept": "application/atom+xml"},
            repeat="same",  # the same number selects or forgets the same changes again
            max_bytes=_MAX_BYTES,
            understood=is_business,
        )


def plan_of(wire: Wire, base_url: str, name: str, code: str, entities: Collection[str]) -> Plan:
    """Our node, found by its code. ConfigError when the plan has none of that code."""
    rows = wire.rows(name, select=("Ref_Key", "SentNo"), where=property_of("Code").eq(code), top=2)
    if len(rows) != 1:
        raise ConfigError(
            N_("{account}: {plan} has no node with the code {code}. Make one in 1C, or remove peer_code"),
            account=wire.account,
            plan=title_of(name),
            code=code,
        )
    return Plan(wire, base_url, name, str(rows[0]["Ref_Key"]), int(rows[0].get("SentNo") or 0), entities)


def changes_in(stream: Readable) -> Iterator[Change]:
    """The references in an atom feed of changes, deleted ones included; what is no object (a register) is left out."""
    for element in elements(stream, {"entry", "deleted-entry"}):
        is_removed = local(element) == "deleted-entry"
        address = element.get("ref", "") if is_removed else child_text(element, "id") or ""
        match = _OBJECT.search(unquote(address))
        if match is not None:
            yield Change(match["resource"], match["guid"].lower(), is_removed)


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        part, self._at = self._data[self._at : end], min(end, len(self._data))
        return part
