"""Speaks to a sandbox that another process runs: finds it, resets it, sets faults.

A running sandbox notes itself in a file of its own (`noted`), one a process; `running` gives those that still answer.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from platformdirs import user_state_path

from connector.errors import StopError
from connector.locale import N_

_SECONDS: Final = 5.0
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback is never asked of a proxy."""


@contextmanager
def noted(ready: Mapping[str, Any], folder: Path | None = None) -> Iterator[Path]:
    """While inside, other processes of this user find the sandbox by its note. It holds what `up` printed."""
    file = _folder(folder) / f"{ready['pid']}.json"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(json.dumps(ready, ensure_ascii=False), encoding="utf-8")
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def running(folder: Path | None = None) -> list[dict[str, Any]]:
    """The sandboxes that answer, the one started last first. The notes of dead ones are swept away."""
    found = []
    files = _folder(folder).glob("*.json")
    for file in sorted(files, key=lambda one: one.stat().st_mtime, reverse=True):
        try:
            ready = json.loads(file.read_text(encoding="utf-8"))
            control("GET", next(iter(ready["urls"].values())), "faults")
        except (StopError, ValueError, KeyError, StopIteration):
            file.unlink(missing_ok=True)
        else:
            found.append(ready)
    return found


def the_running(pid: int | None = None, folder: Path | None = None) -> dict[str, Any]:
    """The sandbox of this process id, or the one started last. StopError when there is none."""
    for ready in running(folder):
        if pid is None or ready["pid"] == pid:
            return ready
    raise StopError(N_("no sandbox is running; start one with: connector sandbox up"))


def control(verb: str, url: str, page: str, body: Mapping[str, Any] | None = None) -> Any:
    """One call of a control page of the system at `url`. StopError with its reason when it refuses."""
    parts = urlsplit(url)
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{parts.scheme}://{parts.netloc}/_sandbox/{page}", data, headers, method=verb)  # noqa: S310 - our own loopback address
    try:
        with _OPENER.open(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        said = error.read().decode("utf-8", "replace")
        raise StopError(N_("the sandbox refused: {said}"), said=said) from error
    except OSError as error:
        raise StopError(N_("the sandbox does not answer")) from error


def _folder(folder: Path | None) -> Path:
    return folder if folder is not None else user_state_path("connector") / "sandbox"
