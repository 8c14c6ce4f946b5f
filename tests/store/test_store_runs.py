"""Runs, cursors, brakes, consent and proved units."""

from __future__ import annotations

import pytest

from connector.store import Store
from connector.store.runs import Runs

AT = "2026-11-21T10:00:00+03:00"


@pytest.fixture
def runs(store: Store) -> Runs:
    return store.runs


def test_runs_are_numbered_and_kept(runs: Runs) -> None:
    first, second, third = (runs.begin(f"start {number}") for number in range(3))
    assert first < second < third
    runs.finish(second, "end", "clean", {"read": 3, "что": None})
    assert runs.get(second) == (second, "start 1", "end", "clean", {"read": 3, "что": None})
    assert runs.get(third) == (third, "start 2", None, "running", {})
    assert runs.get(third + 1) is None
    assert [run[0] for run in runs.last()] == [third, second, first]
    assert [run[0] for run in runs.last(1)] == [third]


def test_runs_that_died_before_they_had_seen_everything(runs: Runs) -> None:
    seen, died, died_too = (runs.begin(AT) for _ in range(3))
    runs.observed(seen)
    assert runs.first_unobserved(died_too) == died
    now = runs.begin(AT)
    assert runs.first_unobserved(now) == died
    runs.finish(died_too, AT, "clean", {})
    assert runs.first_unobserved(now) == now
    assert runs.first_unobserved(died) == died


def test_cursors_move_by_account_and_entity(runs: Runs) -> None:
    assert runs.cursor("kafe", "customer") is None
    runs.set_cursor("kafe", "customer", "page 1", 1)
    runs.complete("kafe", "customer", AT, 1)
    runs.set_cursor("kafe", "customer", "page 2", 2)
    runs.complete("buh", "card", AT, 2)
    assert runs.cursor("kafe", "customer") == "page 2"
    assert runs.cursor("buh", "card") is None
    assert runs.cursors() == [("card", "buh", AT), ("customer", "kafe", AT)]
    runs.set_cursor("kafe", "customer", None, 3)
    assert runs.cursor("kafe", "customer") is None


def test_a_route_counts_its_runs_and_remembers_consent(runs: Runs) -> None:
    assert runs.route("customer", "kafe") == (0, False)
    runs.completed([("customer", "kafe"), ("card", "kafe")])
    assert runs.route("customer", "kafe") == (1, False)
    runs.consent([("customer", "kafe"), ("customer", "buh")], AT)
    runs.completed([("customer", "kafe")])
    assert runs.route("customer", "kafe") == (2, True)
    assert runs.route("customer", "buh") == (0, True)
    assert runs.route("card", "kafe") == (1, False)


def test_brakes_are_held_until_released(runs: Runs) -> None:
    runs.hold([("b1", "customer/kafe", "share", 9, 5), ("b2", "card/kafe", "changes", 900, 500)], 1)
    runs.hold([("b1", "customer/kafe", "share", 10, 5)], 2)
    assert runs.held() == [("b2", "card/kafe", "changes", 900, 500), ("b1", "customer/kafe", "share", 10, 5)]
    runs.release(["b2", "b9"])
    assert [brake[0] for brake in runs.held()] == ["b1"]
    runs.release([])
    assert len(runs.held()) == 1


def test_proved_units_are_remembered(runs: Runs) -> None:
    assert runs.unit("kafe", "clients.getClients", "bonus") is None
    runs.prove_unit("kafe", "clients.getClients", "bonus", "minor", AT)
    runs.prove_unit("kafe", "clients.getClients", "bonus", "major", AT)
    assert runs.unit("kafe", "clients.getClients", "bonus") == "major"
    assert runs.unit("buh", "clients.getClients", "bonus") is None
