"""`connector sandbox`: another process runs the systems; a workspace points at them; faults and resets reach them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.sandbox.remote import noted, running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def ready(home: Path) -> Iterator[dict[str, Any]]:
    """A sandbox of one system in a process of its own, and the line it printed."""
    import os

    env = {**os.environ, "XDG_STATE_HOME": str(home), "LANGUAGE": "en"}
    words = [sys.executable, "-m", "connector", "sandbox", "up", "--kind", "poster", "--company", "empty"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert process.stdout.read() == b"", "one line and nothing else"
    assert list((home / "connector/sandbox").iterdir()) == [], "its note is gone with it"


@pytest.fixture(autouse=True)
def here(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.chdir(tmp_path)


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(words) == 0
    return json.loads(capsys.readouterr().out)


def test_it_says_where_it_is(ready: dict[str, Any]) -> None:
    assert set(ready) == {"urls", "credentials", "accounts", "pid"}
    assert ready["urls"]["poster"].startswith("http://127.0.0.1:")


def test_a_workspace_points_at_it(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "init", "shop", "--pid", str(ready["pid"])]) == 0
    capsys.readouterr()
    made = printed(
        capsys, "-C", "shop", "call", "kafe", "clients.createClient", "client_name=Иван", "phone=+79991234567",
        "client_groups_id_client=1", "--yes",
    )  # fmt: skip
    assert str(made).isdecimal()
    (client,) = printed(capsys, "-C", "shop", "call", "kafe", "clients.getClients")
    assert client["phone_number"].endswith("9991234567")
    assert printed(capsys, "sandbox", "fault", "poster", "--json") == []
    assert main(["sandbox", "reset"]) == 0
    assert "poster is as it was at the start" in capsys.readouterr().out
    assert printed(capsys, "-C", "shop", "call", "kafe", "clients.getClients") == []


def test_a_changing_call_without_yes_is_not_sent(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "init", "shop"])
    capsys.readouterr()
    assert main(["-C", "shop", "call", "kafe", "clients.createClient", "client_name=Иван"]) == 3
    shown = capsys.readouterr()
    assert shown.out == "" and "add --yes" in shown.err
    assert printed(capsys, "-C", "shop", "call", "kafe", "clients.getClients") == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["clients.getClient"], "client_id"),
        (["clients.getClients", "nummer=5"], "did you mean"),
        (["clients.getClients", "num=many"], "whole number"),
        (["clients.getClientz"], "did you mean “clients.getClient”"),
        (["clients.getClients", "num"], "write name=value"),
        (["clients.getClients", "num=1", "num=2"], "stands twice"),
    ],
)
def test_a_wrong_call_is_refused_before_it_is_sent(
    ready: dict[str, Any], capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    main(["sandbox", "init", "shop"])
    capsys.readouterr()
    assert main(["-C", "shop", "call", "kafe", *words]) == 3
    shown = capsys.readouterr()
    assert says in shown.err and shown.out == ""


def test_faults_strike_and_are_cleared(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "init", "shop"])
    capsys.readouterr()
    words = ["sandbox", "fault", "poster", "--fault", "expired", "--endpoint", "clients.*", "--count", "7", "--json"]
    (fault,) = printed(capsys, *words)
    assert (fault["fault"], fault["endpoint"], fault["count"]) == ("expired", "clients.*", 7)
    assert main(["-C", "shop", "call", "kafe", "clients.getClients"]) == 2
    assert printed(capsys, "sandbox", "fault", "poster", "--clear", "--json") == []
    assert main(["-C", "shop", "call", "kafe", "clients.getClients"]) == 0


def test_check_over_a_living_account(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "init", "shop"])
    capsys.readouterr()
    assert main(["-C", "shop", "check", "--json"]) in (0, 1)
    (account,) = json.loads(capsys.readouterr().out)
    assert (account["account"], account["ok"]) == ("kafe", True)
    assert all(set(line) == {"name", "ok", "text"} for line in account["checks"])
    assert {"reachable", "credentials"} <= {line["name"] for line in account["checks"]}


def test_explain_follows_a_living_record(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "init", "shop"])
    capsys.readouterr()
    words = ("client_name=Иванов Иван", "phone=+79991112233", "client_groups_id_client=1", "--yes")
    made = printed(capsys, "-C", "shop", "call", "kafe", "clients.createClient", *words)
    steps = {
        step["field"]: step
        for step in printed(capsys, "-C", "shop", "mapping", "explain", f"kafe:customer:{made}", "--json")
    }
    assert steps["phone"]["value"] == "+79991112233"
    assert steps["email"]["value"] is None and "empty" in steps["email"]["reason"]
    assert main(["-C", "shop", "mapping", "explain", "kafe:customer:999999"]) == 3
    main(["sandbox", "reset"])


def test_explain_of_a_row_in_a_file(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    main(["sandbox", "init", "shop"])
    capsys.readouterr()
    Path("row.json").write_text('{"client_id": "5", "phone_number": "0", "birthday": "1990-02-31"}', encoding="utf-8")
    rows = printed(capsys, "-C", "shop", "mapping", "explain", "kafe:customer", "--raw", "row.json", "--json")
    steps = {step["field"]: step for step in rows}
    assert steps["phone"]["value"] is None
    assert "value" not in steps["birthday"] and "date" in steps["birthday"]["reason"]
    assert main(["-C", "shop", "mapping", "explain", "kafe:customer", "--raw", "none.json"]) == 3
    Path("row.json").write_text("[1]", encoding="utf-8")
    assert main(["-C", "shop", "mapping", "explain", "kafe:customer", "--raw", "row.json"]) == 3


def test_wrong_words_about_the_sandbox(ready: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "reset", "saplab"]) == 3
    assert "started without saplab" in capsys.readouterr().err
    assert main(["sandbox", "reset", "--pid", "1"]) == 2
    assert "sandbox up" in capsys.readouterr().err
    main(["sandbox", "init", "shop"])
    assert main(["sandbox", "init", "shop"]) == 3


def test_the_note_of_a_dead_sandbox_is_swept_away(tmp_path: Path) -> None:
    dead = {"pid": 5, "urls": {"poster": "http://127.0.0.1:9/api"}, "accounts": {}}
    with noted(dead, tmp_path / "notes") as note:
        assert running(tmp_path / "notes") == []
        assert not note.exists()
    (tmp_path / "notes/6.json").write_text("{", encoding="utf-8")
    assert running(tmp_path / "notes") == []
