"""Objects of EnterpriseData as plain nested values, both ways.

    {"КлючевыеСвойства": {"Ссылка": guid, "Наименование": "Анна", …}, "КонтактнаяИнформация": [{…}, {…}]}

A table part (`<Товары><Строка>…`) is a list of its rows. Numbers are Decimal, flags bool, dates and references text.
Writing is strict: an unknown name, a lacking element, a wrong kind or a value out of its enumeration is a RowError with
the way to it, and the elements come out in the order of the schema whatever order they were given in. Reading is kind:
what the table does not know is kept as it stands, since every configuration may add to the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, NamedTuple

from lxml import etree

from connector.errors import RowError
from connector.locale import N_
from connector.systems.onec.enterprisedata.schema import NAMESPACE, Property, schema
from connector.systems.onec.safexml import local
from connector.systems.onec.values import guid_of

Value = Any
Data = Mapping[str, Value]

ROW: Final = "Строка"
_XSI_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_LIMITED: Final = re.compile(r"(string|decimal)\((\d+)\)\Z")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d\Z")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\Z")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


# -- writing


class _Writer(NamedTuple):
    """How a child is written: its place in the sequence, its tag, its type or enumeration if it has one, its scalar."""

    place: int
    item: Property
    tag: str
    is_type: bool
    chosen: frozenset[str] | None
    base: str
    limit: int | None


class _Plan(NamedTuple):
    """How a type is written in a version."""

    writers: Mapping[str, _Writer]
    required: frozenset[str]


@lru_cache(maxsize=1024)
def _plan(type_: str, version: str) -> _Plan | None:
    known, properties = schema(), schema().of(type_, version)
    if properties is None:
        return None
    writers = {
        item.name: _Writer(
            place,
            item,
            f"{{{NAMESPACE}{version}}}{item.name}",
            item.kind in known.types,
            known.values[item.kind[1:]] if item.kind.startswith("=") else None,
            *_limited(item.kind),
        )
        for place, item in enumerate(properties)
    }
    return _Plan(writers, frozenset(item.name for item in properties if item.required))


def _limited(kind: str) -> tuple[str, int | None]:
    """`decimal(2)` -> decimal, 2."""
    found = _LIMITED.match(kind)
    return (kind, None) if found is None else (found.group(1), int(found.group(2)))


def element_of(type_: str, data: Data, version: str) -> etree._Element:
    """An object as an element of this version. RowError names what cannot be written."""
    namespace = f"{NAMESPACE}{version}"
    root = etree.Element(f"{{{namespace}}}{type_}", nsmap={None: namespace})
    try:
        _fill(root, type_, data, version)
    except RowError as error:
        raise _further(type_, error) from error
    return root


def _further(way: str, error: RowError) -> RowError:
    """The same error, named from one level further out."""
    joint = "" if error.field.startswith("[") or not error.field else "."
    return RowError(f"{way}{joint}{error.field}", error.value, error.reason.text, **error.reason.facts)


def _fill(parent: etree._Element, type_: str, data: Data, version: str) -> None:
    plan = _plan(type_, version)
    if plan is None:
        raise RowError("", type_, N_("objects of this kind are not written"))
    said = {name: value for name, value in data.items() if value is not None}
    for name in said.keys() - plan.writers.keys():
        raise RowError(name, said[name], N_("the format has no such element here"))
    for name in plan.required - said.keys():
        raise RowError(name, None, N_("the format demands this element"))
    for name in sorted(said, key=lambda name: plan.writers[name].place):
        writer = plan.writers[name]
        try:
            if writer.item.many:
                _put_rows(parent, writer, said[name], version)
            else:
                _put(parent, writer, said[name], version)
        except RowError as error:
            raise _further(name, error) from error


def _put_rows(parent: etree._Element, writer: _Writer, rows: Value, version: str) -> None:
    for number, row in enumerate(rows, 1):
        try:
            _put(parent, writer, row, version)
        except RowError as error:
            raise _further(f"[{number}]", error) from error


def _put(parent: etree._Element, writer: _Writer, value: Value, version: str) -> None:
    if value is None:
        raise RowError("", value, N_("the format demands this element"))
    element = etree.SubElement(parent, writer.tag)
    if writer.is_type:
        _fill(element, writer.item.kind, _as_data(writer.item.kind, value), version)
    elif writer.chosen is not None:
        element.text = _chosen(writer.item.kind[1:], writer.chosen, value)
    elif isinstance(value, Mapping | list):
        raise RowError("", value, N_("a single value belongs here"))
    else:
        element.text = _text(writer.base, writer.limit, value)


def _as_data(kind: str, value: Value) -> Data:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and _is_table(kind):
        return {ROW: value}
    raise RowError("", value, N_("an object with elements of its own belongs here"))


def _is_table(kind: str) -> bool:
    properties = schema().types.get(kind, ())
    return len(properties) == 1 and properties[0].many


def _chosen(enumeration: str, known: frozenset[str], value: Value) -> str:
    if value not in known:
        raise RowError("", value, N_("the format knows other values here: {known}"), known=_some(enumeration))
    return str(value)


def _some(enumeration: str) -> str:
    values = sorted(schema().values[enumeration])
    return ", ".join(values[:8]) + (" …" if len(values) > 8 else "")


def _text(base: str, limit: int | None, value: Value) -> str:
    text = _WRITERS.get(base, _as_string)(value)
    if base == "decimal" and limit is not None:
        text = _rounded(text, limit)
    if base == "string" and limit is not None and len(text) > limit:
        raise RowError("", value, N_("it is longer than {longest} characters"), longest=limit)
    return text


def _as_string(value: Value) -> str:
    if not isinstance(value, str):
        raise RowError("", value, N_("a text belongs here"))
    if _CONTROL.search(value):
        raise RowError("", value, N_("it holds a sign that XML cannot carry"))
    return value


def _as_flag(value: Value) -> str:
    if not isinstance(value, bool):
        raise RowError("", value, N_("yes or no belongs here"))
    return "true" if value else "false"


def _as_number(value: Value) -> str:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise RowError("", value, N_("an exact number belongs here"))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _rounded(text: str, places: int) -> str:
    """Money and quantities have a fixed number of places; more of them is a loss that nobody asked for."""
    if "." not in text and text != "-0":
        return text
    number = Decimal(text)
    short = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    if short != number:
        raise RowError("", text, N_("it has more than {places} decimal places"), places=places)
    return f"{short.normalize():f}" if short else "0"


def _as_date(value: Value) -> str:
    if not isinstance(value, str) or not _DATE.match(value):
        raise RowError("", value, N_("a date such as 2026-01-31 belongs here"))
    return value


def _as_moment(value: Value) -> str:
    if not isinstance(value, str) or not _MOMENT.match(value):
        raise RowError("", value, N_("a moment such as 2026-01-31T14:05:00 belongs here, on the clock of 1C"))
    return value


def _as_ref(value: Value) -> str:
    if isinstance(value, str) and _GUID.match(value):
        return value
    guid = guid_of(value) if isinstance(value, str) else None
    if guid is None:
        raise RowError("", value, N_("a GUID belongs here"))
    return guid


_WRITERS: Final[Mapping[str, Callable[[Value], str]]] = {
    "string": _as_string,
    "boolean": _as_flag,
    "integer": _as_number,
    "decimal": _as_number,
    "date": _as_date,
    "dateTime": _as_moment,
    "ref": _as_ref,
}


# -- reading


class _Reader(NamedTuple):
    """How a child is read: its name, whether it repeats, its type if it has one of its own, else its scalar.

    `leaf`: the table knows it as a single value.
    """

    name: str
    many: bool
    leaf: bool
    type: str | None
    is_table: bool
    scalar: Callable[[str, str], Value] | None
    way: str


_READERS: Final[dict[str, dict[str, _Reader]]] = {}
"""By type and tag, filled as they are met: a message says the same few hundred tags a million times."""


def data_of(element: etree._Element, type_: str | None = None) -> dict[str, Value]:
    """An object as nested values. RowError for a number or a flag that is none."""
    kind = type_ or local(element)
    readers = _READERS.setdefault(kind, {})
    data: dict[str, Value] = {}
    for child in element:
        tag: str = child.tag  # type: ignore[assignment]
        reader = readers.get(tag)
        if reader is None:
            reader = readers[tag] = _reader(kind, local(child))
        name, many, leaf, _, _, scalar, way = reader
        if leaf and (text := child.text) is not None:
            value = text if scalar is None else scalar(text, way)
        else:
            value = _value(child, reader)
        if many:
            data.setdefault(name, []).append(value)
        elif name in data:  # a table that we do not know: rows under one name
            before = data[name]
            data[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            data[name] = value
    return data


def _reader(kind: str, name: str) -> _Reader:
    item = next((item for item in schema().types.get(kind, ()) if item.name == name), None)
    way = f"{kind}.{name}"
    if item is None:
        return _Reader(name, False, False, None, False, None, way)
    if item.kind in schema().types:
        return _Reader(name, item.many, False, item.kind, _is_table(item.kind), None, way)
    return _Reader(name, item.many, True, None, False, _SCALARS.get(item.kind.partition("(")[0]), way)


def _value(child: etree._Element, reader: _Reader) -> Value:
    if child.attrib and child.get(_XSI_NIL) in ("true", "1"):
        return None
    if reader.type is not None:
        inner = data_of(child, reader.type)
        return inner.get(ROW, []) if reader.is_table else inner
    if len(child):
        inner = data_of(child)
        return inner[ROW] if set(inner) == {ROW} and isinstance(inner[ROW], list) else inner
    text = child.text or ""
    return text if reader.scalar is None else reader.scalar(text, reader.way)


def _flag(text: str, way: str) -> bool:
    plain = text.strip()
    if plain not in ("true", "false", "1", "0"):
        raise RowError(way, text, N_("yes or no belongs here"))
    return plain in ("true", "1")


def _number(text: str, way: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise RowError(way, text, N_("this is no number"))
    return number


def _stripped(text: str, way: str) -> str:
    del way
    return text.strip()


_SCALARS: Final[Mapping[str, Callable[[str, str], Value]]] = {
    "boolean": _flag,
    "decimal": _number,
    "integer": _number,
    "date": _stripped,
    "dateTime": _stripped,
    "ref": _stripped,
}
