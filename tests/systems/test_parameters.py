"""Nothing leaves that the catalogue does not know: names, types, values, units."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import UsageError
from connector.systems.catalogue import load
from connector.systems.parameters import Proved, checked, request
from connector.transport.messages import form_of, json_of


def sent(name: str, **params: Any) -> dict[str, Any]:
    return checked(load("poster").endpoint(name), params, Proof())


class Proof:
    """Everything is proved to be in roubles."""

    def unit(self, endpoint: str, field: str) -> Proved | None:
        del endpoint, field
        return "major"


@pytest.mark.parametrize(
    ("name", "params", "says"),
    [
        ("clients.getClients", {"phon": "1"}, "did you mean “phone”"),
        ("clients.getClients", {"zzz": "1"}, "known: num, offset"),
        ("menu.getWorkshops", {"num": "1"}, "takes no parameters"),
        ("clients.getClients", {"sort": "down"}, "allowed: asc, desc"),
        ("clients.getClients", {"num": "ten"}, "a whole number"),
        ("clients.getClients", {"num": "0"}, "between 1 and ∞"),
        ("clients.getClients", {"birthday": "2018-13-40"}, "a date such as"),
        ("clients.getClient", {}, "needs the parameter “client_id”"),
        ("transactions.getTransactions", {"date_from": "x", "date_to": "2017-11-30"}, "a date such as"),
        (
            "transactions.getTransactions",
            {"per_page": 1001, "date_from": "2017-11-30", "date_to": "2017-11-30"},
            "1000",
        ),
        ("storage.getInventoryIngredients", {}, "needs one of: storage_id, inventory_id"),
        ("storage.createSupply", {"supply": {"date": "2018-01-01 10:00:00"}, "ingredient": []}, "needs “supplier_id”"),
        ("clients.set1cClientId", {"id": [{"client_id": 1, "id1c": "x"}]}, "did you mean “id_1c”"),
        ("clients.set1cClientId", {"id": "{}"}, "a JSON list"),
        ("menu.createCategory", {"category_name": "a", "category_color": "pinkk"}, "pink"),
        ("menu.createCategory", {"category_name": "a", "category_hidden": "2"}, "0 or 1"),
        ("dash.getTransactionsProducts", {"transactions_id": "1;2"}, "separated by commas"),
        ("finance.closeCashShift", {"cash_shift_id": 1, "user_id": 1, "amount": "1,5", "time": "x"}, "an amount"),
        ("finance.closeCashShift", {"cash_shift_id": 1, "user_id": 1, "amount": 1.5, "time": "x"}, "an amount"),
    ],
)
def test_what_is_not_in_the_catalogue_is_refused(name: str, params: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        sent(name, **params)
    assert says in str(caught.value)
    assert name in str(caught.value)


def test_values_are_spelt_as_the_remote_wants_them() -> None:
    assert sent("clients.getClients", num="100", birthday=date(1986, 11, 23)) == {"num": 100, "birthday": "1123"}
    assert sent("dash.getTransactions", dateFrom="2017-09-01", dateTo="20170908")["dateFrom"] == "20170901"
    assert sent("dash.getTransactions", after_date_close="2017-09-01T00:00:00+03:00") == {
        "after_date_close": "1504213200"
    }
    moment = datetime(2017, 9, 1, tzinfo=UTC)
    created = sent("transactions.createTransaction", spot_id=1, spot_tablet_id=1, user_id=1, time=moment)
    assert created["time"] == "1504224000000"
    assert sent("finance.openCashShift", spot_id=1, user_id=3, amount=Decimal("99.90"), time="2017-09-21 10:00") == {
        "spot_id": 1,
        "user_id": 3,
        "amount": Decimal("99.90"),
        "time": "2017-09-21 10:00",
    }


def test_a_moment_without_offset_has_no_epoch() -> None:
    with pytest.raises(UsageError, match="a date and time"):
        sent("dash.getTransactions", after_date_close="2017-09-01 00:00:00")


def test_both_spellings_of_a_window_are_sent() -> None:
    endpoint = load("poster").endpoint("dash.getProductsSales")
    made = request(
        endpoint, sent("dash.getProductsSales", date_from="2018-01-01", date_to="2018-01-31"), {"format": "json"}
    )
    assert dict(made.query) == {
        "format": "json",
        "date_from": "20180101",
        "dateFrom": "20180101",
        "date_to": "20180131",
        "dateTo": "20180131",
    }


def test_a_bracketed_form_is_what_php_would_build() -> None:
    endpoint = load("poster").endpoint("clients.set1cClientId")
    values = checked(endpoint, {"id": [{"client_id": 38, "id_1c": "b80ffc81-0fc9-11e7-9ab4-ace01035e460"}]})
    made = request(endpoint, values)
    assert form_of(made.form or ()) == (
        b"id%5B0%5D%5Bclient_id%5D=38&id%5B0%5D%5Bid_1c%5D=b80ffc81-0fc9-11e7-9ab4-ace01035e460"
    )
    assert (made.verb, made.is_write, made.repeat) == ("POST", True, "same")


def test_a_bare_list_is_numbered_from_zero() -> None:
    endpoint = load("poster").endpoint("clients.createClients")
    people = [{"client_name": "А", "client_groups_id_client": 7}, {"client_name": "Б", "client_groups_id_client": 7}]
    made = request(endpoint, checked(endpoint, {"clients": people}))
    assert form_of(made.form or ()).decode().startswith("0%5Bclient_name%5D=%D0%90&0%5Bclient_groups_id_client%5D=7&1")


def test_json_only_where_the_document_says_json() -> None:
    endpoint = load("poster").endpoint("storage.createManufacture")
    line = {"id": 64, "type": 1, "num": "3.5"}
    values = checked(endpoint, {"date": "2016-12-21 11:12:54", "storage_id": 1, "products": [line]})
    made = request(endpoint, values)
    assert made.form is None
    assert json_of(made.json) == (
        b'{"date":"2016-12-21 11:12:54","storage_id":1,"products":[{"id":64,"type":1,"num":3.5}]}'
    )


def test_a_json_string_parameter_is_compact_json() -> None:
    values = sent(
        "transactions.addTransactionProduct",
        spot_id=1,
        spot_tablet_id=1,
        transaction_id=2,
        product_id=3,
        modification='[{"m": 11, "a": 1}]',
    )
    assert values["modification"] == '[{"m":11,"a":1}]'


def test_prices_may_be_one_or_one_for_each_spot() -> None:
    values = sent("menu.createProduct", **PRODUCT, price='{"1": "1500", "2": "1600"}')
    assert values["price"] == {"1": Decimal(1500), "2": Decimal(1600)}
    assert sent("menu.createProduct", **PRODUCT, price="1500")["price"] == Decimal(1500)
    assert sent("menu.createProduct", **PRODUCT, modificator_name=["1 л.", "2 л."])["modificator_name"] == {
        "0": "1 л.",
        "1": "2 л.",
    }


PRODUCT: dict[str, Any] = {
    "product_name": "Пончик",
    "menu_category_id": 0,
    "weight_flag": 0,
    "different_spots_prices": 0,
    "modifications": 0,
}


def test_none_empties_a_value_and_zero_stays_zero() -> None:
    assert sent("clients.updateClient", client_id=5, comment=None, discount_per=0) == {
        "client_id": 5,
        "comment": "",
        "discount_per": Decimal(0),
    }


def test_money_of_an_unproved_unit_is_not_sent() -> None:
    endpoint = load("poster").endpoint("clients.changeClientBonus")
    with pytest.raises(UsageError, match=r"clients\.changeClientBonus.*“count”.*--calibrate"):
        checked(endpoint, {"client_id": 7, "count": 10})
    assert checked(endpoint, {"client_id": 7, "count": 10}, Proof())["count"] == Decimal(10)


def test_unproved_money_is_seen_inside_lists_too() -> None:
    endpoint = load("poster").endpoint("menu.updateDish")
    group = [{"modifications": [{"name": "x", "price": 5}]}]
    with pytest.raises(UsageError, match=r"modificationgroup\.modifications\.price"):
        checked(endpoint, {"dish_id": 1, "modificationgroup": group})
    assert checked(endpoint, {"dish_id": 1, "product_name": "x"})["product_name"] == "x"
