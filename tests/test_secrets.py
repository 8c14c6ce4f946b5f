"""No secret anywhere: every command over the five systems. Under trouble: `test_secrets_in_trouble.py`.

What was printed, logged, raised, stored, exported or written into the workspace is searched for each secret in every
spelling; only the environment, where the secrets were put, is not. That the search finds what there is to find is
tested first.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from connector.cli import main
from connector.errors import ConnectorError
from tests.secret_search import Search, Secret, postgres_values, spellings
from tests.secret_watch import CALLS, Watch, few, watched
from tests.troubled import SECRETS, WRITES, Troubled, move_accounts, nobody, refusing, troubled_systems


@pytest.fixture(scope="module")
def systems() -> Iterator[Troubled]:
    with troubled_systems(few()) as systems:
        yield systems


@pytest.fixture
def watch(systems: Troubled, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    with watched(systems, tmp_path / "shop", capsys) as watch:
        yield watch


# the search itself -----------------------------------------------------------------------------------------------


PLANTED = Secret("planted", 'aB3"dE6\\gH9+jK/mN%pQ&sT<vЖ=', "robot")


@pytest.mark.parametrize("way", [str, str.upper, str.swapcase])
def test_the_search_finds_every_spelling_in_a_text(way: Any) -> None:
    assert len(spellings(PLANTED)) > 15
    for form in spellings(PLANTED):
        search = Search((PLANTED,))
        search.text("output", "here", f"GET /x?token={way(form)} failed")
        assert search.found, form


def test_the_search_finds_half_a_secret_and_nothing_where_nothing_is() -> None:
    search = Search((PLANTED,))
    search.text("output", "here", "token=***, and aB3 alone is nothing")
    search.check("output")
    search.text("output", "here", f"token={PLANTED.value[:14]}…")
    with pytest.raises(AssertionError, match="planted in here"):
        search.check("output")


def test_the_search_says_when_there_was_nothing_to_search() -> None:
    with pytest.raises(AssertionError, match="nothing was searched of: \\['log'\\]"):
        Search((PLANTED,)).check("log")


def _plant_sheet(folder: Path) -> None:
    from connector.reports.sheet import Sheet, write

    write(folder / "x.xlsx", Sheet(heads=("a", "b"), rows=[("1", f"token={PLANTED.value}")]))


def _plant_row(folder: Path) -> None:
    from connector.store import open_store

    with open_store(f"sqlite:///{folder}/s.db") as store:
        store.create()
        store.runs.finish(store.runs.begin("now"), "now", "clean", {"error": PLANTED.value})


def _plant_packed(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.log", PLANTED.value.encode("cp1251") * 2)


def _plant_name(folder: Path) -> None:
    (folder / spelled_for_a_file(PLANTED.value)).touch()


def spelled_for_a_file(value: str) -> str:

    return quote(value, safe="") + ".log"


def _plant_wide(folder: Path) -> None:
    (folder / "dump.bin").write_bytes(b"\0\0" + PLANTED.value.encode("utf-16-le"))


@pytest.mark.parametrize("plant", [_plant_sheet, _plant_row, _plant_packed, _plant_name, _plant_wide])
def test_the_search_finds_what_is_planted_in_a_file(tmp_path: Path, plant: Any) -> None:
    plant(tmp_path)
    search = Search((PLANTED,))
    search.folder(tmp_path)
    assert any("planted in" in one for one in search.found), search.searched


def test_a_leak_of_the_product_would_be_found(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same way through as below, with a transport that tells the address it was given."""
    from connector.transport.http import Transport

    real = Transport._failed

    def talkative(self: Transport, request: Any, failure: Any) -> ConnectorError:
        error = real(self, request, failure)
        secret = self._auth.secrets[0]
        return type(error)("{account}: {what}", account=self.account, what=f"no answer to ?token={secret}")

    monkeypatch.setattr(Transport, "_failed", talkative)
    with pytest.raises(AssertionError) as caught:
        with nobody() as nowhere:
            move_accounts(watch.folder, nowhere)
            assert watch.run("sync", "--yes") == 2
        watch.look()
    for secret in SECRETS:
        if secret.name != "loyalclient apikey":  # nobody was read who could be looked up there
            assert f"{secret.name} in" in str(caught.value)
    for place in ("connector.db: run.summary", "in error 1 ", "in stderr of sync", "in the log without our filter"):
        assert place in str(caught.value), place


