"""The loopback server as a process of its own, and workspaces that point at it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.request import ProxyHandler, build_opener

from tests.bench import base, people
from tests.bench.running import ROOT

_ACCOUNTS: Final = {
    "poster": "{{kind: poster, url: {url}/poster, token: bench, insecure: true, rate: 1000}}",
    "cards": "{{kind: poster, url: {url}/cards, token: bench, insecure: true, rate: 1000}}",
    "saplab": "{{kind: saplab, url: {url}/saplab, login: robot, password: bench, insecure: true, rate: 1000}}",
    "onec": "{{kind: onec, channel: odata, profile: bench, url: {url}/odata, login: robot, password: bench,"
    " peer_code: " + base.PEER + ", insecure: true, rate: 1000}}",
}


class Shop:
    """Starts the server over `folder`, whose data is made when it is missing."""

    def __init__(self, folder: Path, rows: int, kinds: tuple[str, ...] = tuple(people.MAKERS)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in kinds:
            if not (folder / f"{kind}.bin").exists():
                people.write(folder, kind, rows)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.bench.server", str(folder)],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self._open = build_opener(ProxyHandler({})).open

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def become(self, rows: int, revision: int = 0) -> None:
        self._ask(f"rows={rows}&revision={revision}")

    def requests(self) -> int:
        """How many requests came since last asked."""
        return int(self._ask("requests")["requests"])

    def _ask(self, query: str) -> Any:
        with self._open(f"{self.url}/_bench?{query}") as answer:
            return json.load(answer)

    def workspace(self, folder: Path, *accounts: str) -> Path:
        """A new workspace with these accounts and the shipped mappings and routes."""
        folder.mkdir(parents=True)
        lines = [f"  {name}: {_ACCOUNTS[name].format(url=self.url)}" for name in accounts]
        text = "version: 1\nstore: sqlite:///connector.db\nlanguage: en\naccounts:\n" + "\n".join(lines) + "\n"
        (folder / "connector.yaml").write_text(text, encoding="utf-8")
        if "onec" in accounts:
            own = folder / "mappings" / "profiles" / "bench"
            own.mkdir(parents=True)
            (own / "profile.yaml").write_text(base.PROFILE, encoding="utf-8")
            (own / "customer.yaml").write_text(base.MAPPING, encoding="utf-8")
            (folder / "mappings" / "routes.yaml").write_text(base.ROUTES, encoding="utf-8")
        return folder
