"""A changed mapping plans nothing by itself: the shadows are first computed anew from what was last seen."""

from __future__ import annotations

from connector.mapping import Mapping
from connector.model.records import as_dict
from connector.model.routes import EntityRoutes, Route
from connector.model.states import Link, shadow_bytes
from connector.store import Store
from connector.store.hub import TO_MERGE
from connector.sync.observe import decode


def rebase(store: Store, routes: EntityRoutes, route: Route, mapping: Mapping) -> None:
    """Read every last seen row of a route with the new mapping and move the spoke's side of its shadow to that.

    Fields in dispute or waiting for our write keep theirs; so do records that have changed and are not merged yet.
    """
    held = store.crosswalk.mapping_version(route.spoke, routes.entity)
    if held == mapping.version:
        return
    if held is not None:
        for links in store.crosswalk.each(route.spoke, routes.entity):
            _rebase(store, links, mapping)
    store.crosswalk.set_mapping_version(route.spoke, routes.entity, mapping.version)


def _rebase(store: Store, links: list[Link], mapping: Mapping) -> None:
    pending = set(store.hub.marked_among([link.uid for link in links], TO_MERGE))
    moved = []
    for link in links:
        if link.seen is None or link.gone or link.uid in pending:
            continue
        before = shadow_bytes(link.shadow)
        values = as_dict(mapping.read(decode(link.seen), []))
        for name in [name for name in link.shadow.spoke if name in values and name not in mapping.references]:
            if name not in link.shadow.overruled and not (link.stale and name in link.shadow.written):
                link.shadow.agree(name, link.shadow.of_hub(name), values[name])
        if (now := shadow_bytes(link.shadow)) != before:
            moved.append((now, link.id))
    with store.transaction():
        store.crosswalk.shadows(moved)
