"""The calls of the protocol, one method each; see the package for the whole of it.

    endpoint = Endpoint({"site": Site(account, desk)}, language="ru", clock=time.monotonic, now=datetime.now)
    endpoint.register(app)

It answers at `/exchange/<account>`, and at `/bitrix/admin/1c_exchange.php`, which 1C takes for itself when it is given
a host alone; there the account is told by its login.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from flask import Flask, Response, request

from connector.errors import BrokenAnswer, Forbidden
from connector.jobs.desk import Desk
from connector.locale import N_, Sentence
from connector.server.exchange.address import parameters
from connector.server.exchange.answers import Speech, log
from connector.server.exchange.delivery import Delivery
from connector.server.exchange.door import Door, Limits
from connector.server.exchange.giving import Giving
from connector.server.exchange.intake import MEGABYTE, Intake
from connector.server.exchange.visits import COOKIE, Kind, Visit, Visits
from connector.systems.onec.commerceml import info_file, written_version
from connector.systems.onec.commerceml.adapter import INBOX
from connector.systems.onec.inbox import Inbox

if TYPE_CHECKING:
    from connector.config import Account

BITRIX: Final = "/bitrix/admin/1c_exchange.php"
HOLD: Final = 10.0
"""Seconds for which an answer `progress` is held back: 1C asks again at once, without a pause."""
LONGEST: Final = 1500.0
"""Seconds for a file of orders that is taken within its own call: 1C waits for 1800."""
_WORKERS: Final = 2
_STATUSES: Final = {
    "new": N_("new order"),
    "paid": N_("order paid"),
    "shipped": N_("order shipped"),
    "cancelled": N_("order cancelled"),
}

_WRONG_LOGIN: Final = N_("the login or the password is wrong")
_TOO_OFTEN: Final = N_("too many wrong passwords; try again in {seconds} seconds")
_NO_SESSION: Final = N_("there is no session, or it is over; begin the exchange anew")
_UNKNOWN: Final = N_("this call is not known here: type {type}, mode {mode}")
_READING: Final = N_("the file is being read")
_BUSY: Final = N_("an earlier file is still being read; wait for it")


@dataclass(frozen=True)
class Site:
    """An account of channel commerceml, and what stands behind it."""

    account: Account
    desk: Desk


class _Counter:
    """One site with everything that serves it."""

    def __init__(self, site: Site, language: str, now: Callable[[], datetime]) -> None:
        account = site.account
        assert account.folder is not None
        assert account.file_limit is not None
        assert account.largest is not None
        inbox = Inbox(account.folder / INBOX)
        inbox.recover()
        self.account, self.desk = account, site.desk
        self.delivery = Delivery(account.folder)
        self.giving = Giving(site.desk, self.delivery, now)
        self.intake = Intake(
            inbox,
            site.desk,
            file_limit=account.file_limit * MEGABYTE,
            largest=account.largest * MEGABYTE,
            takes_zip=account.zip,
        )
        self.speech = Speech(language, account.encoding)


class Endpoint:
    """All sites of a workspace. `clock` counts seconds, `now` is the wall clock of the workspace."""

    def __init__(
        self,
        sites: Mapping[str, Site],
        *,
        language: str,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        hold: float = HOLD,
    ) -> None:
        self._counters = {name: _Counter(site, language, now) for name, site in sites.items()}
        self._limits, self._hold, self._language = Limits(clock), hold, language
        self._door = Door({name: site.account for name, site in sites.items()}, self._limits)
        folders = {name: site.account.folder for name, site in sites.items() if site.account.folder is not None}
        self._visits = Visits(folders, clock, self._over)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="exchange")
        self._plain = Speech(language, "utf-8")

    def register(self, app: Flask) -> None:
        """Answer under both addresses."""
        verbs = ["GET", "POST"]
        app.add_url_rule("/exchange/<account>", "exchange", self.answer, methods=verbs)
        app.add_url_rule(BITRIX, "bitrix", partial(self.answer, None), methods=verbs)

    def close(self) -> None:
        """Files that are being read are read to their end."""
        self._workers.shutdown(wait=True)
        self._visits.close()

    # a call

    def answer(self, account: str | None) -> Response:
        """One call of 1C."""
        said = parameters(request.environ.get("QUERY_STRING", ""))
        kind, mode = said.get("type", ""), said.get("mode", "")
        known = _MODES.get(mode) if kind in ("catalog", "sale") else None
        try:
            if mode == "checkauth" and kind in ("catalog", "sale"):
                return self._checkauth(account, cast(Kind, kind))
            visit = self._visits.find(request.cookies.get(COOKIE), account)
            if visit is None:
                return self._plain.failure(Sentence(_NO_SESSION))
            counter = self._counters[visit.account]
            if known is None:
                return counter.speech.failure(Sentence(_UNKNOWN, type=kind[:40], mode=mode[:40]))
            return self._within(visit, counter, cast(Kind, kind), mode, said)
        except Exception as error:  # noqa: BLE001 - the last net: 1C reads sentences, not pages of errors
            return self._plain.error(error)

    def _within(self, visit: Visit, counter: _Counter, kind: Kind, mode: str, said: Mapping[str, str]) -> Response:
        with visit.lock:
            visit.kind = kind
            log.debug("exchange %s: %s %s", visit.account, kind, mode)
            try:
                answer: Response = _MODES[mode](self, visit, counter, said)
                return answer
            except Exception as error:  # noqa: BLE001 - as above, in the words and the encoding of the account
                return counter.speech.error(error)

    def _checkauth(self, account: str | None, kind: Kind) -> Response:
        address = request.remote_addr or ""
        wait = self._limits.wait(address)
        if wait > 0:
            return self._plain.failure(Sentence(_TOO_OFTEN, seconds=int(wait) + 1))
        found = self._door.account_of(request.headers.get("Authorization"), account)
        if found is None:
            self._limits.wrong(address)
            log.warning("exchange: a wrong login from %s", address)
            return self._plain.failure(Sentence(_WRONG_LOGIN))
        self._limits.right(address)
        if kind == "sale":
            for earlier in self._visits.of(found, "sale"):
                self._counters[found].giving.conclude(earlier)
        visit = self._visits.begin(found, kind)
        return self._counters[found].speech.text("success", COOKIE, visit.token)

    def _over(self, visit: Visit) -> None:
        """A session ended: what it left is used where it is whole."""
        counter = self._counters[visit.account]
        try:
            if visit.kind == "sale":
                for name in counter.intake.left(visit):
                    self._take(visit, counter, name)
            counter.giving.conclude(visit)
        except Exception as error:  # noqa: BLE001 - nobody listens any more; the orders stay offered
            log.warning("exchange %s: the end of a session: %s", visit.account, type(error).__name__)

    # the modes

    def _init(self, visit: Visit, counter: _Counter, said: Mapping[str, str]) -> Response:
        if _is_busy(visit):
            return counter.speech.failure(Sentence(_BUSY))
        visit.clear()
        visit.version = said.get("version", "")[:10]
        counter.delivery.speaks(visit.version)
        lines = [f"zip={'yes' if counter.account.zip else 'no'}", f"file_limit={counter.intake.file_limit}"]
        if visit.version:
            lines += [
                f"sessid={visit.folder.name}",
                f"version={counter.account.version or written_version(visit.version)}",
            ]
        return counter.speech.text(*lines)

    def _file(self, visit: Visit, counter: _Counter, said: Mapping[str, str]) -> Response:
        if _is_busy(visit):
            return counter.speech.failure(Sentence(_BUSY))
        name = said.get("filename", "")
        part = counter.intake.append(visit, name, cast(Any, request.stream))
        if part is not None and visit.kind == "sale" and not visit.version:
            for ready in counter.intake.ready(visit, part):  # this 1C sends no import for orders
                self._begun(visit, counter, ready).result(LONGEST)
        return counter.speech.text("success")

    def _import(self, visit: Visit, counter: _Counter, said: Mapping[str, str]) -> Response:
        name = counter.intake.key_of(said.get("filename", ""))
        work = visit.imports.get(name) or self._begun(visit, counter, name)
        try:
            work.result(self._hold)
        except StillRunning:
            return counter.speech.progress(Sentence(_READING))
        return counter.speech.text("success")

    def _begun(self, visit: Visit, counter: _Counter, name: str) -> Future[None]:
        work = self._workers.submit(self._take, visit, counter, name)
        visit.imports[name] = work
        return work

    def _take(self, visit: Visit, counter: _Counter, name: str) -> None:
        counter.delivery.acknowledged(counter.intake.take(visit, name))

    def _query(self, visit: Visit, counter: _Counter, said: Mapping[str, str]) -> Response:
        del said
        answer = counter.giving.next(visit, counter.account)
        return counter.speech.xml(answer.parts, answer.encoding)

    def _success(self, visit: Visit, counter: _Counter, said: Mapping[str, str]) -> Response:
        del said
        if visit.kind == "sale":
            counter.giving.confirmed(visit)
        return counter.speech.text("success")

    def _nothing(self, visit: Visit, counter: _Counter, said: Mapping[str, str]) -> Response:
        """Steps that ask for nothing here: `complete` ends an exchange, `deactivate` hides what was not sent."""
        del visit, said
        return counter.speech.text("success")

    def _info(self, visit: Visit, counter: _Counter, said: Mapping[str, str]) -> Response:
        del said
        if visit.kind != "sale":
            raise Forbidden(_UNKNOWN, type=visit.kind, mode="info")
        visit.asked_info = True
        names = {key: Sentence(text).in_(self._language) for key, text in _STATUSES.items()}
        return counter.speech.xml([info_file(names, {}, {})], "utf-8")


def _is_busy(visit: Visit) -> bool:
    return any(not work.done() for work in visit.imports.values())


_MODES: Final[Mapping[str, Callable[..., Response]]] = {
    "init": Endpoint._init,
    "file": Endpoint._file,
    "import": Endpoint._import,
    "query": Endpoint._query,
    "success": Endpoint._success,
    "complete": Endpoint._nothing,
    "deactivate": Endpoint._nothing,
    "info": Endpoint._info,
}

__all__ = ["BITRIX", "BrokenAnswer", "Endpoint", "Site"]
