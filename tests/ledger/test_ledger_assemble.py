"""How positions become an order: what is summed, what is joined, what is left out. Pure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sync.ledger.assemble import combine, key_of


def position(**fields: Any) -> dict[str, Any]:
    said = {
        "number": "NZ-5",
        "customer": "2",
        "date": "2026-11-20T22:02:43+03:00",
        "total": 100,
        "lines": [{"total": 100}],
    }
    return {**said, **fields}


@pytest.mark.parametrize(
    ("fields", "key"),
    [({}, "2/NZ-5"), ({"customer": None}, "/NZ-5"), ({"number": None}, None), ({"number": "0"}, "2/0")],
)
def test_an_order_is_told_by_its_customer_and_number(fields: dict[str, Any], key: str | None) -> None:
    assert key_of(position(**fields)) == key


def test_lines_follow_one_another_and_amounts_are_summed() -> None:
    order = combine([position(), position(total=250, lines=[{"total": 250}])])
    assert (order["lines"], order["total"]) == ([{"total": 100}, {"total": 250}], 350)
    assert (order["number"], order["customer"]) == ("NZ-5", "2")
    assert "discount" not in order and "shipping_cost" not in order, "nobody said so"


def test_an_amount_that_one_position_does_not_say_is_not_known() -> None:
    assert "total" not in combine([position(), position(total=None)])
    assert combine([position(total=0)])["total"] == 0


def test_the_first_moment_counts_whatever_its_spelling() -> None:
    later = position(date="2026-11-20T19:02:44+00:00")
    assert combine([later, position()])["date"] == "2026-11-20T22:02:43+03:00"


def test_what_was_written_twice_is_said_once() -> None:
    order = combine(
        [
            position(comment="После шести", delivery="Склад"),
            position(comment="После шести", delivery="Город"),
            position(),
        ]
    )
    assert (order["comment"], order["delivery"]) == ("После шести", "Склад; Город")
    assert combine([position(comment=None)])["comment"] is None
    assert "comment" not in combine([position()])


@pytest.mark.parametrize(
    ("flags", "cancelled", "lines"),
    [
        ([False, False], False, 2),
        ([True, False], False, 1),
        ([True, True], True, 2),
        ([None, True], True, 1),
        ([None, None], None, 2),
    ],
)
def test_denied_positions_are_no_lines_unless_all_are(
    flags: list[bool | None], cancelled: bool | None, lines: int
) -> None:
    order = combine([position(cancelled=flag) for flag in flags])
    assert (order.get("cancelled"), len(order["lines"])) == (cancelled, lines)


def test_it_is_paid_when_all_that_is_left_of_it_is() -> None:
    assert combine([position(paid=True), position(paid=False)])["paid"] is False
    assert combine([position(paid=True), position(paid=False, cancelled=True)])["paid"] is True
    assert "paid" not in combine([position()])


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.booleans()), min_size=1, max_size=6))
def test_the_total_is_always_that_of_the_lines(rows: list[tuple[int, bool]]) -> None:
    order = combine([position(total=total, lines=[{"total": total}], cancelled=denied) for total, denied in rows])
    assert order["total"] == sum(line["total"] for line in order["lines"])
    assert order["lines"]
