"""The last step of a run that writes: what only lay ready leaves, once for everything that was told.

Such an adapter (`SendsOff`) has taken what it was told, and is given what the outbox offers to it beside.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from connector.errors import ConnectorError
from connector.store import Store
from connector.sync.ledger.offers import Offers
from connector.systems.base import Adapter, SendsOff


def send_off(
    store: Store, offers: Offers, adapters: Mapping[str, Adapter], failed: MutableMapping[str, ConnectorError]
) -> None:
    """Let every account that answers send off. An offer that cannot be told is refused; one that fails is noted."""
    for account, adapter in adapters.items():
        if account in failed or not isinstance(adapter, SendsOff):
            continue
        if store.runs.behind(account) is not None and store.outbox.waiting(account):
            continue  # the store was put back, and this run has not read what became of them
        try:
            refused = adapter.send_off(offers.pending(account))
        except ConnectorError as error:
            failed[account] = error
            continue
        with store.transaction(durable=True):
            for operation_id, reason in refused:
                operation = store.outbox.get(operation_id)
                if operation is not None and operation.status == "offered":
                    store.outbox.become(operation, "refused", reason=reason)


__all__ = ["send_off"]
