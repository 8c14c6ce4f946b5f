"""Running bases of each configuration, emptied for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connector.sandbox import Sandbox

PROFILES = ("bp30", "ut11", "unf")


@pytest.fixture(scope="package")
def bases() -> Iterator[Callable[[str], Sandbox]]:
    """An empty base of a configuration, started once and cleared at each call."""
    running: dict[str, Sandbox] = {}

    def of(profile: str) -> Sandbox:
        if profile not in running:
            running[profile] = Sandbox(("onec",), "empty", options={"onec": {"profile": profile}}).start()
        running[profile].reset()
        return running[profile]

    yield of
    for sandbox in running.values():
        sandbox.stop()


@pytest.fixture(scope="module")
def companies() -> Iterator[Callable[[tuple[str, ...]], Sandbox]]:
    """Empty systems, started once and cleared at each call."""
    running: dict[tuple[str, ...], Sandbox] = {}

    def of(systems: tuple[str, ...]) -> Sandbox:
        if systems not in running:
            running[systems] = Sandbox(systems, "empty").start()
        running[systems].reset()
        return running[systems]

    yield of
    for sandbox in running.values():
        sandbox.stop()
