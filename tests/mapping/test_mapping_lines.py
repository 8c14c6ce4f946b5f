"""Rows inside a record: read as a list, written as a whole, by the same laws; a wrong block is told with its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import ConfigError, ConfigErrors, RowError
from connector.mapping import build
from connector.mapping.explain import explain
from connector.mapping.laws import check
from connector.mapping.mapping import Mapping
from connector.model.records import Order, OrderLine, as_dict
from connector.model.values import ABSENT
from tests.mapping.shelf import GOLDEN, document, golden, ship

HEAD = "system: memory\nentity: order\nfields:\n  total: {path: sum, as: roubles}\n"
LINES = """\
lines:
  path: rows
  write_defaults: {vat: none}
  fields:
    product:  {path: good, link: product}
    name:     {path: title}
    quantity: {path: count, as: number}
    price:    {path: each, as: roubles}
    total:    {path: sum, as: roubles}
"""


def orders(lines: str = LINES) -> Mapping:
    return build(document(HEAD + lines), "memory", "order")


def wrong(text: str, entity: str = "order") -> list[str]:
    with pytest.raises(ConfigError) as caught:
        build(document(text), "memory", entity)
    error = caught.value
    return [str(one) for one in (error.errors if isinstance(error, ConfigErrors) else [error])]


ROW = {"good": 7, "title": "Фильтр", "count": "2.50", "each": "10.10", "sum": "25.25"}
LINE = {"product": "7", "name": "Фильтр", "quantity": "2.5", "price": 1010, "total": 2525}


def test_rows_are_read_as_lines_in_their_order() -> None:
    record = orders().read({"sum": "26.25", "rows": [ROW, {"good": "8", "sum": 1}]})
    assert isinstance(record, Order)
    assert record.lines == [OrderLine(**LINE), OrderLine(product="8", total=100)]
    assert as_dict(record) == {"lines": [LINE, {"product": "8", "total": 100}], "total": 2625}
    assert orders().paths == ("sum", "rows") and orders().reads == {"total", "lines"}


@pytest.mark.parametrize(("rows", "lines"), [([], None), (None, None), ("", None), ({}, None)])
def test_no_rows_are_known_to_be_empty(rows: Any, lines: None) -> None:
    assert as_dict(orders().read({"rows": rows})) == {"lines": lines}
    assert "lines" not in as_dict(orders().read({}))


def test_a_broken_row_is_told_by_its_number_and_the_rest_is_read() -> None:
    problems: list[RowError] = []
    record = as_dict(orders().read({"rows": [ROW, {**ROW, "count": "много"}]}, problems))
    assert record["lines"] == [LINE, {name: value for name, value in LINE.items() if name != "quantity"}]
    assert [(one.field, one.value) for one in problems] == [("lines.2.quantity", "много")]
    with pytest.raises(RowError, match=r"lines\.1\.quantity"):
        orders().read({"rows": [{"count": "x"}]})


@pytest.mark.parametrize("rows", ["text", 5, [1], {"a": 1}])
def test_what_is_no_list_of_rows_is_a_problem_and_absent(rows: Any) -> None:
    problems: list[RowError] = []
    assert orders().read({"rows": rows}, problems).lines is ABSENT  # type: ignore[attr-defined]
    assert [one.field for one in problems] == ["lines"]


def test_lines_are_written_as_a_whole_with_the_defaults_of_a_row() -> None:
    told = orders().write({"lines": [LINE, {"product": "8", "name": None}]})
    assert told == {
        "rows": [
            {"vat": "none", "good": "7", "title": "Фильтр", "count": "2.5", "each": "10.10", "sum": "25.25"},
            {"vat": "none", "good": "8"},
        ]
    }
    assert orders().sayable({"lines": [LINE]}) == ({"lines": [LINE]}, [])


def test_what_cannot_be_said_names_the_line() -> None:
    strict = orders(LINES.replace("{path: count, as: number}", "{path: count, as: whole_percent}"))
    with pytest.raises(RowError) as caught:
        strict.write({"lines": [LINE, LINE]})
    assert caught.value.field == "lines.1.quantity"


def test_lines_are_equal_by_the_equality_of_their_fields() -> None:
    one = orders(LINES.replace("{path: title}", "{path: title, as: person_name}"))
    other = {**LINE, "name": "V60 Фильтр"}
    assert one.equal("lines", [{**LINE, "name": "Фильтр V60"}], [other])
    assert not one.equal("lines", [LINE], [other])
    assert not one.equal("lines", [LINE], [LINE, LINE])
    assert not one.equal("lines", None, [LINE])


def test_the_laws_hold_inside_lines_too() -> None:
    assert check(orders(), [{"rows": [ROW]}]) == []
    table = LINES.replace("{path: title}", "{path: title, table: {A: a}, blank: A}")
    assert {one.field for one in check(orders(table))} == {"lines.name"}


def test_a_record_that_is_its_own_one_line() -> None:
    raw = golden(GOLDEN / "saplab" / "position" / "20.json")["raw"]
    steps = {step.field: step for step in explain(ship("saplab", "position"), raw)}
    assert steps["lines.1.product"].value == "KILEN 12133"
    assert steps["lines.1.product"].raw == {"brand": "KILEN", "article": "12133"}
    assert steps["number"].value == "NZ-005"


def test_every_row_is_explained() -> None:
    steps = {step.field: step for step in explain(orders(), {"rows": [ROW, {**ROW, "count": "x"}]})}
    assert steps["lines.1.quantity"].value == "2.5"
    assert str(steps["lines.2.quantity"].reason) == "this is not a number"


def test_1c_takes_numbers_not_texts() -> None:
    mapping = ship("profiles/bp30", "order")
    (row,) = mapping.write({"lines": [{"quantity": "0.5", "total": 0}]}, new=True)["Товары"]
    assert row == {"Количество": Decimal("0.5"), "Сумма": Decimal("0.00")}
    assert mapping.lines is not None and mapping.lines.shipping == "Доставка"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LINES.replace("path: rows", "pth: rows"), "6:3: unknown word “pth”"),
        (LINES.replace("quantity:", "quantit:"), "unknown field “quantit”; did you mean “quantity”?"),
        (LINES.replace(", link: product", ""), "this field must say “link: product”"),
        (LINES.replace("as: number", "as: roubles"), "gives another kind of value"),
        (LINES.replace("{path: title}", "{path: good}"), "“good” is already written by another row"),
        (LINES.replace("  path: rows\n", ""), "need the “path” of their list"),
        (LINES.replace("path: rows", "path: sum"), "“sum” is already written by another row"),
    ],
)
def test_a_wrong_block_is_told_with_its_place(text: str, told: str) -> None:
    found = wrong(HEAD + text)
    assert any(told in one for one in found), found


def test_lines_belong_to_records_that_have_them() -> None:
    text = "system: memory\nentity: group\nfields:\n  name: {path: a}\n" + LINES
    assert any("“group” has no rows inside" in one for one in wrong(text, "group"))


def test_shipping_is_about_writing() -> None:
    text = HEAD + "lines:\n  shipping: Доставка\n  fields:\n    name: {path: a, only: read}\n"
    assert any("“shipping” is about writing" in one for one in wrong(text))


def test_what_the_hub_computes_no_system_is_asked_for() -> None:
    text = HEAD + "  status: {path: state}\n"
    assert any("it is computed from others" in one for one in wrong(text))
    assert any("nobody writes this field" in one for one in wrong(HEAD + "  number_1c: {path: n}\n"))


def test_otherwise_is_what_is_not_in_the_table() -> None:
    fields = "  shipped: {path: s, table: {Выдано: true}, otherwise: false, only: read}\n"
    mapping = build(document(HEAD + fields), "memory", "order")
    assert [as_dict(mapping.read({"s": raw})).get("shipped") for raw in ("Выдано", "Ждёт", "")] == [True, False, None]
    told = wrong(HEAD + fields.replace("table: {Выдано: true}", "as: flag"))
    assert any("“otherwise” belongs to a table" in one for one in told)
    both = build(document(HEAD + fields.replace(", only: read", "")), "memory", "order")
    assert both.write({"shipped": True}) == {"s": "Выдано"}
    with pytest.raises(RowError, match="no word here"):
        both.write({"shipped": False})
    told = wrong(HEAD + fields.replace("otherwise: false", "otherwise: nein"))
    assert any("of one kind" in one for one in told)
