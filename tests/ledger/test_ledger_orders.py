"""Orders of a shop and of a counter reach the books once, whole, and what becomes of them there comes back."""

from __future__ import annotations

import pytest

from connector.model.books import Seller
from tests.ledger.conftest import Make
from tests.ledger.test_ledger_disputes import resolver
from tests.ledger.worlds import World, item, written

SPRING = {"brand": "KILEN", "article": "12133", "title": "Пружина", "price": "3959", "sum": "3959"}


def test_positions_of_one_invoice_are_one_document_told_once(world: World) -> None:
    client = world.person()
    world.position(client)
    world.position(client, added="2026-11-20 21:59:30", note="После шести", **SPRING)
    report = world.sync()
    assert report.status == "clean", report.as_json()
    document = world.document()
    (person,) = world.books.rows("customer")
    assert (document["who"], document["day"], document["sum"]) == (person, "2026-11-20T21:59:28", "4433.00")
    assert document["note"] == "shop NZ-1: После шести"
    assert document["rows"] == [
        {"good": "g-30.896.00", "title": "Фильтр", "count": "1", "price": "474.00", "sum": "474.00"},
        {"good": "g-12133", "title": "Пружина", "count": "1", "price": "3959.00", "sum": "3959.00"},
    ]
    assert not document["posted"]
    again = world.sync()
    assert (written(again), again.status) == (0, "clean")
    assert len(world.documents()) == 1


def test_an_order_of_the_counter_keeps_its_discount(world: World) -> None:
    client = world.person("counter")
    world.order(client, item(count="3.450", price="100.10", discount="10.20", sum="335.15"), discount="10.20")
    world.sync()
    (row,) = world.document()["rows"]
    assert (row["count"], row["price"], row["discount"], row["sum"]) == ("3.45", "100.10", "10.20", "335.15")
    hub = world.hub("counter", "2")
    assert (hub["total"], hub["discount"], hub["status"], hub["number_1c"]) == (33515, 1020, "new", "000001")


def test_the_same_person_of_both_sides_is_one_person_of_the_books(world: World) -> None:
    world.position(world.person())
    world.order(world.person("counter", name="Иван Петров"))
    world.sync()
    assert len(world.books.rows("customer")) == 1
    assert len(world.documents()) == 2
    assert {document["who"] for document in world.documents()} == set(world.books.rows("customer"))


def test_a_position_of_another_client_or_invoice_is_another_order(world: World) -> None:
    one, two = world.person(), world.person(phone="+79160000002", name="Сидорова Анна")
    world.position(one)
    world.position(two)
    world.position(one, "NZ-2")
    world.sync()
    assert sorted(document["note"] for document in world.documents()) == ["shop NZ-1", "shop NZ-1", "shop NZ-2"]


def test_what_is_not_told_yet_follows_its_source(world: World) -> None:
    client = world.person()
    world.position(client, article="777", title="Чего нет")
    world.sync()
    assert world.documents() == []
    world.shop.edit("position", "2", article="12133", title="Пружина", count="2", sum="948")
    report = world.sync()
    assert world.document()["sum"] == "948.00"
    assert report.status == "clean", report.as_json()
    assert world.store.conflicts.all() == []


def test_a_cancelled_order_is_not_told_and_one_that_was_is_marked(world: World) -> None:
    client = world.person()
    key = world.position(client)
    world.position(client, "NZ-2", denied="1")
    world.sync()
    world.shop.edit("position", key, denied="1")
    report = world.sync()
    assert world.document()["marked"], "told of its cancelling"
    assert world.hub("shop", f"{client}/NZ-1")["status"] == "cancelled"
    assert report.routes["order", "books"].deactivated == 1
    assert written(world.sync()) == 0
    world.shop.edit("position", key, denied="0")
    world.sync()
    assert not world.document()["marked"]
    assert written(world.sync()) == 0


def test_a_denied_position_is_no_line_of_an_order_that_was_not_told(world: World) -> None:
    client = world.person()
    world.position(client)
    world.position(client, denied="1", **SPRING)
    world.sync()
    assert [row["title"] for row in world.document()["rows"]] == ["Фильтр"]
    assert world.document()["sum"] == "474.00"


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ({"paid": "0"}, "new"),
        ({"paid": "1"}, "paid"),
        ({"paid": "1", "shipped": "1"}, "shipped"),
        ({"paid": "1", "shipped": "1", "cancelled": "1"}, "cancelled"),
    ],
)
def test_the_status_follows_from_the_flags(world: World, flags: dict[str, str], status: str) -> None:
    key = world.order(world.person("counter"), **flags)
    world.sync()
    assert world.hub("counter", key)["status"] == status


