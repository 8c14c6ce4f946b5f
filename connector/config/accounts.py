"""The lines under `accounts:`: one model a kind and channel, so that a wrong or missing key is named exactly.

What the rest of the program sees is one flat `Account`, with its secrets resolved and its time zone settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool, model_validator

from connector.locale import N_
from connector.yamlfile import Strict, Wrong, nearest

Kind = Literal["onec", "poster", "saplab", "virtpos", "loyalclient"]
KINDS: Final[tuple[str, ...]] = ("onec", "poster", "saplab", "virtpos", "loyalclient")
CHANNELS: Final = ("odata", "soap", "enterprisedata", "commerceml", "bank")
"""The channels of 1C, in the order in which one is chosen when a base has several and no line says which."""

_NAME: Final = re.compile(r"[^\W_][\w-]{0,39}\Z")
_RESERVED: Final = frozenset({"default", "latest", "manual", "union", "none", "connector"})
_PROFILE: Final = re.compile(r"[a-z0-9][a-z0-9_-]*\Z")
_URL_PATH: Final = re.compile(r"/(?!/)[^?#\s\\]*\Z")
_PEER: Final = re.compile(r"[0-9A-Za-zА-Яа-яЁё_-]{1,36}\Z")
_PLAN: Final = re.compile(r"[^\W\d]\w{0,79}\Z")
_DIALECTS: Final = {
    "commerceml": "commerceml",
    "enterprisedata": "enterprisedata",
    "soap": "enterprisedata",
    "bank": "bank",
}
_OWN_FOLDER: Final = ("commerceml", "soap")
_DEFAULT_TIMEOUT: Final = 30.0


def timezone(name: str) -> str:
    """An IANA time zone. Wrong with the nearest name otherwise."""
    zones = available_timezones()
    if name in zones:
        return name
    near = nearest(name, zones)
    if near is None:
        raise Wrong(N_("“{zone}” is no time zone; write one such as Europe/Moscow"), zone=name)
    raise Wrong(N_("“{zone}” is no time zone; did you mean “{near}”?"), zone=name, near=near)


def _account_name(name: str) -> str:
    if not _NAME.match(name):
        raise Wrong(N_("“{name}” is no account name; use up to 40 letters, digits, “-” and “_”"), name=name)
    if name in _RESERVED:
        raise Wrong(N_("“{name}” means something else in routes.yaml; choose another account name"), name=name)
    return name


def _profile(name: str) -> str:
    if not _PROFILE.match(name):
        raise Wrong(N_("“{name}” is no profile name; it is a folder of mappings/profiles, such as bp30"), name=name)
    return name


def _peer(code: str) -> str:
    if not _PEER.match(code):
        raise Wrong(N_("“{code}” is no node code of 1C; use up to 36 letters, digits, “-” and “_”"), code=code)
    return code


def _plan(name: str) -> str:
    if not _PLAN.match(name) or name.startswith("ExchangePlan_"):
        raise Wrong(
            N_("“{name}” is no name of an exchange plan; write it as 1C does, without ExchangePlan_"), name=name
        )
    return name


def _url(text: str) -> str:
    parts = _parts(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong(N_("this is no address; it begins with https:// and a host name"))
    if parts.username is not None or parts.password is not None:
        raise Wrong(N_("an address holds no login and no password; they have their own keys"))
    if parts.query or parts.fragment:
        raise Wrong(N_("an address ends before “?” and “#”"))
    return text.rstrip("/")


def _url_path(text: str) -> str:
    if not _URL_PATH.match(text):
        raise Wrong(N_("a path of the server begins with “/” and ends before “?”"))
    return text


def _parts(text: str) -> SplitResult | None:
    if any(char.isspace() or not char.isprintable() for char in text) or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None


AccountName = Annotated[str, AfterValidator(_account_name)]
Url = Annotated[str, AfterValidator(_url)]
Timezone = Annotated[str, AfterValidator(timezone)]
Profile = Annotated[str, AfterValidator(_profile)]
PeerCode = Annotated[str, AfterValidator(_peer)]
PlanName = Annotated[str, AfterValidator(_plan)]
CardCall = Literal["updateCard", "insertCard", "deleteCard"]
CommercemlVersion = Literal["2.05", "2.06", "2.07", "2.08", "2.09", "2.10", "3.1"]
UrlPath = Annotated[str, AfterValidator(_url_path)]
Word = Annotated[str, Field(min_length=1)]


class _Line(Strict):
    """What every account takes."""

    timezone: Timezone | None = Field(
        default=None, description="IANA time zone of the account; default: the workspace's"
    )
    timeout: float = Field(default=_DEFAULT_TIMEOUT, gt=0, le=600, description="seconds to wait for one answer")
    rate: float | None = Field(
        default=None, gt=0, le=1000, description="requests a second; default: what the system bears"
    )
    concurrency: int | None = Field(
        default=None, ge=1, le=32, description="requests at once; default: what the system bears"
    )
    insecure: StrictBool = Field(default=False, description="allows an address that begins with http://")
    defaults: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="what a new record there gets when nobody says it: entity -> field -> value (a reference: its id)",
    )

    @model_validator(mode="after")
    def _encrypted(self) -> _Line:
        url = getattr(self, "url", None)
        if isinstance(url, str) and urlsplit(url).scheme == "http" and not self.insecure:
            raise Wrong(N_("the connection is not encrypted; use https:// or add “insecure: true”"), at=("url",))
        return self


class PosterLine(_Line):
    """A Poster account: its access token."""

    kind: Literal["poster"]
    url: Url = "https://joinposter.com/api"
    token: SecretStr = Field(description="access token; see “connector connect poster”")
    stamp: Word | None = Field(default=None, description="the 1C base whose GUID is written into id_1c")
    application_id: Word | None = Field(
        default=None, description="the application's number, for “connector connect poster”"
    )
    application_secret: SecretStr | None = Field(
        None, description="the application's secret; webhooks are signed with it"
    )


class SaplabLine(_Line):
    """A Saplab shop panel: a manager's login."""

    kind: Literal["saplab"]
    url: Url
    login: Word
    password: SecretStr


