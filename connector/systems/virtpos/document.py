"""What virtpos sends, as plain values: JSON, or XML whose rows may stand one after another without an own element.

The document's own sample has two goods as `<items><item_id/>…<amount/><item_id/>…<amount/></items>` (V-05), and several
orders would stand in `<orders>` the same way (V-06); the later wiki wraps rows. A dictionary of the children would keep
the last of each, so the order of the elements is what tells the rows apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from lxml import etree

from connector.locale import N_, Sentence
from connector.systems.onec import safexml
from connector.systems.onec.safexml import NotXml, Readable

Pair = tuple[str, Any]

_ROWS: Final[Mapping[str, tuple[str, str]]] = {
    "orders": ("order", "paid"),
    "items": ("item", "item_id"),
    "customers": ("customer", "id"),
    "cards": ("card", "card_id"),
}
"""Lists: the element around a row where there is one, and the field that a row begins with where there is none."""


class NotReadable(ValueError):
    """Neither XML nor JSON that we read; `sentence` says why."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


def decode(body: bytes) -> dict[str, Any]:
    """The whole answer: fields of the root, lists as lists, every value of XML as text. NotReadable otherwise."""
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        try:
            root = safexml.whole(body)
        except NotXml as error:
            raise NotReadable(error.sentence) from None
        if safexml.local(root).lower() == "html":
            raise NotReadable(Sentence(N_("a web page came instead of data")))
        return {safexml.local(child): _value(child) for child in root}
    return _from_json(body)


def orders(stream: Readable, head: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The orders of an XML answer one by one, however many there are; its other fields are put into `head`.

    What `head` says of success stands before the orders in the answer, and is there when the first of them is given.
    """
    wrapper, begins = _ROWS["orders"]
    group = Rows(begins)
    try:
        for depth, element in _children(stream):
            name = safexml.local(element)
            if depth == 1 and name != "orders":
                head[name] = _value(element)
            elif depth == 2 and name == wrapper and len(element):
                yield _fields(element)
            elif depth == 2 and (row := group.add(name, _value(element))) is not None:
                yield row
            safexml.release(element)
    except NotXml as error:
        raise NotReadable(error.sentence) from None
    if (last := group.end()) is not None:
        yield last


def _children(stream: Readable) -> Iterator[tuple[int, etree._Element]]:
    """(depth, element) of what stands in the root (1) and in its `orders` (2), complete."""
    depth = -1
    inside = False
    for kind, element in safexml.events(stream, None, ("start", "end")):
        if kind == "start":
            depth += 1
            inside = inside or (depth == 1 and safexml.local(element) == "orders")
            continue
        if depth == 1 or (depth == 2 and inside):
            yield depth, element
        inside = inside and depth != 1
        depth -= 1


class Rows:
    """Fields that follow one another, cut into rows: a new one begins with its first field, or where a name repeats."""

    def __init__(self, begins: str) -> None:
        self._begins = begins
        self._first: str | None = None
        self._row: dict[str, Any] = {}

    def add(self, name: str, value: Any) -> dict[str, Any] | None:
        """The row before, when this field begins another."""
        self._first = self._first or name
        done: dict[str, Any] | None = None
        if self._row and (name in (self._begins, self._first) or name in self._row):
            done, self._row = self._row, {}
        self._row[name] = value
        return done

    def end(self) -> dict[str, Any] | None:
        """The last row; None where there was none."""
        return self._row or None


def _rows(name: str, pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    wrapper, begins = _ROWS[name]
    group = Rows(begins)
    found: list[dict[str, Any]] = []
    for key, value in pairs:
        if key == wrapper and isinstance(value, Mapping):
            found.append(dict(value))
        elif (row := group.add(key, value)) is not None:
            found.append(row)
    last = group.end()
    return found if last is None else [*found, last]


def _value(element: etree._Element) -> Any:
    name = safexml.local(element)
    if name in _ROWS:
        return _rows(name, ((safexml.local(child), _value(child)) for child in element))
    if len(element):
        return _fields(element)
    return element.text or ""


def _fields(element: etree._Element) -> dict[str, Any]:
    return {safexml.local(child): _value(child) for child in element}


# JSON: its shape is not documented (V-07), so rows are taken as a list, wrapped, under numbers, or flat


class _Repeated(list[Pair]):
    """An object in which a name stands more than once: flat rows as some serialisers write them."""


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(
            body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except (ValueError, RecursionError):
        raise NotReadable(Sentence(N_("it is neither XML nor JSON"))) from None
    if not isinstance(data, dict):
        raise NotReadable(Sentence(N_("it is no object")))
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _object(pairs: list[Pair]) -> Any:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        return _Repeated(pairs)
    return {name: _list(name, value) if name in _ROWS else value for name, value in pairs}


def _list(name: str, value: Any) -> list[Any]:
    if isinstance(value, _Repeated):
        return _rows(name, value)
    if value in (None, "", {}):
        return []
    if isinstance(value, list):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(name)
    wrapped = value.get(_ROWS[name][0])
    if len(value) == 1 and isinstance(wrapped, list | Mapping):
        return wrapped if isinstance(wrapped, list) else [wrapped]
    if all(key.isdigit() for key in value):
        return list(value.values())
    return [value]


class Peeked:
    """A stream whose first bytes were looked at."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._head = stream.read(64)

    @property
    def is_xml(self) -> bool:
        return self._head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"

    def read(self, size: int = -1) -> bytes:
        head, self._head = self._head, b""
        return head + self._stream.read(size) if size < 0 or not head else head

    def all(self) -> bytes:
        """What is left of it."""
        return self.read()
