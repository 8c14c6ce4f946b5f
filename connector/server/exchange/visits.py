"""The sessions of 1C: from `checkauth` on one cookie, one folder, and what was given and received meanwhile.

They live in memory: after a restart 1C begins anew, which loses nothing, for orders stay offered until acknowledged.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

COOKIE: Final = "connector"
IDLE: Final = 2 * 3600.0
"""Seconds without a call after which a session is over: 1C itself waits for half an hour at most."""
MOST: Final = 16
"""Sessions of one account at once; the oldest gives way."""
ARRIVING: Final = "arriving"

Kind = Literal["catalog", "sale"]


@dataclass
class Part:
    """A file on its way in: where it lies, and how much of it there is."""

    name: str
    path: Path
    size: int = 0


@dataclass
class Batch:
    """The orders of one answer: operation -> version. `whole`: every byte of it was handed over."""

    operations: dict[int, str] = field(default_factory=dict)
    sure: bool = True
    whole: bool = False


@dataclass
class Visit:
    """One session. `lock` is held while a call of it is answered: 1C makes one at a time."""

    token: str
    account: str
    kind: Kind
    folder: Path
    seen_at: float
    lock: threading.RLock = field(default_factory=threading.RLock)
    version: str | None = None
    """What 1C says it speaks; empty when it began an exchange without saying, None before it began one."""
    asked_info: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    bytes: int = 0
    files: int = 0
    imports: dict[str, Future[None]] = field(default_factory=dict)
    batch: Batch | None = None
    given: set[int] = field(default_factory=set)
    unconfirmed: list[Batch] = field(default_factory=list)

    def new_path(self) -> Path:
        """A fresh name of ours in the folder of the session."""
        self.files += 1
        return self.folder / f"{self.files:05}"

    def clear(self) -> None:
        """An exchange begins anew: what came before is gone."""
        self.parts.clear()
        self.imports.clear()
        self.bytes = 0
        _empty(self.folder)


class Visits:
    """Every session. `ended` is told of each that is over."""

    def __init__(self, folders: dict[str, Path], clock: Callable[[], float], ended: Callable[[Visit], None]) -> None:
        self._clock, self._ended = clock, ended
        self._folders = {account: folder / ARRIVING for account, folder in folders.items()}
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}
        for folder in self._folders.values():
            _sweep(folder)

    def begin(self, account: str, kind: Kind) -> Visit:
        token = secrets.token_urlsafe(24)
        folder = self._folders[account] / secrets.token_hex(8)
        folder.mkdir(parents=True)
        visit = Visit(token, account, kind, folder, self._clock())
        with self._lock:
            own = [one for one in self._visits.values() if one.account == account]
            over = [*self._expired(), *own[: max(0, len(own) - MOST + 1)]]
            for one in over:
                self._visits.pop(one.token, None)
            self._visits[token] = visit
        self._end(over)
        return visit

    def find(self, token: str | None, account: str | None) -> Visit | None:
        """The session of a cookie, at the address of its account."""
        with self._lock:
            over = self._expired()
            for one in over:
                self._visits.pop(one.token, None)
            visit = self._visits.get(token or "")
            if visit is not None:
                visit.seen_at = self._clock()
        self._end(over)
        return visit if visit is not None and account in (None, visit.account) else None

    def of(self, account: str, kind: Kind) -> list[Visit]:
        with self._lock:
            return [one for one in self._visits.values() if one.account == account and one.kind == kind]

    def close(self) -> None:
        with self._lock:
            over = list(self._visits.values())
            self._visits.clear()
        self._end(over)

    def _expired(self) -> list[Visit]:
        now = self._clock()
        return [visit for visit in self._visits.values() if now - visit.seen_at > IDLE]

    def _end(self, visits: list[Visit]) -> None:
        for visit in visits:
            with visit.lock:
                self._ended(visit)
                shutil.rmtree(visit.folder, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what sessions of a server that is no more have left; one that still runs keeps its own."""
    for left in _within(folder):
        newest = max((file.stat().st_mtime for file in (left, *_within(left))), default=0.0)
        if time.time() - newest > 2 * IDLE:
            shutil.rmtree(left, ignore_errors=True)


def _empty(folder: Path) -> None:
    for file in _within(folder):
        file.unlink(missing_ok=True)


def _within(folder: Path) -> Iterator[Path]:
    return iter(list(folder.iterdir())) if folder.is_dir() else iter(())
