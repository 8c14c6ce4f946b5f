"""Messages in a folder: processes that die, counters of another day, messages that were here before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.systems.onec.enterprisedata.folder import Folder
from connector.systems.onec.enterprisedata.register import Register
from onec.exchanging import (
    CARDS,
    Company,
    Sandboxes,
    card,
    company,
    counterparty,
    guid,
    names,
    peer_of,
    settled,
)

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
