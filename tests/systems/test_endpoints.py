"""The catalogues hold every call of the vendors' documents and no other."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from connector.cli import main

DOCUMENTED = Path(__file__).parents[1] / "data" / "endpoints.txt"


def test_connector_catalogue_is_the_documents(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line.split() for line in DOCUMENTED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    wanted = {tuple(line) for line in lines}
    assert Counter(line[0] for line in lines) == {"poster": 154, "saplab": 26, "virtpos": 6, "loyalclient": 5}
    assert len(wanted) == 191
    assert main(["catalogue", "--json"]) == 0
    rows = [row for row in json.loads(capsys.readouterr().out) if row["kind"] != "onec"]  # a base has no fixed list
    shown = [(row["kind"], row["verb"], row["path"], row["name"]) for row in rows]
    assert len(shown) == 191 and set(shown) == wanted
