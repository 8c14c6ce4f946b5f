"""What is answered at which address, put together for one workspace."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask

from connector.jobs.desk import SiteDesk
from connector.server.exchange import Endpoint, Site
from connector.server.health import Health

if TYPE_CHECKING:
    from connector.config import Settings
    from connector.jobs.workspace import Workspace


class Pages:
    """A Flask application and what lives behind it."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        wake: Callable[[], None],
        health: Health,
        hold: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        settings = workspace.settings
        desks = {name: SiteDesk(workspace, name, wake) for name in sites_of(settings)}
        more = {} if hold is None else {"hold": hold}
        self.exchange = Endpoint(
            {name: Site(settings.accounts[name], desk) for name, desk in desks.items()},
            language=settings.language,
            clock=clock,
            now=workspace.clock,
            **more,
        )
        self.app = Flask("connector", static_folder=None)
        self.app.add_url_rule("/health", "health", health.answer, methods=["GET"])
        self.exchange.register(self.app)

    def close(self) -> None:
        """Finish what was begun."""
        self.exchange.close()


def sites_of(settings: Settings) -> list[str]:
    """The accounts to which 1C comes."""
    return [name for name, account in settings.accounts.items() if account.channel == "commerceml"]
