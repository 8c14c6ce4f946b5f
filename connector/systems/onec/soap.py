"""1C through the web services of EnterpriseData: we call a published base, and messages travel both ways.

    exchange = SoapExchange(services, counters, folder=folder, now=datetime.now)
    for received in exchange.receive(take): ...    # take(header, objects) stores them; then the message is confirmed
    exchange.send(objects)                         # loaded there when it returns

The same promises as an exchange through a folder (`enterprisedata.folder`): our number is on the disk before a message
leaves, one that came is proved whole before anything of it is used, and 1C is told by the next message what we have.
Through the service that only loads there is no node, no number, and nothing to fetch.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connector.errors import BrokenAnswer, ConnectorError, Forbidden, RowError
from connector.locale import N_, Sentence
from connector.systems.base import Check
from connector.systems.onec.enterprisedata import (
    PLAN,
    Counters,
    Header,
    Judgement,
    Node,
    Received,
    Sent,
    judge,
    next_header,
    read_message,
    whole_message,
    write_message,
)
from connector.systems.onec.enterprisedata.folder import Take
from connector.systems.onec.enterprisedata.register import Told
from connector.systems.onec.enterprisedata.ways import object_of, unsayable
from connector.systems.onec.line import line_of
from connector.systems.onec.services import EXCHANGE, UPLOAD, Services, service
from connector.transport.http import Transport

if TYPE_CHECKING:
    from connector.config import Account
    from connector.systems.onec.enterprisedata.adapter import EnterpriseDataAdapter

log: Final = logging.getLogger("connector.systems.onec")

MESSAGE: Final = "EnterpriseData"
Objects = Iterable[tuple[str, Mapping[str, Any]]]
_UPLOADED: Final = "1.8"
"""The version for the service that only loads: nobody can be asked there, and every base of the last years knows it."""


class SoapExchange:
    """One exchange. Errors are those of `Services`; Locked while another process is at it."""

    def __init__(
        self, services: Services, counters: Counters | None, *, folder: Path, now: Callable[[], datetime]
    ) -> None:
        self._services, self._counters, self._folder, self._now = services, counters, folder, now

    @property
    def acknowledged(self) -> int:
        """The number up to which 1C has confirmed our messages; 0 where messages have none."""
        return 0 if self._counters is None else self._counters.load().acknowledged

    def receive(self, take: Take) -> list[Received]:
        """Fetch what 1C has for us. When `take` raises, it is fetched again the next time."""
        if self._counters is None:
            return []
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._counters.held(), tempfile.TemporaryFile(dir=self._folder) as file:
            with self._services.get() as stream:
                while chunk := stream.read(64 * 1024):
                    file.write(chunk)
            return [self._judged(file, take, self._counters)]

    def _judged(self, file: IO[bytes], take: Take, counters: Counters) -> Received:
        file.seek(0)
        header, count = whole_message(file, MESSAGE)
        judged = self._accepted(judge(counters.load(), header))
        if judged.verdict == "accept":
            file.seek(0)
            message = read_message(file, MESSAGE)
            take(message.header, message.objects)
        counters.save(judged.node)
        return Received(MESSAGE, judged.verdict, count if judged.verdict == "accept" else 0, judged.reason)

    def send(self, objects: Objects) -> Sent:
        """Load these objects there; without any it is a bare confirmation.

        An object that cannot be written is left out and told in `written.refused`. Invalid: 1C refused the message.
        OutcomeUnknown: nobody knows; the objects may be sent again, their `Ссылка` makes them the same ones.
        """
        with tempfile.TemporaryFile() as file:
            if self._counters is None:
                return self._load(file, Header(version=_UPLOADED, created_at=self._moment()), 0, objects)
            with self._counters.held():
                node = self._counters.load()
                if node.peer is None:
                    node = self._introduced(self._counters)
                header, following = next_header(node, self._moment())
                self._counters.save(following)
                return self._load(file, header, following.sent, objects)

    def _introduced(self, counters: Counters) -> Node:
        """1C's own node code stands in its messages only. What this one carries is fetched again: nobody took it."""
        with self._services.get() as stream:
            header = read_message(stream, MESSAGE).header
        known = counters.load()
        node = replace(self._accepted(judge(known, header)).node, received=known.received)
        counters.save(node)
        return node

    def _accepted(self, judged: Judgement) -> Judgement:
        if judged.verdict == "refuse":
            text = N_("{account}: the message of 1C is refused: {reason}")
            raise BrokenAnswer(text, account=self._services.account, reason=judged.reason)
        return judged

    def _load(self, file: IO[bytes], header: Header, number: int, objects: Objects) -> Sent:
        written = write_message(file, header, objects)
        file.seek(0)
        if self._services.put(file) == "seen":
            text = N_(
                "{account}: 1C has loaded a message {number} before and ignored this one: our counters are behind."
                " Restore {folder} from a newer copy, or make the exchange there anew"
            )
            raise BrokenAnswer(text, account=self._services.account, number=number, folder=self._folder)
        return Sent(number, MESSAGE, written)

    def _moment(self) -> str:
        return self._now().replace(microsecond=0, tzinfo=None).isoformat()


