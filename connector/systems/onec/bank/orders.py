"""Writing payment orders for a client-bank program: `1c_to_kl.txt`, version 1.03, cp1251, lines ended by CR LF.

A value that the bank would refuse, or that the encoding cannot hold, is refused here with its field: nothing is cut and
nothing is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from connector.errors import RowError
from connector.locale import N_
from connector.model.values import money_text
from connector.systems.onec.bank.statement import MARK, Party

_DIGITS: Final = {"account": 20, "correspondent": 20, "bik": 9, "kpp": 9}
_INN: Final = re.compile(r"\d{10}(?:\d{2})?\Z", re.ASCII)
_PURPOSE: Final = 210
_NAME: Final = 160
_NUMBER: Final = re.compile(r"\d{1,6}\Z", re.ASCII)
_ENCODING: Final = "cp1251"
_BREAK: Final = re.compile(r"\s*[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+\s*")


@dataclass(frozen=True, kw_only=True)
class Order:
    """A payment order. `amount` in kopecks; `uin` the code of a payment to the budget; `priority` as in the law."""

    number: str
    date: date
    amount: int
    payer: Party
    receiver: Party
    purpose: str
    uin: str | None = None
    priority: int = 5


def orders_file(orders: Sequence[Order], *, sender: str, made_at: datetime) -> bytes:
    """The whole file. RowError names the field of the first order that cannot be written."""
    if not orders:
        raise ValueError("a file without an order")
    lines = [*_header(orders, sender, made_at)]
    for order in orders:
        lines += _section(order)
    lines.append("КонецФайла")
    return "".join(f"{line}\r\n" for line in lines).encode(_ENCODING)


def _header(orders: Sequence[Order], sender: str, made_at: datetime) -> Iterator[str]:
    days = sorted(order.date for order in orders)
    yield MARK
    yield "ВерсияФормата=1.03"
    yield "Кодировка=Windows"
    yield f"Отправитель={_text('sender', sender, 100)}"
    yield "Получатель="
    yield f"ДатаСоздания={made_at:%d.%m.%Y}"
    yield f"ВремяСоздания={made_at:%H:%M:%S}"
    yield f"ДатаНачала={days[0]:%d.%m.%Y}"
    yield f"ДатаКонца={days[-1]:%d.%m.%Y}"
    for account in dict.fromkeys(order.payer.account for order in orders):
        yield f"РасчСчет={_code('payer account', account, _DIGITS['account'])}"
    yield "Документ=Платежное поручение"


def _section(order: Order) -> Iterator[str]:
    if not _NUMBER.match(order.number) or not order.number.strip("0"):
        raise RowError("number", order.number, N_("the number of a payment order has up to six digits and is not zero"))
    if order.amount <= 0:
        raise RowError("amount", order.amount, N_("a payment order is for more than nothing"))
    yield "СекцияДокумент=Платежное поручение"
    yield f"Номер={order.number}"
    yield f"Дата={order.date:%d.%m.%Y}"
    yield f"Сумма={money_text(order.amount)}"
    yield from _party("Плательщик", "payer", order.payer)
    yield from _party("Получатель", "receiver", order.receiver)
    yield "ВидОплаты=01"
    yield f"Очередность={order.priority}"
    if order.uin is not None:
        yield f"Код={_text('uin', order.uin, 25)}"
    yield f"НазначениеПлатежа={_text('purpose', order.purpose, _PURPOSE)}"
    yield "КонецДокумента"


def _party(prefix: str, who: str, party: Party) -> Iterator[str]:
    account = _code(f"{who} account", party.account, _DIGITS["account"])
    name = _text(f"{who} name", party.name or "", _NAME)
    inn = party.inn or ""
    if inn and not _INN.match(inn):
        raise RowError(f"{who} inn", inn, N_("an INN has 10 or 12 digits"))
    yield f"{prefix}Счет={account}"
    yield f"{prefix}={f'ИНН {inn} {name}' if inn else name}"
    yield f"{prefix}ИНН={inn}"
    yield f"{prefix}КПП={_maybe(f'{who} kpp', party.kpp, _DIGITS['kpp'])}"
    yield f"{prefix}1={name}"
    yield f"{prefix}РасчСчет={account}"
    yield f"{prefix}Банк1={_text(f'{who} bank', party.bank or '', _NAME, required=False)}"
    yield f"{prefix}БИК={_code(f'{who} bik', party.bik, _DIGITS['bik'])}"
    yield f"{prefix}Корсчет={_maybe(f'{who} correspondent', party.correspondent, _DIGITS['correspondent'])}"


def _maybe(field: str, value: str | None, length: int) -> str:
    return "" if value is None or value == "" else _code(field, value, length)


def _code(field: str, value: str | None, length: int) -> str:
    if value is None or len(value) != length or not (value.isascii() and value.isdigit()):
        raise RowError(field, value, N_("it has {length} digits"), length=length)
    return value


def _text(field: str, value: str, longest: int, *, required: bool = True) -> str:
    """One line that cp1251 can hold, not longer than the bank takes."""
    line = _BREAK.sub(" ", value).strip()
    if required and not line:
        raise RowError(field, value, N_("it must be filled"))
    if len(line) > longest:
        raise RowError(field, value, N_("it is longer than {longest} characters"), longest=longest)
    try:
        line.encode(_ENCODING)
    except UnicodeEncodeError as error:
        raise RowError(
            field, value, N_("the bank's format cannot hold the sign {sign}"), sign=line[error.start]
        ) from None
    return line
