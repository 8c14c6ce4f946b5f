"""A cell of the merge table: what it should come to by a specification of a few lines, and what it does come to.

`expected` shares no code with the merge:

* a *word* is a value that has been said since the sides last agreed; those who say the same say one word;
* no word: nothing happens; one word: it is adopted; several: the rule decides between them, or a person must;
* whoever holds something else than the hub is written to, unless a person must decide first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.model.records import fields_of
from connector.model.routes import EntityRoutes, Route, Rule
from connector.model.states import Shadow, shadow_bytes
from connector.sync.merge import Merged, Side, Unit, merge, units_of
from connector.sync.plan import Target, push_values
from connector.sync.view import View
from connector.systems.base import Capabilities

SPOKES = ("a", "b", "c")
NOON = datetime.fromisoformat("2026-11-21T12:00:00+03:00")
TOLERANCE = 120.0


Words = Mapping[Any, frozenset[str]]
"""What has been said since the sides last agreed -> who says it."""


class _Silent:
    def __repr__(self) -> str:
        return "silent"


SILENT: Any = _Silent()
"""This spoke does not say; the hub does not know."""


def same(_name: str, one: Any, other: Any) -> bool:
    return bool(one == other)


def folded(_name: str, one: Any, other: Any) -> bool:
    """A spoke that re-spells: case does not count."""
    return bool(one == other or (isinstance(one, str) and isinstance(other, str) and one.lower() == other.lower()))


# -- the specification


@dataclass(frozen=True)
class Law:
    """A rule as the specification knows it: given the words, who says them, and which is the hub's, the winning one."""

    name: str
    rule: Rule
    winner: Callable[[Words, Any], Any]
    times: Mapping[str, datetime]


UNDECIDED: Any = object()


def authority(*spokes: str) -> Law:
    def winner(words: Words, _hub: Any) -> Any:
        heard = [word for word, speakers in words.items() if speakers & set(spokes)]
        return heard[0] if len(heard) == 1 else UNDECIDED

    return Law(f"authority {'+'.join(spokes)}", Rule("spokes", frozenset(spokes)), winner, {})


def latest(name: str, **seconds: float) -> Law:
    times = {spoke: NOON + timedelta(seconds=after) for spoke, after in seconds.items()}

    def winner(words: Words, hub: Any) -> Any:
        told = {word: [times[spoke] for spoke in speakers if spoke in times] for word, speakers in words.items()}
        if not all(told.values()):
            return UNDECIDED  # nobody tells when this was said
        if any(speakers - times.keys() for word, speakers in words.items() if word != hub):
            return UNDECIDED  # a new word counts only when all who say it tell; the hub's is as old as anyone tells
        said = sorted((max(moments), str(word)) for word, moments in told.items())
        if (said[-1][0] - said[-2][0]).total_seconds() <= TOLERANCE:
            return UNDECIDED
        return next(word for word in words if str(word) == said[-1][1])

    return Law(f"latest {name}", Rule("latest"), winner, times)


def by_hand() -> Law:
    return Law("manual", Rule("manual"), lambda _words, _hub: UNDECIDED, {})


def united() -> Law:
    def winner(words: Words, _hub: Any) -> Any:
        return "\n".join(sorted(word for word in words if word is not None))

    return Law("union", Rule("union"), winner, {})


LAWS = [
    authority("a"),
    authority("b"),
    authority("c"),
    authority("a", "c"),
    authority("a", "b", "c"),
    latest("far apart", a=0, b=600, c=1200),
    latest("turned", a=1200, b=0, c=600),
    latest("close", a=0, b=60, c=120),
    latest("two close", a=0, b=600, c=660),
    latest("without times"),
    latest("one without", a=0, b=600),
    by_hand(),
    united(),
]


@dataclass(frozen=True)
class Expected:
    hub: Any
    status: str | None
    values: Mapping[str, Any]
    rule: str | None
    written: frozenset[str]
    losers: frozenset[Any]


def expected(law: Law, words: Words, hub: Any, said: Mapping[str, Any], *, met: bool) -> Expected:
    """The specification. `words`: what has been said -> by whom; `hub`: what it holds while nothing is decided."""
    values = {name: word for word, speakers in words.items() for name in speakers or {"hub"}}
    if len(words) > 1:
        chosen = law.winner(words, hub)
        if chosen is UNDECIDED:
            return Expected(hub, "open", values, "manual", frozenset(), frozenset())
        rule = "first" if met and law.rule.name == "spokes" else law.rule.name
        losers = frozenset(word for word in words if word != chosen)
        return Expected(chosen, "resolved", values, rule, _others(said, chosen), losers)
    hub = next(iter(words), hub)
    return Expected(hub, None, {}, None, _others(said, hub), frozenset())


def _others(said: Mapping[str, Any], hub: Any) -> frozenset[str]:
    return frozenset(spoke for spoke, value in said.items() if value != hub)


