"""The way to a Poster token (OAuth 2, code flow), and how long one lives.

    1. authorize_url(...)       the owner opens it in a browser and agrees
    2. read_redirect(address)   Poster sends the browser to redirect_uri?code=…&account=…
    3. exchange(...)            the code, once, for a token

`account` from the redirect becomes part of a host name and is checked first, or any host could be asked (P-94). A code
works once: when the answer is lost, begin again. Poster documents no `state`; whoever serves redirect_uri keeps a nonce
of its own (a cookie) and compares it.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import md5
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from connector.errors import Invalid, UsageError
from connector.locale import N_, Sentence
from connector.systems.catalogue import load
from connector.systems.parameters import checked
from connector.systems.poster.envelope import content
from connector.transport.http import Transport
from connector.transport.messages import Request, form_of
from connector.transport.redaction import redact

HOST: Final = "joinposter.com"
LIFE: Final = timedelta(days=730)
"""How long a token lives: two years (error 12 afterwards)."""
WARN_BEFORE: Final = timedelta(days=60)

_ACCOUNT: Final = re.compile(r"[a-z0-9-]{1,63}\Z")
_CODE: Final = re.compile(r"[0-9A-Za-z]{16,64}\Z")


@dataclass(frozen=True)
class Token:
    """A token and whose it is. The token itself is not shown; the owner's mail and phone are not kept."""

    value: str = field(repr=False)
    account_number: str
    account: str | None = None
    company: str | None = None

    def expires(self, obtained: date) -> date:
        return obtained + LIFE


def checked_account(account: str) -> str:
    """The name of an account as it may stand in a host name. UsageError otherwise."""
    if not _ACCOUNT.match(account) or account.startswith("-") or account.endswith("-"):
        raise UsageError(
            N_("“{account}” is no Poster account; it has small letters, digits and “-” only"), account=account
        )
    return account


def authorize_url(
    application_id: str, redirect_uri: str, account: str | None = None, *, base: str | None = None
) -> str:
    """The address that the owner opens. `redirect_uri` must be, letter for letter, that of the application.

    `base` is the configured address of an account that is not at joinposter.com (a sandbox).
    """
    host = HOST if account is None else f"{checked_account(account)}.{HOST}"
    query = {"application_id": application_id, "redirect_uri": redirect_uri, "response_type": "code"}
    return f"{base or f'https://{host}/api'}/auth?{urlencode(query)}"


def read_redirect(address: str) -> tuple[str, str]:
    """(code, account) from the address that the browser was sent to. UsageError when they are not in it."""
    query = parse_qs(urlsplit(address.strip()).query)
    code, account = (query.get(name, [""])[-1] for name in ("code", "account"))
    if not _CODE.match(code):
        raise UsageError(N_("the address holds no code of Poster; copy the whole address from the browser"))
    redact.hide(code)
    return code, checked_account(account)


def exchange(
    code: str,
    account: str,
    *,
    application_id: str,
    application_secret: str,
    redirect_uri: str,
    base: str | None = None,
    insecure: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    boundary: str | None = None,
) -> Token:
    """A code for a token, at the account's own host, as multipart form data. OutcomeUnknown: begin again.

    `base` is the configured address of an account that is not at joinposter.com (a sandbox); never one from a redirect.
    """
    base = base or f"https://{checked_account(account)}.{HOST}/api"
    redact.hide(application_secret, code)
    fields = {
        "application_id": application_id,
        "application_secret": application_secret,
        "grant_type": "authorization_code",
        "redirect_uri": redirect_uri,
        "code": code,
    }
    checked(load("poster").endpoint("v2/auth/access_token"), fields)
    body, kind = _multipart(fields, boundary or secrets.token_hex(16))
    answer = _post("v2/auth/access_token", base, body, kind, sleep, insecure=insecure)
    return _token(answer, account)


def manage(
    code: str,
    *,
    application_id: str,
    application_secret: str,
    base: str = f"https://{HOST}/api",
    insecure: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Token:
    """A token for an application opened inside Poster's own pages."""
    redact.hide(application_secret, code)
    fields = {
        "application_id": application_id,
        "application_secret": application_secret,
        "code": code,
        "verify": verify_of(application_id, application_secret, code),
    }
    checked(load("poster").endpoint("v2/auth/manage"), fields)
    kind = "application/x-www-form-urlencoded"
    return _token(_post("v2/auth/manage", base, form_of(fields), kind, sleep, insecure=insecure), None)


def verify_of(application_id: str, application_secret: str, code: str) -> str:
    """The signature of `manage`: these three in this order (P-96)."""
    return md5(f"{application_id}:{application_secret}:{code}".encode(), usedforsecurity=False).hexdigest()


def expiry_warning(account: str, obtained: date, today: date) -> Sentence | None:
    """What to say when the token of an account ends soon, or has ended; None while it lives long enough."""
    ends = obtained + LIFE
    if today < ends - WARN_BEFORE:
        return None
    if today >= ends:
        return Sentence(
            N_("{account}: the Poster token ended on {day}; connect the account again"), account=account, day=ends
        )
    text = N_("{account}: the Poster token ends on {day}; connect the account again before that")
    return Sentence(text, account=account, day=ends)


def _post(name: str, base: str, body: bytes, kind: str, sleep: Callable[[float], None], *, insecure: bool) -> Any:
    endpoint = load("poster").endpoint(name)
    request = Request(
        endpoint=name,
        path=endpoint.path,
        verb="POST",
        body=body,
        headers={"Content-Type": kind},
        repeat="never",
        is_write=True,
    )
    transport = Transport("poster", base, sleep=sleep, insecure=insecure)
    try:
        return content(endpoint, transport.send(request))
    finally:
        transport.close()


def _token(answer: Any, account: str | None) -> Token:
    token = answer.get("access_token") if isinstance(answer, Mapping) else None
    if not isinstance(token, str) or not token:
        raise Invalid(N_("Poster answered without a token; begin again"))
    redact.hide(token)
    owner = answer.get("ownerInfo")
    company = owner.get("company_name") if isinstance(owner, Mapping) else None
    number = str(answer.get("account_number") or _number_in(token))
    return Token(token, number, account, company if isinstance(company, str) else None)


def _number_in(token: str) -> str:
    """The account's number, where the token begins with it (`861052:…`); an older token is opaque (P-04)."""
    number, colon, _ = token.partition(":")
    return number if colon and number.isascii() and number.isdigit() else ""


def _multipart(fields: Mapping[str, str], boundary: str) -> tuple[bytes, str]:
    if any(boundary in value for value in fields.values()):
        raise ValueError("the boundary stands in a value")
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return ("".join(parts) + f"--{boundary}--\r\n").encode(), f"multipart/form-data; boundary={boundary}"
