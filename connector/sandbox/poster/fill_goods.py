"""The first state of the till: menu, storages, suppliers, spots with their halls and tables, people who work there."""

from __future__ import annotations

from typing import Any, Final

from connector.sandbox.company import Category, Company, Modification, Product
from connector.sandbox.poster import products, stock
from connector.sandbox.poster.wire import next_id
from connector.sandbox.world import State

Keys = dict[str, str]
"""Our own key of a thing -> its id in Poster."""

_LOSSES: Final = ("clear", "cook", "fry", "stew", "bake")


def fill(state: State, company: Company) -> Keys:
    """All dictionaries of the company. With an empty company there is one spot, one storage and one person."""
    keys: Keys = {}
    _places(state, company, keys)
    _people(state, company, keys)
    for name in ("categories", "ingredient_categories", "ingredients", "products", "suppliers"):
        state[name] = {}
    for category in company.categories:
        _category(state, category, keys)
    for item in company.ingredients:
        category_id = keys[item.category]
        keys[item.key] = stock.new_ingredient(
            state,
            item.name,
            unit=item.unit,
            owner="ingredient",
            category=category_id,
            cost=str(item.cost),
            supplied=True,
        )
    for product in sorted(company.products, key=lambda row: row.kind != "prepack"):
        _product(state, product, keys)
    _suppliers(state, company, keys)
    _shelves(state, company, keys)
    return keys


# places and people ---------------------------------------------------------------------------------------------------


def _places(state: State, company: Company, keys: Keys) -> None:
    state["storages"], state["spots"] = {}, {}
    for place in company.storages or (_place("main", "Склад"),):
        storage_id = keys[place.key] = next_id(state, "storage")
        state["storages"][storage_id] = {
            "storage_id": storage_id,
            "storage_name": place.name,
            "storage_adress": place.address,
            "delete": "0",
            "id_1c": None,
        }
    for place in company.spots or (_place("spot1", "Кафе"),):
        spot_id = keys[place.key] = next_id(state, "spot")
        shelf = list(state["storages"])[-1]
        state["spots"][spot_id] = {
            "id": spot_id,
            "name": place.name,
            "address": place.address,
            "storage": shelf,
            "id_1c": None,
        }
    _halls(state)
    state["packs"] = {row["pack_id"]: row for row in _PACKS}


def _place(key: str, name: str) -> Any:
    from connector.sandbox.company import Place

    return Place(key=key, name=name)


_PACKS: Final = (
    {"pack_id": "1", "name": "", "unit": "p", "count": "0.0000", "type": "0"},
    {"pack_id": "2", "name": "", "unit": "l", "count": "0.0000", "type": "0"},
    {"pack_id": "3", "name": "", "unit": "kg", "count": "0.0000", "type": "0"},
    {"pack_id": "5", "name": "Пак молока", "unit": "p", "count": "20.0000", "type": "1"},
)


def _halls(state: State) -> None:
    """A hall a spot; each with two tables and one that was taken away."""
    state["halls"], state["tables"] = {}, {}
    for spot in state["spots"].values():
        hall_id = next_id(state, "hall")
        state["halls"][hall_id] = {
            "hall_id": hall_id,
            "hall_name": f"Зал: {spot['name']}",
            "hall_order": hall_id,
            "spot_id": spot["id"],
            "delete": "0",
            "last_modified_time": "2026-06-22 13:54:58",
        }
        for number in (1, 2, 3):
            table_id = next_id(state, "table")
            state["tables"][table_id] = _table(table_id, hall_id, spot["id"], number)


def _table(table_id: str, hall_id: str, spot_id: str, number: int) -> dict[str, str]:
    return {
        "table_id": table_id,
        "table_num": str(number),
        "table_title": "Возле стойки" if number == 1 else "",
        "spot_id": spot_id,
        "table_shape": "square" if number % 2 else "circle",
        "hall_id": hall_id,
        "table_x": str(9 * number),
        "table_y": "12",
        "table_height": "4",
        "table_width": "8",
        "is_deleted": "1" if number == 3 else "0",
        "table_capacity": str(number * 2),
    }


def _people(state: State, company: Company, keys: Keys) -> None:
    names = {person.key: person.name for person in company.employees} or {"owner": "Владелец", "maria": "Кассир"}
    state["users"] = {}
    for key, name in names.items():
        user_id = keys[key] = next_id(state, "user")
        state["users"][user_id] = {"id": user_id, "name": name}
    state["workshops"] = {}
    for name in ("Бар", "Кухня"):
        workshop_id = next_id(state, "workshop")
        state["workshops"][workshop_id] = {"workshop_id": workshop_id, "workshop_name": name, "delete": "0"}


