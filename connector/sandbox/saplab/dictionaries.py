"""Managers, shipping types, order statuses and discount groups."""

from __future__ import annotations

from typing import Any

from connector.sandbox.saplab.panel import Panel
from connector.sandbox.saplab.wire import Call, failure, flag, success, whole

STATUS_IN_USE = "Статус используется в настройках магазина."
GROUP_ADDED = "Группа клиентов успешно добавлена."
GROUP_CHANGED = "Группа обновлена."
GROUP_REMOVED = "Группа успешно удалена."
GROUP_IN_USE = "Группа используется в настройках магазина, удаление невозможно."


def managers(panel: Panel, _: Call) -> object:
    """GET /panel/manager."""
    served: dict[int, int] = {}
    for client in panel.clients():
        served[client["manager_id"]] = served.get(client["manager_id"], 0) + 1
    return {"managers": [_manager(panel, row, served) for row in panel.table("managers").values()]}


def _manager(panel: Panel, row: dict[str, Any], served: dict[int, int]) -> dict[str, Any]:
    point = panel.table("points").get(str(row["point_id"]), {"name": "", "address": ""})
    return {
        "id": str(row["id"]),
        "phone": row["phone"],
        "name": row["name"],
        "seat": row["seat"],
        "email": row["email"],
        "point_id": str(row["point_id"]),
        "point_name": point["name"],
        "point_address": point["address"],
        "manager_group_id": str(row["manager_group_id"]),
        "manager_group_name": row["manager_group_name"],
        "client_count": str(served.get(row["id"], 0)),
        "status": flag(row["status"]),
        "client_use": flag(row["client_use"]),
        "contact_show": flag(row["contact_show"]),
        "backup": row["backup"],
    }


# shipping types ------------------------------------------------------------------------------------------------


def shipping_types(panel: Panel, _: Call) -> object:
    """GET /panel/order/shipping_type."""
    rows = panel.table("shipping_types").values()
    return {
        "shipping_types": [
            {"id": str(row["id"]), "name": row["name"], "min_price": str(row["min_price"])} for row in rows
        ]
    }


def add_shipping_type(panel: Panel, call: Call) -> object:
    """POST /panel/order/shipping_type; the answer carries no id (S-19)."""
    key = panel.serial("shipping_types")
    panel.table("shipping_types")[str(key)] = {"id": key, **_shipping(call)}
    return success()


def change_shipping_type(panel: Panel, call: Call) -> object:
    """POST /panel/order/shipping_type/$ID: the whole form."""
    row = panel.table("shipping_types").get(call.id)
    if row is None:
        return failure()
    row.update(_shipping(call))
    return success()


def _shipping(call: Call) -> dict[str, Any]:
    return {"name": call.form.get("name", ""), "min_price": whole(call.form.get("min_price"))}


def remove_shipping_type(panel: Panel, call: Call) -> object:
    """POST /panel/order/remove_shipping_type."""
    return failure() if panel.table("shipping_types").pop(call.form.get("id", ""), None) is None else success()


# statuses ------------------------------------------------------------------------------------------------------


def statuses(panel: Panel, _: Call) -> object:
    """GET /panel/order/status, by name."""
    rows = sorted(panel.table("statuses").values(), key=lambda row: row["name"])
    return {
        "statuses": [
            {
                "id": str(row["id"]),
                "name": row["name"],
                "color": row["color"],
                "sms": flag(row["sms"]),
                "email": flag(row["email"]),
            }
            for row in rows
        ]
    }


def add_status(panel: Panel, call: Call) -> object:
    """POST /panel/order/status; the answer carries no id."""
    key = panel.serial("statuses")
    panel.table("statuses")[str(key)] = {"id": key, **_status(call)}
    return success()


def change_status(panel: Panel, call: Call) -> object:
    """POST /panel/order/status/$ID: the whole form; sms and email are 1 or 0 here (S-15)."""
    row = panel.table("statuses").get(call.id)
    if row is None:
        return failure()
    row.update(_status(call))
    return success()


def _status(call: Call) -> dict[str, Any]:
    return {
        "name": call.form.get("name", ""),
        "color": call.form.get("color", ""),
        "sms": whole(call.form.get("sms")) != 0,
        "email": whole(call.form.get("email")) != 0,
    }


def remove_status(panel: Panel, call: Call) -> object:
    """POST /panel/order/remove_status; one that the shop's settings use stays."""
    key = call.form.get("id", "")
    if key not in panel.table("statuses"):
        return failure()
    settings = ("new_status", "suspended_status", "denied_status")
    if key in {str(panel.setting(name)) for name in settings}:
        return failure(STATUS_IN_USE)
    del panel.table("statuses")[key]
    return success()


# groups --------------------------------------------------------------------------------------------------------


def groups(panel: Panel, _: Call) -> object:
    """GET /panel/client/group: the id as group_id (S-01), the name with the discount behind it (S-26)."""
    return {
        "groups": [
            {
                "group_id": str(row["id"]),
                "name": f"{row['name']} - {row['discount']}%",
                "discount": str(row["discount"]),
                "comment": row["comment"],
            }
            for row in panel.table("groups").values()
        ]
    }


def add_group(panel: Panel, call: Call) -> object:
    """POST /panel/client/group_form; the answer carries no id."""
    key = panel.serial("groups")
    panel.table("groups")[str(key)] = {"id": key, **_group(call)}
    return success(GROUP_ADDED)


def change_group(panel: Panel, call: Call) -> object:
    """POST /panel/client/group_form/$ID: the whole form."""
    row = panel.table("groups").get(call.id)
    if row is None:
        return failure()
    row.update(_group(call))
    return success(GROUP_CHANGED)


def _group(call: Call) -> dict[str, Any]:
    return {
        "name": call.form.get("name", ""),
        "discount": whole(call.form.get("discount")),
        "comment": call.form.get("comment", ""),
    }


def remove_group(panel: Panel, call: Call) -> object:
    """POST /panel/client/remove_group; its clients are left without a group."""
    key = call.form.get("id", "")
    if key not in panel.table("groups"):
        return failure()
    if key == str(panel.setting("group_id")):
        return failure(GROUP_IN_USE)
    del panel.table("groups")[key]
    for client in panel.clients():
        if str(client["group_id"]) == key:
            client["group_id"] = 0
    return success(GROUP_REMOVED)
