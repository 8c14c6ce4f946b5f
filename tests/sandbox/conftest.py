"""A Poster till that answers over real HTTP, and a client of it that knows nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connector.sandbox import Sandbox
from sandbox.onec_client import Client


class Poster:
    """Plain requests with the account's token; `get` and `post` give the decoded body whole."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.world = sandbox, sandbox.worlds["poster"]
        self.http = requests.Session()
        self.url, self.root = sandbox.urls["poster"], self.world.url
        self.token = sandbox.credentials["poster"]["token"]

    def send(self, verb: str, name: str, params: dict[str, Any], **how: Any) -> requests.Response:
        return self.http.request(verb, f"{self.url}/{name}", params=params, timeout=10, **how)

    def get(self, name: str, **params: Any) -> Any:
        return self.send("GET", name, {"token": self.token, **params}).json()

    def post(self, name: str, body: Any = None, **fields: Any) -> Any:
        """A form, as the documents send it; `body` for names that Python cannot spell."""
        return self.send("POST", name, {"token": self.token}, data={**(body or {}), **fields}).json()

    def json(self, name: str, body: Any) -> Any:
        return self.send("POST", name, {"token": self.token}, json=body).json()

    def read(self, name: str, **params: Any) -> Any:
        """The payload of a read that succeeds."""
        return self.get(name, **params)["response"]

    def refused(self, answer: Any) -> int:
        """The code of a refusal."""
        code: int = answer["error"]["code"]
        return code


@pytest.fixture
def poster() -> Iterator[Poster]:
    with Sandbox(("poster",)) as sandbox:
        yield Poster(sandbox)


@pytest.fixture
def bare() -> Iterator[Poster]:
    """The same till with one group and nobody in it."""
    with Sandbox(("poster",), company="empty") as sandbox:
        yield Poster(sandbox)


@pytest.fixture
def base() -> Iterator[Client]:
    """A base of УТ 11 with nobody in it. Its clock shows 2026-11-20 12:30:00 in Moscow."""
    with Sandbox(("onec",), company="empty", clock=lambda: 1795167000.0) as sandbox:
        yield Client(sandbox)
