"""A store that was put back to an older copy knows less than the receiver that comes for its orders.

What is offered in the copy, or seen by it as new, may long be there, and edited. So such a receiver is given nothing
until a run has read once more everything that it has said and that was kept: an order it has shown is there, and an
edit of it is asked about. What it has said nothing of is offered as before. Where nothing was kept, nobody knows, and
each order waits for a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.locale import N_, Sentence
from connector.model.routes import Route
from connector.store import Store
from connector.sync.ledger.observe import LedgerObserver
from connector.sync.view import Mappings
from connector.systems.base import Adapter, KeepsWhatCame


def given_nothing(account: str, at: str) -> Sentence:
    """Why an account is given nothing, and what to do."""
    text = N_(
        "{account}: the store was put back at {at}, and what has been done in 1C since the copy is not read yet: "
        "no order is given out until a run has read it: connector sync"
    )
    return Sentence(text, account=account, at=at)


def catch_up(
    store: Store,
    observer: LedgerObserver,
    adapter: Adapter,
    route: Route,
    paths: Sequence[str],
    mappings: Mappings,
) -> None:
    """Let the offers of one account end where what was kept shows them; nothing in a store that was not put back.

    Call it when the run has read the feed of the account and planned: what the copy did not know is offered by then.
    """
    at = store.runs.behind(route.account)
    if at is None or (route.observed, route.account) not in store.runs.completed_in(observer.run):
        return
    if isinstance(adapter, KeepsWhatCame) and adapter.has_history():
        _replay(store, observer, adapter, route, paths, mappings)
    else:
        _park(store, route.account, at)
    store.runs.caught_up(route.account)


def _replay(
    store: Store, observer: LedgerObserver, adapter: Adapter, route: Route, paths: Sequence[str], mappings: Mappings
) -> None:
    """Everything that was kept, of the orders that are offered, as if it came only now."""
    uids = {operation.uid for operations in store.outbox.offered(route.account) for operation in operations}
    if not uids:
        return
    sight = observer.begin(route, mappings[route.spoke, route.observed])
    for page in adapter.feed(route.observed, paths, None):
        rows = [row for row in page.rows if row.reference in uids]
        if rows:
            observer.page(sight, page._replace(rows=rows, cursor=None, unreadable=[]))


def _park(store: Store, account: str, at: str) -> None:
    text = N_(
        "the store was put back at {at}, and nothing that {account} has said before is kept: it may have this already, "
        "and what was changed there would be written over"
    )
    for operations in store.outbox.offered(account):
        with store.transaction(durable=True):
            for operation in operations:
                if (held := store.outbox.get(operation.id)) is not None and held.status == "offered":
                    evidence = {**held.evidence, "put_back": at}
                    store.outbox.become(
                        held, "parked", reason=Sentence(text, account=account, at=at), evidence=evidence
                    )
