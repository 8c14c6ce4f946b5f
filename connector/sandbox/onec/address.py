"""What a path below `standard.odata` means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from connector.sandbox.onec.errors import refusal

_SEGMENT: Final = re.compile(r"(?P<name>\$?[^\W\d]\w*)(?:\((?P<inside>.*)\))?\Z", re.DOTALL)
_WRITES: Final = {"POST": "create", "PATCH": "write", "PUT": "write", "DELETE": "delete"}


@dataclass(frozen=True)
class Address:
    """The first part, what stands in its brackets (None without any), and the parts behind it, each taken apart."""

    name: str = ""
    inside: str | None = None
    rest: tuple[tuple[str, str | None], ...] = ()

    def named(self, verb: str) -> str:
        """What is done there: `Catalog_X read`, `Document_X Post`, `AccumulationRegister_X Balance`, `$metadata`."""
        if self.name in ("", "$metadata", "SelectChanges", "NotifyChangesReceived"):
            return self.name
        last = self.rest[-1][0] if self.rest else ""
        if last in ("Post", "Unpost") or (last and self.inside is None and not last.startswith("$")):
            return f"{self.name} {last}"
        return f"{self.name} {_WRITES.get(verb, 'read')}"


def parse_address(parts: list[str]) -> Address:
    """The decoded parts of a path. Code 6 for what is no address."""
    if parts in ([], [""]):
        return Address()
    found = [_SEGMENT.match(part) for part in parts]
    taken = [(match["name"], match["inside"]) for match in found if match is not None]
    if len(taken) != len(found):
        raise refusal(6)
    return Address(taken[0][0], taken[0][1], tuple(taken[1:]))
