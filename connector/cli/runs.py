"""How a run is shown: its routes, its operations, its match report, its brakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from connector.cli.records import moment
from connector.cli.screen import Screen
from connector.locale import N_, Sentence
from connector.locale.words import ENTITIES, FIELDS, HOW, STATES, VERBS, called, shown

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
_GOODS: Final = ("sku", "name", "article")
"""Goods alone are known by these; whom a name belongs to is never asked."""
_KINDS: Final = {
    "changes": N_("{count} records would change, {limit} are allowed in one run"),
    "share": N_("{count} records would change, a share of {limit} is allowed in one run"),
    "deactivations": N_("{count} records would be deactivated, {limit} are allowed in one run"),
    "empty": N_("the system shows nothing at all, but {count} records were there"),
}


def print_routes(screen: Screen, routes: Sequence[Mapping[str, Any]]) -> None:
    """A line for each route; a nought is shown as nothing, so that the eye finds what happened."""
    heads = (N_("entity"), N_("account"), *_FIGURES.values())
    rows = [
        (
            called(ENTITIES, route["entity"], screen.language),
            route["account"],
            *(route[name] or None for name in _FIGURES),
        )
        for route in routes
    ]
    screen.table(heads, rows)


def print_runs(screen: Screen, runs: Sequence[Mapping[str, Any]]) -> None:
    heads = (N_("run"), N_("began"), N_("what"), N_("result"), N_("seconds"), N_("written"), N_("requests"))
    screen.table(heads, [_run_row(run, screen.language) for run in runs])


def _run_row(run: Mapping[str, Any], language: str) -> tuple[object, ...]:
    names = ("created", "updated", "deactivated")
    written = sum(route[name] for route in run["routes"] for name in names)
    kind, state = (called(STATES, run[name], language) for name in ("kind", "status"))
    return run["run"], moment(run["started"]), kind, state, run["seconds"], written, run["requests"]


def print_operations(screen: Screen, report: RunReport, names: Mapping[str, str]) -> None:
    """Every intended write, field by field."""
    if not report.operations:
        screen.say(N_("nothing to do"))
        return
    heads = (N_("account"), N_("entity"), N_("operation"), N_("record"), N_("field"), N_("from"), N_("to"))
    screen.table(
        heads, [row for one in report.plan_json()["operations"] for row in _operation_rows(one, names, screen.language)]
    )
    screen.say(N_("operations: {count}"), count=len(report.operations))


def _operation_rows(one: Mapping[str, Any], names: Mapping[str, str], language: str) -> Iterator[tuple[object, ...]]:
    place = one["external_id"] or one["uid"]
    record = f"{names[one['uid']]} ({place})" if names.get(one["uid"]) else place
    entity, verb = called(ENTITIES, one["entity"], language), called(VERBS, one["verb"], language)
    about = (one["account"], entity, verb, record)
    for name, change in one["changes"].items():
        values = (_value(name, value, names, language) for value in (change.get("from"), change["to"]))
        yield (*about, called(FIELDS, name, language), *values)
        about = ("", "", "", "")
    if not one["changes"]:
        yield (*about, None, None, None)


def _value(field: str, value: object, names: Mapping[str, str], language: str) -> object:
    """A reference is shown by the name of what it means, a word of ours by what it is called."""
    return names.get(value) or shown(field, value, language) if isinstance(value, str) else value


def print_match(screen: Screen, match: MatchReport) -> None:
    """Whom a run found to be the same, before anything is written to these routes for the first time."""
    routes = ", ".join(route_called(name, screen.language) for name in match.routes)
    screen.say(N_("what is written for the first time: {routes}"), routes=routes)
    rows: list[tuple[object, object]] = [
        (
            Sentence(
                N_("goods found, {how}") if how in _GOODS else N_("found to be the same, {how}"),
                how=Sentence(HOW.get(how, how)),
            ),
            count,
        )
        for how, count in match.linked.items()
    ]
    if match.ambiguous or match.only:
        rows.append((Sentence(N_("ambiguous: a person must say who is who")), match.ambiguous))
    rows += [(Sentence(N_("customers only in {account}"), account=name), count) for name, count in match.only.items()]
    rows += [
        (Sentence(N_("would be created: {route}"), route=route_called(name, screen.language)), count)
        for name, count in match.creates.items()
    ]
    screen.table((N_("match report"), N_("records")), rows)


def print_brakes(screen: Screen, brakes: Sequence[Held]) -> None:
    for brake in brakes:
        why = Sentence(_KINDS[brake.kind], count=brake.count, limit=brake.limit)
        text = N_("held: {route}: {why}; if that is right: connector sync --accept {id}")
        screen.note(text, route=route_called(brake.route, screen.language), why=why, id=brake.id)


def route_called(name: str, language: str) -> str:
    """entity/account, with the entity as a person calls it."""
    entity, slash, account = name.partition("/")
    return f"{called(ENTITIES, entity, language)}{slash}{account}"


def operation_words(operation: Operation) -> str:
    """One operation in one short line, for progress."""
    return f"{operation.account} {operation.entity} {operation.verb} {operation.external_id or operation.uid}"
