"""`$filter` of 1C's OData, built from typed parts: text is escaped by the builder, never by the caller.

    field("ИНН").eq("7701234567") & ~field("DeletionMark").eq(True)
    any_of("КонтактнаяИнформация", lambda row: row("АдресЭП").eq("a@b.ru"))
    field("Контрагент").eq(cast(Guid("…"), "Catalog_Контрагенты"))

A reference held in a property of several types must be `cast`: compared with a plain guid it never matches (1c.md,
section 2). Functions that the platform lacks (length, indexof, tolower, trim …) are not here. The address encodes a
space as %20; that is the transport's part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Final

from connector.systems.onec.values import guid_of

_NAME: Final = re.compile(r"[^\W\d]\w*(?:/[^\W\d]\w*)*\Z")
_RESOURCE: Final = re.compile(r"[A-Z][A-Za-z]*(?:_\w+)?\Z")


@dataclass(frozen=True)
class Guid:
    """A reference."""

    value: str

    def __post_init__(self) -> None:
        if guid_of(self.value) is None:
            raise ValueError(f"not a guid: {self.value!r}")


@dataclass(frozen=True)
class Term:
    """Something that has a value in an expression: a property, or a function of one."""

    text: str

    def eq(self, value: Value) -> Condition:
        return self._compare("eq", value)

    def ne(self, value: Value) -> Condition:
        return self._compare("ne", value)

    def gt(self, value: Value) -> Condition:
        return self._compare("gt", value)

    def ge(self, value: Value) -> Condition:
        return self._compare("ge", value)

    def lt(self, value: Value) -> Condition:
        return self._compare("lt", value)

    def le(self, value: Value) -> Condition:
        return self._compare("le", value)

    def among(self, values: Iterable[Value]) -> Condition:
        """Equal to one of them; at least one is given."""
        return reduce(Condition.__or__, (self.eq(value) for value in values))

    def contains(self, part: str) -> Condition:
        return Condition(f"substringof({literal(part)}, {self.text}) eq true")

    def starts_with(self, part: str) -> Condition:
        return Condition(f"startswith({self.text}, {literal(part)}) eq true")

    def ends_with(self, part: str) -> Condition:
        return Condition(f"endswith({self.text}, {literal(part)}) eq true")

    def like(self, pattern: str) -> Condition:
        """As ПОДОБНО of the query language: `%`, `_`, `[…]`."""
        return Condition(f"like({self.text}, {literal(pattern)})")

    def is_of(self, resource: str) -> Condition:
        """Whether a property of several types holds this one: `Document_РасходнаяНакладная`, `Number`."""
        return Condition(f"isof({self.text}, {literal(_resource(resource))})")

    def _compare(self, operator: str, value: Value) -> Condition:
        return Condition(f"{self.text} {operator} {literal(value)}")


@dataclass(frozen=True)
class Condition:
    """What is true or false of a row."""

    text: str
    joined_by: str | None = None

    def __and__(self, other: Condition) -> Condition:
        return self._join("and", other)

    def __or__(self, other: Condition) -> Condition:
        return self._join("or", other)

    def __invert__(self) -> Condition:
        return Condition(f"not ({self.text})")

    def __str__(self) -> str:
        return self.text

    def _join(self, word: str, other: Condition) -> Condition:
        return Condition(f"{self._inside(word)} {word} {other._inside(word)}", word)

    def _inside(self, word: str) -> str:
        return self.text if self.joined_by in (None, word) else f"({self.text})"


Value = str | int | bool | Decimal | datetime | Guid | Term


def field(name: str) -> Term:
    """A property, `Контрагент/ИНН` through a reference."""
    if not _NAME.match(name):
        raise ValueError(f"not the name of a property: {name!r}")
    return Term(name)


def cast(value: Guid | Term, resource: str) -> Term:
    """A reference, or a property of several types, taken as this one."""
    inner = literal(value) if isinstance(value, Guid) else value.text
    return Term(f"cast({inner}, {literal(_resource(resource))})")


def any_of(table: str, condition: Callable[[Callable[[str], Term]], Condition]) -> Condition:
    """At least one row of a table part fits."""
    return _over("any", table, condition)


def all_of(table: str, condition: Callable[[Callable[[str], Term]], Condition]) -> Condition:
    """Every row of a table part fits."""
    return _over("all", table, condition)


def literal(value: Value) -> str:
    """A value as it stands in an expression. A float is refused: it is no exact number. A date is the server's own."""
    if isinstance(value, Term):
        return value.text
    if isinstance(value, Guid):
        return f"guid'{guid_of(value.value)}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return _date(value)
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    raise TypeError(f"no value of an expression: {type(value).__name__}")


def _date(value: datetime) -> str:
    if value.tzinfo is not None:
        raise ValueError("1C compares its own wall clock: give a date without a time zone")
    return f"datetime'{value:%Y-%m-%dT%H:%M:%S}'"


def _over(word: str, table: str, condition: Callable[[Callable[[str], Term]], Condition]) -> Condition:
    inner = condition(lambda name: Term(f"d/{field(name).text}"))
    return Condition(f"{field(table).text}/{word}(d: {inner})")


def _resource(name: str) -> str:
    if not _RESOURCE.match(name):
        raise ValueError(f"not the name of a type: {name!r}")
    return name
