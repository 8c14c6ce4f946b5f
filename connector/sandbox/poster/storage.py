"""storage.*: storages, suppliers, packs, leftovers, inventories, the report of movement."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.poster import stock
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.menu import found, live, type_of
from connector.sandbox.poster.wire import Call, Refusal, method, next_id, php_map, rounded, window

_UNITS: Final = {"p": "pcs", "kg": "kg", "l": "l"}
_LEFTOVER_TYPES: Final = {"1": "product", "2": "dish", "3": "prepack", "4": "ingredient", "5": "modificator"}
_MOVEMENT_TYPES: Final = {"1": "ingredient", "2": "product", "3": "modificator", "4": "dish", "5": "prepack"}
"""Two of the enumerations of goods (P-11, P-44); each belongs to its method alone."""

_SUPPLIER: Final = ("supplier_phone", "supplier_adress", "supplier_comment", "supplier_code", "supplier_tin")


# storages ------------------------------------------------------------------------------------------------------------


@method("storage.getStorages")
def get_storages(call: Call) -> object:
    """With the deleted ones; `storage_adress` is really spelled so (P-15)."""
    return [_without_1c(row) for row in call.state["storages"].values()]


@method("storage.getStorage")
def get_storage(call: Call) -> object:
    row = call.state["storages"].get(call.need("storage_id"))
    return _without_1c(row) if row is not None else False


def _without_1c(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id_1c"}


@method("storage.createStorage", "POST")
def create_storage(call: Call) -> object:
    name, address = call.need("storage_name"), call.text("storage_adress")
    storage_id = next_id(call.state, "storage")
    call.state["storages"][storage_id] = {
        "storage_id": storage_id,
        "storage_name": name,
        "storage_adress": address,
        "delete": "0",
        "id_1c": None,
    }
    notify(call.world, "storage", storage_id, "added")
    return int(storage_id)


@method("storage.updateStorage", "POST")
def update_storage(call: Call) -> object:
    row = found(call.state, "storages", call.need("storage_id"))
    row |= {name: call.text(name) for name in ("storage_name", "storage_adress") if call.given(name)}
    notify(call.world, "storage", row["storage_id"], "changed")
    return int(row["storage_id"])


# suppliers -----------------------------------------------------------------------------------------------------------


@method("storage.getSuppliers")
def get_suppliers(call: Call) -> object:
    """With the deleted ones. The 1C flag is called `id_1c` here (P-12)."""
    rows = call.state["suppliers"].values()
    return [dict(row) if call.flag("id_1c") else _without_1c(row) for row in rows]


@method("storage.createSupplier", "POST")
def create_supplier(call: Call) -> object:
    name = call.need("supplier_name")
    supplier_id = next_id(call.state, "supplier")
    details = {field: call.text(field) for field in _SUPPLIER}
    row = {"supplier_id": supplier_id, "supplier_name": name, **details, "delete": "0", "id_1c": None}
    call.state["suppliers"][supplier_id] = row
    return int(supplier_id)


# packs ---------------------------------------------------------------------------------------------------------------


@method("storage.getPacks")
def get_packs(call: Call) -> object:
    """Basic packs have no name and count 0 (P-54)."""
    return list(call.state["packs"].values())


@method("storage.getPack")
def get_pack(call: Call) -> object:
    return call.state["packs"].get(call.need("pack_id"), False)


# leftovers -----------------------------------------------------------------------------------------------------------


@method("storage.getStorageLeftovers")
def get_leftovers(call: Call) -> object:
    """Totals over all storages; `storage_ingredient_left` comes only with `storage_id` (P-46)."""
    storage, kind = call.text("storage_id") or None, _LEFTOVER_TYPES.get(call.text("type"))
    category = call.text("category_id")
    rows = []
    for row in live(call.state, "ingredients"):
        if kind not in (None, row["owner"]) or category not in ("", row["category"]):
            continue
        if stock.left(call.state, row["id"], storage) != 0 or call.flag("zero_leftovers"):
            rows.append(_leftover(call, row, storage))
    return rows


def _leftover(call: Call, row: Mapping[str, Any], storage: str | None) -> dict[str, Any]:
    total, here = stock.left(call.state, row["id"]), stock.left(call.state, row["id"], storage)
    cost = Decimal(row["cost"])
    shown = {
        "ingredient_id": row["id"],
        "ingredient_name": row["name"],
        "ingredient_left": f"{total:.5f}",
        "limit_value": row["limit"],
        "ingredient_unit": row["unit"],
        "ingredients_type": type_of(row),
        "storage_ingredient_sum": str(rounded(max(here, Decimal(0)) * cost)),
        "prime_cost": rounded(cost),
        "hidden": row["hidden"],
    }
    return {**shown, "storage_ingredient_left": f"{here:.5f}"} if storage is not None else shown


@method("storage.getReportMovement")
def get_movement(call: Call) -> object:
    """What came and went in the window; costs in roubles. Whatever happened after the window is taken off the end."""
    asked, storage = window(call), call.text("storage_id") or None
    kind = _MOVEMENT_TYPES.get(call.text("type"))
    rows = []
    for row in live(call.state, "ingredients"):
        if kind in (None, row["owner"]):
            rows.append(_movement(call, row, storage, (asked.first, asked.last)))
    return rows


def _movement(call: Call, row: Mapping[str, Any], storage: str | None, days: tuple[str, str]) -> dict[str, Any]:
    came = went = after = Decimal(0)
    for at, step in steps(call.state):
        if step["ingredient"] != row["id"] or storage not in (None, step["storage"]) or at[:10] < days[0]:
            continue
        change = Decimal(step["change"])
        after += change if at[:10] > days[1] else 0
        if at[:10] <= days[1]:
            came, went = came + max(change, Decimal(0)), went - min(change, Decimal(0))
    end = stock.left(call.state, row["id"], storage) - after
    cost = float(f"{Decimal(row['cost']) / 100:.2f}")
    return {
        "ingredient_id": row["id"],
        "ingredient_name": row["name"],
        "cost_start": cost,
        "cost_end": cost,
        "start": _plain(end - came + went),
        "income": _plain(came),
        "write_offs": _plain(went),
        "end": _plain(end),
    }


def steps(state: Mapping[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Every change of stock with its moment."""
    documents = [*state["supplies"].values(), *state["movings"].values(), *state["wastes"].values()]
    documents += [*state["manufactures"].values(), *state["receipts"].values()]
    return [(row["date"], step) for row in documents for step in row["steps"]]


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


