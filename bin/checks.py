"""Everything that must hold, in one command: style, types, layers, tests.

    bin/test                 what a change must pass (benchmarks, browser and fleet are left out)
    bin/test --slow          these too
    bin/test -k phone -x     further words go to pytest

The static checks run side by side first; pytest speaks last. Exit code 0 when all of it holds, else 1.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
CHECKED = ("connector", "bin", "tests")
STATIC: dict[str, tuple[str, ...]] = {
    "ruff check": ("ruff", "check", *CHECKED),
    "ruff format": ("ruff", "format", "--check", *CHECKED),
    "mypy": ("mypy",),
    "import-linter": ("lint-imports",),
}
NOTHING_COLLECTED = 5


def main(arguments: Sequence[str]) -> int:
    slow = "--slow" in arguments
    wanted = [argument for argument in arguments if argument != "--slow"]
    failed = static_checks()
    fine = (0, NOTHING_COLLECTED) if wanted else (0,)  # a choice of tests may hold none of one part
    if pytest("-n", "2", "-m", "not slow", "--benchmark-disable", *wanted) not in fine:
        failed.append("pytest")
    if slow and pytest("-m", "slow", *wanted) not in fine:
        failed.append("pytest -m slow")
    if failed:
        print(f"bin/test: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def static_checks() -> list[str]:
    """The names of those that failed; what each said is printed in a fixed order."""
    running = {name: start(command) for name, command in STATIC.items()}
    failed = []
    for name, process in running.items():
        said, _ = process.communicate()
        print(f"== {name}: {'ok' if process.returncode == 0 else 'failed'}", flush=True)
        if process.returncode:
            print(said, flush=True)
            failed.append(name)
    return failed


def start(command: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (str(TOOLS / command[0]), *command[1:]),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def pytest(*arguments: str) -> int:
    """Its exit code; what it says goes straight to the terminal."""
    return subprocess.run((sys.executable, "-m", "pytest", *arguments), cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
