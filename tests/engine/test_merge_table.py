"""The complete merge table: three spokes and the hub, every cell, under every rule, in every order of the spokes.

What must come of a cell is worked out by an independent specification, see `cells`.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from connector.sync.merge import merge
from tests.engine.cells import (
    LAWS,
    SILENT,
    SPOKES,
    Expected,
    Law,
    authority,
    cells,
    check,
    expected,
    hub_of,
    side,
    unit,
)

ALPHABETS = [
    pytest.param(("base", "A", "B"), id="values"),
    pytest.param(("base", None, "B"), id="one is cleared"),
    pytest.param((None, "A", "B"), id="empty before"),
]


@pytest.mark.parametrize("states", ALPHABETS)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_every_cell_of_a_field_that_once_agreed(law: Law, states: tuple[Any, ...]) -> None:
    base = states[0]
    count = 0
    for hub, said in cells(*states):
        words: dict[Any, frozenset[str]] = {hub: frozenset()} if hub != base else {}
        for spoke, value in said.items():
            if value != base:
                words[value] = words.get(value, frozenset()) | {spoke}
        if not words.keys() - {hub}:  # nobody says anything else than the hub
            words = {}
        check(law, hub, said, base, expected(law, words, hub, said, met=False))
        count += 1
    assert count == 3**4


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_every_cell_where_a_spoke_does_not_say(law: Law) -> None:
    """ABSENT never overwrites and never conflicts; a spoke that is only written to is told what is new."""
    for hub, said in cells("base", "A", "B", SILENT):
        if hub is SILENT:
            continue
        words: dict[Any, frozenset[str]] = {hub: frozenset()} if hub != "base" else {}
        for spoke, value in said.items():
            if value not in ("base", SILENT):
                words[value] = words.get(value, frozenset()) | {spoke}
        if not words.keys() - {hub}:
            words = {}
        told = {spoke: "base" if value is SILENT else value for spoke, value in said.items()}
        check(law, hub, said, "base", expected(law, words, hub, told, met=False))


@pytest.mark.parametrize("fresh", [False, True], ids=["later", "in one run"])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_every_cell_of_a_first_meeting(law: Law, fresh: bool) -> None:
    """Without a base a value beats an empty one; the hub may know the field already, know it empty, or not know it."""
    for hub in (SILENT, None, "A", "B"):
        for values in itertools.product((None, "A", "B", SILENT), repeat=3):
            said = dict(zip(SPOKES, values, strict=True))
            known = SILENT if fresh else hub
            words: dict[Any, frozenset[str]] = {known: frozenset()} if known in ("A", "B") else {}
            for spoke, value in said.items():
                if value in ("A", "B"):
                    words[value] = words.get(value, frozenset()) | {spoke}
            if not words.keys() - {known}:
                words = {}
            rest = None if known is SILENT and None in said.values() else known
            want = expected(law, words, rest, said, met=True)
            heard = {spoke for spoke, value in said.items() if value is not SILENT or want.hub is not None}
            check(law, hub, said, SILENT, Expected(**{**vars(want), "written": want.written & heard}), fresh=fresh)


def test_names_of_accounts_decide_nothing() -> None:
    """Another spelling of the accounts' names gives the same hub and the same question, told of other names."""
    renamed = dict(zip(SPOKES, ("z", "m", "k"), strict=True))
    for law in LAWS:
        if law.rule.name == "spokes":
            other = authority(*(renamed[spoke] for spoke in law.rule.spokes))
        else:
            other = Law(law.name, law.rule, law.winner, {renamed[spoke]: at for spoke, at in law.times.items()})
        for hub, said in cells("base", "A", "B"):
            ours = merge("u", hub_of(hub), [side(s, v, "base", law) for s, v in said.items()], unit(law.rule))
            named = [side(renamed[s], v, "base", other) for s, v in said.items()]
            theirs = merge("u", hub_of(hub), named, unit(other.rule))
            assert ours.hub == theirs.hub
            for one, two in itertools.zip_longest(ours.conflicts, theirs.conflicts):
                assert {renamed.get(name, name): value for name, value in one.values.items()} == dict(two.values)
                assert (one.status, one.rule, one.base) == (two.status, two.rule, two.base)
                if one.winner is not None and two.winner is not None and one.winner != "union":
                    assert one.values[one.winner] == two.values[two.winner]
