"""A web service that somebody wrote for one base of 1C, described by data alone.

`mappings/profiles/<profile>/service.yaml` says what the operations of its WSDL mean (see `own.description`), the
mapping of an entity beside it what the elements of a row mean. No code is written for such a service.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import ConfigError
from connector.locale import N_
from connector.systems.onec.line import line_of
from connector.systems.onec.own.adapter import OwnAdapter
from connector.systems.onec.own.description import FILE, Description, load_description

if TYPE_CHECKING:
    from connector.config import Account

__all__ = ["Description", "OwnAdapter", "build", "load_description"]


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> OwnAdapter:
    """The adapter of a configured account. ConfigError when its description is missing or wrong."""
    assert account.url is not None and account.login is not None and account.password is not None
    folders = _folders(account)
    transport = line_of(account, clock=clock, sleep=sleep)
    described = load_description(next(folder for folder in folders if (folder / FILE).is_file()) / FILE)
    beside = [folder / described.wsdl for folder in folders]
    wsdl = account.wsdl or next((file for file in beside if file.is_file()), beside[0])
    return OwnAdapter(account.spoke, transport, described, wsdl)


def _folders(account: Account) -> list[Path]:
    """The folders of its profile: the workspace's, then the one that comes with the connector."""
    folders = [folder / "profiles" / (account.profile or "") for folder in account.mappings]
    if not any((folder / FILE).is_file() for folder in folders):
        text = N_("{account}: there is no {name} in mappings/profiles/{profile}: it says what the service can do")
        raise ConfigError(text, account=account.name, name=FILE, profile=account.profile)
    return folders
