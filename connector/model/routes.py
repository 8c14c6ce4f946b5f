"""A route, resolved: which spoke takes part in an entity, which way, and who decides.

`connector.config` compiles `routes.yaml` and the accounts to these; the engine knows nothing else of configuration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Direction = Literal["both", "read", "write", "off"]
Deletion = Literal["deactivate", "delete", "never"]
Scope = Literal["all", "legal", "has_phone", "has_email", "has_card", "in_group", "linked"]
RuleName = Literal["spokes", "latest", "manual", "union", "none"]
Closed = Literal["refuse", "correct", "ask"]


@dataclass(frozen=True)
class Rule:
    """Who decides when spokes differ. `spokes` (rule "spokes") are the ones whose word counts."""

    name: RuleName
    spokes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Brakes:
    """The most that one run may do on one route; from the second completed run on."""

    changes: int = 500
    share: float = 0.2
    deactivations: int = 20
    deactivations_share: float = 0.02


@dataclass(frozen=True, kw_only=True)
class Route:
    """(entity, spoke). `account` is its channel for this entity; `profile` the 1C configuration, if any."""

    entity: str
    spoke: str
    account: str
    kind: str
    profile: str | None = None
    direction: Direction = "both"
    create: bool = False
    scope: tuple[Scope, ...] = ("all",)
    deletion: Deletion = "deactivate"
    brakes: Brakes = Brakes()
    peers: bool = False
    stamp: str | None = None  # the 1C spoke whose GUID is written into this system's id_1c
    fed: str | None = None  # of a ledger's source: the entity that is read there, which may be a part of this one

    @property
    def name(self) -> str:
        return f"{self.entity}/{self.account}"

    @property
    def observed(self) -> str:
        """The entity that is read there."""
        return self.fed or self.entity

    @property
    def reads(self) -> bool:
        return self.direction in ("both", "read")

    @property
    def writes(self) -> bool:
        return self.direction in ("both", "write")


@dataclass(frozen=True, kw_only=True)
class EntityRoutes:
    """All routes of one entity. `authority` is complete: every canonical field has its rule."""

    entity: str
    routes: tuple[Route, ...]
    authority: Mapping[str, Rule]
    together: Mapping[str, tuple[str, ...]]
    clock_tolerance: float = 120.0
    proposed: frozenset[str] = frozenset()
    """Entities that no route creates: their records are joined by a person, and until then a reference to one that
    only one spoke knows says nothing to the others."""

    closed: Closed = "refuse"
    """Of a ledger: what becomes of a document of a closed period. Refused; dated into the open one; asked about."""
    post: bool = False
    """Of a ledger: whether its documents are posted where they are told."""
    back: frozenset[str] = frozenset()
    """Of a ledger: the states that are told back to its sources, as far as these can be told them."""

    @property
    def sources(self) -> tuple[Route, ...]:
        """Of a ledger: where its facts come from."""
        return tuple(route for route in self.routes if route.fed is not None)

    @property
    def targets(self) -> tuple[Route, ...]:
        """Of a ledger: where its facts are told."""
        return tuple(route for route in self.routes if route.fed is None)

    def route(self, spoke: str) -> Route | None:
        return next((route for route in self.routes if route.spoke == spoke), None)


def with_proposed(all_routes: Sequence[EntityRoutes]) -> tuple[EntityRoutes, ...]:
    """The routes, each knowing which entities are only proposed."""
    proposed = frozenset(routes.entity for routes in all_routes if not any(route.create for route in routes.routes))
    return tuple(replace(routes, proposed=proposed) for routes in all_routes)
