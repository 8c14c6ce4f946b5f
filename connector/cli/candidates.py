"""Who may be who: the records between which a question of identity decides, side by side with what speaks for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.cli.identifiers import own_identifiers
from connector.cli.records import account_of, cell_of, link_json, places_of, record_json
from connector.cli.session import Session
from connector.locale import N_, Sentence
from connector.locale.words import CLOSED, FIELDS, called

if TYPE_CHECKING:
    from connector.model.states import Conflict, Link

SEPARATE = "separate"
"""The answer that none of the candidates is meant."""


def sides_of(session: Session, conflict: Conflict) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The record in question and its candidates, each with fields, links, identifiers and the answer that picks it.

    A candidate also has `same` (identifiers that both carry), `alike` (other fields that are equal) and `likeness` of
    the names, 0 to 100. Of a card the candidates are customers; `shown_by` are the accounts that show its number there.
    """
    from connector.sync.questions import uids_of

    survivor = session.workspace.store.hub.survivor
    uid = survivor(conflict.uid)
    rivals = sorted({survivor(other) for other in uids_of(conflict.values)} - {uid})
    found = _sides(session, [uid, *rivals])
    subject = found[uid]
    for candidate in (found[rival] for rival in rivals):
        candidate.update(_evidence(subject, candidate))
        if subject["entity"] == "card":
            candidate["shown_by"] = _shown_by(session, candidate["uid"], subject["record"].get("uid"))
    return subject, [found[rival] for rival in rivals]


def _sides(session: Session, uids: Sequence[str]) -> dict[str, dict[str, Any]]:
    store = session.workspace.store
    bodies, links, known = store.hub.bodies(uids), store.crosswalk.of(uids), own_identifiers(session, uids)
    found = {}
    for uid in uids:
        entity = str(store.hub.entity_of(uid))
        own = sorted((link for link in links[uid] if not link.gone), key=lambda link: (not link.primary, link.spoke))
        found[uid] = {
            "uid": uid,
            "entity": entity,
            "answer": _answer(session, uid, own),
            "record": record_json(entity, bodies.get(uid, b"{}")),
            "links": [link_json(session, link) for link in own],
            "identifiers": [{"scheme": scheme, "value": value} for scheme, value in sorted(known[uid])],
        }
    return found


def _answer(session: Session, uid: str, links: Sequence[Link]) -> str:
    """ACCOUNT:ID of a row of the record; the shortest, to be typed. Its uid where it stands nowhere."""
    places = [f"{account_of(session, link.entity, link.spoke)}:{link.external_id}" for link in links]
    return min(places, key=len, default=uid)


def _evidence(subject: Mapping[str, Any], candidate: Mapping[str, Any]) -> dict[str, Any]:
    from connector.sync.people import likeness

    if subject["entity"] != candidate["entity"]:
        return {"same": [], "alike": [], "likeness": None}
    one, other = subject["record"], candidate["record"]
    same = [key for key in subject["identifiers"] if key in candidate["identifiers"]]
    keys = {key["scheme"] for key in same}
    told = [name for name, value in one.items() if value not in (None, "") and other.get(name) == value]
    alike = [name for name in told if name not in keys | CLOSED]
    names = [str(record.get("name") or "") for record in (one, other)]
    return {"same": same, "alike": alike, "likeness": likeness(*names) if all(names) else None}


def _shown_by(session: Session, uid: str, number: object) -> list[str]:
    """The accounts that show this card number for a customer."""
    workspace, found = session.workspace, []
    for link in workspace.store.crosswalk.of([uid])[uid]:
        mapping = workspace.mappings.get((link.spoke, link.entity))
        seen = {} if mapping is None or link.seen is None else mapping.values(link.seen, [])
        if seen.get("card_uid") == number:
            found.append(account_of(session, link.entity, link.spoke))
    return found


# how it is printed


def print_sides(session: Session, subject: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> None:
    """A column for each record, the one in question first; of a card its candidates only."""
    alone = subject["entity"] == candidates[0]["entity"] if candidates else True
    columns = [subject, *candidates] if alone else list(candidates)
    heads = [N_("the record in question")] if alone else []
    numbers = [str(number) for number in range(1, len(candidates) + 1)]
    session.screen.table((N_("what"), *heads, *numbers), list(_rows(session, columns)))


def _rows(session: Session, columns: Sequence[Mapping[str, Any]]) -> Iterator[tuple[object, ...]]:
    language = session.screen.language
    for name in dict.fromkeys(name for one in columns for name in one["record"]):
        cells = [cell_of(session, name, one["record"].get(name)) for one in columns]
        if any(cells):
            yield called(FIELDS, name, language), *cells
    told: dict[str, list[object]] = {
        N_("cards"): [_cards(one) for one in columns],
        N_("where"): [_where(one) for one in columns],
        N_("the same in both"): [_same(one, language) for one in columns],
        N_("shown with this card in"): [", ".join(one.get("shown_by", ())) for one in columns],
        N_("likeness of names, of 100"): [one.get("likeness") for one in columns],
    }
    yield from ((Sentence(head), *cells) for head, cells in told.items() if any(cells))


def _cards(one: Mapping[str, Any]) -> str:
    return ", ".join(key["value"] for key in one["identifiers"] if key["scheme"] == "card_uid")


def _where(one: Mapping[str, Any]) -> str:
    return ", ".join(f"{link['account']}:{link['external_id']}" for link in one["links"])


def _same(one: Mapping[str, Any], language: str) -> str:
    keys = [f"{called(FIELDS, key['scheme'], language)} {key['value']}" for key in one.get("same", ())]
    return ", ".join([*keys, *(called(FIELDS, name, language) for name in one.get("alike", ()))])


def offers_of(session: Session, conflict: Conflict) -> dict[str, str]:
    """What a person may choose -> the answer it stands for, without “different ones”."""
    _, candidates = sides_of(session, conflict)
    places = places_of(session, [one["uid"] for one in candidates])
    return {f"{places[one['uid']]} [{one['answer']}]": one["answer"] for one in candidates}
