"""A message of EnterpriseData for loading by hand: customers, cards and orders, without a number and without a node.

The key of an object is the one by which that base knows it, else its GUID in 1C, else our uid: loading the file twice
makes no second object. What an order refers to is named as 1C itself has told of it, and is never made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from connector.errors import ConnectorError
from connector.jobs.exchange.facts import facts
from connector.jobs.exchange.writing import Span, Stream, Told, hub_records
from connector.model.values import minor
from connector.systems.onec.enterprisedata import PLAN, Counters, Header, element_of, write_message
from connector.systems.onec.enterprisedata.composing import Composer
from connector.systems.onec.enterprisedata.directory import Directory
from connector.systems.onec.enterprisedata.rows import PRODUCT, TYPES, nested

if TYPE_CHECKING:
    from connector.config import Account
    from connector.jobs.workspace import Workspace

_OLDEST: Final = "1.8"
_PLAIN: Final = ("customer", "card")
Object = tuple[str, Mapping[str, Any]]


def write(workspace: Workspace, account: Account, stream: Stream, told: Told, span: Span) -> None:
    """Everything the hub holds of these, people first: cards and orders refer to them."""
    state = account.state or account.folder
    assert state is not None
    node = Counters(state / "counters.json", plan=PLAN, code=account.peer_code or "").load()
    told.version = node.version or _OLDEST
    header = Header(version=told.version, created_at=workspace.now[:19])
    objects = _Objects(workspace, account, told, Directory(state / "directory.jsonl"))
    write_message(stream, header, objects.all(span))


class _Objects:
    """The objects of one file. `told` counts them, and takes those that cannot be said."""

    def __init__(self, workspace: Workspace, account: Account, told: Told, directory: Directory) -> None:
        self._workspace, self._account, self._told, self._directory = workspace, account, told, directory
        self._composer = Composer(account.name, directory, self._customer)
        self._meant: dict[str, str] = {}  # key -> uid of what the object at hand refers to

    def all(self, span: Span) -> Iterator[Object]:
        for entity in _PLAIN:
            for page in hub_records(self._workspace, entity):
                keys = self._keys(entity, page)
                for uid, record in page.items():
                    yield from self._made(entity, keys[uid], record, partial(self._values, entity, record))
        for fact in facts(self._workspace, self._account, self._told, span):
            key = self._keys("order", {fact.uid: fact.record})[fact.uid]
            yield from self._made("order", key, fact.record, partial(self._order, fact.values, fact.goods))

    def _made(
        self, entity: str, key: str, record: Mapping[str, Any], values: Callable[[], dict[str, Any]]
    ) -> Iterator[Object]:
        """The object, proved to fit the format."""
        told = self._told
        if record.get("active") is False:
            told.passed += 1
            return
        self._meant.clear()
        try:
            mapping = self._workspace.mapping(self._account.name, entity)
            row = self._composer.completed(entity, mapping.write(values(), new=True), key)
            type_ = TYPES[entity]
            data = nested(type_, row, key)
            element_of(type_, data, told.version or _OLDEST)
        except ConnectorError as error:
            told.leave(record.get("number") or record.get("name") or record.get("uid") or key, error)
            return
        told.objects[entity] += 1
        if entity == "order":
            told.sums[entity] += minor(data["Сумма"]) if "Сумма" in data else 0
        yield type_, data

    # what is said

    def _values(self, entity: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """What the mapping writes of a record. A value that cannot be said to this system is left out, and told."""
        mapping = self._workspace.mapping(self._account.name, entity)
        values = {name: value for name, value in record.items() if name in mapping.writes and value is not None}
        for name, other in mapping.references.items():
            if isinstance(uid := values.get(name), str):
                values[name] = self._key(other, uid)
        said, refused = mapping.sayable(values)
        for error in refused:
            self._told.leave(record.get("name") or record.get("uid") or "", error)
        missing = [name for name, column in mapping.columns.items() if column.row.required and name not in said]
        return {**said, **{name: None for name in missing if name in mapping.writes}}

    def _order(self, values: Mapping[str, Any], goods: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        said = dict(values)
        if isinstance(uid := said.get("customer"), str):
            said["customer"] = self._key("customer", uid)
        said["lines"] = [self._line(line, goods) for line in said.get("lines") or ()]
        return said

    def _line(self, line: Mapping[str, Any], goods: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Its good by the key that 1C knows it by: linked, else the only one of its article or name."""
        uid = str(line.get("product") or "")
        key = self._workspace.store.crosswalk.targets(self._account.spoke, "product", [uid]).get(uid)
        good = {**line, **goods.get(uid, {})}
        for field, name in (("Артикул", "sku"), ("Наименование", "name")):
            if key is None and good.get(name):
                found = self._directory.find(PRODUCT, field, str(good[name]))
                key = found[0][0] if len(found) == 1 else None
        return {
            **{name: value for name, value in line.items() if name != "product"},
            **({"product": key} if key else {}),
        }

    # who is who

    def _keys(self, entity: str, records: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        known = self._workspace.store.crosswalk.targets(self._account.spoke, entity, list(records))
        return {uid: known.get(uid) or str(record.get("id_1c") or uid) for uid, record in records.items()}

    def _key(self, entity: str, uid: str) -> str:
        uid = self._workspace.store.hub.survivor(uid)
        key = self._keys(entity, {uid: self._record(uid) or {}})[uid]
        self._meant[key] = uid
        return key

    def _record(self, uid: str) -> dict[str, Any] | None:
        body = self._workspace.store.hub.bodies([uid]).get(uid)
        return None if body is None else msgspec.json.decode(body)

    def _customer(self, key: str) -> Mapping[str, Any] | None:
        """How a counterparty stands in this file."""
        record = self._record(self._meant.get(key, key))
        if record is None:
            return None
        mapping = self._workspace.mapping(self._account.name, "customer")
        return mapping.write(self._values("customer", record), new=True)
