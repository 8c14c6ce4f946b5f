"""A running shop, emptied for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import FrozenClock

from connector.sandbox import Sandbox
from saplab.shop import LegalShop, Shop


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(kinds=("saplab",), company="empty") as running:
        yield running


@pytest.fixture
def shop(sandbox: Sandbox, clock: FrozenClock) -> Iterator[Shop]:
    yield from opened(Shop(sandbox, clock))


@pytest.fixture
def firms(sandbox: Sandbox, clock: FrozenClock) -> Iterator[Shop]:
    """The same shop, whose users enter legal persons."""
    yield from opened(LegalShop(sandbox, clock))


def opened(shop: Shop) -> Iterator[Shop]:
    shop.world.reset()
    yield shop
    shop.adapter.close()
