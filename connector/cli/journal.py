"""`connector journal`: rows that could not be read, and records that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from connector.cli.records import names_of, spokes
from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import UsageError
from connector.locale import N_, Sentence, translate
from connector.locale.words import ENTITIES, FIELDS, STATES, called, told

if TYPE_CHECKING:
    from connector.model.states import JournalLine

_HEADS: Final = {
    "id": N_("id"),
    "run": N_("run"),
    "kind": N_("what"),
    "account": N_("account"),
    "entity": N_("entity"),
    "external_id": N_("id there"),
    "uid": N_("uid"),
    "field": N_("field"),
    "value": N_("value"),
    "reason": N_("reason"),
    "amount": N_("amount"),
    "do": N_("do"),
    "at": N_("when"),
}

journal = group(
    "journal",
    help=N_("Rows that could not be read and records that wait, each with its reason and what to do."),
    example="connector journal list\nconnector journal retry",
)


@into(
    journal,
    "list",
    help=N_("Every line, the ones that most money depends on first."),
    example="connector journal list\nconnector journal list --account kafe --json",
)
@option("--account", metavar="ACCOUNT", help=N_("only of this account"))
@json_option
@pass_session
def list_(session: Session, account: str | None) -> None:
    name = None if account is None else session.account(account).name
    lines = [line for line in session.workspace.store.journal.all() if name in (None, line.account)]
    heads = (
        N_("id"),
        N_("account"),
        N_("entity"),
        N_("record"),
        N_("field"),
        N_("value"),
        N_("reason"),
        N_("amount"),
        N_("do"),
    )
    names = names_of(session, [line.uid for line in lines if line.uid])
    documents = [_document(session, line) for line in lines]
    session.screen.show(documents, lambda: session.screen.table(heads, [_row(session, line, names) for line in lines]))


@into(journal, "show", help=N_("One line."), example="connector journal show 9")
@argument("number", metavar="ID", type=int, help=N_("its number"))
@json_option
@pass_session
def show(session: Session, number: int) -> None:
    line = _line(session, number)
    document, language = _document(session, line), session.screen.language
    words = {
        "kind": called(STATES, line.kind, language),
        "entity": called(ENTITIES, line.entity, language),
        "field": called(FIELDS, line.field, language),
        "reason": _told(line.reason, language),
        "do": _told(line.do, language),
    }
    names = names_of(session, [line.uid] if line.uid else [])
    rows = [(translate(_HEADS[name], language), words.get(name, value)) for name, value in document.items()]
    rows.insert(0, (translate(N_("record"), language), names.get(line.uid or "", "")))
    session.screen.show(document, lambda: session.screen.table((N_("field"), N_("value")), rows))


@into(
    journal,
    "retry",
    help=N_(
        "Reads the rows of these lines anew and plans their records anew in the next sync; without numbers of all "
        "lines. What is still wrong comes back with its reason."
    ),
    example="connector journal retry\nconnector journal retry 9 12",
)
@argument("numbers", metavar="[ID]...", nargs=-1, type=int, help=N_("their numbers; default: all"))
@pass_session
def retry(session: Session, numbers: Sequence[int]) -> None:
    from connector.sync.attention import look_again

    store = session.workspace.store
    lines = [_line(session, number) for number in numbers] if numbers else store.journal.all()
    count = look_again(store, lines, spokes(session))
    session.screen.say(N_("records that the next sync looks at again: {count}"), count=count)


def _line(session: Session, number: int) -> JournalLine:
    line = session.workspace.store.journal.get(number)
    if line is None:
        raise UsageError(N_("there is no line {id} in the journal"), id=number)
    return line


def _row(session: Session, line: JournalLine, names: Mapping[str, str]) -> tuple[object, ...]:
    language = session.screen.language
    place = line.external_id or line.uid or ""
    name = names.get(line.uid or "")
    return (
        line.id,
        line.account,
        called(ENTITIES, line.entity, language),
        name if name and not line.external_id else f"{name} ({place})" if name else place,
        called(FIELDS, line.field, language),
        line.value,
        _told(line.reason, language),
        _money(line),
        _told(line.do, language),
    )


def _told(sentence: object, language: str) -> str:
    return told(sentence, language) if isinstance(sentence, Sentence) else str(sentence or "")


def _money(line: JournalLine) -> str | None:
    from connector.model.values import money_text

    return None if line.amount is None else money_text(line.amount)


def _document(session: Session, line: JournalLine) -> dict[str, Any]:
    language = session.screen.language
    return {
        "id": line.id,
        "run": line.run,
        "kind": line.kind,
        "account": line.account,
        "entity": line.entity,
        "external_id": line.external_id,
        "uid": line.uid,
        "field": line.field,
        "value": line.value,
        "reason": line.reason.in_(language),
        "amount": _money(line),
        "do": None if line.do is None else line.do.in_(language),
        "at": line.at,
    }
