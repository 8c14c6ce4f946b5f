"""finance.*: cash shifts and what was put into and taken out of the till."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.sandbox.poster import ledger
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.wire import (
    Call,
    Refusal,
    kopecks,
    local_of,
    method,
    millis,
    moment_of,
    next_id,
    whole,
    window,
)
from connector.sandbox.world import State

OPENING, INCOME, EXPENSE, COLLECTION, CLOSING = 1, 2, 3, 4, 5
_TYPED: Final = (INCOME, EXPENSE, COLLECTION)


# shifts --------------------------------------------------------------------------------------------------------------


def _shift(state: State, row: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers; all amounts in kopecks, moments in milliseconds; 0 while the shift is open."""
    entries = [entry for entry in state["till"].values() if entry["shift"] == row["id"] and not entry["delete"]]
    sums = {kind: sum(entry["amount"] for entry in entries if entry["type"] == kind) for kind in _TYPED}
    sold = [receipt for receipt in state["receipts"].values() if _within(row, receipt)]
    return {
        "cash_shift_id": int(row["id"]),
        "spot_id": int(row["spot"]),
        "timestart": row["opened"],
        "timeend": row["closed"],
        "amount_start": row["start"],
        "amount_end": row["end"],
        "amount_debit": sums[INCOME],
        "amount_sell_cash": sum(receipt["cash"] for receipt in sold),
        "amount_sell_card": sum(receipt["card"] for receipt in sold),
        "amount_credit": sums[EXPENSE],
        "amount_collection": sums[COLLECTION],
        "user_id_start": int(row["user_start"]),
        "user_id_end": int(row["user_end"]),
        "comment": row["comment"],
    }


def _within(row: Mapping[str, Any], receipt: Mapping[str, Any]) -> bool:
    if receipt["status"] != "2" or receipt["spot"] != row["spot"] or receipt["closed"] < row["opened"]:
        return False
    return bool(row["closed"] == 0 or receipt["closed"] <= row["closed"])


@method("finance.getCashShifts")
def get_shifts(call: Call) -> object:
    """Newest first, with the name of the spot and a stray `table_num` (P-98)."""
    asked, spot = window(call), call.text("spot_id")
    rows = [
        row
        for row in call.state["shifts"].values()
        if asked.holds(local_of(row["opened"])) and spot in ("", row["spot"])
    ]
    shown = []
    for row in sorted(rows, key=lambda row: int(row["id"]), reverse=True):
        place = call.state["spots"][row["spot"]]
        more = {"spot_name": place["name"], "spot_adress": place["address"], "table_num": "0"}
        shown.append({**_shift(call.state, row), **more})
    return shown


@method("finance.getCashShift")
def get_shift(call: Call) -> object:
    row = call.state["shifts"].get(call.need("cash_shift_id"))
    return _shift(call.state, row) if row is not None else False


@method("finance.openCashShift", "POST")
def open_shift(call: Call) -> object:
    """The amount in roubles, the moment to the minute."""
    spot, user = call.need("spot_id"), call.need("user_id")
    if spot not in call.state["spots"] or user not in call.state["users"]:
        raise Refusal(32)
    if any(row["spot"] == spot and row["closed"] == 0 for row in call.state["shifts"].values()):
        raise Refusal(54, message="The cash shift is already open")
    shift_id = next_id(call.state, "shift")
    at, amount = _at(call), kopecks(call.need("amount"), "amount")
    call.state["shifts"][shift_id] = {
        "id": shift_id,
        "spot": spot,
        "opened": at,
        "closed": 0,
        "start": amount,
        "end": 0,
        "user_start": user,
        "user_end": "0",
        "comment": "",
    }
    _enter(call, shift_id, OPENING, {"amount": amount, "time": at, "user": user, "comment": ""})
    return {"cash_shift_id": int(shift_id)}


@method("finance.closeCashShift", "POST")
def close_shift(call: Call) -> object:
    row = call.state["shifts"].get(call.need("cash_shift_id"))
    if row is None:
        raise Refusal(32)
    if row["closed"] != 0:
        raise Refusal(54, message="The cash shift is closed")
    at, amount, user = _at(call), kopecks(call.need("amount"), "amount"), call.need("user_id")
    if at < row["opened"]:
        raise Refusal(45)
    row |= {"closed": at, "end": amount, "user_end": user, "comment": call.text("comment")}
    _enter(call, row["id"], CLOSING, {"amount": amount, "time": at, "user": user, "comment": row["comment"]})
    takings = sum(receipt["cash"] for receipt in call.state["receipts"].values() if _within(row, receipt))
    if takings:
        ledger.post(
            call.world, "1", takings, binding=("12", row["id"]), comment="Закрытие наличной кассы", category="2"
        )
    return True


