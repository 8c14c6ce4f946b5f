"""Faults on demand: what a network, a proxy or a tired server does to a call.

A fault is set on one endpoint (its catalogue name, a prefix that ends in `*`, or `*` for all) and strikes `count`
times (for ever when not given) with a probability drawn from its own seed, so that a run can be repeated exactly.

| kind             | what the client sees                                          | does the call take effect |
|------------------|---------------------------------------------------------------|---------------------------|
| `latency`        | the right answer, `seconds` late                              | yes                       |
| `throttle`       | 429 with `Retry-After: seconds`                               | no                        |
| `error`          | 500 and a page of a web server                                | no (yes with `effect`)    |
| `timeout_before` | nothing for `seconds`, then a closed connection               | no                        |
| `timeout_after`  | nothing for `seconds`, then a closed connection               | yes                       |
| `cut`            | the headers and half of the body, then a closed connection    | yes                       |
| `html`           | 200 and a page of HTML, as a proxy or a login form answers    | no (yes with `effect`)    |
| `expired`        | the system's own way to say that the credentials are too old  | no                        |
| `refuse`         | the system's own refusal with the given `code`                | no                        |
"""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

KINDS: Final = (
    "latency",
    "throttle",
    "error",
    "timeout_before",
    "timeout_after",
    "cut",
    "html",
    "expired",
    "refuse",
)

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "endpoint": (str,),
    "fault": (str,),
    "count": (int, type(None)),
    "skip": (int,),
    "probability": (int, float),
    "seed": (int,),
    "seconds": (int, float),
    "code": (int, type(None)),
    "effect": (bool,),
}


@dataclass
class Fault:
    """One kind of trouble on one endpoint. `skip` calls pass untouched before it begins to strike."""

    endpoint: str = "*"
    fault: str = "error"
    count: int | None = None
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    seconds: float = 0.0
    code: int | None = None
    effect: bool = False
    _dice: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.fault not in KINDS:
            raise ValueError(f"no fault is called {self.fault!r}; there are {', '.join(KINDS)}")
        self._dice = random.Random(self.seed)  # noqa: S311 - a repeatable draw, not a secret

    def matches(self, endpoint: str) -> bool:
        if self.endpoint.endswith("*"):
            return endpoint.startswith(self.endpoint[:-1])
        return endpoint == self.endpoint

    def strikes(self) -> bool:
        """Draw once: does this call suffer? Uses up `skip` and `count`."""
        if self.count == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self._dice.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        return True


def fault_of(body: object) -> Fault:
    """A fault from the control API's JSON. Raises ValueError that names what is wrong."""
    if not isinstance(body, Mapping):
        raise ValueError("a fault is a JSON object")
    known = {item.name for item in fields(Fault) if item.init}
    for name, value in body.items():
        if name not in known:
            raise ValueError(f"a fault has no {name!r}; it has {', '.join(sorted(known))}")
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and name != "effect"):
            raise ValueError(f"{name}: {value!r} is of the wrong type")
    return Fault(**body)


class Faults:
    """The faults in force in one system, in the order they were set; the first that strikes wins."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def take(self, endpoint: str) -> Fault | None:
        """The fault that strikes this call, if any."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(endpoint) and fault.strikes():
                    return fault
        return None

    def as_list(self) -> list[dict[str, Any]]:
        with self._lock:
            faults = [asdict(fault) for fault in self._faults]
        return [{name: value for name, value in fault.items() if not name.startswith("_")} for fault in faults]
