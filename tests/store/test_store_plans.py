"""What a run asks on its way is answered from an index: its cost must follow the changes, not the size of the base."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connector.model.states import Operation
from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.store.db import Db
from connector.store.hub import TO_MERGE, TO_PLAN

Asked = list[tuple[str, tuple[Any, ...]]]
BIG = ("hub", "identifier", "link", "operation", "conflict", "journal", "holding", "lookup", "dirty")


@pytest.fixture(params=["as made", "analysed"])
def asked(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Every statement with its parameters, from now on."""
    found: Asked = []
    for name in ("all", "run"):
        kept = getattr(Db, name)

        def note(self: Db, sql: str, params: Any = (), kept: Any = kept) -> Any:
            found.append((sql, tuple(params)))
            return kept(self, sql, params)

        monkeypatch.setattr(Db, name, note)
    fill(store)
    if request.param == "analysed":
        store.db.run("ANALYZE")
    found.clear()
    yield found
    monkeypatch.undo()


def fill(store: Store) -> None:
    numbers = range(300)
    store.hub.add("customer", [(f"u{number:04d}", b"{}") for number in numbers])
    store.hub.identify([("customer", "phone", str(number), f"u{number:04d}") for number in numbers])
    store.hub.mark("customer", [f"u{number:04d}" for number in numbers])
    links = [
        NewLink(str(number), f"u{number:04d}", 1, b"{}", b"", None, None, 0, None, 1, "created", "run", "")
        for number in numbers
    ]
    for spoke in ("kafe", "buh"):
        store.crosswalk.add(store.crosswalk.feed(spoke, "customer"), links)
    done = [
        Operation(entity="customer", account="kafe", spoke="kafe", uid=f"u{number:04d}", verb="update", external_id="1",
                  patch={}, status="done") for number in numbers
    ]  # fmt: skip
    store.outbox.intend(done, 1, "")


UIDS = ["u0001", "u0002", "u0299"]
IDS = ["1", "2", "299"]

WAYS: dict[str, Callable[[Store], object]] = {
    "a page is looked up": lambda store: store.crosswalk.known(1, IDS),
    "what was seen": lambda store: store.crosswalk.seen("kafe", "customer", IDS),
    "links of records": lambda store: store.crosswalk.of(UIDS),
    "a link of a row": lambda store: store.crosswalk.at("kafe", "customer", "1"),
    "links of an id": lambda store: store.crosswalk.by_external_id("1"),
    "references out": lambda store: store.crosswalk.targets("kafe", "customer", UIDS),
    "references in": lambda store: store.crosswalk.resolve("kafe", "customer", IDS),
    "primary links": lambda store: store.crosswalk.primaries(1, UIDS),
    "held cards": lambda store: store.crosswalk.held(1, IDS),
    "look-ups": lambda store: store.crosswalk.looked_up(1, UIDS),
    "bodies": lambda store: store.hub.bodies(UIDS),
    "survivors": lambda store: store.hub.survivor("u0001"),
    "walking records": lambda store: store.hub.uids("customer", "u0100", 10),
    "identifiers": lambda store: store.hub.identifiers(UIDS),
    "holders": lambda store: store.hub.holders("customer", IDS),
    "holders of any kind": lambda store: store.hub.by_value("1"),
    "what to merge": lambda store: store.hub.marked("customer", TO_MERGE, "u0100", 10),
    "what to plan": lambda store: store.hub.marked("customer", TO_PLAN),
    "open operations": lambda store: store.outbox.with_status("sent", "unknown"),
    "how many are open": lambda store: store.outbox.count_open(),
    "operations of records": lambda store: store.outbox.unfinished(UIDS),
    "what we created": lambda store: store.outbox.created(UIDS),
    "questions under a rule": lambda store: store.conflicts.by_rule("manual"),
    "who has what": lambda store: store.crosswalk.joined(UIDS),
    "work of records": lambda store: store.hub.marked_among(UIDS, TO_MERGE),
    "operations of a run": lambda store: store.outbox.of_run(1),
    "refusals": lambda store: store.outbox.forget_refusals("u0001", "kafe", "update"),
    "open questions": lambda store: store.conflicts.open_of(UIDS),
    "how many questions": lambda store: store.conflicts.count_open(),
    "a question that vanished": lambda store: store.conflicts.vanish("u0001", "phone", "agreed", ""),
    "rows read anew": lambda store: store.journal.clear_row("kafe", "customer", IDS),
    "records that wait no more": lambda store: store.journal.clear_waiting(UIDS),
}


def test_no_big_table_is_read_through(store: Store, asked: Asked) -> None:
    for way, ask in WAYS.items():
        asked.clear()
        ask(store)
        statements = list(asked)
        assert statements, way
        for sql, params in statements:
            for step in plan(store, sql, params):
                assert not any(read_through(step, table) for table in BIG), f"{way}: {sql}\n{step}"


def test_what_has_no_index_is_noticed(store: Store, asked: Asked) -> None:
    """The test above can fail."""
    steps = plan(store, "SELECT * FROM link WHERE how = ?", ("created",))
    assert any(read_through(step, "link") for step in steps)


def plan(store: Store, sql: str, params: tuple[Any, ...]) -> list[str]:
    if store.db.sqlite:
        return [str(row[3]) for row in store.db.all(f"EXPLAIN QUERY PLAN {sql}", params)]
    with store.transaction():
        store.db.run("SET LOCAL enable_seqscan = off")  # what is still read through has no index at all
        return [str(row[0]) for row in store.db.all(f"EXPLAIN {sql}", params)]


def read_through(step: str, table: str) -> bool:
    words = step.replace("->", " ").split()
    if words[:2] == ["Seq", "Scan"]:
        return words[3] == table
    if words[:2] in (["SEARCH", table], ["SEARCH", table[0]]):  # by what most rows have in common
        return step.endswith(("(entity=?)", "(feed=?)", "(is_primary=?)"))
    return words[:1] == ["SCAN"] and words[1] in (table, table[0]) and "INDEX" not in words
