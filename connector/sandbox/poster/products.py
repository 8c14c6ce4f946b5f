"""menu.*: products. Dishes and prepacks, which are shown through the same reads, live in `dishes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.sandbox.poster import stock
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.menu import color_of, flag_of, found, live, removed
from connector.sandbox.poster.wire import (
    Bare,
    Call,
    Refusal,
    amount,
    decimal,
    escaped,
    kopecks,
    method,
    next_id,
    php_map,
    rounded,
)
from connector.sandbox.world import State

_TYPES: Final = {"products": "3", "batchtickets": "2"}
_PREPARED: Final = ("clear", "cook", "fry", "stew", "bake")

# reading -------------------------------------------------------------------------------------------------------------


def shown(state: State, row: Mapping[str, Any], with_1c: bool) -> dict[str, Any]:
    """A product or dish of getProducts. With modifications it has no price, profit and spots of its own (P-64)."""
    category = state["categories"].get(row["category"], {})
    product = {
        "barcode": row["barcode"],
        "category_name": escaped(category.get("name", "")),
        "unit": row["unit"],
        "cost": str(row["cost"] if row["type"] == "3" else cost_of(state, row)),
        "fiscal": "0",
        "menu_category_id": row["category"],
        "workshop": row["workshop"],
        "nodiscount": row["nodiscount"],
        "photo": None,
        "photo_origin": None,
        "product_code": row["code"],
        "product_id": row["id"],
        "product_name": escaped(row["name"]),
        "sort_order": "999",
        "tax_id": "0",
        "product_tax_id": "0",
        "type": row["type"],
        "weight_flag": row["weight_flag"],
        "color": row["color"],
        "ingredient_id": row["ingredient_id"],
        "cooking_time": "0",
        "out": 0,
    }
    product |= (
        _priced(row)
        if not row["modifications"]
        else {"modifications": [_modification(m) for m in row["modifications"]]}
    )
    if row["type"] == "2":
        product |= {"out": int(stock.output_of(state, dict(row)) * 1000), **_recipe(state, row)}
    return {**product, "id_1c": row["id_1c"]} if with_1c else product


def _priced(row: Mapping[str, Any]) -> dict[str, Any]:
    spots = [_spot(spot, price, row["cost"], row["visible"]) for spot, price in row["prices"].items()]
    return {
        "price": php_map({spot["spot_id"]: spot["price"] for spot in spots}),
        "profit": php_map({spot["spot_id"]: spot["profit"] for spot in spots}),
        "spots": spots,
    }


def _spot(spot: str, price: int, cost: int, visible: Mapping[str, str]) -> dict[str, str]:
    return {"spot_id": spot, "price": str(price), "profit": str(price - cost), "visible": visible.get(spot, "1")}


def _modification(row: Mapping[str, Any]) -> dict[str, Any]:
    spots = [_spot(spot, price, row["cost"], row["visible"]) for spot, price in row["prices"].items()]
    return {
        "modificator_id": row["id"],
        "modificator_name": escaped(row["name"]),
        "modificator_selfprice": str(row["cost"]),
        "order": "0",
        "modificator_barcode": row["barcode"],
        "modificator_product_code": row["code"],
        "spots": spots + spots,  # each spot twice, as in the documents (P-64)
        "ingredient_id": row["ingredient_id"],
    }


def cost_of(state: State, row: Mapping[str, Any]) -> int:
    return stock.total_of(state, stock.parts_of(state, row["id"], decimal("1", "num")))


def _recipe(state: State, row: Mapping[str, Any]) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        "product_production_description": row["description"],
        "ingredients": [structure(state, item) for item in row["structure"]],
    }
    if row["groups"]:
        recipe["group_modifications"] = row["groups"]
    return recipe


def _weight(text: str) -> int | float:
    """As a JSON number: whole where it is whole."""
    weight = decimal(text, "brutto")
    return int(weight) if weight == int(weight) else float(weight)


def structure(state: State, item: Mapping[str, Any]) -> dict[str, Any]:
    """One row of a recipe, as getProduct and getPrepack show it."""
    inner = item["type"] == "2"
    source = state["products"][item["ingredient_id"]] if inner else state["ingredients"][item["ingredient_id"]]
    unit = "kg" if inner else source["unit"]
    losses = dict.fromkeys(_PREPARED, "0") if inner else source["losses"]
    price = 0 if inner else rounded(stock.weight_of(state, dict(item)) * decimal(source["cost"], "cost"))
    return {
        "structure_id": item["id"],
        "ingredient_id": item["ingredient_id"],
        **{f"pr_in_{name}": item[name] for name in _PREPARED},
        "structure_unit": unit,
        "structure_type": item["type"],
        "structure_brutto": _weight(item["brutto"]),
        "structure_netto": _weight(item["netto"]),
        "structure_lock": item["lock"],
        "structure_selfprice": str(price),
        "ingredient_name": source["name"],
        "ingredient_unit": unit,
        "ingredient_weight": "0",
        **{f"ingredients_losses_{name}": losses[name] for name in _PREPARED},
    }


@method("menu.getProducts")
def get_products(call: Call) -> object:
    """Products and dishes; an unknown `type` is no filter (P-22)."""
    category, kind = call.text("category_id"), _TYPES.get(call.text("type"))
    return [
        shown(call.state, row, call.flag("1c"))
        for row in live(call.state, "products")
        if row["type"] != "1" and category in ("", row["category"]) and kind in (None, row["type"])
    ]


@method("menu.getProduct")
def get_product(call: Call) -> object:
    """One of them. `out` of a product is a text here and a number in the list."""
    row = call.state["products"].get(call.need("product_id"))
    if row is None or row["delete"] == "1" or row["type"] == "1":
        return False
    product = {**shown(call.state, row, call.flag("1c")), "hidden": row["hidden"]}
    return {**product, "out": "0"} if row["type"] == "3" else product


# writing -------------------------------------------------------------------------------------------------------------


@method("menu.createProduct", "POST")
def create_product(call: Call) -> object:
    """`{"response": id}`, with modificators `{"response": id, "modifications_id": [...]}` (P-59)."""
    for name in ("product_name", "menu_category_id", "weight_flag", "different_spots_prices", "modifications"):
        call.need(name)
    row: dict[str, Any] = {**blank(call.state, "3"), "id": next_id(call.state, "product")}
    _change(call, row)
    if not row["modifications"]:
        row["ingredient_id"] = _own(call.state, row["name"], "product", row["id"], row["cost"])
    call.state["products"][row["id"]] = row
    notify(call.world, "product", row["id"], "added")
    ids = [int(item["id"]) for item in row["modifications"]]
    return Bare({"response": int(row["id"]), "modifications_id": ids}) if ids else int(row["id"])


@method("menu.updateProduct", "POST")
def update_product(call: Call) -> object:
    """Another shape than create: with modificators the ids come inside `response` (P-59)."""
    row = found(call.state, "products", call.need("id"))
    if row["type"] != "3":
        raise Refusal(32)
    changed = {**row}
    _change(call, changed)
    call.state["products"][row["id"]] = changed
    notify(call.world, "product", row["id"], "changed")
    if not changed["modifications"]:
        return int(row["id"])
    ids = [int(item["id"]) for item in changed["modifications"]]
    return {"product_id": int(row["id"]), "modifications_id": ids}


def blank(state: State, kind: str) -> dict[str, Any]:
    spots = list(state["spots"])
    return {
        "name": "",
        "type": kind,
        "category": "0",
        "workshop": "1",
        "unit": "" if kind == "3" else "kg",
        "barcode": "",
        "code": "",
        "cost": 0,
        "weight_flag": "0",
        "color": "white",
        "nodiscount": "0",
        "prices": dict.fromkeys(spots, 0),
        "visible": dict.fromkeys(spots, "1"),
        "modifications": [],
        "structure": [],
        "groups": [],
        "ingredient_id": "0",
        "description": "",
        "hidden": "0",
        "id_1c": None,
        "delete": "0",
    }


def _own(state: State, name: str, owner: str, owner_id: str, cost: int) -> str:
    return stock.new_ingredient(state, name, unit="p", owner=owner, owner_id=owner_id, cost=str(cost))


def _change(call: Call, row: dict[str, Any]) -> None:
    common(call, row)
    if call.given("color"):
        row["color"] = color_of(call, "color")
    if call.given("workshop"):
        row["workshop"] = call.text("workshop")
    if call.text("modifications") == "1":
        row["modifications"] = _modifications(call, row)
        return
    if call.given("product_code"):
        row["code"] = call.text("product_code")
    if call.given("cost") and row["cost"] == 0:  # the first cost only; an update does not document it (P-58)
        row["cost"] = rounded(decimal(call.text("cost"), "cost"))
    prices(call, row)


def common(call: Call, row: dict[str, Any]) -> None:
    """What products and dishes have in common."""
    if call.given("product_name"):
        row["name"] = call.need("product_name")
    if call.given("menu_category_id"):
        category = call.text("menu_category_id")
        row["category"] = category if category == "0" else found(call.state, "categories", category)["id"]
    if call.given("weight_flag"):
        row["weight_flag"] = flag_of(call, "weight_flag")
    if call.given("barcode") and call.text("modifications") != "1":
        row["barcode"] = call.text("barcode")


def prices(call: Call, row: dict[str, Any]) -> None:
    """A scalar goes to every spot; `price[1]` is the price of spot 1 (P-60)."""
    if call.given("price"):
        sent = _by_spot(call.params["price"], row["prices"])
        unit = "product_price" if row["type"] == "3" else "dish_price"
        row["prices"] = {**row["prices"], **{spot: amount(call, price, "price", unit) for spot, price in sent.items()}}
    if call.given("visible"):
        row["visible"] = {**row["visible"], **_by_spot(call.params["visible"], row["prices"])}


def _by_spot(value: object, spots: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, dict):
        unknown = [spot for spot in value if spot not in spots]
        if unknown:
            raise Refusal(32)
        return {spot: str(item) for spot, item in value.items()}
    return dict.fromkeys(spots, str(value))


def _modifications(call: Call, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All modificators as they were sent, by index; one that was not sent is removed."""
    names = call.params.get("modificator_name")
    if not isinstance(names, dict | list) or not names:
        raise Refusal(34, "modificator_name")
    indexed = dict(enumerate(names)) if isinstance(names, list) else names
    if len(set(map(str, indexed.values()))) != len(indexed):
        raise Refusal(154)
    return [_one_modification(call, row, str(index), str(name)) for index, name in indexed.items()]


