"""Runs whole processes and measures them from outside: wall, processor, highest memory, what they printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Taken:
    """What one process took. `cpu` counts user and system time; `memory` is its highest, in MB."""

    wall: float
    cpu: float
    memory: float | None
    said: Any
    modules: tuple[str, ...]


def run(*words: str, codes: Sequence[int] = (0,)) -> Taken:
    """Run `python WORDS` from the root of the project. RuntimeError with what it said when it ends otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        notes, errors = Path(folder, "note"), Path(folder, "stderr")
        environ = {**_environ(), "BENCH_NOTE": str(notes)}
        start = time.perf_counter()
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-P", *words], cwd=ROOT, env={**environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE, stderr=stderr,
            )  # fmt: skip
            assert process.stdout is not None
            said = process.stdout.read()
            cpu = _ended(process)
        wall = time.perf_counter() - start
        if process.returncode not in codes:
            raise RuntimeError(f"{words} ended with {process.returncode}: {errors.read_text()[-2000:]}")
        noted = json.loads(notes.read_text()) if notes.exists() else {"memory": None, "modules": []}
    return Taken(wall, cpu, noted["memory"], _read(said), tuple(noted["modules"]))


def _environ() -> dict[str, str]:
    """As an installed program finds it: its modules are compiled, whatever this shell says of that."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "connector-bench-pyc"))}


def _ended(process: subprocess.Popen[bytes]) -> float:
    """Wait; the seconds of processor it used."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def _read(said: bytes) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        return said.decode(errors="replace")


IMPORTS: Final = """
import importlib, json, sys
for name in json.load(open(sys.argv[1])):
    if name not in sys.modules:
        try: importlib.import_module(name)
        except ImportError: pass
from tests.bench.noting import note
note()
"""


def start_with(modules: Sequence[str]) -> Taken:
    """A process that imports these modules and ends: what every run pays before it begins."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "modules")
        listed.write_text(json.dumps([name for name in modules if not name.startswith("__")]), encoding="utf-8")
        return run("-c", IMPORTS, str(listed))
