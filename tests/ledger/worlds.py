"""A web shop that shows positions, a counter that shows orders, and the books that are told of both.

`shop` has no orders, only positions that share an invoice; `counter` has orders with rows, and numbers where somebody
gave them; `books` take our uid as the key of a document, number it, post it, and mark it for deletion.
"""

from __future__ import annotations

import random
from collections.abc import Mapping as Map
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from connector.mapping import Mapping, load
from connector.model.books import Books, Seller
from connector.model.records import fields_of, merged_fields
from connector.model.routes import Brakes, EntityRoutes, Route, Rule
from connector.store import Store, open_store
from connector.sync.engine import Engine, Options
from connector.sync.report import RunReport
from connector.systems.base import Capabilities
from connector.systems.memory import Column, MemoryAdapter, MemorySystem, Stored, Table

MAPPINGS = Path(__file__).parent / "mappings"
WIDE = Brakes(changes=10_000, share=1.0, deactivations=10_000, deactivations_share=1.0)
KEYS = {
    ("shop", "customer"), ("counter", "customer"), ("books", "customer"),
    ("shop", "position"), ("counter", "order"), ("books", "order"), ("books", "product"),
}  # fmt: skip


@lru_cache
def mapping(account: str, entity: str) -> Mapping:
    return load([MAPPINGS / account], "memory", entity)


def digits(value: Any) -> str | None:
    text = "".join(filter(str.isdigit, str(value or "")))
    return f"+{text}" if text else None


def people(**more: Any) -> Table:
    columns = {"title": Column(default=""), "phone": Column(scheme="phone", canonical=digits, default="")}
    return Table(columns=columns, **more)


def plain(*names: str, **defaults: Any) -> dict[str, Column]:
    return {**{name: Column(default="") for name in names}, **{n: Column(default=d) for n, d in defaults.items()}}


class BooksSystem(MemorySystem):
    """Documents are numbered as they are made."""

    def insert(self, entity: str, fields: Map[str, Any], external_id: str | None) -> Stored:
        row = super().insert(entity, fields, external_id)
        if entity == "order":
            row.fields["number"] = f"{len(self.rows('order')):06}"
        return row


class BooksAdapter(MemoryAdapter):
    """Its own ids are what other systems keep as the 1C key. `collects` makes it one that comes for its documents."""

    collects = False

    def capabilities(self, entity: str) -> Capabilities:
        can = super().capabilities(entity)
        if entity not in self.system.tables:
            return can
        can = replace(can, id_scheme="id_1c", complete=False)
        if entity == "order" and self.collects:
            return replace(can, collects=True, repeat={"create": "same"})
        return can


def shop() -> MemorySystem:
    position = plain(
        "invoice", "added", "client", "brand", "article", "title", "count", "price", "sum", "note", "state",
        paid="0", denied="0",
    )  # fmt: skip
    table = Table(columns=position, complete=False, can_create=False, can_delete=False, page_size=3)
    return MemorySystem({"customer": people(), "position": table})


def counter() -> MemorySystem:
    order = plain(
        "guid", "created", "client", "spot", "amount", "note", paid="0", shipped="0", cancelled="0", shipping="0.00",
        discount="0.00", items=[],
    )  # fmt: skip
    table = Table(columns=order, complete=False, can_create=False, can_update=False, can_delete=False, page_size=3)
    return MemorySystem({"customer": people(), "order": table})


