"""What Poster sends to us: reading it, and proving that it came from Poster (§1.10).

The signature is the md5 of account, object, object_id, action, data (where it is there), time and the secret of the
application, joined by semicolons: the text of the document leaves `time` out, its code has it (P-92). `data` arrives as
a JSON *string* and is signed as it came; whoever decodes and writes it again breaks the signature. The lists of objects
and actions are open.

Answer 200 at once, whatever came, a wrong signature included (P-93): Poster sends an unanswered one again fifteen times
within two days and holds the newer ones back.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from typing import Any, Final, NoReturn

ACCEPTED: Final = b'{"status":"accept"}'
"""The body of our answer, to every delivery."""

MAX_BYTES: Final = 256 * 1024

ENTITIES: Final[Mapping[str, str]] = {"client": "customer", "client_payed_sum": "customer", "clients_group": "group"}
"""Poster's objects that are canonical entities; a hook about any other is stored and wakes nothing."""

_SECRETS: Final = frozenset({"access_token", "token", "verify"})


class NoHook(ValueError):
    """The body is not a webhook of Poster. It holds no part of the body."""


@dataclass(frozen=True)
class Hook:
    """One delivery. `data` is the raw string that was signed; it may hold a token and is not shown."""

    account: str
    account_number: str
    object: str
    object_id: str
    action: str
    time: datetime
    data: str | None = field(default=None, repr=False)

    @property
    def entity(self) -> str | None:
        """The canonical entity it is about, if it is about one."""
        return ENTITIES.get(self.object)

    @property
    def key(self) -> tuple[str, str]:
        """What many deliveries about one thing have in common: a till sends one for every line of a receipt."""
        return self.object, self.object_id


def read(body: bytes) -> Hook:
    """A hook from the raw body of a request, its signature not looked at. NoHook when it is none."""
    sent = _decoded(body)
    seconds = _text(sent.get("time"))
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        raise NoHook("no time")
    return Hook(
        account=_text(sent.get("account")),
        account_number=_text(sent.get("account_number")),
        object=_text(sent.get("object")),
        object_id=_text(sent.get("object_id")),
        action=_text(sent.get("action")),
        time=datetime.fromtimestamp(int(seconds), UTC),
        data=None if sent.get("data") is None else _text(sent["data"]),
    )


def signed(body: bytes, secret: str) -> bool:
    """Whether the raw body carries the signature that the application's secret makes. Constant time; never raises."""
    try:
        sent = _decoded(body)
        parts = [_text(sent.get(name)) for name in ("account", "object", "object_id", "action")]
        if sent.get("data") is not None:
            parts.append(_text(sent["data"]))
        parts += [_text(sent.get("time")), secret]
        claimed = _text(sent.get("verify")).lower().encode()
    except NoHook:
        return False
    made = md5(";".join(parts).encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(made.encode(), claimed)


def fingerprint(body: bytes) -> str:
    """One text for one event: the same delivery, sent again, has the same one. NoHook when it is none."""
    sent = _decoded(body)
    names = ("account_number", "object", "object_id", "action", "time", "verify")
    return md5(";".join(_text(sent.get(name)) for name in names).encode(), usedforsecurity=False).hexdigest()


def storable(body: bytes) -> str:
    """The delivery without secrets: an installed application's token comes inside `data`. NoHook when it is none."""
    sent = _decoded(body)
    kept = {name: value for name, value in sent.items() if name not in _SECRETS}
    if isinstance(kept.get("data"), str):
        kept["data"] = _without_secrets(kept["data"])
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _without_secrets(data: str) -> str | None:
    try:
        inner = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if isinstance(inner, dict):
        inner = {name: value for name, value in inner.items() if name not in _SECRETS}
    return json.dumps(inner, ensure_ascii=False, separators=(",", ":"))


def _decoded(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BYTES:
        raise NoHook("too long")
    try:
        sent = json.loads(body.decode("utf-8"), parse_float=_no_number, parse_constant=_no_number)
    except (ValueError, RecursionError):
        pass
    else:
        if isinstance(sent, dict):
            return sent
    raise NoHook("no JSON object")


def _text(value: Any) -> str:
    """A value as PHP joins it into a string; what has no one spelling there is refused."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise NoHook("a value is neither text nor a whole number")


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)
