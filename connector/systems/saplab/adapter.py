"""The adapter of a Saplab shop: the catalogue beside it, and the panel's ways (S-01 … S-33)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Final
from zoneinfo import ZoneInfo

from connector.errors import BrokenAnswer, Missing, RejectedError
from connector.locale import N_, Sentence
from connector.systems import catalogue as catalogues
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.catalogue import Endpoint, Entity
from connector.systems.decoding import NO_ID, PageReader, Unexpected
from connector.systems.keys import folded, national
from connector.systems.paging import Walk
from connector.systems.parameters import checked, request
from connector.systems.rest import RestAdapter
from connector.systems.rows import decode_body
from connector.systems.saplab import answers, balance, clients, form, groups, positions, toggles
from connector.systems.saplab.clients import LEGAL, ClientRows, Listed, ListReader, Remember, client_id, is_legal
from connector.systems.saplab.positions import Reach
from connector.systems.wire import needed, secret, transport_of
from connector.transport.auth import Basic
from connector.transport.http import Request, Transport
from connector.transport.messages import Response

if TYPE_CHECKING:
    from connector.config import Account

_RATE: Final = 10.0
_CONCURRENCY: Final = 2
NO_FORM: Final = N_("its form, which alone shows the legal details, cannot be read")


class SaplabAdapter(RestAdapter):
    """One shop. `remember` gives the bodies that were stored last, so that not every form is read in every run.

    `legal_within` is the number of runs within which an edit of legal details is seen, `archived_within` that within
    which one of an older archived position is.
    """

    legal_within: ClassVar[int] = clients.TURNS
    archived_within: ClassVar[int] = positions.TURNS

    def __init__(
        self,
        account: str,
        spoke: str,
        transport: Transport,
        *,
        zone: ZoneInfo,
        remember: Remember | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(account, spoke, catalogues.load("saplab"), transport, now=now)
        self.remember = remember
        self._zone = zone
        self._flights = toggles.Flights()
        self._statuses: list[tuple[str, str]] | None = None

    def payload(self, endpoint: Endpoint, response: Response) -> Any:
        return answers.content(endpoint, response)

    def written_id(self, entity: Entity, payload: Any) -> str | None:
        """No answer of the panel names the record (S-19)."""
        del entity, payload
        return None

    def capabilities(self, entity: str) -> Capabilities:
        """Of a position only its states can be changed, each by a call of its own."""
        can = super().capabilities(entity)
        return replace(can, can_update=True, repeat={**can.repeat, "update": "verify"}) if entity == "position" else can

    # Reading

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        if entity == "customer":
            return self._clients(paths, clients.turn_of(cursor))
        if entity == "group":
            return iter([Page(self._groups(paths))])
        if entity == "position" and "date_added" in paths:
            return self._positions(paths, Reach.of(cursor))
        return super().feed(entity, paths, cursor)

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        if entity == "customer":
            raw = self._client(external_id)
            return None if raw is None else self._row_of_form(raw, paths)
        if self._entity(entity).get is None:
            rows = chain.from_iterable(page.rows for page in self.feed(entity, paths))
            return next((row for row in rows if row.external_id == external_id), None)
        return super().get(entity, external_id, paths)

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        served = self._entity(entity)
        look = self._part(entity, served.find.get(scheme), scheme)
        if entity == "group":
            return self._groups(paths, named=value)
        same = national if scheme == "phone" else folded
        key = same(value)
        if key in ("", ".", ".."):
            return []
        endpoint = self.catalogue.endpoint(look.endpoint)
        values = checked(endpoint, {**look.params, scheme: key})
        found = [raw for raws in self._walk_rows(endpoint, values) for raw in raws if same(raw.get(scheme)) == key]
        listed = ListReader(paths, self._zone).listed(found, None)
        return self._page(listed.rows, paths, self._client_rows(paths), turn=None).rows

    # Writing

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        if entity == "customer":
            patch = form.new(self.account, patch)
        return super().create(entity, patch, reference)

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        if entity == "customer":
            patch = form.changed(self.account, self._standing(external_id, current), patch)
        elif entity == "group":
            patch = groups.changed(self._group(external_id), patch)
        elif entity == "position":
            return self._switch(external_id, patch)
        return super().update(entity, external_id, patch, current)

    def _switch(self, external_id: str, patch: Raw) -> Outcome:
        """Change the states of a position, each looked at before and after; only what a call can say."""
        for endpoint, params in toggles.switches(self.account, external_id, patch, self._status_of):
            toggles.run(self, self._flights, endpoint, params)
        return Outcome(external_id)

    def _status_of(self, name: str) -> list[str]:
        """The ids of the shop's statuses of this name."""
        if self._statuses is None:
            rows = self._send(self.catalogue.endpoint("order.status"), {})["statuses"]
            self._statuses = [(str(row.get("name", "")).strip(), str(row["id"])) for row in rows]
        return [key for known, key in self._statuses if known == name]

    def _standing(self, external_id: str, current: Row | None) -> Mapping[str, Any]:
        raw = current.full if current is not None and current.full is not None else self._client(external_id)
        if raw is None:
            text = N_("{account}: there is no client {external_id}")
            raise Missing(text, account=self.account, entity="customer", external_id=external_id)
        return raw

    def _group(self, external_id: str) -> Mapping[str, Any]:
        for raw in self._group_rows():
            if str(raw["group_id"]) == external_id:
                return raw
        text = N_("{account}: there is no group {external_id}")
        raise Missing(text, account=self.account, entity="group", external_id=external_id)

    # Any call

    def paged(self, endpoint: str, params: Mapping[str, Any]) -> bool:
        return super().paged(endpoint, params) or (endpoint == "client.balance" and "page" not in params)

    def stream(self, endpoint: str, params: Mapping[str, Any]) -> Iterator[Any]:
        known = self.catalogue.endpoint(endpoint)
        if endpoint not in toggles.NAMES and endpoint != "client.balance":
            return super().stream(endpoint, params)
        values = checked(known, params, self.units)
        if endpoint in toggles.NAMES:
            return iter([toggles.run(self, self._flights, endpoint, values)])
        if "page" in values:
            return iter([self._movements(known, values)])
        return balance.pages(self.account, self._ask(known, values))

    def send(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        """One plain call, once."""
        return self._send(self.catalogue.endpoint(endpoint), params)

    def positions(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Positions as they are now, archived ones too, by id."""
        endpoint = self.catalogue.endpoint("order")
        values = checked(endpoint, {"order_ids": ",".join(ids), "unignore_archived": 1})
        rows = chain.from_iterable(self._walk_rows(endpoint, values))
        return {client_id(row): row for row in rows if client_id(row) in ids}

    def _movements(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Any:
        answer = balance.one(self._ask(endpoint, values), values["page"])
        if answer is None:
            text = N_("{account}: {endpoint} was asked for page {page} and shows another")
            raise BrokenAnswer(text, account=self.account, endpoint=endpoint.name, page=values["page"])
        return answer

    def _ask(self, endpoint: Endpoint, values: Mapping[str, Any]) -> balance.Ask:
        def ask(page: int, spelling: balance.Spelling) -> Mapping[str, Any]:
            plain: dict[str, Any] = {"id": values["id"]}
            wanted = request(endpoint, {**plain, "page": page} if spelling == "path" and page > 1 else plain)
            if spelling == "query":
                wanted = replace(wanted, query={"page": page})
            data: Mapping[str, Any] = self.payload(endpoint, self.transport.send(wanted))
            return data

        return ask

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        listed = {entity: [path for path in paths if path != LEGAL] for entity, paths in entities.items()}
        checks = super().check(listed)
        if checks and all(check.ok for check in checks) and "customer" in entities:
            checks += self._client_checks(LEGAL in entities["customer"])
        return checks

    def _client_checks(self, legal: bool) -> Iterator[Check]:
        endpoint = self.catalogue.endpoint("client")
        shown = self._send(endpoint, {"per_page": 1})
        text = N_("{count} clients are shown; what the employee's rights do not allow is left out without a word")
        yield Check(name="rights", ok=True, text=Sentence(text, count=shown.get("pages")))
        firms = self._send(endpoint, {"per_page": 1, "is_wholesaler": 1})["clients"] if legal else []
        if firms:
            raw = self._client(client_id(firms[0]))
            seen = raw is not None and LEGAL in raw
            text = N_("legal details are shown") if seen else N_("legal details are not shown to this employee")
            yield Check(name="legal", ok=seen, text=Sentence(text), warning=not seen)

    # Positions

    def _positions(self, paths: Sequence[str], reach: Reach | None) -> Iterator[Page]:
        """All of them, or those whose turn it is; the cursor is given once all is read."""
        served = self._entity("position")
        endpoint = self.catalogue.endpoint(self._part("position", served.feed, "feed").endpoint)
        today = datetime.fromtimestamp(self._now(), self._zone).date()
        since = today if reach is None else reach.since
        reader = self._reader(endpoint, served, paths)
        for params in [{"unignore_archived": 1}] if reach is None else reach.asks(today):
            try:
                for page in self._pages(endpoint, params, reader):
                    since = positions.oldest(since, (decode_body(row.body).get("date_added") for row in page.rows))
                    yield page
            except RejectedError as error:
                text = N_("{account}: {endpoint} refuses to list {entity}: {reason}")
                facts = {"account": self.account, "endpoint": endpoint.name, "entity": "position"}
                raise BrokenAnswer(text, reason=error.sentence, **facts) from error
        yield Page([], str(Reach(0, since) if reach is None else Reach(reach.turn, since).next()))

    # Clients

    def _clients(self, paths: Sequence[str], turn: int | None) -> Iterator[Page]:
        """The list; the cursor, given once all is read, says whose turn it is next. Without one every form is read."""
        endpoint = self.catalogue.endpoint("client")
        made, reader = self._client_rows(paths), ListReader(paths, self._zone)
        assert endpoint.paging is not None
        read = partial(self._listed, reader)
        walk = Walk(endpoint.paging, self._fetcher(endpoint, {}), read, self.transport.concurrency)
        before: set[str] = set()
        try:
            for part in walk.parts():
                rows = [row for row in part.rows if row[0] not in before] if before else part.rows
                yield self._page(rows, paths, made, turn)
                before = set(part.ids)
        except RejectedError as error:
            text = N_("{account}: {endpoint} refuses to list {entity}: {reason}")
            facts = {"account": self.account, "endpoint": "client", "entity": "customer", "reason": error.sentence}
            raise BrokenAnswer(text, **facts) from error
        yield Page([], str((-1 if turn is None else turn) + 1))

    def _listed(self, reader: ListReader, response: Response) -> Listed:
        """Straight from the bytes; an answer that is not the healthy one is looked at in full."""
        if response.ok:
            try:
                return reader.page(response.body)
            except Unexpected:
                pass
        data = self.payload(self.catalogue.endpoint("client"), response)
        return reader.listed(data["clients"], data.get("pages"))

    def _client_rows(self, paths: Sequence[str]) -> ClientRows:
        return ClientRows(paths, self._zone, digested=self.remember is not None and LEGAL in paths)

    def _page(self, listed: Sequence[Row], paths: Sequence[str], made: ClientRows, turn: int | None) -> Page:
        """Rows of the list, legal persons completed by what their forms say. `turn` None: every form is read."""
        firms = [row.full for row in listed if row[5] is not None and row.full is not None]
        legal = self._legal(firms, turn) if LEGAL in paths else {}
        rows: list[Row] = []
        unreadable: list[tuple[str, str]] = []
        for row in listed:
            if not row[0]:
                unreadable.append(("", NO_ID))
            elif row[5] is None:
                rows.append(row)
            elif row[0] not in legal:
                rows.append(row._replace(full=None))
            elif (details := legal[row[0]]) is None:
                unreadable.append((row[0], NO_FORM))
            else:
                rows.append(made.row(clients.with_legal(row[5], details)))
        return Page(rows, None, unreadable)

    def _legal(self, firms: Sequence[Mapping[str, Any]], turn: int | None) -> dict[str, Any]:
        """Client id -> legal details, remembered or read now; None for a form that cannot be read."""
        known: dict[str, Any] = {}
        if firms and self.remember is not None and turn is not None:
            remembered = self.remember("customer", [client_id(raw) for raw in firms])
            known = clients.known_legal(firms, remembered, turn)
        wanted = [key for raw in firms if (key := client_id(raw)) not in known]
        responses = self.transport.fetch_ahead(self._form_request(key) for key in wanted)
        for key, response in zip(wanted, responses, strict=True):
            known[key] = self._details(response)
        return known

    def _details(self, response: Response) -> Any:
        try:
            client = self.payload(self.catalogue.endpoint("client.form"), response)["client"]
        except Missing:
            return None
        return client.get(LEGAL, {})

    def _row_of_form(self, raw: Mapping[str, Any], paths: Sequence[str]) -> Row:
        whole = clients.with_legal(raw, raw.get(LEGAL, {})) if is_legal(raw) else raw
        return self._client_rows(paths).row(whole)._replace(full=raw)

    def _form_request(self, external_id: str) -> Request:
        endpoint = self.catalogue.endpoint("client.form")
        return request(endpoint, checked(endpoint, {"id": external_id}), self.catalogue.always)

    def _client(self, external_id: str) -> Mapping[str, Any] | None:
        try:
            response = self.transport.send(self._form_request(external_id))
            raw: Mapping[str, Any] = self.payload(self.catalogue.endpoint("client.form"), response)["client"]
        except Missing:
            return None
        if client_id(raw) != external_id:
            text = N_("{account}: the form of client {external_id} shows client {other}")
            raise BrokenAnswer(text, account=self.account, external_id=external_id, other=client_id(raw))
        return raw

    # Groups

    def _group_rows(self) -> list[Mapping[str, Any]]:
        data = self._send(self.catalogue.endpoint("client.group"), {})
        return [groups.normal(raw) for raw in data["groups"]]

    def _groups(self, paths: Sequence[str], named: str | None = None) -> list[Row]:
        reader = PageReader(self._entity("group"), paths, ())
        raws = self._group_rows()
        return reader.rows([raw for raw in raws if named is None or groups.bare_name(raw) == named]).rows

    def _exchange(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Response:
        response = super()._exchange(endpoint, values)
        if endpoint.name == "client.group.edit" and response.status == 404:
            # the document's example names another path than its table of contents (S-02)
            wanted = request(endpoint, values, self.catalogue.always)
            return self.transport.send(replace(wanted, path=wanted.path.replace("/panel/client/", "/panel/order/", 1)))
        return response


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    remember: Remember | None = None,
) -> SaplabAdapter:
    """The adapter of a configured account."""
    auth = Basic(needed(account, account.login, "login"), secret(account, account.password, "password"))
    transport = transport_of(account, auth, rate=_RATE, concurrency=_CONCURRENCY, clock=clock, sleep=sleep)
    return SaplabAdapter(account.name, account.spoke, transport, zone=ZoneInfo(account.timezone), remember=remember)
