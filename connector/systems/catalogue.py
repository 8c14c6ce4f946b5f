"""The catalogue of a system: every remote call as data, and which calls serve which canonical entity.

`load("poster")` reads `connector/systems/poster/catalogue.yaml`, strictly: an unknown word is a ConfigError with file,
line, column and the nearest known word. What the grammar says:

    system: poster
    always: {format: json}                     # parameters sent with every call
    envelopes: {response: "…"}                 # the answer shapes the adapter knows, by name
    endpoints:
      clients.getClients:
        verb: GET                              # the effective one (P-01); GET where nothing is said
        path: /clients.getClients              # `{client_id}` is filled from the path parameter of that name
        encoding: query                        # query (the usual) | form | bracketed_form | json | path_filters
        envelope: response                     # one of `envelopes`; the first of them where nothing is said
        repeat: safe                           # safe: reads · same: repeats change nothing · verify: look · never
        params:
          num: {type: int, max: 1000}
          order_by: {type: text, values: [client_id, name]}
        paging: {style: offset, size: num, start: offset, per: 1001, overlap: 1}
        window: {from: date_from, to: date_to, format: Ymd, field: date}
        money: {request: {bonus: major}, response: {bonus: minor}}
        verify: {endpoint: clients.getClient, how: re-read by id}
    entities:
      customer:
        id: client_id
        gone: {path: delete, value: "1"}
        feed: {endpoint: clients.getClients, params: {1c: "true"}}
        find: {phone: {endpoint: clients.getClients, param: phone, check: phone_number, compare: digits}}

Money of a `calibrate` unit is not sent until the account has proved the unit (`Units`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from connector.errors import UsageError
from connector.locale import N_
from connector.systems.base import Capabilities, FeedKind, Repeat
from connector.yamlfile import Strict, Wrong, nearest, parse

__all__ = [
    "Catalogue",
    "Endpoint",
    "Entity",
    "Gone",
    "Look",
    "Paging",
    "Param",
    "Stamp",
    "Verify",
    "Window",
    "Write",
    "load",
]

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Encoding = Literal["query", "form", "bracketed_form", "json", "path_filters"]
Unit = Literal["minor", "major", "points", "calibrate"]
Type = Literal["text", "int", "number", "money", "flag", "date", "moment", "ids", "list", "object", "json"]
Use = Literal["call", "connect", "incoming"]
"""call: by anybody · connect: a step towards credentials, taken by `connector connect` · incoming: they call us."""
Style = Literal["offset", "page", "cursor"]
DateFormat = Literal["Ymd", "Y-m-d", "Y-m-d H:i:s", "Y-m-d H:i", "md", "dmY", "ms", "unix"]

_FOLDER: Final = Path(__file__).parent
_NUMERIC: Final = frozenset({"int", "number", "money"})


def _as_word(value: object) -> object:
    """Closed values are compared as text, however the file spells them: `[0, 1]`, `[true]`."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


Word = Annotated[str, BeforeValidator(_as_word)]


class Param(Strict):
    """One parameter of a call. `fields` are the known keys of an object, or of each item of a list."""

    type: Type
    required: bool = False
    values: tuple[Word, ...] = ()  # the only ones allowed; empty: any
    format: DateFormat | None = None  # how a date or a moment is spelt there
    min: int | None = None
    max: int | None = None
    also: str | None = None  # a second spelling under which the same value is sent too (§1.5)
    path: bool = False  # stands in the path
    query: bool = False  # stands in the query although the rest is a body
    nested: bool = False  # may also be a map of such values: price[modificator][spot]
    fields: dict[str, Param] = Field(default_factory=dict)
    note: str = ""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.type in ("date", "moment")) != (self.format is not None):
            raise Wrong(N_("a format belongs to a date or a moment, and each of these needs one"), at=("format",))
        if self.fields and self.type not in ("list", "object", "json"):
            raise Wrong(N_("only a list, an object or a JSON text has fields"), at=("fields",))
        if (self.min is not None or self.max is not None) and self.type not in _NUMERIC:
            raise Wrong(N_("only a number has a smallest and a greatest value"), at=("max",))
        return self


