"""The virtual tables of registers: SliceLast, SliceFirst, Balance, Turnovers, BalanceAndTurnovers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from connector.sandbox.onec.base import PERIOD, Base, Record, Shape, View, record_shape
from connector.sandbox.onec.conditions import UnknownName, holds
from connector.sandbox.onec.errors import refusal, unsupported
from connector.sandbox.onec.expressions import Literal, parse
from connector.sandbox.onec.schema import Property, Register

_SLICES: Final = ("Period", "Condition")
_BALANCE: Final = ("Period", "Condition", "Dimensions")
_TURNOVERS: Final = ("StartPeriod", "EndPeriod", "Condition", "Dimensions")
_ACCOUNTS: Final = ("AccountCondition", "ExtraDimensions")

Sums = dict[str, Decimal]


@dataclass(frozen=True)
class Asked:
    """The parameters of a table."""

    given: Mapping[str, Any]

    def moment(self, name: str) -> str | None:
        value = self.given.get(name)
        if value is None:
            return None
        if not isinstance(value, datetime):
            raise refusal(21, f"неверный тип аргумента {name}")
        return value.isoformat()

    def text(self, name: str) -> str | None:
        value = self.given.get(name)
        if value is not None and not isinstance(value, str):
            raise refusal(21, f"неверный тип аргумента {name}")
        return value


def table(base: Base, register: Register, name: str, inside: str, query: Mapping[str, str]) -> tuple[Shape, list[View]]:
    """The rows of a virtual table; parameters stand in the brackets or behind the question mark."""
    known = _FUNCTIONS.get((register.kind, name))
    if known is None:
        raise refusal(11, name)
    allowed, function = known
    plain = {key: value for key, value in query.items() if not key.startswith("$") and key.lower() != "allowedonly"}
    asked = Asked({**parameters(inside, allowed), **{key: _parameter(value) for key, value in plain.items()}})
    for parameter in asked.given:
        if parameter not in allowed:
            raise unsupported(parameter)
    shape, rows = function(base, register, asked)
    return shape, [View(base, shape, row) for row in rows]


def parameters(inside: str, allowed: Iterable[str]) -> dict[str, Any]:
    """`Name=value,Name=value`. A condition is quoted; its own quotes may be doubled or, as the vendor prints, not."""
    names = "|".join(re.escape(name) for name in allowed)
    starts = list(re.finditer(rf"(?:^|,)\s*(?P<name>{names})\s*=", inside))
    if inside.strip() and (not starts or starts[0].start() != 0):
        raise unsupported(inside.split("=", 1)[0].strip())
    ends = [match.start() for match in starts[1:]] + [len(inside)] * bool(starts)
    return {
        match["name"]: _parameter(inside[match.end() : end].strip()) for match, end in zip(starts, ends, strict=True)
    }


def _parameter(text: str) -> Any:
    if text.startswith("datetime'"):
        node = parse(text)
        return node.value if isinstance(node, Literal) else text
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text


# records -------------------------------------------------------------------------------------------------------


def _records(
    base: Base, register: Register, asked: Asked, *, since: str | None, before: Callable[[str], bool]
) -> list[Record]:
    """The active records of the period that fit the condition."""
    shape = record_shape(register, f"{register.resource}_RecordType")
    rows = [
        row
        for row in base.records(register.resource)
        if (since is None or row["Period"] >= since) and before(row["Period"])
    ]
    for name in ("Condition", "AccountCondition"):
        text = asked.text(name)
        if text is not None:
            condition = parse(text)
            try:
                rows = [row for row in rows if holds(condition, View(base, shape, row))]
            except UnknownName:
                rows = []
    return rows


def _dimensions(register: Register, asked: Asked) -> tuple[Property, ...]:
    text = asked.text("Dimensions")
    if text is None:
        return register.dimensions
    names = [part.strip() for part in text.split(",")]
    chosen = tuple(item for item in register.dimensions if item.name in names)
    if len(chosen) != len(names):
        raise refusal(10, text)
    return chosen


def _summed(register: Register, dimensions: tuple[Property, ...], rows: list[Record]) -> dict[tuple[Any, ...], Sums]:
    """By the dimensions: receipts and expenses of each resource."""
    sums: dict[tuple[Any, ...], Sums] = {}
    for row in rows:
        key = tuple(value for item in dimensions for value in _key(item, row))
        found = sums.setdefault(key, {})
        for item in register.resources:
            amount = Decimal(row[item.key])
            is_receipt = amount > 0 if register.kind == "accounting" else row["RecordType"] == "Receipt"
            side = f"{item.key} {'in' if is_receipt else 'out'}"
            found[side] = found.get(side, Decimal(0)) + abs(amount)
    return sums


def _key(item: Property, row: Record) -> tuple[Any, ...]:
    return (row[item.key], row.get(f"{item.key}_Type", "")) if item.kind == "any" else (row[item.key],)


def _fields(dimensions: tuple[Property, ...], key: tuple[Any, ...]) -> Record:
    names = [
        name for item in dimensions for name in ((item.key, f"{item.key}_Type") if item.kind == "any" else (item.key,))
    ]
    return dict(zip(names, key, strict=True))


def _shape(register: Register, name: str, dimensions: tuple[Property, ...], suffixes: Iterable[str]) -> Shape:
    figures = tuple(
        Property(f"{item.name}{suffix}", "number", scale=item.scale)
        for item in register.resources
        for suffix in suffixes
    )
    return Shape(register.resource, f"{register.resource}_{name}", (*dimensions, *figures), keys=())


def _of(found: Sums, name: str) -> tuple[Decimal, Decimal]:
    return found.get(f"{name} in", Decimal(0)), found.get(f"{name} out", Decimal(0))


# the tables ----------------------------------------------------------------------------------------------------


def _balance(base: Base, register: Register, asked: Asked) -> tuple[Shape, list[Record]]:
    """What there was just before the moment, or is now; what is nothing is left out."""
    moment = asked.moment("Period")
    dimensions = _dimensions(register, asked)
    rows = _records(base, register, asked, since=None, before=lambda at: moment is None or at < moment)
    made = []
    for key, found in _summed(register, dimensions, rows).items():
        figures: Sums = {}
        for item in register.resources:
            receipt, expense = _of(found, item.name)
            rest = receipt - expense
            figures[f"{item.name}Balance"] = rest
            if register.kind == "accounting":
                figures |= {
                    f"{item.name}BalanceDr": max(rest, Decimal(0)),
                    f"{item.name}BalanceCr": max(-rest, Decimal(0)),
                }
        if any(figures.values()):
            made.append({**_fields(dimensions, key), **{name: str(value) for name, value in figures.items()}})
    suffixes = ("Balance", "BalanceDr", "BalanceCr") if register.kind == "accounting" else ("Balance",)
    return _shape(register, "Balance", dimensions, suffixes), made


def _turnovers(base: Base, register: Register, asked: Asked) -> tuple[Shape, list[Record]]:
    """What moved from the first moment to the last, both included."""
    since, until = asked.moment("StartPeriod"), asked.moment("EndPeriod")
    dimensions = _dimensions(register, asked)
    rows = _records(base, register, asked, since=since, before=lambda at: until is None or at <= until)
    words = ("TurnoverDr", "TurnoverCr") if register.kind == "accounting" else ("Receipt", "Expense")
    made = []
    for key, found in _summed(register, dimensions, rows).items():
        figures: Sums = {}
        for item in register.resources:
            receipt, expense = _of(found, item.name)
            figures |= {f"{item.name}Turnover": receipt - expense}
            figures |= {f"{item.name}{words[0]}": receipt, f"{item.name}{words[1]}": expense}
        made.append({**_fields(dimensions, key), **{name: str(value) for name, value in figures.items()}})
    return _shape(register, "Turnovers", dimensions, ("Turnover", *words)), made


def _both(base: Base, register: Register, asked: Asked) -> tuple[Shape, list[Record]]:
    """Opening balance, what moved, closing balance."""
    since = asked.moment("StartPeriod")
    dimensions = _dimensions(register, asked)
    until = asked.moment("EndPeriod")
    early = _records(base, register, asked, since=None, before=lambda at: since is not None and at < since)
    moved = _records(base, register, asked, since=since, before=lambda at: until is None or at <= until)
    opening, moving = (_summed(register, dimensions, rows) for rows in (early, moved))
    made = []
    for key in {**opening, **moving}:
        figures: Sums = {}
        for item in register.resources:
            before = _of(opening.get(key, {}), item.name)
            receipt, expense = _of(moving.get(key, {}), item.name)
            start = before[0] - before[1]
            figures |= {f"{item.name}OpeningBalance": start, f"{item.name}Turnover": receipt - expense}
            figures |= {f"{item.name}Receipt": receipt, f"{item.name}Expense": expense}
            figures[f"{item.name}ClosingBalance"] = start + receipt - expense
        made.append({**_fields(dimensions, key), **{name: str(value) for name, value in figures.items()}})
    suffixes = ("OpeningBalance", "Turnover", "Receipt", "Expense", "ClosingBalance")
    return _shape(register, "BalanceAndTurnovers", dimensions, suffixes), made


def _slice(*, last: bool) -> Callable[[Base, Register, Asked], tuple[Shape, list[Record]]]:
    def cut(base: Base, register: Register, asked: Asked) -> tuple[Shape, list[Record]]:
        if not register.periodic:
            raise refusal(11, register.resource)
        moment = asked.moment("Period")
        in_time = (lambda at: moment is None or at <= moment) if last else (lambda at: moment is None or at >= moment)
        rows = _records(base, register, asked, since=None, before=in_time)
        found: dict[tuple[Any, ...], Record] = {}
        for row in sorted(rows, key=lambda row: row["Period"], reverse=not last):
            found[tuple(value for item in register.dimensions for value in _key(item, row))] = row
        own = (PERIOD, *register.dimensions, *register.resources)
        return Shape(register.resource, f"{register.resource}_RecordType", own, keys=()), list(found.values())

    return cut


_Function = Callable[[Base, Register, Asked], tuple[Shape, list[Record]]]
_FUNCTIONS: Final[dict[tuple[str, str], tuple[tuple[str, ...], _Function]]] = {
    ("information", "SliceLast"): (_SLICES, _slice(last=True)),
    ("information", "SliceFirst"): (_SLICES, _slice(last=False)),
    ("accumulation", "Balance"): (_BALANCE, _balance),
    ("accumulation", "Turnovers"): (_TURNOVERS, _turnovers),
    ("accumulation", "BalanceAndTurnovers"): (_TURNOVERS, _both),
    ("accounting", "Balance"): ((*_BALANCE, *_ACCOUNTS), _balance),
    ("accounting", "Turnovers"): ((*_TURNOVERS, *_ACCOUNTS), _turnovers),
}


def functions(register: Register) -> dict[str, tuple[str, ...]]:
    """The virtual tables of a register and their parameters, for the description of the interface."""
    return {
        name: allowed
        for (kind, name), (allowed, _) in _FUNCTIONS.items()
        if kind == register.kind and (register.periodic or not name.startswith("Slice"))
    }
