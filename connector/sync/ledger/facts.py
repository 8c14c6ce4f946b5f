"""What becomes of a fact when it is seen again. Pure: a view in, the hub's values, shadows and conflicts out.

Until it has been told anywhere the hub follows its source. Afterwards its facts stand: other content is a conflict of
kind "document", which one side or several may raise, and which waits for a person. What goes with a fact (delivery,
payment, comment) is taken over as it comes; its status flow is merged by the rules of mirrors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.model.records import ENTITIES
from connector.model.states import Conflict
from connector.model.values import ABSENT
from connector.sync.ledger.view import LedgerView, Told, document_question
from connector.sync.merge import Side, Unit, merge

_STATES: Final = ("cancelled", "shipped", "paid")
_TELLING: Final = ("number_1c", "posted")


@dataclass(slots=True)
class Settled:
    """What settling came to; shadows are moved in place. `vanished` are open conflicts that are no more."""

    conflicts: list[Conflict] = field(default_factory=list)
    vanished: list[Conflict] = field(default_factory=list)


def settle(view: LedgerView, resolved: Mapping[str, Any], units: Sequence[Unit], tolerance: float) -> Settled:
    """Settle one fact. `resolved` holds the hub's values for what its source says in ids of its own."""
    settled = Settled()
    entity = ENTITIES[view.entity]
    notes = frozenset(entity.__struct_encode_fields__) - entity.facts - entity.flow - entity.shown - {"status"}
    if view.source is not None:
        _follow(view, view.source, resolved, notes | (frozenset() if view.told else entity.facts))
        if view.told:
            _first_words(view, view.source, resolved, entity.facts)
            _forgive(view.source, entity.facts)
    for target in view.targets.values():
        _judge(target)
        _read_back(target, entity.facts)
    _question(view, entity.facts, settled)
    _flow(view, units, tolerance, settled)
    _state(view)
    return settled


def _follow(view: LedgerView, source: Told, resolved: Mapping[str, Any], names: frozenset[str]) -> None:
    """Take over what the source says of these, and forget what it says no more."""
    for name in names:
        if name in source.values:
            view.hub[name] = resolved.get(name, source.values[name])
            source.link.shadow.agree(name, source.values[name], source.values[name])
            if view.hub[name] is ABSENT:
                del view.hub[name]
        else:
            view.hub.pop(name, None)
            source.link.shadow.forget(name)


def _first_words(view: LedgerView, source: Told, resolved: Mapping[str, Any], facts: frozenset[str]) -> None:
    """A fact that the source did not speak of when it was agreed, and a reference that is understood only now."""
    for name in facts & source.values.keys():
        known = resolved.get(name, source.values[name])
        if not source.link.shadow.has(name):
            source.link.shadow.agree(name, source.values[name], source.values[name])
            view.hub.setdefault(name, known)
        elif name not in view.hub and known is not ABSENT and name not in source.changed(facts):
            view.hub[name] = known
        if view.hub.get(name) is ABSENT:
            del view.hub[name]


def _forgive(source: Told, facts: frozenset[str]) -> None:
    """What a person has decided against is over when the source says again what was agreed."""
    shadow = source.link.shadow
    for name in facts & source.values.keys() & shadow.overruled.keys():
        if shadow.has(name) and source.equal(name, source.values[name], shadow.spoke[name]):
            del shadow.overruled[name]


def _judge(target: Told) -> None:
    """The first sight after our write: what stands as it stood before was not taken, and is nobody's edit."""
    shadow = target.link.shadow
    if target.link.stale:
        return
    for name, before in shadow.before.items():
        if name not in target.values or not shadow.has(name) or target.same(name, before, shadow.spoke[name]):
            continue
        if target.same(name, target.values[name], before):
            shadow.overruled[name] = target.values[name]
            shadow.ignored[name] = shadow.ignored.get(name, 0) + 1
    shadow.before = {}


def _read_back(target: Told, facts: frozenset[str]) -> None:
    """What a target first says of its document: in its own spelling, or of what we have not told it.

    What waits for our write, by a person's decision, goes on waiting.
    """
    shadow = target.link.shadow
    for name in (facts & target.values.keys()) - shadow.overruled.keys():
        if not shadow.has(name) or (name != "lines" and target.equal(name, target.values[name], shadow.spoke[name])):
            shadow.agree(name, target.values[name], target.values[name])  # lines stay as they were told: they say more


def _question(view: LedgerView, facts: frozenset[str], settled: Settled) -> None:
    """One question for all that differs from what was agreed; it goes when nothing does."""
    sides = view.sides
    changes = {side.link.spoke: side.changed(facts) for side in sides} if view.told else {}
    names = sorted({name for change in changes.values() for name in change})
    if "lines" in names and "total" not in names:
        names.append("total")  # what the lines come to is shown in any case
    held = view.question(None)
    if not names:
        if held is not None:
            settled.vanished.append(held)
            view.conflicts.remove(held)
        return
    base = {name: _agreed(sides, changes, name) for name in names if any(one.link.shadow.has(name) for one in sides)}
    values = {side.link.spoke: said for side in sides if (said := says(side, names))}
    conflict = document_question(view, None, values, base)
    settled.conflicts.append(conflict)
    if held is None:
        view.conflicts.append(conflict)


def _agreed(sides: Sequence[Told], changes: Mapping[str, Mapping[str, Any]], name: str) -> Any:
    """What the first side that says otherwise had agreed to, else what any side had."""
    ordered = sorted(sides, key=lambda side: name not in changes[side.link.spoke])
    return next(side.link.shadow.spoke[name] for side in ordered if side.link.shadow.has(name))


def says(side: Told, names: Sequence[str]) -> dict[str, Any]:
    """What a side says of these now; where it is not read there, what it was told."""
    shadow = side.link.shadow
    return {
        name: side.values[name] if name in side.values else shadow.spoke[name]
        for name in names
        if name in side.values or shadow.has(name)
    }


def _flow(view: LedgerView, units: Sequence[Unit], tolerance: float, settled: Settled) -> None:
    """The status flow is a mirror of its own."""
    flow = ENTITIES[view.entity].flow
    told = view.sides
    sides = [
        Side(
            side.link.spoke,
            {name: value for name, value in side.values.items() if name in flow},
            side.link.shadow,
            side.equal,
            side.link.changed_at,
        )
        for side in told
    ]
    waiting = {one.field for one in view.conflicts if one.kind == "field" and one.field}
    merged = merge(view.uid, view.hub, sides, units, entity=view.entity, open_units=waiting, tolerance=tolerance)
    view.hub = merged.hub
    settled.conflicts.extend(merged.conflicts)
    settled.vanished.extend(one for one in view.conflicts if one.kind == "field" and one.field in merged.vanished)


def _state(view: LedgerView) -> None:
    """What follows from the rest: the status (V-18), and what the first target says of its document."""
    if any(name in view.hub for name in _STATES):
        view.hub["status"] = next((name for name in _STATES if view.hub.get(name) is True), "new")
    for name in _TELLING:
        said = [view.targets[spoke].values.get(name) for spoke in sorted(view.targets)]
        value = next((one for one in said if one is not None), None)
        if value is not None:
            view.hub[name] = value
        else:
            view.hub.pop(name, None)
