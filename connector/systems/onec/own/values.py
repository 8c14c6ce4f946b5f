"""Ways into nested values, and values of a web service as those of a raw row."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any


def at(value: Any, way: str) -> Any:
    """What stands at a way of elements; None where any of them is missing or empty."""
    for name in way.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def put(into: dict[str, Any], way: str, value: Any) -> None:
    """Set what stands at a way of elements; those on the way are made."""
    *heads, last = way.split(".")
    for name in heads:
        into = into.setdefault(name, {})
    into[last] = value


def rows(answer: Any, way: str) -> list[dict[str, Any]]:
    """The rows at a way: a list, a single one, or none."""
    found = at(answer, way)
    if found is None:
        return []
    listed = found if isinstance(found, list) else [found]
    return [plain(one) for one in listed if isinstance(one, Mapping)]


def plain(value: Any) -> Any:
    """Dates, times and bytes as text; numbers keep every digit."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def lacking(names: Mapping[str, Any] | None, ways: Iterable[str]) -> list[str]:
    """The ways that do not lead anywhere in what a WSDL describes. Where any element may stand (None), all do."""
    return [way for way in ways if not _leads(names, way.split("."))]


def below(names: Mapping[str, Any] | None, way: str) -> Mapping[str, Any] | None:
    """What is described at a way."""
    for name in way.split("."):
        names = None if names is None else names.get(name)
    return names


def _leads(names: Mapping[str, Any] | None, way: list[str]) -> bool:
    if names is None or not way:
        return True
    return way[0] in names and _leads(names[way[0]], way[1:])
