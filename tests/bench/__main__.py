"""Print the table of ratios.

    .venv/bin/python -m tests.bench [--rows 100000] [--rounds 5] [--scenario pull --scenario both …] [--folder DIR]

Half a dozen minutes at 100,000 rows. Without --folder what it makes is removed at the end; with it the made-up data
stays and is used again. `memory` compares --rows with a tenth of it: for 1,000,000 against 100,000 run it alone.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.bench.lines import Line, table
from tests.bench.scenarios import SCENARIOS, Bench


def main() -> None:
    asked = _asked()
    lines: list[Line] = []
    with nullcontext(asked.folder) if asked.folder else tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), asked.rows, asked.rounds)
        print(_machine(), file=sys.stderr)
        for name in asked.scenario or SCENARIOS:
            lines += SCENARIOS[name](bench)
            print(f"{name} done; {_load()}", file=sys.stderr)
    print(f"{asked.rows} rows, {asked.rounds} rounds; {_machine()}\n\n{table(lines)}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Print the table of ratios.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS))
    parser.add_argument("--folder", type=Path)
    return parser.parse_args()


def _machine() -> str:
    python = ".".join(str(part) for part in sys.version_info[:3])
    return f"{os.cpu_count()} cores, Python {python}, SQLite {sqlite3.sqlite_version}, {_load()}"


def _load() -> str:
    """What others did meanwhile: figures of a busy machine are worth less."""
    return f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"


if __name__ == "__main__":
    main()
