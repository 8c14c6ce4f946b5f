"""Closed time: what belongs to it is refused, dated anew, or asked about; nothing in it is ever written in silence."""

from __future__ import annotations

from datetime import date

import pytest

from tests.ledger.conftest import Make
from tests.ledger.test_ledger_disputes import double, question, resolver
from tests.ledger.worlds import World, written

OCTOBER = "2026-10-31 23:30:00"


def closed(make: Make, rule: str, until: date = date(2026, 10, 31)) -> World:
    world = make(closed=rule, closed_until=until)
    world.good("30.896.00", "Фильтр")
    return world


def test_the_last_day_is_closed_and_the_next_is_open(make: Make) -> None:
    """Days are those of the workspace's zone, UTC here; the shop's clock is three hours ahead."""
    world = closed(make, "refuse")
    client = world.person()
    world.position(client, "NZ-1", added="2026-11-01 02:59:59")
    world.position(client, "NZ-2", added="2026-11-01 03:00:00")
    world.sync()
    assert [document["note"] for document in world.documents()] == ["shop NZ-2"]


def test_a_late_order_is_refused(make: Make) -> None:
    world = closed(make, "refuse")
    world.position(world.person(), added=OCTOBER)
    report = world.sync()
    assert world.documents() == []
    assert world.waits() == [("it belongs to a period that is closed up to 2026-10-31", "date", 47400)]
    route = report.routes["order", "books"]
    assert (route.waiting, route.refused, report.status) == (0, 1, "attention")
    assert len(world.store.journal.all()) == 1
    world.sync()
    assert len(world.store.journal.all()) == 1
    world.closed_until = date(2026, 9, 30)
    assert world.sync().status == "clean"
    assert len(world.documents()) == 1


def test_or_dated_into_the_open_period_with_its_own_date_told(make: Make) -> None:
    world = closed(make, "correct")
    world.position(world.person(), added=OCTOBER)
    assert world.sync().status == "clean"
    document = world.document()
    assert document["day"] == "2026-11-01T03:00:00", "the first moment of the open period, on the books' clock"
    assert document["note"] == "shop NZ-1 (2026-10-31T23:30:00+03:00)"
    assert written(world.sync()) == 0
    assert world.store.conflicts.all() == []


def test_or_asked_about_and_told_when_a_person_says_so(make: Make) -> None:
    world = closed(make, "ask")
    client = world.person()
    world.position(client, added=OCTOBER)
    report = world.sync()
    conflict = question(world)
    assert (conflict.kind, conflict.field, report.status) == ("document", "date", "attention")
    assert conflict.values == {"shop": "2026-10-31T23:30:00+03:00", "books": "2026-10-31"}
    assert world.documents() == []
    resolver(world).take(conflict.id, "shop")
    assert world.sync().status == "clean"
    assert world.document()["day"] == "2026-10-31T23:30:00"


def test_or_left_alone_when_a_person_says_so(make: Make) -> None:
    world = closed(make, "ask")
    world.position(world.person(), added=OCTOBER)
    world.sync()
    resolver(world).take(question(world).id, "books")
    assert world.sync().status == "clean"
    assert world.documents() == [] and world.waits() == []
    world.closed_until = date(2026, 11, 5)
    world.shop.edit("position", "2", note="ещё раз")
    world.sync()
    assert question(world).values["books"] == "2026-11-05", "another end of the period is another question"


@pytest.mark.parametrize("rule", ["refuse", "correct"])
def test_a_document_that_is_there_is_not_touched_any_more(make: Make, rule: str) -> None:
    world = make(closed=rule)
    world.good("30.896.00", "Фильтр")
    key = world.position(world.person(), added=OCTOBER)
    world.sync()
    world.closed_until = date(2026, 10, 31)
    world.shop.edit("position", key, denied="1")
    report = world.sync()
    assert not world.document()["marked"]
    assert world.waits() == [("it belongs to a period that is closed up to 2026-10-31", "date", 47400)]
    assert report.status == "attention"


def test_nor_is_it_rewritten_when_a_person_lets_new_content_count(make: Make) -> None:
    world = make()
    world.good("30.896.00", "Фильтр")
    world.order(world.person("counter"), created=OCTOBER)
    world.sync()
    world.closed_until = date(2026, 10, 31)
    double(world)
    world.sync()
    resolver(world).take(question(world).id, "counter")
    world.sync()
    assert world.document()["sum"] == "474.00"
    assert ("it belongs to a period that is closed up to 2026-10-31", "date", 94800) in world.waits()


def test_what_lies_before_the_start_counts_as_agreed(make: Make) -> None:
    world = make(start_from=date(2026, 11, 1))
    world.good("30.896.00", "Фильтр")
    client = world.person()
    key = world.position(client, added=OCTOBER, article="unknown", title="unknown")
    world.position(client, "NZ-2")
    assert world.sync().status == "clean"
    assert [document["note"] for document in world.documents()] == ["shop NZ-2"]
    world.shop.edit("position", key, count="9", sum="1.00")
    assert world.sync().status == "clean"
    assert len(world.documents()) == 1 and world.store.conflicts.all() == []


def test_a_question_about_closed_time_goes_when_the_period_is_opened(make: Make) -> None:
    world = closed(make, "ask")
    world.position(world.person(), added=OCTOBER)
    world.sync()
    assert len(world.store.conflicts.all("open")) == 1
    world.closed_until = date(2026, 9, 30)
    assert world.sync().status == "clean"
    assert world.store.conflicts.all("open") == [] and len(world.documents()) == 1
