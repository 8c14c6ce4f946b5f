"""One writer at a time, all or nothing, durable where asked, readers never kept waiting: on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import create_engine

from connector.errors import StopError, Unavailable
from connector.store import Store
from connector.store.db import Db
from connector.store.failures import StatementRefused

Open = Callable[..., Store]

COUNT = "SELECT value FROM meta WHERE key = 'count'"


def test_a_failure_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction():
        put(store, "a", "1")
        store.db.many("INSERT INTO meta (key, value) VALUES (?, ?)", [("b", "1"), ("c", "1")])
        raise KeyError
    assert store.db.all("SELECT * FROM meta") == []
    assert store.db.undone == 1


def test_inner_transactions_join_the_outer_one(store: Store, opened: Open) -> None:
    with store.transaction():
        with store.transaction():
            put(store, "a", "1")
        assert opened().db.all("SELECT * FROM meta") == []
    assert opened().db.all("SELECT * FROM meta") == [("a", "1")]


def test_a_failure_that_was_passed_over_keeps_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError, match="nothing is kept"), store.transaction():
        put(store, "a", "1")
        with pytest.raises(KeyError), store.transaction():
            put(store, "b", "1")
            raise KeyError
    assert store.db.all("SELECT * FROM meta") == []


@pytest.mark.parametrize("statement", ["INSERT INTO meta (key) VALUES ('a')", "SELECT nothing FROM meta"])
def test_a_refused_statement_that_was_passed_over_keeps_nothing(store: Store, statement: str) -> None:
    """PostgreSQL would say nothing and turn the commit into a rollback; SQLite would keep the half."""
    with pytest.raises(RuntimeError, match="nothing is kept"), store.transaction():
        put(store, "b", "1")
        with pytest.raises(Exception, match=r"NOT NULL|not-null|nothing"):
            store.db.all(statement)
    assert store.db.all("SELECT * FROM meta") == []
    put(store, "a", "1")
    assert store.db.value("SELECT count(*) FROM meta") == 1


def test_no_increment_is_lost_between_threads(store: Store, opened: Open) -> None:
    put(store, "count", "0")
    threads = [threading.Thread(target=increments, args=(opened(), 25)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.db.value(COUNT) == "100"


def increments(store: Store, times: int) -> None:
    for _ in range(times):
        with store.transaction():
            held = int(store.db.value(COUNT))
            store.db.run("UPDATE meta SET value = ? WHERE key = 'count'", (str(held + 1),))


def test_without_the_one_writer_an_increment_is_lost(store: Store) -> None:
    """What both databases do by default, and why every transaction of ours begins as a writer (W2)."""
    put(store, "count", "0")
    first, second = (plain(store) for _ in range(2))
    held = [int(db.value(COUNT)) for db in (first, second)]
    for db, value in zip((first, second), held, strict=True):
        with db.open().begin():
            sql = "UPDATE meta SET value = ? WHERE key = 'count'" if db.sqlite else "UPDATE meta SET value = %s"
            db.open().exec_driver_sql(sql, (str(value + 1),))
        db.close()
    assert store.db.value(COUNT) == "1", "two increments, one lost, no error"


def plain(store: Store) -> Db:
    """The same database without anything of ours on the begin event."""
    options = {} if store.db.sqlite else {"connect_args": {"options": f"-csearch_path={store.db.schema}"}}
    return Db(create_engine(store.db.engine.url, **options), None)


def test_the_second_reader_for_update_waits_for_the_first(store: Store, opened: Open) -> None:
    hasty = opened(0.2)
    with store.transaction():
        with pytest.raises(Unavailable, match="busy"), hasty.transaction():
            pytest.fail("it read what is about to change")
        put(store, "a", "1")
    with hasty.transaction():
        assert hasty.db.value("SELECT value FROM meta WHERE key = 'a'") == "1"


def test_single_statements_wait_for_their_turn_too(store: Store, opened: Open) -> None:
    hasty = opened(0.2)
    with store.transaction():
        with pytest.raises(Unavailable, match="busy"):
            put(hasty, "a", "1")
        with pytest.raises(Unavailable, match="busy"):
            hasty.runs.begin("2026-11-21T10:00:00+03:00")
    put(hasty, "a", "1")


def test_readers_do_not_wait_for_a_writer(store: Store, opened: Open) -> None:
    store.crosswalk.feed("kafe", "customer")
    reader = opened(0.2)
    with store.transaction():
        put(store, "a", "1")
        assert reader.db.all("SELECT * FROM meta") == []
        assert reader.crosswalk.count("kafe", "customer") == 0
        assert reader.crosswalk.targets("kafe", "customer", ["u"]) == {}
        assert reader.runs.last() == []
        assert reader.outbox.count_open() == 0
    assert reader.db.all("SELECT * FROM meta") == [("a", "1")]


def test_a_snapshot_is_one_moment(store: Store, opened: Open) -> None:
    put(store, "a", "1")
    other = opened(0.2)
    with store.db.snapshot():
        assert store.db.value("SELECT count(*) FROM meta") == 1
        put(other, "b", "1")
        assert store.db.value("SELECT count(*) FROM meta") == 1
        assert [len(rows) for rows in store.db.each("SELECT key FROM meta")] == [1]
    assert store.db.value("SELECT count(*) FROM meta") == 2


def test_nothing_is_written_in_a_snapshot(store: Store) -> None:
    """It would be gone with it, and nobody would know."""
    for write in (lambda: put(store, "a", "1"), lambda: store.runs.begin("")):
        with pytest.raises(RuntimeError, match="snapshot"), store.db.snapshot():
            write()
    put(store, "a", "1")
    with store.transaction(), store.db.snapshot():
        put(store, "b", "1")
    assert store.db.value("SELECT count(*) FROM meta") == 2


def test_rows_come_in_chunks(store: Store) -> None:
    store.db.many("INSERT INTO meta (key, value) VALUES (?, '')", [(f"{number:04d}",) for number in range(25)])
    with store.db.snapshot():
        chunks = list(store.db.each("SELECT key FROM meta WHERE key >= ? ORDER BY key", ("0002",), chunk=10))
    assert [len(chunk) for chunk in chunks] == [10, 10, 3]
    assert chunks[2][-1] == ("0024",)


def test_durable_transactions_wait_for_the_disk(store: Store) -> None:
    level = "PRAGMA synchronous" if store.db.sqlite else "SHOW synchronous_commit"
    plain, durable = (1, 2) if store.db.sqlite else ("off", "on")
    if not store.db.sqlite:
        with store.db.open().begin():
            store.db.open().exec_driver_sql("SET synchronous_commit = off")
    seen = []
    for wish in (False, True, False):
        with store.transaction(durable=wish):
            seen.append(store.db.value(level))
    assert seen == [plain, durable, plain]


def test_a_durable_transaction_is_not_hidden_in_a_hasty_one(store: Store) -> None:
    with store.transaction(durable=True), store.transaction():
        pass
    with pytest.raises(RuntimeError, match="durable"), store.transaction(), store.transaction(durable=True):
        pytest.fail("it would not have waited for the disk")


def test_values_come_back_as_they_went(store: Store) -> None:
    feed = store.crosswalk.feed("kafe", "customer")
    odd = "it's \"50%\" ? \\ é 😀 \t\n 'Ёлка'"
    every = bytes(range(256))
    store.db.run(
        "INSERT INTO link (feed, external_id, uid, is_primary, seen, seen_hash, gone, run, how, by, at)"
        " VALUES (?, ?, 'u', 1, ?, ?, 0, 1, 'created', 'run', '')",
        (feed, odd, every, b""),
    )
    row = store.db.one("SELECT external_id, seen, seen_hash, shadow, version FROM link")
    assert row == (odd, every, b"", None, None)
    assert type(row[1]) is bytes


def test_among_takes_thousands_of_odd_values(store: Store) -> None:
    odd = ["it's", '"', "50%", "%s", "?", "\\", "\\u0000", "{a,b}", "NULL", "null", "", " ", "Ёлка", "😀", "0055", "55"]
    values = [*odd, *(f"{number:05d}" for number in range(9000))]
    store.db.many("INSERT INTO meta (key, value) VALUES (?, '')", [(value,) for value in values])
    assert found_among(store, values) == set(values)
    assert found_among(store, odd) == set(odd)
    assert found_among(store, ["absent"]) == set()
    assert found_among(store, []) == set()


@pytest.mark.parametrize("count", [1, 449, 450, 451, 900, 2503])
def test_many_rows_are_all_stored_however_they_are_sent(store: Store, count: int) -> None:
    """Rows that meet in one call: the last word counts, as it would row by row."""
    rows = [(f"{number % 700:05d}", f"50% of ? {number}") for number in range(count)]
    store.db.many(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", rows
    )
    assert dict(store.db.all("SELECT key, value FROM meta")) == dict(rows)


def test_of_many_rows_none_is_kept_when_one_is_refused(store: Store) -> None:
    rows: list[tuple[str, str | None]] = [(str(number), "") for number in range(1000)]
    with pytest.raises(StatementRefused):
        store.db.many("INSERT INTO meta (key, value) VALUES (?, ?)", [*rows, ("last", None)])
    assert store.db.value("SELECT count(*) FROM meta") == 0


def found_among(store: Store, values: list[str]) -> set[str]:
    rows = store.db.all(f"SELECT key FROM meta WHERE key {store.db.among}", (store.db.listed(values),))
    return {row[0] for row in rows}


def test_among_takes_numbers(store: Store) -> None:
    ids = [store.runs.begin("") for _ in range(3)]
    rows = store.db.all(
        f"SELECT id FROM run WHERE id {store.db.among} ORDER BY id", (store.db.listed([1 << 40, *ids[:2]]),)
    )
    assert [row[0] for row in rows] == ids[:2]


def test_a_text_that_no_database_holds_is_refused_aloud(store: Store) -> None:
    with pytest.raises(StopError, match="NUL"):
        store.crosswalk.known(1, ["a\0b"])


def test_texts_sort_alike_everywhere(store: Store) -> None:
    """By code points, whatever the server's locale says: a keyset walk must not depend on the database."""
    words = ["a-b", "ab", "a b", "B", "a", "Ё", "А", "ё", "я", "10", "9", "_", "é"]
    store.db.many("INSERT INTO meta (key, value) VALUES (?, '')", [(word,) for word in words])
    assert [row[0] for row in store.db.all("SELECT key FROM meta ORDER BY key")] == sorted(words)


def test_a_rolled_back_feed_is_not_remembered(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction():
        lost = store.crosswalk.feed("kafe", "customer")
        assert store.crosswalk.feed("kafe", "customer") == lost
        raise KeyError
    store.crosswalk.feed("panel", "customer")
    feed = store.crosswalk.feed("kafe", "customer")
    assert store.db.value("SELECT spoke FROM feed WHERE id = ?", (feed,)) == "kafe"


def put(store: Store, key: str, value: str) -> None:
    store.db.run("INSERT INTO meta (key, value) VALUES (?, ?)", (key, value))
