"""Properties of a new object that refer to what nobody outside 1C knows: the organization, the currency, the storage.

The profile says where each is looked up and by what. What is told by its INN or name becomes a key here; what cannot be
found, or is there twice, is refused with that reason: nothing is ever chosen by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.errors import Invalid
from connector.locale import N_
from connector.systems.onec.filters import Condition, Guid, field
from connector.systems.onec.names import title_of
from connector.systems.onec.profile import KeyLookup
from connector.systems.onec.values import guid_of, is_empty
from connector.systems.onec.wire import Wire

_NONE: Final = N_("{account}: 1C has no {resource} with {property} “{value}”; correct it there or in connector.yaml")
_SEVERAL: Final = N_("{account}: 1C has several {resource} with {property} “{value}”; leave one of them in use")
_NOT_ALONE: Final = N_(
    "{account}: 1C has {count} {resource}, and nothing says which is meant. Name it in connector.yaml: `organizations`"
    " and `spots`, or as a default of the account"
)


class Keys:
    """The looked-up properties of one entity of one base. What was found stays known."""

    def __init__(self, wire: Wire, lookups: Mapping[str, KeyLookup]) -> None:
        self._wire, self._lookups = wire, lookups
        self._known: dict[tuple[str, str, str], str] = {}

    def filled(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a new object with every such property as a key. Invalid where one cannot be told."""
        made = dict(body)
        for name, look in self._lookups.items():
            key = self._key(look, made.get(name), made)
            if key is not None:
                made[name] = key
        return made

    def _key(self, look: KeyLookup, told: Any, body: Mapping[str, Any]) -> str | None:
        if not is_empty(told):
            return guid_of(str(told)) or self._by(look, str(told), optional=False)
        value = look.value if look.from_ is None else body.get(look.from_)
        if not is_empty(value):
            return self._by(look, str(value), optional=look.optional)
        return None if look.optional else self._only(look)

    def _by(self, look: KeyLookup, value: str, *, optional: bool) -> str | None:
        name = look.by or "Description"
        place = (look.resource, name, value)
        if place not in self._known:
            found = self._found(look, _equal(name, value))
            if not found and optional:
                return None
            if len(found) != 1:
                facts = {"account": self._wire.account, "resource": title_of(look.resource)}
                raise Invalid(_SEVERAL if found else _NONE, property=name, value=value, **facts)
            self._known[place] = found[0]
        return self._known[place]

    def _only(self, look: KeyLookup) -> str:
        """The one there is."""
        place = (look.resource, "", "")
        if place not in self._known:
            found = self._found(look, None)
            if len(found) != 1:
                count = len(found) if len(found) < 2 else self._wire.count(look.resource)
                facts = {"account": self._wire.account, "resource": title_of(look.resource)}
                raise Invalid(_NOT_ALONE, count=count, **facts)
            self._known[place] = found[0]
        return self._known[place]

    def _found(self, look: KeyLookup, where: Condition | None) -> Sequence[str]:
        """Up to two that are in use."""
        living = field("DeletionMark").eq(False)
        rows = self._wire.rows(
            look.resource,
            select=("Ref_Key",),
            where=living if where is None else where & living,
            order="Ref_Key",
            top=2,
        )
        return [str(row["Ref_Key"]) for row in rows]


def _equal(name: str, value: str) -> Condition:
    guid = guid_of(value) if name.endswith("_Key") else None
    return field(name).eq(Guid(guid) if guid is not None else value)
