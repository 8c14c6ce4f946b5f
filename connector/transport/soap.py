"""Web services described by a WSDL, called over our own transport.

    service = Soap(transport, Path("EnterpriseDataUpload_1_0_1_1.wsdl"), path="/ws/EnterpriseDataUpload_1_0_1_1.1cws")
    service.call("TestConnection")["return"]

The description is a local file: nothing is fetched to learn how to call, and what it imports must lie beside it. The
address is the account's, whatever the description says. zeep makes and reads the envelopes; rate, time limits, repeats,
redaction and errors are those of `Transport`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from lxml import etree
from zeep import Client, Settings
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault
from zeep.helpers import serialize_object
from zeep.wsdl import Document
from zeep.wsdl.utils import etree_to_string

from connector.errors import ConfigError, ConnectorError, Invalid
from connector.locale import N_
from connector.transport.http import Transport
from connector.transport.messages import Repeat, Request, Response
from connector.transport.redaction import redact

_client: Any = Client  # zeep has no types of its own
_document: Any = Document
_plain: Any = serialize_object
_envelope: Any = etree_to_string

MAX_DESCRIPTION: Final = 4 * 1024 * 1024
_LONGEST: Final = 500
_XML: Final = ("text/xml", "application/soap+xml", "application/xml", "multipart/related")

Refused = Callable[[Response, str, str | None], ConnectorError]
"""(answer, what the service says, its code) -> the error that a fault means."""


Names = Mapping[str, Any]
"""Element -> the same of the elements in it; none in a plain value, None where any may stand."""
_DEEPEST: Final = 12


def refused(response: Response, text: str, code: str | None) -> ConnectorError:
    """A fault as the service's own refusal: read, and not done."""
    said = N_("{account}: {endpoint} was refused: {reason}")
    return Invalid(said, account=response.account, endpoint=response.endpoint, reason=text, code=code)


class Soap:
    """One web service of one account. Safe to use from several threads.

    `path` is its place below the account's address. `repeats` says per operation whether it may be sent again: safe (it
    changes nothing) and same (a second one is taken for the first) are; one that is not named is sent once, and
    `OutcomeUnknown` tells that its answer never came. `refused` makes the error of a fault.
    """

    def __init__(
        self,
        transport: Transport,
        description: Path,
        *,
        path: str,
        repeats: Mapping[str, Repeat] | None = None,
        refused: Refused = refused,
    ) -> None:
        self.transport, self.account = transport, transport.account
        self._description, self._path = description, path
        self._repeats, self._refused = dict(repeats or {}), refused

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of what can be called, in the order of the description."""
        return tuple(_binding(self._document()).all())

    def elements(self, operation: str) -> tuple[Names, Names]:
        """The names of what an operation is sent and of what it answers with, and of what stands in them."""
        found = _binding(self._document()).get(operation)
        return _names(found.input.body.type, 0), _names(found.output.body.type, 0)

    def call(self, operation: str, /, **params: Any) -> Any:
        """The answer as plain values: dictionaries, lists, text, numbers as Decimal or int, bytes.

        Invalid: a parameter is unknown, missing or of a wrong kind (nothing was sent), or the service refused.
        Otherwise raises what `Transport.send` raises.
        """
        document = self._document()
        binding = _binding(document)
        if operation not in binding.all():
            text = N_("{account}: the service has no operation {operation}; it has: {known}")
            raise Invalid(text, account=self.account, operation=operation, known=", ".join(self.operations))
        wire = _Wire(self, operation)
        service = _client(document, transport=wire, settings=_settings()).create_service(binding.name, "")
        failure: ConnectorError
        try:
            return _plain(service[operation](**params), dict)
        except Fault as fault:
            failure = self._fault(wire, fault)
        except (TypeError, ValueError, ZeepError, etree.LxmlError) as error:
            failure = self._unreadable(wire, operation, error)
        raise failure

    def _fault(self, wire: _Wire, fault: Fault) -> ConnectorError:
        assert wire.answer is not None
        text = redact(" ".join(str(fault.message or "").split()))[:_LONGEST]
        return self._refused(wire.answer, text, None if fault.code is None else str(fault.code))

    def _unreadable(self, wire: _Wire, operation: str, error: Exception) -> ConnectorError:
        """Before anything was sent the parameters are wrong; after that the answer is."""
        if wire.answer is not None:
            return wire.answer.shape_error(N_("it is not what the description of the service promises"))
        text = N_("{account}: {operation} cannot be called so: {reason}")
        return Invalid(text, account=self.account, operation=operation, reason=redact(str(error))[:_LONGEST])

    def _document(self) -> Any:
        return _loaded(self._description, self._stamp())

    def _stamp(self) -> int:
        try:
            return self._description.stat().st_mtime_ns
        except OSError:
            return 0

    def request(self, operation: str, body: bytes, headers: Mapping[str, str]) -> Request:
        """One call as our transport sends it."""
        repeat = self._repeats.get(operation, "never")
        return Request(
            endpoint=operation,
            path=self._path,
            verb="POST",
            body=body,
            headers={name: _octets(value) for name, value in headers.items()} | {"Accept": ", ".join(_XML[:2])},
            repeat=repeat,
            is_write=repeat not in ("safe", "same"),
            understood=_is_envelope,
        )


def _octets(value: str) -> str:
    """A header's text as the wire carries it: the name of an operation may be Cyrillic, and 1C reads UTF-8."""
    return value.encode("utf-8").decode("latin-1")


