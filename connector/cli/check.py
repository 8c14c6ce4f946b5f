"""`connector check`: is everything reachable, allowed and mapped. Writes nothing unless units are to be proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from connector.cli.session import Session, heaviest, json_option, pass_session
from connector.cli.texts import command, option
from connector.errors import EXIT_ATTENTION, EXIT_DONE, EXIT_STOPPED, ConfigError, ConnectorError, UsageError
from connector.locale import N_, Sentence
from connector.locale.words import CHECKS, ENTITIES, called, told

if TYPE_CHECKING:
    from connector.config import Account, Settings
    from connector.jobs.units import ProvedUnits
    from connector.systems.base import Check

HELP = N_(
    "Looks at every account: reachable, credentials, rights, clock, and whether the fields that the mappings need "
    "exist there. Nothing is written anywhere, unless --calibrate asks for a probe of money units: it writes records "
    "of its own into that account and removes them."
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

    def with_more(self, checks: Sequence[Check]) -> _Checked:
        return _Checked(self.account, [*self.checks, *checks])

    def document(self, language: str) -> dict[str, Any]:
        lines = [{"name": one.name, "ok": one.ok, "text": one.text.in_(language)} for one in self.checks]
        return {"account": self.account, "ok": self.exit_code != EXIT_STOPPED, "checks": lines}


@command(
    "check",
    help=HELP,
    example="connector check\nconnector check --account kafe --json\nconnector check --calibrate kafe --till 1:1:2",
)
@option("--account", "names", metavar="ACCOUNT", multiple=True, help=N_("only this one; may be repeated"))
@option("--calibrate", metavar="ACCOUNT", help=N_("prove the money units of this Poster account with a probe"))
@option("--till", metavar="SPOT:TABLET:USER", help=N_("where the probe may open and remove a receipt too: three ids"))
@json_option
@pass_session
def check(session: Session, names: Sequence[str], calibrate: str | None, till: str | None) -> int:
    settings, screen = session.settings, session.screen
    if calibrate is not None and calibrate not in names:
        names = (*names, calibrate)
    chosen = [session.account(name) for name in names] or list(settings.accounts.values())
    for warning in settings.warnings:
        screen.note(warning)
    if not chosen:
        screen.note(N_("no account is configured yet: fill in “accounts” of connector.yaml"))
        return EXIT_ATTENTION
    proofs = _proved(session, calibrate, till)
    known = {account.name: _remembered(session, account) for account in chosen}
    with ThreadPoolExecutor(len(chosen)) as pool:
        checked = list(pool.map(lambda account: _look(account, settings, known[account.name]), chosen))
    checked = [one.with_more(proofs) if one.account == calibrate else one for one in checked]
    document = [one.document(screen.language) for one in checked]
    screen.show(document, lambda: _print(session, checked))
    return heaviest(EXIT_ATTENTION if settings.warnings else EXIT_DONE, *(one.exit_code for one in checked))


@dataclass(frozen=True)
class _Remembered:
    """What the store knows of an account: its proved units, and a line about the age of its token."""

    units: ProvedUnits
    token: Sequence[Check]


def _remembered(session: Session, account: Account) -> _Remembered:
    """Read here and not in the threads that look: the store has one connection."""
    from connector.jobs.units import ProvedUnits
    from connector.systems.base import Check
    from connector.systems.poster.oauth import expiry_warning

    workspace = session.workspace
    units = ProvedUnits(workspace, account.name).read()
    if account.kind != "poster":
        return _Remembered(units, ())
    store = workspace.known_store
    told = None if store is None else store.runs.token(account.name)
    if told is None:
        return _Remembered(units, ())
    warning = expiry_warning(account.name, date.fromisoformat(told["at"][:10]), workspace.clock().date())
    return _Remembered(units, () if warning is None else (Check(name="token", ok=True, text=warning, warning=True),))


def _proved(session: Session, account: str | None, where: str | None) -> list[Check]:
    """A line for each unit that was to be proved; one that was not is for a person to look at."""
    from connector.jobs.units import prove
    from connector.systems.base import Check
    from connector.systems.poster.calibrate import Till

    if account is None:
        return []
    parts = [] if where is None else where.split(":")
    if where is not None and (len(parts) != 3 or not all(part.isdecimal() for part in parts)):
        raise UsageError(N_("“{text}” is no till; write the ids of spot, tablet and user, such as 1:1:2"), text=where)
    till = None if where is None else Till(*parts)
    proofs = prove(session.workspace, session.account(account).name, till)
    return [Check(name="units", ok=True, text=one.text, warning=one.unit is None) for one in proofs]


def _look(account: Account, settings: Settings, known: _Remembered) -> _Checked:
    """A mapping or a profile that is wrong is a wrong configuration and stops the command: ConfigError."""
    from connector.systems import build
    from connector.systems.base import Check

    paths = _paths(account, settings)
    try:
        adapter = build(account, units=known.units)
        try:
            return _Checked(account.name, [*adapter.check(paths), *known.token])
        finally:
            adapter.close()
    except ConfigError as error:
        if error.line is not None:
            raise
        return _Checked(account.name, [Check(name="reachable", ok=False, text=error.sentence)])
    except ConnectorError as error:
        return _Checked(account.name, [Check(name="reachable", ok=False, text=error.sentence)])


def _paths(account: Account, settings: Settings) -> Mapping[str, Sequence[str]]:
    """Entity -> the raw keys its mapping needs, for the entities this account carries."""
    from connector.mapping import file_of, load

    routed = [route for routes in settings.routes for route in routes.routes if route.account == account.name]
    entities = dict.fromkeys(route.observed for route in routed)
    mappings = {entity: load(settings.mappings, account.kind, entity, account.dialect) for entity in entities}
    for one in [one for one in mappings.values() if account.kind == "onec" and one.lines is not None]:
        for entity in one.lines.references.values() if one.lines is not None else ():
            name = file_of(account.kind, entity, account.dialect)
            if any((folder / name).is_file() for folder in settings.mappings):  # a site is told of goods by their ids
                mappings.setdefault(entity, load(settings.mappings, account.kind, entity, account.dialect))
    # one description tells of 1C what can be written, and what cannot is best known before a document is told
    return {entity: one.keys if account.kind == "onec" else one.paths for entity, one in mappings.items()}


def _print(session: Session, checked: Sequence[_Checked]) -> None:
    language = session.screen.language
    rows = [
        (one.account, _name(check.name, language), _verdict(check), told(check.text, language))
        for one in checked
        for check in one.checks
    ]
    session.screen.table((N_("account"), N_("check"), N_("result"), N_("what was found")), rows)


def _name(name: str, language: str) -> str:
    entity, colon, what = name.rpartition(": ")
    return f"{called(ENTITIES, entity, language)}{colon}{called(CHECKS, what, language)}"


def _verdict(check: Check) -> Sentence:
    if check.warning:
        return Sentence(N_("look"))
    return Sentence(N_("ok") if check.ok else N_("wrong"))
