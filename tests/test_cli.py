"""The command line: help, exit codes, errors as sentences, two languages, nothing but JSON under --json."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import click.core
import click.exceptions
import click.formatting
import click.parser
import click.types
import pytest

from connector.cli import main
from connector.cli.app import COMMANDS, root
from connector.cli.clickwords import PAIRS, WORDS
from connector.cli.screen import Screen, plain
from connector.cli.session import Session, heaviest, language_of
from connector.errors import ConfigError, OutcomeUnknown, Unavailable, UsageError
from connector.locale import N_, spoken

HEAVY = (
    "sqlalchemy",
    "alembic",
    "zeep",
    "flask",
    "requests",
    "lxml",
    "rich",
    "pydantic",
    "apscheduler",
    "phonenumbers",
)


def commands(
    group: click.Group = root, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group below the top, with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*before, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))


ALL = dict(commands())


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace in English, and the folder we are in."""
    (tmp_path / "connector.yaml").write_text("version: 1\nlanguage: en\naccounts:\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_loads_nothing_heavy() -> None:
    code = (
        f"import sys, connector.cli; connector.cli.main(['--help']); print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", ALL, ids=" ".join)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_command_has_help_with_an_example(
    shop: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], language: str
) -> None:
    (shop / "connector.yaml").write_text(f"version: 1\nlanguage: {language}\n", encoding="utf-8")
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr()
    heading = {"en": "Example:", "ru": "Пример:"}[language]
    assert heading in shown.out and shown.err == ""
    example = shown.out.split(heading)[1].strip().splitlines()
    assert all(line.strip().startswith("connector ") for line in example)
    assert any(f"connector {' '.join(words)}" in line.replace(" -C shop", "") for line in example)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_option_and_argument_is_explained(words: tuple[str, ...]) -> None:
    for parameter in ALL[words].params:
        assert isinstance(parameter, click.Option | click.Argument)
        assert parameter.help, f"{' '.join(words)} {parameter.name}"


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_examples_are_command_lines_that_click_accepts(words: tuple[str, ...]) -> None:
    import shlex

    for line in ALL[words].example.splitlines():  # type: ignore[attr-defined]
        program, *rest = shlex.split(line.partition(" > ")[0])
        assert program == "connector"
        parse(rest)


def parse(words: list[str]) -> None:
    """Parse a whole command line without running it."""
    context = root.make_context("connector", list(words), obj=Session(Path(), Screen("en")))
    while isinstance(context.command, click.Group):
        words = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, words)
        assert command is not None, words
        context = command.make_context(name, rest, parent=context)


