"""What targets say of a document, told back to the shop it came from: which states, the route says (`back`).

Only that something has happened is told: shipped, cancelled. A shop that shows positions is told it of each of them;
one that says so already, or is denied, is left alone. A shop whose calls cannot say it is passed by, and so is the
number of 1C: no shop has a place for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from connector.model.records import as_dict
from connector.model.routes import EntityRoutes
from connector.model.states import Link, Operation
from connector.store import Store
from connector.sync.ledger.assemble import members_of
from connector.sync.ledger.view import LedgerView, Told
from connector.sync.rows import decode
from connector.sync.view import Mappings
from connector.systems.base import Adapter, Capabilities

_FINAL: Final = "cancelled"
"""What ends a document: nothing else is told of one that is."""


class TellingBack:
    """The operations for sources. `pending` are the facts of which one is under way already."""

    def __init__(self, store: Store, mappings: Mappings, adapters: Mapping[str, Adapter]) -> None:
        self.store = store
        self.mappings = mappings
        self.adapters = adapters
        self.pending: set[str] = set()

    def plan(self, routes: EntityRoutes, view: LedgerView, accounts: set[str]) -> Iterator[Operation]:
        """What the source of this fact is to be told."""
        source = view.source
        if source is None or view.held or source.link.gone or source.route.account not in accounts:
            return
        can = self.adapters[source.route.account].capabilities(source.route.observed)
        names = self._news(routes, view, source) if can.can_update else []
        if names:
            yield from self._of(view, source, names, can)

    def _news(self, routes: EntityRoutes, view: LedgerView, source: Told) -> list[str]:
        """What has happened and the source does not say; nothing that a person is asked about."""
        asked = {one.field for one in view.conflicts if one.kind == "field"}
        writes = self.mappings[source.link.spoke, source.route.observed].writes
        found = sorted(
            name
            for name in (routes.back & writes) - asked
            if view.hub.get(name) is True and source.values.get(name) is not True
        )
        over = view.hub.get(_FINAL) is True
        return [name for name in found if name == _FINAL or not over]

    def _of(self, view: LedgerView, source: Told, names: Sequence[str], can: Capabilities) -> Iterator[Operation]:
        links = self._rows(view, source)
        unfinished = self.store.outbox.unfinished(link.uid for link in links)
        for link in links:
            values = self._values(link)
            patch = {name: True for name in names if values.get(name) is not True}
            tried = [one for one in unfinished.get(link.uid, ()) if one.spoke == link.spoke]
            if any(one.status != "refused" for one in tried):
                self.pending.add(view.uid)
            is_tried = any(one.status != "refused" or one.patch == patch for one in tried)
            if not patch or is_tried or link.gone or values.get(_FINAL) is True:
                continue
            yield Operation(
                entity=link.entity,
                account=source.route.account,
                spoke=link.spoke,
                uid=link.uid,
                verb="update",
                external_id=link.external_id,
                patch=patch,
                expect={name: values[name] for name in patch if name in values},
                repeat=can.repeat.get("update", "verify"),
            )

    def _rows(self, view: LedgerView, source: Told) -> list[Link]:
        """The rows that show the document there: itself, or its positions."""
        if source.route.observed == view.entity:
            return [source.link]
        return members_of(self.store, source.route.observed, source.link.spoke, source.link.external_id)

    def _values(self, link: Link) -> dict[str, Any]:
        """What a row says now; what was written to it since it was seen stands as written."""
        mapping = self.mappings[link.spoke, link.entity]
        values: dict[str, Any] = {} if link.seen is None else as_dict(mapping.read(decode(link.seen), []))
        if link.stale:
            values.update((name, link.shadow.spoke[name]) for name in link.shadow.written if name in link.shadow.spoke)
        return values
