"""Orders. A row is a position; an order is what shares an `invoice` (S-24).

Everything that changes a position, `set_status` apart, is a GET (S-06), and `pay` is a toggle (S-07).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from connector.sandbox.saplab.clients import may_see
from connector.sandbox.saplab.panel import Client, Panel, Position, legal_title, title, total
from connector.sandbox.saplab.wire import (
    Call,
    Paging,
    failure,
    flag,
    history_time,
    ids,
    number,
    shop_time,
    since,
    success,
    until,
    whole,
)

TOO_FEW: Final = "Недостаточно параметров."
STATUS_SET: Final = "Статус установлен успешно."
DENIED: Final = "Позиция снята"
NO_ORDERS: Final = "Нет подходящих заказов."
ARCHIVED: Final = "{count} заказов отправлено в архив."
NOT_ARCHIVED: Final = "Не удалось отправить заказы в архив."
UNARCHIVED: Final = "Заказ разархивирован и появился в основном списке заказов."
NOT_UNARCHIVED: Final = "Не найдено подходящих заказов."
DOCUMENTS_MADE: Final = "Документы сгенерированы."
PAID: Final = "Выбранные позиции клиента {client} оплачены."
REFUNDED: Final = "На счёт клиента {client} отправлено {amount}₽ "
TOO_POOR: Final = (
    "Недостаточно средств на балансе клиента {client} , необходимо пополнить баланс на {amount}₽"  # the space is theirs
)

Test = Callable[[Position, Client], bool]


def _among(wanted: set[int]) -> Test:
    return lambda row, _: row["id"] in wanted


def _called_like(part: str) -> Test:
    return lambda _, client: part in f"{client['name']}\n{legal_title(client)}".casefold()


def _added(when: Callable[[str], bool]) -> Test:
    return lambda row, _: when(row["date_added"])


_FILTERS: Final[dict[str, Callable[[str], Test]]] = {
    "order_ids": lambda text: _among(ids(text)),
    "invoice": lambda text: lambda row, _: row["invoice"] == text,
    "article": lambda text: lambda row, _: row["article"] == text,
    "name": lambda text: lambda row, _: text.casefold() in row["name"].casefold(),
    "manager_id": lambda text: lambda _, client: client["manager_id"] == whole(text),
    "shipping_id": lambda text: lambda row, _: row["shipping_id"] == whole(text),
    "point_id": lambda text: lambda _, client: client["point_id"] == whole(text),
    "distributor_id": lambda text: lambda row, _: row["distributor_id"] == whole(text),
    "order_status": lambda text: lambda row, _: row["status_id"] == whole(text),
    "is_payed": lambda text: lambda row, _: row["is_payed"] == (whole(text) != 0),
    "unignore_archived": lambda _text: lambda _row, _client: True,  # what it does is done before the filters
    "brand": lambda text: lambda row, _: row["brand"].casefold() == text.casefold(),
    "client_name": lambda text: (
        lambda _, client: text.casefold() in f"{client['name']}\n{legal_title(client)}".casefold()
    ),
    "client_group": lambda text: lambda _, client: client["group_id"] == whole(text),
    "date_from": lambda text: _added(since(text)),
    "date_to": lambda text: _added(until(text)),
}


def listing(panel: Panel, call: Call) -> object:
    """GET /panel/order[/filter/key/value...]: newest first; archived ones only when asked for (S-31)."""
    tests = [_FILTERS[key](text) for key, text in call.filters.items() if key in _FILTERS and text != ""]
    archived_too = whole(call.filters.get("unignore_archived")) != 0
    found = [
        (position, client)
        for position in panel.positions()
        if (archived_too or not position["is_archived"])
        and (client := panel.client(position["client_id"])) is not None
        and _may_see(call.employee, client)
        and all(test(position, client) for test in tests)
    ]
    paging = Paging.of(call.filters)
    page, pages = paging.cut(found, len(found))
    return {
        "orders": [_row(panel, position, client) for position, client in page],
        "filters": paging.echo(call.filters, _FILTERS, panel.option("bare_filters")),
        "pages": pages,
    }


def _may_see(employee: dict[str, Any], client: Client) -> bool:
    return employee["rights"]["orders"] == "all" or may_see({**employee, "rights": {"clients": "own"}}, client)


def _row(panel: Panel, position: Position, client: Client) -> dict[str, Any]:
    status = panel.table("statuses").get(str(position["status_id"]))
    shipping = panel.table("shipping_types").get(str(position["shipping_id"]))
    return {
        "id": str(position["id"]),
        "client_id": str(position["client_id"]),
        "client_name": client["name"],
        "wholesaler_info": legal_title(client),
        "is_wholesaler": flag(client["is_wholesaler"]),
        "date_added": shop_time(position["date_added"]),
        "date_modified": shop_time(position["date_modified"]),
        "distributor_id": str(position["distributor_id"]),
        "distributor_name": position["distributor_name"],
        "invoice": position["invoice"],
        "brand": position["brand"],
        "article": position["article"],
        "comment": position["comment"] or [],
        "name": position["name"],
        "status_name": status["name"] if status else None,
        "deny_request": flag(position["deny_request"]),
        "status_color": status["color"] if status else None,
        "shipping_id": str(position["shipping_id"]),
        "shipping_address": position["shipping_address"],
        "shipping_name": shipping["name"] if shipping else None,
        "deliverytime_max": str(position["delivery_max"]),
        "deliverytime_min": str(position["delivery_min"]),
        "initial_price": number(position["initial_price"]),
        "price": number(position["price"]),
        "doc_id": None if position["doc_id"] is None else str(position["doc_id"]),
        "total": number(total(position)),
        "quantity": str(position["quantity"]),
        "is_archived": flag(position["is_archived"]),
        "status_id": str(position["status_id"]),
        "is_payed": flag(position["is_payed"]),
        "history": [{**moment, "date": history_time(moment["date"])} for moment in position["history"]],
        "is_denied": flag(position["is_denied"]),
    }


# changing ------------------------------------------------------------------------------------------------------


def _visible(panel: Panel, call: Call) -> Position | None:
    position = panel.position(call.id)
    if position is None:
        return None
    client = panel.client(position["client_id"])
    return position if client is not None and _may_see(call.employee, client) else None


def set_status(panel: Panel, call: Call) -> object:
    """POST /panel/order/set_status/$ID. Setting it again adds a line of history (and would send its SMS, S-32)."""
    position = _visible(panel, call)
    if position is None:
        return failure()
    status_id = call.form.get("status_id", "")
    if status_id not in panel.table("statuses"):
        return failure(TOO_FEW)
    panel.record_status(position, whole(status_id), call.employee["name"])
    return success(STATUS_SET)


def deny(panel: Panel, call: Call) -> object:
    """GET /panel/order/deny/$ID: take the position off the order."""
    position = _visible(panel, call)
    if position is None:
        return failure()
    if not position["is_denied"]:
        position["is_denied"] = True
        panel.record_status(position, panel.setting("denied_status"), call.employee["name"])
    return success(DENIED)


def pay(panel: Panel, call: Call) -> object:
    """GET /panel/order/pay/$ID: pays from the client's account, or takes the payment back when it is paid already."""
    position = _visible(panel, call)
    client = panel.client(position["client_id"]) if position else None
    if position is None or client is None or (position["is_denied"] and not position["is_payed"]):
        return failure(NO_ORDERS)
    return _refund(panel, position, client) if position["is_payed"] else _charge(panel, position, client)


