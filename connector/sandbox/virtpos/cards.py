"""Discount cards: updateCard, insertCard, deleteCard."""

from __future__ import annotations

from typing import Any, Final

from connector.sandbox.virtpos.shop import Shop
from connector.sandbox.virtpos.wire import Asked, Refused, Row, day_of

MEDIA: Final = ("PLASTIC", "MAGNET", "APP")
STATUSES: Final = ("NEW", "ACTIVE", "BLOCKED")
NOT_FOUND: Final = "Карта не найдена"
UID_LENGTH: Final = 12

Fields = list[tuple[str, Any]]


def ean13(uid: str) -> str:
    """Zeros before the number to twelve digits, the check digit after it; "" for what is no such number."""
    if not (uid.isascii() and uid.isdigit()) or len(uid) > UID_LENGTH:
        return ""
    body = uid.zfill(UID_LENGTH)
    odd, even = sum(map(int, body[::2])), sum(map(int, body[1::2]))
    return body + str((10 - (odd + 3 * even) % 10) % 10)


def find(shop: Shop, asked: Asked) -> str | None:
    """The documented order: card_id, then uid, then external_id, then card_barcode."""
    if asked.get("card_id") in shop.table("cards"):
        return asked.get("card_id")
    for name, field in (("uid", "uid"), ("external_id", "external_id"), ("card_barcode", "barcode")):
        key = shop.by("cards", field, asked.get(name))
        if key is not None:
            return key
    return None


def update(shop: Shop, asked: Asked) -> Fields:
    """updateCard: changes what is sent, makes a new card only with create_if_not_exist=1."""
    key = find(shop, asked)
    if key is not None:
        shop.table("cards")[key].update(_changes(shop, asked, key))
        return [("id", key), ("isnew", 0)]
    if not asked.yes("create_if_not_exist"):
        raise Refused(NOT_FOUND)
    return insert(shop, asked)


def insert(shop: Shop, asked: Asked) -> Fields:
    """insertCard: a new card, refused when its number is taken."""
    if asked.get("uid") == "":
        raise Refused("Не указан уникальный номер карты uid")
    changes = _changes(shop, asked, None)
    blank: Row = dict.fromkeys(("external_id", "block_date", "activate_date", "type_id", "customer_id"), "")
    return [("id", shop.add("cards", {**blank, "medium": "PLASTIC", "status": "NEW", **changes})), ("isnew", 1)]


def delete(shop: Shop, asked: Asked) -> Fields:
    """deleteCard: gone for good, whatever its text says of updating (V-14)."""
    key = find(shop, asked)
    if key is None:
        raise Refused(NOT_FOUND)
    del shop.table("cards")[key]
    return [("id", key)]


def _changes(shop: Shop, asked: Asked, key: str | None) -> Row:
    changes: Row = {}
    for name, allowed in (("medium", MEDIA), ("status", STATUSES)):
        if asked.given(name):
            if asked.get(name) not in allowed:
                raise Refused(f"Неверное значение параметра {name}")
            changes[name] = asked.get(name)
    for name in ("block_date", "activate_date"):
        if asked.given(name):
            changes[name] = day_of(asked.get(name), name) if asked.get(name) != "" else ""
    changes |= _numbers(shop, asked, key) | _holder(shop, asked)
    kind = shop.chosen("types", asked, "type_id", "type_name")  # the last: it may make a type
    return changes if kind is None else {**changes, "type_id": kind}


def _numbers(shop: Shop, asked: Asked, key: str | None) -> Row:
    """uid and external_id are each of one card only. A barcode that is not sent is made of the uid."""
    numbers: Row = {}
    for name in ("uid", "external_id"):
        if asked.get(name) != "":
            numbers[name] = shop.unique("cards", name, asked.get(name), key)
    if "uid" in numbers:
        made = ean13(numbers["uid"])
        numbers |= {"uid_ean13": made, "barcode": made}
    return numbers | {name: asked.get(name) for name in ("uid_ean13", "barcode") if asked.get(name) != ""}


def _holder(shop: Shop, asked: Asked) -> Row:
    """The customer by id, else by his id elsewhere; an empty id takes the card from its holder."""
    if asked.given("customer_id"):
        key = asked.get("customer_id")
        if key not in ("", *shop.table("customers")):
            raise Refused(f"Не найден клиент {key}")
        return {"customer_id": key}
    outside = asked.get("customer_external_id")
    if outside == "":
        return {}
    found = shop.by("customers", "external_id", outside)
    if found is None:
        raise Refused(f"Не найден клиент {outside}")
    return {"customer_id": found}
