"""What to write where, so that every spoke holds what the hub holds. Pure.

Comparing is all there is: a field is written where the spoke's value differs from the hub's and the two have not
agreed on that difference (a spoke's own spelling). What cannot be written now waits with its reason; what must never be
written is refused with its reason; neither is tried blindly.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connector.mapping import Mapping
from connector.model.records import as_dict
from connector.model.routes import EntityRoutes, Route, Scope
from connector.model.states import Operation, Verb
from connector.sync.identity import findable
from connector.sync.merge import Side
from connector.sync.view import View
from connector.sync.waits import Wait, Waits
from connector.systems.base import Capabilities

TRIES = 1
"""A field that a system does not keep is written once more; after that it waits for a person."""


@dataclass(frozen=True, slots=True)
class Target:
    """One writing route with all that planning needs to know of it."""

    route: Route
    mapping: Mapping
    capabilities: Capabilities
    writable: frozenset[str]


@dataclass(slots=True)
class Planned:
    operations: list[Operation] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Around:
    """What planning must know beyond the record itself."""

    targets: Map[tuple[str, str, str], str]
    """(spoke, entity, uid) -> external id there, of the records referred to."""
    shared: Map[tuple[str, str], Sequence[str]]
    """(scheme, value) -> the records that carry it."""
    coming: Map[tuple[str, str, str], str] = field(default_factory=dict)
    """(spoke, entity, uid) -> the operation that will create it there, of the records referred to."""
    doubted: Map[str, frozenset[str]] = field(default_factory=dict)
    """uid -> the spokes where a record lives that may be the same one: nothing is created there for it."""


def plan(view: View, routes: EntityRoutes, targets: Sequence[Target], around: Around) -> Planned:
    """The operations for one record, over all writing routes."""
    planned = Planned()
    for target in targets:
        if view.open_operation(target.route.spoke):
            continue
        link = view.link(target.route.spoke)
        if link is None:
            _plan_create(view, routes, target, around, planned)
        elif not link.gone:
            _plan_update(view, routes, target, around, planned)
            _plan_stamp(view, target, planned)
    return planned


def push_values(view: View, routes: EntityRoutes, target: Target, side: Side | None) -> dict[str, Any]:
    """The hub values that this spoke lacks or holds differently without having agreed to."""
    waiting = view.waiting_units
    grouped = {name: group for group, names in routes.together.items() for name in names}
    return {
        name: value
        for name, value in view.hub.items()
        if name in target.writable
        and name not in waiting
        and grouped.get(name) not in waiting
        and _differs(view, target, side, name, value)
    }


def _differs(view: View, target: Target, side: Side | None, name: str, value: Any) -> bool:
    if side is None:
        return value is not None
    seen = view.observed.get(target.route.spoke, {})
    shadow = side.shadow
    if name in view.unresolved.get(target.route.spoke, ()) or name in view.unreadable.get(target.route.spoke, ()):
        return False  # what stands there is not understood: nobody may overwrite it
    if shadow.ignored.get(name, 0) > TRIES:
        return False
    if value is None and not shadow.has(name) and name not in shadow.overruled:
        return False  # an empty value never overwrites what was never agreed on nor decided
    if name in seen:
        if side.equal(name, seen[name], value):
            return False
        if name in shadow.overruled:
            return True
    return not (shadow.has(name) and side.equal(name, shadow.of_hub(name), value))


def _refer(target: Target, around: Around, patch: dict[str, Any]) -> tuple[str, ...]:
    """Take out the references that cannot be written yet; the operations that the others must come after."""
    after = []
    for name, entity in target.mapping.references.items():
        uid = patch.get(name)
        key = (target.route.spoke, entity, str(uid))
        if isinstance(uid, str) and key not in around.targets:
            if key in around.coming:
                after.append(around.coming[key])
            else:
                del patch[name]
    return tuple(after)


def _plan_update(view: View, routes: EntityRoutes, target: Target, around: Around, planned: Planned) -> None:
    if not target.capabilities.can_update:
        return
    side = view.sides[target.route.spoke]
    waits = Waits(view, routes, target.route)
    patch = push_values(view, routes, target, side)
    for name, times in side.shadow.ignored.items():
        if times > TRIES:
            link = view.link(target.route.spoke)
            planned.waits.append(waits.ignored(name, "" if link is None else link.external_id))
    after = _refer(target, around, patch)
    seen = view.observed.get(target.route.spoke, {})
    leaving = patch.get("active") is False
    if leaving and target.route.deletion == "never":
        del patch["active"]
        leaving = False
    if leaving and target.route.deletion == "delete" and target.capabilities.can_delete:
        patch = {"active": False}
    patch = _sayable(view, target, patch, planned, waits)
    for name in _taken(view, target, around, patch, planned, waits):
        del patch[name]
    if not patch:
        return
    link = view.link(target.route.spoke)
    _offer(
        view,
        target,
        planned,
        "deactivate" if leaving else "update",
        patch,
        seen,
        None if link is None else link.external_id,
        after,
    )


def _plan_create(view: View, routes: EntityRoutes, target: Target, around: Around, planned: Planned) -> None:
    route, can = target.route, target.capabilities
    if not (route.create and can.can_create) or view.held or view.hub.get("active") is False:
        return
    if route.spoke in around.doubted.get(view.uid, ()):
        return
    if not in_scope(view, route) or not _may_feed(view, routes, route):
        return
    waits = Waits(view, routes, route)
    patch = push_values(view, routes, target, None)
    after = _refer(target, around, patch)
    patch.pop("active", None)
    patch = _sayable(view, target, patch, planned, waits)
    given = target.mapping.defaulted
    lacking = [name for name in can.required if patch.get(name) is None and name not in given]
    if lacking:
        planned.waits.append(waits.lacks(lacking[0]))
        return
    if _taken(view, target, around, patch, planned, waits):
        return
    if not _could_be_found(view, can, around, patch):
        planned.waits.append(_not_found_again(view, can, around, patch, waits))
        return
    _offer(view, target, planned, "create", patch, {}, None, after)


def _could_be_found(view: View, can: Capabilities, around: Around, patch: Map[str, Any]) -> bool:
    """By what is really written: a key that waits in a question would not be there."""
    if can.keeps_reference or can.repeat.get("create") == "same":
        return True
    keys = findable(view.entity, patch, can.find_by)
    return any(len(around.shared.get(key, ())) <= 1 for key in keys)


def _not_found_again(view: View, can: Capabilities, around: Around, patch: Map[str, Any], waits: Waits) -> Wait:
    """Why it could not be found by what would be written: there is nothing, or others carry it too."""
    carried = findable(view.entity, patch, can.find_by)
    others = sorted({uid for key in carried for uid in around.shared.get(key, ()) if uid != view.uid})
    return waits.shared([scheme for scheme, _ in carried], others) if others else waits.nameless(can.find_by)


def _taken(
    view: View, target: Target, around: Around, patch: Map[str, Any], planned: Planned, waits: Waits
) -> list[str]:
    """The fields that the remote would refuse: a unique value that another record carries too."""
    found = []
    for name in target.capabilities.unique:
        scheme = "card_uid" if name == "uid" else name
        value = patch.get(name)
        others = [uid for uid in around.shared.get((scheme, str(value)), ()) if uid != view.uid]
        old = None if value is None else _old_row(view, target, name, value)
        if value is not None and (others or old is not None):
            found.append(name)
            planned.waits.append(waits.taken(name, others) if others else waits.in_old_row(name, str(old)))
    return found


def _old_row(view: View, target: Target, name: str, value: Any) -> str | None:
    """The id of another row there, of a record that was merged into this one, that carries the value."""
    spoke, mapping = target.route.spoke, target.mapping
    for link in view.links:
        if link.spoke == spoke and not link.primary and not link.gone and link.seen:
            row: dict[str, Any] = as_dict(mapping.read(msgspec.json.decode(link.seen), []))
            if name in row and mapping.equal(name, row[name], value):
                return link.external_id
    return None


def _sayable(view: View, target: Target, patch: dict[str, Any], planned: Planned, waits: Waits) -> dict[str, Any]:
    """The part of a patch that this system can be told; the rest waits, field by field."""
    link = view.link(target.route.spoke)
    seen = msgspec.json.decode(link.seen) if link is not None and link.seen is not None else None
    said, refused = target.mapping.sayable(patch, seen)
    planned.waits += [waits.unsayable(error) for error in refused]
    return said


def _offer(
    view: View,
    target: Target,
    planned: Planned,
    verb: Verb,
    patch: dict[str, Any],
    seen: Map[str, Any],
    external_id: str | None,
    after: tuple[str, ...] = (),
) -> None:
    """Plan the operation, unless the remote has refused exactly this before."""
    route = target.route
    for operation in view.operations:
        same = operation.spoke == route.spoke and operation.verb == verb and operation.status == "refused"
        if same and operation.patch == patch:
            return
    planned.operations.append(
        Operation(
            entity=view.entity,
            account=route.account,
            spoke=route.spoke,
            uid=view.uid,
            verb=verb,
            external_id=external_id,
            patch=patch,
            expect={name: seen[name] for name in patch if name in seen},
            repeat=target.capabilities.repeat.get(verb, "verify"),
            after=after,
        )
    )


def _plan_stamp(view: View, target: Target, planned: Planned) -> None:
    """Write the 1C GUID where the system keeps one; never our own uid."""
    if target.route.stamp is None or not target.capabilities.stamps:
        return
    owner, link = view.link(target.route.stamp), view.link(target.route.spoke)
    if owner is None or link is None or owner.gone:
        return
    seen = view.observed.get(target.route.spoke, {})
    side = view.sides[target.route.spoke]
    stamped = seen["id_1c"] if "id_1c" in seen else side.shadow.spoke.get("id_1c")
    if stamped == owner.external_id or side.shadow.ignored.get("id_1c", 0) > TRIES:
        return
    _offer(view, target, planned, "stamp", {"id_1c": owner.external_id}, seen, link.external_id)


def in_scope(view: View, route: Route) -> bool:
    return any(_SCOPES[scope](view.hub) for scope in route.scope)


def _has(name: str) -> Any:
    return lambda hub: hub.get(name) is not None


_SCOPES: dict[Scope, Any] = {
    "all": lambda _hub: True,
    "legal": lambda hub: hub.get("kind") == "legal",
    "has_phone": _has("phone"),
    "has_email": _has("email"),
    "has_card": _has("card_uid"),
    "in_group": _has("group"),
    "linked": lambda _hub: False,
}


def _may_feed(view: View, routes: EntityRoutes, route: Route) -> bool:
    """Accounts of one kind do not feed each other unless the route says so."""
    if route.peers or not view.links:
        return True
    kinds = {other.kind for link in view.links if (other := routes.route(link.spoke)) is not None}
    return bool(kinds - {route.kind})
