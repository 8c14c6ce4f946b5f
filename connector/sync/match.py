"""Which hub record a remote row is. Pure: unlinked rows and what the hub knows of their keys in, decisions out.

A stored link decides (`id_1c`, our reference). Traits (card, phone, INN, e-mail) must all point at one and the same
record, that is still free in this spoke, and each trait must belong to one record only: what is shared is no key.
Anything else is an identity conflict: the row becomes a record of its own, created nowhere until a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connector.sync.identity import DECISIVE, HOW, WEAK

Key = tuple[str, str]


class Unlinked(NamedTuple):
    """A row without a link: its external id and its keys in ladder order."""

    external_id: str
    keys: Sequence[Key]


class Taken(NamedTuple):
    """The primary link that a record already has in this spoke."""

    external_id: str
    how: str
    run: int
    link_id: int


@dataclass(slots=True)
class Decision:
    """One row's record. `rivals` are the records it might also be; `detached` the link ids taken back for it."""

    external_id: str
    uid: str
    how: str
    new: bool
    scheme: str | None = None
    rivals: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Doubt:
    """An identity conflict: `uid` may be the same as any of `rivals`, by a shared `scheme`."""

    uid: str
    scheme: str
    rivals: list[str]


@dataclass(slots=True)
class Matched:
    decisions: list[Decision] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    detached: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Links of earlier pages of this run that are taken back: link id -> (old uid, new uid)."""


def match(
    rows: Sequence[Unlinked],
    holders: Mapping[Key, Sequence[str]],
    taken: Mapping[str, Taken],
    run: int,
    fresh_uid: Callable[[], str],
) -> Matched:
    """Decide every row of a page. `holders`: key -> hub records that carry it; `taken`: record -> its link here."""
    return _Page(holders, taken, run, fresh_uid).decide(rows)


class _Page:
    def __init__(
        self,
        holders: Mapping[Key, Sequence[str]],
        taken: Mapping[str, Taken],
        run: int,
        fresh_uid: Callable[[], str],
    ) -> None:
        self.holders = holders
        self.taken = taken
        self.run = run
        self.fresh_uid = fresh_uid
        self.claimed: dict[str, Decision] = {}
        self.spoilt: dict[str, Doubt] = {}
        self.result = Matched()

    def decide(self, rows: Sequence[Unlinked]) -> Matched:
        for row in rows:
            self.result.decisions.append(self._row(row))
        return self.result

    def _row(self, row: Unlinked) -> Decision:
        for key in row.keys:
            if key[0] in DECISIVE and (uids := self.holders.get(key)):
                return self._claim(row, uids[0], key[0]) if len(uids) == 1 else self._doubtful(row, key[0], uids)
        pointed = [(key[0], self.holders.get(key, ())) for key in row.keys]
        single = {uids[0]: scheme for scheme, uids in reversed(pointed) if len(uids) == 1}
        free = [uid for uid in single if uid not in self.taken]
        if len(single) > 1 and (len(free) > 1 or len(free) != len(single)):
            return self._doubtful(row, next(iter(single.values())), list(single))
        if len(single) == 1:
            uid, scheme = next(iter(single.items()))
            return self._claim(row, uid, scheme)
        return self._shared(row, pointed)

    def _shared(self, row: Unlinked, pointed: Sequence[tuple[str, Sequence[str]]]) -> Decision:
        """Only shared values are left. Those shared inside this spoke alone say nothing at all."""
        for scheme, uids in pointed:
            free = [uid for uid in uids if uid not in self.taken and uid not in self.claimed]
            if not free:
                continue
            if len(free) == len(uids):
                return self._doubtful(row, scheme, uids)
            decision = self._new(row)
            for uid in free:
                self._doubt(uid, scheme, [decision.uid])
            return decision
        return self._new(row)

    def _claim(self, row: Unlinked, uid: str, scheme: str) -> Decision:
        if uid in self.spoilt:
            decision = self._new(row)
            self._doubt(uid, scheme, [decision.uid])
            return decision
        if uid in self.claimed or uid in self.taken:
            return self._second(row, uid, scheme)
        decision = Decision(row.external_id, uid, HOW[scheme], new=False, scheme=scheme)
        self.claimed[uid] = decision
        return decision

    def _second(self, row: Unlinked, uid: str, scheme: str) -> Decision:
        """A second row for a record. A link that a trait made in this run is taken back; an older one stays.

        A stored link outweighs a trait: then only the first row is taken back, and nothing is in doubt.
        """
        first = self.claimed.get(uid)
        if scheme in DECISIVE and first is not None and first.how in WEAK:
            first.uid, first.how, first.new = self.fresh_uid(), "created", True
            self.claimed[uid] = Decision(row.external_id, uid, HOW[scheme], new=False, scheme=scheme)
            return self.claimed[uid]
        decision = self._new(row)
        if first is not None:
            first.uid, first.how, first.new = self.fresh_uid(), "created", True
            del self.claimed[uid]
            self._spoil(uid, scheme, [first.uid, decision.uid])
            return decision
        link = self.taken[uid]
        if link.run == self.run and link.how in WEAK:
            other = self.fresh_uid()
            self.result.detached[link.link_id] = (uid, other)
            self._spoil(uid, scheme, [other, decision.uid])
        elif scheme in DECISIVE or link.how in WEAK:
            self._doubt(decision.uid, scheme, [uid])
        return decision

    def _spoil(self, uid: str, scheme: str, rivals: list[str]) -> None:
        self._doubt(uid, scheme, rivals)
        self.spoilt[uid] = self.result.doubts[-1]

    def _doubt(self, uid: str, scheme: str, rivals: list[str]) -> None:
        for doubt in self.result.doubts:
            if doubt.uid == uid and doubt.scheme == scheme:
                doubt.rivals.extend(rivals)
                return
        self.result.doubts.append(Doubt(uid, scheme, list(rivals)))

    def _doubtful(self, row: Unlinked, scheme: str, rivals: Sequence[str]) -> Decision:
        decision = self._new(row)
        self._doubt(decision.uid, scheme, list(rivals))
        return decision

    def _new(self, row: Unlinked) -> Decision:
        return Decision(row.external_id, self.fresh_uid(), "created", new=True)
