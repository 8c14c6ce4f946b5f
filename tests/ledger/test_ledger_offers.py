"""Receivers that come for their orders: offered whole, again and again, done when they say so or send them back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from connector.sync.ledger.offers import Offer, Offers
from connector.systems.base import Page, Row
from connector.systems.rows import canonical_body
from tests.ledger.conftest import Make
from tests.ledger.test_ledger_disputes import resolver
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
    assert (report.open["outbox"], site.store.outbox.count_offered()) == (0, {"books": 1})
    assert [one.uid for one in pending(site)] == [offer.uid], "a question is no proof: it is offered again"
    assert written(site.sync()) == 0 and len(pending(site)) == 1


def test_what_waits_to_be_fetched_needs_no_person(site: World) -> None:
    site.position(site.person())
    report = site.sync()
    assert len(pending(site)) == 1 and site.store.outbox.count_offered() == {"books": 1}
    assert (report.open["outbox"], report.status, report.exit_code) == (0, "clean", 0)


def test_an_acknowledged_one_is_told(site: World) -> None:
    site.position(site.person())
    site.sync()
    (offer,) = pending(site)
    assert offers(site).acknowledge({offer.id: offer.version}, {offer.id: "NZ-1"}) == 1
    assert offers(site).acknowledge({offer.id: offer.version}) == 0, "once"
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
    raw = {**offer.raw, "number": "0000-7", "posted": True}
    body = canonical_body(raw, mapping("books", "order").paths)
    echo = Row("NZ-1", body, reference=offer.uid)
    assert offers(site).echo("books", [echo]) == [offer.id]
    assert offers(site).echo("books", [echo]) == []
    assert site.sync().status == "clean"
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


def taken(world: World) -> Offer:
    """One order of the shop that the books have: position 2, NZ-1."""
    world.position(world.person())
    world.sync()
    (offer,) = pending(world)
    offers(world).acknowledge({offer.id: offer.version}, {offer.id: "NZ-1"})
    assert world.sync().status == "clean"
    return offer


def shown(offer: Offer, **changes: object) -> Row:
    """How the books show the document that this offer made."""
    body = canonical_body({**offer.raw, "number": "0000-7", **changes}, mapping("books", "order").paths)
    return Row("NZ-1", body, reference=offer.uid)


def show(world: World, *rows: Row) -> None:
    """The books show these documents from now on."""
    adapter = world.adapters["books"]
    plain = type(adapter).feed

    def feed(entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        return iter([Page(list(rows))]) if entity == "order" else plain(adapter, entity, paths, cursor)

    adapter.feed = feed  # type: ignore[method-assign]


def test_what_is_cancelled_afterwards_is_told_again_whole(site: World) -> None:
    offer = taken(site)
    site.shop.edit("position", "2", denied="1")
    site.sync()
    (later,) = pending(site)
    assert (later.verb, later.external_id) == ("deactivate", "NZ-1")
    assert later.raw == {**offer.raw, "marked": True}
    assert later.record["status"] == "cancelled" and later.record["lines"] == offer.record["lines"]
    assert later.goods == offer.goods
    offers(site).acknowledge({later.id: later.version})
    assert site.sync().status == "clean"
    assert pending(site) == []


def test_an_echo_from_before_the_cancelling_does_not_acknowledge_it(site: World) -> None:
    offer = taken(site)
    site.shop.edit("position", "2", denied="1")
    site.sync()
    (later,) = pending(site)
    assert offers(site).echo("books", [shown(offer)]) == []
    assert [one.id for one in pending(site)] == [later.id]
    assert offers(site).echo("books", [shown(offer, marked=True)]) == [later.id]
    assert pending(site) == []


def test_success_counts_for_the_content_that_was_given(site: World) -> None:
    """The offer was replaced between the answer and its acknowledgement: it is given again, with the new content."""
    key = site.order(site.person("counter"))
    site.sync()
    (before,) = pending(site)
    site.counter.edit("order", key, items=[item(), item()], amount="948.00")
    site.sync()
    assert offers(site).acknowledge({before.id: before.version}) == 0
    (after,) = pending(site)
    assert (after.id, after.raw["sum"]) == (before.id, "948.00") and after.version != before.version
    assert offers(site).acknowledge({after.id: after.version}) == 1


def test_an_echo_acknowledges_the_content_it_carries(site: World) -> None:
    key = site.order(site.person("counter"))
    site.sync()
    (before,) = pending(site)
    operation = site.store.outbox.get(before.id)
    assert operation is not None and site.store.outbox.call(operation, "o-1"), "it was given"
    site.counter.edit("order", key, items=[item(), item()], amount="948.00")
    site.sync()
    (after,) = pending(site)
    assert offers(site).echo("books", [shown(before)]) == [], "the content from before is not what is offered"
    assert offers(site).echo("books", [shown(after)]) == [after.id]
    assert site.sync().status == "clean"


def test_an_echo_with_a_content_of_its_own_is_there_and_asked_about(site: World) -> None:
    """An accountant was quicker than the session, or it is another document of the same number."""
    site.position(site.person())
    site.sync()
    (offer,) = pending(site)
    assert offers(site).echo("books", [shown(offer, sum="100.00")]) == [offer.id]
    assert pending(site) == [], "never rewritten in silence"
    assert site.sync().status == "attention"
    (conflict,) = site.store.conflicts.all("open")
    assert (conflict.kind, conflict.values["books"]["total"]) == ("document", 10000)


def test_a_cancelling_that_the_books_do_not_show_is_told_twice_and_then_a_person_is_asked(site: World) -> None:
    offer = taken(site)
    site.shop.edit("position", "2", denied="1")
    for number in range(2):
        show(site, shown(offer, number=f"0000-{number}"))
        site.sync()
        (later,) = pending(site)
        assert offers(site).acknowledge({later.id: later.version}) == 1
    show(site, shown(offer, number="0000-9"))
    report = site.sync()
    assert pending(site) == [] and report.status == "attention"
    assert site.waits() == [("books was told its cancelled 2 times and does not show it", "cancelled", 47400)]
    assert site.hub("books", "NZ-1")["status"] == "cancelled"
    show(site, shown(offer, marked=True))
    report = site.sync()
    assert (report.status, pending(site), site.waits()) == ("clean", [], [])


def decide(world: World, winner: str) -> None:
    (conflict,) = world.store.conflicts.all("open")
    resolver(world).take(conflict.id, winner)


def test_a_cancelling_waits_while_the_books_hold_another_content(site: World) -> None:
    """It is told whole: that would write over what a person has entered there."""
    offer = taken(site)
    site.shop.edit("position", "2", denied="1")
    site.sync()
    assert len(pending(site)) == 1
    edited = [{**offer.raw["rows"][0], "sum": "400.00"}]
    show(site, shown(offer, sum="400.00", rows=edited))
    site.sync()
    assert pending(site) == []
    decide(site, "books")
    site.sync()
    (later,) = pending(site)
    assert (later.raw["sum"], later.raw["rows"][0]["sum"], later.raw["marked"]) == ("400.00", "400.00", True)


def test_a_cancelling_that_was_taken_back_is_told_as_it_is(site: World) -> None:
    taken(site)
    site.shop.edit("position", "2", denied="1")
    site.sync()
    (later,) = pending(site)
    site.shop.edit("position", "2", denied="0")
    site.sync()
    (now,) = pending(site)
    assert (now.id, now.raw["marked"]) == (later.id, False), "it may have been fetched"
    offers(site).acknowledge({now.id: now.version})
    assert site.sync().status == "clean" and pending(site) == []


def test_new_content_that_a_person_decides_for_is_offered_whole(site: World) -> None:
    offer = taken(site)
    site.shop.edit("position", "2", count="2", sum="948")
    site.sync()
    assert pending(site) == []
    decide(site, "shop")
    site.sync()
    (later,) = pending(site)
    assert (later.verb, later.raw["sum"], later.raw["who"]) == ("update", "948.00", offer.raw["who"])


def test_a_thousand_orders_are_given_in_order_and_as_they_are_taken(site: World) -> None:
    client = site.person()
    for number in range(450):
        site.position(client, f"NZ-{number:03}")
    site.sync()
    taken = iter(offers(site).pending("books"))
    first = next(taken)
    ids = [first.id, *(offer.id for offer in taken)]
    assert ids == sorted(ids) and len(ids) == 450
    versions = {offer.id: offer.version for offer in pending(site)}
    assert offers(site).acknowledge({one: versions[one] for one in ids[:449]}) == 449
    assert [offer.id for offer in pending(site)] == ids[449:]


def test_an_order_that_cannot_be_said_is_left_out_with_its_reason(site: World) -> None:
    site.position(site.person())
    site.sync()
    ((operation,),) = site.store.outbox.offered("books")
    site.store.outbox.refresh(operation, {**operation.patch, "customer": None})
    (offer,) = pending(site)
    assert offer.problem is not None and offer.problem.field == "customer" and offer.raw == {}
