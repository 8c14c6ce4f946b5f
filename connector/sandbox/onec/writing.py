"""Objects made, changed and removed.

What a body says is checked against the configuration: a wrong value is refused, a property that the object has not is
ignored, text that is too long is cut in silence, a table part replaces the one that was there. A line without its
LineNumber breaks the service. `Posted` is changed by Post and Unpost alone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from connector.sandbox.onec.base import Base, Record
from connector.sandbox.onec.errors import INTERNAL, ODataError, Stale, business, refusal
from connector.sandbox.onec.schema import UNDEFINED, ZERO_GUID, Kind, Property, Table

Body = Mapping[str, Any]

_BIND: Final = re.compile(r"(?:.*/)?(?P<resource>[^\W\d]\w*)\(guid'(?P<guid>[^']+)'\)\Z")
_NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\Z")
_OURS: Final = ("Ref", "DataVersion", "Predefined", "PredefinedDataName", "Posted")
_STANDARD: Final = ("DeletionMark", "Parent", "IsFolder", "Code", "Description", "Predefined", "PredefinedDataName")


@dataclass(frozen=True)
class Terms:
    """How a write is to be done: `version` from If-Match, `loading` as an exchange writes it, without checks."""

    version: str | None = None
    loading: bool = False


def create(base: Base, kind: Kind, body: Body, terms: Terms) -> str:
    """A new object; its guid, which the body may choose. Code 15 where that is taken."""
    base.may_change(kind.resource)
    guid = _chosen(body) or _new_guid(base)
    if guid in base.objects(kind.resource):
        raise refusal(15, kind.resource)
    row: Record = {item.key: item.empty for item in kind.properties}
    row |= {f"{item.key}_Type": UNDEFINED for item in kind.properties if item.kind == "any"}
    row |= {table.name: [] for table in kind.tables}
    row |= _values(kind, body, new=True)
    if kind.folders and row["IsFolder"]:
        _leave_to_folder(kind, row)
    if kind.is_document and "Date" not in body:
        row["Date"] = base.now()
    _number(base, kind, row, guid)
    _check_open(base, kind, [row], terms)
    store(base, kind, guid, row)
    return guid


def patch(base: Base, kind: Kind, guid: str, body: Body, terms: Terms) -> None:
    """Only what the body says changes; table parts that it names are replaced whole."""
    row = _writable(base, kind, guid, terms)
    changed = {**row, **_values(kind, body, new=False)}
    if row.get("IsFolder"):
        _leave_to_folder(kind, changed)
    _check_open(base, kind, [row, changed], terms)
    _check_number(base, kind, changed, guid)
    if changed.get("DeletionMark") and changed.get("Posted"):
        changed["Posted"] = False
        forget_moves(base, guid)
    store(base, kind, guid, changed)


def put(base: Base, kind: Kind, guid: str, body: Body, terms: Terms) -> None:
    """The whole object: every property must be there, references as `X@odata.bind`."""
    for item in kind.properties:
        name = f"{item.name}@odata.bind" if item.kind == "reference" else item.key
        if item.name not in _OURS and item.key != "IsFolder" and name not in body:
            raise refusal(5, name)
    patch(base, kind, guid, {key: value for key, value in body.items() if not key.endswith("_Key")}, terms)


def remove(base: Base, kind: Kind, guid: str, terms: Terms) -> None:
    """Gone at once, whatever refers to it: no deletion mark is set."""
    row = _writable(base, kind, guid, terms)
    _check_open(base, kind, [row], terms)
    forget_moves(base, guid)
    del base.objects(kind.resource)[guid]
    base.world.state["changes"].pop(guid, None)
    register_change(base, kind.resource, guid)


def store(base: Base, kind: Kind, guid: str, row: Record) -> None:
    """Every write gives a new version and is noted for every node of the exchange."""
    state = base.world.state
    state["version"] += 1
    row["DataVersion"] = base64.b64encode(int(state["version"]).to_bytes(8, "big")).decode()
    base.objects(kind.resource)[guid] = row
    if kind.resource.startswith("ExchangePlan_") and not row["ThisNode"]:
        state["changes"].setdefault(guid, {})
    register_change(base, kind.resource, guid)


def register_change(base: Base, resource: str, guid: str) -> None:
    """Noted without a message number, even where an earlier change was already sent with one."""
    if not resource.startswith("ExchangePlan_"):
        for noted in base.world.state["changes"].values():
            noted[f"{resource} {guid}"] = None


def forget_moves(base: Base, guid: str) -> None:
    """The records that a document made."""
    for name, records in base.world.state["records"].items():
        base.world.state["records"][name] = [row for row in records if row.get("Recorder") != guid]


# before a write ------------------------------------------------------------------------------------------------


def _writable(base: Base, kind: Kind, guid: str, terms: Terms) -> Record:
    base.may_change(kind.resource)
    row = base.object(kind, guid)
    if not base.may_see(kind.resource, guid):
        raise refusal(20)
    if terms.version is not None and base.option("if_match") and terms.version != row["DataVersion"]:
        raise Stale
    return row


def _check_open(base: Base, kind: Kind, rows: list[Record], terms: Terms) -> None:
    """A document of a closed period is not written, neither as it was nor as it would be."""
    closed = base.world.state["closed_until"]
    if closed and kind.is_document and not terms.loading and any(row["Date"][:10] <= closed for row in rows):
        raise business(f"Документ не может быть изменен: дата запрета изменения данных {closed}")


def _chosen(body: Body) -> str | None:
    given = body.get("Ref_Key")
    if given is None:
        return None
    guid = _guid(given, "Ref_Key")
    return None if guid == ZERO_GUID else guid


def _new_guid(base: Base) -> str:
    base.world.state["version"] += 1
    return str(UUID(int=base.world.random(f"guid {base.world.state['version']}").getrandbits(128), version=4))


def _leave_to_folder(kind: Kind, row: Record) -> None:
    """What belongs to items is null in a folder, its table parts are empty."""
    row |= {item.key: None for item in kind.properties if item.name not in _STANDARD}
    row |= {table.name: [] for table in kind.tables}


def _number(base: Base, kind: Kind, row: Record, guid: str) -> None:
    """The next code or number where none was given."""
    name, length = kind.code
    numbers = base.world.state["numbers"]
    if not row[name]:
        numbers[kind.resource] = numbers.get(kind.resource, 0) + 1
        prefix = "0000-" if kind.is_document else ""
        row[name] = prefix + str(numbers[kind.resource]).zfill(length - len(prefix))
    _check_number(base, kind, row, guid)


def _check_number(base: Base, kind: Kind, row: Record, guid: str) -> None:
    name = kind.code[0]
    others = ((key, other[name]) for key, other in base.objects(kind.resource).items())
    if any(value == row[name] and key != guid for key, value in others):
        label = "Номер" if kind.is_document else "Код"
        raise business(f'Значение поля "{label}" не уникально')


# the body ------------------------------------------------------------------------------------------------------


def _values(kind: Kind, body: Body, *, new: bool) -> Record:
    values: Record = {}
    for name, raw in body.items():
        table = kind.table(name)
        item = kind.property(name)
        bound = kind.named(name.removesuffix("@odata.bind")) if name.endswith("@odata.bind") else None
        if table is not None:
            values[name] = _lines(table, raw)
        elif bound is not None and bound.kind == "reference":
            values[bound.key] = _bound(bound, raw)
        elif item is not None and item.name not in _OURS and (new or item.name != "IsFolder"):
            values |= _converted(item, raw, body)
    return values


def _lines(table: Table, raw: Any) -> list[Record]:
    if not isinstance(raw, list) or not all(isinstance(line, dict) for line in raw):
        raise refusal(4, table.name)
    numbered = sorted(((_line_number(line), line) for line in raw), key=lambda pair: pair[0])
    if len({number for number, _ in numbered}) != len(numbered):
        raise ODataError(500, -1, INTERNAL)
    return [{"LineNumber": str(place), **_line(table, line)} for place, (_, line) in enumerate(numbered, 1)]


def _line_number(line: Body) -> int:
    given = line.get("LineNumber")
    if isinstance(given, bool) or not str(given or "").isdigit():
        raise ODataError(500, -1, INTERNAL)
    return int(str(given))


def _line(table: Table, line: Body) -> Record:
    values: Record = {item.key: item.empty for item in table.properties}
    for item in table.properties:
        if item.key in line:
            values |= _converted(item, line[item.key], line)
    return values


def _bound(item: Property, raw: Any) -> str:
    match = _BIND.match(raw) if isinstance(raw, str) else None
    if match is None or match["resource"] not in item.targets:
        raise refusal(4, f"{item.name}@odata.bind")
    return _guid(match["guid"], item.name)


def _converted(item: Property, raw: Any, body: Body) -> Record:
    """The property as it is kept, with its `_Type` where it can be of several."""
    if raw is None:
        return {item.key: item.empty, **({f"{item.key}_Type": UNDEFINED} if item.kind == "any" else {})}
    if item.kind == "any":
        return _several(item, raw, body)
    return {item.key: _convert(item, raw)}


def _several(item: Property, raw: Any, body: Body) -> Record:
    kind = body.get(f"{item.key}_Type")
    if kind is None:
        raise refusal(5, f"{item.key}_Type")
    allowed = (UNDEFINED, *(f"StandardODATA.{target}" for target in item.targets))
    if kind not in allowed or not isinstance(raw, str):
        raise refusal(4, item.key)
    return {item.key: "" if kind == UNDEFINED else _guid(raw, item.key), f"{item.key}_Type": kind}


def _convert(item: Property, raw: Any) -> Any:
    """A value of the property's own type. Raises code 4 for any other."""
    right = False
    if item.kind in ("text", "choice", "reference"):
        right = isinstance(raw, str) and (item.kind != "choice" or raw in ("", *item.values))
    elif item.kind == "flag":
        right = isinstance(raw, bool)
    elif item.kind == "number":
        right = isinstance(raw, int | Decimal) and not isinstance(raw, bool)
    elif item.kind == "whole":
        right = not isinstance(raw, bool) and str(raw).removeprefix("-").isdigit()
    elif item.kind == "date":
        right = isinstance(raw, str) and _is_date(raw)
    if not right:
        raise refusal(4, item.key)
    if item.kind == "text":
        return raw[: item.length] if item.length else raw
    if item.kind == "reference":
        return _guid(raw, item.key)
    if item.kind == "number":
        return item.rounded(Decimal(raw))
    return str(raw) if item.kind == "whole" else raw


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return _NAIVE.match(text) is not None


def _guid(raw: Any, name: str) -> str:
    try:
        return str(UUID(raw)) if isinstance(raw, str) and len(raw) == 36 else _fail(name)
    except ValueError:
        return _fail(name)


def _fail(name: str) -> str:
    raise refusal(4, name)
