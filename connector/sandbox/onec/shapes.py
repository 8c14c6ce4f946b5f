"""Answers as JSON (`odata=` nometadata, minimalmetadata, fullmetadata) and as atom, the default of the platform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec
from flask import Response
from lxml import etree

from connector.sandbox.onec.base import Shape, View
from connector.sandbox.onec.errors import ODataError, refusal
from connector.sandbox.onec.reading import Found, Taken, called, presentation
from connector.sandbox.onec.schema import UNDEFINED, Property

ATOM: Final = "http://www.w3.org/2005/Atom"
TOMBSTONE: Final = "http://purl.org/atompub/tombstones/1.0"
DATA: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices"
META: Final = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
_SPACES: Final = {None: ATOM, "at": TOMBSTONE, "d": DATA, "m": META}
_NUMBERS: Final = msgspec.json.Encoder(decimal_format="number")
_LEVELS: Final = ("nometadata", "minimalmetadata", "fullmetadata")


@dataclass(frozen=True)
class Form:
    """What the caller wants to read: atom, or JSON with a level of metadata. `root` is the address of the service."""

    json: bool
    level: str
    root: str

    def metadata(self, about: str) -> dict[str, Any]:
        return {} if self.level == "nometadata" else {"odata.metadata": f"{self.root}/$metadata#{about}"}


def form_of(asked: str | None, accept: str, root: str) -> Form:
    """`$format` wins over the header Accept; atom when neither asks for JSON."""
    if asked is not None:
        kind, _, parameter = asked.partition(";")
        if kind in ("json", "application/json"):
            return Form(True, _level(parameter), root)
        if kind in ("atom", "application/atom+xml"):
            return Form(False, "", root)
        raise refusal(3, asked)
    for part in accept.split(","):
        kind, _, parameter = part.strip().partition(";")
        if kind == "application/json":
            return Form(True, _level(parameter), root)
    return Form(False, "", root)


def _level(parameter: str) -> str:
    level = parameter.strip().removeprefix("odata=")
    return level if level in _LEVELS else "minimalmetadata"


# JSON ----------------------------------------------------------------------------------------------------------


def json_answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Numbers keep every digit they have."""
    return Response(_NUMBERS.encode(body), status, headers, content_type="application/json;charset=utf-8")


def wire(item: Property, raw: Any) -> Any:
    """A stored value in JSON. Edm.Int64 travels as text, a number without zeros at its end."""
    if raw is None or item.kind != "number":
        return raw
    number = Decimal(raw)
    return int(number) if number == number.to_integral_value() else number.normalize()


def json_row(row: View, what: Taken, form: Form) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for item in row.shape.properties:
        if item.key in what.properties:
            shown[item.key] = wire(item, row.raw(item))
            if item.kind == "any":
                shown[f"{item.key}_Type"] = row.data.get(f"{item.key}_Type", UNDEFINED)
    for table, columns in what.tables.items():
        shown[table] = [_json_line(line, columns) for line in row.rows(table) if isinstance(line, View)]
    for name in what.presentations:
        shown[f"{name}____Presentation"] = presentation(row, name)
    if what.own:
        shown["Presentation"] = called(row)
    return {**shown, **_links(row, what)} if form.level != "nometadata" else shown


