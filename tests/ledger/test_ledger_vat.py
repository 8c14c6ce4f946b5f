"""VAT of a line: told where the shop or the good says it, never made up."""

from __future__ import annotations

from typing import Any

import pytest

from connector.mapping import Mapping, build
from connector.sync.ledger.tell import with_vat
from connector.systems.memory import Column
from connector.yamlfile import parse
from tests.ledger.conftest import Make
from tests.ledger.worlds import MAPPINGS, World, item, written


@pytest.mark.parametrize(
    ("line", "rates", "told"),
    [
        ({"total": 12000}, {}, {"total": 12000}),
        ({"total": 12000, "vat_rate": "20"}, {}, {"total": 12000, "vat_rate": "20", "vat": 2000}),
        ({"total": 12000, "product": "p"}, {"p": "20"}, {"vat_rate": "20", "vat": 2000}),
        ({"total": 12000, "product": "p", "vat_rate": "10"}, {"p": "20"}, {"vat_rate": "10", "vat": 1091}),
        ({"total": 12000, "vat_rate": "20", "vat": 1999}, {}, {"vat": 1999}),
        ({"total": 12000, "vat_rate": "none"}, {}, {"vat_rate": "none", "vat": None}),
        ({"total": 12000, "vat_rate": "0"}, {}, {"vat_rate": "0", "vat": 0}),
        ({"total": 12000, "vat_rate": None, "vat": None}, {}, {"vat_rate": None, "vat": None}),
        ({"total": 3, "vat_rate": "20"}, {}, {"vat": 1}),
    ],
    ids=str,
)
def test_the_rate_of_the_line_then_of_the_good_and_else_nothing(
    line: dict[str, Any], rates: dict[str, str], told: dict[str, Any]
) -> None:
    (found,) = with_vat([line], rates)
    assert {name: found.get(name) for name in told} == told


def changed(account: str, entity: str, old: str, new: str) -> Mapping:
    text = (MAPPINGS / account / "memory" / f"{entity}.yaml").read_text(encoding="utf-8")
    assert old in text
    return build(parse(text.replace(old, new).encode(), "x"), "memory", entity)


TOTAL = "    total:    {path: sum, as: roubles}\n"
VAT = """\
    vat_rate: {write: rate, table: {НДС20: "20", БезНДС: none}, only: write}
    vat:      {write: vat, as: roubles, only: write}
"""
TAXED = {
    ("books", "order"): changed("books", "order", TOTAL, TOTAL + VAT),
    ("books", "product"): changed(
        "books", "product", "  sku:", '  vat_rate: {path: rate, table: {НДС20: "20", НДС10: "10"}, only: read}\n  sku:'
    ),
}


@pytest.fixture
def taxed(make: Make) -> World:
    """Books whose goods have a rate of VAT."""
    world = make(mappings=TAXED)
    world.books.tables["product"].columns["rate"] = Column(default="")
    world.books.insert("product", {"article": "30.896.00", "title": "Фильтр", "rate": "НДС20"}, "filter")
    world.books.insert("product", {"article": "12133", "title": "Пружина", "rate": ""}, "spring")
    return world


def test_the_good_says_it(taxed: World) -> None:
    client = taxed.person()
    taxed.position(client)
    taxed.position(client, article="12133", title="Пружина")
    assert taxed.sync().status == "clean"
    one, other = taxed.document()["rows"]
    assert (one["rate"], one["vat"]) == ("НДС20", "79.00")
    assert "rate" not in other and "vat" not in other, "what is not said stays unsaid"
    again = taxed.sync()
    assert (written(again), again.status) == (0, "clean")


def test_the_good_is_asked_anew_in_each_run(taxed: World) -> None:
    client = taxed.person()
    taxed.position(client)
    taxed.sync()
    taxed.books.edit("product", "filter", rate="")
    taxed.position(client, "NZ-2")
    taxed.sync()
    assert ["rate" in document["rows"][0] for document in taxed.documents()] == [True, False]


def test_a_rate_that_the_books_have_no_word_for_waits(taxed: World) -> None:
    taxed.books.edit("product", "filter", rate="НДС10")
    taxed.position(taxed.person())
    taxed.sync()
    assert taxed.documents() == []
    ((reason, name, money),) = taxed.waits()
    assert "vat_rate" in (name or "") and "no word here" in reason and money == 47400


def test_the_shop_says_it(make: Make) -> None:
    old = "    total:    {path: sum, as: roubles, only: read}\n"
    new = old + "    vat_rate: {path: rate, only: read}\n    vat: {path: vat, as: roubles, only: read}\n"
    world = make(mappings={**TAXED, ("counter", "order"): changed("counter", "order", old, new)})
    world.good("30.896.00", "Фильтр")
    world.order(world.person("counter"), item(rate="20", vat="78.99"))
    world.sync()
    (row,) = world.document()["rows"]
    assert (row["rate"], row["vat"]) == ("НДС20", "78.99"), "its own sum, not ours"


def test_vat_that_the_accountant_changes_is_no_change_of_the_order(taxed: World) -> None:
    taxed.position(taxed.person())
    taxed.sync()
    (key,) = taxed.books.rows("order")
    taxed.books.edit("order", key, rows=[{**taxed.document()["rows"][0], "rate": "БезНДС", "vat": "0.00"}])
    report = taxed.sync()
    assert (report.status, written(report)) == ("clean", 0)
    assert taxed.document()["rows"][0]["rate"] == "БезНДС"
