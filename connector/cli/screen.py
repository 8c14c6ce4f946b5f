"""What a person sees: sentences, tables, progress; and the one JSON document of `--json`.

A terminal gets colour and borders, a pipe gets plain columns. Text that came from outside is printed without control
characters: no data may drive the terminal.
"""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from connector.locale import N_, Sentence, translate

if TYPE_CHECKING:
    from rich.console import Console


@dataclass
class Screen:
    """Output of one command in one language. `as_json` is set by `--json`: then nothing but one document is printed."""

    language: str
    as_json: bool = False

    def say(self, text: str | Sentence, /, **facts: object) -> None:
        """A sentence for the person; silent under `--json`."""
        if not self.as_json:
            self._print(self._words(text, facts), sys.stdout)

    def note(self, text: str | Sentence, /, **facts: object) -> None:
        """A sentence beside the result: a warning or an error, on stderr."""
        self._print(self._words(text, facts), sys.stderr)

    def show(self, document: Any, render: Callable[[], None]) -> None:
        """The document as JSON under `--json`, else what `render` prints."""
        if self.as_json:
            print(_json(document))
        else:
            render()

    def listed(self, rows: Iterable[Any]) -> None:
        """A JSON list that is too long to be held: its rows as they come. Nothing is printed when they break off."""
        from shutil import copyfileobj
        from tempfile import SpooledTemporaryFile
        from textwrap import indent

        with SpooledTemporaryFile(max_size=1 << 20, mode="w+", encoding="utf-8", newline="") as spool:
            between = "["
            for row in rows:
                spool.write(f"{between}\n{indent(_json(row), '  ')}")
                between = ","
            spool.write("[]\n" if between == "[" else "\n]\n")
            spool.seek(0)
            copyfileobj(spool, sys.stdout)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Rows under translated heads (marked with N_). None is shown as nothing."""
        cells = [[self._cell(value) for value in row] for row in rows]
        shown_heads = [translate(head, self.language) for head in heads]
        if self.is_terminal:
            self._bordered(shown_heads, cells)
        else:
            for line in (shown_heads, *cells):
                self._print("\t".join(line), sys.stdout)

    def agrees(self, text: str | Sentence, /, **facts: object) -> bool:
        """Ask on the terminal. False where nobody can answer."""
        if not (sys.stdin.isatty() and self.is_terminal):
            return False
        question = self._words(text, facts)
        yes = translate(N_("y"), self.language)
        answer = input(f"{question} [{yes}/N] ").strip().casefold()
        return answer in {yes, "y", "yes"} or (bool(answer) and translate(N_("yes"), self.language).startswith(answer))

    @property
    def is_terminal(self) -> bool:
        return sys.stdout.isatty()

    @property
    def console(self) -> Console:
        """The terminal of tables and progress. rich honours NO_COLOR itself."""
        from rich.console import Console

        return Console(highlight=False, emoji=False, markup=False)

    def _bordered(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for head in heads:
            table.add_column(Text(head), overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        self.console.print(table)

    def _cell(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return translate(N_("yes") if value else N_("no"), self.language)
        return plain(value.in_(self.language) if isinstance(value, Sentence) else str(value))

    def _words(self, text: str | Sentence, facts: dict[str, object]) -> str:
        sentence = text if isinstance(text, Sentence) else Sentence(text, **facts)
        return sentence.in_(self.language)

    def _print(self, text: str, stream: TextIO) -> None:
        print("\n".join(plain(line) for line in text.split("\n")), file=stream, flush=True)


def _json(document: Any) -> str:
    """Numbers keep every digit: a Decimal is written as the number it is, never through a float."""
    from msgspec import json

    return json.format(json.Encoder(decimal_format="number", enc_hook=str).encode(document), indent=2).decode()


def plain(text: str) -> str:
    """One line of text without control characters (a tab stays): they could move the cursor or hide what follows."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    return char if char == "\t" or unicodedata.category(char)[0] != "C" else "\N{REPLACEMENT CHARACTER}"


def speak_utf8() -> None:
    """Windows consoles and pipes get UTF-8; what a stream cannot show is replaced, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8" if os.name == "nt" else None, errors="replace")
