"""Who is who among rows that point at each other, from everything that is known of them. Pure; no order matters.

* A value that two records of one spoke carry (a household phone, a shop's own number) is no key.
* Rows that any other value joins, directly or through others, are one record, when no spoke has two of them and none
  of them tells of another firm or branch.
* An INN without a KPP is asked about beside the same INN with one; it joins nobody.
* Otherwise they stay apart, and a person is asked about each two that a value connects.
* First stored links (`id_1c`) are followed, then traits; what was linked in earlier runs (an anchor) is never parted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final, NamedTuple

from connector.sync.identity import DECISIVE, FIRM, TRAITS, WEAK, contradict
from connector.sync.match import Key

MOST = 20
"""A value that more records carry is asked about with so many of them: nobody chooses from more."""

GONE: Final = "gone"
_DOUBTFUL: Final = WEAK | {GONE}

_RANK: Final = {scheme: rank for rank, scheme in enumerate((*sorted(DECISIVE), *TRAITS, FIRM))}


class Loose(NamedTuple):
    """A row that was linked in this run and may be linked otherwise: its keys in ladder order."""

    spoke: str
    external_id: str
    link_id: int
    uid: str
    how: str
    keys: tuple[Key, ...]


class Anchor(NamedTuple):
    """A record with links that stand: spoke -> how its primary link there was made, or GONE when its row is deleted."""

    uid: str
    spokes: Mapping[str, str]
    keys: frozenset[Key]


Member = Loose | Anchor


@dataclass(slots=True, eq=False)
class Group:
    """What is one record: its anchor, if it has one, and loose rows."""

    anchor: Anchor | None
    rows: list[Loose] = field(default_factory=list)

    @property
    def members(self) -> list[Member]:
        return [*((self.anchor,) if self.anchor else ()), *self.rows]

    @property
    def spokes(self) -> list[str]:
        return [spoke for member in self.members for spoke in spokes_of(member)]

    @property
    def name(self) -> tuple[str, ...]:
        """By what it is sorted: new records first."""
        return ("1", self.anchor.uid) if self.anchor else ("0", *self.rows[0][:2])


class Question(NamedTuple):
    """`group` may be the same as any of `rivals`, by a value of `scheme`."""

    group: Group
    scheme: str
    rivals: list[Group]


class _Edge(NamedTuple):
    """Two members that carry the same value."""

    one: Member
    other: Member
    scheme: str
    always: bool
    """Asked about even where one spoke has both: they carry one stored link; or an earlier run linked another row of
    the spoke by a mere trait, which may have been wrong; or that row is deleted, and this may be it entered anew; or
    one of them says the INN of the other's firm without a KPP."""


def spokes_of(member: Member) -> tuple[str, ...]:
    return (member.spoke,) if isinstance(member, Loose) else tuple(member.spokes)


def regroup(loose: Sequence[Loose], anchors: Sequence[Anchor]) -> tuple[list[Group], list[Question]]:
    """The records that these rows are, and what a person must be asked about them."""
    groups = [Group(None, [row]) for row in sorted(loose)]
    groups += [Group(anchor) for anchor in sorted(anchors, key=lambda anchor: anchor.uid)]
    edges: list[_Edge] = []
    for schemes in (DECISIVE, TRAITS):
        groups = _join(groups, schemes, edges)
    edges += _of_firms(loose, anchors)
    return groups, _questions(groups, edges)


def _of_firms(loose: Sequence[Loose], anchors: Sequence[Anchor]) -> Iterator[_Edge]:
    """Who carries one INN where one side says no KPP."""
    carriers: dict[str, list[Member]] = {}
    everybody: list[Member] = [*loose, *anchors]
    for member in everybody:
        for scheme, inn in member.keys:
            if scheme == FIRM:
                carriers.setdefault(inn, []).append(member)
    for inn, members in sorted(carriers.items()):
        bare = ("inn", inn)
        yield from (edge for edge in _edges(members, FIRM) if (bare in edge.one.keys) != (bare in edge.other.keys))


