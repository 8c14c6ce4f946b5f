"""Movements of an account, groups, dictionaries, search and check."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest
import responses
from contract import Sample

from connector.errors import (
    BrokenAnswer,
    Invalid,
    Missing,
    UsageError,
)
from connector.systems.rows import decode_body
from saplab.shop import PATHS, Shop


class TestMovements:
    def fill(self, shop: Shop, count: int) -> str:
        key = shop.user_adds(shop.sample(1))
        for number in range(count):
            shop.panel.book(int(key), Decimal(number + 1), f"Операция {number}")
        return key

    def test_all_pages(self, shop: Shop) -> None:
        key = self.fill(shop, 25)
        rows = shop.adapter.call("client.balance", {"id": key})
        assert [row["amount"] for row in rows] == [str(number) for number in range(25, 0, -1)]
        assert shop.asked() == ["client.balance"] * 3

    def test_one_page(self, shop: Shop) -> None:
        key = self.fill(shop, 25)
        answer = shop.adapter.call("client.balance", {"id": key, "page": 3})
        assert (answer["page"], len(answer["transactions"])) == (3, 5)

    @responses.activate
    def test_the_other_spelling_is_tried_when_the_first_is_not_understood(self, shop: Shop) -> None:
        url = f"{shop.world.url}/panel/client/balance/5"
        first = {"pages": 2, "page": 1, "transactions": [{"amount": "1"}]}
        responses.get(url, json=first, match=[responses.matchers.query_param_matcher({})])
        responses.get(url + "/filter/page/2", json=first)
        second = {"pages": 2, "page": 2, "transactions": [{"amount": "2"}]}
        responses.get(url, json=second, match=[responses.matchers.query_param_matcher({"page": "2"})])
        rows = shop.adapter.call("client.balance", {"id": 5})
        assert [row["amount"] for row in rows] == ["1", "2"]

    @responses.activate
    def test_where_no_spelling_is_understood_the_first_page_is_all_and_it_is_said(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        url = f"{shop.world.url}/panel/client/balance/5"
        first = {"pages": 26, "page": 1, "transactions": [{"amount": "1"}]}
        responses.get(url, json=first)
        responses.get(url + "/filter/page/2", json=first)
        with caplog.at_level(logging.WARNING):
            assert shop.adapter.call("client.balance", {"id": 5}) == [{"amount": "1"}]
        assert "only the first of 26 pages" in caplog.text
        with pytest.raises(BrokenAnswer, match="page 2"):
            shop.adapter.call("client.balance", {"id": 5, "page": 2})


class TestGroups:
    def test_the_discount_behind_the_name_is_not_the_name(self, shop: Shop) -> None:
        shop.adapter.create("group", {"name": "Мелкий опт - 5%", "discount": 5}, "uid")
        (row,) = shop.adapter.find("group", "name", "Мелкий опт - 5%", ("name", "discount"))
        assert decode_body(row.body) == {"name": "Мелкий опт - 5% - 5%", "discount": "5"}
        shop.adapter.update("group", row.external_id, {"discount": 7}, None)
        assert shop.world.state["groups"][row.external_id]["name"] == "Мелкий опт - 5%"
        again = shop.adapter.get("group", row.external_id, ("name", "discount"))
        assert again is not None and decode_body(again.body)["discount"] == "7"

    def test_feed_and_delete(self, shop: Shop) -> None:
        shop.adapter.create("group", {"name": "Опт", "discount": 5, "comment": "x"}, "uid")
        (page,) = shop.adapter.feed("group", ("name", "comment"))
        assert [decode_body(row.body)["name"] for row in page.rows] == ["Розница - 0%", "Опт - 5%"]
        shop.adapter.delete("group", page.rows[1].external_id)
        assert list(shop.world.state["groups"]) == ["1"]
        with pytest.raises(Invalid, match="используется"):
            shop.adapter.delete("group", "1")

    def test_a_group_that_is_not_there(self, shop: Shop) -> None:
        with pytest.raises(Missing):
            shop.adapter.update("group", "77", {"discount": 1}, None)
        assert shop.adapter.get("group", "77", ("name",)) is None

    @responses.activate
    def test_the_id_under_its_other_name_and_the_other_path(self, shop: Shop) -> None:
        row = {"id": "8", "name": "Web - 1%", "discount": "1", "comment": ""}
        responses.get(f"{shop.world.url}/panel/client/group", json={"groups": [row]})
        responses.post(f"{shop.world.url}/panel/client/group_form/8", status=404, body="<html>")
        responses.post(
            f"{shop.world.url}/panel/order/group_form/8", json={"status": "success", "text": "Группа обновлена."}
        )
        shop.adapter.update("group", "8", {"discount": 2}, None)
        assert responses.calls[-1].request.body == b"name=Web&discount=2&comment="


class TestDictionaries:
    @pytest.mark.parametrize(
        ("entity", "path", "value"),
        [
            ("employee", "phone", "79000000000"),
            ("order_status", "name", "В работе"),
            ("shipping_type", "name", "Доставка по городу"),
        ],
    )
    def test_feed_and_get(self, shop: Shop, entity: str, path: str, value: str) -> None:
        rows = [row for page in shop.adapter.feed(entity, (path,)) for row in page.rows]
        (row,) = [row for row in rows if decode_body(row.body)[path] == value]
        assert shop.adapter.get(entity, row.external_id, (path,)) == row

    def test_archived_positions_are_fed_too(self, shop: Shop) -> None:
        keys = [shop.position(), shop.position(is_archived=True)]
        rows = [row for page in shop.adapter.feed("position", ("invoice", "is_archived")) for row in page.rows]
        assert {row.external_id for row in rows} == set(keys)
        row = shop.adapter.get("position", keys[1], ("is_archived",))
        assert row is not None and decode_body(row.body) == {"is_archived": "1"}


class TestSearch:
    def test_a_slash_stays_inside_its_value(self, shop: Shop) -> None:
        key = shop.user_adds(Sample(write={**shop.sample(1).write, "name": "ООО А/Б + 100%"}, read={}))
        shop.user_adds(shop.sample(2))
        found = shop.adapter.call("client", {"client_name": "А/Б + 100%"})
        assert [raw["id"] for raw in found] == [key]

    @pytest.mark.parametrize("spelling", ["+79990000001", "8 (999) 000-00-01", "9990000001"])
    def test_a_phone_in_any_spelling(self, shop: Shop, spelling: str) -> None:
        key = shop.user_adds(shop.sample(1))
        assert [row.external_id for row in shop.find("phone", spelling)] == [key]

    @pytest.mark.parametrize("value", ["", "..", " "])
    def test_nothing_is_found_by_nothing(self, shop: Shop, value: str) -> None:
        shop.user_adds(shop.sample(1))
        assert shop.find("email", value) == shop.find("phone", value) == []
        assert shop.asked() == []

    def test_a_change_time_is_of_the_shop(self, shop: Shop) -> None:
        key = shop.user_adds(shop.sample(1))
        row = shop.get(key)
        assert row is not None and row.changed_at is not None and row.changed_at.endswith("+03:00")

    def test_a_page_of_more_than_the_shop_gives_is_refused_before_it_is_sent(self, shop: Shop) -> None:
        with pytest.raises(UsageError):
            shop.adapter.call("client", {"per_page": 151})


class TestCheck:
    def test_says_who_is_seen_and_whether_details_are(self, firms: Shop) -> None:
        shop = firms
        for number in range(3):
            shop.user_adds(shop.sample(number))
        checks = {check.name: check for check in shop.adapter.check({"customer": PATHS})}
        assert all(check.ok for check in checks.values())
        assert "3 clients" in str(checks["rights"].text)
        assert checks["legal"].ok
        assert not any(verb in shop.asked() for verb in ("client.form.add", "client.form.edit"))

    def test_a_wrong_password_is_forbidden(self, shop: Shop) -> None:
        shop.trouble("expired", "feed", count=None)
        (check,) = shop.adapter.check({"customer": PATHS})
        assert (check.name, check.ok) == ("credentials", False)
