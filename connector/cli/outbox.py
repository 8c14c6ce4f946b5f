"""`connector outbox`: operations whose outcome is open, and those that were refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.records import names_of, person, text_of
from connector.cli.session import Session, json_option, pass_session
from connector.cli.texts import argument, group, into, option
from connector.errors import UsageError
from connector.locale import N_, Sentence
from connector.locale.words import ENTITIES, FIELDS, STATES, VERBS, called, told

if TYPE_CHECKING:
    from connector.model.states import Operation
    from connector.sync.apply import Applier

_STATUSES: Final = ("ready", "sent", "refused", "unknown", "parked", "offered")
_ID = N_("its number")
_DO: Final = {
    "sent": N_("nothing: the next sync looks what became of it"),
    "unknown": N_("nothing: the next sync looks what became of it"),
    "parked": N_(
        "look into {account}: if it is there, connector outbox confirm {id}; if it is not, "
        "connector outbox retry {id}, or connector outbox drop {id} when it is not wanted"
    ),
    "refused": N_(
        "correct the record, or try once more: connector outbox retry {id}; if it is not wanted: "
        "connector outbox drop {id}"
    ),
    "offered": N_("nothing: {account} fetches it itself"),
}
"""status -> what a person does about it"""
_OF_CALL: Final = N_(
    "look into {account}: if it is done there, connector outbox confirm {id}; if not, connector outbox drop {id}"
)

outbox = group(
    "outbox",
    help=N_("Writes that wait for a person: refused, of unknown outcome, parked; and those that 1C fetches itself."),
    example="connector outbox list\nconnector outbox retry 7",
)


@into(
    outbox,
    "list",
    help=N_("Everything that is not done."),
    example="connector outbox list\nconnector outbox list --status parked --json",
)
@option("--status", type=click.Choice((*_STATUSES, "done")), multiple=True, help=N_("only these; may be repeated"))
@json_option
@pass_session
def list_(session: Session, status: tuple[Any, ...]) -> None:
    found = session.workspace.store.outbox.with_status(*(status or _STATUSES))
    names = names_of(session, [operation.uid for operation in found])
    language = session.screen.language
    heads = (N_("id"), N_("status"), N_("account"), N_("entity"), N_("operation"), N_("record"), N_("reason"), N_("do"))
    rows = [
        (
            one.id,
            called(STATES, one.status, language),
            one.account,
            called(ENTITIES, one.entity, language),
            called(VERBS, one.verb, language),
            names.get(one.uid) or one.external_id or one.uid,
            _why(one, language),
            _what_to_do(one, language),
        )
        for one in found
    ]
    documents = [_document(session, operation) for operation in found]
    session.screen.show(documents, lambda: session.screen.table(heads, rows))


@into(
    outbox,
    "show",
    help=N_("One operation, with what it was to write and what is known."),
    example="connector outbox show 7",
)
@argument("number", metavar="ID", type=int, help=_ID)
@json_option
@pass_session
def show(session: Session, number: int) -> None:
    from connector.sync.report import operation_json

    operation = session.workspace.store.outbox.get(number)
    if operation is None:
        raise UsageError(N_("there is no operation {id}"), id=number)
    changes = operation_json(operation)["changes"]
    document = {**_document(session, operation), "external_id": operation.external_id, "changes": changes}
    session.screen.show(
        document, lambda: session.screen.table((N_("field"), N_("value")), list(_rows(session, operation, document)))
    )


@into(
    outbox,
    "retry",
    help=N_(
        "Says that it did not happen there and is wanted: the next sync plans it anew. Look into the system first "
        "when the outcome is unknown or parked."
    ),
    example="connector outbox retry 7",
)
@argument("number", metavar="ID", type=int, help=_ID)
@pass_session
def retry(session: Session, number: int) -> None:
    from connector.sync.attention import again, find

    store = session.workspace.store
    again(store, find(store, number))
    session.screen.say(N_("operation {id} is planned anew by the next sync"), id=number)


@into(
    outbox,
    "confirm",
    help=N_("Says that it did happen there. For a record that was created, name it by --external-id: it is linked."),
    example="connector outbox confirm 7\nconnector outbox confirm 8 --external-id 1042",
)
@argument("number", metavar="ID", type=int, help=_ID)
@option("--external-id", metavar="ID", help=N_("the number of the created record there"))
@pass_session
def confirm(session: Session, number: int, external_id: str | None) -> None:
    from connector.sync import attention

    workspace = session.workspace
    operation = attention.find(workspace.store, number)
    adapter = workspace.adapter(operation.account)
    attention.confirm(
        workspace.store,
        operation,
        _applier(session),
        adapter,
        workspace.mappings,
        external_id,
        by=person(),
    )
    session.screen.say(N_("operation {id} is taken as done"), id=number)


@into(
    outbox,
    "drop",
    help=N_("Says that it did not happen there and is not wanted. It comes back only when the record changes."),
    example="connector outbox drop 7",
)
@argument("number", metavar="ID", type=int, help=_ID)
@pass_session
def drop(session: Session, number: int) -> None:
    from connector.sync import attention

    store = session.workspace.store
    attention.drop(store, attention.find(store, number))
    session.screen.say(N_("operation {id} is dropped"), id=number)


def _rows(session: Session, operation: Operation, document: dict[str, Any]) -> Iterator[tuple[object, object]]:
    language = session.screen.language
    names = names_of(session, [operation.uid])
    yield Sentence(N_("id")), operation.id
    yield Sentence(N_("status")), called(STATES, operation.status, language)
    yield Sentence(N_("account")), operation.account
    yield Sentence(N_("entity")), called(ENTITIES, operation.entity, language)
    yield Sentence(N_("operation")), called(VERBS, operation.verb, language)
    yield Sentence(N_("record")), f"{names.get(operation.uid, '')}  {operation.uid}".strip()
    yield Sentence(N_("id there")), operation.external_id
    yield Sentence(N_("reason")), _why(operation, language)
    yield Sentence(N_("do")), _what_to_do(operation, language)
    yield Sentence(N_("what is known")), text_of(operation.evidence) if operation.evidence else None
    for name, change in document["changes"].items():
        old = f"{text_of(change['from'])} → " if "from" in change else ""
        yield called(FIELDS, name, language), f"{old}{text_of(change['to'])}"


def _why(operation: Operation, language: str) -> str:
    """Why it is not done; one that a killed run left behind has no reason of its own."""
    if isinstance(operation.reason, Sentence):
        return told(operation.reason, language)
    if operation.status == "sent" and not operation.reason:
        return Sentence(N_("the run was cut off before the answer came; the next sync looks whether it is there")).in_(
            language
        )
    return str(operation.reason or "")


def _what_to_do(operation: Operation, language: str) -> str:
    by_hand = operation.verb == "call" and operation.status in ("parked", "unknown", "refused")
    text = _OF_CALL if by_hand else _DO.get(operation.status)
    return "" if text is None else Sentence(text, account=operation.account, id=operation.id).in_(language)


def _applier(session: Session) -> Applier:
    from connector.sync.apply import Applier

    workspace = session.workspace
    return Applier(
        workspace.store,
        workspace.mappings,
        workspace.adapters(),
        workspace.routes,
        0,
        workspace.now,
        lambda: True,
        lambda _: None,
    )


def _document(session: Session, operation: Operation) -> dict[str, Any]:
    reason = operation.reason
    return {
        "id": operation.id,
        "run": operation.run,
        "status": operation.status,
        "entity": operation.entity,
        "account": operation.account,
        "verb": operation.verb,
        "uid": operation.uid,
        "reason": reason.in_(session.screen.language) if isinstance(reason, Sentence) else reason,
        "evidence": operation.evidence,
        "do": _what_to_do(operation, session.screen.language) or None,
    }
