"""Discount cards, known by their number (uid); barcode and EAN-13 are made of it there and never sent (V-15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_LENGTH: Final = 12
_NEVER_SENT: Final = frozenset({"barcode", "uid_ean13", "card_barcode"})


def ean13(uid: str) -> str | None:
    """The EAN-13 of a card number: zeros before it, the check digit after it; None for what is no such number."""
    if not (uid.isascii() and uid.isdigit()) or len(uid) > _LENGTH:
        return None
    body = uid.zfill(_LENGTH)
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str(-weighed % 10)


def same_card(number: str, card: Mapping[str, Any]) -> bool:
    """Whether a number, or an EAN-13 that a scanner has read, is this card's."""
    uid = str(card.get("uid") or "")
    return uid != "" and number in (uid, ean13(uid), card.get("barcode"), card.get("uid_ean13"))


def of_customers(customers: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The cards that customers show, each with its holder."""
    for customer in customers:
        for card in customer.get("cards") or ():
            yield {**card, "customer_id": customer.get("id")}


def sent(patch: Mapping[str, Any]) -> dict[str, Any]:
    """A patch as it is sent."""
    return {name: value for name, value in patch.items() if name not in _NEVER_SENT}
