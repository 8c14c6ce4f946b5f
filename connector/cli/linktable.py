"""Tables that say which records are one: as `links export` writes them, or written by hand in YAML.

# groups.yaml
- entity: group
  same: ["buh:8f0e2f2e-0000-0000-0000-000000000001", "kafe:2"]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import Field

from connector.errors import UsageError
from connector.locale import LANGUAGES, N_, Sentence, translate
from connector.locale.words import ENTITIES, called
from connector.reports.sheet import read
from connector.yamlfile import Strict
from connector.yamlfile import read as read_yaml

HEADS: Final = (
    *(N_("entity"), N_("uid"), N_("name"), N_("account"), N_("external_id"), N_("primary"), N_("how"), N_("at")),
)
"""Of the table that `links export` writes, in whichever language."""
_NEEDED: Final = ("entity", "uid", "account", "external_id")


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


def _in_our_words(row: Mapping[str, str]) -> dict[str, str]:
    """The heads and the entity in English, whichever language the table was written in."""
    heads = {translate(head, language): head for head in HEADS for language in LANGUAGES}
    found = {heads.get(head, head): cell.strip() for head, cell in row.items()}
    said = found.get("entity", "").casefold()
    known = (word for word in ENTITIES for language in LANGUAGES if called(ENTITIES, word, language).casefold() == said)
    return {**found, "entity": next(known, said)}


def _of_table(file: Path) -> Iterator[tuple[str, list[str]]]:
    groups: dict[str, tuple[int, list[str]]] = {}
    for number, told in read(file):
        row = _in_our_words(told)
        lacking = [name for name in _NEEDED if not row.get(name)]
        if lacking:
            raise UsageError(
                N_("{file}, line {line}: “{name}” is missing"), file=file, line=number, name=Sentence(lacking[0])
            )
        entity, uid, account, external_id = (row[name] for name in _NEEDED)
        groups.setdefault(uid, (number, []))[1].append(f"{account}:{entity}:{external_id}")
    for line, places in groups.values():
        yield f"{file}:{line}", places
