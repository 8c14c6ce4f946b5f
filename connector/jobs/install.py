"""Puts a schedule into the machine's scheduler and takes it away again, for the user who runs the connector."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from connector.errors import StopError, UsageError
from connector.jobs.schedule import Schedule, systemd_units, windows_task, with_line, without_line
from connector.locale import N_

KINDS: Final = ("systemd", "cron", "windows")
_NO_CRONTAB: Final = ("no crontab", "No such file")


def scheduler() -> str:
    """The scheduler of this machine."""
    if os.name == "nt":
        return "windows"
    return "systemd" if shutil.which("systemctl") is not None else "cron"


def set_up(plan: Schedule, kind: str) -> None:
    """Install and start; twice is once. StopError with the scheduler's own words when it refuses."""
    if kind == "systemd":
        _install_systemd(plan)
    elif kind == "cron":
        _run("crontab", "-", feed=with_line(_crontab(), plan))
    else:
        _install_windows(plan)


def take_away(name: str, kind: str) -> None:
    """Stop and remove; what is not there is no error."""
    if kind == "systemd":
        _remove_systemd(name)
    elif kind == "cron":
        _remove_cron(name)
    elif _called("schtasks", "/Query", "/TN", name).returncode == 0:
        _run("schtasks", "/Delete", "/TN", name, "/F")


def _install_systemd(plan: Schedule) -> None:
    folder = _unit_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in systemd_units(plan).items():
        (folder / name).write_text(text, encoding="utf-8")
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", f"{plan.name}.timer")


def _remove_systemd(name: str) -> None:
    files = [file for ending in ("timer", "service") if (file := _unit_folder() / f"{name}.{ending}").exists()]
    if files:
        _systemctl("disable", "--now", f"{name}.timer")
    for file in files:
        file.unlink()
    if files:
        _systemctl("daemon-reload")


def _unit_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _systemctl(*words: str) -> None:
    _run("systemctl", "--user", *words)


def _remove_cron(name: str) -> None:
    before = _crontab()
    after = without_line(before, name)
    if after != before:
        _run("crontab", "-", feed=after)


def _crontab() -> str:
    """The user's crontab; empty where there is none yet. Any other silence is an error: we would write over it."""
    done = _called("crontab", "-l")
    if done.returncode == 0:
        return done.stdout
    if any(words in done.stderr for words in _NO_CRONTAB):
        return ""
    raise _failure("crontab", done)


def _install_windows(plan: Schedule) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "task.xml")
        file.write_bytes(windows_task(plan))
        _run("schtasks", "/Create", "/TN", plan.name, "/XML", str(file), "/F")


def _run(program: str, *words: str, feed: str | None = None) -> None:
    """StopError with the program's own words when it failed."""
    done = _called(program, *words, feed=feed)
    if done.returncode != 0:
        raise _failure(program, done)


def _called(program: str, *words: str, feed: str | None = None) -> subprocess.CompletedProcess[str]:
    path = shutil.which(program)
    if path is None:
        raise UsageError(N_("this machine has no {program}; choose another scheduler with --for"), program=program)
    return subprocess.run(
        (path, *words),
        input=feed,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "LC_ALL": "C", "LANGUAGE": "C"},  # its words are compared
        check=False,
    )


def _failure(program: str, done: subprocess.CompletedProcess[str]) -> StopError:
    said = done.stderr.strip() or done.stdout.strip() or str(done.returncode)
    return StopError(N_("{program} did not do it: {said}"), program=program, said=said)
