"""connector.yaml: what is accepted, what it becomes, and how every mistake is told."""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from connector.config import Settings, load
from connector.config.schema import schemas
from connector.errors import EXIT_CONFIG, ConfigError, ConfigErrors
from connector.resources import schemas_folder

ENV = {
    "ONEC_PASSWORD": "пароль-1",
    "POSTER_TOKEN": "861052:token",
    "BONUS_KEY": "bonus-key",
    "SITE_PASSWORD": "site-pw",
}
WHOLE = """\
version: 1
store: sqlite:///connector.db
timezone: Europe/Moscow
language: ru
start_from: 2026-01-01
closed_until: 2026-10-31
accounts:
  buh:   {kind: onec, channel: odata, profile: bp30, url: "https://1c.example/buh/odata/", login: robot,
          password: "${ONEC_PASSWORD}"}
  kafe:  {kind: poster, token: "${POSTER_TOKEN}", stamp: buh, rate: 4, timezone: Asia/Omsk}
  panel: {kind: saplab, url: "https://shop.example", login: "79000000000", password: "literal"}
  vp:    {kind: virtpos, url: "https://mycompany.virtpos.ru", apikey: "file:vp.key"}
  bonus: {kind: loyalclient, url: "https://api.example", apikey: "${BONUS_KEY}", point: "62a0000000000000000000f4"}
  site:  {kind: onec, channel: commerceml, profile: ut11, login: robot, password: "${SITE_PASSWORD}"}
  files: {kind: onec, channel: enterprisedata, base: ut, folder: "/srv/1c/exchange", peer_code: "CON"}
  bank:  {kind: onec, channel: bank, base: buh, folder: "statements"}
serve: {host: 127.0.0.1, port: 8080, scheduler: "*/15 * * * *"}
organizations:
  main: {inn: "7701234567", base: buh}
spots:
  "kafe:1": {organization: main, storage: "Основной склад",
             cash_desk: "Касса 1", timezone: Europe/Moscow, day_starts: "04:00"}
"""

Write = Callable[[str], Settings]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for profile in ("bp30", "ut11"):
        (tmp_path / "mappings/profiles" / profile).mkdir(parents=True)
    (tmp_path / "mappings/routes.yaml").write_text("[]\n", encoding="utf-8")
    key = tmp_path / "vp.key"
    key.write_text("vp-key\n", encoding="utf-8")
    key.chmod(0o600)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Write:
    def write(text: str) -> Settings:
        (folder / "connector.yaml").write_text(text, encoding="utf-8")
        return load(folder, ENV)

    return write


def mistakes(write: Write, text: str) -> list[tuple[int, str]]:
    """(line, sentence) of every mistake."""
    with pytest.raises(ConfigError) as caught:
        write(text)
    error = caught.value
    assert error.exit_code == EXIT_CONFIG
    every = error.errors if isinstance(error, ConfigErrors) else (error,)
    assert all(str(one).split(":")[0].endswith("connector.yaml") for one in every)
    return [(one.line or 0, str(one.sentence)) for one in every]


def one_mistake(write: Write, text: str) -> str:
    (only,) = mistakes(write, text)
    return only[1]


def account(line: str) -> str:
    return f"version: 1\naccounts:\n  a: {line}\n"


def test_the_whole_file(write: Write, folder: Path) -> None:
    settings = write(WHOLE)
    assert list(settings.accounts) == ["buh", "kafe", "panel", "vp", "bonus", "site", "files", "bank"]
    buh, kafe, vp = (settings.accounts[name] for name in ("buh", "kafe", "vp"))
    assert buh.password is not None and buh.password.get_secret_value() == "пароль-1"
    assert buh.url == "https://1c.example/buh/odata"
    assert vp.apikey is not None and vp.apikey.get_secret_value() == "vp-key"
    assert (kafe.url, kafe.rate, kafe.timezone, buh.timezone) == (
        "https://joinposter.com/api",
        4.0,
        "Asia/Omsk",
        "Europe/Moscow",
    )
    assert settings.accounts["bank"].folder == folder.resolve() / "statements"
    assert buh.mappings == settings.mappings
    assert (settings.start_from, settings.closed_until) == (date(2026, 1, 1), date(2026, 10, 31))
    assert settings.store == f"sqlite:///{folder.resolve().as_posix()}/connector.db"
    assert settings.spots["kafe:1"].day_starts == "04:00"
    assert settings.mappings[0] == folder.resolve() / "mappings"


