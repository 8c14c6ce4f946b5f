"""A Poster that answers what a test tells it to, over `responses`; every request is kept as it arrived."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from requests import PreparedRequest

from connector.systems.catalogue import load
from connector.systems.parameters import Units
from connector.systems.poster.adapter import PosterAdapter
from connector.transport.auth import QueryKey
from connector.transport.http import Transport

TOKEN = "687409:4164553abf6a031302898da7800b59fb"
BASE = "https://joinposter.com/api"

Answer = Any
Handler = Callable[[dict[str, str], dict[str, str]], Answer]


class Till:
    """`till.on("clients.getClients", …)`: a body, a list of bodies one after another, or a function of the request."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.slept: list[float] = []

    def on(
        self, method: str, answer: Answer | Handler, *, status: int = 200, verb: str | None = None, **headers: str
    ) -> None:
        endpoint = load("poster").endpoints.get(method)
        verb = verb or (endpoint.verb if endpoint else "GET")

        def reply(request: PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
            query = dict(parse_qsl(urlsplit(request.url or "").query, keep_blank_values=True))
            body = request.body.decode() if isinstance(request.body, bytes) else (request.body or "")
            form = dict(parse_qsl(body, keep_blank_values=True)) if not body.startswith(("{", "[")) else {"": body}
            self.requests.append((method, query, form))
            told = answer(query, form) if callable(answer) else answer
            raw = told if isinstance(told, bytes) else json.dumps(told, ensure_ascii=False).encode()
            return status, {"Content-Type": "application/json", **headers}, raw

        self.mock.add_callback(verb, f"{BASE}/{method}", callback=reply)

    def adapter(self, units: Units | None = None, concurrency: int = 1) -> PosterAdapter:
        transport = Transport(
            "kafe", BASE, auth=QueryKey("token", TOKEN), concurrency=concurrency, sleep=self.slept.append
        )
        return PosterAdapter("kafe", "kafe", load("poster"), transport, units=units)


@pytest.fixture
def till() -> Iterator[Till]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Till(mock)


def client(number: int, **fields: Any) -> dict[str, Any]:
    """A client as clients.getClients shows it (the example of the 2018 document)."""
    return {
        "client_id": str(number),
        "firstname": "",
        "lastname": "Антон",
        "patronymic": "",
        "discount_per": "0",
        "bonus": "10000",
        "total_payed_sum": "0",
        "date_activale": "2017-10-09 15:28:14",
        "phone": "+7 963 031-38-44",
        "phone_number": f"7963{number:07}",
        "email": "anton@example.com",
        "birthday": "0000-00-00",
        "card_number": "0",
        "client_sex": "0",
        "country": "0",
        "city": "0",
        "comment": "0",
        "address": "0",
        "client_groups_id": "3",
        "client_groups_name": "Накопительная скидка",
        "client_groups_discount": "0",
        "loyalty_type": "1",
        "birthday_bonus": "0",
        "delete": "0",
        **fields,
    }
