"""What is finished is forgotten in time; what moved money stays longer, without names; nothing else ever goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from connector.model.records import ENTITIES
from connector.model.states import Conflict, JournalLine, Operation, Status
from connector.store import Store, open_store
from connector.store.crosswalk import NewLink
from connector.store.retention import MASK, Expired, Keep, expire, is_due

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=3)))


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="seconds")


def operation(store: Store, days: float, *, status: Status = "done", **other: Any) -> int:
    plain: dict[str, Any] = {"entity": "customer", "patch": {"name": "Анна", "active": True}, "verb": "update"}
    made = Operation(
        uid=f"u{days}{status}", account="kafe", spoke="kafe", external_id="1", status=status, **{**plain, **other}
    )
    store.outbox.intend([made], 1, ago(days))
    return made.id


def conflict(store: Store, days: float, **other: Any) -> int:
    plain: dict[str, Any] = {
        "entity": "customer", "kind": "field", "field": "phone", "base": None, "values": {"kafe": "+7001", "buh": None},
        "rule": "spokes", "winner": "kafe", "status": "resolved",
    }  # fmt: skip
    store.conflicts.write([Conflict(uid=f"u{days}", **{**plain, **other})], 1, ago(days))
    return store.conflicts.all()[-1].id


def test_finished_work_is_forgotten_in_time(store: Store) -> None:
    old, young = operation(store, 190), operation(store, 170)
    old_conflict, young_conflict = conflict(store, 190), conflict(store, 170)
    assert expire(store, NOW) == Expired(operations=1, conflicts=1)
    assert store.outbox.get(old) is None
    assert store.outbox.get(young) is not None
    assert store.conflicts.get(old_conflict) is None
    assert store.conflicts.get(young_conflict) is not None
    assert expire(store, NOW) == Expired()


def test_questions_and_open_work_never_go(store: Store) -> None:
    statuses: list[Status] = ["ready", "sent", "refused", "unknown", "parked", "offered"]
    for status in statuses:
        operation(store, 4000, status=status)
    conflict(store, 4000, status="open", winner=None)
    store.journal.write([JournalLine(account="kafe", entity="customer", external_id="1", reason=text())], 1, ago(4000))
    assert expire(store, NOW) == Expired()
    assert len(store.outbox.with_status(*statuses)) == 6
    assert store.conflicts.count_open() == 1
    assert store.journal.count() == 1


def text() -> Any:
    from connector.locale import Sentence

    return Sentence("no date")


def test_records_links_and_what_was_seen_never_go(store: Store) -> None:
    store.hub.add("customer", [("u1", b"{}")])
    feed = store.crosswalk.feed("kafe", "customer")
    store.crosswalk.add(feed, [NewLink("1", "u1", 1, b"{}", b"", b"{}", None, 1, None, 1, "created", "run", ago(4000))])
    expire(store, NOW)
    assert store.hub.bodies(["u1"]) == {"u1": b"{}"}
    assert store.crosswalk.seen("kafe", "customer", ["1"]) == {"1": b"{}"}


def test_what_moved_money_stays_longer_without_names(store: Store) -> None:
    patch = {"name": "Анна", "phone": None, "credit_limit": 10050, "active": True}
    number = operation(store, 190, patch=patch, expect={"name": "Аня", "credit_limit": 0}, evidence={"before": patch})
    assert expire(store, NOW) == Expired(masked=1)
    kept = store.outbox.get(number)
    assert kept is not None
    assert kept.patch == {"name": MASK, "phone": None, "credit_limit": 10050, "active": True}
    assert kept.expect == {"name": MASK, "credit_limit": 0}
    assert kept.evidence == {"before": kept.patch}
    assert expire(store, NOW) == Expired(), "masked once"
    assert expire(store, NOW + timedelta(days=400)) == Expired(operations=1)


def test_that_we_created_a_record_is_known_for_as_long_as_it_is_there(store: Store) -> None:
    ours = operation(store, 4000, verb="create")
    store.hub.add("customer", [("u4000done", b"{}")])
    feed = store.crosswalk.feed("kafe", "customer")
    link = NewLink("1", "u4000done", 1, b"{}", b"", None, None, 0, None, 1, "created", "run", "")
    store.crosswalk.add(feed, [link])
    operation(store, 4001, verb="create")
    assert expire(store, NOW) == Expired(operations=1, masked=1)
    kept = store.outbox.get(ours)
    assert kept is not None
    assert kept.patch == {"name": MASK, "active": True}
    store.crosswalk.remove(store.crosswalk.known(feed, ["1"])["1"].id)
    assert expire(store, NOW) == Expired(operations=1)


def test_conflicts_about_money_stay_longer_too(store: Store) -> None:
    amount = conflict(store, 190, field="credit_limit", base=100, values={"kafe": 200, "buh": None})
    group = conflict(
        store, 191, field="terms", base={"credit_limit": 1, "legal_name": "ИП"},
        values={"kafe": {"credit_limit": 2, "legal_name": "ООО"}, "buh": None},
    )  # fmt: skip
    assert expire(store, NOW) == Expired(masked=1)
    first, second = store.conflicts.get(amount), store.conflicts.get(group)
    assert first is not None
    assert second is not None
    assert (first.base, first.values) == (100, {"kafe": 200, "buh": None})
    assert second.base == {"credit_limit": 1, "legal_name": MASK}
    assert second.values == {"kafe": {"credit_limit": 2, "legal_name": MASK}, "buh": None}
    assert expire(store, NOW + timedelta(days=400)) == Expired(conflicts=2)


def test_a_masked_conflict_can_still_be_read(store: Store) -> None:
    """A known empty base is JSON's null, not a missing value."""
    number = conflict(store, 190, field="terms", values={"kafe": {"credit_limit": 2, "name": "ООО"}})
    expire(store, NOW)
    kept = store.conflicts.get(number)
    assert kept is not None
    assert (kept.base, kept.values) == (None, {"kafe": {"credit_limit": 2, "name": MASK}})


