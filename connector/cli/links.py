"""`connector links`: the crosswalk: which record is which in every system, and what a person says about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.identifiers import own_identifiers
from connector.cli.records import account_of, link_json, moment, names_of, person, record_json, text_of
from connector.cli.references import place_of, uid_of
from connector.cli.session import Session, json_option, known, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import ConnectorError, UsageError
from connector.locale import N_, Sentence, plural, translate
from connector.locale.words import ENTITIES as CALLED
from connector.locale.words import FIELDS, HOW, called, shown, told

if TYPE_CHECKING:
    from connector.model.states import Link
    from connector.sync.people import Finding, Proposal

_RECORD = N_("a uid, ACCOUNT:ENTITY:EXTERNAL_ID, or any identifier: a phone, card number, INN, e-mail")
_ENTITY = N_("one entity; default: all")

links = group(
    "links",
    help=N_("The crosswalk: which record is which in every system, how that was found out, and by whom."),
    example="connector links show +79991234567\nconnector links proposals group",
)


@into(
    links,
    "list",
    help=N_("Every record with its links."),
    example="connector links list customer --account kafe\nconnector links list --json",
)
@argument("entity", metavar="[ENTITY]", required=False, help=_ENTITY)
@option("--account", metavar="ACCOUNT", help=N_("only records that this account has"))
@option("--limit", type=click.IntRange(min=1), metavar="N", help=N_("at most so many records"))
@json_option
@pass_session
def list_(session: Session, entity: str | None, account: str | None, limit: int | None) -> None:
    spoke = None if account is None else session.account(account).spoke
    chosen = None if entity is None else _entity(entity)
    crosswalk = session.workspace.store.crosswalk
    uids = list(dict.fromkeys(link.uid for link in crosswalk.all(chosen, spoke)))[:limit]
    documents = [_document(session, uid, own) for uid, own in crosswalk.of(uids).items()]
    session.screen.show(documents, lambda: _print(session, documents))


@into(
    links,
    "show",
    help=N_("One record: what the hub knows of it, and where it is."),
    example="connector links show +79991234567\nconnector links show kafe:customer:55 --json",
)
@argument("reference", metavar="RECORD", help=_RECORD)
@json_option
@pass_session
def show(session: Session, reference: str) -> None:
    store = session.workspace.store
    uid = uid_of(session, reference)
    entity = str(store.hub.entity_of(uid))
    document = _document(session, uid, store.crosswalk.of([uid])[uid], entity)
    document = {
        "uid": uid,
        "entity": entity,
        "record": record_json(entity, store.hub.bodies([uid])[uid]),
        "links": document["links"],
        "identifiers": document["identifiers"],
    }

    def render() -> None:
        language = session.screen.language
        record = [
            (called(FIELDS, name, language), shown(name, text_of(value), language))
            for name, value in document["record"].items()
        ]
        session.screen.table(
            (N_("field"), N_("value")),
            [("uid", uid), (Sentence(N_("entity")), called(CALLED, entity, language)), *record],
        )
        _print(session, [document])

    session.screen.show(document, render)


@into(
    links,
    "proposals",
    help=N_(
        "Pairs of records of different systems that look alike, with what speaks for it. Names are evidence, never a "
        "key: a person joins them with “link”."
    ),
    example="connector links proposals group\nconnector links proposals customer --json",
)
@argument("entity", metavar="[ENTITY]", required=False, help=N_("default: group"))
@json_option
@pass_session
def proposals(session: Session, entity: str | None) -> None:
    from connector.sync.people import proposals as pairs

    found = pairs(session.workspace.store, _entity(entity or "group"))
    documents = [
        {
            "entity": one.entity,
            "score": one.score,
            "same": list(one.same),
            "records": [
                {"uid": uid, "name": name, "accounts": list(spokes)}
                for uid, name, spokes in zip((one.uid, one.other), one.names, one.spokes, strict=True)
            ],
        }
        for one in found
    ]
    heads = (N_("likeness"), N_("record"), N_("where"), N_("record"), N_("where"), N_("also alike"))
    language = session.screen.language
    rows = [
        (one.score, *_pair(session, one), ", ".join(called(FIELDS, name, language) for name in one.same))
        for one in found
    ]
    session.screen.show(documents, lambda: session.screen.table(heads, rows))


@into(
    links,
    "link",
    help=N_("Says that two records are one and the same. Either may be named by its place in a system."),
    example="connector links link kafe:group:2 buh:group:8f0e2f2e-0000-0000-0000-000000000001",
)
@argument("one", metavar="RECORD", help=_RECORD)
@argument("other", metavar="RECORD", help=_RECORD)
@pass_session
def link(session: Session, one: str, other: str) -> None:
    _join(session, one, other)
    session.screen.say(N_("joined; the next sync carries it on"))


@into(
    links,
    "unlink",
    help=N_("Says that a record of a system is somebody else; it becomes a record of its own."),
    example="connector links unlink kafe:customer:55",
)
@argument("place", metavar="ACCOUNT:ENTITY:EXTERNAL_ID", help=N_("the record there"))
@pass_session
def unlink(session: Session, place: str) -> None:
    from connector.sync.people import part

    workspace = session.workspace
    uid = part(workspace.store, place_of(session, place), workspace.fresh_uid, at=workspace.now, by=person())
    session.screen.say(N_("parted; it is now the record {uid}"), uid=uid)


@into(
    links,
    "merge",
    help=N_(
        "Two records of the hub are one: the second stays. Where a system has both, the first is watched from now on "
        "and never written."
    ),
    example="connector links merge +79991234567 kafe:customer:55",
)
@argument("loser", metavar="RECORD", help=_RECORD)
@argument("survivor", metavar="RECORD", help=N_("the one that stays"))
@pass_session
def merge(session: Session, loser: str, survivor: str) -> None:
    from connector.sync.people import merge_records

    workspace = session.workspace
    one, other = uid_of(session, loser), uid_of(session, survivor)
    if one == other:
        raise UsageError(N_("this is one record already: {uid}"), uid=one)
    merge_records(workspace.store, one, other, at=workspace.now, by=person())
    session.screen.say(N_("merged into {uid}; the next sync carries it on"), uid=other)


@into(
    links,
    "audit",
    help=N_("Links that contradict what the systems themselves say: a stamped 1C key of another record, and the like."),
    example="connector links audit\nconnector links audit customer --json",
)
@argument("entity", metavar="[ENTITY]", required=False, help=_ENTITY)
@json_option
@pass_session
def audit(session: Session, entity: str | None) -> int:
    from connector.sync.people import audit as look

    return _findings(session, entity, lambda name: look(session.workspace.store, name))


@into(
    links,
    "duplicates",
    help=N_("Values that several records carry: one person twice, or several people on one phone."),
    example="connector links duplicates customer",
)
@argument("entity", metavar="[ENTITY]", required=False, help=_ENTITY)
@json_option
@pass_session
def duplicates(session: Session, entity: str | None) -> int:
    from connector.sync.people import duplicates as look

    return _findings(session, entity, lambda name: look(session.workspace.store, name))


@into(
    links,
    "rebuild",
    help=N_(
        "Makes the links anew from what the systems keep: the 1C key in Poster, our reference in the others, cards, "
        "phones, INN. Reads everything, writes to no system. For a store that was lost."
    ),
    example="connector links rebuild",
)
@json_option
@pass_session
def rebuild(session: Session) -> int:
    from connector.cli.progress import watching
    from connector.sync.engine import Options

    with watching(session.screen) as progress:
        report = session.workspace.engine(progress).run(Options(full=True, dry=True))
    made = session.workspace.store.crosswalk.linked_how()
    session.screen.show(made, lambda: session.screen.table((N_("how"), N_("links")), list(made.items())))
    for error in report.errors:
        session.screen.note(error.sentence)
    return 2 if report.errors else 0


@into(
    links,
    "export",
    help=N_("Writes the links into FILE (.xlsx or .csv), to be looked through or kept."),
    example="connector links export links.xlsx",
)
@argument("file", metavar="FILE", type=click.Path(path_type=Path), help=N_("the table to write"))
@option("--entity", metavar="ENTITY", help=_ENTITY)
@pass_session
def export(session: Session, file: Path, entity: str | None) -> None:
    from connector.cli.linktable import HEADS
    from connector.reports.sheet import Sheet, write

    found = session.workspace.store.crosswalk.all(None if entity is None else _entity(entity))
    names = names_of(session, [link.uid for link in found])
    language = session.screen.language
    ours = _created(session, {link.uid: link.entity for link in found})
    rows = [_line(link_json(session, link), link, names.get(link.uid, ""), language, ours) for link in found]
    write(file, Sheet([translate(head, language) for head in HEADS], rows))
    session.screen.say(
        plural("{file} is written: {count} link", "{file} is written: {count} links", count=len(rows), file=file)
    )


def _line(
    shown: Mapping[str, Any], link: Link, name: str, language: str, ours: Collection[tuple[str, str]]
) -> list[str]:
    """A link in the words of the person, in the order of HEADS."""
    primary = translate(N_("yes") if link.primary else N_("no"), language)
    entity, how = called(CALLED, link.entity, language), _how(link.how, (link.uid, shown["account"]) in ours, language)
    return [entity, link.uid, name, *map(text_of, (shown["account"], link.external_id)), primary, how, link.at]


def _created(session: Session, entities: Mapping[str, str]) -> set[tuple[str, str]]:
    """(uid, account) of what we have created there. Any other new link is where its record was first met."""
    made = session.workspace.store.outbox.created(entities)
    return {(uid, account_of(session, entities[uid], spoke)) for uid, spoke in made}


def _how(how: str, is_ours: bool, language: str) -> str:
    return called(HOW, "met" if how == "created" and not is_ours else how, language)


@into(
    links,
    "import",
    help=N_(
        "Joins records by a table: .xlsx or .csv with the columns entity, uid, account, external_id (as “export” "
        "writes them), or .yaml with “same” lists. Rows of one uid become one record."
    ),
    example="connector links import links.xlsx\nconnector links import groups.yaml",
)
@argument("file", metavar="FILE", type=click.Path(path_type=Path), help=N_("the table"))
@json_option
@pass_session
def import_(session: Session, file: Path) -> int:
    from connector.cli.linktable import same_of

    joined, left = 0, []
    for where, places in same_of(file):
        for place in places[1:]:
            try:
                joined += _join(session, place, places[0])
            except ConnectorError as error:
                left.append({"where": where, "reason": error.sentence.in_(session.screen.language)})
    for one in left:
        session.screen.note(N_("{where}: {reason}"), **one)
    done = N_("joined: {count}; the next sync carries it on")
    session.screen.show({"joined": joined, "left": left}, lambda: session.screen.say(done, count=joined))
    return 1 if left else 0


def _join(session: Session, one: str, other: str) -> bool:
    """Join two references: move the link of a place, else merge two records. False when they are one already."""
    from connector.sync.people import join, merge_records

    workspace = session.workspace
    uid = uid_of(session, other)
    if uid_of(session, one) == uid:
        return False
    if ":" in one:
        join(workspace.store, place_of(session, one), uid, at=workspace.now, by=person())
    else:
        merge_records(workspace.store, uid_of(session, one), uid, at=workspace.now, by=person())
    return True


def _findings(session: Session, entity: str | None, look: Callable[[str], Sequence[Finding]]) -> int:
    from connector.model.records import ENTITIES

    found = [one for name in ([_entity(entity)] if entity is not None else ENTITIES) for one in look(name)]
    language = session.screen.language
    documents = [
        {"kind": one.kind, "entity": one.entity, "uids": list(one.uids), "text": one.text.in_(language)}
        for one in found
    ]
    heads = (N_("entity"), N_("what was found"), N_("records"))
    names = names_of(session, [uid for one in found for uid in one.uids])
    rows = [
        (called(CALLED, one.entity, language), told(one.text, language), ", ".join(names.get(u) or u for u in one.uids))
        for one in found
    ]
    session.screen.show(documents, lambda: session.screen.table(heads, rows))
    return 1 if found else 0


def _document(session: Session, uid: str, found: Iterable[Link], entity: str | None = None) -> dict[str, Any]:
    own = list(found)
    held = sorted(own_identifiers(session, [uid])[uid])
    return {
        "uid": uid,
        "entity": entity or own[0].entity,
        "links": [link_json(session, link) for link in sorted(own, key=lambda link: (not link.primary, link.spoke))],
        "identifiers": [{"scheme": scheme, "value": value} for scheme, value in held],
    }


def _print(session: Session, documents: Sequence[Mapping[str, Any]]) -> None:
    names = names_of(session, [document["uid"] for document in documents])
    ours = _created(session, {document["uid"]: document["entity"] for document in documents})
    language = session.screen.language
    heads = (N_("entity"), N_("record"), N_("account"), N_("id there"), N_("primary"), N_("how"), N_("by"), N_("when"))
    rows = [
        (
            called(CALLED, document["entity"], language),
            names.get(document["uid"]) or document["uid"],
            *(one[name] for name in ("account", "external_id", "primary")),
            _how(one["how"], (document["uid"], one["account"]) in ours, language),
            called(HOW, one["by"], language),
            moment(one["at"]),
        )
        for document in documents
        for one in document["links"]
    ]
    session.screen.table(heads, rows)


def _pair(session: Session, one: Proposal) -> Iterator[str]:
    """Each record by its name, and how it is written in `links link`."""
    for uid, name in zip((one.uid, one.other), one.names, strict=True):
        links = [link for link in session.workspace.store.crosswalk.of([uid])[uid] if link.primary and not link.gone]
        places = [f"{account_of(session, link.entity, link.spoke)}:{link.entity}:{link.external_id}" for link in links]
        yield name
        yield ", ".join(places)


def _entity(name: str) -> str:
    from connector.model.records import ENTITIES

    return known(name, ENTITIES)
