"""What the lines of documents refer to. A good is never made in 1C from here, and never chosen where there is doubt.

Each good that a source mentions is a record of the hub, linked to what the source calls it, so that a person can say
once for all which good of 1C it is (`connector links link`). In a target it is found by its link, its GUID, its
barcode, its article and at last its name, each of which must fit exactly one; what was found is linked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from connector.errors import RejectedError, RowError
from connector.locale import N_, Sentence
from connector.mapping import Mapping as Compiled
from connector.model.records import as_dict, fields_of
from connector.model.routes import Route
from connector.model.states import How, Link
from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.sync.identity import identifiers
from connector.sync.people import merge_records
from connector.sync.rows import decode, encode
from connector.sync.sight import digest
from connector.sync.view import Mappings
from connector.systems.base import Adapter, Row

ENTITY: Final = "product"
SHIPPING: Final = "shipping"
"""How a source's delivery is called among its goods."""

_LADDER: Final[tuple[How, ...]] = ("id_1c", "sku", "name")

Line = Mapping[str, Any]


def mention_of(line: Line) -> str | None:
    """What a source calls the good of a line: its id there, else its article, else its name."""
    return next((str(line[name]) for name in ("product", "sku", "name") if line.get(name) is not None), None)


@dataclass(slots=True)
class Found:
    """What became of the goods that were asked for: uid -> external id there, and uid -> why it is not known."""

    known: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, Sentence] = field(default_factory=dict)