# every command, without trouble ----------------------------------------------------------------------------------


def test_a_whole_day_of_commands_without_trouble(watch: Watch, systems: Troubled) -> None:
    assert watch.run("check") in (0, 1)
    assert watch.run("plan") == 4
    assert watch.run("plan", "--json") == 4
    assert watch.run("sync") == 2, "nobody agreed"
    assert watch.run("sync", "--yes", "--json") == 1
    assert watch.run("sync", "--full") == 1
    for account, words in CALLS.items():
        watch.run("call", account, *words.split())
    assert systems.changing() == set(WRITES), "what is troubled below is what writes"
    watch.run("mapping", "explain", "kafe:customer:1")
    watch.show_everything()
    watch.look("tables", "names", ".log", ".xlsx", ".csv", ".backup", ".yaml", "log")


def test_personal_data_is_masked_in_the_log(watch: Watch, systems: Troubled) -> None:
    """Names, phones, e-mails and addresses of people stand in the store and in reports, and in no log."""
    with systems.fault("refuse", WRITES, code=37):
        watch.run("sync", "--yes")
    watch.run("sync")
    logged = "\n".join(file.read_text(encoding="utf-8") for file in (watch.folder / "logs").iterdir())
    logged += "\n".join(watch.handler.lines)
    assert "connector.transport" in logged
    for person in systems.sandbox.company.people:
        for told in (person.phone, person.phone[1:], person.phone[-10:], person.email, person.address, person.last):
            assert len(told) <= 3 or told.lower() not in logged.lower(), told
        assert not [card.uid for card in person.cards if card.uid in logged]


def test_what_a_person_gives_to_a_call_is_not_kept(watch: Watch, systems: Troubled) -> None:
    """A password as a parameter: the call is parked with all its other parameters."""
    typed = Secret("typed password", 'tY 4rEw8"Qa1\\Zx5Йц+Vb2/Nm')
    watch.search = Search((*SECRETS, typed))
    words = ("client.form.add", "name=Новая", "phone=79990001122", f"password={typed.value}", "--yes")
    with systems.fault("timeout_after", WRITES):
        assert watch.run("call", "panel", *words) == 1
    assert watch.run("outbox", "show", "1", "--json") == 0
    assert watch.run("outbox", "show", "1") == 0
    watch.look("tables")


# where secrets stand ---------------------------------------------------------------------------------------------

