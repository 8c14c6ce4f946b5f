"""`$metadata` of a base: which resources it offers, their properties, table parts and actions.

A real one has 15 MB and 4,000 types (1c.md, section 2): it is read as it comes, and kept as shared names and pairs.
Virtual tables and posting are bound functions; which object a function belongs to is said by the type of its parameter
`bindingParameter`, or by the attribute EntitySetPath.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from lxml import etree

from connector.locale import N_
from connector.systems.onec.safexml import NotXml, Readable, elements, local, release

_NAMESPACE: Final = "StandardODATA."
_COLLECTION: Final = "Collection("
_TAGS: Final = ("EntityType", "ComplexType", "EntitySet", "FunctionImport")


class Metadata(msgspec.Struct):
    """What a base offers. `types` holds the properties (name -> type) of resources and of rows of table parts."""

    types: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    resources: dict[str, str] = msgspec.field(default_factory=dict)  # resource -> its type
    functions: dict[str, list[str]] = msgspec.field(default_factory=dict)  # type -> Balance, SliceLast, Post …

    def __contains__(self, resource: object) -> bool:
        return resource in self.resources

    def properties(self, resource: str) -> Mapping[str, str]:
        """Name -> type of every property; empty for what the base does not offer."""
        return self.types.get(self.resources.get(resource, ""), {})

    def rows(self, resource: str, table: str) -> Mapping[str, str]:
        """The properties of a row of a table part."""
        return self.types.get(row_type(self.properties(resource).get(table, "")), {})

    def offers(self, resource: str, function: str) -> bool:
        """Whether `Balance`, `SliceLast`, `Post` and the like may be called for a resource."""
        return function in self.functions.get(self.resources.get(resource, ""), ())

    def lacking(self, resource: str, properties: tuple[str, ...]) -> list[str]:
        """The properties of these that a resource has not."""
        known = self.properties(resource)
        return [name for name in properties if name not in known]


def row_type(declared: str) -> str:
    """`Collection(StandardODATA.Catalog_X_Товары_RowType)` -> `Catalog_X_Товары_RowType`."""
    if not declared.startswith(_COLLECTION):
        return ""
    return declared[len(_COLLECTION) : -1].removeprefix(_NAMESPACE)


@dataclass
class _Reader:
    metadata: Metadata = field(default_factory=Metadata)
    words: dict[str, str] = field(default_factory=dict)

    def word(self, text: str | None) -> str:
        """One object for all equal names and types: a base says `Edm.Guid` twenty thousand times."""
        return self.words.setdefault(text or "", sys.intern(text or ""))

    def take(self, element: etree._Element) -> None:
        tag, name = local(element), self.word(element.get("Name"))
        if tag == "EntitySet":
            declared = element.get("EntityType", "").removeprefix(_NAMESPACE)
            self.metadata.resources[name] = self.word(declared)
        elif tag == "FunctionImport":
            self._function(element, name)
        else:
            self._type(element, name)

    def _type(self, element: etree._Element, name: str) -> None:
        properties: dict[str, str] = {}
        for child in element:
            if local(child) == "Property":
                properties[self.word(child.get("Name"))] = self.word(child.get("Type"))
            elif local(child) == "Key":
                self.metadata.keys[name] = tuple(self.word(part.get("Name")) for part in child)
        self.metadata.types[name] = properties

    def _function(self, element: etree._Element, name: str) -> None:
        bound = next((child.get("Type") for child in element if child.get("Name") == "bindingParameter"), None)
        owner = element.get("EntitySetPath") if bound is None else bound
        if owner:
            owner = row_type(owner) or owner.removeprefix(_NAMESPACE)
            self.metadata.functions.setdefault(self.word(owner), []).append(name)


def read_metadata(stream: Readable) -> Metadata:
    """Read an EDMX document to its end. Raises NotXml for anything else."""
    reader = _Reader()
    for element in elements(stream, _TAGS):
        reader.take(element)
        release(element)
    if not reader.metadata.resources:
        raise NotXml(N_("it is no description of an OData interface"))
    return reader.metadata


class _Kept(msgspec.Struct):
    """A description in a file: every word once, properties as pairs of places in the list of words."""

    words: list[str]
    types: dict[str, bytes]
    keys: dict[str, tuple[str, ...]]
    resources: dict[str, str]
    functions: dict[str, list[str]]


def save_metadata(metadata: Metadata, file: Path) -> None:
    """Keep it in a file, replaced as a whole."""
    places: dict[str, int] = {}
    types = {
        name: array("I", [places.setdefault(word, len(places)) for pair in pairs.items() for word in pair]).tobytes()
        for name, pairs in metadata.types.items()
    }
    kept = _Kept(list(places), types, metadata.keys, metadata.resources, metadata.functions)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.write_bytes(msgspec.msgpack.encode(kept))
    part.replace(file)


def load_metadata(file: Path, since: float = 0.0) -> Metadata | None:
    """What was kept after that moment; None where there is none, or none that can be read."""
    try:
        if file.stat().st_mtime < since:
            return None
        kept = msgspec.msgpack.decode(file.read_bytes(), type=_Kept)
        types = {name: _pairs(kept.words, packed) for name, packed in kept.types.items()}
    except (OSError, msgspec.DecodeError, TypeError, ValueError, IndexError):
        return None
    return Metadata(types, kept.keys, kept.resources, kept.functions)


def _pairs(words: list[str], packed: bytes) -> dict[str, str]:
    at = memoryview(packed).cast("I")
    return {words[at[place]]: words[at[place + 1]] for place in range(0, len(at), 2)}
