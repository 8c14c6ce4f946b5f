"""Mappings: raw rows of a system to canonical records and back, declared in YAML (DESIGN section 8)."""

from __future__ import annotations

from connector.mapping.mapping import Mapping, build, file_of, load

__all__ = ["Mapping", "build", "file_of", "load"]
