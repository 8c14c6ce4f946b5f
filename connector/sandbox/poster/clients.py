"""clients.*: clients, their bonuses and sums, the 1C ids; groups, promotions and the rest live in their own modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.sandbox.poster.hooks import notify
from connector.sandbox.poster.phones import NO_DIGITS, checked, digits_of
from connector.sandbox.poster.wire import (
    NO_DATE,
    Bare,
    Call,
    Refusal,
    amount,
    decimal,
    kopecks,
    listed,
    method,
    next_id,
    number,
    php_map,
    rounded,
    stamp,
    whole,
)
from connector.sandbox.world import State

FILLED: Final = ("email", "birthday", "card_number", "client_sex", "country", "city", "comment", "address")
"""Fields of a client that are kept and shown as they were sent."""

_FILLERS: Final[Mapping[str, str]] = {
    "email": "",
    "birthday": NO_DATE,
    "card_number": "0",
    "client_sex": "0",
    "country": "0",
    "city": "0",
    "comment": "0",
    "address": "0",
}
"""What a client has where nothing was sent: the filler of each field (P-38, facts 1.7)."""


def names_of(client_name: str) -> dict[str, str]:
    """Surname, first name, the rest: by place, whatever was meant (P-35). One word alone is a surname."""
    words = client_name.split()
    padded = [*words, "", ""]
    return {"lastname": padded[0] if words else "", "firstname": padded[1], "patronymic": " ".join(words[2:])}


def shown(state: State, client: Mapping[str, Any], with_1c: bool) -> dict[str, Any]:
    """A client as getClients gives it: all text, money in kopecks."""
    group = state["groups"].get(client["group"], {})
    row = {
        "client_id": client["id"],
        "firstname": client["firstname"],
        "lastname": client["lastname"],
        "patronymic": client["patronymic"],
        "discount_per": client["discount_per"],
        "bonus": str(client["bonus"]),
        "total_payed_sum": str(client["paid"]),
        "date_activale": client["created"],
        "phone": client["phone"],
        "phone_number": digits_of(client["phone"]),
        **{name: client[name] for name in FILLED},
        "client_groups_id": client["group"],
        "client_groups_name": group.get("name", ""),
        "client_groups_discount": group.get("percent", "0"),
        "loyalty_type": group.get("loyalty", "1"),
        "birthday_bonus": str(group.get("birthday_bonus", 0)),
        "delete": client["delete"],
    }
    if with_1c:
        row["id_1c"] = client["id_1c"]
    return row


@method("clients.getClients")
def get_clients(call: Call) -> object:
    """All clients, or `num` of them from `offset`; newest first unless asked otherwise."""
    found = [client for client in call.state["clients"].values() if _asked_for(call, client)]
    rows = [shown(call.state, client, call.flag("1c")) for client in found]
    order_by = call.text("order_by", "client_id")
    rows.sort(key=lambda row: _sort_key(row.get(order_by, "")), reverse=call.text("sort", "desc") != "asc")
    if call.given("num") or call.given("offset"):
        start = call.number("offset", 0)
        rows = rows[start : start + call.number("num", len(rows))]
    return [{"client_id": row["client_id"]} for row in rows] if call.flag("client_id_only") else rows


def _asked_for(call: Call, client: Mapping[str, Any]) -> bool:
    group, phone, birthday = call.text("group_id"), call.text("phone"), call.text("birthday")
    if group and client["group"] != group:
        return False
    if phone and (digits_of(phone) != digits_of(client["phone"]) or digits_of(phone) == NO_DIGITS):
        return False
    return not birthday or client["birthday"][5:].replace("-", "") == birthday


def _sort_key(value: object) -> tuple[int, int, str]:
    text = "" if value is None else str(value)
    return (0, int(text), "") if text.lstrip("-").isdecimal() else (1, 0, text)


@method("clients.getClient")
def get_client(call: Call) -> object:
    """One client in a list of one (P-40), with accumulations and prizes; `false` when there is none."""
    client = call.state["clients"].get(call.need("client_id"))
    if client is None:
        return False
    row = shown(call.state, client, call.flag("1c"))
    row["accumulation_products"] = php_map(_accumulated(call.state, client["id"]))
    row["prize_products"] = [
        {key: prize[key] for key in ("prize_product_id", "promotion_id", "conditions", "date_accrual")}
        for prize in call.state["prizes"]
        if prize["client_id"] == client["id"] and prize["status"] == "0"
    ]
    return [row]


def _accumulated(state: State, client_id: str) -> dict[str, Any]:
    """Accumulations by promotion id; the sums in roubles, as a number."""
    by_promotion: dict[str, Any] = {}
    for row in state["accumulations"]:
        if row["client_id"] != client_id or row["status"] != "1":
            continue
        entry = by_promotion.setdefault(row["promotion_id"], {"promotion_id": row["promotion_id"], "products": []})
        entry["products"].append(
            {
                "count": str(int(float(row["num"]))),
                "sum": int(row["product_sum"]) // 100,
                "product_id": row["product_id"],
                "modification_id": row["modification_id"],
            }
        )
    return by_promotion


# writing -------------------------------------------------------------------------------------------------------------


@method("clients.createClient", "POST")
def create_client(call: Call) -> object:
    client = _new(call, call.params)
    _keep(call, client, "added")
    return int(client["id"])


@method("clients.createClients", "POST")
def create_clients(call: Call) -> object:
    """A bare list of clients; all are made or, when one is refused, none."""
    made: list[dict[str, Any]] = []
    before = dict(call.state["clients"])
    try:
        for row in listed(call.params, "clients"):
            if not isinstance(row, dict):
                raise Refusal(36, "clients")
            made.append(_new(call, row))
            call.state["clients"][made[-1]["id"]] = made[-1]
    except Refusal:
        call.state["clients"] = before
        raise
    for client in made:
        notify(call.world, "client", client["id"], "added")
    return [int(client["id"]) for client in made]


@method("clients.updateClient", "POST")
def update_client(call: Call) -> object:
    """Changes what was sent; `bonus` and `total_payed_sum` are overwritten, not added to."""
    old = _client(call, call.need("client_id"))
    client = {**old, **_sent(call, call.params, old["id"])}
    _keep(call, client, "changed")
    return int(client["id"])


def _client(call: Call, client_id: str) -> dict[str, Any]:
    client: dict[str, Any] | None = call.state["clients"].get(client_id)
    if client is None or client["delete"] == "1":
        raise Refusal(32)
    return client


def _new(call: Call, sent: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("client_name", "client_groups_id_client"):
        if str(sent.get(name, "")).strip() == "":
            raise Refusal(34, name)
    values = _sent(call, sent, None)
    return {
        "firstname": "",
        "lastname": "",
        "patronymic": "",
        "discount_per": "0",
        "bonus": 0,
        "paid": 0,
        "phone": "",
        **_FILLERS,
        "group": "",
        "id_1c": None,
        "delete": "0",
        **values,
        "id": next_id(call.state, "client"),
        "created": stamp(call.world),
    }


def _sent(call: Call, sent: Mapping[str, Any], own_id: str | None) -> dict[str, Any]:
    """The values of the fields that were sent, checked. Whatever has another name is ignored (P-22)."""
    values: dict[str, Any] = {}
    if "client_name" in sent:
        values |= names_of(str(sent["client_name"]))
    if "client_groups_id_client" in sent:
        values["group"] = _group(call.state, str(sent["client_groups_id_client"]))
    if "discount_per" in sent:
        values["discount_per"] = f"{decimal(sent['discount_per'], 'discount_per').normalize():f}"
    if "bonus" in sent:
        values["bonus"] = kopecks(sent["bonus"], "bonus")  # written in roubles, read in kopecks (P-31)
    if "total_payed_sum" in sent:
        values["paid"] = rounded(decimal(sent["total_payed_sum"], "total_payed_sum"))
    if "phone" in sent:
        values["phone"] = _free_phone(call.state, str(sent["phone"]), own_id)
    for name in FILLED:
        if name in sent:
            values[name] = _kept(name, str(sent[name]))
    return values


def _group(state: State, group_id: str) -> str:
    group = state["groups"].get(group_id)
    if group is None or group["delete"] == "1":
        raise Refusal(155, "client_groups_id_client")
    return group_id


def _free_phone(state: State, phone: str, own_id: str | None) -> str:
    shown_phone = checked(phone)
    digits = digits_of(shown_phone)
    for client in state["clients"].values():
        taken = digits != NO_DIGITS and digits_of(client["phone"]) == digits
        if taken and client["id"] != own_id and client["delete"] == "0":
            raise Refusal(99, message="Клиент с таким номером телефона уже существует")
    return shown_phone


def _kept(name: str, value: str) -> str:
    value = value.strip()
    if name == "birthday":
        return value if value else NO_DATE
    if name == "client_sex":
        if value not in ("", "0", "1", "2"):
            raise Refusal(155, name)
        return value or "0"
    return value


def _keep(call: Call, client: dict[str, Any], action: str) -> None:
    call.state["clients"][client["id"]] = client
    notify(call.world, "client", client["id"], action)


@method("clients.removeClient", "POST")
def remove_client(call: Call) -> object:
    """The client stays in the lists with `delete: "1"` and gives its phone free."""
    client = _client(call, call.need("client_id"))
    _keep(call, {**client, "delete": "1"}, "removed")
    return True


@method("clients.removeClients", "POST")
def remove_clients(call: Call) -> object:
    """The ids that were there to be removed."""
    removed = []
    for value in call.rows("ids"):
        client = call.state["clients"].get(str(value))
        if client is not None and client["delete"] == "0":
            _keep(call, {**client, "delete": "1"}, "removed")
            removed.append(int(client["id"]))
    return removed


# money ---------------------------------------------------------------------------------------------------------------


@method("clients.changeClientBonus", "POST")
def change_bonus(call: Call) -> object:
    """Adds to the bonus; only a client of a bonus group has one. The answer is what it came to."""
    client = _client(call, call.need("client_id"))
    if call.state["groups"].get(client["group"], {}).get("loyalty") != "1":
        raise Refusal(54, message="Client is not in a bonus group")
    return _added(call, client, "bonus", "changeClientBonus")


@method("clients.changeClientPayedSum", "POST")
def change_payed_sum(call: Call) -> object:
    client = _client(call, call.need("client_id"))
    return _added(call, client, "paid", "changeClientPayedSum")


def _added(call: Call, client: dict[str, Any], what: str, unit: str) -> object:
    changed = {**client, what: client[what] + amount(call, call.need("count"), "count", unit)}
    call.state["clients"][client["id"]] = changed
    if not call.flag("block_webhook"):
        notify(call.world, "client", client["id"], "changed")
    return number(changed[what]) if call.state["units"][unit] == "major" else changed[what]


# 1C ------------------------------------------------------------------------------------------------------------------


@method("clients.set1cClientId", "POST")
def set_1c_client_id(call: Call) -> object:
    """`id[0][client_id]=38&id[0][id_1c]=GUID`: many at once; nothing is written when one of them does not exist."""
    pairs = []
    for row in call.rows("id"):
        if not isinstance(row, dict) or "client_id" not in row:
            raise Refusal(34, "client_id")
        pairs.append((_client(call, str(row["client_id"])), str(row.get("id_1c", "")).strip()))
    for client, guid in pairs:
        call.state["clients"][client["id"]] = {**client, "id_1c": guid if guid not in ("", "0") else "0"}
    return Bare({"success": 1})


@method("clients.sendSms", "POST")
def send_sms(call: Call) -> object:
    """The number comes without a plus."""
    phone, text = call.need("phone"), call.need("message")
    if not phone.isdecimal() or not 10 <= len(phone) <= 15:
        raise Refusal(37)
    call.state["sms"].append({"phone": phone, "message": text, "at": stamp(call.world)})
    return True


@method("clients.getClientsAccumulations")
def get_accumulations(call: Call) -> object:
    rows = call.state["accumulations"]
    start = call.number("offset", 0)
    return rows[start : start + call.number("num", len(rows))]


@method("clients.addClientsAccumulations", "POST")
def add_accumulation(call: Call) -> object:
    """Titled "editing", but every call adds a row (P-42)."""
    client = _client(call, call.need("client_id"))
    promotion = call.need("promotion_id")
    if promotion not in call.state["promotions"]:
        raise Refusal(32)
    call.state["accumulations"].append(
        {
            "accumulation_product_id": next_id(call.state, "accumulation"),
            "tr_product_id": call.text("tr_product_id", "0"),
            "promotion_id": promotion,
            "client_id": client["id"],
            "product_id": call.need("product_id"),
            "modification_id": call.text("modification_id", "0"),
            "status": call.text("status", "1"),
            "num": f"{decimal(call.need('num'), 'num'):.7f}",
            "product_sum": str(whole(call.text("product_sum", "0"), "product_sum")),
            "prize_product_id": call.text("prize_product_id"),
            "date_add": call.text("date_add") or stamp(call.world),
            "date_close": call.text("date_close") or None,
            "weight_flag": "0",
        }
    )
    return "1"


@method("clients.getClientsPrizes")
def get_prizes(call: Call) -> object:
    """A single prize comes bare, without any envelope (P-41); several come in a list."""
    prizes = [prize for prize in call.state["prizes"] if prize["status"] == "1"]
    return Bare(prizes[0]) if len(prizes) == 1 else prizes
