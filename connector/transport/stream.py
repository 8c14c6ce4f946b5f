"""A big answer read piece by piece, so that memory does not grow with it."""

from __future__ import annotations

from typing import Final

import requests

from connector.errors import BrokenAnswer, ConnectorError
from connector.locale import N_, Sentence
from connector.transport.failures import failure_of
from connector.transport.messages import Request

CHUNK: Final = 64 * 1024


class Body:
    """The bytes of a streamed answer, read like a file. A break, or more than `limit` bytes, raises BrokenAnswer."""

    def __init__(self, account: str, request: Request, answer: requests.Response, limit: int) -> None:
        self._account, self._request, self._limit = account, request, limit
        self._chunks = answer.iter_content(CHUNK)
        self._rest = b""
        self._size = 0
        self.headers = {name.lower(): value for name, value in answer.headers.items()}

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes (all of them when negative); empty at the end."""
        if size < 0:
            return b"".join(iter(lambda: self.read(CHUNK), b""))
        if not self._rest:
            self._rest = self._next()
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def _next(self) -> bytes:
        try:
            chunk: bytes = next(self._chunks, b"")
        except (requests.RequestException, OSError) as error:
            reason = failure_of(error).reason
        else:
            self._size += len(chunk)
            if self._size > self._limit:
                raise too_big(self._account, self._request, self._limit)
            return chunk
        raise BrokenAnswer(
            N_("{account}: the answer of {endpoint} cannot be read: {reason}"),
            account=self._account,
            endpoint=self._request.endpoint,
            reason=Sentence(reason),
        )


def too_big(account: str, request: Request, limit: int) -> ConnectorError:
    """The error for an answer above the limit of size."""
    return BrokenAnswer(
        N_("{account}: the answer of {endpoint} is longer than {limit} bytes"),
        account=account,
        endpoint=request.endpoint,
        limit=limit,
    )
