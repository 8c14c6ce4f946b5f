"""A workspace, opened: settings, store, mappings, adapters and the engine between them. The one place that builds them.

Everything is made when first asked for: `status` opens no adapter, `check` opens no store.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from connector import config, systems
from connector.jobs.books import books_of
from connector.jobs.units import ProvedUnits
from connector.mapping import Mapping as Compiled
from connector.mapping import file_of
from connector.mapping import load as load_mapping
from connector.model.routes import EntityRoutes, with_proposed

if TYPE_CHECKING:
    from connector.model.states import Link
    from connector.store import Store
    from connector.sync.engine import Engine, Progress
    from connector.sync.resolve import Resolver
    from connector.systems.base import Adapter


class Workspace:
    """What is in a folder with a connector.yaml, ready for use."""

    def __init__(
        self,
        settings: config.Settings,
        *,
        clock: Callable[[], datetime] | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        zone = ZoneInfo(settings.timezone)
        self.clock = clock or (lambda: datetime.now(zone))
        self.entropy = entropy
        self.sleep = sleep
        self._adapters: dict[str, Adapter] = {}

    @classmethod
    def open(cls, folder: Path, env: Mapping[str, str] | None = None) -> Self:
        return cls(config.load(folder, os.environ if env is None else env))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for adapter in self._adapters.values():
            adapter.close()
        if "store" in self.__dict__:
            self.store.close()

    @property
    def now(self) -> str:
        return self.clock().isoformat(timespec="seconds")

    @cached_property
    def store(self) -> Store:
        """The store; made when there is none yet."""
        from connector.store import open_store

        store = open_store(self.settings.store)
        store.create()
        return store

    @property
    def known_store(self) -> Store | None:
        """The store where there is one already; None otherwise, and none is made."""
        if "store" not in self.__dict__:
            from connector.store import existing_store

            found = existing_store(self.settings.store)
            if found is None:
                return None
            self.__dict__["store"] = found
        return self.store

    @cached_property
    def routes(self) -> dict[str, EntityRoutes]:
        return {routes.entity: routes for routes in with_proposed(self.settings.routes)}

    @cached_property
    def mappings(self) -> dict[tuple[str, str], Compiled]:
        """(spoke, entity) -> the compiled mapping of the route's channel, and of the goods that documents refer to."""
        routed = [
            (route, route.observed) for routes in self.settings.routes for route in routes.routes
            if route.direction != "off"
        ]  # fmt: skip
        found = {(route.spoke, entity): self.mapping(route.account, entity) for route, entity in routed}
        for route, entity in routed:
            lines = found[route.spoke, entity].lines
            for other in () if lines is None else lines.references.values():
                if (route.spoke, other) not in found and self._has_mapping(route.account, other):
                    found[route.spoke, other] = self.mapping(route.account, other)
        return found

    def _has_mapping(self, account: str, entity: str) -> bool:
        line = self.settings.accounts[account]
        name = file_of(line.kind, entity, line.dialect)
        return any((folder / name).is_file() for folder in self.settings.mappings)

    def mapping(self, account: str, entity: str) -> Compiled:
        line = self.settings.accounts[account]
        mapping = load_mapping(self.settings.mappings, line.kind, entity, line.dialect, timezone=line.timezone)
        return mapping.with_defaults(line.defaults[entity]) if entity in line.defaults else mapping

    def adapter(self, account: str) -> Adapter:
        if account not in self._adapters:
            line = self.settings.accounts[account]
            adapter = systems.build(line, sleep=self.sleep, units=ProvedUnits(self, account))
            if hasattr(adapter, "remember"):
                adapter.remember = self._memory(adapter.spoke)
            if hasattr(adapter, "entities"):
                adapter.entities = self.entities_read(account)
            if hasattr(adapter, "stored"):
                adapter.stored = self._stored(account)
            self._adapters[account] = adapter
        return self._adapters[account]

    def entities_read(self, account: str) -> frozenset[str]:
        """The entities whose feed of an account a run reads."""
        return frozenset(
            route.observed
            for routes in self.settings.routes
            for route in routes.routes
            if route.account == account and route.reads
        )

    def adapters(self) -> dict[str, Adapter]:
        """Every account that takes part in a route."""
        names = {
            route.account for routes in self.settings.routes for route in routes.routes if route.direction != "off"
        }
        return {name: self.adapter(name) for name in self.settings.accounts if name in names}

    def _memory(self, spoke: str) -> Callable[[str, Sequence[str]], dict[str, bytes]]:
        """What was last seen, for an adapter that must know it; over a connection of its own, for feeds are threads."""
        store = self._beside()

        def remember(entity: str, external_ids: Sequence[str]) -> dict[str, bytes]:
            return store().crosswalk.seen(spoke, entity, external_ids)

        return remember

    def _stored(self, account: str) -> Callable[[str], str | None]:
        """The stored cursors, for an adapter that tells its system what it may forget; over a connection as above."""
        store = self._beside()

        def cursor(entity: str) -> str | None:
            return store().runs.cursor(account, entity)

        return cursor

    def _beside(self) -> Callable[[], Store]:
        """A second connection to the store, opened when first asked for."""
        reader: list[Store] = []

        def opened() -> Store:
            from connector.store import open_store

            if not reader:
                reader.append(open_store(self.settings.store))
            return reader[0]

        return opened

    def engine(self, progress: Progress | None = None) -> Engine:
        from connector.store.owner import this_process
        from connector.sync.engine import Engine, Silent

        return Engine(
            store=self.store,
            routes=self.settings.routes,
            mappings=self.mappings,
            adapters=self.adapters(),
            clock=self.clock,
            entropy=self.entropy,
            owner=this_process(self.entropy),
            books=books_of(self.settings),
            progress=progress or Silent(),
        )

    def meet(self, account: str, entity: str, external_id: str, by: str) -> Link | None:
        """A good that no feed shows, read in its system because a person names it; None where there is none."""
        from connector.sync.ledger import goods

        spoke = self.settings.accounts[account].spoke
        if entity != goods.ENTITY or (spoke, entity) not in self.mappings:
            return None
        adapter, mapping = self.adapter(account), self.mappings[spoke, entity]
        return goods.meet(self.store, adapter, mapping, external_id, self.fresh_uid(), at=self.now, by=by)

    def resolver(self, by: str) -> Resolver:
        from connector.sync.resolve import Resolver

        return Resolver(self.store, self.routes, self.mappings, at=self.now, by=by)

    def fresh_uid(self) -> str:
        from connector.model.values import new_uid

        return new_uid(int(self.clock().timestamp() * 1000), 0, self.entropy(8))
