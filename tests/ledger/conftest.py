"""A shop, a counter and their books, empty for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ledger.worlds import World, new_store

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: object) -> Iterator[Make]:
    """Worlds of the test's own making, on a store in a file."""
    stores = []

    def made(**settings: Any) -> World:
        stores.append(new_store(f"sqlite:///{tmp_path}/store{len(stores)}.db"))
        return World(stores[-1], **settings)

    yield made
    for store in stores:
        store.close()


@pytest.fixture
def world(make: Make) -> World:
    """With a filter and a spring among the goods of the books."""
    world = make()
    world.good("30.896.00", "Фильтр")
    world.good("12133", "Пружина")
    return world
