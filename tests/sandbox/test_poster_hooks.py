"""Poster's webhooks: signed over the raw text, in order, resent until somebody says 200."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connector.sandbox.poster.hooks import ATTEMPTS, DELAYS

from .conftest import Poster


class Listener:
    """A receiver that answers with whatever `status` says and keeps what came."""

    def __init__(self) -> None:
        self.status, self.bodies = 200, []  # type: ignore[var-annotated]
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                listener.bodies.append(raw)
                self.send_response(listener.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def decoded(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for raw in self.bodies]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    receiver = Listener()
    yield receiver
    receiver.close()


def listen(till: Poster, listener: Listener, *objects: str) -> None:
    body = {"url": listener.url, "objects": list(objects)}
    till.http.post(f"{till.root}/_sandbox/webhooks", json=body, timeout=5).raise_for_status()


def until(true: Callable[[], bool], seconds: float = 60) -> None:  # a busy machine is no failure
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def counts(till: Poster) -> dict[str, Any]:
    answer: dict[str, Any] = till.http.get(f"{till.root}/_sandbox/webhooks", timeout=5).json()
    return answer


def test_a_hook_is_signed_over_its_raw_data(poster: Poster, listener: Listener) -> None:
    listen(poster, listener, "stock")
    supply = {
        "supply": {"date": "2026-11-20 08:00:00", "supplier_id": 1, "storage_id": 1},
        "ingredient": [{"id": 61, "type": 4, "num": "2.5", "sum": 1}],
    }
    poster.json("storage.createSupply", supply)
    until(lambda: len(listener.bodies) == 1)
    [body] = listener.decoded()
    secret = poster.world.state["account"]["application_secret"]
    parts = [str(body[name]) for name in ("account", "object", "object_id", "action", "data", "time")]
    assert body["verify"] == hashlib.md5(";".join([*parts, secret]).encode()).hexdigest()
    assert isinstance(body["data"], str)
    assert isinstance(body["time"], str)
    assert json.loads(body["data"]) == {
        "type": 1,
        "element_id": 61,
        "storage_id": 1,
        "value_relative": 2.5,
        "value_absolute": 18.89,  # of this storage; the other one is below zero
    }


def test_a_hook_without_data_is_signed_without_it(poster: Poster, listener: Listener) -> None:
    listen(poster, listener, "client")
    poster.post("clients.updateClient", client_id=21, city="Уфа")
    until(lambda: len(listener.bodies) == 1)
    [body] = listener.decoded()
    assert (body["object"], body["object_id"], body["action"]) == ("client", 21, "changed")
    assert "data" not in body
    text = f"zerno;client;21;changed;{body['time']};{poster.world.state['account']['application_secret']}"
    assert body["verify"] == hashlib.md5(text.encode()).hexdigest()


def test_only_what_was_subscribed_comes(poster: Poster, listener: Listener) -> None:
    poster.post("clients.updateClient", client_id=21, city="Уфа")
    listen(poster, listener, "clients_group")
    poster.post("clients.updateClient", client_id=21, city="Казань")
    poster.post("clients.updateGroup", client_groups_id=1, client_groups_discount=6)
    until(lambda: len(listener.bodies) == 1)
    assert listener.decoded()[0]["object"] == "clients_group"
    poster.http.delete(f"{poster.root}/_sandbox/webhooks", timeout=5)
    poster.post("clients.updateGroup", client_groups_id=1, client_groups_discount=7)
    time.sleep(0.3)
    assert len(listener.bodies) == 1


def test_block_webhook_keeps_an_echo_back(poster: Poster, listener: Listener) -> None:
    listen(poster, listener, "client")
    poster.post("clients.changeClientBonus", client_id=21, count=1, block_webhook="true")
    poster.post("clients.changeClientPayedSum", client_id=21, count=1)
    until(lambda: len(listener.bodies) == 1)
    time.sleep(0.2)
    assert len(listener.bodies) == 1


def test_every_line_of_a_receipt_is_told(poster: Poster, listener: Listener) -> None:
    listen(poster, listener, "transaction")
    base = {"spot_id": 1, "spot_tablet_id": 1}
    made = poster.post("transactions.createTransaction", **base, user_id=2)["response"]["transaction_id"]
    poster.post("transactions.addTransactionProduct", **base, transaction_id=made, product_id=132)
    poster.post("transactions.closeTransaction", **base, transaction_id=made, payed_cash=15000)
    until(lambda: len(listener.bodies) == 3)
    told = listener.decoded()
    assert [body["action"] for body in told] == ["added", "changed", "closed"]
    inner = json.loads(told[1]["data"])["transactions_history"]
    assert (inner["type_history"], inner["value"]) == ("additem", 132)
    assert json.loads(inner["value_text"]) == {"price": 150}


def test_an_unaccepted_hook_holds_up_the_rest_and_is_resent(poster: Poster, listener: Listener) -> None:
    listener.status = 500
    listen(poster, listener, "client")
    poster.post("clients.updateClient", client_id=21, city="Уфа")
    poster.post("clients.updateClient", client_id=22, city="Уфа")
    until(lambda: len(listener.bodies) == 1)
    poster.world.advance(DELAYS[0])
    until(lambda: len(listener.bodies) == 2)
    assert {body["object_id"] for body in listener.decoded()} == {21}
    assert listener.bodies[0] == listener.bodies[1]  # the same bytes, the same signature
    assert counts(poster)["waiting"] == 2
    listener.status = 200
    poster.http.post(f"{poster.root}/_sandbox/deliver", timeout=5).raise_for_status()
    until(lambda: counts(poster)["delivered"] == 2)
    assert [body["object_id"] for body in listener.decoded()] == [21, 21, 21, 22]


def test_after_fifteen_attempts_within_two_days_it_gives_up(poster: Poster, listener: Listener) -> None:
    listener.status = 503
    listen(poster, listener, "client")
    poster.post("clients.updateClient", client_id=21, city="Уфа")
    for attempt in range(ATTEMPTS):
        until(lambda attempt=attempt: len(listener.bodies) > attempt)  # type: ignore[misc]
        if attempt < len(DELAYS):
            until(lambda attempt=attempt: poster.world.state["hooks"]["waiting"][0]["attempts"] > attempt)  # type: ignore[misc]
            poster.world.advance(DELAYS[attempt])
    until(lambda: counts(poster)["given_up"] == 1)
    assert len(listener.bodies) == ATTEMPTS == 15
    assert sum(DELAYS) < 2 * 86400


def test_nobody_there_is_as_good_as_a_refusal(poster: Poster) -> None:
    body = {"url": "http://127.0.0.1:9/hook"}
    poster.http.post(f"{poster.root}/_sandbox/webhooks", json=body, timeout=5).raise_for_status()
    poster.post("clients.updateClient", client_id=21, city="Уфа")
    until(lambda: poster.world.state["hooks"]["waiting"][0]["attempts"] == 1)
    assert poster.http.post(f"{poster.root}/_sandbox/webhooks", json={"url": "file:///x"}, timeout=5).status_code == 400
