"""The laws every mapping must obey, checked on real rows and on generated values.

round_trip  what is written is read back equal, under the transform's own equality
survives    a row that is written back unchanged reads the same, and keeps the parts that the mapping does not know
zero        0 stays 0
empty       an empty value stays empty
blank       what is blank there is read as empty, and no value is written as a blank
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, Literal, cast

from connector.errors import RowError
from connector.locale import N_, Sentence
from connector.mapping.compiler import Column
from connector.mapping.lines import Lines
from connector.mapping.mapping import Mapping, Raw
from connector.model.records import as_dict
from connector.model.values import ABSENT, Value

Law = Literal["round_trip", "survives", "zero", "empty", "blank"]

_ZEROES: Final = {
    **dict.fromkeys(("kopecks", "roubles", "whole_roubles", "onec_money"), 0),
    **dict.fromkeys(("number", "percent", "whole_percent", "onec_number"), "0"),
}
_TEXTS: Final[dict[Law, str]] = {
    "round_trip": N_("{value} is written as {raw} and read back as {got}"),
    "survives": N_("writing {value} back changes the row: {got}"),
    "zero": N_("zero is written as {raw} and read back as {got}"),
    "empty": N_("an empty value is written as {raw} and read back as {got}"),
    "blank": N_("the blank {raw} is read as {got}"),
}
_NEVER: Final = N_("none of the values tried can be written: {got}")


@dataclass(frozen=True)
class LawBreach:
    """One law that a field of a mapping breaks, with the first value that shows it."""

    mapping: str
    field: str
    law: Law
    value: Any
    raw: Any
    got: Any
    reason: Sentence


@dataclass(frozen=True)
class Trial:
    """What became of one value that was written and read back; `refused` says why it could not be written."""

    raw: Any
    got: Any
    refused: Sentence | None = None


def check(mapping: Mapping, rows: Iterable[Raw] = (), *, samples: int = 100, seed: int = 1) -> list[LawBreach]:
    """Every law on every field, the first breach of each. `rows` are real raw rows; values of theirs are tried too."""
    known = list(rows)
    breaches: list[LawBreach] = []
    for column in mapping.columns.values():
        for law, breach in _laws(mapping, column, known, samples, seed):
            if breach is not None:
                value, raw, got, text = breach
                reason = Sentence(text or _TEXTS[law], value=repr(value), raw=repr(raw), got=_shown(got))
                breaches.append(LawBreach(repr(mapping), column.name, law, value, raw, got, reason))
    if mapping.lines is not None:
        inner = check(mapping.lines.row, _rows_of(mapping.lines, known), samples=samples, seed=seed)
        breaches += [replace(breach, mapping=repr(mapping), field=f"lines.{breach.field}") for breach in inner]
    return breaches


def _rows_of(lines: Lines, rows: Sequence[Raw]) -> list[Raw]:
    """The raw rows inside real records."""
    if lines.path is None:
        return list(rows)
    inside = [row.get(lines.path) for row in rows]
    return [line for found in inside if isinstance(found, list) for line in found if isinstance(line, dict)]


_Found = tuple[Any, Any, Any, str | None] | None


def _laws(
    mapping: Mapping, column: Column, rows: Sequence[Raw], samples: int, seed: int
) -> Iterator[tuple[Law, _Found]]:
    if column.row.reads:
        yield "blank", _blank(mapping, column)
    if column.row.reads and column.row.writes:
        yield (
            "round_trip",
            _round_trip(mapping, column, [*_read_of(mapping, column, rows), *_made(column, samples, seed)]),
        )
        yield "zero", _zero(mapping, column)
        yield "empty", _empty(mapping, column)
        yield "survives", _first(_survives(mapping, column, row) for row in rows)


def trial(mapping: Mapping, column: Column, value: Any) -> Trial:
    """Write one value into an empty row and read it back through the paths that are read."""
    try:
        patch = mapping.write({column.name: value})
    except RowError as refused:
        return Trial(None, None, refused.reason)
    raws = [_at(patch, path) for path in column.row.writes]
    return Trial(raws[0] if len(raws) == 1 else raws, _read_back(mapping, column, raws))


def _read_back(mapping: Mapping, column: Column, raws: Sequence[Any]) -> Any:
    row: dict[str, Any] = {}
    for index, path in enumerate(column.row.reads):
        _put(row, path, raws[index] if index < len(raws) else "")
    problems: list[RowError] = []
    value = as_dict(mapping.read(row, problems)).get(column.name, ABSENT)
    return problems[0] if problems else value


def _round_trip(mapping: Mapping, column: Column, values: Sequence[Any]) -> _Found:
    refused: Sentence | None = None
    written = 0
    for value in values:
        done = trial(mapping, column, value)
        if done.refused is not None:
            refused = done.refused
            continue
        written += 1
        if not _same(mapping, column, value, done.got):
            return value, done.raw, done.got, None
    return None if written or refused is None else (values[0], None, refused, _NEVER)


def _zero(mapping: Mapping, column: Column) -> _Found:
    if column.transform.name not in _ZEROES:
        return None
    zero = _ZEROES[column.transform.name]
    done = trial(mapping, column, zero)
    return (
        None
        if done.refused is None and done.got == zero and done.got is not False
        else (zero, done.raw, done.got, None)
    )


def _empty(mapping: Mapping, column: Column) -> _Found:
    done = trial(mapping, column, None)
    return None if done.refused is not None or done.got is None else (None, done.raw, done.got, None)


def _blank(mapping: Mapping, column: Column) -> _Found:
    for blank in (None, *column.blanks):
        got = _read_back(mapping, column, [blank] * len(column.row.reads))
        if got is not column.transform.blank_is:
            return None, blank, got, None
    return None


def _survives(mapping: Mapping, column: Column, row: Raw) -> _Found:
    """The row after the field's own value was written back to where it was read."""
    if column.row.reads != column.row.writes:
        return None
    before = as_dict(mapping.read(row, []))
    value = before.get(column.name, ABSENT)
    if value is ABSENT:
        return None
    try:
        patch = mapping.write({column.name: cast(Value, value)}, row)
    except RowError:
        return None
    after = as_dict(mapping.read({**row, **patch}, []))
    changed = {name for name in before.keys() | after.keys() if not _alike(mapping, name, before, after)}
    lost = [key for key, raw in patch.items() if isinstance(raw, list) and not _keeps(row.get(key), raw)]
    return (value, patch, sorted(changed) + lost, None) if changed or lost else None


