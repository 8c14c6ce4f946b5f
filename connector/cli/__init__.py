"""The command line: the only home of click and of console output. `main` is the program."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code of the contract. Errors go to stderr as sentences.

    Without `arguments` it is the program itself, and its process ends with it.
    """
    if arguments is None:
        _spare_the_collector()
    from connector.cli.app import run

    return run(sys.argv[1:] if arguments is None else arguments)


def _spare_the_collector() -> None:
    """A command lives briefly: the collector of cycles looks seldom, and at the end, when all memory goes, not at all.

    With Python's own thresholds a third of the time of a short command is spent looking at imported modules.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
