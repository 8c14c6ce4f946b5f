"""Files of EnterpriseData carried by the web services of a base (1c.md, section 3).

    services = Services(exchange_service(transport), node_code="CON", sleep=time.sleep)
    services.test()
    services.put(stream)                 # packed, in parts, loaded there: "done", or "seen" before
    with services.get() as stream: ...   # what 1C has for us, unpacked

`EnterpriseDataExchange_1_0_1_1` speaks for a node of an exchange plan; `EnterpriseDataUpload_1_0_1_1` only loads. Each
answer has an ErrorMessage, and a job that is Completed with one has failed. Confirming a file there deletes it and
acknowledges nothing: that is the business of the message numbers.
"""

from __future__ import annotations

import io
import logging
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final, Literal
from uuid import uuid4

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Forbidden,
    Invalid,
    OutcomeUnknown,
    RejectedError,
    Unavailable,
)
from connector.locale import N_
from connector.resources import schemas_folder
from connector.transport.http import Transport
from connector.transport.messages import Repeat
from connector.transport.redaction import words_of
from connector.transport.soap import Soap

log: Final = logging.getLogger("connector.systems.onec")

EXCHANGE: Final = "EnterpriseDataExchange_1_0_1_1"
UPLOAD: Final = "EnterpriseDataUpload_1_0_1_1"

PART: Final = 1024
"""Kilobytes of one part, both ways: a text of XML above 10 MB is refused by the parsers of both sides."""
LARGEST: Final = 2 * 1024 * 1024 * 1024
"""Bytes of a message, unpacked."""
PATIENCE: Final = 1800.0
"""Seconds for which a job of 1C may stay active."""
_POLLS: Final = (0.5, 1.0, 2.0, 3.0)
_IN_MEMORY: Final = 1024 * 1024
_SEEN: Final = "ранее принято"
"""How БСП says that a message with this number, or a later one, was loaded before."""

_LOADING: Final = N_("{account}: 1C is still loading what it was sent. Look there before repeating it")
_GATHERING: Final = N_("{account}: 1C is still gathering what it has for us. It is asked again later")

_SAFE: Final = ("Ping", "TestConnection", "PutDataActionResult", "PrepareDataActionResult", "GetDataPart")
_SAME: Final = ("PutFilePart", "PrepareDataForGetting", "ConfirmGettingFile")
"""A part that comes again replaces the earlier one; a message is made anew, and what it holds stays registered."""
_REPEATS: Final[Mapping[str, Repeat]] = {**dict.fromkeys(_SAFE, "safe"), **dict.fromkeys(_SAME, "same")}

_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError)

Put = Literal["done", "seen"]


def service(transport: Transport, name: str) -> Soap:
    """One of the two services of a published base, by the description that comes with the connector."""
    file = schemas_folder() / "soap" / f"{name}.wsdl"
    return Soap(transport, file, path=f"/ws/{name}.1cws", repeats=_REPEATS)


