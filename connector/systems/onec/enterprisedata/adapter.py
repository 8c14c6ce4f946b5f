"""1C by messages of EnterpriseData as an account, whichever way they travel: read as a feed, told as whole objects.

A message tells of every kind of object at once and is confirmed as a whole, so what came is laid into an inbox first;
the cursor of a feed is the number of the last file. 1C does not return what we have told: what was told counts as seen,
until 1C tells otherwise. The key of a new object is our uid, so that telling it twice makes no second object.

Where 1C takes a message when it likes (a folder), a message of 1C may be older than what we have told since. It says so
itself: which message of ours it knew. What it shows of a thing is then completed by what it does not know yet.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from connector.errors import ConnectorError, Invalid, RejectedError, Unavailable
from connector.locale import N_, Sentence
from connector.systems.base import Capabilities, Check, Offered, Outcome, Page, Raw, Row
from connector.systems.onec.enterprisedata.composing import Composer
from connector.systems.onec.enterprisedata.directory import KEPT, Directory, Noted
from connector.systems.onec.enterprisedata.message import Header, Item
from connector.systems.onec.enterprisedata.overlay import overlaid
from connector.systems.onec.enterprisedata.register import Key, Told
from connector.systems.onec.enterprisedata.rows import (
    CANCEL,
    CUSTOMER,
    DELETED,
    NEW_ORDER,
    PRODUCT,
    STATE,
    TYPES,
    deleted_of,
    flat,
    joined,
    piece_of,
    reference_of,
    types_of,
)
from connector.systems.onec.enterprisedata.ways import Way, deleted
from connector.systems.onec.inbox import Inbox
from connector.systems.rows import canonical_body, decode_body

log: Final = logging.getLogger("connector.systems.onec")

_BATCH: Final = 200
_PAGE: Final = 500
_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode
_DECODE: Final = msgspec.json.Decoder(tuple[str, dict[str, Any], str | None], float_hook=Decimal).decode
_KNEW: Final = ""
"""The type of the first line of a file in the inbox: which message of ours 1C knew when it made this one."""
_LAID: Final = frozenset().union(*(types_of(entity) for entity in TYPES))
_NAMELESS: Final = Sentence(N_("without a reference an object cannot be known again"))
_REQUIRED: Final = {"customer": ("name",), "card": ("uid", "customer"), "order": ("customer",)}
_FOUND_BY: Final = {"id_1c": "", "sku": "Артикул", "name": "Наименование"}
Remember = Callable[[str, Sequence[str]], Mapping[str, bytes]]


class EnterpriseDataAdapter:
    """One base. Implements `systems.base.Adapter`. `remember` and `entities`: as for the exchange with a site."""

    kind = "onec"

    def __init__(self, spoke: str, way: Way, folder: Path) -> None:
        self.account, self.spoke = way.account, spoke
        self._way, self._folder = way, folder
        self.inbox = Inbox(folder / "inbox", "jsonl")
        self.directory = Directory(folder / "directory.jsonl")
        self.remember: Remember | None = None
        self.entities: Collection[str] = ()
        self._composer = Composer(self.account, self.directory, self._customer)
        self._stored: dict[str, int] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._fetched = False

    def capabilities(self, entity: str) -> Capabilities:
        if entity == "product" and self._way.reads:
            return Capabilities(find_by=tuple(_FOUND_BY), id_scheme="id_1c")
        if entity not in TYPES:
            return Capabilities()
        return Capabilities(
            feed="delta" if self._way.reads else "none",
            readable=False,  # one object cannot be asked for
            required=_REQUIRED[entity],
            can_create=True,
            can_update=self._way.reads,  # an object is told whole, and only what 1C has sent is known whole
            keeps_reference=True,
            find_by=("reference",) if self._way.reads else (),
            id_scheme="id_1c",
            create_batch=_BATCH if entity != "order" else 1,
            collects=entity == "order" and self._way.register is not None,
            repeat={"create": "same", "update": "same", "deactivate": "same"},
        )

    # reading

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        """What came since the cursor. The first feed of a run takes in what 1C has for us."""
        if not self._way.reads or entity not in TYPES:
            raise self._cannot()
        self._paths[entity] = tuple(paths)
        stored = int(cursor or 0)
        try:
            self._take_in()
        except Unavailable:
            if not (stored or self.inbox.after(stored)):  # what a person has brought is read all the same
                raise
        self._forget(entity, stored)
        files = self.inbox.after(stored)
        yield from self._confirmed(entity, paths, is_last=not files)
        for number, file in files:
            yield from self._pages(entity, paths, file)
            yield Page([], str(number))
        if not files and cursor is not None:
            yield Page([], cursor)

    def _take_in(self) -> None:
        """What 1C has for us, once a run."""
        if not self._fetched:
            self._way.receive(self.lay_down)
            self._fetched = True

    def lay_down(self, header: Header, items: Iterator[Item]) -> None:
        """Objects of the types that are read, a line each, whole on the disk before 1C is told that they came."""
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"message.{os.getpid()}"
        knew = header.confirmation.received if header.confirmation is not None else 0
        noted: list[Noted] = []
        with part.open("wb") as file:
            file.write(_ENCODE([_KNEW, {"received": knew}, None]) + b"\n")
            told = file.tell()
            for item in items:
                noted += _noted(item)
                if item.type in _LAID:
                    problem = None if item.problem is None else item.problem.sentence.pack()
                    file.write(_ENCODE([item.type, item.data, problem]) + b"\n")
            empty = file.tell() == told
        self.directory.note(noted)
        if empty:
            part.unlink()
        else:
            self.inbox.put(part)

    def _forget(self, entity: str, stored: int) -> None:
        self._stored[entity] = stored
        if self.entities and all(name in self._stored for name in self.entities):
            self.inbox.forget(min(self._stored[name] for name in self.entities))

    def _confirmed(self, entity: str, paths: Sequence[str], *, is_last: bool) -> Iterator[Page]:
        """What 1C has confirmed is shown as it was told: 1C returns nothing of it, and it is sure to stand there now.

        What has been stored so is forgotten, unless a message waits to be read (not `is_last`), which may be older.
        """
        register = self._way.register
        found = [] if register is None else list(register.confirmed(self._way.acknowledged, entity))
        settled = []
        for start in range(0, len(found), _PAGE):
            chunk = found[start : start + _PAGE]
            seen = self.remember(entity, [one.key for one in chunk]) if self.remember is not None else {}
            rows = {one.place: _as_told(one, _decoded(seen.get(one.key)), paths) for one in chunk}
            stored = {one.place for one in chunk if not one.fact and seen.get(one.key) == rows[one.place].body}
            settled += sorted(stored)
            yield Page([row for place, row in rows.items() if place not in stored])
        if register is not None and is_last:
            register.forget(settled)

    def _pages(self, entity: str, paths: Sequence[str], file: Path) -> Iterator[Page]:
        sheet = _Sheet()
        states = _states(file) if entity == "order" else {}
        knew = 0
        for type_, data, problem in _lines(file):
            if type_ == _KNEW:
                knew = data["received"]
            elif type_ == TYPES[entity] or (type_ == DELETED and entity != "order"):
                sheet.read(entity, type_, data, problem, states)
            if sheet.size >= _PAGE:
                yield self._page(entity, paths, sheet, knew)
                sheet = _Sheet()
        sheet.found.update(states)
        yield self._page(entity, paths, sheet, knew)

    def _page(self, entity: str, paths: Sequence[str], sheet: _Sheet, knew: int) -> Page:
        seen = self._seen(entity, list(sheet.found))
        rows: list[Row] = []
        again: list[Told] = []
        self._forget_outdated(entity, sheet.found, knew)
        for key, piece in sheet.found.items():
            told = self._unknown_there(entity, key)
            raw = joined(seen.get(key, {}), piece or {}) if told is None else _completed(told, piece, again)
            rows.append(Row(key, canonical_body(raw, paths), gone=piece is None, reference=key))
        if self._way.register is not None:
            self._way.register.forget([(entity, key) for key, piece in sheet.found.items() if piece is None])
            self._way.register.put(again)
        return Page(rows, None, sheet.unreadable)

    def _forget_outdated(self, entity: str, keys: Iterable[str], knew: int) -> None:
        """1C had taken what we told of these when it made this message: its own word is all there is to know."""
        register = self._way.register
        if register is not None:
            numbers, facts = register.numbers(), register.facts()
            places = [place for place in ((entity, key) for key in keys) if place in numbers and place not in facts]
            register.forget([place for place in places if (numbers[place] or knew + 1) <= knew])

    def _unknown_there(self, entity: str, key: str) -> Told | None:
        """What we have told of a thing that 1C did not know of when it made this message."""
        told = None if self._way.register is None else self._way.register.get(entity, key)
        return None if told is None or told.fact else told

    def _seen(self, entity: str, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        bodies = self.remember(entity, keys) if self.remember is not None else {}
        return {key: _decoded(body) for key, body in bodies.items()}

    def _customer(self, key: str) -> Mapping[str, Any] | None:
        """How a counterparty stands in 1C, or will stand once it has taken what we tell it."""
        told = None if self._way.register is None else self._way.register.get("customer", key)
        return told.row if told is not None else self._seen("customer", [key]).get(key)

    def has_history(self) -> bool:
        return self.inbox.has_history()

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        """As it was seen last: one object cannot be asked for."""
        if entity == "product":
            good = self.directory.get(PRODUCT, external_id.lower())
            return None if good is None else _good(external_id.lower(), good, paths)
        self._paths.setdefault(entity, tuple(paths))
        seen = self._seen(entity, [external_id]).get(external_id)
        if seen is None and self._way.register is not None and entity in TYPES:
            told = self._way.register.get(entity, external_id)
            seen = None if told is None or told.type == DELETED else told.row
        return None if seen is None else Row(external_id, canonical_body(seen, paths), reference=external_id)

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        """Ours by our key; a good by what 1C has told of it."""
        if entity == "product" and scheme in ("sku", "name"):
            found = self.directory.find(PRODUCT, _FOUND_BY[scheme], value)
            return [_good(key, row, paths) for key, row in found]
        is_key = scheme == "reference" or (entity == "product" and scheme == "id_1c")
        row = self.get(entity, value, paths) if is_key else None
        return [] if row is None else [row]

    # writing

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        return self.create_many(entity, [(patch, reference)])[0]

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        """All or none: one that cannot be said refuses the batch; each is then tried alone."""
        told = [self._told(entity, dict(patch), key, None) for patch, key in patches]
        self._way.tell(told)
        return [self._outcome(one) for one in told]

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        del current
        if entity == "order":
            return self._cancel(external_id, patch)
        register = self._way.register
        waiting = None if register is None else register.get(entity, external_id)
        seen = waiting.row if waiting is not None else self._seen(entity, [external_id]).get(external_id)
        if seen is None:
            text = N_("{account}: it is not known how {external_id} stands in 1C; change it there once")
            raise Invalid(text, account=self.account, external_id=external_id)
        base = seen if waiting is None else self._start(waiting)
        told = self._told(entity, {**seen, **patch}, external_id, base)
        self._way.tell([told])
        return self._outcome(told)

    def _start(self, waiting: Told) -> Mapping[str, Any] | None:
        """From what a further change starts: what 1C has, or what it may have."""
        confirmed = waiting.number is not None and waiting.number <= self._way.acknowledged
        if confirmed or (waiting.base is None and waiting.number is not None):
            return waiting.row
        return waiting.base

    def _cancel(self, key: str, patch: Raw) -> Outcome:
        told = self._cancelled(key, patch, fact=False)
        self._way.tell([told])
        seen = self._seen("order", [key]).get(key)
        if seen is None or self._way.register is not None:
            return Outcome(key)
        return Outcome(key, _as_told(told, seen, self._paths.get("order", tuple(seen))))

    def _cancelled(self, key: str, patch: Raw, *, fact: bool) -> Told:
        if patch.get(CANCEL) is not True:
            text = N_("{account}: an order that 1C has is not told anew; change it there")
            raise Invalid(text, account=self.account)
        return deleted("order", TYPES["order"], key, fact=fact)

    def _told(
        self, entity: str, row: dict[str, Any], key: str, base: Mapping[str, Any] | None, *, fact: bool = False
    ) -> Told:
        if entity not in TYPES:
            raise self._cannot()
        named = self._composer.completed(entity, row, key)
        return Told(entity, TYPES[entity], key, named, None if base is None else dict(base), fact)

    def _outcome(self, told: Told) -> Outcome:
        """Where 1C has taken it, it is seen to stand there; where it only lies ready, not before it was confirmed."""
        if self._way.register is not None:
            return Outcome(told.key)
        return Outcome(told.key, _as_told(told, {}, self._paths.get(told.entity, tuple(told.row))))

    def send_off(self, offered: Iterable[Offered]) -> list[tuple[int, ConnectorError]]:
        """What is ready leaves, what the outbox offers included; those offers that cannot be told, and why."""
        refused: list[tuple[int, ConnectorError]] = []
        if self._way.register is not None:
            waiting = list(offered)
            try:
                self._take_in()
            except Unavailable:
                if waiting:
                    raise
                return refused  # 1C has never written, and there is nothing that it would have to be told
            self._register(waiting, refused)
        self._way.send_off()
        return refused

    def _register(self, offered: Iterable[Offered], refused: list[tuple[int, ConnectorError]]) -> None:
        """Facts stand in the register as they are offered now, and no longer than they are."""
        register = self._way.register
        assert register is not None
        kept: set[Key] = set()
        fresh: list[tuple[int, Told]] = []
        for one in offered:
            try:
                told = self._offered(one)
            except RejectedError as error:
                refused.append((one.id, error))
                continue
            before = register.get(*told.place)
            if before is not None and (before.type, before.row) == (told.type, told.row):
                kept.add(told.place)
            else:
                fresh.append((one.id, told))
        for start in range(0, len(fresh), _BATCH):
            kept |= self._tell_some(fresh[start : start + _BATCH], refused)
        register.forget(register.facts() - kept)

    def _tell_some(self, fresh: Sequence[tuple[int, Told]], refused: list[tuple[int, ConnectorError]]) -> set[Key]:
        """Those of them that can be said; one that cannot does not hold up the others."""
        try:
            self._way.tell([told for _, told in fresh])
        except RejectedError as error:
            if len(fresh) == 1:
                refused.append((fresh[0][0], error))
                return set()
            return set().union(*(self._tell_some([one], refused) for one in fresh))
        return {told.place for _, told in fresh}

    def _offered(self, one: Offered) -> Told:
        if one.problem is not None:
            text = N_("{account}: it cannot be told to 1C: {reason}")
            raise Invalid(text, account=self.account, reason=one.problem.sentence)
        key = one.external_id or one.uid
        if one.raw.get(CANCEL) is not True and "Товары" in one.raw:  # it is offered whole
            return self._told(one.entity, dict(one.raw), key, None, fact=True)
        return self._cancelled(key, one.raw, fact=True)

    def delete(self, entity: str, external_id: str) -> Outcome:
        raise self._cannot()

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        raise self._cannot()

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        raise self._cannot()

    def _cannot(self) -> ConnectorError:
        return Invalid(N_("{account}: an exchange by messages with 1C has no such call"), account=self.account)

    # the rest

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        """What the way says of itself. 1C is asked and nothing is changed."""
        del entities
        return self._way.check()

    def requests(self) -> int:
        return self._way.requests()

    def close(self) -> None:
        self._way.close()


class _Sheet:
    """A page being made: key -> what was said of it, None where it is gone; and what could not be read."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any] | None] = {}
        self.unreadable: list[tuple[str, str | Sentence]] = []

    @property
    def size(self) -> int:
        return len(self.found) + len(self.unreadable)

    def read(
        self, entity: str, type_: str, data: Mapping[str, Any], problem: str | None, states: dict[str, dict[str, Any]]
    ) -> None:
        piece = None if problem is not None else piece_of(entity, type_, data)
        if piece is not None:
            row = joined(joined(self.found.get(piece.key) or {}, piece.row), states.pop(piece.key, {}))
            self.found[piece.key] = None if piece.gone else row
        elif type_ != DELETED:
            said = _NAMELESS if problem is None else Sentence.unpack(problem)
            self.unreadable.append((reference_of(data) or "", said))


