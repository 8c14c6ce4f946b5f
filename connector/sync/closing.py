"""The end of a run: what it came to is counted, reported and stored."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from connector.model.routes import Route
from connector.store import Store
from connector.store.retention import expire, is_due
from connector.sync.course import Course
from connector.sync.fetch import Spent


def close(course: Course, spent: Spent, requests: int, *, observed: bool, broken: bool) -> None:
    """Conclude the report and store it. `broken`: an error ended the run, which therefore has completed nothing."""
    report, store = course.report, course.store
    report.requests = requests
    store.journal.forget_cleared()
    _count(course, spent)
    _settle_brakes(course)
    report.unfinished = list(_unfinished(course)) if report.out_of_time else []
    report.open = waiting(store)
    report.seconds = (course.clock() - course.started).total_seconds()
    report.conclude()
    if not course.options.dry and not broken:
        if not course.cut_off:
            store.runs.completed(_completed(course))
        if is_due(store, course.started):
            expire(store, course.started)
    summary = {**report.as_json(), "kind": "plan" if course.options.dry else "sync", "observed": observed}
    finished = course.clock().isoformat(timespec="seconds")
    store.runs.finish(course.number, finished, "stopped" if broken else report.status, summary)


def waiting(store: Store) -> dict[str, int]:
    """How much of everything waits for a person."""
    return {
        "conflicts": store.conflicts.count_open(),
        "journal": store.journal.count(),
        "outbox": store.outbox.count_open(),
        "brakes": len(store.runs.held()),
    }


def _count(course: Course, spent: Spent) -> None:
    report = course.report
    _count_operations(course)
    for (entity, account), shown in report.routes.items():
        shown.unreadable = max(shown.unreadable, course.store.journal.unreadable(account, entity, course.number))
    for (entity, account), count in spent.items():
        report.route(entity, account).requests = count
    for route in _routes(course):
        if route.account in course.failed:
            report.route(route.entity, route.account).error = course.failed[route.account]
    report.brakes = list(course.held.values())
    report.read_conflicts = partial(course.store.conflicts.all, run=course.number)
    _count_conflicts(course)


def _count_operations(course: Course) -> None:
    tally, report = course.tally, course.report
    for (entity, account, verb), count in tally.done.items():
        shown = report.route(entity, account)
        match verb:
            case "create":
                shown.created += count
            case "deactivate":
                shown.deactivated += count
            case _:
                shown.updated += count
    for (entity, account, _), count in tally.refused.items():
        report.route(entity, account).refused += count
    for (entity, account, _), count in tally.parked.items():
        report.route(entity, account).parked += count


def _count_conflicts(course: Course) -> None:
    """By whom each of them has a value of; read in pieces, for a first run may find very many."""
    accounts = {route.spoke: route.account for routes in course.routes for route in routes.routes}
    for entity, spoke, count in course.store.conflicts.counts(course.number):
        account = accounts.get(spoke, spoke)
        if (entity, account) in course.report.routes:
            course.report.route(entity, account).conflicts += count


def _completed(course: Course) -> list[tuple[str, str]]:
    """The routes that this run has carried to their end: their account answered and no brake held them."""
    held = course.held_routes
    return [
        (route.entity, route.account)
        for route in _looked_at(course)
        if route.name not in held and route.name not in course.report.consent_missing
    ]


def _unfinished(course: Course) -> Iterator[str]:
    """The routes whose feed did not come to its end: a list that cannot be gone on with is begun anew each time."""
    ended = set(course.store.runs.completed_in(course.number))
    for route in _looked_at(course):
        feed = course.adapters[route.account].capabilities(route.observed).feed
        if route.reads and feed != "none" and (route.observed, route.account) not in ended:
            yield route.name


def _settle_brakes(course: Course) -> None:
    """A brake is gone when its route was looked at again and it did not hold."""
    runs = course.store.runs
    looked = {route.name for route in _looked_at(course)}
    runs.release([brake_id for brake_id, route, *_ in runs.held() if route in looked])
    held = course.held.values()
    runs.hold([(brake.id, brake.route, brake.kind, brake.count, brake.limit) for brake in held], course.number)


def _looked_at(course: Course) -> Iterator[Route]:
    return (route for route in _routes(course) if route.account not in course.failed and course.looks_at(route.account))


def _routes(course: Course) -> Iterator[Route]:
    return (route for routes in course.wanted for route in routes.routes)
