"""`connector sync` over a base that registers changes: what a run asks, and what a death between two steps leaves."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.jobs.workspace import Workspace
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.onec import writing
from connector.sandbox.onec.base import Base
from connector.sandbox.onec.profiles import PLAN
from connector.sync.engine import Options
from connector.sync.report import RunReport

RESOURCE = "Catalog_Контрагенты"
NODE = f"ExchangePlan_{PLAN} read"
ROUTES = """\
- entity: group
  spokes:
    onec:   {direction: both}
    poster: {direction: both}
  authority: {default: onec}
  deletion: never
- entity: customer
  spokes:
    onec:   {direction: both, create: true}
    poster: {direction: both}
  authority: {default: onec, comment: onec}
"""


class Shop:
    """A workspace over one base and a till, with a node of an exchange plan."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        sandbox.workspace(folder, "en")
        config = folder / "connector.yaml"
        text = config.read_text("utf-8")
        config.write_text(
            text.replace('profile: "bp30"', 'profile: "bp30"\n    peer_code: CON\n    full_every: 50'), "utf-8"
        )
        assert "peer_code" in config.read_text("utf-8"), text
        (folder / "mappings").mkdir()
        (folder / "mappings/routes.yaml").write_text(ROUTES, "utf-8")
        self.world = sandbox.worlds["onec"]
        self.base = Base(self.world)

    def sync(self, **options: Any) -> RunReport:
        with Workspace.open(self.folder) as workspace:
            report = workspace.engine().run(Options(consent=lambda _report: True, **options))
        assert report.errors == []
        return report

    def settled(self, runs: int = 3) -> None:
        for _ in range(runs):
            self.sync()

    def asked(self, work: Callable[[], object]) -> list[str]:
        before = len(self.world.log.entries())
        work()
        return [entry.endpoint for entry in self.world.log.entries()[before:]]

    def add(self, count: int) -> None:
        kind = self.base.configuration.kinds[RESOURCE]
        for number in range(count):
            with self.world.lock:
                writing.create(self.base, kind, {"Description": f"Ещё {number}", "IsFolder": False}, writing.Terms())

    def person(self) -> str:
        return next(
            guid
            for guid, row in self.base.objects(RESOURCE).items()
            if not row["IsFolder"] and not row["DeletionMark"] and row["ИНН"]
        )

    def edit(self, guid: str, comment: str) -> None:
        kind = self.base.configuration.kinds[RESOURCE]
        with self.world.lock:
            writing.patch(self.base, kind, guid, {"Комментарий": comment}, writing.Terms())

    def comment(self, guid: str) -> object:
        from connector.sync.rows import decode

        with Workspace.open(self.folder) as workspace:
            link = workspace.store.crosswalk.at("buh", "customer", guid)
            assert link is not None
            return decode(workspace.store.hub.bodies([link.uid])[link.uid]).get("comment")

    def read(self, report: RunReport) -> dict[str, int]:
        return {entity: one.read for (entity, account), one in report.routes.items() if account == "buh"}

    def die_at(self, endpoint: str) -> None:
        """Kill -9 of the real process while this call hangs."""
        self.world.faults.add(Fault(endpoint, "timeout_before", count=1, seconds=30))
        command = [sys.executable, "-P", "-m", "connector", "-C", str(self.folder), "sync", "--yes"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while any(one["count"] != 0 for one in self.world.faults.as_list()) and time.monotonic() < deadline:
            assert process.poll() is None, "the run ended without that call"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.world.faults.clear()


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    sandbox = Sandbox(("onec", "poster"), "sample", options={"onec": {"profile": "bp30"}}).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def shop(running: Sandbox, tmp_path: Path) -> Shop:
    running.reset()
    return Shop(running, tmp_path / "shop")


def test_a_run_that_finds_nothing_reads_nothing_however_many_there_are(shop: Shop) -> None:
    shop.settled()
    few = shop.asked(shop.sync)
    assert few == [NODE, "SelectChanges"]
    shop.add(400)
    shop.settled()
    reports: list[RunReport] = []
    assert shop.asked(lambda: reports.append(shop.sync())) == few
    assert shop.read(reports[0]) == {"customer": 0, "group": 0}


def test_an_edit_is_read_alone_stored_and_only_then_forgotten(shop: Shop) -> None:
    shop.settled()
    guid = shop.person()
    shop.edit(guid, "позвонить")
    reports: list[RunReport] = []
    asked = shop.asked(lambda: reports.append(shop.sync()))
    assert shop.read(reports[0])["customer"] == 1
    assert "NotifyChangesReceived" not in asked
    assert shop.comment(guid) == "позвонить"
    assert shop.asked(shop.sync)[:2] == [NODE, "NotifyChangesReceived"]


def test_an_object_deleted_for_good_is_gone_as_what_it_was_and_as_nothing_else(shop: Shop) -> None:
    """Customers and groups lie in one catalogue, and 1C does not tell which of both is no more."""
    shop.settled()
    guid = shop.person()
    kind = shop.base.configuration.kinds[RESOURCE]
    with shop.world.lock:
        writing.remove(shop.base, kind, guid, writing.Terms())
    report = shop.sync()
    assert not any(one.unreadable for one in report.routes.values())
    with Workspace.open(shop.folder) as workspace:
        link = workspace.store.crosswalk.at("buh", "customer", guid)
        assert link is not None and link.gone
        assert workspace.store.crosswalk.at("buh", "group", guid) is None


def test_full_reads_everything_and_goes_on_from_there(shop: Shop) -> None:
    shop.settled()
    shop.edit(shop.person(), "срочно")
    assert shop.read(shop.sync(full=True))["customer"] > 10
    assert shop.read(shop.sync()) == {"customer": 0, "group": 0}


@pytest.mark.parametrize("endpoint", ["SelectChanges", f"{RESOURCE} read", "NotifyChangesReceived"])
def test_a_death_loses_no_change(shop: Shop, endpoint: str) -> None:
    """Before the selection, between it and the store, and between the store and the notice."""
    shop.settled(2)
    guid = shop.person()
    shop.edit(guid, "перезвонить")
    if endpoint == "NotifyChangesReceived":
        shop.sync()
        assert shop.comment(guid) == "перезвонить"
        shop.edit(guid, "не звонить")
    shop.die_at(endpoint)
    shop.settled(2)
    assert shop.comment(guid) == ("не звонить" if endpoint == "NotifyChangesReceived" else "перезвонить")
    assert shop.asked(shop.sync) == [NODE, "SelectChanges"]
    assert kept_for_us(shop) == {}, "1C keeps nothing for us any more"


def kept_for_us(shop: Shop) -> dict[str, Any]:
    changes = shop.world.state["changes"]
    (node,) = (guid for guid, row in shop.base.objects(f"ExchangePlan_{PLAN}").items() if row["Code"] == "CON")
    return dict(changes[node])