def test_what_the_books_say_comes_back(world: World) -> None:
    client = world.person()
    world.position(client)
    world.sync()
    (key,) = world.books.rows("order")
    world.books.edit("order", key, posted=True, closed=True)
    report = world.sync()
    hub = world.hub("shop", f"{client}/NZ-1")
    assert (hub["number_1c"], hub["posted"], hub["status"]) == ("000001", True, "shipped")
    assert (written(report), report.status) == (0, "clean")
    world.books.edit("order", key, marked=True)
    world.sync()
    assert world.hub("shop", f"{client}/NZ-1")["status"] == "cancelled"
    assert written(world.sync()) == 0


def test_the_books_own_documents_are_nobody_elses(world: World) -> None:
    world.books.insert("order", {"sum": "1.00", "day": "2026-11-01T00:00:00"}, "own")
    report = world.sync()
    assert report.status == "clean"
    assert world.store.crosswalk.at("books", "order", "own") is None


def test_what_they_refer_to_comes_first(world: World) -> None:
    """In a plan, an order comes after the customer who is not there yet."""
    world.position(world.person())
    report = world.plan()
    people, order = (next(one for one in report.operations if one.entity == name) for name in ("customer", "order"))
    assert order.after == (people.key,)
    assert world.documents() == [] and world.store.outbox.count_open() == 0
    assert report.plan_json()["operations"][-1]["changes"]["lines"]["to"][0]["total"] == "474.00"


def test_a_customer_who_cannot_be_told_keeps_his_order_waiting(world: World) -> None:
    client = world.person(phone="")
    world.position(client)
    report = world.sync()
    assert report.status == "attention"
    assert world.documents() == []
    assert ("its customer is not in books yet", "customer", 47400) in world.waits()
    world.shop.edit("customer", client, phone="+79161234567")
    world.sync()
    assert len(world.documents()) == 1 and world.waits() == []


def test_an_order_of_nobody_waits(world: World) -> None:
    world.position("0")
    world.position("99", "NZ-2")
    world.sync()
    assert sorted(reason for reason, _, _ in world.waits()) == [
        "it does not say its customer",
        "its customer, 99 of shop, is not among those that were read there",
    ]


def test_an_order_that_does_not_add_up_is_not_told(world: World) -> None:
    world.order(world.person("counter"), amount="500.00")
    world.sync()
    assert world.documents() == []
    assert world.waits() == [("its lines add up to 474.00, and it says 500.00", "total", 50000)]


def test_an_unreadable_line_is_journalled_and_nothing_half_is_told(world: World) -> None:
    key = world.order(world.person("counter"), item(), item(count="много"))
    report = world.sync()
    assert world.documents() == []
    unreadable = world.store.journal.all("unreadable")
    assert [(line.external_id, line.field, line.value, line.amount) for line in unreadable] == [
        (key, "lines.2.quantity", "много", 94800)
    ]
    assert ("line 2 does not say quantity", "lines.2", 94800) in world.waits()
    assert report.status == "attention"
    world.counter.edit("order", key, items=[item(), item()])
    assert world.sync().status == "clean"
    assert len(world.documents()) == 1


def test_a_position_without_an_order_is_journalled(world: World) -> None:
    key = world.position(world.person(), "")
    world.sync()
    (line,) = world.store.journal.all("unreadable")
    assert (line.entity, line.external_id, line.field, line.amount) == ("position", key, "number", 47400)


def test_shipping_is_a_line_of_its_own_good(world: World) -> None:
    world.order(world.person("counter"), shipping="130.00")
    world.sync()
    assert world.documents() == []
    assert ("line 2, “Доставка”: books has no such good: name “Доставка”", "lines.2", 13000) in world.waits()
    world.good("", "Доставка")
    world.sync()
    document = world.document()
    assert document["sum"] == "604.00"
    assert document["rows"][1] == {
        "good": "g-Доставка", "title": "Доставка", "count": "1", "price": "130.00", "sum": "130.00",
    }  # fmt: skip
    again = world.sync()
    assert (written(again), again.status) == (0, "clean"), "the sum with shipping is what was told"


def test_who_sells_is_said_by_the_persons_files(make: Make) -> None:
    spots = {"counter:2": Seller("500100732259", "Основной склад")}
    world = make(spots=spots, alone={"books": "7701234567"})
    world.good("30.896.00", "Фильтр")
    client = world.person("counter")
    world.order(client, spot="2")
    world.order(client, guid="o-2", spot="7")
    world.position(world.person())
    world.sync()
    told = sorted((document["seller"], document["storage"]) for document in world.documents())
    assert told == [("500100732259", "Основной склад"), ("7701234567", ""), ("7701234567", "")]


