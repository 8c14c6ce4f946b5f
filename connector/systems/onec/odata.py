"""1C through its standard OData interface: we call the base, it answers for the objects ticked in «Состав».

An entity is a resource of the configuration's profile. Keys are guids; a new object takes our uid as its own key, so
that a second attempt is refused as a duplicate and found. Nothing is ever deleted: «пометка удаления» is a property.
What the platform does and does not do is in `facts/1c.md`, section 2, and in the modules this one stands on: `wire`
(calls), `objects` and `edits` (rows), `contacts`, `companion`, `changes`, `errors`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from platformdirs import user_cache_path

from connector.errors import ConnectorError, Duplicate, Forbidden, Invalid, Missing, RejectedError
from connector.locale import N_
from connector.resources import mappings_folder
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.onec.calls import call
from connector.systems.onec.changes import FULL_EVERY, Change, Place, Plan, Round
from connector.systems.onec.checks import check_base
from connector.systems.onec.contacts import Kinds, kinds_of
from connector.systems.onec.edits import Edits, Written
from connector.systems.onec.line import line_of
from connector.systems.onec.metadata import Metadata, load_metadata, save_metadata
from connector.systems.onec.objects import AT_ONCE, Objects, Seen
from connector.systems.onec.profile import EntityProfile, Profile, load_profile, profile_file
from connector.systems.onec.values import guid_of, is_empty, is_guid
from connector.systems.onec.wire import Wire, reading
from connector.systems.rows import canonical_body, decode_body
from connector.transport.http import Transport

if TYPE_CHECKING:
    from connector.config import Account

log: Final = logging.getLogger("connector.systems.onec")

_HALF_KNOWN: Final = N_(
    "{account}: {entity} {external_id} has the {key} {value} as well, and only one of both says its {second}. Complete"
    " it, or link both with “links link”; a second one is not created"
)
_DAY: Final = 86400.0
_FEW: Final = 4 * AT_ONCE
"""So many changes are read one group after the other, whatever reading everything would cost."""


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> ODataAdapter:
    """The adapter of a configured account. A profile in its own mappings goes before the shipped one of that name."""
    assert account.url is not None and account.login is not None
    assert account.password is not None and account.profile is not None
    transport = line_of(account, clock=clock, sleep=sleep)
    folders = account.mappings or (mappings_folder(),)
    profile = load_profile(account.profile, folders)
    if account.exchange_plan is not None:
        profile = profile.model_copy(update={"exchange_plan": account.exchange_plan})
    url = account.url.rstrip("/")
    return ODataAdapter(
        transport,
        profile,
        spoke=account.spoke,
        base_url=url,
        peer_code=account.peer_code,
        full_every=account.full_every or FULL_EVERY,
        file=profile_file(account.profile, folders),
        cache=user_cache_path("connector") / "onec" / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.metadata",
    )


class ODataAdapter:
    """One base of 1C. Implements `systems.base.Adapter`."""

    kind = "onec"

    def __init__(
        self,
        transport: Transport,
        profile: Profile,
        *,
        spoke: str,
        base_url: str,
        peer_code: str | None = None,
        full_every: int = FULL_EVERY,
        file: Path | None = None,
        cache: Path | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.account, self.spoke, self.profile = transport.account, spoke, profile
        self.wire = Wire(transport)
        self._file, self._cache, self._now = file, cache, now
        self.entities: Collection[str] = ()
        """Those that a route reads: a message of the exchange plan is done with when all of them have stored it."""
        self._cursors: dict[str, str | None] = {}
        self.stored: Callable[[str], str | None] = self._cursors.get
        """The cursor of an entity as it is stored; as last given to `feed` unless somebody knows better."""
        self._takes_key: dict[str, bool] = {}  # entity -> whether 1C was seen to take our key, or to give its own
        self._objects: dict[str, Objects] = {}
        self._paths: dict[str, tuple[str, ...]] = {}  # as last asked: read-backs are given in the same ones
        self._kinds: Kinds | None = None
        self._metadata: Metadata | None = None
        self._plan = self._plan_of(base_url, peer_code, full_every)

    def capabilities(self, entity: str) -> Capabilities:
        described = self.profile.entities.get(entity)
        if described is None:
            return Capabilities()
        keeps = described.create and (self._gives_key(entity) or described.marker is not None)
        return Capabilities(
            feed="snapshot" if self._plan is None else "delta",
            complete=False,  # rows that the user may not see are left out: silence about a record means nothing
            find_by=(*(("reference",) if keeps else ()), "id_1c", *described.find),
            required=tuple(described.required.values()) if described.create else (),
            can_create=described.create,
            can_update=described.update,
            versioned=described.update,
            keeps_reference=keeps,
            id_scheme="id_1c",
            repeat={"create": "verify", "update": "verify"},
        )

    # -- reading

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        objects = self._of(entity, paths)
        self._cursors[entity] = cursor
        with reading(self.account, objects.entity.resource):
            now = self._round(entity)
            if now is None or self._plan is None:
                yield from self._pages(objects, paths)
                return
            place = Place.of(cursor)
            changed = self._changed(objects, now) if place and self._plan.continues(place, now) else None
            if changed is None or place is None:
                yield from self._pages(objects, paths)
                yield Page([], str(now.start))
            else:
                yield self._changed_page(objects, paths, changed)._replace(cursor=str(now.after(place)))

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        objects = self._of(entity, paths)
        guid = guid_of(external_id)
        seen = None if guid is None else objects.one(guid, paths)
        return None if seen is None else _row(seen, paths)

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        objects = self._of(entity, paths)
        if scheme not in self.capabilities(entity).find_by:
            raise self._cannot(N_("{account} cannot look up {entity} by {scheme}"), entity, scheme=scheme)
        if scheme in ("reference", "id_1c"):
            row = self.get(entity, value, paths)
            if row is not None:
                return [row]
            return [_row(seen, paths) for seen in (objects.marked(value, paths) if scheme == "reference" else ())]
        return [_row(seen, paths) for seen in objects.found(objects.entity.find[scheme], value, paths)]

    # -- writing

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        objects = self._of(entity)
        if not objects.entity.create:
            raise self._cannot(N_("{account} lets nobody create {entity}"), entity)
        self._refuse_lacking(entity, objects.entity, patch)
        self._refuse_half_known(entity, objects, patch)
        if self._takes_key.get(entity) is not True and objects.marked(reference, ()):
            text = N_("{account}: {entity} {external_id} is there already")
            raise Duplicate(text, account=self.account, entity=entity, external_id=reference)
        patch = _marked(objects.entity, patch, reference)
        gives_key = self._gives_key(entity)
        written = Edits(objects).create(patch, reference if gives_key else None)
        if gives_key and written.guid != reference:
            log.warning("%s: 1C gave %s a key of its own instead of ours", self.account, entity)
        self._takes_key[entity] = written.guid == reference
        return self._outcome(entity, written)

    def _gives_key(self, entity: str) -> bool:
        """Whether a new object is given our key: unless the profile or a first answer says that 1C does not take it."""
        return self.profile.keeps_reference and self._takes_key.get(entity, True)

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        return [self.create(entity, patch, reference) for patch, reference in patches]

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        objects = self._of(entity)
        if not objects.entity.update:
            raise self._cannot(N_("{account} lets nobody change {entity}"), entity)
        guid = guid_of(external_id)
        if guid is None:
            text = N_("{account} has no {entity} {external_id}")
            raise Missing(text, account=self.account, entity=entity, external_id=external_id)
        seen = None if current is None else decode_body(current.body)
        version = None if current is None else current.version
        return self._outcome(entity, Edits(objects).update(guid, patch, version, seen))

    def delete(self, entity: str, external_id: str) -> Outcome:
        text = N_("{account}: 1C would delete {entity} {external_id} for good; it is marked for deletion instead")
        raise self._cannot(text, entity, external_id=external_id)

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        raise self._cannot(N_("{account} takes no 1C identifier of {entity}: it is 1C itself"), entity)

    # -- beside the entities

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        """One raw call: `list`, `get`, `count`, `balance`, `settlements`, `post` … (see `calls`)."""
        return call(self.wire, endpoint, params, self.profile)

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        return check_base(
            self.wire,
            self.profile,
            entities,
            now=self._now,
            describe=lambda: self._known_metadata(True),
            file=self._file,
            plan=self._plan,
        )

    def requests(self) -> int:
        return self.wire.transport.sent

    def close(self) -> None:
        self.wire.transport.close()

    # -- rows

    def _pages(self, objects: Objects, paths: Sequence[str]) -> Iterator[Page]:
        pages = objects.pages(paths, lambda seen: _row(seen, paths), lambda row: row.external_id)
        return map(_page, pages)

    def _outcome(self, entity: str, written: Written) -> Outcome:
        paths = self._paths.get(entity)
        row = None if written.seen is None or paths is None else _row(written.seen, paths)
        return Outcome(written.guid, row, written.version)

    # -- changes

    def _plan_of(self, base_url: str, code: str | None, full_every: int) -> Plan | None:
        name = self.profile.exchange_plan
        if name is None or code is None:
            return None
        resources = self.profile.resources()
        return Plan(self.wire, base_url, name, code, resources=resources, full_every=full_every)

    def _round(self, entity: str) -> Round | None:
        """What changed for this run; None where 1C registers nothing for us, or does not let us see it."""
        if self._plan is None:
            return None
        try:
            return self._plan.round(entity, self._places)
        except (RejectedError, Forbidden) as error:
            log.warning("%s: everything is read, for changes cannot be asked for: %s", self.account, error)
            return None

    def _places(self) -> Iterator[Place]:
        entities = set(self.entities or self.profile.entities) & set(self.profile.entities)
        found = (Place.of(self.stored(entity)) for entity in entities)
        return (place for place in found if place is not None)

    def _changed(self, objects: Objects, now: Round) -> list[Change] | None:
        """The changes of an entity, those of its companions as its own; None where reading everything costs less."""
        changes = now.of(objects.resources)
        if len(changes) > _FEW and -(-len(changes) // AT_ONCE) > objects.requests_of_all():
            return None
        return changes

    def _changed_page(self, objects: Objects, paths: Sequence[str], changes: Sequence[Change]) -> Page:
        own = [change for change in changes if change.resource == objects.entity.resource]
        its = [change.guid for change in changes if change.resource != objects.entity.resource and not change.removed]
        living = dict.fromkeys([change.guid for change in own if not change.removed] + objects.owners(its))
        page = _page([_row(seen, paths) for seen in objects.many(list(living), paths)])
        page.rows.extend(Row(change.guid, b"{}", gone=True) for change in own if change.removed)
        return page

    # -- what it stands on

    def _of(self, entity: str, paths: Sequence[str] | None = None) -> Objects:
        described = self.profile.entities.get(entity)
        if described is None:
            raise self._cannot(N_("{account} has no {entity} in this configuration"), entity)
        if paths is not None:
            self._paths[entity] = tuple(paths)
        if entity not in self._objects:
            self._objects[entity] = Objects(
                self.wire, self.profile, described, kinds=self._known_kinds, metadata=self._known_metadata
            )
        return self._objects[entity]

    def _known_kinds(self) -> Kinds:
        """The kinds of contact information, read once; none where the base does not offer them."""
        if self._kinds is None:
            about = self.profile.contacts
            try:
                self._kinds = kinds_of(self.wire.rows(about.kinds), about.names)
            except Forbidden as error:
                log.warning("%s", error)
                self._kinds = Kinds()
        return self._kinds

    def _known_metadata(self, fresh: bool) -> Metadata:
        """The description of the base: 15 MB on the wire, so it is kept for a day; `check` reads it anew."""
        if self._metadata is None and not fresh and self._cache is not None:
            self._metadata = load_metadata(self._cache, since=self._now() - _DAY)
        if self._metadata is None or fresh:
            self._metadata = self.wire.metadata()
            self._keep()
        return self._metadata

    def _keep(self) -> None:
        if self._cache is None or self._metadata is None:
            return
        try:
            save_metadata(self._metadata, self._cache)
        except OSError as error:
            log.warning("%s: the description of the base is not kept: %s", self.account, error.strerror)

    def _refuse_lacking(self, entity: str, described: EntityProfile, patch: Raw) -> None:
        lacking = [canonical for name, canonical in described.required.items() if is_empty(patch.get(name))]
        if lacking:
            text = N_("{account}: {entity} cannot be created without {fields}")
            raise self._cannot(text, entity, fields=", ".join(lacking))

    def _refuse_half_known(self, entity: str, objects: Objects, patch: Raw) -> None:
        for look in objects.entity.find.values():
            value = patch.get(look.fields[0]) if look.second is not None else None
            if look.second is None or is_empty(value):
                continue
            second = str(patch.get(look.second) or "").strip()
            guid = objects.half_known(look, str(value), second)
            if guid is not None:
                facts = {"key": look.fields[0], "second": look.second, "value": value}
                raise self._cannot(_HALF_KNOWN, entity, external_id=guid, **facts)

    def _cannot(self, text: str, entity: str, **facts: object) -> ConnectorError:
        return Invalid(text, account=self.account, entity=entity, **facts)


def _marked(entity: EntityProfile, patch: Raw, uid: str) -> Raw:
    """With our uid at the end of the marker text. Written always: whether a base takes our key is known too late."""
    if entity.marker is None:
        return patch
    return {**patch, entity.marker: f"{patch.get(entity.marker) or ''} [{uid}]".strip()}


def _page(rows: list[Row]) -> Page:
    """What has no key that can be a key cannot be known again."""
    keyless = [("", N_("it has no key")) for row in rows if not is_guid(row.external_id)]
    return Page([row for row in rows if is_guid(row.external_id)] if keyless else rows, None, keyless)


def _row(seen: Seen, paths: Sequence[str]) -> Row:
    return Row(seen.guid, canonical_body(seen.raw, paths), seen.version, seen.gone)
