"""The exchange with a site as an account: what 1C has sent is read, and what we have for it lies ready until it comes.

Nothing is ever called here. The server takes the files of 1C into an inbox (`onec.inbox`) and hands out operations that
are offered; a run reads the inbox as a feed whose cursor is the number of the last file. Files tell of one thing in
pieces, goods here and stocks there, so a row is what was seen of it last with the new piece laid over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from connector.errors import BrokenAnswer, ConnectorError, Invalid, RowError, StopError
from connector.locale import N_, Sentence
from connector.systems.base import Capabilities, Check, Page, Row
from connector.systems.onec.commerceml.reader import Item, read_file
from connector.systems.onec.commerceml.state import state_of
from connector.systems.onec.inbox import Inbox
from connector.systems.rows import canonical_body, decode_body
from connector.systems.uncalled import Uncalled

if TYPE_CHECKING:
    from connector.config import Account

INBOX: Final = "inbox"
STATE: Final = "Состояние"
"""Where a row of an order says what became of it, in one form whatever the version: see `_state`."""

_PAGE: Final = 500
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "order": frozenset({"order"}),
    "product": frozenset({"product", "offer"}),
    "customer": frozenset({"customer"}),
    "category": frozenset({"group"}),
    "storage": frozenset({"storage"}),
}
_READ: Final = Capabilities(feed="delta")
_ORDERS: Final = Capabilities(
    feed="delta",
    can_create=True,
    can_update=True,
    partial_update=False,
    collects=True,
    keeps_reference=True,
    repeat={"create": "same", "update": "same", "deactivate": "same"},
)
Remember = Callable[[str, Sequence[str]], Mapping[str, bytes]]


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> CommercemlAdapter:
    """The adapter of a configured account."""
    del clock, sleep
    assert account.folder is not None
    return CommercemlAdapter(account.name, account.spoke, account.folder)


class CommercemlAdapter(Uncalled):
    """One site as 1C sees it. Implements `systems.base.Adapter`.

    `remember` gives the bodies that were stored last; `entities` are those that are read by a route: what all of them
    have stored is forgotten.
    """

    kind = "onec"

    def __init__(self, account: str, spoke: str, folder: Path, remember: Remember | None = None) -> None:
        self.account, self.spoke, self.folder = account, spoke, folder
        self.inbox = Inbox(folder / INBOX)
        self.remember = remember
        self.entities: Collection[str] = ()
        self._stored: dict[str, int] = {}

    def capabilities(self, entity: str) -> Capabilities:
        if entity == "order":
            return _ORDERS
        return _READ if entity in _KINDS else Capabilities()

    # reading

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        """The files behind the cursor, in the order in which they came; the cursor moves at the end of each."""
        if entity not in _KINDS:
            raise self._cannot()
        self._forget(entity, int(cursor or 0))
        for number, file in self.inbox.after(int(cursor or 0)):
            yield from self._pages(entity, paths, file)
            yield Page([], str(number))

    def _forget(self, entity: str, stored: int) -> None:
        self._stored[entity] = stored
        if self.entities and all(name in self._stored for name in self.entities):
            self.inbox.forget(min(self._stored[name] for name in self.entities))

    def _pages(self, entity: str, paths: Sequence[str], file: Path) -> Iterator[Page]:
        found: dict[str, Item] = {}
        unreadable: list[tuple[str, str]] = []
        try:
            with file.open("rb") as stream:
                for item in read_file(stream, file.name).items:
                    if item.kind not in _KINDS[entity]:
                        continue
                    if item.problem is not None:
                        unreadable.append((item.id, str(item.problem)))
                    else:
                        found[item.id] = _over(found.get(item.id), item)
                    if len(found) + len(unreadable) >= _PAGE:
                        yield self._page(entity, paths, found, unreadable)
                        found, unreadable = {}, []
        except BrokenAnswer as error:
            unreadable.append(("", str(error)))  # it was whole when it came; the files behind it are read all the same
        yield self._page(entity, paths, found, unreadable)

    def _page(
        self, entity: str, paths: Sequence[str], found: Mapping[str, Item], unreadable: Sequence[tuple[str, str]]
    ) -> Page:
        seen = self.remember(entity, list(found)) if self.remember is not None else {}
        problems = list(unreadable)
        rows = []
        for key, item in found.items():
            try:
                data = _row(entity, item)
            except RowError as error:
                problems.append((key, str(error)))
                continue
            raw = {**decode_body(seen[key]), **data} if key in seen else data
            gone = item.gone and entity != "order"
            rows.append(Row(key, canonical_body(raw, paths), gone=gone, reference=_reference(entity, item)))
        return Page(rows, None, problems)

    def has_history(self) -> bool:
        return self.inbox.has_history()

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        """As it was seen last: 1C cannot be asked."""
        seen = self.remember(entity, [external_id]) if self.remember is not None else {}
        body = seen.get(external_id)
        return None if body is None else Row(external_id, canonical_body(decode_body(body), paths))

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        return []

    # writing: 1C fetches

    def _cannot(self) -> ConnectorError:
        text = N_("{account} cannot be called: 1C comes by itself, by its exchange with a site")
        return Invalid(text, account=self.account)

    # the rest

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        """Whether the folder can be used, and what waits in it."""
        del entities
        try:
            self.inbox.folder.mkdir(parents=True, exist_ok=True)
            waiting = self.inbox.waiting()
        except (OSError, StopError) as error:
            text = Sentence(N_("{folder} cannot be used: {reason}"), folder=self.folder, reason=type(error).__name__)
            return [Check(name="folder", ok=False, text=text)]
        said = Sentence(N_("1C comes by itself, at /exchange/{account}"), account=self.account)
        files = Sentence(N_("{count} files of 1C wait for the next run"), count=waiting)
        return [Check(name="endpoint", ok=True, text=said), Check(name="inbox", ok=True, text=files)]

    def requests(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is held open."""


