"""A described web service as an account: its operations called as the description says, its rows given as they came.

A refusal may come as a fault of SOAP or inside an answer; both are told with the words of the service. The cursor of a
list is what the service itself has said: no clock of ours decides what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from connector.errors import BrokenAnswer, ConfigError, ConnectorError, Duplicate, Forbidden, Invalid, Missing
from connector.locale import N_, Sentence
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.keys import folded, national
from connector.systems.onec.own.checking import checked
from connector.systems.onec.own.description import Description, EntityService, Finding, Listing, Pages, Writing
from connector.systems.onec.own.values import at, put, rows
from connector.systems.rows import canonical_body, decode_body
from connector.transport.http import Transport
from connector.transport.redaction import redact
from connector.transport.soap import Soap

_NAMELESS: Final = Sentence(N_("without its id the record cannot be known again"))
_SPELLED: Final[Mapping[str, Callable[[object], str]]] = {"phone": national, "email": folded}
_LONGEST: Final = 500


class OwnAdapter:
    """One service. Implements `systems.base.Adapter`."""

    kind = "onec"

    def __init__(self, spoke: str, transport: Transport, description: Description, wsdl: Path) -> None:
        self.account, self.spoke = transport.account, spoke
        self._transport, self._described = transport, description
        self._soap = Soap(transport, wsdl, path=description.path, repeats=description.repeats())

    def capabilities(self, entity: str) -> Capabilities:
        described = self._described.entities.get(entity)
        if described is None:
            return Capabilities()
        writes = {"create": described.create, "update": described.update}
        return Capabilities(
            feed="none" if described.list_ is None else "delta" if described.list_.cursor else "snapshot",
            complete=described.list_ is not None and described.list_.complete and described.list_.cursor is None,
            readable=described.get is not None,
            find_by=tuple(described.find),
            unique=described.unique,
            required=described.required,
            can_create=described.create is not None,
            can_update=described.update is not None,
            can_delete=described.delete is not None,
            partial_update=described.update is None or not described.update.whole,
            keeps_reference=described.reference is not None,
            id_scheme=described.id_scheme,
            returns_id=described.create is None or described.create.answer is not None,
            repeat={verb: writing.repeat for verb, writing in writes.items() if writing is not None},
        )

    # reading

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        """The list, page by page. The cursor is that of its first page: what changed meanwhile comes again."""
        described = self._entity(entity)
        listing = described.list_
        if listing is None:
            raise self._cannot(entity)
        given: set[str] = set()
        following: str | None = None
        for number, answer in enumerate(self._answers(listing, cursor)):
            if listing.cursor is not None and number == 0:
                following = self._following(listing, answer)
            page = self._page(described, paths, rows(answer, listing.rows), given)
            given.update(row.external_id for row in page.rows)
            yield page
        yield Page([], following)

    def _answers(self, listing: Listing, cursor: str | None) -> Iterator[Any]:
        params: dict[str, Any] = {}
        for way, value in listing.give.items():
            put(params, way, value)
        if listing.cursor is not None and cursor is not None:
            put(params, listing.cursor.send, cursor)
        if listing.pages is None:
            yield self._call(listing.operation, params)
            return
        number, more = listing.pages.first, True
        while more:
            answer = self._call(listing.operation, _paged(params, listing.pages, number))
            more = bool(rows(answer, listing.rows))
            number += 1
            yield answer

    def _following(self, listing: Listing, answer: Any) -> str:
        assert listing.cursor is not None
        found = at(answer, listing.cursor.take)
        if found is None or found == "":
            text = N_("{account}: the answer of {operation} does not say from where to go on: {way} is empty")
            raise BrokenAnswer(text, account=self.account, operation=listing.operation, way=listing.cursor.take)
        return str(found)

    def _page(
        self, described: EntityService, paths: Sequence[str], found: Sequence[dict[str, Any]], given: set[str]
    ) -> Page:
        nameless = [("", _NAMELESS) for raw in found if self._id(described, raw) is None]
        fresh = {key: raw for raw in found if (key := self._id(described, raw)) is not None and key not in given}
        return Page([self._row(described, key, raw, paths) for key, raw in fresh.items()], None, nameless)

    @staticmethod
    def _id(described: EntityService, raw: Mapping[str, Any]) -> str | None:
        found = at(raw, described.id)
        return None if found is None or str(found).strip() == "" else str(found)

    @staticmethod
    def _row(described: EntityService, key: str, raw: dict[str, Any], paths: Sequence[str]) -> Row:
        version = None if described.version is None else at(raw, described.version)
        reference = None if described.reference is None else at(raw, described.reference)
        return Row(
            key,
            canonical_body(raw, paths),
            version=None if version is None else str(version),
            gone=described.gone is not None and at(raw, described.gone) is True,
            full=raw,
            reference=str(reference) if reference else None,
        )

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        described = self._entity(entity)
        if described.get is None:
            raise self._cannot(entity)
        params: dict[str, Any] = {}
        for way, value in {**described.get.give, described.get.value: external_id}.items():
            put(params, way, value)
        try:
            found = rows(self._call(described.get.operation, params), described.get.rows)
        except Missing:
            return None
        own = [raw for raw in found if self._id(described, raw) == external_id]
        return self._row(described, external_id, own[0], paths) if own else None

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        described = self._entity(entity)
        finding = next((one for name, one in described.find.items() if name == scheme), None)
        if finding is None:
            return []
        parts = value.split("/") if len(finding.fields) > 1 else [value]
        params: dict[str, Any] = {}
        for way, said in finding.give.items():
            put(params, way, said)
        put(params, finding.value, parts[0])
        if finding.second is not None and len(parts) > 1:
            put(params, finding.second, parts[1])
        try:
            found = rows(self._call(finding.operation, params), finding.rows)
        except Missing:
            return []
        own = {self._id(described, raw): raw for raw in found if _carries(raw, finding, scheme, parts)}
        return [self._row(described, key, raw, paths) for key, raw in own.items() if key is not None]

    # writing

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        described = self._entity(entity)
        if described.create is None:
            raise self._cannot(entity)
        row = dict(patch)
        if described.reference is not None:
            put(row, described.reference, reference)
        answer = self._write(described.create, row)
        found = None if described.create.answer is None else at(answer, described.create.answer)
        return Outcome(None if found in (None, "") else str(found))

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        return [self.create(entity, patch, reference) for patch, reference in patches]

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        described = self._entity(entity)
        if described.update is None:
            raise self._cannot(entity)
        row = {**(self._whole(entity, external_id, current) if described.update.whole else {}), **patch}
        put(row, described.id, external_id)
        self._write(described.update, row)
        return Outcome(external_id)

    def _whole(self, entity: str, external_id: str, current: Row | None) -> dict[str, Any]:
        """The record as it stands: what is not told would be lost."""
        standing = current if current is not None and current.full is not None else self.get(entity, external_id, ())
        if standing is None:
            text = N_("{account}: there is no {entity} {external_id}")
            raise Missing(text, account=self.account, entity=entity, external_id=external_id)
        return dict(standing.full or decode_body(standing.body))

    def _write(self, writing: Writing, row: Mapping[str, Any]) -> Any:
        said = {name: value for name, value in row.items() if value is not None}
        params: dict[str, Any] = {}
        for way, value in {**writing.give, writing.row: said}.items():
            put(params, way, value)
        return self._call(writing.operation, params)

    def delete(self, entity: str, external_id: str) -> Outcome:
        described = self._entity(entity)
        if described.delete is None:
            raise self._cannot(entity)
        params: dict[str, Any] = {}
        for way, value in {**described.delete.give, described.delete.value: external_id}.items():
            put(params, way, value)
        self._call(described.delete.operation, params)
        return Outcome(external_id)

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        raise self._cannot(entity)

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        """One operation of the service, parameters as the WSDL calls them."""
        return self._call(endpoint, dict(params))

    def _call(self, operation: str, params: dict[str, Any]) -> Any:
        said = self._soap.call(operation, **params)
        names = self._soap.elements(operation)[1]
        # zeep leaves out the name of an element that stands alone
        answer = dict.fromkeys(names, said) if len(names) == 1 else said
        self._refused(operation, answer)
        return answer

    def _refused(self, operation: str, answer: Mapping[str, Any]) -> None:
        errors = self._described.errors
        said = None if errors is None else at(answer, errors.text)
        if errors is None or said is None or str(said).strip() == "":
            return
        code = None if errors.code is None else at(answer, errors.code)
        kind = Missing if code in errors.missing else Duplicate if code in errors.duplicate else Invalid
        reason = redact(" ".join(str(said).split()))[:_LONGEST]
        text = N_("{account}: {endpoint} was refused: {reason}")
        raise kind(text, account=self.account, endpoint=operation, reason=reason, code=code)

    def _entity(self, entity: str) -> EntityService:
        described = self._described.entities.get(entity)
        if described is None:
            raise self._cannot(entity)
        return described

    def _cannot(self, entity: str) -> ConnectorError:
        text = N_("{account}: the service is not described as able to do this with {entity}")
        return Invalid(text, account=self.account, entity=entity)

    # the rest

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        """Whether the description leads somewhere, and whether the service answers and lets us in."""
        try:
            found = list(checked(self._described, self._soap, entities))
        except ConfigError as error:
            return [Check(name="description", ok=False, text=error.sentence)]
        if self._described.check is None:
            return found or [Check(name="description", ok=True, text=Sentence(N_("the description fits the WSDL")))]
        try:
            self._call(self._described.check, {})
        except Forbidden as error:
            return [*found, Check(name="credentials", ok=False, text=error.sentence)]
        except ConnectorError as error:
            return [*found, Check(name="reachable", ok=False, text=error.sentence)]
        said = Sentence(N_("the web service answers and lets this user in"))
        return [*found, Check(name="credentials", ok=True, text=said)]

    def requests(self) -> int:
        return self._transport.sent

    def close(self) -> None:
        self._transport.close()


def _paged(params: Mapping[str, Any], pages: Pages, number: int) -> dict[str, Any]:
    found = dict(params)
    put(found, pages.number, number)
    if pages.size is not None:
        put(found, pages.size, pages.rows)
    return found


def _carries(raw: Mapping[str, Any], finding: Finding, scheme: str, parts: Sequence[str]) -> bool:
    """Whether a row really carries the value, whatever a search found by a part of it."""
    spelled = _SPELLED.get(scheme, _plainly)
    wanted = [*parts, *[""] * (len(finding.fields) - len(parts))]
    return all(spelled(at(raw, field)) == spelled(part) for field, part in zip(finding.fields, wanted, strict=True))


def _plainly(value: object) -> str:
    return "" if value is None else str(value).strip()
