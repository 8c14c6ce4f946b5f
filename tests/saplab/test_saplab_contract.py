"""The adapter of a Saplab shop keeps the contract over HTTP."""

from __future__ import annotations

import pytest
from contract import AdapterContract, World

from saplab.shop import Shop


class TestPeople(AdapterContract):
    @pytest.fixture
    def world(self, shop: Shop) -> World:
        return shop


class TestFirms(AdapterContract):
    """The same with legal details, which stand in the form only."""

    @pytest.fixture
    def world(self, firms: Shop) -> World:
        return firms
