"""`connector catalogue`: every endpoint we know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, command
from connector.locale import N_
from connector.systems.catalogue import Endpoint, kinds, load

HELP = N_("Every endpoint the connector knows, with its parameters and with what may be done when no answer comes.")


@command("catalogue", help=HELP, example="connector catalogue poster\nconnector catalogue --json")
@argument(
    "kind", metavar="[KIND]", required=False, type=click.Choice((*kinds(), "onec")), help=N_("one system; default: all")
)
@json_option
@pass_session
def catalogue(session: Session, kind: str | None) -> None:
    rows = list(_rows(kind))
    heads = (N_("system"), N_("endpoint"), N_("verb"), N_("repeat"), N_("parameters"))
    session.screen.show(rows, lambda: session.screen.table(heads, [_line(row) for row in rows]))


def _rows(kind: str | None) -> Iterator[dict[str, Any]]:
    for one in [known for known in kinds() if kind in (None, known)]:
        for name, endpoint in load(one).endpoints.items():
            yield {
                "kind": one,
                "name": name,
                "verb": endpoint.verb,
                "path": endpoint.path,
                "params": _params(endpoint),
                "repeat": endpoint.repeat,
            }
    if kind in (None, "onec"):
        yield from _of_a_base()


def _of_a_base() -> Iterator[dict[str, Any]]:
    """The calls of a base of 1C through OData."""
    from connector.systems.onec.calls import CALLS

    for name, call in CALLS.items():
        verb, repeat = ("POST", "verify") if call.writes else ("GET", "safe")
        params = [param._asdict() for param in call.params]
        yield {"kind": "onec", "name": name, "verb": verb, "path": call.path, "params": params, "repeat": repeat}


def _params(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [{"name": name, "type": param.type, "required": param.required} for name, param in endpoint.params.items()]


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    names = [one["name"] + ("*" if one["required"] else "") for one in row["params"]]
    return row["kind"], row["name"], row["verb"], row["repeat"], " ".join(names)
