"""The lines of a document that was told are compared with what stands there: money and goods, whoever edited them."""

from __future__ import annotations

import pytest

from connector.sync.ledger.lines import differing, same_lines
from connector.sync.report import conflict_json
from tests.ledger.test_ledger_disputes import question, resolver
from tests.ledger.worlds import World, item, written

SPRING = {"id": "790", "title": "Пружина", "price": "10.00", "sum": "10.00", "count": "1"}


@pytest.fixture
def told(world: World) -> World:
    """One order of the counter with two lines, told; its key is 2."""
    world.order(world.person("counter"), item(), item(**SPRING))
    assert world.sync().status == "clean"
    assert world.sync().status == "clean"
    return world


def rows(world: World) -> list[dict[str, object]]:
    return [dict(row) for row in world.document()["rows"]]


def edit(world: World, changed: list[dict[str, object]], **fields: object) -> None:
    (key,) = world.books.rows("order")
    world.books.edit("order", key, rows=changed, **fields)


def test_a_line_edited_in_the_books_is_a_question_with_both_totals_and_the_lines(told: World) -> None:
    changed = rows(told)
    changed[1] |= {"count": "2", "sum": "20.00"}
    edit(told, changed, sum="494.00")
    report = told.sync()
    assert report.status == "attention"
    shown = conflict_json(question(told))
    assert {account: value["total"] for account, value in shown["values"].items()} == {
        "books": "494.00", "counter": "484.00",
    }  # fmt: skip
    assert [line["total"] for line in shown["values"]["books"]["lines"]] == ["474.00", "20.00"]
    assert told.waits() == [
        ("it was changed after it had been carried: lines, total (books 494.00, counter 484.00; lines 2)", None, 1000)
    ]
    again = told.sync()
    assert written(again) == 0 and rows(told)[1]["count"] == "2", "never rewritten in silence"


def test_the_same_sum_in_other_lines_is_a_question_too(told: World) -> None:
    changed = rows(told)
    changed[0]["sum"], changed[1]["sum"] = "464.00", "20.00"
    edit(told, changed)
    told.sync()
    assert question(told).base.keys() == {"lines", "total"}, "the totals are shown even where they agree"
    assert told.waits()[0][0].endswith("lines, total (books 484.00, counter 484.00; lines 1, 2)")


@pytest.mark.parametrize("good", ["g-30.896.00", "another"])
def test_another_good_in_a_line_is_a_question(told: World, good: str) -> None:
    changed = rows(told)
    changed[1]["good"] = good
    edit(told, changed)
    told.sync()
    assert "lines" in question(told).base


def test_a_line_more_or_less_is_a_question(told: World) -> None:
    edit(told, rows(told)[:1])
    told.sync()
    assert told.waits()[0][0].endswith("lines 2)")
    edit(told, [])
    told.sync()
    assert question(told).values["books"]["lines"] is None


def test_order_and_spelling_of_lines_are_no_change(told: World) -> None:
    changed = rows(told)[::-1]
    changed[0] |= {"count": "1.000", "title": "Пружина передняя", "LineNumber": "1"}
    edit(told, changed)
    report = told.sync()
    assert (report.status, written(report)) == ("clean", 0), report.as_json()
    assert told.store.conflicts.all() == []


def test_a_person_leaves_the_lines_of_the_books(told: World) -> None:
    edit(told, rows(told)[:1], sum="474.00")
    told.sync()
    resolver(told).take(question(told).id, "books")
    report = told.sync()
    assert (report.status, written(report), len(rows(told))) == ("clean", 0, 1)
    edit(told, [], sum="0.00")
    told.sync()
    assert question(told).status == "open", "another change is another question"


def test_a_person_has_the_lines_written_again(told: World) -> None:
    edit(told, rows(told)[:1])
    told.sync()
    resolver(told).take(question(told).id, "counter")
    assert told.sync().status == "clean"
    assert [row["sum"] for row in rows(told)] == ["474.00", "10.00"]
    again = told.sync()
    assert (written(again), again.status) == (0, "clean")


def test_equal_totals_are_no_correction_while_the_lines_differ(told: World) -> None:
    """The source has changed its lines and the books hold others: nobody has entered ours."""
    told.counter.edit("order", "2", items=[item(sum="484.00", price="484.00")])
    told.sync()
    resolver(told).take(question(told).id, "counter")
    told.sync()
    assert [row["sum"] for row in rows(told)] == ["484.00"]


def test_two_goods_that_became_one_are_no_change(told: World) -> None:
    """A person joins what the counter calls 790 with the good of the books that is called otherwise there."""
    from connector.sync.people import merge_records

    uid = told.good("555", "Пружина задняя")
    told.order(told.person("counter", "+79160000044"), item(id="791", title="Пружина задняя"), guid="o-2")
    assert told.sync().status == "clean"
    one, other = (told.store.crosswalk.at("counter", "product", key) for key in ("790", "791"))
    assert one is not None and other is not None and uid
    merge_records(told.store, one.uid, other.uid, at="now", by="test")
    told.sync(full=True)
    assert told.store.conflicts.all("open") == []


LINE = {"product": "p", "sku": "T", "name": "Футболка", "quantity": "2", "price": 100, "total": 200}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"quantity": "2.000"}, True),
        ({"quantity": "3"}, False),
        ({"total": 201}, False),
        ({"price": 90}, True),
        ({"product": "q"}, False),
        ({"name": "Футболка белая"}, True),
        ({"vat_rate": "10"}, True),
    ],
    ids=str,
)
def test_what_makes_two_lines_one(other: dict[str, object], same: bool) -> None:
    assert same_lines([LINE], [{**LINE, **other}]) is same
    assert differing([LINE, LINE], [LINE, {**LINE, **other}]) == ([] if same else [2])


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"sku": "T", "name": "Рубашка"}, True),
        ({"sku": "t "}, True),
        ({"sku": "X", "name": " футболка"}, True),
        ({"sku": "X", "name": "Рубашка"}, False),
        ({"name": "Рубашка"}, True),
    ],
    ids=str,
)
def test_where_the_good_has_no_key_there_its_article_and_name_tell(other: dict[str, object], same: bool) -> None:
    told = {name: value for name, value in LINE.items() if name != "product"}
    read = {"quantity": "2", "total": 200, **other}
    assert same_lines([told], [read]) is same
