"""A running programme, emptied for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import FrozenClock

from connector.sandbox import Sandbox
from loyalclient.programme import Programme


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(kinds=("loyalclient",), company="empty") as running:
        yield running


@pytest.fixture
def programme(sandbox: Sandbox, clock: FrozenClock) -> Iterator[Programme]:
    opened = Programme(sandbox, clock)
    opened.world.reset()
    yield opened
    opened.adapter.close()
