"""transactions.*: receipts of the till, opened, filled and closed from outside.

What goes wrong is said in the answer itself: `{"response": {"err_code": N}}` (section 1.2 of the facts).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.poster import stock
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.wire import (
    Call,
    ReceiptRefusal,
    Refusal,
    amount,
    decimal,
    local_of,
    method,
    next_id,
    rounded,
    whole,
)
from connector.sandbox.world import State, World

NO_PRODUCT, NOT_FOUND, NO_LINE, TOO_EARLY, BELOW_ZERO = 41, 42, 43, 45, 46
NO_CLIENT, NO_SPOT, SUMS_DIFFER = 49, 60, 88
"""What the codes mean in this section; 42 is a modification as well as a receipt that is not there."""

_DONE: Final = {"err_code": 0}
_REASONS: Final = ("1", "2", "3")


# sums ----------------------------------------------------------------------------------------------------------------


def line_sum(line: Mapping[str, Any]) -> int:
    """Kopecks of a line without its discount."""
    return rounded(Decimal(line["num"]) * line["price"])


def line_due(line: Mapping[str, Any]) -> int:
    return line_sum(line) - int(line["discount"])


def due(receipt: Mapping[str, Any]) -> int:
    """What the guest has to pay."""
    return sum(line_due(line) for line in receipt["lines"])


def line_cost(state: State, receipt: Mapping[str, Any], line: Mapping[str, Any]) -> int:
    """Cost of a line: what was written off for it, or would be."""
    if receipt["write_offs"]:
        return sum(item["cost"] for item in receipt["write_offs"] if item["line"] == line["id"])
    return stock.total_of(state, _parts(state, line))


def _parts(state: State, line: Mapping[str, Any]) -> list[stock.Part]:
    return stock.parts_of(state, line["product"], Decimal(line["num"]), line["modification"])


# opening and filling -------------------------------------------------------------------------------------------------


def blank(world: World, spot: str, user: str, opened: int) -> dict[str, Any]:
    """A receipt that has just been opened."""
    return {
        "id": next_id(world.state, "receipt"),
        "spot": spot,
        "tablet": "1",
        "table": "0",
        "user": user,
        "guests": "1",
        "client": "0",
        "comment": None,
        "status": "1",
        "opened": opened,
        "closed": 0,
        "date": "",
        "lines": [],
        **dict.fromkeys(("cash", "card", "bonus", "certificate", "third_party", "tip", "rounding"), 0),
        "reason": "",
        "fiscal": "0",
        "recipient": {},
        "history": [],
        "write_offs": [],
        "steps": [],
        "accrued": 0,
        "card_number": "0",
    }


def remember(world: World, receipt: dict[str, Any], kind: str, at: int, *values: int, text: object = None) -> None:
    """One row of the receipt's history; listeners hear of each of them."""
    numbers = [*values, 0, 0, 0, 0, 0][:5]
    receipt["history"].append(
        {
            "id": next_id(world.state, "history"),
            "type": kind,
            "tablet": receipt["tablet"],
            "time": at,
            "user": receipt["user"],
            "values": numbers,
            "text": text,
        }
    )
    data = {
        "transactions_history": {
            "type_history": kind,
            "time": at,
            **{f"value{place if place > 1 else ''}": value for place, value in enumerate(numbers, 1)},
            "value_text": None if text is None else json.dumps(text, separators=(",", ":")),
            "user_id": int(receipt["user"]),
            "spot_tablet_id": int(receipt["tablet"]),
        }
    }
    action = {"open": "added", "close": "closed", "delete": "removed"}.get(kind, "changed")
    notify(world, "transaction", receipt["id"], action, data)


@method("transactions.createTransaction", "POST")
def create(call: Call) -> object:
    spot, user = call.need("spot_id"), call.need("user_id")
    call.need("spot_tablet_id")
    if spot not in call.state["spots"]:
        raise ReceiptRefusal(NO_SPOT)
    if user not in call.state["users"]:
        raise Refusal(32)
    receipt = blank(call.world, spot, user, _time(call, 0))
    receipt |= {"tablet": call.text("spot_tablet_id"), "table": call.text("table_id", "0")}
    receipt["guests"] = str(call.number("guests_count", 1))
    call.state["receipts"][receipt["id"]] = receipt
    remember(call.world, receipt, "open", receipt["opened"], 1, int(receipt["table"]), int(receipt["guests"]))
    return {"transaction_id": int(receipt["id"]), "transaction_tablet_id": receipt["opened"]}


def _time(call: Call, not_before: int) -> int:
    """`time` in milliseconds, now by default; before the receipt was opened it is refused."""
    at = call.number("time", int(call.world.time() * 1000))
    if at < not_before:
        raise ReceiptRefusal(TOO_EARLY)
    return at


