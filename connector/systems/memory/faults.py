"""Faults on demand: what may go wrong between us and a system, and exactly when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Verb = Literal["feed", "get", "find", "create", "update", "delete", "stamp", "call", "check"]
Moment = Literal["before", "after"]


class Kill(BaseException):
    """The process dies here. No `except Exception` may survive it."""


class Step(NamedTuple):
    """A point of a call where a fault may strike: before or after its effect. Each page of a feed is a step."""

    account: str
    verb: Verb
    entity: str
    moment: Moment
    number: int
    """Of the requests of this adapter, from 1."""


Faults = Callable[[Step], BaseException | None]
"""Asked at every step. What it returns is raised; it may also act as a user of the system, to race with the call."""


@dataclass
class Fault:
    """Strikes at the first `count` steps that fit, after letting `skip` of them pass."""

    verb: Verb | Literal["*"]
    moment: Moment
    error: BaseException
    count: int = 1
    skip: int = 0
    entity: str = "*"

    def strike(self, step: Step) -> BaseException | None:
        if self.verb not in ("*", step.verb) or self.moment != step.moment or self.entity not in ("*", step.entity):
            return None
        if self.skip > 0:
            self.skip -= 1
            return None
        if self.count <= 0:
            return None
        self.count -= 1
        return self.error


class Script:
    """Faults in turn: at each step the first that strikes wins."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = list(faults)

    def __call__(self, step: Step) -> BaseException | None:
        return next((error for fault in self.faults if (error := fault.strike(step)) is not None), None)
