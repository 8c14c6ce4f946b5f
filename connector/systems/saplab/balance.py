"""The movements of a client's account. How to ask for a further page is not documented (S-09).

The answer echoes the page it shows, so a spelling that the panel does not understand is noticed: it shows page 1 again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal

Spelling = Literal["path", "query"]
Ask = Callable[[int, Spelling], Mapping[str, Any]]
"""(page, how it is spelt) -> the decoded answer."""

SPELLINGS: Final[tuple[Spelling, ...]] = ("path", "query")
log: Final = logging.getLogger("connector.systems.saplab")


def pages(account: str, ask: Ask) -> Iterator[list[Any]]:
    """The movements page by page, newest first; only the first page, and a warning, where no spelling is understood."""
    first = ask(1, "path")
    yield first["transactions"]
    last = _number(first.get("pages")) or 1
    spelling: Spelling | None = None
    for page in range(2, last + 1):
        answer, spelling = _page(ask, page, spelling)
        if answer is None:
            log.warning("%s: only the first of %d pages of movements can be read", account, last)
            return
        if not answer["transactions"]:
            return
        yield answer["transactions"]


def one(ask: Ask, page: int) -> Mapping[str, Any] | None:
    """One page, or None when the panel shows another instead."""
    return _page(ask, page, None)[0]


def _page(ask: Ask, page: int, known: Spelling | None) -> tuple[Mapping[str, Any] | None, Spelling | None]:
    for spelling in SPELLINGS if known is None else (known,):
        answer = ask(page, spelling)
        if _number(answer.get("page")) == page:
            return answer, spelling
    return None, known


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