class VirtposLine(_Line):
    """A virtpos company."""

    kind: Literal["virtpos"]
    url: Url
    apikey: SecretStr
    cards: Literal["read", "write"] = Field(default="write", description="read: this server shows its cards too")
    paths: dict[CardCall, UrlPath] | None = Field(default=None, description="where the calls for cards lie there")


class LoyalclientLine(_Line):
    """A LoyalClient point of sale."""

    kind: Literal["loyalclient"]
    url: Url
    apikey: SecretStr
    point: Word = Field(description="the point of sale's id")


class _OnecLine(_Line):
    kind: Literal["onec"]
    base: AccountName | None = Field(default=None, description="accounts of one base are channels of one 1C")
    profile: Profile | None = Field(
        default=None, description="a folder of mappings/profiles: bp30, ut11, unf or your own"
    )


class OdataLine(_OnecLine):
    """1C called through its standard OData interface."""

    channel: Literal["odata"]
    profile: Profile = Field(description="the 1C configuration: bp30, ut11, unf, or a folder of mappings/profiles")
    url: Url
    login: Word
    password: SecretStr
    peer_code: PeerCode | None = Field(
        default=None,
        description="our node's code in an exchange plan; with it only what changed is read again",
    )
    exchange_plan: PlanName | None = Field(default=None, description="its name in 1C; default: the profile's")
    full_every: int | None = Field(
        default=None, ge=1, le=10000, description="every so many runs everything is read all the same; default: 96"
    )

    @model_validator(mode="after")
    def _of_a_node(self) -> OdataLine:
        for key in ("exchange_plan", "full_every"):
            if getattr(self, key) is not None and self.peer_code is None:
                raise Wrong(N_("“{key}” needs “peer_code”: the code of our node in that plan"), at=(key,), key=key)
        return self


class SoapLine(_OnecLine):
    """1C called through the web services EnterpriseDataExchange and EnterpriseDataUpload, or one of your own."""

    channel: Literal["soap"]
    url: Url
    login: Word
    password: SecretStr
    peer_code: PeerCode | None = Field(default=None, description="our node code in the 1C exchange settings")
    service: Literal["exchange", "upload", "own"] = Field(
        default="exchange",
        description="upload: 1C only loads what we send, no exchange node is needed there; own: a service of your own, "
        "described by mappings/profiles/<profile>/service.yaml",
    )
    wsdl: Word | None = Field(
        default=None, description="the description of a service of your own; default: the file that service.yaml names"
    )

    @model_validator(mode="after")
    def _described(self) -> SoapLine:
        is_own = self.service == "own"
        if is_own and self.profile is None:
            text = N_("“profile” is missing: the folder of mappings/profiles that describes a service of your own")
            raise Wrong(text)
        if not is_own and self.peer_code is None:
            raise Wrong(N_("“peer_code” is missing: our node code in the 1C exchange settings"))
        if not is_own and self.wsdl is not None:
            raise Wrong(N_("“wsdl” is for a service of your own: add “service: own”"), at=("wsdl",))
        return self