def test_accounts_of_one_base_are_one_spoke(write: Write) -> None:
    accounts = write(WHOLE).accounts
    assert {name: accounts[name].spoke for name in ("buh", "bank", "site", "files", "kafe")} == {
        "buh": "buh",
        "bank": "buh",
        "site": "site",
        "files": "ut",
        "kafe": "kafe",
    }


def test_least_file_has_sensible_defaults(write: Write) -> None:
    settings = write("version: 1\n")
    assert (settings.timezone, settings.language, settings.accounts) == ("Europe/Moscow", "ru", {})
    assert (settings.serve.host, settings.serve.port, settings.serve.scheduler) == ("127.0.0.1", 8080, None)
    assert settings.start_from is None and settings.closed_until is None


def test_no_secret_is_ever_shown(write: Write) -> None:
    settings = write(WHOLE)
    shown = repr(settings) + str(settings.accounts) + "".join(str(one) for one in settings.warnings)
    for secret in (*ENV.values(), "vp-key", "literal"):
        assert secret not in shown


def test_a_literal_secret_is_warned_about_with_its_place(write: Write) -> None:
    (warning,) = write(WHOLE).warnings
    assert "connector.yaml:11:" in str(warning)
    assert "the secret itself stands in the file" in str(warning)


def test_secrets_of_the_sandbox_on_this_machine_are_not_warned_about(write: Write) -> None:
    line = '{kind: saplab, url: "http://127.0.0.1:5000", login: "7", password: "x", insecure: true}'
    assert write(account(line)).warnings == ()


ODATA = "kind: onec, channel: odata, profile: bp30, url: 'https://x.example', login: x, password: y"


