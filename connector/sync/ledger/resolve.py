"""A person decides about a fact: which side's document counts, whether a closed one is written, whether two are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.errors import UsageError
from connector.locale import N_
from connector.model.records import fields_of
from connector.model.routes import EntityRoutes
from connector.model.states import Conflict, shadow_bytes
from connector.store import Store
from connector.store.hub import TO_MERGE
from connector.sync.ledger.facts import says
from connector.sync.ledger.tell import Target, told_amounts
from connector.sync.ledger.view import LedgerView, Told, load
from connector.sync.people import merge_records
from connector.sync.rows import encode
from connector.sync.view import Mappings
from connector.systems.base import Capabilities


class LedgerResolver:
    """Carries out decisions about facts. Call inside a durable transaction, in which the conflict is closed too."""

    def __init__(self, store: Store, routes: EntityRoutes, mappings: Mappings, *, at: str, by: str) -> None:
        self.store = store
        self.routes = routes
        self.mappings = mappings
        self.at = at
        self.by = by

    def decide(self, conflict: Conflict, value: Any, winner: str) -> None:
        """Decide for what `winner` holds. UsageError when the values that were shown no longer stand."""
        uid = self.store.hub.survivor(conflict.uid)
        (view,) = load(self.store, self.routes, self.mappings, [uid])
        if conflict.kind == "field":
            self._flow(view, conflict.field or "", value)
        elif conflict.field is None:
            self._document(view, conflict, winner)
        # else: a document of closed time; the answer itself is what planning looks for
        self.store.conflicts.close(conflict.id, winner, self.by, "manual", self.at)
        self.store.hub.mark(conflict.entity, [uid], TO_MERGE)

    def _flow(self, view: LedgerView, name: str, value: Any) -> None:
        """A state that sides hold differently: as with a mirror."""
        view.hub[name] = value
        for side in view.sides:
            if name not in side.values:
                continue
            if side.equal(name, side.values[name], value):
                side.link.shadow.agree(name, value, side.values[name])
            else:
                side.link.shadow.overruled[name] = side.values[name]
        self._store(view)

    def _document(self, view: LedgerView, conflict: Conflict, winner: str) -> None:
        """The source's content counts, and targets are told it again; or what a target holds is left as it is."""
        names = frozenset(conflict.base)
        for side in view.sides:
            shown = conflict.values.get(side.link.spoke)
            if shown is not None and says(side, sorted(names)) != shown:
                text = N_("conflict {id}: the value of {account} has changed since; look again and decide anew")
                raise UsageError(text, id=conflict.id, account=side.route.account)
        if view.source is not None and winner == view.source.link.spoke:
            self._follow(view, view.source, names)
        else:
            self._leave(view, view.targets[winner], names)
        self._store(view)

    def _follow(self, view: LedgerView, source: Told, names: frozenset[str]) -> None:
        """Settling takes the source's facts over anew; a target that holds them already is not written."""
        for name in names & source.values.keys():
            source.link.shadow.agree(name, source.values[name], source.values[name])
            view.hub.pop(name, None)
        new = {**view.hub, **{name: source.values[name] for name in names if name in source.values}}
        for target in view.targets.values():
            self._again(target, names, new)

    def _again(self, target: Told, names: frozenset[str], new: Mapping[str, Any]) -> None:
        mapping = self.mappings[target.link.spoke, target.link.entity]
        amounts = told_amounts(new, Target(target.route, mapping, Capabilities()))
        read = {name for name in names if name in target.values and name in amounts}
        shadow = target.link.shadow
        if read and all(target.same(name, target.values[name], amounts[name]) for name in read):
            for name in read:  # somebody has corrected it there by hand
                shadow.agree(name, target.values[name], target.values[name])
            return
        for name in names & mapping.writes:
            shadow.overruled[name] = target.values.get(name, shadow.spoke.get(name))

    @staticmethod
    def _leave(view: LedgerView, target: Told, names: frozenset[str]) -> None:
        """What stands there is agreed to; the source's other content is known and decided against."""
        for name in names & target.values.keys():
            target.link.shadow.agree(name, target.values[name], target.values[name])
        source = view.source
        for name in source.changed(names) if source is not None else ():
            assert source is not None
            source.link.shadow.overruled[name] = source.values[name]

    def _store(self, view: LedgerView) -> None:
        order = fields_of(view.entity)
        self.store.hub.put([(encode({name: view.hub[name] for name in order if name in view.hub}), view.uid)])
        self.store.crosswalk.shadows([(shadow_bytes(side.link.shadow), side.link.id) for side in view.sides])

    # two facts are one

    def join(self, newer: str, older: str) -> None:
        """`newer` is what its source shows of `older` now: it takes its place, and what has changed is asked about."""
        (view,) = load(self.store, self.routes, self.mappings, [newer])
        (known,) = load(self.store, self.routes, self.mappings, [older])
        if view.source is None or known.source is None or view.source.link.spoke != known.source.link.spoke:
            raise UsageError(N_("{one} and {other} are not two records of one entity"), one=newer, other=older)
        shadow, link = known.source.link.shadow, view.source.link
        merge_records(self.store, newer, older, at=self.at, by=self.by)
        self.store.crosswalk.move(known.source.link.id, older, False, known.source.link.how, self.by, self.at)
        self.store.crosswalk.move(link.id, older, True, "manual", self.by, self.at)
        self.store.crosswalk.shadows([(shadow_bytes(shadow), link.id)])
        self.store.hub.mark(self.routes.entity, [older], TO_MERGE)


def _sides(view: LedgerView) -> list[Told]:
    return view.sides
