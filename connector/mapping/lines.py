"""The rows inside a record: read as a list, written as a whole. Each row is a mapping of its own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.errors import RowError
from connector.locale import N_
from connector.model.records import Record
from connector.model.values import ABSENT, Absent, Value

if TYPE_CHECKING:
    from connector.mapping.mapping import Mapping as Compiled

Raw = Mapping[str, Any]


class Lines:
    """The block `lines` of a mapping, compiled. `row` is the mapping of one row; `path` None: the record is the row.

    `shipping` is the name of the good whose row carries the cost of shipping.
    """

    def __init__(self, path: str | None, row: Compiled, shipping: str | None) -> None:
        self.path, self.row, self.shipping = path, row, shipping
        self.references = row.references

    @property
    def paths(self) -> tuple[str, ...]:
        """The top-level raw keys it reads."""
        if not self.row.reads:
            return ()
        return self.row.paths if self.path is None else (self.path,)

    def read(self, raw: Raw, problems: list[RowError] | None) -> list[Record] | Absent | None:
        """The rows of a raw record. A field that cannot be read is ABSENT in its row and named `lines.2.price`."""
        if self.path is None:
            return [self._row(1, raw, problems)]
        if self.path not in raw:
            return ABSENT
        rows = raw[self.path]
        if rows in (None, "", [], {}):
            return None
        if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
            return self._refuse(RowError("lines", None, N_("rows were expected")), problems)
        return [self._row(number, row, problems) for number, row in enumerate(rows, 1)]

    def _row(self, number: int, raw: Raw, problems: list[RowError] | None) -> Record:
        own: list[RowError] = []
        line = self.row.read(raw, own)
        for problem in own:
            self._refuse(
                RowError(f"lines.{number}.{problem.field}", problem.value, problem.reason.text, **problem.reason.facts),
                problems,
            )
        return line

    @staticmethod
    def _refuse(problem: RowError, problems: list[RowError] | None) -> Absent:
        if problems is None:
            raise problem
        problems.append(problem)
        return ABSENT

    def write(self, lines: Sequence[Mapping[str, Value]]) -> list[dict[str, Any]]:
        """Every raw row. What a line does not say, or says to be empty, is left to the system's own beginning."""
        return [self._written(number, line) for number, line in enumerate(lines, 1)]

    def _written(self, number: int, line: Mapping[str, Value]) -> dict[str, Any]:
        said = {name: value for name, value in line.items() if name in self.row.writes and value is not None}
        try:
            return self.row.write(said, None, new=True)
        except RowError as error:
            raise RowError(
                f"lines.{number}.{error.field}", error.value, error.reason.text, **error.reason.facts
            ) from error

    def equal(self, left: Any, right: Any) -> bool:
        """The same rows in the same order, each field by its own equality."""
        return len(left) == len(right) and all(map(self._same, left, right))

    def _same(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        columns = self.row.columns
        return one.keys() == other.keys() and all(
            self.row.equal(name, value, other[name]) if name in columns else value == other[name]
            for name, value in one.items()
        )
