"""Messages in a folder: nothing is lost and nothing doubled, whatever happens to files, processes and counters."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onec.exchanging import (
    CUSTOMERS,
    Company,
    Sandboxes,
    company,
    counterparty,
    done,
    guid,
    lying,
    names,
    peer_of,
    settled,
    told,
)

ANNA, BORIS, VERA = "+79161234567", "+79161234568", "+79169990001"


@pytest.fixture
def firm(companies: Sandboxes, tmp_path: Path) -> Company:
    made = company(companies, "folder", tmp_path)
    made.base.put(counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"))
    for _ in range(2):
        made.round()
    return made


# what 1C has not taken yet ---------------------------------------------------------------------------------------


def test_each_message_holds_all_that_1c_has_not_confirmed(firm: Company) -> None:
    firm.poster_adds("Сидорова Вера", VERA)
    firm.sync()
    assert lying(firm) == 1
    firm.poster_adds("Кузнецов Глеб", "+79169990002")
    firm.sync()
    assert lying(firm) == 2, "1C has taken neither message"
    assert told(firm, "waiting").endswith("2 objects wait for it")
    firm.base.turn()
    assert names(firm) == ["Иванова Анна", "Кузнецов Глеб", "Сидорова Вера"]
    firm.sync()
    assert lying(firm) == 0, "a bare confirmation"
    assert told(firm, "waiting").endswith("0 objects wait for it")
    assert done(firm.round()) == 0


def test_a_run_without_news_leaves_the_message_alone(firm: Company) -> None:
    firm.poster_adds("Сидорова Вера", VERA)
    firm.sync()
    before = peer_of(firm).their_file.read_bytes()
    firm.sync()
    assert peer_of(firm).their_file.read_bytes() == before


def test_a_plan_leaves_no_message(firm: Company) -> None:
    before = peer_of(firm).their_file.read_bytes()
    firm.poster_adds("Сидорова Вера", VERA)
    firm.base.turn()
    assert len(firm.sync(dry=True).operations) == 2
    assert peer_of(firm).their_file.read_bytes() == before
    settled(firm)
    assert names(firm) == ["Иванова Анна", "Сидорова Вера"]


def test_a_message_that_was_lost_is_left_anew(firm: Company) -> None:
    firm.poster_adds("Сидорова Вера", VERA)
    firm.sync()
    peer_of(firm).their_file.unlink()
    assert "is not in the folder" in told(firm, "waiting")
    firm.sync()
    assert lying(firm) == 1
    settled(firm)
    assert names(firm) == ["Иванова Анна", "Сидорова Вера"]


def test_an_older_message_put_back_by_somebody_is_replaced(firm: Company) -> None:
    firm.base.turn()
    old = peer_of(firm).their_file.read_bytes()
    firm.poster_adds("Сидорова Вера", VERA)
    firm.sync()
    peer_of(firm).their_file.write_bytes(old)
    firm.base.turn()
    assert "ранее принято" in peer_of(firm).said[-1]
    settled(firm)
    assert names(firm) == ["Иванова Анна", "Сидорова Вера"]


def test_a_load_that_1c_refuses_is_told_again_and_again(firm: Company) -> None:
    firm.poster_adds("Сидорова Вера", VERA)
    firm.sync()
    versions, peer_of(firm).versions = peer_of(firm).versions, ("1.6",)
    firm.base.turn()
    assert "не поддерживается" in peer_of(firm).said[-1]
    peer_of(firm).versions = versions
    settled(firm)
    assert names(firm) == ["Иванова Анна", "Сидорова Вера"]


# both sides at once ----------------------------------------------------------------------------------------------


def test_an_edit_of_1c_that_crosses_ours_loses_neither(firm: Company) -> None:
    """1C changes the comment-like contact while our new name has not been taken: both stand at the end."""
    firm.poster_edits(ANNA, lastname="Кузнецова")
    firm.sync()
    email = "<Строка><ВидКонтактнойИнформации>АдресЭлектроннойПочты</ВидКонтактнойИнформации><ЗначенияПолей>"
    peer_of(firm).edit(
        CUSTOMERS,
        guid(1),
        "</КонтактнаяИнформация>",
        f"{email}anna@example.ru</ЗначенияПолей></Строка></КонтактнаяИнформация>",
    )
    peer_of(firm).leave()  # before it has taken ours
    firm.sync()
    settled(firm)
    stored = firm.base.objects(CUSTOMERS)[guid(1)]
    assert "Кузнецова Анна" in stored and "anna@example.ru" in stored
    row = firm.poster()[ANNA]
    assert (row["lastname"], row["email"]) == ("Кузнецова", "anna@example.ru")


@pytest.mark.parametrize("wins", ["theirs", "ours"])
def test_the_same_field_changed_on_both_sides_is_a_conflict_with_both_values(firm: Company, wins: Any) -> None:
    peer_of(firm).wins = wins
    firm.poster_edits(ANNA, lastname="Кузнецова")
    firm.sync()
    peer_of(firm).edit(CUSTOMERS, guid(1), "Иванова Анна", "Смирнова Анна")
    peer_of(firm).leave()
    report = firm.sync()
    [conflict] = [one for one in report.conflicts if one.field == "name"]
    assert {"Смирнова Анна", "Кузнецова Анна"} <= set(conflict.values.values())
    settled(firm)
    [name] = names(firm)
    assert name == "Кузнецова Анна", "the till decides names here"
    assert firm.poster()[ANNA]["lastname"] == "Кузнецова"


def test_what_1c_deletes_while_we_tell_of_it_stays_deleted(firm: Company) -> None:
    firm.poster_edits(ANNA, lastname="Кузнецова")
    firm.sync()
    peer_of(firm).delete(CUSTOMERS, guid(1))
    peer_of(firm).leave()
    firm.sync()
    settled(firm)
    assert names(firm) == []


# bad files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[: len(data) // 2], "breaks off"),
        (lambda data: b"<html/>", "begins with <html>"),
        (lambda data: data.replace(b"<Message", b"<!DOCTYPE x [<!ENTITY e 'x'>]><Message", 1), "document type"),
        (lambda data: data.replace(b"<Message", b"<Envelope", 1).replace(b"</Message", b"</Envelope"), "Envelope"),
        (lambda data: data.replace("<Наименование>".encode(), "<Наименование>&e;".encode(), 1), "not well-formed"),
    ],
    ids=["cut", "html", "doctype", "root", "entity"],
)
def test_a_bad_file_stops_the_account_changes_nothing_and_the_next_one_is_read(
    firm: Company, spoil: Callable[[bytes], bytes], says: str
) -> None:
    firm.base.put(counterparty(guid(2), "Петров Борис", "+7 916 123-45-68"))
    firm.base.turn()
    whole = peer_of(firm).own_file.read_bytes()
    peer_of(firm).own_file.write_bytes(spoil(whole))
    os.utime(peer_of(firm).own_file, (0, 0))
    report = firm.sync()
    assert report.route("customer", "ut").error is not None
    assert report.route("customer", "poster").error is None, "the others go on"
    assert list(firm.poster()) == [ANNA]
    [failed] = (firm.folder.parent / "shared/failed").glob("*.xml")
    assert failed.with_suffix(".txt").read_text(encoding="utf-8").strip()
    assert says in str(report.route("customer", "ut").error)
    settled(firm)
    assert set(firm.poster()) == {ANNA, BORIS}


def test_a_folder_that_is_gone_stops_the_account_only(firm: Company) -> None:
    shared = firm.folder.parent / "shared"
    shared.rename(shared.with_name("elsewhere"))
    report = firm.sync()
    assert "cannot be used" in str(report.route("customer", "ut").error)
    assert report.route("customer", "poster").error is None
    with firm.workspace() as workspace:
        [check] = workspace.adapter("ut").check({})
    assert (check.name, check.ok) == ("folder", False)


@pytest.mark.parametrize("versions", [("1.8",), ("1.8", "1.10"), ("1.10",), ("1.6", "1.8", "1.10", "1.22")])
def test_the_best_version_that_both_speak(companies: Sandboxes, tmp_path: Path, versions: tuple[str, ...]) -> None:
    firm = company(companies, "folder", tmp_path)
    peer_of(firm).versions, peer_of(firm).version = versions, versions[0]
    firm.base.put(counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"))
    firm.poster_adds("Сидорова Вера", VERA)
    settled(firm)
    assert names(firm) == ["Иванова Анна", "Сидорова Вера"]
    assert peer_of(firm).version == ("1.10" if "1.10" in versions else "1.8")


def test_packed_messages_of_1c_are_read(companies: Sandboxes, tmp_path: Path) -> None:
    firm = company(companies, "folder", tmp_path)
    peer_of(firm).packed = True
    firm.base.put(counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"))
    settled(firm)
    assert list(firm.poster()) == [ANNA]
