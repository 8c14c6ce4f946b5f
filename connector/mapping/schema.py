"""The JSON Schema of mapping files, for completion and hints in an editor."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter

from connector.mapping.grammar import MappingFile
from connector.model.records import ENTITIES, fields_of

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> JSON Schema. An editor offers every word, every transform and the fields of the entity."""
    schema = {"$schema": _DRAFT, **TypeAdapter(MappingFile).json_schema(by_alias=True), "title": "mappings/*.yaml"}
    rows = schema["properties"]["fields"].pop("additionalProperties")
    every = dict.fromkeys(name for entity in ENTITIES for name in fields_of(entity) if name != "lines")
    schema["properties"]["fields"] |= {"properties": dict.fromkeys(every, rows), "additionalProperties": False}
    schema["allOf"] = [_of(entity) for entity in ENTITIES]
    _one_or_several(schema["$defs"]["FieldRow"]["properties"])
    inside = schema["$defs"]["LinesBlock"]["properties"]["fields"]
    rows = inside.pop("additionalProperties")
    lines = {cls.line.entity for cls in ENTITIES.values() if cls.line is not None}
    known = dict.fromkeys(name for line in sorted(lines) for name in fields_of(line))
    inside |= {"properties": dict.fromkeys(known, rows), "additionalProperties": False}
    return {"mapping.schema.json": schema}


def _of(entity: str) -> dict[str, Any]:
    own = [name for name in fields_of(entity) if name != "lines"]
    names = {"properties": {"fields": {"propertyNames": {"enum": own}}}}
    return {"if": {"properties": {"entity": {"const": entity}}, "required": ["entity"]}, "then": names}


def _one_or_several(properties: dict[str, Any]) -> None:
    """A list of paths may be written as one path."""
    for name in ("path", "read", "write", "blank"):
        several = next(way for way in properties[name].pop("anyOf") if way.get("type") == "array")
        properties[name]["anyOf"] = [several["items"], several]
