"""Calls that change a position are looked at before, sent once, and looked at afterwards."""

from __future__ import annotations

import pytest

from connector.errors import (
    Invalid,
    Missing,
    OutcomeUnknown,
    Throttled,
    Unavailable,
    UsageError,
)
from connector.sandbox.faults import Fault
from saplab.shop import Shop


class TestSwitches:
    @pytest.mark.parametrize("trouble", ["timeout_after", "cut"])
    def test_paying_survives_a_cut_connection_without_a_second_effect(self, shop: Shop, trouble: str) -> None:
        key = shop.position()
        shop.world.faults.add(Fault(endpoint="order.pay", fault=trouble, count=1))
        assert shop.adapter.call("order.pay", {"id": key}) == {"status": "success"}
        assert shop.position_state(key)["is_payed"] is True
        assert shop.asked() == ["order", "order.pay", "order"]

    @pytest.mark.parametrize("trouble", ["timeout_before", "error", "html"])
    def test_paying_that_may_still_come_is_unknown_with_what_was_seen(self, shop: Shop, trouble: str) -> None:
        key = shop.position()
        shop.world.faults.add(Fault(endpoint="order.pay", fault=trouble, count=1))
        with pytest.raises(OutcomeUnknown) as info:
            shop.adapter.call("order.pay", {"id": key})
        evidence = info.value.sentence.facts["evidence"]
        assert evidence["before"][key]["is_payed"] == evidence["after"][key]["is_payed"] == "0"
        assert shop.asked().count("order.pay") == 1

    def test_a_paid_position_is_given_back_once(self, shop: Shop) -> None:
        key = shop.position(is_payed=True)
        shop.adapter.call("order.pay", {"id": key})
        assert shop.position_state(key)["is_payed"] is False

    def test_nothing_is_sent_for_a_position_that_is_not_there(self, shop: Shop) -> None:
        with pytest.raises(Missing):
            shop.adapter.call("order.pay", {"id": 77})
        assert shop.asked() == ["order"]

    def test_a_refusal_is_a_refusal(self, shop: Shop) -> None:
        key = shop.position(price="9000")
        with pytest.raises(Invalid, match="Недостаточно средств"):
            shop.adapter.call("order.pay", {"id": key})
        assert shop.position_state(key)["is_payed"] is False

    def test_throttling_is_not_waited_out(self, shop: Shop) -> None:
        key = shop.position()
        shop.world.faults.add(Fault(endpoint="order.pay", fault="throttle", count=1, seconds=1))
        with pytest.raises(Throttled, match="too many requests"):
            shop.adapter.call("order.pay", {"id": key})
        assert shop.asked().count("order.pay") == 1

    @pytest.mark.parametrize(
        ("endpoint", "field", "before", "after"),
        [
            ("order.deny", "is_denied", False, True),
            ("order.archive", "is_archived", False, True),
            ("order.unarchive", "is_archived", True, False),
        ],
    )
    def test_what_is_so_already_is_not_sent(
        self, shop: Shop, endpoint: str, field: str, before: bool, after: bool
    ) -> None:
        key = shop.position(**{field: before})
        assert shop.adapter.call(endpoint, {"id": key})["status"] == "success"
        assert shop.position_state(key)[field] is after
        assert shop.adapter.call(endpoint, {"id": key}) == {"status": "success", "unchanged": True}
        assert shop.asked().count(endpoint) == 1

    def test_unarchive_does_not_deny(self, shop: Shop) -> None:
        key = shop.position(is_archived=True)
        shop.adapter.call("order.unarchive", {"id": key})
        assert shop.position_state(key)["is_denied"] is False

    def test_an_equal_status_sends_no_message_again(self, shop: Shop) -> None:
        key = shop.position()
        shop.adapter.call("order.set_status", {"id": key, "status_id": 4})
        shop.adapter.call("order.set_status", {"id": key, "status_id": 4})
        assert shop.asked().count("order.set_status") == 1
        assert len(shop.position_state(key)["history"]) == 1

    def test_documents_of_several(self, shop: Shop) -> None:
        keys = [shop.position() for _ in range(2)]
        shop.world.faults.add(Fault(endpoint="order.documents", fault="cut", count=1))
        assert shop.adapter.call("order.documents", {"ids": ",".join(keys)}) == {"status": "success"}
        assert all(shop.position_state(key)["doc_id"] is not None for key in keys)
        assert shop.asked().count("order.documents") == 1

    def test_two_at_once_are_one(self, shop: Shop) -> None:
        key = shop.position()
        with shop.adapter._flights.of("panel", [key]), pytest.raises(Unavailable, match="under way"):
            shop.adapter.call("order.pay", {"id": key})
        assert shop.asked() == []

    def test_a_wrong_parameter_is_told_before_anything_is_read(self, shop: Shop) -> None:
        with pytest.raises(UsageError):
            shop.adapter.call("order.pay", {"position": 1})
        assert shop.asked() == []
