"""The sandbox: emulators of the five systems over real HTTP on loopback, one server and one port a system.

    with Sandbox(kinds=("poster", "virtpos")) as sandbox:
        sandbox.urls["poster"]          # "http://127.0.0.1:40123/api"
        sandbox.credentials["poster"]   # {"token": "..."}: what an account carries beside kind and url

An emulator is a module `connector.sandbox.<kind>` with `create_app(world: World) -> flask.Flask`, and `BASE_PATH`, the
path an account's URL ends with, where it is not empty. It shares no code with the adapter of its system, so that one
error cannot hide itself on both sides.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Literal, TextIO

from flask import Flask
from waitress import create_server
from waitress.wasyncore import close_all

from connector.sandbox.company import Company, sample
from connector.sandbox.headers import Channel
from connector.sandbox.world import World

ALL: Final = ("onec", "poster", "saplab", "virtpos", "loyalclient")
HOST: Final = "127.0.0.1"
THREADS: Final = 8

ACCOUNTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "onec": ("buh", {"channel": "odata", "profile": "ut11"}),
    "poster": ("kafe", {}),
    "saplab": ("panel", {}),
    "virtpos": ("vp", {}),
    "loyalclient": ("bonus", {}),
}
"""The account name each system has in a sandbox workspace, and what its account says beside URL and credentials."""


class Server:
    """One waitress server on a free loopback port, in its own thread."""

    def __init__(self, app: Flask, port: int = 0, threads: int = THREADS) -> None:
        self._server = create_server(app, host=HOST, port=port, threads=threads, ident=None, channel_timeout=600)
        self._server.channel_class = Channel
        self.url = f"http://{HOST}:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, name=f"sandbox {self.url}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        # workers first: one that ends later would wake a loop that is no more
        self._server.task_dispatcher.shutdown()
        # the loop owns its sockets: it is asked to close them itself, and ends when it has none left. Woken by another
        # event it may have done so, and be gone, before the write that was to wake it
        with contextlib.suppress(OSError):
            self._server.trigger.pull_trigger(lambda: close_all(self._server._map, ignore_all=True))
        self._thread.join(timeout=5)


_CHOICES: Final = {"poster": {"defaults": {"customer": {"group": "1"}}}}
"""What an accountant would choose: the till wants a group for every new customer."""


class Sandbox:
    """The emulators that were asked for, running between `start` and `stop`.

    `company` is "sample" (the messy people of `connector.sandbox.company`, the same for the same seed) or "empty".
    `ports` may fix the port of a kind; a free one is taken otherwise. `options` says per kind what the emulator shall
    be, such as `{"onec": {"profile": "bp30"}}`.
    """

    def __init__(
        self,
        kinds: Sequence[str] = ALL,
        company: Literal["sample", "empty"] | Company = "sample",
        seed: int = 1,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
        ports: Mapping[str, int] | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        unknown = [kind for kind in kinds if kind not in ALL]
        if unknown:
            raise ValueError(f"the sandbox has no {unknown[0]!r}; it has {', '.join(ALL)}")
        people = company if isinstance(company, Company) else sample(seed) if company == "sample" else Company()
        self.kinds, self.company = tuple(kinds), people
        self._ports = dict(ports or {})
        self._modules = {kind: importlib.import_module(f"connector.sandbox.{kind}") for kind in kinds}
        chosen = options if options is not None else {}
        self.worlds = {
            kind: World(kind, company=people, seed=seed, clock=clock, sleep=sleep, options=chosen.get(kind))
            for kind in kinds
        }
        self.apps = {kind: _app(self._modules[kind], self.worlds[kind]) for kind in kinds}
        self.urls: dict[str, str] = {}
        self._servers: list[Server] = []
        self._workers: list[threading.Thread] = []

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """What an account of each kind carries beside its kind and URL."""
        return {kind: dict(world.credentials) for kind, world in self.worlds.items()}

    def start(self) -> Sandbox:
        """Listen. Returns when every system answers; raises OSError when a port that was asked for is taken."""
        logging.getLogger("waitress").setLevel(logging.ERROR)  # it warns of the cut answers that we cut on purpose
        try:
            for kind in self.kinds:
                self._listen(kind)
        except OSError:
            self.stop()
            raise
        self._workers = [
            threading.Thread(target=worker, args=(world,), name=f"sandbox {kind}", daemon=True)
            for kind, world in self.worlds.items()
            for worker in world.workers
        ]
        for thread in self._workers:
            thread.start()
        return self

    def _listen(self, kind: str) -> None:
        server = Server(self.apps[kind], self._ports.get(kind, 0))
        self.worlds[kind].stopping.clear()
        self.worlds[kind].url = server.url
        self.urls[kind] = server.url + getattr(self._modules[kind], "BASE_PATH", "")
        server.start()
        self._servers.append(server)

    def stop(self) -> None:
        """Stop listening; calls that hang are let go."""
        for world in self.worlds.values():
            world.stopping.set()
        for thread in self._workers:
            thread.join(timeout=5)
        while self._servers:
            self._servers.pop().stop()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Every system back to its first state, without faults, with an empty log."""
        for world in self.worlds.values():
            world.reset()

    def save(self, file: Path) -> None:
        """Keep the state of every system in a file, replaced as a whole."""
        text = json.dumps({kind: world.dump() for kind, world in self.worlds.items()}, ensure_ascii=False)
        part = file.with_name(file.name + ".part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, file)

    def load(self, file: Path) -> None:
        """Go on from a saved file; systems it does not name stay as they are."""
        saved: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        for kind, world in self.worlds.items():
            if kind in saved:
                world.load(saved[kind])

    def accounts(self) -> dict[str, dict[str, Any]]:
        """The accounts of a workspace that points at the running systems."""
        return {
            name: {
                "kind": kind,
                **extra,
                **self.worlds[kind].account,
                "url": self.urls[kind],
                **self.credentials[kind],
                "insecure": True,
                "rate": 500,
                **_CHOICES.get(kind, {}),
            }
            for kind, (name, extra) in ACCOUNTS.items()
            if kind in self.kinds
        }

    def workspace(self, folder: Path, language: str = "ru") -> Path:
        """Write `connector.yaml` into `folder`; the credentials in it open nothing but this sandbox."""
        if not self._servers:
            raise RuntimeError("start the sandbox first: its addresses are not known before")
        return write_workspace(folder, self.accounts(), language)


def _app(module: ModuleType, world: World) -> Flask:
    app: Flask = module.create_app(world)
    return app


def write_workspace(folder: Path, accounts: Mapping[str, Mapping[str, Any]], language: str) -> Path:
    """A `connector.yaml` with these accounts of a running sandbox."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "connector.yaml"
    file.write_text(_yaml(accounts, language), encoding="utf-8")
    return file


def _yaml(accounts: Mapping[str, Mapping[str, Any]], language: str) -> str:
    lines = [
        "version: 1",
        "store: sqlite:///connector.db",
        "timezone: Europe/Moscow",
        f"language: {language}",
        "accounts:",
    ]
    for name, account in accounts.items():
        lines.append(f"  {name}:")
        # a JSON text is a YAML flow scalar: quoting is right whatever the value
        lines += [f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in account.items()]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def _until_terminated() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, while inside."""
    ended = threading.Event()
    before = {name: signal.signal(name, lambda *_: ended.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def serve_forever(
    kinds: Sequence[str] = ALL,
    company: Literal["sample", "empty"] = "sample",
    seed: int = 1,
    *,
    ports: Mapping[str, int] | None = None,
    state: Path | None = None,
    out: TextIO | None = None,
    noting: Callable[[dict[str, Any]], AbstractContextManager[object]] = contextlib.nullcontext,
) -> None:
    """Run until terminated; print one line of JSON when every system answers.

    `{"urls": {kind: url}, "credentials": {kind: {...}}, "accounts": {name: account}, "pid": ...}`.
    `noting` is entered with that document while the systems run.
    With `state` the systems go on from that file when it is there, and are kept in it at the end.
    """
    out = out if out is not None else sys.stdout
    sandbox = Sandbox(kinds, company, seed, ports=ports)
    if state is not None and state.exists():
        sandbox.load(state)
    with _until_terminated() as ended, sandbox:
        ready: dict[str, Any] = {"urls": sandbox.urls, "credentials": sandbox.credentials}
        ready |= {"accounts": sandbox.accounts(), "pid": os.getpid()}
        with noting(ready):
            print(json.dumps(ready, ensure_ascii=False), file=out, flush=True)
            while not ended.wait(1):  # a bounded wait: Windows delivers no signal to a thread that waits for ever
                pass
        if state is not None:
            sandbox.save(state)