class _Wire:
    """What zeep takes for its transport, for one call: it posts through ours and never fetches anything."""

    def __init__(self, soap: Soap, operation: str) -> None:
        self._soap, self._operation = soap, operation
        self.answer: Response | None = None

    def post_xml(self, address: str, envelope: etree._Element, headers: Mapping[str, str]) -> _Answer:
        del address
        request = self._soap.request(self._operation, _envelope(envelope), headers)
        response = self._soap.transport.send(request)
        self.answer = response
        if not response.ok and not _is_envelope(response):
            raise response.status_error()
        if response.is_html or response.content_type not in _XML:
            raise response.shape_error(N_("a web page came instead of data"))
        return _Answer(response.status, response.body, {"Content-Type": response.headers.get("content-type", "")})


@dataclass(frozen=True)
class _Answer:
    """An answer as zeep reads it."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    encoding: str = "utf-8"


def _is_envelope(response: Response) -> bool:
    """Whether an answer with an error status is a fault of the service, and not of a server before it."""
    return response.content_type in _XML and b"Envelope" in response.body[:_LONGEST] and b"Fault" in response.body


# the description -----------------------------------------------------------------------------------------------


class _Beside:
    """Reads the description and what it imports: files of its own folder, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> bytes:
        parts = urlsplit(url)
        if parts.scheme not in ("", "file") and len(parts.scheme) > 1:  # one letter is a drive of Windows
            raise ConfigError(N_("the description of a web service may only import files that lie beside it"))
        path = Path(unquote(parts.path) if parts.scheme == "file" else url).resolve()
        if not path.is_relative_to(self._folder):
            raise ConfigError(N_("the description of a web service may only import files that lie beside it"))
        return _read(path)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_DESCRIPTION + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    else:
        if len(data) <= MAX_DESCRIPTION:
            return data
        reason = "> 4 MB"
    raise ConfigError(N_("the description of the web service cannot be read: {reason}"), str(path), reason=reason)


def _settings() -> Settings:
    return Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True, force_https=False)


@lru_cache(maxsize=16)
def _loaded(path: Path, stamp: int) -> Any:
    """The parsed description; `stamp` makes a changed file be read anew."""
    del stamp
    logging.getLogger("zeep").setLevel(logging.WARNING)  # it writes whole messages into its log below that
    path = path.resolve()
    try:
        document = _document(str(path), _Beside(path.parent), settings=_settings())
        if not document.services:
            raise ValueError("no service")
        _binding(document)
        return document
    except (ZeepError, etree.LxmlError, ValueError, KeyError, AttributeError, TypeError) as error:
        kind = type(error).__name__
    raise ConfigError(N_("this is no description of a web service that can be called ({kind})"), str(path), kind=kind)


def _names(kind: Any, depth: int) -> dict[str, Any]:
    return {
        name: None if _is_any(element) or depth >= _DEEPEST else _names(element.type, depth + 1)
        for name, element in getattr(kind, "elements", ())
    }


def _is_any(element: Any) -> bool:
    return not hasattr(element, "type") or type(element.type).__name__ in ("AnyType", "AnyObject")


def _binding(document: Any) -> Any:
    """That of SOAP 1.1 where there is one: every 1C has it."""
    ports = [port for service in document.services.values() for port in service.ports.values()]
    first = next((port for port in ports if "Soap11" in type(port.binding).__name__), None)
    found = first or next(iter(ports), None)
    if found is None:
        raise ValueError("no port of SOAP")
    return found.binding


__all__ = ["Names", "Refused", "Soap", "refused"]
