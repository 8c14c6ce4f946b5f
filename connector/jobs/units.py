"""Money units that no document says: what an account has proved of them, and proving them with a probe."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self, cast

from connector.errors import UsageError
from connector.locale import N_

if TYPE_CHECKING:
    from connector.jobs.workspace import Workspace
    from connector.systems.parameters import Proved
    from connector.systems.poster.adapter import PosterAdapter
    from connector.systems.poster.calibrate import Proof, Till


class ProvedUnits:
    """The units that an account has proved (`connector check --calibrate`), looked up when first asked for."""

    def __init__(self, workspace: Workspace, account: str) -> None:
        self._workspace, self._account = workspace, account

    @cached_property
    def known(self) -> Mapping[tuple[str, str], str]:
        """(endpoint, field) -> unit; nothing where there is no store yet."""
        store = self._workspace.known_store
        return {} if store is None else store.runs.units(self._account)

    def read(self) -> Self:
        """Look them up now, in the thread that holds the store."""
        _ = self.known
        return self

    def unit(self, endpoint: str, field: str) -> Proved | None:
        return cast("Proved | None", self.known.get((endpoint, field)))


def prove(workspace: Workspace, account: str, till: Till | None = None) -> list[Proof]:
    """Probe a Poster account and remember what was proved. It writes records of its own there, and removes them.

    `till` says where a receipt may be opened too; without it the units of receipts stay unproved.

    UsageError for an account of another system: the documents of the others say their units.
    """
    from connector.systems.poster.calibrate import calibrate

    kind = workspace.settings.accounts[account].kind
    if kind != "poster":
        raise UsageError(
            N_("{account}: {kind} says the units of its money; there is nothing to prove"), account=account, kind=kind
        )
    store = workspace.store
    proofs = calibrate(
        cast("PosterAdapter", workspace.adapter(account)), till, now=lambda: workspace.clock().timestamp()
    )
    with store.transaction(durable=True):
        for proof in proofs:
            if proof.unit is not None:
                store.runs.prove_unit(account, proof.endpoint, proof.field, proof.unit, workspace.now)
    return proofs
