"""A file that a person brings, delivered to an account: it lies where a push of 1C would, and the next run reads it.

    delivered = deliver(workspace, account, read_files(path))

Only a file that was read to its end is delivered, so one that breaks off changes nothing. What was delivered once is
known again by its content, or by the number of its message, and is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Final, NamedTuple

from connector.errors import UsageError
from connector.jobs.exchange.formats import Format
from connector.jobs.exchange.reading import Read
from connector.locale import N_, Sentence
from connector.systems.onec.archives import Opened, broken
from connector.systems.onec.disk import speaking, write_whole

if TYPE_CHECKING:
    from connector.config import Account
    from connector.jobs.workspace import Workspace

_TAKES: Final[Mapping[str, Format]] = {
    "commerceml": "commerceml",
    "enterprisedata": "enterprisedata",
    "soap": "enterprisedata",
    "bank": "bank",
}
_CHUNK: Final = 256 * 1024
_ROOM: Final = 500


class Delivered(NamedTuple):
    """Whether the file is new to the account, and what became of it."""

    new: bool
    said: Sentence


def deliver(workspace: Workspace, account: Account, read: Read) -> Delivered:
    """Deliver a file that was read. UsageError where the account has no use for it."""
    taken = None if account.service == "own" else _TAKES.get(account.channel or "")
    if taken is None:
        raise UsageError(N_("{account} takes no exchange files"), account=account.name)
    if taken != read.format:
        text = N_("{account} takes files of {taken}, and this is one of {format}")
        raise UsageError(text, account=account.name, taken=taken, format=read.format)
    can = workspace.adapter(account.name).capabilities
    if all(can(entity).feed == "none" for entity in workspace.entities_read(account.name)):
        text = N_("no route of mappings/routes.yaml reads anything through {account}: there is nothing to deliver")
        raise UsageError(text, account=account.name)
    key = _key(read)
    before = workspace.store.runs.imported(account.name, key)
    if before is not None:
        text = N_("it was imported before, at {at} as {file}: nothing was done")
        return Delivered(False, Sentence(text, at=before["at"], file=before["file"]))
    delivered = _WAYS[taken](workspace, account, read)
    if delivered.new:
        said = {"at": workspace.now, "file": read.files[0][0]}
        workspace.store.runs.remember_import(account.name, key, said)
    return delivered


def _key(read: Read) -> str:
    """What a file is known by again: its content, packed or not, whatever it is called."""
    digest = sha256()
    for _, opened in read.files:
        with opened() as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        digest.update(b"\x00")
    return digest.hexdigest()


def _site(workspace: Workspace, account: Account, read: Read) -> Delivered:
    """Into the inbox of the exchange with a site; orders in it are acknowledged, for 1C has them."""
    from connector.jobs.desk import SiteDesk
    from connector.systems.onec.commerceml import INBOX, orders_of, read_file
    from connector.systems.onec.inbox import Inbox

    assert account.folder is not None
    inbox = Inbox(account.folder / INBOX)
    with speaking(account.folder):
        account.folder.mkdir(parents=True, exist_ok=True)
        parts = [_copied(opened, account.folder / f"import.{os.getpid()}.{number}")
                 for number, (_, opened) in enumerate(read.files)]  # fmt: skip
        for part in parts:
            inbox.put(part)
    desk = SiteDesk(workspace, account.name, lambda: None)
    for name, opened in read.files:
        with opened() as stream:
            orders = orders_of(read_file(stream, name).items)
            while room := list(islice(orders, _ROOM)):
                desk.returned(room)
    return _waits(account)


def _partner(workspace: Workspace, account: Account, read: Read) -> Delivered:
    """Into the inbox of the exchange by messages. A message of that exchange counts there; one made for loading by
    hand moves no counter.
    """
    from connector.systems.onec.enterprisedata import PLAN, Counters, judge, read_message
    from connector.systems.onec.enterprisedata.adapter import EnterpriseDataAdapter

    adapter, state = workspace.adapter(account.name), account.state or account.folder
    assert isinstance(adapter, EnterpriseDataAdapter) and state is not None
    counters = Counters(state / "counters.json", plan=PLAN, code=account.peer_code or "")
    new, said = False, Sentence(N_("there is nothing in it"))
    for name, opened in read.files:
        with counters.held(), opened() as stream:
            message = read_message(stream, name)
            judged = judge(counters.load(), message.header, by_hand=True)
            if judged.verdict == "refuse":
                raise broken(name, N_("the message is refused: {reason}"), reason=judged.reason)
            if judged.verdict == "accept":
                adapter.lay_down(message.header, message.objects)
                new = True
            counters.save(judged.node)
            said = judged.reason or Sentence(N_("it carries settings of the exchange and no objects"))
    return _waits(account) if new else Delivered(False, said)


def _bank(workspace: Workspace, account: Account, read: Read) -> Delivered:
    """Into the folder of statements, under a name that is free there."""
    del workspace
    assert account.folder is not None
    new = False
    with speaking(account.folder):
        account.folder.mkdir(parents=True, exist_ok=True)
        for name, opened in read.files:
            with opened() as stream:
                data = stream.read()
            new = _put(account.folder, name, data) or new
    if new:
        return _waits(account)
    text = N_("it lies in the folder of {account} already: nothing was done")
    return Delivered(False, Sentence(text, account=account.name))


def _put(folder: Path, name: str, data: bytes) -> bool:
    """Whether it is new there."""
    if any(file.stat().st_size == len(data) and file.read_bytes() == data for file in folder.glob("*.[tT][xX][tT]")):
        return False
    stem = Path(name).stem
    target = folder / f"{stem}.txt"
    if target.exists():
        target = folder / f"{stem}-{sha256(data).hexdigest()[:8]}.txt"
    write_whole(target, data)
    return True


def _copied(opened: Opened, target: Path) -> Path:
    with opened() as stream, target.open("wb") as file:
        copyfileobj(stream, file, _CHUNK)
    return target


def _waits(account: Account) -> Delivered:
    return Delivered(True, Sentence(N_("{account} has it: the next “connector sync” reads it"), account=account.name))


_WAYS: Final = {"commerceml": _site, "enterprisedata": _partner, "bank": _bank}
