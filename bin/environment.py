"""Makes `.venv` when it is missing and installs into it what is asked for.

    python -I environment.py         the connector and what it needs to run
    python -I environment.py dev     the same, and what its tests need

Runs before anything is installed, so it uses the standard library and `connector.locale`, which needs no more.
A stamp inside `.venv` remembers what was installed from which pyproject.toml: the second start only compares it.
Everything it says goes to stderr. Exit codes are the connector's: 0 ready, 2 could not be installed, 3 wrong Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from connector.locale import N_, Sentence, spoken  # noqa: E402 - the path to it is set just above

OLDEST = (3, 11)
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".connector.json"
LOCK = ROOT / ".venv.lock"


def main(extras: Sequence[str]) -> int:
    if sys.version_info < OLDEST:
        say(N_("Python {oldest} or newer is needed; this is {found}."), oldest="3.11", found=sys.version.split()[0])
        return 3
    if is_ready(extras):
        return 0
    with one_at_a_time():
        return 0 if is_ready(extras) or prepare(extras) else 2


def is_ready(extras: Sequence[str]) -> bool:
    stamp = read_stamp()
    return PYTHON.exists() and stamp.get("made_of") == made_of() and set(extras) <= set(stamp.get("extras", ()))


def prepare(extras: Sequence[str]) -> bool:
    """Make the environment and install into it; False after saying why it could not be done."""
    wanted = sorted({*extras, *read_stamp().get("extras", ())})
    STAMP.unlink(missing_ok=True)
    if not PYTHON.exists() and not run(sys.executable, "-m", "venv", "--clear", str(VENV)):
        say(N_("The environment could not be made. On Debian and Ubuntu: apt install python3-venv"))
        return False
    say(N_("Installing the packages into {folder}; this is done once."), folder=VENV)
    target = f"{ROOT}[{','.join(wanted)}]" if wanted else str(ROOT)
    if not run(str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--editable", target):
        say(N_("The packages could not be installed. Check the connection to the package index and start again."))
        return False
    STAMP.write_text(json.dumps({"made_of": made_of(), "extras": wanted}), encoding="utf-8")
    return True


def made_of() -> str:
    """Changes when pyproject.toml changed, or the folder was moved (an editable install keeps its path)."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()).hexdigest()


def read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # no stamp, or half of one: the installation is repeated, which is always safe
    return stamp if isinstance(stamp, dict) else {}


def run(*command: str) -> bool:
    """True when it succeeded. What the command prints goes to stderr."""
    try:
        return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0
    except OSError as error:
        print(error, file=sys.stderr)
        return False


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two commands started together must not install into one environment. The lock dies with its process."""
    with LOCK.open("w") as file:
        _lock(file.fileno())
        yield


def _lock(number: int) -> None:
    """Wait until the file is ours. Windows gives up after ten seconds, an installation takes longer: ask again."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            with suppress(OSError):
                msvcrt.locking(number, msvcrt.LK_LOCK, 1)
                return
    import fcntl

    fcntl.flock(number, fcntl.LOCK_EX)


def say(text: str, **facts: object) -> None:
    print(Sentence(text, **facts).in_(spoken()), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
