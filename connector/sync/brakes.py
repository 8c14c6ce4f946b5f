"""Brakes: what would change too much in one run is held until a person releases it by name. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from connector.model.routes import Route

Kind = Literal["changes", "share", "deactivations", "empty"]

FLOOR_CHANGES: Final = 20
FLOOR_DEACTIVATIONS: Final = 3
"""Shares of a small base mean little: up to so many they hold nothing."""


@dataclass(frozen=True)
class Held:
    """A brake that holds a route. Its id is its name: it stays the same until the cause goes."""

    route: str
    kind: Kind
    count: int
    limit: int

    @property
    def id(self) -> str:
        return f"{self.route}:{self.kind}"


def of_changes(route: Route, changes: int, deactivations: int, linked: int, accepted: Collection[str]) -> list[Held]:
    """The brakes that so many planned operations pull on a route with so many linked records."""
    brakes = route.brakes
    share = max(FLOOR_CHANGES, int(brakes.share * linked))
    leaving = min(brakes.deactivations, max(FLOOR_DEACTIVATIONS, int(brakes.deactivations_share * linked)))
    held = []
    if changes > brakes.changes:
        held.append(Held(route.name, "changes", changes, brakes.changes))
    elif changes > share:
        held.append(Held(route.name, "share", changes, share))
    if deactivations > leaving:
        held.append(Held(route.name, "deactivations", deactivations, leaving))
    return [brake for brake in held if brake.id not in accepted]


def of_absence(route: Route, missing: int, read: int, linked: int, accepted: Collection[str]) -> Held | None:
    """The brake that a feed pulls when it does not mention records that were there."""
    if read == 0 and linked > 0:
        held = Held(route.name, "empty", missing, 0)
        return None if held.id in accepted else held
    return next(iter(of_changes(route, 0, missing, linked, accepted)), None)
