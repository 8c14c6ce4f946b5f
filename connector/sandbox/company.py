"""The sample company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Company:
    """Nobody and nothing; the sample company follows."""


def sample(seed: int = 1) -> Company:
    """The sample company for a seed."""
    del seed
    return Company()
