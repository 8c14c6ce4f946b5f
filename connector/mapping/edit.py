"""Editing a mapping file: one row is put in or replaced, and every other character stays, comments included."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

from connector.mapping.grammar import MappingFile
from connector.yamlfile import parse

_WIDE = 10**6


def with_row(text: str, field: str, row: Mapping[str, Any], name: str = "mapping") -> str:
    """The text of a mapping file with this row for `field`. ConfigError when the text or the result is no mapping."""
    parse(text.encode(), name).build(MappingFile)
    rows = _fields(YAML(typ="safe", pure=True).compose(text))
    written = _flow(row)
    for key, value in rows.value:
        if key.value == field:
            changed = text[: value.start_mark.index] + written + text[_end(value) :]
            break
    else:
        changed = _appended(text, rows, f"{field}: {written}")
    parse(changed.encode(), name).build(MappingFile)
    return changed


def _fields(root: Node) -> MappingNode:
    assert isinstance(root, MappingNode), "a mapping file was built from it"
    fields = next(value for key, value in root.value if key.value == "fields")
    assert isinstance(fields, MappingNode)
    return fields


def _flow(row: Mapping[str, Any]) -> str:
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = _WIDE
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    stream = io.StringIO()
    yaml.dump(dict(row), stream)
    return stream.getvalue().strip()


def _end(node: Node) -> int:
    """Where the last word of a value ends: a block runs on over blank lines and comments to the next key."""
    if isinstance(node, CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _appended(text: str, rows: MappingNode, line: str) -> str:
    if rows.flow_style:
        end = rows.end_mark.index - 1
        return f"{text[:end].rstrip()}, {line}{text[end:]}"
    ends = text.find("\n", _end(rows))
    end = len(text) if ends < 0 else ends
    return f"{text[:end]}\n{' ' * rows.value[0][0].start_mark.column}{line}{text[end:]}"
