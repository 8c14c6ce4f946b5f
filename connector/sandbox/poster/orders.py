"""incomingOrders.*: orders that come from outside, and reservations of tables.

What the cashier does with them is a control page: POST /_sandbox/accept and /_sandbox/reject {"incoming_order_id": 1}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.poster import receipts
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.phones import NO_DIGITS, checked, digits_of
from connector.sandbox.poster.wire import (
    ZONE,
    Call,
    Refusal,
    decimal,
    listed,
    method,
    moment_of,
    next_id,
    quantity,
    rounded,
    stamp,
)
from connector.sandbox.world import State, World

NEW, ACCEPTED, REJECTED = 0, 1, 7
_ORDER, _RESERVATION = "1", "2"
_SHORTEST: Final = 1800
_GUEST: Final = ("first_name", "last_name", "email", "sex", "birthday", "address", "comment")


# reading -------------------------------------------------------------------------------------------------------------


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """An order of the lists: numbers, the phone as digits, `type` left out."""
    return {
        "incoming_order_id": int(row["id"]),
        "spot_id": int(row["spot"]),
        "status": row["status"],
        "client_id": int(row["client"]),
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "phone": row["phone"],
        "email": row["email"],
        "sex": row["sex"],
        "birthday": row["birthday"],
        "address": row["address"],
        "comment": row["comment"],
        "created_at": row["created"],
        "updated_at": row["updated"],
        "transaction_id": int(row["receipt"]) if row["receipt"] else None,
    }


def _order(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**_shown(row), "products": [_product(row, item) for item in row["products"]]}


def _product(row: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    count = Decimal(item["count"])
    return {
        "io_product_id": int(item["id"]),
        "product_id": int(item["product"]),
        "modificator_id": int(item["modificator"]) if item["modificator"] else None,
        "incoming_order_id": int(row["id"]),
        "count": int(count) if count == int(count) else float(count),
        "created_at": row["created"],
    }


def _reservation(row: Mapping[str, Any]) -> dict[str, Any]:
    """Ids are texts here; the client's is a number."""
    shown = {**_shown(row), "incoming_order_id": row["id"], "spot_id": row["spot"], "transaction_id": row["receipt"]}
    more = {"guests_count": row["guests"], "duration": row["duration"], "date_reservation": row["starts"]}
    return {**shown, "sex": None if row["sex"] is None else str(row["sex"]), **more}


def _listed(call: Call, kind: str, *, own: bool) -> list[dict[str, Any]]:
    """Filters by the moment of creation, not of the last change; so a later change is missed."""
    status = call.text("status")
    first, last = (moment_of(call.text(name), name) if call.text(name) else "" for name in ("date_from", "date_to"))
    return [
        row
        for row in call.state["orders"].values()
        if row["type"] == kind
        and (row["own"] or not own)
        and status in ("", str(row["status"]))
        and (not first or first <= row["created"])
        and (not last or row["created"] <= last)
    ]


def _one(call: Call, kind: str, *, own: bool) -> dict[str, Any] | None:
    row: dict[str, Any] | None = call.state["orders"].get(call.need("incoming_order_id"))
    if row is None or row["type"] != kind or (own and not row["own"]):
        return None
    return row


@method("incomingOrders.getIncomingOrders")
def get_orders(call: Call) -> object:
    return [_order(row) for row in _listed(call, _ORDER, own=False)]


@method("incomingOrders.getOwnIncomingOrders")
def get_own_orders(call: Call) -> object:
    """Those that this application created (P-78)."""
    return [_order(row) for row in _listed(call, _ORDER, own=True)]


@method("incomingOrders.getIncomingOrder")
def get_order(call: Call) -> object:
    row = _one(call, _ORDER, own=False)
    return _order(row) if row is not None else False


@method("incomingOrders.getOwnIncomingOrder")
def get_own_order(call: Call) -> object:
    row = _one(call, _ORDER, own=True)
    return _order(row) if row is not None else False


@method("incomingOrders.getReservations")
def get_reservations(call: Call) -> object:
    return [_reservation(row) for row in _listed(call, _RESERVATION, own=False)]


@method("incomingOrders.getOwnReservations")
def get_own_reservations(call: Call) -> object:
    return [_reservation(row) for row in _listed(call, _RESERVATION, own=True)]


