"""What is delivered works where nothing of ours is: a wheel in an empty environment, the commands of a checkout."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "Мой магазин (1)"
CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "CONNECTOR"))
}
posix = pytest.mark.skipif(os.name != "posix", reason="shell scripts")


def run(words: Sequence[str | Path], folder: Path, code: int = 0, **env: str) -> str:
    """Run a program somewhere else, in English; what it printed."""
    done = subprocess.run(
        [str(word) for word in words], cwd=folder, capture_output=True, encoding="utf-8", check=False,
        env={**CLEAN, "LANGUAGE": "en", **env},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def tracked(ending: str = "") -> list[Path]:
    """The files of the checkout, without what is built, kept or ignored."""
    names = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT).split("\0")
    return [path for name in names if name.endswith(ending) and name and (path := ROOT / name).is_file()]


# the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_everything_that_is_read_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("connector/"):
            assert name in names
        elif name == "connector.example.yaml" or (name.startswith(("mappings/", "schemas/")) and path.name != ".keep"):
            assert f"connector/_data/{name}" in names
    assert {name.split("/")[0] for name in names} == {"connector", "connector-0.1.0.dist-info"}
    assert not any(name.endswith((".pyc", ".db")) or "/tests/" in name for name in names)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of an empty environment into which only the wheel was installed."""
    venv = tmp_path_factory.mktemp("venv") / FOLDER
    run([sys.executable, "-m", "venv", venv], ROOT)
    commands = venv / ("Scripts" if os.name == "nt" else "bin")
    run([commands / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel], venv)
    return commands


def test_the_wheel_works_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    connector = installed / "connector"
    place = run([installed / "python", "-c", "import connector; print(connector.__file__)"], tmp_path)
    assert Path(place.strip()).is_relative_to(installed.parent)
    assert "Keeps 1C" in run([connector, "--help"], tmp_path)
    assert "Держит 1С" in run([connector, "--help"], tmp_path, LANGUAGE="ru")
    run([connector, "init", FOLDER], tmp_path)
    shop = tmp_path / FOLDER
    assert (shop / "connector.yaml").is_file() and (shop / "schemas/connector.schema.json").is_file()
    run([connector, "-C", shop, "check"], tmp_path, code=1)
    assert json.loads(run([connector, "catalogue", "--json"], tmp_path))
    assert "broken laws: 0" in run([connector, "-C", shop, "mapping", "check"], tmp_path)
    assert "OnCalendar" in run([connector, "-C", shop, "schedule", "print", "--for", "systemd"], tmp_path)


def the_demo_tells(said: str, folder: Path) -> None:
    """It came to its end, a run found nothing to do, and the death in the middle changed nothing."""
    assert "nothing to do" in said
    compared = said[said.rindex("without the death") :].splitlines()[1:5]
    assert [line.split("\t")[-1] for line in compared] == ["yes"] * 4
    assert (folder / "connector.yaml").is_file() and (folder / "connector.db").is_file()


def test_the_wheel_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    said = run([installed / "connector", "demo", "--folder", FOLDER], tmp_path)
    the_demo_tells(said, tmp_path / FOLDER)
    assert json.loads(run([installed / "connector", "-C", FOLDER, "status", "--json"], tmp_path))["runs"]


# the commands of a checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the checkout, in a folder with a space and Cyrillic, without an environment."""
    folder = tmp_path_factory.mktemp("clean") / FOLDER
    for path in tracked():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return folder


@posix
def test_a_clean_checkout_makes_its_own_environment(checkout: Path, tmp_path: Path) -> None:
    assert not (checkout / ".venv").exists()
    assert "Keeps 1C" in run([checkout / "bin/connector", "--help"], tmp_path)
    stamp = (checkout / ".venv/.connector.json").stat().st_mtime_ns
    (tmp_path / "connector").symlink_to(checkout / "bin/connector")
    (tmp_path / "json.py").write_text("raise SystemExit('the working folder is not for our imports')\n")
    run([tmp_path / "connector", "init", "shop"], tmp_path)
    assert (tmp_path / "shop/connector.yaml").is_file()
    assert (checkout / ".venv/.connector.json").stat().st_mtime_ns == stamp, "nothing is installed twice"
    run([tmp_path / "connector", "no-such-command"], tmp_path, code=3)


@posix
def test_the_demo_of_a_clean_checkout(checkout: Path, tmp_path: Path) -> None:
    the_demo_tells(run([checkout / "bin/demo"], tmp_path), tmp_path / "demo")


@posix
@pytest.mark.parametrize("name", ["connector", "demo", "test"])
def test_a_command_for_windows_stands_beside_each(name: str) -> None:
    script = (ROOT / "bin" / f"{name}.cmd").read_bytes()
    assert (ROOT / "bin" / name).stat().st_mode & 0o111
    text = script.decode("ascii")
    extras = " dev" if name == "test" else ""
    assert f'%BASE% -I "%~dp0environment.py"{extras}' in text.replace("\r", "")
    shell = (ROOT / "bin" / name).read_text(encoding="ascii")
    assert f"environment{extras}\n" in shell


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """bin/environment.py over a folder of the test; the programs it would start are only written down."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "bin/environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name, place in (
        ("VENV", ".venv"),
        ("PYTHON", ".venv/bin/python"),
        ("STAMP", ".venv/.connector.json"),
        ("LOCK", ".lock"),
    ):
        monkeypatch.setattr(module, name, tmp_path / place)
    (tmp_path / "pyproject.toml").write_text("one", encoding="utf-8")
    module.started = []

    def run(*words: str) -> bool:
        module.started.append(words)
        if "venv" in words:
            (tmp_path / ".venv/bin").mkdir(parents=True, exist_ok=True)
            (tmp_path / ".venv/bin/python").touch()
        return module.works

    module.works = True
    monkeypatch.setattr(module, "run", run)
    return module


def targets(environment: ModuleType) -> list[str]:
    return [words[-1] for words in environment.started if "pip" in words]


def test_the_environment_is_made_once(environment: ModuleType, tmp_path: Path) -> None:
    assert environment.main([]) == 0
    assert targets(environment) == [str(tmp_path)]
    assert environment.main([]) == 0
    assert len(environment.started) == 2


def test_more_is_installed_when_more_is_asked_and_never_less(environment: ModuleType, tmp_path: Path) -> None:
    environment.main([])
    environment.main(["dev"])
    environment.main([])
    assert targets(environment) == [str(tmp_path), f"{tmp_path}[dev]"]


@pytest.mark.parametrize("change", ["pyproject", "moved", "half a stamp"])
def test_it_is_installed_again_when_something_changed(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    environment.main(["dev"])
    if change == "pyproject":
        (tmp_path / "pyproject.toml").write_text("two", encoding="utf-8")
    elif change == "moved":
        shutil.copytree(tmp_path, tmp_path / "elsewhere")
        monkeypatch.setattr(environment, "ROOT", tmp_path / "elsewhere")
    else:
        environment.STAMP.write_text('{"made_of"', encoding="utf-8")
    environment.main([] if change != "half a stamp" else ["dev"])
    assert len(targets(environment)) == 2
    assert targets(environment)[1].endswith("[dev]"), "what was there stays"


def test_a_failed_installation_is_told_and_tried_again(
    environment: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.main([])
    environment.STAMP.unlink()
    environment.works = False
    assert environment.main([]) == 2
    assert capsys.readouterr().err
    environment.works = True
    assert environment.main([]) == 0
    assert environment.is_ready([])


def test_an_old_python_is_refused(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "OLDEST", (4, 0))
    assert environment.main([]) == 3
    assert "3.11" in capsys.readouterr().err
