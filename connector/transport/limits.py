"""How fast an account may be asked, and how long we are patient with it.

`Rate` is passed inside every attempt, retries included: a retry storm under a limiter is how accounts get banned.
It slows down when the remote says that it is too much and recovers as answers come.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

Clock = Callable[[], float]
Sleep = Callable[[float], None]

_SLOWEST: Final = 1 / 32
_RECOVERY: Final = 1.05
_FIRST_GUESS: Final = 4.0
_UNLIMITED: Final = 100.0


class Rate:
    """At most `per_second` calls, evenly spaced after a first `burst`; None means as fast as answers come."""

    def __init__(
        self,
        per_second: float | None,
        *,
        burst: int = 1,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        if per_second is not None and per_second <= 0:
            raise ValueError("a rate is above zero")
        self._allowed, self._current = per_second, per_second
        self._burst, self._clock, self._sleep = burst, clock, sleep
        self._lock = threading.Lock()
        self._due = self._paused_until = clock()

    @property
    def current(self) -> float | None:
        """Calls a second now; below the configured number while the remote is under strain."""
        return self._current

    def acquire(self) -> None:
        """Wait for a turn. Turns are given in order, whichever thread asks."""
        with self._lock:
            wait = self._reserve()
        if wait > 0:
            self._sleep(wait)

    def _reserve(self) -> float:
        now = self._clock()
        turn = max(now, self._paused_until)
        if self._current is not None:
            gap = 1 / self._current
            turn = max(turn, self._due - gap * (self._burst - 1))
            self._due = max(self._due, turn) + gap
        return turn - now

    def pause(self, seconds: float) -> None:
        """Nobody goes for so long: the remote said when to come back."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def slow_down(self) -> None:
        """The remote is under strain: half as fast from now on."""
        with self._lock:
            if self._current is None:
                self._current = _FIRST_GUESS
            else:
                floor = (self._allowed or _FIRST_GUESS) * _SLOWEST
                self._current = max(self._current / 2, floor)

    def speed_up(self) -> None:
        """An answer came: a little faster, up to what is allowed."""
        with self._lock:
            if self._current is None or self._current == self._allowed:
                return
            faster = self._current * _RECOVERY
            if self._allowed is not None:
                self._current = min(faster, self._allowed)
            else:
                self._current = faster if faster < _UNLIMITED else None


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often a call that may be repeated is repeated, and how long we wait in between."""

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 30.0
    longest_retry_after: float = 120.0

    def wait(self, attempt: int, chance: float) -> float:
        """Seconds before attempt + 1 (attempts count from 1): doubled each time, between half and the whole of it."""
        whole: float = min(self.longest_wait, self.first_wait * 2 ** (attempt - 1))
        return whole * (0.5 + chance / 2)


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds of a Retry-After header (a number or an HTTP date); None where there is none that can be read."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)
