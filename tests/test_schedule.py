"""Schedule files: what they say, and that the machine's own tools accept them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from lxml import etree

from connector.cli import main
from connector.errors import UsageError
from connector.jobs.schedule import (
    Schedule,
    cron_line,
    minutes_of,
    name_of,
    systemd_units,
    time_of,
    windows_task,
    with_line,
    without_line,
)

TASK = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}


def plan(minutes: int = 15, at: str | None = None, folder: str = "/srv/Мой магазин 100%") -> Schedule:
    command = ("/opt/py thon", "-m", "connector", "-C", folder, "sync")
    return Schedule(
        name="connector-shop",
        command=command,
        folder=PurePosixPath(folder),
        minutes=minutes,
        at=at,
        timezone="Europe/Moscow",
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("15m", 15), ("15", 15), ("1h", 60), ("60m", 60), ("2h", 120), ("12h", 720), ("1d", 1440), ("1m", 1)],
)
def test_intervals_that_divide_a_day(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["", "0m", "7m", "45m", "90m", "5h", "2d", "15s", "-5m", "1.5h", "١٥m"])
def test_an_interval_that_would_drift_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        minutes_of(text)


@pytest.mark.parametrize("text", ["4:00", "24:00", "04:60", "04:00:00", "noon"])
def test_a_time_of_the_day(text: str) -> None:
    assert time_of("04:00") == "04:00"
    with pytest.raises(UsageError):
        time_of(text)


def test_one_name_a_workspace(tmp_path: Path) -> None:
    one, other = tmp_path / "a/Shop №1", tmp_path / "b/Shop №1"
    assert name_of(one).startswith("connector-shop-1-")
    assert name_of(one) != name_of(other)
    assert name_of(tmp_path / "Магазин").startswith("connector-")
    assert name_of(one) == name_of(tmp_path / "b/../a/Shop №1")


@pytest.mark.parametrize(
    ("minutes", "at", "calendar", "fields"),
    [
        (5, None, "*-*-* *:00/05:00", "*/5 * * * *"),
        (60, None, "*-*-* 00/01:00:00", "0 */1 * * *"),
        (120, None, "*-*-* 00/02:00:00", "0 */2 * * *"),
        (1440, None, "*-*-* 00:00:00", "0 0 * * *"),
        (15, "04:05", "*-*-* 04:05:00 Europe/Moscow", "5 4 * * *"),
    ],
)
def test_when_it_runs(minutes: int, at: str | None, calendar: str, fields: str) -> None:
    units = systemd_units(plan(minutes, at))
    assert f"OnCalendar={calendar}\n" in units["connector-shop.timer"]
    assert cron_line(plan(minutes, at)).startswith(f"{fields} cd ")
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_systemd_runs_the_right_words_and_a_person_to_look_is_no_failure() -> None:
    service = systemd_units(plan())["connector-shop.service"]
    assert 'ExecStart="/opt/py thon" "-m" "connector" "-C" "/srv/Мой магазин 100%%" "sync"\n' in service
    assert "WorkingDirectory=/srv/Мой магазин 100%%\n" in service
    assert "SuccessExitStatus=1\n" in service and "Type=oneshot\n" in service
    odd = Schedule(name="n", command=('/a"b', "$HOME", "c\\d"), folder=Path("/tmp"))
    assert 'ExecStart="/a\\"b" "$$HOME" "c\\\\d"\n' in systemd_units(odd)["n.service"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize(("minutes", "at"), [(15, None), (720, None), (15, "23:55")])
def test_systemd_accepts_the_units(tmp_path: Path, minutes: int, at: str | None) -> None:
    folder = tmp_path / "Мой магазин 100%"
    folder.mkdir()
    command = (sys.executable, "-m", "connector", "-C", str(folder), "sync")
    units = systemd_units(Schedule(name="connector-shop", command=command, folder=folder, minutes=minutes, at=at))
    for name, text in units.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    files = [str(tmp_path / name) for name in units]
    done = subprocess.run(
        ["systemd-analyze", "--man=no", "verify", *files], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "connector-shop" in line]
    assert done.returncode == 0 and ours == [], done.stderr


def test_the_cron_line_survives_the_shell() -> None:
    line = cron_line(plan())
    assert line == (
        "*/15 * * * * cd '/srv/Мой магазин 100\\%' && "
        "'/opt/py thon' -m connector -C '/srv/Мой магазин 100\\%' sync # connector-shop"
    )


def test_a_crontab_holds_the_line_once_and_keeps_the_others() -> None:
    other = "# mine\n0 1 * * * backup # connector-shop-2\n"
    once = with_line(other, plan())
    assert once == other + cron_line(plan()) + "\n"
    assert with_line(once, plan(30)) == other + cron_line(plan(30)) + "\n"
    assert without_line(once, "connector-shop") == other
    assert with_line("", plan()).count("\n") == 1
    assert without_line("no newline at the end", "x") == "no newline at the end\n"


def test_the_task_of_windows_is_utf16_xml_with_the_right_words() -> None:
    command = (r"C:\Program Files\Python\python.exe", "-m", "connector", "-C", 'D:\\Мой & "дом"\\', "sync")
    task = windows_task(Schedule(name="x", command=command, folder=Path("D:/Мой & дом"), minutes=15))
    assert task.startswith((b"\xff\xfe", b"\xfe\xff"))
    assert b"\r\x00\n\x00" in task or b"\x00\r\x00\n" in task
    root = etree.fromstring(task)

    def text(path: str) -> str | None:
        return root.findtext(path, namespaces=TASK)

    assert text(".//t:Command") == command[0]
    assert text(".//t:Arguments") == '-m connector -C "D:\\Мой & \\"дом\\"\\\\" sync'
    assert text(".//t:WorkingDirectory") == "D:/Мой & дом"
    assert text(".//t:Interval") == "PT15M" and text(".//t:Duration") == "P1D"
    assert text(".//t:MultipleInstancesPolicy") == "IgnoreNew"
    assert text(".//t:StartBoundary") == "2026-01-01T00:00:00"


def test_a_daily_task_of_windows_does_not_repeat() -> None:
    root = etree.fromstring(windows_task(plan(at="04:05")))
    assert root.find(".//t:Repetition", TASK) is None
    assert root.findtext(".//t:StartBoundary", namespaces=TASK) == "2026-01-01T04:05:00"


class Machine:
    """Stand-ins of the machine's programs on PATH; they keep what they were told in files."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.tab = folder / "tab"
        self.calls = folder / "calls"
        self.calls.touch()

    def program(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def crontab(self) -> None:
        self.program(
            "crontab",
            f'if [ "$1" = - ]; then cat > "{self.tab}"; exit; fi\n'
            f'if [ -f "{self.tab}" ]; then cat "{self.tab}"; else echo "no crontab for me" >&2; exit 1; fi',
        )


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path)
    monkeypatch.setenv("PATH", f"{machine.bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path / "shop")
    Path("connector.yaml").write_text("version: 1\nlanguage: en\n", encoding="utf-8")
    return machine


posix = pytest.mark.skipif(os.name != "posix", reason="shell scripts stand in for the programs")


@posix
def test_cron_is_installed_and_removed(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.crontab()
    machine.tab.write_text("0 1 * * * backup\n", encoding="utf-8")
    for _ in range(2):
        assert main(["schedule", "install", "--for", "cron", "--every", "30m"]) == 0
    lines = machine.tab.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "0 1 * * * backup" and len(lines) == 2
    assert lines[1].startswith("*/30 * * * * cd ") and f"-C {Path.cwd()} sync --scheduled" in lines[1]
    for _ in range(2):
        assert main(["schedule", "remove", "--for", "cron"]) == 0
    assert machine.tab.read_text(encoding="utf-8") == "0 1 * * * backup\n"
    assert "installed: connector-shop-" in capsys.readouterr().out


@posix
def test_the_first_line_of_an_empty_crontab(machine: Machine) -> None:
    machine.crontab()
    assert main(["schedule", "remove", "--for", "cron"]) == 0
    assert not machine.tab.exists()
    assert main(["schedule", "install", "--for", "cron"]) == 0
    assert len(machine.tab.read_text(encoding="utf-8").splitlines()) == 1


@posix
def test_a_crontab_that_cannot_be_read_is_never_written_over(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.program("crontab", f'[ "$1" = - ] && cat > "{machine.tab}"; echo "you may not use crontab" >&2; exit 1')
    assert main(["schedule", "install", "--for", "cron"]) == 2
    assert not machine.tab.exists()
    assert "you may not use crontab" in capsys.readouterr().err


@posix
def test_systemd_user_units_are_installed_and_removed(machine: Machine, tmp_path: Path) -> None:
    machine.program("systemctl", f'echo "$*" >> "{machine.calls}"')
    assert main(["schedule", "install", "--for", "systemd", "--at", "04:00"]) == 0
    folder = tmp_path / "config/systemd/user"
    timer, service = sorted(folder.iterdir(), key=lambda file: file.suffix, reverse=True)
    assert "OnCalendar=*-*-* 04:00:00 Europe/Moscow" in timer.read_text(encoding="utf-8")
    assert f'"{Path.cwd()}" "sync" "--scheduled"' in service.read_text(encoding="utf-8")
    assert main(["schedule", "remove", "--for", "systemd"]) == 0
    assert list(folder.iterdir()) == []
    assert main(["schedule", "remove", "--for", "systemd"]) == 0
    assert machine.calls.read_text(encoding="utf-8").splitlines() == [
        "--user daemon-reload",
        f"--user enable --now {timer.name}",
        f"--user disable --now {timer.name}",
        "--user daemon-reload",
    ]


@posix
def test_a_scheduler_that_refuses_is_told_in_its_own_words(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.program("systemctl", 'echo "Failed to connect to bus" >&2; exit 1')
    assert main(["schedule", "install", "--for", "systemd"]) == 2
    assert "Failed to connect to bus" in capsys.readouterr().err


@posix
def test_windows_tasks_go_through_schtasks(machine: Machine, tmp_path: Path) -> None:
    machine.program(
        "schtasks", f'echo "$1 $2 $3 $4" >> "{machine.calls}"; [ "$4" = /XML ] && cp "$5" "{tmp_path}/task.xml"; exit 0'
    )
    assert main(["schedule", "install", "--for", "windows"]) == 0
    assert etree.fromstring((tmp_path / "task.xml").read_bytes()).tag.endswith("}Task")
    assert main(["schedule", "remove", "--for", "windows"]) == 0
    name = name_of(Path.cwd())
    assert [line.strip() for line in machine.calls.read_text(encoding="utf-8").splitlines()] == [
        f"/Create /TN {name} /XML",
        f"/Query /TN {name}",
        f"/Delete /TN {name} /F",
    ]


def test_a_program_that_is_not_here_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(machine.bin))
    assert main(["schedule", "install", "--for", "cron"]) == 3
    assert "this machine has no crontab" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["systemd", "cron", "windows"])
def test_print_shows_what_install_would_set_up(machine: Machine, kind: str) -> None:
    words = [sys.executable, "-m", "connector", "schedule", "print", "--for", kind]
    printed = subprocess.run(words, capture_output=True, check=True).stdout
    name = name_of(Path.cwd())
    if kind == "windows":
        assert etree.fromstring(printed).findtext(".//t:Command", namespaces=TASK) == sys.executable
    else:
        assert name in printed.decode() and "sync" in printed.decode()