# inventories ---------------------------------------------------------------------------------------------------------


@method("storage.getStorageInventories")
def get_inventories(call: Call) -> object:
    storage = call.need("storage_id")
    return [row for row in call.state["inventories"].values() if row["storage_id"] == storage]


@method("storage.getInventoryIngredients")
def get_inventory(call: Call) -> object:
    """Maps by id, an empty one is `[]`; what is not counted yet is the two characters `''` (P-55)."""
    storage = call.text("storage_id")
    if not storage:
        storage = call.state["inventories"].get(call.need("inventory_id"), {}).get("storage_id", "")
    if storage not in call.state["storages"]:
        raise Refusal(32)
    counted = {row["id"]: _counted(call, row, storage) for row in live(call.state, "ingredients")}
    cooked = {row["id"]: _cooked(row) for row in live(call.state, "products") if row["type"] != "3"}
    return {"ingredients": php_map(counted), "manufactures": [], "prepacks": php_map(cooked)}


def _counted(call: Call, row: Mapping[str, Any], storage: str) -> dict[str, Any]:
    here, cost = stock.left(call.state, row["id"], storage), Decimal(row["cost"]) / 100
    nothing = dict.fromkeys(("factrest", "fact_rest_in_prepack", "fact_rest_sum", "difference", "diffcurrency"), "''")
    return {
        "item_id": row["id"],
        "item": row["name"],
        "startrest": _plain(here),
        "startrestcurrency": float(f"{here * cost:.2f}"),
        "income": 0,
        "charges": 0,
        "writeoff": 0,
        "writeoffcurrency": 0,
        "estimatedrest": _plain(here),
        "primecost": float(f"{cost:.2f}"),
        **nothing,
        "partial_write_off": row["partial"],
        "unit": _UNITS[row["unit"]],
        "db_unit": row["unit"],
    }


def _cooked(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "product_id": row["id"],
        "product_name": row["name"],
        "type": row["type"],
        "weight_flag": row["weight_flag"],
        "delete": row["delete"],
        "factrest": 0,
        "count": 0,
        "cost": 0,
        "saved": 0,
    }
