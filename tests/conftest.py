"""What every test stands on: no network but loopback, clocks that move only when told, logs without secrets."""

from __future__ import annotations

import contextlib
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.register_assert_rewrite("contract", "contract_reading", "contract_writing", "contract_faults", "contract_world")

_connect = socket.socket.connect
_LOOPBACK = ("127.", "::1", "localhost")


class NetworkForbidden(RuntimeError):
    """A test tried to leave the machine."""


def _only_loopback(self: socket.socket, address: Any) -> None:
    if self.family != getattr(socket, "AF_UNIX", None) and not str(address[0]).startswith(_LOOPBACK):
        raise NetworkForbidden(f"a test may only connect to loopback, not to {address[0]}")
    return _connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _only_loopback)


class FrozenClock:
    """Time that moves only when told: `now()` is aware UTC, `monotonic()` and `time()` are seconds.

    `sleep` moves it and remembers for how long.
    """

    def __init__(self, start: datetime = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)) -> None:
        self._start = self._now = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def time(self) -> float:
        return self._now.timestamp()

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


class SecretsWatch:
    """Everything that was logged or raised, and the secrets that must not be in it."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        self._raised: list[str] = []
        self._secrets: set[str] = set()

    def guard(self, *secrets: str) -> None:
        """From now on these must appear nowhere."""
        self._secrets.update(secret for secret in secrets if secret)

    @contextlib.contextmanager
    def raises(self, *errors: type[BaseException]) -> Iterator[pytest.ExceptionInfo[BaseException]]:
        """As `pytest.raises`; what was raised is searched, chain and notes included."""
        with pytest.raises(errors) as info:
            yield info
        self.note(info.value)

    def note(self, error: BaseException) -> None:
        self._raised.append("".join(traceback.format_exception(error)) + repr(error) + repr(error.args))

    def check(self) -> None:
        formatter = logging.Formatter("%(name)s %(message)s %(args)s")
        logged = [formatter.format(record) for record in self._caplog.get_records("call")]
        for secret in self._secrets:
            for text in [*logged, *self._raised]:
                assert secret not in text, f"a secret is in: {text.replace(secret, '***')}"


@pytest.fixture
def secrets_watch(caplog: pytest.LogCaptureFixture) -> Iterator[SecretsWatch]:
    """Logs at their most talkative; at the end of the test nothing guarded may stand in them or in an error."""
    caplog.set_level(logging.DEBUG)
    watch = SecretsWatch(caplog)
    yield watch
    watch.check()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait (briefly) for something another thread does."""

    def wait(ready: Callable[[], bool], seconds: float = 5.0) -> None:
        import time

        end = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.01)

    return wait
