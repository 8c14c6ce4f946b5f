"""How messages travel: through a folder that 1C sees too. (Through its web service: `onec.soap`.)

A folder holds one message of ours at a time, and 1C takes it when it likes, or never. So what we tell is registered
first and stands in every message until 1C has confirmed one that held it; the message itself is left at the end of a
run, once for everything.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from connector.errors import BrokenAnswer, ConnectorError, Invalid, RowError, Unavailable
from connector.locale import N_, Sentence
from connector.systems.base import Check
from connector.systems.onec.enterprisedata.codec import element_of
from connector.systems.onec.enterprisedata.folder import Folder, Received, Take
from connector.systems.onec.enterprisedata.register import Register, Told
from connector.systems.onec.enterprisedata.rows import DELETED, deletion, nested
from connector.systems.onec.enterprisedata.schema import WRITTEN

log: Final = logging.getLogger("connector.systems.onec")

Objects = Iterator[tuple[str, Mapping[str, Any]]]


class Way(Protocol):
    """One exchange with one base. `register` is None where 1C has loaded what it was told when `tell` returns."""

    account: str
    reads: bool

    @property
    def register(self) -> Register | None: ...

    @property
    def acknowledged(self) -> int:
        """The number up to which 1C has confirmed our messages."""
        ...

    def receive(self, take: Take) -> None:
        """Give on what has come, oldest first. Raises what stops the account."""
        ...

    def tell(self, told: Sequence[Told]) -> None:
        """These are to stand in 1C. Invalid for what the format cannot say: then nothing of it is told."""
        ...

    def send_off(self) -> None:
        """What is ready leaves, with the confirmation of what has come."""
        ...

    def check(self) -> list[Check]: ...

    def requests(self) -> int: ...

    def close(self) -> None: ...


def object_of(told: Told) -> tuple[str, Mapping[str, Any]]:
    """What goes into a message."""
    if told.type == DELETED:
        return DELETED, told.row
    return told.type, nested(told.type, told.row, told.key)


def deleted(entity: str, type_: str, key: str, *, fact: bool) -> Told:
    """That a thing is to be deleted there."""
    return Told(entity, DELETED, key, deletion(type_, key), fact=fact)


class FolderWay:
    """An account whose messages lie in a folder."""

    reads = True

    def __init__(self, account: str, folder: Folder, register: Register) -> None:
        self.account = account
        self._folder, self._register = folder, register

    @property
    def register(self) -> Register | None:
        return self._register

    @property
    def acknowledged(self) -> int:
        return self._folder.acknowledged

    def receive(self, take: Take) -> None:
        """Unavailable until 1C has written once: before, nobody knows what it has, and all would be told it anew."""
        received = self._folder.receive(take)
        for one in received:
            if one.became == "seen":
                log.warning("%s: %s: %s", self.account, one.file, one.reason)
        bad = next((one for one in received if one.became in ("refuse", "broken")), None)
        if bad is not None:
            text = N_("{account}: the message {file} of 1C was put aside into “failed”: {reason}")
            raise BrokenAnswer(text, account=self.account, file=bad.file, reason=_why(bad))
        self._begun()

    def _begun(self) -> None:
        if self._folder.node.received == 0:
            text = N_("{account}: 1C has not written its first message yet. Start the synchronisation there once")
            raise Unavailable(text, account=self.account)

    def tell(self, told: Sequence[Told]) -> None:
        """Unavailable as above: what a person has brought by hand does not say what else 1C has."""
        self._begun()
        version = self._folder.node.version or WRITTEN[-1]
        for one in told:
            try:
                type_, data = object_of(one)
                element_of(type_, data, version)
            except RowError as error:
                raise unsayable(self.account, error) from error
        self._register.put(told)

    def send_off(self) -> None:
        """A message is left when it would say more than the one that lies there, or when that one is gone."""
        node = self._folder.node
        if node.received == 0 or not self._is_due():
            return
        sent = self._folder.send(self._objects())
        if sent.written.refused:
            place, error = sent.written.refused[0]
            text = N_("{account}: {count} objects cannot be told to 1C; the first of them is number {place}: {reason}")
            raise Invalid(
                text, account=self.account, count=len(sent.written.refused), place=place, reason=error.sentence
            )

    def _is_due(self) -> bool:
        node, numbers = self._folder.node, self._register.numbers().values()
        waiting = [number for number in numbers if number is None or number > node.acknowledged]
        if None in waiting or node.received > node.confirmed:
            return True
        return bool(waiting) and self._folder.lies() != node.sent

    def _objects(self) -> Objects:
        """Everything that is not confirmed. Its number is taken by now, and is written down before the message is."""
        node = self._folder.node
        self._register.numbered(node.sent)
        for told in self._register.unconfirmed(node.acknowledged):
            yield object_of(told)

    # the rest

    def check(self) -> list[Check]:
        """Whether the folder can be used, who is who, when 1C wrote last and what waits for it."""
        try:
            self._folder.prove()
            node, failed, lying = self._folder.node, self._folder.failed(), self._folder.lies()
        except ConnectorError as error:
            return [Check(name="folder", ok=False, text=error.sentence)]
        checks = [Check(name="folder", ok=True, text=Sentence(N_("the folder of the exchange can be used")))]
        if node.received == 0:
            text = N_("1C has not written yet: start its synchronisation with the node {code} once")
            return [*checks, Check(name="node", ok=False, text=Sentence(text, code=node.code))]
        text = N_("1C is the node {peer}, we are {code}, and the format is EnterpriseData {version}")
        who = Sentence(text, peer=node.peer, code=node.code, version=node.version)
        text = N_("the last message of 1C is number {number}, made at {at} by its clock")
        heard = Sentence(text, number=node.received, at=node.heard)
        checks += [Check(name="node", ok=True, text=who), Check(name="last message", ok=True, text=heard)]
        checks.append(self._waiting(node.acknowledged, node.sent, lying))
        if failed:
            text = N_("{count} messages of 1C were put aside into “failed”, the last of them {file}")
            said = Sentence(text, count=len(failed), file=failed[-1])
            checks.append(Check(name="failed", ok=True, warning=True, text=said))
        return checks

    def _waiting(self, acknowledged: int, sent: int, lying: int | None) -> Check:
        numbers = self._register.numbers().values()
        waiting = sum(1 for number in numbers if number is None or number > acknowledged)
        text = N_("1C has confirmed our messages up to {acknowledged} of {sent}; {count} objects wait for it")
        said = Sentence(text, acknowledged=acknowledged, sent=sent, count=waiting)
        lost = bool(waiting) and lying != sent
        if lost:
            text = N_("{count} objects wait for 1C, and our message {sent} is not in the folder; a run leaves it anew")
            said = Sentence(text, count=waiting, sent=sent)
        return Check(name="waiting", ok=True, warning=lost, text=said)

    def requests(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is held open."""


def unsayable(account: str, error: RowError) -> Invalid:
    return Invalid(N_("{account}: it cannot be told to 1C: {reason}"), account=account, reason=error.sentence)


def _why(received: Received) -> Sentence | str:
    return received.reason if received.reason is not None else received.became
