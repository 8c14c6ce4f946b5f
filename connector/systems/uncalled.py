"""A system that nobody calls: it is read from what it leaves, or comes by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import ConnectorError
from connector.systems.base import Outcome, Raw, Row


class Uncalled:
    """The calls of `systems.base.Adapter` that such an adapter refuses, in the words of its `_cannot`."""

    def _cannot(self) -> ConnectorError:
        raise NotImplementedError

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        raise self._cannot()

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        raise self._cannot()

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        raise self._cannot()

    def delete(self, entity: str, external_id: str) -> Outcome:
        raise self._cannot()

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        raise self._cannot()

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        raise self._cannot()
