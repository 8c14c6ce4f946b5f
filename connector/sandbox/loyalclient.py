"""LoyalClient: the basic REST integration of a bonus programme: client, recalc, hold, release, retail.

JSON in and out, the key in the header `apikey`, ids of 24 hexadecimal digits. Every error is a 422 with
`{field: message}` (L-08), a wrong key included: the document knows no other. Nothing is idempotent (L-13): a receipt
that is sent twice is booked twice. Points are whole; what a percent makes of an amount is rounded down.

`World.state`:

    serial      last number used in an id
    points      {id: {name, percent}}: points of sale; `percent` replaces that of the level there, or is null (L-07)
    levels      {id: {title, percent, type: cashback|discount, max_spend}}
    clients     {id: {name, photo, birthday, phone, email, card, code, level, balance}}
    holds       {id: {client, point, amount, until}}, until in unix seconds
    operations  [{at, client, point, amount, total, percent, type, spend, earn}], as they were booked
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

if TYPE_CHECKING:
    from connector.sandbox.company import Company, Group, Person
    from connector.sandbox.world import State, World

BASE_PATH: Final = ""
PREFIX: Final = "/integration/general"
APIKEY: Final = "sandbox-bonus-5f1e"
POINT: Final = "62a0000000000000000000f4"
HOLD_MINUTES: Final = 10
HOLD_MINUTES_MAX: Final = 30

Body = dict[str, Any]


class Wrong(Exception):
    """One field of the request cannot be taken: answered as 422 `{field: message}`."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(message)