class EnterpriseDataLine(_OnecLine):
    """Files of the EnterpriseData format in a folder that 1C sees too."""

    channel: Literal["enterprisedata"]
    folder: Word
    peer_code: PeerCode = Field(description="our node code in the 1C exchange settings")


class CommercemlLine(_OnecLine):
    """1C calls us: its «Обмен с сайтом» at /exchange/<account>."""

    channel: Literal["commerceml"]
    login: Word
    password: SecretStr
    encoding: Literal["utf-8", "windows-1251"] = Field(
        default="utf-8", description="of what 1C fetches; windows-1251 only for an old 1C that reads nothing else"
    )
    version: CommercemlVersion | None = Field(
        default=None, description="of CommerceML that 1C is given; default: what 1C itself says"
    )
    zip: StrictBool = Field(default=False, description="1C may send its files packed")
    file_limit: int = Field(
        default=16, ge=1, le=100, description="megabytes of one piece of a file; 1C cuts longer files into pieces"
    )
    largest: int = Field(default=1024, ge=1, le=16384, description="megabytes of one exchange, unpacked")


class BankLine(_OnecLine):
    """Bank statements and payment orders, files of the format 1CClientBankExchange."""

    channel: Literal["bank"]
    folder: Word


OnecLine = Annotated[
    OdataLine | SoapLine | EnterpriseDataLine | CommercemlLine | BankLine, Field(discriminator="channel")
]
AccountLine = Annotated[OnecLine | PosterLine | SaplabLine | VirtposLine | LoyalclientLine, Field(discriminator="kind")]


class Account(BaseModel):
    """One configured login, ready to use. What its kind does not have is None."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str
    kind: Kind
    channel: str | None = None
    profile: str | None = None
    mappings: tuple[Path, ...] = ()  # where the profile is looked for: the first folder that has it counts
    base: str | None = None
    url: str | None = None
    login: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    apikey: SecretStr | None = None
    application_id: str | None = None
    application_secret: SecretStr | None = None
    point: str | None = None
    folder: Path | None = None
    state: Path | None = None
    peer_code: str | None = None
    exchange_plan: str | None = None
    full_every: int | None = None
    stamp: str | None = None
    cards: Literal["read", "write"] | None = None
    paths: dict[str, str] | None = None
    timezone: str = "UTC"
    timeout: float = _DEFAULT_TIMEOUT
    rate: float | None = None
    concurrency: int | None = None
    insecure: bool = False
    defaults: dict[str, dict[str, str]] = {}
    service: Literal["exchange", "upload", "own"] | None = None
    wsdl: Path | None = None
    encoding: str = "utf-8"
    version: str | None = None
    zip: bool = False
    file_limit: int | None = None
    largest: int | None = None

    @property
    def dialect(self) -> str | None:
        """The folder of mappings/profiles in whose words the channel speaks.

        An exchange format has the same words in every configuration of 1C; OData has those of the configuration, and
        a web service of your own has its own.
        """
        if self.service == "own":
            return self.profile
        return _DIALECTS.get(self.channel or "", self.profile)

    @property
    def spoke(self) -> str:
        """The system behind the account: accounts of one base are one."""
        return self.base if self.base is not None else self.name


def exchange_folder(line: _Line, workspace: Path, name: str) -> Path | None:
    """Where an account without a folder of its own keeps what an exchange leaves between two runs."""
    return workspace / "exchange" / name if getattr(line, "channel", None) in _OWN_FOLDER else None


def exchange_state(line: _Line, workspace: Path, name: str) -> Path | None:
    """Where an account whose folder is shared with 1C keeps its own: counters, and what 1C has not confirmed."""
    return workspace / "exchange" / name if getattr(line, "channel", None) == "enterprisedata" else None


def secrets_of(line: _Line) -> Iterator[tuple[str, str]]:
    """(key, as written) of every secret of a line."""
    for key in type(line).model_fields:
        value = getattr(line, key)
        if isinstance(value, SecretStr):
            yield key, value.get_secret_value()
