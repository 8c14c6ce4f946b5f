"""Who holds the lock of a store: a name that tells, on the same machine, whether its process still lives.

A name reads `host:pid:machine:started:nonce`. `machine` is this boot and process namespace, so that a container with
the same host name elsewhere is never mistaken for ours; `started` tells a process from a later one of the same number;
`nonce` tells two runs of one process apart.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_STARTED: Final = 19  # field 22 of /proc/PID/stat, counted behind the name in brackets


def this_process(entropy: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A new name for a run of this process."""
    pid = os.getpid()
    host = socket.gethostname().replace(":", "_")
    return f"{host}:{pid}:{_machine() or '-'}:{_started(pid) or '-'}:{entropy(4).hex()}"


def lives(owner: str) -> bool | None:
    """Whether the process of an owner lives; None where this machine cannot tell (another machine, Windows)."""
    parts = owner.split(":")
    if len(parts) != 5 or parts[2] == "-" or parts[2] != _machine() or not parts[1].isdigit():
        return None
    return _started(int(parts[1])) == parts[3]


def _machine() -> str | None:
    """This boot of this machine and the namespace in which its process numbers hold; None without /proc."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return None
    return blake2b(f"{boot}{namespace}".encode(), digest_size=6).hexdigest()


def _started(pid: int) -> str | None:
    """When a process began, in ticks since the boot; None when there is none, or only its remains."""
    try:
        told = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if told[0] in ("Z", "X") else told[_STARTED]
