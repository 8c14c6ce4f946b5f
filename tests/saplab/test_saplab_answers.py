"""The examples of the document, typed in, and what may come instead."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
import responses

from connector.errors import (
    BrokenAnswer,
    Duplicate,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
)
from connector.systems.rows import decode_body
from connector.systems.saplab.adapter import SaplabAdapter
from connector.transport.auth import Basic
from connector.transport.http import Transport
from saplab.shop import FIRM


class TestAnswersOfTheDocument:
    """The examples of the document, typed in."""

    def adapter(self) -> SaplabAdapter:
        transport = Transport("panel", "https://shop.example", auth=Basic("a", "b"), sleep=lambda _: None)
        return SaplabAdapter("panel", "panel", transport, zone=ZoneInfo("Europe/Moscow"))

    @responses.activate
    @pytest.mark.parametrize(
        ("body", "error"),
        [
            ({"status": "error"}, Missing),
            ({"status": "error", "text": "Статус используется в настройках магазина."}, Invalid),
            ({"status": "error", "text": "Нет подходящих заказов."}, Missing),
            ({"email": "Поле Email должно быть уникальным."}, Duplicate),
            (
                {
                    "email": "Поле Email должно быть уникальным.",
                    "phone": "Поле Телефон должно быть уникальным.",
                },
                Duplicate,
            ),
            ({"email": "Поле Email должно быть уникальным.", "name": "Поле Имя обязательно."}, Invalid),
            ([], OutcomeUnknown),
            ({"email": 5}, OutcomeUnknown),
            ({"status": "maybe"}, OutcomeUnknown),
        ],
    )
    def test_refusals(self, body: Any, error: type[Exception]) -> None:
        responses.post("https://shop.example/panel/order/remove_status", json=body)
        with pytest.raises(error) as info:
            self.adapter().call("order.remove_status", {"id": 3})
        assert type(info.value) is error

    @responses.activate
    def test_an_unknown_answer_shows_its_shape_and_nothing_of_its_content(self) -> None:
        responses.get(
            "https://shop.example/panel/client/filter/per_page/150/page/1", json={"people": [{"phone": "79991234567"}]}
        )
        with pytest.raises(BrokenAnswer, match="people") as info:
            list(self.adapter().feed("customer", ("name",)))
        assert "79991234567" not in str(info.value)

    @responses.activate
    def test_the_form_of_the_firm(self) -> None:
        client = {
            "id": "2",
            "phone": "2222222222",
            "name": "Сергей Сергеевич",
            "address": "ул. Ленина, 48",
            "email": "wholesaler@example.com",
            "status": "1",
            "group_id": "2",
            "group": "Мелкий опт",
            "discount": "5",
            "shipping_id": "0",
            "manager_id": "0",
            "is_wholesaler": "1",
            "wholesaler_info": 'ООО "Рога и Копыта"',
            "comment": "Хороший клиент",
            "wholesaler_data": {"inn": "12345678901234", "kpp": "987654321", "orgn": "456789052", "type": "ООО"},
            "point_id": "1",
            "balance": "0",
            "debt": "0",
            "blocked_debt": "0",
            "limit": "10000",
            "date_added": "2017-01-14 22:50:08.610461",
            "date_modified": "2017-01-15 17:31:21.560473",
        }
        responses.get("https://shop.example/panel/client/form/2", json={"client": client})
        row = self.adapter().get("customer", "2", ("name", "limit", "wholesaler_data"))
        assert row is not None
        assert decode_body(row.body) == {
            "name": "Сергей Сергеевич",
            "limit": "10000",
            "wholesaler_data": client["wholesaler_data"],
        }
        assert row.changed_at == "2017-01-15T17:31:21.560473+03:00"
        assert row.full == client

    @responses.activate
    def test_the_whole_form_is_sent(self) -> None:
        client = {
            "id": "2", "phone": "2222222222", "name": "Сергей", "address": "", "email": "w@example.com", "status": "1",
            "group_id": "2", "shipping_id": "0", "manager_id": "0", "is_wholesaler": "1", "comment": "",
            "point_id": "1", "limit": "10000", "wholesaler_data": FIRM,
        }  # fmt: skip
        responses.get("https://shop.example/panel/client/form/2", json={"client": client})
        responses.post(
            "https://shop.example/panel/client/form/2", json={"status": "success", "text": "Данные клиента обновлены."}
        )
        self.adapter().update("customer", "2", {"comment": "VIP"}, None)
        sent = dict(pair for pair in _pairs(responses.calls[1].request.body))
        assert sent == {
            "name": "Сергей", "email": "w@example.com", "phone": "2222222222", "password": "", "address": "",
            "point_id": "1", "manager_id": "0", "group_id": "2", "shipping_id": "0", "limit": "10000", "comment": "VIP",
            "status": "on", "is_wholesaler": "on", **{f"wholesalers[{name}]": value for name, value in FIRM.items()},
        }  # fmt: skip

    @responses.activate
    def test_another_client_than_asked_for_is_not_taken(self) -> None:
        responses.get("https://shop.example/panel/client/form/2", json={"client": {"id": "3"}})
        with pytest.raises(BrokenAnswer, match="client 3"):
            self.adapter().get("customer", "2", ("name",))

    @responses.activate
    def test_no_rights(self) -> None:
        responses.get(
            "https://shop.example/panel/client/filter/per_page/150/page/1",
            status=403,
            json={"status": "error", "text": "Доступ запрещён."},
        )
        with pytest.raises(Forbidden):
            list(self.adapter().feed("customer", ("name",)))


def _pairs(body: bytes | None) -> list[tuple[str, str]]:
    assert body is not None
    return parse_qsl(body.decode("ascii"), keep_blank_values=True)
