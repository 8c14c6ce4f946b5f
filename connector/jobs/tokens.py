"""A Poster account gets its token: what `connector connect poster` does, without asking anybody anything.

The account stands in connector.yaml before it has a token: `application_id`, `application_secret`, and under `token`
the place where it shall be kept (`file:…` or `keyring:…`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from connector.config import FILE, PosterLine, Source, written
from connector.errors import ConfigError, UsageError
from connector.locale import N_
from connector.systems.poster import oauth
from connector.yamlfile import Wrong, unknown_word

T = TypeVar("T")
_PLACES: Final = ("file:", "keyring:")


@dataclass(frozen=True)
class Application:
    """An account that is to be connected, and the application that asks for it."""

    account: str
    number: str
    line: PosterLine
    source: Source

    @property
    def base(self) -> str | None:
        """The address of an account that is not at joinposter.com; None where Poster's own hosts are meant."""
        host = urlsplit(self.line.url).hostname or ""
        return None if host == oauth.HOST or host.endswith(f".{oauth.HOST}") else self.line.url

    def address(self, redirect_uri: str, login: str | None) -> str:
        """What the owner opens in a browser. UsageError for a login that is none."""
        return oauth.authorize_url(self.number, redirect_uri, login, base=self.base)

    def exchange(self, address: str, redirect_uri: str) -> oauth.Token:
        """The token for the address that the browser was sent to, kept where the account looks for it."""
        code, login = oauth.read_redirect(address)
        token = oauth.exchange(
            code,
            login,
            application_id=self.number,
            application_secret=self._secret(),
            redirect_uri=redirect_uri,
            base=self.base,
            insecure=self.line.insecure,
        )
        self._settled(lambda: self.source.keep(self.line.token.get_secret_value(), token.value))
        return token

    def _secret(self) -> str:
        held = self.line.application_secret
        if held is None:
            raise _lacking(self.account, "application_secret")
        return self._settled(lambda: self.source.resolve(held.get_secret_value()))

    def _settled(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except Wrong as error:
            sentence = error.sentence
        raise ConfigError(sentence.text, str(self.source.folder / FILE), None, None, **sentence.facts)


def application(folder: Path, env: Mapping[str, str], account: str | None) -> Application:
    """The Poster account of this name, or the only one there is. ConfigError for what its lines lack."""
    lines = {name: line for name, line in written(folder).accounts.items() if isinstance(line, PosterLine)}
    if account is None and len(lines) == 1:
        (account,) = lines
    if account is None:
        raise UsageError(N_("say which account: {known}"), known=", ".join(lines) or "—")
    if account not in lines:
        sentence = unknown_word(account, lines)
        raise UsageError(sentence.text, **sentence.facts)
    line = lines[account]
    if not line.token.get_secret_value().startswith(_PLACES):
        text = N_("{account}: say where the token shall be kept, such as token: “file:{account}.token”")
        raise ConfigError(text, str(folder / FILE), account=account)
    if line.application_id is None:
        raise _lacking(account, "application_id")
    return Application(account, line.application_id, line, Source(env, folder.resolve()))


def _lacking(account: str, key: str) -> ConfigError:
    text = N_(
        "{account}: the key “{key}” is missing; it stands in the settings of the application at dev.joinposter.com"
    )
    return ConfigError(text, account=account, key=key)
