"""storage.*: production of dishes and prepacks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.sandbox.poster import stock
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.menu import found
from connector.sandbox.poster.supplies import field
from connector.sandbox.poster.wire import (
    Call,
    Refusal,
    method,
    moment_of,
    next_id,
    number,
    page_of,
    quantity,
    whole,
    window,
)


@method("storage.getManufactures")
def get_manufactures(call: Call) -> object:
    """Newest first. The sum is a number in every other row and a text in the rest (P-57)."""
    rows = sorted(call.state["manufactures"].values(), key=lambda row: int(row["id"]), reverse=True)
    start = call.number("offset", 0)
    asked = rows[start : start + call.number("num", len(rows))]
    return [_manufacture(call, row, as_text=place % 2 == 1) for place, row in enumerate(asked)]


@method("storage.getManufacture")
def get_manufacture(call: Call) -> object:
    row = call.state["manufactures"].get(call.need("manufacture_id"))
    return _manufacture(call, row, as_text=False) if row is not None else False


def _manufacture(call: Call, row: Mapping[str, Any], *, as_text: bool) -> dict[str, Any]:
    total = sum(line["sum"] for line in row["lines"])
    return {
        "manufacture_id": row["id"],
        "storage_name": call.state["storages"][row["storage"]]["storage_name"],
        "storage_id": row["storage"],
        "user_id": "1",
        "date": row["date"],
        "sum": f"{Decimal(total) / 100:.2f}" if as_text else number(total),
        "products": [_produced(call, line) for line in row["lines"]],
    }


def _produced(call: Call, line: Mapping[str, Any]) -> dict[str, Any]:
    product = call.state["products"][line["product"]]
    return {
        "ingredient_id": product["ingredient_id"],
        "product_id": product["id"],
        "product_name": product["name"],
        "product_num": f"{Decimal(line['num']):.4f}",
        "type": product["type"],
    }


@method("storage.createManufacture", "POST")
def create_manufacture(call: Call) -> object:
    """JSON in the documents (P-07); a form is understood as well."""
    row: dict[str, Any] = {**_manufacture_sent(call), "delete": "0"}
    row["id"] = next_id(call.state, "manufacture")
    _produce(call, row)
    call.state["manufactures"][row["id"]] = row
    return int(row["id"])


@method("storage.updateManufacture", "POST")
def update_manufacture(call: Call) -> object:
    old = found(call.state, "manufactures", call.need("manufacture_id"))
    row = {**old, **_manufacture_sent(call)}
    stock.undo(call.world, old["steps"])
    _produce(call, row)
    call.state["manufactures"][row["id"]] = row
    return int(row["id"])


def _manufacture_sent(call: Call) -> dict[str, Any]:
    lines = []
    for item in call.rows("products"):
        if not isinstance(item, dict):
            raise Refusal(36, "products")
        product = found(call.state, "products", field(item, "id"))
        if product["type"] != field(item, "type"):
            raise Refusal(32)
        num = quantity(field(item, "num"), "num")
        parts = stock.parts_of(call.state, product["id"], num)
        total = stock.total_of(call.state, parts)
        lines.append({"product": product["id"], "num": f"{num:f}", "sum": total, "parts": _kept(parts)})
    return {
        "date": moment_of(call.need("date"), "date"),
        "storage": found(call.state, "storages", call.need("storage_id"))["storage_id"],
        "lines": lines,
    }


def _kept(parts: list[stock.Part]) -> list[dict[str, str]]:
    return [{"ingredient": part.ingredient, "amount": f"{part.amount:f}"} for part in parts]


def _produce(call: Call, row: dict[str, Any]) -> None:
    row["steps"] = []
    for line in row["lines"]:
        for part in line["parts"]:
            row["steps"].append(stock.put(call.world, row["storage"], part["ingredient"], -Decimal(part["amount"])))
        product = call.state["products"][line["product"]]
        own, num = stock.own_ingredient(call.state, product), Decimal(line["num"])
        price = Decimal(line["sum"]) / num if num else Decimal(0)
        row["steps"].append(stock.receive(call.world, row["storage"], own, num, price))
        notify(call.world, stock.owner_of(product), product["id"], "changed")


@method("storage.getManufacturesWriteOffs")
def get_manufactures_write_offs(call: Call) -> object:
    """Pages; numbers. The answer says the page that was asked for (the example does not, P-09)."""
    call.need("date_from")
    asked = window(call, ("date_from", "date_to"), "%Y-%m-%d")
    rows = [row for row in call.state["manufactures"].values() if asked.holds(row["date"])]
    return page_of(call, [_manufacture_write_offs(call, row) for row in rows])


def _manufacture_write_offs(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "manufacture_id": int(row["id"]),
        "storage_id": int(row["storage"]),
        "date": row["date"],
        "products": [
            {
                "product_id": int(line["product"]),
                "type": whole(call.state["products"][line["product"]]["type"], "type"),
                "num": float(line["num"]),
                "sum": number(line["sum"]),
                "is_fiscal": 0,
                "write_offs": [
                    {"ingredient_id": int(part["ingredient"]), "type": 1, "weight": float(part["amount"])}
                    for part in line["parts"]
                ],
            }
            for line in row["lines"]
        ],
    }
