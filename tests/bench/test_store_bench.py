"""The store layer over the bare driver (goal 1.1, at most 1.3)."""

from __future__ import annotations

import pytest

from .store_bench import measure


@pytest.mark.slow
def test_the_store_costs_little_over_the_driver() -> None:
    found = measure(rows=50_000, times=5)
    our, bare = (sum(column) for column in zip(*found.values(), strict=True))
    print(*(f"{step}: {ours / raw:.2f}" for step, (ours, raw) in found.items()), f"all: {our / bare:.2f}", sep="\n")
    assert our / bare <= 1.3
