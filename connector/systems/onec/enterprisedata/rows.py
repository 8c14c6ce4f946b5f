"""Objects of EnterpriseData as flat rows, and back.

Key properties stand beside the others, and contact information has the form that a row of OData has, so that one
transform reads both: `{Тип, Вид, Представление, ЗначенияПолей}`. What a row of contacts says stands in `ЗначенияПолей`
as XML, as JSON or as plain text; 1C writes all three. A row that nobody changed goes back as it came.

What became of an order is told by objects of their own (its state, its payment, its shipment) and by its deletion; all
of it stands in one place of the order's row, `Состояние`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lxml import etree

from connector.errors import RowError
from connector.locale import N_
from connector.systems.onec.enterprisedata.schema import schema
from connector.systems.onec.safexml import NotXml, whole

CUSTOMER: Final = "Справочник.Контрагенты"
CARD: Final = "Справочник.ДисконтныеКарты"
ORDER: Final = "Документ.ЗаказКлиента"
PRODUCT: Final = "Справочник.Номенклатура"
ORGANIZATION: Final = "Справочник.Организации"
STORAGE: Final = "Справочник.Склады"
DELETED: Final = "УдалениеОбъекта"

TYPES: Final[Mapping[str, str]] = {"customer": CUSTOMER, "card": CARD, "order": ORDER}
"""What is carried, by entity."""

KEYS: Final = "КлючевыеСвойства"
REFERENCE: Final = "Ссылка"
CONTACTS: Final = "КонтактнаяИнформация"
STATE: Final = "Состояние"
CANCELLED: Final = "Отменен"
CANCEL: Final = "Отменить"
"""How a row says that an order is to be cancelled there."""

NEW_ORDER: Final = {"Удален": False, CANCELLED: False, "Оплата": "НеОплачен", "Отгрузка": "НеОтгружен"}
"""What becomes of an order begins with this: 1C has just got it from us."""

_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "Справочник.СостояниеЗаказа": ("СостояниеЗаказа", "Заказ"),
    "Справочник.СостояниеОплатыЗаказа": ("СостояниеОплаты", "Оплата"),
    "Справочник.СостояниеОтгрузкиЗаказа": ("СостояниеОтгрузки", "Отгрузка"),
}
"""Type -> where it says the state, and how the row calls it."""

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


class Piece(NamedTuple):
    """What one object says of a thing: a part of its row. `gone` says that 1C has deleted it."""

    key: str
    row: dict[str, Any]
    gone: bool = False


def piece_of(entity: str, type_: str, data: Mapping[str, Any]) -> Piece | None:
    """The piece that an object is of an entity; None where it tells of something else, or of nobody."""
    wanted = TYPES[entity]
    if type_ == DELETED:
        gone = deleted_of(data, wanted)
        return None if gone is None else _deleted(entity, gone)
    if type_ == wanted:
        key = reference_of(data)
        return None if key is None else Piece(key, _told(entity, data))
    if entity == "order" and type_ in _STATES:
        return _state(type_, data)
    return None


def types_of(entity: str) -> frozenset[str]:
    """The types of objects that tell of an entity."""
    return frozenset({TYPES[entity], DELETED, *(_STATES if entity == "order" else ())})


def _told(entity: str, data: Mapping[str, Any]) -> dict[str, Any]:
    row = flat(data)
    return {**row, STATE: {"Удален": False}} if entity == "order" else row


def _deleted(entity: str, key: str) -> Piece:
    """A deleted order is a cancelled one; it stays what it was."""
    return Piece(key, {STATE: {"Удален": True}}) if entity == "order" else Piece(key, {}, gone=True)


def _state(type_: str, data: Mapping[str, Any]) -> Piece | None:
    place, name = _STATES[type_]
    order = (data.get(KEYS) or {}).get("Заказ")
    key = order.get(REFERENCE) if isinstance(order, Mapping) else None
    if not isinstance(key, str) or not key or data.get(place) is None:
        return None
    return Piece(key.lower(), {STATE: {name: data[place]}})


def joined(before: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    """A row with a new piece laid over it. Whether an order is cancelled follows from its deletion and its state."""
    row = {**before, **piece}
    if isinstance(piece.get(STATE), Mapping):
        state = {**(before.get(STATE) or {}), **piece[STATE]}
        state[CANCELLED] = bool(state.get("Удален")) or state.get("Заказ") == "Отменен"
        row[STATE] = state
    return row


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
    found = place.get(_named(type_)) if isinstance(place, Mapping) else None
    return found.lower() if isinstance(found, str) and found else None


def deletion(type_: str, key: str) -> dict[str, Any]:
    """The `УдалениеОбъекта` of an object."""
    return {"СсылкаНаОбъект": {"СсылкаНаОбъект": {_named(type_): key}}}


def _named(type_: str) -> str:
    return f"{type_.partition('.')[2]}{REFERENCE}"


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """One row of what an object says."""
    keys = data.get(KEYS)
    row = {**(keys if isinstance(keys, Mapping) else {}), **{name: one for name, one in data.items() if name != KEYS}}
    row.pop(REFERENCE, None)
    if isinstance(rows := row.get(CONTACTS), list):
        row[CONTACTS] = [_contact(one) for one in rows if isinstance(one, Mapping)]
    return row


def nested(type_: str, row: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """The object that says this row. What is empty is left out: the format has no other word for it."""
    known = key_properties(type_)
    said = {name: value for name, value in row.items() if value not in (None, "", []) and name not in (STATE, CANCEL)}
    keys = {name: value for name, value in said.items() if name in known}
    data: dict[str, Any] = {name: value for name, value in said.items() if name not in known}
    if CONTACTS in data:
        data[CONTACTS] = [_row(one) for one in data[CONTACTS]]
    return {KEYS: {REFERENCE: reference, **keys}, **data}


def key_properties(type_: str) -> frozenset[str]:
    """The elements that stand among the key properties of a type."""
    keys = next(item for item in schema().types[type_] if item.name == KEYS)
    return frozenset(item.name for item in schema().types[keys.kind])


def keys_of(type_: str, row: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """The key properties alone: how other objects refer to this one."""
    known = key_properties(type_)
    said = {name: value for name, value in row.items() if name in known and value not in (None, "", [])}
    return {REFERENCE: reference, **said}


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
