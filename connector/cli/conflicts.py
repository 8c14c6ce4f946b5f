"""`connector conflicts`: what two people wrote differently, and what a person decides."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.candidates import SEPARATE, offers_of, print_sides, sides_of
from connector.cli.records import cell_of, conflict_document, names_of, person, places_of, record_json, text_of
from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import ConnectorError, UsageError
from connector.locale import LANGUAGES, N_, Sentence, plural, translate
from connector.locale.words import ENTITIES, FIELDS, QUESTIONS, RULES, called

if TYPE_CHECKING:
    from connector.model.states import Conflict
    from connector.reports.sheet import Sheet

_MARK: Final = N_("mark")
_FIXED: Final = (N_("id"), _MARK, N_("kind"), N_("entity"), N_("record"), N_("field"), N_("base"))
_TAKE: Final = N_("take")
_VALUE: Final = N_("value")
_DIFFERENT: Final = N_("different ones")
_CHOSEN: Final = re.compile(r"\[([^\[\]]+)\]\s*\Z")
_OF_IDENTITY: Final = (N_("the same as {record}: {command}"), N_("different ones: {command}"))
_OF_CARD: Final = (N_("it is the card of {record}: {command}"), N_("it stays with its holder: {command}"))
_NOTES: Final = (
    N_("What to do"),
    N_("Fill in one of the two yellow columns in each row that you want to decide; leave the others empty."),
    N_("“take”: choose the account whose value is right. “value”: type the right value if nobody has it."),
    N_("Where the question is whether two records are one: choose who it is the same as, or “different ones”."),
    N_("Change nothing else: the number and the hidden column tell which row it is."),
    N_("Save the file and give it back: connector conflicts import FILE"),
)

conflicts = group(
    "conflicts",
    help=N_("Values that two people wrote differently, and questions of who is who."),
    example="connector conflicts list\nconnector conflicts resolve 3 --take kafe",
)


@into(
    conflicts,
    "list",
    help=N_("The open ones; with --all also those that were decided, by a rule or by a person."),
    example="connector conflicts list\nconnector conflicts list --all --json",
)
@option("--all", "every", is_flag=True, help=N_("also those that are decided"))
@json_option
@pass_session
def list_(session: Session, every: bool) -> None:
    found = session.workspace.store.conflicts.all(None if every else "open")
    documents = [conflict_document(session, conflict) for conflict in found]
    heads = (N_("id"), N_("kind"), N_("entity"), N_("record"), N_("field"), N_("values"), N_("decided"))
    session.screen.show(documents, lambda: session.screen.table(heads, _rows(session, documents)))


@into(
    conflicts,
    "show",
    help=N_("One of them, with the record as it stands in the hub; of who is who, all candidates side by side."),
    example="connector conflicts show 3",
)
@argument("number", metavar="ID", type=int, help=N_("its number"))
@json_option
@pass_session
def show_(session: Session, number: int) -> None:
    store = session.workspace.store
    conflict = store.conflicts.get(number)
    if conflict is None:
        raise UsageError(N_("there is no conflict {id}"), id=number)
    body = store.hub.bodies([conflict.uid]).get(conflict.uid, b"{}")
    document = {**conflict_document(session, conflict), "record": record_json(conflict.entity, body)}
    if conflict.kind == "identity":
        _show_identity(session, conflict, document)
    else:
        session.screen.show(document, lambda: _print_values(session, document))


def _show_identity(session: Session, conflict: Conflict, document: Mapping[str, Any]) -> None:
    subject, candidates = sides_of(session, conflict)

    def render() -> None:
        session.screen.table((N_("what"), N_("value")), _facts(session, document))
        print_sides(session, subject, candidates)
        _what_to_type(session, document, candidates)

    whole = {**document, "links": subject["links"], "identifiers": subject["identifiers"], "candidates": candidates}
    session.screen.show(whole, render)


def _print_values(session: Session, document: Mapping[str, Any]) -> None:
    language = session.screen.language
    session.screen.table((N_("what"), N_("value")), _facts(session, document))
    record = [
        (called(FIELDS, name, language), cell_of(session, name, value))
        for name, value in document["record"].items()
        if value not in (None, "")
    ]
    session.screen.table((N_("record"), N_("value")), record)
    _what_to_type(session, document, ())


@into(
    conflicts,
    "resolve",
    help=N_(
        "Decides for the value of one account, or for a value of your own. It holds only while the values that were "
        "shown still stand; the next sync carries the decision everywhere."
    ),
    example='connector conflicts resolve 3 --take kafe\nconnector conflicts resolve 3 --value "Иванов Иван"\n'
    "connector conflicts resolve 4 --value kafe:55\nconnector conflicts resolve 4 --value separate",
)
@argument("number", metavar="ID", type=int, help=N_("its number"))
@option("--take", metavar="ACCOUNT", help=N_("whose value is right"))
@option(
    "--value", metavar="VALUE", help=N_("the right value; for who is who ACCOUNT:ID of the same one, or “separate”")
)
@pass_session
def resolve(session: Session, number: int, take: str | None, value: str | None) -> None:
    if (take is None) == (value is None):
        raise UsageError(N_("say either --take or --value"))
    resolver = session.workspace.resolver(person())
    if take is not None:
        resolver.take(number, take)
    else:
        resolver.value(number, str(value))
    session.screen.say(N_("conflict {id} is decided; the next sync carries it everywhere"), id=number)


@into(
    conflicts,
    "export",
    help=N_("Writes the open ones into FILE (.xlsx or .csv); fill in “take” or “value” and give it back by “import”."),
    example="connector conflicts export conflicts.xlsx",
)
@argument("file", metavar="FILE", type=click.Path(path_type=Path), help=N_("the table to write"))
@pass_session
def export(session: Session, file: Path) -> None:
    from connector.reports.sheet import write

    found = session.workspace.store.conflicts.all("open")
    write(file, _sheet(session, found))
    session.screen.say(
        plural(
            "{file} is written: {count} conflict", "{file} is written: {count} conflicts", count=len(found), file=file
        )
    )


@into(
    conflicts,
    "import",
    help=N_("Takes the decisions of an exported FILE. Rows that changed since are left out and said; the rest holds."),
    example="connector conflicts import conflicts.xlsx",
)
@argument("file", metavar="FILE", type=click.Path(path_type=Path), help=N_("the table that was filled in"))
@json_option
@pass_session
def import_(session: Session, file: Path) -> int:
    from connector.reports.sheet import read

    decided, left = 0, []
    seen: set[str] = set()
    for line, told in read(file):
        row = _by_key(told)
        if not row.get(_TAKE, "").strip() and not row.get(_VALUE, "").strip():
            continue
        try:
            _decide(session, row, seen)
            decided += 1
        except ConnectorError as error:
            left.append({"line": line, "reason": error.sentence.in_(session.screen.language)})
    for one in left:
        session.screen.note(N_("line {line}: {reason}"), **one)
    done = N_("decided: {count}; the next sync carries it everywhere")
    session.screen.show({"decided": decided, "left": left}, lambda: session.screen.say(done, count=decided))
    return 1 if left else 0


def _decide(session: Session, row: Mapping[str, str], seen: set[str]) -> None:
    number, take, value = (row.get(name, "").strip() for name in ("id", _TAKE, _VALUE))
    if not number.isdecimal() or number in seen:
        raise UsageError(N_("each row has the number of a conflict, and each conflict one row"))
    if take and value:
        raise UsageError(N_("say either “take” or “value”"))
    conflict = session.workspace.store.conflicts.get(int(number))
    if conflict is None or row.get("mark", "").strip() != _mark(conflict):
        raise UsageError(N_("conflict {id} has changed since the table was written; export it again"), id=number)
    seen.add(number)
    resolver = session.workspace.resolver(person())
    if conflict.kind == "identity":
        resolver.value(conflict.id, _answer(take or value))
    elif take:
        resolver.take(conflict.id, take)
    else:
        resolver.value(conflict.id, value)


def _answer(text: str) -> str:
    """What was chosen for a question of who is who: the answer that stands in brackets at its end, or `separate`."""
    if text.casefold() in {translate(_DIFFERENT, language).casefold() for language in LANGUAGES}:
        return SEPARATE
    chosen = _CHOSEN.search(text)
    return text if chosen is None else chosen[1]


def _by_key(row: Mapping[str, str]) -> dict[str, str]:
    """A row by the English heads, whichever language the table was written in."""
    keys = {translate(head, language): head for head in (*_FIXED, _TAKE, _VALUE) for language in LANGUAGES}
    return {keys.get(head, head): cell for head, cell in row.items()}


def _sheet(session: Session, found: Sequence[Conflict]) -> Sheet:
    from connector.reports.sheet import Sheet

    language = session.screen.language
    documents = [conflict_document(session, conflict) for conflict in found]
    accounts = list(dict.fromkeys(account for document in documents for account in document["values"]))
    names = names_of(session, [conflict.uid for conflict in found])
    places = places_of(session, [conflict.uid for conflict in found if conflict.kind == "identity"])
    take, value, mark = (translate(head, language) for head in (_TAKE, _VALUE, _MARK))
    rows = [
        [
            str(conflict.id),
            _mark(conflict),
            called(QUESTIONS, conflict.kind, language),
            called(ENTITIES, conflict.entity, language),
            _subject(conflict.kind, conflict.uid, names, places),
            called(FIELDS, conflict.field, language),
            cell_of(session, conflict.field, document["base"]),
            *(cell_of(session, conflict.field, document["values"].get(account)) for account in accounts),
            "",
            "",
        ]
        for conflict, document in zip(found, documents, strict=True)
    ]
    heads = (*(translate(head, language) for head in _FIXED), *accounts, take, value)
    shown_ones = enumerate(zip(found, documents, strict=True))
    return Sheet(
        heads,
        rows,
        asked=frozenset({take, value}),
        offers={(number, take): _offers(session, conflict, document) for number, (conflict, document) in shown_ones},
        hidden=frozenset({mark}),
        notes=[translate(text, language) for text in _NOTES],
    )


def _offers(session: Session, conflict: Conflict, document: Mapping[str, Any]) -> list[str]:
    """What may be chosen: an account of those that hold a value, or who the record is the same as."""
    if conflict.kind != "identity":
        return list(document["values"])
    return [translate(_DIFFERENT, session.screen.language), *offers_of(session, conflict)]


def _mark(conflict: Conflict) -> str:
    """Changes when the conflict is no longer the one that was written into the table."""
    from connector.sync.report import conflict_json

    shown = {name: value for name, value in conflict_json(conflict).items() if name not in ("at", "winner")}
    return hashlib.sha256(text_of(shown).encode()).hexdigest()[:12]


def _shown(session: Session, document: Mapping[str, Any], account: str) -> str:
    return f"{account}: {cell_of(session, document['field'], document['values'][account])}"


def _decided(document: Mapping[str, Any], language: str) -> str | None:
    if document["status"] == "open":
        return None
    return f"{called(RULES, document['winner'], language)} ({called(RULES, document['rule'], language)})".strip()


def _rows(session: Session, documents: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    names = names_of(session, [document["uid"] for document in documents])
    places = places_of(session, [document["uid"] for document in documents if document["kind"] == "identity"])
    language = session.screen.language
    return [
        (
            one["id"],
            called(QUESTIONS, one["kind"], language),
            called(ENTITIES, one["entity"], language),
            _subject(one["kind"], one["uid"], names, places),
            called(FIELDS, one["field"], language),
            "; ".join(_shown(session, one, account) for account in one["values"]),
            _decided(one, language),
        )
        for one in documents
    ]


def _subject(kind: str, uid: str, names: Mapping[str, str], places: Mapping[str, str]) -> str:
    """Whom a conflict is about; of who is who with the place, for a candidate may have the same name."""
    return places[uid] if kind == "identity" else names.get(uid) or uid


def _facts(session: Session, document: Mapping[str, Any]) -> list[tuple[object, object]]:
    """One conflict, line by line; what is empty is left out. Candidates are shown elsewhere."""
    language, uid, field = session.screen.language, document["uid"], document["field"]
    values = {} if document["kind"] == "identity" else document["values"]
    rows: list[tuple[object, object]] = [
        (Sentence(N_("id")), document["id"]),
        (Sentence(N_("kind")), called(QUESTIONS, document["kind"], language)),
        (Sentence(N_("entity")), called(ENTITIES, document["entity"], language)),
        (Sentence(N_("record")), places_of(session, [uid])[uid]),
        (Sentence(N_("uid")), uid),
        (Sentence(N_("field")), called(FIELDS, field, language)),
        (Sentence(N_("base")), cell_of(session, field, document["base"])),
        *((account, cell_of(session, field, value)) for account, value in values.items()),
        (Sentence(N_("decided")), _decided(document, language)),
    ]
    return [(head, value) for head, value in rows if value not in (None, "")]


def _what_to_type(session: Session, document: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> None:
    """The commands that decide it, to be copied."""
    if document["status"] != "open":
        return
    begin, say = f"connector conflicts resolve {document['id']}", session.screen.say
    if document["kind"] != "identity":
        for account in document["values"]:
            say(N_("as {account} says: {command}"), account=account, command=f"{begin} --take {account}")
        return
    texts = _OF_CARD if document["entity"] == "card" else _OF_IDENTITY
    places = places_of(session, [one["uid"] for one in candidates])
    for number, one in enumerate(candidates, 1):
        record = f"{number}, {places[one['uid']]}"
        say(texts[0], record=record, command=f"{begin} --value {shlex.quote(one['answer'])}")
    say(texts[1], command=f"{begin} --value {SEPARATE}")
