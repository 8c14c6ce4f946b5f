"""Writing orders for 1C to fetch: CommerceML 2.05 to 2.10, and 3.1 where each order stands in a container.

    answer = OrdersFile(orders, version="2.05", made_at="2026-11-21T10:00:00")
    for part in answer: ...
    answer.written      # numbers of the orders in it
    answer.refused      # (number, why): a bad order is left out, so that the batch lives

An order has the same shape as the reader gives: names of the standard, lists for goods and counterparties, requisites
as name -> value. 1C loads a batch in one transaction: one order without a number, a currency or a day would stop all
(1c.md, section 1), so each is proved before anything of it is written. Amounts are Decimal, int or text with a point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from lxml import etree

from connector.errors import RowError
from connector.locale import N_
from connector.systems.onec.commerceml.reader import ORDER, ROOT

VERSIONS: Final = ("2.05", "2.06", "2.07", "2.08", "2.09", "2.10", "3.1")
ENCODINGS: Final = ("utf-8", "windows-1251")

Data = Mapping[str, Any]
_Element = etree._Element
_Write = Callable[[_Element, str, Any], None]

_ROOT_SAYS: Final = {
    "ФорматДаты": "ДФ=yyyy-MM-dd; ДЛФ=DT",
    "ФорматВремени": "ДФ=ЧЧ:мм:сс; ДЛФ=T",
    "РазделительДатаВремя": "T",
    "ФорматСуммы": "ЧЦ=18; ЧДЦ=2; ЧРД=.",
    "ФорматКоличества": "ЧЦ=18; ЧДЦ=2; ЧРД=.",
}
_PIECE: Final = {"Код": "796", "НаименованиеПолное": "Штука", "МеждународноеСокращение": "PCE", "Наименование": "шт"}
_GOOD: Final = {"ВидНоменклатуры": "Товар", "ТипНоменклатуры": "Товар"}
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\Z")
_AMOUNT: Final = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,2}0*)?\Z")
_QUANTITY: Final = re.compile(r"[0-9]{1,15}(\.[0-9]+)?\Z")


class Refused(NamedTuple):
    """An order that was left out. `number` is empty where it has none."""

    number: str
    problem: RowError


def written_version(asked: str | None) -> str:
    """What is written for a 1C that names a version, or names none: never more than it knows."""
    if asked is None:
        return VERSIONS[0]
    if asked in VERSIONS:
        return asked
    return VERSIONS[-1] if asked.startswith("3.") else VERSIONS[0]


class OrdersFile:
    """The bytes of a file of orders, part by part: the first comes before the first order is asked for.

    Without orders it is a root alone, which 1C takes as nothing new. `encoding` is for a 1C that reads windows-1251
    only; 3.1 is UTF-8 always. There is no byte order mark: 1C wants `<?xml` first.
    """

    def __init__(self, orders: Iterable[Data], *, made_at: str, version: str = "2.05", encoding: str = "utf-8") -> None:
        if version not in VERSIONS or encoding not in ENCODINGS:
            raise ValueError(f"CommerceML {version} in {encoding} is not written here")
        self._orders, self._made_at, self._version = orders, made_at, version
        self._encoding = "utf-8" if version.startswith("3") else encoding
        self.written: dict[str, None] = {}
        """Numbers of the orders in the file, in their order."""
        self.refused: list[Refused] = []

    def __iter__(self) -> Iterator[bytes]:
        says = {"ВерсияСхемы": self._version, "ДатаФормирования": self._made_at, **_ROOT_SAYS}
        root = " ".join(f'{name}="{value}"' for name, value in says.items())
        yield self._bytes(f'<?xml version="1.0" encoding="{self._encoding.upper()}"?>\n<{ROOT} {root}>\n')
        for order in self._orders:
            element = self._proved(order)
            if element is not None:
                yield etree.tostring(element, encoding=self._encoding, xml_declaration=False) + b"\n"
        yield self._bytes(f"</{ROOT}>\n")

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._encoding)

    def _proved(self, order: Data) -> _Element | None:
        number = str(order.get("Номер") or "")
        try:
            if number in self.written:
                raise RowError("Номер", number, N_("another order of this batch has the same number"))
            element = order_element(order)
        except RowError as error:
            self.refused.append(Refused(number, error))
            return None
        self.written[number] = None
        if not self._version.startswith("3"):
            return element
        container = etree.Element("Контейнер")
        container.append(element)
        return container


def order_element(order: Data) -> _Element:
    """One order as `Документ`. RowError where 1C could not load it."""
    number = order.get("Номер")
    given = {
        "Ид": number,
        "ХозОперация": ORDER,
        "Роль": "Продавец",
        "Курс": "1",
        "Время": "00:00:00",
        "Комментарий": "",
        **order,
    }
    if given["ХозОперация"] != ORDER:
        raise RowError("ХозОперация", given["ХозОперация"], N_("1C takes orders only"))
    return _filled("Документ", given, _ORDER, ("Номер", "Дата", "Валюта", "Сумма", "Контрагенты", "Товары"))


def info_file(statuses: Data, payments: Data, deliveries: Data) -> bytes:
    """The answer to `mode=info`: identifier -> name of what an order may have.

    1C reads the statuses from a name that begins with a Latin C (1c.md, section 1); the Cyrillic one is there too.
    """
    root = etree.Element("Справочник")
    lists = {"C" + "татусы": statuses, "Статусы": statuses, "ПлатежныеСистемы": payments, "СлужбыДоставки": deliveries}
    for name, values in lists.items():
        place = etree.SubElement(root, name)
        for key, said in values.items():
            item = etree.SubElement(place, "Элемент")
            etree.SubElement(item, "Ид").text = str(key)
            etree.SubElement(item, "Название").text = str(said)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


# -- elements


def _filled(tag: str, data: Data, order: Mapping[str, _Write], required: Sequence[str] = ()) -> _Element:
    """An element with what the data say, in the order of the standard."""
    unknown = next((name for name in data if name not in order), None)
    if unknown is not None:
        raise RowError(unknown, data[unknown], N_("{tag} has no such element"), tag=tag)
    for name in required:
        if data.get(name) in (None, "", [], ()):
            raise RowError(name, data.get(name), N_("1C does not load an order without it"))
    element = etree.Element(tag)
    for name, write in order.items():
        if data.get(name) is not None:
            write(element, name, data[name])
    return element


def _text(limit: int) -> _Write:
    def write(parent: _Element, name: str, value: Any) -> None:
        text = str(value)
        if len(text) > limit:
            raise RowError(name, text[:40], N_("it is longer than {limit} characters"), limit=limit)
        _add(parent, name, text)

    return write


def _add(parent: _Element, name: str, text: str) -> _Element:
    element = etree.SubElement(parent, name)
    try:
        element.text = text
    except ValueError:
        raise RowError(name, text, N_("it has a character that no XML may have")) from None
    return element


def _day(parent: _Element, name: str, value: Any) -> None:
    try:
        _add(parent, name, date.fromisoformat(str(value)[:10]).isoformat())
    except ValueError:
        raise RowError(name, value, N_("it is no date")) from None


def _clock(parent: _Element, name: str, value: Any) -> None:
    if not _CLOCK.match(str(value)):
        raise RowError(name, value, N_("it is no time of day"))
    _add(parent, name, str(value))


def _amount(parent: _Element, name: str, value: Any) -> None:
    """Two decimal places: 1C's sums have no more."""
    text = _plain(name, value)
    if not _AMOUNT.match(text):
        raise RowError(name, value, N_("it is no sum with two decimal places"))
    _add(parent, name, f"{Decimal(text):.2f}")


