"""One raw call that a person makes: what changes something is recorded before it leaves, so that no outcome is lost.

The record is an operation of verb `call`: its entity is the endpoint, its uid its own. It is parked from the start, for
whoever dies between the call and its answer leaves just that behind: something was sent and nobody knows. The answer
makes it done; a call that certainly did not happen leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from connector.errors import ConnectorError, OutcomeUnknown
from connector.locale import N_, Sentence
from connector.model.states import Operation

if TYPE_CHECKING:
    from connector.config import Account
    from connector.jobs.workspace import Workspace

T = TypeVar("T")
NO_ANSWER: Final = N_("it was sent, and what became of it was never recorded. Look there")
KEPT: Final = N_("{reason}. It is kept as operation {id}: `connector outbox show {id}`")
_SECRET: Final = frozenset({"password", "token", "apikey", "application_secret"})
_MASK: Final = "***"


def recorded(
    workspace: Workspace, account: Account, endpoint: str, params: Mapping[str, Any], send: Callable[[], T]
) -> T:
    """What `send` answers. OutcomeUnknown names the operation under which the call waits for a person."""
    operation = _intent(workspace, account, endpoint, params)
    store = workspace.store
    with store.transaction(durable=True):
        store.outbox.intend([operation], run=0, at=workspace.now)
    try:
        answer = send()
    except OutcomeUnknown as error:
        with store.transaction(durable=True):
            store.outbox.become(operation, "parked", reason=error, evidence=_evidence(error))
        raise OutcomeUnknown(
            KEPT, reason=error.sentence, id=operation.id, account=account.name, endpoint=endpoint
        ) from error
    except ConnectorError:
        with store.transaction(durable=True):
            store.outbox.withdraw(operation)
        raise
    with store.transaction(durable=True):
        store.outbox.become(operation, "done", evidence={"by": "call"})
    return answer


def _intent(workspace: Workspace, account: Account, endpoint: str, params: Mapping[str, Any]) -> Operation:
    return Operation(
        entity=endpoint,
        account=account.name,
        spoke=account.spoke,
        uid=workspace.fresh_uid(),
        verb="call",
        external_id=None,
        patch={name: _MASK if name in _SECRET else value for name, value in params.items()},
        status="parked",
        repeat="never",
        reason=Sentence(NO_ANSWER),
    )


def _evidence(error: ConnectorError) -> dict[str, Any]:
    """What the adapter saw, where it looked."""
    seen = error.sentence.facts.get("evidence")
    return dict(seen) if isinstance(seen, Mapping) else {}