def _join(groups: list[Group], schemes: Collection[str], edges: list[_Edge]) -> list[Group]:
    carriers: dict[Key, list[tuple[int, Member]]] = {}
    for number, group in enumerate(groups):
        for member in group.members:
            for key in member.keys:
                if key[0] in schemes:
                    carriers.setdefault(key, []).append((number, member))
    up = list(range(len(groups)))
    for (scheme, _), found in carriers.items():
        if all(isinstance(member, Anchor) for _, member in found):
            continue  # what old records share is settled
        edges.extend(_edges([member for _, member in found], scheme))
        if not _shared(found):
            for number, _ in found:
                up[_top(up, number)] = _top(up, found[0][0])
    parts: dict[int, list[Group]] = {}
    for number, group in enumerate(groups):
        parts.setdefault(_top(up, number), []).append(group)
    apart = _by_firm if schemes is TRAITS else _together  # a stored link outweighs every trait, an INN too
    return [joined for part in parts.values() for one in apart(part) for joined in _as_one(one)]


def _top(up: list[int], number: int) -> int:
    while up[number] != number:
        up[number] = number = up[up[number]]
    return number


def _shared(found: Iterable[tuple[int, Member]]) -> bool:
    """Whether two records carry the value in one spoke."""
    seen: dict[str, int] = {}
    return any(seen.setdefault(spoke, number) != number for number, member in found for spoke in spokes_of(member))


def _as_one(part: list[Group]) -> list[Group]:
    """One record of all, when no spoke has two of them; each for itself otherwise."""
    spokes = [spoke for group in part for spoke in group.spokes]
    anchors = [group.anchor for group in part if group.anchor is not None]
    if len(part) == 1 or len(anchors) > 1 or len(set(spokes)) < len(spokes):
        return part
    return [Group(anchors[0] if anchors else None, sorted(row for group in part for row in group.rows))]


def _together(part: list[Group]) -> list[list[Group]]:
    return [part]


def _by_firm(part: list[Group]) -> list[list[Group]]:
    """Those who tell of different firms are not one, whatever they share: then nothing but the INN joins."""
    keys = [[key for member in group.members for key in member.keys] for group in part]
    if not any(contradict(one, other) for one, other in combinations(keys, 2)):
        return [part]
    firms: dict[object, list[Group]] = {}
    for group, own in zip(part, keys, strict=True):
        inn = next((value for scheme, value in own if scheme == "inn"), None)
        firms.setdefault(inn if inn is not None else id(group), []).append(group)
    return list(firms.values())


def _edges(members: Sequence[Member], scheme: str) -> Iterator[_Edge]:
    """Each row with the anchors that may be it, and with the rows of other spokes; never two anchors."""
    anchors = [member for member in members if isinstance(member, Anchor)]
    rows: dict[str, list[Loose]] = {}
    for member in members:
        if isinstance(member, Loose):
            rows.setdefault(member.spoke, []).append(member)
    decisive = scheme in DECISIVE
    for spoke, own in rows.items():
        near = [other for there, found in rows.items() if there != spoke or decisive for other in found[:MOST]]
        asked = decisive or scheme == FIRM
        standing = [(anchor, asked or anchor.spokes.get(spoke) in _DOUBTFUL) for anchor in anchors]
        held = [item for item in standing if item[1] or spoke not in item[0].spokes][:MOST]
        for row in own:
            yield from (_Edge(row, anchor, scheme, always) for anchor, always in held)
            yield from (_Edge(row, other, scheme, decisive) for other in near if other is not row)


def _questions(groups: Sequence[Group], edges: Sequence[_Edge]) -> list[Question]:
    """One question for each record in doubt; a pair is asked about once, at the one that has more candidates."""
    of = {id(member): group for group in groups for member in group.members}
    doubts: dict[int, dict[int, str]] = {}
    by_id = {id(group): group for group in groups}
    for edge in sorted(edges, key=lambda edge: _RANK[edge.scheme]):
        one, other = of[id(edge.one)], of[id(edge.other)]
        if one is other or not (one.rows or other.rows) or not (edge.always or not set(one.spokes) & set(other.spokes)):
            continue
        doubts.setdefault(id(one), {}).setdefault(id(other), edge.scheme)
        doubts.setdefault(id(other), {}).setdefault(id(one), edge.scheme)
    asked: set[int] = set()
    found = []
    for number in sorted(doubts, key=lambda number: (-len(doubts[number]), by_id[number].name)):
        rivals = {rival: scheme for rival, scheme in doubts[number].items() if rival not in asked}
        asked.add(number)
        if rivals:
            scheme = min(rivals.values(), key=lambda scheme: _RANK[scheme])
            ordered = sorted((by_id[rival] for rival in rivals), key=lambda group: group.name)
            found.append(Question(by_id[number], scheme, ordered))
    return found
