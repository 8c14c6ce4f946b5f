"""The shape of an answer without its content: what may be shown of something that we do not understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_LONGEST: Final = 300
_KEYS: Final = 12
_DEEPEST: Final = 3


def shape_of(value: Any) -> str:
    """Keys and kinds, no values: `{response: [2 x {client_id: text, phone: text}]}`. Secrets and people stay out."""
    text = _shape(value, 0)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _shape(value: Any, depth: int) -> str:
    if isinstance(value, Mapping):
        return _map(value, depth)
    if isinstance(value, list | tuple):
        if not value:
            return "[]"
        return f"[{len(value)} x {_shape(value[0], depth + 1)}]" if depth < _DEEPEST else f"[{len(value)} x …]"
    return _kind(value)


def _map(value: Mapping[Any, Any], depth: int) -> str:
    if depth >= _DEEPEST:
        return "{…}"
    shown = [f"{_name(key)}: {_shape(inner, depth + 1)}" for key, inner in list(value.items())[:_KEYS]]
    return "{" + ", ".join([*shown, *(["…"] if len(value) > _KEYS else [])]) + "}"


def _name(key: Any) -> str:
    """A key is shown when it is a word; numbers, phones and the like may be content."""
    text = str(key)
    return text if text.isascii() and text.replace("_", "").isalnum() and not text.isdigit() and len(text) < 40 else "…"


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return "text" if isinstance(value, str | bytes) else "number"
