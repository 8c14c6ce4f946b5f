"""Orders as a file of CommerceML: what 1C would fetch from a site, for a person to load by hand."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError
from connector.jobs.documents import document, fresh_number
from connector.jobs.exchange.facts import ENTITY, facts
from connector.jobs.exchange.writing import Span, Stream, Told
from connector.model.values import minor
from connector.systems.onec.commerceml import OrdersFile, written_version

if TYPE_CHECKING:
    from connector.config import Account
    from connector.jobs.workspace import Workspace


@dataclass(frozen=True)
class _Offer:
    """What `documents` reads of an order that is told."""

    uid: str
    raw: Mapping[str, Any]
    record: Mapping[str, Any]
    customer: Mapping[str, Any] | None
    goods: Mapping[str, Mapping[str, Any]]


def write(workspace: Workspace, account: Account, stream: Stream, told: Told, span: Span) -> None:
    """Every order of these days, one by one; they are counted once it is known that they stand in the file."""
    told.version = written_version(account.version)
    sums: dict[str, int] = {}
    orders = _documents(workspace, account, told, span, sums)
    file = OrdersFile(orders, made_at=workspace.now[:19], version=told.version, encoding=account.encoding)
    for part in file:
        stream.write(part)
    for number, problem in file.refused:
        told.leave(number, problem)
    if file.written:
        told.objects[ENTITY] = len(file.written)
        told.sums[ENTITY] = sum(sums[number] for number in file.written)


def _documents(
    workspace: Workspace, account: Account, told: Told, span: Span, sums: dict[str, int]
) -> Iterator[dict[str, Any]]:
    mapping = workspace.mapping(account.name, ENTITY)
    for fact in facts(workspace, account, told, span):
        values = {name: value for name, value in fact.values.items() if name not in mapping.references}
        try:
            offer = _Offer(fact.uid, mapping.write(values, new=True), fact.record, fact.customer, fact.goods)
            number = _number(workspace, account, offer, sums)
            data = document(offer, number, workspace.store.crosswalk, account.spoke)
        except ConnectorError as error:
            told.leave(fact.name, error)
            continue
        sums[number] = minor(Decimal(str(data.get("Сумма", 0))))
        yield data


def _number(workspace: Workspace, account: Account, offer: _Offer, taken: Container[str]) -> str:
    """The number under which 1C knows it, else its own where nobody has it, else one that no other order can have."""
    known = workspace.store.crosswalk.targets(account.spoke, ENTITY, [offer.uid]).get(offer.uid)
    if known is not None:
        return known
    plain, unique = fresh_number(offer)
    holder = workspace.store.crosswalk.resolve(account.spoke, ENTITY, [plain]).get(plain) if plain else None
    return plain if plain and plain not in taken and holder in (None, offer.uid) else unique
