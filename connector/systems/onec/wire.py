"""The calls of 1C's OData, protocol version 3: addresses, formats, answers. Knows no entity of ours.

JSON is always asked for, since the default is atom; a 200 with a web page, an atom feed or half a body is an error and
never data. `$inlinecount` is not used: with it the platform ignores `$top` and `$skip`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from connector.errors import BrokenAnswer, ConnectorError, Forbidden, Invalid, Missing, RejectedError
from connector.locale import N_
from connector.systems.onec.errors import error_of, is_business, refusal_of
from connector.systems.onec.filters import Condition, Guid, Value, literal
from connector.systems.onec.metadata import Metadata, read_metadata
from connector.systems.onec.names import title_of
from connector.systems.onec.safexml import NotXml
from connector.systems.onec.values import guid_of
from connector.transport.http import Transport
from connector.transport.messages import Repeat, Request, Response
from connector.transport.messages import Verb as HttpVerb

T = TypeVar("T")
Entity = dict[str, Any]
Key = str | Mapping[str, Value]
"""The guid of an object, or the parts of a composite key: `{"Period": datetime(…), "Валюта_Key": Guid(…)}`."""

_FORMAT: Final = "application/json;odata=nometadata"
_HEADERS: Final = {"Accept": _FORMAT, "Accept-Charset": "UTF-8"}
_METADATA_BYTES: Final = 128 * 1024 * 1024
_WRITE_HEADERS: Final = {**_HEADERS, "Content-Type": "application/json;charset=utf-8"}
_ENTITY: Final = msgspec.json.Decoder(Entity, float_hook=Decimal)


class _Set(msgspec.Struct):
    """A list of rows, not decoded yet: one after the other takes half the time, for what was made stays in reach."""

    value: list[msgspec.Raw]


_SET: Final = msgspec.json.Decoder(_Set)
_HEAD: Final = 200
"""Where a refusal with status 200 would show itself; a long answer is not decoded twice to look for one."""

_NUMBER: Final = re.compile(rb"\d+\Z")
_NO_RIGHT: Final = "20"
_HIDDEN: Final = N_(
    "{account}: the rights of the user of 1C hide {external_id} of {resource}. Give it access to this record in 1C"
)
_ATOM: Final = N_(
    "it is atom XML although JSON was asked for: a proxy drops the Accept header or $format, or 1C is too old"
)
_PAGE: Final = N_("a web page came instead of data")
_NO_JSON: Final = N_("it is not JSON")
_NO_ROWS: Final = N_("it holds no list of rows")
_NO_COUNT: Final = N_("it is not a number")


class Wire:
    """One base. Reads are repeated by the transport; a write is sent once."""

    def __init__(self, transport: Transport, *, timeout: float | None = None) -> None:
        self.transport = transport
        self.account = transport.account
        self._timeout = timeout

    # -- reading

    def rows(
        self,
        resource: str,
        *,
        select: Sequence[str] = (),
        where: Condition | None = None,
        order: str | None = None,
        top: int | None = None,
        skip: int = 0,
        expand: Sequence[str] = (),
    ) -> list[Entity]:
        """The objects of a set that fit. Those that the user may not see are left out, not an error."""
        return self.each(_itself, resource, select=select, where=where, order=order, top=top, skip=skip, expand=expand)

    def each(
        self,
        make: Callable[[Entity], T],
        resource: str,
        *,
        select: Sequence[str] = (),
        where: Condition | None = None,
        order: str | None = None,
        top: int | None = None,
        skip: int = 0,
        expand: Sequence[str] = (),
    ) -> list[T]:
        """What `make` makes of each of these objects, as soon as it is decoded."""
        query: list[tuple[str, Any]] = [("allowedOnly", "true")]
        if select:
            query.append(("$select", ",".join(select)))
        if expand:
            query.append(("$expand", ",".join(expand)))
        if where is not None:
            query.append(("$filter", where.text))
        if order is not None:
            query.append(("$orderby", order))
        if top is not None:
            query.append(("$top", top))
        if skip:
            query.append(("$skip", skip))
        return self._list(self._read(resource, f"/{_segment(resource)}", query), make)

    def one(self, resource: str, key: Key, select: Sequence[str] = ()) -> Entity | None:
        """One object by its key; None when the base has none."""
        query = [("$select", ",".join(select))] if select else []
        try:
            response = self._read(resource, _address(resource, key), query)
        except Missing:
            return None
        except Forbidden as error:
            if error.code != _NO_RIGHT or not isinstance(key, str):
                raise
        else:
            return self._entity(response)
        raise self._hidden(resource, key)

    def _hidden(self, resource: str, key: str) -> ConnectorError:
        """The rights that refuse one object may only hide it: then that is a matter of this record alone."""
        self.rows(resource, select=("Ref_Key",), top=1)
        return Invalid(_HIDDEN, account=self.account, resource=title_of(resource), external_id=key, code=_NO_RIGHT)

    def count(self, resource: str, where: Condition | None = None) -> int:
        """How many objects of a set fit (`/$count`: a byte order mark and a number)."""
        query = [("allowedOnly", "true")] + ([("$filter", where.text)] if where is not None else [])
        response = self._read(resource, f"/{_segment(resource)}/$count", query, json=False)
        body = response.body.removeprefix(b"\xef\xbb\xbf").strip()
        if not _NUMBER.match(body):
            raise response.shape_error(_NO_COUNT)
        return int(body)

    def table(self, register: str, name: str, params: Mapping[str, str | datetime | Condition | None]) -> list[Entity]:
        """A virtual table of a register: Balance, Turnovers, BalanceAndTurnovers, SliceLast, SliceFirst.

        A Condition is given as the text it is; dates are the server's own wall clock.
        """
        given = [(key, value) for key, value in params.items() if value is not None]
        inside = ",".join(f"{key}={_parameter(value)}" for key, value in given)
        path = f"/{_segment(register)}/{_segment(name)}({_quoted(inside)})"
        return self._list(self._read(register, path, [], named=name), _itself)

    def metadata(self) -> Metadata:
        """The description of the interface, read as it comes (15 MB are common)."""
        request = Request(
            endpoint="$metadata",
            path="/$metadata",
            headers={"Accept": "application/xml"},
            timeout=self._timeout,
            max_bytes=_METADATA_BYTES,
            understood=is_business,
            refused=lambda response: error_of(response, "$metadata"),
        )
        try:
            with self.transport.stream(request) as body:
                return read_metadata(body)
        except NotXml as error:
            reason = error.sentence
        raise BrokenAnswer(
            N_("{account}: the description of the OData interface cannot be read: {reason}"),
            account=self.account,
            endpoint="$metadata",
            reason=reason,
        )

    # -- writing

    def create(self, resource: str, body: Entity) -> Entity | None:
        """POST; the new object as the answer shows it, None where the answer is empty."""
        return self._write("POST", resource, f"/{_segment(resource)}", body)

    def change(self, resource: str, key: Key, body: Entity, version: str | None) -> Entity | None:
        """PATCH: the given properties and no others; table parts are replaced whole. `version` goes into If-Match."""
        headers = {} if version is None else {"If-Match": version}
        return self._write("PATCH", resource, _address(resource, key), body, headers=headers)

    def act(self, resource: str, key: Key, action: str, params: Sequence[tuple[str, str]] = ()) -> None:
        """Post and Unpost of documents: `PostingModeOperational=false`."""
        self._write("POST", resource, f"{_address(resource, key)}/{_segment(action)}", None, query=params)

    # -- one call

    def _read(
        self, resource: str, path: str, query: Sequence[tuple[str, Any]], *, json: bool = True, named: str = "read"
    ) -> Response:
        request = Request(
            endpoint=f"{resource} {named}",
            path=path,
            query=[("$format", _FORMAT), *query] if json else query,
            headers=_HEADERS if json else {"Accept": "text/plain"},
            timeout=self._timeout,
            understood=is_business,
        )
        return self._checked(resource, self.transport.send(request))

    def _write(
        self,
        verb: HttpVerb,
        resource: str,
        path: str,
        body: Entity | None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Sequence[tuple[str, str]] = (),
        repeat: Repeat = "verify",
    ) -> Entity | None:
        request = Request(
            endpoint=f"{resource} {'create' if body is not None and verb == 'POST' else 'write'}",
            path=path,
            verb=verb,
            query=[("$format", _FORMAT), *query],
            json=body,
            headers={**_WRITE_HEADERS, **(headers or {})},
            repeat=repeat,
            is_write=True,
            timeout=self._timeout,
            understood=is_business,
        )
        response = self._checked(resource, self.transport.send(request))
        return self._entity(response) if response.body.strip() else None

    def _checked(self, resource: str, response: Response) -> Response:
        if not response.ok:
            raise error_of(response, resource)
        if b"odata.error" in response.body[:_HEAD] and refusal_of(response) is not None:
            raise error_of(response, resource)
        return response

    def _entity(self, response: Response) -> Entity:
        try:
            return _ENTITY.decode(_json_of(response))
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
        raise response.shape_error(_NO_JSON)

    def _list(self, response: Response, make: Callable[[Entity], T]) -> list[T]:
        try:
            return [make(_ENTITY.decode(row)) for row in _SET.decode(_json_of(response)).value]
        except msgspec.ValidationError:
            reason = _NO_ROWS
        except (msgspec.DecodeError, UnicodeDecodeError):
            reason = _NO_JSON
        raise response.shape_error(reason)


@contextmanager
def reading(account: str, resource: str) -> Iterator[None]:
    """Inside a feed a refusal of the whole list is no matter of one record: the account stops."""
    try:
        yield
    except RejectedError as error:
        text = N_("{account}: 1C refuses to list {resource}: {reason}")
        raise BrokenAnswer(text, account=account, resource=resource, reason=error.sentence, code=error.code) from error


def _json_of(response: Response) -> bytes:
    """The body of an answer that may be JSON."""
    body = response.body.removeprefix(b"\xef\xbb\xbf")
    if response.is_html:
        raise response.shape_error(_PAGE)
    if body.lstrip().startswith(b"<"):
        raise response.shape_error(_ATOM)
    return body


def _itself(row: Entity) -> Entity:
    return row


def _segment(name: str) -> str:
    return quote(name, safe="")


def _quoted(text: str) -> str:
    """Inside the brackets of a key or a function: the marks of the vendor's examples stay as they are."""
    return quote(text, safe="=,'()")


def _address(resource: str, key: Key) -> str:
    if isinstance(key, str):
        guid = guid_of(key)
        if guid is None:
            raise ValueError(f"not a guid: {key!r}")
        return f"/{_segment(resource)}(guid'{guid}')"
    inside = ",".join(f"{name}={literal(value)}" for name, value in key.items())
    return f"/{_segment(resource)}({_quoted(inside)})"


def _parameter(value: str | datetime | Condition) -> str:
    return literal(value.text) if isinstance(value, Condition) else literal(value)


def guid_key(value: str) -> Guid:
    """A reference for a composite key or a condition."""
    return Guid(value)
