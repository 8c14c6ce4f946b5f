"""What goes out and what comes back, as plain values.

A `Request` names its endpoint: logs and errors say that name and never the address, because two of the five systems
keep their key in it. A `Response` is read strictly: a body in another charset or shape than it claims is an error,
never a guess, and numbers keep every digit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NoReturn
from urllib.parse import quote, quote_plus

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Duplicate,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    RejectedError,
    Stale,
)
from connector.locale import N_, Sentence

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "MERGE"]
Repeat = Literal["safe", "same", "verify", "never"]
Pairs = Sequence[tuple[str, Any]]
Form = Mapping[Any, Any] | Pairs

_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call, before credentials.

    `path` is appended to the account's address and is already percent-encoded (`path_of` does it). Of `form`, `json`
    and `body` at most one is given. `is_write` is said apart from the verb: some systems change state on GET.
    `understood` tells that an answer with an error status (5xx) is the remote's own refusal of this request, read
    and not done; without it such an answer to a write means that nobody knows. `refused` is the error that a streamed
    answer without success means, where its body says more than its status.
    """

    endpoint: str
    path: str
    verb: Verb = "GET"
    query: Form = ()
    form: Form | None = None
    json: Any = None
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeat: Repeat = "safe"
    is_write: bool = False
    timeout: float | None = None
    max_bytes: int | None = None
    understood: Callable[[Response], bool] | None = None
    refused: Callable[[Response], ConnectorError] | None = None

    def __repr__(self) -> str:
        return f"Request({self.endpoint!r}, {self.verb}, {self.repeat})"


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer that came whole. `headers` have lower-case names."""

    account: str
    endpoint: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_write: bool = False

    def __repr__(self) -> str:
        return f"Response({self.endpoint!r}, {self.status}, {len(self.body)} bytes)"

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        return self.body[:64].lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_MARKUP)

    def text(self, charset: str | None = None) -> str:
        """The body in `charset`, else as the answer claims, else UTF-8; a byte that does not fit is an error."""
        name = charset or _charset(self.headers.get("content-type", "")) or "utf-8"
        if name.replace("-", "").lower() == "utf8":
            name = "utf-8-sig"
        try:
            return self.body.decode(name)
        except (LookupError, UnicodeDecodeError):
            pass
        raise self.shape_error(N_("its text is not in the encoding it claims"))

    def json(self) -> Any:
        """The body as JSON: fractions as Decimal, integers as int, NaN and Infinity refused."""
        if self.is_html:
            raise self.shape_error(N_("a web page came instead of data"))
        text = self.text()
        try:
            return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            pass
        raise self.shape_error(N_("it is not JSON"))

    def shape_error(self, reason: str | Sentence) -> ConnectorError:
        """The error for an answer that cannot be read: nobody knows whether a write happened, a read is broken."""
        why = reason if isinstance(reason, Sentence) else Sentence(reason)
        facts = {"account": self.account, "endpoint": self.endpoint, "reason": why, "code": self.status}
        if self.is_write and (self.ok or self.status >= 500):
            return OutcomeUnknown(
                N_("{account}: {endpoint} was sent, but the answer cannot be read: {reason}. Look before repeating it"),
                **facts,
            )
        return BrokenAnswer(
            N_("{account}: the answer of {endpoint} cannot be read: {reason}. Check the address of the account"),
            **facts,
        )

    def status_error(self) -> ConnectorError:
        """The error an answer with a 3xx or 4xx status means, where its body says nothing better."""
        kind = _BY_STATUS.get(self.status, Invalid if 400 <= self.status < 500 else BrokenAnswer)
        return kind(_STATUS_TEXT[kind], account=self.account, endpoint=self.endpoint, code=self.status)


_BY_STATUS: Mapping[int, type[ConnectorError]] = {
    401: Forbidden,
    403: Forbidden,
    404: Missing,
    410: Missing,
    409: Duplicate,
    412: Stale,
}

_STATUS_TEXT: Mapping[type[ConnectorError], str] = {
    Forbidden: N_("{account}: {endpoint} is not allowed (status {code}). Check the login, the key and the rights"),
    Missing: N_("{account}: {endpoint}: there is no such record (status {code})"),
    Duplicate: N_("{account}: {endpoint}: such a record is already there (status {code})"),
    Stale: N_("{account}: {endpoint}: the record has changed there meanwhile (status {code})"),
    Invalid: N_("{account}: {endpoint}: the request was refused (status {code})"),
    RejectedError: N_("{account}: {endpoint}: the request was refused (status {code})"),
    BrokenAnswer: N_("{account}: {endpoint}: unexpected status {code}. Check the address of the account"),
}


def _charset(content_type: str) -> str | None:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset" and value.strip():
            return value.strip().strip("\"'")
    return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def path_of(*segments: object) -> str:
    """A path of percent-encoded segments, '/' inside a segment included (S-22): `path_of("a", "b/c") == "/a/b%2Fc"`."""
    texts = [scalar(segment) for segment in segments]
    if any(text in (".", "..") for text in texts):
        raise ValueError("a path segment of dots would be resolved away")
    return "".join("/" + quote(text, safe="") for text in texts)


def pairs_of(form: Form) -> Iterator[tuple[str, str]]:
    """Flat pairs, nested values in PHP's brackets: `{"a": {"b": 1}, "c": [2]}` -> a[b]=1, c[0]=2."""
    for name, value in form.items() if isinstance(form, Mapping) else form:
        yield from _nested(str(name), value)


def _nested(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _nested(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _nested(f"{name}[{index}]", inner)
    else:
        yield name, scalar(value)


def scalar(value: Any) -> str:
    """One spelling for each value: None is empty, a flag is 1 or 0, a number has no exponent; a float is refused."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str | int):
        return str(value)
    raise TypeError(f"cannot be sent: {type(value).__name__}")


def query_of(pairs: Form) -> str:
    """A query string: space is %20, UTF-8; `$` stays in names, as OData spells them."""
    return "&".join(f"{quote(name, safe='$[]')}={quote(value, safe='')}" for name, value in pairs_of(pairs))


def form_of(pairs: Form) -> bytes:
    """An `application/x-www-form-urlencoded` body in UTF-8."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs_of(pairs)).encode("ascii")


def json_of(value: Any) -> bytes:
    """JSON in UTF-8 with every digit of a Decimal and without an exponent (L-14); a float is refused."""
    return _json_text(value).encode("utf-8")


def _json_text(value: Any) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("not a number")
        return f"{value:f}"
    if isinstance(value, float):
        raise TypeError("a float has already lost what was meant")
    if isinstance(value, Mapping):
        return (
            "{" + ",".join(f"{json.dumps(str(k), ensure_ascii=False)}:{_json_text(v)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ",".join(_json_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
