"""A document that was changed after it was told is never rewritten in silence: a person decides, money in sight."""

from __future__ import annotations

import pytest

from connector.errors import UsageError
from connector.model.states import Conflict
from connector.sync.report import conflict_json
from connector.sync.resolve import Resolver
from tests.ledger.conftest import Make
from tests.ledger.worlds import World, item, written


def resolver(world: World) -> Resolver:
    routes = {routes.entity: routes for routes in world.routes()}
    return Resolver(world.store, routes, world.mappings, at="2026-11-21T12:00:00+03:00", by="Анна")


def question(world: World) -> Conflict:
    (conflict,) = world.store.conflicts.all("open")
    return conflict


@pytest.fixture
def told(world: World) -> World:
    """One order of the counter, told; its key is 2."""
    assert world.order(world.person("counter")) == "2"
    world.sync()
    return world


def double(world: World) -> None:
    world.counter.edit("order", "2", items=[item(), item()], amount="948.00")


def test_other_content_under_the_same_id_is_a_question_and_a_line_of_the_journal(told: World) -> None:
    double(told)
    report = told.sync()
    assert told.document()["sum"] == "474.00"
    conflict = question(told)
    assert (conflict.kind, conflict.entity, conflict.rule) == ("document", "order", "manual")
    shown = conflict_json(conflict)
    assert shown["base"]["total"] == "474.00"
    assert {account: value["total"] for account, value in shown["values"].items()} == {
        "books": "474.00", "counter": "948.00",
    }  # fmt: skip
    assert [line["total"] for line in shown["values"]["counter"]["lines"]] == ["474.00", "474.00"]
    assert told.waits() == [
        ("it was changed after it had been carried: lines, total (books 474.00, counter 948.00; lines 2)", None, 47400)
    ]
    assert (report.status, report.exit_code) == ("attention", 1)
    again = told.sync()
    assert written(again) == 0 and len(told.store.conflicts.all()) == 1 and len(told.waits()) == 1


def test_the_question_goes_when_the_source_takes_it_back(told: World) -> None:
    double(told)
    told.sync()
    told.counter.edit("order", "2", items=[item()], amount="474.00")
    report = told.sync()
    assert told.store.conflicts.all("open") == [] and told.waits() == []
    assert report.status == "clean"


def test_a_person_lets_the_new_content_count(told: World) -> None:
    double(told)
    told.sync()
    resolver(told).take(question(told).id, "counter")
    report = told.sync()
    assert told.document()["sum"] == "948.00" and len(told.document()["rows"]) == 2
    assert told.hub("counter", "2")["total"] == 94800
    assert (written(report), report.status) == (1, "clean"), report.as_json()
    assert written(told.sync()) == 0
    (decided,) = told.store.conflicts.all()
    assert (decided.winner, decided.by, decided.status) == ("counter", "Анна", "resolved")


def test_a_person_leaves_the_books_as_they_are(told: World) -> None:
    double(told)
    told.sync()
    resolver(told).take(question(told).id, "books")
    report = told.sync()
    assert told.document()["sum"] == "474.00"
    assert (written(report), report.status) == (0, "clean")
    assert told.hub("counter", "2")["total"] == 47400
    told.counter.edit("order", "2", items=[item(), item(), item()], amount="1422.00")
    told.sync()
    assert question(told).values["counter"]["total"] == 142200, "another change is another question"


def test_what_was_corrected_in_the_books_by_hand_is_not_written_again(told: World) -> None:
    double(told)
    told.sync()
    (key,) = told.books.rows("order")
    by_hand = [{**told.document()["rows"][0], "by": "hand"}] * 2
    told.books.edit("order", key, sum="948.00", rows=by_hand)
    told.sync()
    resolver(told).take(question(told).id, "counter")
    report = told.sync()
    assert told.document()["rows"] == by_hand
    assert (written(report), report.status) == (0, "clean")


def test_a_change_in_the_books_is_asked_about_too(told: World) -> None:
    (key,) = told.books.rows("order")
    told.books.edit("order", key, sum="400.00")
    told.sync()
    text = "it was changed after it had been carried: total (books 400.00, counter 474.00)"
    assert told.waits() == [(text, None, 7400)]
    assert question(told).values == {"books": {"total": 40000}, "counter": {"total": 47400}}
    resolver(told).take(question(told).id, "books")
    assert told.sync().status == "clean"
    assert told.document()["sum"] == "400.00"
    assert told.hub("counter", "2")["total"] == 47400, "the fact is what the source says"


def test_a_change_in_the_books_can_be_taken_back(told: World) -> None:
    (key,) = told.books.rows("order")
    told.books.edit("order", key, sum="400.00")
    told.sync()
    resolver(told).take(question(told).id, "counter")
    report = told.sync()
    assert told.document()["sum"] == "474.00"
    assert report.status == "clean"
    assert written(told.sync()) == 0


def test_a_decision_holds_only_while_what_was_shown_still_stands(told: World) -> None:
    double(told)
    told.sync()
    shown = question(told).id
    told.counter.edit("order", "2", items=[item()] * 3, amount="1422.00")
    told.sync(entities=("customer",))
    told.sync()
    assert question(told).id == shown, "refreshed in place"
    told.counter.edit("order", "2", amount="1.00")
    told.store.crosswalk.saw(
        [(b'{"amount":"1.00"}', None, None, 0, None, told.store.crosswalk.at("counter", "order", "2").id)]  # type: ignore[union-attr]
    )
    with pytest.raises(UsageError, match="has changed since"):
        resolver(told).take(shown, "counter")
    with pytest.raises(UsageError, match="give --take"):
        resolver(told).value(shown, "1.00")


