"""What a person sees while a run works. Nothing where nobody watches: no terminal, or `--json`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connector.cli.runs import operation_words
from connector.cli.screen import Screen
from connector.locale import N_, Sentence

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from connector.model.states import Operation
    from connector.sync.engine import Progress


@contextmanager
def watching(screen: Screen) -> Iterator[Progress | None]:
    """Bars on the terminal while inside; None where there is none."""
    if screen.as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, emoji=False, markup=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        yield _Watched(bars, screen)


class _Watched:
    """A line for each feed, and one for what is being written."""

    def __init__(self, bars: Bars, screen: Screen) -> None:
        self._bars, self._screen = bars, screen
        self._tasks: dict[str, Any] = {}
        self._written = 0

    def observing(self, account: str, entity: str, rows: int) -> None:
        text = Sentence(N_("{account}: {entity}, {count} read"), account=account, entity=entity, count=rows)
        self._line(f"{account}/{entity}", text)

    def applying(self, operation: Operation) -> None:
        self._written += 1
        words = operation_words(operation)
        self._line("applying", Sentence(N_("writing: {count}, now {operation}"), count=self._written, operation=words))

    def _line(self, name: str, text: Sentence) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task("", total=None)
        self._bars.update(self._tasks[name], description=text.in_(self._screen.language))