@method("incomingOrders.getReservation")
def get_reservation(call: Call) -> object:
    row = _one(call, _RESERVATION, own=False)
    return _reservation(row) if row is not None else False


@method("incomingOrders.getOwnReservation")
def get_own_reservation(call: Call) -> object:
    row = _one(call, _RESERVATION, own=True)
    return _reservation(row) if row is not None else False


# creating ------------------------------------------------------------------------------------------------------------


@method("incomingOrders.createIncomingOrder", "POST")
def create_order(call: Call) -> object:
    """The answer knows no phone though one was sent (P-79); with a promotion its ids are texts and it is a text."""
    row = {**_new(call, _ORDER), "products": [_sent_product(call, item) for item in _sent_products(call)]}
    row["promotion"] = _promotion(call)
    call.state["orders"][row["id"]] = row
    notify(call.world, "incoming_order", row["id"], "added", {"type": 1})
    shown = _order(row)
    guest = dict.fromkeys(("phone", "address"), None)
    answer = {**shown, **guest, "fiscal_spreading": 0, "fiscal_method": "", "products": shown["products"]}
    return answer if row["promotion"] is None else _in_texts(answer, row)


def _in_texts(answer: dict[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    products = [
        {
            **item,
            **{name: str(item[name]) for name in ("io_product_id", "product_id", "incoming_order_id")},
            "count": f"{Decimal(str(item['count'])):.5f}",
        }
        for item in answer["products"]
    ]
    ids = {name: str(answer[name]) for name in ("incoming_order_id", "spot_id", "fiscal_spreading")}
    return {**answer, **ids, "type": _ORDER, "promotion": row["promotion"], "products": products}


def _sent_products(call: Call) -> list[Mapping[str, Any]]:
    rows = call.rows("products")
    if not rows or not all(isinstance(item, dict) and item.get("product_id") for item in rows):
        raise Refusal(34, "products")
    return rows


def _sent_product(call: Call, item: Mapping[str, Any]) -> dict[str, Any]:
    product = call.state["products"].get(str(item["product_id"]))
    if product is None or product["delete"] == "1" or product["type"] == "1":
        raise Refusal(32)
    count = quantity(item.get("count", "1"), "count")
    modificator = str(item.get("modificator_id") or "")
    price = receipts.price_at(product, call.text("spot_id"), modificator or "0", [])
    if item.get("price") is not None:
        price = rounded(decimal(item["price"], "price"))
    return {
        "id": next_id(call.state, "order_product"),
        "product": product["id"],
        "modificator": modificator,
        "count": f"{count:f}",
        "price": price,
    }


def _promotion(call: Call) -> str | None:
    if not call.given("promotion"):
        return None
    rows = listed(call.params["promotion"], "promotion")
    return json.dumps(rows, separators=(",", ":"))


def _new(call: Call, kind: str) -> dict[str, Any]:
    """What orders and reservations have in common; the guest is found by phone when no id was sent."""
    if call.need("spot_id") not in call.state["spots"]:
        raise Refusal(32)
    phone = checked(call.text("phone")) if call.given("phone") else ""
    client = call.text("client_id") or "0"
    if client == "0" and not phone and not call.given("promotion"):
        raise Refusal(34, "phone")
    if client != "0" and call.state["clients"].get(client, {}).get("delete") != "0":
        raise Refusal(32)
    guest = {name: call.text(name) or None for name in _GUEST}
    if guest["sex"] is not None:
        guest["sex"] = int(guest["sex"]) if guest["sex"] in ("0", "1", "2") else None  # type: ignore[assignment]
    now = stamp(call.world)
    return {
        "id": next_id(call.state, "order"),
        "type": kind,
        "own": True,
        "spot": call.text("spot_id"),
        "status": NEW,
        "client": client if client != "0" else _by_phone(call.state, phone),
        "phone": digits_of(phone) if phone else None,
        **guest,
        "created": now,
        "updated": now,
        "receipt": None,
        "products": [],
    }


def _by_phone(state: State, phone: str) -> str:
    digits = digits_of(phone)
    for client in state["clients"].values():
        if digits not in (NO_DIGITS,) and digits_of(client["phone"]) == digits and client["delete"] == "0":
            return str(client["id"])
    return "0"


# reservations --------------------------------------------------------------------------------------------------------


@method("incomingOrders.createReservation", "POST")
def create_reservation(call: Call) -> object:
    """The moment is read as UTC and shown in the account's zone (facts 1.6)."""
    starts, duration = moment_of(call.need("date_reservation"), "date_reservation"), _duration(call)
    table = call.state["tables"].get(call.need("table_id"))
    if table is None or table["is_deleted"] == "1":
        raise Refusal(32)
    row = _new(call, _RESERVATION)
    row |= {
        "table": table["table_id"],
        "guests": call.text("guests_count", "1"),
        "duration": str(duration),
        "starts": _in_zone(starts),
    }
    call.state["orders"][row["id"]] = row
    notify(call.world, "incoming_order", row["id"], "added", {"type": 2})
    empty = {"fiscal_spreading": "0", "fiscal_method": "", "promotion": None, "type": _RESERVATION}
    blanks = {name: row[name] or "" for name in ("address", "comment")}
    return {**_reservation(row), **empty, **blanks}


def _duration(call: Call) -> int:
    duration = call.number("duration", 0)
    if duration < _SHORTEST:
        raise Refusal(155, "duration")
    return duration


def _in_zone(moment: str) -> str:
    utc = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return utc.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


@method("incomingOrders.getTablesForReservation")
def get_free_tables(call: Call) -> object:
    """Tables of every spot, whichever was asked for (P-83)."""
    if call.need("spot_id") not in call.state["spots"]:
        raise Refusal(32)
    asked = moment_of(call.need("date_reservation"), "date_reservation", "%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M")
    start, guests = _in_zone(asked), call.number("guests_count", 1)
    end = _plus(start, _duration(call))
    taken = {
        row["table"]
        for row in call.state["orders"].values()
        if row["type"] == _RESERVATION and row["status"] != REJECTED and _overlap(row, start, end)
    }
    names = ("table_id", "table_num", "table_capacity", "spot_id", "hall_id")
    rows = [row for row in call.state["tables"].values() if row["is_deleted"] == "0" and row["table_id"] not in taken]
    return {"freeTables": [{name: row[name] for name in names} for row in rows if int(row["table_capacity"]) >= guests]}


def _overlap(row: Mapping[str, Any], start: str, end: str) -> bool:
    return bool(row["starts"] < end and start < _plus(row["starts"], int(row["duration"])))


def _plus(moment: str, seconds: int) -> str:
    return str(datetime.strptime(moment, "%Y-%m-%d %H:%M:%S") + timedelta(seconds=seconds))


# the cashier ---------------------------------------------------------------------------------------------------------


def install(world: World) -> None:
    world.pages |= {
        ("POST", "accept"): lambda body: _decide(world, body, ACCEPTED),
        ("POST", "reject"): lambda body: _decide(world, body, REJECTED),
    }


def _decide(world: World, body: Mapping[str, Any], status: int) -> dict[str, Any]:
    """Accepting opens a receipt with the order's goods."""
    with world.lock:
        row = world.state["orders"].get(str(body.get("incoming_order_id", "")))
        if row is None or row["status"] != NEW:
            raise ValueError("no new order or reservation of this id")
        row |= {"status": status, "updated": stamp(world)}
        if status == ACCEPTED:
            row["receipt"] = _receipt(world, row)
        notify(world, "incoming_order", row["id"], "changed", {"type": int(row["type"])})
        return {"incoming_order_id": int(row["id"]), "status": status, "transaction_id": row["receipt"]}


def _receipt(world: World, row: Mapping[str, Any]) -> str:
    at = int(world.time() * 1000)
    receipt = receipts.blank(world, row["spot"], "2", at)
    receipt["client"] = row["client"]
    for item in row["products"]:
        receipt["lines"].append(
            {
                "id": next_id(world.state, "line"),
                "product": item["product"],
                "modification": item["modificator"] or "0",
                "chosen": [],
                "num": item["count"],
                "price": item["price"],
                "discount": 0,
                "time": at,
            }
        )
    world.state["receipts"][receipt["id"]] = receipt
    receipts.remember(world, receipt, "open", at, 1, 0, 1)
    return str(receipt["id"])
