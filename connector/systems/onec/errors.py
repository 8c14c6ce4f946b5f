"""What 1C's OData says when it refuses, and what it means for us (1c.md, section 2).

A refusal is `{"odata.error": {"code": "9", "message": {"lang": "ru", "value": "…"}}}` or the same as `<m:error>`.
Its text may repeat what we sent: secrets are masked in it, and it is never logged by itself, for it may hold names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from lxml import etree

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Duplicate,
    Forbidden,
    Invalid,
    Missing,
    Stale,
    Unavailable,
)
from connector.locale import N_
from connector.systems.onec.names import title_of
from connector.transport.messages import Response
from connector.transport.redaction import words_of

BUSINESS: Final = "-1"
"""The code of everything a handler of the configuration refuses; it comes with status 500."""

_LOCKED: Final = re.compile(r"конфликт блокировок|взаимоблокиров|ожидания предоставления блокировки", re.IGNORECASE)

_TEXTS: Final[dict[str, tuple[type[ConnectorError], str]]] = {
    "8": (
        Forbidden,
        N_(
            "{account}: 1C does not offer {resource}. In 1C open «Настройки стандартного интерфейса OData» and tick it"
            " on the page «Состав»"
        ),
    ),
    "9": (Missing, N_("{account}: there is no such object in {resource}")),
    "15": (Duplicate, N_("{account}: {resource}: an object with this key is already there")),
    "19": (Forbidden, N_("{account}: 1C does not allow this with {resource}: {reason}")),
    "20": (
        Forbidden,
        N_("{account}: the user of 1C has no right to {resource}. Give it the rights to read and to change it in 1C"),
    ),
}

_REFUSED: Final = N_("{account}: 1C refused {resource}: {reason}")
_BUSY: Final = N_("{account}: {resource} is locked by other work in 1C. Nothing was done; try again later")
_LOGIN: Final = N_(
    "{account}: 1C does not let this user in. Check the login, the password and the role УдаленныйДоступOData"
)
_NO_ODATA: Final = N_(
    "{account}: there is no standard.odata at this address. Check the url of the account and that OData is published"
)


@dataclass(frozen=True)
class Refusal:
    """An error as 1C says it."""

    code: str
    text: str


def refusal_of(response: Response) -> Refusal | None:
    """The error in an answer; None where it holds none that could be read."""
    body = response.body.removeprefix(b"\xef\xbb\xbf").strip()
    if body.startswith(b"{"):
        return _from_json(body)
    return _from_xml(body) if body.startswith(b"<") and b"error" in body[:500] else None


def is_business(response: Response) -> bool:
    """Whether an answer with a status of 5xx is 1C's own refusal, rolled back as a whole: read and not done."""
    return refusal_of(response) is not None


def error_of(response: Response, resource: str) -> ConnectorError:
    """The error that an answer without success means for a call of this resource."""
    facts: dict[str, Any] = {"account": response.account, "resource": title_of(resource), "endpoint": response.endpoint}
    refusal = refusal_of(response)
    if refusal is None:
        return _without_words(response, facts)
    facts |= {"code": refusal.code, "reason": refusal.text}
    if _LOCKED.search(refusal.text):
        return Unavailable(_BUSY, **facts)
    if refusal.code == "20" or (response.status == 401 and refusal.code == "-1"):
        return Forbidden(_TEXTS["20"][1], **facts)
    kind, text = _TEXTS.get(refusal.code, (Invalid, _REFUSED))
    if response.status == 412:
        kind, text = Stale, N_("{account}: {resource}: the object has changed in 1C meanwhile")
    return kind(text, **facts)


def _without_words(response: Response, facts: dict[str, Any]) -> ConnectorError:
    facts["code"] = response.status
    if response.status in (401, 403):
        return Forbidden(_LOGIN, **facts)
    if response.status == 404:
        return BrokenAnswer(_NO_ODATA, **facts)
    return response.status_error()


def _from_json(body: bytes) -> Refusal | None:
    try:
        error = msgspec.json.decode(body)["odata.error"]
        return _refusal(error["code"], error["message"]["value"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        return None


def _from_xml(body: bytes) -> Refusal | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
    if etree.QName(root).localname != "error" or root.getroottree().docinfo.doctype:
        return None
    words = {etree.QName(child).localname: child.text or "" for child in root if isinstance(child.tag, str)}
    return _refusal(words["code"], words.get("message", "")) if "code" in words else None


def _refusal(code: object, text: object) -> Refusal:
    return Refusal(words_of(str(code)), words_of(str(text)))