def test_an_entity_that_is_not_known_is_taken_for_a_ledger(store: Store) -> None:
    assert "receipt" not in ENTITIES
    operation(store, 190, entity="receipt", patch={"total": 100})
    assert expire(store, NOW) == Expired()
    assert expire(store, NOW + timedelta(days=400)) == Expired(operations=1)


def test_no_day_is_lost_to_time_zones(store: Store) -> None:
    """Moments are kept with their offset: none may go before its days are over, and all within two days of it."""
    for hours in (-12, 0, 14):
        zone = timezone(timedelta(hours=hours))
        moment = datetime(2026, 1, 1, tzinfo=UTC).astimezone(zone)
        made = Operation(
            entity="customer", account="kafe", spoke="kafe", uid=f"u{hours}", verb="update", external_id="1", patch={},
            status="done",
        )  # fmt: skip
        store.outbox.intend([made], 1, moment.isoformat())
    end = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=180)
    assert expire(store, end) == Expired()
    assert expire(store, end + timedelta(days=2, hours=1)) == Expired(operations=3)


def test_runs_go_but_the_last_ones_stay(store: Store) -> None:
    for number in range(30):
        run = store.runs.begin(ago(1000 - number))
        if number != 3:
            store.runs.finish(run, ago(1000 - number), "clean", {})
    assert expire(store, NOW) == Expired(runs=9)
    left = [run[0] for run in store.runs.last(100)]
    assert left == [*range(30, 10, -1), 4], "the last twenty, and one that nobody finished"
    assert store.runs.begin(ago(0)) == 31


def test_more_than_one_chunk(store: Store) -> None:
    rows = [(f"u{number}", ago(500)) for number in range(1203)]
    store.db.many(
        "INSERT INTO operation (run, entity, account, spoke, uid, verb, patch, expect, status, repeat, evidence, at)"
        " VALUES (1, 'customer', 'kafe', 'kafe', ?, 'update', '{}', '{}', 'done', 'verify', '{}', ?)",
        rows,
    )
    assert expire(store, NOW) == Expired(operations=1203)


def test_days_are_the_persons_choice(store: Store) -> None:
    operation(store, 12)
    operation(store, 12.5, patch={"credit_limit": 5})
    assert expire(store, NOW, Keep(money=20, rest=10)) == Expired(operations=1)
    for wrong in ({"money": 10, "rest": 20}, {"rest": 0}):
        with pytest.raises(ValueError, match="at least as long"):
            Keep(**wrong)


def test_once_a_day_is_enough(store: Store) -> None:
    assert is_due(store, NOW)
    expire(store, NOW)
    assert not is_due(store, NOW + timedelta(hours=23))
    assert is_due(store, NOW + timedelta(hours=24))
    assert is_due(store, NOW - timedelta(hours=1)), "a clock that was set back does not stop it"


def test_what_is_forgotten_is_not_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "connector.db"
    with open_store(f"sqlite:///{path}") as store:
        store.create()
        secret = "Анна Ивановна Секретная " * 20
        for number in range(50):
            operation(store, 190 + number / 100, patch={"name": secret})
        store.db.raw().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert "Секретная".encode() in path.read_bytes()
        assert expire(store, NOW).operations == 50
        left = b"".join(file.read_bytes() for file in tmp_path.glob("connector.db*"))
        assert "Секретная".encode() not in left
        assert store.db.value("PRAGMA secure_delete") == 0
