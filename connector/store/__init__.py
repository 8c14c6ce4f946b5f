"""The store: hub, crosswalk with shadows, outbox, conflict log, journal, runs. The only home of SQLAlchemy."""

from __future__ import annotations

from connector.store.store import Store, existing_store, open_store

__all__ = ["Store", "existing_store", "open_store"]
