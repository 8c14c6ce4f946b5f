"""`connector.yaml` resolved: secrets fetched, names checked against each other, paths made absolute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from pydantic import SecretStr

from connector.config.accounts import KINDS, Account, exchange_folder, exchange_state, secrets_of
from connector.config.routes import ROUTES, compile_routes
from connector.config.secrets import Source, is_literal
from connector.config.workspace import Organization, Serve, Spot, Workspace
from connector.errors import ConfigError
from connector.locale import N_, Sentence
from connector.model.routes import EntityRoutes
from connector.resources import mappings_folder
from connector.yamlfile import Document, Key, Wrong, read, together, unknown_word

FILE: Final = "connector.yaml"
_LOOPBACK: Final = ("http://127.0.0.1:", "http://localhost:", "http://[::1]:")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A workspace, ready to use. Nothing here is looked up again later."""

    folder: Path
    store: str = field(repr=False)
    timezone: str
    language: str
    start_from: date | None
    closed_until: date | None
    accounts: dict[str, Account]
    routes: tuple[EntityRoutes, ...]
    serve: Serve
    organizations: dict[str, Organization]
    spots: dict[str, Spot]
    warnings: tuple[Sentence, ...]

    def secrets(self) -> list[str]:
        """Every secret of the workspace, for what must never show them."""
        fields = [getattr(account, key) for account in self.accounts.values() for key in type(account).model_fields]
        found = [*fields, self.serve.password]
        return [one.get_secret_value() for one in found if isinstance(one, SecretStr)]

    @property
    def mappings(self) -> tuple[Path, ...]:
        """Where mappings are looked for: the workspace's own first, then the shipped ones."""
        return (self.folder / "mappings", mappings_folder())


def load(folder: Path, env: Mapping[str, str]) -> Settings:
    """The workspace in `folder`. ConfigError (ConfigErrors for several) says what is wrong and where.

    `env` is what `${NAME}` is looked up in. Secrets are resolved here and nowhere else.
    """
    path = folder / FILE
    if not path.exists():
        raise ConfigError(N_("there is no connector.yaml here; write one with: connector init"), str(path))
    document = read(path)
    workspace: Workspace = document.build(Workspace)
    return _Loading(document, workspace, Source(env, folder), folder).settings()


def written(folder: Path) -> Workspace:
    """The file as it is written, its secrets not fetched: for the command that fetches one. ConfigError as `load`."""
    path = folder / FILE
    if not path.exists():
        raise ConfigError(N_("there is no connector.yaml here; write one with: connector init"), str(path))
    workspace: Workspace = read(path).build(Workspace)
    return workspace


