"""The grammar of `connector.yaml`: what stands in the file, checked word by word."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from connector.config.accounts import AccountLine, AccountName, Timezone, Word
from connector.locale import N_
from connector.yamlfile import Strict, Wrong

_STORE: Final = re.compile(r"sqlite:///[^?#\s]+\Z|postgresql(?:\+psycopg)?://\S+\Z")
_SCHEMA: Final = re.compile(r"[?&]schema=([a-z_][a-z0-9_]{0,62})(?:&|\Z)")
_INN: Final = re.compile(r"(?:[0-9]{10}|[0-9]{12})\Z")
_KPP: Final = re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}\Z")
_CLOCK: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]\Z")
_CRON_FIELD: Final = r"(?:\*|[0-9]+(?:-[0-9]+)?)(?:/[0-9]+)?"
_CRON_LIST: Final = re.compile(rf"{_CRON_FIELD}(?:,{_CRON_FIELD})*\Z")
_CRON_LIMITS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def _store(url: str) -> str:
    if not _STORE.match(url):
        raise Wrong(N_("write the store as sqlite:///connector.db or postgresql://user@host/database"))
    if "schema=" in url and not _SCHEMA.search(url):
        raise Wrong(N_("a schema's name is up to 63 small letters, digits and “_”"))
    return url


def _inn(text: str) -> str:
    if not _INN.match(text):
        raise Wrong(N_("an INN has 10 or 12 digits"))
    return text


def _kpp(text: str) -> str:
    if not _KPP.match(text):
        raise Wrong(N_("a KPP has 9 characters, such as 770101001"))
    return text


def _version(number: int) -> int:
    if number != 1:
        raise Wrong(N_("this connector reads files of version 1"))
    return number


def _clock(text: str) -> str:
    if not _CLOCK.match(text):
        raise Wrong(N_("write the time as 04:00"))
    return text


def cron(text: str) -> str:
    """Five fields of numbers, lists, ranges and steps. Wrong says which one is not understood."""
    fields = text.split()
    if len(fields) != len(_CRON_LIMITS):
        raise Wrong(N_("a schedule has five fields: minute, hour, day, month, day of the week; such as */15 * * * *"))
    for field, (low, high) in zip(fields, _CRON_LIMITS, strict=True):
        numbers = [int(number) for number in re.findall(r"(?<!/)\b[0-9]+", field)]
        steps = [int(number) for number in re.findall(r"/([0-9]+)", field)]
        if not _CRON_LIST.match(field) or any(not low <= one <= high for one in numbers) or 0 in steps:
            text = N_("“{field}” of the schedule is not understood; numbers go from {low} to {high}")
            raise Wrong(text, field=field, low=low, high=high)
    return " ".join(fields)


_NOTHING_YET: Final = BeforeValidator(lambda value: {} if value is None else value)
"""`accounts:` with nothing but comments below it is an empty set of accounts."""

Cron = Annotated[str, AfterValidator(cron)]
Inn = Annotated[str, AfterValidator(_inn)]
Clock = Annotated[str, AfterValidator(_clock)]
StoreUrl = Annotated[str, AfterValidator(_store)]
Kpp = Annotated[str, AfterValidator(_kpp)]
Version = Annotated[int, AfterValidator(_version)]


class Serve(Strict):
    """The web pages, the webhooks, the exchange endpoint of 1C and the built-in scheduler."""

    host: Word = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    login: Word | None = None
    password: SecretStr | None = None
    scheduler: Cron | None = Field(
        default=None, description="when to sync, five fields of cron in the workspace's time zone"
    )

    @property
    def is_local(self) -> bool:
        return self.host in _LOOPBACK

    @model_validator(mode="after")
    def _protected(self) -> Serve:
        if (self.login is None) != (self.password is None):
            raise Wrong(N_("“login” and “password” stand together"))
        if not self.is_local and self.password is None:
            raise Wrong(N_("other machines could reach the pages: add “login” and “password”"), at=("host",))
        return self


class Organization(Strict):
    """Who sells, for documents in 1C."""

    inn: Inn
    base: Word | None = Field(default=None, description="the 1C base it keeps its books in")
    kpp: Kpp | None = None


class Spot(Strict):
    """The accounting facts of a Poster spot or a shop point."""

    organization: Word
    storage: Word | None = None
    cash_desk: Word | None = None
    timezone: Timezone | None = None
    day_starts: Clock = "00:00"


class Workspace(Strict):
    """A whole `connector.yaml`."""

    version: Version
    store: StoreUrl = "sqlite:///connector.db"
    timezone: Timezone = "Europe/Moscow"
    language: Literal["ru", "en"] = "ru"
    start_from: date | None = Field(
        default=None, description="documents before it count as agreed, with opening totals"
    )
    closed_until: date | None = Field(default=None, description="documents dated up to here are never rewritten")
    accounts: Annotated[dict[AccountName, AccountLine], _NOTHING_YET] = Field(default_factory=dict)
    serve: Serve = Serve()
    organizations: Annotated[dict[Word, Organization], _NOTHING_YET] = Field(
        default_factory=dict, description="who sells, for documents in 1C"
    )
    spots: Annotated[dict[Word, Spot], _NOTHING_YET] = Field(
        default_factory=dict, description="“account:spot” -> its accounting facts"
    )
