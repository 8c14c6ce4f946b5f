"""What the interface does with an address and a verb."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from flask import Response, request
from lxml import etree

from connector.sandbox.onec import edmx, exchange, posting, writing
from connector.sandbox.onec.address import Address
from connector.sandbox.onec.base import Base, Shape, View, kind_shape
from connector.sandbox.onec.errors import extra_segments, refusal
from connector.sandbox.onec.expressions import Literal, parse
from connector.sandbox.onec.reading import Query, filtered, found, taken, visible
from connector.sandbox.onec.schema import Kind
from connector.sandbox.onec.shapes import Form, atom_answer, json_answer, listed, single, wire
from connector.sandbox.onec.tables import table

_PAIR: Final = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*=\s*(?P<value>.+?)\s*\Z", re.DOTALL)
_GUID: Final = re.compile(r"guid'(?P<guid>[0-9a-fA-F-]{36})'\Z")
_BOM: Final = b"\xef\xbb\xbf"


class Service:
    """One request to one base."""

    def __init__(self, base: Base, form: Form) -> None:
        self.base, self.form = base, form
        self._given = request.args.to_dict()

    def answer(self, verb: str, address: Address) -> Response:
        if address.name == "":
            return self._short(verb)
        if address.name == "$metadata":
            return self._metadata(verb, address)
        if address.name in ("SelectChanges", "NotifyChangesReceived"):
            return self._exchange(verb, address)
        kind = self.base.kind(address.name)
        if kind is not None and verb != "GET":
            return self._change(verb, address, kind)
        shape = self.base.shape(address.name)
        if shape is None:
            raise refusal(8, address.name)
        if verb != "GET":
            raise refusal(13) if "LineNumber" in shape.keys else refusal(19)
        return self._read(address, shape)

    # descriptions ----------------------------------------------------------------------------------------------

    def _short(self, verb: str) -> Response:
        """Only the names of what is offered."""
        self._only(verb, "GET")
        names = edmx.resources(self.base)
        if self.form.json:
            sets = [{"name": name, "url": name} for name in names]
            return json_answer({**self.form.metadata("").copy(), "value": sets})
        root = etree.Element("{http://www.w3.org/2007/app}service", nsmap={None: "http://www.w3.org/2007/app"})
        workspace = etree.SubElement(root, "{http://www.w3.org/2007/app}workspace")
        for name in names:
            collection = etree.SubElement(workspace, "{http://www.w3.org/2007/app}collection", href=name)
            etree.SubElement(collection, "{http://www.w3.org/2005/Atom}title").text = name
        body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        return Response(body, content_type="application/atomsvc+xml;charset=utf-8")

    def _metadata(self, verb: str, address: Address) -> Response:
        """XML and nothing else."""
        self._only(verb, "GET")
        if address.rest:
            raise extra_segments()
        if "$format" in self._given and self.form.json:
            raise refusal(3, "$metadata")
        return Response(edmx.metadata(self.base), content_type="application/xml;charset=utf-8")

    def _exchange(self, verb: str, address: Address) -> Response:
        self._only(verb, "POST")
        if "$format" in self._given and self.form.json:
            raise refusal(3, address.name)
        given = {
            name: value.strip("'") if name == "DataExchangePoint" else value for name, value in self._given.items()
        }
        if address.name == "NotifyChangesReceived":
            exchange.notify_received(self.base, given)
            return Response(b"", 200)
        return atom_answer(exchange.select_changes(self.base, given, Form(False, "", self.form.root)))

    # reading ---------------------------------------------------------------------------------------------------

    def _read(self, address: Address, shape: Shape) -> Response:
        query = Query.of(self._given)
        if address.inside is None and not address.rest:
            return self._listed(shape, self.base.rows(shape), query)
        if address.inside is None:
            return self._of_set(address, shape, query)
        row = self._row(shape, address.inside)
        if not self.base.may_see(shape.resource, row.ref or ""):
            raise refusal(20)
        if address.rest:
            return self._through(row, [name for name, _ in address.rest])
        if query.expand:
            raise refusal(14, "$expand")
        return single(self.form, row, taken(shape, query.select), self.base.now())

    def _listed(self, shape: Shape, rows: Iterable[View], query: Query) -> Response:
        what = taken(shape, query.select)
        result = found(self.base, shape, rows, query)
        if not query.expand:
            return listed(self.form, shape, result, what, self.base.now())
        return self._expanded(shape, query, listed(self.form, shape, result, what, self.base.now()), result.rows)

    def _expanded(self, shape: Shape, query: Query, answer: Response, rows: list[View]) -> Response:
        """The objects behind references, beside the references. Only in JSON, one step deep."""
        names = [item.name for item in shape.properties if item.kind == "reference" and item.name != "Ref"]
        wanted = names if query.expand == ("*",) else list(query.expand)
        if not self.form.json or any(name not in names for name in wanted):
            raise refusal(14, "$expand")
        body = json.loads(answer.get_data(), parse_float=Decimal)
        for shown, row in zip(body["value"], rows, strict=True):
            for name in wanted:
                behind = row.value(name)
                inner = None if behind is None else taken(behind.shape, ())
                shown[name] = {} if inner is None else self._plain(behind, inner.properties)
        return json_answer(body)

    @staticmethod
    def _plain(row: View, names: tuple[str, ...]) -> dict[str, Any]:
        return {item.key: wire(item, row.raw(item)) for item in row.shape.properties if item.key in names}

    def _of_set(self, address: Address, shape: Shape, query: Query) -> Response:
        """`/$count` or a virtual table."""
        name, inside = address.rest[0]
        if len(address.rest) > 1:
            raise extra_segments()
        if name == "$count":
            rows = visible(self.base, shape, filtered(self.base.rows(shape), query), query)
            return Response(_BOM + str(len(rows)).encode(), content_type="text/plain;charset=utf-8")
        register = self.base.register(address.name.removesuffix("_RecordType"))
        if register is None:
            raise extra_segments()
        virtual, rows = table(self.base, register, name, inside or "", self._given)
        return self._listed(virtual, rows, query)

    def _row(self, shape: Shape, inside: str) -> View:
        """The row of a key: the guid alone, or every part of the key by its name. Code 7 for a part that lacks."""
        match = _GUID.match(inside)
        if match is not None:
            return self._by_guid(shape, match["guid"].lower())
        given = dict(self._part(part) for part in inside.split(","))
        keys = tuple(name for name in shape.keys if name != "Recorder_Type")
        for name in keys:
            if name not in given:
                raise refusal(7, name)
        for row in self.base.rows(shape):
            if all(_same(row.value(name), given[name]) for name in keys):
                return row
        raise refusal(9, shape.resource)

    def _by_guid(self, shape: Shape, guid: str) -> View:
        kind = self.base.kind(shape.resource)
        if kind is not None:
            return View(self.base, shape, self.base.object(kind, guid), guid)
        if shape.keys[:1] != ("Recorder",) or "LineNumber" in shape.keys:
            raise refusal(7, shape.keys[0] if shape.keys else shape.resource)
        for row in self.base.rows(shape):
            if row.data["Recorder"] == guid:
                return row
        raise refusal(9, shape.resource)

    @staticmethod
    def _part(part: str) -> tuple[str, Any]:
        match = _PAIR.match(part)
        if match is None:
            raise refusal(6)
        node = parse(match["value"])
        if not isinstance(node, Literal):
            raise refusal(6)
        return match["name"], node.value

    def _through(self, row: View, names: list[str]) -> Response:
        """What lies behind dots: an object, or one property of it."""
        for place, name in enumerate(names):
            item = row.shape.property(name)
            if item is not None and place == len(names) - 1:
                shown = {**self.form.metadata(f"{row.shape.type}/{name}"), "value": wire(item, row.raw(item))}
                return json_answer(shown)
            followed = row.shape.named(name)
            behind = row.followed(followed) if followed is not None and followed.kind == "reference" else None
            if followed is None:
                raise refusal(10, name)
            if behind is None:
                raise refusal(9, name)
            row = behind
        return single(self.form, row, taken(row.shape, ()), self.base.now())

    # writing ---------------------------------------------------------------------------------------------------

    def _change(self, verb: str, address: Address, kind: Kind) -> Response:
        loading = request.headers.get("1C_OData-DataLoadMode", "").lower() == "true"
        terms = writing.Terms(request.headers.get("If-Match"), loading)
        if address.inside is None:
            self._only(verb, "POST")
            if address.rest:
                raise extra_segments()
            return self._created(kind, writing.create(self.base, kind, self._body(), terms))
        guid = self._guid(kind, address.inside)
        if address.rest:
            return self._act(verb, address, kind, guid, terms)
        if verb == "DELETE":
            writing.remove(self.base, kind, guid, terms)
            return Response(b"", 204)
        self._only(verb, "PATCH", "PUT")
        change = writing.patch if verb == "PATCH" else writing.put
        change(self.base, kind, guid, self._body(), terms)
        return self._shown(kind, guid)

    def _act(self, verb: str, address: Address, kind: Kind, guid: str, terms: writing.Terms) -> Response:
        names = [name for name, _ in address.rest]
        if not kind.is_document or names not in (["Post"], ["Unpost"]):
            raise refusal(11, "/".join(names)) if len(names) == 1 else extra_segments()
        self._only(verb, "POST")
        act = posting.post if names == ["Post"] else posting.unpost
        act(self.base, kind, guid, terms)
        return Response(b"", 200)

    def _created(self, kind: Kind, guid: str) -> Response:
        shape = kind_shape(kind)
        row = dict(self.base.object(kind, guid))
        if not self.base.option("version_on_create"):
            row["DataVersion"] = None
        location = f"{self.form.root}/{quote(kind.resource)}(guid'{guid}')"
        what, now = taken(shape, ()), self.base.now()
        return single(
            self.form, View(self.base, shape, row, guid), what, now, status=201, headers={"Location": location}
        )

    def _shown(self, kind: Kind, guid: str) -> Response:
        shape = kind_shape(kind)
        row = View(self.base, shape, self.base.object(kind, guid), guid)
        return single(self.form, row, taken(shape, ()), self.base.now())

    @staticmethod
    def _guid(kind: Kind, inside: str) -> str:
        match = _GUID.match(inside.removeprefix("Ref_Key="))
        if match is None:
            raise refusal(6, kind.resource)
        return match["guid"].lower()

    @staticmethod
    def _body() -> dict[str, Any]:
        """A JSON object. Anything else, atom included, is a wrong request here."""
        if not (request.content_type or "").startswith("application/json"):
            raise refusal(2)
        try:
            body = json.loads(request.get_data(), parse_float=Decimal)
        except ValueError:
            raise refusal(2) from None
        if not isinstance(body, dict):
            raise refusal(2)
        return body

    @staticmethod
    def _only(verb: str, *allowed: str) -> None:
        if verb not in allowed:
            raise refusal(19)


def _same(value: Any, given: Any) -> bool:
    """Whether a part of a key is this one."""
    inner = getattr(value, "value", value)
    return str(inner) == str(given)