def _lines(file: Path) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    with file.open("rb") as lines:
        yield from map(_DECODE, lines)


def _states(file: Path) -> dict[str, dict[str, Any]]:
    """What a message says of orders beside the orders themselves: order -> piece of its row."""
    states: dict[str, dict[str, Any]] = {}
    wanted = types_of("order") - {TYPES["order"]}
    for type_, data, problem in _lines(file):
        if type_ in wanted and problem is None and (piece := piece_of("order", type_, data)) is not None:
            states[piece.key] = joined(states.get(piece.key, {}), piece.row)
    return states


def _noted(item: Item) -> Iterator[Noted]:
    """What the directory keeps of an object."""
    if item.problem is not None:
        return
    if item.type == DELETED:
        for type_ in KEPT:
            if (gone := deleted_of(item.data, type_)) is not None:
                yield type_, gone, None
    elif item.type in KEPT and (key := reference_of(item.data)) is not None:
        yield item.type, key, flat(item.data)


def _as_told(told: Told, seen: Mapping[str, Any], paths: Sequence[str]) -> Row:
    """The row as it stands in 1C once it has taken this. The number of a document is 1C's to say."""
    if told.type == DELETED:
        row = joined(seen, {STATE: {"Удален": True}})
    elif told.entity == "order":
        said = {name: value for name, value in told.row.items() if name != "Номер"}
        row = {STATE: NEW_ORDER, **seen, **said}
    else:
        row = told.row
    return Row(told.key, canonical_body(row, paths), reference=told.key)


def _decoded(body: bytes | None) -> dict[str, Any]:
    return {} if body is None else decode_body(body)


def _completed(told: Told, piece: Mapping[str, Any] | None, again: list[Told]) -> dict[str, Any]:
    """The row as it will stand once 1C has taken what we have told; that is told again on top of 1C's own change."""
    if piece is None:
        return told.row
    row = joined(told.base or {}, piece)
    raw = overlaid(row, told.base or {}, told.row)
    if (raw, row) != (told.row, told.base):
        again.append(Told(told.entity, told.type, told.key, raw, row))
    return raw


def _good(key: str, row: Mapping[str, Any], paths: Sequence[str]) -> Row:
    return Row(key, canonical_body(row, paths))


__all__ = ["CUSTOMER", "TYPES", "EnterpriseDataAdapter"]
