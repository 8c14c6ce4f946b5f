"""Post and Unpost, and the records of registers that a posted document makes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.sandbox.onec.base import Base, Record
from connector.sandbox.onec.errors import business
from connector.sandbox.onec.schema import EMPTY_DATE, UNDEFINED, ZERO_GUID, Kind, Move, Property
from connector.sandbox.onec.writing import Terms, forget_moves, store


def post(base: Base, kind: Kind, guid: str, terms: Terms) -> None:
    """Post a document; again for one that is posted: its records are made anew. Refused with code -1 and 500."""
    row = _document(base, kind, guid, terms)
    if row["DeletionMark"]:
        raise business(f"{_refusal(kind)}: помеченный на удаление документ не может быть проведен")
    for name in () if terms.loading else kind.required:
        if _is_empty(kind, row, name):
            raise business(f'{_refusal(kind)}: поле "{name}" не заполнено')
    forget_moves(base, guid)
    for move in kind.moves:
        base.records(move.register).extend(_records(base, kind, move, {"Ref_Key": guid, **row}))
    store(base, kind, guid, {**row, "Posted": True})


def unpost(base: Base, kind: Kind, guid: str, terms: Terms) -> None:
    """Take the posting back; its records go."""
    row = _document(base, kind, guid, terms)
    forget_moves(base, guid)
    store(base, kind, guid, {**row, "Posted": False})


def _document(base: Base, kind: Kind, guid: str, terms: Terms) -> Record:
    base.may_change(kind.resource)
    row = base.object(kind, guid)
    closed = base.world.state["closed_until"]
    if closed and not terms.loading and row["Date"][:10] <= closed:
        raise business(f"{_refusal(kind)}: дата запрета изменения данных {closed}")
    return row


def _refusal(kind: Kind) -> str:
    return f'Не удалось провести "{kind.title}"'


def _is_empty(kind: Kind, row: Record, name: str) -> bool:
    item = kind.named(name)
    value = row[name] if item is None else row[item.key]
    return value in ("", "0", "0.00", ZERO_GUID, EMPTY_DATE, []) or value is None


def _records(base: Base, kind: Kind, move: Move, row: Record) -> list[Record]:
    lines: list[Record] = row[move.table] if move.table else [row]
    made: list[Record] = []
    for line in lines:
        if move.side != ("", ""):
            debit, credit = move.side if move.sign > 0 else move.side[::-1]
            halves = ((debit, Decimal(1)), (credit, Decimal(-1)))
            made += [_record(base, kind, move, (row, line), *half) for half in halves]
        else:
            made.append(_record(base, kind, move, (row, line), "", Decimal(1)))
    return [{**record, "LineNumber": str(place)} for place, record in enumerate(made, 1)]


def _record(base: Base, kind: Kind, move: Move, source: tuple[Record, Record], account: str, sign: Decimal) -> Record:
    register = base.configuration.registers[move.register]
    row, line = source
    record: Record = {
        "Recorder": row["Ref_Key"],
        "Recorder_Type": f"StandardODATA.{kind.resource}",
        "Period": row["Date"],
        "Active": True,
        "RecordType": "Receipt" if move.sign > 0 else "Expense",
    }
    for item in register.dimensions:
        record |= _dimension(kind, item, move, row, line)
    if account:
        record["Account_Key"] = _account(base, account)
    for item in register.resources:
        record[item.key] = str(Decimal(_taken(kind, move.fill[item.name], row, line)) * sign)
    return record


def _dimension(kind: Kind, item: Property, move: Move, row: Record, line: Record) -> Record:
    name = move.fill.get(item.name)
    if name is None:
        return {item.key: item.empty}
    value = _taken(kind, name, row, line)
    if item.kind != "any":
        return {item.key: value}
    source = kind.named(name)
    known = source is not None and value != ZERO_GUID
    return {
        item.key: value,
        f"{item.key}_Type": f"StandardODATA.{source.targets[0]}" if known and source else UNDEFINED,
    }


def _taken(kind: Kind, name: str, row: Record, line: Record) -> Any:
    """From the line when it has the property, else from the document."""
    for holder in (line, row):
        for key in (f"{name}_Key", name):
            if key in holder:
                return holder[key]
    raise KeyError(f"{kind.resource}: {name}")


def _account(base: Base, code: str) -> str:
    accounts = base.objects("ChartOfAccounts_Хозрасчетный")
    return next(guid for guid, row in accounts.items() if row["Code"] == code)
