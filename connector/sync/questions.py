"""Open questions of who is who, when two records become one: nobody who is still asked about is forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connector.model.states import Conflict
from connector.store import Store

Candidates = Mapping[str, Sequence[str]]
"""spoke -> uids of the records that may be the one in question."""


def carry_over(store: Store, loser: str, survivor: str, *, at: str, by: str) -> None:
    """`loser` has become `survivor`: what was asked about either is asked about the one that stays.

    A question that is answered by this is closed in the name of the person; its other candidates stay asked about.
    """
    for conflict in store.conflicts.naming((loser, survivor)):
        holders = conflict.field == "customer" and conflict.entity == "card"
        subject = survivor if conflict.uid == loser else conflict.uid
        left = without(_renamed(conflict.values, loser, survivor), subject)
        if not left or (holders and len(uids_of(left)) == 1):
            store.conflicts.close(conflict.id, survivor, by, "manual", at)
        elif subject != conflict.uid or left != conflict.values:
            if subject != conflict.uid:
                store.conflicts.withdraw([conflict.id])
            ask(store, replace(conflict, uid=subject, values=left), at)


def ask(store: Store, conflict: Conflict, at: str) -> None:
    """Ask, together with what is asked about this record already by the same key."""
    values = {spoke: list(uids) for spoke, uids in conflict.values.items()}
    for standing in store.conflicts.open_of([conflict.uid]).get(conflict.uid, ()):
        if standing.kind == conflict.kind and standing.field == conflict.field and standing.id != conflict.id:
            for spoke, uids in standing.values.items():
                values[spoke] = sorted({*values.get(spoke, ()), *uids})
    store.conflicts.write([replace(conflict, values=values)], conflict.run, at)


def without(values: Candidates, *answered: str) -> dict[str, list[str]]:
    """The candidates that are left."""
    kept = {spoke: [uid for uid in uids if uid not in answered] for spoke, uids in values.items()}
    return {spoke: uids for spoke, uids in kept.items() if uids}


def uids_of(values: Candidates) -> set[str]:
    return {uid for uids in values.values() for uid in uids}


def _renamed(values: Candidates, loser: str, survivor: str) -> dict[str, list[str]]:
    return {spoke: sorted({survivor if uid == loser else uid for uid in uids}) for spoke, uids in values.items()}
