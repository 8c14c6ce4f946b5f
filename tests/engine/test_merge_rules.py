"""What the merge table does not show: spellings, fields that move together, deletions, questions, the rules alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from connector.model.routes import EntityRoutes, Rule
from connector.model.states import Shadow
from connector.sync.decide import Voice, decide
from connector.sync.merge import Merged, Side, Unit, merge, units_of
from tests.engine.cells import (
    LAWS,
    NOON,
    SPOKES,
    TOLERANCE,
    Law,
    authority,
    by_hand,
    cells,
    entity_routes,
    expected,
    folded,
    hub_of,
    same,
    side,
    unit,
    written,
)

# -- spelling


@pytest.mark.parametrize("law", [law for law in LAWS if law.rule.name != "union"], ids=lambda law: law.name)
def test_a_spelling_of_the_same_value_is_no_edit(law: Law) -> None:
    """Every cell once more: a spoke that re-spells what it holds has said nothing, and is not written to for it.

    (A union keeps every line as it is spelled.)
    """
    for hub, said in cells("base", "A", "B"):
        shown = {**said, "c": said["c"].swapcase()}
        results = []
        for values in (said, shown):
            sides = [side(spoke, value, "base", law, folded) for spoke, value in values.items()]
            merged = merge("u", hub_of(hub), sides, unit(law.rule), tolerance=TOLERANCE)
            asked = [(c.status, c.rule, sorted(c.values)) for c in merged.conflicts]
            results.append((merged.hub["city"].lower(), asked, written(law, merged, sides)))
        assert results[0] == results[1]


def test_a_new_spelling_becomes_the_base_of_its_own_spoke_only() -> None:
    law = authority("a")
    sides = [side("a", "Base", "Base", law), side("b", "BASE", "Base", law, folded), side("c", "Base", "Base", law)]
    merged = merge("u", {"city": "Base"}, sides, unit(law.rule))
    assert merged.hub == {"city": "Base"}
    assert merged.moved == {"b"}
    assert sides[1].shadow.spoke == {"city": "BASE"}
    assert sides[1].shadow.of_hub("city") == "Base"
    assert written(law, merged, sides) == frozenset()


# -- groups


GROUP = {"place": ("address", "city")}


def group_unit(rule: Rule) -> tuple[Unit, ...]:
    return units_of(entity_routes(rule, GROUP))


def part(spoke: str, base: Mapping[str, Any], **values: Any) -> Side:
    shadow = Shadow()
    for name, value in base.items():
        shadow.agree(name, value, value)
    return Side(spoke, dict(values), shadow, same)


PLACE = {"address": "base", "city": "base"}
TUPLES = [(address, city) for address in ("base", "A", "B") for city in ("base", "A", "B")]


@pytest.mark.parametrize("law", [authority("a"), authority("b", "c"), by_hand()], ids=lambda law: law.name)
def test_fields_of_a_group_move_together(law: Law) -> None:
    """Every pair of places in every spoke: the hub never holds a place that nobody lives at."""
    for places in itertools.product(TUPLES, repeat=3):
        said = dict(zip(SPOKES, places, strict=True))
        words: dict[Any, frozenset[str]] = {}
        for spoke, place in said.items():
            if place != ("base", "base"):
                words[place] = words.get(place, frozenset()) | {spoke}
        want = expected(law, words, ("base", "base"), said, met=False)
        for order in (SPOKES, SPOKES[::-1]):
            sides = [part(spoke, PLACE, address=said[spoke][0], city=said[spoke][1]) for spoke in order]
            merged = merge("u", dict(PLACE), sides, group_unit(law.rule))
            assert (merged.hub["address"], merged.hub["city"]) == want.hub, (law, said)
            assert [c.status for c in merged.conflicts] == [want.status] * (want.status is not None)
            for conflict in merged.conflicts:
                assert conflict.field == "place"
                named = {s: {"address": v[0], "city": v[1]} for s, v in want.values.items()}
                assert dict(conflict.values) == named


@pytest.mark.parametrize("silent", SPOKES)
@pytest.mark.parametrize("law", [authority(spoke) for spoke in SPOKES] + [by_hand()], ids=lambda law: law.name)
def test_a_spoke_that_knows_a_part_of_a_group_hides_nothing(law: Law, silent: str) -> None:
    """One says the address alone, others address and city: what the city says is adopted, or stands in the log."""
    other, third = (spoke for spoke in SPOKES if spoke != silent)
    for address, city, rest in itertools.product(("A", "B"), ("A", "B", "base"), ("base", "A", "B")):
        for order in itertools.permutations(SPOKES):
            sides = {
                silent: part(silent, {"address": "base"}, address="A"),
                other: part(other, PLACE, address=address, city=city),
                third: part(third, PLACE, address="A" if rest != "base" else "base", city=rest),
            }
            merged = merge("u", dict(PLACE), [sides[spoke] for spoke in order], group_unit(law.rule))
            logged = [value for conflict in merged.conflicts for value in conflict.values.values()]
            for spoke in (other, third):
                said = {"address": sides[spoke].values["address"], "city": sides[spoke].values["city"]}
                kept = all(merged.hub[name] == value for name, value in said.items())
                assert kept or said == PLACE or said in logged, (law.name, order, sides, merged.hub)


def test_parts_that_do_not_contradict_are_put_together() -> None:
    for order in itertools.permutations(SPOKES):
        sides = {
            "a": part("a", {"address": "base"}, address="A"),
            "b": part("b", PLACE, address="A", city="B"),
            "c": part("c", {"city": "base"}, city="B"),
        }
        merged = merge("u", dict(PLACE), [sides[spoke] for spoke in order], group_unit(Rule("manual")))
        assert merged.hub == {"address": "A", "city": "B"}
        assert not merged.conflicts
        assert not any(each.shadow.overruled for each in sides.values())


# -- deletion


def living(spoke: str, **values: Any) -> Side:
    base = {"city": "base", "active": True}
    return part(spoke, base, **{**base, **values})


def deleted(spoke: str) -> Side:
    return replaced(living(spoke), active=False)


def replaced(each: Side, **values: Any) -> Side:
    each.values = dict(values)
    each.gone = True
    return each


DELETION = entity_routes(Rule("spokes", frozenset({"a"})))
DELETION_UNITS = units_of(
    EntityRoutes(
        entity="customer",
        routes=DELETION.routes,
        authority={**DELETION.authority, "active": Rule("spokes", frozenset({"a"}))},
        together={},
    )
)


def edited(spoke: str) -> Side:
    return living(spoke, city="A")


MADE: Mapping[str, Callable[[str], Side]] = {"untouched": living, "deleted": deleted, "edited": edited}


def test_every_cell_of_a_deletion() -> None:
    """Each spoke is untouched, deleted or edited: deletions alone are carried, a deletion against an edit is asked."""
    for states in itertools.product(("untouched", "deleted", "edited"), repeat=3):
        said = dict(zip(SPOKES, states, strict=True))
        for order in itertools.permutations(SPOKES):
            sides = [MADE[said[spoke]](spoke) for spoke in order]
            merged = merge("u", {"city": "base", "active": True}, sides, DELETION_UNITS)
            gone, changed = "deleted" in states, "edited" in states
            assert merged.hub["city"] == ("A" if changed else "base")
            assert merged.hub["active"] == (not gone or changed)
            asked = [(c.field, c.status, c.rule) for c in merged.conflicts]
            assert asked == ([("active", "open", "manual")] if gone and changed else [])
            for conflict in merged.conflicts:
                shown = {spoke: state != "deleted" for spoke, state in said.items()}
                assert shown.items() >= dict(conflict.values).items()
                assert set(conflict.values.values()) == {True, False}, "the question shows both answers"
            _keep_asking(merged, sides, gone and changed)


def _keep_asking(merged: Merged, sides: list[Side], asked: bool) -> None:
    """The edit is no news in the next merge; the question is the same as long as the deletion stands."""
    opened = {"active"} if asked else set()
    again = merge("u", merged.hub, sides, DELETION_UNITS, open_units=opened)
    assert again.hub == merged.hub
    assert [c.field for c in again.conflicts] == ["active"] * asked
    if asked:
        for each in sides:
            if each.gone:
                each.values, each.gone = {"city": "base", "active": True}, False
        back = merge("u", merged.hub, sides, DELETION_UNITS, open_units=opened)
        assert back.vanished == ["active"], "what reappears needs no answer"
        assert not back.conflicts


def test_an_open_question_vanishes_when_the_sides_agree_by_themselves() -> None:
    law = by_hand()
    sides = [side("a", "A", "base", law), side("b", "B", "base", law), side("c", "base", "base", law)]
    first = merge("u", {"city": "base"}, sides, unit(law.rule))
    assert [c.status for c in first.conflicts] == ["open"]
    sides[0].values["city"] = "B"
    second = merge("u", first.hub, sides, unit(law.rule), open_units={"city"})
    assert second.vanished == ["city"]
    assert second.hub == {"city": "B"}
    assert not second.conflicts
    assert written(law, second, sides) == {"c"}
    assert merge("u", second.hub, sides, unit(law.rule)).vanished == []


def test_a_question_is_asked_anew_with_the_values_of_today() -> None:
    law = by_hand()
    sides = [side("a", "A", "base", law), side("b", "B", "base", law), side("c", "base", "base", law)]
    merge("u", {"city": "base"}, sides, unit(law.rule))
    sides[0].values["city"] = "C"
    (conflict,) = merge("u", {"city": "base"}, sides, unit(law.rule), open_units={"city"}).conflicts
    assert dict(conflict.values) == {"a": "C", "b": "B"}
    assert conflict.base == "base"


def test_only_what_waits_waits() -> None:
    """Another field of the same record travels while one is asked about."""
    rules = {**entity_routes(Rule("manual")).authority, "city": Rule("manual"), "address": Rule("manual")}
    routes = EntityRoutes(entity="customer", routes=DELETION.routes, authority=rules, together={})
    sides = [
        part("a", PLACE, address="base", city="A"),
        part("b", PLACE, address="A", city="B"),
        part("c", PLACE, address="base", city="base"),
    ]
    merged = merge("u", dict(PLACE), sides, units_of(routes))
    assert merged.hub == {"address": "A", "city": "base"}
    assert [c.field for c in merged.conflicts] == ["city"]


# -- the rules by themselves


words_st = st.lists(
    st.builds(
        Voice,
        name=st.sampled_from("abcdef"),
        value=st.tuples(st.sampled_from(["A", "B", "C\nA", None])),
        spokes=st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=2),
        changed_at=st.none() | st.integers(0, 2000).map(lambda s: (NOON + timedelta(seconds=s)).isoformat()),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda voice: voice.name,
)
rules_st = st.sampled_from([law.rule for law in LAWS])


def alike(one: Voice, other: Voice) -> bool:
    return one.value == other.value


@settings(max_examples=300, deadline=None)
@given(rule=rules_st, voices=words_st, order=st.randoms())
def test_the_order_of_voices_decides_nothing(rule: Rule, voices: list[Voice], order: Any) -> None:
    shuffled = list(voices)
    order.shuffle(shuffled)
    one, other = (decide(rule, each, alike, TOLERANCE) for each in (voices, shuffled))
    assert (None if one is None else one.value) == (None if other is None else other.value)


@settings(max_examples=300, deadline=None)
@given(rule=rules_st, voices=words_st)
def test_what_wins_has_been_said(rule: Rule, voices: list[Voice]) -> None:
    won = decide(rule, voices, alike, TOLERANCE)
    if won is None:
        return
    lines = {line for voice in voices for part in voice.value if part for line in part.splitlines()}
    assert set((won.value[0] or "").splitlines()) <= lines
    if rule.name == "union":
        assert set((won.value[0] or "").splitlines()) == lines
    else:
        assert (won.name, won.value) in {(voice.name, voice.value) for voice in voices}


def test_times_with_different_offsets_are_one_time() -> None:
    early = Voice("a", ("A",), frozenset("a"), "2026-11-21T12:00:00+03:00")
    late = Voice("b", ("B",), frozenset("b"), "2026-11-21T10:00:00+00:00")
    assert decide(Rule("latest"), [early, late], alike, TOLERANCE) == late


def test_only_texts_are_united() -> None:
    voices = [Voice("a", (True,), frozenset("a")), Voice("b", (False,), frozenset("b"))]
    assert decide(Rule("union"), voices, alike, TOLERANCE) is None


def test_a_link_is_not_needed_for_a_merge() -> None:
    """The merge knows nothing of links: a record without any side keeps what it has."""
    merged = merge("u", {"city": "A"}, [], unit(Rule("manual")))
    assert (merged.hub, merged.conflicts, merged.moved) == ({"city": "A"}, [], set())
