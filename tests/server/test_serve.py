"""`connector serve` as a process, health, and the built-in scheduler."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest

from connector.errors import StopError, UsageError
from connector.jobs.runs import Outcome
from connector.jobs.scheduler import Scheduler, trigger_of
from connector.server.run import Serving
from tests.server.shop import Shop, new_base, played

MOSCOW = ZoneInfo("Europe/Moscow")
KYIV = ZoneInfo("Europe/Kyiv")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


def asked(url: str) -> tuple[int, dict[str, object]]:
    try:
        with urlopen(f"{url}/health", timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


# the process ---------------------------------------------------------------------------------------------------


def test_the_command_listens_serves_and_ends(shop: Shop) -> None:
    shop.offer([1])
    command = [sys.executable, "-m", "connector", "-C", str(shop.folder), "serve", "--port", "0"]
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert url is not None
            assert "/exchange/site" in process.stdout.readline()
            base = new_base()
            assert played(url[0], base).orders() == 1
            assert asked(url[0]) == (200, {"ok": True, "store": True, "run": None})
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()
        assert "scheduler" in (process.stderr.read() if process.stderr is not None else "")
    assert list(base.orders) == ["A-1"]
    assert shop.statuses() == {"done": 1}


def test_another_host_needs_a_login(shop: Shop) -> None:
    with pytest.raises(UsageError, match="other machines"), shop.open(host="0.0.0.0"):
        pass
    shop.serve |= {"login": "a", "password": "b"}
    with shop.open(host="0.0.0.0") as url:
        assert asked(url.replace("0.0.0.0", "127.0.0.1"))[0] == 200


def test_a_port_that_is_taken_is_told(shop: Shop) -> None:
    with shop.open() as url, pytest.raises(StopError, match="cannot be listened on"):
        Serving(shop.workspace(), port=int(url.rpartition(":")[2]))


def test_a_name_of_this_machine_is_one_address(shop: Shop) -> None:
    with shop.open(host="localhost") as url:
        assert url.startswith("http://127.0.0.1:")


# health --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "code"), [("clean", 200), ("attention", 200), ("stopped", 503), ("failed", 503)])
def test_health_tells_how_the_last_run_ended(shop: Shop, status: str, code: int) -> None:
    shop.serve["scheduler"] = "0 0 1 1 *"
    workspace = shop.workspace()
    with Serving(workspace, run=lambda: Outcome(status, "2026-11-21T10:00:00+03:00")) as serving:
        serving._run_once()
        answer = asked(serving.url)
    assert answer[0] == code
    assert answer[1]["run"] == {"status": status, "at": "2026-11-21T10:00:00+03:00"}


def test_health_tells_of_a_store_that_does_not_answer(shop: Shop) -> None:
    with shop.open() as url:
        (shop.folder / "connector.db").write_bytes(b"no database" * 100)
        assert asked(url)[0] == 503


# the scheduler -------------------------------------------------------------------------------------------------


def test_what_1c_sends_wakes_a_run_and_several_pieces_wake_one(shop: Shop) -> None:
    shop.serve["scheduler"] = "0 0 1 1 *"
    shop.offer(range(3))
    ran = threading.Event()
    runs: list[float] = []

    def run() -> None:
        runs.append(time.monotonic())
        ran.set()

    scheduler = Scheduler(run, None, "UTC", settle=0.2)
    scheduler.start()
    for _ in range(5):
        scheduler.wake()
    assert ran.wait(5)
    time.sleep(0.3)
    assert len(runs) == 1
    ran.clear()
    scheduler.wake()
    assert ran.wait(5)
    scheduler.stop()
    with shop.open(run=lambda: None) as url:
        played(url).catalogue()


def test_a_run_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    runs: list[int] = []
    second = threading.Event()

    def run() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise RuntimeError("with a secret in it")
        second.set()

    scheduler = Scheduler(run, None, "UTC", settle=0)
    scheduler.start()
    for expected in (1, 2):
        scheduler.wake()
        deadline = time.monotonic() + 5
        while len(runs) < expected and time.monotonic() < deadline:
            time.sleep(0.01)
    assert second.wait(5)
    scheduler.stop()
    assert "a run has failed: RuntimeError" in caplog.text


def test_runs_never_go_side_by_side() -> None:
    inside, most, count = [0], [0], [0]
    lock = threading.Lock()

    def run() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            count[0] += 1
        time.sleep(0.1)
        with lock:
            inside[0] -= 1

    scheduler = Scheduler(run, "* * * * *", "UTC", settle=0)
    scheduler.start()
    for _ in range(4):
        scheduler.wake()
        time.sleep(0.06)
    scheduler.stop()
    assert most == [1]
    assert count[0] >= 2


def fires(cron: str, zone: ZoneInfo, start: datetime, count: int) -> list[datetime]:
    trigger = trigger_of(cron, zone)
    found: list[datetime] = []
    now = start
    while len(found) < count:
        now = trigger.get_next_fire_time(found[-1] if found else None, now)
        found.append(now)
        now += timedelta(microseconds=1)
    return found


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        ("0 4 * * 0", ["2026-11-22", "2026-11-29"]),
        ("0 4 * * 7", ["2026-11-22", "2026-11-29"]),
        ("0 4 * * 1-5", ["2026-11-23", "2026-11-24"]),
        ("0 4 * * 5-7", ["2026-11-22", "2026-11-27"]),
        ("0 4 * * */2", ["2026-11-22", "2026-11-24"]),
        ("0 4 13 * 5", ["2026-11-27", "2026-12-04", "2026-12-11", "2026-12-13"]),
        ("0 4 1 * *", ["2026-12-01", "2027-01-01"]),
    ],
)
def test_days_are_those_of_cron(cron: str, days: list[str]) -> None:
    start = datetime(2026, 11, 21, 10, 0, tzinfo=MOSCOW)
    assert [f"{when:%Y-%m-%d}" for when in fires(cron, MOSCOW, start, len(days))] == days


def test_the_clock_is_that_of_the_workspace_and_the_spring_gap_is_passed_once() -> None:
    start = datetime(2026, 3, 28, 12, 0, tzinfo=KYIV)
    found = fires("30 3 * * *", KYIV, start, 2)
    assert [when.astimezone(UTC).date().isoformat() for when in found] == ["2026-03-29", "2026-03-30"]


def test_an_hour_that_comes_twice_starts_a_fixed_run_once() -> None:
    now = [datetime(2026, 10, 25, 3, 30, tzinfo=KYIV)]
    for cron, expected in (("30 3 * * *", 1), ("*/15 * * * *", 2)):
        runs: list[int] = []
        scheduler = Scheduler(lambda: runs.append(1), cron, "Europe/Kyiv", now=lambda: now[0])  # noqa: B023
        for fold in (0, 1):
            now[0] = now[0].replace(fold=fold)
            scheduler._by_the_clock(not cron.split()[1].startswith("*"))
        assert len(runs) == expected
