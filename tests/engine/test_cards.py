"""Card numbers typed at the till: whose card it is, what a person decides, and what the till shows afterwards."""

from __future__ import annotations

import pytest

from connector.model.states import Conflict
from connector.sync.resolve import Resolver
from tests.engine.worlds import World, written

AT = "2026-11-21T10:00:00+00:00"


def resolver(world: World) -> Resolver:
    routes = {routes.entity: routes for routes in world.routes()}
    return Resolver(world.store, routes, world.engine().mappings, at=AT, by="me")


def shown(world: World) -> dict[str, str]:
    return {row["first"]: row["card"] for row in world.rows("till").values()}


def asked(world: World) -> tuple[Conflict, str, str]:
    """Two people with one number: the question, who holds the card, and the other."""
    world.till.add("customer", full="Петров Иван", phone="+79161234567", card="1001")
    other = world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    world.sync()
    world.till.edit("customer", other, card="1001")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    names = {link.uid: link.external_id for link in world.store.crosswalk.all("customer", "till")}
    holder = next(uid for uid, key in names.items() if key != other)
    return conflict, holder, next(uid for uid in names if uid != holder)


@pytest.mark.parametrize("answer", ["holder", "separate"])
def test_the_holder_keeps_the_card_and_the_other_is_shown_without(world: World, answer: str) -> None:
    conflict, holder, _ = asked(world)
    resolver(world).value(conflict.id, holder if answer == "holder" else "separate")
    world.sync()
    assert shown(world) == {"Иван": "1001", "Пётр": "0"}
    assert written(world.sync()) == 0
    assert not world.store.conflicts.count_open(), "a decided question is not asked again"


def test_the_card_goes_to_the_other_and_the_holder_is_shown_without(world: World) -> None:
    conflict, _, other = asked(world)
    resolver(world).value(conflict.id, other)
    world.sync()
    assert shown(world) == {"Иван": "0", "Пётр": "1001"}
    (card,) = world.rows("books", "card").values()
    assert world.rows("books")[card["owner"]]["title"] == "Сидоров Пётр"
    assert written(world.sync()) == 0


def test_a_number_typed_once_more_is_asked_about_once_more(world: World) -> None:
    conflict, holder, _ = asked(world)
    resolver(world).value(conflict.id, holder)
    world.sync()
    world.sync()  # our write has been seen: what stands there from now on is somebody's word
    key = next(key for key, row in world.rows("till").items() if row["first"] == "Пётр")
    world.till.edit("customer", key, card="1001")
    world.sync()
    assert world.store.conflicts.count_open() == 1


def test_whoever_took_the_number_shows_his_own_card_again(world: World) -> None:
    conflict, holder, _ = asked(world)
    key = next(key for key, row in world.rows("till").items() if row["first"] == "Пётр")
    resolver(world).value(conflict.id, holder)
    world.sync()
    world.till.edit("customer", key, card="2002")
    world.sync()
    assert shown(world) == {"Иван": "1001", "Пётр": "2002"}
    world.till.edit("customer", key, card="1001")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    resolver(world).value(conflict.id, holder)
    world.sync()
    assert shown(world) == {"Иван": "1001", "Пётр": "2002"}


def test_two_who_are_typed_with_one_number_at_once_are_asked_about(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", card="1001")
    world.till.add("customer", full="Сидоров Пётр", phone="+79161234568", card="1001")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    assert (conflict.kind, conflict.entity, conflict.field) == ("identity", "card", "customer")
    assert len(world.rows("books", "card")) == 0, "nothing is said of it before somebody knows"
    resolver(world).value(conflict.id, "separate")
    world.sync()
    assert len(world.rows("books", "card")) == 1
    assert sorted(shown(world).values()) == ["0", "1001"]


def test_three_who_claim_one_card_are_asked_about_together(world: World) -> None:
    conflict, holder, _ = asked(world)
    third = world.till.add("customer", full="Белов Олег", phone="+79161234569", card="1001")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    assert len({uid for uids in conflict.values.values() for uid in uids}) == 3
    resolver(world).value(conflict.id, holder)
    world.sync()
    assert shown(world) == {"Иван": "1001", "Пётр": "0", "Олег": "0"}
    assert third in world.rows("till")


def test_a_card_waits_for_its_holder_and_nothing_is_written_meanwhile(world: World) -> None:
    """The shop takes no new customers today: it gets the card, and its holder later; no empty write is sent."""
    world.changes = {("customer", "shop"): {"create": False}}
    world.till.add("customer", full="Петров Иван", phone="+79161234567", card="1001")
    world.sync()
    (card,) = world.rows("shop", "card").values()
    assert card["owner"] == ""
    assert world.shop.effects.get(("update", "card"), 0) == 0
    assert written(world.sync()) == 0
    world.changes = {}
    world.sync(full=True)
    person = next(iter(world.rows("till")))
    world.till.edit("customer", person, city="Тверь")
    world.sync()
    (card,) = world.rows("shop", "card").values()
    assert card["owner"] in world.rows("shop")


def test_a_held_route_leaves_no_empty_write(world: World) -> None:
    """A planned creation that a brake holds is no reason to write a reference to it: nothing would be left to say."""
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    world.shop.remove("customer", next(iter(world.rows("shop"))))
    world.till.add("customer", full="Сидоров Пётр", phone="+79161234568", card="1001")
    report = world.sync()
    assert [brake.kind for brake in report.brakes] == ["empty"]
    assert world.shop.effects.get(("update", "card"), 0) == 0
    assert written(world.sync()) == 0