def _charge(panel: Panel, position: Position, client: Client) -> object:
    due, balance = total(position), panel.balance(client["id"])
    if balance < due:
        return failure(TOO_POOR.format(client=title(client), amount=number(due - balance)))
    panel.book(client["id"], -due, f"Оплата позиции {_called(position)}")
    position["is_payed"] = True
    return success(PAID.format(client=title(client)))


def _refund(panel: Panel, position: Position, client: Client) -> object:
    panel.book(client["id"], total(position), f"Отмена оплаты позиции {_called(position)}")
    position["is_payed"] = False
    return success(REFUNDED.format(client=title(client), amount=number(total(position))))


def _called(position: Position) -> str:
    return f"{position['brand']} - {position['article']} ({position['quantity']} шт.)"


def archive(panel: Panel, call: Call) -> object:
    """GET /panel/order/archive/$ID."""
    position = _visible(panel, call)
    if position is None or position["is_archived"]:
        return failure(NOT_ARCHIVED)
    position["is_archived"] = True
    return success(ARCHIVED.format(count=1))


def unarchive(panel: Panel, call: Call) -> object:
    """GET /panel/order/unarchive/$ID. It does not deny the position, whatever the document's title says (S-04)."""
    position = _visible(panel, call)
    if position is None or not position["is_archived"]:
        return failure(NOT_UNARCHIVED)
    position["is_archived"] = False
    return success(UNARCHIVED)


def documents(panel: Panel, call: Call) -> object:
    """GET /panel/order/documents/$IDs: a new document for each client's positions, each time it is called."""
    wanted = [_visible(panel, Call(id=part, employee=call.employee)) for part in call.id.split(",")]
    made: dict[int, int] = {}
    positions = [position for position in wanted if position is not None]
    if len(positions) != len(wanted):
        return failure()
    for position in positions:
        client = position["client_id"]
        if client not in made:
            made[client] = panel.serial("documents")
        position["doc_id"] = made[client]
    return success(DOCUMENTS_MADE)
