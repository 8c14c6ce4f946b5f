"""Poster's storage: stock follows supplies, movings, write-offs and production, and comes back when they are undone."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Poster

MILK, BEAN, EGG = 62, 61, 64


def left(till: Poster, ingredient: int, storage: int | None = None) -> str:
    rows = till.read(
        "storage.getStorageLeftovers", zero_leftovers="true", **({"storage_id": storage} if storage else {})
    )
    row = next(row for row in rows if row["ingredient_id"] == str(ingredient))
    text: str = row["storage_ingredient_left" if storage else "ingredient_left"]
    return text


def supply(ingredient: dict[str, Any], **header: Any) -> dict[str, Any]:
    return {
        "supply": {"date": "2026-11-20 08:00:00", "supplier_id": "1", "storage_id": "1", **header},
        "ingredient": [ingredient],
    }


def test_leftovers_are_totals_unless_a_storage_is_named(poster: Poster) -> None:
    rows = poster.read("storage.getStorageLeftovers")
    assert all("storage_ingredient_left" not in row for row in rows)
    assert left(poster, MILK) == "22.25000"
    assert left(poster, 63) == "-1.20000"  # negative leftovers are normal (P-47)
    assert {row["ingredients_type"] for row in rows} == {"1", "2"}
    here = {row["ingredient_id"] for row in poster.read("storage.getStorageLeftovers", storage_id=2)}
    assert here < {row["ingredient_id"] for row in rows}
    assert {row["ingredients_type"] for row in poster.read("storage.getStorageLeftovers", type=4)} == {"1"}


def test_a_supply_is_written_by_unit_in_roubles_and_read_by_line_in_kopecks(poster: Poster) -> None:
    made = poster.json("storage.createSupply", supply({"id": BEAN, "type": 4, "num": "2.5", "sum": "100.10"}))
    assert (made["success"], type(made["response"])) == (1, int)
    line = poster.read("storage.getSupplyIngredients", supply_id=made["response"])[0]
    assert (line["supply_ingredient_num"], line["supply_ingredient_sum"]) == ("2.50000", "25025")
    header = poster.read("storage.getSupplies", dateFrom="20261120", dateTo="20261120")[0]
    assert (header["supply_id"], header["supply_sum"], header["delete"]) == (str(made["response"]), "25025", "0")
    assert left(poster, BEAN) == "17.00000"
    # 14.5 of 1890.00 and 2.5 of 100.10
    row = next(row for row in poster.read("storage.getStorageLeftovers") if row["ingredient_id"] == str(BEAN))
    assert row["prime_cost"] == 162678


def test_a_supply_as_a_form_and_its_undoing(poster: Poster) -> None:
    body = {
        "supply[date]": "2026-11-20 08:00:00",
        "supply[supplier_id]": 1,
        "supply[storage_id]": 2,
        "supply[packing]": 1,
        "ingredient[0][id]": EGG,
        "ingredient[0][type]": 4,
        "ingredient[0][num]": 30,
        "ingredient[0][sum]": 10,
    }
    before = float(left(poster, EGG, 2))
    made = poster.post("storage.createSupply", body)["response"]
    assert float(left(poster, EGG, 2)) == before + 30
    body |= {"supply[supply_id]": made, "ingredient[0][num]": 40}
    assert poster.post("storage.updateSupply", body) == {"success": 1, "response": str(made)}
    assert float(left(poster, EGG, 2)) == before + 40
    assert poster.post("storage.deleteSupply", supply_id=made) == {"success": 1}
    assert float(left(poster, EGG, 2)) == before
    assert poster.refused(poster.post("storage.deleteSupply", supply_id=made)) == 32
    rows = poster.read("storage.getSupplies", dateFrom="20261120", dateTo="20261120")
    assert [(row["supply_id"], row["delete"]) for row in rows] == [(str(made), "1")]


def test_a_supply_may_be_paid_from_an_account(poster: Poster) -> None:
    before = poster.read("finance.getTransactions", dateFrom="20261101")
    body = supply({"id": BEAN, "type": 4, "num": 1, "sum": 50}, account_id="1")
    made = poster.json("storage.createSupply", body)["response"]
    row = poster.read("finance.getTransactions", dateFrom="20261101")[0]
    assert (row["amount"], row["type"], row["binding_type"], row["binding_id"]) == ("-5000", "0", "13", str(made))
    assert int(row["balance"]) == int(before[0]["balance"]) - 5000


@pytest.mark.parametrize(
    ("header", "ingredient", "code"),
    [
        ({"supplier_id": "99"}, {"id": BEAN, "type": 4, "num": 1, "sum": 1}, 32),
        ({"supplier_id": "3"}, {"id": BEAN, "type": 4, "num": 1, "sum": 1}, 32),
        ({"date": "20.11.2026"}, {"id": BEAN, "type": 4, "num": 1, "sum": 1}, 155),
        ({}, {"id": BEAN, "type": 1, "num": 1, "sum": 1}, 32),
        ({}, {"id": BEAN, "type": 4, "num": -1, "sum": 1}, 155),
        ({}, {"id": BEAN, "type": 4, "num": 1}, 34),
    ],
)
def test_a_wrong_supply(poster: Poster, header: dict[str, str], ingredient: dict[str, Any], code: int) -> None:
    assert poster.refused(poster.json("storage.createSupply", supply(ingredient, **header))) == code
    assert left(poster, BEAN) == "14.50000"


def test_limit_and_offset_only_without_dates(poster: Poster) -> None:
    everything = poster.read("storage.getSupplies", dateFrom="20260101", dateTo="20261231")
    assert [row["supply_id"] for row in everything] == ["43", "42", "41"]
    assert poster.read("storage.getSupplies", dateFrom="20260101", dateTo="20261231", limit=1) == everything
    assert poster.read("storage.getSupplies", limit=1, offset=1) == everything[1:2]


def test_a_moving(poster: Poster) -> None:
    body = {
        "moving": {"date": "2026-11-18 22:35:54", "from_storage": "1", "to_storage": "2"},
        "ingredient": [{"id": MILK, "type": "4", "num": "3"}],
    }
    before = left(poster, MILK, 2)
    made = poster.json("storage.createMoving", body)["response"]
    assert float(left(poster, MILK, 2)) == float(before) + 3
    assert left(poster, MILK) == "22.25000"
    [row] = poster.read("storage.getMove", move_id=made)
    assert (row["moving_id"], row["sum"], row["ingredients"][0]["type"]) == (made, 268.5, 10)
    body["moving"]["moving_id"] = made
    body["ingredient"][0]["num"] = "1"
    assert poster.json("storage.updateMoving", body) == {"success": 1, "response": made}
    assert float(left(poster, MILK, 2)) == float(before) + 1
    assert poster.post("storage.deleteMoving", moving_id=made) == {"success": 1}
    assert left(poster, MILK, 2) == before
    assert poster.read("storage.getMove", move_id=made) is False
    wrong = {"moving": {"date": "2026-11-18 22:35:54", "from_storage_id": "1", "to_storage_id": "2"}}
    assert poster.refused(poster.json("storage.createMoving", {**body, **wrong})) == 34  # the table is wrong (P-51)


def test_a_write_off(poster: Poster) -> None:
    body = {
        "write_off": {"storage_id": "1", "date": "2026-11-19 10:00:00", "reason_id": "2"},
        "ingredient": [{"id": "133", "type": "2", "weight": "2"}, {"id": MILK, "type": "4", "weight": "1"}],
    }
    made = poster.json("storage.createWriteOff", body)["response"]
    assert left(poster, MILK) == "20.95000"  # two cappuccinos of 150 ml and a litre
    waste = poster.read("storage.getWaste", waste_id=made)
    assert [element["type"] for element in waste["elements"]] == [2, 10]
    assert waste["reason_name"] == "Бой"
    assert waste["total_sum"] == sum(part["cost"] for element in waste["elements"] for part in element["ingredients"])
    body["write_off"] |= {"id": made, "date": "2026-11-19 11:00:00"}
    body["ingredient"] = [{"id": MILK, "type": "4", "weight": "0.25"}]
    assert poster.json("storage.updateWriteOff", body) == {"success": 1, "response": made}
    assert left(poster, MILK) == "22.00000"
    body["write_off"]["date"] = "2026-09-01 11:00:00"
    assert poster.refused(poster.json("storage.updateWriteOff", body)) == 45  # another inventory period
    assert poster.post("storage.deleteWriteOff", write_off_id=made) == {"success": 1}
    assert left(poster, MILK) == "22.25000"


def test_deleted_wastes_are_shown_on_request(poster: Poster) -> None:
    poster.post("storage.deleteWriteOff", write_off_id=1)
    days = {"dateFrom": "20261101", "dateTo": "20261130"}
    assert poster.read("storage.getWastes", **days) == []
    assert [row["delete"] for row in poster.read("storage.getWastes", **days, **{"1c": "true"})] == [1]


def test_production_takes_ingredients_and_gives_goods(poster: Poster) -> None:
    body = {"date": "2026-11-19 07:00:00", "storage_id": 1, "products": [{"id": 134, "type": 2, "num": 4}]}
    made = poster.json("storage.createManufacture", body)["response"]
    assert left(poster, EGG) == "168.00000"  # three eggs an omelette
    row = poster.read("storage.getManufacture", manufacture_id=made)
    own = row["products"][0]["ingredient_id"]
    assert own != "0"
    assert left(poster, int(own)) == "4.00000"
    sums = [item["sum"] for item in poster.read("storage.getManufactures")]
    assert {type(value) for value in sums} == {float, str}  # numbers and texts in one list (P-57)
    page = poster.read("storage.getManufacturesWriteOffs", date_from="2026-11-19", date_to="2026-11-19")
    assert page["data"][0]["products"][0]["write_offs"] == [{"ingredient_id": EGG, "type": 1, "weight": 12}]
    body |= {"manufacture_id": made, "products": [{"id": 134, "type": 2, "num": 1}]}
    assert poster.json("storage.updateManufacture", body) == {"response": made}
    assert left(poster, EGG) == "177.00000"


def test_the_report_of_movement_adds_up(poster: Poster) -> None:
    poster.json(
        "storage.createSupply", supply({"id": MILK, "type": 4, "num": 10, "sum": 1}, date="2026-11-15 08:00:00")
    )
    rows = poster.read("storage.getReportMovement", dateFrom="20261101", dateTo="20261120")
    milk = next(row for row in rows if row["ingredient_id"] == str(MILK))
    assert round(milk["start"] + milk["income"] - milk["write_offs"], 5) == milk["end"] == 32.25
    before = poster.read("storage.getReportMovement", dateFrom="20261001", dateTo="20261101")
    assert next(row for row in before if row["ingredient_id"] == str(MILK))["end"] == milk["start"]


def test_storages_and_suppliers(poster: Poster) -> None:
    made = poster.post("storage.createStorage", storage_name="Холодильник", storage_adress="двор")["response"]
    poster.post("storage.updateStorage", storage_id=made, storage_name="Морозилка")
    row = poster.read("storage.getStorage", storage_id=made)
    assert (row["storage_name"], row["storage_adress"], row["delete"]) == ("Морозилка", "двор", "0")
    new = poster.post("storage.createSupplier", supplier_name="Валера", supplier_tin=6449013711)["response"]
    supplier = next(row for row in poster.read("storage.getSuppliers") if row["supplier_id"] == str(new))
    assert (supplier["supplier_tin"], supplier["supplier_phone"]) == ("6449013711", "")
    assert "1" in {row["delete"] for row in poster.read("storage.getSuppliers")}


def test_an_inventory_is_maps_and_quoted_nothing(poster: Poster) -> None:
    inventory = poster.read("storage.getInventoryIngredients", inventory_id=1)
    assert inventory["manufactures"] == []
    milk = inventory["ingredients"][str(MILK)]
    assert (milk["factrest"], milk["unit"], milk["db_unit"]) == ("''", "l", "l")
    assert set(inventory["prepacks"]) >= {"131", "132"}
