"""What a base holds, and how it is looked at: one state, and sets of rows with one face whatever stands behind them.

`World.state`:

    profile       name of the configuration
    options       see OPTIONS
    composition   resources ticked in «Состав»: the others do not exist for OData
    hidden        {resource: [guid]}: objects that the user's restrictions hide (RLS)
    read_only     resources that the user may not change
    closed_until  documents dated up to this day are closed for changes; "" for none
    version       last DataVersion given
    numbers       {resource: last number given}
    objects       {resource: {guid: {property: value, table: [row]}}}
    records       {register: [record]}; those of a document carry its guid as Recorder
    changes       {node guid: {"resource guid": message number or null}}
    soap          the exchange by messages: see `connector.sandbox.onec.messages`

Numbers are decimal text, dates `YYYY-MM-DDTHH:MM:SS` on the server's clock, guids lower case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast
from zoneinfo import ZoneInfo

from connector.sandbox.onec.conditions import Row, Several, UnknownName
from connector.sandbox.onec.errors import refusal
from connector.sandbox.onec.expressions import Guid
from connector.sandbox.onec.profiles import CONFIGURATIONS
from connector.sandbox.onec.schema import UNDEFINED, Configuration, Kind, Property, Register, Table

if TYPE_CHECKING:
    from connector.sandbox.world import World

ZONE: Final = ZoneInfo("Europe/Moscow")
OPTIONS: Final[dict[str, Any]] = {
    "if_match": True,  # False: the header is read by nobody, as a peer has seen
    "login_page": False,  # a wrong login is answered by a page of HTML and 200
    "version_on_create": False,  # the answer to a POST shows DataVersion as null, as in the vendor's example
}

Record = dict[str, Any]

REF: Final = Property("Ref", "reference")
VERSION: Final = Property("DataVersion", "text")
LINE: Final = Property("LineNumber", "whole")
PERIOD: Final = Property("Period", "date")
RECORDER: Final = Property("Recorder", "any")
ACTIVE: Final = Property("Active", "flag")
RECORD_SET: Final = "RecordSet"
RECORD_TYPE: Final = Property("RecordType", "choice", values=("Receipt", "Expense"))


@dataclass(frozen=True)
class Shape:
    """What one resource looks like from outside: its properties in order, its table parts and its key."""

    resource: str
    type: str
    properties: tuple[Property, ...]
    tables: tuple[Table, ...] = ()
    keys: tuple[str, ...] = ("Ref_Key",)

    def property(self, key: str) -> Property | None:
        return next((item for item in self.properties if item.key == key), None)

    def named(self, name: str) -> Property | None:
        """A reference or a property of several types, by the name under which it is followed."""
        kinds = ("reference", "any")
        return next((item for item in self.properties if item.name == name and item.kind in kinds), None)

    def table(self, name: str) -> Table | None:
        return next((item for item in self.tables if item.name == name), None)


class Base:
    """One information base."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._order: dict[str, tuple[tuple[int, int, int], list[str]]] = {}

    @property
    def configuration(self) -> Configuration:
        return CONFIGURATIONS[self.world.state["profile"]]

    def option(self, name: str) -> Any:
        return self.world.state["options"][name]

    def now(self) -> str:
        """The server's wall clock."""
        return self.world.now().astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S")

    def objects(self, resource: str) -> dict[str, Record]:
        return cast("dict[str, Record]", self.world.state["objects"].setdefault(resource, {}))

    def records(self, register: str) -> list[Record]:
        return cast("list[Record]", self.world.state["records"].setdefault(register, []))

    def object(self, kind: Kind, guid: str) -> Record:
        """An object by its guid. Raises the platform's code 9 where there is none."""
        found = self.objects(kind.resource).get(guid)
        if found is None:
            raise refusal(9, kind.resource)
        return found

    # what is offered -------------------------------------------------------------------------------------------

    def offers(self, resource: str) -> bool:
        return resource in self.world.state["composition"]

    def kind(self, resource: str) -> Kind | None:
        """A catalogue, document or plan that is ticked in «Состав»."""
        return self.configuration.kinds.get(resource) if self.offers(resource) else None

    def register(self, resource: str) -> Register | None:
        return self.configuration.registers.get(resource) if self.offers(resource) else None

    def may_see(self, resource: str, guid: str) -> bool:
        return guid not in self.world.state["hidden"].get(resource, ())

    def may_change(self, resource: str) -> None:
        if resource in self.world.state["read_only"]:
            raise refusal(20)

    # rows ------------------------------------------------------------------------------------------------------

    def shape(self, resource: str) -> Shape | None:
        """Of an object, its table part, a register or its records. None for what is not offered."""
        kind, register = self.kind(resource), self.register(resource)
        if kind is not None:
            return kind_shape(kind)
        if register is not None:
            return register_shape(register)
        owner, _, last = resource.rpartition("_")
        if last == "RecordType" and (register := self.register(owner)) is not None:
            return record_shape(register, resource)
        kind = self.kind(owner)
        table = kind.table(last) if kind is not None else None
        return None if table is None else table_shape(resource, table)

    def rows(self, shape: Shape) -> Iterator[View]:
        """Every row of a resource, in the order of its keys as the platform keeps them."""
        owner, _, last = shape.resource.rpartition("_")
        if shape.resource in self.configuration.kinds:
            objects = self.objects(shape.resource)
            for guid in self._in_order(shape.resource):
                yield View(self, shape, objects[guid], guid)
        elif shape.table(RECORD_SET) is not None:
            yield from self._record_sets(shape)
        elif shape.resource in self.configuration.registers or last == "RecordType":
            register = shape.resource if shape.resource in self.configuration.registers else owner
            for record in self.records(register):
                yield View(self, shape, record)
        else:
            for guid in self._in_order(owner):
                for row in self.objects(owner)[guid].get(last, []):
                    yield View(self, shape, row, guid)

    def _in_order(self, resource: str) -> list[str]:
        """The guids of a resource as they are stored. Kept until something is written, for lists are read by pages."""
        objects = self.objects(resource)
        mark = (id(objects), len(objects), self.world.state["version"])
        if self._order.get(resource, (None, []))[0] != mark:
            self._order[resource] = mark, sorted(objects, key=stored_order)
        return self._order[resource][1]

    def _record_sets(self, shape: Shape) -> Iterator[View]:
        """The records of a register, those of one document together."""
        sets: dict[tuple[str, str], list[Record]] = {}
        for record in self.records(shape.resource):
            sets.setdefault((record["Recorder"], record["Recorder_Type"]), []).append(record)
        for (recorder, kind), records in sets.items():
            yield View(self, shape, {"Recorder": recorder, "Recorder_Type": kind, RECORD_SET: records})

    def follow(self, targets: Sequence[str], guid: str) -> View | None:
        """The object behind a reference; None for an empty or a broken one."""
        for resource in targets:
            kind = self.configuration.kinds.get(resource)
            if kind is not None and guid in self.objects(resource):
                return View(self, kind_shape(kind), self.objects(resource)[guid], guid)
        return None


