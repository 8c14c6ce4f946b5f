"""Payments of a statement as raw rows, and what makes one the same in every statement that tells of it.

A bank gives a payment no number of its own, so its id follows from what cannot change: our account, the direction, the
kind, number and day of the document, both accounts, and the day on which the money moved. Several documents of one file
may agree in all of that (commissions of one day): they are told apart by their order, those that are known already by
their amount first. The amount is not a part of the id: a payment told again with another one is not a second payment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from connector.model.values import money_text
from connector.systems.onec.bank.statement import Party, Payment

_MORE: Final = 20
"""So many more places are looked at: a statement may tell of the last ones alone."""

Rows = dict[str, dict[str, Any]]
Known = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]
"""Ids -> the rows that are known of them, from earlier statements."""


def rows_of(payments: Iterable[Payment], known: Known) -> Rows:
    """The rows of one statement by id."""
    alike: dict[str, list[dict[str, Any]]] = {}
    for payment in payments:
        alike.setdefault(payment_id(payment), []).append(raw_of(payment))
    rows: Rows = {}
    held = known(list(alike))
    for first, raws in alike.items():
        is_plain = len(raws) == 1 and (first not in held or held[first].get("amount") == raws[0]["amount"])
        rows.update({first: raws[0]} if is_plain else _placed(first, raws, known))
    return rows


def _placed(first: str, raws: Sequence[dict[str, Any]], known: Known) -> Rows:
    """Documents that agree in all but amount and words: each in the place of the one it is, the others in the first
    ones that are left: there they are new, or contradict what was told of that place.
    """
    places = [_place(first, number) for number in range(1, len(raws) + _MORE)]
    held = known(places)
    rows: Rows = {}
    left = []
    for raw in raws:
        same = (one for one in places if one not in rows and one in held and held[one].get("amount") == raw["amount"])
        place = next(same, None)
        if place is None:
            left.append(raw)
        else:
            rows[place] = raw
    free = (place for place in places if place not in rows)
    rows.update(zip(free, left, strict=False))
    return rows


def _place(first: str, number: int) -> str:
    return first if number == 1 else f"{first}-{number}"


def payment_id(payment: Payment) -> str:
    """The id of a payment, that of the first of those which agree in it."""
    facts = (
        payment.account,
        payment.direction,
        payment.kind,
        payment.number,
        payment.date,
        payment.moved_on,
        payment.payer.account,
        payment.receiver.account,
    )
    return hashlib.sha256("\x1f".join(fact or "" for fact in facts).encode()).hexdigest()[:32]


def raw_of(payment: Payment) -> dict[str, Any]:
    """A payment as a raw row: money as text with two decimals, empty as null."""
    return {
        "kind": payment.kind,
        "number": payment.number,
        "date": payment.date,
        "moved_on": payment.moved_on,
        "direction": payment.direction,
        "account": payment.account,
        "amount": money_text(payment.amount),
        "purpose": payment.purpose,
        **_raw_party("payer", payment.payer),
        **_raw_party("receiver", payment.receiver),
    }


def said_otherwise(raw: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two statements say of one payment what cannot both be: names and banks may be spelled in two ways."""
    return any(name in raw and name in other and raw[name] != other[name] for name in _FACTS)


_FACTS: Final = ("amount", "purpose", "payer_inn", "payer_kpp", "receiver_inn", "receiver_kpp")


def _raw_party(prefix: str, party: Party) -> dict[str, Any]:
    names = ("name", "inn", "kpp", "account", "bank", "bik", "correspondent")
    return {f"{prefix}_{name}": getattr(party, name) for name in names}
