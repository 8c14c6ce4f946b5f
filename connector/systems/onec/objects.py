"""The objects of one entity of a profile, read as raw rows, with their companion and contact information.

What an object says is given as 1C says it, except that a companion's properties stand beside its own, and that rows of
contact information name their kind (see `contacts`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from connector.errors import BrokenAnswer, Invalid
from connector.locale import N_
from connector.systems.onec import contacts
from connector.systems.onec.companion import Companions, Found, companions_of
from connector.systems.onec.contacts import Kinds
from connector.systems.onec.filters import Condition, Guid, field
from connector.systems.onec.keys import Keys
from connector.systems.onec.lookup import carries, condition_of
from connector.systems.onec.metadata import Metadata
from connector.systems.onec.names import title_of
from connector.systems.onec.profile import EntityProfile, Lookup, Profile
from connector.systems.onec.values import ZERO_GUID
from connector.systems.onec.versions import joined
from connector.systems.onec.walk import Ahead, Ask, walk
from connector.systems.onec.wire import Entity, Wire

T = TypeVar("T")
U = TypeVar("U")
log: Final = logging.getLogger("connector.systems.onec")

_OWN: Final = ("Ref_Key", "DataVersion", "DeletionMark")
AT_ONCE: Final = 15
"""Objects read by one condition: IIS refuses addresses longer than 2 KB."""

_NOTHING: Final[Mapping[str, Any]] = {}
_NO_PROPERTY: Final = frozenset({"6", "10", "14"})
"""The codes with which a base may say that a property in `$select` is not there."""


class Seen(NamedTuple):
    """An object as read. `raw` has the asked properties that the base knows."""

    guid: str
    raw: dict[str, Any]
    version: str | None
    gone: bool


class Objects:
    """One entity of one base."""

    def __init__(
        self,
        wire: Wire,
        profile: Profile,
        entity: EntityProfile,
        *,
        kinds: Callable[[], Kinds],
        metadata: Callable[[bool], Metadata],
    ) -> None:
        self.wire, self.profile, self.entity = wire, profile, entity
        self.kinds, self._metadata = kinds, metadata
        self.keys = Keys(wire, entity.keys)
        self._unknown: frozenset[str] = frozenset()
        self._table = profile.contacts.table

    @property
    def resources(self) -> tuple[str, ...]:
        """Where its parts live."""
        companion = self.entity.companion
        return (self.entity.resource,) if companion is None else (self.entity.resource, companion.resource)

    def pages(self, paths: Sequence[str], make: Callable[[Seen], T], key: Callable[[T], str]) -> Iterator[list[T]]:
        """What `make` makes of every object, page by page in the order of their keys, which `key` reads of it.

        Several pages are read at once where the account allows it.
        """
        companions = self._all_companions(paths)
        select, where = self._select(paths), self._where()

        def ask(top: int, skip: int) -> list[T]:
            if companions is None:
                return self._each(lambda row: make(self.as_seen(row, None)), select, where, top, skip)
            rows = self._each(lambda row: row, select, where, top, skip)
            its = companions.of([str(row.get("Ref_Key")) for row in rows])
            return [make(self.as_seen(row, its.get(str(row.get("Ref_Key"))))) for row in rows]

        try:
            with self._ahead(ask, where) as asking:
                yield from walk(asking, self.profile.page, key)
        finally:
            if companions is not None:
                companions.close()

    def _each(
        self, make: Callable[[Entity], U], select: Sequence[str], where: Condition | None, top: int, skip: int
    ) -> list[U]:
        def ask(names: tuple[str, ...]) -> list[U]:
            return self.wire.each(
                make, self.entity.resource, select=names, where=where, order="Ref_Key", top=top, skip=skip
            )

        return self._known(select, ask)

    @contextmanager
    def _ahead(self, ask: Ask[T], where: Condition | None) -> Iterator[Ask[T]]:
        """Counting costs a request and is done only where pages may be read side by side: none is asked in vain."""
        at_once = self.wire.transport.concurrency
        count = self.wire.count(self.entity.resource, where) if at_once > 1 else 0
        if count <= self.profile.page:
            yield ask
            return
        ahead = Ahead(ask, at_once, count)
        try:
            yield ahead
        finally:
            ahead.close()

    def one(self, guid: str, paths: Sequence[str]) -> Seen | None:
        select = self._select(paths)
        found = self._known(select, lambda names: self.wire.one(self.entity.resource, guid, names))
        if found is None or not self._belongs(found):
            return None
        return self.as_seen(found, self.companion(guid, paths))

    def requests_of_all(self) -> int:
        """How many requests `pages` would take; asking costs one for each resource."""
        return sum(self.wire.count(resource) // self.profile.page + 1 for resource in self.resources)

    def many(self, guids: Sequence[str], paths: Sequence[str]) -> Iterator[Seen]:
        """The objects of these keys, in no order; those that are not there, or hidden, are left out."""
        select = self._select(paths)
        for start in range(0, len(guids), AT_ONCE):
            where = field("Ref_Key").among([Guid(guid) for guid in guids[start : start + AT_ONCE]])
            rows = self._rows(select, self._where(where))
            its = self._companions([str(row["Ref_Key"]) for row in rows], paths)
            yield from (self.as_seen(row, its.get(str(row["Ref_Key"]))) for row in rows)

    def owners(self, guids: Sequence[str]) -> list[str]:
        """The objects whose companions these are."""
        companion = self.entity.companion
        found: list[str] = []
        for start in range(0, len(guids) if companion is not None else 0, AT_ONCE):
            assert companion is not None
            where = field("Ref_Key").among([Guid(guid) for guid in guids[start : start + AT_ONCE]])
            rows = self.wire.rows(companion.resource, select=("Ref_Key", companion.key), where=where)
            found += [str(row[companion.key]) for row in rows if row.get(companion.key, ZERO_GUID) != ZERO_GUID]
        return found

    def found(self, look: Lookup, value: str, paths: Sequence[str]) -> list[Seen]:
        """The objects that carry a key."""
        condition = condition_of(look, value, self.profile.contacts)
        if condition is None:
            return []
        table = (self.table,) if look.contact is not None else ()
        wanted = (*paths, *look.fields, *([look.second] if look.second else ()), *table)
        companion = self.entity.companion
        if companion is not None and look.fields and set(look.fields) <= set(companion.fields):
            rows = self.wire.rows(companion.resource, select=("Ref_Key", companion.key), where=condition)
            seen = list(self.many([str(row[companion.key]) for row in rows], wanted))
        else:
            listed = self._rows(self._select(wanted), self._where(condition))
            its = self._companions([str(row["Ref_Key"]) for row in listed], wanted)
            seen = [self.as_seen(row, its.get(str(row["Ref_Key"]))) for row in listed]
        return [one for one in seen if carries(one.raw, look, value, self.profile.contacts)]

    def half_known(self, look: Lookup, value: str, second: str) -> str | None:
        """The guid of a living object that has a key of two parts where either it or we lack the second; None if none.

        An INN without a KPP may be that firm or a branch of it: nobody can tell but a person.
        """
        companion = self.entity.companion
        name, other = look.fields[0], str(look.second)
        is_its = companion is not None and name in companion.fields
        resource, key = (
            (companion.resource, companion.key) if is_its and companion else (self.entity.resource, "Ref_Key")
        )
        where = field(name).eq(value) & field("DeletionMark").eq(False)
        rows = self.wire.rows(resource, select=("Ref_Key", key, other), where=where)
        seconds = {str(row[key]): str(row.get(other) or "").strip() for row in rows}
        return next((guid for guid, found in sorted(seconds.items()) if bool(found) != bool(second)), None)

    def marked(self, uid: str, paths: Sequence[str]) -> list[Seen]:
        """The objects whose text carries our uid: where a base gives new objects keys of its own."""
        marker = self.entity.marker
        if marker is None:
            return []
        rows = self._rows(self._select((*paths, marker)), self._where(field(marker).contains(uid)))
        found = [row for row in rows if uid in str(row.get(marker))]
        its = self._companions([str(row["Ref_Key"]) for row in found], paths)
        return [self.as_seen(row, its.get(str(row["Ref_Key"]))) for row in found]

    # -- the parts of a row

    @property
    def table(self) -> str:
        return self.profile.contacts.table

    def _select(self, paths: Sequence[str]) -> tuple[str, ...]:
        its = () if self.entity.companion is None else self.entity.companion.fields
        return tuple(dict.fromkeys((*_OWN, *self.entity.where, *(path for path in paths if path not in its))))

    def _rows(self, select: Sequence[str], where: Condition | None) -> list[Entity]:
        return self._known(select, lambda names: self.wire.rows(self.entity.resource, select=names, where=where))

    def _known(self, select: Sequence[str], ask: Callable[[tuple[str, ...]], T]) -> T:
        """Ask for the properties the base has: when it refuses one, its description tells which, once and for all."""
        try:
            return ask(tuple(name for name in select if name not in self._unknown))
        except Invalid as error:
            if error.code not in _NO_PROPERTY:
                raise
            lacking = self._lacking(tuple(select))
            if not lacking:
                raise
        self._refuse_blind(lacking)
        self._unknown |= set(lacking)
        log.warning("%s: %s has no %s", self.wire.account, self.entity.resource, ", ".join(lacking))
        return ask(tuple(name for name in select if name not in self._unknown))

    def _refuse_blind(self, lacking: Sequence[str]) -> None:
        """A condition with a misspelt property is no error for 1C: it fits nothing, and everything seems to be gone."""
        looked = {name for look in self.entity.find.values() for name in (*look.fields, look.second)}
        blind = [name for name in lacking if name in looked or name in self.entity.where or name == self.entity.marker]
        if blind:
            text = N_(
                "{account}: {resource} has no {fields}, by which the profile looks records up; correct the profile"
            )
            facts = {"account": self.wire.account, "resource": title_of(self.entity.resource)}
            raise BrokenAnswer(text, fields=", ".join(blind), **facts)

    def _lacking(self, names: tuple[str, ...]) -> list[str]:
        """What the description of the base does not know: the kept one, and a fresh one where that explains nothing."""
        for fresh in (False, True):
            lacking = self._metadata(fresh).lacking(self.entity.resource, names)
            if set(lacking) - self._unknown:
                return lacking
        return []

    def _where(self, condition: Condition | None = None) -> Condition | None:
        for name, value in self.entity.where.items():
            own = field(name).eq(value)
            condition = own if condition is None else own & condition
        return condition

    def _belongs(self, row: Mapping[str, Any]) -> bool:
        return all(row.get(name, value) == value for name, value in self.entity.where.items())

    def _all_companions(self, paths: Sequence[str]) -> Companions | None:
        companion = self.entity.companion
        if companion is None or not set(paths) & set(companion.fields):
            return None
        return Companions(self.wire, companion, paths, self.profile.page)

    def companion(self, guid: str, paths: Sequence[str]) -> Found | None:
        return self._companions([guid], paths).get(guid)

    def _companions(self, guids: Sequence[str], paths: Sequence[str]) -> dict[str, Found]:
        companion = self.entity.companion
        if companion is None or not set(paths) & set(companion.fields):
            return {}
        return companions_of(self.wire, companion, guids, paths, AT_ONCE)

    def as_seen(self, row: Entity, companion: Found | None) -> Seen:
        """A row as its mapping sees it. The row itself becomes that: it was decoded for nobody else."""
        rows = row.get(self._table)
        if rows is not None:
            if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
                row[self._table] = contacts.shown(rows, self.kinds())
            else:
                contacts.show(rows, self.kinds())
        version = joined(row.get("DataVersion"), (companion or _NOTHING).get("DataVersion"))
        if self.entity.companion is not None:
            its = companion or _NOTHING
            row.update({name: its.get(name, "") for name in self.entity.companion.fields})
        return Seen(str(row.get("Ref_Key")), row, version, row.get("DeletionMark") is True)
