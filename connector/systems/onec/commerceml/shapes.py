"""Elements of CommerceML as plain dictionaries with the names of the standard.

What stands in every file in a way of its own comes out in one way: requisites, characteristics and tax rates as
name -> value, values of properties as identifier -> list, groups of a good as a list of identifiers, stocks as
`Остатки: [{Склад, Количество}]` whichever of the four forms was used, a unit as `{Код, Наименование, …}` whether it
was written with attributes (2.x) or as a bare code (3.1), details of a person or a company beside the name.

Empty text is `""`, what is not there has no key. An unknown element is kept as it is; one that repeats becomes a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from lxml import etree

from connector.systems.onec.commerceml.values import bare_id, clock, moment, number, plain, truth

Data = dict[str, Any]
_Element = etree._Element
_MOST_NAMES: Final = 4096


class Part(NamedTuple):
    """How one part of an object is read: by a shape of its own, or as text that may be converted."""

    name: str
    shape: Callable[[_Element], Any] | None
    convert: Callable[[str, str], Any] | None
    listed: bool


class _Names(dict[Any, str]):
    """Tag -> its name without the namespace, remembered; a file of invented names does not make it grow for good."""

    def __missing__(self, tag: Any) -> str:
        if len(self) > _MOST_NAMES:
            self.clear()
        name = self[tag] = str(tag).rpartition("}")[2]
        return name


_NAMES: Final = _Names()


class _Parts(dict[Any, Part]):
    """Tag -> what is made of such a part, remembered in the same way."""

    def __missing__(self, tag: Any) -> Part:
        if len(self) > _MOST_NAMES:
            self.clear()
        name = _NAMES[tag]
        part = self[tag] = Part(name, _SHAPES.get(name), _VALUES.get(name), name in _LISTED)
        return part


_PARTS: Final = _Parts()


def record(element: _Element) -> Data:
    """One element with children. RowError where a number, a date or a flag of it cannot be read."""
    found: Data = {}
    for part in element:
        name, shape, convert, listed = _PARTS[part.tag]
        if shape is not None:
            value = shape(part)
        elif len(part):
            value = record(part)
        else:
            text = part.text
            value = "" if text is None else text.strip()
            if "&" in value:
                value = plain(value)
            if convert is not None:
                value = convert(name, value)
        if listed:
            found.setdefault(name, []).append(value)
        elif name in found:
            found[name] = _again(found[name], value)
        else:
            found[name] = value
    return found


def marked(element: _Element) -> Data:
    """An object with its own attributes (a deleted good says so in one)."""
    said = element.items()
    return {**_attributes(said), **record(element)} if said else record(element)


def _attributes(said: list[tuple[str, str]]) -> Data:
    return {_NAMES[name]: plain(value) for name, value in said}


def groups(element: _Element, parent: str | None = None) -> Iterator[Data]:
    """A group of the classifier and those below it, parents first; `Родитель` is the group above or None."""
    data = marked(element)
    data.pop("Группы", None)
    yield {**data, "Родитель": parent}
    for part in element:
        if _NAMES[part.tag] == "Группы":
            for below in part:
                yield from groups(below, data.get("Ид"))


def offer(element: _Element) -> Data:
    """An offer; stocks by storage in one form, a characteristic that stands apart put behind the good's identifier."""
    data = marked(element)
    stocks = [stock for name in ("КоличествоНаСкладах", "Остатки") for stock in data.pop(name, ())]
    said = [part for part in element if _NAMES[part.tag] in _STORAGES and part.get("ИдСклада") is not None]
    if said:
        stocks += [_stock(part.get("ИдСклада"), plain(part.get("КоличествоНаСкладе"))) for part in said]
        data = {name: value for name, value in data.items() if name not in _STORAGES}
    if stocks:
        data["Остатки"] = stocks
    if data.get("ИдХарактеристики") and "#" not in data.get("Ид", "#"):
        data["Ид"] = f"{data['Ид']}#{data['ИдХарактеристики']}"
    return data


def customer(element: _Element) -> Data:
    """A counterparty; what stands in the details of a company or a person is beside the name."""
    data = marked(element)
    for name in ("РеквизитыЮрЛица", "РеквизитыФизЛица"):
        details = data.pop(name, None)
        if isinstance(details, Mapping):
            data = {**details, **data}
    return data


def named(element: _Element, name: str) -> str | None:
    """The text of a child, for what is read before or without the whole."""
    return next((plain(part.text) for part in element if _NAMES[part.tag] == name), None)


def _again(before: Any, value: Any) -> list[Any]:
    return [*before, value] if isinstance(before, list) else [before, value]


def _list(element: _Element) -> list[Data]:
    return [marked(part) for part in element]


def _customers(element: _Element) -> list[Data]:
    return [customer(part) for part in element]


