"""The states of a position that a mapping may write: each by its own call, looked at before and after, never twice."""

from __future__ import annotations

import pytest

from connector.errors import Invalid, OutcomeUnknown
from connector.sandbox.faults import Fault
from saplab.shop import Shop

SENT = "Выдано (Отправлено)"


def status_of(shop: Shop, key: str) -> str:
    state = shop.position_state(key)
    with shop.world.lock:
        return str(shop.world.state["statuses"][str(state["status_id"])]["name"])


def test_a_position_can_be_changed_in_its_states_alone(shop: Shop) -> None:
    can = shop.adapter.capabilities("position")
    assert (can.can_update, can.can_create, can.can_delete) == (True, False, False)
    assert can.repeat["update"] == "verify"


def test_a_status_is_set_by_its_name_and_once(shop: Shop) -> None:
    key = shop.position()
    for _ in range(2):
        assert shop.adapter.update("position", key, {"status_name": SENT}, None).external_id == key
    assert status_of(shop, key) == SENT
    assert shop.asked() == ["order.status", "order", "order.set_status", "order", "order"], "an SMS is sent once"


def test_a_status_that_the_shop_has_not_is_refused_before_anything_is_sent(shop: Shop) -> None:
    key = shop.position()
    with pytest.raises(Invalid, match="has 0 statuses called “Отгружен”"):
        shop.adapter.update("position", key, {"status_name": "Отгружен"}, None)
    assert shop.asked() == ["order.status"]


def test_two_statuses_of_one_name_are_in_doubt(shop: Shop) -> None:
    with shop.world.lock:
        shop.world.state["statuses"]["99"] = {**next(iter(shop.world.state["statuses"].values())), "name": SENT}
    with pytest.raises(Invalid, match="has 2 statuses"):
        shop.adapter.update("position", shop.position(), {"status_name": SENT}, None)


def test_a_position_is_denied_once(shop: Shop) -> None:
    key = shop.position()
    for _ in range(2):
        shop.adapter.update("position", key, {"is_denied": "1"}, None)
    assert shop.position_state(key)["is_denied"] is True
    assert shop.asked().count("order.deny") == 1


@pytest.mark.parametrize("patch", [{"is_payed": "1"}, {"is_denied": "0"}, {"total": "5"}], ids=str)
def test_nothing_else_is_ever_written(shop: Shop, patch: dict[str, str]) -> None:
    """To pay moves the client's money, and what was denied stays so."""
    key = shop.position()
    before = shop.position_state(key)
    with pytest.raises(Invalid, match="no call of the panel sets"):
        shop.adapter.update("position", key, patch, None)
    assert shop.asked() == [] and shop.position_state(key) == before


@pytest.mark.parametrize("trouble", ["timeout_after", "cut"])
def test_a_lost_answer_is_looked_at(shop: Shop, trouble: str) -> None:
    key = shop.position()
    shop.world.faults.add(Fault(endpoint="order.set_status", fault=trouble, count=1))
    shop.adapter.update("position", key, {"status_name": SENT}, None)
    assert shop.asked().count("order.set_status") == 1


def test_what_may_still_come_is_unknown(shop: Shop) -> None:
    key = shop.position()
    shop.world.faults.add(Fault(endpoint="order.set_status", fault="timeout_before", count=1))
    with pytest.raises(OutcomeUnknown):
        shop.adapter.update("position", key, {"status_name": SENT}, None)
