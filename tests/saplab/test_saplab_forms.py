"""A form is written as a whole, so a change must carry everything that stands there."""

from __future__ import annotations

from typing import Any

import pytest
from contract import Sample

from connector.errors import (
    Duplicate,
    Invalid,
)
from connector.systems.base import Row
from connector.systems.rows import decode_body
from saplab.shop import FIRM, Shop


class TestForms:
    def test_a_change_keeps_the_rest_and_the_password(self, shop: Shop) -> None:
        key = shop.user_adds(
            Sample(write={**shop.sample(1).write, "password": "secret-of-client", "limit": 10000}, read={})
        )
        shop.adapter.update("customer", key, {"name": "Новое имя"}, None)
        client = shop.world.state["clients"][key]
        assert (client["password"], client["limit"], client["status"]) == ("secret-of-client", 10000, True)

    def test_the_guard_read_saves_a_request(self, shop: Shop) -> None:
        key = shop.user_adds(shop.sample(1))
        row = shop.get(key)
        shop.adapter.update("customer", key, {"comment": "x"}, row)
        assert shop.asked() == ["client.form", "client.form.edit"]

    def test_a_box_goes_off_by_being_left_out(self, shop: Shop) -> None:
        key = shop.user_adds(shop.sample(1))
        shop.adapter.update("customer", key, {"status": None}, None)
        assert shop.world.state["clients"][key]["status"] is False
        shop.adapter.update("customer", key, {"comment": "still off"}, None)
        assert shop.world.state["clients"][key]["status"] is False
        shop.adapter.update("customer", key, {"status": "on"}, None)
        assert shop.world.state["clients"][key]["status"] is True

    def test_zero_is_no_empty_box(self, shop: Shop) -> None:
        key = shop.user_adds(shop.sample(1))
        shop.adapter.update("customer", key, {"status": "0"}, None)
        assert shop.world.state["clients"][key]["status"] is False

    def test_a_firm_keeps_its_details_when_only_the_name_changes(self, firms: Shop) -> None:
        shop = firms
        key = shop.user_adds(shop.sample(1))
        shop.adapter.update("customer", key, {"name": "Пётр"}, None)
        assert shop.world.state["clients"][key]["legal"] == FIRM

    def test_details_of_a_person_are_refused_and_not_lost_in_silence(self, shop: Shop) -> None:
        key = shop.user_adds(shop.sample(1))
        with pytest.raises(Invalid, match="legal person"):
            shop.adapter.update("customer", key, {"wholesalers": {"inn": "7701234567"}}, None)
        assert "client.form.edit" not in shop.asked()

    @pytest.mark.parametrize("legal", [{"wholesalers": {"inn": "7701234567"}}, {"wholesalers[inn]": "7701234567"}])
    def test_a_person_becomes_a_firm(self, shop: Shop, legal: dict[str, Any]) -> None:
        key = shop.user_adds(shop.sample(1))
        shop.adapter.update("customer", key, {"is_wholesaler": "on", **legal}, None)
        row = shop.get(key)
        assert row is not None
        assert decode_body(row.body)["wholesaler_data"]["inn"] == "7701234567"

    def test_a_new_client_is_switched_on_unless_told_otherwise(self, shop: Shop) -> None:
        shop.adapter.create("customer", {"name": "А", "phone": "+79990000001"}, "uid")
        shop.adapter.create("customer", {"name": "Б", "phone": "+79990000002", "status": None}, "uid")
        assert [client["status"] for client in shop.world.state["clients"].values()] == [True, False]

    def test_a_form_that_hides_a_field_is_not_written_back(self, shop: Shop) -> None:
        row = Row("1", b"{}", full={"id": "1", "name": "А", "status": "1", "is_wholesaler": "0"})
        with pytest.raises(Invalid, match="limit"):
            shop.adapter.update("customer", "1", {"name": "Б"}, row)
        assert shop.asked() == []

    def test_the_taken_field_is_named(self, shop: Shop) -> None:
        shop.user_adds(shop.sample(1))
        with pytest.raises(Duplicate) as info:
            shop.adapter.create("customer", {**shop.sample(2).write, "email": "guest1@example.com"}, "uid")
        assert info.value.fact("field") == "email"

    def test_a_lacking_field_is_no_duplicate(self, shop: Shop) -> None:
        with pytest.raises(Invalid, match="phone"):
            shop.adapter.create("customer", {"name": "Без телефона"}, "uid")
