"""Which of the waiting orders 1C is given, so that one it cannot load does not hold up the others.

1C loads an answer in one transaction: one order that it cannot take stops all, no `success` comes, and the same would
happen in every session. So what was fetched and not acknowledged is given in smaller and smaller portions until a
single order is left; that one is told to a person and given only when nothing else waits. A cut connection looks the
same from here and is cured by the next session that gets through.

Also kept here: the version that 1C speaks, for it may fetch before it says so.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

STATE: Final = "delivery.json"
_PATIENCE: Final = 2
"""Sessions that end without an acknowledgement before a portion is cut, or a single order is put aside."""
_FACTOR: Final = 4


@dataclass
class State:
    """`portion` None: everything. `aside`: operation -> how often it was fetched alone and not acknowledged."""

    version: str | None = None
    portion: int | None = None
    failures: int = 0
    aside: dict[int, int] = field(default_factory=dict)


class Delivery:
    """One account. Its state lies in a file, so that a restart goes on where it was. Safe from several threads."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / STATE
        self._lock = threading.Lock()
        self._state = _load(self._file)

    @property
    def version(self) -> str | None:
        """What 1C said last that it speaks; empty when it said nothing, None when it never began an exchange."""
        return self._state.version

    def speaks(self, version: str) -> None:
        with self._lock:
            if self._state.version != version:
                self._state.version = version
                self._save()

    def choose(self, waiting: Sequence[int], given: Collection[int]) -> list[int]:
        """The next portion of what waits, without what this session was given already."""
        with self._lock:
            left = [one for one in waiting if one not in given]
            plain = [one for one in left if one not in self._state.aside]
            if plain or not left:
                return plain[: self._state.portion]
            return [min(left, key=lambda one: (self._state.aside[one], one))]

    def acknowledged(self, operations: Collection[int]) -> None:
        """1C has these: what was given arrives, more may be given at once."""
        with self._lock:
            state = self._state
            for one in operations:
                state.aside.pop(one, None)
            state.failures = 0
            if state.portion is not None:
                state.portion = state.portion * _FACTOR if state.portion < len(operations) * _FACTOR else None
            self._save()

    def failed(self, batch: Sequence[int]) -> tuple[int, int] | None:
        """A session ended without a word about these. (operation, how often) for one that was fetched alone."""
        if not batch:
            return None
        with self._lock:
            state = self._state
            state.failures += 1
            put_aside = None
            if len(batch) == 1 and (batch[0] in state.aside or state.failures >= _PATIENCE):
                times = state.aside.get(batch[0], 0) + 1
                state.aside[batch[0]] = times
                state.failures, state.portion = 0, None
                put_aside = (batch[0], times)
            elif len(batch) > 1 and state.failures >= _PATIENCE:
                state.portion = max(1, len(batch) // _FACTOR)
            self._save()
            return put_aside

    def forget(self, waiting: Collection[int]) -> None:
        """Operations that no longer wait are no matter of ours."""
        with self._lock:
            gone = [one for one in self._state.aside if one not in waiting]
            for one in gone:
                del self._state.aside[one]
            if gone:
                self._save()

    def _save(self) -> None:
        part = self._file.with_name(f"{self._file.name}.part")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(self._state)), encoding="utf-8")
        os.replace(part, self._file)


def _load(file: Path) -> State:
    """A file that cannot be read costs a few sessions and nothing else: everything is offered again."""
    try:
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        aside = {int(one): int(times) for one, times in told.pop("aside").items()}
        return State(**told, aside=aside)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return State()
