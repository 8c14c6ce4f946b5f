"""JSON Schemas of the configuration files, for completion and hints in an editor."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter

from connector.config.routes import RoutesFile
from connector.config.workspace import Workspace

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> JSON Schema, of `connector.yaml` and of `mappings/routes.yaml`."""
    return {
        "connector.schema.json": _schema(Workspace, "connector.yaml"),
        "routes.schema.json": _schema(RoutesFile, "mappings/routes.yaml"),
    }


def _schema(model: Any, title: str) -> dict[str, Any]:
    return {"$schema": _DRAFT, **TypeAdapter(model).json_schema(), "title": title}
