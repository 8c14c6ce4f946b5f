"""`connector call`: one raw call through the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from connector.cli.session import Session, json_option, known, pass_session
from connector.cli.texts import argument, command, option
from connector.errors import UsageError
from connector.locale import N_
from connector.systems.catalogue import kinds, load
from connector.systems.rest import RestAdapter

if TYPE_CHECKING:
    from connector.config import Account

HELP = N_(
    "One call of one endpoint, checked against the catalogue before anything is sent. The answer is printed as JSON. "
    "A call that changes something is refused without --yes, sent once, and kept in the outbox when its outcome is not "
    "known."
)
EXAMPLE = (
    "connector call kafe clients.getClients num=5\n"
    "connector call kafe clients.updateClient client_id=55 comment=VIP --yes\n"
    'connector call kafe menu.createCategory category_name="Супы" --yes'
)


@command("call", help=HELP, example=EXAMPLE)
@argument("account", metavar="ACCOUNT", help=N_("the account of connector.yaml"))
@argument("endpoint", metavar="ENDPOINT", help=N_("its name in the catalogue"))
@argument("pairs", metavar="[NAME=VALUE]...", nargs=-1, help=N_("parameters; lists and objects as JSON"))
@option("--yes", is_flag=True, help=N_("send it although it changes something"))
@json_option
@pass_session
def call(session: Session, account: str, endpoint: str, pairs: Sequence[str], yes: bool) -> None:
    configured = session.account(account)
    params = _params(pairs)
    changes = _changes_something(configured, endpoint)
    if changes and not yes:
        raise UsageError(N_("{endpoint} changes something there; add --yes to send it"), endpoint=endpoint)
    adapter = session.workspace.adapter(account)
    session.screen.as_json = True  # the payload is JSON, asked for or not
    if isinstance(adapter, RestAdapter) and adapter.paged(endpoint, params):
        session.screen.listed(row for page in adapter.stream(endpoint, params) for row in page)
        return
    answer = _recorded(session, configured, endpoint, params) if changes else adapter.call(endpoint, params)
    session.screen.show(answer, lambda: None)


def _recorded(session: Session, account: Account, endpoint: str, params: Mapping[str, Any]) -> Any:
    """Sent once; whatever becomes of it stands in the store before and after."""
    from connector.jobs.calls import recorded

    adapter = session.workspace.adapter(account.name)
    return recorded(session.workspace, account, endpoint, params, lambda: adapter.call(endpoint, params))


def _changes_something(account: Account, endpoint: str) -> bool:
    """Whether a call is more than a question. UsageError for an unknown endpoint, with the nearest one."""
    if account.kind in kinds():
        return load(account.kind).endpoint(endpoint).is_write
    if account.channel == "odata":
        from connector.systems.onec.calls import CALLS

        return CALLS[known(endpoint, CALLS)].writes
    return True


def _params(pairs: Sequence[str]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise UsageError(N_("“{pair}” is no parameter; write name=value"), pair=pair)
        if name in params:
            raise UsageError(N_("the parameter {name} stands twice"), name=name)
        params[name] = value
    return params
