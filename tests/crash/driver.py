"""One real run that dies by SIGKILL at a chosen point: `python -m tests.crash.driver DIR POINT NUMBER`.

POINT is `commit` (right after the n-th transaction is on disk), `rollback` (right before it would be), or
`ACCOUNT.before` / `ACCOUNT.after`: before the n-th write to an account leaves, or when it has taken effect there and
its answer has not been looked at.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connector.jobs.workspace import Workspace
from connector.store.db import Db
from connector.sync.engine import Options

WRITES = ("create", "create_many", "update", "delete", "stamp")


class Death:
    """Counts the visits of one point and kills the process at the n-th."""

    def __init__(self, number: int) -> None:
        self.left = number

    def visit(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def die_at_commit(death: Death, before: bool) -> None:
    real = Db.transaction

    @contextmanager
    def transaction(self: Db, *words: Any, **more: Any) -> Iterator[None]:
        outermost = not self.open().in_transaction()
        with real(self, *words, **more):
            yield
            if outermost and before:
                death.visit()
        if outermost and not before:
            death.visit()

    Db.transaction = transaction  # type: ignore[method-assign]


def die_at_call(workspace: Workspace, account: str, death: Death, before: bool) -> None:
    adapter = workspace.adapter(account)
    for name in WRITES:
        setattr(adapter, name, _dying(getattr(adapter, name), death, before))


def _dying(call: Callable[..., Any], death: Death, before: bool) -> Callable[..., Any]:
    def write(*words: Any) -> Any:
        if before:
            death.visit()
        answer = call(*words)
        if not before:
            death.visit()
        return answer

    return write


def main(folder: str, point: str, number: str) -> int:
    death = Death(int(number))
    if point in ("commit", "rollback"):
        die_at_commit(death, before=point == "rollback")
    with Workspace.open(Path(folder)) as workspace:
        if "." in point:
            account, moment = point.split(".")
            die_at_call(workspace, account, death, before=moment == "before")
        return workspace.engine().run(Options(consent=lambda _report: True)).exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
