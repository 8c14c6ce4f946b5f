"""Weeks of a company's life over HTTP, with cut calls and killed runs: afterwards all agree, and nothing is lost."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from connector.jobs.workspace import Workspace
from connector.sandbox import Sandbox
from tests.crash.life import ACCOUNTS, Edit, Life, wrote

AGREED = ("name", "phone", "email", "birthday", "address")
DAYS = 6
RUNS = 6
"""So many runs at most bring everything to rest after the last trouble."""

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this machine has no SIGKILL")


def live(life: Life) -> None:
    for _ in range(DAYS):
        life.day()
        life.trouble()
        if life.dice.random() < 0.5:
            life.die()
        else:
            life.run()
        life.peace()
    for _ in range(RUNS):
        if wrote(life.run()) == 0:
            return
    raise AssertionError("it does not come to rest")


def differences(life: Life, told: dict[str, dict[str, dict[str, Any]]]) -> list[tuple[Any, ...]]:
    """Fields that two systems show differently though nobody is asked about them."""
    store = life.workspace.store
    asked = store.conflicts.all("open")
    fields = {(conflict.uid, conflict.field) for conflict in asked}
    people = {conflict.uid for conflict in asked if conflict.kind == "identity"}
    found = []
    for uid, links in linked(life).items():
        for name in AGREED:
            if uid in people or (uid, name) in fields:
                continue
            values = {
                spoke: spelled(name, told[spoke][external_id].get(name))
                for spoke, external_id in links.items()
                if name in life.workspace.mappings[spoke, "customer"].writes
            }
            if len(set(values.values())) > 1:
                found.append((uid, name, values))
    return found


def linked(life: Life) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for link in life.workspace.store.crosswalk.all("customer"):
        if link.primary and not link.gone and link.spoke in ACCOUNTS:
            found.setdefault(link.uid, {})[link.spoke] = link.external_id
    return found


def spelled(name: str, value: object) -> str:
    """A name is a bag of words: systems that keep its parts apart give them back in another order."""
    return " ".join(sorted(str(value).split())) if name == "name" else str(value)


def lost(life: Life, told: dict[str, dict[str, dict[str, Any]]]) -> list[Edit]:
    """Edits whose value stands neither where it was written nor in any conflict.

    A field may be edited again on a later day, in whichever system; of two edits of one day one must be logged.
    """
    store = life.workspace.store
    uids = {(link.spoke, link.external_id): link.uid for link in store.crosswalk.all("customer")}
    logged = {str(value) for conflict in store.conflicts.all() for value in conflict.values.values()}
    last = {(uids[edit.account, edit.external_id], edit.field): edit.day for edit in life.edits}
    again = {(edit.account, edit.external_id, edit.field): edit for edit in life.edits}
    return [
        edit
        for edit in again.values()
        if edit.day == last[uids[edit.account, edit.external_id], edit.field]
        and str(told[edit.account][edit.external_id].get(edit.field)) != edit.value
        and edit.value not in logged
    ]


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 13))])
def test_after_any_life_all_agree_and_nothing_is_lost(seed: int, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        sandbox.workspace(tmp_path)
        with Workspace.open(tmp_path) as workspace:
            life = Life(seed, sandbox, workspace, tmp_path)
            life.run()
            life.run()
            known = life.people()
            live(life)
            told = {account: life.told(account) for account in ACCOUNTS}
            assert wrote(life.run()) == 0
            assert life.people() == known + life.added
            assert not workspace.store.outbox.with_status("sent", "unknown", "parked")
            assert differences(life, told) == []
            assert lost(life, told) == []
