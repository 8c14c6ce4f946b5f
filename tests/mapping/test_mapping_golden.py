"""Golden rows: what the vendors' own examples mean, and what the documented writes look like."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import RowError
from connector.model.records import as_dict
from tests.mapping.shelf import ROWS, SHIPPED, Shipped, golden


def name(value: object) -> str:
    return value.stem if isinstance(value, Path) else str(value)


@pytest.mark.parametrize(("shipped", "path"), ROWS, ids=name)
def test_a_row_of_the_vendor_reads_as_expected(shipped: Shipped, path: Path) -> None:
    told = golden(path)
    problems: list[RowError] = []
    record = as_dict(shipped.mapping.read(told["raw"], problems))
    assert record == told["record"]
    assert {problem.field: str(problem.reason) for problem in problems} == told.get("problems", {})


WRITES = [(s, p, i) for s, p in ROWS for i in range(len(golden(p).get("writes", [])))]


@pytest.mark.parametrize(("shipped", "path", "index"), WRITES, ids=name)
def test_a_write_looks_as_documented(shipped: Shipped, path: Path, index: int) -> None:
    asked = golden(path)["writes"][index]
    current = asked.get("current")
    before = repr(current)
    assert shipped.mapping.write(asked["values"], current, new=asked.get("new", False)) == asked["raw"]
    assert repr(current) == before, "the row as it stands was changed in place"


@pytest.mark.parametrize("shipped", SHIPPED, ids=str)
def test_every_mapping_has_golden_rows_and_they_reach_every_field_read(shipped: Shipped) -> None:
    said = {field for path in shipped.rows for field in (*golden(path)["record"], *golden(path).get("problems", {}))}
    unsaid = shipped.mapping.reads - said
    assert unsaid <= ({"group"} if shipped.kind == "virtpos" else set()), unsaid
