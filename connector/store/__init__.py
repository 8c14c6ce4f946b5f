"""The store: hub, crosswalk with shadows, outbox, conflict log, journal, runs. The only home of SQLAlchemy."""

from __future__ import annotations

from connector.store.store import Store, open_store

__all__ = ["Store", "open_store"]
