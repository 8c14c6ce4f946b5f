"""What a target is told of a fact, in canonical values. Pure.

A target whose mapping has no place for the cost of shipping is told it as a line of its own good; one that has no place
for the number finds it in front of the comment. Nothing is left out in silence: what cannot be told is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from connector.locale import N_, Sentence
from connector.mapping import Mapping as Compiled
from connector.model.books import Books, Seller
from connector.model.records import ENTITIES
from connector.model.routes import Route
from connector.model.values import money_text
from connector.sync.ledger.view import LedgerView
from connector.systems.base import Capabilities

SHOWN: Final = ("number_1c", "posted", "status")
_NEEDED: Final = ("date", "lines", "total")


@dataclass(frozen=True, slots=True)
class Target:
    """One target with all that telling needs to know of it."""

    route: Route
    mapping: Compiled
    can: Capabilities

    def writes(self, name: str) -> bool:
        return name in self.mapping.writes

    @property
    def links_goods(self) -> bool:
        """Whether a line names its good by the target's own id."""
        lines = self.mapping.lines
        return lines is not None and "product" in lines.references and "product" in lines.row.writes

    @property
    def shipping(self) -> str | None:
        """The name of the good that carries the cost of shipping; None where a field takes it, or nothing does."""
        lines = self.mapping.lines
        return None if lines is None or self.writes("shipping_cost") else lines.shipping


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a fact cannot be told now: the field concerned, what to do about it, the money that depends on it alone."""

    field: str
    reason: Sentence
    do: Sentence | None = None
    amount: int | None = None
    refused: bool = False


def lacks(view: LedgerView, target: Target) -> Iterator[Lack]:
    """What keeps this fact from being told, as far as the fact itself says."""
    hub, account = view.hub, target.route.account
    for name in (*_NEEDED, *target.can.required):
        if hub.get(name) in (None, []) and name not in target.mapping.defaulted and name != "customer":
            yield Lack(name, Sentence(N_("{system} needs {field} to create this record"), system=account, field=name))
    if hub.get("lines") and isinstance(hub.get("total"), int):
        yield from _unsound(hub["lines"], hub["total"])
    if _shipping(hub) and target.shipping is None and not target.writes("shipping_cost"):
        text = N_("{system} has no place for the cost of shipping, {amount}: name its good in the mapping")
        yield Lack("shipping_cost", Sentence(text, system=account, amount=money_text(_shipping(hub))))


def _unsound(lines: list[dict[str, Any]], total: int) -> Iterator[Lack]:
    """A line that does not say what was sold for how much, and a sum that is not that of the lines."""
    for number, line in enumerate(lines, 1):
        missing = [name for name in ("quantity", "total") if line.get(name) is None]
        if missing or not (line.get("product") or line.get("name")):
            text = N_("line {number} does not say {field}")
            field = missing[0] if missing else "product"
            yield Lack(f"lines.{number}", Sentence(text, number=number, field=field))
            return
    told = sum(line["total"] for line in lines)
    if told != total:
        text = N_("its lines add up to {lines}, and it says {total}")
        yield Lack("total", Sentence(text, lines=money_text(told), total=money_text(total)))


def told(view: LedgerView, target: Target, books: Books, shipping: str | None) -> dict[str, Any]:
    """Everything that a new document there is to say; `shipping` is the uid of the good that carries its cost."""
    hub = with_seller(view, target, books)
    lines = [*(hub.get("lines") or ())]
    total = hub.get("total")
    if shipping is not None:
        lines.append(shipping_line(hub, target, shipping))
        total = None if total is None else total + _shipping(hub)
    hub = {**hub, "lines": lines, "total": total, "comment": comment(view, target)}
    return {
        name: hub[name]
        for name in ENTITIES[view.entity].__struct_encode_fields__
        if target.writes(name) and name not in SHOWN and hub.get(name) is not None
    }


def told_amounts(hub: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """The facts that a target is told without regard to whom and what they refer to: how it would read them back."""
    cost = _shipping(hub) if target.shipping is not None else 0
    total = hub.get("total")
    told_total: dict[str, Any] = {"total": total + cost} if isinstance(total, int) else {}
    if hub.get("lines"):
        lines = [*hub["lines"], *([shipping_line(hub, target, "")] if cost else ())]
        told_total["lines"] = [{name: value for name, value in line.items() if name != "product"} for line in lines]
    return {**{name: hub[name] for name in ("date", "number", "discount") if name in hub}, **told_total}


def amount(view: LedgerView) -> int | None:
    """How much money waits with it."""
    total = view.hub.get("total", view.hub.get("amount"))
    return total + _shipping(view.hub) if isinstance(total, int) else None


def with_seller(view: LedgerView, target: Target, books: Books) -> dict[str, Any]:
    """The hub's values, with who sells as the person's files say it, unless the source has said so."""
    source = view.source
    account = source.route.account if source is not None else ""
    seller = books.seller(account, view.hub.get("spot"), target.route.spoke) if source is not None else Seller()
    return {"organization": seller.organization, "storage": seller.storage, **view.hub}


def shipping_line(hub: Mapping[str, Any], target: Target, uid: str) -> dict[str, Any]:
    cost = _shipping(hub)
    return {"product": uid, "name": target.shipping, "quantity": "1", "price": cost, "total": cost}


def with_vat(lines: Sequence[Mapping[str, Any]], rates: Mapping[str, str]) -> list[dict[str, Any]]:
    """The lines with the rate of VAT that they say or their goods have, and its sum inside of theirs, half up.

    Without a rate nothing is said: 1C decides then.
    """
    return [_taxed(line, line.get("vat_rate") or rates.get(str(line.get("product")))) for line in lines]


def _taxed(line: Mapping[str, Any], rate: str | None) -> dict[str, Any]:
    own = {name: value for name, value in line.items() if name not in ("vat_rate", "vat") or value is not None}
    if rate is None:
        return own
    own["vat_rate"] = rate
    if "vat" not in own and rate.isdecimal() and isinstance(total := line.get("total"), int):
        inside = Decimal(total * int(rate)) / (100 + int(rate))
        own["vat"] = int(inside.quantize(Decimal(1), ROUND_HALF_UP))
    return own


def comment(view: LedgerView, target: Target) -> str | None:
    """The comment; in front of it whose it is and under which number, where no field takes the number."""
    text: str | None = view.hub.get("comment")
    if target.writes("number") or view.source is None:
        return text
    number = view.hub.get("number") or view.source.link.external_id
    head = f"{view.source.route.account} {number}"
    return head if not text else f"{head}: {text}"


def dated(values: dict[str, Any], at: str) -> dict[str, Any]:
    """The same, dated into the open period; its own date stands in the comment."""
    text = values.get("comment")
    own = f"({values['date']})"
    return {**values, "date": at, **({} if text is None else {"comment": f"{text} {own}"})}


def needs_shipping(view: LedgerView, target: Target) -> bool:
    return _shipping(view.hub) != 0 and target.shipping is not None


def _shipping(hub: Mapping[str, Any]) -> int:
    cost = hub.get("shipping_cost")
    return cost if isinstance(cost, int) else 0