def _open(call: Call, *, spot: bool = True) -> dict[str, Any]:
    """The open receipt of a call; removeTransaction alone names no spot (P-89)."""
    call.need("spot_tablet_id")
    receipt: dict[str, Any] | None = call.state["receipts"].get(call.need("transaction_id"))
    if spot and call.need("spot_id") not in call.state["spots"]:
        raise ReceiptRefusal(NO_SPOT)
    if receipt is None or receipt["status"] != "1" or (spot and receipt["spot"] != call.text("spot_id")):
        raise ReceiptRefusal(NOT_FOUND)
    return receipt


def _modification(call: Call) -> list[dict[str, str]]:
    """`modification` is a JSON string of `[{"m": id, "a": count}]` (P-80)."""
    text = call.text("modification")
    try:
        rows = json.loads(text) if text else []
        return sorted(({"m": str(row["m"]), "a": str(row["a"])} for row in rows), key=lambda row: row["m"])
    except (ValueError, TypeError, KeyError) as error:
        raise ReceiptRefusal(NOT_FOUND) from error


@method("transactions.addTransactionProduct", "POST")
def add_product(call: Call) -> object:
    receipt = _open(call)
    product = call.state["products"].get(call.need("product_id"))
    if product is None or product["delete"] == "1" or product["type"] == "1":
        raise ReceiptRefusal(NO_PRODUCT)
    modificator, chosen, at = call.text("modificator_id", "0"), _modification(call), _time(call, receipt["opened"])
    price = price_at(product, receipt["spot"], modificator, chosen)
    if call.given("price"):
        price = amount(call, call.text("price"), "price", "addTransactionProduct")
    line = {
        "id": next_id(call.state, "line"),
        "product": product["id"],
        "modification": modificator,
        "chosen": chosen,
        "num": "1",
        "price": price,
        "discount": 0,
        "time": at,
    }
    receipt["lines"].append(line)
    remember(call.world, receipt, "additem", at, int(product["id"]), int(modificator), text={"price": price / 100})
    return {"transaction_product": int(line["id"])}


def price_at(product: Mapping[str, Any], spot: str, modificator: str, chosen: list[dict[str, str]]) -> int:
    """Kopecks of one piece in a spot; 42 for a modification that the product does not have."""
    if modificator != "0":
        row = stock.modification(dict(product), modificator)
        if row is None:
            raise ReceiptRefusal(NOT_FOUND)
        return int(row["prices"][spot])
    if product["modifications"]:
        raise ReceiptRefusal(NOT_FOUND)
    known = {
        row["dish_modification_id"]: int(row["price"]) for group in product["groups"] for row in group["modifications"]
    }
    if any(row["m"] not in known for row in chosen):
        raise ReceiptRefusal(NOT_FOUND)
    return int(product["prices"][spot]) + sum(known[row["m"]] * whole(row["a"], "a") for row in chosen)


def _line(call: Call, receipt: Mapping[str, Any], *, exactly: bool) -> dict[str, Any]:
    """The line of a product; `exactly` with the modification that was sent."""
    product, modificator = call.need("product_id"), call.text("modificator_id", "0")
    chosen = _modification(call)
    for line in receipt["lines"]:
        same = line["product"] == product and line["modification"] == modificator
        if same and (line["chosen"] == chosen or not (exactly or chosen)):
            found_line: dict[str, Any] = line
            return found_line
    raise ReceiptRefusal(NO_LINE)


@method("transactions.changeTransactionProductCount", "POST")
def change_count(call: Call) -> object:
    """The count is absolute (P-88); zero takes the line away."""
    receipt = _open(call)
    line, count = _line(call, receipt, exactly=True), decimal(call.need("count"), "count")
    if count < 0:
        raise ReceiptRefusal(BELOW_ZERO)
    at = _time(call, receipt["opened"])
    if count == 0:
        receipt["lines"].remove(line)
    else:
        line |= {"num": f"{count:f}", "time": at}
    remember(call.world, receipt, "changeitemcount", at, int(line["product"]), int(count), int(line["modification"]))
    return _DONE


@method("transactions.removeTransactionProduct", "POST")
def remove_product(call: Call) -> object:
    receipt = _open(call)
    line, at = _line(call, receipt, exactly=False), _time(call, receipt["opened"])
    receipt["lines"].remove(line)
    remember(call.world, receipt, "deleteitem", at, int(line["product"]), int(line["modification"]))
    return _DONE


@method("transactions.changeClient", "POST")
def change_client(call: Call) -> object:
    receipt, client = _open(call), call.need("client_id")
    if client != "0" and call.state["clients"].get(client, {}).get("delete") != "0":
        raise ReceiptRefusal(NO_CLIENT)
    receipt["client"] = client
    remember(call.world, receipt, "setclient", _time(call, receipt["opened"]), int(client))
    return _DONE


@method("transactions.changeComment", "POST")
def change_comment(call: Call) -> object:
    receipt = _open(call)
    receipt["comment"] = call.need("comment")
    at = _time(call, receipt["opened"])
    remember(call.world, receipt, "comment", at, text={"comment": receipt["comment"]})
    return _DONE


