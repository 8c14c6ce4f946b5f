"""`connector journal`: rows that could not be read, and records that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from connector.cli.records import moment, names_of, person, spokes, text_of
from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import UsageError
from connector.locale import N_, Sentence, translate
from connector.locale.words import ENTITIES, STATES, called, field_called, told

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
    "at": N_("since"),
    "dismissed_by": N_("dismissed by"),
    "dismissed_at": N_("dismissed on"),
    "raw": N_("as it came"),
}
_NUMBERS: Final = N_("their numbers")

journal = group(
    "journal",
    help=N_("Rows that could not be read and records that wait, each with its reason and what to do."),
    example="connector journal list\nconnector journal dismiss 9 12\nconnector journal retry",
)


@into(
    journal,
    "list",
    help=N_(
        "Every line, the ones that most money depends on first; those that somebody has dismissed stand at the end, "
        "with the name of who did."
    ),
    example="connector journal list\nconnector journal list --account kafe --open --json",
)
@option("--account", metavar="ACCOUNT", help=N_("only of this account"))
@option("--open", "undismissed", is_flag=True, help=N_("without those that somebody has dismissed"))
@json_option
@pass_session
def list_(session: Session, account: str | None, undismissed: bool) -> None:
    name = None if account is None else session.account(account).name
    lines = [
        line
        for line in session.workspace.store.journal.all()
        if name in (None, line.account) and not (undismissed and line.dismissed_by)
    ]
    documents = [_document(session, line) for line in lines]
    session.screen.show(documents, lambda: _print(session, lines))


def _print(session: Session, lines: Sequence[JournalLine]) -> None:
    names = names_of(session, [line.uid for line in lines if line.uid])
    heads = [*map(_HEADS.__getitem__, ("id", "account", "entity")), N_("record")]
    heads += map(_HEADS.__getitem__, ("field", "value", "reason", "amount", "do"))
    rows = [_row(session, line, names) for line in lines]
    if any(line.dismissed_by for line in lines):
        heads.append(_HEADS["dismissed_by"])
        rows = [(*row, line.dismissed_by) for row, line in zip(rows, lines, strict=True)]
    session.screen.table(heads, rows)


@into(
    journal,
    "show",
    help=N_("One line, with the value as the system sent it, whole."),
    example="connector journal show 9",
)
@argument("number", metavar="ID", type=int, help=N_("its number"))
@json_option
@pass_session
def show(session: Session, number: int) -> None:
    line = _line(session, number)
    raw = _raw(session, line)
    document, language = {**_document(session, line), **({} if raw is None else {"raw": raw})}, session.screen.language
    words = {
        "kind": called(STATES, line.kind, language),
        "entity": called(ENTITIES, line.entity, language),
        "field": field_called(line.field, language),
        "reason": _told(line.reason, language),
        "do": _told(line.do, language),
        "raw": text_of(raw),
        "at": moment(line.at),
        "dismissed_at": moment(line.dismissed_at),
    }
    names = names_of(session, [line.uid] if line.uid else [])
    rows = [
        (translate(_HEADS[name], language), words.get(name, value))
        for name, value in document.items()
        if value not in (None, "")
    ]
    rows.insert(3, (translate(N_("record"), language), names.get(line.uid or "", "")))
    session.screen.show(document, lambda: session.screen.table((N_("what"), N_("value")), rows))


def _raw(session: Session, line: JournalLine) -> Any:
    """What the system sent for the field, whole; by its raw keys, where there are several. None if that is unknown."""
    from connector.sync.rows import decode

    workspace, spoke = session.workspace, spokes(session).get(line.account, line.account)
    link = workspace.store.crosswalk.at(spoke, line.entity, line.external_id)
    mapping = workspace.mappings.get((spoke, line.entity))
    if link is None or link.seen is None or mapping is None or not line.field:
        return None
    seen = decode(link.seen)
    found = {path: seen[path] for path in mapping.sources(line.field) if path in seen}
    return next(iter(found.values())) if len(found) == 1 else found or None


@into(
    journal,
    "dismiss",
    help=N_(
        "Says that nobody need look at these lines, as long as they say the same: they are no longer counted, stay to "
        "be seen, and come back when the reason, the value or the amount changes. Nothing is written to any system."
    ),
    example="connector journal dismiss 9 12\nconnector journal dismiss 9 --alike",
)
@argument("numbers", metavar="ID...", nargs=-1, type=int, required=True, help=_NUMBERS)
@option("--alike", is_flag=True, help=N_("also every line of the same account, entity, field and reason"))
@pass_session
def dismiss(session: Session, numbers: Sequence[int], alike: bool) -> None:
    store = session.workspace.store
    chosen = [_line(session, number) for number in numbers]
    kinds = {_like(line) for line in chosen}
    lines = [line for line in store.journal.all() if _like(line) in kinds] if alike else chosen
    count = store.journal.dismiss({line.id for line in lines if not line.dismissed_by}, person(), session.workspace.now)
    session.screen.say(N_("dismissed lines: {count}; undo it by: connector journal reopen ID"), count=count)


@into(
    journal,
    "reopen",
    help=N_("Takes a dismissal back: the lines are counted again."),
    example="connector journal reopen 9 12",
)
@argument("numbers", metavar="ID...", nargs=-1, type=int, required=True, help=_NUMBERS)
@pass_session
def reopen(session: Session, numbers: Sequence[int]) -> None:
    count = session.workspace.store.journal.reopen({_line(session, number).id for number in numbers})
    session.screen.say(N_("reopened lines: {count}"), count=count)


def _like(line: JournalLine) -> tuple[object, ...]:
    return line.account, line.entity, line.field, line.kind, line.reason.text


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
        name if name and place in ("", line.uid, name) else f"{name} ({place})" if name else place,
        field_called(line.field, language),
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
        "dismissed_by": line.dismissed_by,
        "dismissed_at": line.dismissed_at,
    }