def _one_modification(call: Call, row: Mapping[str, Any], index: str, name: str) -> dict[str, Any]:
    """A known `modificator_id` is changed; 0 or none makes a new one."""
    known = stock.modification(dict(row), _at(call, "modificator_id", index, "0"))
    modification_id = known["id"] if known else next_id(call.state, "modificator")
    cost = rounded(decimal(_at(call, "cost", index, "0"), "cost"))
    item: dict[str, Any] = (
        dict(known) if known else {"id": modification_id, "cost": cost, "barcode": "", "code": "", "id_1c": None}
    )
    item |= {"name": name, "barcode": _at(call, "barcode", index, item["barcode"])}
    item["code"] = _at(call, "product_code", index, item["code"])
    item["prices"] = _indexed(call, "price", index, known["prices"] if known else row["prices"])
    item["visible"] = {spot: str(flag) for spot, flag in _indexed(call, "visible", index, row["visible"]).items()}
    if not known:
        item["ingredient_id"] = _own(call.state, f"{row['name']} {name}", "modificator", modification_id, cost)
    return item


def _at(call: Call, name: str, index: str, default: str) -> str:
    """`name[index]` of a form, or of a JSON list."""
    values = _table(call.params.get(name))
    return str(values[index]) if index in values else default


def _table(values: object) -> Mapping[str, Any]:
    """A list of JSON as the form would have it: by index as text."""
    if isinstance(values, list):
        return {str(place): value for place, value in enumerate(values)}
    return values if isinstance(values, dict) else {}


def _indexed(call: Call, name: str, index: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """`price[0]` for every spot, or `price[0][1]` for one."""
    values = _table(call.params.get(name))
    if index not in values:
        return dict(before)
    sent = _by_spot(values[index], before)
    return {**before, **{spot: rounded(decimal(value, name)) for spot, value in sent.items()}}


@method("menu.updateProductPrice", "POST")
def update_price(call: Call) -> object:
    """In roubles, unlike every other price (P-62); answers `{"success": 1}`."""
    row = found(call.state, "products", call.need("product_id"))
    spot, price = call.need("spot_id"), kopecks(call.need("price"), "price")
    modificator = call.text("modificator_id", "0")
    target = row if modificator in ("", "0") else stock.modification(row, modificator)
    if target is None or spot not in target["prices"]:
        raise Refusal(42 if target is None else 32)
    target["prices"][spot] = price
    notify(call.world, stock.owner_of(row), row["id"], "changed")
    return Bare({"success": 1})


@method("menu.removeProduct", "POST")
def remove_product(call: Call) -> object:
    row = found(call.state, "products", call.need("product_id"))
    if row["type"] != "3":
        raise Refusal(32)
    removed(call, "products", row["id"], "product")
    return True
