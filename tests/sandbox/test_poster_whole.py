"""The whole of Poster: every catalogued call is there under its verb, every read answers, the three OAuth calls too."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connector.sandbox.poster.wire import METHODS
from connector.systems import catalogue

from .conftest import Poster

OAUTH = {"auth", "v2/auth/access_token", "v2/auth/manage"}
RECEIPT = {"transaction_id": "384901"}

PARAMS: dict[str, dict[str, Any]] = {
    "clients.getClient": {"client_id": 21},
    "clients.getGroup": {"group_id": 1},
    "clients.getPromotion": {"promotion_id": 8},
    "dash.getTransaction": RECEIPT,
    "dash.getTransactionHistory": RECEIPT,
    "dash.getTransactionProducts": RECEIPT,
    "dash.getTransactionWriteoffs": RECEIPT,
    "dash.getTransactionsProducts": {"transactions_id": "384901,384902"},
    "finance.getCashShift": {"cash_shift_id": 301},
    "finance.getCashShiftTransaction": {"cash_shift_transaction_id": 1601},
    "finance.getCashShiftTransactions": {"shift_id": 301},
    "finance.getTransaction": {"transaction_id": 501},
    "incomingOrders.getIncomingOrder": {"incoming_order_id": 1},
    "incomingOrders.getOwnIncomingOrder": {"incoming_order_id": 1},
    "incomingOrders.getOwnReservation": {"incoming_order_id": 2},
    "incomingOrders.getReservation": {"incoming_order_id": 2},
    "incomingOrders.getTablesForReservation": {
        "spot_id": 1,
        "date_reservation": "2026-12-01 16:20:00",
        "duration": 1800,
    },
    "menu.getCategory": {"category_id": 1},
    "menu.getCategoryIngredients": {"category_id": 1},
    "menu.getIngredient": {"ingredient_id": 61},
    "menu.getPrepack": {"product_id": 131},
    "menu.getProduct": {"product_id": 132},
    "menu.getWorkshop": {"workshop_id": 1},
    "storage.getInventoryIngredients": {"storage_id": 1},
    "storage.getManufacture": {"manufacture_id": 1},
    "storage.getManufacturesWriteOffs": {"date_from": "2026-11-12", "date_to": "2026-11-12"},
    "storage.getMove": {"move_id": 1},
    "storage.getPack": {"pack_id": 1},
    "storage.getStorage": {"storage_id": 1},
    "storage.getStorageInventories": {"storage_id": 1},
    "storage.getSupplyIngredients": {"supply_id": 41},
    "storage.getWaste": {"waste_id": 1},
    "transactions.getTransactionDishComposition": {"transaction_id": 384901, "product_id": 133},
    "transactions.getTransactions": {"date_from": "2026-11-08", "date_to": "2026-11-19"},
    "transactions.getTransactionsWriteOffs": {"date_from": "2026-11-08", "date_to": "2026-11-09"},
}
NOT_OWN: dict[str, Any] = {
    "incomingOrders.getOwnIncomingOrder": False,
    "incomingOrders.getOwnReservation": False,
    "incomingOrders.getOwnIncomingOrders": [],
    "incomingOrders.getOwnReservations": [],
}
"""Nothing was created by this application yet (P-78)."""
WINDOW = {"dateFrom": "20261001", "dateTo": "20261120", "date_from": "20261001", "date_to": "20261120"}
MOMENTS = {"date_from": "2026-11-01 00:00:00", "date_to": "2026-11-20 00:00:00"}


def test_every_catalogued_call_is_answered_under_its_verb() -> None:
    known = catalogue.load("poster").endpoints
    mine = {name.replace("Writeoffs", "WriteOffs"): method.verb for name, method in METHODS.items()}
    assert set(known) - OAUTH - {"webhook"} == set(mine)
    assert {name: known[name].verb for name in mine} == mine
    assert len(mine) == 138 + 12


@pytest.fixture(scope="module")
def whole() -> Any:
    from connector.sandbox import Sandbox

    with Sandbox(("poster",)) as sandbox:
        yield Poster(sandbox)


def asked(name: str) -> dict[str, Any]:
    if name in PARAMS:
        return PARAMS[name]
    return MOMENTS if name.startswith("incomingOrders.") else WINDOW


@pytest.mark.parametrize("name", sorted(name for name, method in METHODS.items() if method.verb == "GET"))
def test_every_read_answers_with_something(whole: Poster, name: str) -> None:
    answer = whole.get(name, **asked(name))
    assert "error" not in answer
    if name == "clients.getClientsPrizes":
        assert answer["prize_product_id"] == "38"  # bare, without an envelope (P-41)
    elif name in NOT_OWN:
        assert answer["response"] == NOT_OWN[name]
    else:
        assert answer["response"]


@pytest.mark.parametrize(
    "name",
    [name for name in PARAMS if name not in ("storage.getInventoryIngredients", "storage.getStorageInventories")],
)
def test_a_missing_parameter_is_34(whole: Poster, name: str) -> None:
    assert whole.refused(whole.get(name)) == 34


@pytest.mark.parametrize(
    "name",
    [
        "clients.getGroup",
        "menu.getCategory",
        "menu.getProduct",
        "menu.getPrepack",
        "storage.getStorage",
        "storage.getMove",
    ],
)
def test_what_is_not_there_is_false(whole: Poster, name: str) -> None:
    params = dict.fromkeys(PARAMS[name], 999999)
    assert whole.get(name, **params) == {"response": False}


def test_json_is_escaped_as_php_does_it(whole: Poster) -> None:
    text = whole.send("GET", "menu.getProducts", {"token": whole.token}).text
    assert text.isascii()
    assert "\\u041a" in text
    assert ".0," not in text


def test_a_name_carries_an_html_entity(whole: Poster) -> None:
    assert "Кав&#39;ярня" in whole.read("spots.getSpotTablesHalls")[0]["hall_name"]


def test_a_scope_that_was_not_granted(bare: Poster) -> None:
    bare.world.state["account"]["scopes"] = ["clients"]
    assert bare.refused(bare.get("menu.getProducts")) == 20
    assert bare.read("clients.getClients") == []


# OAuth ---------------------------------------------------------------------------------------------------------------


def authorise(till: Poster, **params: Any) -> Any:
    account = till.world.state["account"]
    right = {"application_id": 76, "redirect_uri": account["redirect_uri"], "response_type": "code"}
    return till.http.get(f"{till.url}/auth", params={**right, **params}, allow_redirects=False, timeout=5)


def code_of(till: Poster) -> str:
    answer = authorise(till)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["account"] == ["zerno"]
    assert len(query["code"][0]) == 32
    return query["code"][0]


def exchange(till: Poster, **params: Any) -> Any:
    account = till.world.state["account"]
    right = {
        "application_id": 76,
        "application_secret": account["application_secret"],
        "grant_type": "authorization_code",
        "redirect_uri": account["redirect_uri"],
    }
    return till.http.post(f"{till.url}/v2/auth/access_token", data={**right, **params}, timeout=5).json()


def test_a_code_is_exchanged_once(bare: Poster) -> None:
    code = code_of(bare)
    granted = exchange(bare, code=code)
    assert granted["access_token"] == bare.token
    assert granted["account_number"] == bare.token.split(":")[0]
    assert granted["user"]["role_id"] == 3
    assert exchange(bare, code=code)["error_type"] == "OAuthException"


def test_the_exchange_is_strict(bare: Poster) -> None:
    assert set(exchange(bare, code="0" * 32)) == {"code", "error_type", "error_message"}
    assert "access_token" not in exchange(bare, code=code_of(bare), application_secret="x")
    assert "access_token" not in exchange(bare, code=code_of(bare), redirect_uri="http://other.example/")
    code = code_of(bare)
    bare.world.advance(3600)
    assert "access_token" not in exchange(bare, code=code)
    assert authorise(bare, redirect_uri="http://other.example/").status_code == 400


def test_form_data_is_understood(bare: Poster) -> None:
    account = bare.world.state["account"]
    parts = {
        "application_id": (None, "76"),
        "application_secret": (None, account["application_secret"]),
        "grant_type": (None, "authorization_code"),
        "redirect_uri": (None, account["redirect_uri"]),
        "code": (None, code_of(bare)),
    }
    answer = bare.http.post(f"{bare.url}/v2/auth/access_token", files=parts, timeout=5).json()
    assert answer["access_token"] == bare.token


def test_manage_checks_the_signature(bare: Poster) -> None:
    def manage(**sent: Any) -> Any:
        return bare.http.post(f"{bare.url}/v2/auth/manage", data=sent, timeout=5).json()

    secret, code = bare.world.state["account"]["application_secret"], code_of(bare)
    verify = hashlib.md5(f"76:{secret}:{code}".encode()).hexdigest()
    sent = {"application_id": 76, "application_secret": secret, "code": code, "verify": verify}
    assert manage(**sent)["access_token"] == bare.token
    wrong = manage(**{**sent, "verify": "0" * 32})
    assert wrong == {"error": 142, "message": "Verify code is not correct", "field": "verify"}
    assert manage(**{**sent, "application_id": 77})["error"] == 143
    assert manage(**{**sent, "application_id": ""}) == {
        "error": 34,
        "message": "Поле application_id обязательное для заполнения",
        "field": "application_id",
    }
