"""A store put back to a copy of the time before 1C took its orders: nothing is told again over what 1C has by now."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.cli.app import run
from connector.jobs.workspace import Workspace
from connector.sandbox import Sandbox
from connector.sandbox.commerceml_client import NEW, OLD, UT11, Behaviour
from connector.server.run import Serving
from tests.server.shop import new_base, played
from tests.server.test_exchange_whole import Company


class Life:
    """A company with a 1C, and a copy of its store."""

    def __init__(self, company: Company, behaviour: Behaviour = OLD) -> None:
        self.company, self.behaviour, self.base = company, behaviour, new_base()
        self.copy = company.folder.parent / "store.backup"

    def exchange(self) -> int:
        with Workspace.open(self.company.folder, {}) as workspace, Serving(workspace, run=lambda: None) as serving:
            return played(serving.url, self.base, self.behaviour).orders()

    def edit(self, number: str) -> None:
        self.base.edit(number, 0, quantity="9", total="9.99")

    def told(self, *words: str) -> int:
        return run(["-C", str(self.company.folder), *words])

    def back_up(self) -> None:
        assert self.told("db", "backup", str(self.copy)) == 0

    def put_back(self) -> None:
        assert self.told("db", "restore", str(self.copy), "--yes") == 0

    def conflicts(self) -> list[Any]:
        with Workspace.open(self.company.folder, {}) as workspace:
            return list(workspace.store.conflicts.all("open"))

    def quantity(self, number: str) -> str:
        quantity: str = self.base.orders[number].lines[0]["Количество"]
        return quantity

    def loaded(self) -> set[int]:
        """How often 1C has loaded an order."""
        return {order.loaded for order in self.base.orders.values()}


def behind(folder: Path) -> list[str]:
    with Workspace.open(folder, {}) as workspace:
        return [name for name in ("site",) if workspace.store.runs.behind(name) is not None]


@pytest.mark.parametrize("behaviour", [OLD, NEW, UT11], ids=["old", "new", "ut11"])
def test_an_edit_of_1c_outlives_a_store_that_was_put_back(tmp_path: Path, behaviour: Behaviour) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        life = Life(Company(sandbox, tmp_path / "company"), behaviour)
        life.company.sync()
        life.back_up()
        life.exchange()
        life.edit("NZ-004")
        life.exchange()
        life.company.sync()
        (before,) = life.conflicts()
        life.put_back()
        assert behind(life.company.folder) == ["site"]
        assert life.exchange() == 0, "nothing is given before a run has read what 1C has said"
        life.company.sync()
        assert behind(life.company.folder) == []
        life.exchange()
        life.company.sync()
        (after,) = life.conflicts()
        assert after.values["site"] == before.values["site"] and after.base == before.base
        assert life.quantity("NZ-004") == "9"
        assert life.base.orders["NZ-004"].loaded == 1


def test_a_copy_that_knew_no_order_yet_tells_none_over_an_edit(tmp_path: Path) -> None:
    """The run after it sees the orders of the shop as new ones."""
    with Sandbox(("virtpos", "saplab")) as sandbox:
        life = Life(Company(sandbox, tmp_path / "company"))
        assert life.told("db", "upgrade") == 0
        life.back_up()
        life.company.sync()
        life.exchange()
        life.edit("NZ-004")
        life.exchange()
        life.company.sync()
        life.put_back()
        life.company.sync()
        life.exchange()
        life.company.sync()
        assert life.base.orders["NZ-004"].loaded == 1
        assert life.quantity("NZ-004") == "9"
        assert [one.kind for one in life.conflicts()] == ["document"]


def test_where_the_folder_is_lost_too_each_order_waits_for_a_person(tmp_path: Path) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        life = Life(Company(sandbox, tmp_path / "company"))
        life.company.sync()
        life.back_up()
        count = life.exchange()
        life.edit("NZ-004")
        life.put_back()
        shutil.rmtree(life.company.folder / "exchange")
        life.company.sync()
        assert life.company.statuses() == {"parked": count}
        assert life.exchange() == 0
        assert life.loaded() == {1} and life.quantity("NZ-004") == "9"
        assert _first(life, "NZ-004")("confirm", "--external-id", "NZ-004") == 0
        life.edit("NZ-004")
        life.exchange()
        life.company.sync()
        assert [one.kind for one in life.conflicts()] == ["document"]


def _first(life: Life, number: str) -> Callable[..., int]:
    """`connector outbox WORD ID` of the order with this number."""
    with Workspace.open(life.company.folder, {}) as workspace:
        (found,) = [one for one in workspace.store.outbox.with_status("parked") if one.patch.get("number") == number]
    return lambda word, *more: life.told("outbox", word, str(found.id), *more)


def test_what_1c_has_never_shown_is_offered_as_before(tmp_path: Path) -> None:
    """The folder is there: something has come once, of none of these."""
    with Sandbox(("virtpos", "saplab")) as sandbox:
        life = Life(Company(sandbox, tmp_path / "company"))
        life.company.sync()
        offered = life.company.statuses()["offered"]
        inbox = life.company.folder / "exchange/site/inbox"
        inbox.mkdir(parents=True)
        (inbox / "last").write_text("7", encoding="ascii")
        life.back_up()
        life.put_back()
        life.company.sync()
        assert life.exchange() == offered
        assert life.loaded() == {1}


def test_a_run_of_another_account_does_not_end_the_waiting(tmp_path: Path) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        life = Life(Company(sandbox, tmp_path / "company"))
        life.company.sync()
        life.back_up()
        life.put_back()
        life.told("sync", "--yes", "--account", "virtpos")
        assert behind(life.company.folder) == ["site"]
        assert life.exchange() == 0
        life.told("plan")
        assert behind(life.company.folder) == ["site"]


def test_the_person_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox(("virtpos", "saplab")) as sandbox:
        life = Life(Company(sandbox, tmp_path / "company"))
        life.company.sync()
        life.back_up()
        life.put_back()
        assert "exchange/" in capsys.readouterr().out
        life.told("status")
        assert "connector sync" in capsys.readouterr().out
        life.company.sync()
        capsys.readouterr()
        life.told("status", "--json")
        assert '"put_back": {}' in capsys.readouterr().out