class ServiceWay:
    """An account whose base is called. Implements `enterprisedata.ways.Way`: what `tell` was given is loaded there."""

    register = None

    def __init__(self, transport: Transport, services: Services, exchange: SoapExchange, *, reads: bool) -> None:
        self.account, self.reads = transport.account, reads
        self._transport, self._services, self._exchange = transport, services, exchange

    @property
    def acknowledged(self) -> int:
        return self._exchange.acknowledged

    def receive(self, take: Take) -> None:
        received = self._exchange.receive(take)
        for one in received:
            if one.became == "seen":
                log.warning("%s: %s", self.account, one.reason)
        if any(one.objects for one in received):
            self._confirm()

    def _confirm(self) -> None:
        """Tell 1C that we have it; until it knows, it tells all of it again, which costs time and nothing else."""
        try:
            self._exchange.send([])
        except ConnectorError as error:
            log.warning("%s", error)

    def tell(self, told: Sequence[Told]) -> None:
        try:
            objects = [object_of(one) for one in told]
        except RowError as error:
            raise unsayable(self.account, error) from error
        refused = self._exchange.send(objects).written.refused
        if refused:
            raise unsayable(self.account, refused[0][1])

    def send_off(self) -> None:
        """Nothing lies ready."""

    def check(self) -> list[Check]:
        """Reachable, known there, allowed."""
        try:
            self._services.test()
        except Forbidden as error:
            return [Check(name="credentials", ok=False, text=error.sentence)]
        except ConnectorError as error:
            return [Check(name="reachable", ok=False, text=error.sentence)]
        said = Sentence(N_("the web service answers and knows this exchange"))
        return [Check(name="credentials", ok=True, text=said)]

    def requests(self) -> int:
        return self._transport.sent

    def close(self) -> None:
        self._transport.close()


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> EnterpriseDataAdapter:
    """The adapter of a configured account."""
    from connector.systems.onec.enterprisedata.adapter import EnterpriseDataAdapter

    assert account.url is not None and account.login is not None
    assert account.password is not None and account.folder is not None
    transport = line_of(account, clock=clock, sleep=sleep)
    uploads = account.service == "upload"
    plan, code = (None, None) if uploads else (PLAN, account.peer_code or "")
    services = Services(service(transport, UPLOAD if uploads else EXCHANGE), plan=plan, node_code=code, sleep=sleep)
    counters = None if uploads else Counters(account.folder / "counters.json", plan=PLAN, code=code or "")
    zone = ZoneInfo(account.timezone)
    exchange = SoapExchange(services, counters, folder=account.folder, now=lambda: datetime.now(zone))
    way = ServiceWay(transport, services, exchange, reads=not uploads)
    return EnterpriseDataAdapter(account.spoke, way, account.folder)
