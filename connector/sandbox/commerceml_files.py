"""The files that 1C sends to a site: goods, offers and what became of the orders, in 2.0x and in 3.1.

Written as 1C writes them, peculiarities included: a byte order mark, a unit's code with a space behind it (2.x) or
alone (3.1), an identifier with a leading `#`, an empty date that is a lone `T`, quotes that were escaped twice, a
number padded with spaces.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from lxml import etree

BOM: Final = b"\xef\xbb\xbf"
SPACES: Final = {"2": "urn:1C.ru:commerceml_2", "2.05": "urn:1C.ru:commerceml_205", "3": "urn:1C.ru:commerceml_3"}
CLASSIFIER: Final = "#bd72d8f9-55bc-11d9-848a-00112f43529a"
CATALOGUE: Final = "bd72d8f9-55bc-11d9-848a-00112f43529b"
PRICE_KIND: Final = "bd72d8f9-55bc-11d9-848a-00112f43529c"
STORAGE: Final = "bd72d8f9-55bc-11d9-848a-00112f43529d"

Fill = Callable[[etree._Element], None]


@dataclass(frozen=True, kw_only=True)
class Good:
    """A good of 1C, with or without a characteristic. `price` in roubles."""

    guid: str
    name: str
    article: str = ""
    group: str = ""
    characteristic: str = ""
    price: Decimal = Decimal(0)
    rest: Decimal = Decimal(0)

    @property
    def offer(self) -> str:
        """How an offer and an order line call it: `guid` or `guid#guid`."""
        return f"{self.guid}#{self.characteristic}" if self.characteristic else self.guid


@dataclass(kw_only=True)
class Order:
    """An order as 1C holds it. Dates are YYYY-MM-DD, an empty one is unknown."""

    number: str  # the site's
    id: str = ""
    number_1c: str = ""
    date: str = ""
    time: str = ""
    currency: str = "руб"
    total: str = "0"
    customer: Mapping[str, str] = field(default_factory=dict)
    lines: list[dict[str, str]] = field(default_factory=list)
    comment: str = ""
    posted: bool = False
    cancelled: bool = False
    shipped: str = ""
    paid: str = ""
    loaded: int = 0
    deleted: bool = False


def group_guid(name: str) -> str:
    """A stable guid of a group of goods, from its name."""
    return f"{sum(name.encode()) * 2654435761 % 2**32:08x}-55bc-11d9-848a-00112f43529a"


def catalogue_files(goods: Sequence[Good], version: str, made: str, *, changes_only: bool = False) -> dict[str, bytes]:
    """Name -> content of every file of a catalogue, in the order in which 1C finds them."""
    if version.startswith("3"):
        return _split(goods, made, changes_only)
    root = _root(version, made)
    _classifier(root, goods)
    _goods(root, goods, bare_unit=False, changes_only=changes_only)
    offers = _root(version, made)
    _offers(offers, goods, changes_only)
    return {"import.xml": _written(root), "offers.xml": _written(offers)}


def orders_file(orders: Sequence[Order], version: str, made: str) -> bytes:
    """What became of the orders. In 3.1 each stands in a container, with elements where 2.x has requisites."""
    root = _root(version, made)
    for order in orders:
        place = _child(root, "Контейнер") if version.startswith("3") else root
        _document(_child(place, "Документ"), order, new=version.startswith("3"))
    return _written(root)


def packed_files(files: Mapping[str, bytes]) -> bytes:
    """All of them in one archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


# parts ---------------------------------------------------------------------------------------------------------


def _root(version: str, made: str) -> etree._Element:
    space = SPACES.get(version, SPACES[version[0]])
    root = etree.Element(f"{{{space}}}КоммерческаяИнформация", nsmap={None: space})
    root.set("ВерсияСхемы", version)
    root.set("ДатаФормирования", made)
    return root