WRONG = {
    "a key that is misspelled": "accounts: {kafe: {kind: poster, tokn: {raw}}}",
    "a list": "accounts: {kafe: {kind: poster, token: [{raw}]}}",
    "a mapping": "accounts: {kafe: {kind: poster, token: {value: {raw}}}}",
    "another kind": "accounts: {kafe: {kind: poster, password: {raw}}}",
    "an unknown kind": "accounts: {kafe: {kind: poste, token: {raw}}}",
    "a kind that is missing": "accounts: {kafe: {token: {raw}}}",
    "a key twice": "accounts: {kafe: {kind: poster, token: {raw}, token: a}}",
    "no YAML after it": "accounts:\n  kafe: {kind: poster, token: {raw}\nstore: ]",
    "no YAML on its line": "accounts:\n  kafe: {kind: poster, token: {raw}: x]}",
    "a wrong indent": "accounts:\n  kafe:\n    kind: poster\n   token: {raw}",
    "no colon": "accounts:\n  kafe:\n    kind: poster\n    token {raw}",
    "an anchor": "accounts:\n  kafe:\n    kind: poster\n    token: *{raw}",
    "a tag": "accounts:\n  kafe:\n    kind: poster\n    token: !{raw} x",
    "an address with a login": "accounts: {vp: {kind: virtpos, apikey: a, url: 'https://me:{raw}@vp.example'}}",
    "an address with a query": "accounts: {vp: {kind: virtpos, apikey: a, url: 'https://vp.example/?apikey={raw}'}}",
    "no variable": "accounts: {kafe: {kind: poster, token: '${0{raw}}'}}",
    "a store that does not answer": "store: 'postgresql://me:{raw}@127.0.0.1:1/db'",
    "a store with a wrong word": "store: 'postgresql://me:{raw}@127.0.0.1:1/db?schema=a&no_such_option=1'",
    "a store of another kind": "store: 'mysql://me:{raw}@127.0.0.1:1/db'",
    "a store without a driver": "store: 'postgresql+none://me:{raw}@127.0.0.1:1/db'",
    "a store with a bad port": "store: 'postgresql://me:{raw}@127.0.0.1:port/db'",
    "a password of the pages": "serve: {login: a, password: [{raw}]}",
    "a misspelled key beside it": "serve: {host: 0.0.0.0, password: {raw}, prt: 1}",
    "a list of digits": "accounts: {panel: {kind: saplab, url: 'https://s.example', login: a, password: [{digits}]}}",
}
"""connector.yaml as people get it wrong; the secret itself stands in it."""


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_told_without_the_secrets_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    """Nothing of it is known to the masks yet: each case has a secret of its own."""
    number = sorted(WRONG).index(wrong)
    raw, digits = f"w{number:02d}R0nGs3cr3tzQ7{number:02d}", f"{number:02d}7394052618375940"
    search = Search((Secret("the secret", raw), Secret("the secret in digits", digits)))
    text = WRONG[wrong].replace("{raw}", raw).replace("{digits}", digits)
    (tmp_path / "connector.yaml").write_text(f"version: 1\nlanguage: en\n{text}\n", encoding="utf-8")
    for options, words in ((), ("sync", "--yes")), (("--debug",), ("sync", "--yes")), (("--debug",), ("status",)):
        code = main([*options, "-C", str(tmp_path), *words])
        shown = capsys.readouterr()
        assert code in (2, 3), (words, code, shown)
        search.text("output", " ".join([*options, *words]), shown.out + shown.err)
    search.folder(tmp_path, frozenset({"connector.yaml"}))
    search.check("output")


# the store on PostgreSQL -----------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_the_store_on_postgresql(watch: Watch, systems: Troubled) -> None:
    import secrets

    import psycopg

    server, schema = "postgresql://postgres@127.0.0.1:5432/postgres", f"test_{secrets.token_hex(6)}"
    file = watch.folder / "connector.yaml"
    file.write_text(file.read_text("utf-8").replace("sqlite:///connector.db", f"{server}?schema={schema}"), "utf-8")
    try:
        with systems.trouble(refusing, on=lambda request: request.method != "GET"):
            assert watch.run("sync", "--yes") in (1, 2)
        assert watch.run("sync") == 1
        watch.show_everything()
        for place, value in postgres_values(server, schema):
            watch.search.value("rows", place, value)
        watch.look("rows", ".xlsx", ".backup", "log")
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


# the real process ------------------------------------------------------------------------------------------------


def test_a_real_process(watch: Watch, systems: Troubled) -> None:
    """The masks of this process have seen the secrets before: here one begins without knowing any."""
    with systems.trouble(refusing, on=lambda request: request.method != "GET"):
        _process(watch, systems, "sync", "--yes")
    with systems.trouble(refusing):
        _process(watch, systems, "check")
        _process(watch, systems, "plan", "--json")
    _process(watch, systems, "sync")
    watch.look("tables", ".log")


def _process(watch: Watch, systems: Troubled, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "connector", "--debug", "-C", str(watch.folder), *words],
        env={**os.environ, **systems.env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, 1, 2), done.stderr.decode()
    watch.search.bytes("output", f"the process {words}", done.stdout)
    watch.search.bytes("errors", f"stderr of the process {words}", done.stderr)


# 1C comes to us --------------------------------------------------------------------------------------------------

