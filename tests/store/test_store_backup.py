"""A backup is the whole store in one file; restoring it gives back exactly that, in either database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.errors import StopError
from connector.locale import Sentence
from connector.model.states import Conflict, JournalLine, Operation
from connector.store import Store, open_store
from connector.store.backup import backup, check, restore
from connector.store.crosswalk import NewLink
from connector.store.tables import VERSION_TABLE, metadata
from connector.store.upgrade import upgrade
from connector.sync.identity import identifiers

from .conftest import AT


def fill(store: Store, people: int = 3) -> None:
    """A little of everything, with an emoji, an empty value, bytes and a merged record."""
    uids = [f"00000000-0000-7000-8000-{number:012}" for number in range(people)]
    store.hub.add("customer", [(uid, '{"name":"Ёж 🙂"}'.encode()) for uid in uids])
    store.hub.identify([("customer", "phone", f"+7999000{number:04}", uid) for number, uid in enumerate(uids)])
    store.hub.set_survivor(uids[1], uids[0])
    feed = store.crosswalk.feed("kafe", "customer")
    link = NewLink("55", uids[0], 1, b"{}", b"\x00\xff", b'{"s":{"name":"x"}}', None, 0, None, 1, "phone", "run", AT)
    store.crosswalk.add(feed, [link])
    store.hub.mark("customer", uids[2:])
    run = store.runs.begin(AT)
    store.runs.finish(run, AT, "clean", {"run": run})
    store.runs.consent([("customer", "kafe")], AT)
    base = {"entity": "customer", "uid": uids[0]}
    store.conflicts.write(
        [
            Conflict(
                kind="field",
                field="name",
                base=None,
                values={"kafe": "А"},
                rule="manual",
                winner=None,
                status="open",
                **base,
            )
        ],
        run,
        AT,
    )  # type: ignore[arg-type]
    line = JournalLine(account="kafe", entity="customer", external_id="55", reason=Sentence("stopped"), amount=-5)
    store.journal.write([line], run, AT)
    operation = Operation(account="kafe", spoke="kafe", verb="update", external_id="55", patch={"name": "Б"}, **base)  # type: ignore[arg-type]
    with store.transaction(durable=True):
        store.outbox.intend([operation], run, AT)


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    names = [name for name in metadata.tables if name not in (VERSION_TABLE, "lock")]
    rows = {name: store.db.all(f'SELECT * FROM "{name}"') for name in names}
    rows["meta"] = [row for row in rows["meta"] if row[0] != "put-back"]  # the one thing that is not as it was
    return {name: sorted(found, key=repr) for name, found in rows.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def test_there_and_back(store: Store, file: Path) -> None:
    fill(store)
    before = contents(store)
    backup(store, file)
    store.db.run("DELETE FROM link")
    fill_more = [("customer", "phone", "1", "x")]
    store.hub.identify(fill_more)
    restore(store, file, at=AT)
    assert contents(store) == before
    assert check(store) == []


def test_it_knows_that_it_was_put_back_until_a_run_has_caught_up(store: Store, file: Path) -> None:
    fill(store)
    assert store.runs.behind("site") is None
    backup(store, file)
    restore(store, file, at=AT)
    assert (store.runs.behind("site"), store.runs.behind("other")) == (AT, AT)
    store.runs.caught_up("site")
    assert (store.runs.behind("site"), store.runs.behind("other")) == (None, AT)
    backup(store, file)
    restore(store, file, at=AT)
    assert store.runs.behind("site") == AT, "put back once more"


def test_numbers_go_on_where_they_were(store: Store, file: Path) -> None:
    fill(store)
    backup(store, file)
    restore(store, file, at=AT)
    assert store.runs.begin(AT) == 2
    assert store.crosswalk.feed("panel", "customer") == 2


def test_an_empty_store_too(store: Store, file: Path) -> None:
    backup(store, file)
    fill(store)
    restore(store, file, at=AT)
    assert not any(contents(store).values())
    assert store.runs.begin(AT) >= 1


def test_more_rows_than_fit_one_chunk(store: Store, file: Path) -> None:
    fill(store, 2503)
    backup(store, file)
    before = contents(store)
    restore(store, file, at=AT)
    assert contents(store) == before


def test_a_store_moves_from_one_database_to_another(store: Store, file: Path, new_url: str, tmp_path: Path) -> None:
    fill(store)
    backup(store, file)
    for url in (new_url, f"sqlite:///{tmp_path / 'other.db'}"):
        with open_store(url) as other:
            other.create()
            restore(other, file, at=AT)
            assert contents(other) == contents(store)
            assert check(other) == []


def test_the_file_is_one_file_for_its_owner_alone(store: Store, file: Path) -> None:
    fill(store)
    backup(store, file)
    assert [path.name for path in file.parent.iterdir() if path.name.startswith("backup")] == ["backup.db"]
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


def test_the_lock_of_a_run_is_not_restored(store: Store, file: Path) -> None:
    store.take_lock("run", "elsewhere:1", AT, 1_000_000_000)
    backup(store, file)
    store.drop_lock("run", "elsewhere:1")
    restore(store, file, at=AT)
    assert store.db.value("SELECT count(*) FROM lock") == 0


def test_a_backup_of_an_older_connector_is_brought_up_to_date_and_itself_untouched(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    backup(store, file)
    upgraded: list[str] = []

    def note(brought: Store) -> None:
        upgraded.append(brought.db.engine.dialect.name)
        upgrade(brought)

    monkeypatch.setattr("connector.store.backup.upgrade", note)
    before = file.read_bytes()
    restore(store, file, at=AT)
    assert upgraded == ["sqlite", store.db.engine.dialect.name], "the copy first, then the store"
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else", None])
def test_what_is_no_backup_is_refused_and_changes_nothing(store: Store, file: Path, content: bytes | None) -> None:
    fill(store)
    before = contents(store)
    if content is None:
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE somebody_else (x)")
        other.close()
    else:
        file.write_bytes(content)
    with pytest.raises(StopError, match="no backup"):
        restore(store, file, at=AT)
    with pytest.raises(StopError, match="cannot be read"):
        restore(store, file.with_name("none.db"), at=AT)
    assert contents(store) == before


def test_a_broken_restore_leaves_the_store_as_it_was(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store)
    backup(store, file)
    store.db.run("DELETE FROM journal")
    before = contents(store)

    def fail(_: object) -> None:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("connector.store.backup._count_on", fail)
    with pytest.raises(RuntimeError):
        restore(store, file, at=AT)
    assert contents(store) == before


def test_a_folder_that_cannot_be_written(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StopError, match="cannot be written"):
        backup(store, tmp_path / "none" / "backup.db")


BREAKS: dict[str, Callable[[Store], object]] = {
    "links without a record": lambda store: store.db.run("DELETE FROM hub WHERE survivor IS NULL"),
    "identifiers without a record": lambda store: store.hub.identify([("customer", "phone", "1", "nobody")]),
    "waiting work without a record": lambda store: store.hub.mark("customer", ["nobody"]),
    "merged into one that is not there": lambda store: store.db.run("UPDATE hub SET survivor = 'nobody'"),
    "unreadable “body” in “hub”": lambda store: store.db.run("UPDATE hub SET body = ?", (b"{",)),
    "unreadable “shadow” in “link”": lambda store: store.db.run("UPDATE link SET shadow = ?", (b"[]",)),
    "unreadable “seen” in “link”": lambda store: store.db.run("UPDATE link SET seen = ?", (b'{"a": ',)),
    "links of records that were merged": lambda store: store.db.run(
        "UPDATE link SET uid = (SELECT uid FROM hub WHERE survivor IS NOT NULL)"
    ),
    "tables are of version": lambda store: store.db.run(f"UPDATE {VERSION_TABLE} SET version_num = '0000'"),
}


@pytest.mark.parametrize("says", BREAKS)
def test_check_names_what_is_broken(store: Store, says: str) -> None:
    fill(store)
    assert check(store) == []
    BREAKS[says](store)
    try:
        assert any(says in str(sentence) for sentence in check(store))
    finally:
        store.db.run(f"UPDATE {VERSION_TABLE} SET version_num = '0001'")


def test_check_misses_what_guards_the_tables(new_url: str) -> None:
    """A unique index that somebody dropped, and what came in while it was gone."""
    with open_store(new_url) as store:
        store.create()
        fill(store)
        assert check(store) == []
        store.db.run("DROP INDEX uq_link_primary")
        uid = store.crosswalk.all()[0].uid
        store.crosswalk.add(1, [NewLink("56", uid, 1, b"{}", b"", None, None, 0, None, 1, "created", "run", AT)])
        assert [str(sentence) for sentence in check(store)] == [
            "its tables have lost what guards them: uq_link_primary",
            "records with two primary links in one system: 1",
        ]


def test_check_follows_every_reference(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'connector.db'}") as store:
        store.create()
        fill(store)
        store.db.raw().execute("PRAGMA foreign_keys=OFF")
        store.db.run("DELETE FROM feed")
        assert [str(sentence) for sentence in check(store)] == ["rows of “link” that refer to no “feed”: 1"]


def test_check_compares_records_with_what_they_are_found_by(store: Store) -> None:
    store.hub.add("customer", [("u1", b'{"phone":"+7001","email":null}'), ("u2", b'{"phone":"+7002","inn":"77"}')])
    feed = store.crosswalk.feed("kafe", "customer")
    link = NewLink("1", "u1", 1, b"{}", b"", None, None, 0, None, 1, "created", "run", AT)
    store.crosswalk.add(feed, [link, link._replace(external_id="2", uid="u2")])
    good = [("customer", "phone", "+7001", "u1"), ("customer", "phone", "+7002", "u2"), ("customer", "inn", "77", "u2")]
    store.hub.identify([*good, ("customer", "card_uid", "9", "u1"), ("customer", "email", "a@b.c", "u1")])
    assert check(store, identifiers) == []
    store.hub.forget(good[2:])
    store.hub.identify([("customer", "phone", "+7009", "u1")])
    assert [str(sentence) for sentence in check(store, identifiers)] == [
        "records that are not found by their own keys: 1, the first is u2",
        "records that are found by keys of others: 1, the first is u1",
    ]
    store.hub.mark("customer", ["u1", "u2"])
    assert check(store, identifiers) == [], "what waits to be merged is not settled"


def test_a_run_goes_on_during_a_backup(store: Store, opened: Callable[..., Store], file: Path) -> None:
    fill(store)
    other = opened(0.2)
    with store.transaction():
        store.hub.mark("customer", ["later"])
        backup(other, file)
    with open_store(f"sqlite:///{file}") as copy:
        assert copy.hub.marked("customer", 0) == ["00000000-0000-7000-8000-000000000002"], "as it was at one moment"


def test_a_backup_becomes_a_store_where_there_was_none(store: Store, file: Path, new_url: str) -> None:
    fill(store)
    backup(store, file)
    with open_store(new_url) as other:
        restore(other, file, at=AT)
        assert contents(other) == contents(store)


def test_a_store_without_tables_has_nothing_to_back_up(new_url: str, file: Path) -> None:
    with open_store(new_url) as store, pytest.raises(StopError, match="nothing to back up"):
        backup(store, file)
    assert not file.exists()


def test_a_damaged_backup_is_refused_and_changes_nothing(store: Store, file: Path) -> None:
    fill(store)
    backup(store, file)
    with sqlite3.connect(file) as copy:
        copy.execute("DELETE FROM hub")
    copy.close()
    before = contents(store)
    with pytest.raises(StopError, match="is not whole: links without a record: 1"):
        restore(store, file, at=AT)
    assert contents(store) == before


def test_a_failed_backup_leaves_the_older_one(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup(store, file)
    before = file.read_bytes()

    def fail(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("connector.store.backup.os.fsync", fail)
    with pytest.raises(StopError, match="No space left"):
        backup(store, file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.glob("backup*")] == ["backup.db"]


def test_check_sees_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "connector.db"
    with open_store(f"sqlite:///{path}") as store:
        store.create()
        fill(store, 2000)
        store.db.raw().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    page = len(content) // 2 // 4096 * 4096
    content[page : page + 4096] = b"\x7f" * 4096
    path.write_bytes(content)
    with open_store(f"sqlite:///{path}") as store:
        assert any("damaged" in str(sentence) for sentence in check(store))
