"""What a record is known by: its identifiers, in the order in which they are tried (the ladder of DESIGN §7). Pure.

Names are never a key. A value is canonical before it comes here: sentinels are None, phones E.164, cards verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connector.model.records import ENTITIES
from connector.model.states import How
from connector.model.values import ABSENT

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

WEAK: Final = frozenset({"card", "barcode", "phone", "inn", "email"})
"""Links made by a trait: in the run that made them they may still be taken back when the trait proves shared."""

_SCHEME: Final = {("card", "uid"): "card_uid", ("product", "sku"): "sku"}


def identifiers(entity: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(scheme, value) in ladder order; a legal person's INN goes with its KPP."""
    for key in ENTITIES[entity].keys:
        value = values.get(key, ABSENT)
        if not isinstance(value, str):
            continue
        if key == "inn" and isinstance(values.get("kpp"), str):
            value = f"{value}/{values['kpp']}"
        yield _SCHEME.get((entity, key), key), value


def findable(entity: str, values: Mapping[str, Any], schemes: tuple[str, ...]) -> list[tuple[str, str]]:
    """The identifiers by which a system that can find by `schemes` could find this record again."""
    return [(scheme, value) for scheme, value in identifiers(entity, values) if scheme in schemes]
