"""The first state of the till: supplies, receipts, cash shifts and orders that happened before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.sandbox.company import Company, Line, Receipt, Supply
from connector.sandbox.poster import receipts
from connector.sandbox.poster.fill_goods import Keys
from connector.sandbox.poster.wire import METHODS, Call, millis, next_id, rounded
from connector.sandbox.world import State, World

_STATUS = {"open": "1", "closed": "2", "deleted": "3"}


def fill(world: World, keys: Keys) -> None:
    """`keys` names goods and guests. In the end as much is left as the company says."""
    state = world.state
    for name in ("supplies", "movings", "wastes", "manufactures", "receipts", "shifts", "till", "ledger", "orders"):
        state[name] = {}
    state["accounts"] = {"1": {"name": "Наличные в заведении", "balance": 0}}
    state["finance_categories"] = {"1": "Supplies", "2": "Cash register shifts", "7": "Actualization"}
    for supply in world.company.supplies:
        _supply(state, supply, keys)
    for receipt in world.company.receipts:
        _receipt(world, receipt, keys)
    _shifts(state, world.company)
    _promotion(state)
    if world.company.products:
        _documents(world, keys)
        _left(state, world.company, keys)


def _run(world: World, name: str, params: dict[str, Any]) -> None:
    """What a person did at the till, through the method that does it."""
    METHODS[name].run(Call(world, name, params))


def _documents(world: World, keys: Keys) -> None:
    """A moving, a write-off, a production, an order and a reservation by others, a prize and an accumulation."""
    main, bar, spot = keys["main"], keys["bar"], keys["spot1"]
    milk, dough, espresso = keys["milk"], keys["dough"], keys["espresso"]
    goods = [{"id": milk, "type": "4", "num": "5"}]
    moving = {"date": "2026-11-10 09:00:00", "from_storage": main, "to_storage": bar}
    _run(world, "storage.createMoving", {"moving": moving, "ingredient": goods})
    waste = {"date": "2026-11-11 21:00:00", "storage_id": bar, "reason_id": "1"}
    _run(
        world,
        "storage.createWriteOff",
        {"write_off": waste, "ingredient": [{"id": milk, "type": "4", "weight": "0.5"}]},
    )
    produced = {"date": "2026-11-12 07:00:00", "storage_id": main, "products": [{"id": dough, "type": "1", "num": "3"}]}
    _run(world, "storage.createManufacture", produced)
    guest = {"spot_id": spot, "phone": "+79161110042", "first_name": "Римма", "last_name": "Кофейкина"}
    _run(world, "incomingOrders.createIncomingOrder", {**guest, "products": [{"product_id": espresso, "count": "2"}]})
    table = {"table_id": "1", "duration": "3600", "date_reservation": "2026-12-01 16:00:00", "guests_count": "2"}
    _run(world, "incomingOrders.createReservation", {**guest, **table})
    for row in world.state["orders"].values():
        row |= {"own": False, "created": "2026-11-19 14:58:02", "updated": "2026-11-19 14:58:02"}
    _rewards(world, keys, keys["client two_cards"], espresso)


def _rewards(world: World, keys: Keys, client: str, product: str) -> None:
    accumulated = {"promotion_id": "8", "client_id": client, "product_id": product, "num": "3", "product_sum": "45000"}
    _run(world, "clients.addClientsAccumulations", {**accumulated, "date_add": "2026-11-18 13:25:16"})
    prize = {
        "prize_product_id": "38",
        "transaction_id": "384902",
        "promotion_id": "8",
        "client_id": keys["client stamped"],
        "status": "1",
        "tr_product_id": "2125002",
        "num": "1.0000000",
        "conditions": {
            "bonus_products": [{"type": "2", "id": product}],
            "bonus_products_condition_type": "1",
            "bonus_products_condition_value": "100",
        },
        "date_accrual": "2026-11-09 11:03:50",
        "date_issuance": "2026-11-09 11:03:50",
        "master_id": "0",
        "weight_flag": "0",
    }
    waiting = {**prize, "prize_product_id": "39", "client_id": client, "status": "0"}
    world.state["prizes"] += [prize, waiting]


def _left(state: State, company: Company, keys: Keys) -> None:
    """The first storage holds what, with the others, makes up what the company says is left."""
    first, *others = state["stock"]
    for item in company.ingredients:
        elsewhere = sum((Decimal(state["stock"][name].get(keys[item.key], "0")) for name in others), Decimal(0))
        state["stock"][first][keys[item.key]] = f"{Decimal(item.stock) - elsewhere:f}"


def _supply(state: State, supply: Supply, keys: Keys) -> None:
    lines = []
    for good, num, price in supply.lines:
        ingredient = keys.get(f"{good} stock", keys[good])
        total = rounded(Decimal(num) * price)
        lines.append({"ingredient": ingredient, "num": num, "price": price, "sum": total})
    row_id = next_id(state, "supply")
    storage = keys[supply.storage]
    state["supplies"][row_id] = {
        "id": row_id,
        "date": supply.at,
        "supplier": keys[supply.supplier],
        "storage": storage,
        "account": None,
        "comment": "",
        "lines": lines,
        "id_1c": None,
        "delete": "0",
        "steps": [{"storage": storage, "ingredient": row["ingredient"], "change": row["num"]} for row in lines],
    }


def _receipt(world: World, source: Receipt, keys: Keys) -> None:
    opened = millis(source.opened_at)
    row = receipts.blank(world, keys[source.spot], keys[source.employee], opened)
    row["lines"] = [_line(world.state, line, keys, opened + 1000 * place) for place, line in enumerate(source.lines, 1)]
    row |= {
        "cash": source.cash,
        "card": source.card,
        "bonus": source.bonus,
        "certificate": source.certificate,
        "third_party": source.third_party,
        "tip": source.tip,
        "rounding": source.rounding,
    }
    world.state["receipts"][row["id"]] = row
    receipts.remember(world, row, "open", opened, 1, 0, 1)
    for line in row["lines"]:
        receipts.remember(
            world, row, "additem", line["time"], int(line["product"]), text={"price": line["price"] / 100}
        )
    # the guest comes after the closing: what he has bought so far is already in the guest's own sums
    if source.status != "open":
        receipts.settle(world, row, millis(source.closed_at))
    if source.status == "deleted":
        receipts.take_back(world, row, row["closed"] + 60_000)
    row["client"] = keys.get(f"client {source.person}", "0")


def _line(state: State, line: Line, keys: Keys, at: int) -> dict[str, Any]:
    return {
        "id": next_id(state, "line"),
        "product": keys[line.product],
        "modification": keys.get(line.modification, "0"),
        "chosen": [],
        "num": line.quantity,
        "price": line.price,
        "discount": line.discount,
        "time": at,
    }


def _shifts(state: State, company: Company) -> None:
    """A shift a day and spot, closed for every day but the last."""
    days = sorted({(row["date"][:10], row["spot"]) for row in state["receipts"].values() if row["status"] == "2"})
    for day, spot in days:
        shift_id = next_id(state, "shift")
        last = day == days[-1][0]
        state["shifts"][shift_id] = {
            "id": shift_id,
            "spot": spot,
            "opened": millis(f"{day} 08:30:00"),
            "closed": 0 if last else millis(f"{day} 22:30:00"),
            "start": 100000,
            "end": 0 if last else 100000,
            "user_start": "2",
            "user_end": "0" if last else "2",
            "comment": "" if last else "бар",
        }
        _entry(state, shift_id, 1, f"{day} 08:30:00", 100000)
        if not last:
            _entry(state, shift_id, 4, f"{day} 22:20:00", 50000)
            _entry(state, shift_id, 5, f"{day} 22:30:00", 100000)
    if company.receipts:
        _ledger(state)


def _entry(state: State, shift_id: str, kind: int, at: str, amount: int) -> None:
    entry_id = next_id(state, "till")
    state["till"][entry_id] = {
        "id": entry_id,
        "shift": shift_id,
        "type": kind,
        "fiscal": 0,
        "category": "0",
        "edit_of": "0",
        "user_edit": "0",
        "edit_time": 0,
        "edit": 0,
        "delete": 0,
        "id_1c": None,
        "amount": amount,
        "time": millis(at),
        "user": "2",
        "comment": "",
    }


def _ledger(state: State) -> None:
    """The takings of every closed shift; kinds of binding that no list names come first (P-76)."""
    rows = [("2026-11-01 09:20:22", -813766, "15", "400", "Корректирующая транзакция", "7")]
    for shift in state["shifts"].values():
        takings = sum(row["cash"] for row in state["receipts"].values() if _of(shift, row))
        day = next(row["date"][:10] for row in state["receipts"].values() if _of(shift, row))
        if shift["closed"] and takings:
            rows.append((f"{day} 22:30:00", takings, "11", shift["id"], "Закрытие наличной кассы", "2"))
    for at, amount, binding, source, comment, category in rows:
        row_id = next_id(state, "ledger")
        state["accounts"]["1"]["balance"] += amount
        state["ledger"][row_id] = {
            "id": row_id,
            "account": "1",
            "amount": amount,
            "balance": state["accounts"]["1"]["balance"],
            "date": at,
            "binding": [binding, source],
            "comment": comment,
            "category": category,
            "user": "1",
            "id_1c": None,
            "delete": "0",
        }


def _of(shift: dict[str, Any], receipt: dict[str, Any]) -> bool:
    day = shift["opened"] // 1000
    same_day = 0 <= receipt["closed"] // 1000 - day < 15 * 3600
    return bool(receipt["status"] == "2" and receipt["spot"] == shift["spot"] and same_day)


def _promotion(state: State) -> None:
    """One promotion with accumulation, without an end (P-29)."""
    product = next(iter(state["products"]), "0")
    state["promotions"]["8"] = {
        "promotion_id": "8",
        "name": "Шестой кофе в подарок",
        "position": "1",
        "accrual_bonuses": "1",
        "params": {
            "conditions": [{"type": "2", "id": product, "pcs": 1, "g": 0, "sum": 0}],
            "conditions_rule": "or",
            "conditions_exactly": 1,
            "accumulation_type": "3",
            "accumulation_checks_count": 0,
            "week_days": ["1"] * 7,
            "periods": [{"start": "00:00", "end": "23:59"}],
            "clients_type": "1",
            "clients_groups": [],
            "result_type": "1",
            "bonus_products": [{"type": "2", "id": product}],
            "bonus_products_pcs": "1",
            "bonus_products_g": 0,
            "bonus_products_condition_type": "1",
            "bonus_products_condition_value": "100",
            "bonus_products_accumulation": "0",
            "discount_value": 0,
            "discount_prices": [],
        },
        "date_start": "2026-04-29 00:00:00",
        "date_end": "0000-00-00 00:00:00",
        "auto_apply": "0",
    }