class Goods:
    """Goods as sources mention them, and as targets have them."""

    def __init__(
        self,
        store: Store,
        mappings: Mappings,
        adapters: Mapping[str, Adapter],
        run: int,
        at: str,
        fresh_uid: Callable[[], str],
    ) -> None:
        self.store = store
        self.mappings = mappings
        self.adapters = adapters
        self.run = run
        self.at = at
        self.fresh_uid = fresh_uid
        self._asked: dict[tuple[str, str], Sentence] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._rates: dict[tuple[str, str], str | None] = {}

    # sources

    def mentioned(self, spoke: str, lines: Iterable[Line]) -> dict[str, str]:
        """mention -> uid of every good that these lines name; new ones become records of the hub."""
        named = {mention: line for line in lines if (mention := mention_of(line)) is not None}
        known = self.store.crosswalk.resolve(spoke, ENTITY, named)
        fresh = {mention: self.fresh_uid() for mention in named if mention not in known}
        self._add(spoke, {mention: (uid, named[mention]) for mention, uid in fresh.items()})
        return {**known, **fresh}

    def shipping(self, spoke: str, name: str) -> str:
        """The uid of what stands for the delivery of a source, called by the name that the target's mapping gives."""
        return self.mentioned(spoke, [{"product": SHIPPING, "name": name}])[SHIPPING]

    def _add(self, spoke: str, fresh: Mapping[str, tuple[str, Line]]) -> None:
        links: list[NewLink] = []
        bodies: list[tuple[str, bytes]] = []
        keys: list[tuple[str, str, str, str]] = []
        for mention, (uid, line) in fresh.items():
            values = {name: line[name] for name in fields_of(ENTITY) if line.get(name) is not None}
            bodies.append((uid, encode(values)))
            links.append(
                NewLink(mention, uid, 1, None, None, None, None, 0, None, self.run, "created", "run", self.at)
            )  # fmt: skip
            keys.extend((ENTITY, scheme, value, uid) for scheme, value in identifiers(ENTITY, values))
        self.store.hub.add(ENTITY, bodies)
        self.store.crosswalk.add(self.store.crosswalk.feed(spoke, ENTITY), links)
        self.store.hub.identify(keys)

    # targets

    def resolve(self, route: Route, uids: Iterable[str]) -> Found:
        """Where these goods are in a target. Asks it about what is not linked yet, once a run for each good.

        Raises what the adapter raises when the target cannot be asked.
        """
        found = Found()
        wanted = {uid for uid in uids if not self._remembered(route.spoke, uid, found)}
        survivors = {uid: self.store.hub.survivor(uid) for uid in wanted}
        known = self.store.crosswalk.targets(route.spoke, ENTITY, survivors.values()) if survivors else {}
        for uid, survivor in sorted(survivors.items()):
            answer = known.get(survivor) or self._look_for(route, survivor)
            if isinstance(answer, Sentence):
                self._asked[route.spoke, uid] = found.unknown[uid] = answer
            else:
                self._known[route.spoke, uid] = found.known[uid] = answer
        return found

    def rates(self, route: Route, known: Mapping[str, str]) -> dict[str, str]:
        """uid -> rate of VAT that a good has in a target now, where its mapping reads it; asked once a run for each."""
        mapping = self.mappings.get((route.spoke, ENTITY))
        if mapping is None or "vat_rate" not in mapping.reads:
            return {}
        for external_id in known.values():
            if (route.spoke, external_id) not in self._rates:
                row = self.adapters[route.account].get(ENTITY, external_id, mapping.paths)
                rate = None if row is None else as_dict(mapping.read(decode(row.body), [])).get("vat_rate")
                self._rates[route.spoke, external_id] = rate if isinstance(rate, str) else None
        told = {uid: self._rates[route.spoke, external_id] for uid, external_id in known.items()}
        return {uid: rate for uid, rate in told.items() if rate is not None}

    def _remembered(self, spoke: str, uid: str, found: Found) -> bool:
        """Whether this run has asked for it already."""
        if (external_id := self._known.get((spoke, uid))) is not None:
            found.known[uid] = external_id
        elif (told := self._asked.get((spoke, uid))) is not None:
            found.unknown[uid] = told
        else:
            return False
        return True

    def _look_for(self, route: Route, uid: str) -> str | Sentence:
        mapping = self.mappings.get((route.spoke, ENTITY))
        adapter = self.adapters[route.account]
        if mapping is None or not adapter.capabilities(ENTITY).find_by:
            text = N_("{account} cannot be asked for goods; link this one by hand")
            return Sentence(text, account=route.account)
        try:
            return self._ask(route, adapter, mapping, uid)
        except RejectedError as error:
            return error.sentence

    def _ask(self, route: Route, adapter: Adapter, mapping: Compiled, uid: str) -> str | Sentence:
        """The external id of the one that fits by the first key that any fits; else why there is none."""
        links = [link for link in self.store.crosswalk.of([uid])[uid] if link.spoke != route.spoke]
        body = decode(self.store.hub.bodies([uid])[uid])
        tried = []
        for scheme, value in self._keys(body, links, adapter.capabilities(ENTITY).find_by):
            rows = [row for row in adapter.find(ENTITY, scheme, value, mapping.paths) if not row.gone]
            if len(rows) > 1:
                rows = self._called_alike(rows, mapping, body) or rows
            if len(rows) > 1:
                text = N_("{account} has {count} goods with {scheme} “{value}”: nothing tells which is meant")
                return Sentence(text, account=route.account, count=len(rows), scheme=scheme, value=value)
            if rows:
                return self._linked(route, mapping, uid, links, rows[0], scheme)
            tried.append(f"{scheme} “{value}”")
        text = N_("{account} has no such good: {tried}")
        return Sentence(text, account=route.account, tried=", ".join(tried) or "—")

    @staticmethod
    def _keys(body: Line, links: Sequence[Link], find_by: Sequence[str]) -> list[tuple[How, str]]:
        """What it can be found by, the surest first. An id that is a GUID may be 1C's own (CommerceML)."""
        guids = [link.external_id for link in links if _is_guid(link.external_id)]
        values = {"id_1c": guids[:1], **{name: [body[name]] for name in ("sku", "name") if body.get(name) is not None}}
        return [(scheme, str(value)) for scheme in _LADDER if scheme in find_by for value in values.get(scheme, ())]

    @staticmethod
    def _called_alike(rows: Sequence[Row], mapping: Compiled, body: Line) -> list[Row]:
        """Of several with one article those that are called the same."""
        wanted = _folded(body.get("name"))
        return [row for row in rows if wanted and _folded(_name(mapping, row)) == wanted]

    def _linked(
        self, route: Route, mapping: Compiled, uid: str, links: Sequence[Link], row: Row, scheme: How
    ) -> str | Sentence:
        """Keep what was found. A good of the target that is another good of the same source already is in doubt."""
        other = self.store.crosswalk.resolve(route.spoke, ENTITY, [row.external_id]).get(row.external_id)
        if other is None:
            with self.store.transaction():
                self._link(route, mapping, uid, row, scheme)
            return row.external_id
        own = {link.spoke: link.external_id for link in links}
        twice = [link for link in self.store.crosswalk.of([other])[other] if link.spoke in own and link.primary]
        if twice:
            text = N_("the good of {account} with this {scheme} is “{other}” of {system} already; join them by hand")
            return Sentence(
                text, account=route.account, scheme=scheme, other=twice[0].external_id, system=twice[0].spoke
            )
        with self.store.transaction(durable=True):
            merge_records(self.store, uid, other, at=self.at, by="run")
        return row.external_id

    def _link(self, route: Route, mapping: Compiled, uid: str, row: Row, scheme: How) -> None:
        link = NewLink(
            row.external_id, uid, 1, row.body, digest(mapping, row.body), None, row.version, 0, row.changed_at,
            self.run, scheme, "run", self.at,
        )  # fmt: skip
        self.store.crosswalk.add(self.store.crosswalk.feed(route.spoke, ENTITY), [link])
        id_scheme = self.adapters[route.account].capabilities(ENTITY).id_scheme
        if id_scheme is not None:
            self.store.hub.identify([(ENTITY, id_scheme, row.external_id, uid)])


