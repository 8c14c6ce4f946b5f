"""The operations for facts: told once where they are not known, their status afterwards; all else waits and says why.

A fact is created once under its uid, whole or not at all. Its content is written again only where a person has decided
so (the field stands as overruled in the target's shadow). A document of a closed period is written by nobody unless the
route or a person says how. Every line of the journal says how much money waits with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.errors import ConnectorError, RowError
from connector.locale import N_, Sentence
from connector.model.books import Books
from connector.model.records import ENTITIES
from connector.model.routes import EntityRoutes, Route
from connector.model.states import Conflict, JournalLine, Operation, Verb
from connector.model.values import money_text
from connector.store import Store
from connector.store.hub import TO_PLAN
from connector.sync.ledger import closed, posted
from connector.sync.ledger.back import TellingBack
from connector.sync.ledger.closed import ClosedTime
from connector.sync.ledger.goods import Goods
from connector.sync.ledger.posted import Posted
from connector.sync.ledger.refer import Coming, References
from connector.sync.ledger.tell import Lack, Target, amount, dated, lacks, needs_shipping, told
from connector.sync.ledger.view import UNDER_WAY, LedgerView, Told, load
from connector.sync.view import Mappings
from connector.systems.base import Adapter

CHUNK: Final = 200
Failed = Callable[[str, ConnectorError], None]
"""Told of an account that could not be asked."""

_QUESTIONS: Final = (closed.FIELD, posted.FIELD)
_GIVEN: Final = ("total", "lines")
"""Of an offer that was replaced: by what it is known again when the receiver shows it."""
_DECIDE: Final = Sentence(N_("decide it: connector conflicts list"))
_TRIES: Final = 2
"""So often a target is told what it then does not show, before a person is asked to look there."""
_CORRECT: Final = Sentence(N_("correct the record where it is kept; it is planned again in the next run"))
_THERE: Final = Sentence(N_("look at the document there: change it by hand, or decide there what keeps it"))
_BY_HAND: Final = Sentence(N_("enter it by hand, or open the period: closed_until of connector.yaml"))


@dataclass(slots=True)
class LedgerPlanned:
    """What planning one fact came to."""

    operations: list[Operation] = field(default_factory=list)
    lines: list[JournalLine] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    questions: list[Conflict] = field(default_factory=list)


class LedgerPlanner:
    """Plans marked facts. `waiting` counts, by (entity, account), those that wait and those that are refused."""

    def __init__(
        self,
        store: Store,
        mappings: Mappings,
        adapters: Mapping[str, Adapter],
        goods: Goods,
        books: Books,
        run: int,
        at: str,
    ) -> None:
        self.store = store
        self.mappings = mappings
        self.adapters = adapters
        self.goods = goods
        self.books = books
        self.run = run
        self.at = at
        self.back = TellingBack(store, mappings, adapters)
        self.waiting: dict[tuple[str, str], tuple[int, int]] = {}

    def targets(self, routes: EntityRoutes, accounts: Collection[str]) -> list[Target]:
        found = []
        for route in routes.targets:
            if route.account in accounts:
                can = self.adapters[route.account].capabilities(routes.entity)
                found.append(Target(route, self.mappings[route.spoke, routes.entity], can))
        return found

    def each(
        self, routes: EntityRoutes, accounts: Collection[str], coming: Coming, failed: Failed
    ) -> Iterator[list[Operation]]:
        """The operations of every marked fact, chunk by chunk; facts with nothing left to do are settled."""
        targets = self.targets(routes, accounts)
        unreached = {route.account for route in routes.targets} - set(accounts)
        self.waiting.update({(routes.entity, target.route.account): (0, 0) for target in targets})
        after = ""
        while uids := self.store.hub.marked(routes.entity, TO_PLAN, after, CHUNK):
            after = uids[-1]
            views = load(self.store, routes, self.mappings, uids)
            references = References(self.store, self.goods, targets, views, coming)
            time = ClosedTime(self.books, routes.closed, self.store.conflicts.decided(uids, "document", closed.FIELD))
            held = Posted(routes.post, self.store.conflicts.decided(uids, "document", posted.FIELD))
            chunk = _Chunk(self.store, routes, targets, references, time, held, failed)
            planned = {view.uid: chunk.plan(view) for view in views}
            self._tell_back(routes, views, planned, set(accounts))
            self._remember(routes, views, planned, unreached | chunk.broken)
            yield [operation for each in planned.values() for operation in each.operations]

    def _tell_back(
        self,
        routes: EntityRoutes,
        views: Sequence[LedgerView],
        planned: Mapping[str, LedgerPlanned],
        accounts: set[str],
    ) -> None:
        self.back.pending.clear()
        for view in views if routes.back else ():
            planned[view.uid].operations += self.back.plan(routes, view, accounts)

    def _remember(
        self, routes: EntityRoutes, views: Sequence[LedgerView], planned: Mapping[str, LedgerPlanned], unasked: set[str]
    ) -> None:
        idle = [view.uid for view in views if not (planned[view.uid].operations or planned[view.uid].lines)]
        busy = {
            view.uid for view in views if any(one.status in UNDER_WAY for one in view.operations)
        } | self.back.pending
        self._count(routes, planned.values())
        with self.store.transaction():
            self.store.journal.clear_waiting([view.uid for view in views], unasked)
            for each in planned.values():
                self.store.journal.write(each.lines, self.run, self.at)
                self.store.conflicts.write(each.questions, self.run, self.at)
            for view in views if not unasked else ():
                self._answered(view, planned[view.uid])
            if not unasked:
                self.store.hub.settled([uid for uid in idle if uid not in busy])

    def _answered(self, view: LedgerView, planned: LedgerPlanned) -> None:
        """A question about closed time or a posted document that is not asked any more has answered itself."""
        asked = {question.field for question in planned.questions}
        for held in view.conflicts:
            if held.kind == "document" and held.field in _QUESTIONS and held.field not in asked:
                self.store.conflicts.close(held.id, None, "agreed", held.rule, self.at)

    def _count(self, routes: EntityRoutes, planned: Collection[LedgerPlanned]) -> None:
        for each in planned:
            for account in {line.account for line in each.lines}:
                waits, refused = self.waiting.get((routes.entity, account), (0, 0))
                is_refused = account in each.refused
                self.waiting[routes.entity, account] = (waits + (not is_refused), refused + is_refused)


class _Chunk:
    """Facts that are planned together. `broken` are the accounts that could not be asked."""

    def __init__(
        self,
        store: Store,
        routes: EntityRoutes,
        targets: Sequence[Target],
        references: References,
        time: ClosedTime,
        held: Posted,
        failed: Failed,
    ) -> None:
        self.store = store
        self.routes = routes
        self.targets = targets
        self.references = references
        self.time = time
        self.held = held
        self.failed = failed
        self.broken: set[str] = set()

    def plan(self, view: LedgerView) -> LedgerPlanned:
        """The operations for one fact, over all targets."""
        planned = LedgerPlanned()
        if view.source is None or (isinstance(view.hub.get("date"), str) and self.time.books.is_old(view.hub["date"])):
            return planned
        if view.kept and (disputed := view.question(None)) is not None:
            self._wait(view, view.source.route, planned, [_dispute(view, disputed)])
        for target in self.targets:
            if target.route.account in self.broken:
                continue
            try:
                self._plan(view, target, planned)
            except ConnectorError as error:
                self.broken.add(target.route.account)
                self.failed(target.route.account, error)
        return planned

    def _plan(self, view: LedgerView, target: Target, planned: LedgerPlanned) -> None:
        known = view.targets.get(target.route.spoke)
        waiting = view.open_operation(target.route.spoke)
        if waiting is not None and waiting.status != "offered":
            return
        if known is None:
            self._create(view, target, planned, waiting)
        else:
            self._update(view, target, known, planned, waiting)

    # telling

    def _create(self, view: LedgerView, target: Target, planned: LedgerPlanned, offered: Operation | None) -> None:
        if (view.hub.get("cancelled") is True and offered is None) or not target.can.can_create:
            return  # what was offered may have been fetched: then its cancelling must be told as well
        found = [*lacks(view, target)]
        if view.held:
            text = N_("it may be one that is known already, with another amount")
            found.append(Lack("", Sentence(text), do=_DECIDE))
        values = self._told(view, target)
        after, unknown = self.references.people(view, target, values)
        found += [*unknown, *self.references.goods_of(view, target, values)]
        found += [] if found else self._unsayable(target, values)
        if found:
            self._wait(view, target.route, planned, found)
            return
        verdict = self.time.verdict(view, target.route.spoke, view.hub["date"], new=True)
        if verdict == "correct":
            values = dated(values, self.time.books.first_open())
        elif verdict != "open":
            self._closed(view, target, planned, view.hub["date"])
            return
        if offered is None:
            self._offer(view, target, planned, "create", values, {}, None, tuple(after))
        elif offered.patch != values:
            self._renew(offered, values)

    def _told(self, view: LedgerView, target: Target) -> dict[str, Any]:
        shipping = None
        if needs_shipping(view, target) and view.source is not None:
            shipping = self.references.goods.shipping(view.source.link.spoke, target.shipping or "")
        return told(view, target, self.time.books, shipping)

    @staticmethod
    def _unsayable(target: Target, values: Mapping[str, Any]) -> list[Lack]:
        """What cannot be said there. Ids are left out: whether they can be said does not depend on which."""
        plain = {name: value for name, value in values.items() if name not in target.mapping.references}
        if target.links_goods and isinstance(lines := plain.get("lines"), list):
            plain["lines"] = [{name: value for name, value in line.items() if name != "product"} for line in lines]
        return [_refusal(target, error) for error in target.mapping.sayable(plain)[1]]

    def _renew(self, offered: Operation, patch: dict[str, Any]) -> None:
        """Offer something else instead. What may have been fetched already is remembered."""
        if offered.patch == patch:
            return
        evidence = offered.evidence
        if offered.external_id is not None:
            given = [*evidence.get("given", ()), {name: offered.patch.get(name) for name in _GIVEN}]
            evidence = {**evidence, "given": given[-_TRIES:]}
        with self.store.transaction(durable=True):
            self.store.outbox.refresh(offered, patch, evidence)

    # what is there already

    def _update(
        self, view: LedgerView, target: Target, known: Told, planned: LedgerPlanned, offered: Operation | None
    ) -> None:
        disputed = view.question(None)
        if disputed is not None:
            self._wait(view, target.route, planned, [_dispute(view, disputed)])
        if not target.can.can_update:
            return
        if target.can.collects and known.changed(ENTITIES[view.entity].facts):
            self._take_back(offered)  # it is told whole or not at all: that would write over what was changed there
            return
        flow = self._flow(view, target, known, planned)
        decided = {} if disputed is not None or known.link.gone else self._decided(view, target, known, planned)
        if offered is not None:
            own = {
                name: view.hub[name] for name in offered.patch if view.hub.get(name) is not None and name in _flow(view)
            }
            self._renew(offered, {**offered.patch, **own, **decided, **flow})
            return
        if not (flow or decided):
            if disputed is None:
                self._post(view, target, known, planned)
            return
        if not self._may_write(view, target, known, planned):
            return
        cancels = flow.get("cancelled") is True
        rewrites = bool(decided) or (cancels and not target.can.collects)  # who collects it decides about its entries
        if known.values.get("posted") is True and rewrites:
            self._unpost(
                view, target, known, planned, "ask" if decided else self.held.verdict(view, target.route.spoke)
            )
            return
        verb: Verb = "deactivate" if cancels else "update"
        self._offer(view, target, planned, verb, {**decided, **flow}, known.values, known.link.external_id)

    def _take_back(self, offered: Operation | None) -> None:
        if offered is not None:
            with self.store.transaction(durable=True):
                self.store.outbox.withdraw(offered)

    def _flow(self, view: LedgerView, target: Target, known: Told, planned: LedgerPlanned) -> dict[str, Any]:
        """The status as the hub has it, where the target has it otherwise."""
        waiting = {one.field for one in view.conflicts if one.kind == "field"}
        found = {
            name: view.hub[name]
            for name in sorted(_flow(view) - waiting)
            if target.writes(name)
            and view.hub.get(name) is not None
            and view.hub[name] != known.values.get(name, known.link.shadow.spoke.get(name))
        }
        return self._not_in_vain(view, target, known, planned, found)

    def _not_in_vain(
        self, view: LedgerView, target: Target, known: Told, planned: LedgerPlanned, patch: dict[str, Any]
    ) -> dict[str, Any]:
        """Without what the target was told several times and does not show: a person must look there."""
        vain = [name for name in patch if known.link.shadow.ignored.get(name, 0) >= _TRIES]
        text = N_("{system} was told its {field} {count} times and does not show it")
        lacks = [
            Lack(name, Sentence(text, system=target.route.account, field=name, count=_TRIES), do=_THERE)
            for name in vain
        ]
        self._wait(view, target.route, planned, lacks)
        return {name: value for name, value in patch.items() if name not in vain}

    def _decided(self, view: LedgerView, target: Target, known: Told, planned: LedgerPlanned) -> dict[str, Any]:
        """The content that a person has decided to write again."""
        names = known.link.shadow.overruled.keys() & ENTITIES[view.entity].facts
        if not names:
            return {}
        values = self._told(view, target)
        _, unknown = self.references.people(view, target, values)
        found = [*lacks(view, target), *unknown, *self.references.goods_of(view, target, values)]
        if found:
            self._wait(view, target.route, planned, found)
            return {}
        told = {name: values[name] for name in sorted(names) if name in values}
        return self._not_in_vain(view, target, known, planned, told)

    def _may_write(self, view: LedgerView, target: Target, known: Told, planned: LedgerPlanned) -> bool:
        """Whether a document that is there may be changed with regard to closed time, its own date and the fact's."""
        for date in (known.values.get("date"), view.hub.get("date")):
            if isinstance(date, str) and self.time.verdict(view, target.route.spoke, date, new=False) != "open":
                self._closed(view, target, planned, date)
                return False
        return True

    def _post(self, view: LedgerView, target: Target, known: Told, planned: LedgerPlanned) -> None:
        """Post it, once: what an accountant takes back afterwards stays so."""
        is_wanted = self.routes.post and target.writes("posted") and view.hub.get("cancelled") is not True
        if not is_wanted or known.link.shadow.has("posted") or known.values.get("posted") is not False:
            return
        if self._may_write(view, target, known, planned):
            self._offer(view, target, planned, "post", {"posted": True}, known.values, known.link.external_id)

    def _unpost(
        self, view: LedgerView, target: Target, known: Told, planned: LedgerPlanned, verdict: posted.Verdict
    ) -> None:
        """A posted document is not changed under its entries: they are taken back first, by us or by a person."""
        spoke = target.route.spoke
        if verdict == "unpost":
            self._offer(view, target, planned, "unpost", {"posted": False}, known.values, known.link.external_id)
        elif verdict == "ask":
            rewritten = known.link.shadow.overruled.keys() & ENTITIES[view.entity].facts
            if not rewritten:
                planned.questions.append(self.held.question(view, spoke))
            text = N_("it is posted in {system}: its posting must be taken back there first")
            lack = Lack("posted", Sentence(text, system=target.route.account), do=_CORRECT if rewritten else _DECIDE)
            self._wait(view, target.route, planned, [lack])

    # results

    def _closed(self, view: LedgerView, target: Target, planned: LedgerPlanned, date: str) -> None:
        spoke = target.route.spoke
        verdict = self.time.verdict(view, spoke, date, new=False)
        if verdict == "left":
            return
        if verdict == "ask":
            planned.questions.append(self.time.question(view, spoke, date))
        text = N_("it belongs to a period that is closed up to {until}")
        reason = Sentence(text, until=str(self.time.books.closed_until))
        do = _DECIDE if verdict == "ask" else _BY_HAND
        self._wait(view, target.route, planned, [Lack(closed.FIELD, reason, do=do, refused=verdict == "refuse")])

    def _offer(
        self,
        view: LedgerView,
        target: Target,
        planned: LedgerPlanned,
        verb: Verb,
        patch: dict[str, Any],
        seen: Mapping[str, Any],
        external_id: str | None,
        after: tuple[str, ...] = (),
    ) -> None:
        """Plan the operation, unless the target has refused exactly this before."""
        route = target.route
        for one in view.operations:
            if one.spoke == route.spoke and one.verb == verb and one.status == "refused" and one.patch == patch:
                return
        operation = Operation(
            entity=view.entity,
            account=route.account,
            spoke=route.spoke,
            uid=view.uid,
            verb=verb,
            external_id=external_id,
            patch=patch,
            expect={name: seen[name] for name in patch if name in seen},
            repeat=target.can.repeat.get(verb, "same" if target.can.collects else "verify"),
            after=after,
        )
        planned.operations.append(operation)

    def _wait(self, view: LedgerView, route: Route, planned: LedgerPlanned, found: Sequence[Lack]) -> None:
        source = view.source
        for lack in found:
            line = JournalLine(
                kind="waiting",
                account=route.account,
                entity=view.entity,
                external_id=view.uid if source is None else source.link.external_id,
                uid=view.uid,
                field=lack.field or None,
                reason=lack.reason,
                amount=amount(view) if lack.amount is None else lack.amount,
                do=lack.do or _CORRECT,
            )
            planned.lines.append(line)
            if lack.refused:
                planned.refused.add(route.account)


