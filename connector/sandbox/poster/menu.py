"""menu.*: categories of the menu, categories of ingredients, ingredients, workshops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.sandbox.poster import stock
from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.wire import Bare, Call, Refusal, decimal, escaped, method, next_id, whole
from connector.sandbox.world import State

COLORS: Final = frozenset(
    "white red orange yellow green blue navy-blue purple black mint-blue lime-green pink".split()  # noqa: SIM905
)
_LOSSES: Final = ("clear", "cook", "fry", "stew", "bake")


def found(state: State, table: str, row_id: str) -> dict[str, Any]:
    """A row that is there and not deleted, or refusal 32."""
    row: dict[str, Any] | None = state[table].get(row_id)
    if row is None or row["delete"] == "1":
        raise Refusal(32)
    return row


def live(state: State, table: str) -> list[dict[str, Any]]:
    return [row for row in state[table].values() if row["delete"] == "0"]


def removed(call: Call, table: str, row_id: str, what: str) -> None:
    """Mark a row deleted and tell the listeners."""
    found(call.state, table, row_id)["delete"] = "1"
    notify(call.world, what, row_id, "removed")


# categories of the menu ----------------------------------------------------------------------------------------------


def _category(row: Mapping[str, Any], place: int) -> dict[str, Any]:
    return {
        "category_id": row["id"],
        "category_name": escaped(row["name"]),
        "category_photo": None,
        "parent_category": row["parent"],
        "category_color": row["color"],
        "category_hidden": row["hidden"],
        "sort_order": "999",
        "fiscal": row["fiscal"],
        "nodiscount": "0",
        "tax_id": row["tax_id"],
        "left": str(place * 2 + 1),  # nested-set numbers, not neighbours (P-16)
        "right": str(place * 2 + 2),
        "level": "1" if row["parent"] == "0" else "2",
    }


@method("menu.getCategories")
def get_categories(call: Call) -> object:
    """All text. The 1C flag is called `id_1c` here (P-12)."""
    fiscal = call.text("fiscal")
    rows = []
    for place, row in enumerate(live(call.state, "categories")):
        if fiscal in ("", row["fiscal"]):
            shown = _category(row, place)
            rows.append({**shown, "id_1c": row["id_1c"]} if call.flag("id_1c") else shown)
    return rows


@method("menu.getCategory")
def get_category(call: Call) -> object:
    """The same with numbers instead of texts (facts 1.7). The 1C flag is called `1c` here."""
    row = call.state["categories"].get(call.need("category_id"))
    if row is None or row["delete"] == "1":
        return False
    shown = _category(row, list(call.state["categories"]).index(row["id"]))
    numbers = {name: int(value) if str(value).isdecimal() else value for name, value in shown.items()}
    numbers |= {"category_name": shown["category_name"], "category_photo_origin": None}
    return {**numbers, "id_1c": row["id_1c"]} if call.flag("1c") else numbers


@method("menu.createCategory", "POST")
def create_category(call: Call) -> object:
    call.need("category_name")
    row = {"parent": "0", "color": "white", "hidden": "0", "fiscal": "0", "tax_id": "0", "id_1c": None, "delete": "0"}
    row |= _category_sent(call)
    row["id"] = next_id(call.state, "category")
    call.state["categories"][row["id"]] = row
    notify(call.world, "category", str(row["id"]), "added")
    return int(str(row["id"]))


@method("menu.updateCategory", "POST")
def update_category(call: Call) -> object:
    row = found(call.state, "categories", call.need("category_id"))
    row |= _category_sent(call)
    notify(call.world, "category", row["id"], "changed")
    return int(row["id"])


def _category_sent(call: Call) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if call.given("category_name"):
        values["name"] = call.need("category_name")
    if call.given("parent_category"):
        values["parent"] = _parent(call.state, call.text("parent_category"))
    if call.given("category_color"):
        values["color"] = color_of(call, "category_color")
    if call.given("category_hidden"):
        values["hidden"] = flag_of(call, "category_hidden")
    if call.given("tax_id"):
        values["tax_id"] = str(whole(call.text("tax_id"), "tax_id"))
    return values


def _parent(state: State, category_id: str) -> str:
    """0 is the main screen."""
    return category_id if category_id == "0" else str(found(state, "categories", category_id)["id"])


def color_of(call: Call, name: str) -> str:
    if call.text(name) not in COLORS:
        raise Refusal(155, name)
    return call.text(name)


def flag_of(call: Call, name: str) -> str:
    if call.text(name) not in ("0", "1"):
        raise Refusal(155, name)
    return call.text(name)


@method("menu.removeCategory", "POST")
def remove_category(call: Call) -> object:
    """What is in it goes with it: the documents do not say, so the worst is assumed (P-65)."""
    category_id = call.need("category_id")
    removed(call, "categories", category_id, "category")
    for product in live(call.state, "products"):
        if product["category"] == category_id:
            removed(call, "products", product["id"], stock.owner_of(product))
    return True


# ingredients ---------------------------------------------------------------------------------------------------------


def _ingredient(state: State, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ingredient_id": row["id"],
        "ingredient_name": row["name"],
        "category_id": row["category"],
        "ingredient_left": f"{stock.left(state, row['id']):.5f}",
        "limit_value": row["limit"],
        "time_notif": "0",
        "ingredient_unit": row["unit"],
        "ingredient_weight": row["weight"],
        **{f"ingredients_losses_{name}": row["losses"][name] for name in _LOSSES},
        "ingredients_type": type_of(row),
        "partial_write_off": row["partial"],
    }


def type_of(row: Mapping[str, Any]) -> str:
    """1 an ingredient, 2 whatever else is kept in stock: it cannot tell a dish from a prepack."""
    return "1" if row["owner"] == "ingredient" else "2"


@method("menu.getIngredients")
def get_ingredients(call: Call) -> object:
    rows = [row for row in live(call.state, "ingredients") if row["owner"] == "ingredient"]
    shown = [(_ingredient(call.state, row), row) for row in rows]
    return [{**item, "id_1c": row["id_1c"]} if call.flag("id_1c") else item for item, row in shown]


@method("menu.getIngredient")
def get_ingredient(call: Call) -> object:
    row = call.state["ingredients"].get(call.need("ingredient_id"))
    if row is None:
        return False
    shown = {**_ingredient(call.state, row), "delete": row["delete"], "hidden": row["hidden"]}
    return {**shown, "id_1c": row["id_1c"]} if call.flag("1c") else shown


@method("menu.createIngredient", "POST")
def create_ingredient(call: Call) -> object:
    for name in ("ingredient_name", "category_id", "type"):
        call.need(name)
    values = _ingredient_sent(call, None)
    ingredient_id = stock.new_ingredient(call.state, values.pop("name"), owner="ingredient", **values)
    notify(call.world, "ingredient", ingredient_id, "added")
    return int(ingredient_id)


@method("menu.updateIngredient", "POST")
def update_ingredient(call: Call) -> object:
    row = found(call.state, "ingredients", call.need("id"))
    row |= _ingredient_sent(call, row)
    notify(call.world, "ingredient", row["id"], "changed")
    return int(row["id"])


def _ingredient_sent(call: Call, old: Mapping[str, Any] | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if call.given("ingredient_name"):
        values["name"] = call.need("ingredient_name")
    if call.given("category_id"):
        values["category"] = _ingredient_category(call.state, call.text("category_id"))
    if call.given("type"):
        values["unit"] = _unit(call.text("type"), old)
    if call.given("weight_ingredient"):
        values["weight"] = int(decimal(call.text("weight_ingredient"), "weight_ingredient"))
    if call.given("partial_write_off"):
        values["partial"] = flag_of(call, "partial_write_off")
    losses = {name: call.text(f"loss_{name}") for name in _LOSSES if call.given(f"loss_{name}")}
    if losses:
        values["losses"] = {**(old["losses"] if old else dict.fromkeys(_LOSSES, "0")), **losses}
    return values


def _ingredient_category(state: State, category_id: str) -> str:
    return category_id if category_id == "0" else str(found(state, "ingredient_categories", category_id)["id"])


def _unit(unit: str, old: Mapping[str, Any] | None) -> str:
    """The unit of an ingredient that was supplied once cannot change."""
    if unit not in ("kg", "p", "l"):
        raise Refusal(155, "type")
    if old is not None and old["supplied"] and old["unit"] != unit:
        raise Refusal(153, message="You can't change this value")
    return unit


@method("menu.removeIngredient", "POST")
def remove_ingredient(call: Call) -> object:
    removed(call, "ingredients", call.need("ingredient_id"), "ingredient")
    return True


# categories of ingredients -------------------------------------------------------------------------------------------


@method("menu.getCategoriesIngredients")
def get_ingredient_categories(call: Call) -> object:
    return [_ingredient_group(call, row) for row in live(call.state, "ingredient_categories")]


@method("menu.getCategoryIngredients")
def get_ingredient_category(call: Call) -> object:
    row = call.state["ingredient_categories"].get(call.need("category_id"))
    return _ingredient_group(call, row) if row is not None and row["delete"] == "0" else False


def _ingredient_group(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    """The name is in `name`, whatever the table says (P-15)."""
    shown = {"category_id": row["id"], "name": row["name"]}
    return {**shown, "id_1c": row["id_1c"]} if call.flag("1c") else shown


@method("menu.createCategoryIngredients", "POST")
def create_ingredient_category(call: Call) -> object:
    row = {"name": call.need("category_name"), "id_1c": None, "delete": "0"}
    row["id"] = next_id(call.state, "ingredient_category")
    call.state["ingredient_categories"][row["id"]] = row
    notify(call.world, "ingredients_category", str(row["id"]), "added")
    return int(str(row["id"]))


@method("menu.updateCategoryIngredients", "POST")
def update_ingredient_category(call: Call) -> object:
    row = found(call.state, "ingredient_categories", call.need("category_id"))
    row["name"] = call.need("category_name")
    notify(call.world, "ingredients_category", row["id"], "changed")
    return int(row["id"])


@method("menu.removeCategoryIngredients", "POST")
def remove_ingredient_category(call: Call) -> object:
    """With `with_ingredients=1` the ingredients go too; otherwise they fall to category 0."""
    category_id = call.need("category_id")
    removed(call, "ingredient_categories", category_id, "ingredients_category")
    for row in live(call.state, "ingredients"):
        if row["category"] != category_id:
            continue
        if call.text("with_ingredients") == "1":
            removed(call, "ingredients", row["id"], "ingredient")
        else:
            row["category"] = "0"
    return Bare({"success": "successful delete category"})


# workshops -----------------------------------------------------------------------------------------------------------


@method("menu.getWorkshops")
def get_workshops(call: Call) -> object:
    """With the deleted ones (P-14)."""
    return list(call.state["workshops"].values())


@method("menu.getWorkshop")
def get_workshop(call: Call) -> object:
    return call.state["workshops"].get(call.need("workshop_id"), False)


@method("menu.createWorkshop", "POST")
def create_workshop(call: Call) -> object:
    row = {"workshop_id": "", "workshop_name": call.need("workshop_name"), "delete": "0"}
    row["workshop_id"] = next_id(call.state, "workshop")
    call.state["workshops"][row["workshop_id"]] = row
    notify(call.world, "workshop", row["workshop_id"], "added")
    return int(row["workshop_id"])


@method("menu.updateWorkshop", "POST")
def update_workshop(call: Call) -> object:
    """`workshop_name`, not the `product_name` of the example (P-20)."""
    row = found(call.state, "workshops", call.need("workshop_id"))
    row["workshop_name"] = call.need("workshop_name")
    notify(call.world, "workshop", row["workshop_id"], "changed")
    return int(row["workshop_id"])


@method("menu.removeWorkshop", "POST")
def remove_workshop(call: Call) -> object:
    removed(call, "workshops", call.need("workshop_id"), "workshop")
    return True
