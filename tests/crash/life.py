"""A company at work: its people edit, add, leave and type card numbers in four systems over HTTP, while calls are cut.

Everything is drawn from one seed. `Life` remembers each edit, so that it can be asked afterwards what became of it.
"""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.errors import ConnectorError
from connector.jobs.workspace import Workspace
from connector.model.records import as_dict
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sync.engine import Options
from connector.sync.observe import decode
from connector.sync.report import RunReport

ROOT = Path(__file__).parents[2]
KINDS = {"buh": "onec", "kafe": "poster", "panel": "saplab", "vp": "virtpos"}
ACCOUNTS = tuple(KINDS)
FAULTS = ("throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired")
POINTS = ("commit", "rollback", *(f"{account}.{moment}" for account in ACCOUNTS for moment in ("before", "after")))
WRITINGS = 30
"""A death comes somewhere within so many transactions or writes."""


@dataclass(frozen=True)
class Edit:
    """What one person wrote, where, and on which day."""

    day: int
    account: str
    external_id: str
    field: str
    value: str


class Life:
    """One company and one workspace. `added` counts the people who were added by hand."""

    def __init__(self, seed: int, sandbox: Sandbox, workspace: Workspace, folder: Path) -> None:
        self.dice = random.Random(seed)
        self.sandbox, self.workspace, self.folder = sandbox, workspace, folder
        self.edits: list[Edit] = []
        self.added = 0
        self.today = 0
        self._number = seed * 1000

    # what is there

    def told(self, account: str) -> dict[str, dict[str, Any]]:
        """Every customer that an account shows, by id, as canonical values."""
        mapping = self.workspace.mappings[account, "customer"]
        pages = self.workspace.adapter(account).feed("customer", mapping.paths)
        rows = [row for page in pages for row in page.rows if not row.gone]
        return {row.external_id: as_dict(mapping.read(decode(row.body), [])) for row in rows}

    def people(self) -> int:
        """How many people the hub knows who are somewhere."""
        links = self.workspace.store.crosswalk.all("customer")
        return len({link.uid for link in links if not link.gone})

    # what people do

    def day(self) -> None:
        """Some edits, and now and then a new customer."""
        self.today += 1
        for _ in range(self.dice.randint(1, 6)):
            account = self.dice.choice(ACCOUNTS)
            if self.dice.random() < 0.2:
                self.add(account)
            else:
                self.edit(account)

    def edit(self, account: str) -> None:
        """One field of one customer, through the interface of the system itself; it may refuse."""
        mapping, adapter = self.workspace.mappings[account, "customer"], self.workspace.adapter(account)
        name, value = self._value()
        if name not in mapping.writes:
            return
        links = self.workspace.store.crosswalk.all("customer")
        external_id = self.dice.choice(sorted(link.external_id for link in links if link.spoke == account))
        current = adapter.get("customer", external_id, mapping.paths)
        if current is None or current.gone:
            return
        standing = current.full if current.full is not None else decode(current.body)
        try:
            adapter.update("customer", external_id, mapping.write({name: value}, standing), current)
        except ConnectorError:
            return
        self.edits.append(Edit(self.today, account, external_id, name, value))

    def add(self, account: str) -> None:
        """A person nobody knows yet."""
        self._number += 1
        mapping = self.workspace.mappings[account, "customer"]
        number = self._number
        values = {"name": f"Новый{number} Пётр", "phone": f"+7926{number:07d}", "email": f"new{number}@example.com"}
        raw = mapping.write({name: value for name, value in values.items() if name in mapping.writes}, None, new=True)
        self.workspace.adapter(account).create("customer", raw, f"00000000-0000-4000-8000-{number:012d}")
        self.added += 1

    def _value(self) -> tuple[str, str]:
        self._number += 1
        number, day = self._number, self.dice.randint(10, 28)
        return self.dice.choice(
            [
                ("phone", f"+7916{number:07d}"),
                ("email", f"person{number}@example.com"),
                ("birthday", f"19{self.dice.randint(50, 99)}-0{self.dice.randint(1, 9)}-{day}"),
                ("address", f"ул. Новая, {number}"),
            ]
        )

    # what happens to the connector

    def trouble(self) -> None:
        """A few calls go wrong, somewhere in the next run."""
        for _ in range(self.dice.randint(0, 4)):
            fault = Fault(
                endpoint="*",
                fault=self.dice.choice(FAULTS),
                count=self.dice.randint(1, 3),
                skip=self.dice.randint(0, 25),
                seconds=0.02,
                effect=self.dice.random() < 0.5,
            )
            self.sandbox.worlds[KINDS[self.dice.choice(ACCOUNTS)]].faults.add(fault)

    def peace(self) -> None:
        for world in self.sandbox.worlds.values():
            world.faults.clear()

    def run(self) -> RunReport:
        return self.workspace.engine().run(Options(consent=lambda _report: True))

    def die(self) -> None:
        """A run in a process of its own, killed somewhere; it may come to its end before."""
        words = (str(self.folder), self.dice.choice(POINTS), str(self.dice.randint(1, WRITINGS)))
        command = [sys.executable, "-m", "tests.crash.driver", *words]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=120)


def wrote(report: RunReport) -> int:
    """How many records a run has written anywhere."""
    return sum(route.created + route.updated + route.deactivated for route in report.routes.values())
