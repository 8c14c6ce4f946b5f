"""The adapter of a virtpos company keeps the contract over HTTP."""

from __future__ import annotations

import pytest
from contract import AdapterContract, World

from virtpos.company import Cards, Company


class TestCustomers(AdapterContract):
    @pytest.fixture
    def world(self, company: Company) -> World:
        return company


class TestCustomersInJson(AdapterContract):
    """The same where the answers are JSON (V-07)."""

    @pytest.fixture
    def world(self, company: Company) -> World:
        company.in_json()
        return company


class TestWrittenCards(AdapterContract):
    """A server that does not show cards: they are written and never read."""

    @pytest.fixture
    def world(self, written_cards: Cards) -> World:
        return written_cards


class TestShownCards(AdapterContract):
    """A server that shows the cards of each customer."""

    @pytest.fixture
    def world(self, shown_cards: Cards) -> World:
        return shown_cards


class TestShownCardsInJson(AdapterContract):
    """The same where the answers are JSON."""

    @pytest.fixture
    def world(self, shown_cards: Cards) -> World:
        shown_cards.in_json()
        return shown_cards
