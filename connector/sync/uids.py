"""Where the uids of a run come from: ordered by the moment of the run and by number, random behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connector.model.values import uid_head, uid_of

_RANDOM: Final = 8
_DIGITS: Final = 2 * _RANDOM
_BLOCK: Final = 512
"""Random bytes are asked for so many uids at a time."""


class Uids:
    """Calling it gives the next one. `now_ms` is the moment of the run."""

    def __init__(self, now_ms: int, entropy: Callable[[int], bytes]) -> None:
        self._now_ms, self._entropy = now_ms, entropy
        self._made = 0
        self._head = uid_head(now_ms, 0)
        self._block = ""

    def __call__(self) -> str:
        at = self._made % _BLOCK * _DIGITS
        if at == 0:
            self._block = self._entropy(_RANDOM * _BLOCK).hex()
        self._made = number = self._made + 1
        if number & 0xFFF == 0:
            self._head = uid_head(self._now_ms, number)
        return uid_of(self._head, number, self._block[at : at + _DIGITS])
