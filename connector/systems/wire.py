"""From a configured account to its wire: what every adapter that calls builds in the same way."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from connector.config import Account
from connector.errors import ConfigError
from connector.locale import N_
from connector.transport.auth import Auth
from connector.transport.http import Transport


def transport_of(
    account: Account,
    auth: Auth | None,
    *,
    rate: float | None,
    concurrency: int,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    cookies: bool = False,
    patience: float = 0.0,
) -> Transport:
    """The account's transport; `rate` and `concurrency` are what its system bears, where the account says nothing.

    `patience` are the seconds that its system needs for one answer, whatever the account says.
    """
    return Transport(
        account.name,
        needed(account, account.url, "url"),
        auth=auth,
        rate=account.rate if account.rate is not None else rate,
        timeout=max(account.timeout, patience),
        insecure=account.insecure,
        concurrency=account.concurrency or concurrency,
        cookies=cookies,
        clock=clock,
        sleep=sleep,
    )


def needed(account: Account, value: str | None, key: str) -> str:
    """A setting without which the account cannot work."""
    if value is None:
        raise ConfigError(N_("{account}: the key “{key}” is missing"), account=account.name, key=key)
    return value


def secret(account: Account, value: SecretStr | None, key: str) -> str:
    """A secret without which the account cannot work, in clear; keep it out of every text."""
    if value is None:
        raise ConfigError(N_("{account}: the key “{key}” is missing"), account=account.name, key=key)
    return value.get_secret_value()
