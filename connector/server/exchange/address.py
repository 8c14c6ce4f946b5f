"""The address of a call as 1C writes it.

A name of a file may stand in it unencoded, in UTF-8 or windows-1251, with folders, drives and slashes of either kind.
It is only ever a key: nothing on this disk is called as somebody else says.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

LONGEST_NAME: Final = 255
LONGEST_QUERY: Final = 4096
_PREFIXES: Final = (("upload", "1c", "webdata"), ("upload", "1c_exchange"), ("upload", "1c_catalog"), ("tmp",))
_DRIVE: Final = re.compile(r"[A-Za-z]:\Z")
_SLASHES: Final = re.compile(r"[\\/]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Unsafe(ValueError):
    """A name that leads somewhere else, or is none."""


def parameters(query: str) -> dict[str, str]:
    """The parameters of a WSGI `QUERY_STRING` (bytes as latin-1). The first of a name counts."""
    found: dict[str, str] = {}
    for pair in query[:LONGEST_QUERY].split("&"):
        name, _, value = pair.partition("=")
        found.setdefault(_text(name), _text(value))
    return found


def _text(raw: str) -> str:
    data = unquote_to_bytes(raw.encode("latin-1", "replace").replace(b"+", b"%2B"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


def file_key(name: str) -> str:
    """By what a file of one session is known again: folders with one kind of slash, without what servers put before."""
    parts = [part.strip() for part in _SLASHES.split(name) if part.strip() not in ("", ".")]
    if not parts or len(name) > LONGEST_NAME or ".." in parts or _CONTROL.search(name):
        raise Unsafe(name)
    if _DRIVE.match(parts[0]):
        parts = parts[1:]
    for prefix in _PREFIXES:
        if len(parts) > len(prefix) and tuple(part.casefold() for part in parts[: len(prefix)]) == prefix:
            parts = parts[len(prefix) :]
    if not parts or any(":" in part for part in parts):
        raise Unsafe(name)
    return "/".join(parts).casefold()
