"""Writing the objects of one entity: new ones under our own key, changes of single properties, never a deletion.

Real bases ignore If-Match, so the version is read again just before a write and compared; If-Match is sent all the
same. What is left is one round trip, in which somebody's change of the same property would be overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from connector.errors import Invalid, Missing, OutcomeUnknown, Stale
from connector.locale import N_
from connector.systems.onec.companion import Found, companion_uid
from connector.systems.onec.contacts import NoKind, merged, numbered, shown
from connector.systems.onec.names import title_of
from connector.systems.onec.objects import Objects, Seen
from connector.systems.onec.values import empty_like, guid_of, is_empty
from connector.systems.onec.versions import joined, parts
from connector.systems.onec.wire import Entity

_POSTED: Final = "Posted"
"""Whether a document is posted: changed by Post and Unpost alone, never as a property."""


class Written(NamedTuple):
    """An object after a write. `seen` is what the answers showed of it; None where they did not show all."""

    guid: str
    seen: Seen | None
    version: str | None


class Edits:
    """Writes of one entity of one base."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._wire, self._entity = objects.wire, objects.entity

    def create(self, patch: Mapping[str, Any], uid: str | None) -> Written:
        """One new object, under our uid where one is given. Raises Duplicate when the uid is taken."""
        mine, its = self._divided({name: value for name, value in patch.items() if name != _POSTED})
        body: Entity = {**self._entity.where, **self._entity.defaults, **self._body(mine, {}, None)}
        body = self._objects.keys.filled(body)
        if uid is not None:
            body["Ref_Key"] = uid
        made = self._wire.create(self._entity.resource, body)
        guid = guid_of(str((made or {}).get("Ref_Key") or uid or ""))
        if guid is None:
            raise OutcomeUnknown(
                N_("{account}: 1C made an object of {resource} but does not say which. Look before repeating it"),
                **self._facts(),
            )
        says_much = any(not is_empty(value) for value in its.values())
        companion = self._make_companion(guid, its, body) if says_much else None
        return self._written(guid, made, companion)

    def update(
        self, guid: str, patch: Mapping[str, Any], version: str | None, seen: Mapping[str, Any] | None
    ) -> Written:
        """Change these properties. `version` is the one last looked at, `seen` the row its writer knew of.

        Raises Missing when there is no such object and Stale when it has another version than that.
        """
        if _POSTED in patch:
            return self._post(guid, bool(patch[_POSTED]), version)
        mine, its = self._divided(patch)
        stands = self._standing(guid, mine)
        companion = self._objects.companion(guid, tuple(its)) if its else None
        self._refuse_stale(guid, version, stands, companion if its else False)
        changed: Entity | None = None
        if mine:
            changed = self._change(self._entity.resource, guid, self._body(mine, stands, seen), stands)
        if its:
            companion = self._change_companion(guid, its, companion, {**stands, **mine})
        shows_all = self._entity.companion is None or companion is not None
        return self._written(guid, changed if shows_all else None, companion, changed)

    def _post(self, guid: str, wanted: bool, version: str | None) -> Written:
        """Post a document, or take its posting back. 1C checks it then, and may refuse with its own reason."""
        self._refuse_stale(guid, version, self._standing(guid, {}), False)
        parameters = [("PostingModeOperational", "false")] if wanted else []
        self._wire.act(self._entity.resource, guid, "Post" if wanted else "Unpost", parameters)
        return self._written(guid, self._wire.one(self._entity.resource, guid) or {}, None)

    # -- the object itself

    def _divided(self, patch: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What goes to the object, and what to its companion."""
        fields = () if self._entity.companion is None else self._entity.companion.fields
        mine = {name: value for name, value in patch.items() if name not in fields}
        return mine, {name: value for name, value in patch.items() if name in fields}

    def _standing(self, guid: str, mine: Mapping[str, Any]) -> Entity:
        """The object as it stands now: its version, and what must be known to say "empty" or to keep rows."""
        needed = [name for name, value in mine.items() if value is None or isinstance(value, list)]
        companion = self._entity.companion
        needed += companion.same if companion is not None else ()
        select = tuple(dict.fromkeys(("Ref_Key", "DataVersion", *needed)))
        stands = self._wire.one(self._entity.resource, guid, select)
        if stands is None:
            raise Missing(
                N_("{account}: there is no object {external_id} in {resource}"), external_id=guid, **self._facts()
            )
        return stands

    def _refuse_stale(
        self, guid: str, version: str | None, stands: Entity, companion: Found | Literal[False] | None
    ) -> None:
        first, second = parts(version)
        is_stale = first is not None and stands.get("DataVersion") != first
        if companion is not False and version is not None:
            is_stale = is_stale or (companion or {}).get("DataVersion") != second
        if is_stale:
            text = N_("{account}: {external_id} of {resource} has changed since it was looked at")
            raise Stale(text, external_id=guid, **self._facts())

    def _body(self, patch: Mapping[str, Any], stands: Mapping[str, Any], seen: Mapping[str, Any] | None) -> Entity:
        """What is sent: "empty" in 1C's words, table parts whole."""
        body: Entity = {}
        for name, value in patch.items():
            if name == self._objects.table:
                body |= self._table(name, self._contacts(value, stands, seen))
            elif isinstance(value, list):
                body |= self._table(name, numbered(value))
            else:
                body[name] = empty_like(name, stands.get(name, "")) if value is None else value
        return body

    def _contacts(self, wanted: Any, stands: Mapping[str, Any], seen: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        kinds = self._objects.kinds()
        known = None if seen is None else shown(seen.get(self._objects.table), kinds)
        owner = "Справочник" + self._entity.resource.partition("_")[2]
        try:
            return merged(stands.get(self._objects.table), wanted or (), known, kinds, owner)
        except NoKind as error:
            name = error.name
        text = N_(
            "{account}: 1C has no kind of contact information {kind}. Tick «Справочник ВидыКонтактнойИнформации» on the"
            " page «Состав», or correct the mapping"
        )
        raise Invalid(text, kind=name, **self._facts())

    def _table(self, name: str, rows: Sequence[Mapping[str, Any]]) -> Entity:
        declared = f"Collection(StandardODATA.{self._entity.resource}_{name}_RowType)"
        return {f"{name}@odata.type": declared, name: rows}

    def _change(self, resource: str, guid: str, body: Entity, stands: Mapping[str, Any]) -> Entity:
        before = stands.get("DataVersion")
        changed = self._wire.change(resource, guid, body, None if before is None else str(before))
        if changed is None:  # an answer without a body: look
            changed = self._wire.one(resource, guid) or {}
        return changed

    # -- its companion

    def _make_companion(self, guid: str, its: Mapping[str, Any], owner: Mapping[str, Any]) -> Found | None:
        companion = self._entity.companion
        assert companion is not None
        same = {name: owner[name] for name in companion.same if name in owner}
        said = {name: value for name, value in its.items() if value is not None}
        body = {"Ref_Key": companion_uid(guid, companion.resource), companion.key: guid}
        return self._wire.create(companion.resource, {**companion.fixed, **same, **said, **body})

    def _change_companion(
        self, guid: str, its: Mapping[str, Any], stands: Found | None, owner: Mapping[str, Any]
    ) -> Found | None:
        companion = self._entity.companion
        assert companion is not None
        if stands is None:
            is_said = any(not is_empty(value) for value in its.values())
            return self._make_companion(guid, its, owner) if is_said else None
        body = {name: empty_like(name, stands.get(name, "")) if value is None else value for name, value in its.items()}
        return self._change(companion.resource, str(stands["Ref_Key"]), body, stands)

    # -- what came of it

    def _written(
        self, guid: str, shown_: Entity | None, companion: Found | None, changed: Entity | None = None
    ) -> Written:
        stands = shown_ if shown_ is not None else changed or {}
        version = joined(stands.get("DataVersion"), (companion or {}).get("DataVersion"))
        if shown_ is None or shown_.get("Ref_Key") is None:
            return Written(guid, None, None if self._entity.companion is not None else version)
        return Written(guid, self._objects.as_seen(shown_, companion), version)

    def _facts(self) -> dict[str, Any]:
        return {"account": self._wire.account, "resource": title_of(self._entity.resource)}
