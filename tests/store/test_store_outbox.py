"""Intended writes: one of a kind open at a time, told back exactly, counted without reading the finished ones."""

from __future__ import annotations

from typing import Any

import pytest

from connector.errors import OutcomeUnknown
from connector.locale import Sentence
from connector.model.states import OPEN, Operation, Status
from connector.store import Store
from connector.store.failures import AlreadyOpen
from connector.store.outbox import Outbox

AT = "2026-11-21T10:00:00+03:00"


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return store.outbox


def operation(uid: str = "u1", **other: Any) -> Operation:
    plain: dict[str, Any] = {
        "entity": "customer", "account": "kafe", "spoke": "kafe", "verb": "update", "external_id": "55",
        "patch": {"phone": "+79991234567", "email": None, "active": False, "bonus": 0}, "status": "sent",
    }  # fmt: skip
    return Operation(uid=uid, **{**plain, **other})


def intend(outbox: Outbox, *operations: Operation, run: int = 1) -> None:
    outbox.intend(operations, run, AT)


def test_an_operation_comes_back_as_it_went(outbox: Outbox) -> None:
    one = operation(
        expect={"phone": "“8 (999)”"}, repeat="never",
        reason=Sentence("{account} said {what}", account="kafe", what="нет"), evidence={"before": {"bonus": 100}},
    )  # fmt: skip
    intend(outbox, one, run=7)
    found = outbox.get(one.id)
    assert found is not None
    assert str(found.reason) == "kafe said нет"
    found.reason = one.reason
    assert found == one
    assert one.run == 7
    assert outbox.get(one.id + 1) is None


@pytest.mark.parametrize("status", OPEN)
def test_a_second_open_operation_of_one_kind_is_refused(outbox: Outbox, store: Store, status: Status) -> None:
    intend(outbox, operation(status=status))
    with pytest.raises(AlreadyOpen):
        intend(outbox, operation(status="sent"))
    intend(outbox, operation(verb="deactivate"), operation(spoke="buh"), operation("u2"))
    intend(outbox, operation(status="refused"), operation(status="done"), operation(status="ready"))
    assert store.db.value("SELECT count(*) FROM operation") == 7


def test_a_status_that_is_none_is_refused(outbox: Outbox) -> None:
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        intend(outbox, operation(status="maybe"))


def test_all_intents_of_a_group_or_none(outbox: Outbox, store: Store) -> None:
    with pytest.raises(AlreadyOpen), store.transaction(durable=True):
        intend(outbox, operation("u1"), operation("u2"), operation("u1"))
    assert outbox.with_status("sent") == []


def test_what_an_operation_came_to(outbox: Outbox) -> None:
    one = operation(external_id=None, evidence={"sent": 1})
    intend(outbox, one)
    outbox.become(one, "unknown", reason=OutcomeUnknown("{account} is silent", account="kafe"))
    found = outbox.get(one.id)
    assert found is not None
    assert (found.status, str(found.reason), found.evidence, found.external_id) == (
        "unknown",
        "kafe is silent",
        {"sent": 1},
        None,
    )
    outbox.become(found, "done", external_id="0", evidence={"verified": "found"})
    found = outbox.get(one.id)
    assert found is not None
    assert (found.status, found.reason, found.evidence, found.external_id) == ("done", None, {"verified": "found"}, "0")


def test_operations_by_status(outbox: Outbox) -> None:
    every: list[Status] = ["ready", "sent", "done", "refused", "unknown", "parked", "offered"]
    intend(outbox, *(operation(f"u{number}", status=status) for number, status in enumerate(every)))
    assert [one.status for one in outbox.with_status("parked", "sent")] == ["sent", "parked"]
    assert [one.status for one in outbox.with_status("done", "refused")] == ["done", "refused"]
    assert outbox.with_status() == []
    assert (outbox.count_open(), outbox.count_offered()) == (4, {"kafe": 1}), "what is offered waits for no person"


def test_operations_by_run_and_by_record(outbox: Outbox) -> None:
    intend(outbox, operation("u1", status="done"), operation("u2", status="refused"), run=1)
    intend(outbox, operation("u1"), operation("u1", verb="deactivate"), operation("u3"), run=2)
    assert [one.uid for one in outbox.of_run(1)] == ["u1", "u2"]
    unfinished = outbox.unfinished(["u1", "u2", "u9"])
    assert {uid: [one.verb for one in found] for uid, found in unfinished.items()} == {
        "u1": ["update", "deactivate"],
        "u2": ["update"],
    }


def test_what_we_created_or_tried_to(outbox: Outbox) -> None:
    intend(outbox, operation("u1", verb="create", status="done"), operation("u1", verb="create", spoke="buh"))
    intend(outbox, operation("u2", status="done"), operation("u3", verb="create", status="refused"))
    assert outbox.created(["u1", "u2", "u9"]) == {("u1", "kafe"), ("u1", "buh")}
    assert outbox.created(["u3"]) == {("u3", "kafe")}


def test_a_withdrawn_operation_is_gone_and_its_number_with_it(outbox: Outbox) -> None:
    """A person who noted a number must never find another operation under it."""
    one, other = operation("u1"), operation("u2")
    intend(outbox, one)
    outbox.withdraw(one)
    intend(outbox, other)
    assert other.id > one.id
    assert outbox.get(one.id) is None


def test_refusals_are_forgotten_by_kind(outbox: Outbox) -> None:
    intend(outbox, operation(status="refused"), operation(status="refused", verb="create"), operation(status="done"))
    outbox.forget_refusals("u1", "kafe", "update")
    assert [one.verb for one in outbox.with_status("refused")] == ["create"]
    assert len(outbox.with_status("done")) == 1
