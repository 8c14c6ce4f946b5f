"""The first state of the till: the sample company as Poster has it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from connector.sandbox.company import Group, Person
from connector.sandbox.poster import fill_goods, fill_sales, hooks
from connector.sandbox.poster.wire import NO_DATE, next_id
from connector.sandbox.world import State, World

_FIRST_IDS: Final = {
    "client": 20,
    "product": 130,
    "ingredient": 60,
    "receipt": 384900,
    "line": 2125000,
    "write_off": 1518000,
    "history": 2485000,
    "supply": 40,
    "shift": 300,
    "till": 1600,
    "ledger": 500,
    "modificator": 140,
}
"""Sequences do not begin at 1, so that an id of another list does not fit by chance."""

_UNITS: Final = {
    "changeClientBonus": "major",
    "changeClientPayedSum": "major",
    "birthday_bonus": "major",
    "product_price": "minor",
    "dish_price": "minor",
    "addTransactionProduct": "minor",
    "closeTransaction": "minor",
    "transactions.getTransactions": "major",
}
"""Units of money where the documents do not settle them (facts 1.8): a test may say otherwise."""


def state_of(world: World) -> State:
    """Everything this emulator knows, as JSON values."""
    state: State = {
        "ids": dict(_FIRST_IDS),
        "account": _account(world),
        "units": dict(_UNITS),
        "narrow": ["transactions.getTransactionsWriteOffs"],  # who refuses more than three days with 52
        "receipts_at_once": 1000,
        "hooks": hooks.empty(),
        "sms": [],
        "accumulations": [],
        "prizes": [],
        "promotions": {},
    }
    world.state = state
    groups = {group.key: _group(state, group) for group in world.company.groups_of("poster")}
    groups = groups or {
        "clients": _group(state, Group(key="clients", system="poster", name="Клиенты", loyalty="bonus"))
    }
    state["groups"] = {row["id"]: row for row in groups.values()}
    keys = fill_goods.fill(state, world.company)
    state["clients"] = {}
    for person in world.company.people_of("poster"):
        row = _client(state, person, groups)
        keys[f"client {person.key}"] = row["id"]
        state["clients"][row["id"]] = row
    fill_sales.fill(world, keys)
    return state


def _account(world: World) -> dict[str, Any]:
    def secret(name: str) -> str:
        return hashlib.md5(f"{world.seed}/{name}".encode(), usedforsecurity=False).hexdigest()

    number = f"{861000 + world.seed % 1000}"
    return {
        "name": "zerno",
        "number": number,
        "token": f"{number}:{secret('token')}",
        "token_until": world.time() + 2 * 365 * 86400,
        "application_id": 76,
        "application_secret": secret("application"),
        "redirect_uri": "http://localhost:8080/",
        "codes": {},
        "scopes": None,  # or the prefixes of the methods that are allowed
    }


def _group(state: State, group: Group) -> dict[str, Any]:
    return {
        "id": next_id(state, "group"),
        "name": group.name,
        "percent": group.percent,
        "loyalty": "1" if group.loyalty == "bonus" else "2",
        "birthday_bonus": group.birthday_bonus,
        "delete": "1" if group.deleted else "0",
    }


def _client(state: State, person: Person, groups: dict[str, dict[str, Any]]) -> dict[str, Any]:
    client_id = next_id(state, "client")
    odd = int(client_id) % 2 == 1
    empty = "0" if odd else ""  # both fillers occur side by side, in one list
    return {
        "id": client_id,
        "lastname": person.last,
        "firstname": person.first,
        "patronymic": person.middle,
        "discount_per": person.discount,
        "bonus": person.bonus,
        "paid": person.paid,
        "created": person.since,
        "phone": person.phone,
        "email": person.email,
        "birthday": person.birthday or NO_DATE,
        "card_number": person.cards[-1].uid if person.cards else "0",
        "client_sex": {"m": "1", "f": "2"}.get(person.sex, "0"),
        "country": person.country or empty,
        "city": person.city or empty,
        "comment": person.comment or empty,
        "address": person.address or empty,
        "group": groups[person.group]["id"],
        "id_1c": person.guid if person.stamped else None if odd else "0",
        "delete": "0" if person.active else "1",
    }
