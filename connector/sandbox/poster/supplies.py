"""storage.*: what came and what was moved."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.poster import ledger, stock
from connector.sandbox.poster.menu import found
from connector.sandbox.poster.wire import (
    Bare,
    Call,
    Refusal,
    kopecks,
    method,
    moment_of,
    next_id,
    number,
    quantity,
    rounded,
    window,
)

_DONE: Final = Bare({"success": 1})


def wrapped(call: Call, name: str) -> Mapping[str, Any]:
    """The header of a document, inside its wrapper as the examples send it (P-51, P-52)."""
    header = call.params.get(name)
    if not isinstance(header, dict):
        raise Refusal(34, name)
    return header


def field(header: Mapping[str, Any], name: str) -> str:
    value = str(header.get(name, "")).strip()
    if value == "":
        raise Refusal(34, name)
    return value


def _goods(call: Call) -> list[Mapping[str, Any]]:
    rows = call.rows("ingredient")
    if not all(isinstance(row, dict) for row in rows) or not rows:
        raise Refusal(36, "ingredient")
    return rows


# supplies ------------------------------------------------------------------------------------------------------------


@method("storage.getSupplies")
def get_supplies(call: Call) -> object:
    """Newest first, with the deleted ones; `limit` and `offset` count only without dates."""
    rows = sorted(call.state["supplies"].values(), key=lambda row: int(row["id"]), reverse=True)
    if call.given("dateFrom") or call.given("dateTo") or not (call.given("limit") or call.given("offset")):
        asked = window(call)
        return [_supply(call, row) for row in rows if asked.holds(row["date"])]
    start = call.number("offset", 0)
    return [_supply(call, row) for row in rows[start : start + call.number("limit", len(rows))]]


def _supply(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    """The header: its sum in kopecks, as text."""
    shown = {
        "supply_id": row["id"],
        "storage_id": row["storage"],
        "supplier_id": row["supplier"],
        "date": row["date"],
        "supply_sum": str(sum(line["sum"] for line in row["lines"])),
        "supply_comment": row["comment"],
        "storage_name": call.state["storages"][row["storage"]]["storage_name"],
        "supplier_name": call.state["suppliers"][row["supplier"]]["supplier_name"],
        "delete": row["delete"],
        "account_id": row["account"],
    }
    return {**shown, "id_1c": row["id_1c"]} if call.flag("1c") else shown


@method("storage.getSupplyIngredients")
def get_supply(call: Call) -> object:
    """Lines; the sum is that of the line, in kopecks, though a price per unit in roubles was written (P-48)."""
    row = call.state["supplies"].get(call.need("supply_id"))
    if row is None:
        return False
    return [
        {
            "ingredient_id": line["ingredient"],
            "supply_ingredient_num": f"{Decimal(line['num']):.5f}",
            "supply_ingredient_sum": str(line["sum"]),
            "ingredient_name": call.state["ingredients"][line["ingredient"]]["name"],
            "ingredient_unit": call.state["ingredients"][line["ingredient"]]["unit"],
            "tax_id": 0,
        }
        for line in row["lines"]
    ]


@method("storage.createSupply", "POST")
def create_supply(call: Call) -> object:
    row = {"id": "", "account": None, "comment": "", "id_1c": None, "delete": "0", "steps": [], **_supply_sent(call)}
    row["id"] = next_id(call.state, "supply")
    _receive(call, row)
    call.state["supplies"][row["id"]] = row
    return Bare({"success": 1, "response": int(row["id"])})


@method("storage.updateSupply", "POST")
def update_supply(call: Call) -> object:
    """The whole document anew. The id comes back as text here."""
    old = found(call.state, "supplies", field(wrapped(call, "supply"), "supply_id"))
    row = {**old, **_supply_sent(call)}
    _take_back(call, old)
    _receive(call, row)
    call.state["supplies"][row["id"]] = row
    return Bare({"success": 1, "response": row["id"]})


def _supply_sent(call: Call) -> dict[str, Any]:
    header = wrapped(call, "supply")
    sent: dict[str, Any] = {
        "date": moment_of(field(header, "date"), "date"),
        "supplier": found(call.state, "suppliers", field(header, "supplier_id"))["supplier_id"],
        "storage": found(call.state, "storages", field(header, "storage_id"))["storage_id"],
        "lines": [_supply_line(call, item) for item in _goods(call)],
    }
    if header.get("account_id"):
        sent["account"] = str(header["account_id"])
    if header.get("supply_comment"):
        sent["comment"] = str(header["supply_comment"])
    return sent


def _supply_line(call: Call, item: Mapping[str, Any]) -> dict[str, Any]:
    ingredient = stock.element(call.state, field(item, "type"), field(item, "id"))
    num, price = quantity(field(item, "num"), "num"), kopecks(field(item, "sum"), "sum")
    return {"ingredient": ingredient, "num": f"{num:f}", "price": price, "sum": rounded(num * price)}


def _receive(call: Call, row: dict[str, Any]) -> None:
    lines = [(line["ingredient"], Decimal(line["num"]), Decimal(line["price"])) for line in row["lines"]]
    row["steps"] = [stock.receive(call.world, row["storage"], *line) for line in lines]
    if row["account"] is not None:
        total = sum(line["sum"] for line in row["lines"])
        ledger.post(call.world, row["account"], -total, binding=("13", row["id"]), comment="", category="1")


@method("storage.deleteSupply", "POST")
def delete_supply(call: Call) -> object:
    row = found(call.state, "supplies", call.need("supply_id"))
    _take_back(call, row)
    row["delete"] = "1"
    return _DONE


def _take_back(call: Call, row: dict[str, Any]) -> None:
    stock.undo(call.world, row["steps"])
    ledger.cancel(call.state, "13", row["id"])
    row["steps"] = []


# movings -------------------------------------------------------------------------------------------------------------


@method("storage.getMoves")
def get_moves(call: Call) -> object:
    asked = window(call)
    rows = [row for row in call.state["movings"].values() if row["delete"] == "0" and asked.holds(row["date"])]
    return [_moving(call, row) for row in sorted(rows, key=lambda row: int(row["id"]), reverse=True)]


def _moving(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers where other methods give texts; the sum in roubles."""
    storages = call.state["storages"]
    return {
        "moving_id": int(row["id"]),
        "date": row["date"],
        "from_storage": int(row["from"]),
        "from_storage_name": storages[row["from"]]["storage_name"],
        "to_storage": int(row["to"]),
        "to_storage_name": storages[row["to"]]["storage_name"],
        "user_id": int(row["user"]),
        "user_name": call.state["users"][row["user"]]["name"],
        "sum": number(sum(line["sum"] for line in row["lines"])),
    }


