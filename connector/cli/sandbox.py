"""`connector sandbox`: the emulators of the five systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from connector.cli.session import Session, json_option, known, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import UsageError
from connector.locale import N_

F = TypeVar("F", bound=Callable[..., Any])
_FAULTS: Final = (
    "latency",
    "throttle",
    "error",
    "timeout_before",
    "timeout_after",
    "cut",
    "html",
    "expired",
    "refuse",
)

sandbox = group(
    "sandbox",
    help=N_(
        "1C, Poster, Saplab, virtpos and LoyalClient on this machine, with their documented quirks and a sample "
        "company. Nothing reaches a real system."
    ),
    example="connector sandbox up\nconnector sandbox init shop\nconnector sandbox fault poster --fault cut --count 3",
)


def _which(function: F) -> F:
    text = N_("the sandbox of this process; default: the one started last")
    return option("--pid", type=int, metavar="PID", help=text)(function)


@into(
    sandbox,
    "up",
    help=N_(
        "Starts the systems, prints one line of JSON with their addresses and credentials, and runs until it is "
        "terminated."
    ),
    example="connector sandbox up\nconnector sandbox up --kind poster --kind virtpos --company empty",
)
@option("--kind", "kinds", metavar="KIND", multiple=True, help=N_("only this system; may be repeated"))
@option(
    "--company",
    type=click.Choice(("sample", "empty")),
    default="sample",
    show_default=True,
    help=N_("who is in their books at the start"),
)
@option("--seed", type=int, default=1, show_default=True, metavar="N", help=N_("another sample company"))
@option("--port", "ports", metavar="KIND=PORT", multiple=True, help=N_("a fixed port of a system; may be repeated"))
@option("--state", type=click.Path(path_type=Path), metavar="FILE", help=N_("goes on from this file, and ends in it"))
def up(kinds: Sequence[str], company: Any, seed: int, ports: Sequence[str], state: Path | None) -> None:
    from connector.sandbox import ALL, serve_forever
    from connector.sandbox.remote import noted

    chosen = tuple(_known(kind) for kind in kinds) or ALL
    serve_forever(chosen, company, seed, ports=dict(map(_port, ports)), state=state, noting=noted)


@into(
    sandbox,
    "init",
    help=N_("Writes a workspace into DIR whose accounts point at the running sandbox."),
    example="connector sandbox init shop\nconnector -C shop check",
)
@argument("folder", metavar="DIR", type=click.Path(path_type=Path), help=N_("the workspace; made when missing"))
@_which
@pass_session
def init(session: Session, folder: Path, pid: int | None) -> None:
    from connector.sandbox.base import write_workspace
    from connector.sandbox.remote import the_running

    file = folder / "connector.yaml"
    if file.exists():
        raise UsageError(N_("{file} is there already; choose another folder"), file=file)
    write_workspace(folder, the_running(pid)["accounts"], session.screen.language)
    session.screen.say(N_("{file} is written"), file=file)


@into(
    sandbox,
    "reset",
    help=N_("Every system back to its first state, without faults."),
    example="connector sandbox reset\nconnector sandbox reset poster",
)
@argument("kind", metavar="[KIND]", required=False, help=N_("one system; default: all"))
@_which
@pass_session
def reset(session: Session, kind: str | None, pid: int | None) -> None:
    from connector.sandbox.remote import control

    for name, url in _urls(kind, pid).items():
        control("POST", url, "reset")
        session.screen.say(N_("{system} is as it was at the start"), system=name)


@into(
    sandbox,
    "fault",
    help=N_(
        "Troubles of a network or a tired server, on one endpoint or on all; without --fault shows those in force."
    ),
    example="connector sandbox fault poster --fault throttle --count 3 --seconds 1\n"
    "connector sandbox fault poster --endpoint clients.createClient --fault timeout_after --count 1\n"
    "connector sandbox fault poster --clear",
)
@argument("kind", metavar="KIND", help=N_("the system"))
@option("--fault", type=click.Choice(_FAULTS), help=N_("what happens"))
@option("--endpoint", default="*", show_default=True, help=N_("its name in the catalogue, or a beginning and *"))
@option("--count", type=click.IntRange(min=1), metavar="N", help=N_("how many times; default: until cleared"))
@option("--skip", type=click.IntRange(min=0), metavar="N", help=N_("so many calls pass before it begins"))
@option("--probability", type=click.FloatRange(0, 1), metavar="P", help=N_("how often, from 0 to 1"))
@option("--seed", type=int, metavar="N", help=N_("of the dice"))
@option("--seconds", type=click.FloatRange(min=0), metavar="S", help=N_("how long it hangs, or what Retry-After says"))
@option("--code", type=int, metavar="CODE", help=N_("the system's own code of a refusal"))
@option("--clear", is_flag=True, help=N_("no faults any more"))
@_which
@json_option
@pass_session
def fault(session: Session, /, kind: str, clear: bool, pid: int | None, **given: Any) -> None:
    from connector.sandbox.remote import control

    (url,) = _urls(kind, pid).values()
    if clear:
        control("DELETE", url, "faults")
    if given["fault"] is not None:
        control("POST", url, "faults", {name: value for name, value in given.items() if value is not None})
    faults: list[Mapping[str, Any]] = control("GET", url, "faults")["faults"]
    heads = (N_("endpoint"), N_("fault"), N_("count"), N_("probability"), N_("seconds"))
    names = ("endpoint", "fault", "count", "probability", "seconds")
    session.screen.show(faults, lambda: session.screen.table(heads, [[one[name] for name in names] for one in faults]))


def _urls(kind: str | None, pid: int | None) -> dict[str, str]:
    from connector.sandbox.remote import the_running

    urls: dict[str, str] = the_running(pid)["urls"]
    if kind is None:
        return urls
    if _known(kind) not in urls:
        raise UsageError(N_("this sandbox was started without {system}"), system=kind)
    return {kind: urls[kind]}


def _known(kind: str) -> str:
    from connector.sandbox import ALL

    return known(kind, ALL)


def _port(text: str) -> tuple[str, int]:
    kind, _, number = text.partition("=")
    if not number.isdecimal() or not 0 < int(number) < 65536:
        raise UsageError(N_("“{text}” is no port of a system; write one such as poster=8801"), text=text)
    return _known(kind), int(number)
