"""An adapter that runs a catalogue: what a system's own module adds is its envelope and its quirks.

A system gives `payload` (an answer -> its content, or a named error) and, where the healthy answer wraps its content,
`wrapping` (envelope name -> keys that lead to it). Everything else is in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import Any, ClassVar, TypeVar

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Invalid,
    Missing,
    OutcomeUnknown,
    RejectedError,
    UsageError,
)
from connector.locale import N_
from connector.systems import checks
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.catalogue import Catalogue, Endpoint, Entity, Look, Write
from connector.systems.decoding import Decoded, PageReader, Unexpected, dig, pages_of
from connector.systems.paging import Walk
from connector.systems.parameters import NothingProved, Units, ValueRefused, checked, request
from connector.systems.windows import refuse_outside, refuse_too_long
from connector.transport.http import Transport
from connector.transport.messages import Response

_Seconds = Callable[[], float]
_T = TypeVar("_T")


@dataclass
class _Part:
    """A page of a call: its rows as they came."""

    rows: list[Any]
    pages: int | None = None
    last: str | None = None
    ids: Sequence[str] = ()  # a call has no entity whose ids would show that rows slid over a border

    @property
    def count(self) -> int:
        return len(self.rows)


class RestAdapter:
    """One account of a system that a catalogue describes. Implements `systems.base.Adapter`."""

    wrapping: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Where the content stands in the healthy answer of an envelope; an envelope not named here wraps nothing."""

    def __init__(
        self,
        account: str,
        spoke: str,
        catalogue: Catalogue,
        transport: Transport,
        *,
        units: Units | None = None,
        now: _Seconds = time,
    ) -> None:
        self.account, self.kind, self.spoke = account, catalogue.system, spoke
        self.catalogue, self.transport = catalogue, transport
        self.units: Units = units or NothingProved()
        self._now = now

    # What a system adds

    def payload(self, endpoint: Endpoint, response: Response) -> Any:
        """The content of an answer, its envelope removed; a named error where the answer is one.

        Here: JSON without an envelope. Whoever overrides it calls `Response.json()` for the strict decoding.
        """
        if not response.ok:
            raise response.status_error()
        return response.json()

    def remote_key(self, scheme: str, value: str) -> str:
        """How the remote wants a canonical key spelt in a search: a phone `+7…`, a card number as it is."""
        del scheme
        return value

    def written_id(self, entity: Entity, payload: Any) -> str | None:
        """The id in the answer of a write: a plain value, or the entity's id in an object."""
        value = payload.get(entity.id) if isinstance(payload, Mapping) else payload
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None

    # Reading

    def capabilities(self, entity: str) -> Capabilities:
        return self.catalogue.capabilities(entity)

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        del cursor  # a snapshot has none
        served = self._entity(entity)
        look = self._part(entity, served.feed, "feed")
        endpoint = self.catalogue.endpoint(look.endpoint)
        reader = self._reader(endpoint, served, paths)
        try:
            yield from self._pages(endpoint, look.params, reader)
        except RejectedError as error:
            text = N_("{account}: {endpoint} refuses to list {entity}: {reason}")
            facts = {"account": self.account, "endpoint": endpoint.name, "entity": entity, "reason": error.sentence}
            raise BrokenAnswer(text, code=error.code, **facts) from error

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        served = self._entity(entity)
        look = self._part(entity, served.get, "get")
        endpoint = self.catalogue.endpoint(look.endpoint)
        try:
            payload = self._send(endpoint, {**look.params, _named(look.id): external_id})
        except Missing:
            return None
        found = self._records(endpoint, payload)
        reader = self._reader(endpoint, served, paths)
        rows = [row for raw in found if (row := reader.row(raw)) is not None]
        if not rows:
            return None
        if rows[0].external_id != external_id:
            text = N_("{account}: {endpoint} was asked for {external_id} and answered with {other}")
            facts = {"account": self.account, "endpoint": endpoint.name, "external_id": external_id}
            raise BrokenAnswer(text, other=rows[0].external_id, **facts)
        return rows[0]

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        served = self._entity(entity)
        look = self._part(entity, served.find.get(scheme), scheme)
        endpoint = self.catalogue.endpoint(look.endpoint)
        key = self.remote_key(scheme, value)
        try:
            payload = self._send(endpoint, {**look.params, _named(look.param): key})
        except Missing:
            return []
        reader = self._reader(endpoint, served, paths)
        found = [raw for raw in self._records(endpoint, payload) if _carries(raw, look, value)]
        return [row for raw in found if (row := reader.row(raw)) is not None]

    # Writing

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        served = self._entity(entity)
        write = self._part(entity, served.create, "create")
        payload = self._write(self.catalogue.endpoint(write.endpoint), self._form(write, patch, reference))
        return self._created(served, write, self.written_id(served, payload))

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        served = self._entity(entity)
        if served.create_many is None:
            return [self.create(entity, patch, reference) for patch, reference in patches]
        write = served.create_many
        endpoint = self.catalogue.endpoint(write.endpoint)
        forms = [self._form(write, patch, reference) for patch, reference in patches]
        payload = self._write(endpoint, {_named(endpoint.bare): forms})
        ids = payload if isinstance(payload, list) else []
        if len(ids) != len(forms):
            text = N_("{account}: {endpoint} was sent {sent} records and named {got}. Look which of them are there")
            facts = {"account": self.account, "endpoint": endpoint.name, "entity": entity}
            raise OutcomeUnknown(text, sent=len(forms), got=len(ids), **facts)
        return [self._created(served, write, self.written_id(served, one)) for one in ids]

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        del current  # a whole form is sent by systems that need one
        served = self._entity(entity)
        write = self._part(entity, served.update, "update")
        endpoint = self.catalogue.endpoint(write.endpoint)
        payload = self._write(endpoint, {**write.params, **patch, _named(write.id): external_id})
        answered = self.written_id(served, payload)
        if served.returns_id and answered is not None and answered != external_id:
            text = N_("{account}: {endpoint} was to change {external_id} and names {other}. Look at both records")
            facts = {"account": self.account, "endpoint": endpoint.name, "entity": entity}
            raise OutcomeUnknown(text, external_id=external_id, other=answered, **facts)
        return Outcome(external_id)

    def delete(self, entity: str, external_id: str) -> Outcome:
        served = self._entity(entity)
        write = self._part(entity, served.delete, "delete")
        try:
            self._send(self.catalogue.endpoint(write.endpoint), {**write.params, _named(write.id): external_id})
        except Missing:
            return Outcome(external_id)
        return Outcome(external_id)

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        served = self._entity(entity)
        stamp = self._part(entity, served.stamp, "stamp")
        endpoint = self.catalogue.endpoint(stamp.endpoint)
        rows = [{stamp.id: key, stamp.value: guid or stamp.empty} for key, guid in values.items()]
        for start in range(0, len(rows), stamp.batch):
            self._send(endpoint, {stamp.rows: rows[start : start + stamp.batch]})

    # Any call

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        """The content of the answer; the rows of all pages where the call is paged and no page was asked for."""
        parts = list(self.stream(endpoint, params))
        if len(parts) == 1 and not self.paged(endpoint, params):
            return parts[0]
        return [row for part in parts for row in part]

    def paged(self, endpoint: str, params: Mapping[str, Any]) -> bool:
        """Whether `stream` walks through pages of rows: the call has pages, and none of them was asked for."""
        return self._paged(self.catalogue.endpoint(endpoint), params)

    def stream(self, endpoint: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """The same piece by piece: a list of rows for each page, or the one content of a call without pages."""
        known = self.catalogue.endpoint(endpoint)
        if known.use != "call":
            text = N_("{endpoint} is not called from here: it belongs to `connector connect {kind}` or is sent to us")
            raise UsageError(text, endpoint=endpoint, kind=self.kind)
        values = checked(known, params, self.units)
        refuse_too_long(known, values)
        if not self._paged(known, params):
            return self._single(known, values)
        return self._walk_rows(known, values)

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        lines: list[Check] = []
        for entity, paths in entities.items():
            served = self.catalogue.entities.get(entity)
            if served is None or served.feed is None:
                continue
            lines += self._check_entity(entity, served, served.feed, paths, first=not lines)
        return lines

    def requests(self) -> int:
        return self.transport.sent

    def close(self) -> None:
        self.transport.close()

    # Inside

    def _entity(self, entity: str) -> Entity:
        served = self.catalogue.entities.get(entity)
        if served is None:
            raise Invalid(N_("{account} knows no {entity}"), account=self.account, entity=entity)
        return served

    def _part(self, entity: str, part: _T | None, word: str) -> _T:
        if part is None:
            text = N_("{account} cannot do “{word}” with {entity}")
            raise Invalid(text, account=self.account, entity=entity, word=word)
        return part

    def _way(self, endpoint: Endpoint) -> tuple[str, ...]:
        rows = tuple(endpoint.rows.split(".")) if endpoint.rows else ()
        return (*self.wrapping.get(endpoint.envelope, ()), *rows)

    def _reader(self, endpoint: Endpoint, served: Entity, paths: Sequence[str]) -> PageReader:
        return PageReader(served, paths, self._way(endpoint), endpoint.paging)

    def _exchange(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Response:
        return self.transport.send(request(endpoint, values, self.catalogue.always))

    def _send(self, endpoint: Endpoint, params: Mapping[str, Any]) -> Any:
        return self._content(endpoint, checked(endpoint, params, self.units))

    def _write(self, endpoint: Endpoint, params: Mapping[str, Any]) -> Any:
        """As `_send`, for the values of a record: one that cannot be sent is this record's fault and waits for it."""
        try:
            values = checked(endpoint, params, self.units)
        except ValueRefused as error:
            reason = error.sentence
            raise Invalid(
                N_("{account}: {reason}"), account=self.account, endpoint=endpoint.name, reason=reason
            ) from error
        return self._content(endpoint, values)

    def _content(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Any:
        return self.payload(endpoint, self._exchange(endpoint, values))

    def _pages(self, endpoint: Endpoint, params: Mapping[str, Any], reader: PageReader) -> Iterator[Page]:
        values = checked(endpoint, params, self.units)

        def read(response: Response) -> Decoded:
            return self._decoded(endpoint, reader, response)

        if endpoint.paging is None:
            part = read(self._exchange(endpoint, values))
            yield Page(part.fresh(frozenset())[0], None, part.unreadable)
            return
        before: frozenset[str] = frozenset()
        fetch = self._fetcher(endpoint, {**endpoint.paging.stable, **values})
        walk = Walk(endpoint.paging, fetch, read, self.transport.concurrency)
        for part in walk.parts():
            rows, before = part.fresh(before)
            yield Page(rows, None, part.unreadable)

    def _fetcher(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Response]:
        return lambda page: self._exchange(endpoint, {**values, **checked_page(endpoint, page)})

    def _decoded(self, endpoint: Endpoint, reader: PageReader, response: Response) -> Decoded:
        """Straight from the bytes; an answer that is not the healthy envelope is looked at in full."""
        if response.ok:
            try:
                return reader.page(response.body)
            except Unexpected:
                pass
        return reader.rows(self._records(endpoint, self.payload(endpoint, response)))

    def _records(self, endpoint: Endpoint, payload: Any) -> list[Mapping[str, Any]]:
        """The records of a content: a list, one object, or nothing at all."""
        found = dig(payload, endpoint.rows.split(".")) if endpoint.rows and isinstance(payload, Mapping) else payload
        if found is None or found == {}:
            return []
        records = found if isinstance(found, list) else [found]
        if not all(isinstance(record, Mapping) for record in records):
            text = N_("{account}: {endpoint} answers with something that is no list of records")
            raise BrokenAnswer(text, account=self.account, endpoint=endpoint.name)
        return records

    def _form(self, write: Write, patch: Raw, reference: str) -> dict[str, Any]:
        own = {} if write.reference is None else {write.reference: reference}
        return {**write.params, **patch, **own}

    def _created(self, served: Entity, write: Write, external_id: str | None) -> Outcome:
        if external_id is None and served.returns_id:
            text = N_("{account}: {endpoint} was sent and names no id. Look for the new record before repeating it")
            raise OutcomeUnknown(text, account=self.account, endpoint=write.endpoint)
        return Outcome(external_id)

    def _paged(self, endpoint: Endpoint, params: Mapping[str, Any]) -> bool:
        paging = endpoint.paging
        if paging is None:
            return False
        own = {paging.start, *([paging.size] if paging.size else []), *paging.not_with}
        return own.isdisjoint(params)

    def _single(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Iterator[Any]:
        payload = self._content(endpoint, values)
        refuse_outside(self.account, endpoint, values, payload)
        yield payload

    def _walk_rows(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Iterator[list[Any]]:
        paging = endpoint.paging
        if paging is None:
            return

        def read(response: Response) -> _Part:
            payload = self.payload(endpoint, response)
            refuse_outside(self.account, endpoint, values, payload)
            return _part_of(endpoint, payload, list(self._records(endpoint, payload)))

        overlap_free = paging.model_copy(update={"overlap": 0, "per": max(0, paging.per - paging.overlap)})
        fetch = self._fetcher(endpoint, {**paging.stable, **values})
        walk = Walk(overlap_free, fetch, read, self.transport.concurrency)
        seen: set[str] = set()
        for part in walk.parts():
            fresh = part.rows if paging.key is None else _unseen(part.rows, paging.key, seen)
            if part.rows and not fresh:
                return
            yield fresh

    def _check_entity(
        self, entity: str, served: Entity, look: Look, paths: Sequence[str], *, first: bool
    ) -> list[Check]:
        endpoint = self.catalogue.endpoint(look.endpoint)
        try:
            response = self._exchange(endpoint, checked(endpoint, {**look.params, **_smallest(endpoint)}, self.units))
            records = self._records(endpoint, self.payload(endpoint, response))
        except ConnectorError as error:
            return [checks.refused(error, first=first)]
        opening = checks.opening(response, self._now()) if first else []
        return [*opening, checks.fields(entity, records, paths)]


def checked_page(endpoint: Endpoint, page: Mapping[str, Any]) -> dict[str, Any]:
    """Paging values are ours and need no check but that the endpoint knows them."""
    return {name: value for name, value in page.items() if name in endpoint.params}


def _named(name: str | None) -> str:
    if name is None:
        raise TypeError("the catalogue names no parameter for this")
    return name


def _carries(raw: Mapping[str, Any], look: Look, value: str) -> bool:
    """Whether a record found by a remote search really has the value."""
    if look.check is None:
        return True
    held = raw.get(look.check)
    if held is None:
        return False
    if look.compare == "digits":
        return _digits(str(held)) == _digits(value)
    return str(held) == value


def _unseen(rows: list[Any], key: str, seen: set[str]) -> list[Any]:
    """Rows that a walk by key has not met: where its order is not documented, nothing new is the end (§1.4)."""
    fresh = [row for row in rows if str(row.get(key)) not in seen]
    seen.update(str(row.get(key)) for row in fresh)
    return fresh


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _part_of(endpoint: Endpoint, payload: Any, rows: list[Any]) -> _Part:
    paging = endpoint.paging
    total = paging.pages or paging.count if paging is not None else None
    outer = dig(payload, endpoint.rows.split(".")[:-1]) if endpoint.rows else payload
    pages = pages_of(paging, dig(outer, total.split("."))) if total else None
    keys = [str(row.get(paging.key, "")) for row in rows] if paging is not None and paging.key is not None else []
    return _Part(rows, pages, max(keys, key=lambda text: (len(text), text), default=None))


def _smallest(endpoint: Endpoint) -> dict[str, Any]:
    """Parameters for the smallest page, so that a check reads little."""
    paging = endpoint.paging
    return {} if paging is None or paging.size is None else {paging.size: 1}
