"""What a condition means for one row.

Text is compared without regard to case, as the platform's queries do. A name that the row has not makes the whole
answer empty, without an error: that is how a real base treats a misspelt field. A value of several types never equals
a plain guid, only one that is cast to its type.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Protocol

from connector.sandbox.onec.errors import refusal
from connector.sandbox.onec.expressions import Binary, Call, Guid, Lambda, Literal, Node, Path, Unary


class UnknownName(Exception):
    """The row has no property of this name."""


@dataclass(frozen=True)
class Several:
    """The value of a property of several types; `type` as in `Catalog_Контрагенты`, `String`, `Number`.

    `row` is the object behind it, where it is a reference to one that exists.
    """

    value: Any
    type: str
    row: Row | None = None


class Row(Protocol):
    """What a condition sees of a row."""

    def value(self, name: str) -> Any:
        """Text, Decimal, bool, naive datetime, Guid, Several, a Row behind a reference, or None."""

    def rows(self, table: str) -> Iterable[Row]:
        """The rows of a table part."""


Names = dict[str, Row]

_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_COUNT: Final[dict[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}


def holds(node: Node, row: Row) -> bool:
    """Whether a row fits."""
    return _value(node, row, {}) is True


def _value(node: Node, row: Row, names: Names) -> Any:
    match node:
        case Literal():
            return node.value
        case Path():
            return _followed(node, row, names)
        case Lambda():
            return _quantified(node, row, names)
        case Call():
            return _called(node.name, [_value(item, row, names) for item in node.arguments])
        case Unary():
            inner = _value(node.operand, row, names)
            return not inner if node.operator == "not" else -inner
        case Binary():
            return _combined(node, row, names)


def _followed(path: Path, row: Row, names: Names) -> Any:
    rest = path.names
    if path.start is not None:
        found = _value(path.start, row, names)
    elif rest[0] in names:
        found, rest = names[rest[0]], rest[1:]
    else:
        found = row
    for name in rest:
        if found is None:
            return None
        if not hasattr(found, "rows"):
            raise UnknownName(name)
        found = found.value(name)
    return found


def _quantified(node: Lambda, row: Row, names: Names) -> bool:
    rows = row.rows(node.table.names[-1])
    if node.condition is None:
        return any(True for _ in rows)
    results = (_value(node.condition, row, {**names, node.variable: item}) is True for item in rows)
    return any(results) if node.word == "any" else all(results)


def _combined(node: Binary, row: Row, names: Names) -> Any:
    if node.operator in ("and", "or"):
        # both sides are looked at: a misspelt name behind an `or` empties the answer too
        left, right = (_value(item, row, names) is True for item in (node.left, node.right))
        return (left and right) if node.operator == "and" else (left or right)
    left, right = _value(node.left, row, names), _value(node.right, row, names)
    if node.operator in _COUNT:
        return _COUNT[node.operator](_number(left), _number(right))
    return _compared(node.operator, left, right)


def _compared(word: str, left: Any, right: Any) -> bool:
    if isinstance(left, Several) or isinstance(right, Several):
        return _compared_several(word, left, right)
    if left is None or right is None:
        return _COMPARE[word](left is None, right is None) if word in ("eq", "ne") else False
    left, right = _plain(left), _plain(right)
    if type(left) is not type(right):
        return word == "ne"
    return _COMPARE[word](left, right)


def _compared_several(word: str, left: Any, right: Any) -> bool:
    if not (isinstance(left, Several) and isinstance(right, Several)):
        several, other = (left, right) if isinstance(left, Several) else (right, left)
        if isinstance(other, Guid):
            return False
        return _compared(word, several.value, other)
    same = left.type == right.type and _plain(left.value) == _plain(right.value)
    return same if word == "eq" else not same


def _plain(value: Any) -> Any:
    """For comparison: text without case, a reference as a kind of its own."""
    if isinstance(value, Guid):
        return (str(value),)
    if hasattr(value, "rows"):
        return _plain(value.value("Ref_Key"))
    return value.casefold() if isinstance(value, str) else value


def _number(value: Any) -> Decimal:
    if not isinstance(value, Decimal):
        raise refusal(21, "ожидалось число")
    return value


# functions -----------------------------------------------------------------------------------------------------


def _called(name: str, given: list[Any]) -> Any:
    if name not in _FUNCTIONS:
        raise refusal(21, name)
    counts, function = _FUNCTIONS[name]
    if len(given) not in counts:
        raise refusal(21, f"неверное количество аргументов {name}")
    try:
        return function(*given)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise refusal(21, f"неверный тип аргумента {name}") from error


def _substring(text: str, start: Decimal, length: Decimal | None = None) -> str:
    """Counted from one, as everywhere in 1C."""
    begin = int(start) - 1
    return text[begin:] if length is None else text[begin : begin + int(length)]


def _like(text: str, pattern: str) -> bool:
    """ПОДОБНО: `%` any text, `_` one character, `[…]` and `[^…]` one of or none of these."""
    parts = re.findall(r"\[\^?[^\]]+\]|.", pattern, re.DOTALL)
    made = {"%": ".*", "_": "."}
    expression = "".join(made.get(part, part if len(part) > 1 else re.escape(part)) for part in parts)
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None


def _moved(moment: datetime, unit: str, count: Decimal) -> datetime:
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
    if unit in seconds:
        return moment + timedelta(seconds=seconds[unit] * int(count))
    months = {"month": 1, "quarter": 3, "year": 12}[unit] * int(count)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, _days_in(year, month + 1))
    return moment.replace(year=year, month=month + 1, day=day)


def _days_in(year: int, month: int) -> int:
    after = datetime(year + month // 12, month % 12 + 1, 1)
    return (after - timedelta(days=1)).day


def _between(first: datetime, second: datetime, unit: str) -> Decimal:
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
    if unit in seconds:
        return Decimal(int((second - first).total_seconds()) // seconds[unit])
    months = (second.year - first.year) * 12 + second.month - first.month
    return Decimal(months // {"month": 1, "quarter": 3, "year": 12}[unit])


def _cast(value: Any, kind: str) -> Any:
    """A guid becomes a reference of this type; a value of several types gives what it holds if it is of this type."""
    if isinstance(value, Guid):
        return Several(value, kind)
    if isinstance(value, Several):
        return (value.row or value.value) if value.type == kind else None
    return value if _is_of(value, kind) else None


def _is_of(value: Any, kind: str) -> bool:
    if isinstance(value, Several):
        return value.type == kind
    names = {"String": str, "Number": Decimal, "Boolean": bool, "Date": datetime}
    return kind in names and isinstance(value, names[kind]) and not isinstance(value, Guid)


def _part(read: Callable[[datetime], int]) -> Callable[[datetime], Decimal]:
    return lambda moment: Decimal(read(moment))


_FUNCTIONS: Final[dict[str, tuple[tuple[int, ...], Callable[..., Any]]]] = {
    "concat": ((2,), lambda first, second: first + second),
    "startswith": ((2,), lambda text, part: text.casefold().startswith(part.casefold())),
    "endswith": ((2,), lambda text, part: text.casefold().endswith(part.casefold())),
    "substringof": ((2,), lambda part, text: part.casefold() in text.casefold()),
    "substring": ((2, 3), _substring),
    "like": ((2,), _like),
    "dateadd": ((3,), _moved),
    "datedifference": ((3,), _between),
    "day": ((1,), _part(lambda moment: moment.day)),
    "dayofweek": ((1,), _part(lambda moment: moment.isoweekday())),
    "dayofyear": ((1,), _part(lambda moment: moment.timetuple().tm_yday)),
    "hour": ((1,), _part(lambda moment: moment.hour)),
    "minute": ((1,), _part(lambda moment: moment.minute)),
    "month": ((1,), _part(lambda moment: moment.month)),
    "quarter": ((1,), _part(lambda moment: (moment.month + 2) // 3)),
    "second": ((1,), _part(lambda moment: moment.second)),
    "year": ((1,), _part(lambda moment: moment.year)),
    "round": ((1,), lambda number: number.quantize(Decimal(1), ROUND_HALF_UP)),
    "cast": ((2,), _cast),
    "isof": ((2,), _is_of),
}
