"""The address of an account and the session behind it: encrypted, no credentials in it, nothing taken from outside."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from connector.errors import ConfigError
from connector.locale import N_


def session_of(concurrency: int, *, cookies: bool, ca_file: str | None) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = ca_file or True
    session.headers.clear()
    if not cookies:
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=2, pool_maxsize=concurrency, max_retries=Retry(0, read=False))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def checked_base(account: str, base_url: str, *, insecure: bool) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(N_("{account}: the url must begin with https:// and name a host"), account=account)
    if parts.username is not None or parts.password is not None:
        raise ConfigError(N_("{account}: login and password do not belong in the url"), account=account)
    if parts.scheme == "http" and not insecure:
        raise ConfigError(
            N_("{account}: the url is not encrypted (http). Use https, or write insecure: true"), account=account
        )
    if parts.query or parts.fragment:
        raise ConfigError(N_("{account}: the url must not hold parameters"), account=account)
    return base_url.rstrip("/")


def same_place(url: str, target: str) -> bool:
    """The same scheme, host and port; or https of the same host on its usual port."""
    here, there = urlsplit(url), urlsplit(target)
    if (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port):
        return True
    upgraded = here.scheme == "http" and there.scheme == "https" and there.port in (None, 443)
    return upgraded and here.hostname == there.hostname and here.port in (None, 80)
