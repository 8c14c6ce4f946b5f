"""Who may come in: Basic credentials, compared in constant time, and not many wrong ones.

The bytes of the credentials are compared in every encoding that a client may have written them in: UTF-8, latin-1 and
windows-1251. An address that was wrong several times waits, each time twice as long.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from connector.config import Account

FREE: Final = 5
"""Wrong attempts in a row that cost nothing: an accountant mistypes."""
FIRST_WAIT: Final = 2.0
LONGEST_WAIT: Final = 900.0
_REMEMBERED: Final = 4096
_ENCODINGS: Final = ("utf-8", "latin-1", "cp1251")
_LONGEST: Final = 1024


@dataclass
class _Tries:
    wrong: int = 0
    until: float = 0.0


class Limits:
    """How often an address was wrong. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until this address may try again; 0 when it may now."""
        with self._lock:
            tries = self._tries.get(address)
            return 0.0 if tries is None else max(0.0, tries.until - self._clock())

    def wrong(self, address: str) -> None:
        with self._lock:
            tries = self._tries.setdefault(address, _Tries())
            self._tries.move_to_end(address)
            tries.wrong += 1
            if tries.wrong >= FREE:
                pause = min(FIRST_WAIT * 2 ** min(tries.wrong - FREE, 16), LONGEST_WAIT)
                tries.until = self._clock() + pause
            while len(self._tries) > _REMEMBERED:
                self._tries.popitem(last=False)

    def right(self, address: str) -> None:
        with self._lock:
            self._tries.pop(address, None)


class Door:
    """The accounts that 1C may come to. `limits` is shared by every door of a server."""

    def __init__(self, accounts: Mapping[str, Account], limits: Limits) -> None:
        self._accounts, self.limits = dict(accounts), limits

    def account_of(self, authorization: str | None, wanted: str | None) -> str | None:
        """The account whose credentials these are, the wanted one where one is; else None. Takes as long for any."""
        given = _given(authorization)
        fitting = [name for name, account in self._accounts.items() if _same(given, account)]
        return next((name for name in fitting if wanted in (None, name)), None) if given else None


def _given(authorization: str | None) -> bytes:
    """The bytes `login:password` of a header; empty for what is none."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.casefold() != "basic" or len(token) > _LONGEST:
        return b""
    try:
        return base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _same(given: bytes, account: Account) -> bool:
    assert account.login is not None
    assert account.password is not None
    text = f"{account.login}:{account.password.get_secret_value()}"
    same = False
    for encoding in _ENCODINGS:
        known = text.encode(encoding, "backslashreplace")
        same |= hmac.compare_digest(_digest(given), _digest(known))
    return same


def _digest(data: bytes) -> bytes:
    """Of one length, so that not even the length is told."""
    return hmac.digest(b"connector", data, "sha256")
