"""What a measured process says of itself at its end: its highest memory, and what it had imported."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

FILE = "BENCH_NOTE"


def highest() -> float | None:
    """MB this process held at most, its own start counted and its parent's not; None where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))


def note() -> None:
    """Write it where the measuring process asked for it."""
    if FILE in os.environ:
        said = {"memory": highest(), "modules": list(sys.modules)}
        Path(os.environ[FILE]).write_text(json.dumps(said), encoding="utf-8")
