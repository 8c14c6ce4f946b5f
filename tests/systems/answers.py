"""The documented answers of the vendors (`tests/golden/answers`), and accounts that are answered with one of them.

Beside each `<call>[-n].json` (or `.xml`) stands `<call>[-n].expected.json`: `call` is the documented request, `payload`
what the answer holds, or `error` what it means; `records` what its rows are once they are mapped, `also` the answers of
other paths which that takes. Where a document
contradicts itself, `decided` names the numbered decision that the request follows. People, phones, addresses and
tokens of the documents are replaced by invented ones of the same shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit
from zoneinfo import ZoneInfo

import responses
from requests import PreparedRequest

from connector.systems.base import Adapter
from connector.systems.catalogue import load
from connector.systems.loyalclient.adapter import LoyalclientAdapter
from connector.systems.parameters import Proved
from connector.systems.poster.adapter import PosterAdapter
from connector.systems.saplab.adapter import SaplabAdapter
from connector.systems.virtpos.adapter import VirtposAdapter
from connector.transport.auth import Basic, FormKey, HeaderKey, QueryKey
from connector.transport.http import Transport

FOLDER = Path(__file__).parents[1] / "golden" / "answers"
BASE = "https://system.example/api"
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
POINT = "62a0000000000000000000f4"
Pairs = list[tuple[str, str]]


class Everything:
    """Every unit is proved: whether an amount may be sent is not what is asked here."""

    def unit(self, endpoint: str, field: str) -> Proved | None:
        del endpoint, field
        return "major"


@dataclass(frozen=True)
class Answer:
    """One documented answer."""

    kind: str
    path: Path

    @property
    def name(self) -> str:
        return re.sub(r"-[0-9]+$", "", self.path.stem)

    @property
    def endpoint(self) -> str:
        return self.name.replace("v2.auth.", "v2/auth/")

    @property
    def body(self) -> bytes:
        return self.path.read_bytes()

    @property
    def expected(self) -> dict[str, Any]:
        text = self.path.with_suffix(".expected.json").read_text(encoding="utf-8")
        told: dict[str, Any] = json.loads(text, parse_float=Decimal)
        return told

    def __str__(self) -> str:
        return f"{self.kind}/{self.path.stem}"


def answers() -> list[Answer]:
    """All of them, in the order of their names."""
    found = sorted(path for path in FOLDER.rglob("*.*") if not path.name.endswith(".expected.json"))
    return [Answer(path.parent.name, path) for path in found]


def transport(auth: Any) -> Transport:
    return Transport("account", BASE, auth=auth, sleep=lambda seconds: None)


def adapter(kind: str) -> Adapter:
    """An account of this kind, at `BASE`."""
    build: Mapping[str, Callable[[], Adapter]] = {
        "poster": lambda: PosterAdapter(
            "account", "account", load("poster"), transport(QueryKey("token", SECRET)), units=Everything()
        ),
        "saplab": lambda: SaplabAdapter(
            "account", "account", transport(Basic("owner", SECRET)), zone=ZoneInfo("Europe/Moscow")
        ),
        "virtpos": lambda: VirtposAdapter("account", "account", transport(FormKey("apikey", SECRET))),
        "loyalclient": lambda: LoyalclientAdapter(
            "account", "account", transport(HeaderKey("apikey", SECRET)), point=POINT
        ),
    }
    return build[kind]()


@dataclass
class Remote:
    """Answers every call with the same body; what was sent is kept as (path, parameters)."""

    body: bytes
    status: int = 200
    positions: Iterator[Mapping[str, Any]] | None = None  # what a look at Saplab's positions shows, one after another
    others: Mapping[str, bytes] = field(default_factory=dict)  # path -> what that one is answered with
    sent: list[tuple[str, Pairs]] = field(default_factory=list)

    def listen(self, mock: responses.RequestsMock) -> None:
        for verb in (responses.GET, responses.POST):
            mock.add_callback(verb, re.compile(re.escape(BASE)), callback=self._reply)

    def _reply(self, request: PreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
        address = urlsplit(request.url or "")
        path = unquote_plus(address.path).removeprefix("/api")
        kind = "text/xml" if self.body.startswith(b"<") else "application/json"
        if self.positions is not None and path.startswith("/panel/order/filter"):
            return 200, {"Content-Type": "application/json"}, json.dumps(next(self.positions)).encode()
        self.sent.append((path, [*parse_qsl(address.query, keep_blank_values=True), *_posted(request)]))
        return self.status, {"Content-Type": kind}, self.others.get(path, self.body)


def _posted(request: PreparedRequest) -> Pairs:
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    if body.startswith((b"{", b"[")):
        return php(json.loads(body, parse_float=Decimal))
    return parse_qsl(body.decode(), keep_blank_values=True)


def php(values: Mapping[Any, Any] | list[Any], before: str = "") -> Pairs:
    """The pairs that PHP's http_build_query makes of the documented request."""
    pairs: Pairs = []
    for key, value in values.items() if isinstance(values, Mapping) else enumerate(values):
        name = f"{before}[{key}]" if before else str(key)
        pairs += php(value, name) if isinstance(value, Mapping | list) else [(name, str(value))]
    return pairs
