"""Where a credential travels: query (Poster), body (virtpos), header (LoyalClient), Basic (Saplab, 1C).

An `Auth` changes the outgoing draft at the last moment, so that a `Request` never holds a secret.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Protocol


@dataclass
class Draft:
    """A request about to leave: flat pairs and headers, to which an `Auth` adds its credential."""

    verb: str
    query: list[tuple[str, str]]
    form: list[tuple[str, str]] | None
    headers: dict[str, str | bytes]


class Auth(Protocol):
    @property
    def secrets(self) -> tuple[str, ...]:
        """What must be masked wherever it shows up."""
        ...

    def apply(self, draft: Draft) -> None: ...


@dataclass(frozen=True)
class NoAuth:
    """An account that needs no credential."""

    secrets: tuple[str, ...] = ()

    def apply(self, draft: Draft) -> None:
        del draft


@dataclass(frozen=True)
class QueryKey:
    """A key in the query string: `?token=…` (Poster)."""

    name: str
    value: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.value,)

    def apply(self, draft: Draft) -> None:
        draft.query.append((self.name, self.value))


@dataclass(frozen=True)
class FormKey:
    """A key in the form body where there is one, in the query of a plain read (virtpos, V-10)."""

    name: str
    value: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.value,)

    def apply(self, draft: Draft) -> None:
        target = draft.query if draft.form is None else draft.form
        target.append((self.name, self.value))


@dataclass(frozen=True)
class HeaderKey:
    """A key in a header of its own (LoyalClient, L-01)."""

    name: str
    value: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.value,)

    def apply(self, draft: Draft) -> None:
        draft.headers[self.name] = self.value.encode("utf-8")


@dataclass(frozen=True)
class Basic:
    """HTTP Basic with login and password as UTF-8 bytes, so that Cyrillic logins work; never in the address (S-28)."""

    login: str
    password: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.password, self._token)

    @property
    def _token(self) -> str:
        return base64.b64encode(f"{self.login}:{self.password}".encode()).decode("ascii")

    def apply(self, draft: Draft) -> None:
        draft.headers["Authorization"] = f"Basic {self._token}".encode("ascii")
