"""Proving money units that the documents leave open (P-32, P-33, P-34, P-61): write a known number, read it in kopecks.

The probe makes records of its own, named so that nobody mistakes them, and removes them: a customer group, one client
in it, one dish. Nothing of the shop is touched. The group is removed only while the probe's own client is the only one
that was ever in it, because Poster removes the clients of a group with it (P-26).

What would need a receipt on a real till (`transactions.*`) is not probed and stays refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, NamedTuple

from connector.errors import RejectedError
from connector.locale import N_, Sentence
from connector.model.values import decimal_of
from connector.systems.parameters import Proved
from connector.systems.poster.adapter import PosterAdapter

NAME: Final = "connector: проба единиц, можно удалить"
SENT: Final = 3
"""Read back as 3 the unit was kopecks, as 300 roubles; anything else proves nothing."""

_UNITS: Final[Mapping[Decimal, Proved]] = {Decimal(SENT): "minor", Decimal(SENT * 100): "major"}


class Proof(NamedTuple):
    """What a probe found: the unit, or why it found none."""

    endpoint: str
    field: str
    unit: Proved | None
    text: Sentence


class _Everything:
    """While probing every unit may be sent: the probe's own records are all it can hurt."""

    def unit(self, endpoint: str, field: str) -> Proved | None:
        del endpoint, field
        return "major"


def calibrate(adapter: PosterAdapter) -> list[Proof]:
    """Probe the account. StopError and RetryError go through; what could not be removed is told in the last lines."""
    known, adapter.units = adapter.units, _Everything()
    try:
        return [*_groups_and_clients(adapter.call), *_dishes(adapter.call)]
    finally:
        adapter.units = known


Call = Callable[[str, Mapping[str, Any]], Any]


def _groups_and_clients(call: Call) -> Iterator[Proof]:
    group = {"client_groups_name": NAME, "loyalty_type": 1, "client_groups_discount": 0, "birthday_bonus": SENT}
    number = _made(call, "clients.createGroup", group, "birthday_bonus")
    if isinstance(number, Proof):
        yield number
        return
    try:
        yield _read("clients.createGroup", "birthday_bonus", lambda: _group_bonus(call, number))
        call("clients.updateGroup", {"client_groups_id": number, "birthday_bonus": 0})
        call("clients.updateGroup", {"client_groups_id": number, "birthday_bonus": SENT})
        yield _read("clients.updateGroup", "birthday_bonus", lambda: _group_bonus(call, number))
        yield from _client(call, number)
    finally:
        with suppress(RejectedError):
            if _alone(call, number):
                call("clients.removeGroup", {"group_id": number})


def _client(call: Call, group: str) -> Iterator[Proof]:
    person = {"client_name": NAME, "client_groups_id_client": group}
    number = _made(call, "clients.createClient", person, "bonus")
    if isinstance(number, Proof):
        yield number
        return
    try:
        yield _added(call, number, "clients.changeClientBonus", "bonus")
        yield _added(call, number, "clients.changeClientPayedSum", "total_payed_sum")
    finally:
        with suppress(RejectedError):
            call("clients.removeClient", {"client_id": number})


def _added(call: Call, client: str, endpoint: str, held: str) -> Proof:
    """A call that adds to what the client holds."""

    def amount() -> Decimal:
        return _amount(_client_row(call, client).get(held))

    before = amount()
    refusal = _tried(call, endpoint, {"client_id": client, "count": SENT, "block_webhook": "true"})
    if refusal is not None:
        return Proof(endpoint, "count", None, refusal)
    return _read(endpoint, "count", lambda: amount() - before)


def _dishes(call: Call) -> Iterator[Proof]:
    number = _made(call, "menu.createDish", {"product_name": NAME, "price": SENT, "visible": 0}, "price")
    if isinstance(number, Proof):
        yield number
        return
    try:
        yield _read("menu.createDish", "price", lambda: _dish_price(call, number))
        refusal = _tried(call, "menu.updateDish", {"dish_id": number, "product_name": NAME, "price": SENT * 2})
        if refusal is None:
            yield _read("menu.updateDish", "price", lambda: _dish_price(call, number) / 2)
        else:
            yield Proof("menu.updateDish", "price", None, refusal)
    finally:
        with suppress(RejectedError):
            call("menu.removeDish", {"dish_id": number})


def _made(call: Call, endpoint: str, values: Mapping[str, Any], field: str) -> str | Proof:
    """The id of a new record, or the proof that there is none."""
    try:
        return str(call(endpoint, values))
    except RejectedError as error:
        return Proof(endpoint, field, None, error.sentence)


def _tried(call: Call, endpoint: str, values: Mapping[str, Any]) -> Sentence | None:
    try:
        call(endpoint, values)
    except RejectedError as error:
        return error.sentence
    return None


def _read(endpoint: str, field: str, look: Callable[[], Decimal]) -> Proof:
    try:
        amount = look()
    except (RejectedError, ValueError, TypeError, KeyError, StopIteration):
        text = N_("{endpoint}: the probe could not be read back")
        return Proof(endpoint, field, None, Sentence(text, endpoint=endpoint))
    unit = _UNITS.get(amount)
    text = {
        "minor": N_("{endpoint}: “{field}” is in kopecks"),
        "major": N_("{endpoint}: “{field}” is in roubles"),
        None: N_("{endpoint}: “{field}” was written as {sent} and reads as {amount}: its unit is not known"),
    }[unit]
    return Proof(endpoint, field, unit, Sentence(text, endpoint=endpoint, field=field, sent=SENT, amount=f"{amount:f}"))


def _group_bonus(call: Call, group: str) -> Decimal:
    return _amount(call("clients.getGroup", {"group_id": group})["birthday_bonus"])


def _client_row(call: Call, client: str) -> Mapping[str, Any]:
    found = call("clients.getClient", {"client_id": client})
    row: Mapping[str, Any] = found[0] if isinstance(found, list) else found
    return row


def _dish_price(call: Call, dish: str) -> Decimal:
    prices = call("menu.getProduct", {"product_id": dish})["price"]
    return _amount(next(iter(prices.values())) if isinstance(prices, Mapping) else prices)


def _alone(call: Call, group: str) -> bool:
    """Whether every client that was ever in the group is the probe's."""
    inside = call("clients.getClients", {"group_id": group})
    return all(row.get("lastname") == NAME.split()[0] for row in inside)


def _amount(value: Any) -> Decimal:
    return decimal_of(value if isinstance(value, int | Decimal) else str(value))
