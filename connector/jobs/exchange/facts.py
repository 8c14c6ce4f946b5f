"""Orders of the hub, ready to be told to one account: with who sells, what they cost and whom they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from connector.errors import Invalid
from connector.jobs.books import books_of
from connector.jobs.exchange.writing import Span, Told, hub_records
from connector.locale import N_
from connector.model.routes import Route
from connector.sync.ledger.tell import Target, lacks, needs_shipping, told
from connector.sync.ledger.view import LedgerView, load
from connector.systems.base import Capabilities

if TYPE_CHECKING:
    from connector.config import Account
    from connector.jobs.workspace import Workspace

ENTITY: Final = "order"
SHIPPING: Final = "shipping"
"""Stands for the good that carries the cost of shipping; it is known by its name alone."""


class Fact(NamedTuple):
    """One order. `values` are what is told, references as uids of the hub; `people` and `goods` whom they mean."""

    uid: str
    record: Mapping[str, Any]
    values: dict[str, Any]
    customer: Mapping[str, Any] | None
    goods: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        return str(self.record.get("number") or self.uid)


def facts(workspace: Workspace, account: Account, report: Told, span: Span) -> Iterator[Fact]:
    """Every order of these days. One that cannot be told whole is left out, and said."""
    mapping = workspace.mapping(account.name, ENTITY)
    route = Route(entity=ENTITY, spoke=account.spoke, account=account.name, kind=account.kind, profile=account.dialect)
    target, books = Target(route, mapping, Capabilities()), books_of(workspace.settings)
    for page in hub_records(workspace, ENTITY, 200):
        for view in _views(workspace, page):
            day = view.hub.get("date")
            if view.hub.get("cancelled") is True or not isinstance(day, str) or not span.holds(books.day(day)):
                report.passed += 1
                continue
            lack = next(lacks(view, target), None)
            if lack is not None:
                name = view.hub.get("number") or view.uid
                report.leave(name, Invalid(N_("{field}: {reason}"), field=lack.field, reason=lack.reason))
                continue
            shipping = SHIPPING if needs_shipping(view, target) else None
            values = told(view, target, books, shipping)
            record = {**view.hub, **values}
            people, goods = _referred(workspace, record)
            if shipping is not None:
                goods[SHIPPING] = {"name": target.shipping}
            yield Fact(view.uid, record, values, people.get(str(record.get("customer"))), goods)


def _views(workspace: Workspace, page: Mapping[str, dict[str, Any]]) -> list[LedgerView]:
    """As a run sees them, with who has told of them; without a route for orders, as the hub holds them."""
    routes = workspace.routes.get(ENTITY)
    if routes is None:
        return [LedgerView(uid, ENTITY, record) for uid, record in page.items()]
    return load(workspace.store, routes, workspace.mappings, list(page))


def _referred(
    workspace: Workspace, record: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    hub = workspace.store.hub
    goods = {line["product"] for line in record.get("lines") or () if line.get("product")} - {SHIPPING}
    asked = record.get("customer")
    person = hub.survivor(asked) if isinstance(asked, str) else ""
    bodies = {uid: msgspec.json.decode(body) for uid, body in hub.bodies(goods | {person}).items()}
    people = {str(asked): bodies[person]} if person in bodies else {}
    return people, {uid: bodies[uid] for uid in goods if uid in bodies}
