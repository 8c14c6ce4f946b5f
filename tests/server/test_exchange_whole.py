"""The whole way: orders of a web shop and of a till, told to 1C by its own exchange, and what 1C makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector.jobs.runs import unattended
from connector.jobs.workspace import Workspace
from connector.resources import mappings_folder
from connector.sandbox import Sandbox
from connector.sandbox.commerceml_client import NEW, OLD, UT11, Behaviour
from connector.server.run import Serving
from connector.sync.engine import Options
from connector.sync.report import RunReport
from tests.server.shop import LOGIN, PASSWORD, new_base, played

ORDERS = "\n- entity: order\n  from: [saplab, virtpos]\n  to: [site]\n  authority: {paid: site}\n"


class Company:
    """A workspace of the sandbox's shops, with a 1C that comes by itself."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.folder = folder
        site = {"kind": "onec", "channel": "commerceml", "login": LOGIN, "password": PASSWORD}
        told = {
            "version": 1,
            "accounts": {**sandbox.accounts(), "site": site},
            "serve": {"port": 0, "scheduler": "0 0 1 1 *"},
        }
        routes = (mappings_folder() / "routes.yaml").read_text(encoding="utf-8")
        mirrors = routes.partition("- entity: order")[0]
        (folder / "mappings").mkdir(parents=True)
        (folder / "mappings/routes.yaml").write_text(mirrors + ORDERS, encoding="utf-8")
        (folder / "connector.yaml").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")

    def sync(self) -> RunReport:
        with Workspace.open(self.folder, {}) as workspace:
            return workspace.engine().run(Options(consent=lambda _: True))

    def record(self, number: str) -> dict[str, Any]:
        with Workspace.open(self.folder, {}) as workspace:
            link = workspace.store.crosswalk.at("site", "order", number)
            assert link is not None
            body = workspace.store.hub.bodies([link.uid])[link.uid]
        found: dict[str, Any] = json.loads(body)
        return found

    def statuses(self) -> dict[str, int]:
        with Workspace.open(self.folder, {}) as workspace:
            rows = workspace.store.db.all(
                "SELECT status, count(*) FROM operation WHERE entity = 'order' GROUP BY status"
            )
        return dict(rows)


@pytest.mark.parametrize("behaviour", [OLD, NEW, UT11], ids=["old", "new", "ut11"])
def test_orders_reach_1c_once_and_what_becomes_of_them_comes_back(tmp_path: Path, behaviour: Behaviour) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        company = Company(sandbox, tmp_path / "company")
        company.sync()
        offered = company.statuses()["offered"]
        assert offered > 5
        base = new_base()
        with Workspace.open(company.folder, {}) as workspace, Serving(workspace, run=lambda: None) as serving:
            assert played(serving.url, base, behaviour).orders() == offered
            assert company.statuses() == {"done": offered}
            number = sorted(base.orders)[0]
            base.post(number, paid="2026-11-22", shipped="2026-11-23")
            assert played(serving.url, base, behaviour).orders() == 0
        outcome = unattended(company.folder, {})
        assert outcome is not None
        assert outcome.status in ("clean", "attention")
        record = company.record(number)
        assert (record["number_1c"], record["posted"], record["paid"]) == (base.orders[number].number_1c, True, True)
        again = company.sync()
        assert again.route("order", "site").created == 0
        assert company.statuses() == {"done": offered}
        assert list((company.folder / "exchange/site/inbox").glob("*.xml")) == []


def test_money_is_the_same_on_both_sides(tmp_path: Path) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        company = Company(sandbox, tmp_path / "company")
        company.sync()
        base = new_base()
        with Workspace.open(company.folder, {}) as workspace, Serving(workspace, run=lambda: None) as serving:
            played(serving.url, base).orders()
        for number, order in base.orders.items():
            record = company.record(number)
            total = record["total"] + (record.get("shipping_cost") or 0)
            assert Decimal(order.total) * 100 == total
            assert sum(Decimal(line["Сумма"]) for line in order.lines) * 100 == total


