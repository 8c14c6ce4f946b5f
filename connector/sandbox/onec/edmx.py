"""`$metadata`: the description of what is ticked in «Состав», as the platform writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lxml import etree

from connector.sandbox.onec.base import Base, Shape, kind_shape, record_shape, register_shape, table_shape
from connector.sandbox.onec.schema import Kind, Property, Register
from connector.sandbox.onec.tables import functions, table

EDMX: Final = "http://schemas.microsoft.com/ado/2007/06/edmx"
EDM: Final = "http://schemas.microsoft.com/ado/2009/11/edm"
META: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
NAMESPACE: Final = "StandardODATA"

_PARAMETERS: Final = {"Period": "Edm.DateTime", "StartPeriod": "Edm.DateTime", "EndPeriod": "Edm.DateTime"}


def metadata(base: Base) -> bytes:
    """The whole document."""
    root = etree.Element(f"{{{EDMX}}}Edmx", {"Version": "1.0"}, nsmap={"edmx": EDMX})
    services = etree.SubElement(root, f"{{{EDMX}}}DataServices", nsmap={"m": META})
    services.set(f"{{{META}}}DataServiceVersion", "3.0")
    schema = etree.SubElement(services, f"{{{EDM}}}Schema", {"Namespace": NAMESPACE}, nsmap={None: EDM})
    container = etree.Element(f"{{{EDM}}}EntityContainer", {"Name": NAMESPACE})
    container.set(f"{{{META}}}IsDefaultEntityContainer", "true")
    for resource in base.world.state["composition"]:
        kind, register = base.kind(resource), base.register(resource)
        if kind is not None:
            _kind(schema, container, kind)
        elif register is not None:
            _register(schema, container, base, register)
    schema.append(container)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def resources(base: Base) -> list[str]:
    """Every entity set, as the short description lists them."""
    found: list[str] = []
    for resource in base.world.state["composition"]:
        kind = base.kind(resource)
        found.append(resource)
        if kind is not None:
            found += [f"{resource}_{part.name}" for part in kind.tables]
        elif base.register(resource) is not None:
            found.append(f"{resource}_RecordType")
    return found


def _kind(schema: etree._Element, container: etree._Element, kind: Kind) -> None:
    shape = kind_shape(kind)
    _entity(schema, container, shape)
    for part in kind.tables:
        rows = table_shape(f"{kind.resource}_{part.name}", part)
        _entity(schema, container, rows)
        _complex(schema, f"{rows.resource}_RowType", rows.properties)
    if kind.is_document:
        _function(container, "Post", shape, "POST", ("PostingModeOperational",))
        _function(container, "Unpost", shape, "POST", ())


def _register(schema: etree._Element, container: etree._Element, base: Base, register: Register) -> None:
    shape = register_shape(register)
    _entity(schema, container, shape)
    records = record_shape(register, f"{register.resource}_RecordType")
    _entity(schema, container, records)
    for part in shape.tables:
        _complex(schema, f"{register.resource}_RowType", part.properties)
    for name, parameters in functions(register).items():
        row, _ = table(base, register, name, "", {})
        if name not in ("SliceLast", "SliceFirst"):
            _complex(schema, row.type, row.properties)
        _function(container, name, shape, "GET", parameters, row.type)


def _entity(schema: etree._Element, container: etree._Element, shape: Shape) -> None:
    found = etree.SubElement(schema, f"{{{EDM}}}EntityType", {"Name": shape.resource})
    if shape.keys:
        key = etree.SubElement(found, f"{{{EDM}}}Key")
        for name in shape.keys:
            etree.SubElement(key, f"{{{EDM}}}PropertyRef", {"Name": name})
    _properties(found, shape.properties)
    for part in shape.tables:
        name = f"{shape.resource}_{part.name}_RowType" if part.name != "RecordSet" else f"{shape.resource}_RowType"
        kind = f"Collection({NAMESPACE}.{name})"
        etree.SubElement(found, f"{{{EDM}}}Property", {"Name": part.name, "Type": kind, "Nullable": "false"})
    _links(schema, found, shape)
    kind = f"{NAMESPACE}.{shape.resource}"
    etree.SubElement(container, f"{{{EDM}}}EntitySet", {"Name": shape.resource, "EntityType": kind})


def _properties(parent: etree._Element, properties: Iterable[Property]) -> None:
    for item in properties:
        nullable = "false" if item.key in ("Ref_Key", "LineNumber") else "true"
        facts = {"Name": item.key, "Type": item.edm, "Nullable": nullable}
        if item.length:
            facts["MaxLength"] = str(item.length)
        etree.SubElement(parent, f"{{{EDM}}}Property", facts)
        if item.kind == "any":
            facts = {"Name": f"{item.key}_Type", "Type": "Edm.String", "Nullable": "true"}
            etree.SubElement(parent, f"{{{EDM}}}Property", facts)


def _complex(schema: etree._Element, name: str, properties: Iterable[Property]) -> None:
    _properties(etree.SubElement(schema, f"{{{EDM}}}ComplexType", {"Name": name}), properties)


def _links(schema: etree._Element, parent: etree._Element, shape: Shape) -> None:
    """One association a reference, as the platform makes them."""
    for item in shape.properties:
        if item.kind != "reference" or item.name == "Ref":
            continue
        name = f"{shape.resource}_{item.name}"
        facts = {"Name": item.name, "Relationship": f"{NAMESPACE}.{name}", "FromRole": "Begin", "ToRole": "End"}
        etree.SubElement(parent, f"{{{EDM}}}NavigationProperty", facts)
        association = etree.SubElement(schema, f"{{{EDM}}}Association", {"Name": name})
        for role, kind, many in (("Begin", shape.resource, "*"), ("End", item.targets[0], "0..1")):
            facts = {"Role": role, "Type": f"{NAMESPACE}.{kind}", "Multiplicity": many}
            etree.SubElement(association, f"{{{EDM}}}End", facts)


def _function(
    container: etree._Element, name: str, shape: Shape, verb: str, parameters: Iterable[str], returns: str = ""
) -> None:
    facts = {"Name": name, "IsBindable": "true", "EntitySetPath": shape.resource}
    if returns:
        facts["ReturnType"] = f"Collection({NAMESPACE}.{returns})"
    found = etree.SubElement(container, f"{{{EDM}}}FunctionImport", facts)
    found.set(f"{{{META}}}HttpMethod", verb)
    binding = f"Collection({NAMESPACE}.{shape.resource})" if verb == "GET" else f"{NAMESPACE}.{shape.resource}"
    etree.SubElement(found, f"{{{EDM}}}Parameter", {"Name": "bindingParameter", "Type": binding, "Mode": "In"})
    for parameter in parameters:
        kind = "Edm.Boolean" if parameter == "PostingModeOperational" else _PARAMETERS.get(parameter, "Edm.String")
        facts = {"Name": parameter, "Type": kind, "Nullable": "true", "Mode": "In"}
        etree.SubElement(found, f"{{{EDM}}}Parameter", facts)
