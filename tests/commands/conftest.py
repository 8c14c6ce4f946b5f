"""A workspace on the sandbox's sample company after its first sync, copied for every test, and its commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.sandbox import Sandbox

Run = Callable[..., Any]


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="package")
def synced(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A workspace after its first sync, and what that sync printed."""
    folder = tmp_path_factory.mktemp("synced")
    sandbox.workspace(folder, "en")
    with pytest.MonkeyPatch.context() as patch:
        printed: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: printed.append(str(words[0])))
        assert main(["-C", str(folder), "sync", "--yes", "--json"]) == 1
    return folder, json.loads(next(text for text in printed if text.startswith("{")))


@pytest.fixture
def shop(synced: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the synced workspace, and the folder we are in."""
    folder = tmp_path / "shop"
    shutil.copytree(synced[0], folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(shop: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line; its JSON document."""

    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert main(list(words)) == code
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def said(shop: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command line; all it said."""

    def said(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(list(words)) == code
        shown = capsys.readouterr()
        return shown.out + shown.err

    return said