class Programme:
    """The bonus programme of one company, and the five calls."""

    def __init__(self, world: World) -> None:
        self.world = world

    # the calls -------------------------------------------------------------------------------------------------

    def client(self, body: Body) -> Body:
        """POST /client: by phone, card or code of the application, each exactly as it is stored."""
        found = self._search(_text(body, "search"))
        self._point(body)
        level = self._level(found[1])
        shown = {key: level[key] for key in ("id", "title", "percent", "type")}
        if level["type"] == "cashback":
            shown["maxSpendPercent"] = level["max_spend"]
        return {
            "client": {
                "id": found[0],
                "name": found[1]["name"],
                "photo": found[1]["photo"],
                "birthday": found[1]["birthday"],
                "level": shown,
                "phone": found[1]["phone"],
                "email": found[1]["email"],
                "balance": self._available(found[0], body) if level["type"] == "cashback" else 0,
            }
        }

    def recalc(self, body: Body) -> Body:
        """POST /recalc: what could be spent now, or earned if nothing is spent. Changes nothing."""
        amount = _amount(body, "amount")
        percent, level = self._terms(body)
        spend, earn = self._allowed(body, amount), 0
        if level["type"] == "cashback":
            earn = _share(amount, percent)
        shown = {"amount": _plain(amount), "percent": percent, "type": level["type"], "spend": spend, "earn": earn}
        return {"recalc": shown}

    def hold(self, body: Body) -> Body:
        """POST /bonuses/hold: points set aside until a moment, a release, or the next operation of this point."""
        key, _ = self._client(body)
        point, amount = self._point(body)[0], _amount(body, "amount")
        minutes = _amount(body, "duration") if "duration" in body else Decimal(HOLD_MINUTES)
        if minutes > HOLD_MINUTES_MAX:
            raise Wrong("duration", f"Duration can't be more {HOLD_MINUTES_MAX}")
        if amount > self._available(key, {}):
            raise Wrong("amount", f"Amount can't be more {self._available(key, {})}")
        held = self._new_id()
        until = int(self.world.time()) + int(minutes * 60)
        self._table("holds")[held] = {"client": key, "point": point, "amount": int(amount), "until": until}
        return {"held": {"id": held, "until": until, "amount": int(amount)}}

    def release(self, body: Body) -> Body:
        """POST /bonuses/release: success for an id that never was, too (L-11)."""
        self._table("holds").pop(_text(body, "id"), None)
        return {}

    def retail(self, body: Body) -> Body:
        """POST /retail: one operation, booked now. Drops every hold of this point, of any client (L-09)."""
        amount = _amount(body, "amount")
        percent, level = self._terms(body)
        spend = _number(body, "spend")
        if spend < 0 or spend != int(spend) or spend > self._allowed(body, amount):
            raise Wrong("spend", f"Spend can't be more {self._allowed(body, amount)}")
        key, client = self._client(body)
        point = self._point(body)[0]
        moved = self._book(client, level, (amount, percent, int(spend)))
        holds = self._table("holds")
        for held in [held for held, row in holds.items() if row["point"] == point]:
            del holds[held]
        shown: Body = {"amount": _plain(amount), **moved}
        booked = {"at": self.world.now().isoformat(), "client": key, "point": point, **shown}
        self.world.state["operations"].append(booked)
        return {"retail": shown}

    def _book(self, client: dict[str, Any], level: Body, terms: tuple[Decimal, int, int]) -> Body:
        """Earning and spending exclude each other (L-06)."""
        amount, percent, spend = terms
        if level["type"] == "discount":
            total = amount - amount * percent / 100
            return {"total": _plain(total), "percent": percent, "type": "discount"}
        moved = {"total": _plain(amount - spend), "percent": percent, "type": "cashback"}
        if spend > 0:
            client["balance"] -= spend
            return {**moved, "spend": spend}
        earn = _share(amount, percent)
        client["balance"] += earn
        return {**moved, "earn": earn}

    # what they stand on ----------------------------------------------------------------------------------------

    def _table(self, name: str) -> dict[str, Any]:
        table: dict[str, Any] = self.world.state[name]
        return table

    def _new_id(self) -> str:
        """24 hexadecimal digits: seconds, this programme, a serial; like an ObjectId."""
        self.world.state["serial"] += 1
        return object_id(int(self.world.time()), self.world.state["serial"])

    def _search(self, text: str) -> tuple[str, Body]:
        for key, row in self._table("clients").items():
            if text in {str(row[name]) for name in ("phone", "card", "code") if row[name] is not None}:
                return key, row
        raise Wrong("client", "Client not found.")

    def _client(self, body: Body) -> tuple[str, Body]:
        key = _text(body, "client")
        if key not in self._table("clients"):
            raise Wrong("client", "Client not found.")
        return key, self._table("clients")[key]

    def _point(self, body: Body) -> tuple[str, Body]:
        key = _text(body, "point")
        if key not in self._table("points"):
            raise Wrong("point", "Point not found.")
        return key, self._table("points")[key]

    def _level(self, client: Body) -> Body:
        return {"id": client["level"], **self._table("levels")[client["level"]]}

    def _terms(self, body: Body) -> tuple[int, Body]:
        """The percent in force at this point, and the client's level."""
        level = self._level(self._client(body)[1])
        own = self._point(body)[1]["percent"]
        return (level["percent"] if own is None else own), level

    def _available(self, client: str, body: Body) -> int:
        """The balance without what is held; a hold named in the request counts as free."""
        named, now = _named(body), self.world.time()
        holds = self._table("holds")
        for key in [key for key, row in holds.items() if row["until"] <= now]:
            del holds[key]
        held = sum(row["amount"] for key, row in holds.items() if row["client"] == client and key not in named)
        return int(self._table("clients")[client]["balance"]) - int(held)

    def _allowed(self, body: Body, amount: Decimal) -> int:
        """The most that may be spent in one operation: the free balance and the level's share of the amount."""
        key, client = self._client(body)
        level = self._level(client)
        if level["type"] == "discount":
            return 0
        return max(0, min(self._available(key, body), _share(amount, level["max_spend"])))


def object_id(seconds: int, serial: int) -> str:
    return f"{seconds & 0xFFFFFFFF:08x}8d19300000{serial:06x}"


def _share(amount: Decimal, percent: int) -> int:
    return int(amount * percent / 100)


def _plain(amount: Decimal) -> int | float:
    """A JSON number without a fraction where there is none."""
    return int(amount) if amount == int(amount) else float(amount)


def _text(body: Body, field: str) -> str:
    value = body.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Wrong(field, f"{field.capitalize()} is required.")
    return str(value)


def _number(body: Body, field: str) -> Decimal:
    value = body.get(field)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Wrong(field, f"{field.capitalize()} must be a number.")
    return Decimal(value)


