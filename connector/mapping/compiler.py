"""A mapping's rows become Python source: one function that builds the record of a raw row, with no loop in it.

The row path is bound by this function (DESIGN section 10), so that every field costs one look-up, one comparison
with the blank values and one call of its transform. The source is made only of names and literals of the grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from connector.errors import RowError
from connector.locale import N_
from connector.mapping.grammar import FieldRow
from connector.mapping.rules import entrepreneur_kind, read_rules
from connector.mapping.transforms import MISSING, Transform, Unreadable
from connector.model.records import SHAPES, Record, attribute_of
from connector.model.values import ABSENT

Problems = list[RowError] | None
Read = Callable[[Mapping[str, Any], Problems], Record]


class Column(msgspec.Struct, frozen=True):
    """One compiled row: its name, its grammar and its transform."""

    name: str
    row: FieldRow
    transform: Transform

    @property
    def blanks(self) -> tuple[str, ...]:
        """Raw texts that mean empty: an empty text always does."""
        return tuple(dict.fromkeys(("", *(self.row.blank or ()), *self.transform.blank)))


def reader(entity: str, columns: list[Column]) -> Read:
    """The function that builds the record of a raw row: (raw, problems) -> record."""
    source = Source(entity, [column for column in columns if column.row.reads])
    scope = source.scope
    exec(compile(source.text(), f"<mapping of {entity}>", "exec"), scope)  # noqa: S102 - made above, of literals only
    read: Read = scope["read"]
    return read


class Source:
    """The source of `read(raw, problems)`, and the scope it is run in."""

    def __init__(self, entity: str, columns: list[Column]) -> None:
        self._entity, self._columns = entity, columns
        self.scope: dict[str, Any] = {
            "M": MISSING,
            "A": ABSENT,
            "Bad": Unreadable,
            "inside": inside,
            "deeper": deeper,
            "fail": fail,
            "entrepreneur_kind": entrepreneur_kind,
            "Record": SHAPES[entity],
        }

    def text(self) -> str:
        body = [line for index, column in enumerate(self._columns) for line in self._field(index, column)]
        values = ", ".join(f"{attribute_of(self._entity, column.name)}=v{i}" for i, column in enumerate(self._columns))
        lines = ["get = raw.get", *self._heads(), *body, *self._rules(), f"return Record({values})"]
        return "def read(raw, problems):\n" + "\n".join(f"    {line}" for line in lines)

    def _heads(self) -> list[str]:
        """One accessor for each nested value that rows go into."""
        heads = dict.fromkeys(tuple(path.split(".")[:-1]) for c in self._columns for path in c.row.reads if "." in path)
        for head in list(heads):
            for depth in range(1, len(head)):
                heads.setdefault(head[:depth])
        ordered = sorted(heads, key=len)
        return [f"get_{'_'.join(map(str, self._number(head)))} = {self._opened(head)}" for head in ordered]

    def _opened(self, head: tuple[str, ...]) -> str:
        if len(head) == 1:
            return f"inside({self._reached((), head[0])})"
        return f"deeper({self._getter(head[:-1])}, {head[-1]!r})"

    def _reached(self, head: tuple[str, ...], key: str) -> str:
        """The expression for the value of a key."""
        return f"{self._getter(head)}({key!r}, M)"

    def _getter(self, head: tuple[str, ...]) -> str:
        return f"get_{'_'.join(map(str, self._number(head)))}" if head else "get"

    def _number(self, head: tuple[str, ...]) -> tuple[int, ...]:
        numbers = self.scope.setdefault("heads", {})
        return (numbers.setdefault(head, len(numbers)),)

    def _take(self, path: str) -> str:
        *head, last = path.split(".")
        return self._reached(tuple(head), last)

    def _field(self, index: int, column: Column) -> list[str]:
        self.scope |= {
            f"t{index}": column.transform.read,
            f"b{index}": column.blanks,
            f"e{index}": column.transform.blank_is,
        }
        blank = repr((None, *_with_numbers(column)))
        if len(column.row.reads) == 1:
            return self._single(index, column, blank)
        return self._several(index, column, blank)

    def _single(self, index: int, column: Column, blank: str) -> list[str]:
        return [
            "x = M",
            "try:",
            f"    x = {self._take(column.row.reads[0])}",
            f"    v{index} = A if x is M else e{index} if x in {blank} else t{index}(x)",
            "except Bad as error:",
            f"    v{index} = fail(problems, {column.name!r}, x, error, b{index}, e{index})",
        ]

    def _several(self, index: int, column: Column, blank: str) -> list[str]:
        names = [f"x{slot}" for slot in range(len(column.row.reads))]
        values = ", ".join(f"None if {name} is M or {name} in {blank} else {name}" for name in names)
        none = " and ".join(f"{name} is M" for name in names)
        return [
            f"{' = '.join(names)} = M",
            "try:",
            *(f"    {name} = {self._take(path)}" for name, path in zip(names, column.row.reads, strict=True)),
            f"    v{index} = A if {none} else t{index}({values})",
            "except Bad as error:",
            f"    v{index} = fail(problems, {column.name!r}, [{', '.join(names)}], error, b{index}, e{index})",
        ]

    def _rules(self) -> list[str]:
        numbers = {column.name: f"v{index}" for index, column in enumerate(self._columns)}
        rules = {column.name: column.row.rule for column in self._columns if column.row.rule is not None}
        return read_rules(rules, numbers.get)


def _with_numbers(column: Column) -> list[object]:
    """Blank texts that are numbers are blank as numbers too: a field comes as `"0"` and as 0 (systems.md 1.7)."""
    numbers = [int(text) for text in column.blanks if text.isdecimal() and column.transform.kind != "flag"]
    return [*column.blanks, *numbers]


_EMPTY: Final[dict[str, Any]] = {}


def _blank_get(key: str, default: object) -> None:
    return None


def inside(value: object) -> Callable[[str, object], Any]:
    """How to look into a nested value: a missing one has no keys, an empty one (null, "", PHP's []) only blank ones."""
    if isinstance(value, dict):
        return value.get
    if value is MISSING or value is ABSENT:
        return _EMPTY.get
    if value is None or value in ("", []):
        return _blank_get
    return _shapeless


def deeper(getter: Callable[[str, object], Any], key: str) -> Callable[[str, object], Any]:
    """The same one step further; what has no shape has none inside either, which is said when a field is taken."""
    return _shapeless if getter is _shapeless else inside(getter(key, MISSING))


def _shapeless(key: str, default: object) -> Any:
    raise Unreadable(N_("named values were expected"))


def fail(problems: Problems, field: str, raw: Any, error: Unreadable, blanks: tuple[str, ...], empty: Any) -> Any:
    """What an unreadable raw value is: empty when only spaces make it differ, else ABSENT with a row error."""
    if isinstance(raw, str) and raw.strip() in blanks:
        return empty
    told = raw if error.about is None else error.about
    shown = [_sent(one) for one in told] if isinstance(told, list) else _sent(told)
    problem = RowError(field, shown, error.text, **error.facts)
    if problems is None:
        raise problem from error
    problems.append(problem)
    return ABSENT


def _sent(raw: Any) -> Any:
    """The raw value for a person to see; None for a key that was not sent."""
    return None if raw is MISSING or raw is ABSENT else raw
