"""Records that wait: what a person is told to do about them, and what becomes of those that somebody has dismissed."""

from __future__ import annotations

from connector.model.states import JournalLine
from connector.sync.people import merge_records
from tests.engine.worlds import World

PHONE = "+79161234567"
B1, B2 = (f"11111111-2222-3333-4444-55555555555{number}" for number in range(2))


def lines_of(world: World, account: str) -> list[JournalLine]:
    return [line for line in world.store.journal.all() if line.account == account]


def test_what_is_lacking_is_filled_in_where_the_record_is(world: World) -> None:
    world.books.insert("customer", {"title": "Без телефона"}, B1)
    world.sync()
    (line,) = lines_of(world, "shop")
    assert str(line.do) == "fill in phone in books. If it is not to go to shop: connector journal dismiss ID"
    (line,) = lines_of(world, "till")
    assert str(line.do).startswith("give it one of these in books: phone, email. If it is not")


def test_a_short_id_tells_where_the_record_is(world: World) -> None:
    key = world.till.add("customer", full="Без телефона")
    world.sync()
    (line,) = lines_of(world, "shop")
    assert str(line.do).startswith(f"fill in phone in books, till {key}.")


def test_two_who_carry_one_value_are_merged_by_the_command_that_is_told(world: World) -> None:
    world.books.insert("customer", {"title": "Мама", "phone": PHONE}, B1)
    world.books.insert("customer", {"title": "Дочь", "phone": PHONE}, B2)
    world.sync()
    line = lines_of(world, "shop")[0]
    command = str(line.do).partition("connector links merge ")[2].partition(".")[0].split()
    assert sorted(command) == sorted(world.store.hub.uids("customer"))
    merge_records(world.store, *command, at="2026-11-21T12:00:00+03:00", by="Anna")
    assert world.sync().status == "clean", "nothing waits of a record that is no more"
    assert len(world.rows("shop")) == 1


def test_a_merged_row_that_carries_the_value_still_is_named(world: World) -> None:
    old = world.shop.add("customer", name="Мама", phone=PHONE[1:])
    new = world.shop.add("customer", name="Мама", phone="79161234568")
    world.sync()
    uids = {link.external_id: link.uid for link in world.store.crosswalk.all("customer", "shop")}
    merge_records(world.store, uids[old], uids[new], at="2026-11-21T12:00:00+03:00", by="Anna")
    living = next(key for key, row in world.rows("books").items() if row["phone"] != PHONE)
    world.books.edit("customer", living, phone=PHONE)
    world.sync()
    line = next(line for line in lines_of(world, "shop") if line.field == "phone")
    assert str(line.do) == f"clear phone of record {old} in shop"


def test_who_was_dismissed_asks_for_nobody_until_something_changes(world: World) -> None:
    world.books.insert("customer", {"title": "Без телефона", "mail": "a@b.ru"}, B1)
    world.sync()
    (line,) = lines_of(world, "shop")
    world.store.journal.dismiss([line.id], "Anna", "2026-11-21T12:00:00+03:00")
    report = world.sync()
    assert (report.status, report.exit_code) == ("clean", 0)
    assert report.route("customer", "shop").waiting == 1, "it is still shown as waiting"
    assert [(one.id, one.dismissed_by) for one in lines_of(world, "shop")] == [(line.id, "Anna")]
    world.books.edit("customer", B1, city="Тверь")
    assert world.sync().status == "clean", "another field is no news of why it waits"
    world.store.journal.reopen([line.id])
    assert world.sync().status == "attention"
    world.books.edit("customer", B1, phone=PHONE)
    assert world.sync().status == "clean"
    assert len(world.rows("shop")) == 1, "what a system needs is there: the record goes, dismissed or not"
