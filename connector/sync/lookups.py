"""Look up records in systems that give no list of theirs: when a record is new to them or its keys have changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping

from connector.errors import ConnectorError, RejectedError
from connector.model.routes import EntityRoutes, Route
from connector.model.states import Shadow, shadow_bytes
from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.fetch import Spent
from connector.sync.identity import HOW, findable
from connector.sync.sight import digest
from connector.sync.view import Mappings, View, load
from connector.systems.base import Adapter, Row

PER_RUN = 500
"""So many records are looked up in one run at most; the others wait for the next ones."""


class Lookups:
    def __init__(
        self, store: Store, mappings: Mappings, adapters: Mapping[str, Adapter], run: int, at: str, spent: Spent
    ) -> None:
        self.store = store
        self.mappings = mappings
        self.adapters = adapters
        self.run = run
        self.at = at
        self.left = PER_RUN
        self.spent = spent

    def look(self, routes: EntityRoutes, failed: MutableMapping[str, ConnectorError]) -> None:
        """Look up the marked records of an entity in every route that is read by look-up only."""
        for route in routes.routes:
            can = self.adapters[route.account].capabilities(routes.entity)
            if not route.reads or can.feed != "none" or not can.find_by or route.account in failed:
                continue
            try:
                self._look_in(route, routes, can.find_by)
            except RejectedError:
                continue
            except ConnectorError as error:
                failed[route.account] = error

    def _look_in(self, route: Route, routes: EntityRoutes, schemes: tuple[str, ...]) -> None:
        feed = self.store.crosswalk.feed(route.spoke, routes.entity)
        after = ""
        while self.left > 0 and (uids := self.store.hub.marked(routes.entity, TO_PLAN, after, 200)):
            after = uids[-1]
            done = self.store.crosswalk.looked_up(feed, uids)
            for view in load(self.store, routes, self.mappings, uids):
                keys = findable(view.entity, view.hub, schemes)
                text = json.dumps(keys)
                if keys and self.left > 0 and done.get(view.uid) != text:
                    self._look_up(route, feed, view, keys, text)

    def _look_up(self, route: Route, feed: int, view: View, keys: list[tuple[str, str]], text: str) -> None:
        adapter, mapping = self.adapters[route.account], self.mappings[route.spoke, view.entity]
        self.left -= 1
        for scheme, value in keys:
            before = adapter.requests()
            rows = adapter.find(view.entity, scheme, value, mapping.paths)
            self.spent[view.entity, route.account] += adapter.requests() - before
            if len(rows) == 1:
                with self.store.transaction():
                    self._found(route, feed, view, rows[0], scheme)
                    self.store.crosswalk.note_lookup(feed, view.uid, text, self.at)
                return
        self.store.crosswalk.note_lookup(feed, view.uid, text, self.at)

    def _found(self, route: Route, feed: int, view: View, row: Row, scheme: str) -> None:
        mapping = self.mappings[route.spoke, view.entity]
        known = self.store.crosswalk.at(route.spoke, view.entity, row.external_id)
        mark = digest(mapping, row.body)
        if known is not None:
            if known.uid == view.uid and known.seen != row.body:
                self.store.crosswalk.saw([(row.body, mark, row.version, 0, row.changed_at, known.id)])
                self.store.hub.mark(view.entity, [view.uid], TO_MERGE)
            return
        if view.link(route.spoke) is not None:
            return
        link = NewLink(
            row.external_id, view.uid, 1, row.body, mark, shadow_bytes(Shadow()), row.version, 0, row.changed_at,
            self.run, HOW[scheme], "run", self.at,
        )  # fmt: skip
        self.store.crosswalk.add(feed, [link])
        self.store.hub.mark(view.entity, [view.uid], TO_MERGE)
