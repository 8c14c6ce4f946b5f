"""A route that needs what its system lacks is refused when the configuration is loaded, not in the middle of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.errors import ConfigError
from connector.locale import N_
from connector.model.routes import EntityRoutes, Route
from connector.sync.view import Mappings
from connector.systems.base import Adapter, Capabilities


def refuse_incapable(routes: Sequence[EntityRoutes], adapters: Mapping[str, Adapter], mappings: Mappings) -> None:
    """Raise ConfigError for the first route that asks its account for what it cannot do."""
    for each in routes:
        for route in each.routes:
            if route.direction != "off":
                can = adapters[route.account].capabilities(route.observed)
                _refuse(route, can, writes=bool(mappings[route.spoke, route.observed].writes))


def _refuse(route: Route, can: Capabilities, writes: bool) -> None:
    reading = can.feed != "none" or can.find_by
    if route.direction == "read" and not reading:
        _fail(route, N_("route {route}: {account} cannot be read for {entity}; set `direction: off`"))
    if writes and route.direction in ("write", "both") and not (can.can_create or can.can_update):
        _fail(route, N_("route {route}: {account} cannot write {entity}; set `direction: read`"))
    if route.create and not can.can_create:
        _fail(route, N_("route {route}: {account} cannot create {entity}; remove `create: true`"))
    if route.deletion == "delete" and not can.can_delete:
        _fail(route, N_("route {route}: {account} cannot delete {entity}; set `deletion: deactivate`"))


def _fail(route: Route, text: str) -> None:
    raise ConfigError(text, route=route.name, account=route.account, entity=route.entity)
