"""The adapter of a LoyalClient point keeps the contract over HTTP, and reads the examples of the document."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from contract import AdapterContract, World

from connector.errors import BrokenAnswer, Forbidden, Invalid, Missing, OutcomeUnknown, UsageError
from connector.systems.loyalclient.adapter import LoyalclientAdapter
from connector.systems.rows import decode_body
from connector.transport.auth import HeaderKey
from connector.transport.http import Transport
from loyalclient.programme import Programme

URL = "https://api.example"
POINT = "62a0000000000000000000f4"
CLIENT = {
    "id": "62a000000000000000000006",
    "name": "ИВАН",
    "photo": "https://img.example/x.jpeg",
    "birthday": "2021-03-29",
    "level": {
        "id": "621000000000000000000f23",
        "title": "Бонусы",
        "percent": 10,
        "type": "cashback",
        "maxSpendPercent": 100,
    },
    "phone": 79200000000,
    "email": "mail@mail.mail",
    "balance": 878,
}


def adapter() -> LoyalclientAdapter:
    transport = Transport("bonus", URL, auth=HeaderKey("apikey", "KEY-OF-TEST"), sleep=lambda _: None)
    return LoyalclientAdapter("bonus", "bonus", transport, point=POINT)


class TestClients(AdapterContract):
    @pytest.fixture
    def world(self, programme: Programme) -> World:
        return programme


class TestLookUp:
    @responses.activate
    def test_the_example_of_the_document(self) -> None:
        responses.post(f"{URL}/integration/general/client", json={"success": True, "client": CLIENT})
        (row,) = adapter().find("customer", "phone", "+79200000000", ("phone", "balance", "level"))
        assert row.external_id == CLIENT["id"]
        assert decode_body(row.body) == {"phone": 79200000000, "balance": 878, "level": CLIENT["level"]}
        request = responses.calls[0].request
        assert json.loads(request.body or b"") == {"search": "79200000000", "point": POINT}
        assert request.headers["apikey"] == b"KEY-OF-TEST"

    @pytest.mark.parametrize("spelling", ["+79990000001", "8 (999) 000-00-01"])
    def test_a_phone_is_asked_for_as_it_is_stored(self, programme: Programme, spelling: str) -> None:
        key = programme.user_adds(programme.sample(1))
        assert [row.external_id for row in programme.find("phone", spelling)] == [key]

    def test_a_card_that_is_somebodys_phone_is_nobodys_card(self, programme: Programme) -> None:
        programme.user_adds(programme.sample(1))
        assert programme.find("card_uid", "79990000001") == []
        assert programme.find("phone", "5001") == []

    def test_nothing_is_found_by_nothing(self, programme: Programme) -> None:
        assert programme.find("phone", "") == programme.find("card_uid", " ") == []
        assert programme.asked() == []

    def test_there_is_no_list_and_no_reading_by_id(self, programme: Programme) -> None:
        with pytest.raises(Invalid):
            programme.feed()
        with pytest.raises(Invalid):
            programme.get("62a000000000000000000006")


class TestAnswers:
    @responses.activate
    @pytest.mark.parametrize(
        ("status", "body", "error"),
        [
            (422, {"client": "Client not found."}, Missing),
            (422, {"spend": "Spend can't be more 100"}, Invalid),
            (422, {"point": "Point not found."}, Forbidden),
            (422, {"apikey": "Apikey not found."}, Forbidden),
            (200, {"success": False, "client": "Client not found."}, Missing),
            (200, {"success": False}, Invalid),
            (422, {}, Invalid),
            (404, {"message": "Not Found"}, Missing),
            (200, {"success": True}, OutcomeUnknown),
            (200, {"success": True, "retail": []}, OutcomeUnknown),
            (200, [], OutcomeUnknown),
            (200, {"success": "yes", "retail": {}}, OutcomeUnknown),
            (200, {"people": [], "token": "secret"}, OutcomeUnknown),
        ],
    )
    def test_refusals_of_a_booking(self, status: int, body: Any, error: type[Exception]) -> None:
        responses.post(f"{URL}/integration/general/retail", json=body, status=status)
        with pytest.raises(error) as caught:
            adapter().call("retail", {"client": "c", "amount": 100, "spend": 0})
        assert type(caught.value) is error

    @responses.activate
    def test_an_unknown_shape_of_a_read(self) -> None:
        responses.post(f"{URL}/integration/general/client", json={"success": True, "person": CLIENT})
        with pytest.raises(BrokenAnswer, match="person") as caught:
            adapter().call("client", {"search": "1"})
        assert "79200000000" not in str(caught.value)

    @responses.activate
    def test_numbers_are_sent_whole_where_they_are(self) -> None:
        responses.post(f"{URL}/integration/general/recalc", json={"success": True, "recalc": {"amount": 100}})
        adapter().call("recalc", {"client": "c", "amount": "100.00"})
        adapter().call("recalc", {"client": "c", "amount": "99.90"})
        sent = [call.request.body for call in responses.calls]
        assert b'"amount":100}' in sent[0].replace(b" ", b"") or b'"amount":100,' in sent[0]
        assert b'"amount":99.90' in sent[1]

    def test_wrong_parameters_are_told_before_anything_is_sent(self, programme: Programme) -> None:
        with pytest.raises(UsageError, match="duration"):
            programme.adapter.call("bonuses.hold", {"client": "c", "amount": 5, "duration": 31})
        with pytest.raises(UsageError):
            programme.adapter.call("retail", {"client": "c", "amount": 100})
        assert programme.asked() == []

    def test_a_release_of_nothing_succeeds(self, programme: Programme) -> None:
        assert programme.adapter.call("bonuses.release", {"id": "62a000000000000000000001"}) == {}


class TestCheck:
    def test_of_a_right_and_a_wrong_key(self, programme: Programme) -> None:
        assert [check.ok for check in programme.adapter.check({"customer": programme.paths})] == [True, True]
        programme.trouble("expired", "find", count=None)
        (check,) = programme.adapter.check({"customer": programme.paths})
        assert (check.name, check.ok) == ("credentials", False)
        assert set(programme.asked()) == {"client"}

    @responses.activate
    def test_of_a_wrong_point(self) -> None:
        responses.post(f"{URL}/integration/general/client", json={"point": "Point not found."}, status=422)
        (check,) = adapter().check({})
        assert not check.ok and "point" in str(check.text)
