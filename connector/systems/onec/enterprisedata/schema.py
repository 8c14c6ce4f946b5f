"""What EnterpriseData consists of: the elements of each type in their order, from the generated table.

The order is part of the format: 1C reads a sequence. Versions 1.8 and 1.10 share one order (a later version appends);
what only 1.10 has is left out for a partner that speaks 1.8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from connector.systems.onec.enterprisedata.generate import LATER

NAMESPACE: Final = "http://v8.1c.ru/edi/edi_stnd/EnterpriseData/"
MESSAGE: Final = "http://www.1c.ru/SSL/Exchange/Message"
WRITTEN: Final = ("1.10", "1.8")
"""The versions that are written, the best first."""

READ: Final = tuple(f"1.{minor}" for minor in range(2, 26))
"""The versions that are read: newer elements that we do not know are kept as they stand."""

_FILE: Final = Path(__file__).with_name("schema.json")


class Property(NamedTuple):
    """One element of a type. `kind` is a scalar, `=Enumeration`, or the name of a type."""

    name: str
    kind: str
    required: bool
    many: bool


class Schema(NamedTuple):
    """The whole table."""

    types: Mapping[str, tuple[Property, ...]]
    values: Mapping[str, frozenset[str]]

    def of(self, type_: str, version: str = WRITTEN[0]) -> tuple[Property, ...] | None:
        """The elements of a type in a version; None for a type that is not in the table."""
        found = self.types.get(type_)
        if found is None or version != "1.8" or type_ not in LATER:
            return found
        later = {name for name, _ in LATER[type_]}
        return tuple(item for item in found if item.name not in later)


@lru_cache(maxsize=1)
def schema() -> Schema:
    """The table, read once."""
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    types = {
        name: tuple(Property(field, kind, bool(required), bool(many)) for field, kind, required, many in items)
        for name, items in loaded["types"].items()
    }
    return Schema(types, {name: frozenset(values) for name, values in loaded["values"].items()})


def negotiated(offered: Sequence[str]) -> str | None:
    """The best version that both sides speak; None when there is none."""
    return next((version for version in WRITTEN if version in offered), None)


def version_of(format_: str) -> str | None:
    """`http://v8.1c.ru/edi/edi_stnd/EnterpriseData/1.8` -> `1.8`; None for a format without a version, or another."""
    if not format_.startswith(NAMESPACE):
        return None
    version = format_.removeprefix(NAMESPACE).strip("/ ")
    return version or None
