"""The connector's own command as a process to be measured: `python -m tests.bench.command -C DIR sync --yes`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.noting import note


def main() -> int:
    from connector.cli import main as connector

    return connector()


def profiled(file: Path) -> int:
    """The same under cProfile, for whoever looks for where the time goes."""
    from cProfile import Profile

    profile = Profile()
    try:
        return profile.runcall(main)
    finally:
        profile.dump_stats(file)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["--profile"]:
        sys.argv[1:3] = []
        code = profiled(Path(words[1]))
    else:
        code = main()
    note()
    sys.exit(code)
