"""Worlds for the tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store import Store
from tests.engine.worlds import World, new_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = new_store(f"sqlite:///{tmp_path}/store.db")
    yield store
    store.close()


@pytest.fixture
def world(store: Store) -> World:
    return World(store)
