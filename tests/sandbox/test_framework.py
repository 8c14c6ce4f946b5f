"""The framework: every fault does what it says, state survives, ports are real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.sandbox import Sandbox
from connector.sandbox.faults import KINDS, Fault, Faults, fault_of


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(("poster",), company="empty") as running:
        yield running


class Till:
    """A client of the control pages and of one read and one write."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.http = sandbox, requests.Session()
        self.root = sandbox.worlds["poster"].url
        self.token = sandbox.credentials["poster"]["token"]

    def fault(self, **fault: Any) -> None:
        self.http.post(f"{self.root}/_sandbox/faults", json=fault).raise_for_status()

    def read(self, timeout: float = 5) -> requests.Response:
        url = f"{self.sandbox.urls['poster']}/clients.getClients"
        return self.http.get(url, params={"token": self.token}, timeout=timeout)

    def write(self, name: str = "Проба", timeout: float = 5) -> requests.Response:
        url = f"{self.sandbox.urls['poster']}/clients.createClient"
        body = {"client_name": name, "client_groups_id_client": "1"}
        return self.http.post(url, params={"token": self.token}, data=body, timeout=timeout)

    def clients(self) -> int:
        return len(self.sandbox.worlds["poster"].state["clients"])

    def log(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self.http.get(f"{self.root}/_sandbox/requests").json()["requests"]
        return answer


@pytest.fixture
def till(sandbox: Sandbox) -> Till:
    return Till(sandbox)


def test_throttle_says_when_and_does_nothing(till: Till) -> None:
    till.fault(endpoint="clients.createClient", fault="throttle", count=1, seconds=1.2)
    answer = till.write()
    assert (answer.status_code, answer.headers["Retry-After"], till.clients()) == (429, "2", 0)
    assert till.write().json()["response"] == 21
    assert till.clients() == 1


def test_error_is_a_page_and_does_nothing(till: Till) -> None:
    till.fault(endpoint="*", fault="error", count=1)
    answer = till.write()
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")
    assert till.clients() == 0


def test_error_with_effect_does_it_all_the_same(till: Till) -> None:
    till.fault(endpoint="*", fault="error", count=1, effect=True)
    assert till.write().status_code == 500
    assert till.clients() == 1


def test_html_comes_with_200(till: Till) -> None:
    till.fault(endpoint="clients.*", fault="html", count=1)
    answer = till.read()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<html>" in answer.text


def test_latency_answers_late(till: Till) -> None:
    till.fault(fault="latency", seconds=0.3, count=1)
    start = time.monotonic()
    assert till.read().status_code == 200
    assert time.monotonic() - start >= 0.3


def test_latency_outlasts_a_short_patience(till: Till) -> None:
    till.fault(fault="latency", seconds=2, count=1)
    with pytest.raises(requests.ReadTimeout):
        till.read(timeout=0.2)


@pytest.mark.parametrize(("kind", "effect"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_dropped_connection_carries_no_byte(till: Till, kind: str, effect: int) -> None:
    till.fault(endpoint="clients.createClient", fault=kind, count=1)
    with pytest.raises(requests.ConnectionError, match="without response"):
        till.write()
    assert till.clients() == effect
    assert till.log()[-1]["status"] == 0
    assert till.log()[-1]["fault"] == kind


@pytest.mark.parametrize(("kind", "effect"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_hanging_connection_times_out(till: Till, kind: str, effect: int) -> None:
    till.fault(endpoint="clients.createClient", fault=kind, count=1, seconds=3)
    with pytest.raises(requests.ReadTimeout):
        till.write(timeout=0.3)
    assert till.clients() == effect


def test_cut_breaks_in_the_middle_of_the_body_after_the_effect(till: Till) -> None:
    till.fault(endpoint="clients.createClient", fault="cut", count=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        till.write()
    assert till.clients() == 1


def test_expired_is_the_systems_own_word(till: Till) -> None:
    till.fault(endpoint="*", fault="expired", count=1)
    assert till.read().json()["error"]["code"] == 12
    assert till.clients() == 0


def test_refuse_gives_the_asked_code(till: Till) -> None:
    till.fault(endpoint="*", fault="refuse", count=1, code=700)
    assert till.write().json() == {"error": {"code": 700, "message": "Tariff limit"}}
    assert till.clients() == 0


def test_a_fault_strikes_its_own_endpoint_and_so_often(till: Till) -> None:
    till.fault(endpoint="clients.createClient", fault="error", count=2, skip=1)
    assert till.read().status_code == 200
    assert [till.write().status_code for _ in range(4)] == [200, 500, 500, 200]


def test_faults_can_be_seen_and_taken_away(till: Till) -> None:
    till.fault(endpoint="*", fault="error")
    assert till.http.get(f"{till.root}/_sandbox/faults").json()["faults"][0]["fault"] == "error"
    assert till.http.delete(f"{till.root}/_sandbox/faults").json() == {"faults": []}
    assert till.read().status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"fault": "flood"},
        {"fault": "error", "cont": 1},
        {"fault": "error", "count": "1"},
        {"fault": "error", "effect": 1},
        {"fault": "error", "seconds": True},
        [],
    ],
)
def test_a_wrong_fault_is_refused(till: Till, body: object) -> None:
    answer = till.http.post(f"{till.root}/_sandbox/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert till.read().status_code == 200


def test_probability_is_repeatable() -> None:
    def strikes(seed: int) -> list[bool]:
        faults = Faults()
        faults.add(Fault(endpoint="*", fault="error", probability=0.5, seed=seed))
        return [faults.take("clients.getClients") is not None for _ in range(200)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 70 < sum(strikes(1)) < 130


def test_every_kind_can_be_asked_for() -> None:
    assert [fault_of({"fault": kind}).fault for kind in KINDS] == list(KINDS)


def test_the_log_names_endpoints_and_carries_no_credentials(till: Till) -> None:
    till.read()
    till.write("Секретов")
    entries = till.log()
    assert [(entry["verb"], entry["endpoint"], entry["status"]) for entry in entries] == [
        ("GET", "clients.getClients", 200),
        ("POST", "clients.createClient", 200),
    ]
    assert till.token not in json.dumps(entries)
    till.http.delete(f"{till.root}/_sandbox/requests")
    assert till.log() == []


def test_reset_forgets_what_was_done(till: Till) -> None:
    till.write()
    till.fault(fault="error")
    till.http.post(f"{till.root}/_sandbox/reset").raise_for_status()
    assert (till.clients(), till.log()) == (0, [])
    assert till.read().json() == {"response": []}


def test_the_clock_can_be_moved(till: Till) -> None:
    till.http.post(f"{till.root}/_sandbox/clock", json={"advance": 3 * 365 * 86400}).raise_for_status()
    assert till.read().json()["error"]["code"] == 12  # a token lives two years
    assert till.http.post(f"{till.root}/_sandbox/clock", json={"advance": "1"}).status_code == 400


def test_unknown_control_pages_are_not_found(till: Till) -> None:
    assert till.http.get(f"{till.root}/_sandbox/nothing").status_code == 404


def test_state_is_saved_and_loaded(till: Till, tmp_path: Path) -> None:
    till.write("Иванов Иван 🌸")
    till.sandbox.save(tmp_path / "sandbox.json")
    with Sandbox(("poster",), company="empty") as other:
        assert Till(other).clients() == 0
        other.load(tmp_path / "sandbox.json")
        assert Till(other).read().json()["response"][0]["patronymic"] == "🌸"


def test_a_hanging_call_does_not_hold_up_the_stop() -> None:
    with Sandbox(("poster",), company="empty") as running:
        till = Till(running)
        till.fault(fault="timeout_before", seconds=60)
        with pytest.raises(requests.ReadTimeout):
            till.read(timeout=0.1)
        start = time.monotonic()
    assert time.monotonic() - start < 3
    with pytest.raises(requests.ConnectionError):
        requests.get(till.root, timeout=1)


def test_a_taken_port_stops_what_was_started(till: Till) -> None:
    port = int(till.root.rsplit(":", 1)[1])
    second = Sandbox(("saplab", "poster"), company="empty", ports={"poster": port})
    with pytest.raises(OSError, match="in use"):
        second.start()
    with pytest.raises(requests.ConnectionError):
        requests.get(second.worlds["saplab"].url, timeout=1)
    assert till.read().status_code == 200


def test_a_port_can_be_kept(till: Till) -> None:
    port = int(till.root.rsplit(":", 1)[1])
    till.sandbox.stop()
    with Sandbox(("poster",), company="empty", ports={"poster": port}) as again:
        assert again.worlds["poster"].url == till.root


def test_all_five_systems_run_together(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        text = sandbox.workspace(tmp_path).read_text(encoding="utf-8")
        assert all(f'url: "{url}"' in text for url in sandbox.urls.values())
        for world in sandbox.worlds.values():
            answer = requests.get(f"{world.url}/_sandbox/requests", timeout=5)
            assert answer.json() == {"total": 0, "requests": []}


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="no 'postre'"):
        Sandbox(("postre",))


def test_a_workspace_points_at_the_running_systems(till: Till, tmp_path: Path) -> None:
    from ruamel.yaml import YAML

    written = YAML(typ="safe").load(till.sandbox.workspace(tmp_path / "shop").read_text(encoding="utf-8"))
    account = {"kind": "poster", "url": f"{till.root}/api", "token": till.token, "insecure": True}
    assert written["accounts"] == {"kafe": {**account, "rate": 500, "defaults": {"customer": {"group": "1"}}}}
    assert (written["version"], written["store"], written["timezone"]) == (1, "sqlite:///connector.db", "Europe/Moscow")


def test_a_workspace_needs_addresses() -> None:
    with pytest.raises(RuntimeError, match="start the sandbox first"):
        Sandbox(("poster",)).workspace(Path("nowhere"))


def test_serve_forever_says_when_it_is_ready_and_ends_when_told(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    code = (
        "from pathlib import Path; from connector.sandbox import serve_forever; "
        f"serve_forever(('poster',), 'empty', state=Path({str(state)!r}))"
    )
    for expected in (0, 1):
        running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        try:
            assert running.stdout is not None
            ready = json.loads(running.stdout.readline())
            assert ready["accounts"]["kafe"]["kind"] == "poster"
            call = {"params": ready["credentials"]["poster"], "timeout": 5}
            clients = requests.get(f"{ready['urls']['poster']}/clients.getClients", **call).json()["response"]
            assert len(clients) == expected
            body = {"client_name": "Остался", "client_groups_id_client": 1}
            requests.post(f"{ready['urls']['poster']}/clients.createClient", data=body, **call)
        finally:
            os.kill(running.pid, signal.SIGTERM)
            assert running.wait(10) == 0
    assert state.exists()
