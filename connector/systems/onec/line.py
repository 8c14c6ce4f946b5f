"""The line to a published base of 1C, the same for each channel that calls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connector.config import Account
from connector.systems.wire import needed, secret, transport_of
from connector.transport.auth import Basic
from connector.transport.http import Transport

_PATIENCE: Final = 90.0
"""Seconds for one answer at least: the first one after a pause starts a session of 1C and takes over half a minute."""


def line_of(account: Account, *, clock: Callable[[], float], sleep: Callable[[float], None]) -> Transport:
    """The transport of an account; one request at a time where it does not say more. ConfigError without its keys."""
    auth = Basic(needed(account, account.login, "login"), secret(account, account.password, "password"))
    return transport_of(account, auth, rate=None, concurrency=1, clock=clock, sleep=sleep, patience=_PATIENCE)
