"""What every adapter must do.

A test of an adapter is a class that inherits `AdapterContract` and gives one fixture, `world` (see `contract_world`):

    class TestPosterCustomers(AdapterContract):
        @pytest.fixture
        def world(self, poster: PosterWorld) -> World:
            return poster

What the system cannot do is skipped by the name of the lacking capability.
"""

from __future__ import annotations

import pytest
from contract_faults import FaultsContract
from contract_reading import ReadingContract
from contract_world import Sample, Trouble, Verb, World, reads, uid
from contract_writing import WritingContract

__all__ = ["AdapterContract", "Sample", "Trouble", "Verb", "World", "reads", "uid"]


class AdapterContract(ReadingContract, WritingContract, FaultsContract):
    """The whole suite."""

    @pytest.fixture
    def world(self) -> World:
        raise NotImplementedError("a test of an adapter gives its world")
