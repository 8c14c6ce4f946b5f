"""One run without anybody watching: what the built-in scheduler and a wake do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.errors import ConnectorError, Locked
from connector.jobs.workspace import Workspace

if TYPE_CHECKING:
    from connector.sync.report import RunReport

log: Final = logging.getLogger("connector.jobs.runs")


@dataclass(frozen=True)
class Outcome:
    """How the last run ended: clean, attention or stopped, as its report says; failed where it could not begin."""

    status: str
    at: str


def unattended(folder: Path, env: Mapping[str, str] | None = None) -> Outcome | None:
    """A run with the settings as they stand now. None where another one is under way: that one does the work.

    Nobody can be asked: a route whose first writing nobody agreed to writes nothing, and says so in the log.
    """
    from connector.sync.engine import Options

    try:
        with Workspace.open(folder, env) as workspace:
            at = workspace.now
            report = workspace.engine().run(Options())
            _tell(report)
            return Outcome(report.status, at)
    except Locked as error:
        log.info("%s", error)
        return None
    except ConnectorError as error:
        log.error("%s", error)
        return Outcome("failed", "")


def _tell(report: RunReport) -> None:
    log.info("run %s: %s, %d requests", report.run, report.status, report.requests)
    for error in report.errors:
        log.warning("%s", error)
    if report.consent_missing:
        log.warning("nothing was written on %s: agree with connector sync --yes", ", ".join(report.consent_missing))
