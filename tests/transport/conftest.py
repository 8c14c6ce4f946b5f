"""A server of exact bytes, and a transport whose waiting is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connector.transport.auth import Auth, QueryKey
from connector.transport.http import Patience, Transport
from transport.loopback import SECRET, RawServer, Waiting


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(*scripts: bytes) -> RawServer:
        servers.append(RawServer(scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def wire(waiting: Waiting) -> Iterator[Callable[..., Transport]]:
    opened: list[Transport] = []

    def make(url: str, *, auth: Auth | None = None, attempts: int = 3, **options: object) -> Transport:
        settings: dict[str, object] = {
            "insecure": True,
            "timeout": 0.3,
            "sleep": waiting.sleep,
            "clock": waiting.clock,
            "chance": lambda: 1.0,
            **options,
        }
        transport = Transport(
            "kafe",
            url,
            auth=auth or QueryKey("token", SECRET),
            patience=Patience(attempts=attempts, first_wait=1.0),
            **settings,  # type: ignore[arg-type]
        )
        opened.append(transport)
        return transport

    yield make
    for transport in opened:
        transport.close()
