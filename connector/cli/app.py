"""The program: finds the language, runs the command, turns every error into a sentence and an exit code.

Commands are imported when they are used: `connector --help` imports click and nothing heavier.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

import click

from connector.cli.logs import log_to_stderr
from connector.cli.screen import Screen, speak_utf8
from connector.cli.session import Session, language_of
from connector.cli.texts import Group, Option, speaking, tr, usage_sentence
from connector.errors import EXIT_CONFIG, EXIT_DONE, EXIT_STOPPED, ConfigErrors, ConnectorError
from connector.locale import N_


class Entry(NamedTuple):
    """Where a command lives, and what it does in one line."""

    module: str
    attribute: str
    text: str


COMMANDS: Final = {
    "init": Entry("init", "init", N_("write a commented connector.yaml, mappings and schemas")),
    "check": Entry("check", "check", N_("is everything reachable, allowed and mapped; writes nothing")),
    "connect": Entry("connect", "connect", N_("the way to a token: Poster")),
    "plan": Entry("sync", "plan", N_("what a sync would do, field by field; writes nothing")),
    "sync": Entry("sync", "sync", N_("one run: read, merge, write")),
    "status": Entry("sync", "status", N_("the last runs, and what waits for a person")),
    "conflicts": Entry("conflicts", "conflicts", N_("what two people wrote differently, and deciding it")),
    "links": Entry("links", "links", N_("which record is which in every system")),
    "journal": Entry("journal", "journal", N_("rows that could not be read, records that wait")),
    "outbox": Entry("outbox", "outbox", N_("writes that wait for a person")),
    "db": Entry("db", "db", N_("the connector's own store: upgrade, backup, restore, check")),
    "mapping": Entry("mapping", "mapping", N_("prove mappings, follow one record, schemas for editors")),
    "catalogue": Entry("catalogue", "catalogue", N_("every endpoint we know, with its parameters")),
    "call": Entry("call", "call", N_("one raw call of one endpoint")),
    "exchange": Entry("exchange", "exchange", N_("files of 1C and of a bank, carried by hand")),
    "serve": Entry("serve", "serve", N_("1C comes by itself, the sync runs by itself; until it is stopped")),
    "schedule": Entry("schedule", "schedule", N_("run by itself: systemd, cron, Windows Task Scheduler")),
    "sandbox": Entry("sandbox", "sandbox", N_("emulators of the five systems on this machine")),
    "demo": Entry("demo", "demo", N_("the main job, step by step, on the sandbox")),
}
_VALUED: Final = ("-C", "--directory")


class Root(Group):
    """The top: knows its commands by name and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        found: click.Command = getattr(import_module(f"connector.cli.{entry.module}"), entry.attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(tr("Commands")):
            formatter.write_dl([(name, tr(entry.text)) for name, entry in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.NoSuchCommand(args[0], possibilities=COMMANDS, ctx=ctx)
        return super().resolve_command(ctx, args)


root = Root(
    "connector",
    help=N_("Keeps 1C, Poster, Saplab, virtpos and LoyalClient in step, and proves it to the kopeck."),
    example="connector init shop\nconnector -C shop check\nconnector -C shop plan",
    params=[
        Option(["-C", "--directory"], metavar="DIR", help=N_("the workspace; default: the current folder")),
        Option(["--debug"], is_flag=True, help=N_("show what happens inside, and the traceback of an error")),
    ],
    callback=lambda directory, debug: None,
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code."""
    speak_utf8()
    folder = _folder(arguments)
    screen = Screen(language_of(folder, os.environ))
    session = Session(folder, screen, debug="--debug" in _leading(arguments))
    log_to_stderr(everything=session.debug)
    with speaking(screen.language):
        return _outcome(arguments, session)


def _outcome(arguments: Sequence[str], session: Session) -> int:
    try:
        code = root.main(list(arguments), prog_name="connector", standalone_mode=False, obj=session)
        sys.stdout.flush()
    except click.UsageError as error:
        return _told(*usage_sentence(error))
    except click.ClickException as error:
        return _told(error.format_message())
    except ConnectorError as error:
        return _refused(error, session)
    except (click.Abort, KeyboardInterrupt, EOFError):
        session.screen.note(N_("stopped"))
        return EXIT_STOPPED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - stays open until the process ends
        return EXIT_STOPPED
    except Exception as error:  # noqa: BLE001 - the last net: a mistake of ours, told without what it may carry
        return _broken(error, session)
    finally:
        session.close()
    return code if isinstance(code, int) else EXIT_DONE


def _told(*lines: str) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return EXIT_CONFIG


def _refused(error: ConnectorError, session: Session) -> int:
    if session.debug:
        _trace()
    for one in error.errors if isinstance(error, ConfigErrors) else (error,):
        place = getattr(one, "where", "")
        said = one.sentence.in_(session.screen.language)
        session.screen.note("{text}", text=f"{place}: {said}" if place else said)
    return error.exit_code


def _broken(error: Exception, session: Session) -> int:
    """The text of an unknown error may hold an address with a token: only its kind and place are told."""
    if session.debug:
        _trace()
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    text = N_("an error inside the connector: {kind} in {place}; run it again with --debug and report it")
    session.screen.note(text, kind=type(error).__name__, place=place)
    return EXIT_STOPPED


def _trace() -> None:
    """The traceback, with every secret that is known masked."""
    from connector.transport.redaction import redact

    print(redact(traceback.format_exc()), file=sys.stderr)


def _leading(arguments: Sequence[str]) -> list[str]:
    """The words before the command's name."""
    words: list[str] = []
    for word in arguments:
        if not word.startswith("-") and not (words and words[-1] in _VALUED):
            break
        words.append(word)
    return words


def _folder(arguments: Sequence[str]) -> Path:
    """What `-C` says, seen before click parses, for the language of the workspace is needed from the first word on."""
    words = _leading(arguments)
    for index, word in enumerate(words):
        if word in _VALUED and index + 1 < len(words):
            return Path(words[index + 1])
        if word.startswith("--directory="):
            return Path(word.removeprefix("--directory="))
        if word.startswith("-C"):
            return Path(word.removeprefix("-C"))
    return Path()
