"""Secrets never reach a log, an error or a report.

Two nets: the secret values that accounts were given, in every spelling they travel in (plain, percent-encoded,
Basic), and the names under which the five systems carry secrets, whatever the value.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import threading
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
_SHORTEST: Final = 4
"""Shorter values are not searched for: they would mask ordinary words and hide nothing."""

_NAMES: Final = (
    r"(?:access_?token|refresh_?token|api_?key|password|passwd|application_secret|client_secret|application_id|"
    r"client_id_secret|secret|token|verify|sessid)"
)
_IN_QUERY: Final = re.compile(rf"(?i)(?<![\w-])({_NAMES}|code)=[^&\s\"'<>)]+")
_IN_JSON: Final = re.compile(rf"(?i)([\"']{_NAMES}[\"']\s*:\s*)(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,}}\]]+)")
_CODE: Final = re.compile(r"(?i)([\"']code[\"']\s*:\s*)(\"[^\"]*[^\"\d][^\"]*\"|'[^']*[^'\d][^']*')")
"""An OAuth code; the number of an error stands under the same name and stays."""
_IN_HEADER: Final = re.compile(
    r"(?im)((?:proxy-)?authorization|x-api-key|api_?key|set-cookie|cookie)([\"']?\s*[:=]\s*[\"']?)"
    r"((?:basic|bearer|digest)\s+)?[^\s\"',}]+"
)
_USERINFO: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@\"']+@")


class Redactor:
    """Knows secret values and masks them in text. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None

    def hide(self, *secrets: str | None) -> None:
        """From now on mask these values in every spelling in which they travel."""
        spelled = {form for secret in secrets if secret and len(secret) >= _SHORTEST for form in _spellings(secret)}
        with self._lock:
            if spelled <= self._values:
                return
            self._values |= spelled
            longest_first = sorted(self._values, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)

    def __call__(self, text: str) -> str:
        pattern = self._pattern
        if pattern is not None:
            text = pattern.sub(MASK, text)
        text = _USERINFO.sub(rf"\1{MASK}@", text)
        text = _IN_HEADER.sub(rf"\1\2{MASK}", text)
        text = _IN_QUERY.sub(rf"\1={MASK}", text)
        text = _CODE.sub(rf'\1"{MASK}"', text)
        return _IN_JSON.sub(rf'\1"{MASK}"', text)


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        secret.encode("unicode_escape").decode(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(raw)[2:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
    }


def words_of(text: str, longest: int = 500) -> str:
    """A remote's own words, fit to be shown and kept: in one line, without secrets, and cut only after these are gone.

    A careless server repeats in its complaint what it was sent, credentials included.
    """
    return redact(" ".join(text.split()))[:longest]


redact: Final = Redactor()
"""The redactor of the process: `redact.hide(secret)`, `redact(text)`."""


class RedactingFilter(logging.Filter):
    """Masks a log record's message and traceback; put it on every handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), ()
        if record.exc_info:
            record.exc_text = redact(record.exc_text or logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)


class _NoAddresses(logging.Filter):
    """urllib3 writes whole addresses, query included, to its own log: nothing below a warning leaves it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(_message(record)), ()
        return record.levelno >= logging.WARNING


def silence_addresses() -> None:
    """Keep the HTTP libraries' own lines, which hold addresses, out of every log. May be called again."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "urllib3.poolmanager"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, _NoAddresses) for known in logger.filters):
            logger.addFilter(_NoAddresses())
