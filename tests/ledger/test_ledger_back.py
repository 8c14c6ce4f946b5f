"""What the books say of an order goes back to the shop, where the route says so and the shop can take it."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import OutcomeUnknown
from connector.systems.memory import Fault, Script
from tests.ledger.conftest import Make
from tests.ledger.worlds import World, written

BOTH = frozenset({"shipped", "cancelled"})


@pytest.fixture
def told(make: Make) -> World:
    """An order of three positions, the last of them denied, that the books have; its positions are 2, 3 and 4."""
    world = make(back=BOTH)
    world.good("30.896.00", "Фильтр")
    client = world.person()
    for denied in ("0", "0", "1"):
        world.position(client, denied=denied, state="new")
    assert world.sync().status == "clean"
    return world


def ship(world: World, **fields: Any) -> None:
    (key,) = world.books.rows("order")
    world.books.edit("order", key, **(fields or {"closed": True}))


def states(world: World) -> list[tuple[str, str]]:
    return [(row["state"], row["denied"]) for row in world.shop.rows("position").values()]


def test_shipping_goes_back_to_every_position_once(told: World) -> None:
    ship(told)
    report = told.sync()
    assert states(told) == [("sent", "0"), ("sent", "0"), ("new", "1")]
    assert (report.status, report.routes["order", "shop"].updated) == ("clean", 2), report.as_json()
    again = told.sync()
    assert (written(again), again.status) == (0, "clean")
    assert told.hub("books", next(iter(told.books.rows("order"))))["status"] == "shipped"


def test_cancelling_goes_back_too_and_ends_all_else(told: World) -> None:
    ship(told, closed=True, marked=True)
    told.sync()
    assert states(told) == [("new", "1"), ("new", "1"), ("new", "1")]
    assert written(told.sync()) == 0


@pytest.mark.parametrize("back", [frozenset(), frozenset({"cancelled"}), frozenset({"paid"})], ids=str)
def test_only_what_the_route_says_and_the_shop_can_take(make: Make, back: frozenset[str]) -> None:
    world = make(back=back)
    world.good("30.896.00", "Фильтр")
    world.position(world.person(), state="new")
    world.sync()
    ship(world)
    report = world.sync()
    assert states(world) == [("new", "0")] and report.status == "clean"


def test_a_shop_that_cannot_be_written_is_passed_by(make: Make) -> None:
    world = make(back=BOTH)
    world.good("30.896.00", "Фильтр")
    key = world.order(world.person("counter"))
    world.sync()
    ship(world)
    report = world.sync()
    assert (report.status, written(report)) == ("clean", 0)
    assert world.counter.rows("order")[key]["shipped"] == "0"
    assert world.hub("counter", key)["status"] == "shipped"


def test_a_lost_answer_is_looked_at_and_never_repeated(told: World) -> None:
    ship(told)
    calls: list[str] = []
    told.shop.faults = Script(Fault("update", "after", OutcomeUnknown("lost"), count=1, entity="position"))
    told.sync()
    told.shop.faults = lambda step: (
        calls.append(step.verb) if step.verb == "update" and step.moment == "before" else None
    )
    report = told.sync()
    assert states(told)[:2] == [("sent", "0"), ("sent", "0")]
    assert len(calls) <= 1, "the one that was lost is not written again"
    assert report.status == "clean"
    assert written(told.sync()) == 0


def test_a_call_that_never_arrived_is_made_again(told: World) -> None:
    ship(told)
    told.shop.faults = Script(Fault("update", "before", OutcomeUnknown("lost"), count=2, entity="position"))
    told.sync()
    told.shop.faults = None
    for _ in range(2):
        report = told.sync()
    assert states(told)[:2] == [("sent", "0"), ("sent", "0")]
    assert (report.status, written(report)) == ("clean", 0)


def test_a_position_that_a_person_has_sent_already_is_left_alone(told: World) -> None:
    ship(told)
    told.shop.edit("position", "2", state="sent")
    report = told.sync()
    assert report.routes["order", "shop"].updated == 1


def test_a_plan_shows_it_and_writes_nothing(told: World) -> None:
    ship(told)
    report = told.plan()
    assert [(one.entity, one.external_id, one.patch) for one in report.operations] == [
        ("position", "2", {"shipped": True}), ("position", "3", {"shipped": True}),
    ]  # fmt: skip
    assert states(told)[0] == ("new", "0")


def test_the_first_write_to_a_shop_needs_a_yes(told: World) -> None:
    ship(told)
    report = told.sync(consent=lambda _report: False)
    assert report.consent_missing == ["order/shop"]
    assert states(told)[0] == ("new", "0")
    assert told.sync().routes["order", "shop"].updated == 2


def test_a_brake_holds_it(make: Make) -> None:
    from dataclasses import replace

    from connector.model.routes import Brakes

    world = make(back=BOTH)
    world.good("30.896.00", "Фильтр")
    client = world.person()
    for number in range(4):
        world.position(client, f"NZ-{number}", state="new")
    world.sync()
    for key in world.books.rows("order"):
        world.books.edit("order", key, closed=True)
    plain = world.routes
    narrow = Brakes(changes=2, share=1.0)

    def braked() -> Any:
        people, orders = plain()
        return people, replace(orders, routes=tuple(replace(route, brakes=narrow) for route in orders.routes))

    world.routes = braked  # type: ignore[method-assign]
    report = world.sync()
    assert [brake.id for brake in report.brakes] == ["order/shop:changes"]
    assert states(world)[0] == ("new", "0")
