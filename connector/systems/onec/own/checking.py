"""Whether what a description names is in the WSDL: operations, parameters, answers, elements of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from connector.locale import N_, Sentence
from connector.systems.base import Check
from connector.systems.onec.own.description import Description, EntityService, Finding, Listing, Reading, Writing
from connector.systems.onec.own.values import below, lacking
from connector.transport.soap import Soap

_NAME: Final = "description"


def checked(described: Description, soap: Soap, entities: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    """What does not fit; nothing where all does. `entities` are the raw keys that each mapping needs."""
    known = soap.operations
    if described.check is not None and described.check not in known:
        yield _no_operation(described.check)
    for name, entity in described.entities.items():
        missing = [call.operation for _, call in entity.calls() if call.operation not in known]
        if missing:
            yield from (_no_operation(operation) for operation in dict.fromkeys(missing))
            continue
        yield from _entity(described, soap, name, entity, entities.get(name, ()))
    for name in entities:
        if name not in described.entities:
            text = Sentence(N_("the service is not described as able to do this with {entity}"), entity=name)
            yield Check(name=f"{name}: description", ok=False, text=text)


def _no_operation(operation: str) -> Check:
    return Check(
        name=_NAME, ok=False, text=Sentence(N_("the service has no operation {operation}"), operation=operation)
    )


def _entity(
    described: Description, soap: Soap, name: str, entity: EntityService, paths: Sequence[str]
) -> Iterator[Check]:
    for _, call in entity.calls():
        sends, reads = soap.elements(call.operation)
        errors = (
            () if described.errors is None else [way for way in (described.errors.text, described.errors.code) if way]
        )
        wrong = lacking(sends, _sent(call)) + lacking(reads, [*_read(call), *errors])
        if wrong:
            text = N_("{operation} has no {fields}: correct service.yaml")
            shown = Sentence(text, operation=call.operation, fields=", ".join(wrong))
            yield Check(name=f"{name}: description", ok=False, text=shown)
    yield from _rows(soap, name, entity, paths)


def _sent(call: Any) -> Iterator[str]:
    yield from call.give
    if isinstance(call, Listing):
        yield from [call.cursor.send] if call.cursor is not None else []
        yield from [way for way in (call.pages.number, call.pages.size) if way] if call.pages is not None else []
    elif isinstance(call, Writing):
        yield call.row
    else:
        yield call.value
        yield from [call.second] if isinstance(call, Finding) and call.second is not None else []


def _read(call: Any) -> Iterator[str]:
    if isinstance(call, Listing | Reading | Finding):
        yield call.rows
    if isinstance(call, Listing) and call.cursor is not None:
        yield call.cursor.take
    if isinstance(call, Writing) and call.answer is not None:
        yield call.answer


def _rows(soap: Soap, name: str, entity: EntityService, paths: Iterable[str]) -> Iterator[Check]:
    """The elements of a row that the mapping and the description name, where the WSDL says what a row is."""
    call = entity.list_ or entity.get
    if call is None:
        return
    own = [way for way in (entity.id, entity.reference, entity.gone, entity.version) if way]
    wrong = lacking(below(soap.elements(call.operation)[1], call.rows), [*own, *paths])
    if wrong:
        text = N_("{entity}: a row of the service has no {fields}: correct the mapping or service.yaml")
        yield Check(name=f"{name}: fields", ok=False, text=Sentence(text, entity=name, fields=", ".join(wrong)))