def test_a_posted_document_is_not_rewritten_even_so(make: Make) -> None:
    world = make(post=True)
    world.good("30.896.00", "Фильтр")
    world.order(world.person("counter"))
    world.sync()
    double(world)
    world.sync()
    resolver(world).take(question(world).id, "counter")
    world.sync()
    assert (world.document()["sum"], world.document()["posted"]) == ("474.00", True)
    assert world.waits()[0][0] == "it is posted in books: its posting must be taken back there first"
    (key,) = world.books.rows("order")
    world.books.edit("order", key, posted=False)
    assert world.sync().status == "clean"
    assert (world.document()["sum"], world.document()["posted"]) == ("948.00", False)


def test_a_position_added_later_is_such_a_change(world: World) -> None:
    client = world.person()
    world.position(client)
    world.sync()
    world.position(client, article="12133", title="Пружина")
    world.sync()
    assert question(world).base.keys() == {"lines", "total"}
    resolver(world).take(question(world).id, "shop")
    world.sync()
    assert [row["good"] for row in world.document()["rows"]] == ["g-30.896.00", "g-12133"]
    assert world.sync().status == "clean"


def test_a_comment_is_no_fact(told: World) -> None:
    told.counter.edit("order", "2", note="позвонить")
    report = told.sync()
    assert (report.status, written(report)) == ("clean", 0)
    assert told.hub("counter", "2")["comment"] == "позвонить"


def test_two_merged_people_are_no_change_of_an_order(told: World) -> None:
    """Whom the books mean, and whom we told them, became one."""
    from connector.sync.people import merge_records

    other = told.person("counter", "+79160000009", "Петров И.")
    told.sync()
    one = told.store.crosswalk.at("counter", "customer", "1")
    two = told.store.crosswalk.at("counter", "customer", other)
    assert one is not None and two is not None
    merge_records(told.store, one.uid, two.uid, at="now", by="test")
    report = told.sync()
    assert told.store.conflicts.all("open") == [], report.as_json()
    assert told.hub("counter", "2")["customer"] == two.uid


def test_a_changed_mapping_is_no_change_of_a_document(world: World) -> None:
    from connector.mapping import build
    from connector.yamlfile import parse

    client = world.person()
    world.position(client)
    world.order(world.person("counter", "+79160000002"))
    world.sync()
    for account, entity, old, new in (
        ("shop", "position", "name:     {path: title,", "name:     {path: brand,"),
        ("counter", "order", "name:     {path: title,", "name:     {path: id,"),
    ):
        from tests.ledger.worlds import MAPPINGS

        text = (MAPPINGS / account / "memory" / f"{entity}.yaml").read_text(encoding="utf-8")
        assert old in text
        world.mappings[account, entity] = build(parse(text.replace(old, new).encode(), "x"), "memory", entity)
    report = world.sync()
    assert (report.status, written(report)) == ("clean", 0), report.as_json()
    assert world.store.conflicts.all() == []
    world.shop.edit("position", "2", count="2", sum="948")
    world.sync()
    assert question(world).entity == "order"


def test_an_order_without_a_number_whose_amount_was_changed_is_asked_about(world: World) -> None:
    """Its key is customer, moment and amount (V-04): with another amount it comes as another order."""
    client = world.person("counter")
    world.counter.insert("order", _order(client, "474.00"), "1/2026-11-20/474.00")
    world.sync()
    world.counter.remove("order", "1/2026-11-20/474.00")
    world.counter.insert("order", _order(client, "500.00"), "1/2026-11-20/500.00")
    report = world.sync()
    assert len(world.documents()) == 1 and report.status == "attention"
    conflict = question(world)
    assert (conflict.kind, conflict.field) == ("identity", "moment")
    assert ("it may be one that is known already, with another amount", None, 50000) in world.waits()
    older = conflict.values["counter"][0]
    resolver(world).value(conflict.id, older)
    world.sync()
    assert len(world.documents()) == 1
    changed = question(world)
    assert (changed.kind, changed.values["counter"]["total"]) == ("document", 50000)
    resolver(world).take(changed.id, "counter")
    assert world.sync().status == "clean"
    assert world.document()["sum"] == "500.00"
    assert written(world.sync()) == 0


def test_two_orders_of_one_moment_are_two_when_a_person_says_so(world: World) -> None:
    client = world.person("counter")
    world.counter.insert("order", _order(client, "474.00"), "a")
    world.sync()
    world.counter.insert("order", _order(client, "500.00"), "b")
    world.sync()
    resolver(world).value(question(world).id, "separate")
    assert world.sync().status == "clean"
    assert sorted(document["sum"] for document in world.documents()) == ["474.00", "500.00"]


def test_two_orders_of_one_moment_that_appear_together_are_two(world: World) -> None:
    client = world.person("counter")
    world.counter.insert("order", _order(client, "474.00"), "a")
    world.counter.insert("order", _order(client, "500.00"), "b")
    assert world.sync().status == "clean"
    assert len(world.documents()) == 2


def _order(client: str, amount: str) -> dict[str, object]:
    return {
        "guid": "", "created": "2026-11-20 18:45:08", "client": client, "amount": amount, "items": [item(sum=amount)],
    }  # fmt: skip
