"""Payment orders for a client-bank program: what is to be paid. What a bank has told of is paid already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from connector.errors import RowError
from connector.jobs.exchange.writing import Span, Stream, Told, hub_records
from connector.locale import N_
from connector.systems.onec.bank import Order, Party, orders_file

if TYPE_CHECKING:
    from connector.config import Account
    from connector.jobs.workspace import Workspace

_VERSION: Final = "1.03"
_SENDER: Final = "connector"


def write(workspace: Workspace, account: Account, stream: Stream, told: Told, span: Span) -> None:
    """Every order to pay of the hub, proved one by one so that a bad one does not hold up the others."""
    del account
    made_at = datetime.fromisoformat(workspace.now).replace(tzinfo=None)
    paid = {
        _same(record) for page in hub_records(workspace, "payment") for record in page.values() if _is_moved(record)
    }
    orders = []
    for page in hub_records(workspace, "payment"):
        for record in page.values():
            is_open = record.get("direction") == "out" and not _is_moved(record) and _same(record) not in paid
            if not is_open or not _is_of(record, span):
                told.passed += 1
                continue
            try:
                order = _order(record)
                orders_file([order], sender=_SENDER, made_at=made_at)
            except RowError as error:
                told.leave(record.get("number") or record.get("purpose") or "", error)
            else:
                orders.append(order)
    told.version = _VERSION
    if orders:
        stream.write(orders_file(orders, sender=_SENDER, made_at=made_at))
        told.objects["payment"] = len(orders)
        told.sums["out"] = sum(order.amount for order in orders)


def _is_moved(record: Mapping[str, Any]) -> bool:
    return record.get("moved_on") is not None


def _same(record: Mapping[str, Any]) -> tuple[Any, ...]:
    """By what an order and its execution, told by two systems, are known to be one: nothing is paid twice."""
    return tuple(record.get(name) for name in ("number", "date", "amount", "payer_account", "receiver_account"))


def _is_of(record: Mapping[str, Any], span: Span) -> bool:
    day = record.get("date")
    return not isinstance(day, str) or span.holds(date.fromisoformat(day[:10]))


def _order(record: Mapping[str, Any]) -> Order:
    day, amount = record.get("date"), record.get("amount")
    if not isinstance(day, str):
        raise RowError("date", day, N_("it must be filled"))
    if not isinstance(amount, int):
        raise RowError("amount", amount, N_("it must be filled"))
    return Order(
        number=str(record.get("number") or ""),
        date=date.fromisoformat(day[:10]),
        amount=amount,
        payer=_party(record, "payer"),
        receiver=_party(record, "receiver"),
        purpose=str(record.get("purpose") or ""),
    )


def _party(record: Mapping[str, Any], side: str) -> Party:
    names = ("inn", "kpp", "account", "bank", "bik", "correspondent")
    return Party(name=record.get(side), **{name: record.get(f"{side}_{name}") for name in names})
