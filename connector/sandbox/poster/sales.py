"""dash.*: sums of sales by day, product, category, guest, waiter and spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from connector.sandbox.poster import receipts
from connector.sandbox.poster.wire import Call, Window, escaped, major, method, number, window
from connector.sandbox.world import State

Row = Mapping[str, Any]

_MONTHS_OVER: Final = 65  # days; longer windows of getPaymentsReport are grouped by month


def _closed(call: Call, asked: Window) -> list[Row]:
    spot = call.text("spot_id")
    return [
        row
        for row in call.state["receipts"].values()
        if row["status"] == "2" and asked.holds(row["date"]) and spot in ("", row["spot"])
    ]


def revenue(row: Row) -> int:
    """Money that really came, in kopecks."""
    return int(row["cash"] + row["card"] + row["third_party"])


def profit(state: State, row: Row) -> int:
    return receipts.due(row) - sum(receipts.line_cost(state, row, line) for line in row["lines"])


def _sums(state: State, rows: list[Row]) -> dict[str, int]:
    return {
        "sum": sum(receipts.line_sum(line) for row in rows for line in row["lines"]),
        "revenue": sum(map(revenue, rows)),
        "profit": sum(profit(state, row) for row in rows),
        "clients": len(rows),
    }


def _grouped(rows: list[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _average(amount: int, count: int) -> float:
    """Roubles, with the long tail of a division."""
    return amount / 100 / count if count else 0


# analytics -----------------------------------------------------------------------------------------------------------


@method("dash.getAnalytics")
def get_analytics(call: Call) -> object:
    """A list for waiters and clients without an id, curves otherwise; `interpolate` changes nothing (P-68)."""
    asked = window(call)
    rows = _closed(call, asked)
    by = {"waiters": "user", "clients": "client", "spots": "spot"}.get(call.text("type"))
    if call.text("type") in ("waiters", "clients") and not call.text("id"):
        return _people(call.state, rows, call.text("type"))
    if by is not None and call.text("id"):
        rows = [row for row in rows if row[by] == call.text("id")]
    return _curves(call, rows, asked)


def _people(state: State, rows: list[Row], kind: str) -> list[dict[str, Any]]:
    if kind == "waiters":
        return [
            {
                "user_id": user,
                "name": state["users"][user]["name"],
                **_texts(_sums(state, own)),
                "middle_time": "3.2910",
            }
            for user, own in _grouped(rows, lambda row: str(row["user"])).items()
        ]
    return [
        {
            **_guest(state, client),
            **_texts(_sums(state, own)),
            **{f"payed_{way}": str(sum(row[way] for row in own)) for way in ("cash", "card", "third_party")},
            "phone": state["clients"].get(client, {}).get("phone", ""),
            "email": state["clients"].get(client, {}).get("email", ""),
        }
        for client, own in _grouped(rows, lambda row: str(row["client"])).items()
        if client != "0"
    ]


def _texts(sums: Mapping[str, int]) -> dict[str, str]:
    return {name: str(value) for name, value in sums.items()}


def _guest(state: State, client: str) -> dict[str, Any]:
    known = state["clients"].get(client, {})
    return {"client_id": client, "firstname": known.get("firstname", ""), "lastname": known.get("lastname", "")}


def _curves(call: Call, rows: list[Row], asked: Window) -> dict[str, Any]:
    """Roubles with four decimals as text, and the number 0 where nothing was sold."""
    measure = _measure(call)
    days = _grouped(rows, lambda row: str(row["date"][:10]))
    hours = _grouped(rows, lambda row: str(int(row["date"][11:13])))
    weekdays = _grouped(rows, lambda row: str(date.fromisoformat(row["date"][:10]).isoweekday() % 7))
    first, last = date.fromisoformat(asked.first).toordinal(), date.fromisoformat(asked.last).toordinal()
    every = [str(date.fromordinal(day)) for day in range(first, last + 1)]
    sums = _sums(call.state, rows)
    return {
        "data": [measure(days.get(day, [])) for day in every],
        "data_hourly": [measure(hours.get(str(hour), [])) for hour in range(24)],
        "data_weekday": [measure(weekdays.get(str(day), [])) for day in range(7)],  # Sunday first
        "counters": {
            "revenue": major(sums["revenue"], 4),
            "profit": major(sums["profit"], 4),
            "transactions": str(sums["clients"]),
            "visitors": str(sum(int(row["guests"]) for row in rows)),
            "average_receipt": _average(sums["revenue"], sums["clients"]),
            "average_time": "12.50000000",
        },
    }


def _measure(call: Call) -> Callable[[list[Row]], object]:
    state, select = call.state, call.text("select", "revenue")

    def measure(rows: list[Row]) -> object:
        if not rows:
            return 0
        if select == "transactions":
            return str(len(rows))
        if select == "visitors":
            return str(sum(int(row["guests"]) for row in rows))
        amount = sum(profit(state, row) for row in rows) if select == "profit" else sum(map(revenue, rows))
        return major(amount // len(rows) if select == "average_receipt" else amount, 4)

    return measure


# by what was sold ----------------------------------------------------------------------------------------------------


@method("dash.getProductsSales")
def get_products_sales(call: Call) -> object:
    """Documented with `date_from`, but only `dateFrom` filters (facts 1.4): the other one is not read."""
    found: dict[tuple[str, str], list[tuple[Row, Row]]] = {}
    for row in _closed(call, window(call)):
        for line in row["lines"]:
            found.setdefault((line["product"], line["modification"]), []).append((row, line))
    return [_product(call.state, *key, sold) for key, sold in found.items()]


def _product(state: State, product_id: str, modification: str, sold: list[tuple[Row, Row]]) -> dict[str, Any]:
    product = state["products"][product_id]
    chosen = next((item for item in product["modifications"] if item["id"] == modification), None)
    total = sum(receipts.line_sum(line) for _, line in sold)
    paid = sum(receipts.line_due(line) for _, line in sold)
    return {
        "product_name": escaped(product["name"]),
        "modificator_name": escaped(chosen["name"]) if chosen else None,
        "product_id": product_id,
        "modification_id": modification,
        "delete": product["delete"],
        "left": "43",
        "right": "44",
        "category_id": product["category"],
        "count": f"{sum(float(line['num']) for _, line in sold):.4f}",
        "weight_flag": product["weight_flag"],
        "payed_sum": str(paid),
        "product_sum": str(total),
        "bonus_sum": "0",
        "cert_sum": "0",
        "product_profit": str(paid - sum(receipts.line_cost(state, row, line) for row, line in sold)),
        "tax_sum": "0",
        "vat_sum": "0",
        "unit": product["unit"] or "p",
        "discount": total - paid,
    }


@method("dash.getCategoriesSales")
def get_categories_sales(call: Call) -> object:
    """Category 0, as a number, is the main screen (P-70)."""
    found: dict[str, list[tuple[Row, Row]]] = {}
    for row in _closed(call, window(call)):
        for line in row["lines"]:
            found.setdefault(call.state["products"][line["product"]]["category"], []).append((row, line))
    return [_category(call.state, category, sold) for category, sold in found.items()]


def _category(state: State, category: str, sold: list[tuple[Row, Row]]) -> dict[str, Any]:
    paid = sum(receipts.line_due(line) for _, line in sold)
    cost = sum(receipts.line_cost(state, row, line) for row, line in sold)
    known = state["categories"].get(category)
    return {
        "revenue": str(paid),
        "profit": str(paid - cost),
        "count": str(len(sold)),
        "category_name": escaped(known["name"]) if known else "Главный экран",
        "category_id": category if known else 0,
    }


# by who bought and sold ----------------------------------------------------------------------------------------------


@method("dash.getClientsSales")
def get_clients_sales(call: Call) -> object:
    """Sums in kopecks, the average in roubles."""
    groups = _grouped(_closed(call, window(call)), lambda row: str(row["client"]))
    return [
        {
            **_guest(call.state, client),
            **_texts(_sums(call.state, rows)),
            "middle_invoice": _average(_sums(call.state, rows)["sum"], len(rows)),
        }
        for client, rows in groups.items()
        if client != "0"
    ]


@method("dash.getWaitersSales")
def get_waiters_sales(call: Call) -> object:
    groups = _grouped(_closed(call, window(call)), lambda row: str(row["user"]))
    shown = []
    for user, rows in groups.items():
        sums = _sums(call.state, rows)
        texts = {name: str(sums[name]) for name in ("profit", "revenue", "clients")}
        more = {"middle_time": 49364.020916667, "middle_invoice": _average(sums["revenue"], len(rows))}
        shown.append({"user_id": user, "name": call.state["users"][user]["name"], **texts, **more})
    return shown


@method("dash.getSpotsSales")
def get_spots_sales(call: Call) -> object:
    """In roubles, as numbers, though the text says kopecks."""
    sums = _sums(call.state, _closed(call, window(call)))
    return {
        "revenue": number(sums["revenue"]),
        "profit": number(sums["profit"]),
        "clients": sums["clients"],
        "middle_invoice": _average(sums["revenue"], sums["clients"]),
    }


# payments ------------------------------------------------------------------------------------------------------------


@method("dash.getPaymentsReport")
def get_payments(call: Call) -> object:
    """By day, over 65 days by month; texts by day, numbers in the total, which alone knows the third party (P-69)."""
    asked = window(call, ("date_from", "date_to"))
    span = date.fromisoformat(asked.last) - date.fromisoformat(asked.first)
    length = len("2026-11") if span.days > _MONTHS_OVER else len("2026-11-20")
    rows = _closed(call, asked)
    groups = _grouped(rows, lambda row: str(row["date"][:length]))
    total = _paid(rows)
    return {
        "days": [{"date": day, **_texts(_paid(groups[day]))} for day in sorted(groups)],
        "total": {
            "payed_cash_sum": total.pop("payed_cash_sum"),
            "payed_card_sum": total.pop("payed_card_sum"),
            "payed_third_party_sum": sum(row["third_party"] for row in rows),
            **total,
        },
    }


def _paid(rows: list[Row]) -> dict[str, int]:
    cash, card = sum(row["cash"] for row in rows), sum(row["card"] for row in rows)
    return {
        "payed_cash_sum": cash,
        "payed_card_sum": card,
        "payed_cert_in_sum": sum(row["certificate"] for row in rows),
        "payed_cert_out_sum": 0,
        "payed_bonus_sum": sum(row["bonus"] for row in rows),
        "payed_incust_sum": 0,
        "payed_sum_sum": cash + card,
    }
