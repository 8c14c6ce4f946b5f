"""The whole way over real HTTP: orders of the sample company reach each configuration of 1C once, and come back."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.jobs.workspace import Workspace
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.onec import posting, writing
from connector.sandbox.onec.base import Base
from connector.sync.engine import Options
from connector.sync.report import RunReport

DOCUMENTS = {
    "ut11": "Document_ЗаказКлиента",
    "bp30": "Document_СчетНаОплатуПокупателю",
    "unf": "Document_ЗаказПокупателя",
}
ROUTES = """\
- entity: customer
  spokes:
    onec:    {direction: both, create: true}
    saplab:  {direction: both}
    virtpos: {direction: both}
  authority: {default: onec}
- entity: order
  from: [saplab, virtpos]
  to: [onec]
- entity: payment # a second ledger beside it, though none of these accounts has any
  from: [onec]
  to: []
"""
WAITING = 3
"""Orders of the sample company whose shipping has no good in 1C yet."""
TOLD = 11
"""The others that are not cancelled."""


class Company:
    """A workspace over the sample company: Saplab, virtpos and one configuration of 1C."""

    def __init__(self, sandbox: Sandbox, folder: Path, profile: str) -> None:
        self.sandbox, self.folder, self.profile = sandbox, folder, profile
        sandbox.workspace(folder, "en")
        config = folder / "connector.yaml"
        config.write_text(config.read_text("utf-8").replace('"ut11"', f'"{profile}"'), "utf-8")
        (folder / "mappings").mkdir()
        (folder / "mappings/routes.yaml").write_text(ROUTES, "utf-8")
        self.base = Base(sandbox.worlds["onec"])
        self.resource = DOCUMENTS[profile]

    def sync(self) -> RunReport:
        with Workspace.open(self.folder) as workspace:
            return workspace.engine().run(Options(consent=lambda _report: True))

    def hub(self, place: str) -> dict[str, Any]:
        from connector.sync.rows import decode

        account, entity, external_id = place.split(":", 2)
        with Workspace.open(self.folder) as workspace:
            link = workspace.store.crosswalk.at(account, entity, external_id)
            assert link is not None, place
            return dict(decode(workspace.store.hub.bodies([link.uid])[link.uid]))

    def documents(self) -> dict[str, dict[str, Any]]:
        with self.sandbox.worlds["onec"].lock:
            return {guid: dict(row) for guid, row in self.base.objects(self.resource).items()}

    def document(self, number: str) -> tuple[str, dict[str, Any]]:
        (found,) = [
            (guid, row) for guid, row in self.documents().items() if row["Комментарий"].startswith(f"panel {number}")
        ]
        return found

    def ship(self) -> None:
        """An accountant enters the good that carries the cost of shipping."""
        kind = self.base.configuration.kinds["Catalog_Номенклатура"]
        with self.sandbox.worlds["onec"].lock:
            writing.create(self.base, kind, {"Description": "Доставка", "IsFolder": False}, writing.Terms())

    def trouble(self, endpoint: str, name: str, count: int | None = 1, seconds: float = 0) -> None:
        fault = Fault(f"{self.resource} {endpoint}", name, count=count, seconds=seconds)  # type: ignore[arg-type]
        self.sandbox.worlds["onec"].faults.add(fault)

    def calm(self) -> None:
        self.sandbox.worlds["onec"].faults.clear()


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[Callable[[str], Sandbox]]:
    running: dict[str, Sandbox] = {}

    def of(profile: str) -> Sandbox:
        if profile not in running:
            options = {"onec": {"profile": profile}}
            running[profile] = Sandbox(("onec", "saplab", "virtpos"), options=options).start()
        running[profile].reset()
        return running[profile]

    yield of
    for sandbox in running.values():
        sandbox.stop()


@pytest.fixture
def company(sandboxes: Callable[[str], Sandbox], tmp_path: Path) -> Company:
    return Company(sandboxes("ut11"), tmp_path / "shop", "ut11")


def order_of(report: RunReport) -> Any:
    return report.routes["order", "buh"]


@pytest.mark.parametrize("profile", DOCUMENTS)
def test_orders_appear_once_in_every_configuration(
    sandboxes: Callable[[str], Sandbox], tmp_path: Path, profile: str
) -> None:
    company = Company(sandboxes(profile), tmp_path / "shop", profile)
    first = company.sync()
    assert (order_of(first).created, order_of(first).waiting) == (TOLD, WAITING), first.as_json()
    again = company.sync()
    assert (order_of(again).created, order_of(again).updated, len(company.documents())) == (0, 0, TOLD)
    company.ship()
    assert order_of(company.sync()).created == WAITING
    last = company.sync()
    assert (order_of(last).created, order_of(last).waiting, len(company.documents())) == (0, 0, TOLD + WAITING)
    table = "Запасы" if profile == "unf" else "Товары"
    for document in company.documents().values():
        assert sum(float(row["Сумма"]) for row in document[table]) == pytest.approx(float(document["СуммаДокумента"]))
        assert [row["LineNumber"] for row in document[table]] == [str(n + 1) for n in range(len(document[table]))]
        assert all(row["Номенклатура_Key"] in company.base.objects("Catalog_Номенклатура") for row in document[table])


def test_a_document_says_what_was_ordered_and_its_number_comes_back(company: Company) -> None:
    company.sync()
    guid, document = company.document("NZ-003")
    assert document["Комментарий"] == f"panel NZ-003: После шести [{guid}]"
    hub = company.hub(f"buh:order:{guid}")
    assert hub["number_1c"] == document["Number"]
    assert (hub["status"], hub["posted"]) == ("paid", False)
    assert document["Организация_Key"] != "00000000-0000-0000-0000-000000000000"
    assert document["Date"].startswith("2026-11-14T")


def test_status_edits_flow(company: Company) -> None:
    company.sync()
    guid, _ = company.document("NZ-001")
    state = company.sandbox.worlds["saplab"].state
    own = [row for row in state["positions"].values() if row["invoice"] == "NZ-001"]
    with company.sandbox.worlds["saplab"].lock:
        for row in own:
            row["is_denied"] = True
    report = company.sync()
    assert order_of(report).deactivated == 1
    assert company.documents()[guid]["DeletionMark"]
    assert company.hub(f"buh:order:{guid}")["status"] == "cancelled"

    other, _ = company.document("NZ-002")
    with company.sandbox.worlds["onec"].lock:
        kind = company.base.configuration.kinds[company.resource]
        writing.patch(company.base, kind, other, {"Статус": "Закрыт"}, writing.Terms())
        posting.post(company.base, kind, other, writing.Terms())
    report = company.sync()
    hub = company.hub(f"buh:order:{other}")
    assert (hub["status"], hub["posted"]) == ("shipped", True)
    assert (order_of(report).created, order_of(report).updated) == (0, 0)

    with company.sandbox.worlds["saplab"].lock:
        for row in state["positions"].values():
            if row["invoice"] == "NZ-004":
                row["status_id"] = 4
    company.sync()
    third, _ = company.document("NZ-004")
    assert company.hub(f"buh:order:{third}")["status"] == "shipped"


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "cut", "error"])
def test_a_call_that_goes_wrong_makes_no_second_document(company: Company, fault: str) -> None:
    company.trouble("create", fault, count=2)
    company.sync()
    company.calm()
    for _ in range(2):
        company.sync()
    assert len(company.documents()) == TOLD
    assert order_of(company.sync()).created == 0
    with Workspace.open(company.folder) as workspace:
        assert workspace.store.outbox.with_status("sent", "unknown", "parked") == []


@pytest.mark.parametrize("creates", [1, 4])
def test_a_killed_run_leaves_every_order_once(company: Company, monkeypatch: pytest.MonkeyPatch, creates: int) -> None:
    """kill -9 between a call and its answer, and again after some were told. 1C holds that answer until then."""
    chosen, made = writing.create, []
    reached, killed = threading.Event(), threading.Event()

    def held(base: Any, kind: Any, body: Any, terms: Any) -> str:
        guid = chosen(base, kind, body, terms)
        if kind.resource == company.resource:
            made.append(guid)
        if len(made) >= creates:
            reached.set()
            assert killed.wait(120)
        return guid

    monkeypatch.setattr(writing, "create", held)
    command = [sys.executable, "-P", "-m", "connector", "-C", str(company.folder), "sync", "--yes"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert reached.wait(120)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed.set()
    assert 1 <= len(company.documents()) < TOLD
    company.sync()
    assert len(company.documents()) == TOLD
    assert order_of(company.sync()).created == 0
    numbers = [row["Комментарий"].split(" [")[0] for row in company.documents().values()]
    assert len(set(numbers)) == TOLD


@pytest.mark.parametrize("keeps", [True, False])
def test_a_lost_store_tells_nothing_twice(company: Company, monkeypatch: pytest.MonkeyPatch, keeps: bool) -> None:
    """Also where 1C gives keys of its own: then the marker in the comment tells."""
    if not keeps:
        chosen = writing.create

        def keyless(base: Any, kind: Any, body: Any, terms: Any) -> str:
            own = {name: value for name, value in body.items() if name != "Ref_Key" or not kind.is_document}
            return chosen(base, kind, own, terms)

        monkeypatch.setattr(writing, "create", keyless)
    company.sync()
    assert len(company.documents()) == TOLD
    for file in company.folder.glob("connector.db*"):
        file.unlink()
    report = company.sync()
    assert len(company.documents()) == TOLD, report.as_json()
    again = company.sync()
    assert (order_of(again).created, order_of(again).conflicts, len(company.documents())) == (0, 0, TOLD)


def test_a_period_that_is_closed_in_1c_is_a_refusal_and_no_loop(company: Company) -> None:
    with company.sandbox.worlds["onec"].lock:
        company.sandbox.worlds["onec"].state["closed_until"] = "2026-11-13"
    report = company.sync()
    closed = TOLD - len(company.documents())
    assert closed > 0 and order_of(report).refused == closed
    again = company.sync()
    assert (order_of(again).created, order_of(again).refused) == (0, 0)
    with Workspace.open(company.folder) as workspace:
        refused = workspace.store.outbox.with_status("refused")
        assert len(refused) == closed and "дата запрета" in str(refused[0].reason)


def test_a_person_says_which_good_it_is(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    company.sync()
    goods = company.base.objects("Catalog_Номенклатура")
    good = next(guid for guid, row in goods.items() if row["Description"] == "Эспрессо")
    place = f"buh:product:{good}"
    assert main(["-C", str(company.folder), "links", "link", "vp:product:shipping", place]) == 0
    assert order_of(company.sync()).created == WAITING
    capsys.readouterr()
    assert main(["-C", str(company.folder), "links", "link", "vp:product:shipping", "buh:product:none"]) == 3
    assert "nothing is known of buh:product:none" in capsys.readouterr().err


def test_what_is_shown_of_an_order(company: Company, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    company.sync()
    guid, document = company.document("NZ-002")
    capsys.readouterr()
    assert main(["-C", str(company.folder), "links", "show", f"buh:order:{guid}", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    record = shown["record"]
    assert record["total"] == document["СуммаДокумента"]
    assert all(set(line) >= {"name", "quantity", "total"} and "." in line["total"] for line in record["lines"])
    assert record["number_1c"] == document["Number"]
    assert {link["account"] for link in shown["links"]} == {"buh", "panel"}
    assert main(["-C", str(company.folder), "journal", "list", "--json"]) == 0
    waiting = [line for line in json.loads(capsys.readouterr().out) if line["entity"] == "order"]
    assert {line["amount"] for line in waiting} == {"130.00"} and len(waiting) == WAITING


def positions(company: Company, invoice: str) -> list[dict[str, Any]]:
    world = company.sandbox.worlds["saplab"]
    with world.lock:
        return [dict(row) for row in world.state["positions"].values() if row["invoice"] == invoice]


def test_what_1c_says_goes_back_to_the_shop_where_the_route_says_so(company: Company) -> None:
    routes = company.folder / "mappings/routes.yaml"
    told = routes.read_text("utf-8").replace("  to: [onec]\n", "  to: [onec]\n  back: [shipped, cancelled]\n")
    routes.write_text(told, "utf-8")
    company.sync()
    closed, _ = company.document("NZ-002")
    marked, _ = company.document("NZ-001")
    virtpos = company.sandbox.worlds["virtpos"].dump()
    world = company.sandbox.worlds["onec"]
    kind = company.base.configuration.kinds[company.resource]
    with world.lock:
        writing.patch(company.base, kind, closed, {"Статус": "Закрыт"}, writing.Terms())
        writing.patch(company.base, kind, marked, {"DeletionMark": True}, writing.Terms())
    report = company.sync()
    statuses = company.sandbox.worlds["saplab"].state["statuses"]
    living = [row for row in positions(company, "NZ-002") if not row["is_denied"]]
    assert living and {statuses[str(row["status_id"])]["name"] for row in living} == {"Выдано (Отправлено)"}
    assert all(row["is_denied"] for row in positions(company, "NZ-001"))
    assert not any(row["is_payed"] for row in positions(company, "NZ-001")), "no money was moved"
    assert report.routes["order", "panel"].updated >= 2
    assert company.sandbox.worlds["virtpos"].dump() == virtpos, "no call of virtpos changes an order"
    histories = [len(row["history"]) for row in living]
    again = company.sync()
    assert (again.routes["order", "panel"].updated, order_of(again).updated, order_of(again).deactivated) == (0, 0, 0)
    assert [len(row["history"]) for row in positions(company, "NZ-002") if not row["is_denied"]] == histories


def test_nothing_goes_back_where_the_route_does_not_say_so(company: Company) -> None:
    company.sync()
    before = company.sandbox.worlds["saplab"].dump()
    closed, _ = company.document("NZ-002")
    kind = company.base.configuration.kinds[company.resource]
    with company.sandbox.worlds["onec"].lock:
        writing.patch(company.base, kind, closed, {"Статус": "Закрыт"}, writing.Terms())
    company.sync()
    assert company.sandbox.worlds["saplab"].dump() == before
