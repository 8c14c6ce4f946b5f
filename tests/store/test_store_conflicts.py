"""The conflict log: one open question a field, every decision kept, none decided over."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.states import Conflict
from connector.store import Store
from connector.store.conflicts import Conflicts
from connector.store.failures import AlreadyOpen

AT = "2026-11-21T10:00:00+03:00"


@pytest.fixture
def conflicts(store: Store) -> Conflicts:
    return store.conflicts


def conflict(uid: str = "u1", **other: Any) -> Conflict:
    plain: dict[str, Any] = {
        "kind": "field", "entity": "customer", "field": "phone", "base": "+7000",
        "values": {"kafe": "+7001", "buh": None}, "rule": "manual", "winner": None, "status": "open",
    }  # fmt: skip
    return Conflict(uid=uid, **{**plain, **other})


def decided(uid: str = "u1", **other: Any) -> Conflict:
    return conflict(uid, **{"rule": "spokes", "winner": "buh", "status": "resolved", **other})


def test_a_conflict_comes_back_as_it_went(conflicts: Conflicts) -> None:
    base = {"city": "Москва", "address": None}
    conflicts.write(
        [conflict(base=base, values={"kafe": {"b": 0, "a": False}}), conflict(field=None, kind="identity")], 7, AT
    )
    first, second = conflicts.all()
    assert (first.kind, first.entity, first.uid, first.field) == ("field", "customer", "u1", "phone")
    assert (first.base, first.values) == (base, {"kafe": {"b": 0, "a": False}})
    assert (first.rule, first.winner, first.status, first.by, first.at, first.run) == (
        "manual",
        None,
        "open",
        None,
        AT,
        7,
    )
    assert (second.kind, second.field) == ("identity", None)
    assert conflicts.get(first.id) == first
    assert conflicts.get(second.id + 1) is None


def test_an_open_question_is_refreshed_in_place(conflicts: Conflicts) -> None:
    conflicts.write([conflict()], 1, "first")
    (number,) = [one.id for one in conflicts.all()]
    conflicts.write([conflict()], 2, "second")
    same = conflicts.get(number)
    assert same is not None
    assert (same.at, same.run) == ("first", 1), "an unchanged one keeps its time"
    conflicts.write([conflict(values={"kafe": "+7002"}), conflict(field="email"), conflict("u2")], 3, "third")
    assert conflicts.all("open")[0].id == number
    changed = conflicts.get(number)
    assert changed is not None
    assert (changed.values, changed.at, changed.run) == ({"kafe": "+7002"}, "third", 3)
    assert conflicts.count_open() == 3


def test_of_one_question_asked_twice_at_once_the_last_counts(conflicts: Conflicts) -> None:
    conflicts.write([conflict(base=1), conflict(base=2)], 1, AT)
    assert [one.base for one in conflicts.all()] == [2]


def test_a_second_open_question_is_refused_by_the_database(conflicts: Conflicts, store: Store) -> None:
    conflicts.write([conflict(), conflict(kind="identity", field=None)], 1, AT)
    for row in store.db.all("SELECT uid, kind, field FROM conflict"):
        with pytest.raises(AlreadyOpen):
            store.db.run(
                "INSERT INTO conflict (uid, kind, field, entity, vals, rule, status, at, run)"
                " VALUES (?, ?, ?, 'customer', '{}', 'manual', 'open', '', 1)",
                row,
            )


def test_a_decision_is_written_once_a_run(conflicts: Conflicts) -> None:
    conflicts.write([decided(), decided()], 1, AT)
    conflicts.write([decided(), decided(winner=None), decided(values={"kafe": "other"})], 1, AT)
    conflicts.write([decided(winner=None)], 1, AT)
    assert len(conflicts.all()) == 3
    conflicts.write([decided()], 2, AT)
    assert len(conflicts.all("resolved")) == 4
    assert conflicts.count_open() == 0


def test_conflicts_by_status_and_run(conflicts: Conflicts) -> None:
    conflicts.write([conflict(), decided("u2")], 1, AT)
    conflicts.write([decided("u3")], 2, AT)
    assert [one.uid for one in conflicts.all()] == ["u1", "u2", "u3"]
    assert [one.uid for one in conflicts.all("resolved")] == ["u2", "u3"]
    assert [one.uid for one in conflicts.all(run=1)] == ["u1", "u2"]
    assert [one.uid for one in conflicts.all("resolved", 1)] == ["u2"]
    assert conflicts.all("open", 2) == []


def test_open_questions_of_records(conflicts: Conflicts) -> None:
    conflicts.write([conflict(), conflict(field="email"), decided(field="name"), conflict("u2")], 1, AT)
    found = conflicts.open_of(["u1", "u9"])
    assert {uid: [one.field for one in open_] for uid, open_ in found.items()} == {"u1": ["phone", "email"]}


def test_open_questions_under_a_rule_and_those_withdrawn(conflicts: Conflicts) -> None:
    conflicts.write(
        [conflict(rule="shared"), conflict("u2", rule="shared"), conflict("u3"), decided(rule="shared")], 1, AT
    )
    shared = conflicts.by_rule("shared")
    assert [one.uid for one in shared] == ["u1", "u2"]
    conflicts.withdraw([shared[0].id])
    conflicts.withdraw([])
    assert [one.uid for one in conflicts.all()] == ["u2", "u3", "u1"]


def test_a_decision_is_not_decided_over(conflicts: Conflicts) -> None:
    conflicts.write([conflict()], 1, AT)
    (number,) = [one.id for one in conflicts.all()]
    assert conflicts.close(number, "kafe", "Anna", "manual", "now")
    assert not conflicts.close(number, "buh", "Boris", "manual", "later")
    closed = conflicts.get(number)
    assert closed is not None
    assert (closed.status, closed.winner, closed.by, closed.at) == ("resolved", "kafe", "Anna", "now")
    assert not conflicts.close(number + 1, "buh", "Boris", "manual", "later")


def test_a_closed_question_may_be_asked_again(conflicts: Conflicts) -> None:
    conflicts.write([conflict()], 1, AT)
    conflicts.close(conflicts.all()[0].id, "kafe", "Anna", "manual", "now")
    conflicts.write([conflict()], 2, AT)
    assert [one.status for one in conflicts.all()] == ["resolved", "open"]


def test_a_question_that_answered_itself(conflicts: Conflicts) -> None:
    conflicts.write([conflict(), conflict(field="email"), conflict(kind="identity"), conflict("u2")], 1, AT)
    conflicts.vanish("u1", "phone", "agreed", "now")
    assert conflicts.count_open() == 3
    gone = conflicts.all("resolved")[0]
    assert (gone.kind, gone.field, gone.by, gone.winner, gone.at) == ("field", "phone", "agreed", None, "now")


def test_what_was_asked_about_the_values_of_a_merged_record_is_closed(conflicts: Conflicts) -> None:
    conflicts.write([conflict(), conflict(kind="identity", field=None), conflict("u2")], 1, AT)
    conflicts.move("u1", "u2")
    assert [(one.uid, one.kind) for one in conflicts.all("open")] == [("u1", "identity"), ("u2", "field")]
    assert [(one.winner, one.by) for one in conflicts.all("resolved")] == [("u2", "merge")]


def test_open_questions_of_who_is_who_are_found_by_whom_they_name(conflicts: Conflicts) -> None:
    asks = [conflict(uid, kind="identity", values={"kafe": [rival]}) for uid, rival in (("u1", "u2"), ("u3", "u4"))]
    conflicts.write([*asks, conflict("u2")], 1, AT)
    assert [one.uid for one in conflicts.naming(["u2"])] == ["u1"]
    assert [one.uid for one in conflicts.naming(["u3", "u2"])] == ["u1", "u3"]
    conflicts.close(conflicts.naming(["u4"])[0].id, "u4", "Anna", "manual", "now")
    assert conflicts.naming(["u4", "u9"]) == []


def test_nothing_is_written_of_a_group_that_fails(conflicts: Conflicts) -> None:
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        conflicts.write([decided(), conflict("u2", kind="none")], 1, AT)
    assert conflicts.all() == []