class Services:
    """One base. `plan` and `node_code` are ours in its exchange settings; both None: the service that only loads."""

    def __init__(
        self,
        soap: Soap,
        *,
        plan: str | None,
        node_code: str | None,
        sleep: Callable[[float], None],
        patience: float = PATIENCE,
        part: int = PART,
        largest: int = LARGEST,
        fresh_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._soap, self.account = soap, soap.account
        self._node = {} if plan is None else {"ExchangePlanName": plan, "PeerCode": node_code}
        self._sleep, self._patience, self._part = sleep, patience, part
        self._largest, self._fresh_id = largest, fresh_id

    def test(self) -> None:
        """Forbidden, with 1C's own words, where the exchange is not set up for us there."""
        answer = self._soap.call("TestConnection", **self._node)
        reason = _said(answer, "ErrorMessage")
        if answer.get("return") is not True or reason:
            text = N_("{account}: 1C does not know this exchange: {reason}. Check the node code and its settings there")
            raise Forbidden(text, account=self.account, reason=reason or "TestConnection = false")

    # sending

    def put(self, message: IO[bytes]) -> Put:
        """Load a message there. Invalid: 1C refused it, with its own words. Unavailable: not loaded, again later.

        OutcomeUnknown: nobody knows; the same message may be put again, since 1C loads a number once.
        """
        file = self._fresh_id()
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as packed:
            _pack(message, packed)
            packed.seek(0)
            self._put_parts(file, packed)
        started = self._step("PutData", **self._node, FileID=file)
        return self._loaded(_said(started, "OperationID"))

    def _put_parts(self, file: str, packed: IO[bytes]) -> None:
        number = 0
        while data := packed.read(self._part * 1024):
            number += 1
            self._step("PutFilePart", FileID=file, PartNumber=number, PartData=data)

    def _loaded(self, job: str) -> Put:
        for _ in self._polls(
            job, N_("{account}: 1C is still loading what it was sent. Look there before repeating it")
        ):
            answer = self._soap.call("PutDataActionResult", OperationID=job)
            reason, status = _said(answer, "ErrorMessage"), answer.get("return")
            if status == "Active" and not reason:
                continue
            if _SEEN in reason.casefold():
                return "seen"
            if status == "Completed" and not reason:
                return "done"
            raise self._ended(status, reason, writing=True)
        raise AssertionError("polling ends by itself")

    # fetching

    @contextmanager
    def get(self) -> Iterator[IO[bytes]]:
        """The next message of 1C for us, unpacked; its file is removed there once it was read without an error.

        Raises errors of an account, never of a record: BrokenAnswer, Unavailable, Forbidden, OutcomeUnknown.
        """
        with tempfile.TemporaryFile() as packed:
            with self._fetching():
                file = self._fetch(packed)
            packed.seek(0)
            with _unpacked(self.account, packed, self._largest) as stream:
                yield stream
        self._remove(file)

    def _remove(self, file: str) -> None:
        """The file there is of no use any more; 1C itself removes what lies for long."""
        try:
            self._step("ConfirmGettingFile", FileID=file, ClearDataPool=False)
        except ConnectorError as error:
            log.warning("%s", error)

    def _fetch(self, packed: IO[bytes]) -> str:
        """All parts of the next message, put together; the file's id there."""
        started = self._step("PrepareDataForGetting", **self._node, PartSize=self._part)
        result = self._prepared(_said(started, "OperationID"))
        file = _said(result, "FileID")
        for number in range(1, int(result.get("PartCount") or 0) + 1):
            packed.write(self._part_of(file, number, packed.tell()))
        return file

    @contextmanager
    def _fetching(self) -> Iterator[None]:
        """A refusal of a fetch is no matter of one record: the account stops."""
        try:
            yield
        except RejectedError as error:
            refusal = error
        else:
            return
        text = N_("{account}: 1C gives nothing out: {reason}")
        raise BrokenAnswer(text, account=self.account, reason=refusal.sentence) from refusal

    def _prepared(self, job: str) -> Mapping[str, Any]:
        for _ in self._polls(job, _GATHERING):
            answer = self._soap.call("PrepareDataActionResult", OperationID=job)
            result = answer.get("return") or {}
            reason, status = _said(answer, "ErrorMessage") or _said(result, "ErrorMessage"), result.get("Status")
            if status == "Active" and not reason:
                continue
            if status == "Completed" and not reason and _said(result, "FileID"):
                return dict(result)
            raise self._ended(status, reason, writing=False)
        raise AssertionError("polling ends by itself")

    def _part_of(self, file: str, number: int, so_far: int) -> bytes:
        data = self._step("GetDataPart", FileID=file, PartNumber=number).get("return")
        if not isinstance(data, bytes) or so_far + len(data) > self._largest:
            text = N_("{account}: part {number} of 1C's message is missing, or the message is too long")
            raise BrokenAnswer(text, account=self.account, number=number)
        return data

    # one call

    def _step(self, operation: str, **params: Any) -> dict[str, Any]:
        """An operation whose answer must hold no ErrorMessage."""
        answer: dict[str, Any] = self._soap.call(operation, **params)
        reason = _said(answer, "ErrorMessage")
        if reason:
            text = N_("{account}: {endpoint} was refused: {reason}")
            raise Invalid(text, account=self.account, endpoint=operation, reason=reason)
        return answer

    def _ended(self, status: object, reason: str, *, writing: bool) -> ConnectorError:
        facts = {"account": self.account, "reason": reason or str(status)}
        if status == "Canceled":
            return Unavailable(
                N_("{account}: the job in 1C was cancelled ({reason}). It is tried again later"), **facts
            )
        if writing:
            return Invalid(N_("{account}: 1C did not load what it was sent: {reason}"), **facts)
        return BrokenAnswer(N_("{account}: 1C could not gather what it has for us: {reason}"), **facts)

    def _polls(self, job: str, too_long: str) -> Iterator[None]:
        """One turn for each question about a job, with growing pauses. Raises when the patience is over."""
        if not job:
            raise BrokenAnswer(N_("{account}: 1C began a job and did not say which"), account=self.account)
        waited, turn = 0.0, 0
        while True:
            yield
            if waited >= self._patience:
                raise OutcomeUnknown(too_long, account=self.account)
            pause = _POLLS[min(turn, len(_POLLS) - 1)]
            self._sleep(pause)
            waited, turn = waited + pause, turn + 1


def _said(answer: Mapping[str, Any], name: str) -> str:
    """A text of an answer; zeep reads an empty element as None."""
    return words_of(str(answer.get(name) or ""))


def _pack(message: IO[bytes], target: IO[bytes]) -> None:
    """An archive with one file: the base takes the first that it finds."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("data.xml", "w") as inside:
        while chunk := message.read(64 * 1024):
            inside.write(chunk)


@contextmanager
def _unpacked(account: str, packed: IO[bytes], largest: int) -> Iterator[IO[bytes]]:
    """The first file of an archive, read as it is unpacked."""
    try:
        archive = zipfile.ZipFile(packed)
        stream = archive.open(archive.infolist()[0])
    except (*_DAMAGED, IndexError, NotImplementedError, RuntimeError):
        archive = None
    if archive is None:
        raise _no_message(account)
    with archive, stream:
        yield io.BufferedReader(_Limited(account, stream, largest))


def _no_message(account: str) -> BrokenAnswer:
    text = N_("{account}: what 1C gave is no archive with a message in it, or it is too long")
    return BrokenAnswer(text, account=account)


class _Limited(io.RawIOBase):
    """A stream that ends in an error beyond so many bytes, whatever the archive says of itself."""

    def __init__(self, account: str, stream: IO[bytes], most: int) -> None:
        self._account, self._stream, self._left = account, stream, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGED:
            self._left, data = -1, b""
        self._left -= len(data)
        if self._left < 0:
            raise _no_message(self._account)
        buffer[: len(data)] = data
        return len(data)
