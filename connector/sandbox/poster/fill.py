"""The first state of the till: the sample company as Poster has it."""

from __future__ import annotations

import hashlib
from typing import Any

from connector.sandbox.company import Group, Person
from connector.sandbox.poster import hooks
from connector.sandbox.poster.wire import NO_DATE
from connector.sandbox.world import State, World

_FIRST_CLIENT = 20  # ids of clients do not begin at 1: an id of another list must not fit by chance


def state_of(world: World) -> State:
    """Everything this emulator knows, as JSON values."""
    state: State = {
        "ids": {"client": _FIRST_CLIENT},
        "account": _account(world),
        "units": {"changeClientBonus": "major", "changeClientPayedSum": "major", "birthday_bonus": "major"},
        "hooks": hooks.empty(),
        "sms": [],
        "accumulations": [],
        "prizes": [],
        "promotions": {},
    }
    groups = {group.key: _group(state, group) for group in world.company.groups_of("poster")}
    state["groups"] = {row["id"]: row for row in groups.values()} or _first_group(state)
    people = [_client(state, person, groups) for person in world.company.people_of("poster")]
    state["clients"] = {row["id"]: row for row in people}
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
    }


def _first_group(state: State) -> State:
    row: State = {
        "name": "Клиенты",
        "percent": "0",
        "loyalty": "1",
        "birthday_bonus": 0,
        "delete": "0",
        "id": _next(state, "group"),
    }
    return {row["id"]: row}


def _next(state: State, name: str) -> str:
    state["ids"][name] = state["ids"].get(name, 0) + 1
    return str(state["ids"][name])


def _group(state: State, group: Group) -> dict[str, Any]:
    return {
        "id": _next(state, "group"),
        "name": group.name,
        "percent": group.percent,
        "loyalty": "1" if group.loyalty == "bonus" else "2",
        "birthday_bonus": group.birthday_bonus,
        "delete": "1" if group.deleted else "0",
    }


def _client(state: State, person: Person, groups: dict[str, dict[str, Any]]) -> dict[str, Any]:
    client_id = _next(state, "client")
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
