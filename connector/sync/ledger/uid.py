"""The uid of a fact: always the same one for what one source shows under one id.

It is the key under which the fact is told. Whoever has lost everything he knew, and reads it all again, tells nothing
twice: the key is taken, and what is there is found.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID, uuid5

_FACTS: Final = UUID("6f2b1b7e-6a55-5f0e-9d0c-0a3f4e1c7d21")


def fact_uid(spoke: str, entity: str, external_id: str) -> str:
    """The uid of the fact that a spoke shows as this entity under this id."""
    return str(uuid5(_FACTS, f"{spoke}/{entity}/{external_id}"))
