"""Each of the 26 calls goes through the adapter and is answered by the emulated panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.systems import catalogue
from saplab.shop import FIRM, Shop

WHOLE = {
    "name": "Пётр",
    "email": "p@example.com",
    "phone": "9990000077",
    "password": "",
    "address": "",
    "point_id": 1,
    "manager_id": 0,
    "group_id": 1,
    "shipping_id": 0,
    "limit": 100,
    "comment": "",
    "status": "on",
}
Ask = Callable[[Shop], dict[str, Any]]


def client(shop: Shop) -> dict[str, Any]:
    return {"id": shop.user_adds(shop.sample(1))}


def position(shop: Shop) -> dict[str, Any]:
    return {"id": shop.position()}


def shipping(shop: Shop) -> dict[str, Any]:
    return {"id": next(iter(shop.world.state["shipping_types"]))}


def status(shop: Shop) -> dict[str, Any]:
    return {"id": 2}


def group(shop: Shop) -> dict[str, Any]:
    shop.adapter.create("group", {"name": "Опт", "discount": 5}, "uid")
    return {"id": max(shop.world.state["groups"])}


def nothing(shop: Shop) -> dict[str, Any]:
    return {}


CALLS: dict[str, tuple[Ask, dict[str, Any]]] = {
    "manager": (nothing, {}),
    "order.shipping_type": (nothing, {}),
    "order.shipping_type.add": (nothing, {"name": "Курьер", "min_price": "1000"}),
    "order.shipping_type.edit": (shipping, {"name": "Курьер", "min_price": 0}),
    "order.remove_shipping_type": (shipping, {}),
    "order.status": (nothing, {}),
    "order.status.add": (nothing, {"name": "Новый", "color": "ABABAB", "sms": 1, "email": 0}),
    "order.status.edit": (status, {"name": "Новый", "color": "ABABAB", "sms": 1, "email": 0}),
    "order.remove_status": (status, {}),
    "client.group": (nothing, {}),
    "client.group.add": (nothing, {"name": "Web", "discount": 1, "comment": "Интернет"}),
    "client.group.edit": (group, {"name": "Web", "discount": 2, "comment": ""}),
    "client.remove_group": (group, {}),
    "client": (nothing, {"is_wholesaler": 0, "date_from": "2016-12-31"}),
    "client.form": (client, {}),
    "client.form.add": (nothing, {**WHOLE, "is_wholesaler": "on", "wholesalers": FIRM}),
    "client.form.edit": (client, WHOLE),
    "client.balance": (client, {}),
    "client.add_transaction": (client, {"amount": "-100.50", "description": "API списание"}),
    "order": (nothing, {"unignore_archived": 1, "is_payed": 0}),
    "order.set_status": (position, {"status_id": 5}),
    "order.deny": (position, {}),
    "order.pay": (position, {}),
    "order.archive": (position, {}),
    "order.unarchive": (lambda shop: {"id": shop.position(is_archived=True)}, {}),
    "order.documents": (lambda shop: {"ids": f"{shop.position()},{shop.position()}"}, {}),
}


def test_none_is_left_out() -> None:
    assert list(CALLS) == list(catalogue.load("saplab").endpoints)


@pytest.mark.parametrize("name", CALLS)
def test_call(shop: Shop, name: str) -> None:
    prepare, more = CALLS[name]
    params = {**prepare(shop), **more}
    shop.world.log.clear()
    answer = shop.adapter.call(name, params)
    endpoint = shop.adapter.catalogue.endpoint(name)
    assert shop.asked().count(name) == 1
    if endpoint.envelope == "result":
        assert answer["status"] == "success"
    elif endpoint.envelope == "client":
        assert answer["client"]["id"] == params["id"]
    else:
        assert isinstance(answer, list) or isinstance(answer[endpoint.rows], list)


def test_the_account_moved_by_just_what_was_sent(shop: Shop) -> None:
    key = client(shop)["id"]
    shop.adapter.call("client.add_transaction", {"id": key, "amount": "-100.50", "description": "mark-1"})
    newest = shop.adapter.call("client.balance", {"id": key})[0]
    assert (newest["amount"], newest["comment"]) == ("-100.5", "mark-1")
