"""One `send` between the adapters and the wire.

It promises: every attempt waits for the account's rate; only what may be repeated is repeated; a write whose answer
did not come raises `OutcomeUnknown`; credentials never go to another host, over plain http, or into a log; nothing
that is raised or logged holds an address.
"""

from __future__ import annotations

import logging
import random as _random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, NoReturn
from urllib.parse import urljoin

import requests
import tenacity

from connector.errors import (
    BrokenAnswer,
    ConfigError,
    ConnectorError,
    OutcomeUnknown,
    RetryError,
    Throttled,
    Unavailable,
)
from connector.locale import N_, Sentence
from connector.transport.address import checked_base, same_place, session_of
from connector.transport.auth import Auth, Draft, NoAuth
from connector.transport.failures import CLOSED, CUT, TIMEOUT, Failure, failure_of
from connector.transport.limits import Clock, Patience, Rate, Sleep, retry_after
from connector.transport.messages import (
    Form,
    Pairs,
    Repeat,
    Request,
    Response,
    Verb,
    form_of,
    json_of,
    pairs_of,
    path_of,
    query_of,
    scalar,
)
from connector.transport.redaction import redact, silence_addresses
from connector.transport.stream import CHUNK, Body, too_big

__all__ = [
    "Body",
    "Form",
    "Pairs",
    "Patience",
    "Repeat",
    "Request",
    "Response",
    "Transport",
    "Verb",
    "form_of",
    "json_of",
    "pairs_of",
    "path_of",
    "query_of",
    "scalar",
]

log: Final = logging.getLogger("connector.transport")

_MAX_BYTES: Final = 64 * 1024 * 1024
_MAX_REDIRECTS: Final = 3
_CONNECT: Final = 10.0
_HEADERS: Final = {"Accept-Encoding": "gzip, deflate", "User-Agent": "connector"}
_IDLE: Final = 20.0
"""A connection idle for longer may be closed on the other side any moment: a write does not leave on it."""


class _Cut(Unavailable):
    """An answer to a read broke off: asked again, and a BrokenAnswer when it breaks off each time."""