class Paging(Strict):
    """How an answer goes on.

    `offset`: `start` is the number of rows to skip. `page`: `start` is the page number, counted from `first`.
    `cursor`: `start` is a row's `key`, said by the last row of the page before.
    `per` rows are asked for by `size`; `overlap` of them are those of the page before, so that a row that slid over
    the border is noticed. `pages` or `count` is where the answer says how many pages or rows there are.
    """

    style: Style
    start: str
    size: str | None = None
    per: int = Field(default=0, ge=0)
    first: int = 1
    overlap: int = Field(default=0, ge=0)
    pages: str | None = None
    count: str | None = None
    key: str | None = None
    stable: dict[str, str] = Field(default_factory=dict)  # parameters that make the order hold still, unless given
    not_with: tuple[str, ...] = ()  # with one of these parameters the answer is whole and paging is ignored

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.style == "cursor" and self.key is None:
            raise Wrong(N_("paging by cursor needs the key whose last value goes on"), at=("style",))
        if self.style == "offset" and self.per <= self.overlap:
            raise Wrong(N_("a page must be longer than its overlap"), at=("per",))
        return self


class Window(Strict):
    """The date window of a read. `field` is the row's own date: a row outside the asked window is an alarm (§1.4)."""

    start: str = Field(alias="from")
    end: str = Field(alias="to")
    format: DateFormat
    field: str | None = None
    field_format: DateFormat | None = None  # where it differs from `format`
    days: int | None = None  # the longest window that may be asked for


class Money(Strict):
    """Money units by dotted field: `products.price: minor`.

    In a request the way begins at the parameters, in a response at a row (at the content where there are no rows);
    lists are passed through, `*` is any key, and the empty way is an answer that is the amount itself.
    """

    request: dict[str, Unit] = Field(default_factory=dict)
    response: dict[str, Unit] = Field(default_factory=dict)


class Verify(Strict):
    """How to learn whether a write has happened."""

    how: str
    endpoint: str | None = None


class Endpoint(Strict):
    """One remote call. `name` is its key in the file."""

    name: str = ""
    verb: Verb = "GET"
    path: str = ""  # `/` and the name where nothing is said
    also_path: str | None = None  # another spelling of the same call, tried when the first is not known there
    use: Use = "call"
    encoding: Encoding = "query"
    envelope: str = ""  # the first of the file's envelopes where nothing is said
    repeat: Repeat = "safe"
    params: dict[str, Param] = Field(default_factory=dict)
    bare: str | None = None  # the parameter whose value is the whole body
    one_of: tuple[str, ...] = ()  # at least one of these must be given
    rows: str = ""  # dotted path of the rows inside the payload; empty: the payload itself
    paging: Paging | None = None
    window: Window | None = None
    money: Money = Money()
    verify: Verify | None = None
    write: bool = False  # changes state there although the verb is GET; a POST that only reads says `repeat: safe`
    warning: str = ""  # what else it does: cascades, messages to people
    note: str = ""
    source: str = ""  # where the vendor's document says it

    @property
    def is_write(self) -> bool:
        """Whether it changes state there."""
        return self.write or self.repeat != "safe"

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.verb != "GET" and self.encoding in ("query", "path_filters"):
            raise Wrong(N_("a call that is not GET says how its body is encoded"), at=("encoding",))
        for name in ("bare", "one_of"):
            for word in _words(getattr(self, name)):
                self._known(word, name)
        for name in self._paging_words():
            self._known(name, "paging")
        if self.window is not None:
            self._known(self.window.start, "window")
            self._known(self.window.end, "window")
        if self.repeat in ("verify", "never") and self.verify is None:
            raise Wrong(N_("a write that must not be repeated says how to look whether it happened"), at=("repeat",))
        self._all_money_has_a_unit()
        return self

    def _known(self, word: str, at: str) -> None:
        if word not in self.params:
            raise Wrong(N_("there is no parameter “{word}”"), at=(at,), word=word)

    def _paging_words(self) -> Iterator[str]:
        if self.paging is not None:
            yield from _words(self.paging.start)
            yield from _words(self.paging.size)
            yield from self.paging.stable
            yield from self.paging.not_with

    def _all_money_has_a_unit(self) -> None:
        sent = {way for way, param in self.walk() if param.type == "money"}
        for way in sent ^ set(self.money.request):
            raise Wrong(N_("“{word}” must be both a money parameter and have a unit"), at=("money",), word=way)

    def walk(self) -> Iterator[tuple[str, Param]]:
        """Every parameter with its dotted way, nested ones after their parent."""
        yield from _walk("", self.params)


