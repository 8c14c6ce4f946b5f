"""Click in two languages: help and usage errors are translated when they are shown.

Commands are written in English (`help=N_("...")`); click's own words come from `connector.cli.clickwords`. Both are
looked up by gettext in the connector's catalogue, in the language that `speaking` sets for the time of one command.
"""

from __future__ import annotations

import copy
import gettext
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

import connector.locale
from connector.locale import DOMAIN, N_

F = TypeVar("F", bound=Callable[..., Any])
_WIDTH: Final = 110
_SENTENCE: Final = re.compile(r"(?<=[.:])\s")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """gettext, which click uses as well, speaks `language` inside."""
    before = os.environ.get("LANGUAGE")
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain(DOMAIN, str(Path(connector.locale.__file__).parent))
    gettext.textdomain(DOMAIN)
    try:
        yield
    finally:
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before


def tr(text: str | None) -> str:
    """The text in the language that is spoken now."""
    return gettext.gettext(text) if text else ""


class Option(click.Option):
    """An option whose help is translated when it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        shown = copy.copy(self)
        shown.help = tr(self.help)
        return click.Option.get_help_record(shown, ctx)


class Argument(click.Argument):
    """An argument whose help is translated when it is shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        return self.make_metavar(ctx), tr(self.help)


class _Shown(click.Command):
    """What commands and groups have in common: translated help, an example, one help option."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **{"add_help_option": False, **kwargs})
        self.example = example
        self.params.append(_help_option())
        self.context_settings.setdefault("max_content_width", _WIDTH)

    def get_short_help_str(self, limit: int = 45) -> str:
        return _SENTENCE.split(tr(self.help), 1)[0].rstrip(".:")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(tr(self.help))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(tr(N_("Example"))):
            for line in self.example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class Command(_Shown):
    """A command of the connector."""


class Group(_Shown, click.Group):
    """A command that holds others, in the order in which they are written."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def _help_option() -> Option:
    def show(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()

    text = N_("Show this message and exit.")
    return Option(["--help", "-h"], is_flag=True, is_eager=True, expose_value=False, callback=show, help=text)


def command(name: str, *, help: str, example: str) -> Callable[[Callable[..., int | None]], Command]:
    """A command from a function that returns its exit code (None is 0)."""

    def made(function: Callable[..., int | None]) -> Command:
        return click.command(name, cls=Command, help=help, example=example)(function)

    return made


def group(name: str, *, help: str, example: str) -> Group:
    """An empty group."""
    return Group(name, help=help, example=example)


def into(parent: Group, name: str, *, help: str, example: str) -> Callable[[Callable[..., int | None]], Command]:
    """A command of a group."""

    def made(function: Callable[..., int | None]) -> Command:
        child = command(name, help=help, example=example)(function)
        parent.add_command(child)
        return child

    return made


def option(*names: str, help: str, **kwargs: Any) -> Callable[[F], F]:
    """An option; `help` is marked with N_."""
    return click.option(*names, cls=Option, help=help, **kwargs)


def argument(name: str, *, help: str, metavar: str, **kwargs: Any) -> Callable[[F], F]:
    """An argument; `help` is marked with N_."""
    return click.argument(name, cls=Argument, help=help, metavar=metavar, **kwargs)


def usage_sentence(error: click.UsageError) -> Sequence[str]:
    """What is wrong with the command line, and where its help is."""
    lines = [error.format_message()]
    if error.ctx is not None:
        lines.append(tr(N_("Help: {command} --help")).format(command=error.ctx.command_path))
    return lines
