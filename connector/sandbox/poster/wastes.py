"""storage.*: write-offs by hand (wastes) and those that sales made."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.poster import stock
from connector.sandbox.poster.menu import found
from connector.sandbox.poster.supplies import field, wrapped
from connector.sandbox.poster.wire import (
    Bare,
    Call,
    Refusal,
    local_of,
    method,
    moment_of,
    next_id,
    quantity,
    rounded,
    window,
)

_SHOWN_TYPES: Final = {
    stock.PRODUCT: 1,
    stock.DISH: 2,
    stock.PREPACK: 3,
    stock.MODIFICATOR: 8,
    stock.INGREDIENT: 10,
}
"""What was written off, as getWaste names it: not the numbers it was written with (P-11)."""


@method("storage.getWasteReasons")
def get_reasons(call: Call) -> object:
    return call.state["reasons"]


@method("storage.getWastes")
def get_wastes(call: Call) -> object:
    """Numbers; the sum in kopecks. The deleted ones only with `1c=true`, which has nothing to do with 1C (P-12)."""
    asked, deleted = window(call), call.flag("1c") or call.flag("1с_id")
    rows = [row for row in call.state["wastes"].values() if asked.holds(row["date"])]
    return [
        {**_waste(call, row), **({"delete": int(row["delete"])} if deleted else {})}
        for row in rows
        if deleted or row["delete"] == "0"
    ]


def _waste(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    reason = next((item for item in call.state["reasons"] if str(item["reason_id"]) == row["reason"]), None)
    return {
        "waste_id": int(row["id"]),
        "total_sum": sum(part["cost"] for line in row["lines"] for part in line["parts"]),
        "user_id": 1,
        "storage_id": int(row["storage"]),
        "date": row["date"],
        "reason_id": int(row["reason"]),
        "reason_name": reason["name"] if reason else None,
    }


@method("storage.getWaste")
def get_waste(call: Call) -> object:
    row = call.state["wastes"].get(call.need("waste_id"))
    if row is None:
        return False
    return {**_waste(call, row), "elements": [_element(call, line) for line in row["lines"]]}


def _element(call: Call, line: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": _SHOWN_TYPES[line["type"]], "product_id": int(line["product"])}
    if line["type"] == stock.MODIFICATOR:
        shown["modificator_id"] = int(line["modificator"])
    ingredients = [
        {
            "write_off_id": int(part["write_off"]),
            "ingredient_id": int(part["ingredient"]),
            "product_id": int(line["product"]),
            "modificator_id": int(line["modificator"]),
            "prepack_id": int(part["prepack"]),
            "weight": float(part["amount"]),
            "unit": call.state["ingredients"][part["ingredient"]]["unit"],
            "cost": part["cost"],
        }
        for part in line["parts"]
    ]
    return {**shown, "count": float(line["weight"]), "ingredients": ingredients}


@method("storage.createWriteOff", "POST")
def create_write_off(call: Call) -> object:
    row = {**_sent(call), "delete": "0", "steps": []}
    row["id"] = next_id(call.state, "waste")
    _write_off(call, row)
    call.state["wastes"][row["id"]] = row
    return Bare({"success": 1, "response": int(row["id"])})


@method("storage.updateWriteOff", "POST")
def update_write_off(call: Call) -> object:
    """The new date must lie in the inventory period of the old one."""
    old = found(call.state, "wastes", field(wrapped(call, "write_off"), "id"))
    row = {**old, **_sent(call)}
    if _period(call, old) != _period(call, row):
        raise Refusal(45, message="The date is outside the inventory period")
    stock.undo(call.world, old["steps"])
    _write_off(call, row)
    call.state["wastes"][row["id"]] = row
    return Bare({"success": 1, "response": int(row["id"])})


def _period(call: Call, row: Mapping[str, Any]) -> str:
    """When the inventory that closes the period of a write-off ended; "" for the period that is open."""
    ends = [item["date_end"] for item in call.state["inventories"].values() if item["storage_id"] == row["storage"]]
    return min((end for end in ends if end >= row["date"]), default="")


def _sent(call: Call) -> dict[str, Any]:
    header = wrapped(call, "write_off")
    reason = str(header.get("reason_id", "0") or "0")
    if reason != "0" and reason not in [str(item["reason_id"]) for item in call.state["reasons"]]:
        raise Refusal(32)
    rows = call.rows("ingredient")
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(36, "ingredient")
    return {
        "date": moment_of(field(header, "date"), "date"),
        "storage": found(call.state, "storages", field(header, "storage_id"))["storage_id"],
        "reason": reason,
        "lines": [_line(call, row) for row in rows],
    }


def _line(call: Call, item: Mapping[str, Any]) -> dict[str, Any]:
    kind, source, weight = field(item, "type"), field(item, "id"), quantity(field(item, "weight"), "weight")
    product, modificator, parts = _parts(call, kind, source, weight)
    return {
        "type": kind,
        "product": product,
        "modificator": modificator,
        "weight": f"{weight:f}",
        "parts": [
            {
                "ingredient": part.ingredient,
                "prepack": part.prepack,
                "amount": f"{part.amount:f}",
                "cost": rounded(stock.cost_of(call.state, part)),
                "write_off": next_id(call.state, "write_off"),
            }
            for part in parts
        ],
    }


def _parts(call: Call, kind: str, source: str, weight: Decimal) -> tuple[str, str, list[stock.Part]]:
    """Product, modificator and what is really taken from the shelf."""
    if kind in (stock.DISH, stock.PREPACK):
        product = found(call.state, "products", source)
        if product["type"] != {stock.DISH: "2", stock.PREPACK: "1"}[kind]:
            raise Refusal(32)
        return source, "0", stock.parts_of(call.state, source, weight)
    ingredient = stock.element(call.state, kind, source)
    product_id = source if kind == stock.PRODUCT else "0"
    return product_id, source if kind == stock.MODIFICATOR else "0", [stock.Part(ingredient, weight)]


def _write_off(call: Call, row: dict[str, Any]) -> None:
    parts = [part for line in row["lines"] for part in line["parts"]]
    row["steps"] = [
        stock.put(call.world, row["storage"], part["ingredient"], -Decimal(part["amount"])) for part in parts
    ]


@method("storage.deleteWriteOff", "POST")
def delete_write_off(call: Call) -> object:
    row = found(call.state, "wastes", call.need("write_off_id"))
    stock.undo(call.world, row["steps"])
    row |= {"delete": "1", "steps": []}
    return Bare({"success": 1})


# what sales wrote off ------------------------------------------------------------------------------------------------


@method("storage.getIngredientWriteOff")
def get_ingredient_write_off(call: Call) -> object:
    """Cost in kopecks here, in roubles everywhere else; `date` is `time` rounded to the second (facts 1.6)."""
    asked, storage, ingredient = window(call), call.text("storage_id"), call.text("ingredient_id")
    rows = []
    for receipt in call.state["receipts"].values():
        for item in receipt["write_offs"]:
            shown = _sold(call, receipt, item)
            wanted = storage in ("", item["storage"]) and ingredient in ("", item["ingredient"])
            if wanted and asked.holds(shown["date"]):
                rows.append(shown)
    return rows


def _sold(call: Call, receipt: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "write_off_id": item["id"],
        "transaction_id": receipt["id"],
        "tr_product_id": item["line"],
        "storage_id": item["storage"],
        "to_storage": "0",
        "ingredient_id": item["ingredient"],
        "product_id": item["product"],
        "modificator_id": item["modificator"],
        "prepack_id": item["prepack"],
        "weight": f"{Decimal(item['amount']):.5f}",
        "unit": call.state["ingredients"][item["ingredient"]]["unit"],
        "cost": str(item["cost"]),
        "user_id": receipt["user"],
        "type": "1",
        "time": str(receipt["closed"]),
        "date": local_of(receipt["closed"]),
        "reason": "",
        "product_name": call.state["products"][item["product"]]["name"],
        "name": call.state["users"][receipt["user"]]["name"],
    }