class Gone(Strict):
    """The remote itself calls a record deleted: `path` holds one of `values`."""

    path: str
    values: tuple[Word, ...]


class Look(Strict):
    """A read that serves an entity. `id` or `param` is the parameter that takes the id or the key.

    What a fuzzy search returns is filtered: `check` is the raw field that must hold the value; `compare` says how.
    """

    endpoint: str
    id: str | None = None
    param: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    check: str | None = None
    compare: Literal["text", "digits"] = "text"


class Write(Strict):
    """A write that serves an entity. `id` takes the record's id, `reference` our uid, `params` are always sent."""

    endpoint: str
    id: str | None = None
    reference: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)


class Stamp(Strict):
    """Writing the 1C GUID into existing records: a list `rows` of objects with `id` and `value`."""

    endpoint: str
    rows: str
    id: str
    value: str
    batch: int = Field(default=50, ge=1)
    empty: str = ""  # what removes it


class Entity(Strict):
    """Which calls serve a canonical entity, and what no call tells about it."""

    id: str
    version: str | None = None
    changed_at: str | None = None  # ISO 8601 with offset only
    reference: str | None = None  # where our uid is read, where the system keeps one
    gone: Gone | None = None
    kind: FeedKind | None = None  # of the feed; snapshot where there is a feed and nothing else is said
    feed: Look | None = None
    get: Look | None = None
    find: dict[str, Look] = Field(default_factory=dict)
    create: Write | None = None
    create_many: Write | None = None
    update: Write | None = None
    delete: Write | None = None
    stamp: Stamp | None = None
    complete: bool = False
    unique: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    partial_update: bool = True
    versioned: bool = False
    returns_id: bool = True
    create_batch: int = Field(default=1, ge=1)

    def parts(self) -> Iterator[tuple[str, Look | Write | Stamp]]:
        """Every call that serves this entity, with the word it stands under."""
        for word in ("feed", "get", "create", "create_many", "update", "delete", "stamp"):
            if (part := getattr(self, word)) is not None:
                yield word, part
        for scheme, look in self.find.items():
            yield f"find.{scheme}", look