def _at(call: Call) -> int:
    return millis(moment_of(call.need("time"), "time", "%Y-%m-%d %H:%M"))


# entries -------------------------------------------------------------------------------------------------------------


def _enter(call: Call, shift_id: str, kind: int, values: Mapping[str, Any]) -> str:
    entry_id = next_id(call.state, "till")
    call.state["till"][entry_id] = {
        "id": entry_id,
        "shift": shift_id,
        "type": kind,
        "fiscal": 1 if call.text("is_fiscal") == "1" else 0,
        "category": "0",
        "edit_of": "0",
        "user_edit": "0",
        "edit_time": 0,
        "edit": 0,
        "delete": 0,
        "id_1c": None,
        **values,
    }
    notify(call.world, "cash_shift_transaction", entry_id, "added")
    return entry_id


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "shift_tr_id": int(row["id"]),
        "shift_id": int(row["shift"]),
        "time": row["time"],
        "type": row["type"],
        "tr_amount": row["amount"],
        "user_id": int(row["user"]),
        "comment": row["comment"],
        "shift_tr_id_edit": int(row["edit_of"]),
        "user_id_edit": int(row["user_edit"]),
        "edit_time": row["edit_time"],
        "edit": row["edit"],
        "delete": row["delete"],
        "is_fiscal": row["fiscal"],
    }


@method("finance.getCashShiftTransactions")
def get_entries(call: Call) -> object:
    """Newest first, numbers, with what was edited and deleted."""
    shift = call.need("shift_id")
    rows = [row for row in call.state["till"].values() if row["shift"] == shift]
    return [_entry(row) for row in sorted(rows, key=lambda row: int(row["id"]), reverse=True)]


@method("finance.getCashShiftTransaction")
def get_entry(call: Call) -> object:
    """The same fields as texts. The parameter is `cash_shift_transaction_id` (P-74)."""
    row = call.state["till"].get(call.need("cash_shift_transaction_id"))
    return {name: str(value) for name, value in _entry(row).items()} if row is not None else False


@method("finance.createCashShiftTransaction", "POST")
def create_entry(call: Call) -> object:
    """Income, expense or collection; in roubles."""
    shift = call.state["shifts"].get(call.need("cash_shift_id"))
    if shift is None:
        raise Refusal(32)
    kind = whole(call.need("type_id"), "type_id")
    if kind not in _TYPED:
        raise Refusal(155, "type_id")
    if kind != COLLECTION:
        call.need("category_id")
    values = {
        "amount": kopecks(call.need("amount"), "amount"),
        "time": _at(call),
        "user": call.need("user_id"),
        "comment": call.text("comment"),
        "category": call.text("category_id", "0"),
    }
    return {"cash_shift_transaction_id": int(_enter(call, shift["id"], kind, values))}


@method("finance.updateCashShiftTransaction", "POST")
def update_entry(call: Call) -> object:
    """Makes a new row with a NEW id; the old one stays, marked edited and deleted (P-75)."""
    old = _open_entry(call)
    if old["type"] not in _TYPED:
        raise Refusal(153, message="You can't change this value")
    kind = whole(call.text("type_id") or str(old["type"]), "type_id")
    if kind not in _TYPED:
        raise Refusal(155, "type_id")
    values = {
        "amount": kopecks(call.text("amount"), "amount") if call.given("amount") else old["amount"],
        "time": _at(call) if call.given("time") else old["time"],
        "user": call.text("user_id") or old["user"],
        "comment": call.text("comment") if call.given("comment") else old["comment"],
        "category": call.text("category_id") or old["category"],
        "fiscal": int(call.text("is_fiscal")) if call.text("is_fiscal") in ("0", "1") else old["fiscal"],
        "edit_of": old["id"],
        "user_edit": call.text("user_id") or old["user"],
        "edit_time": int(call.world.time() * 1000),
    }
    old |= {"edit": 1, "delete": 1}
    return {"cash_shift_transaction_id": int(_enter(call, old["shift"], kind, values))}


@method("finance.removeCashShiftTransaction", "POST")
def remove_entry(call: Call) -> object:
    row = _open_entry(call)
    row["delete"] = 1
    notify(call.world, "cash_shift_transaction", row["id"], "removed")
    return True


def _open_entry(call: Call) -> dict[str, Any]:
    row: dict[str, Any] | None = call.state["till"].get(call.need("cash_shift_transaction_id"))
    if row is None or row["delete"]:
        raise Refusal(32)
    return row
