"""`connector db`: the store itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import StopError, UsageError
from connector.locale import N_

if TYPE_CHECKING:
    from connector.store import Store

_SQLITE = "sqlite:///"

db = group(
    "db",
    help=N_("The connector's own store: its version, copies of it, and whether it is whole."),
    example="connector db backup store.backup\nconnector db check",
)


@into(
    db,
    "upgrade",
    help=N_("Makes the tables, or brings those of an older connector up to date: all of it or nothing. Back up first."),
    example="connector db upgrade",
)
@pass_session
def upgrade(session: Session) -> None:
    from connector.store import open_store
    from connector.store.upgrade import needs_upgrade
    from connector.store.upgrade import upgrade as bring

    with open_store(session.settings.store, any_version=True) as store:
        if not needs_upgrade(store):
            session.screen.say(N_("the store is up to date"))
            return
        bring(store)
    session.screen.say(N_("the store is brought up to date"))


@into(
    db,
    "backup",
    help=N_(
        "Copies the store, as it is at this moment, into FILE. A run may go on meanwhile. The copy fits SQLite and "
        "PostgreSQL alike, and holds names and phones: keep it as you keep the books."
    ),
    example="connector db backup store.backup",
)
@argument("file", metavar="FILE", type=click.Path(path_type=Path), help=N_("where to; replaced when it is there"))
@pass_session
def backup(session: Session, file: Path) -> None:
    from connector.store import open_store
    from connector.store.backup import backup as copy

    with open_store(session.settings.store, any_version=True) as store:
        copy(store, file)
    session.screen.say(N_("{file} is written"), file=file)


@into(
    db,
    "restore",
    help=N_("Makes the store what it was when FILE was written. What it holds now is lost: it asks, or takes --yes."),
    example="connector db restore store.backup",
)
@argument("file", metavar="FILE", type=click.Path(path_type=Path), help=N_("what “backup” wrote"))
@option("--yes", is_flag=True, help=N_("do not ask"))
@pass_session
def restore(session: Session, file: Path, yes: bool) -> None:
    from connector.store.backup import restore as bring_back

    if not file.is_file():
        raise UsageError(N_("there is no file {file}"), file=file)
    if not yes and not session.screen.agrees(N_("What the store holds now is lost. Go on?")):
        raise StopError(N_("nothing was changed: agree with --yes, or answer on a terminal"))
    with _any_store(session) as store, _alone(session, store):
        bring_back(store, file, at=session.workspace.clock().isoformat(timespec="seconds"))
    session.screen.say(N_("the store is as it was when {file} was written"), file=file)
    session.screen.say(
        N_(
            "the folder exchange/ belongs to it: it keeps what 1C has said since. Leave it as it is, or put it back "
            "too if it was lost, the newest there is. 1C is given no order until a run has read it: connector sync"
        )
    )


@into(
    db,
    "check",
    help=N_("Looks through the whole store: the file, what refers to what, and whether every record can be read."),
    example="connector db check --json",
)
@json_option
@pass_session
def check(session: Session) -> int:
    from connector.store import open_store
    from connector.store.check import check as look
    from connector.sync.identity import identifiers

    with open_store(session.settings.store, any_version=True) as store:
        found = [sentence.in_(session.screen.language) for sentence in look(store, identifiers)]

    def render() -> None:
        for text in found or [N_("the store is whole")]:
            session.screen.say("{text}", text=text) if found else session.screen.say(text)

    session.screen.show({"ok": not found, "found": found}, render)
    return 1 if found else 0


@contextlib.contextmanager
def _any_store(session: Session) -> Iterator[Store]:
    """The store, ready to be filled, whatever is there now: a damaged file is put aside, never deleted."""
    from connector.store import open_store
    from connector.store.failures import Damaged
    from connector.store.upgrade import needs_upgrade
    from connector.store.upgrade import upgrade as bring

    url = session.settings.store
    try:
        store = open_store(url, any_version=True)
        needs_upgrade(store)
    except Damaged:
        if not url.startswith(_SQLITE):
            raise
        _put_aside(session, Path(url.removeprefix(_SQLITE)))
        store = open_store(url, any_version=True)
    with store:
        bring(store)
        yield store


def _put_aside(session: Session, file: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        part = file.with_name(file.name + ending)
        if part.exists():
            aside = part.with_name(f"{part.name}.damaged")
            if aside.exists():
                raise UsageError(N_("{file} is in the way; move it somewhere else"), file=aside)
            part.rename(aside)
            session.screen.note(N_("the damaged file is kept as {file}"), file=aside)


@contextlib.contextmanager
def _alone(session: Session, store: Store) -> Iterator[None]:
    """Under the lock of runs. Locked when a run works on the store."""
    from connector.store.owner import this_process
    from connector.sync.engine import LOCK

    now = session.workspace.clock()
    owner = this_process()
    store.take_lock(LOCK, owner, now.isoformat(timespec="seconds"), int(now.timestamp()))
    try:
        yield
    finally:
        store.drop_lock(LOCK, owner)
