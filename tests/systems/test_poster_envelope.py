"""Five ways Poster says no, seven ways it says yes, and what each number means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Duplicate,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    RejectedError,
    Throttled,
    Unavailable,
)
from connector.systems.catalogue import load
from connector.systems.poster.envelope import content
from connector.systems.poster.errors import TABLE
from connector.transport.messages import Response

READ, WRITE = "clients.getClients", "clients.updateClient"


def answer(name: str, body: Any, status: int = 200, kind: str = "application/json") -> Any:
    endpoint = load("poster").endpoint(name)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = Response(
        account="kafe",
        endpoint=name,
        status=status,
        headers={"content-type": kind},
        body=raw,
        is_write=endpoint.is_write,
    )
    return content(endpoint, response)


def refusal(name: str, body: Any, status: int = 200, kind: str = "application/json") -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        answer(name, body, status, kind)
    return caught.value


@pytest.mark.parametrize(
    ("name", "body", "payload"),
    [
        ("clients.getClients", {"response": [{"client_id": "55"}]}, [{"client_id": "55"}]),
        ("clients.getGroup", {"response": {"client_groups_id": "1"}}, {"client_groups_id": "1"}),
        ("clients.createClient", {"response": 4082}, 4082),
        ("clients.removeClient", {"response": True}, True),
        ("dash.getTransactionWriteOffs", {"response": None}, None),
        ("menu.updateProductPrice", {"success": 1}, 1),
        ("menu.removeCategoryIngredients", {"success": "Category removed"}, "Category removed"),
        ("storage.createSupply", {"success": 1, "response": 7}, 7),
        ("storage.updateSupply", {"success": 1, "response": "51"}, "51"),
        ("clients.getClientsPrizes", {"prize_product_id": "38"}, {"prize_product_id": "38"}),
        ("clients.getClientsPrizes", {"response": [{"prize_product_id": "38"}]}, [{"prize_product_id": "38"}]),
        ("transactions.changeClient", {"response": {"err_code": 0}}, {"err_code": 0}),
        ("menu.createProduct", {"response": 60}, 60),
        (
            "menu.createProduct",
            {"response": 61, "modifications_id": [1, 2]},
            {"product_id": 61, "modifications_id": [1, 2]},
        ),
        (
            "menu.updateProduct",
            {"response": {"product_id": 61, "modifications_id": [1, 2]}},
            {"product_id": 61, "modifications_id": [1, 2]},
        ),
        ("clients.getClients", {"response": []}, []),
        ("clients.getClients", {"error": 0, "response": []}, []),
    ],
)
def test_every_healthy_shape_gives_its_content(name: str, body: Any, payload: Any) -> None:
    assert answer(name, body) == payload


@pytest.mark.parametrize(
    ("name", "body", "kind", "code"),
    [
        (READ, {"error": {"code": 11, "message": "Invalid token"}}, Forbidden, "11"),
        (READ, {"error": {"code": "11", "message": "Invalid token"}}, Forbidden, "11"),
        ("transactions.closeTransaction", {"response": {"err_code": 88}}, Invalid, "88"),
        ("transactions.closeTransaction", {"response": {"error_code": 88}}, Invalid, "88"),
        ("v2/auth/access_token", {"code": 10, "error_type": "x", "error_message": "y"}, Forbidden, "10"),
        ("v2/auth/manage", {"error": 143, "message": "no application", "field": "application_id"}, Forbidden, "143"),
        ("v2/auth/manage", {"error": 34, "message": "empty", "field": "application_id"}, Invalid, "34"),
        ("clients.getClient", {"response": False}, Missing, None),
        ("storage.deleteSupply", {"success": 0}, Invalid, None),
    ],
)
def test_every_error_shape_is_a_named_error(name: str, body: Any, kind: type[ConnectorError], code: str | None) -> None:
    error = refusal(name, body)
    assert type(error) is kind
    assert (error.account, error.code, error.fact("endpoint")) == ("kafe", code, name)
    assert "kafe" in str(error)


REACTIONS: dict[int, type[ConnectorError]] = {
    10: Forbidden,
    11: Forbidden,
    12: Forbidden,
    20: Forbidden,
    30: BrokenAnswer,
    32: Missing,
    34: Invalid,
    36: Invalid,
    37: Invalid,
    38: Duplicate,
    50: Invalid,
    52: Invalid,
    54: Invalid,
    99: Duplicate,
    153: Invalid,
    154: Duplicate,
    155: Invalid,
    168: Invalid,
    169: Invalid,
    185: Invalid,
    400: Invalid,
    404: Missing,
    429: Throttled,
    503: Forbidden,
    700: Throttled,
    701: Invalid,
    4001: Invalid,
}


@pytest.mark.parametrize(("code", "kind"), REACTIONS.items())
def test_every_number_has_its_reaction(code: int, kind: type[ConnectorError]) -> None:
    for name in (READ, WRITE):
        assert type(refusal(name, {"error": {"code": code, "message": "…"}})) is kind


def test_the_table_has_no_number_without_a_test() -> None:
    tested = set(REACTIONS) | {1, 42, 44, 45, 88, 142, 143}
    assert {code for section, code in TABLE if section == "*"} == tested


@pytest.mark.parametrize("code", [1, 44])
def test_a_save_error_leaves_a_write_open_and_a_read_for_later(code: int) -> None:
    assert type(refusal(WRITE, {"error": {"code": code, "message": ""}})) is OutcomeUnknown
    assert type(refusal(READ, {"error": {"code": code, "message": ""}})) is Unavailable


def test_the_same_number_means_something_else_in_another_section() -> None:
    line = {"response": {"err_code": 44, "message": "client not found"}}
    assert type(refusal("transactions.changeClient", line)) is Invalid
    assert type(refusal("clients.updateClient", {"error": {"code": 44, "message": ""}})) is OutcomeUnknown
    receipt = {"response": {"err_code": 42, "message": "Чек не найден"}}
    modification = {"response": {"err_code": 42, "message": "modification 5 not found"}}
    assert type(refusal("transactions.changeClient", receipt)) is Missing
    assert type(refusal("transactions.changeClient", modification)) is Invalid


def test_an_unknown_number_is_a_refusal_that_shows_it() -> None:
    error = refusal(WRITE, {"error": {"code": 777, "message": "something new"}})
    assert type(error) is RejectedError
    assert "777" in str(error)
    assert "something new" in str(error)


def test_a_wrong_name_arrives_as_status_405() -> None:
    error = refusal(READ, {"error": {"code": 30, "message": "Method Not Allowed"}}, status=405)
    assert (type(error), error.code) == (BrokenAnswer, "30")
    assert type(refusal(READ, b"<html>405</html>", status=405, kind="text/html")) is BrokenAnswer


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>maintenance</body></html>",
        b'{"response":[{"client_id":"1"',
        '{"response":"Попова"}'.encode("cp1251"),
        b"",
        b'"text"',
        b"[]",
        b"{}",
        b'{"data":[]}',
        b'{"response":[NaN]}',
    ],
)
def test_what_is_no_answer_of_poster_is_broken_and_leaves_a_write_open(body: bytes) -> None:
    assert type(refusal(READ, body)) is BrokenAnswer
    assert type(refusal(WRITE, body)) is OutcomeUnknown


def test_an_unknown_shape_is_shown_without_its_content() -> None:
    body = {"result": [{"phone": "+79991234567", "name": "Попова", "79991234567": 1, "token": "abcdef"}]}
    text = str(refusal(READ, body))
    assert "{result: [1 x {phone: text, name: text, …: number, token: text}]}" in text
    for secret in ("79991234567", "Попова", "abcdef"):
        assert secret not in text


def test_words_of_poster_are_shown_without_people_and_tokens() -> None:
    error = refusal(
        WRITE, {"error": {"code": 99, "message": "phone +380501111111 of a@b.ru is taken, token=0123456789ab"}}
    )
    text = str(error)
    assert "is taken" in text
    for secret in ("380501111111", "a@b.ru", "0123456789ab"):
        assert secret not in text


def test_other_statuses_speak_when_the_body_says_nothing() -> None:
    assert type(refusal(READ, b"<html>403</html>", status=403, kind="text/html")) is Forbidden
    assert type(refusal(READ, {"error": {"code": 12, "message": ""}}, status=401)) is Forbidden


def test_fractions_keep_their_digits() -> None:
    payload = answer("storage.getManufactures", b'{"response":[{"sum":70.350},{"sum":"32.44"}]}')
    assert [str(row["sum"]) for row in payload] == ["70.350", "32.44"]
