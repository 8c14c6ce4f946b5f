"""Every write of the catalogue goes through the adapter, with all its parameters, and changes the emulated till."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from connector.sandbox import Sandbox
from connector.systems.catalogue import Endpoint, load
from systems.answers import Everything
from systems.poster_shop import Shop
from systems.valid import MOMENTS, valid

WRITES = [endpoint for endpoint in load("poster").endpoints.values() if endpoint.is_write and endpoint.use == "call"]
SETTERS = [endpoint for endpoint in WRITES if ".set1c" in endpoint.name]
GUID = "9f2b6d4e-1c1a-4a53-8b0e-0a1b2c3d4e5f"

IDS: dict[str, Any] = {
    "account_id": 1, "cash_shift_id": 324, "category_id": 1, "client_groups_id": 1, "client_groups_id_client": 1,
    "client_id": 21, "dish_id": 134, "from_storage": 1, "hall_id": 1, "id": 61,
    "ids": [21, 22], "ingredient_id": 62,
    "ingredientId": "62", "manufacture_id": 1, "menu_category_id": 1, "modificator_id": 0, "moving_id": 1,
    "parent_category": 0, "prepack_id": 131, "product_id": 136, "promotion_id": 8, "reason_id": 1, "spot_id": 1,
    "spot_tablet_id": 1, "storage_id": 1, "supplier_id": 1, "supply_id": 41, "table_id": 1, "to_storage": 2,
    "transaction_id": 501, "user_id": 2, "waste_id": 1, "workshop_id": 1, "write_off_id": 1,
    "cash_shift_transaction_id": 1668, "unit": "kg", "phone": "+79990007788", "email": "new@example.com",
    "percent": 5, "client_groups_discount": 5, "packing": 0, "id_1c": GUID, "m": 0, "a": 1, "workshop": 1,
    "date_reservation": "2026-12-01 18:00:00", "guests_count": 2, "duration": 1800, "supplier_tin": "7704123450",
}  # fmt: skip
"""Records of the sample company, by the name under which a parameter asks for them."""

Values = dict[str, Any]
Change = Callable[[Shop, Values], Mapping[str, Any]]
LEFT_OUT = object()


def receipt(shop: Shop, *products: Values) -> Values:
    """An open receipt, with these lines."""
    opened = {"spot_id": 1, "spot_tablet_id": 1}
    begun = {**opened, "user_id": 2, "time": MOMENTS["ms"]}
    made = shop.adapter.call("transactions.createTransaction", begun)["transaction_id"]
    opened["transaction_id"] = made
    for product in products:
        shop.adapter.call("transactions.addTransactionProduct", {**opened, **product})
    return opened


def dish(shop: Shop) -> Values:
    """A dish with a group of modifications: (its id, the group's, the modification's)."""
    shop.adapter.call("menu.createDish", {**valid(load("poster").endpoint("menu.createDish"), IDS), **DISH})
    rows = shop.adapter.call("menu.getProducts", {"type": "batchtickets"})
    made = next(row for row in rows if row.get("group_modifications"))
    (group,) = made["group_modifications"]
    (inner,) = group["modifications"]
    return {
        "dish": made["product_id"],
        "group": group["dish_modification_group_id"],
        "inner": inner["dish_modification_id"],
    }


DISH: Values = {"price": {"1": 5500, "2": 5700}, "visible": {"1": 1, "2": 0}, "different_spots_prices": 1}


def changed_dish(shop: Shop, values: Values) -> Values:
    known = dish(shop)
    (group,) = values["modificationgroup"]
    (inner,) = group["modifications"]
    inner = {**inner, "dish_modification_id": known["inner"]}
    group = {**group, "dish_modification_group_id": known["group"], "modifications": [inner]}
    return {**DISH, "dish_id": known["dish"], "product_name": "Проба 2", "modificationgroup": [group]}


def with_modification(shop: Shop, values: Values) -> Values:
    """A line of a dish with a modification of its own."""
    del values
    known = dish(shop)
    line = {"product_id": known["dish"], "modificator_id": 0, "modification": [{"m": known["inner"], "a": 1}]}
    return {**receipt(shop, line), **line}


MODIFICATORS: Values = {
    "modifications": 1,
    "modificator_name": {"0": "1 л", "1": "2 л"},
    "barcode": {"0": "4820098749621", "1": "4820098749622"},
    "product_code": {"0": "341", "1": "342"},
    "cost": {"0": 700, "1": 1000},
    "price": {"0": {"1": 1500, "2": 1600}, "1": {"1": 1700, "2": 1800}},
    "visible": {"0": {"1": 1, "2": 1}, "1": {"1": 1, "2": 0}},
    "different_spots_prices": 1,
}
SUPPLY = {"id": 61, "type": 4, "num": "3", "sum": "6.50", "packing": 0}
WASTE = {"id": 61, "type": 4, "weight": "0.5", "packing": 0, "reason": "проба"}
MOVED = {"id": 61, "type": 4, "num": "0.5", "packing": 0, "reason": "проба"}
PREPARED = {"id": 131, "num": "2", "type": 1}

CHANGES: dict[str, Mapping[str, Any] | Change] = {
    "menu.createProduct": MODIFICATORS,
    "menu.updateProduct": {
        **{name: value for name, value in MODIFICATORS.items() if name != "cost"},
        "id": 135,
        "modificator_id": {"0": 141, "1": 142},
        "product_name": "Чай",
    },
    "menu.updateProductPrice": {"product_id": 135, "modificator_id": 141, "price": "199.90"},
    "menu.createDish": DISH,
    "menu.updateDish": changed_dish,
    "menu.removePrepack": lambda shop, values: {
        "prepack_id": shop.adapter.call("menu.createPrepack", valid(load("poster").endpoint("menu.createPrepack"), IDS))
    },
    "menu.removeCategoryIngredients": {"with_ingredients": 0},
    "menu.removeIngredient": lambda shop, values: {
        "ingredient_id": shop.adapter.call(
            "menu.createIngredient", {"ingredient_name": "Соль", "category_id": 1, "type": "kg"}
        )
    },
    "menu.updateIngredient": {"type": "kg", "ingredient_name": "Зерно"},
    "menu.updateWorkshop": {"workshop_name": "Гриль"},
    "storage.createManufacture": {"products": [PREPARED]},
    "storage.updateManufacture": {"products": [PREPARED]},
    "storage.createMoving": {"ingredient": [MOVED]},
    "storage.updateMoving": {"ingredient": [MOVED]},
    "storage.createSupply": {"ingredient": [SUPPLY]},
    "storage.updateSupply": {"ingredient": [SUPPLY]},
    "storage.createWriteOff": {"ingredient": [WASTE]},
    "storage.updateWriteOff": lambda shop, values: {
        "ingredient": [WASTE],
        "write_off": {**values["write_off"], "id": 1},
    },
    "storage.createSupplier": {"supplier_phone": "+79990007788"},
    "clients.addClientsAccumulations": {"accumulation_product_id": 0, "product_id": 132, "num": "1.0000000"},
    "clients.removeGroup": lambda shop, values: {
        "group_id": shop.adapter.call("clients.createGroup", valid(load("poster").endpoint("clients.createGroup"), IDS))
    },
    "clients.sendSms": {"phone": "79990007788"},
    "transactions.addTransactionProduct": with_modification,
    "transactions.changeTransactionProductCount": with_modification,
    "transactions.removeTransactionProduct": with_modification,
    "transactions.changeClient": lambda shop, values: receipt(shop),
    "transactions.changeComment": lambda shop, values: receipt(shop),
    "transactions.changeRecipientFor54FZ": lambda shop, values: {**receipt(shop), "contact": "guest@example.com"},
    "transactions.closeTransaction": lambda shop, values: {
        **receipt(shop, {"product_id": 132}),
        **{"payed_cash": 10000, "payed_card": 4000, "payed_cert": 1000, "reason": LEFT_OUT},
    },
    "transactions.removeTransaction": lambda shop, values: {
        name: value for name, value in receipt(shop).items() if name != "spot_id"
    },
    "incomingOrders.createIncomingOrder": lambda shop, values: {
        "products": [{**values["products"][0], "product_id": 136, "modification": LEFT_OUT}],
        "promotion": LEFT_OUT,
    },
    "finance.openCashShift": lambda shop, values: {
        "spot_id": shop.adapter.call(
            "finance.closeCashShift",
            {"cash_shift_id": 324, "user_id": 2, "amount": "0", "time": "2026-11-20 23:00"},
        )
        and 2,
        "time": "2026-11-21 09:00",
    },
    "finance.updateCashShiftTransaction": lambda shop, values: {
        "cash_shift_transaction_id": entry(shop),
        "type_id": 3,
        "time": LEFT_OUT,
    },
    "finance.removeCashShiftTransaction": lambda shop, values: {"cash_shift_transaction_id": entry(shop)},
    "finance.createCashShiftTransaction": {"category_id": 2},
    "finance.set1cCashShiftTransactionId": {"id": [{"cash_shift_transaction_id": 1668, "id_1c": GUID}]},
    "menu.set1cModificatorId": {"id": [{"modificator_id": 141, "id_1c": GUID}]},
}
"""What a call needs beyond any valid value; LEFT_OUT where two parameters exclude each other."""


def entry(shop: Shop) -> Any:
    """An expense of the open shift."""
    given = {
        "cash_shift_id": 324,
        "type_id": 3,
        "user_id": 2,
        "amount": "10",
        "time": "2026-11-20 12:00",
        "category_id": 2,
    }
    made = shop.adapter.call("finance.createCashShiftTransaction", given)
    return made["cash_shift_transaction_id"] if isinstance(made, Mapping) else made


def given(shop: Shop, endpoint: Endpoint) -> Values:
    values = valid(endpoint, IDS)
    change = CHANGES.get(endpoint.name, {})
    return without({**values, **(change(shop, values) if callable(change) else change)})


def without(values: Any) -> Any:
    """The values that are sent."""
    if isinstance(values, Mapping):
        return {name: without(value) for name, value in values.items() if value is not LEFT_OUT}
    return [without(value) for value in values] if isinstance(values, list) else values


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with Sandbox(kinds=("poster",)) as sandbox:
        found = Shop(sandbox)
        found.adapter.units = Everything()
        yield found
        found.adapter.close()


@pytest.fixture
def shop(running: Shop) -> Shop:
    running.world.reset()
    return running


@pytest.mark.parametrize("endpoint", WRITES, ids=lambda endpoint: endpoint.name)
def test_a_write_is_done(shop: Shop, endpoint: Endpoint) -> None:
    params = given(shop, endpoint)
    before = shop.world.dump()["state"]
    shop.world.log.clear()
    answer = shop.adapter.call(endpoint.name, params)
    sent = [entry.endpoint for entry in shop.world.log.entries()]
    assert (sent.count(endpoint.name), sent[-1]) == (1, endpoint.name)
    assert answer not in (None, False, "", [])
    assert shop.world.dump()["state"] != before


@pytest.mark.parametrize("endpoint", SETTERS, ids=lambda endpoint: endpoint.name)
def test_a_stamp_is_taken_back(shop: Shop, endpoint: Endpoint) -> None:
    (row,) = given(shop, endpoint)["id"]
    for value, there in ((GUID, True), ("0", False)):
        shop.adapter.call(endpoint.name, {"id": [{**row, "id_1c": value}]})
        assert (GUID in json.dumps(shop.world.dump())) is there


def test_generated_parameters_reach_every_parameter(shop: Shop) -> None:
    """But those that two parameters exclude."""
    lacking = set()
    for endpoint in WRITES:
        shop.world.reset()
        sent = set(ways(given(shop, endpoint)))
        lacking |= {f"{endpoint.name} {way}" for way, _ in endpoint.walk() if way not in sent}
    assert lacking == {
        "transactions.closeTransaction reason",
        "finance.updateCashShiftTransaction time",
        *(
            f"incomingOrders.createIncomingOrder {way}"
            for way, _ in load("poster").endpoint("incomingOrders.createIncomingOrder").walk()
            if way.startswith(("promotion", "products.modification"))
        ),
    }


def ways(values: Any, before: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{before}{name}"
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Mapping):
                yield from ways(inner, f"{before}{name}.")
