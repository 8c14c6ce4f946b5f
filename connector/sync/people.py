"""What a person does to the crosswalk: join, part, merge; and what is worth a look: proposals, duplicates, audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import msgspec

from connector.errors import UsageError
from connector.locale import N_, Sentence
from connector.model.records import fields_of
from connector.model.states import Link
from connector.store import Store
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.identity import referring
from connector.sync.observe import decode, encode
from connector.sync.questions import carry_over


def join(store: Store, link: Link, uid: str, *, at: str, by: str) -> None:
    """Say that a remote record is this hub record."""
    uid = store.hub.survivor(uid)
    if store.hub.entity_of(uid) != link.entity:
        raise UsageError(N_("{uid} is no {entity}"), uid=uid, entity=link.entity)
    if link.uid == uid:
        return
    taken = [other for other in store.crosswalk.of([uid])[uid] if other.spoke == link.spoke and other.primary]
    if taken:
        raise UsageError(
            N_("{uid} is already record {external_id} of {spoke}; unlink it first, or merge the two with: links merge"),
            uid=uid,
            external_id=taken[0].external_id,
            spoke=link.spoke,
        )
    with store.transaction(durable=True):
        old = link.uid
        store.crosswalk.move(link.id, uid, True, "manual", by, at)
        if not store.crosswalk.of([old])[old]:
            _retire(store, link.entity, old, uid, at=at, by=by)
        _again(store, link.entity, uid)


def part(store: Store, link: Link, fresh_uid: Callable[[], str], *, at: str, by: str) -> str:
    """Say that a remote record is somebody else: it becomes a record of its own, whose uid is given back."""
    others = [other for other in store.crosswalk.of([link.uid])[link.uid] if other.id != link.id]
    if not others:
        raise UsageError(
            N_("record {external_id} of {spoke} is linked to nothing"), external_id=link.external_id, spoke=link.spoke
        )
    uid = fresh_uid()
    with store.transaction(durable=True):
        store.hub.add(link.entity, [(uid, b"{}")])
        store.crosswalk.move(link.id, uid, True, "manual", by, at)
        store.hub.mark(link.entity, [uid, link.uid], TO_MERGE)
    return uid


def merge_records(store: Store, loser: str, survivor: str, *, at: str, by: str) -> None:
    """Two hub records are one. Links of spokes that have both stay as aliases: observed, never written."""
    loser, survivor = store.hub.survivor(loser), store.hub.survivor(survivor)
    entity = store.hub.entity_of(survivor)
    if entity is None or store.hub.entity_of(loser) != entity:
        raise UsageError(N_("{one} and {other} are not two records of one entity"), one=loser, other=survivor)
    if survivor == loser:
        return
    with store.transaction(durable=True):
        taken = {link.spoke: link for link in store.crosswalk.of([survivor])[survivor] if link.primary}
        for link in store.crosswalk.of([loser])[loser]:
            own = taken.get(link.spoke)
            primary = link.primary and (own is None or (own.gone and not link.gone))
            if primary and own is not None:  # a row that is deleted there makes way for one that lives
                store.crosswalk.move(own.id, survivor, False, own.how, by, at)
            store.crosswalk.move(link.id, survivor, primary, link.how, by, at)
        _retire(store, entity, loser, survivor, at=at, by=by)
        _again(store, entity, survivor)


def _retire(store: Store, entity: str, loser: str, survivor: str, *, at: str, by: str) -> None:
    """The loser lives on as a name of the survivor; what referred to it refers to the survivor."""
    held = store.hub.identifiers([loser])[loser]
    store.hub.forget([(entity, scheme, value, loser) for scheme, value in held])
    store.hub.identify([(entity, "id_1c", value, survivor) for scheme, value in held if scheme == "id_1c"])
    store.hub.identify([(entity, "card_uid", value, survivor) for scheme, value in held if scheme == "card_uid"])
    store.hub.set_survivor(loser, survivor)
    carry_over(store, loser, survivor, at=at, by=by)
    store.conflicts.move(loser, survivor)
    store.journal.clear_waiting([loser])
    store.db.run("DELETE FROM dirty WHERE uid = ?", (loser,))
    for other, name in referring(entity):
        _refer_anew(store, other, name, loser, survivor)


def _refer_anew(store: Store, entity: str, name: str, old: str, new: str) -> None:
    children = store.hub.holders(entity, [old]).get((name, old), [])
    for uid, body in store.hub.bodies(children).items():
        values = decode(body)
        values[name] = new
        store.hub.put([(encode({field: values[field] for field in fields_of(entity) if field in values}), uid)])
        store.hub.forget([(entity, name, old, uid)])
        store.hub.identify([(entity, name, new, uid)])
        store.hub.mark(entity, [uid], TO_MERGE)


def _again(store: Store, entity: str, uid: str) -> None:
    """The record is merged anew, and so is everything that may refer to it."""
    store.hub.mark(entity, [uid], TO_MERGE)
    for other, name in referring(entity):
        for link in store.crosswalk.of([uid])[uid]:
            store.hub.mark_linked(store.crosswalk.feed(link.spoke, other), other)
        store.hub.mark(other, store.hub.holders(other, [uid]).get((name, uid), []), TO_PLAN)


@dataclass(frozen=True)
class Proposal:
    """Two records that may be one. The similarity of names is evidence for a person, never a key."""

    entity: str
    uid: str
    other: str
    names: tuple[str, str]
    spokes: tuple[tuple[str, ...], tuple[str, ...]]
    score: int
    same: tuple[str, ...]


def proposals(store: Store, entity: str, least: int = 60) -> list[Proposal]:
    """Pairs of records of different spokes that look alike, the most alike first."""
    records = [(uid, decode(body)) for uid, body in _each(store, entity)]
    links = store.crosswalk.of([uid for uid, _ in records])
    spokes = {uid: frozenset(link.spoke for link in links[uid] if link.primary and not link.gone) for uid, _ in records}
    found = []
    for number, (uid, one) in enumerate(records):
        for other, two in records[number + 1 :]:
            if spokes[uid] & spokes[other] or not spokes[uid] or not spokes[other]:
                continue
            score = likeness(str(one.get("name") or ""), str(two.get("name") or ""))
            if score >= least:
                same = tuple(
                    name
                    for name, value in one.items()
                    if name != "name" and value is not None and two.get(name) == value
                )
                names = (str(one.get("name") or ""), str(two.get("name") or ""))
                both = (tuple(sorted(spokes[uid])), tuple(sorted(spokes[other])))
                found.append(Proposal(entity, uid, other, names, both, score, same))
    return sorted(found, key=lambda proposal: (-proposal.score, -len(proposal.same), proposal.uid))


def likeness(one: str, other: str) -> int:
    """Of two names, 0..100; word order and case do not count, and a name that is part of the other is much like it."""
    left, right = (" ".join(sorted(text.casefold().split())) for text in (one, other))
    try:
        from rapidfuzz.fuzz import WRatio
    except ImportError:
        part = bool(left and right) and (
            set(left.split()) <= set(right.split()) or set(right.split()) <= set(left.split())
        )
        return max(90 if part else 0, round(SequenceMatcher(None, left, right).ratio() * 100))
    return round(WRatio(left, right))


def _each(store: Store, entity: str) -> Iterator[tuple[str, bytes]]:
    after = ""
    while uids := store.hub.uids(entity, after):
        after = uids[-1]
        bodies = store.hub.bodies(uids)
        yield from ((uid, bodies[uid]) for uid in uids)


@dataclass(frozen=True)
class Finding:
    """Something in the crosswalk worth a look."""

    kind: str
    entity: str
    uids: tuple[str, ...]
    text: Sentence


def duplicates(store: Store, entity: str) -> list[Finding]:
    """Values that several records carry: one person twice, or several people with one phone."""
    found = []
    for scheme, value, count in store.hub.shared(entity):
        if scheme not in ("customer", "group"):
            uids = tuple(store.hub.holders(entity, [value])[scheme, value])
            text = Sentence(N_("{count} records carry {scheme} {value}"), count=count, scheme=scheme, value=value)
            found.append(Finding("shared", entity, uids, text))
    return found


def audit(store: Store, entity: str) -> list[Finding]:
    """Links against what the systems themselves say: a stamped 1C key that names another record, links to nothing."""
    found = []
    for links in _by_uid(store, entity):
        uid = links[0].uid
        own = {link.external_id for link in links}
        for link in links:
            stamped = _stamped(link)
            if stamped is None or stamped in own:
                continue
            if any(other.uid != uid and other.entity == entity for other in store.crosswalk.by_external_id(stamped)):
                text = Sentence(
                    N_("record {id} of {spoke} is stamped with the 1C key {guid} of another record"),
                    id=link.external_id,
                    spoke=link.spoke,
                    guid=stamped,
                )
                found.append(Finding("stamp", entity, (uid,), text))
        if all(link.gone for link in links):
            found.append(Finding("gone", entity, (uid,), Sentence(N_("every system has deleted this record"))))
    return found


def _by_uid(store: Store, entity: str) -> Iterator[list[Link]]:
    after = ""
    while uids := store.hub.uids(entity, after):
        after = uids[-1]
        yield from (links for links in store.crosswalk.of(uids).values() if links)


def _stamped(link: Link) -> str | None:
    if link.seen is None:
        return None
    value: Any = msgspec.json.decode(link.seen).get("id_1c")
    return value if isinstance(value, str) and value not in ("", "0") else None
