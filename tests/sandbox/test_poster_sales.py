"""Poster's receipts: opened, filled and closed from outside, and read in five ways that agree to the kopeck."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connector.sandbox.company import sample
from connector.sandbox.goods import total_of

from .conftest import Poster

ESPRESSO, CAPPUCCINO, TEA, BRAZIL = 132, 133, 135, 137
DAYS = {"dateFrom": "20261101", "dateTo": "20261120"}
BOTH = {**DAYS, "date_from": "20261101", "date_to": "20261120"}


def open_one(till: Poster, **more: Any) -> dict[str, Any]:
    sent = {"spot_id": 1, "spot_tablet_id": 1, "table_id": 1, "user_id": 2, **more}
    made = till.post("transactions.createTransaction", sent)["response"]
    return {"spot_id": 1, "spot_tablet_id": 1, "transaction_id": made["transaction_id"]}


def say(till: Poster, name: str, **fields: Any) -> int:
    code: int = till.post(f"transactions.{name}", **fields)["response"]["err_code"]
    return code


def receipt(till: Poster, transaction_id: object) -> Any:
    more = {"include_products": "true", "include_history": "true"}
    return till.read("dash.getTransaction", transaction_id=transaction_id, **more)[0]


def test_a_receipt_is_sold_and_read_back(poster: Poster) -> None:
    base = open_one(poster, guests_count=2)
    assert poster.post("transactions.addTransactionProduct", **base, product_id=ESPRESSO)["response"][
        "transaction_product"
    ]
    assert say(poster, "changeTransactionProductCount", **base, product_id=ESPRESSO, count=2) == 0
    poster.post("transactions.addTransactionProduct", **base, product_id=CAPPUCCINO, price=20000)
    assert say(poster, "changeClient", **base, client_id=21) == 0
    assert say(poster, "changeComment", **base, comment="День рождения") == 0
    assert say(poster, "changeRecipientFor54FZ", **base, type="email", contact="a@example.com") == 0
    opened = receipt(poster, base["transaction_id"])
    assert (opened["status"], opened["date_close"], opened["date_close_date"]) == ("1", "0", "0000-00-00 00:00:00")
    guest = poster.read("clients.getClient", client_id=21)[0]

    assert say(poster, "closeTransaction", **base, payed_cash=30000, payed_card=19999) == 88
    assert say(poster, "closeTransaction", **base, payed_cash=30000, payed_card=20000) == 0

    row = receipt(poster, base["transaction_id"])
    assert (row["sum"], row["payed_sum"], row["payed_cash"], row["payed_card"]) == ("50000", "50000", "30000", "20000")
    assert (row["status"], row["pay_type"], row["guests_count"], row["name"]) == ("2", "3", "2", "Мария Кассирова")
    assert [item["product_price"] for item in row["products"]] == ["30000", "20000"]  # of the line, not of a piece
    kinds = [item["type_history"] for item in row["history"]]
    assert kinds == ["open", "additem", "changeitemcount", "additem", "setclient", "comment", "close"]
    assert (row["history"][-1]["value2"], row["history"][-1]["value_text"]) == (
        "50000",
        {"payments": {"cash": 300, "card": 200}},
    )
    after = poster.read("clients.getClient", client_id=21)[0]
    assert int(after["total_payed_sum"]) - int(guest["total_payed_sum"]) == 50000
    assert int(after["bonus"]) - int(guest["bonus"]) == 2500  # five percent
    assert say(poster, "closeTransaction", **base, payed_cash=50000) == 42


def test_selling_takes_goods_and_removing_gives_them_back(poster: Poster) -> None:
    def coffee() -> str:
        text: str = poster.read("menu.getIngredient", ingredient_id=61)["ingredient_left"]
        return text

    before, guest = coffee(), poster.read("clients.getClient", client_id=22)[0]
    base = open_one(poster)
    poster.post("transactions.addTransactionProduct", **base, product_id=ESPRESSO)
    say(poster, "changeClient", **base, client_id=22)
    say(poster, "closeTransaction", **base, payed_card=15000)
    assert Decimal(before) - Decimal(coffee()) == Decimal("0.018")
    [row] = poster.read("dash.getTransactionWriteoffs", transaction_id=base["transaction_id"])
    assert (row["weight"], row["cost"], row["unit"]) == (0.018, 34.02, "kg")  # in roubles
    sent = {"spot_tablet_id": 1, "transaction_id": base["transaction_id"], "user_id": 2}
    assert say(poster, "removeTransaction", **sent) == 0
    assert coffee() == before
    assert receipt(poster, base["transaction_id"])["status"] == "3"
    assert poster.read("clients.getClient", client_id=22)[0] == guest
    assert say(poster, "removeTransaction", **sent) == 42


def test_what_goes_wrong_has_a_number_of_its_own(poster: Poster) -> None:
    base = open_one(poster)
    assert say(poster, "addTransactionProduct", **base, product_id=999) == 41
    assert say(poster, "addTransactionProduct", **base, product_id=TEA) == 42  # which size?
    assert say(poster, "addTransactionProduct", **base, product_id=ESPRESSO, modification="[{") == 42
    assert say(poster, "changeTransactionProductCount", **base, product_id=ESPRESSO, count=1) == 43
    poster.post("transactions.addTransactionProduct", **base, product_id=ESPRESSO)
    assert say(poster, "changeTransactionProductCount", **base, product_id=ESPRESSO, count=-1) == 46
    assert say(poster, "changeClient", **base, client_id=99999) == 49
    assert say(poster, "changeComment", **{**base, "spot_id": 9}, comment="x") == 60
    assert say(poster, "changeComment", **{**base, "spot_id": 2}, comment="x") == 42
    assert say(poster, "changeComment", **base, comment="x", time=1) == 45
    assert poster.refused(poster.post("transactions.changeComment", **base)) == 34
    assert say(poster, "closeTransaction", **base, reason=2, payed_cash=15000) == 88
    assert say(poster, "closeTransaction", **base, reason=2) == 0
    assert receipt(poster, base["transaction_id"])["pay_type"] == "0"


def test_modificators_and_modifications(poster: Poster) -> None:
    base = open_one(poster)
    sizes = poster.read("menu.getProduct", product_id=TEA)["modifications"]
    large = sizes[1]["modificator_id"]
    poster.post("transactions.addTransactionProduct", **base, product_id=TEA, modificator_id=large)
    body = {
        "product_name": "Раф",
        "price": 25000,
        "ingredient": [{"id": 62, "brutto": 200}],
        "modificationgroup": [
            {"name": "Сироп", "modifications": [{"ingredientId": 62, "name": "Ваниль", "price": 5000}]}
        ],
    }
    made = poster.json("menu.createDish", body)["response"]
    group = poster.read("menu.getProduct", product_id=made)["group_modifications"][0]
    chosen = json.dumps([{"m": group["modifications"][0]["dish_modification_id"], "a": 2}])
    poster.post("transactions.addTransactionProduct", **base, product_id=made, modification=chosen)
    row = receipt(poster, base["transaction_id"])
    assert [item["product_price"] for item in row["products"]] == ["32000", "35000"]
    assert say(poster, "changeTransactionProductCount", **base, product_id=made, count=3) == 43
    assert say(poster, "changeTransactionProductCount", **base, product_id=made, modification=chosen, count=0) == 0
    assert say(poster, "removeTransactionProduct", **base, product_id=TEA, modificator_id=large) == 0
    assert receipt(poster, base["transaction_id"])["products"] == []


def test_the_unit_of_payments_can_be_another_one(poster: Poster) -> None:
    poster.world.state["units"]["closeTransaction"] = "major"
    base = open_one(poster)
    poster.post("transactions.addTransactionProduct", **base, product_id=ESPRESSO)
    assert say(poster, "closeTransaction", **base, payed_cash=15000) == 88
    assert say(poster, "closeTransaction", **base, payed_cash="150.00") == 0


# reading -------------------------------------------------------------------------------------------------------------


def test_the_company_is_sold_to_the_kopeck(poster: Poster) -> None:
    rows = poster.read("dash.getTransactions", **DAYS, status=0, include_products="true")
    known = {str(384900 + item.number): item for item in sample().receipts}
    assert [row["transaction_id"] for row in rows] == sorted(known, reverse=True)
    for row in rows:
        source = known[row["transaction_id"]]
        assert row["status"] == {"open": "1", "closed": "2", "deleted": "3"}[source.status]
        assert int(row["payed_cash"]) == source.cash
        assert int(row["payed_card"]) == source.card
        assert int(row["payed_sum"]) == source.cash + source.card
        assert int(row["payed_third_party"]) == source.third_party
        assert int(row["round_sum"]) == source.rounding
        assert int(row["sum"]) == sum(total_of(line) + line.discount for line in source.lines)
        if source.status == "closed":
            assert row["date_close_date"] == source.closed_at


def test_only_closed_receipts_unless_asked(poster: Poster) -> None:
    def statuses(**params: Any) -> set[str]:
        return {row["status"] for row in poster.read("dash.getTransactions", **DAYS, **params)}

    assert statuses() == {"2"}
    assert statuses(status=1) == {"1"}
    assert statuses(status=3) == {"3"}
    assert statuses(status=0) == {"1", "2", "3"}


def test_pages_by_next_tr(poster: Poster) -> None:
    everything = poster.read("dash.getTransactions", **DAYS)
    poster.world.state["receipts_at_once"] = 20
    seen: list[Any] = []
    while page := poster.read(
        "dash.getTransactions", **DAYS, **({"next_tr": seen[-1]["transaction_id"]} if seen else {})
    ):
        assert len(page) <= 20
        seen += page
    assert seen == everything
    assert poster.read("dash.getTransactions", **DAYS, num=5, offset=3) == everything[3:8]


def test_filters_of_receipts(poster: Poster) -> None:
    rows = poster.read("dash.getTransactions", **DAYS)
    middle = int(rows[30]["date_close"]) // 1000
    later = poster.read("dash.getTransactions", **DAYS, after_date_close=middle)
    assert later == rows[:30]
    assert poster.read("dash.getTransactions", **DAYS, before_date_close=middle) == rows[31:]
    one = poster.read("dash.getTransactions", **DAYS, type="waiters", id=2)
    assert {row["user_id"] for row in one} == {"2"}
    assert poster.refused(poster.get("dash.getTransactions", **DAYS, type="waiters")) == 34
    day = poster.read("dash.getTransactions", dateFrom="20261110", dateTo="20261110")
    assert {row["date_close_date"][:10] for row in day} == {"2026-11-10"}


def test_the_wrong_name_of_a_window_gives_the_last_month(poster: Poster) -> None:
    now = poster.world.now()
    poster.world.advance((now.replace(year=2026, month=11, day=21, hour=12) - now).total_seconds())
    asked = poster.read("dash.getTransactions", date_from="20200101", date_to="20200102")
    assert len(asked) == 71  # unknown parameters are ignored without a word (P-22)
    assert poster.refused(poster.get("dash.getTransactions", dateFrom="2026-11-01")) == 155


def test_the_two_lists_agree(poster: Poster) -> None:
    texts = {row["transaction_id"]: row for row in poster.read("dash.getTransactions", **DAYS)}
    window = {"date_from": "2026-11-01", "date_to": "2026-11-20"}
    pages = [poster.read("transactions.getTransactions", **window, per_page=30, page=page) for page in (1, 2, 3, 4)]
    assert [page["page"]["count"] for page in pages] == [30, 30, 11, 0]
    assert {page["count"] for page in pages} == {71}
    for row in (item for page in pages for item in page["data"]):
        other = texts[str(row["transaction_id"])]
        assert round(row["payed_sum"] * 100) == int(other["payed_sum"])  # roubles here, kopecks there
        assert row["payed_third_party"] == int(other["payed_third_party"])
        assert row["date_close"] == other["date_close_date"]
        assert "status" not in row
    assert poster.refused(poster.get("transactions.getTransactions")) == 34


def test_a_window_over_three_days_is_refused_with_52(poster: Poster) -> None:
    asked = {"date_from": "2026-11-08", "date_to": "2026-11-11"}
    assert poster.refused(poster.get("transactions.getTransactionsWriteOffs", **asked)) == 52
    asked["date_to"] = "2026-11-10"
    assert poster.read("transactions.getTransactionsWriteOffs", **asked)["data"]
    poster.world.state["narrow"].append("dash.getTransactions")
    assert poster.refused(poster.get("dash.getTransactions", **DAYS)) == 52


def test_products_of_receipts_in_two_units(poster: Poster) -> None:
    ids = "384901,384902"
    texts = [row for item in ids.split(",") for row in poster.read("dash.getTransactionProducts", transaction_id=item)]
    numbers = poster.read("dash.getTransactionsProducts", transactions_id=ids)
    assert len(texts) == len(numbers)
    for text, number in zip(texts, numbers, strict=True):
        assert number["product_sum"] == f"{Decimal(text['product_sum']) / 100:.2f}"
        assert number["product_profit"] == int(text["product_profit"])
        assert number["product_id"] == int(text["product_id"])
    assert poster.refused(poster.get("dash.getTransactionsProducts", transaction_id="1,1")) == 34


def test_weighed_goods_are_counted_in_grams(poster: Poster) -> None:
    rows = poster.read("dash.getTransactions", **DAYS, include_products="true")
    weighed = [item for row in rows for item in row["products"] if item["product_id"] == str(BRAZIL)]
    assert all(int(item["num"]) > 100 for item in weighed)
    assert "345" in {item["num"] for item in weighed}


def test_history_is_newest_first_with_json_in_text(poster: Poster) -> None:
    rows = poster.read("dash.getTransactionHistory", transaction_id=384901)
    assert [rows[0]["type_history"], rows[-1]["type_history"]] == ["close", "open"]
    assert json.loads(rows[0]["value_text"])["payments"]
    assert rows[-1]["value_text"] is None


def test_no_write_offs_is_null(poster: Poster) -> None:
    base = open_one(poster)
    assert poster.get("dash.getTransactionWriteoffs", transaction_id=base["transaction_id"]) == {"response": None}
    answer = poster.send("GET", "dash.getTransactionWriteOffs", {"token": poster.token, "transaction_id": 384901})
    assert answer.status_code == 405  # the name in the title is not the one that works (P-66)


# reports -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sold(poster: Poster) -> list[Any]:
    rows: list[Any] = poster.read("dash.getTransactions", **DAYS)
    return rows


def test_reports_add_up_to_the_receipts(poster: Poster, sold: list[Any]) -> None:
    money = sum(int(row["payed_sum"]) + int(row["payed_third_party"]) for row in sold)
    waiters = poster.read("dash.getWaitersSales", **DAYS)
    assert sum(int(row["revenue"]) for row in waiters) == money
    assert sum(int(row["clients"]) for row in waiters) == len(sold)
    spots = poster.read("dash.getSpotsSales", **DAYS)
    assert round(spots["revenue"] * 100) == money  # roubles, whatever the text says
    guests = poster.read("dash.getClientsSales", **DAYS)
    assert sum(int(row["clients"]) for row in guests) == len([row for row in sold if row["client_id"] != "0"])
    products = poster.read("dash.getProductsSales", **BOTH)
    assert sum(int(row["product_sum"]) for row in products) == sum(int(row["sum"]) for row in sold)
    categories = poster.read("dash.getCategoriesSales", **DAYS)
    assert sum(int(row["revenue"]) for row in categories) == sum(int(row["payed_sum"]) for row in products)
    profit = sum(int(row["total_profit"]) for row in sold)
    assert (
        sum(int(row["product_profit"]) for row in products) == profit == sum(int(row["profit"]) for row in categories)
    )


def test_payments_by_day_and_by_month(poster: Poster, sold: list[Any]) -> None:
    report = poster.read("dash.getPaymentsReport", **BOTH)
    assert report["total"]["payed_cash_sum"] == sum(int(row["payed_cash"]) for row in sold)
    assert report["total"]["payed_third_party_sum"] == sum(int(row["payed_third_party"]) for row in sold) > 0
    assert sum(int(day["payed_card_sum"]) for day in report["days"]) == report["total"]["payed_card_sum"]
    assert all("payed_third_party_sum" not in day for day in report["days"])
    months = poster.read("dash.getPaymentsReport", date_from="20260901", date_to="20261120")
    assert [day["date"] for day in months["days"]] == ["2026-11"]


def test_two_reports_read_only_one_spelling_of_their_window(poster: Poster) -> None:
    early = {"dateFrom": "20200101", "dateTo": "20200102"}
    assert poster.read("dash.getProductsSales", **early) == []
    assert poster.read("dash.getPaymentsReport", date_from="20200101", date_to="20200102")["days"] == []


def test_analytics_has_two_shapes(poster: Poster, sold: list[Any]) -> None:
    curves = poster.read("dash.getAnalytics", **DAYS)
    assert (len(curves["data"]), len(curves["data_hourly"]), len(curves["data_weekday"])) == (20, 24, 7)
    money = sum(int(row["payed_sum"]) + int(row["payed_third_party"]) for row in sold)
    assert sum(Decimal(str(value)) for value in curves["data"]) * 100 == money
    assert {type(value) for value in curves["data"]} == {int, str}
    assert poster.read("dash.getAnalytics", **DAYS, interpolate="week") == curves
    waiters = poster.read("dash.getAnalytics", **DAYS, type="waiters")
    assert sum(int(row["revenue"]) for row in waiters) == money
    counted = poster.read("dash.getAnalytics", **DAYS, select="transactions")["data"]
    assert sum(int(value) for value in counted) == len(sold)
