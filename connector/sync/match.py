"""Which hub record a new remote row is: the quick answer, page by page. Pure.

A stored link decides (`id_1c`, our reference). Traits (card, phone, INN, e-mail) must all point at one and the same
record that is still free in this spoke and no other firm. A row for which this is not so becomes a record of its own
for the time being, with a question; when every feed has been read, `regroup` answers such questions from all that has
been seen, so that the order in which rows came never matters.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from connector.sync.identity import DECISIVE, FIRM, HOW

Key = tuple[str, str]


class Unlinked(NamedTuple):
    """A row without a link: its external id and its keys in ladder order."""

    external_id: str
    keys: Sequence[Key]


class Decision(NamedTuple):
    """One row's record; `new` when it is nobody we know."""

    external_id: str
    uid: str
    how: str
    new: bool


class Doubt(NamedTuple):
    """An identity conflict: `uid` may be the same as any of `rivals`, by a value of `scheme`."""

    uid: str
    scheme: str
    rivals: list[str]


@dataclass(slots=True)
class Matched:
    decisions: list[Decision] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


def match(
    rows: Sequence[Unlinked],
    holders: Mapping[Key, Sequence[str]],
    taken: Collection[str],
    fresh_uid: Callable[[], str],
) -> Matched:
    """Decide every row of a page. `holders`: key -> records that carry it; `taken`: records that are linked here."""
    page = _Page(holders, set(taken), fresh_uid)
    for row in rows:
        page.decide(row)
    return page.result


class _Page:
    def __init__(self, holders: Mapping[Key, Sequence[str]], taken: set[str], fresh_uid: Callable[[], str]) -> None:
        self.holders = holders
        self.taken = taken
        self.fresh_uid = fresh_uid
        self.result = Matched()

    def decide(self, row: Unlinked) -> None:
        stored, traits, firms = self._pointed(row)
        near = stored or traits
        if not near:
            uid = self._new(row)
        else:
            uid, scheme = next(iter(near.items()))
            if len(near) > 1 or uid in self.taken or (not stored and self._may_be_another_firm(row, uid)):
                rival, uid = uid, self._new(row)
                self.result.doubts.append(Doubt(uid, scheme, [rival]))
                return
            self.taken.add(uid)
            self.result.decisions.append(Decision(row.external_id, uid, HOW[scheme], False))
            others = [other for other in traits if other != uid]
            if others:
                self.result.doubts.append(Doubt(uid, traits[others[0]], [others[0]]))
        if firms - {uid}:
            self.result.doubts.append(Doubt(uid, FIRM, [min(firms - {uid})]))

    def _pointed(self, row: Unlinked) -> tuple[dict[str, str], dict[str, str], set[str]]:
        """The records that the row's stored links point at, and its traits, each by which scheme first; kin firms."""
        stored: dict[str, str] = {}
        traits: dict[str, str] = {}
        firms: set[str] = set()
        for key in row.keys:
            if key[0] == FIRM:
                firms |= self._kin(row, key[1])
                continue
            for uid in self.holders.get(key, ()):
                (stored if key[0] in DECISIVE else traits).setdefault(uid, key[0])
        return stored, traits, firms

    def _kin(self, row: Unlinked, inn: str) -> set[str]:
        """The firms with this INN that may be this one: where one side says no KPP."""
        bare = ("inn", inn)
        return set(self.holders.get((FIRM, inn) if bare in row.keys else bare, ()))

    def _may_be_another_firm(self, row: Unlinked, uid: str) -> bool:
        """It has an INN that is not this record's: what is known of both must be compared."""
        return any(scheme == "inn" and uid not in self.holders.get((scheme, inn), ()) for scheme, inn in row.keys)

    def _new(self, row: Unlinked) -> str:
        uid = self.fresh_uid()
        self.result.decisions.append(Decision(row.external_id, uid, "created", True))
        return uid
