"""The benchmark, small: what does not depend on the machine holds, and the ratios are printed (`-s` shows them).

That requests are the fewest that can be, that rows written are those that changed and that an idle run writes nothing
is asserted by the scenarios themselves. No time is asserted: the table at full size says what was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from .lines import Line, table
from .scenarios import SCENARIOS, Bench, memory

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, rows=5_000, rounds=1)


def shown(lines: Sequence[Line]) -> Sequence[Line]:
    print(f"\n{table(lines)}")
    return lines


@pytest.mark.parametrize("name", ["pull", "both", "cursor", "xml"])
def test_the_fewest_requests_and_no_row_too_many(name: str, bench: Bench) -> None:
    assert shown(SCENARIOS[name](bench))


def test_memory_does_not_grow_with_the_customers(tmp_path: Path) -> None:
    lines = shown(memory(Bench(tmp_path, rows=60_000, rounds=1), share=3))
    factors = [line.measured for line in lines if not line.unit]
    assert len(factors) == 2
    assert all(factor is not None and factor <= 1.15 for factor in factors)
