"""Brakes: what would change too much is held from the second completed run on, until a person releases it by name."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.routes import Brakes, Route
from connector.sync.brakes import Held, of_absence, of_changes
from connector.sync.report import RunReport
from tests.engine.worlds import World, written

TIGHT = Brakes(changes=5, share=1.0, deactivations=3, deactivations_share=1.0)


def route(**values: Any) -> Route:
    return Route(entity="customer", spoke="till", account="till", kind="till", brakes=Brakes(**values))


@pytest.mark.parametrize(
    ("brakes", "changes", "linked", "kind", "limit"),
    [
        ({"changes": 500, "share": 0.2}, 500, 10_000, None, 0),
        ({"changes": 500, "share": 0.2}, 501, 10_000, "changes", 500),
        ({"changes": 500, "share": 0.2}, 200, 1_000, None, 0),
        ({"changes": 500, "share": 0.2}, 201, 1_000, "share", 200),
        ({"changes": 500, "share": 0.2}, 20, 0, None, 0),
        ({"changes": 500, "share": 0.2}, 21, 0, "share", 20),
        ({"changes": 5, "share": 0.2}, 6, 10_000, "changes", 5),
    ],
)
def test_how_much_may_change(brakes: Any, changes: int, linked: int, kind: str | None, limit: int) -> None:
    held = of_changes(route(**brakes), changes, 0, linked, ())
    assert [(brake.kind, brake.count, brake.limit) for brake in held] == ([(kind, changes, limit)] if kind else [])


@pytest.mark.parametrize(
    ("leaving", "linked", "limit"),
    [(3, 10, None), (4, 10, 3), (20, 10_000, None), (21, 10_000, 20), (5, 200, 4), (4, 200, None)],
)
def test_how_many_may_leave(leaving: int, linked: int, limit: int | None) -> None:
    held = of_changes(route(deactivations=20, deactivations_share=0.02), 0, leaving, linked, ())
    assert [brake.limit for brake in held] == ([] if limit is None else [limit])


def test_an_empty_feed_is_a_brake_of_its_own() -> None:
    held = of_absence(route(), 2, 0, 2, ())
    assert held == Held("customer/till", "empty", 2, 0)
    assert of_absence(route(), 2, 0, 2, {held.id}) is None
    assert of_absence(route(), 0, 0, 0, ()) is None


def test_what_is_accepted_by_name_is_not_held() -> None:
    (held,) = of_changes(route(changes=5), 6, 0, 100, ())
    assert held.id == "customer/till:changes"
    assert of_changes(route(changes=5), 6, 0, 100, {held.id}) == []
    assert of_changes(route(changes=5), 6, 0, 100, {"customer/till:share"}) == [held]


# -- in runs


def people(world: World, count: int) -> None:
    for number in range(count):
        world.till.add("customer", full=f"Петров Иван {number}", phone=f"+7916123{number:04d}")


def move_all(world: World, city: str) -> None:
    for key in world.rows("till"):
        world.till.edit("customer", key, city=city)


def cities(world: World, account: str) -> set[str]:
    return {row["city"] for row in world.rows(account).values()}


@pytest.fixture
def tight(world: World) -> World:
    world.changes = {("customer", account): {"brakes": TIGHT} for account in ("books", "till", "shop")}
    return world


def kinds(report: RunReport) -> list[tuple[str, str, int]]:
    return sorted((brake.route, brake.kind, brake.count) for brake in report.brakes)


def test_the_first_run_is_never_braked_the_second_is(tight: World) -> None:
    people(tight, 8)
    first = tight.sync()
    assert first.status == "clean"
    assert len(tight.rows("shop")) == 8
    move_all(tight, "Тверь")
    second = tight.sync()
    assert kinds(second) == [("customer/books", "changes", 8), ("customer/shop", "changes", 8)]
    assert (second.status, second.exit_code, written(second)) == ("stopped", 2, 0)
    assert cities(tight, "books") == {""}
    assert [brake[0] for brake in tight.store.runs.held()] == ["customer/books:changes", "customer/shop:changes"]


def test_a_brake_is_released_by_name_and_only_once(tight: World) -> None:
    people(tight, 8)
    tight.sync()
    move_all(tight, "Тверь")
    tight.sync()
    third = tight.sync(accept=frozenset({"customer/books:changes"}))
    assert kinds(third) == [("customer/shop", "changes", 8)]
    assert (cities(tight, "books"), cities(tight, "shop")) == ({"Тверь"}, {""})
    fourth = tight.sync(accept=frozenset({"customer/shop:changes"}))
    assert fourth.status == "clean"
    assert cities(tight, "shop") == {"Тверь"}
    assert tight.store.runs.held() == []
    move_all(tight, "Псков")
    assert len(tight.sync().brakes) == 2, "a release is not a permission"


def test_a_held_route_does_not_hold_the_others(tight: World) -> None:
    tight.changes = {("customer", "shop"): {"brakes": TIGHT}}
    people(tight, 8)
    tight.sync()
    move_all(tight, "Тверь")
    report = tight.sync()
    assert kinds(report) == [("customer/shop", "changes", 8)]
    assert (cities(tight, "books"), cities(tight, "shop")) == ({"Тверь"}, {""})


def test_a_brake_lets_go_when_its_cause_goes(tight: World) -> None:
    people(tight, 8)
    tight.sync()
    move_all(tight, "Тверь")
    assert tight.sync().brakes
    move_all(tight, "0")
    report = tight.sync()
    assert report.status == "clean"
    assert tight.store.runs.held() == []


def test_creations_count_as_changes(tight: World) -> None:
    people(tight, 2)
    tight.sync()
    for number in range(6):
        tight.till.add("customer", full=f"Новый {number}", phone=f"+7916555{number:04d}")
    report = tight.sync()
    assert kinds(report) == [("customer/books", "changes", 6), ("customer/shop", "changes", 6)]
    assert len(tight.rows("books")) == 2


def test_all_rounds_of_a_run_count_together(tight: World) -> None:
    """Cards follow their customers in a later round; each route counts its own."""
    tight.changes = {**tight.changes, ("card", "books"): {"brakes": TIGHT}, ("card", "shop"): {"brakes": TIGHT}}
    people(tight, 2)
    tight.sync()
    for number, key in enumerate(tight.rows("till")):
        tight.till.edit("customer", key, card=str(1000 + number))
    for number in range(4):
        tight.till.add("customer", full=f"Новый {number}", phone=f"+7916555{number:04d}", card=f"200{number}")
    report = tight.sync()
    assert [name for name, _, _ in kinds(report)] == ["card/books", "card/shop"]
    assert len(tight.rows("books")) == 6
    assert tight.rows("books", "card") == {}


def test_many_deactivations_are_held(tight: World) -> None:
    people(tight, 8)
    tight.sync()
    for key in list(tight.rows("books"))[:4]:
        tight.books.edit("customer", key, marked=True)
    report = tight.sync()
    assert kinds(report) == [("customer/shop", "deactivations", 4)]
    assert {row["status"] for row in tight.rows("shop").values()} == {"1"}
    released = tight.sync(accept=frozenset({"customer/shop:deactivations"}))
    assert released.route("customer", "shop").deactivated == 4
    assert sorted(row["status"] for row in tight.rows("shop").values()) == ["0"] * 4 + ["1"] * 4


# -- absence


def test_few_absences_are_deletions(tight: World) -> None:
    people(tight, 8)
    tight.sync()
    gone = list(tight.rows("till"))[:3]
    for key in gone:
        tight.till.remove("customer", key)
    report = tight.sync()
    assert report.brakes == []
    assert sum(row["status"] == "0" for row in tight.rows("shop").values()) == 3
    assert written(tight.sync()) == 0


def test_many_absences_are_held_and_nobody_is_deactivated(tight: World) -> None:
    people(tight, 8)
    tight.sync()
    for key in list(tight.rows("till"))[:4]:
        tight.till.remove("customer", key)
    report = tight.sync()
    assert kinds(report) == [("customer/till", "deactivations", 4)]
    assert {row["status"] for row in tight.rows("shop").values()} == {"1"}
    assert not any(link.gone for link in tight.store.crosswalk.all("customer"))
    released = tight.sync(accept=frozenset({"customer/till:deactivations", "customer/shop:deactivations"}))
    assert sum(row["status"] == "0" for row in tight.rows("shop").values()) == 4, released.as_json()


def test_an_empty_feed_deletes_nobody_even_when_few_are_linked(world: World) -> None:
    people(world, 2)
    world.sync()
    for key in list(world.rows("till")):
        world.till.remove("customer", key)
    report = world.sync()
    assert kinds(report) == [("customer/till", "empty", 2)]
    assert {row["status"] for row in world.rows("shop").values()} == {"1"}
    released = world.sync(accept=frozenset({"customer/till:empty"}))
    assert released.brakes == []
    assert {row["status"] for row in world.rows("shop").values()} == {"0"}


def test_a_route_held_for_absence_is_not_written_to_either(world: World) -> None:
    people(world, 3)
    world.sync()
    for key in list(world.rows("till")):
        world.till.remove("customer", key)
    world.shop.edit("customer", next(iter(world.rows("shop"))), city="Тверь")
    world.sync()
    assert world.till.effects.get(("update", "customer"), 0) == 0
    assert "Тверь" in cities(world, "books"), "the others go on"


def test_rows_that_come_back_need_no_release(tight: World) -> None:
    people(tight, 8)
    tight.sync()
    real = tight.adapters["till"].feed
    tight.adapters["till"].feed = lambda entity, paths, cursor=None: (  # type: ignore[method-assign]
        page._replace(rows=[]) for page in real(entity, paths, cursor)
    )
    assert kinds(tight.sync()) == [("customer/till", "empty", 8)]
    tight.adapters["till"].feed = real  # type: ignore[method-assign]
    report = tight.sync()
    assert report.status == "clean"
    assert written(report) == 0


def test_a_plan_shows_the_brakes_and_holds_nothing_back(tight: World) -> None:
    people(tight, 8)
    tight.sync()
    move_all(tight, "Тверь")
    report = tight.plan()
    shown = report.plan_json()
    assert [brake["id"] for brake in shown["brakes"]] == ["customer/books:changes", "customer/shop:changes"]
    assert shown["brakes"][0] == {
        "id": "customer/books:changes",
        "route": "customer/books",
        "kind": "changes",
        "count": 8,
        "limit": 5,
    }
    assert len(shown["operations"]) == 16
    assert report.plan_exit_code == 2


def test_an_unfinished_run_does_not_count_as_completed(tight: World) -> None:
    """Without consent nothing was written: the next run is still the first one for the brakes."""
    people(tight, 8)
    assert tight.sync(consent=lambda _report: False).status == "stopped"
    report = tight.sync()
    assert report.brakes == []
    assert len(tight.rows("shop")) == 8
