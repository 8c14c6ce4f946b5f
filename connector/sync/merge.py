"""The three-way merge, field by field, of one record over all its spokes at once. Pure.

For every unit (a field, or fields that are declared to move together) and every spoke that speaks of it:

* what it holds equals what it held when it last agreed          -> it has not changed
* it has lost against the hub before and still holds that value   -> it waits for our write
* it holds something else                                         -> its word is a candidate
* it never agreed (first meeting) and holds a value               -> its word is a candidate; an empty value is not

One distinct candidate is adopted. Where candidates differ (or the hub has moved since a changing spoke last agreed, so
that the hub's own value is a candidate too) the rule decides and a conflict is written with all values; where the rule
cannot decide, the field waits for a person: the hub keeps what it has, every spoke keeps its own. The result never
depends on the order of the spokes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.model.records import fields_of, merged_fields
from connector.model.routes import EntityRoutes, Rule
from connector.model.states import Conflict, Shadow
from connector.model.values import ABSENT
from connector.sync.decide import Voice, decide, united

HUB: Final = "hub"
Equal = Callable[[str, Any, Any], bool]
_MANUAL: Final = Rule("manual")


@dataclass(slots=True)
class Side:
    """What one spoke says of a record now, and the shadow of its route. References are hub uids already."""

    spoke: str
    values: dict[str, Any]
    shadow: Shadow
    equal: Equal
    changed_at: str | None = None
    gone: bool = False


@dataclass(slots=True)
class Merged:
    """What a merge came to. Shadows are those of the sides, moved in place; `moved` names the spokes concerned."""

    hub: dict[str, Any]
    changed: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    conflicts: list[Conflict] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Unit:
    """One field, or several that move together under one name."""

    name: str
    fields: tuple[str, ...]
    rule: Rule

    def of(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values.get(name, ABSENT) for name in self.fields)

    def shown(self, value: tuple[Any, ...]) -> Any:
        """How a conflict row keeps a value: plain for a field, by name for a group."""
        if len(self.fields) == 1:
            return None if value[0] is ABSENT else value[0]
        return {name: part for name, part in zip(self.fields, value, strict=True) if part is not ABSENT}


def units_of(routes: EntityRoutes) -> tuple[Unit, ...]:
    """The units of an entity, in the order of its fields. Fields that are not carried or derived have none."""
    grouped = {name: (group, names) for group, names in routes.together.items() for name in names}
    units: dict[str, Unit] = {}
    for name in fields_of(routes.entity):
        rule = routes.authority[name]
        if rule.name == "none" or name not in merged_fields(routes.entity):
            continue
        group, names = grouped.get(name, (name, (name,)))
        carried = tuple(name for name in names if routes.authority[name].name != "none")
        units.setdefault(group, Unit(group, carried, rule))
    return tuple(units.values())


def merge(
    uid: str,
    hub: Mapping[str, Any],
    sides: Sequence[Side],
    units: Sequence[Unit],
    *,
    entity: str = "",
    fresh: bool = False,
    open_units: Iterable[str] = (),
    tolerance: float = 120.0,
) -> Merged:
    """Merge all sides of one record.

    `fresh` says that the hub is nothing but the first sight of one spoke: then all spokes meet as equals.
    `open_units` are those that already wait for a person.
    """
    ordered = sorted(sides, key=lambda side: side.spoke)
    merged = Merged(dict(hub))
    if fresh:
        _meet_anew(merged, ordered, units)
    waiting = set(open_units)
    work = [_Work(unit, merged, ordered) for unit in units]
    edits = {name for item in work if item.unit.name != "active" for name in item.candidates}
    for item in work:
        undecided = item.settle(uid, entity, edits, waiting, tolerance)
        if not undecided and item.unit.name in waiting:
            merged.vanished.append(item.unit.name)
    merged.changed = {name for name in {*hub, *merged.hub} if hub.get(name, ABSENT) != merged.hub.get(name, ABSENT)}
    return merged


def _meet_anew(merged: Merged, sides: Sequence[Side], units: Sequence[Unit]) -> None:
    carried = [name for unit in units for name in unit.fields]
    for side in sides:
        for name in carried:
            side.shadow.forget(name)
        merged.moved.add(side.spoke)
    for name in carried:
        merged.hub.pop(name, None)


class _Work:
    """One unit of one record: who speaks, who is a candidate, what becomes of it."""

    def __init__(self, unit: Unit, merged: Merged, sides: Sequence[Side]) -> None:
        self.unit = unit
        self.merged = merged
        self.speaking = [side for side in sides if any(name in side.values for name in unit.fields)]
        self.candidates: dict[str, Side] = {}
        self.changed: set[str] = set()
        for side in self.speaking:
            self._look(side)

    def _look(self, side: Side) -> None:
        present = [name for name in self.unit.fields if name in side.values]
        agreed = [name for name in present if side.shadow.has(name)]
        if agreed and all(self._unchanged(side, name) for name in agreed) and len(agreed) == len(present):
            return
        if self._overruled(side, present):
            return
        if agreed:
            self._look_known(side, present)
        else:
            self._look_first(side, present)

    def _unchanged(self, side: Side, name: str) -> bool:
        held = side.shadow.spoke[name]
        value = side.values[name]
        if value == held:
            return True
        if not side.equal(name, value, held):
            return False
        hub = side.shadow.of_hub(name)
        side.shadow.agree(name, hub, value)
        self.merged.moved.add(side.spoke)
        return True

    def _overruled(self, side: Side, present: Sequence[str]) -> bool:
        lost = side.shadow.overruled
        return any(name in lost for name in present) and all(
            side.equal(name, side.values[name], lost.get(name, side.shadow.spoke.get(name, side.values[name])))
            for name in present
        )

    def _look_known(self, side: Side, present: Sequence[str]) -> None:
        if self._equals_hub(side, present):
            self._agree(side)
            return
        new = [name for name in present if not side.shadow.has(name)]
        moved = [name for name in present if side.shadow.has(name) and not self._unchanged(side, name)]
        if moved:
            self.candidates[side.spoke] = side
            self.changed.add(side.spoke)
        elif any(side.values[name] is not None for name in new):
            self.candidates[side.spoke] = side

    def _look_first(self, side: Side, present: Sequence[str]) -> None:
        if self._equals_hub(side, present):
            self._agree(side)
        elif any(side.values[name] is not None for name in present):
            self.candidates[side.spoke] = side
        elif all(self.merged.hub.get(name, ABSENT) is ABSENT for name in present):
            self._adopt(side)
            self._agree(side)

    def _equals_hub(self, side: Side, present: Sequence[str]) -> bool:
        hub = self.merged.hub
        return all(name in hub and side.equal(name, side.values[name], hub[name]) for name in present)

    def _agree(self, side: Side) -> None:
        for name in self.unit.fields:
            if name in side.values and name in self.merged.hub:
                side.shadow.agree(name, self.merged.hub[name], side.values[name])
        self.merged.moved.add(side.spoke)

    def _adopt(self, side: Side) -> None:
        for name in self.unit.fields:
            if name in side.values:
                self.merged.hub[name] = side.values[name]

    # deciding

    def settle(self, uid: str, entity: str, edits: set[str], waiting: set[str], tolerance: float) -> bool:
        """Decide this unit; True when a person must."""
        if not self.candidates:
            return False
        forced = self._deletion_meets_edit(edits, waiting)
        voices = self._voices()
        if not forced and (word := united(voices, self._alike)) is not None:
            self._take(word)
            return False
        rule = _MANUAL if forced else self.unit.rule
        winner = decide(rule, voices, self._alike, tolerance)
        self._log(uid, entity, voices, self._label(rule, winner), winner)
        if winner is not None:
            self._take(winner)
        return winner is None

    def _label(self, rule: Rule, winner: Voice | None) -> str:
        if winner is None:
            return "manual"
        return rule.name if self.changed or rule.name != "spokes" else "first"

    def _voices(self) -> list[Voice]:
        """Each candidate's word, and the hub's own where it has moved since a candidate last agreed with it."""
        voices = [
            Voice(spoke, self.unit.of(side.values), frozenset({spoke}), side.changed_at)
            for spoke, side in self.candidates.items()
        ]
        if self._hub_speaks():
            voices.append(self._hub_voice())
        return voices

    def _hub_voice(self) -> Voice:
        value = self.unit.of(self.merged.hub)
        holders = [side for side in self.speaking if side.spoke not in self.candidates and self._holds(side, value)]
        moments = [side.changed_at for side in holders if side.changed_at is not None]
        spokes = frozenset(side.spoke for side in holders)
        return Voice(min(spokes, default=HUB), value, spokes, max(moments, default=None))

    def _holds(self, side: Side, value: tuple[Any, ...]) -> bool:
        return _same(side, self.unit, self.unit.of(side.values), value)

    def _alike(self, one: Voice, other: Voice) -> bool:
        """Whether two voices say the same by the own equality of any spoke that holds either."""
        judges = [side for side in self.speaking if side.spoke in one.spokes | other.spokes]
        return one.value == other.value or any(_same(side, self.unit, one.value, other.value) for side in judges)

    def _hub_speaks(self) -> bool:
        hub = self.unit.of(self.merged.hub)
        if all(part is ABSENT for part in hub):
            return False
        known_empty = all(part is None or part is ABSENT for part in hub)
        for side in self.candidates.values():
            if side.spoke not in self.changed:
                if not known_empty:
                    return True
            elif any(self._hub_moved(side, name) for name in self.unit.fields):
                return True
        return False

    def _hub_moved(self, side: Side, name: str) -> bool:
        if name not in self.merged.hub or not side.shadow.has(name):
            return False
        if name in side.shadow.before:  # it differs from what we have just written: cut off, or edited since
            return not side.equal(name, side.values.get(name), self.merged.hub[name])
        return not side.equal(name, side.shadow.of_hub(name), self.merged.hub[name])

    def _deletion_meets_edit(self, edits: set[str], waiting: set[str]) -> bool:
        if self.unit.name != "active":
            return False
        gone = {spoke for spoke, side in self.candidates.items() if side.values.get("active") is False}
        return bool(gone) and (bool(edits - gone) or "active" in waiting)

    def _log(self, uid: str, entity: str, voices: list[Voice], rule: str, winner: Voice | None) -> None:
        values: dict[str, Any] = {}
        for voice in voices:
            for name in voice.spokes or {HUB}:
                values[name] = self.unit.shown(voice.value)
        if all(voice.value == voices[0].value for voice in voices):
            # a deletion against edits of other fields: show that the others still hold the record
            values.update((side.spoke, self.unit.shown(self.unit.of(side.values))) for side in self.speaking)
        self.merged.conflicts.append(
            Conflict(
                kind="field",
                entity=entity,
                uid=uid,
                field=self.unit.name,
                base=self._base(),
                values=dict(sorted(values.items())),
                rule=rule,
                winner=None if winner is None else winner.name,
                status="open" if winner is None else "resolved",
                by=None if winner is None else "rule",
            )
        )

    def _base(self) -> Any:
        for spoke in sorted(self.changed):
            shadow = self.candidates[spoke].shadow
            return self.unit.shown(
                tuple(shadow.of_hub(name) if shadow.has(name) else ABSENT for name in self.unit.fields)
            )
        return None

    def _take(self, voice: Voice) -> None:
        """The hub takes this word; those who hold the same agree, the others wait for our write."""
        for name, part in zip(self.unit.fields, voice.value, strict=True):
            if part is not ABSENT:
                self.merged.hub[name] = part
        self._spread()

    def _spread(self) -> None:
        for side in self.candidates.values():
            present = [name for name in self.unit.fields if name in side.values]
            if self._equals_hub(side, present):
                self._agree(side)
                continue
            for name in present:
                side.shadow.overruled[name] = side.values[name]
            self.merged.moved.add(side.spoke)


def _same(side: Side, unit: Unit, one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return all(
        a is ABSENT or b is ABSENT or side.equal(name, a, b) for name, a, b in zip(unit.fields, one, other, strict=True)
    )
