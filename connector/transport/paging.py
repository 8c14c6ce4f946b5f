"""Paging styles by name, as small pure generators: they yield the parameters of a page and are sent what came.

    pages = style(...)
    params = next(pages)
    while params is not None: ask; params = pages.send(Seen(...)) until StopIteration

No style trusts a total alone: an empty page always ends (S-33).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Style = Literal["none", "offset", "page_path", "page_per_page", "next_tr"]
Params: TypeAlias = Mapping[str, int | str]
Pages: TypeAlias = Generator[Params, "Seen", None]


@dataclass(frozen=True)
class Seen:
    """What a page held: how many rows, the number of pages where the remote says it, where the next one begins."""

    rows: int
    pages: int | None = None
    next: str | None = None


def none() -> Pages:
    """One page holds everything."""
    yield {}


def offset(size: int, *, start: int = 0, size_name: str = "num", offset_name: str = "offset") -> Pages:
    """`num` and `offset` (Poster): on until a page is short."""
    at = start
    while True:
        seen = yield {size_name: size, offset_name: at}
        at += seen.rows
        if seen.rows < size:
            return


def numbered(size: int, *, start: int = 1, page_name: str = "page", size_name: str = "per_page") -> Pages:
    """`page` and `per_page`: on to the number of pages where it is said, else until a page is short."""
    number = start
    while True:
        seen = yield {page_name: number, size_name: size}
        last = number >= seen.pages if seen.pages is not None else seen.rows < size
        if last or seen.rows == 0:
            return
        number += 1


def next_tr(*, name: str = "next_tr") -> Pages:
    """A row number to go on from, said in the answer (Poster receipts); the same one twice ends it."""
    at: str | None = None
    while True:
        seen = yield {} if at is None else {name: at}
        if seen.rows == 0 or seen.next is None or seen.next == at:
            return
        at = seen.next
