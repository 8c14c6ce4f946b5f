"""Secrets stay out of the file: `${ENV}`, `keyring:service/name`, `file:path`. A literal works and is warned about."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from connector.locale import N_
from connector.yamlfile import Wrong

_ENV: Final = re.compile(r"\$\{([^{}]*)\}\Z")
_ENV_INSIDE: Final = re.compile(r"\$\{([^{}]*)\}")
_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_MAX_BYTES: Final = 64 * 1024
_TRUSTED_KEYRINGS: Final = frozenset(
    {
        "keyring.backends.Windows",
        "keyring.backends.macOS",
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
    }
)
"""Stores of the operating system. keyrings.alt keeps plain text and would be taken silently (W4)."""
_NO_KEYRINGS: Final = frozenset({"keyring.backends.fail", "keyring.backends.null"})


@dataclass(frozen=True)
class Source:
    """Where secrets come from: the environment and the folder that `file:` paths start from."""

    env: Mapping[str, str]
    folder: Path

    def resolve(self, written: str) -> str:
        """The secret itself. Wrong when it cannot be had; the sentence never holds the secret."""
        if (match := _ENV.match(written)) is not None:
            return self._variable(match[1])
        if written.startswith("keyring:"):
            return _from_keyring(written.removeprefix("keyring:"))
        if written.startswith("file:"):
            return _from_file(self.folder / Path(written.removeprefix("file:")).expanduser())
        if not written:
            raise Wrong(N_("a secret must not be empty"))
        return written

    def keep(self, written: str, secret: str) -> None:
        """Put a secret where `resolve` finds it: a file for this user alone, or the keyring. Wrong elsewhere."""
        if written.startswith("keyring:"):
            _into_keyring(written.removeprefix("keyring:"), secret)
        elif written.startswith("file:"):
            _into_file(self.folder / Path(written.removeprefix("file:")).expanduser(), secret)
        else:
            raise Wrong(N_("write file:PATH or keyring:service/name there: a secret can be put into nothing else"))

    def fill_in(self, text: str) -> str:
        """A text with every `${ENV}` inside it replaced, for the address of the store."""
        return _ENV_INSIDE.sub(lambda match: self._variable(match[1]), text)

    def _variable(self, name: str) -> str:
        if not _ENV_NAME.match(name):
            raise Wrong(N_("what stands in “${{…}}” is no name of an environment variable: Latin letters, digits, “_”"))
        value = self.env.get(name)
        if value is None or not value:
            raise Wrong(N_("the environment variable {name} is not set"), name=name)
        return value


def is_literal(written: str) -> bool:
    """Whether the secret itself stands in the file."""
    return not (_ENV.match(written) or written.startswith(("keyring:", "file:")))


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Wrong(
            N_("the secret's file {path} cannot be read: {reason}"), path=path, reason=error.strerror
        ) from error
    if os.name == "posix" and stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise Wrong(N_("others may read the secret's file {path}; run: chmod 600 {path}"), path=path)
    try:
        secret = content.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise Wrong(N_("the secret's file {path} is not UTF-8"), path=path) from error
    if not secret or len(content) > _MAX_BYTES:
        raise Wrong(N_("the secret's file {path} is empty or too large"), path=path)
    return secret


def _into_file(path: Path, secret: str) -> None:
    """Replaced as a whole, and never readable by others for a moment."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{secret}\n")
        os.replace(part, path)
    except OSError as error:
        text = N_("the secret's file {path} cannot be written: {reason}")
        raise Wrong(text, path=path, reason=error.strerror) from error


def _from_keyring(place: str) -> str:
    service, name = _in_keyring(place)
    with _opened_keyring() as keyring:
        secret: str | None = keyring.get_password(service, name)
    if not secret:
        raise Wrong(N_("the keyring holds no “{name}” of “{service}” for this user"), name=name, service=service)
    return secret


def _into_keyring(place: str, secret: str) -> None:
    service, name = _in_keyring(place)
    with _opened_keyring() as keyring:
        keyring.set_password(service, name, secret)


def _in_keyring(place: str) -> tuple[str, str]:
    service, slash, name = place.partition("/")
    if not (service and slash and name):
        raise Wrong(N_("write it as keyring:service/name"))
    return service, name


@contextmanager
def _opened_keyring() -> Iterator[Any]:
    """The keyring of this machine, when it is one that keeps secrets safe."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise Wrong(N_("the keyring needs one more package: pip install connector[secrets]")) from error
    _refuse_untrusted(keyring.get_keyring())
    try:
        yield keyring
    except KeyringError as error:
        raise Wrong(N_("the keyring of this machine cannot be opened for this user")) from error


def _refuse_untrusted(backend: object) -> None:
    """A chain is as good as its worst member: what it finds first is what it answers."""
    for member in getattr(backend, "backends", None) or (backend,):
        home = type(member).__module__
        if home in _NO_KEYRINGS:
            raise Wrong(N_("this machine has no keyring for this user; use ${{ENV}} or file:"))
        if home not in _TRUSTED_KEYRINGS:
            raise Wrong(N_("the keyring {backend} does not keep secrets safe; use ${{ENV}} or file:"), backend=home)
