"""Orders. They have no id of their own (V-04); `id` of the call is the customer's (V-02)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.virtpos.shop import Shop
from connector.sandbox.virtpos.wire import ZONE, Asked, Flat, Row, Wrapped, rounded, whole

DAY: Final = "%Y%m%d"

Fields = list[tuple[str, Any]]


def listing(shop: Shop, asked: Asked) -> Fields:
    """/api/orders: everything there is, in the order it was made; a newer server keeps to a window (V-24)."""
    customer = asked.query_only("id")
    outside = asked.query_only("external_id")
    if outside != "":
        customer = shop.by("customers", "external_id", outside) or "none"
    rows = [row for row in shop.table("orders").values() if customer in ("", row["customer_id"])]
    limit = shop.option("days_limit")
    if limit is None:
        return [("orders", _group(shop, [_shown(shop, row) for row in rows], "order"))]
    days, since, until = _window(shop, asked, limit)
    rows = [row for row in rows if since <= row["created_date"][:10].replace("-", "") <= until]
    return [("days_limit", days), ("orders", _group(shop, [_shown(shop, row) for row in rows], "order"))]


def _window(shop: Shop, asked: Asked, limit: int) -> tuple[int, str, str]:
    days = whole(asked.get("days")) or limit
    today = shop.world.now().astimezone(ZONE)
    since = (today - timedelta(days=days)).strftime(DAY)
    return days, _day(asked.get("datefrom")) or since, _day(asked.get("dateto")) or today.strftime(DAY)


def _day(text: str) -> str:
    """The date as it was asked for; one that cannot be read is as if it were not there."""
    try:
        return datetime.strptime(text, DAY).strftime(DAY)
    except ValueError:
        return ""


def _group(shop: Shop, rows: list[Fields], name: str) -> Flat | Wrapped:
    return Flat(rows) if shop.option("orders_shape") == "flat" else Wrapped(name, rows)


def _shown(shop: Shop, row: Row) -> Fields:
    discount = sum((Decimal(line["discount"]) for line in row["lines"]), Decimal(0))
    amount = sum((_line_amount(line) for line in row["lines"]), Decimal(0))
    items = _group(shop, [_item(line) for line in row["lines"]], "item")
    return [
        ("paid", row["paid"]),
        ("customer_id", row["customer_id"]),
        ("shipped", row["shipped"]),
        ("cancelled", row["cancelled"]),
        ("shipping_address", row["shipping_address"]),
        ("shipping_cost", f"{rounded(Decimal(row['shipping_cost']))}"),
        ("pickup_receipt_id", ""),
        ("comment", row["comment"]),
        ("guid", row["guid"]),
        ("created_date", row["created_date"]),
        ("amount", f"{rounded(amount)}"),
        ("discount", f"{rounded(discount)}"),
        ("pickup_from_warehouse_id", row["warehouse"][0]),
        ("pickup_from_warehouse_name", row["warehouse"][1]),
        ("delivery_type_id", row["delivery"][0]),
        ("delivery_type_name", row["delivery"][1]),
        ("payment_type_id", row["payment"][0]),
        ("payment_type_name", row["payment"][1]),
        ("items", items),
    ]


def _line_amount(line: Row) -> Decimal:
    return rounded(Decimal(line["quantity"]) * Decimal(line["price"]) - Decimal(line["discount"]))


def _item(line: Row) -> Fields:
    return [
        ("item_id", line["item_id"]),
        ("item_name", line["name"]),
        ("image", ""),
        ("quantity", f"{Decimal(line['quantity']):.3f}"),
        ("unit_base_price", f"{rounded(Decimal(line['price']))}"),
        ("discount", f"{rounded(Decimal(line['discount']))}"),
        ("amount", f"{_line_amount(line)}"),
    ]
