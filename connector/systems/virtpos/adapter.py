"""The adapter of a virtpos company: the catalogue beside it, and the vendor's ways (V-01 … V-24)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from connector.errors import BrokenAnswer, ConnectorError, Invalid, Missing, RejectedError
from connector.locale import N_, Sentence
from connector.systems import catalogue as catalogues
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.catalogue import Catalogue, Endpoint
from connector.systems.decoding import PageReader
from connector.systems.keys import folded, national
from connector.systems.paging import Walk
from connector.systems.parameters import checked, request
from connector.systems.rest import RestAdapter
from connector.systems.virtpos import answers, cards, document, orders
from connector.systems.wire import secret, transport_of
from connector.transport.auth import FormKey
from connector.transport.http import Transport
from connector.transport.messages import Response

if TYPE_CHECKING:
    from connector.config import Account

_RATE: Final = 5.0
_ROWS: Final = 500
"""Orders come in one answer; so many of them make a page of ours."""
_EVERYTHING: Final = "20000101"
_MAX_ORDERS: Final = 1024 * 1024 * 1024
_NO_CARD: Final = "000000000000"
"""A number that no card has, for a question that changes nothing."""

_CARDS: Final[Mapping[tuple[bool, bool], str]] = {
    (True, True): N_("cards are read back"),
    (True, False): N_("cards are shown by this server: `cards: read` in the account lets them be read back"),
    (False, True): N_("cards are not shown by this server: take `cards: read` away from the account"),
    (False, False): N_("cards are written only, and compared with our last write"),
}
"""What is said where the server shows cards or does not, and the account expects it or does not."""


@dataclass
class _Customers:
    """A page of customers as it came."""

    raws: list[Mapping[str, Any]] = field(default_factory=list)
    pages: int | None = None
    last: str | None = None

    @property
    def count(self) -> int:
        return len(self.raws)

    @property
    def ids(self) -> Sequence[str]:
        return [str(raw.get("id") or "") for raw in self.raws]


class VirtposAdapter(RestAdapter):
    """One company. `reads_cards` says that its server shows cards, which `check` finds out; they are only written
    otherwise. `paths` are the places of the card calls where they are not the usual ones (name of the call -> path).
    """

    def __init__(
        self,
        account: str,
        spoke: str,
        transport: Transport,
        *,
        reads_cards: bool = False,
        paths: Mapping[str, str] | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(account, spoke, _placed(catalogues.load("virtpos"), paths or {}), transport, now=now)
        self.reads_cards = reads_cards
        self._holders: dict[str, str] = {}

    def payload(self, endpoint: Endpoint, response: Response) -> Any:
        del endpoint
        return answers.content(response)

    def capabilities(self, entity: str) -> Capabilities:
        can = super().capabilities(entity)
        if entity == "card" and self.reads_cards:
            return replace(can, feed="snapshot", readable=True, find_by=("card_uid", "barcode"))
        return can

    # Reading

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        if entity == "order":
            return self._orders(paths)
        if entity == "customer":
            return self._customer_pages(paths)
        if entity == "card" and self.reads_cards:
            return self._card_pages(paths)
        return super().feed(entity, paths, cursor)

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        if entity == "card" and self.reads_cards:
            return self._card(external_id, paths)
        row = super().get(entity, external_id, paths)
        return None if row is None else _own(row)

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        if entity == "customer" and scheme == "phone":
            return self._with_phone(value, paths)
        if entity == "customer" and scheme == "email":
            found = self._customers_with("email", value.strip()) if folded(value) else []
            return self._customer_rows([raw for raw in found if folded(raw.get("email")) == folded(value)], paths)
        if entity == "card" and scheme in self.capabilities("card").find_by:
            return self._cards_numbered(value, paths)
        return [_own(row) for row in super().find(entity, scheme, value, paths)]

    def _with_phone(self, phone: str, paths: Sequence[str]) -> list[Row]:
        """Asked in the spellings a cashier may have used, for how the server compares is not documented."""
        key = national(phone)
        for spelling in _spellings(key):
            raws = [raw for raw in self._customers_with("phone", spelling) if national(raw.get("phone")) == key]
            if raws:
                return self._customer_rows(raws, paths)
        return []

    def _customers_with(self, name: str, value: str) -> list[Mapping[str, Any]]:
        endpoint = self.catalogue.endpoint("customer")
        try:
            return self._records(endpoint, self._send(endpoint, {name: value}))
        except Missing:
            return []

    def _customer_rows(self, raws: Sequence[Mapping[str, Any]], paths: Sequence[str]) -> list[Row]:
        return [_own(row) for row in PageReader(self._entity("customer"), paths, ()).rows(raws).rows]

    def _customer_pages(self, paths: Sequence[str]) -> Iterator[Page]:
        reader = PageReader(self._entity("customer"), paths, ())
        for raws in self._customers({}):
            decoded = reader.rows(raws)
            yield Page([_own(row) for row in decoded.rows], None, decoded.unreadable)

    def _customers(self, params: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
        """Pages of customers, each customer once. A server without pages gives the same rows again: that is the end."""
        endpoint = self.catalogue.endpoint("customer")
        assert endpoint.paging is not None
        before: set[str] = set()

        def read(response: Response) -> _Customers:
            part = _Customers(self._records(endpoint, self.payload(endpoint, response)))
            return part if not before or not before.issuperset(part.ids) else _Customers()

        values = checked(endpoint, params)
        walk = Walk(endpoint.paging, self._fetcher(endpoint, values), read, self.transport.concurrency)
        try:
            for part in walk.parts():
                yield [raw for raw, key in zip(part.raws, part.ids, strict=True) if key == "" or key not in before]
                before = set(part.ids)
        except RejectedError as error:
            raise self._no_list("customer", endpoint, error) from error

    def _no_list(self, entity: str, endpoint: Endpoint, error: ConnectorError) -> BrokenAnswer:
        text = N_("{account}: {endpoint} refuses to list {entity}: {reason}")
        facts = {"account": self.account, "endpoint": endpoint.name, "entity": entity, "reason": error.sentence}
        return BrokenAnswer(text, **facts)

    # Cards, where the server shows them

    def _card_pages(self, paths: Sequence[str]) -> Iterator[Page]:
        reader = PageReader(self._entity("card"), paths, ())
        for raws in self._customers({"cards": "true"}):
            shown = list(cards.of_customers(raws))
            self._holders |= {str(card.get("uid")): str(card.get("customer_id")) for card in shown}
            decoded = reader.rows(shown)
            yield Page(decoded.rows, None, decoded.unreadable)

    def _card(self, uid: str, paths: Sequence[str]) -> Row | None:
        """A card as it is now: with the holder it was last seen with, else wherever it is."""
        reader = PageReader(self._entity("card"), paths, ())
        holder = self._holders.get(uid)
        if holder is not None:
            endpoint = self.catalogue.endpoint("customer")
            raws = self._records(endpoint, self._send(endpoint, {"id": holder, "cards": "true"}))
            if (row := _card_in(reader, raws, uid)) is not None:
                return row
        return next((row for raws in self._customers({"cards": "true"}) if (row := _card_in(reader, raws, uid))), None)

    def _cards_numbered(self, number: str, paths: Sequence[str]) -> list[Row]:
        """No call looks for a card, so every customer is read."""
        reader = PageReader(self._entity("card"), paths, ())
        shown = (card for raws in self._customers({"cards": "true"}) for card in cards.of_customers(raws))
        return reader.rows([card for card in shown if cards.same_card(number, card)]).rows

    # Writing

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        if entity != "card":
            return super().create(entity, patch, reference)
        uid = str(patch.get("uid") or "")
        if uid == "":
            raise Invalid(N_("{account}: a card without a number cannot be written"), account=self.account)
        self.send("customer.updateCard", {**cards.sent(patch), "create_if_not_exist": 1})
        return Outcome(uid)

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        if entity != "card":
            return super().update(entity, external_id, patch, current)
        if patch.get("uid", external_id) != external_id:
            text = N_("{account}: the number of card {external_id} cannot be changed; block it and issue another")
            raise Invalid(text, account=self.account, external_id=external_id)
        self.send("customer.updateCard", {**cards.sent(patch), "uid": external_id, "create_if_not_exist": 0})
        return Outcome(external_id)

    def send(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        """One plain call, once."""
        return self._send(self.catalogue.endpoint(endpoint), params)

    # Orders

    def _orders(self, paths: Sequence[str]) -> Iterator[Page]:
        """All orders. A newer server shows those of a few days and says so: then it is asked for a window (V-24)."""
        reader = PageReader(self._entity("order"), paths, ())
        tomorrow = datetime.fromtimestamp(self._now(), UTC) + timedelta(days=1)
        window = {"datefrom": _EVERYTHING, "dateto": tomorrow.strftime("%Y%m%d")}
        head: dict[str, Any] = {}
        try:
            for page in self._order_pages({}, reader, head):
                if "days_limit" in head:
                    break
                yield page
            if "days_limit" in head:
                yield from self._order_pages(window, reader, {})
        except RejectedError as error:
            raise self._no_list("order", self.catalogue.endpoint("orders"), error) from error

    def _order_pages(self, values: Mapping[str, Any], reader: PageReader, head: dict[str, Any]) -> Iterator[Page]:
        unreadable: list[tuple[str, str]] = []
        told = orders.told(self._told_orders(values, head), unreadable)
        while rows := list(islice(told, _ROWS)):
            yield Page(reader.rows(rows).rows, None, tuple(unreadable))
            unreadable.clear()
        yield Page([], None, tuple(unreadable))

    def _told_orders(self, values: Mapping[str, Any], head: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        endpoint = self.catalogue.endpoint("orders")
        wanted = replace(request(endpoint, checked(endpoint, values), self.catalogue.always), max_bytes=_MAX_ORDERS)
        with self.transport.stream(wanted) as body:
            stream = document.Peeked(body)
            try:
                yield from self._decoded_orders(stream, head)
            except document.NotReadable as error:
                reason = error.sentence
            else:
                return
        text = N_("{account}: the answer of {endpoint} cannot be read: {reason}")
        raise BrokenAnswer(text, account=self.account, endpoint="orders", reason=reason)

    def _decoded_orders(self, stream: document.Peeked, head: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        rows: Iterable[Mapping[str, Any]]
        if stream.is_xml:
            rows = document.orders(stream, head)
        else:
            head.update(document.decode(stream.all()))
            rows = head.pop("orders", [])
        for row in rows:
            self._refuse(head)
            yield row
        self._refuse(head)

    def _refuse(self, head: Mapping[str, Any]) -> None:
        if answers.succeeded(head) is None:
            raise document.NotReadable(Sentence(N_("it does not say whether it succeeded")))
        answers.refuse(self.account, "orders", head)

    # Check

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        checks = super().check({"customer": entities.get("customer", ())})
        if "card" in entities and all(check.ok for check in checks):
            checks += [*self._card_reading(entities["card"]), self._card_writing()]
        return checks

    def _card_reading(self, paths: Sequence[str]) -> Iterator[Check]:
        """What the first page of customers shows of their cards."""
        raws = next(self._customers({"cards": "true"}), [])
        if not raws:
            return
        shown = "cards" in raws[0]
        fine = shown or not self.reads_cards
        text = _CARDS[shown, self.reads_cards]
        yield Check(name="cards", ok=fine, text=Sentence(text), warning=not fine)
        card = next(cards.of_customers(raws), None)
        if self.reads_cards and card is not None:
            yield _fields_of_card(card, paths)

    def _card_writing(self) -> Check:
        """Whether the card call is where we look for it: asked about a card that is nowhere, it must say so (V-11)."""
        endpoint = self.catalogue.endpoint("customer.updateCard")
        try:
            self._send(endpoint, {"uid": _NO_CARD, "create_if_not_exist": 0})
        except Missing as error:
            if error.code is None:
                return Check(name="card calls", ok=True, text=Sentence(N_("the card calls are there")))
            text = N_("the card calls are not at {path}: name their place in `paths` of the account")
            return Check(name="card calls", ok=False, text=Sentence(text, path=endpoint.path))
        except ConnectorError as error:
            return Check(name="card calls", ok=False, text=error.sentence)
        return Check(name="card calls", ok=True, text=Sentence(N_("the card calls are there")))


def _fields_of_card(card: Mapping[str, Any], paths: Sequence[str]) -> Check:
    lacking = [path for path in paths if path not in card]
    if lacking:
        text = Sentence(N_("cards are shown without {fields}"), fields=", ".join(lacking))
        return Check(name="card fields", ok=False, text=text, warning=True)
    return Check(name="card fields", ok=True, text=Sentence(N_("the mapped fields of cards are shown")))


def _card_in(reader: PageReader, raws: Iterable[Mapping[str, Any]], uid: str) -> Row | None:
    found = [card for card in cards.of_customers(raws) if str(card.get("uid") or "") == uid]
    return reader.row(found[0]) if found else None


def _own(row: Row) -> Row:
    """Only what looks like one of our uids is our reference: others may use external_id for their own numbers."""
    return row if row.reference is None or _is_uid(row.reference) else row._replace(reference=None)


def _is_uid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _spellings(key: str) -> list[str]:
    if key == "":
        return []
    return [f"7{key}", f"8{key}", key] if len(key) == 10 else [key]


def _placed(catalogue: Catalogue, paths: Mapping[str, str]) -> Catalogue:
    """The catalogue with the card calls where this company has them."""
    known = {name.rpartition(".")[2]: name for name in catalogue.endpoints if name.endswith("Card")}
    moved = {
        known[name]: catalogue.endpoints[known[name]].model_copy(update={"path": path}) for name, path in paths.items()
    }
    return catalogue.model_copy(update={"endpoints": {**catalogue.endpoints, **moved}})


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> VirtposAdapter:
    """The adapter of a configured account."""
    auth = FormKey("apikey", secret(account, account.apikey, "apikey"))
    transport = transport_of(account, auth, rate=_RATE, concurrency=1, clock=clock, sleep=sleep)
    reads_cards = account.cards == "read"
    return VirtposAdapter(account.name, account.spoke, transport, reads_cards=reads_cards, paths=account.paths)
