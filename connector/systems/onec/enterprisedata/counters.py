"""The counters of an exchange on disk: stored before a message leaves, and held by one process at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import msgspec

from connector.errors import ConfigError, Locked
from connector.locale import N_
from connector.systems.onec.disk import write_whole
from connector.systems.onec.enterprisedata.exchange import Node


class Counters:
    """One node's counters in a file of its own.

    A file that is damaged, or belongs to another node, stops the exchange: with counters that are too low 1C would
    ignore what we send, and with wrong ones forget what we have not received.
    """

    def __init__(self, file: Path, *, plan: str, code: str) -> None:
        self._file, self._plan, self.code = file, plan, code

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else exchanges meanwhile. Locked where somebody does; a dead process holds nothing."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("a+b") as stream:
            if not _lock(stream.fileno()):
                raise Locked(N_("{file}: another process is exchanging with this node"), file=self._file)
            yield

    def load(self) -> Node:
        """The node as it was stored, or a new one."""
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return Node(plan=self._plan, code=self.code)
        try:
            node = msgspec.json.decode(data, type=Node)
        except msgspec.DecodeError:
            text = N_("the counters of the exchange are damaged. Restore the file from a copy, or ask for help")
            raise ConfigError(text, str(self._file)) from None
        if (node.plan, node.code) != (self._plan, self.code):
            text = N_(
                "these are the counters of the node {code} of {plan}, and ours is {ours} of {plan_ours}."
                " Move the file away to begin an exchange from its start"
            )
            raise ConfigError(
                text, str(self._file), code=node.code, plan=node.plan, ours=self.code, plan_ours=self._plan
            )
        return node

    def save(self, node: Node) -> None:
        """On the disk when it returns."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, msgspec.json.format(msgspec.json.encode(asdict(node))))


if sys.platform == "win32":  # pragma: no cover - the other branch runs elsewhere
    import msvcrt

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
