"""How a run is shown: its routes, its operations, its match report, its brakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from connector.cli.screen import Screen
from connector.locale import N_, Sentence

if TYPE_CHECKING:
    from connector.model.states import Operation
    from connector.sync.brakes import Held
    from connector.sync.report import MatchReport, RunReport

_FIGURES: Final = {
    "read": N_("read"),
    "changed": N_("changed"),
    "created": N_("created"),
    "updated": N_("updated"),
    "deactivated": N_("deactivated"),
    "conflicts": N_("conflicts"),
    "unreadable": N_("unreadable"),
    "waiting": N_("waiting"),
    "refused": N_("refused"),
    "parked": N_("parked"),
}
_KINDS: Final = {
    "changes": N_("{count} records would change, {limit} are allowed in one run"),
    "share": N_("{count} records would change, a share of {limit} is allowed in one run"),
    "deactivations": N_("{count} records would be deactivated, {limit} are allowed in one run"),
    "empty": N_("the system shows nothing at all, but {count} records were there"),
}
_HOW: Final = {
    "id_1c": N_("by the 1C key"),
    "reference": N_("by our reference"),
    "card": N_("by card number"),
    "barcode": N_("by barcode"),
    "phone": N_("by phone"),
    "inn": N_("by INN and KPP"),
    "email": N_("by e-mail"),
    "manual": N_("by hand"),
}


def print_routes(screen: Screen, routes: Sequence[Mapping[str, Any]]) -> None:
    """A line for each route; a nought is shown as nothing, so that the eye finds what happened."""
    heads = (N_("entity"), N_("account"), *_FIGURES.values())
    rows = [(route["entity"], route["account"], *(route[name] or None for name in _FIGURES)) for route in routes]
    screen.table(heads, rows)


def print_runs(screen: Screen, runs: Sequence[Mapping[str, Any]]) -> None:
    heads = (N_("run"), N_("began"), N_("what"), N_("result"), N_("seconds"), N_("written"), N_("requests"))
    screen.table(heads, [_run_row(run) for run in runs])


def _run_row(run: Mapping[str, Any]) -> tuple[object, ...]:
    names = ("created", "updated", "deactivated")
    written = sum(route[name] for route in run["routes"] for name in names)
    return run["run"], run["started"], run["kind"], run["status"], run["seconds"], written, run["requests"]


def print_operations(screen: Screen, report: RunReport) -> None:
    """Every intended write, field by field."""
    if not report.operations:
        screen.say(N_("nothing to do"))
        return
    heads = (N_("account"), N_("entity"), N_("operation"), N_("record"), N_("field"), N_("from"), N_("to"))
    screen.table(heads, [row for shown in report.plan_json()["operations"] for row in _operation_rows(shown)])
    screen.say(N_("operations: {count}"), count=len(report.operations))


def _operation_rows(shown: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    about = (shown["account"], shown["entity"], shown["verb"], shown["external_id"] or shown["uid"])
    for name, change in shown["changes"].items():
        yield (*about, name, change.get("from"), change["to"])
        about = ("", "", "", "")
    if not shown["changes"]:
        yield (*about, None, None, None)


def print_match(screen: Screen, match: MatchReport) -> None:
    """Whom the first run found to be the same, before anything is written."""
    rows: list[tuple[object, object]] = [
        (Sentence(N_("found to be the same, {how}"), how=Sentence(_HOW.get(how, how))), count)
        for how, count in match.linked.items()
    ]
    rows.append((Sentence(N_("ambiguous: a person must say who is who")), match.ambiguous))
    rows += [(Sentence(N_("only in {account}"), account=name), count) for name, count in match.only.items()]
    rows += [(Sentence(N_("would be created: {route}"), route=name), count) for name, count in match.creates.items()]
    screen.table((N_("match report"), N_("records")), rows)


def print_brakes(screen: Screen, brakes: Sequence[Held]) -> None:
    for brake in brakes:
        why = Sentence(_KINDS[brake.kind], count=brake.count, limit=brake.limit)
        text = N_("held: {route}: {why}; if that is right: connector sync --accept {id}")
        screen.note(text, route=brake.route, why=why, id=brake.id)


def operation_words(operation: Operation) -> str:
    """One operation in one short line, for progress."""
    return f"{operation.account} {operation.entity} {operation.verb} {operation.external_id or operation.uid}"
