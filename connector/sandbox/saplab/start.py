"""The first state of the shop: its dictionaries, and the clients and orders of the sample company."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from connector.sandbox.saplab.panel import OPTIONS, Client, Moment, Position, total
from connector.sandbox.saplab.wire import SHOP_ZONE, phone_key

if TYPE_CHECKING:
    from connector.sandbox.company import Company, Legal, Line, Order, Person
    from connector.sandbox.world import State, World

OWNER_LOGIN: Final = "79000000000"
OWNER_PASSWORD: Final = "sandbox-panel"  # noqa: S105 - opens nothing but the sandbox
ALL_RIGHTS: Final = {"clients": "all", "orders": "all", "money": True, "dictionaries": True}
"""What an employee may touch: `clients` and `orders` are all, own or empty, the others yes or no."""

_STATUSES: Final = (
    (1, "Приостановлено", "BAF8FF", False),
    (2, "В работе", "CBFFC9", False),
    (3, "Оприходовано офисом", "EDFF78", True),
    (4, "Выдано (Отправлено)", "70FF83", True),
    (5, "Снято", "FFBADA", True),
    (6, "Принято", "FAFFB3", True),
    (7, "Заказано", "FFFFFF", False),
)
_NEW, _DONE, _DENIED = 6, 4, 5
_BY_ITSELF: Final = "Автоматически"


def first_state(world: World) -> State:
    """What a shop has before anybody bought, then the people and orders of the world's company."""
    state: State = {
        "options": {**OPTIONS, **world.options},
        "settings": {"new_status": _NEW, "suspended_status": 1, "denied_status": _DENIED, "group_id": 1},
        "serials": {"managers": 1, "points": 1, "shipping_types": 2, "statuses": len(_STATUSES), "groups": 1},
        "points": {"1": {"id": 1, "name": "Центральный", "city": "Москва", "address": "ул. Красноармейцев, 49"}},
        "managers": {"1": _owner()},
        "shipping_types": {
            "1": {"id": 1, "name": "Доставка по городу", "min_price": 1},
            "2": {"id": 2, "name": "Доставка до ТК ", "min_price": 2},
        },
        "statuses": {
            str(key): {"id": key, "name": name, "color": color, "sms": False, "email": email}
            for key, name, color, email in _STATUSES
        },
        "groups": {"1": {"id": 1, "name": "Розница", "discount": 0, "comment": ""}},
        "clients": {},
        "ledger": {},
        "positions": {},
    }
    _settle(state, world.company)
    return state


def _owner() -> dict[str, Any]:
    return {
        "id": 1,
        "phone": OWNER_LOGIN,
        "password": OWNER_PASSWORD,
        "name": "Владелец Магазина",
        "seat": "Директор",
        "email": "owner@shop.example",
        "point_id": 1,
        "manager_group_id": 1,
        "manager_group_name": "Владельцы",
        "status": True,
        "client_use": False,
        "contact_show": True,
        "backup": None,
        "rights": dict(ALL_RIGHTS),
    }


def _settle(state: State, company: Company) -> None:
    groups = _groups(state, company)
    clients: dict[str, int] = {}
    for person in company.people_of("saplab"):
        clients[person.key] = key = len(clients) + 1
        state["clients"][str(key)] = _client(key, person, groups)
    for entry in company.entries:
        if entry.person in clients:
            _book(state, clients[entry.person], (entry.at, Decimal(entry.amount) / 100, entry.comment))
    for order in company.orders_of("saplab"):
        for line in order.lines:
            key = len(state["positions"]) + 1
            position = state["positions"][str(key)] = _position(key, clients[order.person], order, line, company)
            if order.paid:  # what is paid was paid from the account, so it came there first
                called = f"{position['brand']} - {position['article']} ({position['quantity']} шт.)"
                _book(state, clients[order.person], (order.at, total(position), "Пополнение через кассу"))
                _book(state, clients[order.person], (order.at, -total(position), f"Оплата позиции {called}"))
    for rows in state["ledger"].values():
        rows.sort(key=lambda row: row["date"])
    state["serials"].update(clients=len(clients), positions=len(state["positions"]), documents=0)


def _book(state: State, client: int, entry: tuple[str, Decimal, str]) -> None:
    at, amount, comment = entry
    row = {"date": utc(at), "amount": str(amount), "comment": comment}
    state["ledger"].setdefault(str(client), []).append(row)


def _groups(state: State, company: Company) -> dict[str, int]:
    """Group key -> id. One without a discount is the group every shop begins with."""
    known: dict[str, int] = {}
    for group in company.groups_of("saplab"):
        key = 1 if group.percent == "0" and 1 not in known.values() else state["serials"]["groups"] + 1
        known[group.key] = key
        state["serials"]["groups"] = max(key, state["serials"]["groups"])
        row = {"id": key, "name": group.name, "discount": int(group.percent), "comment": group.comment}
        state["groups"][str(key)] = row
    return known


def _client(key: int, person: Person, groups: dict[str, int]) -> Client:
    return {
        "id": key,
        "phone": phone_key(person.phone),
        "name": person.full_name,
        "address": person.address,
        "email": person.email,
        "password": "",
        "status": person.active,
        "group_id": groups.get(person.group, 1),
        "shipping_id": 0,
        "manager_id": 0,
        "point_id": 1,
        "limit": person.limit // 100,
        "comment": person.comment,
        "is_wholesaler": person.legal is not None,
        "legal": _legal(person.legal) if person.legal else {},
        "date_added": utc(person.since),
        "date_modified": utc(person.since),
    }


def _legal(legal: Legal) -> dict[str, str]:
    return {
        "bik": legal.bik,
        "inn": legal.inn,
        "kpp": legal.kpp,
        "bank": legal.bank,
        "orgn": legal.ogrn,
        "type": legal.form,
        "account": legal.account,
        "address": legal.address,
        "org_name": legal.name,
        "bank_account": legal.correspondent,
    }


def _position(key: int, client: int, order: Order, line: Line, company: Company) -> Position:
    product = next(item for item in company.products if item.key == line.product)
    status = _DENIED if order.cancelled else _DONE if order.shipped else _NEW
    quantity = int(Decimal(line.quantity))
    return {
        "id": key,
        "client_id": client,
        "invoice": order.number,
        "distributor_id": 1,
        "distributor_name": "Основной склад",
        "brand": product.brand,
        "article": product.sku,
        "name": product.name,
        "delivery_min": 0,
        "delivery_max": 2,
        "initial_price": str(Decimal(product.cost) / 100),
        "price": str(Decimal(line.price - line.discount // quantity) / 100),
        "quantity": quantity,
        "status_id": status,
        "shipping_id": 1 if order.address else 0,
        "shipping_address": order.address,
        "doc_id": None,
        "comment": {"client_comment": order.comment} if order.comment else {},
        "deny_request": False,
        "is_archived": False,
        "is_denied": order.cancelled,
        "is_payed": order.paid,
        "date_added": utc(order.at),
        "date_modified": utc(order.at),
        "history": [_moment(order.at, _NEW)] + ([_moment(order.at, status)] if status != _NEW else []),
    }


def _moment(at: str, status: int) -> Moment:
    _, name, color, _ = next(row for row in _STATUSES if row[0] == status)
    return {"date": utc(at), "color": color, "status": name, "manager": _BY_ITSELF}


def utc(at: str) -> str:
    """A stored moment from a naive time of the shop."""
    return datetime.fromisoformat(at).replace(tzinfo=SHOP_ZONE).astimezone(UTC).isoformat()
