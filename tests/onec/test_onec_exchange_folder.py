"""Messages in a folder: nothing is lost and nothing doubled, whatever happens to files, processes and counters."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.sandbox.onec.messages import read_message
from connector.systems.onec.enterprisedata.folder import Folder
from connector.systems.onec.enterprisedata.register import Register
from onec.exchanging import CARDS, CUSTOMERS, Company, Sandboxes, card, company, counterparty, done, guid, peer_of

ANNA, BORIS, VERA = "+79161234567", "+79161234568", "+79169990001"


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def firm(companies: Sandboxes, tmp_path: Path) -> Company:
    made = company(companies, "folder", tmp_path)
    made.base.put(counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"))
    for _ in range(2):
        made.round()
    return made


def names(firm: Company) -> list[str]:
    """Of everybody in 1C."""
    return sorted(xml.partition("<Наименование>")[2].partition("<")[0] for xml in firm.base.objects(CUSTOMERS).values())


def lying(firm: Company) -> int:
    """How many objects our message holds."""
    return len(read_message(peer_of(firm).their_file.read_bytes())[1])


def told(firm: Company, name: str) -> str:
    with firm.workspace() as workspace:
        [found] = [check for check in workspace.adapter("ut").check({}) if check.name == name]
    return str(found.text)


def settled(firm: Company) -> None:
    """Two rounds later everything is in step, once."""
    for _ in range(2):
        firm.round()
    assert done(firm.round()) == 0
    assert peer_of(firm).made_up == []
    assert not [text for text in peer_of(firm).said if "XDTO" in text]


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


# processes that die ----------------------------------------------------------------------------------------------


def dies(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, after: bool) -> None:
    """The next call of this kills the process, before or after it has worked."""
    work: Callable[..., Any] = getattr(place, name)

    def killed(*args: Any, **more: Any) -> Any:
        if after:
            work(*args, **more)
        raise Killed

    monkeypatch.setattr(place, name, killed)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Register, "put"),
        (Register, "numbered"),
        (Folder, "_leave"),
        (Folder, "send"),
        (Folder, "_take_away"),
        (Register, "forget"),
    ],
)
def test_killed_anywhere_nothing_is_lost_or_doubled(
    firm: Company, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, after: bool
) -> None:
    firm.poster_adds("Сидорова Вера", VERA, "700777")
    firm.base.put(card(guid(5), "500301", guid(1), "Иванова Анна"))
    firm.base.turn()
    with monkeypatch.context() as patch:
        dies(patch, place, name, after=after)
        with pytest.raises(Killed):
            firm.sync()
            firm.base.turn()
            firm.sync()  # what is forgotten is forgotten by the run after the confirmation
    settled(firm)
    assert names(firm) == ["Иванова Анна", "Сидорова Вера"]
    assert len(firm.base.objects(CARDS)) == 2
    assert len(firm.poster()) == len(firm.virtpos()) == 2


def test_killed_between_taking_a_message_and_storing_it(firm: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    firm.base.put(counterparty(guid(2), "Петров Борис", "+7 916 123-45-68"))
    firm.base.turn()
    with monkeypatch.context() as patch:
        dies(patch, Folder, "_spelled", after=False)  # laid into the inbox, not counted yet
        with pytest.raises(Killed):
            firm.sync()
    firm.sync()
    settled(firm)
    assert len(firm.poster()) == 2 and names(firm) == ["Иванова Анна", "Петров Борис"]


# counters --------------------------------------------------------------------------------------------------------


def test_counters_of_an_old_copy_stop_the_account_and_say_so(firm: Company) -> None:
    file = firm.folder / "exchange/ut/counters.json"
    old = file.read_bytes()
    for number in range(3):
        firm.poster_adds(f"Гость {number}", f"+7916000000{number}")
        firm.round()
    firm.base.turn()
    file.write_bytes(old)
    report = firm.sync()
    error = report.route("customer", "ut").error
    assert error is not None and "our counters" in str(error)
    assert len(names(firm)) == 4
    newest = {**json.loads(old), "sent": 100}
    file.write_text(json.dumps(newest, ensure_ascii=False), encoding="utf-8")
    firm.poster_adds("Сидорова Вера", VERA)
    settled(firm)
    assert len(names(firm)) == 5 == len(set(names(firm)))


def test_a_message_of_1c_that_was_taken_before_is_skipped_and_said(
    firm: Company, caplog: pytest.LogCaptureFixture
) -> None:
    firm.base.put(counterparty(guid(2), "Петров Борис", "+7 916 123-45-68"))
    firm.base.turn()
    data = peer_of(firm).own_file.read_bytes()
    firm.sync()
    firm.poster_edits(BORIS, lastname="Сидоров")
    firm.sync()
    peer_of(firm).own_file.write_bytes(data)
    report = firm.sync()
    assert report.route("customer", "ut").read == 0
    assert "received before" in caplog.text
    settled(firm)
    assert names(firm) == ["Иванова Анна", "Сидоров Борис"]


def test_an_exchange_that_was_made_anew_in_1c_is_not_skipped_in_silence(firm: Company) -> None:
    peer = peer_of(firm)
    peer.sent = peer.received = 0
    peer.register_all()
    peer.put(counterparty(guid(2), "Петров Борис", "+7 916 123-45-68"))
    peer.leave()
    error = firm.sync().route("customer", "ut").error
    assert error is not None and "counts anew" in str(error)
    firm.poster_adds("Сидорова Вера", VERA)
    (firm.folder / "exchange/ut/counters.json").unlink()
    settled(firm)
    assert set(firm.poster()) == {ANNA, BORIS, VERA}
    assert names(firm) == ["Иванова Анна", "Петров Борис", "Сидорова Вера"]


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
