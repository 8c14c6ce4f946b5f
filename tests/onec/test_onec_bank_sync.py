"""Statements of a bank in a folder, run by run: every payment in the hub once, whatever the statements overlap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.jobs.workspace import Workspace
from connector.sync.engine import Options
from connector.sync.report import RunReport
from connector.sync.rows import decode
from onec.test_onec_bank import HEAD, OURS, document, statement

CONFIG = """\
version: 1
store: sqlite:///connector.db
timezone: Europe/Moscow
language: en
accounts:
  bank: {kind: onec, channel: bank, folder: statements}
"""


class Books:
    """A workspace with nothing but a folder of statements."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.statements = folder / "statements"
        self.statements.mkdir()
        (folder / "connector.yaml").write_text(CONFIG, "utf-8")

    def put(self, name: str, *documents: str, head: str = HEAD) -> None:
        (self.statements / name).write_bytes(statement(*documents, head=head).encode("cp1251"))

    def sync(self, **more: Any) -> RunReport:
        with Workspace.open(self.folder, {}) as workspace:
            return workspace.engine().run(Options(**more))

    def payments(self) -> list[dict[str, Any]]:
        with Workspace.open(self.folder, {}) as workspace:
            uids = workspace.store.hub.uids("payment")
            return sorted(
                (decode(body) for body in workspace.store.hub.bodies(uids).values()), key=lambda one: one["number"]
            )

    def journal(self) -> list[str]:
        with Workspace.open(self.folder, {}) as workspace:
            return [str(line.reason) for line in workspace.store.journal.all()]

    def conflicts(self) -> list[Any]:
        with Workspace.open(self.folder, {}) as workspace:
            return workspace.store.conflicts.all(status="open")

    def take(self, number: int) -> None:
        with Workspace.open(self.folder, {}) as workspace:
            workspace.resolver("an accountant").take(number, "bank")


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def other(**fields: str) -> str:
    more = {"ПлательщикСчет": OURS, "ПолучательСчет": "40702810000000000777", "ДатаПоступило": "",
            "ДатаСписано": "07.06.2026", "Сумма": "50.00", "Номер": "12"}  # fmt: skip
    return document(**{**more, **fields})


FITTING = HEAD.replace("ВсегоСписано=0", "ВсегоСписано=50.00").replace("1200.50", "1150.50")


def test_payments_reach_the_hub_with_whom_and_which_way(books: Books) -> None:
    books.put("june.txt", document(), other(), head=FITTING)
    report = books.sync()
    assert report.status == "clean", books.journal()
    came, went = books.payments()
    assert (came["direction"], came["amount"], came["payer_inn"], came["moved_on"]) == (
        "in",
        20050,
        "7700000003",
        "2026-06-05",
    )
    assert (went["direction"], went["amount"], went["receiver_account"]) == ("out", 5000, "40702810000000000777")
    assert books.sync().routes["payment", "bank"].changed == 0, "a second run finds nothing"


def test_the_next_statement_overlaps_and_nothing_is_doubled(books: Books) -> None:
    books.put("june-05.txt", document())
    books.sync()
    books.put("june-10.txt", document(), other(), head=FITTING)
    assert books.sync().status == "clean", books.journal()
    assert [one["number"] for one in books.payments()] == ["11", "12"]
    (books.statements / "june-05.txt").unlink()
    assert books.sync().status == "clean"
    assert len(books.payments()) == 2, "an old statement may be taken away"


def test_other_content_under_the_same_id_waits_for_a_person(books: Books) -> None:
    books.put("june.txt", document())
    books.sync()
    books.put("june.txt", document(Сумма="300.50"), head=HEAD.replace("200.50", "300.50").replace("1200.50", "1300.50"))
    report = books.sync()
    assert report.status == "attention"
    (payment,) = books.payments()
    assert payment["amount"] == 20050, "what was seen first stands until a person decides"
    (conflict,) = books.conflicts()
    assert (conflict.kind, conflict.base, conflict.values) == (
        "document",
        {"amount": 20050},
        {"bank": {"amount": 30050}},
    )
    (line,) = books.journal()
    assert "amount" in line
    with Workspace.open(books.folder, {}) as workspace:
        (written,) = workspace.store.journal.all()
        assert (written.account, written.amount) == ("bank", 10000), "the money at stake stands in the line"
    books.take(conflict.id)
    assert books.sync().status == "clean", books.journal()
    assert books.payments()[0]["amount"] == 30050


def test_what_cannot_be_read_is_a_line_that_goes_with_its_cause(books: Books) -> None:
    books.put("june.txt", document(), document(Номер="12", Сумма="двести"))
    report = books.sync()
    assert (report.status, report.routes["payment", "bank"].unreadable) == ("attention", 1)
    assert any("june.txt" in line and "двести" in line for line in books.journal())
    books.put("june.txt", document())
    assert books.sync().status == "clean", books.journal()


def test_half_a_file_changes_nothing(books: Books) -> None:
    (books.statements / "june.txt").write_bytes(statement(document(), end="").encode("cp1251"))
    assert books.sync().status == "attention"
    assert books.payments() == []
    assert any("stops in the middle" in line for line in books.journal())


def test_the_sum_of_a_statement_that_does_not_add_up_is_in_the_journal(books: Books) -> None:
    books.put("june.txt", document(Сумма="100.00"))
    assert books.sync().status == "attention"
    assert any("200.50" in line and "100.00" in line for line in books.journal())


def test_the_journal_is_told_in_russian_too(books: Books) -> None:
    books.put("june.txt", document(ДатаПоступило=""))
    books.sync()
    with Workspace.open(books.folder, {}) as workspace:
        lines = [line.reason.in_("ru") for line in workspace.store.journal.all()]
    assert any("поручение" in line for line in lines), lines


def test_a_payment_is_first_met_at_the_bank_and_created_by_nobody_of_us(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    books.put("a.txt", document())
    books.sync()
    config = books.folder / "connector.yaml"
    config.write_text(config.read_text("utf-8").replace("language: en", "language: ru"), "utf-8")
    assert main(["-C", str(books.folder), "links", "list", "payment"]) == 0
    shown = capsys.readouterr().out
    assert "впервые встречена здесь" in shown and "создана" not in shown
