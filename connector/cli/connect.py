"""`connector connect`: the way to a token, where a system gives one out on a page of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import EXIT_ATTENTION, EXIT_DONE
from connector.locale import N_, translate

if TYPE_CHECKING:
    from connector.jobs.tokens import Application
    from connector.systems.poster.oauth import Token

connect = group(
    "connect",
    help=N_("The way to a token, where a system gives one out on a page of its own."),
    example="connector connect poster kafe",
)


@into(
    connect,
    "poster",
    help=N_(
        "Prints the page on which the owner of the till agrees, asks for the address that the browser is sent to "
        "afterwards, and keeps the token where the account looks for it. The account's lines say application_id, "
        "application_secret and, under token, a place for it (file:… or keyring:…)."
    ),
    example="connector connect poster kafe\n"
    'connector connect poster kafe --login demo --address "http://localhost:8080/?code=…&account=demo"',
)
@argument(
    "account", metavar="[ACCOUNT]", required=False, help=N_("the account of connector.yaml; default: the only one")
)
@option("--login", metavar="LOGIN", help=N_("the till's own name, as in LOGIN.joinposter.com"))
@option(
    "--redirect-uri",
    metavar="URL",
    default="http://localhost:8080/",
    show_default=True,
    help=N_("letter for letter as in the settings of the application"),
)
@option("--address", metavar="URL", help=N_("the address that the browser was sent to; asked for on a terminal"))
@json_option
@pass_session
def poster(session: Session, account: str | None, login: str | None, redirect_uri: str, address: str | None) -> int:
    from connector.jobs.tokens import application

    found = application(session.folder, session.env, account)
    page = found.address(redirect_uri, login)
    if address is None:
        address = _asked(session, page)
    if not address:
        session.screen.show({"account": found.account, "open": page}, lambda: None)
        session.screen.note(N_("open that page, agree, and run this again with --address and where it led"))
        return EXIT_ATTENTION
    _told(session, found, found.exchange(address, redirect_uri))
    return EXIT_DONE


def _asked(session: Session, page: str) -> str:
    """The address from the browser; nothing where nobody can answer."""
    screen = session.screen
    screen.say(N_("open this page in a browser and agree:"))
    screen.say("{page}", page=page)
    if screen.as_json or not (sys.stdin.isatty() and screen.is_terminal):
        return ""
    return input(f"{translate(N_('the address that it led to:'), screen.language)} ").strip()


def _told(session: Session, application: Application, token: Token) -> None:
    """What the store and the person learn of a token: whose it is and when it ends, never the token."""
    workspace = session.workspace
    today = workspace.clock().date()
    known = {"at": workspace.now, "account": token.account or "", "account_number": token.account_number}
    with workspace.store.transaction(durable=True):
        workspace.store.runs.obtained_token(application.account, known)
    ends = token.expires(today)
    document = {"account": application.account, "number": token.account_number, "ends": ends.isoformat()}
    session.screen.show(document, lambda: None)
    text = N_("{account} is connected to {company} (number {number}); the token lives until {day}")
    facts = {"account": application.account, "company": token.company or token.account, "number": token.account_number}
    session.screen.say(text, day=ends, **facts)
