"""Customers: the list and `customer/update`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from connector.sandbox.virtpos.shop import Shop
from connector.sandbox.virtpos.wire import Asked, Refused, Row, Wrapped, age, birthday, digits, local, whole

PAGE_SIZE: Final = 200
FIELDS: Final = (
    "external_id",
    "fname",
    "lname",
    "mname",
    "phone",
    "email",
    "gender",
    "birth_day",
    "birth_month",
    "birth_year",
    "custom_information",
)

Fields = list[tuple[str, Any]]


def listing(shop: Shop, asked: Asked) -> Fields:
    """/api/customer. `id` and `external_id` are read from the address only ("get only"). `count` is of this answer."""
    found = [key for key, row in shop.table("customers").items() if _wanted(key, row, asked)]
    page, size = whole(asked.get("page")), whole(asked.get("page_size")) or PAGE_SIZE
    if page is not None:
        found = found[(max(page, 1) - 1) * size : max(page, 1) * size]
    cards = _cards(shop, set(found)) if _shows_cards(shop, asked) else None
    rows = [_shown(shop, key, cards) for key in found]
    return [("type", "customer"), ("count", len(rows)), ("customers", Wrapped("customer", rows))]


def _wanted(key: str, row: Row, asked: Asked) -> bool:
    return all(test for test in _tests(key, row, asked))


def _tests(key: str, row: Row, asked: Asked) -> Iterator[bool]:
    if (wanted := asked.query_only("id")) != "":
        yield key == wanted
    if (wanted := asked.query_only("external_id")) != "":
        yield row["external_id"] == wanted
    if (wanted := asked.get("phone")) != "":
        yield digits(row["phone"]) == digits(wanted)
    if (wanted := asked.get("email")) != "":
        yield row["email"].casefold() == wanted.casefold()
    if asked.get("with_phone") in ("true", "false"):
        yield (row["phone"] != "") == (asked.get("with_phone") == "true")


def _shows_cards(shop: Shop, asked: Asked) -> bool:
    return shop.option("cards") == "always" or (shop.option("cards") == "asked" and asked.yes("cards"))


def _cards(shop: Shop, customers: set[str]) -> dict[str, list[Fields]]:
    found: dict[str, list[Fields]] = {}
    for key, card in shop.table("cards").items():
        if card["customer_id"] in customers:
            found.setdefault(card["customer_id"], []).append(card_fields(shop, key, card))
    return found


def card_fields(shop: Shop, key: str, card: Row) -> Fields:
    kind = shop.table("types").get(card["type_id"], {"name": ""})
    names = ("external_id", "uid", "uid_ean13", "barcode", "medium", "status", "block_date", "activate_date", "type_id")
    return [("card_id", key), *((name, card[name]) for name in names), ("type_name", kind["name"])]


def _shown(shop: Shop, key: str, cards: dict[str, list[Fields]] | None) -> Fields:
    row = shop.table("customers")[key]
    group = shop.table("groups").get(row["group_id"], {"name": ""})
    shown: Fields = [
        ("id", key),
        ("external_id", row["external_id"]),
        ("fname", row["fname"]),
        ("lname", row["lname"]),
        ("mname", row["mname"]),
        ("age", age(row, shop.world.now())),
        ("email", row["email"]),
        ("phone", row["phone"]),
        ("gender", row["gender"]),
        ("custom_information", row["custom_information"]),
        ("birth_day", row["birth_day"]),
        ("birth_month", row["birth_month"]),
        ("birth_year", row["birth_year"]),
        ("register_date", row["register_date"]),
        ("accumulated_sales", row["accumulated_sales"]),
        ("group_id", row["group_id"]),
        ("group_name", group["name"]),
    ]
    return shown if cards is None else [*shown, ("cards", Wrapped("card", cards.get(key, [])))]


def update(shop: Shop, asked: Asked) -> Fields:
    """/api/customer/update: only what is sent changes. Without an id to look for, each call makes another customer."""
    if asked.given("age"):
        raise Refused("Поле age передавать нельзя: оно рассчитывается автоматически")
    key = _found(shop, asked)
    if key is None and not asked.yes("create_if_not_exist"):
        raise Refused("Клиент не найден")
    changes = _changes(shop, asked, key)
    if key is not None:
        shop.table("customers")[key].update(changes)
        return [("id", key), ("isnew", 0)]
    blank: Row = {**dict.fromkeys(FIELDS, ""), "group_id": "", "accumulated_sales": "0.00"}
    return [("id", shop.add("customers", {**blank, "register_date": local(shop.world.now()), **changes})), ("isnew", 1)]


def _found(shop: Shop, asked: Asked) -> str | None:
    if asked.get("id") in shop.table("customers"):
        return asked.get("id")
    return shop.by("customers", "external_id", asked.get("external_id"))


def _changes(shop: Shop, asked: Asked, key: str | None) -> Row:
    changes: Row = {name: asked.get(name) for name in FIELDS if asked.given(name)}
    if changes.get("gender", "") not in ("", "M", "F"):
        raise Refused("Неверное значение параметра gender")
    shop.unique("customers", "external_id", changes.get("external_id", ""), key)
    _check_birthday({**(shop.table("customers")[key] if key else {}), **changes})
    group = shop.chosen("groups", asked, "group_id", "group_name")
    return changes if group is None else {**changes, "group_id": group}


def _check_birthday(row: Row) -> None:
    parts = [row.get(name, "") for name in ("birth_day", "birth_month", "birth_year")]
    if all(part != "" for part in parts) and birthday(row) is None:
        raise Refused("Неверная дата рождения")