def _amount(body: Body, field: str) -> Decimal:
    value = _number(body, field)
    if value <= 0:
        raise Wrong(field, f"{field.capitalize()} must be more 0.")
    return value


def _named(body: Body) -> frozenset[str]:
    held = body.get("hold", [])
    if not isinstance(held, list) or not all(isinstance(key, str) for key in held):
        raise Wrong("hold", "Hold must be an array.")
    return frozenset(held)


# serving -------------------------------------------------------------------------------------------------------

_CALLS: Final[dict[str, tuple[str, Callable[[Programme, Body], Body]]]] = {
    f"{PREFIX}/client": ("client", Programme.client),
    f"{PREFIX}/recalc": ("recalc", Programme.recalc),
    f"{PREFIX}/bonuses/hold": ("bonuses.hold", Programme.hold),
    f"{PREFIX}/bonuses/release": ("bonuses.release", Programme.release),
    f"{PREFIX}/retail": ("retail", Programme.retail),
}


def create_app(world: World) -> Flask:
    """The programme's server. `world.credentials`: the apikey and one point of sale."""
    world.credentials = {"apikey": APIKEY, "point": POINT}
    app = world.app(__name__, endpoint=endpoint_name, expired=_unknown_key, refused=lambda _: _refused())
    world.fill(first_state)
    programme = Programme(world)

    @app.post("/<path:path>")
    def call(path: str) -> Response:
        found = _CALLS.get(f"/{path}")
        if found is None:
            return Response('{"message":"Not Found"}', 404, content_type="application/json")
        if not hmac.compare_digest(request.headers.get("apikey", "").encode(), APIKEY.encode()):
            return _unknown_key()
        try:
            return _answer({"success": True, **found[1](programme, _body(request.get_data()))})
        except Wrong as wrong:
            return _answer({wrong.field: wrong.message}, 422)

    return app


def endpoint_name(verb: str, path: str) -> str:
    """The catalogue name of a call, "" for one that is none of the five."""
    return _CALLS[path][0] if verb == "POST" and path in _CALLS else ""


def _body(data: bytes) -> Body:
    try:
        body = json.loads(data, parse_float=Decimal)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Wrong("body", "Body must be a JSON object.")
    return body


def _answer(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, content_type="application/json; charset=utf-8")


def _unknown_key() -> Response:
    return _answer({"apikey": "Apikey not found."}, 422)


def _refused() -> Response:
    return _answer({"client": "Client not found."}, 422)


# the first state -----------------------------------------------------------------------------------------------


def first_state(world: World) -> State:
    """One point of sale, the company's levels, and its people with their points."""
    levels = _levels(world.company)
    people = world.company.people_of("loyalclient")
    keys = [object_id(0x62A00000, 0x100 + place) for place, _ in enumerate(people)]
    return {
        "serial": 0x1000,
        "points": {POINT: {"name": "Кафе на Тверской", "percent": None}},
        "levels": levels,
        "clients": {key: _client(person, levels) for key, person in zip(keys, people, strict=True)},
        "holds": {},
        "operations": [],
    }


def _levels(company: Company) -> dict[str, Any]:
    found = {_level_id(place): _level(group) for place, group in enumerate(company.groups_of("loyalclient"), start=1)}
    return found or {_level_id(0): {"title": "Бонусы", "percent": 10, "type": "cashback", "max_spend": 50}}


def _level_id(place: int) -> str:
    return object_id(0x62100000, place)


def _level(group: Group) -> dict[str, Any]:
    kind = "discount" if group.loyalty == "discount" else "cashback"
    return {"title": group.name, "percent": int(group.percent), "type": kind, "max_spend": 50}


def _client(person: Person, levels: dict[str, Any]) -> dict[str, Any]:
    digits = "".join(char for char in person.phone if char.isascii() and char.isdigit())
    return {
        "name": person.first.upper() if person.first else person.full_name,
        "photo": None,
        "birthday": person.birthday or None,
        "phone": int(digits) if digits else None,
        "email": person.email or None,
        "card": person.cards[0].uid if person.cards else None,
        "code": None,
        "level": next(iter(levels)),
        "balance": person.points,
    }
