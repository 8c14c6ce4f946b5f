"""What a run intends: for whom, where, and what waits or is refused; seen before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from connector.model.routes import Rule
from connector.model.states import Operation
from connector.sync.attention import again
from connector.sync.people import merge_records
from connector.sync.report import MatchReport
from connector.systems.memory import Column, Table
from tests.engine.worlds import World, written

PHONE = "+79161234567"
KEYS = [f"11111111-2222-3333-4444-55555555555{number}" for number in range(8)]
B0, B1, B2, G1, G2, G3 = KEYS[:6]
"""Ids in the books are GUIDs: others keep them as the 1C key."""


def only(rows: Mapping[str, Any]) -> Any:
    (row,) = rows.values()
    return row


def key_of(rows: Mapping[str, Any]) -> str:
    (key,) = rows
    return key


def customer(world: World, **changes: Any) -> None:
    """Change the customer routes: account -> what differs."""
    world.changes = {("customer", account): values for account, values in changes.items()}


def verbs(operations: list[Operation]) -> list[tuple[str, str, str]]:
    return sorted((operation.entity, operation.account, operation.verb) for operation in operations)


# -- a plan writes nothing


def test_a_plan_shows_every_field_and_writes_nothing(world: World) -> None:
    key = world.till.add("customer", full="Петров Иван", phone=PHONE, city="Москва")
    report = world.plan()
    assert world.rows("books") == world.rows("shop") == {}
    assert world.store.outbox.of_run(report.run) == []
    assert report.plan_exit_code == 4
    (books,) = [item for item in report.plan_json()["operations"] if item["account"] == "books"]
    assert books["verb"] == "create"
    assert books["external_id"] is None
    assert books["after"] == []
    assert books["changes"] == {"name": {"to": "Петров Иван"}, "phone": {"to": PHONE}, "city": {"to": "Москва"}}
    world.sync()
    world.till.edit("customer", key, city="Тверь")
    (change, _) = world.plan().plan_json()["operations"]
    assert change["changes"] == {"city": {"from": "Москва", "to": "Тверь"}}
    assert change["external_id"] in world.rows("books")


def test_a_plan_looks_twice_and_says_the_same(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone=PHONE, card="1001")
    first, second = world.plan(), world.plan()
    assert first.plan_json() == second.plan_json()
    assert first.plan_json()["operations"]
    assert written(world.sync()) > 0
    assert world.plan().plan_json() == {"operations": [], "conflicts": [], "brakes": []}
    assert world.plan().plan_exit_code == 0


def test_what_refers_to_a_new_record_comes_after_it(world: World) -> None:
    world.books.insert("customer", {"title": "Петров Иван", "phone": PHONE}, B1)
    world.books.insert("card", {"number": "1001", "status": "active", "owner": B1}, "c1")
    shown = {f"{op['entity']}/{op['account']}": op for op in world.plan().plan_json()["operations"]}
    assert shown["card/shop"]["after"] == [shown["customer/shop"]["id"]]
    world.sync()
    assert only(world.rows("shop", "card"))["owner"] == key_of(world.rows("shop"))


def test_an_id_of_a_planned_operation_stays_while_nothing_changes(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    ids = [op["id"] for op in world.plan().plan_json()["operations"]]
    assert ids == [op["id"] for op in world.plan().plan_json()["operations"]]
    assert len(set(ids)) == len(ids)


# -- consent


def test_the_first_writing_needs_a_yes(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    asked = []
    report = world.sync(consent=lambda match: bool(asked.append(match)))
    assert (report.status, report.exit_code) == ("stopped", 2)
    assert report.consent_missing == ["customer/books", "customer/shop"]
    assert world.rows("books") == world.rows("shop") == {}
    (match,) = asked
    assert match.only == {"till": 1}
    assert match.creates == {"customer/books": 1, "customer/shop": 1}


def test_consent_is_asked_once(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    asked: list[Any] = []
    world.sync(consent=lambda match: not asked.append(match))
    world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    assert world.sync(consent=lambda match: bool(asked.append(match))).status == "clean"
    assert len(asked) == 1
    assert len(world.rows("shop")) == 2


def test_the_match_report_tells_how_people_were_found(world: World) -> None:
    world.books.insert("customer", {"title": "По ключу", "phone": "+79160000001"}, G1)
    world.till.add("customer", full="По ключу", phone="+79160000009", id_1c=G1)
    world.books.insert("customer", {"title": "По телефону", "phone": "+79160000002"}, G2)
    world.till.add("customer", full="По телефону", phone="+79160000002")
    world.books.insert("customer", {"title": "По почте", "mail": "a@b.ru"}, G3)
    world.shop.add("customer", name="По почте", phone="79160000003", email="a@b.ru")
    report = world.sync(consent=lambda _match: False)
    assert report.as_json()["match"]["linked"] == {"email": 1, "id_1c": 1, "phone": 1}
    assert report.as_json()["match"]["ambiguous"] == 0


def test_a_new_route_asks_for_itself_alone(world: World) -> None:
    customer(world, shop={"direction": "read"})
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    world.changes = {}
    world.till.edit("customer", key_of(world.rows("till")), city="Тверь")
    world.shop.add("customer", name="Сидоров Пётр", phone="79160000003", email="")
    asked: list[MatchReport] = []
    report = world.sync(consent=lambda match: bool(asked.append(match)))
    (match,) = asked
    assert (match.routes, match.linked, match.creates) == (["customer/shop"], {}, {"customer/shop": 1})
    assert match.only == {"shop": 1}, "of the new route alone"
    assert report.consent_missing == ["customer/shop"]
    assert {row["city"] for row in world.rows("books").values()} == {"Тверь", ""}, "what was agreed to goes on"
    assert [row["name"] for row in world.rows("shop").values()] == ["Сидоров Пётр"]


# -- where people go


@pytest.mark.parametrize(
    ("scope", "goes"),
    [
        (("all",), {"Фирма", "С телефоном", "С картой", "В группе"}),
        (("legal",), {"Фирма"}),
        (("has_phone",), {"С телефоном", "С картой"}),
        (("has_email",), {"Фирма", "С картой", "В группе"}),
        (("has_card",), {"С картой"}),
        (("in_group",), {"В группе"}),
        (("linked",), set()),
        (("legal", "in_group"), {"Фирма", "В группе"}),
    ],
)
def test_scope_says_who_is_created(world: World, scope: tuple[str, ...], goes: set[str]) -> None:
    table = world.shop.tables["customer"]
    columns = {**table.columns, "phone": replace(table.columns["phone"], required=False)}
    world.shop.tables["customer"] = replace(table, columns=columns)
    customer(world, shop={"scope": scope}, till={"direction": "off"})
    world.changes = {**world.changes, ("group", "shop"): {"create": True}, ("group", "till"): {"direction": "off"}}
    world.shop.tables["group"] = replace(world.shop.tables["group"], can_create=True)
    world.books.insert("group", {"name": "Друзья"}, G1)
    for number, (title, values) in enumerate(
        {
            "Фирма": {"kind": "legal"},
            "С телефоном": {"phone": PHONE, "mail": ""},
            "С картой": {"phone": "+79161234568"},
            "В группе": {"folder": G1},
        }.items()
    ):
        world.books.insert("customer", {"title": title, "mail": f"p{number}@x.ru", **values}, KEYS[number])
    world.books.insert("card", {"number": "1001", "status": "active", "owner": B2}, "c1")
    world.sync()
    assert {row["name"] for row in world.rows("shop").values()} == goes


def test_who_is_linked_is_kept_in_step_whatever_the_scope(world: World) -> None:
    customer(world, shop={"scope": ("linked",)})
    world.books.insert("customer", {"title": "Петров Иван", "phone": PHONE}, B1)
    world.shop.add("customer", name="Петров Иван", phone=PHONE[1:], city="")
    world.sync()
    world.books.edit("customer", B1, city="Тверь")
    world.sync()
    assert only(world.rows("shop"))["city"] == "Тверь"


def test_nothing_is_created_where_the_route_does_not_say_so(world: World) -> None:
    customer(world, shop={"create": False})
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    assert world.rows("shop") == {}
    assert len(world.rows("books")) == 1


@pytest.mark.parametrize("peers", [False, True])
def test_accounts_of_one_kind_do_not_feed_each_other_unless_told(world: World, peers: bool) -> None:
    customer(world, till={"kind": "shop", "peers": peers}, shop={"peers": peers}, books={"direction": "off"})
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    assert len(world.rows("shop")) == (1 if peers else 0)


def test_peers_are_fed_with_what_another_kind_has_too(world: World) -> None:
    customer(world, till={"kind": "shop"})
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    assert len(world.rows("books")) == 1
    assert len(world.rows("shop")) == 1, "it is a customer of the books now"


@pytest.mark.parametrize("direction", ["both", "read", "write", "off"])
def test_direction(world: World, direction: str) -> None:
    customer(world, shop={"direction": direction})
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.shop.add("customer", name="Сидоров Пётр", phone="79161234568")
    world.sync()
    heard = {row["title"] for row in world.rows("books").values()}
    told = {row["name"] for row in world.rows("shop").values()}
    assert ("Сидоров Пётр" in heard) == (direction in ("both", "read"))
    assert ("Петров Иван" in told) == (direction in ("both", "write"))


def test_an_edit_where_a_route_only_writes_is_nobody_s_word(world: World) -> None:
    customer(world, shop={"direction": "write"})
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    world.shop.edit("customer", key_of(world.rows("shop")), city="Тверь")
    world.sync()
    assert only(world.rows("books"))["city"] == ""


def test_a_field_that_is_not_carried_stays_where_it_is(world: World) -> None:
    world.authority = {"comment": Rule("none")}
    world.till.add("customer", full="Петров Иван", phone=PHONE, comment="только у нас")
    world.sync()
    assert only(world.rows("books"))["note"] == ""
    world.books.edit("customer", key_of(world.rows("books")), note="и у нас")
    world.sync()
    assert only(world.rows("till"))["comment"] == "только у нас"


# -- deletion


@pytest.mark.parametrize(("deletion", "left"), [("deactivate", "0"), ("never", "1"), ("delete", None)])
def test_a_deletion_is_what_the_route_says(world: World, deletion: str, left: str | None) -> None:
    customer(world, shop={"deletion": deletion})
    for number in range(5):
        world.till.add("customer", full=f"Петров {number}", phone=f"+7916000000{number}")
    world.sync()
    gone = next(key for key, row in world.rows("till").items() if row["last"] == "Петров" and row["first"] == "0")
    world.till.remove("customer", gone)
    report = world.sync()
    shop = {row["name"]: row["status"] for row in world.rows("shop").values()}
    assert shop.get("Петров 0") == left
    assert len(shop) == (4 if left is None else 5)
    assert report.route("customer", "shop").deactivated == (0 if deletion == "never" else 1)
    assert written(world.sync()) == 0, "and once only"


def test_a_system_that_knows_no_inactive_people_is_left_alone(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    world.sync()
    name = {row["title"]: key for key, row in world.rows("books").items()}
    world.books.edit("customer", name["Петров Иван"], marked=True)
    world.sync()
    assert len(world.rows("till")) == 2
    assert world.till.effects.get(("update", "customer"), 0) == 0
    assert world.till.effects.get(("delete", "customer"), 0) == 0


def test_who_left_is_created_nowhere(world: World) -> None:
    world.books.insert("customer", {"title": "Ушедший", "phone": PHONE, "marked": True}, B1)
    world.books.insert("customer", {"title": "Живой", "phone": "+79161234568"}, B2)
    world.sync()
    assert [row["name"] for row in world.rows("shop").values()] == ["Живой"]


def test_a_row_that_comes_back_revives_its_link(world: World) -> None:
    for number in range(4):
        world.books.insert("customer", {"title": f"П {number}", "phone": f"+7916000000{number}"}, KEYS[number])
    world.sync()
    world.sync()  # what we have created has been seen there
    real = world.adapters["till"].feed
    hidden = key_of({key: row for key, row in world.rows("till").items() if row["first"] == "0"})
    world.adapters["till"].feed = lambda entity, paths, cursor=None: (  # type: ignore[method-assign]
        page._replace(rows=[row for row in page.rows if row.external_id != hidden or entity != "customer"])
        for page in real(entity, paths, cursor)
    )
    world.sync()
    assert world.rows("books")[B0]["marked"] == "1"
    world.adapters["till"].feed = real  # type: ignore[method-assign]
    world.sync()
    assert world.rows("books")[B0]["marked"] == "0"
    (link,) = [link for link in world.store.crosswalk.all("customer", "till") if link.external_id == hidden]
    assert not link.gone
    assert len(world.rows("till")) == 4


# -- what waits, what is refused


def test_who_lacks_what_a_system_needs_waits_and_goes_when_it_is_there(world: World) -> None:
    world.books.insert("customer", {"title": "Без телефона", "mail": "a@b.ru"}, B1)
    report = world.sync()
    assert world.rows("shop") == {}
    assert (report.route("customer", "shop").waiting, report.status) == (1, "attention")
    (line,) = [line for line in world.store.journal.all() if line.account == "shop"]
    assert (line.kind, line.field, line.entity) == ("waiting", "phone", "customer")
    assert "phone" in str(line.reason)
    world.books.edit("customer", B1, phone=PHONE)
    report = world.sync()
    assert len(world.rows("shop")) == 1
    assert report.status == "clean"
    assert world.store.journal.all() == []


def test_two_who_share_what_a_system_takes_once_wait_until_they_do_not(world: World) -> None:
    world.books.insert("customer", {"title": "Мама", "phone": PHONE}, B1)
    world.books.insert("customer", {"title": "Дочь", "phone": PHONE}, B2)
    report = world.sync()
    assert world.rows("shop") == {}
    assert report.route("customer", "shop").waiting == 2
    assert world.shop.effects.get(("create", "customer"), 0) == 0, "it is not tried blindly"
    world.books.edit("customer", B2, phone="+79161234568")
    world.sync()
    assert {row["name"] for row in world.rows("shop").values()} == {"Мама", "Дочь"}
    assert world.sync().status == "clean"


def test_who_could_not_be_found_again_is_not_created(world: World) -> None:
    """Nothing by which the till could be asked after a lost answer: refused with that reason, not tried."""
    world.books.insert("customer", {"title": "Без ничего"}, B1)
    report = world.sync()
    assert world.rows("till") == {}
    assert report.route("customer", "till").refused == 1
    assert world.till.effects.get(("create", "customer"), 0) == 0
    assert report.status == "attention"


def picky(world: World) -> list[str]:
    """A shop that refuses the city of Глупов, and tells how often it was asked."""
    asked: list[str] = []
    real = world.shop.change

    def change(entity: str, external_id: str, fields: Mapping[str, Any]) -> Any:
        from connector.errors import Invalid

        if fields.get("city") == "Глупов":
            asked.append(external_id)
            raise Invalid("{account}: there is no such city", account="shop")
        return real(entity, external_id, fields)

    world.shop.change = change  # type: ignore[method-assign]
    return asked


def test_what_was_refused_is_not_tried_again_until_something_changes(world: World) -> None:
    asked = picky(world)
    key = world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    world.till.edit("customer", key, city="Глупов")
    report = world.sync()
    assert report.route("customer", "shop").refused == 1
    assert only(world.rows("books"))["city"] == "Глупов", "the others are told"
    for _ in range(3):
        assert world.sync().status == "attention"
    assert len(asked) == 1
    (operation,) = world.store.outbox.with_status("refused")
    assert "no such city" in str(operation.reason)
    world.till.edit("customer", key, city="Тверь")
    assert world.sync().status == "clean"
    assert only(world.rows("shop"))["city"] == "Тверь"
    assert world.store.outbox.with_status("refused") == []


def test_another_change_of_the_record_is_tried_again(world: World) -> None:
    asked = picky(world)
    key = world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    world.till.edit("customer", key, city="Глупов")
    world.sync()
    world.till.edit("customer", key, comment="ещё")
    world.sync()
    assert len(asked) == 2
    assert len(world.store.outbox.with_status("refused")) == 1, "the last refusal stands, not every one"


def test_a_person_has_it_tried_again(world: World) -> None:
    asked = picky(world)
    key = world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    world.till.edit("customer", key, city="Глупов")
    world.sync()
    (operation,) = world.store.outbox.with_status("refused")
    again(world.store, operation)
    world.sync()
    assert len(asked) == 2


# -- values


def test_a_respelled_value_does_not_echo(world: World) -> None:
    """The till shows phones its own way, and a name in three slots: neither is an edit."""
    world.books.insert("customer", {"title": "Иванов  Пётр", "phone": "8 (916) 123-45-67"}, B1)
    world.sync()
    assert only(world.rows("till"))["phone"] == "+7 916 123-4567"
    before = world.rows("books")
    for _ in range(3):
        report = world.sync()
        assert written(report) == 0
        assert not report.conflicts
    assert world.rows("books") == before


def test_what_a_system_does_not_say_is_never_overwritten_by_silence(world: World) -> None:
    """The till has no field for the INN: it neither clears nor disputes it."""
    world.books.insert("customer", {"title": "Фирма", "phone": PHONE, "inn": "7707083893", "kpp": "770701001"}, B1)
    world.sync()
    world.till.edit("customer", key_of(world.rows("till")), city="Тверь")
    world.sync()
    assert (world.rows("books")[B1]["inn"], world.rows("books")[B1]["city"]) == ("7707083893", "Тверь")


def test_a_value_that_cannot_be_read_is_a_line_in_the_journal_and_stays(world: World) -> None:
    key = world.till.add("customer", full="Петров Иван", phone=PHONE, email="a@b.ru")
    world.sync()
    world.till.edit("customer", key, phone="позвонить маме")
    report = world.sync()
    assert report.route("customer", "till").unreadable == 1
    assert report.status == "attention"
    (line,) = world.store.journal.all()
    assert (line.account, line.external_id, line.field, line.value) == ("till", key, "phone", "позвонить маме")
    assert only(world.rows("till"))["phone"] == "позвонить маме", "nobody overwrites what is not understood"
    assert only(world.rows("shop"))["phone"] == PHONE[1:]
    world.till.edit("customer", key, phone=PHONE)
    assert world.sync().status == "clean"
    assert world.store.journal.all() == []


def test_an_emptied_value_travels_and_an_empty_one_never_wins_a_first_meeting(world: World) -> None:
    world.books.insert("customer", {"title": "Петров Иван", "phone": PHONE, "city": ""}, B1)
    key = world.till.add("customer", full="Петров Иван", phone=PHONE, city="Тверь")
    report = world.sync()
    assert world.rows("books")[B1]["city"] == "Тверь"
    assert not [conflict for conflict in report.conflicts if conflict.field == "city"]
    world.till.edit("customer", key, city="0")
    world.sync()
    assert world.rows("books")[B1]["city"] == ""
    assert only(world.rows("shop"))["city"] == ""


# -- the 1C key


def test_the_1c_key_is_stamped_and_never_our_own(world: World) -> None:
    key = world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    assert world.rows("till")[key]["id_1c"] == key_of(world.rows("books"))
    customer(world, books={"direction": "read"})
    world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    world.sync()
    second = next(row for row in world.rows("till").values() if row["last"] == "Сидоров")
    assert second["id_1c"] == "0"


def test_a_wrong_stamp_of_a_linked_record_is_corrected(world: World) -> None:
    key = world.till.add("customer", full="Петров Иван", phone=PHONE)
    world.sync()
    world.till.edit("customer", key, id_1c="0")
    world.sync()
    assert world.rows("till")[key]["id_1c"] == key_of(world.rows("books"))


# -- merged people


def two_and_merge(world: World) -> tuple[str, str]:
    """Two people of all systems are one: (the till's old row, the till's row that stays)."""
    kept = world.till.add("customer", full="Петров Иван", phone=PHONE, city="Москва")
    old = world.till.add("customer", full="Петров И.", phone="+79161234568", city="Псков")
    world.sync()
    uids = {link.external_id: link.uid for link in world.store.crosswalk.all("customer", "till")}
    merge_records(world.store, uids[old], uids[kept], at="2026-11-21T10:00:00+00:00", by="me")
    return old, kept


def test_an_alias_is_observed_and_never_written(world: World) -> None:
    old, kept = two_and_merge(world)
    world.sync()
    before = world.rows("till")[old]
    world.books.edit("customer", _books_of(world, kept), city="Тверь")
    world.sync()
    assert world.rows("till")[old] == before
    assert world.rows("till")[kept]["city"] == "Тверь"
    world.till.edit("customer", old, city="Другой")
    report = world.sync()
    assert written(report) == 0
    (link,) = [link for link in world.store.crosswalk.all("customer", "till") if link.external_id == old]
    assert b"\xd0\x94\xd1\x80\xd1\x83\xd0\xb3\xd0\xbe\xd0\xb9" in (link.seen or b""), "it is observed"


def _books_of(world: World, till: str) -> str:
    links = world.store.crosswalk.all("customer")
    uid = next(link.uid for link in links if (link.spoke, link.external_id) == ("till", till))
    return next(link.external_id for link in links if (link.uid, link.spoke, link.primary) == (uid, "books", True))


def test_what_refers_to_an_alias_refers_to_the_survivor(world: World) -> None:
    _, kept = two_and_merge(world)
    alias = next(link.external_id for link in world.store.crosswalk.all("customer", "books") if not link.primary)
    world.books.insert("card", {"number": "1001", "status": "active", "owner": alias}, "c1")
    world.sync()
    assert world.rows("till")[kept]["card"] == "1001"
    assert written(world.sync()) == 0


# -- a changed mapping


def test_a_changed_mapping_plans_nothing_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's comment is read by another word from now on: what it holds there was there before."""
    from tests.engine import worlds

    world.books.insert("customer", {"title": "Петров Иван", "phone": PHONE, "note": "из книг"}, B1)
    world.sync()
    key = key_of(world.rows("shop"))
    world.shop.edit("customer", key, comment="ИЗ КНИГ")
    world.authority = {"comment": Rule("spokes", frozenset({"books"}))}
    world.sync()
    shop = worlds.mapping("shop", "customer")
    shown = shop.file.model_copy(
        update={"fields": {name: row for name, row in shop.file.fields.items() if name != "comment"}}
    )
    other = type(shop)(shown, shop.zone)
    real = worlds.mapping
    monkeypatch.setattr(
        worlds,
        "mapping",
        lambda account, entity: other if (account, entity) == ("shop", "customer") else real(account, entity),
    )
    assert written(world.sync()) == 0
    monkeypatch.setattr(worlds, "mapping", real)
    report = world.sync()
    assert written(report) == 0
    assert not report.conflicts


def test_routes_that_ask_what_a_system_cannot_do_are_refused_before_the_first_request(world: World) -> None:
    from connector.errors import ConfigError

    world.till.tables["customer"] = Table(columns={"phone": Column()}, can_create=False, can_update=False)
    with pytest.raises(ConfigError, match="customer/till"):
        world.sync()
    assert all(adapter.requests() == 0 for adapter in world.adapters.values())