def _keeps(before: Any, after: list[Any]) -> bool:
    """Whether at most one row of a table part differs, and none is missing."""
    kept = [{**one, "LineNumber": ""} for one in after]
    return sum({**one, "LineNumber": ""} not in kept for one in before or []) <= 1 and len(after) >= len(before or [])


def _alike(mapping: Mapping, name: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
    one, other = before.get(name, ABSENT), after.get(name, ABSENT)
    return one is other or (one is not ABSENT and other is not ABSENT and mapping.equal(name, one, other))


def _same(mapping: Mapping, column: Column, value: Any, got: Any) -> bool:
    return got is not ABSENT and not isinstance(got, RowError) and mapping.equal(column.name, value, got)


def _read_of(mapping: Mapping, column: Column, rows: Iterable[Raw]) -> Iterator[Any]:
    for row in rows:
        value = as_dict(mapping.read(row, [])).get(column.name)
        if value is not None:
            yield value


def _made(column: Column, samples: int, seed: int) -> Iterator[Any]:
    random = Random(f"{seed}/{column.name}")  # noqa: S311 - values for a test, the same every time
    make: Callable[[Random], Any] = column.transform.sample
    return (make(random) for _ in range(samples))


def _first(found: Iterable[_Found]) -> _Found:
    return next((one for one in found if one is not None), None)


def _at(patch: Any, path: str) -> Any:
    for key in path.split("."):
        patch = patch.get(key) if isinstance(patch, dict) else None
    return patch


def _put(row: dict[str, Any], path: str, raw: Any) -> None:
    *heads, last = path.split(".")
    for head in heads:
        row = row.setdefault(head, {})
    row[last] = raw


def _shown(got: Any) -> str:
    return "nothing" if got is ABSENT else str(got) if isinstance(got, RowError | Sentence) else repr(got)