# -- a cell as the merge knows it


def entity_routes(rule: Rule, together: Mapping[str, tuple[str, ...]] | None = None) -> EntityRoutes:
    grouped = {name for names in (together or {}).values() for name in names} or {"city"}
    every = {name: rule if name in grouped else Rule("none") for name in fields_of("customer")}
    routes = tuple(Route(entity="customer", spoke=spoke, account=spoke, kind=spoke) for spoke in SPOKES)
    return EntityRoutes(entity="customer", routes=routes, authority=every, together=together or {})


def unit(rule: Rule) -> tuple[Unit, ...]:
    return units_of(entity_routes(rule))


def agreed(base: Any) -> Shadow:
    shadow = Shadow()
    if base is not SILENT:
        shadow.agree("city", base, base)
    return shadow


def side(spoke: str, value: Any, base: Any, law: Law, equal: Any = same) -> Side:
    moment = law.times.get(spoke)
    values = {} if value is SILENT else {"city": value}
    return Side(spoke, values, agreed(base), equal, None if moment is None else moment.isoformat())


def written(law: Law, merged: Merged, sides: Iterable[Side]) -> frozenset[str]:
    """Whom the plan would write to after this merge."""
    routes = entity_routes(law.rule)
    by_spoke = {each.spoke: each for each in sides}
    view = View("u", "customer", merged.hub, [], by_spoke, conflicts=list(merged.conflicts))
    view.conflicts = [conflict for conflict in merged.conflicts if conflict.status == "open"]
    view.observed = {spoke: each.values for spoke, each in by_spoke.items()}
    targets = [Target(route, None, Capabilities(), frozenset({"city"})) for route in routes.routes]  # type: ignore[arg-type]
    return frozenset(
        target.route.spoke for target in targets if push_values(view, routes, target, by_spoke[target.route.spoke])
    )


def outcome(merged: Merged, sides: Iterable[Side]) -> tuple[Any, ...]:
    """Everything a merge came to, in a form that can be compared."""
    conflicts = [(c.field, c.base, dict(c.values), c.rule, c.winner, c.status) for c in merged.conflicts]
    shadows = {each.spoke: shadow_bytes(each.shadow) for each in sides}
    return dict(merged.hub), conflicts, shadows


def check(law: Law, hub: Any, said: Mapping[str, Any], base: Any, want: Expected, *, fresh: bool = False) -> None:
    """One cell: in every order of the spokes the merge does what the specification says, and doing it again nothing."""
    seen = []
    for order in itertools.permutations(SPOKES):
        sides = [side(spoke, said[spoke], base, law) for spoke in order]
        merged = merge("u", hub_of(hub), sides, unit(law.rule), entity="customer", fresh=fresh, tolerance=TOLERANCE)
        seen.append(outcome(merged, sides))
    assert all(each == seen[0] for each in seen[1:]), "the order of the spokes matters"
    _compare(law, merged, sides, want)
    _again(law, merged, sides, want)


def hub_of(value: Any) -> dict[str, Any]:
    return {} if value is SILENT else {"city": value}


def _compare(law: Law, merged: Merged, sides: list[Side], want: Expected) -> None:
    assert merged.hub.get("city", SILENT) == want.hub
    assert [conflict.status for conflict in merged.conflicts] == [want.status] * (want.status is not None)
    assert written(law, merged, sides) == want.written
    for conflict in merged.conflicts:
        assert dict(conflict.values) == dict(want.values)
        assert conflict.rule == want.rule
        assert want.losers <= set(conflict.values.values()), "a losing value is not in the log"
        assert (conflict.winner is None) == (conflict.status == "open")


def _again(law: Law, merged: Merged, sides: list[Side], want: Expected) -> None:
    """Merged once more, before and after the others have been written to: nothing moves any more."""
    opened = {str(conflict.field) for conflict in merged.conflicts if conflict.status == "open"}
    before = outcome(merged, sides)
    twice = merge("u", merged.hub, sides, unit(law.rule), entity="customer", open_units=opened, tolerance=TOLERANCE)
    after = outcome(twice, sides)
    assert (after[0], after[2]) == (before[0], before[2])
    assert [c.status for c in twice.conflicts] == ["open"] * (want.status == "open")
    assert not twice.vanished
    assert written(law, twice, sides) == want.written
    for each in sides:
        if each.spoke in want.written:
            each.values["city"] = merged.hub["city"]
            each.shadow.agree("city", merged.hub["city"], merged.hub["city"])
    settled = merge("u", merged.hub, sides, unit(law.rule), entity="customer", open_units=opened, tolerance=TOLERANCE)
    assert settled.hub == merged.hub
    assert written(law, settled, sides) == frozenset()
    assert [c.status for c in settled.conflicts] == ["open"] * (want.status == "open")


def cells(*states: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    for hub, *said in itertools.product(states, repeat=4):
        yield hub, dict(zip(SPOKES, said, strict=True))
