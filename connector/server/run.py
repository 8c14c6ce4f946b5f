"""`connector serve`: one workspace on one port, with the built-in scheduler, until it is told to end.

with Serving(workspace, port=0) as serving: serving.url
serve(workspace, ready=print)
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from waitress import create_server
from waitress.wasyncore import close_all

from connector.errors import StopError, UsageError
from connector.jobs.runs import Outcome, unattended
from connector.jobs.scheduler import Scheduler
from connector.locale import N_
from connector.server.app import Pages, sites_of
from connector.server.exchange.intake import MEGABYTE
from connector.server.health import Health
from connector.server.tolerant import Channel

if TYPE_CHECKING:
    from connector.jobs.workspace import Workspace

THREADS: Final = 8
_SMALLEST_BODY: Final = 1
_AHEAD: Final = 1024 * 1024
"""Bytes of an answer that are made ahead of the one who reads it: an answer of 1C's orders may be of any length."""
_ONE: Final = {"localhost": "127.0.0.1"}
"""A name of two addresses would be two servers."""


class Serving:
    """A running server. It listens once it is made, and answers once it is started."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        host: str | None = None,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        run: Callable[[], Outcome | None] | None = None,
        hold: float | None = None,
    ) -> None:
        settings = workspace.settings
        self._workspace = workspace
        self._run = run or (lambda: unattended(settings.folder, os.environ if env is None else env))
        self.last_run: Outcome | None = None
        cron = settings.serve.scheduler
        self._scheduler = None if cron is None else Scheduler(self._run_once, cron, settings.timezone)
        _make_store(settings.store)
        health = Health(self._ask_store, lambda: self.last_run)
        self._pages = Pages(workspace, wake=self._wake, health=health, hold=hold)
        self._server = self._listening(host or settings.serve.host, settings.serve.port if port is None else port)
        self._thread = threading.Thread(target=self._server.run, name="server", daemon=True)

    def _listening(self, host: str, port: int) -> Any:
        serve = self._workspace.settings.serve
        if not serve.model_copy(update={"host": host}).is_local and serve.password is None:
            raise UsageError(N_("other machines could reach the pages: add “login” and “password” to “serve”"))
        limits = [
            self._workspace.settings.accounts[name].file_limit or 0 for name in sites_of(self._workspace.settings)
        ]
        try:
            server = create_server(
                self._pages.app,
                host=_ONE.get(host, host),
                port=port,
                threads=THREADS,
                ident=None,
                max_request_body_size=(max(limits, default=0) + _SMALLEST_BODY) * MEGABYTE,
                clear_untrusted_proxy_headers=True,
                outbuf_high_watermark=_AHEAD,
            )
            server.channel_class = Channel
            return server
        except OSError as error:
            self._pages.close()
            text = N_("{host}:{port} cannot be listened on: {reason}")
            raise StopError(text, host=host, port=port, reason=error.strerror or type(error).__name__) from error

    @property
    def url(self) -> str:
        listening = getattr(self._server, "effective_listen", None)
        host, port = listening[0] if listening else (self._server.effective_host, self._server.effective_port)
        return f"http://[{host}]:{port}" if ":" in str(host) else f"http://{host}:{port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()
        if self._scheduler is not None:
            self._scheduler.start()

    def stop(self) -> None:
        """Answer nobody any more; a run that is under way, and files that are being read, are brought to their end."""
        self._server.task_dispatcher.shutdown()
        if hasattr(self._server, "trigger"):
            with contextlib.suppress(OSError):  # the loop may be gone already
                self._server.trigger.pull_trigger(lambda: close_all(self._server._map, ignore_all=True))
            self._thread.join(timeout=5)
        self._pages.close()
        if self._scheduler is not None:
            self._scheduler.stop()

    def _wake(self) -> None:
        if self._scheduler is not None:
            self._scheduler.wake()

    def _run_once(self) -> None:
        self.last_run = self._run() or self.last_run

    def _ask_store(self) -> None:
        from connector.store import open_store

        with open_store(self._workspace.settings.store) as store:
            store.outbox.count_open()


def _make_store(url: str) -> None:
    """Every thread opens it for itself; it is made here where it was missing."""
    from connector.store import open_store

    with open_store(url) as store:
        store.create()


def serve(
    workspace: Workspace,
    *,
    host: str | None = None,
    port: int | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is told the address once it answers."""
    with _until_terminated() as ended, Serving(workspace, host=host, port=port) as serving:
        ready(serving.url)
        while not ended.wait(1):  # a bounded wait: Windows delivers no signal to a thread that waits for ever
            pass


@contextlib.contextmanager
def _until_terminated() -> Iterator[threading.Event]:
    ended = threading.Event()
    before = {name: signal.signal(name, lambda *_: ended.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
