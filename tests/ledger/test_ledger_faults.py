"""Exactly once: whatever is lost, cut or killed, each order is one document afterwards, or waits with its evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.errors import Invalid, OutcomeUnknown, Unavailable
from connector.systems.memory import Fault, Kill, Script, Step
from tests.ledger.conftest import Make
from tests.ledger.worlds import World, item, new_store, written


def filled() -> World:
    """Two orders of the shop and one of the counter, to be posted; on a store that costs no disk."""
    world = World(new_store(), post=True)
    world.good("30.896.00", "Фильтр")
    client = world.person()
    world.position(client)
    world.position(client, brand="FRAM", title="Пружина", article="12133")
    world.good("12133", "Пружина")
    world.position(client, "NZ-2")
    world.order(world.person("counter", "+79160000002", "Сидорова Анна"))
    return world


def settle(world: World) -> None:
    """Runs without faults until one has nothing to do."""
    world.books.faults = world.shop.faults = world.counter.faults = None
    for _ in range(4):
        report = world.sync()
        if report.status == "clean" and written(report) == 0:
            return
    raise AssertionError(report.as_json())


def check(world: World) -> None:
    assert sorted(document["sum"] for document in world.documents()) == ["474.00", "474.00", "948.00"]
    assert all(document["posted"] for document in world.documents())
    assert world.store.outbox.count_open() == 0
    assert len(world.books.rows("customer")) == 2


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("verb", ["create", "update", "find", "get", "feed"])
def test_a_call_without_an_answer(verb: str, moment: str) -> None:
    world = filled()
    error = OutcomeUnknown("lost") if verb in ("create", "update") and moment == "after" else Unavailable("gone")
    world.books.faults = Script(Fault(verb, moment, error, entity="order"))  # type: ignore[arg-type]
    world.sync()
    settle(world)
    check(world)


def strike_at(number: int, error: Callable[[], BaseException]) -> Callable[[Step], BaseException | None]:
    """Strikes once, at the step of this number counted over all systems."""
    left = [number]

    def strike(step: Step) -> BaseException | None:
        left[0] -= 1
        return error() if left[0] == 0 else None

    return strike


def steps_of() -> int:
    counted = [0]

    def count(step: Step) -> None:
        counted[0] += 1

    world = filled()
    world.books.faults = world.shop.faults = world.counter.faults = count
    world.sync()
    return counted[0]


@pytest.mark.parametrize("what", ["kill", "lost"])
def test_at_every_step_of_the_first_run(what: str) -> None:
    steps = steps_of()
    assert steps > 30
    for number in range(1, steps + 1):
        world = filled()
        error = Kill if what == "kill" else lambda: OutcomeUnknown("lost")
        world.books.faults = world.shop.faults = world.counter.faults = strike_at(number, error)
        try:
            world.sync()
        except Kill:
            world.store.drop_lock("run", "test")
        settle(world)
        check(world)
        world.store.close()


def test_a_refusal_is_not_tried_blindly_and_is_tried_again_when_the_order_changes(world: World) -> None:
    client = world.person()
    world.position(client)
    world.books.faults = Script(Fault("create", "before", Invalid("дата запрета"), entity="order"))
    report = world.sync()
    assert report.routes["order", "books"].refused == 1 and report.status == "attention"
    world.books.faults = None
    assert written(world.sync()) == 0, "refused exactly so before"
    assert [one.status for one in world.store.outbox.with_status("refused")] == ["refused"]
    world.position(client, article="12133", title="Пружина")
    world.sync()
    assert len(world.document()["rows"]) == 2
    assert world.store.outbox.count_open() == 0


def test_an_unknown_outcome_is_found_before_anything_is_sent_again(world: World) -> None:
    world.position(world.person())
    world.books.faults = Script(Fault("create", "after", OutcomeUnknown("lost"), entity="order"))
    world.sync()
    assert [one.status for one in world.store.outbox.with_status("unknown")] == ["unknown"]
    asked: list[str] = []

    def watch(step: Step) -> None:
        if step.entity == "order" and step.moment == "before":
            asked.append(step.verb)

    world.books.faults = watch
    report = world.sync()
    assert asked[0] == "find" and "create" not in asked
    assert (report.status, len(world.documents())) == ("clean", 1)


def test_what_changes_while_the_outcome_is_open_is_asked_about(world: World) -> None:
    """The document may be there already: its content is not ours to follow any more."""
    key = world.order(world.person("counter"))
    world.books.faults = Script(
        Fault("create", "after", OutcomeUnknown("lost"), entity="order"),
    )
    world.sync()
    world.books.faults = Script(Fault("find", "before", Unavailable("gone"), entity="order"))
    world.counter.edit("order", key, items=[item(), item()], amount="948.00")
    world.sync()
    world.books.faults = None
    world.sync()
    assert world.document()["sum"] == "474.00"
    (conflict,) = world.store.conflicts.all("open")
    assert (conflict.kind, conflict.field) == ("document", None)


def test_nobody_can_be_asked_so_it_is_parked(make: Make) -> None:
    """A channel that neither keeps our key nor can be asked: a person looks, and nothing is sent twice."""
    from dataclasses import replace

    world = make()
    world.good("30.896.00", "Фильтр")
    table = world.books.tables["order"]
    world.books.tables["order"] = replace(table, chosen_id=False)
    world.position(world.person())
    world.books.faults = Script(Fault("create", "after", OutcomeUnknown("lost"), entity="order"))
    world.sync()
    world.books.faults = None
    report = world.sync()
    (parked,) = world.store.outbox.with_status("parked")
    assert parked.evidence["expected"]["total"] == 47400
    assert report.status == "attention"
    assert len(world.documents()) == 1
    world.sync()
    assert len(world.documents()) == 1


@pytest.mark.parametrize("verb", ["feed", "find"])
def test_what_waits_for_an_account_that_nobody_can_ask_stays_in_sight(make: Make, verb: str) -> None:
    """Wrong password: the money waits as before, and is said to."""
    world = make()
    client = world.person()
    world.position(client)
    world.position(client, "NZ-2", brand="FRAM", title="Пружина", article="12133")
    assert world.sync().status == "attention"
    waits = world.waits()
    assert [amount for _, _, amount in waits] == [47400, 47400]
    world.books.faults = Script(*(Fault(verb, "before", Unavailable("gone")) for _ in range(9)))  # type: ignore[arg-type]
    report = world.sync()
    assert (report.status, world.waits(), report.open["journal"]) == ("stopped", waits, 2)
    world.books.faults = None
    world.good("30.896.00", "Фильтр")
    assert world.sync().routes["order", "books"].created == 1
    assert [amount for _, _, amount in world.waits()] == [47400]


def test_a_lost_store_tells_nothing_twice(world: World) -> None:
    """Everything is read again by somebody who knows nothing: the keys are taken, and what is there is found."""
    client = world.person()
    world.position(client)
    key = world.order(world.person("counter", "+79160000002", "Сидорова Анна"))
    world.sync()
    world.counter.edit("order", key, items=[item(), item()], amount="948.00")
    (marked, _) = world.books.rows("order")
    world.books.edit("order", marked, marked=True)
    before = world.documents()
    with new_store() as store:
        world.store = store
        world.sync()
        assert [document["sum"] for document in world.documents()] == [document["sum"] for document in before]
        linked = store.crosswalk.all("order", "books")
        assert {link.how for link in linked} == {"reference"} and len(linked) == 2
        (changed,) = world.store.conflicts.all("open")
        assert (changed.kind, changed.values["counter"]["total"], changed.values["books"]["total"]) == (
            "document", 94800, 47400,
        )  # fmt: skip
        world.sync()
        assert len(world.documents()) == 2
