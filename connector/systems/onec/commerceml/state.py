"""What 1C says became of an order: read from the order as it comes back in a file of `type=sale`.

2.x says it in requisites, known by their names; 3.1 partly in elements (1c.md, section 1). What is not said is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from connector.errors import RowError
from connector.locale import N_
from connector.systems.onec.commerceml.values import moment, truth

_STATUSES: Final = ("Статус заказа", "Статуса заказа ИД", "Статус Заказа", "Статус")


class Paper(NamedTuple):
    """A document of 1C beside the order: a payment or a shipment."""

    number: str | None
    date: str | None


@dataclass(frozen=True, kw_only=True)
class OrderState:
    """`number` is the site's: by it 1C knows an order again. `number_1c` is proof that 1C holds the order."""

    number: str
    number_1c: str | None = None
    date_1c: str | None = None
    version: str | None = None
    status: str | None = None
    posted: bool | None = None
    cancelled: bool | None = None
    shipped: bool | None = None
    deleted: bool | None = None
    payment: Paper | None = None
    shipment: Paper | None = None


def state_of(order: Mapping[str, Any]) -> OrderState:
    """The state that an item of kind `order` carries. RowError where a date or a flag of it cannot be read."""
    said = order.get("ЗначенияРеквизитов", {})
    deleted = order.get("ПометкаУдаления")
    return OrderState(
        number=str(order.get("Номер", "")),
        number_1c=_text(order, "Номер1С") or _text(said, "Номер по 1С"),
        date_1c=_date(order, "Дата1С") or _date(said, "Дата по 1С"),
        version=_text(order, "НомерВерсии"),
        status=next((text for name in _STATUSES if (text := _text(said, name))), None),
        posted=_flag(said, "Проведен"),
        cancelled=_flag(said, "Отменен"),
        shipped=_flag(said, "Отгружен"),
        deleted=deleted if isinstance(deleted, bool) else _flag(said, "ПометкаУдаления"),
        payment=_paper(said, "оплаты"),
        shipment=_paper(said, "отгрузки"),
    )


def _paper(said: Mapping[str, Any], what: str) -> Paper | None:
    number, date = _text(said, f"Номер {what} по 1С"), _date(said, f"Дата {what} по 1С")
    return None if number is None and date is None else Paper(number, date)


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    if isinstance(value, list):
        value = value[0] if len(set(value)) == 1 else value
    if isinstance(value, list):
        raise RowError(name, value, N_("it is said more than once, and not alike"))
    return value or None


def _date(said: Mapping[str, Any], name: str) -> str | None:
    text = _text(said, name)
    return None if text is None else moment(name, text) or None


def _flag(said: Mapping[str, Any], name: str) -> bool | None:
    text = _text(said, name)
    return None if text is None else truth(name, text)