def test_a_node_of_an_exchange_plan(write: Write) -> None:
    buh = write(account(f"{{{ODATA}, peer_code: CON, exchange_plan: ОбменСКоннектором, full_every: 12}}")).accounts
    (line,) = buh.values()
    assert (line.peer_code, line.exchange_plan, line.full_every) == ("CON", "ОбменСКоннектором", 12)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{kind: postr, token: x}", "did you mean “poster”"),
        ("{kind: poster, tokn: x, token: y}", "did you mean “token”"),
        ("{kind: poster, token: x, point: y}", "unknown word “point”; known words:"),
        ("{kind: poster}", "the key “token” is missing"),
        ("{token: x}", "the key “kind” is missing"),
        ("{kind: onec, login: x, password: y}", "the key “channel” is missing"),
        ("{kind: onec, channel: odta, login: x, password: y}", "did you mean “odata”"),
        ("{kind: saplab, url: 'https://x.example', login: 79000000000, password: y}", "in quotes"),
        ("{kind: saplab, url: 'http://x.example', login: x, password: y}", "not encrypted"),
        ("{kind: saplab, url: 'ftp://x.example', login: x, password: y}", "no address"),
        ("{kind: saplab, url: 'https://', login: x, password: y}", "no address"),
        ("{kind: saplab, url: 'https://x:99999', login: x, password: y}", "no address"),
        ("{kind: saplab, url: 'https://x.example\\@evil.example', login: x, password: y}", "no address"),
        ("{kind: saplab, url: 'https://u:p@x.example', login: x, password: y}", "no login and no password"),
        ("{kind: saplab, url: 'https://x.example?token=1', login: x, password: y}", "before “?”"),
        ("{kind: poster, token: '${NO_SUCH}'}", "NO_SUCH is not set"),
        ("{kind: poster, token: '${1X}'}", "no name of an environment variable"),
        ("{kind: poster, token: ''}", "must not be empty"),
        ("{kind: poster, token: 'file:none.key'}", "cannot be read"),
        ("{kind: poster, token: 'keyring:one'}", "keyring:service/name"),
        ("{kind: poster, token: x, timezone: Europe/Moskow}", "did you mean “Europe/Moscow”"),
        ("{kind: poster, token: x, rate: 0}", "must be more than 0"),
        ("{kind: poster, token: x, rate: fast}", "must be a number"),
        ("{kind: poster, token: x, concurrency: 0}", "must be at least 1"),
        ("{kind: poster, token: x, insecure: 'yes'}", "true or false"),
        ("{kind: poster, token: x, base: buh}", "unknown word “base”"),
        ("{kind: poster, token: x, stamp: buh}", "unknown word “buh”"),
        ("{kind: onec, channel: bank, folder: x, profile: bp31}", "did you mean “bp30”"),
        ("{kind: onec, channel: bank, folder: x, profile: ../x}", "no profile name"),
        ("{kind: onec, channel: enterprisedata, folder: x, peer_code: 'а б'}", "no node code"),
        (f"{{{ODATA}, full_every: 3}}", "“full_every” needs “peer_code”"),
        (f"{{{ODATA}, peer_code: CON, full_every: 0}}", "must be at least 1"),
        (f"{{{ODATA}, peer_code: CON, exchange_plan: ExchangePlan_Обмен}}", "without ExchangePlan_"),
        (f"{{{ODATA}, peer_code: CON, exchange_plans: Обмен}}", "did you mean “exchange_plan”"),
        ("{kind: virtpos, url: 'https://x.example', apikey: x, cards: reed}", "did you mean “read”"),
        ("{kind: virtpos, url: 'https://x.example', apikey: x, paths: {updateCards: /x}}", "did you mean “updateCard”"),
        ("{kind: virtpos, url: 'https://x.example', apikey: x, paths: {updateCard: //evil}}", "path of the server"),
    ],
)
def test_a_wrong_account_is_told_on_its_line(write: Write, line: str, says: str) -> None:
    ((place, sentence),) = mistakes(write, account(line))
    assert place == 3
    assert says in sentence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: 2\n", "version 1"),
        ("accounts: {}\n", "the key “version” is missing"),
        ("version: 1\ntimezon: x\n", "did you mean “timezone”"),
        ("version: 1\nlanguage: uk\n", "known words: ru, en"),
        ("version: 1\nstart_from: 01.02.2026\n", "2026-01-31"),
        ("version: 1\nstore: mysql://x\n", "sqlite:///connector.db"),
        ("version: 1\nstore: postgresql://u@h/db?schema=Бухгалтерия\n", "small letters"),
        ("version: 1\nstore: 'postgresql://u:${NOPE}@h/db'\n", "NOPE is not set"),
        ("version: 1\naccounts:\n  'a:b': {kind: poster, token: x}\n", "no account name"),
        ("version: 1\naccounts:\n  latest: {kind: poster, token: x}\n", "means something else"),
        ("version: 1\naccounts:\n  onec: {kind: poster, token: x}\n", "must be of that kind"),
        ("version: 1\nserve: {host: 0.0.0.0}\n", "add “login” and “password”"),
        ("version: 1\nserve: {login: x}\n", "stand together"),
        ("version: 1\nserve: {port: 70000}\n", "at most 65535"),
        ("version: 1\nserve: {scheduler: every day}\n", "five fields"),
        ("version: 1\nserve: {scheduler: '99 * * * *'}\n", "“99” of the schedule"),
        ("version: 1\nserve: {scheduler: '*/0 * * * *'}\n", "“*/0” of the schedule"),
        ("version: 1\norganizations: {main: {inn: '123'}}\n", "10 or 12 digits"),
        ("version: 1\norganizations: {main: {inn: '7701234567', base: buh}}\n", "unknown word “buh”"),
        ("version: 1\norganizations: {main: {inn: '7701234567', kpp: '1'}}\n", "9 characters"),
    ],
)
def test_a_wrong_setting_is_told(write: Write, text: str, says: str) -> None:
    assert says in one_mistake(write, text)


def test_spots_point_at_accounts_and_organizations(write: Write) -> None:
    text = WHOLE.replace('"kafe:1": {organization: main', '"cafe:1": {organization: mein')
    assert [sentence for _, sentence in mistakes(write, text)] == [
        "unknown word “cafe”; did you mean “kafe”?",
        "unknown word “mein”; did you mean “main”?",
    ]
    assert "day_starts" not in one_mistake(write, WHOLE.replace('"04:00"', '"24:00"'))
    assert "ACCOUNT:SPOT" in one_mistake(write, WHOLE.replace('"kafe:1"', '"kafe"'))


def test_every_mistake_is_told_in_the_order_of_the_file(write: Write) -> None:
    text = "version: 1\ntimezone: Moscow\naccounts:\n  a: {kind: poster}\n  b: {kind: saplap}\nserve: {port: x}\n"
    assert [line for line, _ in mistakes(write, text)] == [2, 4, 5, 6]


