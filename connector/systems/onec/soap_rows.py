"""A counterparty of EnterpriseData as one flat row, and back.

Key properties stand beside the others, and contact information has the form that a row of OData has, so that one
transform reads both: `{Тип, Вид, Представление, ЗначенияПолей}`. What a row of contacts says stands in `ЗначенияПолей`
as XML, as JSON or as plain text; 1C writes all three. A row that nobody changed goes back as it came.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from connector.errors import RowError
from connector.locale import N_
from connector.systems.onec.enterprisedata.schema import schema
from connector.systems.onec.safexml import NotXml, whole

CUSTOMER: Final = "Справочник.Контрагенты"
KEYS: Final = "КлючевыеСвойства"
REFERENCE: Final = "Ссылка"
CONTACTS: Final = "КонтактнаяИнформация"

_PHONE, _EMAIL, _ADDRESS = "Телефон", "АдресЭлектроннойПочты", "Адрес"
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("Телефон", "ТелефонРабочий", "ТелефонДомашний", "ПользовательскаяКИТелефон"), _PHONE),
    **dict.fromkeys(("АдресЭлектроннойПочты", "ПользовательскаяКИАдресЭлектроннойПочты"), _EMAIL),
    **dict.fromkeys(("ЮридическийАдрес", "ФактическийАдрес", "ПочтовыйАдрес", "ПользовательскаяКИАдрес"), _ADDRESS),
}
_SPACE: Final = "http://www.v8.1c.ru/ssl/contactinfo"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_COMPOSED: Final = {_PHONE: "НомерТелефона", _EMAIL: "ЭлектроннаяПочта", _ADDRESS: "Адрес"}
_RUSSIAN: Final = 12
"""Signs of a number such as +79161234567: country, code of the operator or the town, and the rest."""


def reference_of(data: Mapping[str, Any]) -> str | None:
    """The GUID of an object; None where it does not say it."""
    keys = data.get(KEYS)
    found = keys.get(REFERENCE) if isinstance(keys, Mapping) else None
    return found.lower() if isinstance(found, str) and found else None


def deleted_of(data: Mapping[str, Any], type_: str) -> str | None:
    """The GUID that `УдалениеОбъекта` names, when it is one of this type: `{КонтрагентыСсылка: …}`."""
    place: Any = data
    for _ in range(2):
        place = place.get("СсылкаНаОбъект", {}) if isinstance(place, Mapping) else {}
    found = place.get(f"{type_.partition('.')[2]}{REFERENCE}") if isinstance(place, Mapping) else None
    return found.lower() if isinstance(found, str) and found else None


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """One row of what an object says."""
    keys = data.get(KEYS)
    row = {**(keys if isinstance(keys, Mapping) else {}), **{name: one for name, one in data.items() if name != KEYS}}
    row.pop(REFERENCE, None)
    if isinstance(rows := row.get(CONTACTS), list):
        row[CONTACTS] = [_contact(one) for one in rows if isinstance(one, Mapping)]
    return row


def nested(row: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """The object that says this row. What is empty is left out: the format has no other word for it."""
    known = {item.name for item in schema().types["КлючевыеСвойстваКонтрагент"]}
    said = {name: value for name, value in row.items() if value not in (None, "")}
    keys = {name: value for name, value in said.items() if name in known}
    data: dict[str, Any] = {name: value for name, value in said.items() if name not in known}
    if CONTACTS in data:
        data[CONTACTS] = [_row(one) for one in data[CONTACTS]]
    return {KEYS: {REFERENCE: reference, **keys}, **data}


# contact information -------------------------------------------------------------------------------------------


def _contact(row: Mapping[str, Any]) -> dict[str, Any]:
    kind, told = str(row.get("ВидКонтактнойИнформации", "")), str(row.get("ЗначенияПолей", ""))
    return {"Тип": _KINDS.get(kind, ""), "Вид": kind, "Представление": _shown(told), "ЗначенияПолей": told}


def _shown(told: str) -> str:
    """What a person would read."""
    text = told.strip()
    if text.startswith("<"):
        try:
            return whole(text.encode()).get("Представление", "")
        except NotXml:
            return ""
    if text.startswith("{"):
        try:
            return str(json.loads(text).get("value", ""))
        except ValueError:
            return ""
    return text


def _row(contact: Mapping[str, Any]) -> dict[str, str]:
    kind = str(contact.get("Вид", ""))
    if not kind:
        raise RowError(CONTACTS, contact.get("Представление"), N_("the kind of this contact information is not known"))
    told = contact.get("ЗначенияПолей") or _composed(str(contact.get("Тип", "")), str(contact.get("Представление", "")))
    return {"ВидКонтактнойИнформации": kind, "ЗначенияПолей": told}


def _composed(type_: str, shown: str) -> str:
    """Contact information as 1C composes it, with as much structure as is known."""
    root = etree.Element(f"{{{_SPACE}}}КонтактнаяИнформация", nsmap={None: _SPACE, "xsi": _XSI})
    root.set("Представление", shown)
    part = etree.SubElement(root, f"{{{_SPACE}}}Состав")
    part.set(f"{{{_XSI}}}type", _COMPOSED.get(type_, "Адрес"))
    if type_ == _PHONE:
        for name, value in _phone(shown).items():
            part.set(name, value)
    elif type_ == _EMAIL:
        part.set("Значение", shown)
    return etree.tostring(root, encoding="unicode")


def _phone(number: str) -> dict[str, str]:
    if number.startswith("+7") and len(number) == _RUSSIAN:
        return {"КодСтраны": "7", "КодГорода": number[2:5], "Номер": number[5:]}
    return {"КодСтраны": "", "КодГорода": "", "Номер": number.removeprefix("+")}