def test_the_top_lists_every_command_in_the_language_of_the_workspace(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert "Commands:" in shown and "Команды" not in shown
    (shop / "connector.yaml").write_text("version: 1\nlanguage: ru\n", encoding="utf-8")
    assert main(["--help"]) == 0
    assert "Команды:" in capsys.readouterr().out


def test_the_language_comes_from_the_workspace_that_is_named(tmp_path: Path) -> None:
    assert language_of(tmp_path, {"LANG": "en_US.UTF-8"}) == "en"
    assert language_of(tmp_path, {"LANG": "de_DE.UTF-8"}) == "ru"
    assert language_of(tmp_path, {}) == "ru"
    (tmp_path / "connector.yaml").write_text("version: 1\nlanguage: 'en' # all of it\n", encoding="utf-8")
    assert language_of(tmp_path, {"LANG": "ru_RU.UTF-8"}) == "en"
    (tmp_path / "connector.yaml").write_text("version: 1\nlanguage: de\n", encoding="utf-8")
    assert language_of(tmp_path, {"LANG": "en"}) == "en"


def test_gettext_is_left_as_it_was(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv("LANGUAGE", raising=False)
    main(["--help"])
    assert "LANGUAGE" not in os.environ
    assert spoken({"LANGUAGE": "", "LC_ALL": "en_GB"}) == "en"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chek"], "Did you mean 'check'?"),
        (["check", "--jsn"], "Did you mean '--json'?"),
        (["catalogue", "postr"], "is not one of"),
        (["call", "kafe"], "Missing argument 'ENDPOINT'"),
        (["mapping"], "Usage: connector mapping"),
        ([], "Usage: connector"),
        (["catalogue", "poster", "more"], "unexpected extra argument"),
        (["schedule", "print", "--every", "7m"], "no interval"),
        (["schedule", "print", "--at", "25:00"], "no time of the day"),
        (["mapping", "check", "custmer"], "did you mean “customer”"),
        (["mapping", "explain", "kafe"], "ACCOUNT:ENTITY:EXTERNAL_ID"),
        (["call", "kafe", "x", "a=1"], "there is no account “kafe”"),
        (["sandbox", "up", "--kind", "postr"], "did you mean “poster”"),
        (["sandbox", "up", "--port", "poster=x"], "no port"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence_and_ends_with_3(
    shop: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main(words) == 3
    shown = capsys.readouterr()
    assert says in shown.err and shown.out == ""
    assert "Traceback" not in shown.err


def test_wrong_usage_in_russian(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "connector.yaml").write_text("version: 1\nlanguage: ru\n", encoding="utf-8")
    assert main(["chek"]) == 3
    assert "Нет такой команды" in capsys.readouterr().err


def test_every_mistake_of_the_file_is_printed_with_its_place(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "connector.yaml").write_text("version: 1\nlanguage: en\ntimezon: x\nstor: y\n", encoding="utf-8")
    assert main(["check"]) == 3
    assert capsys.readouterr().err.splitlines() == [
        "connector.yaml:3:1: unknown word “timezon”; did you mean “timezone”?",
        "connector.yaml:4:1: unknown word “stor”; did you mean “store”?",
    ]


def test_another_folder_by_option(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    assert main(["-C", str(other), "init", "--language", "en"]) == 0
    assert main(["-C", str(other), "check"]) == 1
    assert main([f"--directory={other}", "check"]) == 1
    assert main([f"-C{other}", "check"]) == 1


FAILURES = {
    "config": (ConfigError(N_("broken {what}"), "x.yaml", 3, 7, what="line"), 3, "x.yaml:3:7: broken line"),
    "usage": (UsageError(N_("wrong word")), 3, "wrong word"),
    "unavailable": (Unavailable(N_("{account} does not answer"), account="kafe"), 2, "kafe does not answer"),
    "unknown": (OutcomeUnknown(N_("nobody knows")), 1, "nobody knows"),
    "interrupted": (KeyboardInterrupt(), 2, "stopped"),
    "bug": (ValueError("https://x/?token=SECRET"), 2, "an error inside the connector: ValueError in test_cli.py:"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_error_is_a_sentence_and_an_exit_code(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    error, code, says = FAILURES[name]
    fail_with(monkeypatch, error)
    assert main(["check"]) == code
    shown = capsys.readouterr()
    assert says in shown.err and shown.out == ""
    assert "SECRET" not in shown.err and "Traceback" not in shown.err


def test_debug_shows_the_traceback_without_secrets(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, ValueError("https://x/?token=SECRET"))
    assert main(["--debug", "check"]) == 2
    shown = capsys.readouterr().err
    assert "Traceback" in shown and "ValueError" in shown
    assert "SECRET" not in shown and "token=***" in shown


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("connector.config.load", fail)


def test_a_reader_that_went_away_is_no_traceback() -> None:
    program = [sys.executable, "-m", "connector", "catalogue", "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read().decode()
    assert "Traceback" not in said and "Exception" not in said


def test_catalogue_as_json_is_one_document(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "poster", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {frozenset(row) for row in rows} == {frozenset({"kind", "name", "verb", "path", "params", "repeat"})}
    (row,) = (row for row in rows if row["name"] == "clients.getClients")
    assert (row["kind"], row["verb"], row["path"], row["repeat"]) == ("poster", "GET", "/clients.getClients", "safe")
    assert {"name": "num", "type": "int", "required": False} in row["params"]


def test_catalogue_as_columns(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "loyalclient"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split("\t") == ["system", "endpoint", "verb", "repeat", "parameters"]
    assert lines and all(line.startswith("loyalclient\t") for line in lines)


def test_check_without_accounts_says_what_to_do(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 1
    assert "fill in “accounts”" in capsys.readouterr().err


def test_the_log_lies_beside_the_workspace_and_holds_no_secret(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTER_TOKEN", "861001:do-not-show")
    kafe = "{kind: poster, url: 'http://127.0.0.1:9', insecure: true, token: '${POSTER_TOKEN}'}"
    text = f"version: 1\nlanguage: en\naccounts:\n  kafe: {kafe}\n"
    (shop / "connector.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert main(["check"]) == 2
    shown = capsys.readouterr()
    logged = (shop / "logs/connector.log").read_text(encoding="utf-8")
    assert "clients.getClients" in logged
    assert "do-not-show" not in logged + shown.out + shown.err
    assert "again after attempt" not in shown.err


def test_a_wider_exit_code_wins() -> None:
    assert heaviest() == 0
    assert heaviest(0, 1) == 1
    assert heaviest(1, 4) == 4
    assert heaviest(4, 2, 1) == 2
    assert heaviest(2, 3) == 3


def test_text_from_outside_cannot_drive_the_terminal() -> None:
    assert plain("Иван\x1b[2J\u202e 🙂\tх") == "Иван\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER} 🙂\tх"


def test_columns_of_a_pipe_and_json_keep_every_digit(capsys: pytest.CaptureFixture[str]) -> None:
    from decimal import Decimal

    screen = Screen("en")
    screen.table([N_("account"), N_("check")], [("kafe\n", None), (True, Decimal("1.10"))])
    assert capsys.readouterr().out == "account\tcheck\nkafe\N{REPLACEMENT CHARACTER}\t\nyes\t1.10\n"
    screen.as_json = True
    screen.say(N_("stopped"))
    screen.show({"sum": Decimal("12345678901234567.890"), "имя": None}, lambda: None)
    assert capsys.readouterr().out == '{\n  "sum": 12345678901234567.890,\n  "имя": null\n}\n'


def test_nobody_is_asked_where_nobody_can_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert Screen("en").agrees(N_("stopped")) is False


@pytest.mark.parametrize(("answer", "agreed"), [("y", True), ("да", False), ("", False), ("n", False), ("YES", True)])
def test_an_answer_on_a_terminal(monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(Screen, "is_terminal", True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert Screen("en").agrees(N_("stopped")) is agreed


def test_clicks_words_are_still_clicks() -> None:
    modules = (click.core, click.exceptions, click.formatting, click.parser, click.types)
    source = "\n".join(Path(module.__file__).read_text(encoding="utf-8") for module in modules)
    for text in (*WORDS, *(text for pair in PAIRS for text in pair)):
        assert f'"{text}"' in source or f'"{text} ' in source, text
