"""What a record is known by: its identifiers, in the order in which they are tried (the ladder of DESIGN §7). Pure.

Names are never a key. A value is canonical before it comes here: sentinels are None, phones E.164, cards verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connector.model.records import ENTITIES
from connector.model.states import Conflict, How

DECISIVE: Final = frozenset({"id_1c", "reference"})
"""Schemes that are a stored link, not a trait: one holder is enough, whatever the traits say."""

HOW: Final[dict[str, How]] = {
    "id_1c": "id_1c",
    "reference": "reference",
    "card_uid": "card",
    "barcode": "barcode",
    "phone": "phone",
    "inn": "inn",
    "email": "email",
}

TRAITS: Final = tuple(scheme for scheme in HOW if scheme not in DECISIVE)
"""Schemes that tell a record by what it has, in ladder order."""

FIRM: Final = "firm_inn"
"""The INN of a firm whatever its KPP. Branches share it, so it joins nobody; where one side says no KPP it is asked."""

_FIRM_DIGITS: Final = 10
"""An INN of a firm; that of a person has 12 and needs no KPP."""

WEAK: Final = frozenset({"card", "barcode", "phone", "inn", "email"})
"""Links made by a trait: in the run that made them they may still be made otherwise when the trait proves shared."""

UNSETTLED: Final = "unsettled"
"""The rule of an identity conflict that is settled when every feed has been read."""

_SCHEME: Final = {("card", "uid"): "card_uid", ("product", "sku"): "sku"}


_LADDER: Final = {
    entity: tuple((key, _SCHEME.get((entity, key), key)) for key in cls.keys) for entity, cls in ENTITIES.items()
}


def identifiers(entity: str, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(scheme, value) in ladder order; a legal person's INN goes with its KPP."""
    found: list[tuple[str, str]] = []
    for key, scheme in _LADDER[entity]:
        value = values.get(key)
        if not isinstance(value, str):
            continue
        if key == "inn":
            found.extend(_firm(value, values.get("kpp")))
        else:
            found.append((scheme, value))
    return found


def _firm(inn: str, kpp: object) -> list[tuple[str, str]]:
    own = ("inn", f"{inn}/{kpp}" if isinstance(kpp, str) else inn)
    return [own, (FIRM, inn)] if len(inn) == _FIRM_DIGITS else [own]


def contradict(one: Iterable[tuple[str, str]], other: Iterable[tuple[str, str]]) -> bool:
    """Whether the keys of two records tell of different firms or branches, whatever else they have in common."""
    mine, theirs = _inns(one), _inns(other)
    return bool(mine) and bool(theirs) and not any(_may_be_one(left, right) for left in mine for right in theirs)


def _inns(keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(INN, KPP or nothing) of each INN among these keys."""
    return [(inn, kpp) for scheme, value in keys if scheme == "inn" for inn, _, kpp in (value.partition("/"),)]


def _may_be_one(left: tuple[str, str], right: tuple[str, str]) -> bool:
    return left[0] == right[0] and (left[1] == right[1] or not left[1] or not right[1])


def findable(entity: str, values: Mapping[str, Any], schemes: tuple[str, ...]) -> list[tuple[str, str]]:
    """The identifiers by which a system that can find by `schemes` could find this record again."""
    return [(scheme, value) for scheme, value in identifiers(entity, values) if scheme in schemes]


def row_keys(
    entity: str,
    values: Mapping[str, Any],
    external_id: str,
    id_scheme: str | None,
    *,
    reference: str | None = None,
    cards: Sequence[str] = (),
) -> list[tuple[str, str]]:
    """The keys of a remote row in ladder order: its own id, our reference, its values, the cards it is said to hold."""
    keys = identifiers(entity, values)
    if reference is None and id_scheme is None and not cards:
        return keys
    stored = [("reference", reference)] if reference is not None else []
    if id_scheme is not None:
        stored.insert(0, (id_scheme, external_id))
    at = sum(scheme in DECISIVE for scheme, _ in keys)
    held = [("card_uid", number) for number in cards]
    keys[at:at] = [key for key in held if key not in keys]
    return stored + keys


def identity_conflict(
    entity: str, uid: str, scheme: str, values: Mapping[str, Sequence[str]], rule: str = "manual"
) -> Conflict:
    """A question of who is who: `values` are the other records, by a spoke that has them."""
    return Conflict(
        kind="identity",
        entity=entity,
        uid=uid,
        field=scheme,
        base=None,
        values=values,
        rule=rule,
        winner=None,
        status="open",
    )


def referring(entity: str) -> list[tuple[str, str]]:
    """(entity, field) of everything that can refer to this entity."""
    return [(name, f) for name, cls in ENTITIES.items() for f, other in cls.references.items() if other == entity]
