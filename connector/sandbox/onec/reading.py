"""Lists and single rows: the options of a query, and what is taken of each row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import islice
from typing import Any, Final

from connector.sandbox.onec.base import Base, Shape, View
from connector.sandbox.onec.conditions import Several, UnknownName, holds
from connector.sandbox.onec.errors import refusal
from connector.sandbox.onec.expressions import parse

_OPTIONS: Final = (
    "$filter", "$select", "$top", "$skip", "$orderby", "$expand", "$inlinecount", "$format", "$allowedOnly",
)  # fmt: skip
_PRESENTATION: Final = "____Presentation"


@dataclass(frozen=True)
class Query:
    """The options of one address. A word with `$` that the platform does not know is refused, any other ignored."""

    filter: str | None = None
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    counted: bool = False
    allowed_only: bool = False

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Query:
        for name in given:
            if name.startswith("$") and name not in _OPTIONS:
                raise refusal(14, name)
        counted = given.get("$inlinecount", "none")
        if counted not in ("none", "allpages"):
            raise refusal(14, "$inlinecount")
        return cls(
            filter=given.get("$filter"),
            select=_names(given.get("$select", "")),
            expand=_names(given.get("$expand", "")),
            orderby=tuple(_order(part) for part in _names(given.get("$orderby", ""))),
            top=_number(given, "$top"),
            skip=_number(given, "$skip") or 0,
            counted=counted == "allpages",
            allowed_only="true" in (given.get("allowedOnly"), given.get("$allowedOnly")),
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _order(part: str) -> tuple[str, bool]:
    """(property, descending)."""
    words = part.split()
    if len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
        raise refusal(14, f"$orderby {part}")
    return words[0], words[-1] == "desc" and len(words) == 2


def _number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise refusal(14, name)
    return int(text)


@dataclass(frozen=True)
class Found:
    """The rows of an answer; `count` where it was asked for."""

    rows: list[View]
    count: int | None = None


def found(base: Base, shape: Shape, rows: Iterable[View], query: Query) -> Found:
    """What the options leave of the rows. With `$inlinecount` the platform ignores `$top` and `$skip`."""
    end = None if query.top is None else query.skip + query.top
    if query.filter is None and not query.counted and _as_stored(shape, query) and not _hidden(base, shape):
        return Found(list(islice(rows, query.skip, end)))
    fitting = visible(base, shape, filtered(rows, query), query)
    if not _as_stored(shape, query):
        fitting = ordered(fitting, query)
    return Found(fitting, len(fitting)) if query.counted else Found(fitting[query.skip : end])


def _as_stored(shape: Shape, query: Query) -> bool:
    """Whether the rows come in the order in which they lie."""
    return query.orderby in ((), (("Ref_Key", False),)) and (not query.orderby or shape.keys == ("Ref_Key",))


def _hidden(base: Base, shape: Shape) -> list[str]:
    """The objects of this resource, or of the owner of these lines, that the user may not see."""
    owner = shape.resource.rpartition("_")[0] if shape.keys == ("Ref_Key", "LineNumber") else shape.resource
    hidden: list[str] = base.world.state["hidden"].get(owner, [])
    return hidden


def filtered(rows: Iterable[View], query: Query) -> list[View]:
    """The rows that fit; none at all where the condition has a name that they have not."""
    if query.filter is None:
        return list(rows)
    condition = parse(query.filter)
    try:
        return [row for row in rows if holds(condition, row)]
    except UnknownName:
        return []


def visible(base: Base, shape: Shape, rows: list[View], query: Query) -> list[View]:
    """Hidden rows are left out with allowedOnly and are an error without it."""
    hidden = _hidden(base, shape)
    if not hidden:
        return rows
    seen = [row for row in rows if row.ref not in hidden]
    if len(seen) != len(rows) and not query.allowed_only:
        raise refusal(20)
    return seen


def ordered(rows: list[View], query: Query) -> list[View]:
    for name, descending in reversed(query.orderby):
        rows = sorted(rows, key=cmp_to_key(_comparing(name)), reverse=descending)
    return rows


def _comparing(name: str) -> Callable[[View, View], int]:
    def sortable(row: View) -> tuple[bool, Any]:
        value: Any = row
        for part in name.split("/"):
            try:
                value = value.value(part) if isinstance(value, View) else None
            except UnknownName:
                raise refusal(14, f"$orderby {name}") from None
        value = value.value if isinstance(value, Several) else value
        return value is not None, value.casefold() if isinstance(value, str) else value

    def compare(first: View, second: View) -> int:
        one, two = sortable(first), sortable(second)
        if one[0] != two[0] or not one[0]:
            return one[0] - two[0]
        return int(one[1] > two[1]) - int(one[1] < two[1])

    return compare


# what is taken of a row ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """Which properties and table parts an answer shows, in the order of the shape, and which presentations."""

    properties: tuple[str, ...]
    tables: Mapping[str, tuple[str, ...]]  # table -> its columns, () for all
    presentations: tuple[str, ...] = ()
    own: bool = False  # `Presentation`: of the row itself


def taken(shape: Shape, select: tuple[str, ...]) -> Taken:
    """`*` everything, `**` everything but table parts, `X____Presentation` how a value is called. Else the names."""
    keys = tuple(item.key for item in shape.properties)
    tables = {table.name: () for table in shape.tables}
    presentations = tuple(_presentations(shape, select))
    own = "Presentation" in select
    plain = [name for name in select if not name.endswith(_PRESENTATION) and name != "Presentation"]
    if not select or "*" in plain:
        return Taken(keys, tables, presentations, own)
    if "**" in plain:
        return Taken(keys, {}, presentations, own)
    wanted: dict[str, tuple[str, ...]] = {}
    chosen = set()
    for name in plain:
        head, _, column = name.partition("/")
        if shape.table(head) is not None:
            wanted[head] = (*wanted.get(head, ()), column) if column else ()
        elif name in keys or name.removesuffix("_Type") in keys:
            chosen.add(name.removesuffix("_Type") if name not in keys else name)
        else:
            raise refusal(10, name)
    return Taken(tuple(key for key in keys if key in chosen), wanted, presentations, own)


def _presentations(shape: Shape, select: tuple[str, ...]) -> Iterable[str]:
    for name in select:
        if name.endswith(_PRESENTATION):
            asked = name.removesuffix(_PRESENTATION)
            known = [item.name for item in shape.properties if item.name not in ("Ref", "DataVersion")]
            if asked != "*" and asked not in known:
                raise refusal(10, name)
            yield from known if asked == "*" else (asked,)


def presentation(row: View, name: str) -> str:
    """How the value of a property is called: an object by its description or number, all else by itself."""
    item = next(item for item in row.shape.properties if item.name == name)
    if item.kind == "reference":
        behind = row.followed(item)
        return "" if behind is None else called(behind)
    raw = row.raw(item)
    return "" if raw is None else {True: "Да", False: "Нет"}.get(raw, str(raw)) if isinstance(raw, bool) else str(raw)


def called(row: View) -> str:
    """The presentation of an object itself."""
    if "Number" in row.data:
        return f"{row.data['Number']} от {row.data.get('Date', '')}"
    return str(row.data.get("Description", row.data.get("Code", "")))
