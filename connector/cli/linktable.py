"""Tables that say which records are one: as `links export` writes them, or written by hand in YAML.

# groups.yaml
- entity: group
  same: ["buh:8f0e2f2e-0000-0000-0000-000000000001", "kafe:2"]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from connector.errors import UsageError
from connector.locale import N_
from connector.reports.sheet import read
from connector.yamlfile import Strict
from connector.yamlfile import read as read_yaml

_NEEDED = ("entity", "uid", "account", "external_id")


class Same(Strict):
    """Records of one entity that are one: each as ACCOUNT:EXTERNAL_ID."""

    entity: str
    same: list[str] = Field(min_length=2)


def same_of(file: Path) -> Iterator[tuple[str, list[str]]]:
    """(where in the file, places ACCOUNT:ENTITY:EXTERNAL_ID that are one record)."""
    if file.suffix.lower() in (".yaml", ".yml"):
        yield from _of_yaml(file)
    else:
        yield from _of_table(file)


def _of_yaml(file: Path) -> Iterator[tuple[str, list[str]]]:
    document = read_yaml(file)
    lines: list[Same] = document.build(list[Same])
    for index, line in enumerate(lines):
        places = []
        for number, place in enumerate(line.same):
            account, colon, external_id = place.partition(":")
            if not (account and colon and external_id):
                raise document.error(
                    N_("“{text}” is no record; write ACCOUNT:EXTERNAL_ID"), index, "same", number, text=place
                )
            places.append(f"{account}:{line.entity}:{external_id}")
        yield f"{document.name}:{document.at(index)[0]}", places


def _of_table(file: Path) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, tuple[int, list[str]]] = {}
    for number, row in read(file):
        lacking = [name for name in _NEEDED if not row.get(name, "").strip()]
        if lacking:
            raise UsageError(N_("{file}, line {line}: “{name}” is missing"), file=file, line=number, name=lacking[0])
        entity, uid, account, external_id = (row[name].strip() for name in _NEEDED)
        groups.setdefault(uid, (number, []))[1].append(f"{account}:{entity}:{external_id}")
    for line, places in groups.values():
        yield f"{file}:{line}", places
