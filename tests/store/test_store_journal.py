"""What could not be read and what waits: one line a subject, the most money first."""

from __future__ import annotations

from typing import Any

import pytest

from connector.locale import Sentence
from connector.model.states import JournalLine
from connector.store import Store
from connector.store.journal import Journal

AT = "2026-11-21T10:00:00+03:00"


@pytest.fixture
def journal(store: Store) -> Journal:
    return store.journal


def line(external_id: str = "55", **other: Any) -> JournalLine:
    plain: dict[str, Any] = {
        "account": "kafe",
        "entity": "customer",
        "field": "birthday",
        "reason": Sentence("no date"),
    }
    return JournalLine(external_id=external_id, **{**plain, **other})


def test_a_line_comes_back_as_it_went(journal: Journal) -> None:
    full = line(
        uid="u1", value="32.13.2020", amount=-5_000_000_000, reason=Sentence("{value} is no date", value="32.13"),
        do=Sentence("correct it in {account}", account="kafe"),
    )  # fmt: skip
    journal.write([full, line("56", field=None)], 7, AT)
    first, second = journal.all()
    assert (str(first.reason), str(first.do)) == ("32.13 is no date", "correct it in kafe")
    assert (first.uid, first.value, first.amount, first.field) == ("u1", "32.13.2020", -5_000_000_000, "birthday")
    assert (first.kind, first.account, first.entity, first.external_id) == ("unreadable", "kafe", "customer", "55")
    assert (first.run, first.at) == (7, AT)
    assert (second.field, second.do, second.uid, second.value, second.amount) == (None, None, None, None, None)
    found = journal.get(first.id)
    assert found is not None
    assert found.external_id == "55"
    assert journal.get(second.id + 1) is None


def test_one_line_a_subject(journal: Journal) -> None:
    journal.write([line(value="a")], 1, "first")
    number = journal.all()[0].id
    journal.write([line(value="b"), line(kind="waiting"), line(field="email"), line(account="buh")], 2, "second")
    assert journal.count() == 4
    again = journal.get(number)
    assert again is not None
    assert (again.value, again.run, again.at) == ("b", 2, "second")


def test_the_most_money_comes_first_whichever_way_it_goes(journal: Journal) -> None:
    amounts = {"a": 100, "b": None, "c": -500, "d": 0, "e": 300}
    journal.write([line(name, amount=amount) for name, amount in amounts.items()], 1, AT)
    assert [one.external_id for one in journal.all()] == ["c", "e", "a", "b", "d"]


def test_lines_by_kind(journal: Journal) -> None:
    journal.write([line("1"), line("2", kind="waiting")], 1, AT)
    assert [one.external_id for one in journal.all("waiting")] == ["2"]
    assert [one.external_id for one in journal.all("unreadable")] == ["1"]
    with pytest.raises(Exception, match=r"(?i)check constraint"):
        journal.write([line(kind="odd")], 1, AT)


def test_rows_that_are_read_anew_are_cleared(journal: Journal) -> None:
    journal.write(
        [line("1"), line("1", field="email"), line("2"), line("1", kind="waiting"), line("1", account="buh")], 1, AT
    )
    journal.clear_row("kafe", "customer", ["1", "9"])
    assert [(one.external_id, one.kind, one.account) for one in journal.all()] == [
        ("2", "unreadable", "kafe"), ("1", "waiting", "kafe"), ("1", "unreadable", "buh"),
    ]  # fmt: skip


def test_records_that_wait_no_more_are_cleared(journal: Journal) -> None:
    journal.write(
        [line("1", kind="waiting", uid="u1"), line("2", kind="waiting", uid="u2"), line("3", uid="u1")], 1, AT
    )
    journal.clear_waiting(["u1"])
    assert [one.external_id for one in journal.all()] == ["2", "3"]


def test_a_line_that_is_said_again_keeps_its_number_and_its_beginning(journal: Journal) -> None:
    journal.write([line(kind="waiting", uid="u1")], 1, "first")
    (before,) = journal.all()
    journal.clear_waiting(["u1"])
    journal.write([line(kind="waiting", uid="u1")], 2, "second")
    (after,) = journal.all()
    assert (after.id, after.at, after.run) == (before.id, "first", 2)
    journal.clear_waiting(["u1"])
    journal.write([line(kind="waiting", uid="u1", reason=Sentence("another"))], 3, "third")
    assert journal.all()[0].at == "third"


def test_what_was_cleared_and_not_said_again_is_over(journal: Journal) -> None:
    journal.write([line("1"), line("2")], 1, AT)
    number = journal.all()[0].id
    journal.clear_row("kafe", "customer", ["1"])
    assert (journal.get(number), journal.count(), journal.unreadable("kafe", "customer", 1)) == (None, 1, 1)
    assert (journal.dismiss([number], "Anna", "now"), journal.reopen([number])) == (0, 0)
    journal.forget_cleared()
    journal.write([line("1")], 2, AT)
    assert journal.all()[1].id > number, "a number is never given twice"


def test_a_dismissed_line_stays_to_be_seen_and_is_not_counted(journal: Journal) -> None:
    journal.write([line("1", amount=500), line("2")], 1, AT)
    first, second = journal.all()
    assert journal.dismiss([first.id, second.id + 1], "Anna", "now") == 1
    assert [(one.id, one.dismissed_by, one.dismissed_at) for one in journal.all()] == [
        (second.id, None, None), (first.id, "Anna", "now"),
    ]  # fmt: skip
    assert (journal.count(), journal.count_dismissed()) == (1, 1)
    assert (journal.reopen([first.id, second.id]), journal.count(), journal.count_dismissed()) == (1, 2, 0)


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({}, True),
        ({"do": Sentence("do something else")}, True),
        ({"reason": Sentence("another")}, False),
        ({"value": "another"}, False),
        ({"amount": 501}, False),
    ],
)
def test_a_dismissal_holds_while_the_line_says_the_same(journal: Journal, change: dict[str, Any], stays: bool) -> None:
    journal.write([line("1", amount=500)], 1, AT)
    journal.dismiss([journal.all()[0].id], "Anna", "now")
    journal.clear_row("kafe", "customer", ["1"])
    journal.write([line("1", **{"amount": 500, **change})], 2, AT)
    assert (journal.all()[0].dismissed_by == "Anna", journal.count_dismissed()) == (stays, int(stays))
