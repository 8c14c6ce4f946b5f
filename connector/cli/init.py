"""`connector init`: a workspace to begin with, and newer mappings for one that is there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from connector.cli.screen import Screen
from connector.cli.session import Session, language_of, pass_session
from connector.cli.texts import argument, command, option
from connector.errors import UsageError
from connector.locale import LANGUAGES, N_
from connector.resources import example_file, mappings_folder, schemas_folder

_ENDINGS: Final = ("*.yaml", "*.wsdl")
_SHIPPED: Final = ".shipped.json"
"""Beside the mappings: the digest of every file as `init` wrote it, so that a person's edit is never written over."""

HELP = N_(
    "Writes a commented connector.yaml, the mappings and the schemas for an editor into DIR. "
    "In a workspace that is there already, connector.yaml and every mapping you edited stay as they are; "
    "the others are replaced by those of this version."
)


@command("init", help=HELP, example="connector init shop\nconnector init shop --language en")
@argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path), help=N_("default: the workspace"))
@option("--language", type=click.Choice(LANGUAGES), help=N_("language of the file and of all that is said later"))
@pass_session
def init(session: Session, folder: Path | None, language: str | None) -> None:
    target = session.folder if folder is None else folder
    if target.exists() and not target.is_dir():
        raise UsageError(N_("{folder} is a file, not a folder"), folder=target)
    target.mkdir(parents=True, exist_ok=True)
    screen = Screen(language or language_of(target, session.env))
    if _write_settings(target / "connector.yaml", screen.language):
        screen.say(N_("{file} is written; fill in your accounts"), file=target / "connector.yaml")
    else:
        screen.say(N_("{file} is kept as it is"), file=target / "connector.yaml")
    for file in _write_mappings(target / "mappings"):
        screen.say(N_("{file} is kept: it was edited; this version brings another one"), file=file)
    text = N_("{folder} is in force: a file there goes before the one that comes with the connector")
    screen.say(text, folder=target / "mappings")
    _copy(schemas_folder(), target / "schemas", "*.json")
    screen.say(N_("next: connector -C {folder} check"), folder=target)


def _write_settings(file: Path, language: str) -> bool:
    """False when there is one already. Only its owner may read it: it may come to hold a secret."""
    try:
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(number, "w", encoding="utf-8", newline="\n") as opened:
        opened.write(example_file(language).read_text(encoding="utf-8"))
    return True


def _write_mappings(folder: Path) -> Iterator[Path]:
    """Write every shipped mapping that is missing or unedited; give those that were edited and differ now."""
    written = _read_digests(folder / _SHIPPED)
    for source in sorted(file for ending in _ENDINGS for file in mappings_folder().rglob(ending)):
        name = source.relative_to(mappings_folder()).as_posix()
        target, content = folder / name, source.read_bytes()
        standing = target.read_bytes() if target.exists() else None
        if standing is None or written.get(name) == _digest(standing):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            written[name] = _digest(content)
        elif standing != content:
            yield target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _SHIPPED).write_text(json.dumps(written, indent=1, sort_keys=True), encoding="utf-8")


def _read_digests(file: Path) -> dict[str, str]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # without it every difference counts as an edit, and stays
    return dict(kept) if isinstance(kept, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _copy(source: Path, target: Path, pattern: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for file in source.glob(pattern):
        (target / file.name).write_bytes(file.read_bytes())
