"""What the documents say is so: every command, option, setting, exit code, error and word; and the commands work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

from connector import errors
from connector.cli import main
from connector.cli.app import root
from connector.cli.screen import Screen
from connector.cli.session import Session
from connector.config.routes import BrakesLine, RouteLine, SpokeLine
from connector.config.workspace import Workspace
from connector.model.records import ENTITIES
from connector.sandbox import Sandbox

ROOT = Path(__file__).resolve().parent.parent
README, RUSSIAN, ARCHITECTURE = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ru.md", "ARCHITECTURE.md")
)


def commands(group: click.Group = root, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        words = f"{before} {name}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, words)
        else:
            yield words, command


ALL = dict(commands())


def table_after(heading: str, text: str = README) -> str:
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def rows_of(command: str) -> list[str]:
    """The lines of the command table that are about a command: `links list` stands also in “list …, `show RECORD`”."""
    group, _, name = command.partition(" ")
    lines = [line for line in table_after("Commands").splitlines() if line.startswith(f"| `{group}")]
    return [line for line in lines if re.search(rf"`(?:{group} )?{name}\b" if name else rf"`{group}\b", line)]


@pytest.mark.parametrize("command", ALL)
def test_every_command_and_option_is_documented(command: str) -> None:
    rows = rows_of(command)
    assert rows, f"README.md, Commands: {command}"
    for parameter in ALL[command].params:
        if isinstance(parameter, click.Option) and "--help" not in parameter.opts:
            assert any(f"`{parameter.opts[-1]}" in row for row in rows), f"{command} {parameter.opts[-1]}"


def test_no_command_or_option_is_documented_that_is_not_there() -> None:
    known = {option for command in ALL.values() for parameter in command.params for option in parameter.opts}
    table = table_after("Commands")
    assert set(re.findall(r"`(--[a-z-]+)", table)) <= known | {"--debug", "--help"}
    names = {name for command in ALL for name in command.split()}
    for line in table.splitlines():
        if line.startswith("| `"):
            first = line.split("|")[1]
            assert {words.split()[0] for words in re.findall(r"`([^`]+)`", first)} <= names, first


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for info in annotation.model_fields.values():
            yield from models(info.annotation)
            for meta in info.metadata:
                yield from models(meta)
        return
    for inner in get_args(annotation):
        yield from models(inner)


@pytest.mark.parametrize(
    "model", [*dict.fromkeys(models(Workspace)), RouteLine, SpokeLine, BrakesLine], ids=lambda m: m.__name__
)
def test_every_setting_is_documented(model: type[BaseModel]) -> None:
    settings = table_after("Settings")
    names = [info.alias or name for name, info in model.model_fields.items()]
    assert [name for name in names if f"`{name}" not in settings] == []


def test_the_models_were_really_walked() -> None:
    found = {model.__name__ for model in models(Workspace)}
    assert {"Workspace", "PosterLine", "OdataLine", "BankLine", "Serve", "Organization", "Spot"} <= found


def test_every_entity_is_named() -> None:
    assert [entity for entity in ENTITIES if f"`{entity}`" not in table_after("Settings")] == []


def test_every_exit_code_is_documented() -> None:
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    for text in (table_after("Exit codes"), RUSSIAN):
        assert {code for code in codes if not re.search(rf"\b{code}\b", text)} == set()


def test_every_error_is_documented_with_its_exit_code() -> None:
    table = table_after("Errors", ARCHITECTURE)
    ours = {name: one for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)}
    for name, one in ours.items():
        (row,) = (line for line in table.splitlines() if f"`{name}`" in line)
        assert row.rstrip(" |").endswith(str(one.exit_code)), name
    assert set(re.findall(r"`(\w+)`", table)) == set(ours)


def test_the_words_are_kept() -> None:
    table = table_after("Words", ARCHITECTURE)
    words = ("hub", "spoke", "route", "feed", "record", "link", "identifier", "shadow", "operation", "conflict")
    for word in (*words, "authority", "run", "account", "journal", "outbox", "brake"):
        assert f"| {word} |" in table


def test_every_place_in_the_tree_exists() -> None:
    tree = ARCHITECTURE.partition("## Tree\n")[2].partition("```")[2].partition("```")[0]
    named = {
        line.split("/")[0].strip() for line in tree.splitlines() if line.startswith("  ") and "/" in line.split()[0]
    }
    later = {"server"}
    folders = {
        path.name for path in (ROOT / "connector").iterdir() if path.is_dir() and (path / "__init__.py").exists()
    }
    assert folders <= named | {"onec"}
    assert named - folders - {"onec"} <= later


def test_links_of_the_documents_lead_somewhere() -> None:
    for text in (README, RUSSIAN, ARCHITECTURE):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (ROOT / target).is_file(), target


def shell_lines(text: str) -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from (line.partition("  #")[0].strip() for line in block.splitlines())


def inline_commands(text: str) -> Iterator[str]:
    for words in re.findall(r"`(connector [^`]+)`", text):
        if not re.search(r"…|КОМАНДА", words):
            yield words


@pytest.mark.parametrize("line", [*shell_lines(README), *shell_lines(RUSSIAN), *inline_commands(README + RUSSIAN)])
def test_every_command_line_of_the_readme_is_understood(line: str) -> None:
    program, *words = shlex.split(line.partition(" > ")[0])
    if program in ("bin/demo", "bin/test"):
        assert (ROOT / program).is_file()
    elif program != "$EDITOR":
        assert program in ("bin/connector", "connector")
        parse(words)


def parse(words: list[str]) -> None:
    """Parse a whole command line without running it."""
    places = {"ИМЯ_ТОРМОЗА": "customer/kafe:changes"}
    context = root.make_context(
        "connector", [places.get(word, word) for word in words], obj=Session(Path(), Screen("en"))
    )
    while isinstance(context.command, click.Group):
        rest = [*context._protected_args, *context.args]
        if not rest or rest == [""]:
            return
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None, words
        if rest in (["FILE"],):
            return
        context = command.make_context(name, rest, parent=context)


def test_the_set_up_of_the_readme_works_from_first_to_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every line is run; only what a person does is played: the accounts are the sandbox's, the answer is yes."""
    block = table_after("A real set-up").partition("```sh\n")[2].partition("```")[0]
    lines = [line.partition("  #")[0].strip() for line in block.splitlines()]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setattr(Screen, "agrees", lambda *_, **__: True)
    installed: list[str] = []
    monkeypatch.setattr("connector.cli.schedule.set_up", lambda plan, kind: installed.append(plan.name))
    ended: dict[str, int] = {}
    with Sandbox() as sandbox:
        for line in lines:
            program, *words = shlex.split(line)
            if program == "$EDITOR":
                sandbox.workspace(tmp_path / "shop", "en")
                continue
            if "resolve" in words:
                words = an_open_conflict(words, capsys)
            ended[" ".join(words[2:4] if words[0] == "-C" else words[:1])] = main(words)
            assert "Traceback" not in capsys.readouterr().err
    assert ended == {
        "init": 0, "check": 0, "plan": 4, "sync": 1, "status": 0, "conflicts list": 0, "conflicts resolve": 0,
        "schedule install": 0,
    }  # fmt: skip
    assert len(installed) == 1


def an_open_conflict(words: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The line with the number and an account of a conflict that is there."""
    import json

    capsys.readouterr()
    main(["-C", "shop", "conflicts", "list", "--json"])
    conflict = min(json.loads(capsys.readouterr().out), key=lambda one: one["kind"] != "field")
    decision = ["--take", next(iter(conflict["values"]))] if conflict["kind"] == "field" else ["--value", "separate"]
    return [*words[: words.index("resolve") + 1], str(conflict["id"]), *decision]
