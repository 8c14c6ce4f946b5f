"""Commands run at their most talkative over `troubled.Troubled`; whatever they leave behind is searched for secrets."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.config import Settings, load
from connector.errors import ConnectorError
from connector.jobs.workspace import load_mapping
from connector.resources import mappings_folder
from connector.sandbox.company import Company, sample
from connector.transport.limits import Patience, Rate
from tests.secret_search import Search
from tests.troubled import SECRETS, Troubled

FEW = (
    "stamped",
    "two_cards",
    "firm",
    "birthday",
    "renamed",
    "typed",
    "unreadable",
    "only_onec",
    "only_saplab",
    "guest02",
)
CALLS = {
    "buh": "Catalog_Партнеры",
    "kafe": "clients.getClients",
    "panel": "client",
    "vp": "customer",
    "bonus": "client phone=79160000001",
}
"""account -> a call that reads."""


def few() -> Company:
    """Those of the sample company of whom there is something to tell: enough for every kind of write."""
    company = sample(1)
    return replace(
        company,
        people=tuple(person for person in company.people if person.key in FEW),
        orders=tuple(order for order in company.orders if order.person in FEW),
        receipts=(),
        entries=(),
    )


class Unredacted(logging.Handler):
    """What a handler would get that nobody gave our filter to."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class Watch:
    """Runs commands at their most talkative and searches all that they leave behind."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    search: Search = field(default_factory=lambda: Search(SECRETS))
    errors: list[ConnectorError] = field(default_factory=list)
    handler: Unredacted = field(default_factory=Unredacted)

    def run(self, *words: str) -> int:
        """One command line; its exit code. What it printed is searched."""
        self.capsys.readouterr()
        self.attach()
        code = main(["--debug", "-C", str(self.folder), *words])
        self.detach()
        shown = self.capsys.readouterr()
        self.search.text("output", f"the output of {' '.join(words)}", shown.out)
        self.search.text("errors", f"stderr of {' '.join(words)}", shown.err)
        return code

    def attach(self) -> None:
        """Listen to the log, everything of it."""
        logging.getLogger().addHandler(self.handler)
        logging.getLogger().setLevel(logging.DEBUG)

    def detach(self) -> None:
        logging.getLogger().removeHandler(self.handler)

    def show_everything(self) -> None:
        """Every command that shows what is stored, as text and as JSON, and every file it can be exported to."""
        exports = self.folder / "exports"
        exports.mkdir(exist_ok=True)
        for words in (
            ("status",),
            ("conflicts", "list", "--all"),
            ("links", "list"),
            ("links", "proposals"),
            ("links", "audit"),
            ("links", "duplicates"),
            ("journal", "list"),
            ("outbox", "list"),
            ("db", "check"),
        ):
            assert self.run(*words) < 2
            assert self.run(*words, "--json") < 2
        for name in ("conflicts", "links"):
            for ending in ("xlsx", "csv"):
                assert self.run(name, "export", str(exports / f"{name}.{ending}")) == 0
        assert self.run("db", "backup", str(exports / "store.backup")) == 0
        for scheduler in ("cron", "systemd"):
            assert self.run("schedule", "print", "--for", scheduler) == 0

    def look(self, *kinds: str, but: frozenset[str] = frozenset()) -> None:
        """Search what is left: the workspace, the errors, the log. Nothing may be found."""
        self.search.folder(self.folder, but)
        for number, error in enumerate(self.errors):
            told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + str(error)
            self.search.text("exceptions", f"error {number} {type(error).__name__}", told + repr(error.sentence.facts))
        self.search.text("log", "the log without our filter", "\n".join(self.handler.lines))
        self.search.check("output", "errors", *kinds)


@cache
def _shipped_mapping(kind: str, entity: str, dialect: str | None, timezone: str) -> Any:
    return load_mapping((mappings_folder(),), kind, entity, dialect, timezone=timezone)


def _load_mapping(_: object, kind: str, entity: str, dialect: str | None, *, timezone: str) -> Any:
    """Each command reads every mapping anew; no workspace here has any of its own."""
    return _shipped_mapping(kind, entity, dialect, timezone)


class _Loaded:
    """Each command reads its settings anew; here only where their file has changed."""

    def __init__(self) -> None:
        self.known: dict[tuple[Path, str], Settings] = {}

    def __call__(self, folder: Path, env: Mapping[str, str]) -> Settings:
        file = folder / "connector.yaml"
        key = (folder, file.read_text(encoding="utf-8"))
        if key not in self.known or (folder / "mappings").exists():
            self.known[key] = load(folder, env)
        return self.known[key]


@contextmanager
def watched(systems: Troubled, folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Watch]:
    """A fresh workspace; the systems are as at the start; every error of ours that is ever made is kept."""
    systems.begin_anew()
    watch = Watch(systems.workspace(folder), capsys)
    made = ConnectorError.__init__

    def keep(self: ConnectorError, text: str, /, **facts: object) -> None:
        made(self, text, **facts)
        watch.errors.append(self)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in systems.env.items():
            patch.setenv(name, value)
        patch.setattr(ConnectorError, "__init__", keep)
        patch.setattr("connector.jobs.workspace.load_mapping", _load_mapping)
        patch.setattr("connector.config.load", _Loaded())
        patch.setattr(Patience, "wait", lambda *_: 0.0)
        patch.setattr(Rate, "slow_down", lambda _: None)
        yield watch
