"""What one feed has shown so far, and the hash by which a row is known to be unchanged."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass
from hashlib import blake2b

from connector.mapping import Mapping
from connector.model.records import ENTITIES, fields_of, merged_fields
from connector.model.routes import EntityRoutes, Route


def tag(mapping: Mapping) -> bytes:
    """What a hash is bound to: other paths make other rows."""
    return blake2b(",".join(mapping.paths).encode(), digest_size=16).digest()


def digest(mapping: Mapping, body: bytes) -> bytes:
    """128 bits over the canonical bytes of a row."""
    return blake2b(body, digest_size=16, key=tag(mapping)).digest()


@dataclass(slots=True)
class Sight:
    """Which links a feed has mentioned (a bit each), the figures of its route, and what its rows need to be stored.

    `dropped` are the fields of its mapping that take no part in the merge; `groups` the fields that move together;
    `writable` what each feed that we write to takes; `stamped` says that records get the key of another spoke;
    `derives` are the mapped fields of which the hub computes its own, `refers` those that lead to other records;
    `expects_new` that the next rows are most likely new, and may be read before anybody has looked; `alive`, counted at
    the end, is how many of the links that there were are not gone.
    """

    route: Route
    mapping: Mapping
    feed: int
    last_id: int
    bits: bytearray
    tag: bytes
    id_scheme: str | None
    proposed: frozenset[str]
    dropped: tuple[str, ...]
    groups: tuple[frozenset[str], ...]
    writable: Map[int, frozenset[str]]
    stamped: bool
    derives: tuple[str, ...]
    refers: frozenset[str]
    has_active: bool
    expects_new: bool
    alive: int = 0
    read: int = 0
    changed: int = 0
    mentioned: int = 0
    unreadable: int = 0

    def mention(self, link_id: int, gone: bool) -> None:
        """Note a link that the feed shows; those that it does not call gone are counted."""
        bits, byte, bit = self.bits, link_id >> 3, 1 << (link_id & 7)
        if link_id <= self.last_id and not bits[byte] & bit:
            bits[byte] |= bit
            self.mentioned += not gone

    def missed(self, link_id: int) -> bool:
        return link_id <= self.last_id and not self.bits[link_id >> 3] & (1 << (link_id & 7))


def carried(routes: EntityRoutes, mapping: Mapping) -> frozenset[str]:
    """The fields of a mapping that take part in the merge."""
    fields = merged_fields(routes.entity)
    return frozenset(name for name in mapping.reads if name in fields and routes.authority[name].name != "none")


def writable_fields(routes: EntityRoutes, mapping: Mapping) -> frozenset[str]:
    """The canonical fields that a route may write: mapped for writing, carried, or derived; never read-only ones."""
    cls = ENTITIES[routes.entity]
    fields = merged_fields(routes.entity)
    return frozenset(
        name
        for name in mapping.writes
        if name in cls.derived or (name in fields and routes.authority[name].name != "none")
    )


def sight_of(
    routes: EntityRoutes,
    route: Route,
    mapping: Mapping,
    *,
    feed: int,
    last_id: int,
    id_scheme: str | None,
    writable: Map[int, frozenset[str]],
    expects_new: bool,
) -> Sight:
    """A sight of which nothing has been seen yet."""
    return Sight(
        route=route,
        mapping=mapping,
        feed=feed,
        last_id=last_id,
        bits=bytearray((last_id >> 3) + 1),
        tag=tag(mapping),
        id_scheme=id_scheme,
        proposed=routes.proposed,
        dropped=tuple(sorted(mapping.reads - carried(routes, mapping))),
        groups=tuple(frozenset(names) for names in routes.together.values()),
        writable=writable,
        stamped=any(each.stamp is not None for each in routes.routes),
        derives=tuple(name for name in ENTITIES[routes.entity].derived if name in mapping.reads),
        refers=frozenset(mapping.references),
        has_active="active" in fields_of(routes.entity),
        expects_new=expects_new,
    )
