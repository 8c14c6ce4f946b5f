"""menu.*: dishes and prepacks, which have recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.sandbox.poster import stock
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.menu import color_of, flag_of, found, live, removed
from connector.sandbox.poster.products import blank, common, cost_of, prices, structure
from connector.sandbox.poster.wire import Call, Refusal, decimal, listed, method, next_id, rounded
from connector.sandbox.world import State

_PREPARED: Final = ("clear", "cook", "fry", "stew", "bake")


# dishes --------------------------------------------------------------------------------------------------------------


@method("menu.createDish", "POST")
def create_dish(call: Call) -> object:
    call.need("product_name")
    row = {**blank(call.state, "2"), "id": next_id(call.state, "product")}
    _change(call, row)
    call.state["products"][row["id"]] = row
    notify(call.world, "dish", str(row["id"]), "added")
    return int(str(row["id"]))


@method("menu.updateDish", "POST")
def update_dish(call: Call) -> object:
    """Groups of modifications and modifications that are not sent are deleted (P-63)."""
    row = {**found(call.state, "products", call.need("dish_id"))}
    if row["type"] != "2":
        raise Refusal(32)
    _change(call, row)
    call.state["products"][row["id"]] = row
    notify(call.world, "dish", row["id"], "changed")
    return int(row["id"])


def _change(call: Call, row: dict[str, Any]) -> None:
    common(call, row)
    for name in ("workshop", "workshop_id"):  # the example says the one, the table the other (P-19)
        if call.given(name):
            row["workshop"] = call.text(name)
    if call.given("product_color"):
        row["color"] = color_of(call, "product_color")
    if call.given("nodiscount"):
        row["nodiscount"] = flag_of(call, "nodiscount")
    if call.given("ingredient"):
        row["structure"] = _structure(call)
    prices(call, row)
    row["groups"] = _groups(call) if call.given("modificationgroup") else []
    if row["weight_flag"] == "1" and _cannot_be_weighed(call.state, row):
        raise Refusal(155, "weight_flag")


def _cannot_be_weighed(state: State, row: Mapping[str, Any]) -> bool:
    """A dish with an ingredient in pieces, or with modifications, is never weighed."""
    pieces = [item for item in row["structure"] if item["type"] == "1"]
    return bool(row["groups"]) or any(state["ingredients"][item["ingredient_id"]]["unit"] == "p" for item in pieces)


def _structure(call: Call) -> list[dict[str, Any]]:
    return [_structure_row(call.state, item) for item in call.rows("ingredient")]


def _structure_row(state: State, sent: object) -> dict[str, Any]:
    if not isinstance(sent, dict) or "id" not in sent:
        raise Refusal(34, "ingredient")
    kind, source = str(sent.get("type", "1")), str(sent["id"])
    known = found(state, "products" if kind == "2" else "ingredients", source)
    if kind == "2" and known["type"] != "1":
        raise Refusal(32)
    brutto = decimal(sent.get("brutto", "0"), "brutto")
    return {
        "id": next_id(state, "structure"),
        "ingredient_id": source,
        "type": kind,
        "brutto": f"{brutto:f}",
        "netto": f"{decimal(sent.get('netto', brutto), 'netto'):f}",
        "lock": str(sent.get("lock", "1")),
        **{name: str(sent.get(name, "0")) for name in _PREPARED},
    }


def _groups(call: Call) -> list[dict[str, Any]]:
    return [_group(call.state, item) for item in call.rows("modificationgroup") if isinstance(item, dict)]


def _group(state: State, sent: Mapping[str, Any]) -> dict[str, Any]:
    rows = [item for item in listed(sent.get("modifications", []), "modifications") if isinstance(item, dict)]
    return {
        "dish_modification_group_id": _known(state, sent, "dish_modification_group_id"),
        "name": str(sent.get("name", "")),
        "num_min": str(sent.get("minNum", "0")),
        "num_max": str(sent.get("maxNum", "0")),
        "type": str(sent.get("type", "1")),
        "is_deleted": "0",
        "modifications": [_group_row(state, item) for item in rows],
    }


def _known(state: State, sent: Mapping[str, Any], name: str) -> str:
    given = str(sent.get(name, "0"))
    return given if given not in ("", "0") else next_id(state, name)


def _group_row(state: State, sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "dish_modification_id": _known(state, sent, "dish_modification_id"),
        "name": str(sent.get("name", "")),
        "ingredient_id": str(sent.get("ingredientId", "0")),
        "type": str(sent.get("type", "1")),
        "brutto": f"{decimal(sent.get('brutto', '0'), 'brutto'):f}",
        "price": str(rounded(decimal(sent.get("price", "0"), "price"))),
        "is_deleted": "0",
    }


@method("menu.removeDish", "POST")
def remove_dish(call: Call) -> object:
    row = found(call.state, "products", call.need("dish_id"))
    if row["type"] != "2":
        raise Refusal(32)
    removed(call, "products", row["id"], "dish")
    return True


# prepacks ------------------------------------------------------------------------------------------------------------


def _prepack(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "product_id": row["id"],
        "ingredient_id": row["ingredient_id"],
        "product_name": row["name"],
        "cost": str(cost_of(call.state, row)),
        "out": int(stock.output_of(call.state, row) * 1000),
        "product_production_description": row["description"],
        "ingredients": [structure(call.state, item) for item in row["structure"]],
    }
    return {**shown, "id_1c": row["id_1c"] or "0"} if call.flag("1c") else shown


@method("menu.getPrepacks")
def get_prepacks(call: Call) -> object:
    return [_prepack(call, row) for row in live(call.state, "products") if row["type"] == "1"]


@method("menu.getPrepack")
def get_prepack(call: Call) -> object:
    row = call.state["products"].get(call.need("product_id"))
    return _prepack(call, row) if row is not None and row["type"] == "1" and row["delete"] == "0" else False


@method("menu.createPrepack", "POST")
def create_prepack(call: Call) -> object:
    row = {**blank(call.state, "1"), "id": next_id(call.state, "product")}
    call.need("product_name")
    _change_prepack(call, row, needed=True)
    call.state["products"][row["id"]] = row
    notify(call.world, "prepack", str(row["id"]), "added")
    return int(str(row["id"]))


@method("menu.updatePrepack", "POST")
def update_prepack(call: Call) -> object:
    row = {**found(call.state, "products", call.need("prepack_id"))}
    if row["type"] != "1":
        raise Refusal(32)
    _change_prepack(call, row, needed=False)
    call.state["products"][row["id"]] = row
    notify(call.world, "prepack", row["id"], "changed")
    return int(row["id"])


def _change_prepack(call: Call, row: dict[str, Any], *, needed: bool) -> None:
    if call.given("product_name"):
        name = call.need("product_name")
        others = [other for other in live(call.state, "products") if other["type"] == "1" and other["id"] != row["id"]]
        if name in [other["name"] for other in others]:
            raise Refusal(38)
        row["name"] = name
    if call.given("product_production_description"):
        row["description"] = call.text("product_production_description")
    if needed or call.given("ingredient"):
        row["structure"] = _structure(call)


@method("menu.removePrepack", "POST")
def remove_prepack(call: Call) -> object:
    row = found(call.state, "products", call.need("prepack_id"))
    if row["type"] != "1":
        raise Refusal(32)
    removed(call, "products", row["id"], "prepack")
    return True