class Session:
    """A company whose orders 1C has, and a 1C that goes on exchanging with it."""

    def __init__(self, company: Company, sandbox: Sandbox, behaviour: Behaviour) -> None:
        self.company, self.sandbox, self.behaviour, self.base = company, sandbox, behaviour, new_base()
        company.sync()
        self.exchange()
        company.sync()

    def exchange(self) -> int:
        with Workspace.open(self.company.folder, {}) as workspace, Serving(workspace, run=lambda: None) as serving:
            return played(serving.url, self.base, self.behaviour).orders()

    def deny(self, invoice: str) -> None:
        """The shop takes every position of an order off."""
        world = self.sandbox.worlds["saplab"]
        with world.lock:
            for row in world.state["positions"].values():
                if row["invoice"] == invoice:
                    row["is_denied"] = True

    def conflicts(self) -> list[Any]:
        with Workspace.open(self.company.folder, {}) as workspace:
            return workspace.store.conflicts.all("open")


@pytest.mark.parametrize("behaviour", [OLD, NEW, UT11], ids=["old", "new", "ut11"])
def test_an_order_cancelled_after_1c_took_it_is_cancelled_there(tmp_path: Path, behaviour: Behaviour) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        session = Session(Company(sandbox, tmp_path / "company"), sandbox, behaviour)
        before = session.base.orders["NZ-001"]
        assert not before.cancelled
        session.deny("NZ-001")
        session.company.sync()
        assert session.company.statuses()["offered"] == 1
        session.exchange()
        after = session.base.orders["NZ-001"]
        assert after.cancelled and after.loaded == 2
        assert (after.id, after.number_1c, after.total, after.lines) == (
            before.id, before.number_1c, before.total, before.lines,
        )  # fmt: skip
        assert "offered" not in session.company.statuses()
        report = session.company.sync()
        assert session.company.record("NZ-001")["status"] == "cancelled"
        assert report.route("order", "site").deactivated == 0 and session.conflicts() == []
        assert session.exchange() == 0


@pytest.mark.parametrize("behaviour", [OLD, NEW], ids=["old", "new"])
def test_a_line_edited_in_1c_is_asked_about_and_never_written_over(tmp_path: Path, behaviour: Behaviour) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        session = Session(Company(sandbox, tmp_path / "company"), sandbox, behaviour)
        assert session.conflicts() == [], "what 1C returns unchanged is no change, whatever it calls the goods"
        total = session.base.orders["NZ-001"].total
        session.base.edit("NZ-001", 0, quantity="7", total="700.00")
        session.exchange()
        session.deny("NZ-001")
        report = session.company.sync()
        (conflict,) = session.conflicts()
        assert conflict.kind == "document" and conflict.base.keys() == {"lines", "total"}
        assert Decimal(conflict.base["total"]) == Decimal(total) * 100
        assert conflict.values["site"]["lines"][0]["total"] == 70000
        assert report.status == "attention"
        assert session.exchange() == 0, "a cancelling would write over the line: it waits for the person"
        assert session.base.orders["NZ-001"].lines[0]["Количество"] == "7"


def test_an_order_of_1c_with_a_number_of_ours_is_asked_about(tmp_path: Path) -> None:
    """Told under one number, it holds what somebody else has entered."""
    with Sandbox(("virtpos", "saplab")) as sandbox:
        company = Company(sandbox, tmp_path / "company")
        company.sync()
        base = new_base()
        with Workspace.open(company.folder, {}) as workspace, Serving(workspace, run=lambda: None) as serving:
            played(serving.url, base).orders()
            order = base.orders["NZ-001"]
            base.orders["NZ-001"] = replace(order, id=base.new_guid(), total="1.00", lines=order.lines[:1])
            base.changed.append("NZ-001")
            played(serving.url, base).orders()
        company.sync()
        with Workspace.open(company.folder, {}) as workspace:
            (conflict,) = workspace.store.conflicts.all("open")
            assert (conflict.kind, conflict.values["site"]["total"]) == ("document", 100)
