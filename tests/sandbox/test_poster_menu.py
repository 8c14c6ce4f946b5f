"""Poster's menu: products with and without modificators, dishes, prepacks, ingredients; prices in two units."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Poster

PLAIN = {
    "product_name": "Пончик",
    "menu_category_id": 0,
    "workshop": 1,
    "weight_flag": 0,
    "color": "red",
    "different_spots_prices": 0,
    "modifications": 0,
    "barcode": "4820098749621",
    "cost": 2000,
    "price": 3000,
    "visible": 1,
}
SIZED = {
    "product_name": "Sprite",
    "menu_category_id": 0,
    "workshop": 1,
    "weight_flag": 0,
    "different_spots_prices": 0,
    "modifications": 1,
    "modificator_name[0]": "1 л.",
    "modificator_name[1]": "2 л.",
    "barcode[0]": "4820098749621",
    "barcode[1]": "4820098749622",
    "product_code[0]": "3412356",
    "product_code[1]": "3412357",
    "cost[0]": 700,
    "cost[1]": 1000,
    "price[0]": 1500,
    "price[1]": 2000,
}


def product(till: Poster, product_id: object, **params: Any) -> Any:
    return till.read("menu.getProduct", product_id=product_id, **params)


def test_a_plain_product_has_prices_by_spot(poster: Poster) -> None:
    made = poster.post("menu.createProduct", PLAIN)["response"]
    row = product(poster, made)
    assert row["price"] == {"1": "3000", "2": "3000"}
    assert row["profit"] == {"1": "1000", "2": "1000"}
    assert [spot["spot_id"] for spot in row["spots"]] == ["1", "2"]
    assert (row["out"], row["type"], row["menu_category_id"], row["cost"]) == ("0", "3", "0", "2000")
    assert "modifications" not in row
    listed = next(item for item in poster.read("menu.getProducts") if item["product_id"] == str(made))
    assert listed["out"] == 0


def test_modificators_come_without_a_price_of_their_own_and_with_double_spots(poster: Poster) -> None:
    answer = poster.post("menu.createProduct", SIZED)
    assert list(answer) == ["response", "modifications_id"]
    row = product(poster, answer["response"])
    assert not {"price", "profit", "spots"} & set(row)
    small, large = row["modifications"]
    assert [small["modificator_id"], large["modificator_id"]] == [str(made) for made in answer["modifications_id"]]
    assert [spot["spot_id"] for spot in small["spots"]] == ["1", "2", "1", "2"]
    assert (large["spots"][0]["price"], large["modificator_selfprice"]) == ("2000", "1000")
    assert (small["modificator_barcode"], small["modificator_product_code"]) == ("4820098749621", "3412356")


def test_modificators_that_are_not_sent_are_removed(poster: Poster) -> None:
    made = poster.post("menu.createProduct", SIZED)
    keep = made["modifications_id"][1]
    body = {
        "id": made["response"],
        "modifications": 1,
        "different_spots_prices": 1,
        "modificator_id[0]": keep,
        "modificator_id[1]": 0,
        "modificator_name[0]": "2 литра",
        "modificator_name[1]": "3 л.",
        "price[0][1]": 2100,
        "price[1][1]": 2900,
        "price[1][2]": 3000,
    }
    answer = poster.post("menu.updateProduct", body)["response"]
    assert (answer["product_id"], answer["modifications_id"][0]) == (made["response"], keep)
    first, second = product(poster, made["response"])["modifications"]
    assert first["modificator_name"] == "2 литра"
    assert [spot["price"] for spot in first["spots"][:2]] == ["2100", "2000"]
    assert [spot["price"] for spot in second["spots"][:2]] == ["2900", "3000"]


def test_price_by_spot_or_for_all(poster: Poster) -> None:
    made = poster.post("menu.createProduct", PLAIN)["response"]
    poster.post("menu.updateProduct", {"id": made, "different_spots_prices": 1, "price[2]": 3200, "visible": 0})
    assert product(poster, made)["price"] == {"1": "3000", "2": "3200"}
    assert {spot["visible"] for spot in product(poster, made)["spots"]} == {"0"}
    assert poster.refused(poster.post("menu.updateProduct", {"id": made, "price[7]": 1})) == 32


def test_update_product_price_is_in_roubles(poster: Poster) -> None:
    made = poster.post("menu.createProduct", PLAIN)["response"]
    body = {"spot_id": 1, "price": "45.50", "product_id": made, "modificator_id": 0}
    assert poster.post("menu.updateProductPrice", body) == {"success": 1}
    assert product(poster, made)["price"] == {"1": "4550", "2": "3000"}
    assert poster.refused(poster.post("menu.updateProductPrice", {**body, "modificator_id": 9})) == 42


def test_what_a_product_needs(poster: Poster) -> None:
    for name in ("product_name", "menu_category_id", "weight_flag", "different_spots_prices", "modifications"):
        assert (
            poster.refused(poster.post("menu.createProduct", {key: PLAIN[key] for key in PLAIN if key != name})) == 34
        )
    assert poster.refused(poster.post("menu.createProduct", {**PLAIN, "menu_category_id": 99})) == 32
    assert poster.refused(poster.post("menu.createProduct", {**PLAIN, "color": "brown"})) == 155
    twice = {**SIZED, "modificator_name[1]": "1 л."}
    assert poster.refused(poster.post("menu.createProduct", twice)) == 154


def test_a_removed_product_is_gone(poster: Poster) -> None:
    made = poster.post("menu.createProduct", PLAIN)["response"]
    assert poster.post("menu.removeProduct", product_id=made) == {"response": True}
    assert product(poster, made) is False
    assert str(made) not in [row["product_id"] for row in poster.read("menu.getProducts")]
    assert poster.refused(poster.post("menu.removeProduct", product_id=made)) == 32


def test_lists_by_type_and_category(poster: Poster) -> None:
    assert {row["type"] for row in poster.read("menu.getProducts")} == {"2", "3"}
    assert {row["type"] for row in poster.read("menu.getProducts", type="products")} == {"3"}
    assert {row["type"] for row in poster.read("menu.getProducts", type="batchtickets")} == {"2"}
    assert {row["menu_category_id"] for row in poster.read("menu.getProducts", category_id=5)} == {"5"}


# dishes and prepacks -------------------------------------------------------------------------------------------------


def dish(**more: Any) -> dict[str, Any]:
    return {
        "product_name": "Раф",
        "menu_category_id": 2,
        "workshop": 1,
        "weight_flag": 0,
        "price": {"1": 25000, "2": 27000},
        "ingredient": [
            {"id": 61, "type": 1, "brutto": 18, "netto": 17},
            {"id": 62, "type": 1, "brutto": 200, "netto": 200},
        ],
        "modificationgroup": [
            {
                "type": 1,
                "minNum": 0,
                "maxNum": 1,
                "name": "Сироп",
                "modifications": [{"ingredientId": 62, "type": 1, "name": "Ваниль", "brutto": 10, "price": 5000}],
            }
        ],
        **more,
    }


def test_a_dish_is_made_of_ingredients(poster: Poster) -> None:
    made = poster.json("menu.createDish", dish())["response"]
    row = product(poster, made)
    assert (row["type"], row["unit"], row["out"]) == ("2", "kg", 217)
    assert row["price"] == {"1": "25000", "2": "27000"}
    assert [item["structure_brutto"] for item in row["ingredients"]] == [18, 200]
    assert row["ingredients"][0]["structure_selfprice"] == "3402"  # 18 g of 1890.00 a kilogram
    assert row["cost"] == "5192"
    assert row["group_modifications"][0]["modifications"][0]["name"] == "Ваниль"


def test_an_update_deletes_groups_that_are_not_sent(poster: Poster) -> None:
    made = poster.json("menu.createDish", dish())["response"]
    assert poster.json("menu.updateDish", {"dish_id": made, "product_name": "Раф большой"}) == {"response": made}
    row = product(poster, made)
    assert "group_modifications" not in row
    assert (row["product_name"], len(row["ingredients"])) == ("Раф большой", 2)


def test_the_unit_of_a_dish_price_can_be_another_one(poster: Poster) -> None:
    poster.world.state["units"]["dish_price"] = "major"
    made = poster.json("menu.createDish", dish(price={"1": 55, "2": "57.50"}))["response"]
    assert product(poster, made)["price"] == {"1": "5500", "2": "5750"}


def test_an_update_does_not_change_the_cost(poster: Poster) -> None:
    made = poster.post("menu.createProduct", PLAIN)["response"]
    poster.post("menu.updateProduct", id=made, cost=1)
    assert product(poster, made)["cost"] == "2000"


def test_a_weighed_dish_has_no_pieces(poster: Poster) -> None:
    pieces = dish(weight_flag=1, modificationgroup=None, ingredient=[{"id": 64, "type": 1, "brutto": 1, "netto": 1}])
    assert poster.refused(poster.json("menu.createDish", pieces)) == 155
    assert poster.refused(poster.json("menu.createDish", dish(weight_flag=1))) == 155
    assert poster.refused(poster.json("menu.createDish", dish(ingredient=[{"id": 999}]))) == 32


def test_prepacks(poster: Poster) -> None:
    body = {
        "product_name": "Соус",
        "ingredient[0][id]": 62,
        "ingredient[0][type]": 1,
        "ingredient[0][brutto]": 100,
        "ingredient[0][netto]": 90,
    }
    made = poster.post("menu.createPrepack", body)["response"]
    row = poster.read("menu.getPrepack", product_id=made, **{"1c": "true"})
    assert (row["ingredient_id"], row["cost"], row["out"], row["id_1c"]) == ("0", "895", 90, "0")
    assert poster.refused(poster.post("menu.createPrepack", body)) == 38
    assert poster.post("menu.updatePrepack", prepack_id=made, product_name="Соус белый") == {"response": made}
    assert product(poster, made) is False  # prepacks are no products
    assert poster.post("menu.removePrepack", prepack_id=made) == {"response": True}
    assert poster.read("menu.getPrepack", product_id=made) is False


# dictionaries --------------------------------------------------------------------------------------------------------


def test_categories_are_texts_in_the_list_and_numbers_alone(poster: Poster) -> None:
    made = poster.post("menu.createCategory", category_name="Пицца", parent_category=1)["response"]
    row = next(item for item in poster.read("menu.getCategories") if item["category_id"] == str(made))
    assert (row["parent_category"], row["level"], row["category_color"]) == ("1", "2", "white")
    alone = poster.read("menu.getCategory", category_id=made, **{"1c": "true"})
    assert (alone["category_id"], alone["parent_category"], alone["id_1c"]) == (made, 1, None)
    assert "id_1c" in poster.read("menu.getCategories", id_1c="true")[0]
    assert "id_1c" not in poster.read("menu.getCategories", **{"1c": "true"})[0]  # this one is called id_1c


def test_a_category_takes_its_goods_with_it(poster: Poster) -> None:
    made = poster.post("menu.createCategory", category_name="Пицца")["response"]
    inside = poster.post("menu.createProduct", {**PLAIN, "menu_category_id": made})["response"]
    assert poster.post("menu.removeCategory", category_id=made) == {"response": True}
    assert product(poster, inside) is False


def test_ingredients(poster: Poster) -> None:
    made = poster.post("menu.createIngredient", ingredient_name="Клубника", category_id=1, type="kg", loss_clear=5)[
        "response"
    ]
    row = poster.read("menu.getIngredient", ingredient_id=made)
    assert (row["ingredient_left"], row["ingredients_losses_clear"], row["ingredients_type"]) == ("0.00000", "5", "1")
    assert poster.post("menu.updateIngredient", id=made, type="p") == {"response": made}
    assert poster.refused(poster.post("menu.updateIngredient", id=61, type="l")) == 153  # supplied once
    assert poster.post("menu.removeIngredient", ingredient_id=made) == {"response": True}
    assert poster.read("menu.getIngredient", ingredient_id=made)["delete"] == "1"
    assert str(made) not in [item["ingredient_id"] for item in poster.read("menu.getIngredients")]


@pytest.mark.parametrize(("flag", "left"), [("0", "0"), ("1", None)])
def test_a_category_of_ingredients_may_take_them_along(poster: Poster, flag: str, left: str | None) -> None:
    made = poster.post("menu.createCategoryIngredients", category_name="Ягоды")["response"]
    inside = poster.post("menu.createIngredient", ingredient_name="Клубника", category_id=made, type="kg")["response"]
    answer = poster.post("menu.removeCategoryIngredients", category_id=made, with_ingredients=flag)
    assert answer == {"success": "successful delete category"}
    rows = {row["ingredient_id"]: row["category_id"] for row in poster.read("menu.getIngredients")}
    assert rows.get(str(inside)) == left


def test_workshops_keep_the_deleted_ones(poster: Poster) -> None:
    made = poster.post("menu.createWorkshop", workshop_name="Мангал")["response"]
    assert poster.refused(poster.post("menu.updateWorkshop", workshop_id=made, product_name="Суши")) == 34
    poster.post("menu.updateWorkshop", workshop_id=made, workshop_name="Суши")
    poster.post("menu.removeWorkshop", workshop_id=made)
    assert poster.read("menu.getWorkshop", workshop_id=made) == {
        "workshop_id": str(made),
        "workshop_name": "Суши",
        "delete": "1",
    }


@pytest.mark.parametrize(
    ("setter", "key", "number", "read", "params", "path"),
    [
        ("menu.set1cCategoryId", "category_id", 1, "menu.getCategory", {"category_id": 1, "1c": "true"}, ()),
        ("menu.set1cProductId", "product_id", 132, "menu.getProduct", {"product_id": 132, "1c": "true"}, ()),
        ("menu.set1cIngredientId", "ingredient_id", 61, "menu.getIngredient", {"ingredient_id": 61, "1c": "true"}, ()),
        (
            "menu.set1cCategoryIngredientsId",
            "category_id",
            1,
            "menu.getCategoryIngredients",
            {"category_id": 1, "1c": "true"},
            (),
        ),
        ("storage.set1cSupplierId", "supplier_id", 1, "storage.getSuppliers", {"id_1c": "true"}, (0,)),
        ("storage.set1cSupplyId", "supply_id", 43, "storage.getSupplies", {"limit": 1, "1c": "true"}, (0,)),
        (
            "finance.set1cTransactionId",
            "transaction_id",
            501,
            "finance.getTransaction",
            {"transaction_id": 501, "1c": "true"},
            (),
        ),
    ],
)
def test_stamps_are_read_back(
    poster: Poster, setter: str, key: str, number: int, read: str, params: dict[str, Any], path: tuple[int, ...]
) -> None:
    guid = "b80ffc81-0fc9-11e7-9ab4-ace01035e460"
    assert poster.post(setter, {f"id[0][{key}]": number, "id[0][id_1c]": guid}) == {"success": 1}
    row = poster.read(read, **params)
    for step in path:
        row = row[step]
    assert row["id_1c"] == guid
    assert poster.refused(poster.post(setter, {f"id[0][{key}]": 99999, "id[0][id_1c]": guid})) == 32
    assert poster.refused(poster.post(setter, {"id[0][id_1c]": guid})) == 34
