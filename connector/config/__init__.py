"""The person's files: `connector.yaml` and `mappings/routes.yaml`, read strictly.

Every mistake is told at once, each with file, line, column and the nearest known word.
"""

from __future__ import annotations

from connector.config.accounts import CHANNELS, KINDS, Account, PosterLine
from connector.config.routes import compile_routes
from connector.config.secrets import Source
from connector.config.settings import FILE, Settings, load, written
from connector.config.workspace import Organization, Serve, Spot, cron

__all__ = [
    "CHANNELS",
    "FILE",
    "KINDS",
    "Account",
    "Organization",
    "PosterLine",
    "Serve",
    "Settings",
    "Source",
    "Spot",
    "compile_routes",
    "cron",
    "load",
    "written",
]
