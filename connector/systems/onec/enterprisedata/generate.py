"""Makes `schema.json`, the compact table of elements in their order, from 1C's own schema package.

    python -m connector.systems.onec.enterprisedata.generate EnterpriseData_1_8_6/Ext/Package.bin schema.json

A development tool: the package (an XDTO model, one to one an XSD) is 1C's and is not shipped; the table holds names,
order and kinds only. The order is what a receiver demands; a later version of the format appends properties, it moves
none (compared for 1.8 and 1.10), so that a table of 1.8 with `LATER` writes both.

The table: `{"types": {type: [[name, kind, required, many], …]}, "values": {enumeration: [value, …]}}`. A kind is
`string`, `string(12)`, `date`, `dateTime`, `boolean`, `decimal(2)`, `integer`, `ref`, `=Enumeration` or a type.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from lxml import etree

from connector.systems.onec.safexml import whole

ROOTS: Final = (
    "Справочник.Контрагенты",
    "Справочник.КонтрагентыГруппа",
    "Справочник.Номенклатура",
    "Справочник.НоменклатураГруппа",
    "Справочник.ДисконтныеКарты",
    "Справочник.ПрограммыЛояльности",
    "Справочник.Организации",
    "Справочник.Склады",
    "Справочник.СостояниеЗаказа",
    "Справочник.СостояниеОплатыЗаказа",
    "Справочник.СостояниеОтгрузкиЗаказа",
    "Документ.ЗаказКлиента",
    "Документ.РеализацияТоваровУслуг",
    "Документ.ОтчетОРозничныхПродажах",
    "Документ.ВозвратТоваровОтПокупателя",
    "Документ.ПКОРасчетыСКонтрагентами",
    "Документ.ПКОРозничнаяВыручка",
    "Документ.РКОРасчетыСКонтрагентами",
    "Документ.ОперацияПоПлатежнойКарте",
    "УдалениеОбъекта",
)
"""The objects that are read and written."""

LATER: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "Справочник.Контрагенты": (("ФизическоеЛицо", "КлючевыеСвойстваФизическоеЛицо"),),
    "Справочник.Номенклатура": (("СистемаНалогообложения", "string"), ("ПрослеживаемыйТовар", "boolean")),
    "Документ.ЗаказКлиента": (("Курьер", "КлючевыеСвойстваФизическоеЛицо"),),
    "Документ.ЗаказКлиента.Услуги.Строка": (("SKUКонтрагента", "КлючевыеСвойстваSKUКонтрагента"),),
}
"""What 1.10 appends to types of 1.8, as far as it concerns what we write."""

_XDTO: Final = "{http://v8.1c.ru/8.1/xdto}"
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_ANY: Final = ("Составной", "ЛюбаяСсылка")
"""Types that stand for "one of these": their members are named, and not followed."""


class Package:
    """An XDTO package."""

    def __init__(self, root: etree._Element) -> None:
        self.objects = {str(item.get("name")): item for item in root.findall(f"{_XDTO}objectType")}
        self.values = {str(item.get("name")): item for item in root.findall(f"{_XDTO}valueType")}
        self.types: dict[str, list[list[Any]]] = {}
        self.enumerations: dict[str, list[str]] = {}

    def follow(self, name: str) -> None:
        """Take a type and all that it is made of."""
        if name in self.types or name not in self.objects:
            return
        self.types[name] = []
        self.types[name] = self._properties(name, self.objects[name])

    def _properties(self, owner: str, described: etree._Element) -> list[list[Any]]:
        return [self._property(owner, item) for item in described.findall(f"{_XDTO}property")]

    def _property(self, owner: str, item: etree._Element) -> list[Any]:
        name = str(item.get("name"))
        required = item.get("lowerBound", "1") != "0"
        many = item.get("upperBound", "1") != "1"
        return [name, self._kind(owner, name, item), int(required), int(many)]

    def _kind(self, owner: str, name: str, item: etree._Element) -> str:
        declared = item.get("type")
        if declared is not None:
            return self._declared(declared, follow=not owner.startswith(_ANY))
        inline = item.find(f"{_XDTO}typeDef")
        if inline is None:
            return "string"
        if inline.get(f"{_XSI}type") == "ObjectType":
            nested = f"{owner}/{name}"
            self.types[nested] = self._properties(nested, inline)
            return nested
        return self._value(inline)

    def _declared(self, declared: str, *, follow: bool) -> str:
        prefix, _, name = declared.rpartition(":")
        if prefix == "xs":
            return {"int": "integer", "anyType": "string", "anyURI": "string"}.get(name, name)
        if name in self.values:
            return self._named_value(name)
        if follow:
            self.follow(name)
        return name

    def _named_value(self, name: str) -> str:
        item = self.values[name]
        if name.startswith(("СправочникСсылка.", "ДокументСсылка.")) or (item.get("base") or "").endswith(":Ref"):
            return "ref"
        listed = [value.text or "" for value in item.findall(f"{_XDTO}enumeration")]
        if listed:
            self.enumerations[name] = listed
            return f"={name}"
        return self._value(item)

    @staticmethod
    def _value(item: etree._Element) -> str:
        base = (item.get("base") or "xs:string").rpartition(":")[2]
        if base in ("decimal", "integer", "int"):
            places = item.get("fractionDigits", "0")
            return "integer" if base != "decimal" else f"decimal({places})"
        longest = item.get("maxLength")
        return f"string({longest})" if longest is not None else "string"


def table_of(package: bytes) -> dict[str, Any]:
    """The table of a package."""
    read = Package(whole(package.removeprefix(b"\xef\xbb\xbf")))
    for name in ROOTS:
        read.follow(name)
    for name, appended in LATER.items():
        if name not in read.types:
            continue
        known = {item[0] for item in read.types[name]}
        read.types[name] += [[field, kind, 0, 0] for field, kind in appended if field not in known]
    return {"types": dict(sorted(read.types.items())), "values": dict(sorted(read.enumerations.items()))}


def main(package: str, target: str) -> None:
    table = table_of(Path(package).read_bytes())
    lines = [f"{json.dumps(name, ensure_ascii=False)}: {_line(items)}" for name, items in table["types"].items()]
    values = [f"{json.dumps(name, ensure_ascii=False)}: {_line(items)}" for name, items in table["values"].items()]
    text = '{"types": {\n' + ",\n".join(lines) + '\n}, "values": {\n' + ",\n".join(values) + "\n}}\n"
    Path(target).write_text(text, encoding="utf-8")


def _line(items: object) -> str:
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main(*sys.argv[1:])