def meet(
    store: Store, adapter: Adapter, mapping: Compiled, external_id: str, uid: str, *, at: str, by: str
) -> Link | None:
    """A good of a target that a person names: read there, kept as the record `uid`, for others to be joined with."""
    row = adapter.get(ENTITY, external_id, mapping.paths)
    if row is None:
        return None
    values = {name: value for name, value in as_dict(mapping.read(decode(row.body), [])).items() if value is not None}
    link = NewLink(
        row.external_id, uid, 1, row.body, digest(mapping, row.body), None, row.version, int(row.gone), row.changed_at,
        0, "manual", by, at,
    )  # fmt: skip
    with store.transaction(durable=True):
        store.hub.add(ENTITY, [(uid, encode(values))])
        store.crosswalk.add(store.crosswalk.feed(adapter.spoke, ENTITY), [link])
        store.hub.identify([(ENTITY, scheme, value, uid) for scheme, value in identifiers(ENTITY, values)])
    return store.crosswalk.at(adapter.spoke, ENTITY, row.external_id)


def lines_there(store: Store, spoke: str, lines: Sequence[Line], *, strict: bool = True) -> list[dict[str, Any]]:
    """Lines whose goods are named as a spoke does. RowError for one that it has not; it is left out if not `strict`.

    Goods that were found to be one since the lines were written are one.
    """
    uids = {line["product"] for line in lines if line.get("product")}
    survivors = {uid: store.hub.survivor(uid) for uid in uids}
    known = store.crosswalk.targets(spoke, ENTITY, survivors.values()) if uids else {}
    told = []
    for number, line in enumerate(lines, 1):
        own = {name: value for name, value in line.items() if name != "product"}
        uid = line.get("product")
        external_id = known.get(survivors.get(uid, "")) if uid else None
        if external_id is None and uid and strict:
            raise RowError(f"lines.{number}.product", line.get("name"), N_("this good is not known there any more"))
        told.append(own if external_id is None else {"product": external_id, **own})
    return told


def _name(mapping: Compiled, row: Row) -> Any:
    return getattr(mapping.read(decode(row.body), []), "name", None)


def _folded(value: Any) -> str:
    return " ".join(value.split()).casefold() if isinstance(value, str) else ""


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
