"""The table of decisions in ARCHITECTURE.md is whole, and every test it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("\n## Decisions and their proofs\n")[2]
PROVED, _, WORDING = TABLE.partition("\n### Wording only\n")
NUMBERS = {
    f"{letter}-{n:02}" for letter, last in (("P", 98), ("S", 33), ("V", 24), ("L", 16)) for n in range(1, last + 1)
}


def rows(text: str) -> dict[str, list[str]]:
    """Number -> the cells behind it."""
    lines = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in text.splitlines()]
    found = [line for line in lines if re.fullmatch(r"[PSVL]-[0-9]{2}", line[0])]
    assert len({line[0] for line in found}) == len(found), "a number stands twice"
    return {number: rest for number, *rest in found}


def test_every_decision_is_proved_or_wording() -> None:
    assert len(NUMBERS) == 171
    proved, wording = rows(PROVED), rows(WORDING)
    assert proved.keys() | wording.keys() == NUMBERS
    assert not proved.keys() & wording.keys()
    assert all(len(cells) == 2 and re.search(r"`tests/.+::test_|::Test", cells[1]) for cells in proved.values())
    assert len(wording) < 10 and all(reason for (reason,) in wording.values())


def test_every_test_that_is_named_exists() -> None:
    named = sorted({name for cells in rows(PROVED).values() for name in re.findall(r"`(tests/[^`]+)`", cells[1])})
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *named]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    missing = re.findall(r"not found: \S*/(tests/.+)", done.stdout + done.stderr)
    assert done.returncode == 0 and not missing, missing or done.stdout + done.stderr
    collected = {line for line in done.stdout.splitlines() if "::" in line}
    for name in named:
        assert any(line == name or line.startswith((f"{name}[", f"{name}::")) for line in collected), name