@method("storage.getMove")
def get_move(call: Call) -> object:
    """A list of one. The parameter is `move_id`, the field `moving_id` (P-53)."""
    row = call.state["movings"].get(call.need("move_id"))
    if row is None or row["delete"] == "1":
        return False
    return [{**_moving(call, row), "ingredients": [_moved(call, line) for line in row["lines"]]}]


def _moved(call: Call, line: Mapping[str, Any]) -> dict[str, Any]:
    ingredient = call.state["ingredients"][line["ingredient"]]
    shown: dict[str, Any] = {"link_id": int(line["link"]), "ingredient_id": int(line["ingredient"])}
    if ingredient["owner"] != "ingredient":
        shown["product_id"] = int(ingredient["owner_id"])
    return {
        **shown,
        "ingredient_num": float(line["num"]),
        "ingredient_sum": number(line["sum"]),
        "type": {"product": 1, "dish": 2, "prepack": 3, "modificator": 8, "ingredient": 10}[ingredient["owner"]],
        "write_off_id": int(line["write_off"]),
        "packing_id": 1,
    }


@method("storage.createMoving", "POST")
def create_moving(call: Call) -> object:
    row = {"user": "1", "delete": "0", "steps": [], **_moving_sent(call)}
    row["id"] = next_id(call.state, "moving")
    _move(call, row)
    call.state["movings"][row["id"]] = row
    return Bare({"success": 1, "response": int(row["id"])})


@method("storage.updateMoving", "POST")
def update_moving(call: Call) -> object:
    old = found(call.state, "movings", field(wrapped(call, "moving"), "moving_id"))
    row = {**old, **_moving_sent(call)}
    stock.undo(call.world, old["steps"])
    _move(call, row)
    call.state["movings"][row["id"]] = row
    return Bare({"success": 1, "response": int(row["id"])})


def _moving_sent(call: Call) -> dict[str, Any]:
    header = wrapped(call, "moving")
    return {
        "date": moment_of(field(header, "date"), "date", "%Y-%m-%d %H:%M:%S", "%Y%m%d"),
        "from": found(call.state, "storages", field(header, "from_storage"))["storage_id"],
        "to": found(call.state, "storages", field(header, "to_storage"))["storage_id"],
        "lines": [_moving_line(call, item) for item in _goods(call)],
    }


def _moving_line(call: Call, item: Mapping[str, Any]) -> dict[str, Any]:
    ingredient = stock.element(call.state, field(item, "type"), field(item, "id"))
    num = quantity(field(item, "num"), "num")
    return {
        "ingredient": ingredient,
        "num": f"{num:f}",
        "sum": stock.total_of(call.state, [stock.Part(ingredient, num)]),
        "link": next_id(call.state, "link"),
        "write_off": next_id(call.state, "write_off"),
    }


def _move(call: Call, row: dict[str, Any]) -> None:
    row["steps"] = []
    for line in row["lines"]:
        num = Decimal(line["num"])
        row["steps"].append(stock.put(call.world, row["from"], line["ingredient"], -num))
        row["steps"].append(stock.put(call.world, row["to"], line["ingredient"], num))


@method("storage.deleteMoving", "POST")
def delete_moving(call: Call) -> object:
    row = found(call.state, "movings", call.need("moving_id"))
    stock.undo(call.world, row["steps"])
    row |= {"delete": "1", "steps": []}
    return _DONE
