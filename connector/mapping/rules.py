"""Named rules: what one field means in the light of others. A mapping's row names its rule.

main_card     the engine's: a customer's card number is derived from his cards; a spoke's value is an observation there
legal_only    the field is about legal entities: of a person it says nothing, and to a person nothing is written (1C has
              a full name for everybody, the panel of Saplab refuses legal details of a person)
entrepreneur  1C calls an entrepreneur a physical person; to everyone else he is a legal entity. His registration number
              (OGRNIP, 15 digits) or the "ИП" of his full name tells him
order_status  the engine's: an order is cancelled, else shipped, else paid, else new (V-18); no mapping names it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

RuleWord = Literal["main_card", "legal_only", "entrepreneur"]

COMPUTED: Final = frozenset({"order_status"})
"""Rules that compute a field from others of the record alone."""

_OGRNIP: Final = 15
_SOLE: Final = re.compile(r"(?:ИП|ПБОЮЛ|индивидуальный предприниматель)\b", re.IGNORECASE)
_THEIR_WORD: Final = "ИндивидуальныйПредприниматель"


def is_entrepreneur(ogrn: object, legal_name: object) -> bool:
    """Whether these legal details are of an entrepreneur."""
    by_number = isinstance(ogrn, str) and len(ogrn) == _OGRNIP
    return by_number or (isinstance(legal_name, str) and _SOLE.match(legal_name) is not None)


def entrepreneur_kind(kind: Any, ogrn: Any, legal_name: Any) -> Any:
    """The kind of a record that was read: a person with the details of an entrepreneur is a legal entity."""
    return "legal" if kind == "person" and is_entrepreneur(ogrn, legal_name) else kind


def entrepreneur_word(table: Mapping[str, str | bool]) -> str:
    """What an entrepreneur is called in this table of kinds: by his own word, else by the word for a person."""
    if _THEIR_WORD in table:
        return _THEIR_WORD
    return next(word for word, kind in table.items() if kind == "person")


def read_rules(rules: Mapping[str, str], variable: Callable[[str], str | None]) -> list[str]:
    """Source lines that apply the rules to a record that was read. `variable` is the name that holds a field."""
    lines = []
    kind = variable("kind")
    if kind is None:
        return []
    if rules.get("kind") == "entrepreneur":
        ogrn, legal_name = variable("ogrn") or "None", variable("legal_name") or "None"
        lines.append(f"{kind} = entrepreneur_kind({kind}, {ogrn}, {legal_name})")
    silent = [name for field, rule in rules.items() if rule == "legal_only" and (name := variable(field)) is not None]
    if silent:
        lines += [f"if {kind} == 'person':", f"    {' = '.join(silent)} = A"]
    return lines