OURS = Secret("password of the site", 'sI 7vBn2"Mk9\\Лд4+Wq1/Xz6&Cf8', "robot")
THEIRS = Secret("password of a stranger", 'sT 3hJm8"Fd5\\Яч2+Gk7/Pr1&Oi6', "robot")
PAGES = Secret("password of the pages", 'pG 5kLw1"Sx4\\Бю8+Hj3/Vt2&Ea7', "boss")
VISITS: list[tuple[str, Secret | None, bytes | None]] = [
    ("/exchange/site?type=catalog&mode=checkauth", None, None),
    ("/exchange/site?type=catalog&mode=checkauth", THEIRS, None),
    (f"/exchange/site?type=catalog&mode=checkauth&password={quote(THEIRS.value)}", THEIRS, None),
    ("/exchange/nobody?type=catalog&mode=checkauth", THEIRS, None),
    (f"/{quote(THEIRS.value, safe='')}", None, None),
    ("/exchange/site?type=catalog&mode=checkauth", OURS, None),
    ("/exchange/site?type=catalog&mode=init", OURS, None),
    ("/exchange/site?type=catalog&mode=nonsense", OURS, None),
    ("/exchange/site?type=nonsense&mode=query", OURS, None),
    ("/exchange/site?type=catalog&mode=file&filename=../../x", OURS, b"<x/>"),
    ("/exchange/site?type=catalog&mode=file&filename=import.xml", OURS, f"<x>{OURS.value}".encode()),
    ("/exchange/site?type=catalog&mode=import&filename=import.xml", OURS, None),
    ("/exchange/site?type=sale&mode=query", OURS, None),
    ("/exchange/site?type=sale&mode=success", OURS, None),
    ("/bitrix/admin/1c_exchange.php?type=catalog&mode=checkauth", OURS, None),
    ("/health", OURS, None),
]
"""What 1C asks for, rightly and wrongly, and strangers: (address, credentials, body)."""


def test_what_is_answered_to_1c_and_to_whoever_comes(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    from connector.jobs.workspace import Workspace
    from connector.server.run import Serving

    monkeypatch.setenv("SITE_PASSWORD", OURS.value)
    monkeypatch.setenv("PAGES_PASSWORD", PAGES.value)
    site = {"kind": "onec", "channel": "commerceml", "base": "buh", "login": "robot", "password": "${SITE_PASSWORD}"}
    file = watch.folder / "connector.yaml"
    lines = f"  site: {json.dumps(site)}\nserve: {{login: boss, password: '${{PAGES_PASSWORD}}'}}\n"
    file.write_text(file.read_text("utf-8") + lines, "utf-8")
    watch.search = Search((*SECRETS, OURS, THEIRS, PAGES))
    assert watch.run("check") in (0, 1, 2)
    watch.attach()
    with Workspace.open(watch.folder) as workspace, Serving(workspace, port=0) as serving:
        cookie = _visit(watch, serving.url)
    watch.detach()
    watch.search = Search((*watch.search.secrets, Secret("cookie of the session", cookie)), *_found(watch.search))
    watch.look("answers", "log", ".yaml", but=frozenset({"exchange/site/inbox/import.xml"}))


def _found(search: Search) -> tuple[list[str], dict[str, int]]:
    return search.found, search.searched


def _visit(watch: Watch, url: str) -> str:
    """The cookie of the session, which only the answer to the login may tell."""
    cookie = ""
    for words, secret, body in VISITS:
        status, headers, told = _asked(url + words, secret, body, cookie)
        place = f"the answer {status} to {words[:60]}"
        if told.startswith(b"success") and "checkauth" in words:
            cookie = told.decode().split("\n")[2].strip()
            continue
        watch.search.bytes("answers", place, told + repr(headers).encode())
        assert not cookie or cookie.encode() not in told
    assert len(cookie) > 15
    return cookie


def _asked(url: str, secret: Secret | None, body: bytes | None, cookie: str) -> tuple[int, dict[str, str], bytes]:
    request = Request(url, data=body)
    if secret is not None:
        token = base64.b64encode(f"{secret.login}:{secret.value}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    request.add_header("Cookie", f"connector={cookie}")
    try:
        with urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except HTTPError as error:
        return error.code, dict(error.headers), error.read()