def _child(parent: etree._Element, name: str, text: str | None = None, **facts: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    for key, value in facts.items():
        element.set(key, value)
    element.text = text
    return element


def _written(root: etree._Element) -> bytes:
    return BOM + etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _owner(parent: etree._Element) -> None:
    owner = _child(parent, "Владелец")
    _child(owner, "Ид", "bd72d8f9-55bc-11d9-848a-00112f43529e")
    _child(owner, "Наименование", "ООО &quot;Зерно&quot;")  # escaped once more when it is written


def _classifier(root: etree._Element, goods: Sequence[Good]) -> None:
    classifier = _child(root, "Классификатор")
    _child(classifier, "Ид", CLASSIFIER)
    _child(classifier, "Наименование", "Классификатор (Основной каталог)")
    _owner(classifier)
    groups = _child(classifier, "Группы")
    for name in dict.fromkeys(good.group for good in goods if good.group):
        group = _child(groups, "Группа")
        _child(group, "Ид", group_guid(name))
        _child(group, "Наименование", name)


def _goods(root: etree._Element, goods: Sequence[Good], *, bare_unit: bool, changes_only: bool) -> None:
    catalogue = _child(root, "Каталог", СодержитТолькоИзменения=str(changes_only).lower())
    _child(catalogue, "Ид", CATALOGUE)
    _child(catalogue, "ИдКлассификатора", CLASSIFIER)
    _child(catalogue, "Наименование", "Основной каталог")
    _owner(catalogue)
    place = _child(catalogue, "Товары")
    for good in {good.guid: good for good in goods}.values():
        _good(_child(place, "Товар"), good, bare_unit=bare_unit)


def _good(element: etree._Element, good: Good, *, bare_unit: bool) -> None:
    _child(element, "Ид", good.guid)
    _child(element, "Артикул", good.article)
    _child(element, "Наименование", good.name)
    if bare_unit:
        _child(element, "БазоваяЕдиница", "796")
    else:
        facts = {"Код": "796 ", "НаименованиеПолное": "Штука", "МеждународноеСокращение": "PCE"}
        _child(element, "БазоваяЕдиница", "шт", **facts)
    if good.group:
        _child(_child(element, "Группы"), "Ид", group_guid(good.group))
    rate = _child(_child(element, "СтавкиНалогов"), "СтавкаНалога")
    _child(rate, "Наименование", "НДС")
    _child(rate, "Ставка", "20")
    _requisites(element, {"ВидНоменклатуры": "Товар", "ТипНоменклатуры": "Товар", "Полное наименование": good.name})


def _requisites(parent: etree._Element, values: Mapping[str, str]) -> None:
    place = _child(parent, "ЗначенияРеквизитов")
    for name, value in values.items():
        requisite = _child(place, "ЗначениеРеквизита")
        _child(requisite, "Наименование", name)
        _child(requisite, "Значение", value)


def _package(root: etree._Element, changes_only: bool) -> etree._Element:
    package = _child(root, "ПакетПредложений", СодержитТолькоИзменения=str(changes_only).lower())
    _child(package, "Ид", f"{CATALOGUE}#")
    _child(package, "Наименование", "Пакет предложений (Основной каталог)")
    _child(package, "ИдКаталога", CATALOGUE)
    _child(package, "ИдКлассификатора", CLASSIFIER)
    return package


def _offers(root: etree._Element, goods: Sequence[Good], changes_only: bool) -> None:
    package = _package(root, changes_only)
    _price_kinds(package)
    place = _child(package, "Предложения")
    for good in goods:
        offer = _named(place, good)
        _price(offer, good)
        _child(offer, "Количество", f"{good.rest.normalize():f}")


def _named(place: etree._Element, good: Good) -> etree._Element:
    offer = _child(place, "Предложение")
    _child(offer, "Ид", good.offer)
    _child(offer, "Артикул", good.article)
    _child(offer, "Наименование", good.name)
    return offer


def _price_kinds(parent: etree._Element) -> None:
    kind = _child(_child(parent, "ТипыЦен"), "ТипЦены")
    _child(kind, "Ид", PRICE_KIND)
    _child(kind, "Наименование", "Розничная")
    _child(kind, "Валюта", "руб")


def _price(offer: etree._Element, good: Good) -> None:
    price = _child(_child(offer, "Цены"), "Цена")
    _child(price, "Представление", f"{good.price:f} руб за шт")
    _child(price, "ИдТипаЦены", PRICE_KIND)
    _child(price, "ЦенаЗаЕдиницу", f"{good.price:f}")
    _child(price, "Валюта", "руб")
    _child(price, "Единица", "шт")
    _child(price, "Коэффициент", "1")


def _split(goods: Sequence[Good], made: str, changes_only: bool) -> dict[str, bytes]:
    """3.1: groups, goods, offers, prices and rests each in a file of its own."""

    def bare(fill: Callable[[etree._Element, Good], None]) -> Fill:
        def write(root: etree._Element) -> None:
            place = _child(_package(root, changes_only), "Предложения")
            for good in goods:
                offer = _child(place, "Предложение")
                _child(offer, "Ид", good.offer)
                fill(offer, good)

        return write

    def offers(root: etree._Element) -> None:
        place = _child(_package(root, changes_only), "Предложения")
        for good in goods:
            _named(place, good)

    def rest(offer: etree._Element, good: Good) -> None:
        storage = _child(_child(_child(offer, "Остатки"), "Остаток"), "Склад")
        _child(storage, "Ид", STORAGE)
        _child(storage, "Количество", f"{good.rest.normalize():f}")

    kinds: dict[str, Fill] = {
        "groups": lambda root: _classifier(root, goods),
        "goods": lambda root: _goods(root, goods, bare_unit=True, changes_only=changes_only),
        "priceLists": lambda root: _price_kinds(_child(root, "Классификатор")),
        "offers": offers,
        "prices": bare(_price),
        "rests": bare(rest),
    }
    files = {}
    for number, (name, fill) in enumerate(kinds.items(), 1):
        root = _root("3.1", made)
        root.set("Ид", CATALOGUE)
        fill(root)
        files[f"{name}_1_{number}_{CATALOGUE}.xml"] = _written(root)
    return files


def _document(element: etree._Element, order: Order, *, new: bool) -> None:
    _child(element, "Ид", order.id or order.number)
    _child(element, "Номер", order.number)
    if new:
        _child(element, "НомерВерсии", "AAAAAAAAAAE=")
        _child(element, "ПометкаУдаления", str(order.deleted).lower())
        _child(element, "Номер1С", f"{order.number_1c:<11}")
        _child(element, "Дата1С", order.date or "T")
    _child(element, "Дата", order.date or "T")
    _child(element, "ХозОперация", "Заказ товара")
    _child(element, "Роль", "Продавец")
    _child(element, "Валюта", order.currency)
    _child(element, "Курс", "1")
    _child(element, "Сумма", order.total)
    _child(element, "Время", order.time or "00:00:00")
    _child(element, "Комментарий", order.comment)
    place = _child(element, "Товары")
    for line in order.lines:
        row = _child(place, "Товар")
        for name in ("Ид", "Артикул", "Наименование", "ЦенаЗаЕдиницу", "Количество", "Сумма"):
            _child(row, name, line.get(name, ""))
    _requisites(element, _state(order, new=new))


def _state(order: Order, *, new: bool) -> dict[str, str]:
    """Only what has happened is said of payment and shipment."""
    said = {"Проведен": str(order.posted).lower(), "Отменен": str(order.cancelled).lower()}
    said["Отгружен"] = str(order.shipped != "").lower()
    if not new:
        said = {"Номер по 1С": order.number_1c, "Дата по 1С": order.date or "T", **said}
        said["ПометкаУдаления"] = str(order.deleted).lower()
    if order.paid:
        said |= {"Номер оплаты по 1С": f"П{order.number_1c}", "Дата оплаты по 1С": order.paid}
    if order.shipped:
        said |= {"Номер отгрузки по 1С": f"О{order.number_1c}", "Дата отгрузки по 1С": order.shipped}
    return said
