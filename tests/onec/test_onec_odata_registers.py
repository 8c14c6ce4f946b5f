"""Registers: settlements with customers, stock and prices of each configuration, posted by documents and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from conftest import FrozenClock
from contract import uid

from connector.errors import BrokenAnswer, Forbidden, UsageError
from connector.sandbox import Sandbox
from connector.sandbox.onec import posting, writing
from connector.systems.onec.calls import CALLS
from connector.systems.onec.profile import RegisterTable
from connector.systems.onec.registers import Registers
from onec.base_world import BaseWorld

Bases = Callable[[str], Sandbox]

SALE = {
    "bp30": ("Document_РеализацияТоваровУслуг", "Контрагент_Key", "Товары", "Склад_Key"),
    "ut11": ("Document_РеализацияТоваровУслуг", "Партнер_Key", "Товары", "Склад_Key"),
    "unf": ("Document_РасходнаяНакладная", "Контрагент_Key", "Запасы", "СтруктурнаяЕдиница_Key"),
}
PEOPLE = {"bp30": "Catalog_Контрагенты", "ut11": "Catalog_Партнеры", "unf": "Catalog_Контрагенты"}
FIRST, SECOND, GOOD, STORE = (uid(number) for number in (1, 2, 3, 4))


class Books:
    """A base in which somebody sells."""

    def __init__(self, sandbox: Sandbox, clock: FrozenClock, profile: str) -> None:
        self.world = BaseWorld(sandbox, clock, profile)
        self.base, self.profile = self.world.base, profile
        for guid in (FIRST, SECOND):
            self.make(PEOPLE[profile], {"Ref_Key": guid, "Description": guid[-1]})
        self.make("Catalog_Номенклатура", {"Ref_Key": GOOD, "Description": "Кофе", "IsFolder": False})
        self.make("Catalog_Склады", {"Ref_Key": STORE, "Description": "Склад"})
        (self.firm,) = self.base.objects("Catalog_Организации")

    def make(self, resource: str, body: dict[str, Any]) -> str:
        kind = self.base.configuration.kinds[resource]
        own = {item.key for item in kind.properties} | {table.name for table in kind.tables} | {"Ref_Key"}
        with self.world.world.lock:
            return writing.create(self.base, kind, {k: v for k, v in body.items() if k in own}, writing.Terms())

    def sell(self, customer: str, total: str, quantity: str = "1", date: str = "2026-03-01T10:00:00") -> str:
        resource, owner, table, place = SALE[self.profile]
        line = {"LineNumber": "1", "Номенклатура_Key": GOOD, "Количество": Decimal(quantity)}
        line |= {"Цена": Decimal(total), "Сумма": Decimal(total)}
        head = {"Date": date, "Организация_Key": self.firm, owner: customer, place: STORE, table: [line]}
        guid = self.make(resource, head)
        with self.world.world.lock:
            posting.post(self.base, self.base.configuration.kinds[resource], guid, writing.Terms())
        return guid

    def told(self, name: str, **given: Any) -> Any:
        return self.world.adapter.call(name, given)


@pytest.fixture(params=["bp30", "ut11", "unf"])
def books(request: pytest.FixtureRequest, bases: Bases, clock: FrozenClock) -> Iterator[Books]:
    made = Books(bases(request.param), clock, request.param)
    yield made
    made.world.adapter.close()


def of(rows: list[dict[str, Any]], *keys: str) -> dict[Any, Any]:
    return {tuple(row[key] for key in keys[:-1]): row[keys[-1]] for row in rows}


def test_settlements_with_every_customer_to_the_kopeck(books: Books) -> None:
    books.sell(FIRST, "100.50")
    books.sell(FIRST, "0.07", date="2026-04-01T10:00:00")
    books.sell(SECOND, "7.00")
    owed = of(books.told("settlements"), "customer", "organization", "amount")
    assert owed == {(FIRST, books.firm): "100.57", (SECOND, books.firm): "7.00"}
    early = of(books.told("settlements", before="2026-04-01T10:00:00"), "customer", "amount")
    assert early == {(FIRST,): "100.50", (SECOND,): "7.00"}, "a balance is what there was just before"
    assert of(books.told("settlements", customer=SECOND), "customer", "amount") == {(SECOND,): "7.00"}
    assert books.told("settlements", before="2026-01-01") == []


def test_amounts_are_exact_and_never_pass_a_float(books: Books) -> None:
    for total in ("0.10", "0.20", "1234567890123.45"):
        books.sell(FIRST, total)
    (row,) = Registers(books.world.adapter.wire, books.world.profile).read("settlements")
    assert row["amount"] == Decimal("1234567890123.75")


@pytest.mark.parametrize("profile", ["ut11", "unf"])
def test_stock_and_prices(bases: Bases, clock: FrozenClock, profile: str) -> None:
    books = Books(bases(profile), clock, profile)
    books.sell(FIRST, "10.00", quantity="2.500")
    assert of(books.told("stock", product=GOOD), "product", "storage", "quantity") == {(GOOD, STORE): "-2.5"}
    records = books.base.records("InformationRegister_ЦеныНоменклатуры")
    for period, price in (("2026-01-01T00:00:00", "90.00"), ("2026-09-01T00:00:00", "99.90")):
        records.append({"Period": period, "Номенклатура_Key": GOOD, "Цена": price, "Active": True})
    assert of(books.told("prices"), "product", "price") == {(GOOD,): "99.90"}
    assert of(books.told("prices", before="2026-08-01"), "product", "price") == {(GOOD,): "90.00"}
    books.world.adapter.close()


def test_rows_that_belong_to_another_kind_of_thing_are_left_out(bases: Bases, clock: FrozenClock) -> None:
    """On an account of settlements a row may belong to nobody: the property of several types tells."""
    books = Books(bases("bp30"), clock, "bp30")
    books.sell(FIRST, "5.00")
    books.sell(FIRST, "3.00")
    for record in books.base.records("AccountingRegister_Хозрасчетный")[:1]:
        record["ExtDimension1_Type"] = "StandardODATA.Undefined"
    assert of(books.told("settlements"), "customer", "amount") == {(FIRST,): "3.00"}
    asked = [entry.endpoint for entry in books.world.world.log.entries()]
    assert "ChartOfAccounts_Хозрасчетный read" in asked, "only the accounts of settlements"
    books.world.adapter.close()


def test_amounts_of_two_currencies_are_not_added_up(bases: Bases, clock: FrozenClock) -> None:
    books = Books(bases("ut11"), clock, "ut11")
    books.sell(FIRST, "5.00")
    books.sell(FIRST, "3.00")
    books.base.records("AccumulationRegister_РасчетыСКлиентами")[0]["Валюта_Key"] = uid(9)
    rows = of(books.told("settlements"), "customer", "currency", "amount")
    assert rows == {(FIRST, uid(9)): "5.00", (FIRST, None): "3.00"}
    books.world.adapter.close()


def test_of_equal_keys_there_is_one_row(bases: Bases, clock: FrozenClock) -> None:
    """Dimensions that the profile does not name are added up."""
    books = Books(bases("ut11"), clock, "ut11")
    books.sell(FIRST, "5.00")
    books.sell(FIRST, "3.00")
    books.base.records("AccumulationRegister_РасчетыСКлиентами")[0]["Контрагент_Key"] = uid(8)
    assert of(books.told("settlements"), "customer", "amount") == {(FIRST,): "8.00"}
    books.world.adapter.close()


def test_what_cannot_be_told_says_why(bases: Bases, clock: FrozenClock) -> None:
    books = Books(bases("bp30"), clock, "bp30")
    adapter = books.world.adapter
    with pytest.raises(UsageError, match="does not say where stock are kept"):
        books.told("stock")
    with pytest.raises(UsageError, match="no currency; known keys: customer, organization"):
        books.told("settlements", currency=uid(1))
    with pytest.raises(UsageError, match="cannot be"):
        books.told("settlements", before="31.10.2026")
    with pytest.raises(UsageError, match="cannot be"):
        books.told("settlements", customer="Иванов")
    table = adapter.profile.registers["settlements"]
    for change, words in (
        ({"accounts": ("99",)}, "has no accounts 99"),
        ({"figures": {"amount": "СуммаРасчетовBalance"}}, "does not tell СуммаРасчетовBalance"),
    ):
        books.sell(FIRST, "5.00")
        registers: dict[Any, RegisterTable] = {"settlements": table.model_copy(update=change)}
        adapter.profile = books.world.profile.model_copy(update={"registers": registers})
        with pytest.raises(BrokenAnswer, match=words):
            books.told("settlements")
    adapter.profile = books.world.profile
    books.world.world.state["composition"].remove("AccountingRegister_Хозрасчетный")
    with pytest.raises(Forbidden, match="«Регистр бухгалтерии Хозрасчетный»"):
        books.told("settlements")
    adapter.close()


def test_a_moment_is_the_wall_clock_of_the_server(books: Books) -> None:
    with pytest.raises(UsageError):
        books.told("settlements", before="2026-03-01T10:00:00+03:00")
    registers = Registers(books.world.adapter.wire, books.world.profile)
    with pytest.raises(ValueError, match="wall clock"):
        registers.read("settlements", datetime.fromisoformat("2026-03-01T10:00:00+03:00"))


def test_the_calls_stand_in_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from connector.cli import main

    assert main(["catalogue", "onec", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in rows} == set(CALLS)
    (told,) = (row for row in rows if row["name"] == "settlements")
    assert {"name": "before", "type": "datetime", "required": False} in told["params"]
    assert {row["name"] for row in rows if row["repeat"] != "safe"} == {"post", "unpost"}
