"""`connector conflicts`: what two people wrote differently, and what a person decides."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.records import conflict_document, names_of, person, record_json, text_of
from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import ConnectorError, UsageError
from connector.locale import N_

if TYPE_CHECKING:
    from connector.model.states import Conflict
    from connector.reports.sheet import Sheet

_FIXED = ("id", "mark", "kind", "entity", "record", "field", "base")
_TAKE, _VALUE = "take", "value"

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
    help=N_("One of them, with the record as it stands in the hub."),
    example="connector conflicts show 3",
)
@argument("number", metavar="ID", type=int, help=N_("its number"))
@json_option
@pass_session
def show(session: Session, number: int) -> None:
    store = session.workspace.store
    conflict = store.conflicts.get(number)
    if conflict is None:
        raise UsageError(N_("there is no conflict {id}"), id=number)
    body = store.hub.bodies([conflict.uid]).get(conflict.uid, b"{}")
    document = {**conflict_document(session, conflict), "record": record_json(conflict.entity, body)}

    def render() -> None:
        rows = [(name, text_of(value)) for name, value in document.items() if name not in ("record", "values")]
        rows += [row for account, value in document["values"].items() for row in _value_rows(session, account, value)]
        session.screen.table((N_("field"), N_("value")), rows)
        record = [(name, text_of(value)) for name, value in document["record"].items()]
        session.screen.table((N_("record"), N_("value")), record)

    session.screen.show(document, render)


@into(
    conflicts,
    "resolve",
    help=N_(
        "Decides for the value of one account, or for a value of your own. It holds only while the values that were "
        "shown still stand; the next sync carries the decision everywhere."
    ),
    example='connector conflicts resolve 3 --take kafe\nconnector conflicts resolve 3 --value "Иванов Иван"\n'
    "connector conflicts resolve 4 --value separate",
)
@argument("number", metavar="ID", type=int, help=N_("its number"))
@option("--take", metavar="ACCOUNT", help=N_("whose value is right"))
@option("--value", metavar="VALUE", help=N_("the right value; for who is who a uid, or “separate”"))
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
    session.screen.say(N_("{file} is written: {count} conflicts"), file=file, count=len(found))


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
    for line, row in read(file):
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
    if take:
        resolver.take(conflict.id, take)
    else:
        resolver.value(conflict.id, value)


def _sheet(session: Session, found: Sequence[Conflict]) -> Sheet:
    from connector.reports.sheet import Sheet

    documents = [conflict_document(session, conflict) for conflict in found]
    accounts = list(dict.fromkeys(account for document in documents for account in document["values"]))
    names = names_of(session, [conflict.uid for conflict in found])
    rows = [
        [
            str(conflict.id),
            _mark(conflict),
            conflict.kind,
            conflict.entity,
            names.get(conflict.uid, ""),
            conflict.field or "",
            text_of(document["base"]),
            *(text_of(document["values"].get(account)) for account in accounts),
            "",
            "",
        ]
        for conflict, document in zip(found, documents, strict=True)
    ]
    heads = (*_FIXED, *accounts, _TAKE, _VALUE)
    return Sheet(heads, rows, choices={_TAKE: accounts}, asked=frozenset({_TAKE, _VALUE}))


def _mark(conflict: Conflict) -> str:
    """Changes when the conflict is no longer the one that was written into the table."""
    from connector.sync.report import conflict_json

    shown = {name: value for name, value in conflict_json(conflict).items() if name not in ("at", "winner")}
    return hashlib.sha256(text_of(shown).encode()).hexdigest()[:12]


def _value_rows(session: Session, account: str, value: object) -> list[tuple[str, str]]:
    """A value of an account; where records are meant, each with its name, for the uid alone says nothing."""
    if not isinstance(value, list):
        return [(account, text_of(value))]
    names = names_of(session, map(str, value))
    return [(account, f"{uid}  {names.get(uid, '')}".rstrip()) for uid in map(str, value)]


def _shown(session: Session, account: str, value: object) -> str:
    if isinstance(value, list):
        names = names_of(session, map(str, value))
        value = " | ".join(names.get(uid) or uid for uid in map(str, value))
    return f"{account}: {text_of(value)}"


def _rows(session: Session, documents: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    names = names_of(session, [document["uid"] for document in documents])
    return [
        (
            one["id"],
            one["kind"],
            one["entity"],
            names.get(one["uid"]) or one["uid"],
            one["field"],
            "; ".join(_shown(session, account, value) for account, value in one["values"].items()),
            None if one["status"] == "open" else f"{one['winner'] or ''} ({one['rule']})",
        )
        for one in documents
    ]
