"""The language of `$filter`: text to a tree.

Precedence is that of the vendor's table: `/`, minus, not, mul, div, add, sub, gt ge lt le, eq ne, and, or. `not`
therefore binds tighter than a comparison: `not (Цена eq 10)` needs its brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from connector.sandbox.onec.errors import refusal


class Guid(str):
    """A reference as a value: never equal to a text of the same letters."""

    __slots__ = ()


@dataclass(frozen=True)
class Literal:
    value: str | Decimal | bool | datetime | Guid | None


@dataclass(frozen=True)
class Path:
    """Names joined by `/`, from the row or from what an expression gives (`cast(…)/Название`)."""

    names: tuple[str, ...]
    start: Node | None = None


@dataclass(frozen=True)
class Call:
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Lambda:
    """`Товары/any(d: …)`. Without a condition `any` asks whether there are rows."""

    table: Path
    word: str
    variable: str
    condition: Node | None


@dataclass(frozen=True)
class Binary:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Unary:
    operator: str
    operand: Node


Node = Literal | Path | Call | Lambda | Binary | Unary

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<guid>guid'(?P<guid_text>[^']*)') |
        (?P<date>datetime'(?P<date_text>[^']*)') |
        (?P<text>'(?:[^']|'')*') |
        (?P<number>\d+(?:\.\d+)?) |
        (?P<name>[^\W\d]\w*) |
        (?P<mark>[(),/:-])
    )""",
    re.VERBOSE,
)
_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)
_LEVELS: Final = (("or",), ("and",), ("eq", "ne"), ("gt", "ge", "lt", "le"), ("sub",), ("add",), ("div",), ("mul",))
_CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def parse(text: str) -> Node:
    """The tree of a condition. Raises the platform's code 14 for what cannot be read."""
    parser = _Parser(_tokens(text))
    node = parser.expression(0)
    parser.end()
    return node


def guid_of(text: str) -> Guid:
    if not _GUID.match(text):
        raise refusal(14, f"неверный идентификатор {text}")
    return Guid(text.lower())


def date_of(text: str) -> datetime:
    """A naive date. `2014-01-01` alone is its midnight."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise refusal(14, f"неверная дата {text}") from None
    if moment.tzinfo is not None:
        raise refusal(14, f"неверная дата {text}")
    return moment


def _tokens(text: str) -> list[_Token]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise refusal(14, f"неожиданный символ в позиции {place}")
        kind = str(match.lastgroup)
        kind = {"guid_text": "guid", "date_text": "date"}.get(kind, kind)
        named = {"guid": "guid_text", "date": "date_text"}.get(kind, kind)
        found.append(_Token(kind, match[named]))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._place = tokens, 0

    def expression(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self.expression(level + 1)
        while (word := self._word()) in _LEVELS[level]:
            self._place += 1
            left = Binary(word, left, self.expression(level + 1))
        return left

    def end(self) -> None:
        if self._place < len(self._tokens):
            raise refusal(14, f"лишнее: {self._tokens[self._place].text}")

    def _unary(self) -> Node:
        if self._word() == "not":
            self._place += 1
            return Unary("not", self._unary())
        if self._is("-"):
            self._place += 1
            return Unary("-", self._unary())
        return self._path(self._primary())

    def _primary(self) -> Node:
        token = self._take()
        made: dict[str, Callable[[str], Node]] = {
            "guid": lambda text: Literal(guid_of(text)),
            "date": lambda text: Literal(date_of(text)),
            "text": lambda text: Literal(text[1:-1].replace("''", "'")),
            "number": lambda text: Literal(Decimal(text)),
        }
        if token.kind in made:
            return made[token.kind](token.text)
        if token == _Token("mark", "("):
            node = self.expression(0)
            self._expect(")")
            return node
        if token.kind != "name":
            raise refusal(14, f"неожиданно: {token.text}")
        if self._is("("):
            return Call(token.text, self._arguments())
        return Literal(_CONSTANTS[token.text]) if token.text in _CONSTANTS else Path((token.text,))

    def _path(self, start: Node) -> Node:
        names = list(start.names) if isinstance(start, Path) else []
        source = None if isinstance(start, Path) else start
        if source is not None and not self._is("/"):
            return start
        while self._is("/"):
            self._place += 1
            name = self._take()
            if name.kind != "name":
                raise refusal(14, f"неожиданно: {name.text}")
            if self._is("("):
                return self._lambda(Path(tuple(names), source), name.text)
            names.append(name.text)
        return Path(tuple(names), source)

    def _lambda(self, table: Path, word: str) -> Node:
        if word not in ("any", "all"):
            raise refusal(21, word)
        self._expect("(")
        if self._is(")"):
            self._place += 1
            return Lambda(table, word, "", None)
        variable = self._take().text
        self._expect(":")
        condition = self.expression(0)
        self._expect(")")
        return Lambda(table, word, variable, condition)

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        found: list[Node] = []
        while not self._is(")"):
            if found:
                self._expect(",")
            found.append(self.expression(0))
        self._expect(")")
        return tuple(found)

    def _word(self) -> str:
        token = self._tokens[self._place] if self._place < len(self._tokens) else None
        return token.text if token is not None and token.kind == "name" else ""

    def _is(self, mark: str) -> bool:
        return self._place < len(self._tokens) and self._tokens[self._place] == _Token("mark", mark)

    def _take(self) -> _Token:
        if self._place >= len(self._tokens):
            raise refusal(14, "неожиданный конец выражения")
        self._place += 1
        return self._tokens[self._place - 1]

    def _expect(self, mark: str) -> None:
        token = self._take()
        if token != _Token("mark", mark):
            raise refusal(14, f"ожидалось {mark}, встретилось {token.text}")
