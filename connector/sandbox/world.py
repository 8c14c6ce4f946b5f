"""The world of one emulated system: its state, clock, faults and log of requests.

An emulator keeps everything it knows in `World.state`: JSON values only (dicts with text keys, lists, text, numbers,
booleans, null), so that a sandbox can be saved to a file, loaded and reset. Nothing may be kept anywhere else.
"""

from __future__ import annotations

import copy
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from flask import Flask, Response

from connector.sandbox.company import Company
from connector.sandbox.faults import Faults

LOG_SIZE: Final = 100_000

State = dict[str, Any]
Build = Callable[["World"], State]
Page = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Entry:
    """One request as it was served. `status` is 0 where the connection was closed without an answer.

    `path` never carries the query: credentials live there in some systems.
    """

    number: int
    at: float
    verb: str
    path: str
    endpoint: str
    status: int
    fault: str | None = None


class RequestLog:
    """The last `LOG_SIZE` requests and the number of all since the beginning or the last clear."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=LOG_SIZE)
        self.total = 0

    def add(self, at: float, request: tuple[str, str, str], status: int, fault: str | None) -> None:
        """`request` is verb, path and catalogue name."""
        verb, path, endpoint = request
        with self._lock:
            self.total += 1
            self._entries.append(Entry(self.total, at, verb, path, endpoint, status, fault))

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self.total = 0

    def entries(self) -> list[Entry]:
        with self._lock:
            return list(self._entries)

    def as_list(self) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries()]


class World:
    """What one emulator lives in.

    `lock` is held by the framework while a request is served, so a view may change `state` freely; code that runs in
    another thread (webhook delivery, a test that looks at the state) takes it itself.
    `credentials` is what a client's account must carry beside the URL: the emulator fills it in `create_app`.
    `options` are what the emulator was asked to be, `account` what an account says of it beside kind and URL.
    `url` is known once the server listens.
    `pages` are control pages of the emulator's own, by verb and name ("POST", "webhooks"): the JSON object that was
    sent in, a JSON object out, ValueError for what is wrong. `workers` run in threads while the sandbox runs.
    """

    def __init__(
        self,
        kind: str,
        *,
        company: Company | None = None,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind, self.seed, self.company = kind, seed, company if company is not None else Company()
        self.options: dict[str, Any] = dict(options or {})
        self.account: dict[str, str] = {}
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.faults = Faults()
        self.log = RequestLog()
        self.credentials: dict[str, str] = {}
        self.state: State = {}
        self.url = ""
        self.pages: dict[tuple[str, str], Page] = {}
        self.workers: list[Callable[[World], None]] = []
        self._clock, self._offset = clock, 0.0
        self._sleep = sleep if sleep is not None else self.stopping.wait
        self._build: Build = _nothing

    # time ------------------------------------------------------------------------------------------------------

    def time(self) -> float:
        """Unix seconds of this world: the injected clock and what it was advanced by."""
        return self._clock() + self._offset

    def now(self) -> datetime:
        """The same moment as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock of this world: lets holds, tokens and repeats run out in a test."""
        self._offset += seconds

    def sleep(self, seconds: float) -> None:
        """Wait; ends early when the sandbox stops."""
        if seconds > 0:
            self._sleep(seconds)

    # state -----------------------------------------------------------------------------------------------------

    def fill(self, build: Build) -> None:
        """Say how the first state is made from `company` and `seed`, and make it. Called once by `create_app`."""
        self._build = build
        self.reset()

    def reset(self) -> None:
        """Back to the first state; faults, log and clock too."""
        with self.lock:
            self.faults.clear()
            self.log.clear()
            self._offset = 0.0
            self.state = self._build(self)

    def dump(self) -> State:
        """Everything needed to go on from here, as JSON values."""
        with self.lock:
            return {"offset": self._offset, "state": copy.deepcopy(self.state)}

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Go on from a `dump`."""
        with self.lock:
            self._offset = float(dumped["offset"])
            self.state = copy.deepcopy(dumped["state"])

    def random(self, name: str) -> random.Random:
        """A repeatable source of numbers for one purpose."""
        return random.Random(f"{self.seed}/{self.kind}/{name}")  # noqa: S311 - repeatable, not secret

    # serving ---------------------------------------------------------------------------------------------------

    def app(
        self,
        import_name: str,
        *,
        endpoint: Callable[[str, str], str],
        expired: Callable[[], Response],
        refused: Callable[[int], Response] | None = None,
    ) -> Flask:
        """A Flask app with the faults, the log and the control pages in front of it.

        `endpoint(verb, path)` gives the catalogue name of a call ("" for a path the system does not know);
        `expired()` is the system's own answer to credentials that are too old, `refused(code)` its own refusal.
        The two are called outside any view (inside an application context).
        """
        from connector.sandbox.gate import Gate

        app = Flask(import_name, static_folder=None)
        app.json.sort_keys = False  # type: ignore[attr-defined]
        app.json.ensure_ascii = False  # type: ignore[attr-defined]
        app.wsgi_app = Gate(self, app, endpoint, expired, refused)  # type: ignore[method-assign]
        return app


def _nothing(_: World) -> State:
    return {}
