"""finance.*: the ledger of accounts (P-10: "transactions" of a third kind)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.wire import Call, method, next_id, stamp, window
from connector.sandbox.world import State, World

RUBLE = '<i class="icon-rouble"></i>'
"""What the sign of the rouble is sent as (P-77)."""


def post(world: World, account: str, amount: int, *, binding: tuple[str, str], comment: str, category: str) -> str:
    """One movement on an account, in signed kopecks; `binding` says what it came from (type, id)."""
    state = world.state
    row_id = next_id(state, "ledger")
    balance = state["accounts"][account]["balance"] + amount
    state["accounts"][account]["balance"] = balance
    state["ledger"][row_id] = {
        "id": row_id,
        "account": account,
        "amount": amount,
        "balance": balance,
        "date": stamp(world),
        "binding": list(binding),
        "comment": comment,
        "category": category,
        "user": "1",
        "id_1c": None,
        "delete": "0",
    }
    notify(world, "book_transaction", row_id, "added")
    return row_id


def cancel(state: State, kind: str, source: str) -> None:
    """Take back what a document had posted."""
    for row in state["ledger"].values():
        if row["binding"] == [kind, source] and row["delete"] == "0":
            row["delete"] = "1"
            state["accounts"][row["account"]]["balance"] -= row["amount"]


def _shown(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    account = call.state["accounts"][row["account"]]
    shown = {
        "transaction_id": row["id"],
        "account_id": row["account"],
        "user_id": row["user"],
        "category_id": row["category"],
        "type": "1" if row["amount"] >= 0 else "0",
        "amount": str(row["amount"]),
        "balance": str(row["balance"]),
        "date": row["date"],
        "recipient_type": "0",
        "recipient_id": "0",
        "binding_type": row["binding"][0],
        "binding_id": row["binding"][1],
        "comment": row["comment"],
        "delete": row["delete"],
        "account_name": account["name"],
        "currency_symbol": RUBLE,
        "category_name": call.state["finance_categories"][row["category"]],
    }
    return {**shown, "id_1c": row["id_1c"]} if call.flag("1c") else shown


@method("finance.getTransactions")
def get_transactions(call: Call) -> object:
    """Newest first, all text, signed kopecks."""
    asked, account, category = window(call), call.text("account_id"), call.text("category_id")
    rows = [
        row
        for row in call.state["ledger"].values()
        if asked.holds(row["date"]) and account in ("", row["account"]) and category in ("", row["category"])
    ]
    return [_shown(call, row) for row in sorted(rows, key=lambda row: int(row["id"]), reverse=True)]


@method("finance.getTransaction")
def get_transaction(call: Call) -> object:
    """An object (P-24)."""
    row = call.state["ledger"].get(call.need("transaction_id"))
    return _shown(call, row) if row is not None else False
