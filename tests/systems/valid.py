"""Parameters that a catalogue calls valid: every one of a call, made from its type and, where it is an id, its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.systems.catalogue import Endpoint, Param

MOMENTS = {
    "Y-m-d H:i:s": "2026-11-19 10:00:00",
    "Y-m-d H:i": "2026-11-19 10:00",
    "Y-m-d": "1990-02-01",
    "Ymd": "20261119",
    "md": "0201",
    "dmY": "19112026",
    "ms": "1795082400000",
    "unix": "1795082400",
}


def valid(endpoint: Endpoint, ids: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every parameter; `ids` knows those that must name something, by parameter."""
    return {name: _value(name, param, ids) for name, param in endpoint.params.items()}


def _value(name: str, param: Param, ids: Mapping[str, Any]) -> Any:
    if param.fields:
        inner = {key: _value(key, field, ids) for key, field in param.fields.items()}
        return inner if param.type == "object" else [inner]
    if name in ids:
        return ids[name]
    if param.values:
        return param.values[0]
    if param.format is not None:
        return MOMENTS[param.format]
    return {"text": f"Проба {name}", "flag": 0, "int": param.min or 1, "number": "1.5", "money": "10"}[param.type]
