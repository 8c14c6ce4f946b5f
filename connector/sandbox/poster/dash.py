"""Receipts as they are read: dash.getTransaction(s) and what belongs to it, transactions.getTransactions.

Two views of the same receipts (P-10): texts in kopecks in `dash`, numbers in roubles and pages in `transactions`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.poster import receipts, stock
from connector.sandbox.poster.menu import found
from connector.sandbox.poster.wire import (
    NO_MOMENT,
    Call,
    Refusal,
    escaped,
    local_of,
    major,
    method,
    number,
    page_of,
    whole,
    window,
)
from connector.sandbox.world import State

_BY: Final = {"waiters": "user", "spots": "spot", "clients": "client"}


# dash: receipts ------------------------------------------------------------------------------------------------------


def _receipt(state: State, row: Mapping[str, Any]) -> dict[str, Any]:
    client = state["clients"].get(row["client"], {})
    lines = row["lines"]
    cost = sum(receipts.line_cost(state, row, line) for line in lines)
    return {
        "transaction_id": row["id"],
        "date_start": str(row["opened"]),
        "date_start_new": str(min((line["time"] for line in lines), default=row["opened"])),
        "date_close": str(row["closed"] if row["status"] != "1" else 0),
        "status": row["status"],
        "guests_count": row["guests"],
        "discount": "0",
        "bonus": "0",
        "pay_type": receipts.pay_type(row),
        "payed_bonus": str(row["bonus"]),
        "payed_card": str(row["card"]),
        "payed_cash": str(row["cash"]),
        "payed_sum": str(row["cash"] + row["card"]),
        "payed_cert": str(row["certificate"]),
        "payed_third_party": str(row["third_party"]),
        "round_sum": str(row["rounding"]),
        "tip_sum": str(row["tip"]),
        "sum": str(sum(receipts.line_sum(line) for line in lines)),
        "spot_id": row["spot"],
        "table_id": row["table"],
        "name": state["users"][row["user"]]["name"],
        "user_id": row["user"],
        "client_id": row["client"],
        "card_number": row["card_number"],
        "transaction_comment": row["comment"],
        "reason": row["reason"],
        "print_fiscal": row["fiscal"],
        "total_profit": str(receipts.due(row) - cost),
        "table_name": state["tables"].get(row["table"], {}).get("table_num", ""),
        "client_firstname": client.get("firstname"),
        "client_lastname": client.get("lastname"),
        "date_close_date": row["date"] if row["status"] != "1" else NO_MOMENT,
    }


def _product(state: State, row: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    """`product_price` is the sum of the line; weighed goods are counted in grams (facts 1.8)."""
    cost = receipts.line_cost(state, row, line)
    return {
        "product_id": line["product"],
        "modification_id": line["modification"],
        "num": _num(state, line),
        "product_price": str(receipts.line_sum(line)),
        "payed_sum": str(_share(row, line)),
        "product_cost": str(cost),
        "product_profit": str(receipts.line_due(line) - cost),
    }


def _num(state: State, line: Mapping[str, Any]) -> str:
    count = Decimal(line["num"]) * (1000 if state["products"][line["product"]]["weight_flag"] == "1" else 1)
    return f"{count.normalize():f}"


def _share(row: Mapping[str, Any], line: Mapping[str, Any]) -> int:
    """What was paid for a line in money: all of it, or nothing where nothing was paid."""
    return receipts.line_due(line) if row["cash"] or row["card"] or row["third_party"] else 0


def _history(item: Mapping[str, Any]) -> dict[str, Any]:
    values = {f"value{place if place > 1 else ''}": str(value) for place, value in enumerate(item["values"], 1)}
    return {
        "history_id": item["id"],
        "type_history": item["type"],
        "spot_tablet_id": item["tablet"],
        "time": str(item["time"]),
        "user_id": item["user"],
        **values,
        "value_text": item["text"],
    }


def _whole(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    shown = _receipt(call.state, row)
    if call.flag("include_products"):
        shown["products"] = [_product(call.state, row, line) for line in row["lines"]]
    if call.flag("include_history"):
        shown["history"] = [_history(item) for item in row["history"]]
    return shown


@method("dash.getTransaction")
def get_transaction(call: Call) -> object:
    """A list of one; empty when there is none."""
    row = call.state["receipts"].get(call.need("transaction_id"))
    return [_whole(call, row)] if row is not None else []


@method("dash.getTransactions")
def get_transactions(call: Call) -> object:
    """Newest first, only closed ones unless `status` says otherwise; goes on after `next_tr` in that order."""
    asked, status = window(call), call.text("status", "2")
    if call.given("type") != call.given("id"):
        raise Refusal(34, "id")
    rows = [row for row in call.state["receipts"].values() if _wanted(call, row, status)]
    rows = [row for row in rows if asked.holds(row["date"] or local_of(row["opened"]))]
    rows.sort(key=lambda row: int(row["id"]), reverse=True)
    if call.text("next_tr"):
        after = whole(call.text("next_tr"), "next_tr")
        rows = [row for row in rows if int(row["id"]) < after]
    start, most = call.number("offset", 0), call.state["receipts_at_once"]
    return [_whole(call, row) for row in rows[start : start + min(call.number("num", most), most)]]


def _wanted(call: Call, row: Mapping[str, Any], status: str) -> bool:
    kind = _BY.get(call.text("type"))
    if status not in ("0", row["status"]) or (kind is not None and row[kind] != call.text("id")):
        return False
    closed = row["closed"] // 1000
    after, before = call.number("after_date_close", 0), call.number("before_date_close", 0)
    return (not after or closed > after) and (not before or 0 < closed < before)


# dash: products of receipts ------------------------------------------------------------------------------------------


def _line(state: State, row: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    product = state["products"][line["product"]]
    chosen = next((item for item in product["modifications"] if item["id"] == line["modification"]), None)
    cost = receipts.line_cost(state, row, line)
    return {
        "product_id": product["id"],
        "product_name": escaped(product["name"]),
        "modification_id": line["modification"],
        "modificator_name": escaped(chosen["name"]) if chosen else None,
        "modificator_barcode": chosen["barcode"] if chosen else None,
        "modificator_product_code": chosen["code"] if chosen else None,
        "weight_flag": product["weight_flag"],
        "num": _num(state, line),
        "time": str(line["time"]),
        "workshop": product["workshop"],
        "barcode": product["barcode"],
        "product_code": product["code"],
        "tax_id": "0",
        "nodiscount": product["nodiscount"],
        "payed_sum": str(_share(row, line)),
        "product_sum": str(receipts.line_sum(line)),
        "discount": "0",
        "bonus_sum": "0",
        "round_sum": 0,
        "client_id": row["client"],
        "promotion_id": "0",
        "cert_sum": "0",
        "product_cost": str(cost),
        "product_profit": str(receipts.line_due(line) - cost),
        "bonus_accrual": "0",
        "tax_value": "0",
        "tax_type": "0",
        "tax_fiscal": "0",
        "category_id": product["category"],
    }


def _known(call: Call, receipt_id: str) -> dict[str, Any]:
    row: dict[str, Any] | None = call.state["receipts"].get(receipt_id.strip())
    if row is None:
        raise Refusal(32)
    return row


@method("dash.getTransactionProducts")
def get_products(call: Call) -> object:
    row = _known(call, call.need("transaction_id"))
    return [_line(call.state, row, line) for line in row["lines"]]


@method("dash.getTransactionsProducts")
def get_many_products(call: Call) -> object:
    """`transactions_id` with commas. Numbers; paid sums in roubles as text, profit beside them in kopecks (P-67)."""
    rows = [_known(call, item) for item in call.need("transactions_id").split(",")]
    return [_numbers(call.state, row, line) for row in rows for line in row["lines"]]


def _numbers(state: State, row: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    shown = _line(state, row, line)
    shown.pop("round_sum")
    texts = ("product_name", "barcode", "product_code", "promotion_id", "num")
    out: dict[str, Any] = {"transaction_id": int(row["id"])}
    for name, value in shown.items():
        plain = isinstance(value, str) and name not in texts and value.lstrip("-").isdecimal()
        out[name] = int(value) if plain else value
    out["num"] = float(shown["num"]) if "." in shown["num"] else int(shown["num"])
    money = ("payed_sum", "product_sum", "bonus_sum", "cert_sum")
    return {**out, **{name: major(int(shown[name])) for name in money}}


@method("dash.getTransactionHistory")
def get_history(call: Call) -> object:
    """Newest first; `value_text` is JSON inside a text here."""
    row = _known(call, call.need("transaction_id"))
    return [
        {
            "transaction_id": row["id"],
            "type_history": item["type"],
            "time": str(item["time"]),
            **{f"value{place if place > 1 else ''}": str(value) for place, value in enumerate(item["values"][:3], 1)},
            "value_text": None if item["text"] is None else json.dumps(item["text"], separators=(",", ":")),
            "spot_tablet_id": item["tablet"],
        }
        for item in reversed(row["history"])
    ]


@method("dash.getTransactionWriteoffs")
def get_write_offs(call: Call) -> object:
    """The real name has a small `o` (P-66). Costs in roubles; nothing at all is null, not an empty list."""
    row = _known(call, call.need("transaction_id"))
    shown = [
        {
            "write_off_id": item["id"],
            "tr_product_id": item["line"],
            "storage_id": item["storage"],
            "ingredient_id": item["ingredient"],
            "product_id": item["product"],
            "modificator_id": item["modificator"],
            "prepack_id": item["prepack"],
            **_weight(call.state, item),
            "cost": number(item["cost"]),
            "time": str(row["closed"]),
        }
        for item in row["write_offs"]
    ]
    return shown or None


def _weight(state: State, item: Mapping[str, Any]) -> dict[str, Any]:
    """Pieces come as text with five decimals, weights as numbers."""
    unit, amount = state["ingredients"][item["ingredient"]]["unit"], Decimal(item["amount"])
    return {"weight": f"{amount:.5f}" if unit == "p" else float(f"{amount:.5f}"), "unit": unit}


# transactions: pages of receipts -------------------------------------------------------------------------------------


def _in_window(call: Call) -> list[dict[str, Any]]:
    call.need("date_from")
    call.need("date_to")
    asked = window(call, ("date_from", "date_to"), "%Y-%m-%d")
    rows = [row for row in call.state["receipts"].values() if row["status"] == "2" and asked.holds(row["date"])]
    return sorted(rows, key=lambda row: int(row["id"]))


@method("transactions.getTransactions")
def get_pages(call: Call) -> object:
    """Closed receipts only and no field that would say so (P-91); the unit of money is nowhere said (P-90)."""
    return page_of(call, [_page_row(call.state, row) for row in _in_window(call)])


def _page_row(state: State, row: Mapping[str, Any]) -> dict[str, Any]:
    def money(amount: int) -> int | float:
        return amount if state["units"]["transactions.getTransactions"] == "minor" else number(amount)

    return {
        "transaction_id": int(row["id"]),
        "table_id": int(row["table"]),
        "spot_id": int(row["spot"]),
        "client_id": int(row["client"]),
        "sum": money(sum(receipts.line_sum(line) for line in row["lines"])),
        "payed_sum": money(row["cash"] + row["card"]),
        "payed_cash": money(row["cash"]),
        "payed_card": money(row["card"]),
        "payed_cert": money(row["certificate"]),
        "payed_bonus": money(row["bonus"]),
        "payed_third_party": row["third_party"],  # in kopecks, says the text
        "round_sum": number(row["rounding"]),  # in roubles, says the text
        "pay_type": int(receipts.pay_type(row)),
        "reason": int(row["reason"] or 0),
        "tip_sum": money(row["tip"]),
        "bonus": 0,
        "discount": 0,
        "print_fiscal": int(row["fiscal"]),
        "date_close": row["date"],
        "products": [
            {
                "product_id": int(line["product"]),
                "modification_id": int(line["modification"]),
                "type": int(state["products"][line["product"]]["type"]),
                "workshop_id": int(state["products"][line["product"]]["workshop"]),
                "num": float(line["num"]) if "." in line["num"] else int(line["num"]),
                "product_sum": money(receipts.line_sum(line)),
                "payed_sum": money(_share(row, line)),
                "cert_sum": 0,
                "bonus_sum": 0,
                "bonus_accrual": 0,
                "round_sum": 0,
                "discount": 0,
                "tax_fiscal": 0,
            }
            for line in row["lines"]
        ],
    }


@method("transactions.getTransactionsWriteOffs")
def get_write_off_pages(call: Call) -> object:
    """A range of more than three days is refused with 52."""
    return page_of(call, [_write_offs(call.state, row) for row in _in_window(call)])


def _write_offs(state: State, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "transaction_id": int(row["id"]),
        "write_offs": [
            {
                "write_off_id": int(item["id"]),
                "storage_id": int(item["storage"]),
                "product_id": int(item["product"]),
                "modificator_id": int(item["modificator"]),
                "ingredient_id": int(item["ingredient"]),
                "prepack_id": int(item["prepack"]),
                "cost": number(item["cost"]),
                "weight": float(f"{Decimal(item['amount']):.5f}"),
                "unit": state["ingredients"][item["ingredient"]]["unit"],
                "reason": "",
            }
            for item in row["write_offs"]
        ],
    }


@method("transactions.getTransactionDishComposition")
def composition(call: Call) -> object:
    receipt = call.state["receipts"].get(call.need("transaction_id"))
    if receipt is None:
        raise Refusal(32)
    product, modificator = found(call.state, "products", call.need("product_id")), call.text("modificator_id", "0")
    num = sum(Decimal(line["num"]) for line in receipt["lines"] if line["product"] == product["id"])
    if product["type"] != "2" or not num:
        raise Refusal(32)
    return {
        "transaction_id": int(receipt["id"]),
        "product_id": int(product["id"]),
        "modificator_id": int(modificator),
        "num": float(num),
        "ingredients": [
            {
                "ingredient_id": int(row["ingredient_id"]),
                "type": int(row["type"]),
                "weight": float(Decimal(row["brutto"]) / stock.GRAMS),
            }
            for row in product["structure"]
        ],
    }
