"""The vendor's ways: success in the body, cards by number, orders without ids, keys out of the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from contract import uid

from connector.errors import (
    BrokenAnswer,
    Duplicate,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    UsageError,
)
from connector.sandbox.faults import Fault
from connector.sandbox.virtpos import cards as emulated
from connector.systems.rows import decode_body
from connector.systems.virtpos.adapter import VirtposAdapter
from connector.systems.virtpos.cards import ean13, same_card
from connector.transport.auth import FormKey
from connector.transport.http import Transport
from virtpos.company import Cards, Company

URL = "https://mycompany.virtpos.example"


def adapter(**how: Any) -> VirtposAdapter:
    transport = Transport("vp", URL, auth=FormKey("apikey", "MySecret"), sleep=lambda _: None)
    return VirtposAdapter("vp", "vp", transport, **how)


def answered(text: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<root>{text}</root>'


class TestAnswers:
    @responses.activate
    @pytest.mark.parametrize(
        ("info", "error"),
        [
            ("Клиент не найден", Missing),
            ("Неверный ключ доступа", Forbidden),
            ("Значение uid уже используется", Duplicate),
            ("Неверная дата рождения", Invalid),
            ("", Invalid),
        ],
    )
    def test_a_refusal_in_a_200(self, info: str, error: type[Exception]) -> None:
        responses.post(f"{URL}/api/customer/update", body=answered(f"<success>0</success><info>{info}</info>"))
        with pytest.raises(error) as caught:
            adapter().update("customer", "5", {"fname": "А"}, None)
        assert type(caught.value) is error

    @responses.activate
    @pytest.mark.parametrize("text", ["<id>11</id>", "<success>maybe</success>", "<success />"])
    def test_a_write_that_is_not_said_to_have_succeeded_is_unknown(self, text: str) -> None:
        responses.post(f"{URL}/api/customer/update", body=answered(text))
        with pytest.raises(OutcomeUnknown):
            adapter().update("customer", "5", {"fname": "А"}, None)

    @responses.activate
    def test_the_example_of_the_document(self) -> None:
        responses.post(f"{URL}/api/customer/update", body=answered("<success>1</success><id>11</id><isnew>1</isnew>"))
        assert adapter().create("customer", {"fname": "А"}, uid(1)).external_id == "11"
        assert adapter().call("customer.update", {"id": 11, "fname": "А"}) == {"id": "11", "isnew": "1"}

    @responses.activate
    def test_json_where_a_server_sends_it(self) -> None:
        responses.post(f"{URL}/api/customer/update", json={"success": 1, "id": 11, "isnew": 0})
        assert adapter().update("customer", "11", {"fname": "А"}, None).external_id == "11"

    @responses.activate
    def test_the_key_of_a_write_travels_in_the_body_and_the_format_in_the_address(self) -> None:
        responses.post(f"{URL}/api/customer/update", body=answered("<success>1</success><id>11</id>"))
        adapter().create("customer", {"fname": "Ёж"}, uid(1))
        request = responses.calls[0].request
        assert urlsplit(str(request.url)).query == "format=xml"
        assert dict(parse_qsl(bytes(request.body or b"").decode())) == {
            "create_if_not_exist": "1",
            "fname": "Ёж",
            "external_id": uid(1),
            "apikey": "MySecret",
        }

    def test_age_is_never_sent(self, company: Company) -> None:
        with pytest.raises(UsageError, match="age"):
            company.adapter.call("customer.update", {"id": 1, "age": 30})
        assert company.asked() == []


class TestCustomers:
    def test_a_create_that_is_sent_twice_makes_one(self, company: Company) -> None:
        first = company.adapter.create("customer", company.sample(1).write, uid(1))
        again = company.adapter.create("customer", company.sample(1).write, uid(1))
        assert first.external_id == again.external_id
        assert len(company.stored()) == 1

    @pytest.mark.parametrize("spelling", ["+79990000001", "89990000001", "9990000001", "+7 (999) 000-00-01"])
    def test_a_phone_is_found_however_it_is_spelt_there(self, company: Company, spelling: str) -> None:
        key = company.user_adds(company.sample(1))
        company.world.state["customers"][key]["phone"] = spelling
        assert [row.external_id for row in company.find("phone", "+79990000001")] == [key]

    def test_an_update_of_one_who_is_gone_makes_nobody(self, company: Company) -> None:
        with pytest.raises(Missing):
            company.adapter.update("customer", "77", {"fname": "А"}, None)
        assert company.stored() == {}

    def test_our_reference_is_told_and_the_number_of_another_is_not(self, company: Company) -> None:
        ours = company.create(company.sample(1), uid(1))
        theirs = company.user_adds(company.sample(2))
        company.world.state["customers"][theirs]["external_id"] = "SHOP-17"
        told = {row.external_id: row.reference for row in company.feed()}
        assert told == {ours: uid(1), theirs: None}
        row = company.get(ours)
        assert row is not None and row.reference == uid(1)

    @responses.activate
    def test_a_server_without_pages_is_read_once(self) -> None:
        rows = "".join(f"<customer><id>{number}</id><fname>А</fname></customer>" for number in range(400))
        body = answered(f"<success>1</success><type>customer</type><customers>{rows}</customers>")
        responses.get(f"{URL}/api/customer", body=body)
        found = [row for page in adapter().feed("customer", ("fname",)) for row in page.rows]
        assert len(found) == 400
        assert len(responses.calls) == 2

    def test_a_feed_without_the_key_is_forbidden(self, company: Company) -> None:
        company.trouble("expired", "feed", count=None)
        with pytest.raises(Forbidden):
            company.feed()


class TestCards:
    @pytest.mark.parametrize(
        ("number", "barcode"),
        [
            ("1", "0000000000017"),
            ("1000123", "0000010001233"),
            ("123456789012", "1234567890128"),
            ("x", None),
            ("", None),
        ],
    )
    def test_ean13(self, number: str, barcode: str | None) -> None:
        made = ean13(number) if number else None
        assert made == barcode
        if number.isdigit():
            assert made == emulated.ean13(number)

    def test_too_long_is_no_ean(self) -> None:
        assert ean13("1" * 13) is None

    def test_a_scanned_card_is_the_card(self) -> None:
        card = {"uid": "1000123"}
        assert same_card("1000123", card)
        assert same_card("0000010001233", card)
        assert not same_card("0000010001234", card)
        assert not same_card("", {"uid": ""})

    def test_the_barcode_is_never_sent(self, written_cards: Cards) -> None:
        patch = {**written_cards.sample(1).write, "barcode": "999", "uid_ean13": "999"}
        written_cards.adapter.create("card", patch, uid(1))
        assert written_cards.stored()["1001"]["barcode"] == ean13("1001")

    def test_a_create_that_is_sent_twice_makes_one(self, written_cards: Cards) -> None:
        for _ in range(2):
            assert written_cards.adapter.create("card", written_cards.sample(1).write, uid(1)).external_id == "1001"
        assert len(written_cards.stored()) == 1

    def test_a_card_is_taken_from_its_holder(self, written_cards: Cards) -> None:
        key = written_cards.user_adds(written_cards.sample(1))
        written_cards.adapter.update("card", key, {"customer_id": ""}, None)
        assert written_cards.stored()[key]["customer_id"] == ""

    def test_another_number_is_another_card(self, written_cards: Cards) -> None:
        key = written_cards.user_adds(written_cards.sample(1))
        with pytest.raises(Invalid, match="cannot be changed"):
            written_cards.adapter.update("card", key, {"uid": "2000"}, None)
        with pytest.raises(Invalid, match="without a number"):
            written_cards.adapter.create("card", {"status": "NEW"}, uid(1))
        assert written_cards.asked() == []

    def test_a_card_that_is_not_there_is_not_made_by_an_update(self, written_cards: Cards) -> None:
        with pytest.raises(Missing):
            written_cards.adapter.update("card", "4711", {"status": "BLOCKED"}, None)
        assert written_cards.stored() == {}

    def test_insert_and_delete_only_by_call(self, written_cards: Cards) -> None:
        written_cards.adapter.call("customer.insertCard", {"uid": "55"})
        assert list(written_cards.stored()) == ["55"]
        with pytest.raises(Invalid):
            written_cards.adapter.delete("card", "55")
        written_cards.adapter.call("customer.deleteCard", {"uid": "55"})
        assert written_cards.stored() == {}

    def test_a_shown_card_costs_one_request_to_look_at(self, shown_cards: Cards) -> None:
        shown_cards.option("cards", "asked")
        key = shown_cards.user_adds(shown_cards.sample(1))
        shown_cards.feed()
        shown_cards.world.log.clear()
        assert shown_cards.get(key) is not None
        assert shown_cards.asked() == ["customer"]

    def test_a_shown_card_is_found_with_its_new_holder(self, shown_cards: Cards) -> None:
        key = shown_cards.user_adds(shown_cards.sample(1))
        shown_cards.feed()
        holder = shown_cards.user_adds_holder()
        shown_cards.world.state["cards"]["1"]["customer_id"] = holder
        row = shown_cards.get(key)
        assert row is not None and decode_body(row.body)["customer_id"] == holder

    @pytest.mark.parametrize(("scheme", "value"), [("card_uid", "1001"), ("barcode", "0000000010016")])
    def test_a_shown_card_is_found_by_its_number_and_its_barcode(
        self, shown_cards: Cards, scheme: str, value: str
    ) -> None:
        for number in range(3):
            shown_cards.user_adds(shown_cards.sample(number))
        assert [row.external_id for row in shown_cards.find(scheme, value)] == ["1001"]

    def test_a_written_card_cannot_be_looked_for(self, written_cards: Cards) -> None:
        with pytest.raises(Invalid):
            written_cards.find("card_uid", "1001")

    def test_card_calls_may_have_another_place(self, written_cards: Cards) -> None:
        written_cards.option("card_path", "/api/card")
        (wrong,) = [check for check in written_cards.adapter.check({"card": ()}) if check.name == "card calls"]
        assert not wrong.ok and "/api/customer/updateCard" in str(wrong.text)
        transport = written_cards.adapter.transport
        moved = VirtposAdapter("vp", "vp", transport, paths={"updateCard": "/api/card/updateCard"})
        assert moved.create("card", written_cards.sample(1).write, uid(1)).external_id == "1001"
        assert all(check.ok for check in moved.check({"card": ()}))

    @pytest.mark.parametrize(
        ("option", "expected", "ok", "warning", "text"),
        [
            ("asked", False, True, False, "`cards: read` in the account"),
            ("never", False, True, False, "written only"),
            ("never", True, False, True, "take `cards: read` away"),
            ("always", True, True, False, "read back"),
        ],
    )
    def test_check_tells_whether_cards_are_shown(
        self, written_cards: Cards, option: str, expected: bool, ok: bool, warning: bool, text: str
    ) -> None:
        written_cards.option("cards", option)
        written_cards.user_adds(written_cards.sample(1))
        written_cards.adapter.reads_cards = expected
        before = written_cards.stored()
        (check,) = [check for check in written_cards.adapter.check({"card": ()}) if check.name == "cards"]
        assert (check.ok, check.warning) == (ok, warning)
        assert text in str(check.text)
        assert written_cards.stored() == before


def order(number: int, **changes: Any) -> Mapping[str, Any]:
    line = {"item_id": "789", "name": "Коньяк", "quantity": "3.450", "price": "100.10", "discount": "10.20"}
    return {
        "customer_id": "3",
        "guid": f"guid-{number}",
        "paid": "0",
        "shipped": "0",
        "cancelled": "0",
        "shipping_address": "",
        "shipping_cost": "130",
        "comment": "",
        "created_date": "2026-11-20 18:45:08",
        "delivery": ["1", "Самовывоз"],
        "payment": ["1", "При получении"],
        "warehouse": ["", ""],
        "lines": [line, {**line, "item_id": "787"}],
        **changes,
    }


class TestOrders:
    def fill(self, company: Company, *rows: Mapping[str, Any]) -> None:
        company.world.state["orders"] = {str(number): dict(row) for number, row in enumerate(rows)}

    @pytest.mark.parametrize("shape", ["flat", "wrapped"])
    def test_all_orders_with_their_lines(self, company: Company, shape: str) -> None:
        company.option("orders_shape", shape)
        self.fill(company, order(1), order(2, paid="1", guid=""))
        rows = [row for page in company.adapter.feed("order", ("_status", "items")) for row in page.rows]
        assert [row.external_id for row in rows] == ["guid-1", "3/2026-11-20 18:45:08/670.30"]
        bodies = [decode_body(row.body) for row in rows]
        assert [body["_status"] for body in bodies] == ["new", "paid"]
        assert [[item["item_id"] for item in body["items"]] for body in bodies] == [["789", "787"]] * 2
        assert bodies[0]["items"][0]["amount"] == "335.15"

    def test_no_orders(self, company: Company) -> None:
        assert [row for page in company.adapter.feed("order", ("guid",)) for row in page.rows] == []

    def test_pages_of_many(self, company: Company) -> None:
        self.fill(company, *(order(number) for number in range(1100)))
        pages = list(company.adapter.feed("order", ("guid",)))
        assert max(len(page.rows) for page in pages) == 500
        assert len({row.external_id for page in pages for row in page.rows}) == 1100
        assert company.asked() == ["orders"]

    def test_a_server_that_shows_some_days_is_asked_for_all(self, company: Company) -> None:
        company.option("days_limit", 30)
        self.fill(company, order(1), order(2, created_date="2019-01-01 10:00:00"))
        rows = [row.external_id for page in company.adapter.feed("order", ("guid",)) for row in page.rows]
        assert rows == ["guid-1", "guid-2"]
        assert company.asked() == ["orders", "orders"]

    def test_what_cannot_be_told_apart_is_said(self, company: Company) -> None:
        self.fill(company, order(1, guid=""), order(2, guid=""))
        pages = list(company.adapter.feed("order", ("guid",)))
        assert sum(len(page.rows) for page in pages) == 1
        assert [key for page in pages for key, _ in page.unreadable] == ["3/2026-11-20 18:45:08/670.30"]

    @pytest.mark.parametrize("fault", ["cut", "html"])
    def test_a_broken_answer_stops_the_account(self, company: Company, fault: str) -> None:
        self.fill(company, *(order(number) for number in range(20)))
        company.world.faults.add(Fault(endpoint="orders", fault=fault))
        with pytest.raises(BrokenAnswer):
            list(company.adapter.feed("order", ("guid",)))

    def test_a_wrong_key_is_forbidden(self, company: Company) -> None:
        company.world.faults.add(Fault(endpoint="orders", fault="expired"))
        with pytest.raises(Forbidden):
            list(company.adapter.feed("order", ("guid",)))

    def test_a_reader_may_ask_for_more_meanwhile(self, company: Company) -> None:
        self.fill(company, *(order(number) for number in range(1100)))
        key = company.user_adds(company.sample(1))
        for _ in company.adapter.feed("order", ("guid",)):
            assert company.get(key) is not None

    @pytest.mark.parametrize("form", ["xml", "json"])
    def test_by_call_in_both_formats(self, company: Company, form: str) -> None:
        self.fill(company, order(1))
        answer = company.adapter.call("orders", {"format": form})
        assert [one["guid"] for one in answer["orders"]] == ["guid-1"]
        assert [item["item_id"] for item in answer["orders"][0]["items"]] == ["789", "787"]

    @responses.activate
    def test_json_where_a_server_sends_it(self) -> None:
        responses.get(f"{URL}/api/orders", json={"success": 1, "orders": {"order": {"guid": "a", "paid": 1}}})
        (page, *_) = adapter().feed("order", ("guid", "_status"))
        assert [decode_body(row.body) for row in page.rows] == [{"guid": "a", "_status": "paid"}]

    @responses.activate
    def test_an_answer_that_says_nothing_of_success(self) -> None:
        responses.get(f"{URL}/api/orders", body=answered("<orders><paid>1</paid><guid>a</guid></orders>"))
        with pytest.raises(BrokenAnswer, match="succeeded"):
            list(adapter().feed("order", ("guid",)))
