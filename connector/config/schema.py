"""JSON Schemas of the configuration files, for completion and hints in an editor."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter

from connector.config.routes import RoutesFile
from connector.config.workspace import Workspace

_MAY_BE_EMPTY: Final = frozenset({"accounts", "organizations", "spots"})
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> JSON Schema, of `connector.yaml` and of `mappings/routes.yaml`."""
    return {
        "connector.schema.json": _schema(Workspace, "connector.yaml"),
        "routes.schema.json": _schema(RoutesFile, "mappings/routes.yaml"),
    }


def _schema(model: Any, title: str) -> dict[str, Any]:
    schema = {"$schema": _DRAFT, **TypeAdapter(model).json_schema(), "title": title}
    for name in _MAY_BE_EMPTY & schema.get("properties", {}).keys():
        schema["properties"][name]["type"] = ["object", "null"]
    return schema
