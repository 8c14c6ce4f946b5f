"""A file of what the hub holds, for a person to carry to 1C or to a bank.

    told = write_file(workspace, account, "enterprisedata", Path("out.xml"), since=None, until=None)

Records go through the mapping of the account, under the key by which that base knows them, else under ours, so that the
same file twice makes nothing twice. What cannot be said is left out and told. The file is there whole or not at all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from connector.errors import ConnectorError, RowError, StopError, UsageError
from connector.jobs.exchange.formats import Format
from connector.locale import N_, Sentence
from connector.model.values import money_text
from connector.systems.onec.disk import settle

if TYPE_CHECKING:
    from connector.config import Account
    from connector.jobs.workspace import Workspace

NAMES: Final[dict[Format, str]] = {"enterprisedata": ".xml", "commerceml": ".xml", "bank": ".txt"}
"""How the file of a format ends."""


class Left(NamedTuple):
    """A record that is not in the file: what a person calls it, and why."""

    record: str
    reason: Sentence


@dataclass
class Told:
    """What went into a file. `sums` in kopecks. `file` None: there was nothing to write, and none was made."""

    format: Format
    version: str | None = None
    file: Path | None = None
    objects: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    left: list[Left] = field(default_factory=list)
    passed: int = 0
    """Records that are not meant for such a file: switched off, cancelled, executed already."""

    def leave(self, record: object, error: ConnectorError) -> None:
        reason = error.reason if isinstance(error, RowError) else error.sentence
        if isinstance(error, RowError):
            reason = Sentence(N_("{field}: {reason}"), field=error.field, reason=error.reason)
        self.left.append(Left(str(record), reason))

    def document(self, language: str) -> dict[str, Any]:
        """The shape of `exchange export --json`."""
        left = [{"record": one.record, "reason": one.reason.in_(language)} for one in self.left]
        return {
            "format": self.format,
            **({} if self.version is None else {"version": self.version}),
            "file": None if self.file is None else str(self.file),
            "objects": dict(self.objects),
            "sums": {name: money_text(amount) for name, amount in self.sums.items()},
            "skipped": self.passed,
            "left": left,
        }


@dataclass(frozen=True)
class Span:
    """The days of documents that are wanted, both ends included."""

    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


def write_file(workspace: Workspace, account: Account, format_: Format, target: Path, span: Span) -> Told:
    """Write the file. UsageError where the account does not speak the format; StopError where it cannot be written."""
    from connector.jobs.exchange.messages import write as messages
    from connector.jobs.exchange.orders import write as orders
    from connector.jobs.exchange.payments import write as payments

    if account.dialect != format_:
        text = N_("{account} does not speak {format}: name an account of that channel")
        raise UsageError(text, account=account.name, format=format_)
    told = Told(format_)
    writers = {"enterprisedata": messages, "commerceml": orders, "bank": payments}
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            writers[format_](workspace, account, stream, told, span)
            settle(stream)
        if told.objects:
            os.replace(part, target)
            told.file = target
    except OSError as error:
        raise StopError(N_("{file} cannot be written: {reason}"), file=target, reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)
    return told


def hub_records(workspace: Workspace, entity: str, page: int = 500) -> Iterator[dict[str, dict[str, Any]]]:
    """uid -> record, some at a time: of everything the hub holds of an entity."""
    import msgspec

    store, after = workspace.store, ""
    while uids := store.hub.uids(entity, after, page):
        after = uids[-1]
        bodies = store.hub.bodies(uids)
        yield {uid: msgspec.json.decode(bodies[uid]) for uid in uids if uid in bodies}


Stream = IO[bytes]
