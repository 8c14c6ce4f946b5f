"""Emulators of the five systems, a sample company and faults on demand."""

from __future__ import annotations

from connector.sandbox.base import ALL, Sandbox, serve_forever
from connector.sandbox.world import World

__all__ = ["ALL", "Sandbox", "World", "serve_forever"]
