"""By what a record is found, as the outside sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from connector.model.records import ENTITIES

if TYPE_CHECKING:
    from connector.cli.session import Session

_REFERENCES: Final = frozenset(name for cls in ENTITIES.values() for name in cls.references)


def own_identifiers(session: Session, uids: Sequence[str]) -> dict[str, set[tuple[str, str]]]:
    """uid -> (scheme, value) by which a record is found. What refers to another record is left out."""
    held = session.workspace.store.hub.identifiers(uids)
    return {uid: {one for one in own if one[0] not in _REFERENCES} for uid, own in held.items()}
