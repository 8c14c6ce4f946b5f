"""One customer base in three systems: what one run carries, what it leaves alone, what it asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.worlds import World, new_store, written


@pytest.fixture
def world(tmp_path: object) -> Iterator[World]:
    store = new_store(f"sqlite:///{tmp_path}/store.db")
    yield World(store)
    store.close()


def test_a_person_is_created_where_missing_and_the_second_run_is_empty(world: World) -> None:
    world.till.add("customer", full="Петров Иван Сергеевич", phone="+79161234567", city="Москва")
    first = world.sync()
    assert first.status == "clean", first.as_json()
    assert [row["title"] for row in world.rows("books").values()] == ["Петров Иван Сергеевич"]
    assert [row["phone"] for row in world.rows("shop").values()] == ["79161234567"]
    till = next(iter(world.rows("till").values()))
    assert till["id_1c"] in world.rows("books")
    second = world.sync()
    assert written(second) == 0
    assert second.status == "clean"


def test_people_are_linked_by_phone_and_differences_are_decided_by_the_authority(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", city="Химки")
    world.books.insert("customer", {"title": "Иван Петров", "phone": "8 (916) 123-45-67", "city": "Москва"}, "b1")
    report = world.sync()
    assert len(world.rows("till")) == len(world.rows("books")) == len(world.rows("shop")) == 1
    assert next(iter(world.rows("till").values()))["city"] == "Москва"
    conflict = next(c for c in report.conflicts if c.field == "city")
    assert (conflict.rule, conflict.winner) == ("first", "books")
    assert conflict.values == {"books": "Москва", "till": "Химки"}
    assert written(world.sync()) == 0


def test_an_edit_travels_everywhere(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    shop_id = next(iter(world.rows("shop")))
    world.shop.edit("customer", shop_id, address="Мира, 5")
    report = world.sync()
    assert written(report) == 2
    assert next(iter(world.rows("books").values()))["address"] == "Мира, 5"
    assert next(iter(world.rows("till").values()))["address"] == "Мира, 5"
    assert written(world.sync()) == 0


def test_two_edits_of_different_fields_do_not_meet(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    world.shop.edit("customer", next(iter(world.rows("shop"))), address="Мира, 5")
    world.till.edit("customer", next(iter(world.rows("till"))), city="Тверь")
    report = world.sync()
    assert not report.conflicts
    for account in ("books", "till", "shop"):
        row = next(iter(world.rows(account).values()))
        assert (row["address"], row["city"]) == ("Мира, 5", "Тверь")


def test_two_edits_of_one_field_are_a_conflict_and_no_value_is_lost(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", city="Москва")
    world.sync()
    world.books.edit("customer", next(iter(world.rows("books"))), city="Тверь")
    world.till.edit("customer", next(iter(world.rows("till"))), city="Псков")
    report = world.sync()
    (conflict,) = report.conflicts
    assert conflict.values == {"books": "Тверь", "till": "Псков"}
    assert (conflict.base, conflict.winner, conflict.rule) == ("Москва", "books", "spokes")
    assert {row["city"] for account in ("books", "till", "shop") for row in world.rows(account).values()} == {"Тверь"}
    assert written(world.sync()) == 0
    assert len(world.store.conflicts.all()) == 1
