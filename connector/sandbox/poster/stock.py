"""Stock: how much of which ingredient lies where and what it cost.

Everything that is stored is an ingredient: a product and a modificator have one of their own (P-45), a dish and a
prepack get one when they are produced for the first time. Quantities are exact decimals kept as text; what is missing
goes below zero without complaint (P-47).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.wire import Refusal, next_id, rounded
from connector.sandbox.world import State, World

GRAMS: Final = 1000
PRODUCT, DISH, PREPACK, INGREDIENT, MODIFICATOR = "1", "2", "3", "4", "5"
"""Types of goods in createSupply, createMoving and createWriteOff (P-11: one of nine enumerations)."""

_HOOK_TYPE: Final = {"ingredient": 1, "product": 2, "modificator": 3, "dish": 4, "prepack": 5}


@dataclass(frozen=True)
class Part:
    """A quantity of one ingredient; which product it was for, and through which prepack."""

    ingredient: str
    amount: Decimal
    product: str = "0"
    modificator: str = "0"
    prepack: str = "0"


def left(state: State, ingredient: str, storage: str | None = None) -> Decimal:
    """What is left in one storage, or in all."""
    shelves = [state["stock"].get(storage, {})] if storage is not None else state["stock"].values()
    return sum((Decimal(shelf.get(ingredient, "0")) for shelf in shelves), Decimal(0))


def put(world: World, storage: str, ingredient: str, change: Decimal) -> dict[str, str]:
    """Change what is left; gives the row by which it can be undone."""
    shelf = world.state["stock"].setdefault(storage, {})
    total = Decimal(shelf.get(ingredient, "0")) + change
    shelf[ingredient] = f"{total:f}"
    row = world.state["ingredients"][ingredient]
    data = {
        "type": _HOOK_TYPE[row["owner"]],
        "element_id": int(row["owner_id"]),
        "storage_id": int(storage),
        "value_relative": float(change),
        "value_absolute": float(total),
    }
    notify(world, "stock", ingredient, "changed", data)
    return {"storage": storage, "ingredient": ingredient, "change": f"{change:f}"}


def undo(world: World, rows: Iterable[dict[str, str]]) -> None:
    """Take back what `put` did."""
    for row in rows:
        put(world, row["storage"], row["ingredient"], -Decimal(row["change"]))


def receive(world: World, storage: str, ingredient: str, amount: Decimal, price: Decimal) -> dict[str, str]:
    """Goods that came for `price` kopecks a unit: the cost becomes the average of old and new."""
    row = world.state["ingredients"][ingredient]
    before = max(left(world.state, ingredient), Decimal(0))
    if before + amount > 0:
        row["cost"] = f"{(before * Decimal(row['cost']) + amount * price) / (before + amount):.4f}"
    row["supplied"] = True
    return put(world, storage, ingredient, amount)


def cost_of(state: State, part: Part) -> Decimal:
    """Kopecks, not rounded."""
    return part.amount * Decimal(state["ingredients"][part.ingredient]["cost"])


def total_of(state: State, parts: Iterable[Part]) -> int:
    """Kopecks of several parts, rounded once."""
    return rounded(sum((cost_of(state, part) for part in parts), Decimal(0)))


# what consists of what -----------------------------------------------------------------------------------------------


def modification(product: dict[str, Any], modificator_id: str) -> dict[str, Any] | None:
    return next((row for row in product["modifications"] if row["id"] == modificator_id), None)


def parts_of(state: State, product_id: str, amount: Decimal, modificator_id: str = "0") -> list[Part]:
    """What selling or writing off `amount` of a product takes from the storage."""
    product = state["products"][product_id]
    if product["type"] == "3":
        row = modification(product, modificator_id)
        ingredient = row["ingredient_id"] if row is not None else product["ingredient_id"]
        return [Part(ingredient, amount, product_id, modificator_id)]
    return [part for row in product["structure"] for part in _structure(state, product_id, row, amount)]


def _structure(state: State, product_id: str, row: dict[str, Any], amount: Decimal) -> list[Part]:
    if row["type"] == "2":
        prepack = state["products"][row["ingredient_id"]]
        share = Decimal(row["brutto"]) / GRAMS * amount
        out = output_of(state, prepack)
        inner = parts_of(state, prepack["id"], share / out if out else Decimal(0))
        return [Part(part.ingredient, part.amount, product_id, "0", prepack["id"]) for part in inner]
    return [Part(row["ingredient_id"], weight_of(state, row) * amount, product_id)]


def weight_of(state: State, row: dict[str, Any]) -> Decimal:
    """Brutto of one row of a recipe in units of its ingredient: kilograms and litres from grams, pieces as they are."""
    brutto = Decimal(row["brutto"])
    return brutto if state["ingredients"][row["ingredient_id"]]["unit"] == "p" else brutto / GRAMS


def output_of(state: State, product: dict[str, Any]) -> Decimal:
    """Netto of the whole recipe in kilograms."""
    return sum((Decimal(row["netto"]) for row in product["structure"]), Decimal(0)) / GRAMS


def element(state: State, kind: str, element_id: str) -> str:
    """The ingredient behind what createSupply and createMoving name by id and type."""
    if kind == INGREDIENT and element_id in state["ingredients"]:
        return element_id
    if kind == PRODUCT and state["products"].get(element_id, {}).get("type") == "3":
        return str(state["products"][element_id]["ingredient_id"])
    if kind == MODIFICATOR:
        for product in state["products"].values():
            row = modification(product, element_id)
            if row is not None:
                return str(row["ingredient_id"])
    raise Refusal(32)


def own_ingredient(state: State, product: dict[str, Any]) -> str:
    """The ingredient of a dish or prepack, given when it is produced for the first time (P-45)."""
    if product["ingredient_id"] == "0":
        product["ingredient_id"] = new_ingredient(
            state,
            product["name"],
            unit="kg" if product["type"] == "1" else "p",
            owner=owner_of(product),
            owner_id=product["id"],
        )
    return str(product["ingredient_id"])


def owner_of(product: dict[str, Any]) -> str:
    return {"1": "prepack", "2": "dish", "3": "product"}[product["type"]]


def new_ingredient(state: State, name: str, *, unit: str, owner: str, owner_id: str | None = None, **more: Any) -> str:
    """A row of the list of ingredients; `owner` says what it is the stock of."""
    ingredient_id = next_id(state, "ingredient")
    state["ingredients"][ingredient_id] = {
        "id": ingredient_id,
        "name": name,
        "category": "0",
        "unit": unit,
        "weight": 0,
        "losses": dict.fromkeys(("clear", "cook", "fry", "stew", "bake"), "0"),
        "partial": "0",
        "limit": "0",
        "cost": "0",
        "supplied": False,
        "owner": owner,
        "owner_id": owner_id if owner_id is not None else ingredient_id,
        "id_1c": None,
        "delete": "0",
        "hidden": "0",
        **more,
    }
    return ingredient_id
