"""What a command is given: the workspace it works in and the screen it speaks through."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from connector.cli.screen import Screen
from connector.cli.texts import option
from connector.errors import EXIT_ATTENTION, EXIT_CHANGES, EXIT_CONFIG, EXIT_DONE, EXIT_STOPPED, UsageError
from connector.locale import LANGUAGES, N_, spoken

if TYPE_CHECKING:
    from connector.config import Account, Settings
    from connector.jobs.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])
_LANGUAGE: Final = re.compile(r"(?m)^language:\s*['\"]?([a-z]{2})")
_BY_WEIGHT: Final = (EXIT_DONE, EXIT_ATTENTION, EXIT_CHANGES, EXIT_STOPPED, EXIT_CONFIG)


@dataclass
class Session:
    """One command in one workspace."""

    folder: Path
    screen: Screen
    debug: bool = False
    env: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @cached_property
    def settings(self) -> Settings:
        """The workspace. ConfigError when it is wrong."""
        from connector.cli.logs import keep_log
        from connector.config import load
        from connector.transport.redaction import redact

        settings = load(self.folder, self.env)
        redact.hide(*settings.secrets())
        keep_log(settings.folder)
        return settings

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace with its store, mappings, adapters and engine, opened when first used."""
        from connector.jobs.workspace import Workspace

        return Workspace(self.settings)

    def close(self) -> None:
        """Let go of what was opened."""
        if "workspace" in self.__dict__:
            self.workspace.close()

    def account(self, name: str) -> Account:
        """A configured account. UsageError with the nearest name otherwise."""
        from connector.yamlfile import nearest

        account = self.settings.accounts.get(name)
        if account is not None:
            return account
        if (near := nearest(name, self.settings.accounts)) is not None:
            raise UsageError(N_("there is no account “{name}”; did you mean “{near}”?"), name=name, near=near)
        known = ", ".join(self.settings.accounts)
        raise UsageError(N_("there is no account “{name}”; there are: {known}"), name=name, known=known)


def language_of(folder: Path, environ: Mapping[str, str]) -> str:
    """The language of the workspace, read without judging the rest of its file; else that of the machine."""
    try:
        match = _LANGUAGE.search((folder / "connector.yaml").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return spoken(environ)
    return match[1] if match is not None and match[1] in LANGUAGES else spoken(environ)


def known(name: str, words: Iterable[str]) -> str:
    """The word itself when it is one of these. UsageError with the nearest one otherwise."""
    from connector.yamlfile import unknown_word

    listed = list(words)
    if name not in listed:
        sentence = unknown_word(name, listed)
        raise UsageError(sentence.text, **sentence.facts)
    return name


def heaviest(*codes: int) -> int:
    """One exit code for several outcomes: 3 > 2 > 4 > 1 > 0."""
    return max(codes, key=_BY_WEIGHT.index, default=EXIT_DONE)


def json_option(function: F) -> F:
    """`--json`: one JSON document on stdout and nothing else."""

    def remember(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        cast(Session, ctx.find_object(Session)).screen.as_json = wanted

    text = N_("print one JSON document and nothing else")
    return option("--json", help=text, is_flag=True, expose_value=False, callback=remember)(function)


pass_session = click.make_pass_decorator(Session)