def _over(before: Item | None, item: Item) -> Item:
    """One thing told twice in a page: the later word counts, what it does not say stands."""
    return item if before is None else item._replace(data={**before.data, **item.data})


def _row(entity: str, item: Item) -> dict[str, Any]:
    return {**item.data, STATE: _state(item)} if entity == "order" else dict(item.data)


def _state(item: Item) -> dict[str, Any]:
    """What 1C says became of an order. A key that is not there was not said."""
    state = state_of(item.data)
    shipped = state.shipped if state.shipment is None else True
    cancelled = None if state.cancelled is None and state.deleted is None else bool(state.cancelled or state.deleted)
    said = {
        "Номер1С": state.number_1c,
        "Дата1С": state.date_1c,
        "Статус": state.status,
        "Проведен": state.posted,
        "Отменен": cancelled,
        "Отгружен": shipped,
        "Оплачен": None if state.payment is None else True,
    }
    return {name: value for name, value in said.items() if value is not None}


def _reference(entity: str, item: Item) -> str | None:
    """Our uid stands in the `Ид` of an order that we gave; 1C returns it as it was."""
    if entity != "order":
        return None
    key = str(item.data.get("Ид", "")).casefold()
    try:
        return key if str(UUID(key)) == key else None
    except ValueError:
        return None


class Returned(NamedTuple):
    """An order as 1C sends it back. `uid` is its `Ид` where that is a GUID: ours, or one that 1C has given it."""

    number: str
    uid: str | None = None
    day: str | None = None
    data: Mapping[str, Any] = {}

    def row(self, paths: Sequence[str]) -> Row:
        """As a feed would show it."""
        return Row(self.number, canonical_body(self.data, paths), reference=self.uid)


def orders_of(items: Iterator[Item]) -> Iterator[Returned]:
    """Every order in a file: 1C holds them. One whose state cannot be read is there all the same, and says nothing."""
    for item in items:
        if item.kind == "order" and item.id:
            try:
                data = _row("order", item)
            except RowError:
                data = {}
            yield Returned(item.id, _reference("order", item), str(item.data.get("Дата", ""))[:10] or None, data)
