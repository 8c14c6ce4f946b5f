"""Proving money units that the documents leave open (P-32, P-33, P-34, P-61): write a known number, read it in kopecks.

The probe makes records of its own, named so that nobody mistakes them, and removes them: a customer group, one client
in it, one dish. Nothing of the shop is touched. The group is removed only while the probe's own client is the only one
that was ever in it, because Poster removes the clients of a group with it (P-26).

What needs a receipt on a real till (`transactions.*`, P-86) is probed only when a till is named, and stays refused
otherwise. The list of receipts is compared with the report of them without writing anything (P-90).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final

from connector.errors import RejectedError
from connector.locale import Sentence
from connector.model.values import decimal_of
from connector.systems.parameters import Proved
from connector.systems.poster.adapter import PosterAdapter
from connector.systems.poster.calibrate_sales import Till, readings, receipts
from connector.systems.poster.proof import SENT, Call, Proof, read, unknown

__all__ = ["NAME", "Proof", "Till", "calibrate"]

NAME: Final = "connector: проба единиц, можно удалить"


class _Everything:
    """While probing every unit may be sent: the probe's own records are all it can hurt."""

    def unit(self, endpoint: str, field: str) -> Proved | None:
        del endpoint, field
        return "major"


def calibrate(adapter: PosterAdapter, till: Till | None = None, *, now: Callable[[], float] = time.time) -> list[Proof]:
    """Probe the account; `till` allows a receipt of the probe's own there. StopError and RetryError go through."""
    known, adapter.units = adapter.units, _Everything()
    call = adapter.call
    try:
        return [*_groups_and_clients(call), *_dishes(call, till), *_modifications(call), *readings(call, now)]
    finally:
        adapter.units = known


def _groups_and_clients(call: Call) -> Iterator[Proof]:
    group = {"client_groups_name": NAME, "loyalty_type": 1, "client_groups_discount": 0, "birthday_bonus": SENT}
    number = _made(call, "clients.createGroup", group, "birthday_bonus")
    if isinstance(number, Proof):
        yield number
        return
    try:
        yield read("clients.createGroup", "birthday_bonus", lambda: _group_bonus(call, number))
        call("clients.updateGroup", {"client_groups_id": number, "birthday_bonus": 0})
        call("clients.updateGroup", {"client_groups_id": number, "birthday_bonus": SENT})
        yield read("clients.updateGroup", "birthday_bonus", lambda: _group_bonus(call, number))
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
        yield from _accumulated(call, number)
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
    return read(endpoint, "count", lambda: amount() - before)


def _accumulated(call: Call, client: str) -> Iterator[Proof]:
    """What a client has gathered for a promotion: sent as 300, read in roubles; nothing where none gathers."""
    endpoint = "clients.addClientsAccumulations"
    gathering = (row for row in call("clients.getPromotions", {}) if str(row["params"]["accumulation_type"]) == "3")
    promotion = next((str(row["promotion_id"]) for row in gathering), None)
    product = next((row["product_id"] for row in call("menu.getProducts", {})), None)
    if promotion is None or product is None:
        return
    row = {"promotion_id": promotion, "client_id": client, "product_id": product, "num": 1, "product_sum": 100 * SENT}
    refusal = _tried(call, endpoint, row)
    if refusal is not None:
        yield Proof(endpoint, "product_sum", None, refusal)
        return
    yield read(endpoint, "product_sum", lambda: _gathered(_client_row(call, client), promotion))


def _gathered(client: Mapping[str, Any], promotion: str) -> Decimal:
    (product,) = client["accumulation_products"][promotion]["products"]
    return _amount(product["sum"])


def _dishes(call: Call, till: Till | None) -> Iterator[Proof]:
    number = _made(call, "menu.createDish", {"product_name": NAME, "price": SENT, "visible": 0}, "price")
    if isinstance(number, Proof):
        yield number
        return
    try:
        yield read("menu.createDish", "price", lambda: _dish_price(call, number))
        refusal = _tried(call, "menu.updateDish", {"dish_id": number, "product_name": NAME, "price": SENT * 2})
        if refusal is None:
            yield read("menu.updateDish", "price", lambda: _dish_price(call, number) / 2)
        else:
            yield Proof("menu.updateDish", "price", None, refusal)
        if till is not None:
            yield from receipts(call, till, number)
    finally:
        with suppress(RejectedError):
            call("menu.removeDish", {"dish_id": number})


def _modifications(call: Call) -> Iterator[Proof]:
    """What a modification adds to a price: in kopecks when a dish is made, and unsaid when it is changed."""
    endpoint, field = "menu.updateDish", "modificationgroup.modifications.price"
    ingredient = next((row["ingredient_id"] for row in call("menu.getIngredients", {})), None)
    if ingredient is None:
        return
    added = {"ingredientId": ingredient, "type": 1, "name": NAME, "brutto": 1, "price": SENT}
    group = {"type": 1, "minNum": 1, "maxNum": 1, "name": NAME, "modifications": [added]}
    dish = {"product_name": f"{NAME} 2", "visible": 0, "modificationgroup": [group]}
    number = _made(call, "menu.createDish", dish, "modificationgroup.modifications.price")
    if isinstance(number, Proof):
        yield unknown(endpoint, field)
        return
    try:
        made = _added_price(call, number) or Decimal(SENT)
        refusal = _tried(call, endpoint, {**dish, "dish_id": number})
        if refusal is not None:
            yield Proof(endpoint, field, None, refusal)
            return
        yield read(endpoint, field, lambda: _added_price(call, number) * SENT / made)
    finally:
        with suppress(RejectedError):
            call("menu.removeDish", {"dish_id": number})


def _added_price(call: Call, dish: str) -> Decimal:
    (group,) = call("menu.getProduct", {"product_id": dish})["group_modifications"]
    (added,) = group["modifications"]
    return _amount(added["price"])


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
