"""No secret anywhere, whatever the systems and the way to them do: each fault of the sandbox, and each bad proxy.

Both are tried on every call and, from a fresh start, on the calls that write alone: these are reached only where
reading works, and leave what a person is shown later.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.secret_watch import CALLS, Watch, few, watched
from tests.troubled import (
    TOLD,
    WRITES,
    Collector,
    Troubled,
    answering,
    miscoded,
    mistyped,
    move_accounts,
    nobody,
    redirecting,
    troubled_systems,
    untrusted,
)

FAULTS: dict[str, dict[str, Any]] = {
    "latency": {},
    "throttle": {},
    "error": {},
    "timeout_before": {},
    "timeout_after": {},
    "cut": {},
    "html": {},
    "expired": {},
    "refuse": {},
    "refuse 37": {"code": 37},
}
"""fault -> what is said of it beside its kind, which it begins with."""
AFTER = {"error after its effect": {"effect": True}, "html after its effect": {"effect": True}}
PROXIES = {
    **TOLD,
    "another content type": mistyped,
    "another encoding": miscoded,
    "no JSON": answering(200, '{"response": '),
    "not allowed": answering(401, "<html><body>{told}</body></html>", "text/html"),
}


@pytest.fixture(scope="module")
def systems() -> Iterator[Troubled]:
    with troubled_systems(few()) as systems:
        yield systems


@pytest.fixture
def watch(systems: Troubled, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    with watched(systems, tmp_path / "shop", capsys) as watch:
        yield watch


def _through_everything(watch: Watch) -> None:
    """What meets the trouble: every command that talks to the systems."""
    assert watch.run("sync", "--yes", "--json") in (0, 1, 2)
    assert watch.run("check", "--json") in (0, 1, 2)
    for account, words in CALLS.items():
        assert watch.run("call", account, *words.split()) in (0, 1, 2, 3)


def _afterwards(watch: Watch) -> None:
    """What is told of it when it is over."""
    assert watch.run("outbox", "list") < 2
    watch.look("tables")


@pytest.mark.parametrize("fault", FAULTS)
def test_when_every_call_fails(watch: Watch, systems: Troubled, fault: str) -> None:
    with systems.fault(fault.partition(" ")[0], **FAULTS[fault]):
        _through_everything(watch)
    assert fault == "latency" or watch.errors
    _afterwards(watch)


@pytest.mark.parametrize("fault", {**FAULTS, **AFTER})
def test_when_every_write_fails(watch: Watch, systems: Troubled, fault: str) -> None:
    with systems.fault(fault.partition(" ")[0], WRITES, **{**FAULTS, **AFTER}[fault]):
        assert watch.run("sync", "--yes") in (0, 1, 2)
    assert watch.run("sync") in (0, 1, 2)
    _afterwards(watch)


@pytest.mark.parametrize("trouble", PROXIES)
def test_when_the_way_there_is_bad(watch: Watch, systems: Troubled, trouble: str) -> None:
    with systems.trouble(PROXIES[trouble]):
        _through_everything(watch)
    assert watch.errors
    _afterwards(watch)


@pytest.mark.parametrize("trouble", PROXIES)
def test_when_the_way_of_writes_is_bad(watch: Watch, systems: Troubled, trouble: str) -> None:
    with systems.trouble(PROXIES[trouble], on=lambda request: request.method != "GET"):
        assert watch.run("sync", "--yes") in (0, 1, 2)
    assert watch.run("sync") in (0, 1, 2)
    _afterwards(watch)


def test_when_all_are_redirected_to_another_host(watch: Watch, systems: Troubled) -> None:
    elsewhere = Collector()
    with elsewhere.listening() as address, systems.trouble(redirecting(address)):
        _through_everything(watch)
    watch.search.text("elsewhere", "another host", "".join(elsewhere.told))
    _afterwards(watch)


def test_when_nobody_listens(watch: Watch) -> None:
    with nobody() as address:
        move_accounts(watch.folder, address)
        _through_everything(watch)
    assert watch.errors
    _afterwards(watch)


def test_when_nobody_vouches_for_the_certificate(watch: Watch, tmp_path: Path) -> None:
    with untrusted(tmp_path) as address:
        move_accounts(watch.folder, address)
        _through_everything(watch)
    assert any("certificate" in str(error) for error in watch.errors)
    _afterwards(watch)
