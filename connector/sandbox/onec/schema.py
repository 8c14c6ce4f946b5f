"""What a configuration consists of, as data: objects, their properties, table parts and registers.

Properties are written in one line each, `name: type`:

    s12     text of at most 12 characters (longer is cut in silence); s is unlimited
    n15.2   number, rounded half up to 2 places          i       whole number, on the wire as text (Edm.Int64)
    b       yes or no                                    d       date and time, naive, on the server's own clock
    =A|B    one of these values, or empty                >X      reference to X: X_Key on the wire, X to follow it
    *A|B    a value of several types: itself and `_Type`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

ZERO_GUID: Final = "00000000-0000-0000-0000-000000000000"
EMPTY_DATE: Final = "0001-01-01T00:00:00"
UNDEFINED: Final = "StandardODATA.Undefined"


@dataclass(frozen=True)
class Property:
    """One property. `targets` are what a reference may point at, `values` those of an enumeration."""

    name: str
    kind: str  # text | number | whole | flag | date | choice | reference | any
    length: int = 0
    scale: int = 0
    targets: tuple[str, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name under which its value travels."""
        return f"{self.name}_Key" if self.kind == "reference" else self.name

    @property
    def edm(self) -> str:
        return _EDM[self.kind]

    @property
    def empty(self) -> Any:
        return _EMPTY[self.kind]

    def rounded(self, number: Decimal) -> str:
        """How a number is kept: decimal text with the property's own places."""
        return str(number.quantize(Decimal(1).scaleb(-self.scale), ROUND_HALF_UP))


_EDM: Final = {
    "text": "Edm.String",
    "number": "Edm.Double",
    "whole": "Edm.Int64",
    "flag": "Edm.Boolean",
    "date": "Edm.DateTime",
    "choice": "Edm.String",
    "reference": "Edm.Guid",
    "any": "Edm.String",
}
_EMPTY: Final[dict[str, Any]] = {
    "text": "",
    "number": "0",
    "whole": "0",
    "flag": False,
    "date": EMPTY_DATE,
    "choice": "",
    "reference": ZERO_GUID,
    "any": "",
}


@dataclass(frozen=True)
class Table:
    """A table part. Its rows also carry Ref_Key and LineNumber."""

    name: str
    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Kind:
    """A catalogue, document or exchange plan of the configuration."""

    resource: str
    title: str
    properties: tuple[Property, ...]
    tables: tuple[Table, ...] = ()
    folders: bool = False
    code: tuple[str, int] = ("Code", 9)  # the property that numbers its objects, and its length
    required: tuple[str, ...] = ()  # what must be filled before a document is posted
    moves: tuple[Move, ...] = ()

    @property
    def is_document(self) -> bool:
        return self.resource.startswith("Document_")

    def property(self, key: str) -> Property | None:
        """By the name on the wire."""
        return next((item for item in self.properties if item.key == key), None)

    def named(self, name: str) -> Property | None:
        """By its own name: `Контрагент`, not `Контрагент_Key`."""
        return next((item for item in self.properties if item.name == name), None)

    def table(self, name: str) -> Table | None:
        return next((item for item in self.tables if item.name == name), None)


@dataclass(frozen=True)
class Move:
    """A movement that posting makes: one record a row of `table`, or one for the document where `table` is "".

    `fill` says where each dimension and resource comes from: a property of the row or else of the document.
    `sides` are the accounts (debit, credit) in a register of accounting.
    """

    register: str
    sign: int
    fill: Mapping[str, str]
    table: str = ""
    side: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Register:
    """A register: what it keeps its figures by (`dimensions`) and the figures (`resources`)."""

    resource: str
    kind: str  # information | accumulation | accounting
    dimensions: tuple[Property, ...]
    resources: tuple[Property, ...]
    periodic: bool = True


@dataclass(frozen=True)
class Configuration:
    """A whole configuration of 1C."""

    name: str
    kinds: Mapping[str, Kind]
    registers: Mapping[str, Register]
    contact_kinds: Mapping[str, str] = field(default_factory=dict)  # programmatic name -> Тип

    @property
    def resources(self) -> tuple[str, ...]:
        return (*self.kinds, *self.registers)


# reading the one-line form -------------------------------------------------------------------------------------


def properties(text: str) -> tuple[Property, ...]:
    """The properties of lines or comma-separated parts `name: type`."""
    parts = (part.strip() for line in text.splitlines() for part in line.split(","))
    return tuple(_property(part) for part in parts if part)


def _property(part: str) -> Property:
    name, _, kind = (piece.strip() for piece in part.partition(":"))
    first, rest = kind[0], kind[1:]
    if first == "s":
        return Property(name, "text", length=int(rest or 0))
    if first == "n":
        return Property(name, "number", scale=int(rest.partition(".")[2] or 0))
    if first == "=":
        return Property(name, "choice", values=tuple(rest.split("|")))
    if first in ">*":
        return Property(name, "reference" if first == ">" else "any", targets=tuple(rest.split("|")))
    return Property(name, {"i": "whole", "b": "flag", "d": "date"}[first])


_OBJECT: Final = "DeletionMark: b"
_CATALOG: Final = "Code: s{0}, Description: s100"
_TAIL: Final = "Predefined: b, PredefinedDataName: s"


def catalog(
    name: str,
    title: str,
    own: str = "",
    *,
    folders: bool = False,
    tables: Mapping[str, str] | None = None,
    code: int = 9,
) -> Kind:
    """A catalogue with its standard properties before the own ones."""
    resource = f"Catalog_{name}"
    hierarchy = f"Parent: >{resource}, IsFolder: b" if folders else ""
    standard = properties(f"{_OBJECT}\n{hierarchy}\n{_CATALOG.format(code)}")
    return Kind(
        resource,
        title,
        (*standard, *properties(own), *properties(_TAIL)),
        _tables(tables),
        folders=folders,
        code=("Code", code),
    )


def document(
    name: str,
    title: str,
    own: str,
    tables: Mapping[str, str] | None = None,
    *,
    required: tuple[str, ...] = (),
    moves: tuple[Move, ...] = (),
) -> Kind:
    """A document with Number, Date and Posted before the own properties."""
    standard = properties("DeletionMark: b, Number: s11, Date: d, Posted: b")
    resource = f"Document_{name}"
    return Kind(resource, title, (*standard, *properties(own)), _tables(tables), False, ("Number", 11), required, moves)


def exchange_plan(name: str, title: str) -> Kind:
    """A plan whose nodes have changes kept for them."""
    own = properties(f"{_OBJECT}, Code: s36, Description: s150, SentNo: i, ReceivedNo: i, ThisNode: b")
    return Kind(f"ExchangePlan_{name}", title, own, code=("Code", 36))


def chart_of_accounts(name: str, title: str) -> Kind:
    own = properties(f"{_OBJECT}, Code: s9, Description: s120, {_TAIL}")
    return Kind(f"ChartOfAccounts_{name}", title, own)


def _tables(tables: Mapping[str, str] | None) -> tuple[Table, ...]:
    return tuple(Table(name, properties(own)) for name, own in (tables or {}).items())


def register(kind: str, name: str, dimensions: str, resources: str, *, periodic: bool = True) -> Register:
    prefix = {"information": "InformationRegister", "accumulation": "AccumulationRegister"}.get(
        kind, "AccountingRegister"
    )
    return Register(f"{prefix}_{name}", kind, properties(dimensions), properties(resources), periodic)