# goods ---------------------------------------------------------------------------------------------------------------


def _category(state: State, category: Category, keys: Keys) -> None:
    if category.ingredients:
        row_id = keys[category.key] = next_id(state, "ingredient_category")
        state["ingredient_categories"][row_id] = {"id": row_id, "name": category.name, "id_1c": None, "delete": "0"}
        return
    row_id = keys[category.key] = next_id(state, "category")
    state["categories"][row_id] = {
        "id": row_id,
        "name": category.name,
        "parent": keys.get(category.parent, "0"),
        "color": "white",
        "hidden": "0",
        "fiscal": "0",
        "tax_id": "0",
        "id_1c": None,
        "delete": "0",
    }


def _product(state: State, product: Product, keys: Keys) -> None:
    row = products.blank(state, {"product": "3", "dish": "2", "prepack": "1"}[product.kind])
    row |= {
        "id": next_id(state, "product"),
        "name": product.name,
        "category": keys[product.category],
        "barcode": product.barcode,
        "code": product.sku,
        "cost": product.cost,
        "weight_flag": "1" if product.weighed else "0",
        "prices": dict.fromkeys(state["spots"], product.price),
        "hidden": "1" if product.hidden else "0",
        "modifications": [_modification(state, product, item, keys) for item in product.modifications],
        "structure": [_structure(state, keys[source], amount) for source, amount in product.recipe],
    }
    if product.kind == "product" and not product.modifications:
        unit = "kg" if product.weighed else "p"
        row["ingredient_id"] = stock.new_ingredient(
            state, product.name, unit=unit, owner="product", owner_id=row["id"], cost=str(product.cost)
        )
        keys[f"{product.key} stock"] = row["ingredient_id"]
    keys[product.key] = row["id"]
    state["products"][row["id"]] = row


def _modification(state: State, product: Product, item: Modification, keys: Keys) -> dict[str, Any]:
    row_id = keys[item.key] = next_id(state, "modificator")
    name = f"{product.name} {item.name}"
    return {
        "id": row_id,
        "name": item.name,
        "cost": product.cost,
        "barcode": item.barcode,
        "code": item.sku,
        "prices": dict.fromkeys(state["spots"], item.price),
        "visible": dict.fromkeys(state["spots"], "1"),
        "ingredient_id": stock.new_ingredient(
            state, name, unit="p", owner="modificator", owner_id=row_id, cost=str(product.cost)
        ),
        "id_1c": None,
    }


def _structure(state: State, source: str, amount: str) -> dict[str, str]:
    prepared = dict.fromkeys(_LOSSES, "0")
    weights = {"brutto": amount, "netto": amount, "lock": "1"}
    return {"id": next_id(state, "structure"), "ingredient_id": source, "type": "1", **weights, **prepared}


# stock ---------------------------------------------------------------------------------------------------------------


def _suppliers(state: State, company: Company, keys: Keys) -> None:
    for supplier in company.suppliers:
        row_id = keys[supplier.key] = next_id(state, "supplier")
        state["suppliers"][row_id] = {
            "supplier_id": row_id,
            "supplier_name": supplier.name,
            "supplier_phone": supplier.phone,
            "supplier_adress": supplier.address,
            "supplier_comment": supplier.comment,
            "supplier_code": "",
            "supplier_tin": supplier.inn,
            "delete": "1" if supplier.deleted else "0",
            "id_1c": None,
        }


def _shelves(state: State, company: Company, keys: Keys) -> None:
    first = next(iter(state["storages"]))
    state["stock"] = {first: {keys[item.key]: item.stock for item in company.ingredients}}
    state["reasons"] = [{"reason_id": 1, "name": "Истек срок годности"}, {"reason_id": 2, "name": "Бой"}]
    state["inventories"] = {
        "1": {
            "inventory_id": "1",
            "storage_id": first,
            "date_start": "2026-01-01 09:00:00",
            "date_end": "2026-09-30 23:00:00",
            "date_set": "0000-00-00 00:00:00",
            "date_inventory": "2026-09-30 23:00:00",
            "sum": "871875",
            "inventory_status": "1",
        }
    }
