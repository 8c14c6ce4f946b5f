"""`connector serve`: 1C comes by itself, and the sync runs by itself."""

from __future__ import annotations

import sys

import click

from connector.cli.session import Session, pass_session
from connector.cli.texts import command, option
from connector.locale import N_


@command(
    "serve",
    help=N_(
        "Listens until it is stopped: the exchange of 1C with a site at /exchange/ACCOUNT, and /health for a monitor. "
        "With “scheduler” under “serve” in connector.yaml the sync runs by itself meanwhile."
    ),
    example="connector serve\nconnector serve --port 8090\nconnector serve --host 0.0.0.0",
)
@option("--host", metavar="HOST", help=N_("where to listen; default: what connector.yaml says, else this machine only"))
@option(
    "--port", metavar="PORT", type=click.IntRange(0, 65535), help=N_("default: what connector.yaml says, else 8080")
)
@pass_session
def serve(session: Session, host: str | None, port: int | None) -> None:
    from connector.server.app import sites_of
    from connector.server.run import serve as until_stopped

    def ready(url: str) -> None:
        session.screen.say(N_("listening at {url}"), url=url)
        for name in sites_of(session.settings):
            text = N_("the address of the exchange for 1C: {url}/exchange/{account}")
            session.screen.say(text, url=url, account=name)
        if session.settings.serve.scheduler is None:
            session.screen.note(N_("there is no “scheduler” under “serve”: start the sync otherwise"))
        sys.stdout.flush()

    until_stopped(session.workspace, host=host, port=port, ready=ready)
