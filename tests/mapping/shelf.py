"""The shipped mappings and their golden rows, for the tests of this folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from connector.mapping import Mapping, load
from connector.resources import mappings_folder
from connector.yamlfile import parse

GOLDEN = Path(__file__).parents[1] / "golden"
OTHERS = {"routes.yaml", "profile.yaml", "service.yaml"}


@dataclass(frozen=True)
class Shipped:
    """One shipped mapping: its file, and the golden rows that belong to it."""

    kind: str
    profile: str | None
    entity: str

    @property
    def folder(self) -> str:
        return f"profiles/{self.profile}" if self.profile else self.kind

    @property
    def mapping(self) -> Mapping:
        return compiled(self)

    @property
    def rows(self) -> list[Path]:
        return sorted((GOLDEN / self.folder / self.entity).glob("*.json"))

    def __str__(self) -> str:
        return f"{self.folder}/{self.entity}"


@lru_cache
def compiled(shipped: Shipped) -> Mapping:
    return load([mappings_folder()], shipped.kind, shipped.entity, shipped.profile)


def of_file(path: Path) -> Shipped:
    parts = path.relative_to(mappings_folder()).parts
    profile = parts[1] if parts[0] == "profiles" else None
    return Shipped("onec" if profile else parts[0], profile, path.stem)


SHIPPED = [of_file(path) for path in sorted(mappings_folder().rglob("*.yaml")) if path.name not in OTHERS]
ROWS = [(shipped, path) for shipped in SHIPPED for path in shipped.rows]


def golden(path: Path) -> dict[str, Any]:
    """A golden file; fractions are exact, as adapters give them."""
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def ship(name: str, entity: str = "customer") -> Mapping:
    """A shipped mapping by its folder: `poster`, `profiles/bp30`."""
    return next(one for one in SHIPPED if one.folder == name and one.entity == entity).mapping


def document(text: str) -> Any:
    return parse(text.encode(), "mappings/test.yaml")
