"""Receivers that come for their orders: offered whole, again and again, done when they say so or send them back."""

from __future__ import annotations

import pytest

from connector.sync.ledger.offers import Offer, Offers
from connector.systems.base import Row
from connector.systems.rows import canonical_body
from tests.ledger.conftest import Make
from tests.ledger.worlds import BooksAdapter, World, item, mapping, written


@pytest.fixture
def site(make: Make) -> World:
    """Books that come for their documents."""
    world = make()
    world.good("30.896.00", "Фильтр")
    adapter = world.adapters["books"]
    assert isinstance(adapter, BooksAdapter)
    adapter.collects = True
    return world


def offers(world: World) -> Offers:
    return Offers(world.store, {one.entity: one for one in world.routes()}, world.mappings, "2026-11-21T12:00:00+03:00")


def pending(world: World) -> list[Offer]:
    return list(offers(world).pending("books"))


def test_nothing_is_called_and_everything_is_offered(site: World) -> None:
    client = site.person()
    site.position(client, note="После шести")
    report = site.sync()
    assert site.documents() == []
    (offer,) = pending(site)
    assert (offer.verb, offer.external_id, offer.problem) == ("create", None, None)
    assert offer.raw["note"] == "shop NZ-1: После шести"
    assert offer.raw["rows"] == [
        {"good": "g-30.896.00", "title": "Фильтр", "count": "1", "price": "474.00", "sum": "474.00"}
    ]
    assert offer.record["number"] == "NZ-1" and offer.record["total"] == 47400
    assert offer.customer is not None and offer.customer["phone"] == "+79161234567"
    (good,) = offer.goods.values()
    assert good["sku"] == "30.896.00"
    assert report.open["outbox"] == 1
    assert [one.uid for one in pending(site)] == [offer.uid], "a question is no proof: it is offered again"
    assert written(site.sync()) == 0 and len(pending(site)) == 1


def test_an_acknowledged_one_is_told(site: World) -> None:
    site.position(site.person())
    site.sync()
    (offer,) = pending(site)
    assert offers(site).acknowledge([offer.id], {offer.id: "NZ-1"}) == 1
    assert offers(site).acknowledge([offer.id]) == 0, "once"
    assert pending(site) == []
    link = site.store.crosswalk.at("books", "order", "NZ-1")
    assert link is not None and link.uid == offer.uid
    report = site.sync()
    assert (written(report), report.status) == (0, "clean")
    assert site.store.outbox.count_open() == 0


def test_what_comes_back_under_our_uid_has_been_taken(site: World) -> None:
    site.position(site.person())
    site.sync()
    (offer,) = pending(site)
    raw = {"number": "0000-7", "posted": True, "day": offer.raw["day"], "sum": "474.00", "who": offer.raw["who"]}
    body = canonical_body(raw, mapping("books", "order").paths)
    echo = Row("NZ-1", body, reference=offer.uid)
    assert offers(site).echo("books", [echo]) == 1
    assert offers(site).echo("books", [echo]) == 0
    site.sync()
    hub = site.hub("books", "NZ-1")
    assert (hub["number_1c"], hub["posted"]) == ("0000-7", True)


def test_a_feed_that_shows_our_uid_acknowledges_it(site: World) -> None:
    site.position(site.person())
    site.sync()
    (offer,) = pending(site)
    site.books.insert("order", dict(offer.raw), "NZ-1")
    adapter = site.adapters["books"]
    plain = adapter._as_row

    def with_reference(entity: str, stored, paths, *, full: bool = False) -> Row:  # type: ignore[no-untyped-def]
        row = plain(entity, stored, paths, full=full)
        return row._replace(reference=offer.uid) if entity == "order" else row

    adapter._as_row = with_reference  # type: ignore[method-assign]
    report = site.sync()
    assert pending(site) == [] and report.status == "clean", report.as_json()
    assert site.hub("books", "NZ-1")["number_1c"] == "000001"
    assert site.store.conflicts.all() == []


def test_what_nobody_has_come_for_is_offered_as_it_is_now(site: World) -> None:
    key = site.order(site.person("counter"))
    site.sync()
    before = pending(site)
    site.counter.edit("order", key, items=[item(), item()], amount="948.00")
    report = site.sync()
    (after,) = pending(site)
    assert after.id == before[0].id and after.raw["sum"] == "948.00"
    assert site.store.conflicts.all() == [] and report.routes["order", "books"].created == 0


def test_one_that_is_cancelled_before_anybody_has_acknowledged_it_is_offered_as_cancelled(site: World) -> None:
    """Somebody may have fetched it already: an answer proves nothing, nor does its absence."""
    key = site.position(site.person())
    site.position(site.person(phone="+79160000007"), "NZ-2", denied="1")
    site.sync()
    assert [offer.raw["marked"] for offer in pending(site)] == [False]
    site.shop.edit("position", key, denied="1")
    site.sync()
    assert [offer.raw["marked"] for offer in pending(site)] == [True]


def test_what_changes_afterwards_is_offered_too(site: World) -> None:
    key = site.position(site.person())
    site.sync()
    (offer,) = pending(site)
    offers(site).acknowledge([offer.id])
    site.sync()
    site.shop.edit("position", key, denied="1")
    site.sync()
    (later,) = pending(site)
    assert (later.verb, later.external_id, later.raw) == ("deactivate", offer.uid, {"marked": True})
    offers(site).acknowledge([later.id])
    assert site.sync().status == "clean"
    assert pending(site) == []


def test_a_thousand_orders_are_given_in_order_and_as_they_are_taken(site: World) -> None:
    client = site.person()
    for number in range(450):
        site.position(client, f"NZ-{number:03}")
    site.sync()
    taken = iter(offers(site).pending("books"))
    first = next(taken)
    ids = [first.id, *(offer.id for offer in taken)]
    assert ids == sorted(ids) and len(ids) == 450
    assert offers(site).acknowledge(ids[:449]) == 449
    assert [offer.id for offer in pending(site)] == ids[449:]


def test_an_order_that_cannot_be_said_is_left_out_with_its_reason(site: World) -> None:
    site.position(site.person())
    site.sync()
    ((operation,),) = site.store.outbox.offered("books")
    site.store.outbox.refresh(operation, {**operation.patch, "customer": None})
    (offer,) = pending(site)
    assert offer.problem is not None and offer.problem.field == "customer" and offer.raw == {}
