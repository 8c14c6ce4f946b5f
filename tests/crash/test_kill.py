"""kill -9 of the real process, at every kind of point, against the five systems over HTTP.

Whatever the point, the next run brings every system to exactly the records that a run without a death makes: nobody is
there twice, nothing is lost, nothing is left open.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
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

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this machine has no SIGKILL")


def told(workspace: Workspace, account: str) -> list[tuple[Any, ...]]:
    """Every customer of an account, as canonical values, sorted."""
    mapping = workspace.mapping(account, "customer")
    rows = [row for page in workspace.adapter(account).feed("customer", mapping.paths) for row in page.rows]
    values = [as_dict(mapping.read(decode(row.body), [])) for row in rows if not row.gone]
    return sorted((tuple(each.get(name) for name in SHOWN) for each in values), key=str)


def everything(workspace: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    return {account: told(workspace, account) for account in ACCOUNTS}


def sync(workspace: Workspace) -> RunReport:
    from connector.sync.engine import Options

    return workspace.engine().run(Options(consent=lambda _report: True))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with Sandbox() as sandbox:
        sandbox.workspace(folder)
        with Workspace.open(folder) as workspace:
            sync(workspace)
            sync(workspace)
            return everything(workspace)


@pytest.fixture
def systems(tmp_path: Path) -> Iterator[Path]:
    with Sandbox() as sandbox:
        sandbox.workspace(tmp_path)
        yield tmp_path


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
def test_a_death_leaves_nothing_double_and_nothing_lost(
    systems: Path, undisturbed: dict[str, list[tuple[Any, ...]]], point: str, number: int
) -> None:
    command = [sys.executable, "-m", "tests.crash.driver", str(systems), point, str(number)]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()[-2000:]
    with Workspace.open(systems) as workspace:
        sync(workspace)
        again = sync(workspace)
        assert not workspace.store.outbox.with_status("sent", "unknown", "parked")
        assert everything(workspace) == undisturbed
        assert sum(route.created + route.updated + route.deactivated for route in again.routes.values()) == 0