def test_documents_are_posted_once_where_the_route_says_so(make: Make) -> None:
    world = make(post=True)
    world.good("30.896.00", "Фильтр")
    client = world.person()
    key = world.position(client)
    report = world.sync()
    assert world.document()["posted"], report.as_json()
    assert written(world.sync()) == 0
    (document,) = world.books.rows("order")
    world.books.edit("order", document, posted=False)
    world.sync()
    assert not world.document()["posted"], "an accountant has taken it back: it stays so"
    world.books.edit("order", document, posted=True)
    world.sync()
    world.shop.edit("position", key, denied="1")
    world.sync()
    assert (world.document()["posted"], world.document()["marked"]) == (False, True)


@pytest.fixture
def posted(world: World) -> World:
    """An order that an accountant has posted, and that the shop has cancelled since; its position is 2."""
    world.position(world.person())
    world.sync()
    (document,) = world.books.rows("order")
    world.books.edit("order", document, posted=True)
    world.sync()
    world.shop.edit("position", "2", denied="1")
    return world


def test_a_posted_document_is_not_cancelled_under_its_entries(posted: World) -> None:
    for _ in range(2):
        report = posted.sync()
        assert (posted.document()["marked"], posted.document()["posted"]) == (False, True)
        assert [reason for reason, _, _ in posted.waits()] == [
            "it is posted in books: its posting must be taken back there first"
        ]
        assert report.status == "attention"
        (conflict,) = posted.store.conflicts.all("open")
        assert (conflict.kind, conflict.field, conflict.values) == (
            "document", "cancelled", {"shop": True, "books": False},
        )  # fmt: skip


def test_an_accountant_takes_the_posting_back_himself(posted: World) -> None:
    posted.sync()
    (document,) = posted.books.rows("order")
    posted.books.edit("order", document, posted=False)
    report = posted.sync()
    assert posted.document()["marked"] and posted.waits() == []
    assert posted.store.conflicts.all("open") == [], "the question has answered itself"
    assert report.status == "clean"


def test_or_says_that_the_cancelling_counts(posted: World) -> None:
    posted.sync()
    (conflict,) = posted.store.conflicts.all("open")
    resolver(posted).take(conflict.id, "shop")
    report = posted.sync()
    assert (posted.document()["marked"], posted.document()["posted"]) == (True, False)
    assert report.status == "clean"
    assert written(posted.sync()) == 0


def test_or_that_the_document_stays(posted: World) -> None:
    posted.sync()
    (conflict,) = posted.store.conflicts.all("open")
    resolver(posted).take(conflict.id, "books")
    report = posted.sync()
    assert (posted.document()["marked"], posted.document()["posted"]) == (False, True)
    assert (report.status, posted.waits(), posted.store.conflicts.all("open")) == ("clean", [], [])


def test_first_telling_needs_a_yes_of_its_own(world: World) -> None:
    world.position(world.person())
    asked = []

    def agree(report: object) -> bool:
        asked.append(dict(report.creates))  # type: ignore[attr-defined]
        return len(asked) == 1

    report = world.sync(consent=agree)
    assert asked == [{"customer/books": 1}, {"order/books": 1}], "each tells of its own routes alone"
    assert report.match is not None and report.match.creates == {"customer/books": 1, "order/books": 1}
    assert report.consent_missing == ["order/books"]
    assert world.documents() == []
    assert len(world.books.rows("customer")) == 1


def test_a_flood_of_orders_is_braked_from_the_second_run_on(make: Make) -> None:
    from connector.model.routes import Brakes

    world = make(brakes=Brakes(changes=2, share=1.0))
    world.good("30.896.00", "Фильтр")
    client = world.person()
    for number in range(3):
        world.position(client, f"NZ-{number}")
    world.sync()
    assert len(world.documents()) == 3
    for number in range(3, 6):
        world.position(client, f"NZ-{number}")
    report = world.sync()
    assert [brake.id for brake in report.brakes] == ["order/books:changes"]
    assert len(world.documents()) == 3
    world.sync(accept=frozenset({"order/books:changes"}))
    assert len(world.documents()) == 6


def test_only_orders_may_be_asked_for(world: World) -> None:
    world.position(world.person())
    world.sync(entities=("customer",))
    assert world.documents() == []
    world.sync(entities=("order",))
    assert len(world.documents()) == 1


def test_a_feed_that_breaks_off_makes_no_half_order(world: World) -> None:
    from connector.errors import Unavailable
    from connector.systems.memory import Fault, Script

    client = world.person()
    for number in range(5):
        world.position(client, added=f"2026-11-20 10:00:0{number}")
    world.shop.faults = Script(Fault("feed", "before", Unavailable("gone"), skip=1, entity="position"))
    report = world.sync()
    assert report.status == "stopped"
    assert world.documents() == []
    world.shop.faults = None
    world.sync()
    assert len(world.document()["rows"]) == 5


def test_positions_are_found_by_their_place(world: World) -> None:
    key = world.position(world.person())
    world.sync()
    assert world.hub("shop", key, "position")["lines"][0]["product"] == "UFI 30.896.00"
