"""The whole way: orders of a web shop and of a till, told to 1C by its own exchange, and what 1C makes of them."""

from __future__ import annotations

import json
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
