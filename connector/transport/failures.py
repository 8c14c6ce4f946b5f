"""What went wrong on the wire, told without the address that stands in the libraries' own texts.

The one question that matters is whether the request can have reached the remote: a write that certainly did not may
be sent again, any other may have happened.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final, Literal

import requests
import urllib3

from connector.locale import N_

Stage = Literal["before", "cut", "sent", "untrusted", "address"]
"""before: certainly not sent · cut: an answer began and broke off · sent: may have arrived, no answer ·
untrusted: the certificate was refused, nothing sent · address: no request can be made from it."""

TIMEOUT: Final = N_("no answer within the time limit")
CLOSED: Final = N_("the connection was closed without an answer")
CUT: Final = N_("the answer broke off in the middle")


@dataclass(frozen=True)
class Failure:
    """No answer: how far it got, and why in words."""

    stage: Stage
    reason: str


def failure_of(error: Exception) -> Failure:
    """The failure behind an exception of requests or urllib3; nothing of the exception itself is kept."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Failure("before", N_("no connection within the time limit"))
    if isinstance(error, requests.exceptions.ReadTimeout):
        return Failure("sent", TIMEOUT)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema | ValueError):
        return Failure("address", N_("the address is not valid"))
    return _connection_failure(list(_chain(error)))


def _connection_failure(causes: list[BaseException]) -> Failure:
    if _any(causes, ssl.SSLCertVerificationError):
        return Failure("untrusted", N_("its certificate is not trusted"))
    if _any(causes, urllib3.exceptions.NameResolutionError):
        return Failure("before", N_("there is no such host"))
    if _any(causes, urllib3.exceptions.NewConnectionError):
        return Failure("before", N_("the connection was refused"))
    if _any(causes, urllib3.exceptions.IncompleteRead, requests.exceptions.ChunkedEncodingError):
        return Failure("cut", CUT)
    if _any(causes, urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError):
        return Failure("cut", N_("the answer cannot be unpacked"))
    if _any(causes, urllib3.exceptions.ReadTimeoutError, TimeoutError):
        return Failure("sent", TIMEOUT)
    return Failure("sent", CLOSED)


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _chain(error: BaseException, depth: int = 6) -> list[BaseException]:
    """The exception and all it wraps: `args`, `reason`, cause and context."""
    found: list[BaseException] = [error]
    if depth > 0:
        inner = [*error.args, getattr(error, "reason", None), error.__cause__, error.__context__]
        for cause in inner:
            if isinstance(cause, BaseException):
                found.extend(_chain(cause, depth - 1))
    return found
