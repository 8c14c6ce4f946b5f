"""When every feed has been read: answer what single pages could not, from all that is known of the rows concerned.

While pages are stored a row that fits no record plainly is kept as a record of its own under an *unsettled* identity
conflict, which lets nothing be created for it. Here those conflicts are replaced: rows that prove to be one record are
joined, rows that a shared value had joined are parted, and what stays doubtful becomes a question for a person. The
conflicts themselves carry the work over a death of the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.model.records import as_dict
from connector.model.routes import EntityRoutes
from connector.model.states import Link
from connector.store import Store
from connector.store.hub import TO_MERGE
from connector.sync.identity import FIRM, HOW, UNSETTLED, WEAK, identifiers, identity_conflict, row_keys
from connector.sync.match import Key
from connector.sync.observe import decode
from connector.sync.regroup import GONE, Anchor, Group, Loose, Question, regroup
from connector.sync.view import Mappings

_LOOSE: Final = WEAK | {"created", "id_1c"}


@dataclass(slots=True)
class _Around:
    """The records concerned: rows that may be linked otherwise, links that stand, by record."""

    loose: dict[str, list[Loose]] = field(default_factory=dict)
    standing: dict[str, list[Link]] = field(default_factory=dict)

    @property
    def uids(self) -> set[str]:
        return self.loose.keys() | self.standing.keys()


class Doubts:
    """Answers the unsettled conflicts of an entity. `id_scheme` tells a spoke's own ids' scheme, if they have one."""

    def __init__(
        self,
        store: Store,
        mappings: Mappings,
        id_scheme: Callable[[str, str], str | None],
        run: int,
        at: str,
        fresh_uid: Callable[[], str],
    ) -> None:
        self.store = store
        self.mappings = mappings
        self.id_scheme = id_scheme
        self.run = run
        self.at = at
        self.fresh_uid = fresh_uid

    def settle(self, routes: EntityRoutes, since: int) -> None:
        """Nothing of this entity is unsettled afterwards. What runs from `since` on have linked may be linked anew."""
        unsettled = [
            conflict for conflict in self.store.conflicts.by_rule(UNSETTLED) if conflict.entity == routes.entity
        ]
        if not unsettled:
            return
        named = {conflict.uid for conflict in unsettled}
        named |= {uid for conflict in unsettled for uids in conflict.values.values() for uid in uids}
        around = self._gather(routes.entity, named, since)
        anchors = [self._anchor(uid, links) for uid, links in around.standing.items()]
        groups, questions = regroup([row for rows in around.loose.values() for row in rows], anchors)
        with self.store.transaction():
            self.store.conflicts.withdraw([conflict.id for conflict in unsettled])
            uids = _uids(groups, around, self.fresh_uid)
            _Moves(self, routes.entity, around).carry_out(groups, uids)
            self._ask(routes.entity, questions, uids)

    # who is concerned

    def _gather(self, entity: str, uids: Iterable[str], since: int) -> _Around:
        """The records named, and all that a loose row of theirs points at, and so on."""
        around = _Around()
        wanted = sorted(uids)
        while wanted:
            found = self._rows(entity, wanted, since, around)
            keys = {key for row in found for key in row.keys}
            holders = self.store.hub.holders(entity, {value for _, value in keys}) if keys else {}
            wanted = sorted({uid for key in keys for uid in holders.get(key, ())} - around.uids)
        return around

    def _rows(self, entity: str, uids: Sequence[str], since: int, around: _Around) -> list[Loose]:
        links = self.store.crosswalk.of(uids)
        ours = self.store.outbox.created(uids)
        found = []
        for uid in uids:
            for link in links[uid]:
                if link.run >= since and _may_move(link) and (uid, link.spoke) not in ours:
                    row = Loose(link.spoke, link.external_id, link.id, uid, link.how, self.keys(link))
                    around.loose.setdefault(uid, []).append(row)
                    found.append(row)
                else:
                    around.standing.setdefault(uid, []).append(link)
        return found

    def keys(self, link: Link) -> tuple[Key, ...]:
        """By what a row is known, as when it was first seen."""
        mapping = self.mappings.get((link.spoke, link.entity))
        if mapping is None:  # the spoke takes part no more
            return ()
        values = as_dict(mapping.read(decode(link.seen or b"{}"), []))
        cards: Sequence[str] = ()
        if link.entity == "customer":
            feed = self.store.crosswalk.feed(link.spoke, link.entity)
            cards = self.store.crosswalk.held(feed, [link.external_id]).get(link.external_id, ())
        scheme = self.id_scheme(link.spoke, link.entity)
        return tuple(row_keys(link.entity, values, link.external_id, scheme, cards=cards))

    def _anchor(self, uid: str, links: Sequence[Link]) -> Anchor:
        keys = self.store.hub.identifiers([uid])[uid]
        spokes = {link.spoke: GONE if link.gone else link.how for link in links if link.primary}
        return Anchor(uid, spokes, frozenset(key for key in keys if key[0] in HOW or key[0] == FIRM))

    # what a person is asked

    def _ask(self, entity: str, questions: Sequence[Question], uids: Mapping[int, str]) -> None:
        standing = self.store.conflicts.open_of([uids[id(question.group)] for question in questions])
        conflicts = []
        for question in questions:
            uid = uids[id(question.group)]
            rivals: dict[str, set[str]] = {}
            for earlier in standing.get(uid, ()):
                if earlier.kind == "identity" and earlier.field == question.scheme:
                    rivals.update({spoke: set(found) for spoke, found in earlier.values.items()})
            for rival in question.rivals:
                rivals.setdefault(min(rival.spokes), set()).add(uids[id(rival)])
            values = {spoke: sorted(found) for spoke, found in sorted(rivals.items())}
            conflicts.append(identity_conflict(entity, uid, question.scheme, values))
        self.store.conflicts.write(conflicts, self.run, self.at)


class _Moves:
    """Brings the crosswalk to the groups that were found."""

    def __init__(self, doubts: Doubts, entity: str, around: _Around) -> None:
        self.store = doubts.store
        self.at = doubts.at
        self.keys = doubts.keys
        self.entity = entity
        self.around = around

    def carry_out(self, groups: Sequence[Group], uids: Mapping[int, str]) -> None:
        after = {uids[id(group)]: group for group in groups}
        before = {uid: {row.link_id for row in rows} for uid, rows in self.around.loose.items()}
        changed = {
            uid: group for uid, group in after.items() if {row.link_id for row in group.rows} != before.get(uid, set())
        }
        self.store.hub.add(self.entity, [(uid, b"{}") for uid in sorted(changed.keys() - self.around.uids)])
        moving = [
            (row, uid, _how(row, group))
            for uid, group in changed.items()
            for row in group.rows
            if uid != row.uid or group.anchor is None
        ]
        for row, _, how in moving:  # two rows may change places
            self.store.crosswalk.move(row.link_id, row.uid, False, how, "run", self.at)
        for row, uid, how in moving:
            self.store.crosswalk.move(row.link_id, uid, True, how, "run", self.at)
        for uid in self.around.uids - after.keys():
            self.store.hub.remove(uid)
        for uid, group in changed.items():
            self._know_anew(uid, group)
        self.store.hub.mark(self.entity, sorted(changed), TO_MERGE)

    def _know_anew(self, uid: str, group: Group) -> None:
        """A record of new rows is made from nothing again; one that stood forgets what left it, and hears what came."""
        keys = {key for row in group.rows for key in row.keys}
        left = {key for row in self.around.loose.get(uid, ()) for key in row.keys} - keys
        if group.anchor is None:
            self.store.hub.put([(b"{}", uid)])
        else:
            left -= self._own(uid)
        self.store.hub.forget([(self.entity, *key, uid) for key in sorted(left)])
        self.store.hub.identify([(self.entity, *key, uid) for key in sorted(keys)])

    def _own(self, uid: str) -> set[Key]:
        """What a standing record is known by: its own values, those of its links, and its cards."""
        known = set(identifiers(self.entity, decode(self.store.hub.bodies([uid])[uid])))
        for link in self.around.standing[uid]:
            known.update(self.keys(link))
        cards = self.store.hub.holders("card", [uid]).get(("customer", uid), [])
        numbers = [decode(body).get("uid") for body in self.store.hub.bodies(cards).values()]
        return known | {("card_uid", number) for number in numbers if isinstance(number, str)}


def _may_move(link: Link) -> bool:
    return link.primary and not link.gone and link.seen is not None and link.how in _LOOSE


def _uids(groups: Sequence[Group], around: _Around, fresh_uid: Callable[[], str]) -> dict[int, str]:
    """Each group's uid: its anchor's, else that of the row which made its record, else a new one."""
    found: dict[int, str] = {}
    free = around.loose.keys() - around.standing.keys()
    for group in groups:
        founders = [row.uid for row in group.rows if row.how == "created" and row.uid in free]
        uid = group.anchor.uid if group.anchor is not None else min(founders) if founders else fresh_uid()
        free = free - {uid}
        found[id(group)] = uid
    return found


def _how(row: Loose, group: Group) -> str:
    """By what a row belongs to its group: the first of its keys, in ladder order, that another member carries."""
    if group.anchor is None and row is min(group.rows, key=lambda each: (each.how != "created", each.uid, each[:2])):
        return "created"
    others = {key for member in group.members if member is not row for key in member.keys}
    return next((HOW[key[0]] for key in row.keys if key in others and key[0] in HOW), "created")