def _flow(view: LedgerView) -> frozenset[str]:
    return ENTITIES[view.entity].flow


def _refusal(target: Target, error: RowError) -> Lack:
    text = N_("{system} cannot be told this {field}: {why}")
    return Lack(error.field, Sentence(text, system=target.route.account, field=error.field, why=error.reason))


def _dispute(view: LedgerView, question: Conflict) -> Lack:
    """The document was changed after it was told: with the money that is at stake."""
    sides = [question.base, *question.values.values()] if len(question.values) == 1 else question.values.values()
    known = [one[name] for one in sides for name in ("total", "amount") if isinstance(one.get(name), int)]
    stake = max(known) - min(known) if known else 0
    return Lack("", _changed(view, question), do=_DECIDE, amount=stake or None)


def _changed(view: LedgerView, question: Conflict) -> Sentence:
    """What was changed, what it comes to on each side, and in which lines."""
    fields = ", ".join(question.base)
    totals = ", ".join(
        f"{spoke} {money_text(one['total'])}"
        for spoke, one in sorted(question.values.items())
        if isinstance(one.get("total"), int)
    )
    lines = sorted({number for side in view.sides for number in side.differing})
    if not totals:
        return Sentence(N_("it was changed after it had been carried: {fields}"), fields=fields)
    if not lines:
        text = N_("it was changed after it had been carried: {fields} ({totals})")
        return Sentence(text, fields=fields, totals=totals)
    text = N_("it was changed after it had been carried: {fields} ({totals}; lines {numbers})")
    return Sentence(text, fields=fields, totals=totals, numbers=", ".join(map(str, lines)))
