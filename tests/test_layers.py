"""The picture of ARCHITECTURE.md is true: who may import whom, and where each package of others lives."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINTER = Path(sys.executable).parent / "lint-imports"

PLANTED = {
    "transport that reads settings": ("transport/planted.py", "import connector.config", "The transport knows no"),
    "adapter that knows a record": ("systems/planted.py", "import connector.model.records", "vendor's document alone"),
    "engine that names a system": ("sync/planted.py", "import connector.systems.rest", "The engine names no system"),
    "sandbox that shares a parser": ("sandbox/planted.py", "import connector.systems.rest", "shares nothing"),
    "mapping above the engine": ("mapping/planted.py", "import connector.sync", "Layers"),
    "requests in an adapter": ("systems/planted.py", "import requests", "requests, urllib3"),
    "click outside the command line": ("jobs/planted.py", "import click", "click, rich"),
    "SQL outside the store": ("sync/planted.py", "from sqlalchemy import select", "sqlalchemy"),
    "a new package without a layer": ("planted/__init__.py", "", "Layers"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(LINTER), "--no-cache"], cwd=folder, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layers")
    shutil.copy(ROOT / ".importlinter", folder)
    shutil.copytree(ROOT / "connector", folder / "connector", ignore=shutil.ignore_patterns("__pycache__", "_data"))
    return folder


def test_the_layers_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_caught(copy: Path, name: str) -> None:
    place, code, contract = PLANTED[name]
    file = copy / "connector" / place
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{code}\n", encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        file.unlink()
        if not any(file.parent.glob("*.py")):
            shutil.rmtree(file.parent)
    assert done.returncode == 1, done.stdout
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert any(contract in line for line in broken) or contract in done.stdout.partition("exhaustive")[0], done.stdout


def test_every_package_we_depend_on_has_a_home_or_a_reason() -> None:
    """A dependency nobody imports is weight; one that is imported without being declared breaks an installation."""
    everywhere = {"pydantic", "msgspec", "lxml", "platformdirs", "tzdata"}
    modules = {"python-stdnum": "stdnum", "phonenumberslite": "phonenumbers", "ruamel.yaml": "ruamel"}
    with (ROOT / "pyproject.toml").open("rb") as file:
        declared = {line.partition(">")[0].partition("=")[0] for line in tomllib.load(file)["project"]["dependencies"]}
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    homes = " ".join(one.get("forbidden_modules", "") for one in contracts.values()).split()
    for name in declared:
        module = modules.get(name, name.lower().replace("-", "_"))
        assert module in homes or module in everywhere, name