def _quantity(parent: _Element, name: str, value: Any) -> None:
    text = _plain(name, value)
    if not _QUANTITY.match(text) or Decimal(text) == 0:
        raise RowError(name, value, N_("it is no quantity above zero"))
    _add(parent, name, text)


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool | float):
        raise RowError(name, value, N_("it is no exact number"))
    try:
        return f"{Decimal(str(value)):f}"
    except InvalidOperation:
        raise RowError(name, value, N_("it is no number")) from None


def _flag(parent: _Element, name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise RowError(name, value, N_("it is neither yes nor no"))
    _add(parent, name, "true" if value else "false")


def _pairs(tag: str, said_as: str = "Значение") -> _Write:
    """Name -> value, or several values."""

    def write(parent: _Element, name: str, value: Data) -> None:
        place = etree.SubElement(parent, name)
        for key, said in value.items():
            element = etree.SubElement(place, tag)
            _text(255)(element, "Наименование", key)
            for text in said if isinstance(said, list | tuple) else [said]:
                plain = ("true" if text else "false") if isinstance(text, bool) else text
                _text(1000)(element, said_as, plain)

    return write


def _unit(parent: _Element, name: str, value: Data) -> None:
    element = _add(parent, name, str(value.get("Наименование", "")))
    for key in ("Код", "НаименованиеПолное", "МеждународноеСокращение", "НаименованиеКраткое"):
        if value.get(key):
            element.set(key, str(value[key]))


def _address(parent: _Element, name: str, value: Data) -> None:
    element = etree.SubElement(parent, name)
    _text(255)(element, "Представление", value.get("Представление", ""))
    for kind, text in value.items():
        if kind == "Комментарий":
            _text(3000)(element, kind, text)
        elif kind != "Представление":
            field = etree.SubElement(element, "АдресноеПоле")
            _text(255)(field, "Тип", kind)
            _text(255)(field, "Значение", text)


def _each(tag: str, order: Mapping[str, _Write], required: Sequence[str] = (), **given: Any) -> _Write:
    def write(parent: _Element, name: str, value: Sequence[Data]) -> None:
        place = etree.SubElement(parent, name)
        for data in value:
            place.append(_filled(tag, {**given, **data}, order, required))

    return write


def _customers(parent: _Element, name: str, value: Sequence[Data]) -> None:
    place = etree.SubElement(parent, name)
    for data in value:
        given = {"Роль": "Покупатель", **data}
        if "ОфициальноеНаименование" not in given:
            given.setdefault("ПолноеНаименование", given.get("Наименование"))
        elif "ПолноеНаименование" in given:
            raise RowError(
                "ПолноеНаименование", given["ПолноеНаименование"], N_("a company has an official name instead")
            )
        place.append(_filled("Контрагент", given, _CUSTOMER, ("Наименование",)))


_NAME: Final = _text(255)
_COMMENT: Final = _text(3000)
_CONTACT: Final[dict[str, _Write]] = {"Тип": _text(100), "Значение": _NAME, "Комментарий": _COMMENT}
_DISCOUNT: Final[dict[str, _Write]] = {
    "Наименование": _NAME,
    "Сумма": _amount,
    "Процент": _NAME,
    "УчтеноВСумме": _flag,
    "Комментарий": _COMMENT,
}
_TAX: Final[dict[str, _Write]] = {"Наименование": _NAME, "УчтеноВСумме": _flag, "Сумма": _amount, "Ставка": _NAME}
_CUSTOMER: Final[dict[str, _Write]] = {
    "Ид": _text(80),
    "Наименование": _NAME,
    "ОфициальноеНаименование": _NAME,
    "ЮридическийАдрес": _address,
    "ПолноеНаименование": _NAME,
    "Фамилия": _NAME,
    "Имя": _NAME,
    "Отчество": _NAME,
    "ДатаРождения": _day,
    "Пол": _NAME,
    "ИНН": _text(12),
    "КПП": _text(9),
    "ОКПО": _NAME,
    "АдресРегистрации": _address,
    "Комментарий": _COMMENT,
    "Адрес": _address,
    "Контакты": _each("Контакт", _CONTACT, ("Тип", "Значение")),
    "Роль": _NAME,
}
_LINE: Final[dict[str, _Write]] = {
    "Ид": _text(80),
    "Штрихкод": _text(14),
    "Артикул": _NAME,
    "Наименование": _NAME,
    "БазоваяЕдиница": _unit,
    "СтавкиНалогов": _pairs("СтавкаНалога", "Ставка"),
    "ХарактеристикиТовара": _pairs("ХарактеристикаТовара"),
    "ЗначенияРеквизитов": _pairs("ЗначениеРеквизита"),
    "ИдКаталога": _NAME,
    "ЦенаЗаЕдиницу": _amount,
    "Количество": _quantity,
    "Сумма": _amount,
    "Налоги": _each("Налог", _TAX, ("Наименование",)),
    "Скидки": _each("Скидка", _DISCOUNT, ("Наименование", "Сумма")),
}
_ORDER: Final[dict[str, _Write]] = {
    "Ид": _NAME,
    "Номер": _NAME,
    "Дата": _day,
    "ХозОперация": _NAME,
    "Роль": _NAME,
    "Валюта": _text(3),
    "Курс": _NAME,
    "Сумма": _amount,
    "Контрагенты": _customers,
    "Время": _clock,
    "Комментарий": _COMMENT,
    "Налоги": _each("Налог", _TAX, ("Наименование",)),
    "Скидки": _each("Скидка", _DISCOUNT, ("Наименование", "Сумма")),
    "Товары": _each(
        "Товар",
        _LINE,
        ("Наименование", "ЦенаЗаЕдиницу", "Количество", "Сумма"),
        БазоваяЕдиница=_PIECE,
        ЗначенияРеквизитов=_GOOD,
    ),
    "ЗначенияРеквизитов": _pairs("ЗначениеРеквизита"),
}