def books() -> BooksSystem:
    document = plain(
        "number", "day", "who", "seller", "storage", "sum", "note", posted=False, marked=False, closed=False, rows=[]
    )
    goods = {"title": Column(default="", scheme="name"), "article": Column(default="", scheme="sku")}
    return BooksSystem(
        {
            "customer": people(chosen_id=True, versioned=True),
            "product": Table(columns=goods, chosen_id=True, can_create=False),
            "order": Table(
                columns=document, chosen_id=True, versioned=True, reads_back=True, complete=False, page_size=3
            ),
        }
    )


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class World:
    """The three systems, the store, and what a run needs."""

    store: Store
    closed: str = "refuse"
    post: bool = False
    back: frozenset[str] = frozenset()
    start_from: date | None = None
    closed_until: date | None = None
    spots: dict[str, Seller] = field(default_factory=dict)
    alone: dict[str, str] = field(default_factory=dict)
    brakes: Brakes = WIDE
    mappings: dict[tuple[str, str], Mapping] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.random = random.Random(1)
        self.shop, self.counter, self.books = shop(), counter(), books()
        self.adapters: dict[str, MemoryAdapter] = {
            "shop": MemoryAdapter(self.shop, account="shop"),
            "counter": MemoryAdapter(self.counter, account="counter"),
            "books": BooksAdapter(self.books, account="books"),
        }
        self.mappings = {key: mapping(*key) for key in KEYS} | self.mappings

    # people and goods

    def person(self, system: str = "shop", phone: str = "+79161234567", name: str = "Петров Иван") -> str:
        return self.adapters[system].system.add("customer", title=name, phone=phone)

    def good(self, article: str, title: str) -> str:
        return self.books.insert("product", {"article": article, "title": title}, f"g-{article or title}").external_id

    def position(self, client: str, invoice: str = "NZ-1", **fields: Any) -> str:
        """A position of the shop: a filter at 474 roubles unless said otherwise."""
        said = {
            "client": client, "invoice": invoice, "added": "2026-11-20 21:59:28", "brand": "UFI",
            "article": "30.896.00", "title": "Фильтр", "count": "1", "price": "474", "sum": "474",
        }  # fmt: skip
        return self.shop.add("position", **{**said, **fields})

    def order(self, client: str, *items: Map[str, Any], **fields: Any) -> str:
        """An order of the counter: one filter unless said otherwise."""
        rows = [dict(item) for item in items] or [item()]
        total = sum(round(float(row["sum"]) * 100) for row in rows)
        said = {
            "guid": "o-1", "created": "2026-11-20 18:45:08", "client": client,
            "amount": f"{total // 100}.{total % 100:02}", "items": rows,
        }  # fmt: skip
        return self.counter.add("order", **{**said, **fields})

    # routes

    def routes(self) -> tuple[EntityRoutes, ...]:
        return (self._people(), self._orders())

    def _people(self) -> EntityRoutes:
        found = [
            Route(
                entity="customer",
                spoke=name,
                account=name,
                kind=name,
                brakes=WIDE,
                direction=way,
                create=create,
                scope=("has_phone",),
            )
            for name, way, create in (("shop", "read", False), ("counter", "read", False), ("books", "both", True))
        ]
        authority = dict.fromkeys(fields_of("customer"), Rule("spokes", frozenset({"books"})))
        return EntityRoutes(entity="customer", routes=tuple(found), authority=authority, together={})

    def _orders(self) -> EntityRoutes:
        sources = frozenset({"shop", "counter"})
        rule = {True: Rule("spokes", sources), False: Rule("none")}
        return EntityRoutes(
            entity="order",
            routes=(
                Route(entity="order", spoke="shop", account="shop", kind="shop", direction="read", fed="position"),
                Route(entity="order", spoke="counter", account="counter", kind="c", direction="read", fed="order"),
                Route(
                    entity="order", spoke="books", account="books", kind="books", create=True, deletion="never",
                    brakes=self.brakes,
                ),
            ),
            authority={name: rule[name in merged_fields("order")] for name in fields_of("order")},
            together={},
            closed=self.closed,  # type: ignore[arg-type]
            post=self.post,
            back=self.back,
        )  # fmt: skip

    def engine(self) -> Engine:
        return Engine(
            store=self.store,
            routes=self.routes(),
            mappings=self.mappings,
            adapters=self.adapters,
            clock=self.clock,
            entropy=self.random.randbytes,
            owner="test",
            books=Books(
                zone=UTC,
                start_from=self.start_from,
                closed_until=self.closed_until,
                spots=self.spots,
                alone=self.alone,
            ),
            concurrent=False,
        )

    def sync(self, **options: Any) -> RunReport:
        options.setdefault("consent", lambda _report: True)
        return self.engine().run(Options(**options))

    def plan(self, **options: Any) -> RunReport:
        return self.engine().run(Options(dry=True, **options))

    # what is there

    def documents(self) -> list[dict[str, Any]]:
        return list(self.books.rows("order").values())

    def document(self) -> dict[str, Any]:
        (one,) = self.documents()
        return one

    def hub(self, account: str, external_id: str, entity: str = "order") -> dict[str, Any]:
        """What the hub holds of a record, by its place in a system."""
        from connector.sync.rows import decode

        link = self.store.crosswalk.at(account, entity, external_id)
        assert link is not None
        return dict(decode(self.store.hub.bodies([link.uid])[link.uid]))

    def waits(self) -> list[tuple[str, str | None, int | None]]:
        """What waits: (reason, field, money)."""
        return [(str(line.reason), line.field, line.amount) for line in self.store.journal.all("waiting")]


def item(**fields: Any) -> dict[str, Any]:
    """A row of the counter's order."""
    said = {"id": "789", "title": "Фильтр", "count": "1.000", "price": "474.00", "discount": "0.00", "sum": "474.00"}
    return {**said, **fields}


def written(report: RunReport) -> int:
    return sum(route.created + route.updated + route.deactivated for route in report.routes.values())


def new_store(url: str = "sqlite://") -> Store:
    store = open_store(url)
    store.create()
    return store
