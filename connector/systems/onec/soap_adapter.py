"""1C through its web service as an account: messages of EnterpriseData fetched, read as a feed, and loaded there.

A message tells of every kind of object at once and is confirmed as a whole, so what came is laid into an inbox first;
the cursor of a feed is the number of the last file. 1C does not return what we have loaded: what was written counts as
seen, until 1C tells otherwise. The key of a new object is our uid, so that a second loading makes no second object.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from connector.errors import BrokenAnswer, ConnectorError, Forbidden, Invalid, RowError
from connector.locale import N_, Sentence
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.onec.enterprisedata import Header, Item
from connector.systems.onec.inbox import Inbox
from connector.systems.onec.services import Services
from connector.systems.onec.soap import SoapExchange
from connector.systems.onec.soap_rows import CUSTOMER, deleted_of, flat, nested, reference_of
from connector.systems.rows import canonical_body, decode_body
from connector.transport.http import Transport

log: Final = logging.getLogger("connector.systems.onec")

TYPES: Final = {"customer": CUSTOMER}
DELETED: Final = "УдалениеОбъекта"
_BATCH: Final = 200
_PAGE: Final = 500
_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode
_DECODE: Final = msgspec.json.Decoder(tuple[str, dict[str, Any], str | None], float_hook=Decimal).decode
Remember = Callable[[str, Sequence[str]], Mapping[str, bytes]]


class SoapAdapter:
    """One base. Implements `systems.base.Adapter`. `remember` and `entities`: as for the exchange with a site."""

    kind = "onec"

    def __init__(
        self, spoke: str, transport: Transport, services: Services, exchange: SoapExchange, folder: Path, *, reads: bool
    ) -> None:
        self.account, self.spoke = transport.account, spoke
        self._transport, self._services, self._exchange = transport, services, exchange
        self._folder, self._reads = folder, reads
        self.inbox = Inbox(folder / "inbox", "jsonl")
        self.remember: Remember | None = None
        self.entities: Collection[str] = ()
        self._stored: dict[str, int] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._fetched = False

    def capabilities(self, entity: str) -> Capabilities:
        if entity not in TYPES:
            return Capabilities()
        return Capabilities(
            feed="delta" if self._reads else "none",
            readable=False,  # one object cannot be asked for
            required=("name",),
            can_create=True,
            can_update=self._reads,  # an object is told whole, and only what 1C has sent is known whole
            keeps_reference=True,
            find_by=("reference",) if self._reads else (),
            id_scheme="id_1c",
            create_batch=_BATCH,
            repeat={"create": "same", "update": "same"},
        )

    # reading

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        """What came since the cursor. The first feed of a run fetches what 1C has for us."""
        if not self._reads:
            raise self._cannot()
        self._paths[entity] = tuple(paths)
        if not self._fetched:
            received = self._exchange.receive(self._lay_down)
            self._fetched = True
            if any(one.objects for one in received):
                self._confirm()
        self._forget(entity, int(cursor or 0))
        for number, file in self.inbox.after(int(cursor or 0)):
            yield from self._pages(entity, paths, file)
            yield Page([], str(number))

    def _confirm(self) -> None:
        """Tell 1C that we have it; until it knows, it tells all of it again, which costs time and nothing else."""
        try:
            self._exchange.send([])
        except ConnectorError as error:
            log.warning("%s", error)

    def _lay_down(self, header: Header, items: Iterator[Item]) -> None:
        """Objects of the types that are read, a line each, whole on the disk before 1C is told that they came."""
        del header
        part = self._folder / f"message.{os.getpid()}"
        known = {*TYPES.values(), DELETED}
        with part.open("wb") as file:
            for item in items:
                if item.type in known:
                    problem = None if item.problem is None else str(item.problem)
                    file.write(_ENCODE([item.type, item.data, problem]) + b"\n")
            told = file.tell()
        if told:
            self.inbox.put(part)
        else:
            part.unlink()

    def _forget(self, entity: str, stored: int) -> None:
        self._stored[entity] = stored
        if self.entities and all(name in self._stored for name in self.entities):
            self.inbox.forget(min(self._stored[name] for name in self.entities))

    def _pages(self, entity: str, paths: Sequence[str], file: Path) -> Iterator[Page]:
        found: dict[str, dict[str, Any] | None] = {}
        unreadable: list[tuple[str, str]] = []
        with file.open("rb") as lines:
            for line in lines:
                self._read(entity, line, found, unreadable)
                if len(found) + len(unreadable) >= _PAGE:
                    yield self._page(entity, paths, found, unreadable)
                    found, unreadable = {}, []
        yield self._page(entity, paths, found, unreadable)

    @staticmethod
    def _read(
        entity: str, line: bytes, found: dict[str, dict[str, Any] | None], unreadable: list[tuple[str, str]]
    ) -> None:
        type_, data, problem = _DECODE(line)
        if type_ == DELETED:
            if (gone := deleted_of(data, TYPES[entity])) is not None:
                found[gone] = None
        elif type_ == TYPES[entity]:
            key = reference_of(data)
            if problem is not None or key is None:
                unreadable.append((key or "", problem or "without a reference an object cannot be known again"))
            else:
                found[key] = {**(found.get(key) or {}), **flat(data)}

    def _page(
        self,
        entity: str,
        paths: Sequence[str],
        found: Mapping[str, dict[str, Any] | None],
        unreadable: Sequence[tuple[str, str]],
    ) -> Page:
        seen = self._seen(entity, list(found))
        rows = []
        for key, row in found.items():
            raw = {**seen.get(key, {}), **(row or {})}
            rows.append(Row(key, canonical_body(raw, paths), gone=row is None, reference=key))
        return Page(rows, None, list(unreadable))

    def _seen(self, entity: str, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        bodies = self.remember(entity, keys) if self.remember is not None else {}
        return {key: decode_body(body) for key, body in bodies.items()}

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        """As it was seen last: one object cannot be asked for."""
        self._paths.setdefault(entity, tuple(paths))
        seen = self._seen(entity, [external_id]).get(external_id)
        return None if seen is None else Row(external_id, canonical_body(seen, paths), reference=external_id)

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        row = self.get(entity, value, paths) if scheme == "reference" else None
        return [] if row is None else [row]

    # writing

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        return self.create_many(entity, [(patch, reference)])[0]

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        """One message for all. One that cannot be written refuses the batch; each is then tried alone."""
        return self._load(entity, [(dict(patch), reference) for patch, reference in patches])

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        del current
        seen = self._seen(entity, [external_id]).get(external_id)
        if seen is None:
            text = N_("{account}: it is not known how {external_id} stands in 1C; change it there once")
            raise Invalid(text, account=self.account, external_id=external_id)
        return self._load(entity, [({**seen, **patch}, external_id)])[0]

    def _load(self, entity: str, rows: Sequence[tuple[dict[str, Any], str]]) -> list[Outcome]:
        if entity not in TYPES:
            raise self._cannot()
        try:
            objects = [(TYPES[entity], nested(row, reference)) for row, reference in rows]
        except RowError as error:
            raise self._unwritable(error) from error
        refused = self._exchange.send(objects).written.refused
        if refused:
            raise self._unwritable(refused[0][1])
        return [self._outcome(entity, row, reference) for row, reference in rows]

    def _outcome(self, entity: str, row: Mapping[str, Any], reference: str) -> Outcome:
        paths = self._paths.get(entity)
        seen = None if paths is None else Row(reference, canonical_body(row, paths), reference=reference)
        return Outcome(reference, seen)

    def _unwritable(self, error: RowError) -> Invalid:
        text = N_("{account}: it cannot be told to 1C: {reason}")
        return Invalid(text, account=self.account, reason=error.sentence)

    def delete(self, entity: str, external_id: str) -> Outcome:
        raise self._cannot()

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        raise self._cannot()

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        raise self._cannot()

    def _cannot(self) -> ConnectorError:
        return Invalid(N_("{account}: the web service of 1C has no such call"), account=self.account)

    # the rest

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        """Reachable, known there, allowed. 1C is asked and nothing is changed."""
        del entities
        try:
            self._services.test()
        except Forbidden as error:
            return [Check(name="credentials", ok=False, text=error.sentence)]
        except (ConnectorError, BrokenAnswer) as error:
            return [Check(name="reachable", ok=False, text=error.sentence)]
        said = Sentence(N_("the web service answers and knows this exchange"))
        return [Check(name="credentials", ok=True, text=said)]

    def requests(self) -> int:
        return self._transport.sent

    def close(self) -> None:
        self._transport.close()