@method("transactions.changeRecipientFor54FZ", "POST")
def change_recipient(call: Call) -> object:
    """Without `type` the recipient is taken away."""
    receipt, kind = _open(call), call.text("type")
    if kind not in ("", "email", "phone"):
        raise Refusal(155, "type")
    receipt["recipient"] = {"type": kind, "contact": call.need("contact")} if kind else {}
    return _DONE


# closing and removing ------------------------------------------------------------------------------------------------


@method("transactions.closeTransaction", "POST")
def close(call: Call) -> object:
    """Payments must add up to what is due (88); without payment a `reason` is needed."""
    receipt = _open(call)
    paid = {name: _paid(call, f"payed_{name}") for name in ("cash", "card", "cert")}
    reason = call.text("reason")
    if reason and (reason not in _REASONS or any(paid.values())):
        raise ReceiptRefusal(SUMS_DIFFER)
    if not reason and sum(paid.values()) != due(receipt):
        raise ReceiptRefusal(SUMS_DIFFER)
    receipt |= {"cash": paid["cash"], "card": paid["card"], "certificate": paid["cert"], "reason": reason}
    receipt["fiscal"] = "1" if call.text("print_fiscal") == "1" else "0"
    settle(call.world, receipt, _time(call, receipt["opened"]))
    return _DONE


def _paid(call: Call, name: str) -> int:
    paid = amount(call, call.text(name, "0") or "0", name, "closeTransaction")
    if paid < 0:
        raise Refusal(155, name)
    return paid


def settle(world: World, receipt: dict[str, Any], at: int) -> None:
    """Close a receipt whose payments are known: write-offs, the guest's sums and bonus, history, hooks."""
    receipt |= {"status": "2", "closed": at, "date": local_of(at)}
    storage = world.state["spots"][receipt["spot"]]["storage"]
    for line in receipt["lines"]:
        for part in _parts(world.state, line):
            receipt["steps"].append(stock.put(world, storage, part.ingredient, -part.amount))
            receipt["write_offs"].append(_write_off(world.state, storage, line, part))
    total = receipt["cash"] + receipt["card"]
    _reward(world, receipt, total)
    remember(world, receipt, "close", at, int(pay_type(receipt)), total, text={"payments": _payments(receipt)})


def _payments(receipt: Mapping[str, Any]) -> dict[str, float]:
    """In roubles, unlike `value2` beside it."""
    return {name: receipt[name] / 100 for name in ("cash", "card") if receipt[name]}


def _write_off(state: State, storage: str, line: Mapping[str, Any], part: stock.Part) -> dict[str, Any]:
    return {
        "id": next_id(state, "write_off"),
        "line": line["id"],
        "storage": storage,
        "ingredient": part.ingredient,
        "product": part.product,
        "modificator": part.modificator,
        "prepack": part.prepack,
        "amount": f"{part.amount:f}",
        "cost": rounded(stock.cost_of(state, part)),
    }


def _reward(world: World, receipt: dict[str, Any], total: int) -> None:
    client = world.state["clients"].get(receipt["client"])
    if client is None:
        return
    group = world.state["groups"].get(client["group"], {})
    percent = Decimal(group.get("percent", "0")) if group.get("loyalty") == "1" else Decimal(0)
    receipt["accrued"] = rounded(total * percent / 100)
    client["paid"] += total
    client["bonus"] += receipt["accrued"] - receipt["bonus"]
    notify(
        world, "client_payed_sum", client["id"], "changed", {"value_relative": total, "value_absolute": client["paid"]}
    )


def pay_type(receipt: Mapping[str, Any]) -> str:
    """0 nothing, 1 cash, 2 card, 3 both; cash alone is a 3 in every other receipt (facts 1.11)."""
    if not receipt["cash"] and not receipt["card"]:
        return "0"
    if receipt["cash"] and receipt["card"]:
        return "3"
    if receipt["cash"]:
        return "3" if int(receipt["id"]) % 2 == 0 else "1"
    return "2"


@method("transactions.removeTransaction", "POST")
def remove(call: Call) -> object:
    """An open or a closed receipt; goods and the guest's sums come back."""
    call.need("spot_tablet_id")
    receipt = call.state["receipts"].get(call.need("transaction_id"))
    if receipt is None or receipt["status"] == "3":
        raise ReceiptRefusal(NOT_FOUND)
    if call.need("user_id") not in call.state["users"]:
        raise Refusal(32)
    take_back(call.world, receipt, _time(call, receipt["opened"]))
    return _DONE


def take_back(world: World, receipt: dict[str, Any], at: int) -> None:
    """Delete a receipt."""
    stock.undo(world, receipt["steps"])
    client = world.state["clients"].get(receipt["client"])
    if receipt["status"] == "2" and client is not None:
        client["paid"] -= receipt["cash"] + receipt["card"]
        client["bonus"] -= receipt["accrued"] - receipt["bonus"]
    receipt |= {"status": "3", "steps": [], "closed": receipt["closed"] or at}
    receipt["date"] = local_of(receipt["closed"])
    remember(world, receipt, "delete", at)