def _json_line(line: View, columns: tuple[str, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for item in line.shape.properties:
        if not columns or item.key in columns:
            shown[item.key] = wire(item, line.raw(item))
            if item.kind == "any":
                shown[f"{item.key}_Type"] = line.data.get(f"{item.key}_Type", UNDEFINED)
    return shown


def _links(row: View, what: Taken) -> dict[str, str]:
    if row.ref is None:
        return {}
    own = f"{row.shape.resource}(guid'{row.ref}')"
    references = [
        item
        for item in row.shape.properties
        if item.kind == "reference" and item.key in what.properties and item.name != "Ref"
    ]
    return {f"{item.name}@navigationLinkUrl": f"{own}/{item.name}" for item in references}


# atom ----------------------------------------------------------------------------------------------------------


def atom_answer(root: etree._Element, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    kind = "feed" if etree.QName(root).localname == "feed" else "entry"
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(body, status, headers, content_type=f"application/atom+xml;type={kind};charset=utf-8")


def feed(form: Form, entries: Iterable[etree._Element], count: int | None = None) -> etree._Element:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_SPACES)
    root.set("{http://www.w3.org/XML/1998/namespace}base", f"{form.root}/")
    root.extend(entries)
    if count is not None:
        etree.SubElement(root, f"{{{META}}}count").text = str(count)
    return root


def entry(row: View, what: Taken, form: Form, updated: str) -> etree._Element:
    root = etree.Element(f"{{{ATOM}}}entry", nsmap=_SPACES)
    own = row.shape.resource + (f"(guid'{row.ref}')" if row.ref is not None else "")
    etree.SubElement(root, f"{{{ATOM}}}id").text = f"{form.root}/{own}"
    category = etree.SubElement(root, f"{{{ATOM}}}category", term=f"StandardODATA.{row.shape.type}")
    category.set("scheme", f"{DATA}/scheme")
    etree.SubElement(root, f"{{{ATOM}}}title", type="text")
    etree.SubElement(root, f"{{{ATOM}}}updated").text = updated
    etree.SubElement(root, f"{{{ATOM}}}author")
    etree.SubElement(root, f"{{{ATOM}}}link", rel="edit", href=own, title="edit link")
    content = etree.SubElement(root, f"{{{ATOM}}}content", type="application/xml")
    _atom_properties(etree.SubElement(content, f"{{{META}}}properties"), json_row(row, what, _BARE), row.shape)
    return root


_BARE: Final = Form(True, "nometadata", "")


def _atom_properties(parent: etree._Element, values: dict[str, Any], shape: Shape) -> None:
    for name, value in values.items():
        child = etree.SubElement(parent, f"{{{DATA}}}{name}")
        if isinstance(value, list):
            child.set(f"{{{META}}}type", f"Collection(StandardODATA.{shape.resource}_{name}_RowType)")
            for line in value:
                _atom_properties(etree.SubElement(child, f"{{{DATA}}}element"), line, shape)
        elif value is None:
            child.set(f"{{{META}}}null", "true")
        elif value != "":
            child.text = str(value).lower() if isinstance(value, bool) else f"{value}"


def deleted_entry(form: Form, resource: str, guid: str, when: str) -> etree._Element:
    """An object that is gone, in a message of changes (RFC 6721)."""
    reference = f"{form.root}/{resource}(guid'{guid}')"
    return etree.Element(f"{{{TOMBSTONE}}}deleted-entry", {"ref": reference, "when": when}, nsmap={"at": TOMBSTONE})


# answers -------------------------------------------------------------------------------------------------------


def listed(form: Form, shape: Shape, result: Found, what: Taken, updated: str) -> Response:
    if not form.json:
        return atom_answer(feed(form, (entry(row, what, form, updated) for row in result.rows), result.count))
    counted = {} if result.count is None else {"odata.count": str(result.count)}
    rows: Sequence[dict[str, Any]] = [json_row(row, what, form) for row in result.rows]
    return json_answer({**form.metadata(shape.type), **counted, "value": rows})


def single(
    form: Form, row: View, what: Taken, updated: str, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    if not form.json:
        return atom_answer(entry(row, what, form, updated), status, headers)
    shown = {**form.metadata(f"{row.shape.type}/@Element"), **json_row(row, what, form)}
    return json_answer(shown, status, headers)


def refused(form: Form, error: ODataError) -> Response:
    if form.json:
        body = {"odata.error": {"code": str(error.code), "message": {"lang": "ru", "value": error.text}}}
        return json_answer(body, error.status)
    root = etree.Element(f"{{{META}}}error", nsmap={"m": META})
    etree.SubElement(root, f"{{{META}}}code").text = str(error.code)
    etree.SubElement(root, f"{{{META}}}message").text = error.text
    body_xml = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(body_xml, error.status, content_type="application/xml;charset=utf-8")
