"""The named rule `main_card`: which card number a system shows that can carry only one for a customer. Pure.

`card` is the truth, `customer.card_uid` is derived: the active card issued last, then the greater number. A number
typed at a till is an observation on the card entity, not an edit of the customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connector.model.values import ABSENT
from connector.sync.merge import Side


def main_card(cards: Iterable[Mapping[str, Any]]) -> Any:
    """The number to show: None when every card is blocked or gone, ABSENT when there never was one."""
    known = [card for card in cards if isinstance(card.get("uid"), str)]
    if not known:
        return ABSENT
    living = [card for card in known if card.get("status") != "blocked" and card.get("active") is not False]
    if not living:
        return None
    return max(living, key=lambda card: (card.get("status") == "active", card.get("issued_on") or "", card["uid"]))[
        "uid"
    ]


@dataclass(frozen=True)
class Typed:
    """A card number that a spoke shows for a customer: seen there for the first time, or typed over another one."""

    spoke: str
    number: str
    how: Literal["met", "typed"]


def typed_cards(sides: Iterable[Side], observed: Mapping[str, Mapping[str, Any]]) -> list[Typed]:
    """The numbers that the card entity must hear of."""
    found = []
    for side in sides:
        number = observed.get(side.spoke, {}).get("card_uid")
        if not isinstance(number, str) or side.shadow.overruled.get("card_uid") == number:
            continue
        if not side.shadow.has("card_uid"):
            found.append(Typed(side.spoke, number, "met"))
        elif side.shadow.spoke["card_uid"] != number:
            found.append(Typed(side.spoke, number, "typed"))
    return found
