"""kill -9 of the real process, at every kind of point, against the five systems over HTTP.

Whatever the point, the next run brings every system to exactly the records that a run without a death makes: nobody is
there twice, nothing is lost, nothing is left open. Once for a first run, which creates; once for a run that updates.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from connector.jobs.workspace import Workspace
from connector.model.records import as_dict
from connector.sandbox import Sandbox
from connector.sync.observe import decode
from connector.sync.report import RunReport

ROOT = Path(__file__).parents[2]
ACCOUNTS = ("buh", "kafe", "panel", "vp")
SHOWN = ("name", "phone", "email", "birthday", "address", "comment", "inn", "active")
Everything = dict[str, list[tuple[Any, ...]]]

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this machine has no SIGKILL")


def told(workspace: Workspace, account: str) -> list[tuple[Any, ...]]:
    """Every customer of an account, as canonical values, sorted."""
    mapping = workspace.mapping(account, "customer")
    rows = [row for page in workspace.adapter(account).feed("customer", mapping.paths) for row in page.rows]
    values = [as_dict(mapping.read(decode(row.body), [])) for row in rows if not row.gone]
    return sorted((tuple(each.get(name) for name in SHOWN) for each in values), key=str)


def everything(workspace: Workspace) -> Everything:
    return {account: told(workspace, account) for account in ACCOUNTS}


def sync(workspace: Workspace) -> RunReport:
    from connector.sync.engine import Options

    return workspace.engine().run(Options(consent=lambda _report: True))


def wrote(report: RunReport) -> int:
    return sum(route.created + route.updated + route.deactivated for route in report.routes.values())


@dataclass
class Moment:
    """Systems and a store as they stood, to be gone back to again and again; `expected` is what becomes of them."""

    sandbox: Sandbox
    folder: Path
    kept: Path
    expected: Everything

    @classmethod
    def keep(cls, sandbox: Sandbox, folder: Path, kept: Path) -> Moment:
        """Keep this moment, and live on without a death to see what must come of it."""
        kept.mkdir()
        sandbox.save(kept / "systems.json")
        for file in folder.glob("connector.db*"):
            shutil.copy2(file, kept)
        with Workspace.open(folder) as workspace:
            sync(workspace)
            sync(workspace)
            return cls(sandbox, folder, kept, everything(workspace))

    def go_back(self) -> None:
        for file in self.folder.glob("connector.db*"):
            file.unlink()
        for file in self.kept.glob("connector.db*"):
            shutil.copy2(file, self.folder)
        self.sandbox.load(self.kept / "systems.json")

    def dies(self, point: str, number: int) -> bool:
        """Run until the n-th visit of the point and prove what comes after. False where there is no n-th one."""
        self.go_back()
        command = [sys.executable, "-m", "tests.crash.driver", str(self.folder), point, str(number)]
        process = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=120)
        if process.returncode in (0, 1):
            return False
        assert process.returncode == -signal.SIGKILL, process.stderr.decode()[-2000:]
        with Workspace.open(self.folder) as workspace:
            sync(workspace)
            again = sync(workspace)
            assert not workspace.store.outbox.with_status("sent", "unknown", "parked"), (point, number)
            assert everything(workspace) == self.expected, (point, number)
            assert wrote(again) == 0, (point, number)
        return True


@pytest.fixture(scope="module")
def creating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """Right before a first run."""
    folder = tmp_path_factory.mktemp("creating")
    with Sandbox() as sandbox:
        sandbox.workspace(folder)
        yield Moment.keep(sandbox, folder, folder / "kept")


@pytest.fixture(scope="module")
def updating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """All in step; then three fields of people whom every system has are edited in every one of them."""
    folder = tmp_path_factory.mktemp("updating")
    with Sandbox() as sandbox:
        sandbox.workspace(folder)
        with Workspace.open(folder) as workspace:
            sync(workspace)
            sync(workspace)
            for number, (account, person) in enumerate(zip(ACCOUNTS, known_everywhere(workspace), strict=False)):
                edit(workspace, account, person[account], {"phone": f"+7916555{number:04d}"})
        yield Moment.keep(sandbox, folder, folder / "kept")


def known_everywhere(workspace: Workspace) -> list[dict[str, str]]:
    """Account -> external id of people about whom nobody is asked."""
    found: dict[str, dict[str, str]] = {}
    for link in workspace.store.crosswalk.all("customer"):
        if link.primary and not link.gone:
            found.setdefault(link.uid, {})[link.spoke] = link.external_id
    asked = {conflict.uid for conflict in workspace.store.conflicts.all("open")}
    return [found[uid] for uid in sorted(found) if found[uid].keys() >= set(ACCOUNTS) and uid not in asked]


def edit(workspace: Workspace, account: str, external_id: str, values: dict[str, Any]) -> None:
    mapping, adapter = workspace.mapping(account, "customer"), workspace.adapter(account)
    current = adapter.get("customer", external_id, mapping.paths)
    assert current is not None
    standing = current.full if current.full is not None else decode(current.body)
    adapter.update("customer", external_id, mapping.write(values, standing), current)


@pytest.mark.parametrize(
    ("point", "number"),
    [
        ("commit", 3),
        ("commit", 14),
        ("rollback", 9),
        ("commit", 40),
        ("rollback", 45),
        ("commit", 60),
        *((f"{account}.{moment}", 2) for account in ACCOUNTS for moment in ("before", "after")),
        ("buh.after", 14),
        ("panel.after", 12),
        ("vp.after", 41),
    ],
)
def test_a_death_leaves_nothing_double_and_nothing_lost(creating: Moment, point: str, number: int) -> None:
    assert creating.dies(point, number)


@pytest.mark.parametrize(
    ("point", "number"),
    [
        ("commit", 5),
        ("rollback", 8),
        *((f"{account}.{moment}", 1) for account in ACCOUNTS for moment in ("before", "after")),
    ],
)
def test_a_death_while_updating_loses_no_edit(updating: Moment, point: str, number: int) -> None:
    assert updating.dies(point, number)


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "step"), [("creating", 5), ("updating", 1)])
@pytest.mark.parametrize(
    "point", ["commit", "rollback", *(f"{account}.{when}" for account in ACCOUNTS for when in ("before", "after"))]
)
def test_a_death_at_one_point_after_the_other(
    request: pytest.FixtureRequest, moment: str, step: int, point: str
) -> None:
    """Until the run comes to its end before the point is reached. Of the many that create, every fifth one."""
    standing: Moment = request.getfixturevalue(moment)
    visited = next(number for number in count(1, step) if not standing.dies(point, number))
    assert visited > 1