class Transport:
    """The wire of one account. Safe to use from several threads.

    `timeout` is seconds without a byte, and ten times that for a whole answer. `rate` is requests a second (None: no
    limit of ours). `insecure` allows plain http. Clock, sleep, wall clock and chance are given for tests.
    """

    def __init__(
        self,
        account: str,
        base_url: str,
        *,
        auth: Auth | None = None,
        rate: float | None = None,
        timeout: float = 60.0,
        insecure: bool = False,
        concurrency: int = 1,
        patience: Patience | None = None,
        cookies: bool = False,
        ca_file: str | None = None,
        max_bytes: int = _MAX_BYTES,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
        now: Clock = time.time,
        chance: Callable[[], float] = _random.random,
    ) -> None:
        self.account = account
        self._base = checked_base(account, base_url, insecure=insecure)
        self._auth: Auth = auth or NoAuth()
        self._timeout, self._max_bytes = timeout, max_bytes
        self.patience = patience or Patience()
        self.rate = Rate(rate, clock=clock, sleep=sleep)
        self._clock, self._sleep, self._now, self._chance = clock, sleep, now, chance
        self._slots = threading.BoundedSemaphore(max(1, concurrency))
        self.concurrency = max(1, concurrency)
        self._session = session_of(self.concurrency, cookies=cookies, ca_file=ca_file)
        self._lock = threading.Lock()
        self._sent, self._last_used = 0, clock()
        redact.hide(*self._auth.secrets)
        silence_addresses()

    @property
    def sent(self) -> int:
        """How many requests have left, repeated ones included."""
        return self._sent

    def close(self) -> None:
        self._session.close()

    def send(self, request: Request) -> Response:
        """The answer, whatever its status below 500 (429 excepted). Raises:

        Throttled: refused for being too many, not done. Unavailable: certainly not done, or a read that got no answer.
        OutcomeUnknown: a write left and no usable answer came. BrokenAnswer: the answer broke off each time, is too
        big, or points to another address. ConfigError: no request can be made from the address.
        """
        try:
            return self._retrying(request)(self._attempt, request)
        except _Cut as cut:
            error = BrokenAnswer(
                N_("{account}: the answer of {endpoint} breaks off in the middle each time"), **cut.sentence.facts
            )
        raise error

    def fetch_ahead(self, requests: Iterable[Request], workers: int | None = None) -> Iterator[Response]:
        """Answers of reads in the order of their requests, with at most 2 x `workers` pages read ahead.

        The first error is raised in its place. Closing the iterator stops what has not begun.
        """
        workers = min(workers or self.concurrency, self.concurrency)
        if workers <= 1:
            yield from map(self.send, requests)
            return
        yield from self._fetch_in_threads(iter(requests), workers)

    def _fetch_in_threads(self, requests: Iterator[Request], workers: int) -> Iterator[Response]:
        pool = ThreadPoolExecutor(workers, thread_name_prefix=f"read-{self.account}")
        ahead: deque[Future[Response]] = deque()
        try:
            for request in requests:
                ahead.append(pool.submit(self.send, request))
                if len(ahead) >= 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def stream(self, request: Request) -> Iterator[Body]:
        """A big answer of a read as a file-like `Body`; a status that is not 2xx raises. Repeated until it begins."""
        if request.is_write:
            raise ValueError("only a read may be streamed")
        answer = self._retrying(request)(self._opened, request)
        try:
            yield Body(self.account, request, answer, self._limit(request))
        finally:
            answer.close()

    def _retrying(self, request: Request) -> tenacity.Retrying:
        attempts = self.patience.attempts if request.repeat != "never" else 1
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(attempts),
            retry=tenacity.retry_if_exception(self._worth_waiting),
            wait=self._wait,
            sleep=self._sleep,
            before_sleep=lambda state: self._log_retry(request, state),
            reraise=True,
        )

    # One attempt

    def _opened(self, request: Request) -> requests.Response:
        """An answer of which only the head was read. Its reader may ask for more meanwhile: it takes no turn."""
        with self._slots:
            answer = self._exchange(request, self._address(request))
            if 200 <= answer.status_code < 300:
                return answer
            try:
                response = self._judge(request, answer)
                raise response.status_error() if request.refused is None else request.refused(response)
            finally:
                answer.close()

    def _attempt(self, request: Request) -> Response:
        with self._slots:
            url = self._address(request)
            for _ in range(_MAX_REDIRECTS + 1):
                answer = self._exchange(request, url)
                try:
                    response = self._judge(request, answer)
                finally:
                    answer.close()
                target = self._redirect(request, url, response)
                if target is None:
                    return response
                url = target
        raise self._elsewhere(request)

    def _exchange(self, request: Request, url: str) -> requests.Response:
        prepared = self._prepared(request, url)
        self.rate.acquire()
        self._note_use(request)
        timeout = request.timeout or self._timeout
        try:
            return self._session.send(
                prepared, stream=True, allow_redirects=False, timeout=(min(_CONNECT, timeout), timeout)
            )
        except (requests.RequestException, OSError) as error:
            failure = failure_of(error)
        raise self._failed(request, failure)

    def _note_use(self, request: Request) -> None:
        with self._lock:
            now = self._clock()
            idle, self._last_used = now - self._last_used, now
            self._sent += 1
        if request.is_write and idle > _IDLE:
            for adapter in self._session.adapters.values():
                adapter.close()

    def _judge(self, request: Request, answer: requests.Response) -> Response:
        body = self._read(request, answer)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        response = Response(
            account=self.account,
            endpoint=request.endpoint,
            status=answer.status_code,
            headers=headers,
            body=body,
            is_write=request.is_write,
        )
        log.debug("%s: %s %s: %d, %d bytes", self.account, request.verb, request.endpoint, response.status, len(body))
        if response.status == 429:
            self._throttled(request, response)
        if response.status >= 500 and not (request.understood and request.understood(response)):
            self._broken_down(request, response)
        self.rate.speed_up()
        return response

    def _read(self, request: Request, answer: requests.Response) -> bytes:
        limit, deadline = self._limit(request), self._deadline(request)
        parts: list[bytes] = []
        size = 0
        failure: Failure | None = None
        try:
            for chunk in answer.iter_content(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise self._too_big(request, limit)
                parts.append(chunk)
                if self._clock() > deadline:
                    failure = Failure("sent", TIMEOUT)
                    break
        except (requests.RequestException, OSError) as error:
            failure = failure_of(error)
        if failure is not None:
            raise self._failed(request, Failure("cut", CUT if failure.reason == CLOSED else failure.reason))
        return b"".join(parts)

    def _limit(self, request: Request) -> int:
        return self._max_bytes if request.max_bytes is None else request.max_bytes

    def _deadline(self, request: Request) -> float:
        return self._clock() + 10 * (request.timeout or self._timeout)

    # What went wrong

    def _failed(self, request: Request, failure: Failure) -> ConnectorError:
        named = {"account": self.account, "endpoint": request.endpoint, "reason": Sentence(failure.reason)}
        if failure.stage == "address":
            text = N_("{account}: {reason}. Correct the url of the account")
            return ConfigError(text, account=self.account, reason=named["reason"])
        if failure.stage == "untrusted":
            return BrokenAnswer(N_("{account}: {reason}. Nothing was sent; check the url of the account"), **named)
        if failure.stage != "before" and request.is_write:
            text = N_("{account}: {endpoint} was sent, but {reason}. It may have happened: look before repeating it")
            return OutcomeUnknown(text, **named)
        if failure.reason == TIMEOUT:
            self.rate.slow_down()
        kind = _Cut if failure.stage == "cut" else Unavailable
        return kind(N_("{account}: {endpoint} is not reachable: {reason}. Try again later"), **named)

    def _throttled(self, request: Request, response: Response) -> NoReturn:
        after = retry_after(response.headers.get("retry-after"), self._now())
        self.rate.slow_down()
        if after is not None:
            self.rate.pause(min(after, self.patience.longest_retry_after))
        raise Throttled(
            N_("{account}: too many requests ({endpoint}). Nothing was done; it is tried again later"),
            after=after,
            account=self.account,
            endpoint=request.endpoint,
            code=response.status,
        )

    def _broken_down(self, request: Request, response: Response) -> NoReturn:
        self.rate.slow_down()
        facts = {"account": self.account, "endpoint": request.endpoint, "code": response.status}
        if request.is_write:
            raise OutcomeUnknown(
                N_("{account}: {endpoint} was sent and answered with failure {code}. Look before repeating it"), **facts
            )
        after = retry_after(response.headers.get("retry-after"), self._now())
        if after is not None:
            self.rate.pause(min(after, self.patience.longest_retry_after))
        raise Unavailable(N_("{account}: {endpoint} failed there ({code}). Try again later"), **facts)

    def _too_big(self, request: Request, limit: int) -> ConnectorError:
        if not request.is_write:
            return too_big(self.account, request, limit)
        text = N_("{account}: {endpoint} was sent; its answer is over {limit} bytes. Look before repeating it")
        return OutcomeUnknown(text, account=self.account, endpoint=request.endpoint, limit=limit)

    # Repeating

    def _worth_waiting(self, error: BaseException) -> bool:
        if isinstance(error, Throttled) and error.after is not None:
            return error.after <= self.patience.longest_retry_after
        return isinstance(error, RetryError)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        ours = self.patience.wait(state.attempt_number, self._chance())
        if isinstance(error, Throttled) and error.after is not None:
            return max(ours, error.after)
        return ours

    def _log_retry(self, request: Request, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        log.warning("%s: %s again after attempt %d: %s", self.account, request.endpoint, state.attempt_number, error)

    # The address

    def _address(self, request: Request) -> str:
        path = request.path
        return self._base + (path if path.startswith("/") or path == "" else "/" + path)

    def _prepared(self, request: Request, url: str) -> requests.PreparedRequest:
        headers: dict[str, str | bytes] = {
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": "connector",
            **request.headers,
        }
        draft = Draft(
            verb=request.verb,
            query=list(pairs_of(request.query)),
            form=None if request.form is None else list(pairs_of(request.form)),
            headers=headers,
        )
        self._auth.apply(draft)
        body = _body_of(request, draft)
        joint = "&" if "?" in url else "?"
        full = url + joint + query_of(draft.query) if draft.query else url
        failure: Failure | None = None
        try:
            plain = requests.Request(request.verb, full, headers=draft.headers, data=body)
            return self._session.prepare_request(plain)
        except (requests.RequestException, ValueError) as error:
            failure = failure_of(error)
        raise self._failed(request, failure)

    def _redirect(self, request: Request, url: str, response: Response) -> str | None:
        """Where a read is sent on to, with its own parameters: only within the same host. A write is never sent on."""
        location = response.headers.get("location")
        if response.status not in (301, 302, 303, 307, 308) or location is None:
            return None
        if request.is_write:
            if response.status in (302, 303):
                raise OutcomeUnknown(
                    N_("{account}: {endpoint} was sent and answered with a redirect. Look before repeating it"),
                    account=self.account,
                    endpoint=request.endpoint,
                    code=response.status,
                )
            raise self._elsewhere(request)
        target = urljoin(url, location)
        if not same_place(url, target):
            raise self._elsewhere(request)
        return target.partition("#")[0].partition("?")[0]

    def _elsewhere(self, request: Request) -> BrokenAnswer:
        return BrokenAnswer(
            N_("{account}: {endpoint} is redirected to another address. Correct the url of the account"),
            account=self.account,
            endpoint=request.endpoint,
        )


def _body_of(request: Request, draft: Draft) -> bytes | None:
    if draft.form is not None:
        draft.headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return form_of(draft.form)
    if request.json is not None:
        draft.headers.setdefault("Content-Type", "application/json")
        return json_of(request.json)
    return request.body
