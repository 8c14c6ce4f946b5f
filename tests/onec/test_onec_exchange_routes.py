"""The routes of the main job with a 1C that exchanges messages: customers and cards, through a folder and a service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from onec.exchanging import (
    CARDS,
    CUSTOMERS,
    WAYS,
    Company,
    Sandboxes,
    card,
    company,
    counterparty,
    done,
    guid,
)

ANNA, BORIS, VERA = "+79161234567", "+79161234568", "+79169990001"


@pytest.fixture(params=WAYS)
def firm(request: pytest.FixtureRequest, companies: Sandboxes, tmp_path: Path) -> Company:
    return company(companies, request.param, tmp_path)


def begun(firm: Company) -> None:
    """Two people and a card in 1C, one with a card typed at the till; everything in step."""
    firm.base.put(counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"))
    firm.base.put(counterparty(guid(2), "Петров Борис", "8 916 123 45 68"))
    firm.base.put(card(guid(3), "500301", guid(1)))
    firm.poster_adds("Сидорова Вера", VERA, "700777")
    for _ in range(3):
        firm.round()
    assert done(firm.round()) == 0


def named(firm: Company, phone: str) -> str:
    """How everybody calls the one with this phone; the test fails where they differ."""
    found = {phone: f"{row['lastname']} {row['firstname']}" for phone, row in firm.poster().items()}
    till = {phone: f"{row['lname']} {row['fname']}" for phone, row in firm.virtpos().items()}
    assert found == till
    return found[phone]


def test_first_sync_edits_on_both_sides_second_carries_them_third_plans_nothing(firm: Company) -> None:
    begun(firm)
    assert len(firm.base.objects(CUSTOMERS)) == len(firm.poster()) == len(firm.virtpos()) == 3
    assert "700777" in "".join(firm.base.objects(CARDS).values()), "the number typed at the till is a card in 1C"
    assert firm.poster()[ANNA]["card_number"] == "500301"
    stored = firm.base.objects(CUSTOMERS)[guid(1)]
    firm.base.put(stored.replace("Иванова Анна", "Иванова Анна Павловна"))
    firm.base.put(card(guid(5), "500302", guid(2), "Петров Борис"))
    firm.poster_edits(VERA, lastname="Кузнецова")
    firm.round()
    assert firm.poster()[ANNA]["patronymic"] == "Павловна"
    assert firm.poster()[BORIS]["card_number"] == "500302"
    assert named(firm, VERA) == "Кузнецова Вера"
    firm.base.turn()
    assert "Кузнецова Вера" in "".join(firm.base.objects(CUSTOMERS).values())
    assert done(firm.sync()) == 0
    plan = firm.sync(dry=True)
    assert (plan.operations, plan.conflicts) == ([], [])
    assert len(firm.base.objects(CUSTOMERS)) == 3 and len(firm.base.objects(CARDS)) == 3


def test_what_is_deleted_in_1c_is_not_created_again(firm: Company) -> None:
    begun(firm)
    kept = dict(firm.base.objects(CUSTOMERS))
    firm.base.delete(CUSTOMERS, guid(2))
    for _ in range(3):
        firm.round()
    del kept[guid(2)]
    assert set(firm.base.objects(CUSTOMERS)) == set(kept)
    assert BORIS in firm.poster(), "deletion: never"


def test_a_broken_object_is_told_and_the_rest_is_carried(firm: Company) -> None:
    firm.base.put(counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"))
    wrong = counterparty(guid(2), "Петров Борис", "+7 916 123-45-68")
    firm.base.put(
        wrong.replace(
            "</КлючевыеСвойства>",
            "</КлючевыеСвойства><ОбособленноеПодразделение>может быть</ОбособленноеПодразделение>",
        )
    )
    report = firm.round()
    assert report.route("customer", "ut").unreadable == 1
    assert list(firm.poster()) == [ANNA]
    with firm.workspace() as workspace:
        [line] = [line for line in workspace.store.journal.all() if line.account == "ut"]
    assert "ОбособленноеПодразделение" in str(line.reason)


def test_the_service_that_only_loads_gets_customers_and_cards(companies: Sandboxes, tmp_path: Path) -> None:
    """It tells nothing of itself: whom it has been told, and how they are called there, is known from our own words."""
    firm = company(companies, "service", tmp_path)
    firm.settings["accounts"]["ut"]["service"] = "upload"
    firm.write_settings()
    firm.poster_adds("Сидорова Вера", VERA, "700777")
    for _ in range(3):
        report = firm.sync()
    assert done(report) == 0 and report.open["outbox"] == 0
    [customer], [told] = firm.base.objects(CUSTOMERS).items(), firm.base.objects(CARDS).values()
    assert f"<Ссылка>{customer[0]}</Ссылка><Наименование>Сидорова Вера" in told


def test_plan_and_sync_of_the_command_line(firm: Company, capsys: pytest.CaptureFixture[str]) -> None:
    def command(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(["-C", str(firm.folder), *words, "--json"])
        return code, json.loads(capsys.readouterr().out)

    firm.base.put(counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"))
    firm.base.turn()
    code, plan = command("plan")
    assert code == 4
    assert {(one["entity"], one["account"], one["verb"]) for one in plan["operations"]} == {
        ("customer", "poster", "create"),
        ("customer", "vp", "create"),
    }
    assert command("sync", "--yes")[0] == 0
    firm.base.turn()
    assert command("plan")[0] == 0
    assert {line["account"]: line["ok"] for line in command("check")[1]}["ut"] is True