class _Loading:
    """One pass over a file: what can be wrong is collected, so that all of it is told."""

    def __init__(self, document: Document, workspace: Workspace, source: Source, folder: Path) -> None:
        self._document, self._workspace, self._source = document, workspace, source
        self._folder = folder.resolve()
        self._errors: list[ConfigError] = []

    def settings(self) -> Settings:
        workspace = self._workspace
        accounts = self._stamped({name: self._account(name) for name in workspace.accounts})
        self._check_references(accounts)
        serve = self._serve(workspace.serve)
        store = self._tried(lambda: self._store(workspace.store), "", "store")
        if self._errors:
            raise together(self._errors)
        loaded = Settings(
            folder=self._folder,
            store=store,
            timezone=workspace.timezone,
            language=workspace.language,
            start_from=workspace.start_from,
            closed_until=workspace.closed_until,
            accounts=accounts,
            routes=(),
            serve=serve,
            organizations=workspace.organizations,
            spots=workspace.spots,
            warnings=tuple(self._warnings()),
        )
        return replace(loaded, routes=compile_routes(_routes_file(loaded), accounts.values(), loaded.mappings))

    def _account(self, name: str) -> Account:
        line = self._workspace.accounts[name]
        values: dict[str, Any] = {key: getattr(line, key) for key in type(line).model_fields}
        for key, written in secrets_of(line):
            values[key] = self._secret(written, "accounts", name, key)
        if "folder" in values:
            values["folder"] = self._folder / Path(values["folder"]).expanduser()
        else:
            values["folder"] = exchange_folder(line, self._folder, name)
        if values.get("wsdl") is not None:
            values["wsdl"] = self._folder / Path(values["wsdl"]).expanduser()
        values["state"] = exchange_state(line, self._folder, name)
        values["timezone"] = line.timezone or self._workspace.timezone
        values["mappings"] = (self._folder / "mappings", mappings_folder())
        return Account(name=name, **values)

    def _serve(self, serve: Serve) -> Serve:
        if serve.password is None:
            return serve
        secret = self._secret(serve.password.get_secret_value(), "serve", "password")
        return serve.model_copy(update={"password": secret})

    def _secret(self, written: str, *keys: Key) -> SecretStr:
        return self._tried(lambda: SecretStr(self._source.resolve(written)), SecretStr(""), *keys)

    def _store(self, url: str) -> str:
        url = self._source.fill_in(url)
        if not url.startswith("sqlite:///"):
            return url
        return f"sqlite:///{PurePosixPath((self._folder / url.removeprefix('sqlite:///')).as_posix())}"

    def _tried(self, make: Callable[[], T], otherwise: T, *keys: Key) -> T:
        try:
            return make()
        except Wrong as error:
            self._wrong(error.sentence, *keys)
            return otherwise

    def _wrong(self, sentence: Sentence, *keys: Key) -> None:
        self._errors.append(self._document.error(sentence.text, *keys, **sentence.facts))

    def _stamped(self, accounts: dict[str, Account]) -> dict[str, Account]:
        """Every Poster account knows the 1C base that is written into its `id_1c`, where there is any."""
        bases = list(dict.fromkeys(account.spoke for account in accounts.values() if account.kind == "onec"))
        for name, account in accounts.items():
            if account.kind == "poster":
                accounts[name] = account.model_copy(update={"stamp": self._stamp(account, bases)})
        return accounts

    def _stamp(self, account: Account, bases: list[str]) -> str | None:
        if account.stamp is not None and account.stamp not in bases:
            self._wrong(unknown_word(account.stamp, bases), "accounts", account.name, "stamp")
        elif account.stamp is None and len(bases) > 1:
            text = N_(
                "there are several 1C bases ({bases}): add “stamp: BASE”, the one whose GUID Poster keeps in id_1c"
            )
            self._wrong(Sentence(text, bases=", ".join(bases)), "accounts", account.name)
        return account.stamp or (bases[0] if len(bases) == 1 else None)

    def _check_references(self, accounts: dict[str, Account]) -> None:
        bases = {account.spoke for account in accounts.values() if account.kind == "onec"}
        for account in accounts.values():
            self._check_account(account, accounts)
        for name, organization in self._workspace.organizations.items():
            if organization.base is not None and organization.base not in bases:
                self._wrong(unknown_word(organization.base, bases), "organizations", name, "base")
        for name, spot in self._workspace.spots.items():
            self._check_spot(name, spot)

    def _check_account(self, account: Account, accounts: dict[str, Account]) -> None:
        if account.name in KINDS and account.name != account.kind:
            self._wrong(
                Sentence(N_("an account called “{name}” must be of that kind"), name=account.name),
                "accounts",
                account.name,
            )
        namesake = accounts.get(account.base) if account.base is not None else None
        if namesake is not None and (namesake.kind != "onec" or namesake.spoke != account.base):
            text = N_("“{base}” is an account of another system, not a 1C base")
            self._wrong(Sentence(text, base=account.base), "accounts", account.name, "base")
        known = _profiles((self._folder / "mappings", mappings_folder()))
        if account.profile is not None and account.profile not in known:
            self._wrong(unknown_word(account.profile, known), "accounts", account.name, "profile")

    def _check_spot(self, name: str, spot: Spot) -> None:
        account, colon, point = name.partition(":")
        if not (colon and point):
            self._wrong(Sentence(N_("name a spot as ACCOUNT:SPOT, such as kafe:1")), "spots", name)
        elif account not in self._workspace.accounts:
            self._wrong(unknown_word(account, self._workspace.accounts), "spots", name)
        if spot.organization not in self._workspace.organizations:
            self._wrong(unknown_word(spot.organization, self._workspace.organizations), "spots", name, "organization")

    def _warnings(self) -> Iterator[Sentence]:
        for name, line in self._workspace.accounts.items():
            if str(getattr(line, "url", "")).startswith(_LOOPBACK):
                continue  # the sandbox on this machine: its passwords guard nothing
            for key, written in secrets_of(line):
                if is_literal(written):
                    yield self._literal("accounts", name, key)
        serve = self._workspace.serve
        if serve.password is not None and is_literal(serve.password.get_secret_value()):
            yield self._literal("serve", "password")

    def _literal(self, *keys: Key) -> Sentence:
        text = N_(
            "{where}: the secret itself stands in the file; better “${{ENV}}”, “keyring:service/name” or “file:path”"
        )
        return Sentence(text, where=self._document.error(text, *keys).where)


def _profiles(folders: tuple[Path, ...]) -> list[str]:
    """The 1C configurations there are mappings for."""
    found = (
        one.name for folder in folders if (folder / "profiles").is_dir() for one in (folder / "profiles").iterdir()
    )
    return sorted(set(found))


def _routes_file(settings: Settings) -> Path:
    return next(
        (path for folder in settings.mappings if (path := folder / ROUTES).exists()), settings.mappings[-1] / ROUTES
    )
