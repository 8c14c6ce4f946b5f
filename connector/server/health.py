"""Whether the connector is well: for a monitor, without a login, without anybody's data."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from flask import Response

from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.jobs.runs import Outcome

log: Final = logging.getLogger("connector.server")

_BAD: Final = ("failed", "stopped")


class Health:
    """`GET /health`: 200 with `{"ok": true, …}`, or 503 when the store does not answer or the last run went wrong."""

    def __init__(self, store_answers: Callable[[], None], last_run: Callable[[], Outcome | None]) -> None:
        self._store_answers, self._last_run = store_answers, last_run

    def answer(self) -> Response:
        store, run = self._store_is_well(), self._last_run()
        ok = store and (run is None or run.status not in _BAD)
        last = None if run is None else {"status": run.status, "at": run.at}
        body = json.dumps({"ok": ok, "store": store, "run": last})
        return Response(
            body, 200 if ok else 503, content_type="application/json", headers={"Cache-Control": "no-store"}
        )

    def _store_is_well(self) -> bool:
        try:
            self._store_answers()
        except ConnectorError as error:
            log.error("%s", error)
            return False
        return True
