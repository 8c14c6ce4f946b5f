"""Three systems in memory that differ as real ones do, and an engine between them.

`books` lets us choose ids and owns the 1C key; `till` re-spells phones, takes each phone once and can be stamped;
`shop` tells no id of what it creates, wants the whole form and takes each phone and e-mail once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from connector.mapping import Mapping, load
from connector.model.records import fields_of
from connector.model.routes import Brakes, EntityRoutes, Route, Rule
from connector.store import Store, open_store
from connector.sync.engine import Engine, Options
from connector.sync.report import RunReport
from connector.systems.memory import Column, MemoryAdapter, MemorySystem, Table

MAPPINGS = Path(__file__).parent / "mappings"
CARRIED = ("group", "customer", "card")


@lru_cache
def mapping(account: str, entity: str) -> Mapping:
    return load([MAPPINGS / account], "memory", entity)


def digits(value: Any) -> str | None:
    text = "".join(filter(str.isdigit, str(value or "")))
    return f"+{text}" if text and text != "0" else None


def spaced(value: Any) -> Any:
    """How the till shows a phone."""
    number = digits(value)
    return value if number is None else f"{number[:2]} {number[2:5]} {number[5:8]}-{number[8:]}"


def mail(value: Any) -> str | None:
    return value.strip().lower() if isinstance(value, str) and value.strip() not in ("", "0") else None


def books() -> dict[str, Table]:
    text = Column(default="")
    return {
        "customer": Table(
            columns={
                "title": text,
                "kind": text,
                "phone": Column(scheme="phone", canonical=digits, default=""),
                "mail": Column(scheme="email", canonical=mail, default=""),
                "folder": text,
                "address": text,
                "city": text,
                "note": text,
                "marked": Column(default=False),
                "inn": text,
                "kpp": text,
            },
            chosen_id=True,
            versioned=True,
            page_size=3,
        ),
        "group": Table(columns={"name": text, "percent": text}, chosen_id=True, can_create=False),
        "card": _cards(chosen_id=True),
    }


def till() -> dict[str, Table]:
    zero = Column(default="0")
    return {
        "customer": Table(
            columns={
                "id_1c": zero,
                "last": Column(default=""),
                "first": Column(default=""),
                "middle": Column(default=""),
                "full": Column(default=""),
                "phone": Column(scheme="phone", canonical=digits, unique=True, spelling=spaced, default="0"),
                "email": Column(scheme="email", canonical=mail, default="0"),
                "group_id": zero,
                "card": zero,
                "address": zero,
                "city": zero,
                "comment": zero,
            },
            stamp="id_1c",
            page_size=4,
        ),
        "group": Table(columns={"name": Column(default=""), "percent": Column(default="0")}, can_create=False),
    }


def shop() -> dict[str, Table]:
    text = Column(default="")
    return {
        "customer": Table(
            columns={
                "name": text,
                "phone": Column(scheme="phone", canonical=digits, unique=True, required=True, default=""),
                "email": Column(scheme="email", canonical=mail, unique=True, default=""),
                "group_id": text,
                "address": text,
                "city": text,
                "comment": text,
                "status": Column(default="1"),
            },
            returns_id=False,
            partial_update=False,
            page_size=5,
        ),
        "group": Table(columns={"name": text, "percent": text}, can_create=False),
        "card": _cards(chosen_id=False),
    }


def _cards(chosen_id: bool) -> Table:
    text = Column(default="")
    return Table(
        columns={
            "number": Column(scheme="card_uid", unique=True, default="", name="uid"),
            "status": text,
            "issued": text,
            "owner": text,
        },
        chosen_id=chosen_id,
    )


class TillSystem(MemorySystem):
    """The till keeps a name in three slots though it is told as one."""

    def change(self, entity: str, external_id: str, fields: Map[str, Any]) -> Any:
        return super().change(entity, external_id, _slots(fields))

    def insert(self, entity: str, fields: Map[str, Any], external_id: str | None) -> Any:
        return super().insert(entity, _slots(fields), external_id)


def _slots(fields: Map[str, Any]) -> dict[str, Any]:
    fields = dict(fields)
    if "full" in fields:
        parts = [*str(fields["full"] or "").split(" ", 2), "", "", ""]
        fields.update(last=parts[0], first=parts[1], middle=parts[2])
    return fields


class BooksAdapter(MemoryAdapter):
    """Its own ids are what other systems keep as the 1C key."""

    def capabilities(self, entity: str) -> Any:
        can = super().capabilities(entity)
        return replace(can, id_scheme="id_1c") if entity in self.system.tables else can


@dataclass
class Clock:
    """Time that moves a little with every look."""

    now: datetime = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    step: timedelta = timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


@dataclass
class World:
    """The three systems, the store, and what a run needs."""

    store: Store
    books: MemorySystem = field(default_factory=lambda: MemorySystem(books()))
    till: MemorySystem = field(default_factory=lambda: TillSystem(till()))
    shop: MemorySystem = field(default_factory=lambda: MemorySystem(shop()))
    authority: dict[str, Rule] = field(default_factory=dict)
    default: Rule = field(default_factory=lambda: Rule("spokes", frozenset({"books"})))
    together: dict[str, tuple[str, ...]] = field(default_factory=dict)
    order: Sequence[str] = ("books", "till", "shop")
    entities: Sequence[str] = CARRIED
    changes: Map[tuple[str, str], Map[str, Any]] = field(default_factory=dict)
    """(entity, account) -> fields of its route that differ."""
    clock: Clock = field(default_factory=Clock)
    seed: int = 1

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.adapters: dict[str, MemoryAdapter] = {
            "books": BooksAdapter(self.books, account="books"),
            "till": MemoryAdapter(self.till, account="till"),
            "shop": MemoryAdapter(self.shop, account="shop"),
        }

    def routes(self) -> tuple[EntityRoutes, ...]:
        return tuple(self._routes(entity) for entity in self.entities)

    def _routes(self, entity: str) -> EntityRoutes:
        found = []
        for account in self.order:
            if entity not in self.adapters[account].system.tables:
                continue
            values: dict[str, Any] = {
                "create": entity != "group",
                "brakes": Brakes(changes=10_000, share=1.0, deactivations=10_000, deactivations_share=1.0),
                "stamp": "books" if account == "till" and entity == "customer" else None,
                "kind": account,
            }
            values.update(self.changes.get((entity, account), {}))
            found.append(Route(entity=entity, spoke=account, account=account, **values))
        authority = {name: self.authority.get(name, self.default) for name in fields_of(entity)}
        return EntityRoutes(entity=entity, routes=tuple(found), authority=authority, together=dict(self.together))

    def engine(self) -> Engine:
        mappings = {
            (account, entity): mapping(account, entity)
            for account, adapter in self.adapters.items()
            for entity in adapter.system.tables
        }
        return Engine(
            store=self.store,
            routes=self.routes(),
            mappings=mappings,
            adapters=self.adapters,
            clock=self.clock,
            entropy=self.random.randbytes,
            owner="test",
            concurrent=False,
        )

    def sync(self, **options: Any) -> RunReport:
        options.setdefault("consent", lambda _report: True)
        return self.engine().run(Options(**options))

    def plan(self, **options: Any) -> RunReport:
        return self.engine().run(Options(dry=True, **options))

    def rows(self, account: str, entity: str = "customer") -> dict[str, dict[str, Any]]:
        return self.adapters[account].system.rows(entity)


def new_store(url: str = "sqlite://") -> Store:
    store = open_store(url)
    store.create()
    return store


def written(report: RunReport) -> int:
    """How many writes a run has carried out."""
    return sum(route.created + route.updated + route.deactivated for route in report.routes.values())


Faults = Callable[..., Any]
