"""`connector check`: is everything reachable, allowed and mapped. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.cli.session import Session, heaviest, json_option, pass_session
from connector.cli.texts import command, option
from connector.errors import EXIT_ATTENTION, EXIT_DONE, EXIT_STOPPED, ConnectorError
from connector.locale import N_, Sentence

if TYPE_CHECKING:
    from connector.config import Account, Settings
    from connector.systems.base import Check

HELP = N_(
    "Looks at every account: reachable, credentials, rights, clock, and whether the fields that the mappings need "
    "exist there. Nothing is written anywhere."
)


@dataclass(frozen=True)
class _Checked:
    """What was found out about one account."""

    account: str
    checks: Sequence[Check]

    @property
    def exit_code(self) -> int:
        if any(not check.ok and not check.warning for check in self.checks):
            return EXIT_STOPPED
        return EXIT_ATTENTION if any(check.warning for check in self.checks) else EXIT_DONE

    def document(self, language: str) -> dict[str, Any]:
        lines = [{"name": one.name, "ok": one.ok, "text": one.text.in_(language)} for one in self.checks]
        return {"account": self.account, "ok": self.exit_code != EXIT_STOPPED, "checks": lines}


@command("check", help=HELP, example="connector check\nconnector check --account kafe --json")
@option("--account", "names", metavar="ACCOUNT", multiple=True, help=N_("only this one; may be repeated"))
@json_option
@pass_session
def check(session: Session, names: Sequence[str]) -> int:
    settings, screen = session.settings, session.screen
    chosen = [session.account(name) for name in names] or list(settings.accounts.values())
    for warning in settings.warnings:
        screen.note(warning)
    if not chosen:
        screen.note(N_("no account is configured yet: fill in “accounts” of connector.yaml"))
        return EXIT_ATTENTION
    with ThreadPoolExecutor(len(chosen)) as pool:
        checked = list(pool.map(lambda account: _look(account, settings), chosen))
    document = [one.document(screen.language) for one in checked]
    screen.show(document, lambda: _print(session, checked))
    return heaviest(EXIT_ATTENTION if settings.warnings else EXIT_DONE, *(one.exit_code for one in checked))


def _look(account: Account, settings: Settings) -> _Checked:
    from connector.systems import build
    from connector.systems.base import Check

    try:
        adapter = build(account)
        try:
            return _Checked(account.name, adapter.check(_paths(account, settings)))
        finally:
            adapter.close()
    except ConnectorError as error:
        return _Checked(account.name, [Check(name="reachable", ok=False, text=error.sentence)])


def _paths(account: Account, settings: Settings) -> Mapping[str, Sequence[str]]:
    """Entity -> the raw keys its mapping needs, for the entities this account carries."""
    from connector.mapping import load

    return {
        routes.entity: load(settings.mappings, route.kind, routes.entity, route.profile).paths
        for routes in settings.routes
        for route in routes.routes
        if route.account == account.name
    }


def _print(session: Session, checked: Sequence[_Checked]) -> None:
    rows = [(one.account, check.name, _verdict(check), check.text) for one in checked for check in one.checks]
    session.screen.table((N_("account"), N_("check"), N_("result"), N_("what was found")), rows)


def _verdict(check: Check) -> Sentence:
    if check.warning:
        return Sentence(N_("look"))
    return Sentence(N_("ok") if check.ok else N_("wrong"))