class Catalogue(Strict):
    """All calls of a system and the entities they serve."""

    system: str
    envelopes: dict[str, str]
    endpoints: dict[str, Endpoint]
    entities: dict[str, Entity] = Field(default_factory=dict)
    always: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_endpoints(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("endpoints"), dict):
            return data
        envelopes = data.get("envelopes")
        first = next(iter(envelopes), "") if isinstance(envelopes, dict) else ""
        named = {
            name: {"name": name, "path": f"/{name}", "envelope": first, **body} if isinstance(body, dict) else body
            for name, body in data["endpoints"].items()
        }
        return {**data, "endpoints": named}

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for name, endpoint in self.endpoints.items():
            _one_of(endpoint.envelope, self.envelopes, ("endpoints", name, "envelope"))
            if endpoint.verify is not None and endpoint.verify.endpoint is not None:
                _one_of(endpoint.verify.endpoint, self.endpoints, ("endpoints", name, "verify", "endpoint"))
        for entity_name, entity in self.entities.items():
            for word, part in entity.parts():
                at = ("entities", entity_name, *word.split("."))
                _one_of(part.endpoint, self.endpoints, (*at, "endpoint"))
                self._parameters_exist(part, at)
        return self

    def _parameters_exist(self, part: Look | Write | Stamp, at: tuple[str, ...]) -> None:
        endpoint = self.endpoints[part.endpoint]
        names = [part.id, part.param] if isinstance(part, Look) else []
        if isinstance(part, Write):
            names = [part.id, part.reference]
        if isinstance(part, Stamp):
            names = [part.rows]
        fixed = [] if isinstance(part, Stamp) else list(part.params)
        for name in (*names, *fixed):
            if name is not None:
                _one_of(name, endpoint.params, at)

    def calls_of(self, entity: str) -> list[str]:
        """The calls that serve an entity, in the order of its parts; none for an entity that is not known here."""
        served = self.entities.get(entity)
        if served is None:
            return []
        parts = (served.feed, served.get, *served.find.values(), served.create, served.create_many, served.update)
        return list(dict.fromkeys(part.endpoint for part in parts if part is not None))

    def endpoint(self, name: str) -> Endpoint:
        """The call of this name; UsageError with the nearest name when there is none."""
        if (found := self.endpoints.get(name)) is not None:
            return found
        near = nearest(name, self.endpoints)
        text = (
            N_("{system} has no call “{name}”; did you mean “{near}”?")
            if near is not None
            else N_("{system} has no call “{name}”; `connector catalogue {system}` lists them")
        )
        raise UsageError(text, system=self.system, name=name, near=near)

    def capabilities(self, name: str) -> Capabilities:
        """What the system can do with an entity, derived from the calls that serve it."""
        entity = self.entities.get(name)
        if entity is None:
            return Capabilities()
        return Capabilities(
            feed=entity.kind or ("snapshot" if entity.feed is not None else "none"),
            complete=entity.complete,
            readable=entity.feed is not None or entity.get is not None or bool(entity.find),
            find_by=tuple(entity.find),
            unique=entity.unique,
            required=entity.required,
            can_create=entity.create is not None,
            can_update=entity.update is not None,
            can_delete=entity.delete is not None,
            partial_update=entity.partial_update,
            versioned=entity.versioned,
            keeps_reference=entity.create is not None and entity.create.reference is not None,
            returns_id=entity.returns_id,
            create_batch=entity.create_batch if entity.create_many is not None else 1,
            stamps=entity.stamp is not None,
            repeat=self._repeat(entity),
        )

    def _repeat(self, entity: Entity) -> dict[str, Repeat]:
        verbs = {word: part for word, part in entity.parts() if word in ("create", "update", "delete", "stamp")}
        return {verb: self.endpoints[part.endpoint].repeat for verb, part in verbs.items()}


def load(kind: str) -> Catalogue:
    """The catalogue of a system. UsageError for an unknown kind, ConfigError for a mistake in the file."""
    path = _FOLDER / kind / "catalogue.yaml"
    if kind not in kinds():
        raise UsageError(N_("there is no system “{kind}”; known: {known}"), kind=kind, known=", ".join(kinds()))
    return _parsed(path, hashlib.sha256(path.read_bytes()).hexdigest())


def kinds() -> tuple[str, ...]:
    """The systems that have a catalogue."""
    return tuple(sorted(file.parent.name for file in _FOLDER.glob("*/catalogue.yaml")))


def compiled(kind: str) -> bytes:
    """The catalogue as JSON, led by the digest of the YAML it was made of: read thirty times faster at every start."""
    content = (_FOLDER / kind / "catalogue.yaml").read_bytes()
    body: Catalogue = parse(content, f"{kind}/catalogue.yaml").build(Catalogue)
    text = body.model_dump_json(exclude_defaults=True, by_alias=True)
    return f"{hashlib.sha256(content).hexdigest()}\n{text}\n".encode()


@lru_cache(maxsize=16)
def _parsed(path: Path, digest: str) -> Catalogue:
    """From the compiled form where it is of exactly this YAML, else from the YAML."""
    ready = path.with_suffix(".json")
    if ready.exists():
        of, _, body = ready.read_text(encoding="utf-8").partition("\n")
        if of == digest:
            return Catalogue.model_validate_json(body)
    return parse(path.read_bytes(), f"{path.parent.name}/{path.name}").build(Catalogue)


def _one_of(word: str, known: Mapping[str, object], at: tuple[str, ...]) -> None:
    if word in known:
        return
    near = nearest(word, known)
    if near is None:
        raise Wrong(N_("there is no “{word}”"), at=at, word=word)
    raise Wrong(N_("there is no “{word}”; did you mean “{near}”?"), at=at, word=word, near=near)


def _words(value: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else value


def _walk(way: str, params: Mapping[str, Param]) -> Iterator[tuple[str, Param]]:
    for name, param in params.items():
        yield f"{way}{name}", param
        yield from _walk(f"{way}{name}.", param.fields)


if __name__ == "__main__":
    for known in kinds():
        (_FOLDER / known / "catalogue.json").write_bytes(compiled(known))
