"""A whole set, page by page, in the order of its keys, while others add and delete.

`$skip` counts rows: one added or deleted in front of it shifts every later page. Each page therefore begins with the
last row of the page before; where that row is not found, we step back until a known one is. Nothing is lost and
nothing is given twice; what was added in front of a row already given is seen by the next walk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

_OVERLAP: Final = 1
_MEMORY: Final = 2000
"""So many of the keys given last are remembered: as long as one of them is left, the place is found again."""

Ask = Callable[[int, int], list[dict[str, Any]]]
"""(top, skip) -> the rows there, in the fixed order."""


def walk(ask: Ask, size: int, key: Callable[[dict[str, Any]], str]) -> Iterator[list[dict[str, Any]]]:
    """Pages of up to `size` rows; at least one page, even when empty. `size` + 1 rows are asked for after the first."""
    known: list[str] = []
    skip = 0
    while True:
        overlap = _OVERLAP if known else 0
        start = max(0, skip - overlap)
        rows = ask(size + overlap, start)
        is_last = len(rows) < size + overlap
        fresh = _after(known, [key(row) for row in rows], from_start=start == 0)
        if fresh is None:
            skip = max(0, start - size + overlap)
            continue
        skip = start + len(rows)
        if fresh < len(rows) or not known:
            known = (known + [key(row) for row in rows[fresh:]])[-_MEMORY:]
            yield rows[fresh:]
        if is_last:
            return


def _after(known: list[str], ids: list[str], *, from_start: bool) -> int | None:
    """Where the rows begin that were not given yet; None when no known one is in sight: look further back."""
    if not known:
        return 0
    place = {external_id: index for index, external_id in enumerate(ids)}
    found = next((place[external_id] for external_id in reversed(known) if external_id in place), None)
    if found is not None:
        return found + 1
    return 0 if from_start else None
