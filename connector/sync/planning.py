"""Plan what is marked, entity by entity, and count it for brakes and consent before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connector.model.routes import EntityRoutes
from connector.model.states import JournalLine, Operation
from connector.store import Store
from connector.store.hub import TO_PLAN
from connector.sync.identity import identifiers
from connector.sync.observe import decode
from connector.sync.plan import Around, Planned, Target, plan
from connector.sync.sight import writable_fields
from connector.sync.view import Mappings, View, load
from connector.sync.waits import Wait
from connector.systems.base import Adapter

CHUNK = 500


@dataclass(slots=True)
class Counts:
    """How many operations a route would carry out."""

    created: int = 0
    updated: int = 0
    deactivated: int = 0
    stamped: int = 0

    @property
    def changes(self) -> int:
        return self.created + self.updated

    @property
    def all(self) -> int:
        return self.created + self.updated + self.deactivated + self.stamped

    def add(self, operation: Operation) -> None:
        match operation.verb:
            case "create":
                self.created += 1
            case "deactivate":
                self.deactivated += 1
            case "stamp":
                self.stamped += 1
            case _:
                self.updated += 1


@dataclass(slots=True)
class Plan:
    """The operations of one round; where there are too many to keep they are planned again while applying."""

    operations: list[Operation] = field(default_factory=list)
    counts: dict[tuple[str, str], Counts] = field(default_factory=dict)
    complete: bool = True

    @property
    def count(self) -> int:
        return sum(counts.all for counts in self.counts.values())


class Planner:
    """Plans marked records. `names` are the routes that may be written to."""

    KEEP = 20_000

    def __init__(
        self,
        store: Store,
        mappings: Mappings,
        adapters: Mapping[str, Adapter],
        run: int,
        at: str,
    ) -> None:
        self.store = store
        self.mappings = mappings
        self.adapters = adapters
        self.run = run
        self.at = at
        self.waits: Counter[tuple[str, str, bool]] = Counter()
        """(entity, account, refused) -> how many records wait there; the journal has them, one by one."""
        self._coming: dict[tuple[str, str, str], str] = {}
        self._noting = True
        self.known_in_part: set[str] = set()
        """Entities of which some system was never read to its end: nothing is created, for it may be there."""

    def targets(self, routes: EntityRoutes, names: Collection[str]) -> list[Target]:
        found = []
        for each in routes.routes:
            route = replace(each, create=False) if routes.entity in self.known_in_part else each
            if not route.writes or route.name not in names:
                continue
            mapping = self.mappings[route.spoke, routes.entity]
            can = self.adapters[route.account].capabilities(routes.entity)
            removing = {"active"} if route.deletion == "delete" and can.can_delete else set()
            found.append(Target(route, mapping, can, writable_fields(routes, mapping) | removing))
        return found

    def round(self, entities: Sequence[EntityRoutes], names: Collection[str], keep_all: bool = False) -> Plan:
        """Everything that is to be done now, counted by route."""
        result = Plan()
        self._coming.clear()
        self._noting = True
        self.waits.clear()
        for routes in entities:
            for operations in self.each(routes, names):
                for operation in operations:
                    result.counts.setdefault((operation.entity, operation.account), Counts()).add(operation)
                if keep_all or (result.complete and len(result.operations) + len(operations) <= self.KEEP):
                    result.operations.extend(operations)
                else:
                    result.complete = self._noting = False
                    self._coming.clear()  # an entity is applied before the next one is planned: what it needs is there
        if not result.complete:
            result.operations.clear()
        return result

    def each(self, routes: EntityRoutes, names: Collection[str]) -> Iterator[list[Operation]]:
        """The operations of one entity, chunk by chunk; records with nothing left to do are settled."""
        targets = self.targets(routes, names)
        unasked = {route.account for route in routes.routes if route.writes and route.name not in names}
        whole = not unasked and routes.entity not in self.known_in_part
        rivals = self.store.conflicts.rivals(routes.entity)
        after = ""
        while uids := self.store.hub.marked(routes.entity, TO_PLAN, after, CHUNK):
            after = uids[-1]
            views = load(self.store, routes, self.mappings, uids)
            around = self._around(views, targets, rivals)
            planned = [(view, plan(view, routes, targets, around)) for view in views]
            self._remember(planned, unasked, whole)
            operations = [operation for _, each in planned for operation in each.operations]
            yield sorted(operations, key=lambda operation: (operation.account, operation.verb))

    def _remember(self, planned: Sequence[tuple[View, Planned]], unasked: set[str], whole: bool) -> None:
        """`whole`: nobody was left out, so that a record with nothing left to do is done with."""
        waits = [wait for _, each in planned for wait in each.waits]
        idle = [view.uid for view, each in planned if not each.operations and not each.waits and not self._open(view)]
        for _, each in planned:
            for operation in each.operations:
                if operation.verb == "create" and self._noting:
                    self._coming[operation.spoke, operation.entity, operation.uid] = operation.key
        for wait in waits:
            self.waits[wait.entity, wait.account, wait.refused] += 1
        with self.store.transaction():
            self.store.journal.clear_waiting([view.uid for view, _ in planned], unasked)
            self.store.journal.write([_line(wait) for wait in waits], self.run, self.at)
            if whole:
                self.store.hub.settled(idle)

    @staticmethod
    def _open(view: View) -> bool:
        return any(operation.status in ("sent", "unknown", "parked") for operation in view.operations)

    def _around(self, views: Sequence[View], targets: Sequence[Target], rivals: Mapping[str, set[str]]) -> Around:
        found: dict[tuple[str, str, str], str] = {}
        for target in targets:
            for name, entity in target.mapping.references.items():
                uids = {uid for view in views if isinstance(uid := view.hub.get(name), str)}
                known = self.store.crosswalk.targets(target.route.spoke, entity, uids) if uids else {}
                found.update({(target.route.spoke, entity, uid): known[uid] for uid in known})
        keys = {key for view in views for key in identifiers(view.entity, view.hub)}
        shared = self.store.hub.holders(views[0].entity, {value for _, value in keys}) if keys else {}
        return Around(found, self._living(shared), self._coming, self._doubted(views, rivals))

    def _living(self, shared: dict[tuple[str, str], list[str]]) -> dict[tuple[str, str], list[str]]:
        """A record that is marked for deletion takes no unique value from a living one."""
        several = {uid for uids in shared.values() if len(uids) > 1 for uid in uids}
        bodies = self.store.hub.living(several) if several else {}
        dead = {uid for uid in several if uid not in bodies or decode(bodies[uid]).get("active") is False}
        return {key: [uid for uid in uids if uid not in dead] for key, uids in shared.items()} if dead else shared

    def _doubted(self, views: Sequence[View], rivals: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
        concerned = {view.uid: rivals[view.uid] for view in views if view.uid in rivals}
        links = self.store.crosswalk.of(sorted({uid for others in concerned.values() for uid in others}))
        return {
            uid: frozenset(link.spoke for other in others for link in links[other] if link.primary and not link.gone)
            for uid, others in concerned.items()
        }


def _line(wait: Wait) -> JournalLine:
    return JournalLine(
        kind="waiting",
        account=wait.account,
        entity=wait.entity,
        external_id=wait.external_id,
        uid=wait.uid,
        field=wait.field or None,
        reason=wait.reason,
        do=wait.do,
    )
