"""1C's OData keeps the contract: customers, groups and cards of three configurations, over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conftest import FrozenClock
from contract import AdapterContract, World

from connector.sandbox import Sandbox
from onec.base_world import BaseWorld, CardWorld, GroupWorld, PartnerWorld, SegmentWorld

Bases = Callable[[str], Sandbox]


def opened(world: World) -> Iterator[World]:
    yield world
    world.adapter.close()


class TestCustomersOfBp30(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(BaseWorld(bases("bp30"), clock, "bp30"))


class TestCustomersOfBp30WhereChangesAreRegistered(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(BaseWorld(bases("bp30"), clock, "bp30", peer="CON"))


class TestCustomersOfUt11WhereChangesAreRegistered(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(PartnerWorld(bases("ut11"), clock, "ut11", peer="CON"))


class TestCustomersOfUnf(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(BaseWorld(bases("unf"), clock, "unf"))


class TestCustomersOfUt11(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(PartnerWorld(bases("ut11"), clock, "ut11"))


class TestGroupsOfBp30(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(GroupWorld(bases("bp30"), clock, "bp30"))


class TestGroupsOfUnf(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(GroupWorld(bases("unf"), clock, "unf"))


class TestGroupsOfUt11(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(SegmentWorld(bases("ut11"), clock, "ut11"))


class TestCardsOfUnf(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(CardWorld(bases("unf"), clock, "unf"))


class TestCardsOfUt11(AdapterContract):
    @pytest.fixture
    def world(self, bases: Bases, clock: FrozenClock) -> Iterator[World]:
        yield from opened(CardWorld(bases("ut11"), clock, "ut11"))
