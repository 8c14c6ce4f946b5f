"""`connector connect poster`, the end of a token, and units that a probe proves."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.cli import main
from connector.sandbox import Sandbox
from connector.store import open_store

SECRET = "POSTER_SECRET"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(kinds=("poster",)) as running:
        yield running


@pytest.fixture
def application(sandbox: Sandbox) -> dict[str, Any]:
    sandbox.worlds["poster"].reset()
    known: dict[str, Any] = sandbox.worlds["poster"].state["account"]
    return known


@pytest.fixture
def shop(sandbox: Sandbox, application: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose account has no token yet."""
    monkeypatch.setenv(SECRET, application["application_secret"])
    monkeypatch.chdir(tmp_path)
    write(sandbox, application, 'token: "file:kafe.token"')
    return tmp_path


def write(sandbox: Sandbox, application: dict[str, Any], *lines: str, name: str = "kafe") -> None:
    """The account of the sandbox's till, as a person writes it."""
    own = [
        "kind: poster",
        f'url: "{sandbox.urls["poster"]}"',
        "insecure: true",
        "rate: 500",
        f'application_id: "{application["application_id"]}"',
        f'application_secret: "${{{SECRET}}}"',
        *lines,
    ]
    account = "\n".join(f"    {line}" for line in own)
    Path("connector.yaml").write_text(f"version: 1\nlanguage: en\naccounts:\n  {name}:\n{account}\n", encoding="utf-8")


@pytest.fixture
def run(shop: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line; what it printed and what it said."""

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        assert main(list(words)) == code
        shown = capsys.readouterr()
        return shown.out, shown.err

    return run


def agreed(page: str) -> str:
    """Where the browser is sent once the owner has agreed."""
    return requests.get(page, allow_redirects=False, timeout=5).headers["Location"]


class TestConnect:
    def test_the_whole_way(self, sandbox: Sandbox, application: dict[str, Any], run: Run) -> None:
        out, err = run("connect", "poster", "--json", code=1)
        asked = json.loads(out)
        assert asked["account"] == "kafe" and f"application_id={application['application_id']}" in asked["open"]
        assert "--address" in err
        address = agreed(asked["open"])
        out, _ = run("connect", "poster", "kafe", "--address", address)
        assert "is connected to" in out and application["number"] in out
        token = Path("kafe.token")
        assert token.read_text(encoding="utf-8").strip() == application["token"]
        if sys.platform != "win32":
            assert stat.S_IMODE(token.stat().st_mode) == 0o600
        run("check")
        kept = b"".join(file.read_bytes() for file in Path().rglob("*") if file.is_file() and file != token)
        assert application["token"].encode() not in kept and application["application_secret"].encode() not in kept

    def test_what_is_known_of_the_token_is_kept(self, application: dict[str, Any], run: Run) -> None:
        """Account and number both, for the answer of the exchange names only one of them (P-95)."""
        page = json.loads(run("connect", "poster", "--json", code=1)[0])["open"]
        out, _ = run("connect", "poster", "--json", "--address", agreed(page))
        with open_store("sqlite:///connector.db") as store:
            known = store.runs.token("kafe")
        assert known is not None
        assert (known["account"], known["account_number"]) == (application["name"], application["number"])
        assert json.loads(out) == {"account": "kafe", "number": application["number"], "ends": json.loads(out)["ends"]}
        assert json.loads(out)["ends"][:4] == str(int(known["at"][:4]) + 2)

    def test_a_code_works_once(self, run: Run) -> None:
        address = agreed(json.loads(run("connect", "poster", "--json", code=1)[0])["open"])
        run("connect", "poster", "--address", address)
        _, err = run("connect", "poster", "--address", address, code=1)
        assert "kafe.token" not in err

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--address", "http://localhost:8080/?code=short&account=demo"], "no code of Poster"),
            (["--address", "http://localhost:8080/?code=aaaabbbbccccdddd&account=evil.example/"], "no Poster account"),
            (["--login", "evil.example"], "no Poster account"),
            (["kafé"], "did you mean “kafe”"),
        ],
    )
    def test_wrong_words(self, run: Run, words: list[str], says: str) -> None:
        assert says in run("connect", "poster", *words, code=3)[1]

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ('token: "${POSTER_TOKEN}"', "say where the token shall be kept"),
            ('token: "0123456789"', "say where the token shall be kept"),
            ('token: "file:nowhere/kafe.token"', "cannot be written"),
        ],
    )
    def test_a_token_needs_a_place(
        self, sandbox: Sandbox, application: dict[str, Any], run: Run, line: str, says: str
    ) -> None:
        page = json.loads(run("connect", "poster", "--json", code=1)[0])["open"]
        write(sandbox, application, line)
        assert says in run("connect", "poster", "--address", agreed(page), code=3)[1]

    def test_a_lacking_secret_is_named(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        page = json.loads(run("connect", "poster", "--json", code=1)[0])["open"]
        monkeypatch.delenv(SECRET)
        assert SECRET in run("connect", "poster", "--address", agreed(page), code=3)[1]

    def test_the_end_of_a_token_is_told_by_check(self, run: Run) -> None:
        page = json.loads(run("connect", "poster", "--json", code=1)[0])["open"]
        run("connect", "poster", "--address", agreed(page))
        with open_store("sqlite:///connector.db") as store:
            known = store.runs.token("kafe")
            assert known is not None
            store.runs.obtained_token("kafe", {**known, "at": f"{int(known['at'][:4]) - 2}{known['at'][4:]}"})
        out, _ = run("check", "--json", code=1)
        (line,) = (one for one in json.loads(out)[0]["checks"] if one["name"] == "token")
        assert "ended on" in line["text"]


class TestCalibrate:
    @pytest.fixture(autouse=True)
    def connected(self, application: dict[str, Any], shop: Path) -> None:
        Path("kafe.token").touch(0o600)
        Path("kafe.token").write_text(application["token"], encoding="utf-8")

    def test_what_is_proved_stays_proved(self, run: Run) -> None:
        run("check", "--calibrate", "kafe")
        texts = [one["text"] for one in json.loads(run("check", "--json")[0])[0]["checks"] if one["name"] == "units"]
        (open_units,) = texts
        assert "closeTransaction" in open_units and "changeClientBonus" not in open_units

    def test_with_a_till_everything_is_proved(self, run: Run) -> None:
        out, _ = run("check", "--calibrate", "kafe", "--till", "1:1:2", "--json")
        texts = [one["text"] for one in json.loads(out)[0]["checks"] if one["name"] == "units"]
        assert "every unit of money is proved" in texts
        out, _ = run("check", "--json")
        assert [one["text"] for one in json.loads(out)[0]["checks"] if one["name"] == "units"] == texts[:1]

    def test_a_till_is_three_ids(self, run: Run) -> None:
        assert "1:1:2" in run("check", "--calibrate", "kafe", "--till", "here", code=3)[1]

    def test_a_check_makes_no_store(self, run: Run) -> None:
        run("check")
        assert not Path("connector.db").exists()
