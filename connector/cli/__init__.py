"""The command line: the only home of click and of console output. `main` is the program."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code of the contract. Errors go to stderr as sentences."""
    from connector.cli.app import run

    return run(sys.argv[1:] if arguments is None else arguments)
