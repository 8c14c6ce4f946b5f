"""Clients: the list and its filters, the form, the ledger of the personal account."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.saplab.panel import LEGAL, Client, Panel, legal_title
from connector.sandbox.saplab.wire import (
    Call,
    Paging,
    amount,
    failure,
    flag,
    ids,
    number,
    phone_key,
    shop_time,
    since,
    success,
    until,
    whole,
)

CLIENT_ADDED: Final = "Клиент успешно добавлен."
CLIENT_CHANGED: Final = "Данные клиента обновлены."
EMAIL_TAKEN: Final = "Поле Email должно быть уникальным."
PHONE_TAKEN: Final = "Поле Телефон должно быть уникальным."
EMAIL_MISSING: Final = "Поле Email обязательно для заполнения."
PHONE_MISSING: Final = "Поле Телефон обязательно для заполнения."
TOO_FEW: Final = "Недостаточно параметров."
BALANCE_PAGE: Final = 10

NOBODY: Final = (Decimal(0), Decimal(0))
Test = Callable[[Client], bool]


def _among(wanted: set[int]) -> Test:
    return lambda client: client["id"] in wanted


def _with_phone(key: str) -> Test:
    """Any part of the number will do: a search box, not a key."""
    return lambda client: key in client["phone"]


def _added(when: Callable[[str], bool]) -> Test:
    return lambda client: when(client["date_added"])


_FILTERS: Final[dict[str, Callable[[str], Test]]] = {
    "client_id": lambda text: _among(ids(text)),
    "client_name": lambda text: lambda client: text.casefold() in f"{client['name']}\n{legal_title(client)}".casefold(),
    "phone": lambda text: _with_phone(phone_key(text)),
    "email": lambda text: lambda client: text.casefold() in client["email"].casefold(),
    "is_wholesaler": lambda text: lambda client: client["is_wholesaler"] == (whole(text) != 0),
    "client_group": lambda text: lambda client: client["group_id"] == whole(text),
    "date_from": lambda text: _added(since(text)),
    "date_to": lambda text: _added(until(text)),
    "manager_id": lambda text: lambda client: client["manager_id"] == whole(text),
}


def may_see(employee: dict[str, Any], client: Client) -> bool:
    """An employee with rights to his own clients is shown only these, without a word (S-29)."""
    return bool(employee["rights"]["clients"] == "all" or client["manager_id"] == employee["id"])


def listing(panel: Panel, call: Call) -> object:
    """GET /panel/client[/filter/key/value...]: newest first, 20 a page unless asked otherwise, 150 at most."""
    tests = [_FILTERS[key](text) for key, text in call.filters.items() if key in _FILTERS and text != ""]
    everyone = not tests and call.employee["rights"]["clients"] == "all"
    shown = (
        client
        for client in panel.clients()
        if everyone or (may_see(call.employee, client) and all(test(client) for test in tests))
    )
    paging = Paging.of(call.filters)
    if everyone:
        page, pages = paging.cut(shown, len(panel.table("clients")))
    else:
        found = list(shown)
        page, pages = paging.cut(found, len(found))
    debts = panel.debts()
    return {
        "clients": [_row(panel, client, debts.get(client["id"], NOBODY)) for client in page],
        "filters": paging.echo(call.filters, _FILTERS, panel.option("bare_filters")),
        "pages": pages,
    }


def _row(panel: Panel, client: Client, debts: tuple[Decimal, Decimal]) -> dict[str, Any]:
    manager = panel.table("managers").get(str(client["manager_id"]))
    point = panel.table("points").get(str(client["point_id"]))
    group = panel.table("groups").get(str(client["group_id"]))
    return {
        "id": str(client["id"]),
        "phone": client["phone"],
        "name": client["name"],
        "address": client["address"],
        "email": client["email"],
        "date_added": shop_time(client["date_added"]),
        "is_wholesaler": flag(client["is_wholesaler"]),
        "wholesaler_info": legal_title(client),
        "date_modified": shop_time(client["date_modified"]),
        "group": group["name"] if group else None,
        "group_id": str(client["group_id"]),
        "manager": manager["name"] if manager else None,
        "manager_id": str(client["manager_id"]),
        "point": f"{point['city']}: {point['address']}" if point else None,
        "point_id": str(client["point_id"]),
        "status": flag(client["status"]),
        "comment": client["comment"],
        "shipping_id": str(client["shipping_id"]),
        **_money(panel, client, debts),
    }


def _money(panel: Panel, client: Client, debts: tuple[Decimal, Decimal]) -> dict[str, str]:
    return {
        "balance": number(panel.balance(client["id"])),
        "debt": number(debts[0]),
        "blocked_debt": number(debts[1]),
        "limit": str(client["limit"]),
    }


def _visible(panel: Panel, call: Call) -> Client | None:
    client = panel.client(call.id)
    return client if client is not None and may_see(call.employee, client) else None


def form(panel: Panel, call: Call) -> object:
    """GET /panel/client/form/$ID: the only place where legal details are read, and only of a legal person (S-16)."""
    client = _visible(panel, call)
    if client is None:
        return failure()
    group = panel.table("groups").get(str(client["group_id"]))
    legal = {"wholesaler_data": {key: client["legal"].get(key, "") for key in LEGAL}}
    return {
        "client": {
            "id": str(client["id"]),
            "phone": client["phone"],
            "name": client["name"],
            "address": client["address"],
            "email": client["email"],
            "status": flag(client["status"]),
            "group_id": str(client["group_id"]),
            "group": group["name"] if group else None,
            "discount": str(group["discount"]) if group else "0",
            "shipping_id": str(client["shipping_id"]),
            "manager_id": str(client["manager_id"]),
            "is_wholesaler": flag(client["is_wholesaler"]),
            "wholesaler_info": legal_title(client),
            "comment": client["comment"],
            **(legal if client["is_wholesaler"] else {}),
            "point_id": str(client["point_id"]),
            **_money(panel, client, panel.debts().get(client["id"], NOBODY)),
            "date_added": shop_time(client["date_added"]),
            "date_modified": shop_time(client["date_modified"]),
        }
    }


# writing -------------------------------------------------------------------------------------------------------


def create(panel: Panel, call: Call) -> object:
    """POST /panel/client/form. The answer carries no id (S-19)."""
    wrong = _wrong(panel, call.form, None)
    if wrong:
        return wrong
    key = panel.serial("clients")
    now = panel.now()
    client: Client = {**_filled(call.form), "id": key, "date_added": now, "date_modified": now}  # type: ignore[typeddict-item]
    panel.table("clients")[str(key)] = client
    return success(CLIENT_ADDED)


def change(panel: Panel, call: Call) -> object:
    """POST /panel/client/form/$ID: the whole form. What is not sent is emptied, an empty password stays (S-20)."""
    client = _visible(panel, call)
    if client is None:
        return failure()
    wrong = _wrong(panel, call.form, client["id"])
    if wrong:
        return wrong
    filled = _filled(call.form)
    if filled["password"] == "":
        filled["password"] = client["password"]
    others = {key for key in filled if key != "legal" and filled[key] != client[key]}  # type: ignore[literal-required]
    client.update(filled)  # type: ignore[typeddict-item]
    if others or not panel.option("silent_legal_edits"):
        client["date_modified"] = panel.now()
    return success(CLIENT_CHANGED)


def _wrong(panel: Panel, form: dict[str, str], besides: int | None) -> dict[str, str]:
    """Field -> message, and nothing else: a refusal of this form has no `status` (S-17)."""
    wrong: dict[str, str] = {}
    phone, email = phone_key(form.get("phone", "")), form.get("email", "").strip()
    if email == "" and panel.option("email_required"):
        wrong["email"] = EMAIL_MISSING
    elif email != "" and panel.client_with("email", email, besides):
        wrong["email"] = EMAIL_TAKEN
    if phone == "":
        wrong["phone"] = PHONE_MISSING
    elif panel.client_with("phone", phone, besides):
        wrong["phone"] = PHONE_TAKEN
    return wrong


def _filled(form: dict[str, str]) -> dict[str, Any]:
    """The form as the database takes it. A checkbox is on when it is there at all, whatever its value (S-15)."""
    legal = "is_wholesaler" in form
    return {
        "phone": phone_key(form.get("phone", "")),
        "name": form.get("name", ""),
        "address": form.get("address", ""),
        "email": form.get("email", "").strip(),
        "password": form.get("password", ""),
        "status": "status" in form,
        "group_id": whole(form.get("group_id")),
        "shipping_id": whole(form.get("shipping_id")),
        "manager_id": whole(form.get("manager_id")),
        "point_id": whole(form.get("point_id")),
        "limit": whole(form.get("limit")),
        "comment": form.get("comment", ""),
        "is_wholesaler": legal,
        "legal": {key: form.get(f"wholesalers[{key}]", "") for key in LEGAL} if legal else {},
    }


# the personal account ------------------------------------------------------------------------------------------


def balance(panel: Panel, call: Call) -> object:
    """GET /panel/client/balance/$ID[/filter/page/N]: ten rows a page, newest first; rows have no id (S-08..S-10)."""
    client = _visible(panel, call)
    if client is None:
        return failure()
    entries = panel.ledger(client["id"])
    paging = Paging(max(1, whole(call.filters.get("page"))), BALANCE_PAGE)
    page, pages = paging.cut(reversed(entries), len(entries))
    return {
        "pages": pages,
        "transactions": [
            {"date": shop_time(row["date"]), "amount": number(row["amount"]), "comment": row["comment"]} for row in page
        ],
        "page": paging.page,
    }


def add_transaction(panel: Panel, call: Call) -> object:
    """POST /panel/client/add_transaction/$ID (S-05): booked as often as it is sent."""
    client = _visible(panel, call)
    if client is None:
        return failure()
    moved = amount(call.form.get("amount"))
    if moved is None or moved == 0 or call.form.get("description", "").strip() == "":
        return failure(TOO_FEW)
    panel.book(client["id"], moved, call.form["description"])
    return success()