def _representatives(element: _Element) -> list[Data]:
    """Each is wrapped in one more element."""
    return [customer(inner) for part in element for inner in part if len(inner)]


def _identifiers(element: _Element) -> list[str]:
    return [plain(part.text) for part in element if _NAMES[part.tag] == "Ид"]


def _pairs(name: str, value: str) -> Callable[[_Element], Data]:
    """Name -> value; a name that stands several times has a list."""

    def read(element: _Element) -> Data:
        found: Data = {}
        for part in element:
            key, values = "", []
            for inner in part:
                said = _NAMES[inner.tag]
                if said == value:
                    values.append(plain(inner.text))
                elif said == name:
                    key = plain(inner.text)
            if key in _DATES:
                values = [moment(key, text) for text in values]
            if len(values) == 1 and key not in found:
                found[key] = values[0]
                continue
            for text in values or [""]:
                found[key] = _again(found[key], text) if key in found else text
        return found

    return read


def _properties(element: _Element) -> dict[str, list[str]]:
    """Identifier of the property -> its values; an empty list where it has none."""
    found: dict[str, list[str]] = {}
    for part in element:
        key, values = "", []
        for inner in part:
            name = _NAMES[inner.tag]
            if name == "Ид":
                key = plain(inner.text)
            elif name in ("Значение", "ИдЗначения") and (text := plain(inner.text)):
                values.append(text)
        found.setdefault(key, []).extend(values)
    return found


def _variants(element: _Element) -> Data:
    """Identifier -> value; a bare value is known by itself."""
    found: Data = {}
    for part in element:
        value = named(part, "Значение") or "" if len(part) else plain(part.text)
        found[named(part, "ИдЗначения") or value] = value
    return found


def _unit(element: _Element) -> Data:
    data = _attributes(element.items())
    text = plain(element.text)
    if text:
        data["Код" if text.isdecimal() and "Код" not in data else "Наименование"] = text
    return data


def _address(element: _Element) -> Data:
    """The whole as `Представление`, its parts by their kind."""
    if len(element) == 0:
        return {"Представление": plain(element.text)}
    found: Data = {}
    for part in element:
        if len(part):
            found[named(part, "Тип") or _NAMES[part.tag]] = named(part, "Значение") or ""
        else:
            found[_NAMES[part.tag]] = plain(part.text)
    return found


def _stocks(element: _Element) -> list[Data]:
    """`<Остатки><Остаток>…` (3.1) and `<КоличествоНаСкладах><КоличествоНаСкладе>…` (2.05)."""
    found = []
    for part in element:
        inner = {_NAMES[item.tag]: item for item in part}
        place = inner.get("Склад", part)
        storage = named(place, "Ид") or named(part, "ИдСклада")
        found.append(_stock(storage, named(place, "Количество") or named(part, "Количество") or ""))
    return found


def _stock(storage: str | None, quantity: str) -> Data:
    return {"Склад": storage, "Количество": number("Количество", quantity)}


def _bare(name: str, text: str) -> str:
    del name
    return bare_id(text)


_LISTED: Final = frozenset({"Картинка"})
_STORAGES: Final = ("Склад", "Склады")
"""In an offer of 2.07, and in one of the changes of a package (2.10): `<… ИдСклада="" КоличествоНаСкладе=""/>`."""
_DATES: Final = frozenset({"Дата по 1С", "Дата оплаты по 1С", "Дата отгрузки по 1С"})

_VALUES: Final[dict[str, Callable[[str, str], Any]]] = {
    **dict.fromkeys(("ЦенаЗаЕдиницу", "Количество", "Сумма", "Коэффициент", "Курс"), number),
    **dict.fromkeys(("Дата", "Дата1С"), moment),
    **dict.fromkeys(("ИдКлассификатора", "ИдКаталога"), _bare),
    "Время": clock,
    "ПометкаУдаления": truth,
}

_SHAPES: Final[dict[str, Callable[[_Element], Any]]] = {
    **dict.fromkeys(
        ("Товары", "Контакты", "Скидки", "Налоги", "Цены", "ДопРасходы", "ПодчиненныеДокументы", "Основания"), _list
    ),
    **dict.fromkeys(
        ("Адрес", "АдресРегистрации", "ЮридическийАдрес", "ФактическийАдрес", "ПочтовыйАдрес", "АдресДоставки"),
        _address,
    ),
    "Контрагенты": _customers,
    "Представители": _representatives,
    "Группы": _identifiers,
    "ЗначенияРеквизитов": _pairs("Наименование", "Значение"),
    "ХарактеристикиТовара": _pairs("Наименование", "Значение"),
    "СтавкиНалогов": _pairs("Наименование", "Ставка"),
    "ЗначенияСвойств": _properties,
    "ВариантыЗначений": _variants,
    "БазоваяЕдиница": _unit,
    "КоличествоНаСкладах": _stocks,
    "Остатки": _stocks,
}
