"""clients.*: groups and promotions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.wire import Call, Refusal, amount, decimal, method, next_id
from connector.sandbox.world import State


def shown(state: State, group: Mapping[str, Any]) -> dict[str, Any]:
    """A group as it is read: percent and bonus as text, the bonus in kopecks."""
    members = [client for client in state["clients"].values() if client["group"] == group["id"]]
    return {
        "client_groups_id": group["id"],
        "client_groups_name": group["name"],
        "client_groups_discount": group["percent"],
        "loyalty_type": group["loyalty"],
        "birthday_bonus": str(group["birthday_bonus"]),
        "count_groups_clients": str(len([client for client in members if client["delete"] == "0"])),
        "delete": group["delete"],
    }


@method("clients.getGroups")
def get_groups(call: Call) -> object:
    """All groups, deleted ones too (P-14)."""
    return [shown(call.state, group) for group in call.state["groups"].values()]


@method("clients.getGroup")
def get_group(call: Call) -> object:
    group = call.state["groups"].get(call.need("group_id"))
    return shown(call.state, group) if group is not None else False


@method("clients.createGroup", "POST")
def create_group(call: Call) -> object:
    group = {"percent": "0", "loyalty": "1", "birthday_bonus": 0, "delete": "0"}
    for name in ("client_groups_name", "loyalty_type", "client_groups_discount"):
        call.need(name)
    group = {**group, **_sent(call, None), "id": next_id(call.state, "group")}
    call.state["groups"][group["id"]] = group
    notify(call.world, "clients_group", str(group["id"]), "added")
    return int(str(group["id"]))


@method("clients.updateGroup", "POST")
def update_group(call: Call) -> object:
    """The id is `client_groups_id` here and `group_id` everywhere else (P-36)."""
    group = call.state["groups"].get(call.need("client_groups_id"))
    if group is None or group["delete"] == "1":
        raise Refusal(32)
    call.state["groups"][group["id"]] = {**group, **_sent(call, group["id"])}
    notify(call.world, "clients_group", group["id"], "changed")
    return int(group["id"])


def _sent(call: Call, own_id: str | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if call.given("client_groups_name"):
        values["name"] = _free_name(call.state, call.need("client_groups_name"), own_id)
    if call.given("loyalty_type"):
        values["loyalty"] = call.text("loyalty_type")
        if values["loyalty"] not in ("1", "2"):
            raise Refusal(155, "loyalty_type")
    if call.given("client_groups_discount"):
        percent = decimal(call.text("client_groups_discount"), "client_groups_discount")
        values["percent"] = f"{percent.normalize():f}"
    if call.given("birthday_bonus"):
        values["birthday_bonus"] = amount(call, call.text("birthday_bonus"), "birthday_bonus", "birthday_bonus")
    return values


def _free_name(state: State, name: str, own_id: str | None) -> str:
    for group in state["groups"].values():
        if group["name"] == name and group["id"] != own_id and group["delete"] == "0":
            raise Refusal(38)
    return name


@method("clients.removeGroup", "POST")
def remove_group(call: Call) -> object:
    """The group keeps a row with `delete: "1"`; its clients are gone for ever (P-26)."""
    group = call.state["groups"].get(call.need("group_id"))
    if group is None or group["delete"] == "1":
        raise Refusal(32)
    call.state["groups"][group["id"]] = {**group, "delete": "1"}
    lost = [client_id for client_id, client in call.state["clients"].items() if client["group"] == group["id"]]
    for client_id in lost:
        del call.state["clients"][client_id]
        notify(call.world, "client", client_id, "removed")
    notify(call.world, "clients_group", group["id"], "removed")
    return True


# promotions ----------------------------------------------------------------------------------------------------------


@method("clients.getPromotions")
def get_promotions(call: Call) -> object:
    wanted = call.text("promotion_id")
    return [row for row in call.state["promotions"].values() if wanted in ("", row["promotion_id"])]


@method("clients.getPromotion")
def get_promotion(call: Call) -> object:
    """An object, though the text says a list."""
    return call.state["promotions"].get(call.need("promotion_id"), False)


@method("clients.removePromotion", "POST")
def remove_promotion(call: Call) -> object:
    if call.state["promotions"].pop(call.need("promotion_id"), None) is None:
        raise Refusal(32)
    notify(call.world, "promotion", call.text("promotion_id"), "removed")
    return True
