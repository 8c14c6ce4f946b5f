"""How one raw row becomes a record, field by field; and how two versions of a mapping differ on the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from connector.errors import RowError
from connector.locale import N_, Sentence
from connector.mapping.compiler import Column
from connector.mapping.lines import Lines
from connector.mapping.mapping import Mapping, Raw
from connector.mapping.transforms import MISSING
from connector.model.records import as_dict
from connector.model.values import ABSENT


@dataclass(frozen=True)
class FieldStep:
    """One field of one row. `raw` holds the paths that the system sent; `value` is ABSENT where it does not say."""

    field: str
    raw: dict[str, Any]
    transform: str
    value: Any
    reason: Sentence | None
    direction: str  # both | read | write | stamp


@dataclass(frozen=True)
class Difference:
    """One field of one row that two versions of a mapping read differently; a RowError stands for an unreadable one."""

    external_id: str
    field: str
    before: Any
    after: Any


def explain(mapping: Mapping, raw: Raw) -> list[FieldStep]:
    """Every mapped field in the record's order: what came, what it was taken for, and why it is empty or missing."""
    problems: list[RowError] = []
    values = as_dict(mapping.read(raw, problems))
    reasons = {problem.field: problem.reason for problem in problems}
    steps = [_step(column, raw, values, reasons) for column in mapping.columns.values()]
    return steps + (_line_steps(mapping.lines, raw, values.get("lines"), reasons) if mapping.lines is not None else [])


def _line_steps(lines: Lines, raw: Raw, told: Any, reasons: dict[str, Sentence]) -> list[FieldStep]:
    """Every field of every row inside, named `lines.2.price`."""
    rows: list[Any] = [raw] if lines.path is None else list(raw.get(lines.path) or ()) if lines.row.reads else []
    steps = []
    for number, (row, values) in enumerate(zip(rows, told or (), strict=False), 1):
        at = f"lines.{number}."
        own = {field.removeprefix(at): reason for field, reason in reasons.items() if field.startswith(at)}
        found = (_step(column, row, values, own) for column in lines.row.columns.values())
        steps += [replace(step, field=f"{at}{step.field}") for step in found]
    return steps


def _step(column: Column, raw: Raw, values: dict[str, Any], reasons: dict[str, Sentence]) -> FieldStep:
    sent = {path: value for path in column.row.reads if (value := _sent(raw, path)) is not MISSING}
    value = values.get(column.name, ABSENT)
    return FieldStep(
        field=column.name,
        raw=sent,
        transform=column.transform.name,
        value=value,
        reason=reasons.get(column.name) or _reason(column, sent, value),
        direction="stamp" if column.row.stamp else column.row.only or "both",
    )


def _reason(column: Column, sent: dict[str, Any], value: Any) -> Sentence | None:
    if not column.row.reads:
        return Sentence(N_("this field is only written"))
    if not sent:
        return Sentence(N_("the system did not send it"))
    if value is ABSENT:
        return Sentence(N_("it does not count for this record"))
    if value is None:
        return Sentence(N_("the system says that it is empty"))
    return None


def _sent(raw: Any, path: str) -> Any:
    for key in path.split("."):
        raw = raw.get(key, MISSING) if isinstance(raw, dict) else MISSING
    return raw


def backtest(before: Mapping, after: Mapping, rows: Iterable[tuple[str, Raw]]) -> Iterator[Difference]:
    """What a changed mapping reads differently on stored rows (external id, raw), field by field."""
    for external_id, raw in rows:
        old, new = _all(before, raw), _all(after, raw)
        for name in {**old, **new}:
            one, other = old.get(name, ABSENT), new.get(name, ABSENT)
            if not _alike(after, name, one, other):
                yield Difference(external_id, name, one, other)


def _all(mapping: Mapping, raw: Raw) -> dict[str, Any]:
    problems: list[RowError] = []
    values = as_dict(mapping.read(raw, problems))
    return {**values, **{problem.field: problem for problem in problems}}


def _alike(mapping: Mapping, name: str, one: Any, other: Any) -> bool:
    if isinstance(one, RowError) or isinstance(other, RowError):
        return isinstance(one, RowError) and isinstance(other, RowError)
    if one is ABSENT or other is ABSENT or name not in mapping.reads:
        return one is other
    return mapping.equal(name, one, other)
