"""Orders: no id of their own (V-04), no status but three flags (V-18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from connector.locale import N_

IDENTITY: Final = "_id"
STATUS: Final = "_status"
"""Keys of ours in an order: its identity and the status that its flags make."""

TWICE: Final = N_("another order has the same customer, date and amount, and neither has a guid")
NAMELESS: Final = N_("the order has neither a guid nor customer, date and amount")
_FLAGS: Final = ("cancelled", "shipped", "paid")


def status_of(order: Mapping[str, Any]) -> str:
    """cancelled, else shipped, else paid, else new."""
    return next((flag for flag in _FLAGS if str(order.get(flag)).strip().lower() in ("1", "true")), "new")


def identity_of(order: Mapping[str, Any]) -> str:
    """The guid, else customer, date and amount; empty where these are lacking too."""
    guid = str(order.get("guid") or "").strip()
    if guid:
        return guid
    parts = [str(order.get(name) or "").strip() for name in ("customer_id", "created_date", "amount")]
    return "/".join(parts) if all(parts) else ""


def told(orders: Iterable[Mapping[str, Any]], unreadable: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Orders with their identity and status; those that cannot be told apart are put into `unreadable`."""
    seen: set[str] = set()
    for order in orders:
        identity = identity_of(order)
        if identity == "" or identity in seen:
            unreadable.append((identity, TWICE if identity else NAMELESS))
            continue
        if "/" in identity:
            seen.add(identity)
        yield {**order, IDENTITY: identity, STATUS: status_of(order)}