def test_secrets_and_names_are_checked_together(write: Write) -> None:
    text = "version: 1\naccounts:\n  a: {kind: poster, token: '${NOPE}'}\n  b: {kind: poster, token: x, stamp: z}\n"
    assert [line for line, _ in mistakes(write, text)] == [3, 4]


def test_stamp_is_the_only_base_or_must_be_named(write: Write) -> None:
    bank = "  {name}: {{kind: onec, channel: bank, folder: x{more}}}\n"
    start = "version: 1\naccounts:\n  kafe: {kind: poster, token: x}\n"
    assert write(start).accounts["kafe"].stamp is None
    one = start + bank.format(name="buh", more="") + bank.format(name="bank", more=", base: buh")
    assert write(one).accounts["kafe"].stamp == "buh"
    two = start + bank.format(name="buh", more="") + bank.format(name="ut", more="")
    assert "add “stamp: BASE”" in one_mistake(write, two)
    assert write(two.replace("token: x", "token: x, stamp: ut")).accounts["kafe"].stamp == "ut"


def test_a_base_is_not_an_account_of_another_system(write: Write) -> None:
    bank = "  b: {kind: onec, channel: bank, folder: x, base: kafe}\n"
    text = f"version: 1\naccounts:\n  kafe: {{kind: poster, token: x}}\n{bank}"
    assert "not a 1C base" in one_mistake(write, text)


def test_pages_for_other_machines_need_a_login(write: Write) -> None:
    serve = write("version: 1\nserve: {host: 0.0.0.0, login: buh, password: '${SITE_PASSWORD}'}\n").serve
    assert serve.password is not None and serve.password.get_secret_value() == "site-pw"
    assert not serve.is_local


def test_store_on_postgres_takes_its_password_from_the_environment(write: Write) -> None:
    settings = write("version: 1\nstore: 'postgresql://u:${BONUS_KEY}@h/db?schema=company_42'\n")
    assert settings.store == "postgresql://u:bonus-key@h/db?schema=company_42"
    assert "bonus-key" not in repr(settings)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_secret_file_that_others_may_read_is_refused(write: Write, folder: Path) -> None:
    (folder / "vp.key").chmod(0o640)
    assert "chmod 600" in one_mistake(write, WHOLE)


@pytest.mark.parametrize("content", [b"", b"\n", "ключ".encode("cp1251")])
def test_a_secret_file_must_hold_text(write: Write, folder: Path, content: bytes) -> None:
    (folder / "vp.key").write_bytes(content)
    assert "vp.key" in one_mistake(write, WHOLE)


def keyring_with(module: str, secrets: dict[tuple[str, str], str]) -> types.ModuleType:
    backend = type("Keyring", (), {"__module__": module})()
    fake = types.ModuleType("keyring")
    fake.get_keyring = lambda: backend  # type: ignore[attr-defined]
    fake.get_password = lambda service, name: secrets.get((service, name))  # type: ignore[attr-defined]
    fake.errors = types.ModuleType("keyring.errors")  # type: ignore[attr-defined]
    fake.errors.KeyringError = RuntimeError  # type: ignore[attr-defined]
    return fake


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("keyring.backends.Windows", None),
        ("keyrings.alt.file", "does not keep secrets safe"),
        ("keyring.backends.fail", "no keyring for this user"),
    ],
)
def test_only_the_keyring_of_the_operating_system_is_trusted(
    write: Write, monkeypatch: pytest.MonkeyPatch, module: str, says: str | None
) -> None:
    fake = keyring_with(module, {("connector", "kafe"): "from-keyring"})
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setitem(sys.modules, "keyring.errors", fake.errors)
    text = account("{kind: poster, token: 'keyring:connector/kafe'}")
    if says is not None:
        assert says in one_mistake(write, text)
        return
    token = write(text).accounts["a"].token
    assert token is not None and token.get_secret_value() == "from-keyring"
    assert "holds no “none”" in one_mistake(write, text.replace("/kafe", "/none"))


def test_a_folder_without_a_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="connector init"):
        load(tmp_path, {})


def test_schemas_for_editors_are_what_the_code_accepts() -> None:
    for name, schema in schemas().items():
        kept = json.loads((schemas_folder() / name).read_text(encoding="utf-8"))
        assert kept == schema, f"write it again: connector mapping schema --write schemas ({name})"
