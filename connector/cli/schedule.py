"""`connector schedule`: the sync runs by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from connector.cli.session import Session, pass_session
from connector.cli.texts import group, into, option
from connector.jobs.install import KINDS, scheduler, set_up, take_away
from connector.jobs.schedule import Schedule, cron_line, minutes_of, name_of, systemd_units, time_of, windows_task
from connector.locale import N_

F = TypeVar("F", bound=Callable[..., Any])

schedule = group(
    "schedule",
    help=N_("The sync of this workspace as a systemd timer, a line of cron or a task of Windows."),
    example="connector schedule print\nconnector schedule install --every 15m\nconnector schedule remove",
)


def _where(function: F) -> F:
    return option("--for", "kind", type=click.Choice(KINDS), help=N_("the scheduler; default: this machine's"))(
        function
    )


def _when(function: F) -> F:
    every = option("--every", default="15m", show_default=True, metavar="TIME", help=N_("such as 5m, 15m, 1h or 1d"))
    at = option("--at", metavar="HH:MM", help=N_("once a day at this time, instead of --every"))
    return every(at(_where(function)))


@into(
    schedule,
    "print",
    help=N_("Prints what “install” would set up. The task of Windows is printed as text; install it from here."),
    example="connector schedule print --for cron --every 30m\nconnector schedule print --for windows > task.xml",
)
@_when
@pass_session
def print_(session: Session, kind: str | None, every: str, at: str | None) -> None:
    plan = _plan(session, every, at)
    kind = kind or scheduler()
    if kind == "cron":
        click.echo(cron_line(plan))
    elif kind == "systemd":
        click.echo("\n".join(f"# {name}\n{text}" for name, text in systemd_units(plan).items()), nl=False)
    elif sys.stdout.isatty():
        click.echo(windows_task(plan).decode("utf-16"), nl=False)
    else:
        sys.stdout.buffer.write(windows_task(plan))


@into(
    schedule,
    "install",
    help=N_("Sets it up for the user who runs this command, and starts it. Twice is once."),
    example="connector schedule install --every 15m\nconnector schedule install --at 04:00 --for cron",
)
@_when
@pass_session
def install(session: Session, kind: str | None, every: str, at: str | None) -> None:
    plan = _plan(session, every, at)
    kind = kind or scheduler()
    set_up(plan, kind)
    session.screen.say(N_("installed: {name} ({kind})"), name=plan.name, kind=kind)
    if kind == "systemd":
        session.screen.say(N_("to run while you are not logged in: loginctl enable-linger"))


@into(
    schedule,
    "remove",
    help=N_("Takes the schedule of this workspace away. What is not there is no error."),
    example="connector schedule remove\nconnector schedule remove --for cron",
)
@_where
@pass_session
def remove(session: Session, kind: str | None) -> None:
    name = name_of(session.folder)
    kind = kind or scheduler()
    take_away(name, kind)
    session.screen.say(N_("removed: {name} ({kind})"), name=name, kind=kind)


def _plan(session: Session, every: str, at: str | None) -> Schedule:
    folder = session.folder.resolve()
    return Schedule(
        name=name_of(folder),
        command=(sys.executable, "-P", "-m", "connector", "-C", str(folder), "sync", "--scheduled"),
        folder=folder,
        minutes=minutes_of(every),
        at=None if at is None else time_of(at),
        timezone=session.settings.timezone,
    )
