"""Every fact of the platform that ARCHITECTURE.md lists has the test it names."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
SECTION = (HERE.parents[1] / "ARCHITECTURE.md").read_text("utf-8").partition("\n## OData\n")[2].partition("\n## ")[0]


def test_every_fact_names_tests_that_are_there() -> None:
    rows = [line.split(" | ") for line in SECTION.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 15
    for *_, cell in rows:
        file, named = "", re.findall(r"`(test_\w+\.py)?::(test_\w+)`", cell)
        assert named, cell
        for place, name in named:
            file = place or file
            assert re.search(rf"^\s*def {name}\(", (HERE / file).read_text("utf-8"), re.MULTILINE), f"{file}::{name}"
