"""A running company, emptied for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import FrozenClock

from connector.sandbox import Sandbox
from virtpos.company import Cards, Company


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(kinds=("virtpos",), company="empty") as running:
        yield running


@pytest.fixture
def company(sandbox: Sandbox, clock: FrozenClock) -> Iterator[Company]:
    yield from opened(Company(sandbox, clock))


@pytest.fixture
def written_cards(sandbox: Sandbox, clock: FrozenClock) -> Iterator[Company]:
    """Cards of a server that does not show them; customer 1 may hold them."""
    yield from with_holder(Cards(sandbox, clock))


@pytest.fixture
def shown_cards(sandbox: Sandbox, clock: FrozenClock) -> Iterator[Company]:
    """Cards of a server that shows them with their holder."""
    yield from with_holder(Cards(sandbox, clock, reads_cards=True))


def with_holder(cards: Cards) -> Iterator[Company]:
    for company in opened(cards):
        cards.user_adds_holder()
        yield company


def opened(company: Company) -> Iterator[Company]:
    company.world.reset()
    yield company
    company.adapter.close()
