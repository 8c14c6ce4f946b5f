"""`connector plan`, `sync` and `status`: one run, seen before, during and after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from connector.cli.progress import watching
from connector.cli.records import moment, names_of
from connector.cli.runs import print_brakes, print_match, print_operations, print_routes, print_runs, route_called
from connector.cli.session import Session, json_option, known, pass_session
from connector.cli.texts import argument, command, option
from connector.errors import EXIT_DONE, Locked, UsageError
from connector.locale import N_, Sentence, plural
from connector.locale.words import ENTITIES, called
from connector.model.records import ENTITIES as ENTITY_TYPES

if TYPE_CHECKING:
    from connector.sync.engine import Options
    from connector.sync.report import MatchReport, RunReport

_BUDGET: Final = re.compile(r"([1-9][0-9]{0,4})([smh])?\Z")
_SECONDS: Final = {None: 1, "s": 1, "m": 60, "h": 3600}
_ENTITIES: Final = N_("only these entities: group, customer, card, order; default: all that are routed")
_ACCOUNT: Final = N_("observe only this account; the others as they were last seen")
_LAST: Final = 5
_MOST_GROUPS: Final = 300  # each is compared with each


@command(
    "plan",
    help=N_(
        "What a sync would do, field by field, and why; nothing is written to any system. "
        "Ends with 4 when there is something to do."
    ),
    example="connector plan\nconnector plan customer --account kafe --json",
)
@argument("entities", metavar="[ENTITY]...", nargs=-1, help=_ENTITIES)
@option("--account", metavar="ACCOUNT", help=_ACCOUNT)
@json_option
@pass_session
def plan(session: Session, entities: Sequence[str], account: str | None) -> int:
    report = _run(session, _options(session, entities, account, dry=True))

    def render() -> None:
        print_operations(session.screen, report, _names(session, report))
        _print_remarks(session, report)

    session.screen.show(report.plan_json(), render)
    return report.plan_exit_code


@command(
    "sync",
    help=N_(
        "One run: reads what changed everywhere, merges it field by field, and writes it where it is missing. "
        "The first run that would write shows whom it found to be the same, and asks."
    ),
    example="connector sync\nconnector sync customer card --yes\nconnector sync --accept customer/kafe:changes",
)
@argument("entities", metavar="[ENTITY]...", nargs=-1, help=_ENTITIES)
@option("--account", metavar="ACCOUNT", help=_ACCOUNT)
@option("--full", is_flag=True, help=N_("read everything again, not only what changed"))
@option("--yes", is_flag=True, help=N_("agree to the first writing without being asked"))
@option("--accept", metavar="BRAKE", multiple=True, help=N_("release this brake once; may be repeated"))
@option("--budget", metavar="TIME", help=N_("stop cleanly after so long, such as 90s, 10m or 2h; the next run goes on"))
@option("--scheduled", is_flag=True, help=N_("nobody watches: a run that is under way is no error"))
@json_option
@pass_session
def sync(
    session: Session,
    /,
    entities: Sequence[str],
    account: str | None,
    full: bool,
    yes: bool,
    accept: Sequence[str],
    budget: str | None,
    scheduled: bool,
) -> int:
    options = _options(
        session,
        entities,
        account,
        full=full,
        accept=frozenset(accept),
        budget=None if budget is None else _seconds(budget),
        consent=lambda match: _agrees(session, match, yes),
    )
    try:
        report = _run(session, options)
    except Locked as error:
        if not scheduled:
            raise
        session.screen.note(error.sentence)
        return EXIT_DONE
    session.screen.show(report.as_json(), lambda: _print_report(session, report))
    return report.exit_code


@command(
    "status",
    help=N_("The last runs, up to when the data is complete, and everything that waits for a person."),
    example="connector status\nconnector status --json",
)
@json_option
@pass_session
def status(session: Session) -> int:
    from connector.sync.closing import waiting as open_of

    store, screen = session.workspace.store, session.screen
    runs = [_run_json(row) for row in store.runs.last(_LAST)]
    cursors = [dict(zip(("entity", "account", "complete_up_to"), row, strict=True)) for row in store.runs.cursors()]
    waiting, dismissed = open_of(store), store.journal.count_dismissed()
    offered = store.outbox.count_offered()
    legal, archived = _seen_within(session)
    behind = _behind(session)

    def render() -> None:
        print_runs(screen, runs)
        heads = (N_("entity"), N_("account"), N_("complete up to"))
        rows = [
            (called(ENTITIES, one["entity"], screen.language), one["account"], moment(one["complete_up_to"]))
            for one in cursors
        ]
        screen.table(heads, rows)
        for account, turns in legal.items():
            screen.say(_legal_seen(account, turns))
        for account, turns in archived.items():
            screen.say(_archived_seen(account, turns))
        for one in behind.values():
            screen.say(one)
        _print_unfinished(session, next((run.get("unfinished", []) for run in runs if run["kind"] == "sync"), []))
        _print_open(session, waiting)
        for account, count in offered.items():
            screen.say(
                N_("{account}: {count} wait until 1C fetches them; see: connector outbox list"),
                account=account,
                count=count,
            )
        if dismissed:
            screen.say(N_("dismissed lines in the journal: {count}; see: connector journal list"), count=dismissed)

    shown = {
        "runs": runs,
        "cursors": cursors,
        "open": waiting,
        "offered": offered,
        "dismissed": dismissed,
        "legal_within": legal,
        "archived_within": archived,
        "put_back": {name: one.in_(screen.language) for name, one in behind.items()},
    }
    screen.show(shown, render)
    return EXIT_DONE


def _behind(session: Session) -> dict[str, Sentence]:
    """The accounts that are given nothing, for the store was put back and no run has read what they have since."""
    from connector.sync.ledger.putback import given_nothing

    store = session.workspace.store
    waiting = {one.account for one in store.outbox.with_status("offered")}
    found = {name: store.runs.behind(name) for name in sorted(waiting)}
    return {name: given_nothing(name, at) for name, at in found.items() if at is not None}


def _legal_seen(account: str, turns: int) -> Sentence:
    return plural(
        "{account}: a change of legal details is seen within {count} run",
        "{account}: a change of legal details is seen within {count} runs",
        count=turns,
        account=account,
    )


def _archived_seen(account: str, turns: int) -> Sentence:
    return plural(
        "{account}: a change of an archived order older than a month is seen within {count} run",
        "{account}: a change of an archived order older than a month is seen within {count} runs",
        count=turns,
        account=account,
    )


def _seen_within(session: Session) -> tuple[dict[str, int], dict[str, int]]:
    """Account -> within how many runs a change of legal details, and of an old order, is seen, where not in every."""
    from connector.systems import archived_within, legal_within

    orders = {route.account for routes in session.settings.routes for route in routes.sources}
    legal = {name: legal_within(account) for name, account in session.settings.accounts.items()}
    archived = {name: archived_within(account) for name, account in session.settings.accounts.items() if name in orders}
    return (
        {name: turns for name, turns in legal.items() if turns is not None},
        {name: turns for name, turns in archived.items() if turns is not None},
    )


def _run_json(row: tuple[int, str, str | None, str, dict[str, Any]]) -> dict[str, Any]:
    number, started, finished, state, summary = row
    empty: dict[str, Any] = {"seconds": None, "requests": 0, "routes": [], "kind": "sync"}
    return {**empty, **summary, "run": number, "status": state, "started": started, "finished": finished}


def _options(session: Session, entities: Sequence[str], account: str | None, **more: Any) -> Options:
    from connector.sync.engine import Options

    routed = [routes.entity for routes in session.settings.routes]
    chosen = tuple(known(entity, routed) for entity in entities)
    name = None if account is None else session.account(account).name
    return Options(entities=chosen, account=name, **more)


def _run(session: Session, options: Options) -> RunReport:
    with watching(session.screen) as progress:
        return session.workspace.engine(progress).run(options)


def _seconds(text: str) -> float:
    match = _BUDGET.match(text)
    if match is None:
        raise UsageError(N_("“{text}” is no length of time; write one such as 90s, 10m or 2h"), text=text)
    return int(match[1]) * _SECONDS[match[2]]


def _agrees(session: Session, match: MatchReport, yes: bool) -> bool:
    """Show whom the run found to be the same, before anything is written for the first time."""
    if not session.screen.as_json:
        print_match(session.screen, match)
    return yes or (not session.screen.as_json and session.screen.agrees(N_("Shall this be written?")))


def _print_report(session: Session, report: RunReport) -> None:
    screen = session.screen
    print_routes(screen, [route.as_json() for route in report.routes.values()])
    _print_remarks(session, report)
    _print_alike(session)
    text = N_("run {run}: {status}; {seconds} seconds, {requests} requests")
    words = {"clean": N_("clean"), "attention": N_("somebody must look"), "stopped": N_("stopped before the end")}
    state = Sentence(words[report.status])
    screen.say(text, run=report.run, status=state, seconds=round(report.seconds, 1), requests=report.requests)


def _names(session: Session, report: RunReport) -> dict[str, str]:
    """What the records of the operations are called, and those that their values refer to."""
    uids = {operation.uid for operation in report.operations}
    referred = {
        value
        for operation in report.operations
        for field in ENTITY_TYPES[operation.entity].references
        for value in (operation.patch.get(field), operation.expect.get(field))
        if isinstance(value, str)
    }
    return names_of(session, uids | referred)


def _print_remarks(session: Session, report: RunReport) -> None:
    """What a person has to know and to do, on stderr."""
    for error in report.errors:
        session.screen.note(error.sentence)
    print_brakes(session.screen, report.brakes)
    if report.consent_missing:
        text = N_("nothing was written on {routes}: agree with --yes, or answer on a terminal")
        names = (route_called(name, session.screen.language) for name in report.consent_missing)
        session.screen.note(text, routes=", ".join(names))
    for route in report.unread:
        text = N_("{route} was never read to its end: nothing is created until it is")
        session.screen.note(text, route=route_called(route, session.screen.language))
    if report.out_of_time:
        session.screen.note(N_("the time is over; the next run goes on from here"))
    _print_unfinished(session, report.unfinished)
    _print_open(session, report.open)


def _print_unfinished(session: Session, routes: Sequence[str]) -> None:
    """Where a run may never come to its end in this time, however often it is repeated."""
    text = N_(
        "{route}: there was no time to read all of it. If the next run says so again, it will never be done in this "
        "time: give the run a larger --budget, or none"
    )
    for route in routes:
        session.screen.note(text, route=route)


def _print_alike(session: Session) -> None:
    """Groups have no key in common but a name: a person joins them, and has to be told of the pairs."""
    from connector.sync.people import proposals

    store = session.workspace.store
    if len(store.hub.uids("group", "")) > _MOST_GROUPS:
        return
    if pairs := len(proposals(store, "group")):
        session.screen.note(N_("pairs of groups that look alike: {count}; see: connector links proposals"), count=pairs)


def _print_open(session: Session, waiting: dict[str, int]) -> None:
    texts = {
        "conflicts": N_("open conflicts: {count}; see: connector conflicts list"),
        "journal": N_("lines in the journal: {count}; see: connector journal list"),
        "outbox": N_("operations that wait for a person: {count}; see: connector outbox list"),
        "brakes": N_("held brakes: {count}; they are released by: connector sync --accept BRAKE"),
    }
    for name, text in texts.items():
        if waiting.get(name):
            session.screen.note(text, count=waiting[name])
