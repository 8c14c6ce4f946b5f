"""Adapters: each speaks one system's language and nothing else. Raw rows in, raw rows out.

`build` is the one place where a kind (and, for 1C, a channel) becomes an adapter; modules are imported when needed.
Each of them has a `build(account, *, clock, sleep) -> Adapter`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from connector.errors import ConfigError
from connector.locale import N_

if TYPE_CHECKING:
    from connector.config import Account
    from connector.systems.base import Adapter
    from connector.systems.parameters import Units

Seconds = Callable[[], float]
Sleep = Callable[[float], None]

_ADAPTERS: Final = {
    ("poster", None): "connector.systems.poster.adapter",
    ("saplab", None): "connector.systems.saplab.adapter",
    ("virtpos", None): "connector.systems.virtpos.adapter",
    ("loyalclient", None): "connector.systems.loyalclient.adapter",
    ("onec", "odata"): "connector.systems.onec.odata",
    ("onec", "commerceml"): "connector.systems.onec.commerceml",
    ("onec", "enterprisedata"): "connector.systems.onec.enterprisedata",
    ("onec", "soap"): "connector.systems.onec.soap",
    ("onec", "own"): "connector.systems.onec.own",
    ("onec", "bank"): "connector.systems.onec.bank",
}


def build(
    account: Account, *, clock: Seconds = time.monotonic, sleep: Sleep = time.sleep, units: Units | None = None
) -> Adapter:
    """The adapter of a configured account. ConfigError when nothing speaks its kind and channel.

    `units` are the money units that the account has proved; without them amounts of an unproved unit are not sent.
    """
    channel = "own" if account.service == "own" else account.channel
    module = _ADAPTERS.get((account.kind, channel))
    if module is None:
        text = N_("{account}: there is no adapter for {kind}, channel {channel}")
        raise ConfigError(text, account=account.name, kind=account.kind, channel=account.channel)
    adapter = cast("Adapter", import_module(module).build(account, clock=clock, sleep=sleep))
    if units is not None and hasattr(adapter, "units"):
        adapter.units = units
    return adapter


def legal_within(account: Account) -> int | None:
    """Within how many runs a change of legal details is seen there; None where every run sees it. Nothing is opened."""
    if account.kind != "saplab":
        return None
    from connector.systems.saplab.adapter import SaplabAdapter

    return SaplabAdapter.legal_within


def archived_within(account: Account) -> int | None:
    """Within how many runs a change of an older archived order is seen there; None where every run sees it."""
    if account.kind != "saplab":
        return None
    from connector.systems.saplab.adapter import SaplabAdapter

    return SaplabAdapter.archived_within