class View:
    """One row of a resource, read through its shape. `ref` is the guid of the object, or of the owner of a line."""

    __slots__ = ("_base", "data", "ref", "shape")

    def __init__(self, base: Base, shape: Shape, data: Record, ref: str | None = None) -> None:
        self._base, self.shape, self.data, self.ref = base, shape, data, ref

    def raw(self, item: Property) -> Any:
        """The stored value: an empty one where nothing was ever written, None for what a folder has not."""
        return self.ref if item is REF else self.data.get(item.key, item.empty)

    def value(self, name: str) -> Any:
        """See `conditions.Row`."""
        item = self.shape.property(name)
        if item is not None and item.kind == "any":
            return self._several(item)
        if item is not None:
            return typed(item, self.raw(item))
        followed = self.shape.named(name)
        if followed is not None and followed.kind == "reference":
            return self._base.follow(followed.targets, self.raw(followed))
        if name.endswith("_Type") and self.shape.named(name.removesuffix("_Type")) is not None:
            return self.data.get(name, UNDEFINED)
        if self.shape.table(name) is not None:
            return self
        raise UnknownName(name)

    def rows(self, table: str) -> Iterable[Row]:
        part = self.shape.table(table)
        if part is None:
            raise UnknownName(table)
        shape = table_shape(f"{self.shape.resource}_{table}", part)
        if table == RECORD_SET:
            shape = Shape(self.shape.resource, f"{self.shape.resource}_RowType", part.properties, keys=())
        return [View(self._base, shape, row, self.ref) for row in self.data[table]]

    def _several(self, item: Property) -> Several:
        kind = str(self.data.get(f"{item.name}_Type", UNDEFINED)).removeprefix("StandardODATA.")
        raw = self.raw(item)
        if kind in self._base.configuration.kinds:
            return Several(Guid(raw), kind, self._base.follow((kind,), raw))
        return Several(raw, kind)

    def followed(self, item: Property) -> View | None:
        """The object behind a reference of this row."""
        return self._base.follow(item.targets, self.raw(item))


def typed(item: Property, raw: Any) -> Any:
    """A stored value as a condition compares it."""
    if raw is None:
        return None
    if item.kind in ("number", "whole"):
        return Decimal(raw)
    if item.kind == "date":
        return datetime.fromisoformat(raw)
    return Guid(raw) if item.kind == "reference" else raw


def stored_order(guid: str) -> str:
    """The order of references as they are stored: the last part of a guid comes first."""
    one, two, three, four, five = guid.split("-")
    return four + five + three + two + one


# shapes --------------------------------------------------------------------------------------------------------


def kind_shape(kind: Kind) -> Shape:
    return Shape(kind.resource, kind.resource, (REF, VERSION, *kind.properties), kind.tables)


def table_shape(resource: str, table: Table) -> Shape:
    return Shape(resource, resource, (REF, LINE, *table.properties), keys=("Ref_Key", "LineNumber"))


def register_shape(register: Register) -> Shape:
    """A register of information is a set of records; any other one of record sets, each of one document."""
    own = (*register.dimensions, *register.resources)
    if register.kind == "information":
        head = (PERIOD,) if register.periodic else ()
        keys = tuple(item.key for item in (*head, *register.dimensions))
        return Shape(register.resource, register.resource, (*head, *own), keys=keys)
    records = Table(RECORD_SET, record_shape(register, register.resource).properties)
    return Shape(register.resource, register.resource, (RECORDER,), (records,), keys=("Recorder", "Recorder_Type"))


def record_shape(register: Register, resource: str) -> Shape:
    own = (*register.dimensions, *register.resources)
    if register.kind == "information":
        return Shape(resource, resource, ((PERIOD, *own) if register.periodic else own), keys=())
    head = (RECORDER, PERIOD, LINE, ACTIVE)
    kind = (RECORD_TYPE,) if register.kind == "accumulation" else ()
    return Shape(resource, resource, (*head, *kind, *own), keys=("Recorder", "Recorder_Type", "LineNumber"))
