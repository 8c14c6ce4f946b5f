"""Schedule files: a systemd timer, a cron line, a task of the Windows Task Scheduler. Text only, nothing is installed.

    plan = Schedule(name="connector-shop", command=("python3", "-m", "connector", "sync"), folder=Path("/srv/shop"))
    systemd_units(plan)["connector-shop.timer"]

A run that finds another one alive ends at once with exit code 0, so no scheduler needs a lock of its own. Exit code 1
means that a person must look: it is no failure of the task.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from connector.errors import UsageError
from connector.locale import N_

DAY: Final = 24 * 60
_EVERY: Final = re.compile(r"([1-9][0-9]{0,3})(m|h|d)?\Z")
_MINUTES: Final = {"m": 1, "h": 60, "d": DAY, None: 1}
_AT: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\Z")
_ANY_DAY: Final = "2026-01-01"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A command that runs every `minutes` (a divisor of a day), or once a day at `at` (HH:MM).

    `timezone` is the clock of `at` where the scheduler knows time zones (systemd); elsewhere it is the machine's.
    """

    name: str
    command: Sequence[str]
    folder: Path
    minutes: int = 15
    at: str | None = None
    timezone: str = "UTC"


def minutes_of(text: str) -> int:
    """`15m`, `2h`, `1d` or bare minutes. UsageError when it does not divide a day evenly: runs would drift."""
    match = _EVERY.match(text)
    minutes = int(match[1]) * _MINUTES[match[2]] if match is not None else 0
    if not minutes or DAY % minutes or (minutes > 60 and minutes % 60) or (minutes < 60 and 60 % minutes):
        raise UsageError(N_("“{text}” is no interval; write one such as 5m, 15m, 30m, 1h, 2h, 12h or 1d"), text=text)
    return minutes


def time_of(text: str) -> str:
    """`HH:MM`. UsageError otherwise."""
    if not _AT.match(text):
        raise UsageError(N_("“{text}” is no time of the day; write one such as 04:00"), text=text)
    return text


def name_of(folder: Path) -> str:
    """One name a workspace: its folder's and, for two folders of one name differ, a digest of the whole path."""
    path = folder.resolve()
    word = re.sub(r"[^a-z0-9]+", "-", path.name.lower()).strip("-")
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:6]
    return "-".join(part for part in ("connector", word, digest) if part)


def systemd_units(plan: Schedule) -> dict[str, str]:
    """File name -> text of the service and its timer."""
    service = f"""\
[Unit]
Description=connector: {_systemd_text(str(plan.folder))}

[Service]
Type=oneshot
WorkingDirectory={_systemd_text(str(plan.folder))}
ExecStart={" ".join(map(_systemd_word, plan.command))}
SuccessExitStatus=1
Nice=10
"""
    timer = f"""\
[Unit]
Description=connector: {_systemd_text(str(plan.folder))}

[Timer]
OnCalendar={_on_calendar(plan)}
Persistent=true

[Install]
WantedBy=timers.target
"""
    return {f"{plan.name}.service": service, f"{plan.name}.timer": timer}


def _on_calendar(plan: Schedule) -> str:
    if plan.at is not None:
        return f"*-*-* {plan.at}:00 {plan.timezone}"
    if plan.minutes < 60:
        return f"*-*-* *:00/{plan.minutes:02}:00"
    return f"*-*-* 00/{plan.minutes // 60:02}:00:00" if plan.minutes < DAY else "*-*-* 00:00:00"


def _systemd_text(text: str) -> str:
    """A value of a unit file: `%` begins a specifier there."""
    return text.replace("%", "%%")


def _systemd_word(word: str) -> str:
    """One word of a command line of systemd (systemd.service(5), COMMAND LINES)."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_systemd_text(quoted)}"'


def cron_line(plan: Schedule) -> str:
    """One line of a crontab, marked at its end so that it can be found again. The clock is the machine's."""
    # a backslash guards % even inside quotes (crontab(5)); 0 and 1 are both a run that ended well
    words = f"cd {shlex.quote(str(plan.folder))} && {shlex.join(plan.command)}".replace("%", "\\%")
    return f"{_cron_fields(plan)} {words} # {plan.name}"


def _cron_fields(plan: Schedule) -> str:
    if plan.at is not None:
        hour, minute = plan.at.split(":")
        return f"{int(minute)} {int(hour)} * * *"
    if plan.minutes < 60:
        return f"*/{plan.minutes} * * * *"
    return f"0 */{plan.minutes // 60} * * *" if plan.minutes < DAY else "0 0 * * *"


def with_line(crontab: str, plan: Schedule) -> str:
    """The crontab with this plan's line in it once."""
    return without_line(crontab, plan.name) + cron_line(plan) + "\n"


def without_line(crontab: str, name: str) -> str:
    """The crontab without the line of this name; every other line stays as it is."""
    kept = [line for line in crontab.splitlines() if not line.endswith(f" # {name}")]
    return "".join(f"{line}\n" for line in kept)


def windows_task(plan: Schedule) -> bytes:
    """A task of the Windows Task Scheduler: XML in UTF-16 with its mark, as schtasks wants it."""
    executable, *words = plan.command
    text = f"""\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>connector: {escape(str(plan.folder))}</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
{_repetition(plan)}      <StartBoundary>{_ANY_DAY}T{plan.at or "00:00"}:00</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(executable)}</Command>
      <Arguments>{escape(_windows_words(words))}</Arguments>
      <WorkingDirectory>{escape(str(plan.folder))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""
    return text.replace("\n", "\r\n").encode("utf-16")


def _repetition(plan: Schedule) -> str:
    if plan.at is not None or plan.minutes == DAY:
        return ""
    return f"""\
      <Repetition>
        <Interval>PT{plan.minutes}M</Interval>
        <Duration>P1D</Duration>
      </Repetition>
"""


def _windows_words(words: Sequence[str]) -> str:
    """A command line as the C runtime of Windows splits it."""
    return subprocess.list2cmdline(words)
