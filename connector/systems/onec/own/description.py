"""The words of `service.yaml`: which operation of a web service lists, gets, finds and writes, and where what stands.

    entities:
      customer:
        id: Код
        list: {operation: GetCustomers, rows: return.Покупатели.Покупатель, cursor: {send: Since, take: return.Отметка}}
        create: {operation: PutCustomer, row: Customer, answer: return.Код, repeat: same}

A dot goes into an element. What is sent stands in the parameters of an operation, what is read in its answer, both as
the WSDL calls them; `id`, `reference`, `gone`, `version` and `fields` stand in a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from connector.locale import N_
from connector.systems.base import Repeat
from connector.yamlfile import Strict, Wrong, load_strict

FILE: Final = "service.yaml"

Scalar = str | int | bool
_WAY: Final = re.compile(r"[^.\s]+(?:\.[^.\s]+)*\Z")
_PLACE: Final = re.compile(r"/[^?#\s\\]*\Z")


def _way(text: str) -> str:
    if not _WAY.match(text):
        raise Wrong(N_("“{text}” is no way to an element; write names with a dot between them"), text=text)
    return text


def _place(text: str) -> str:
    if not _PLACE.match(text):
        raise Wrong(N_("a path of the server begins with “/” and ends before “?”"))
    return text


Way = Annotated[str, AfterValidator(_way)]
Place = Annotated[str, AfterValidator(_place)]
Scheme = Literal["reference", "id_1c", "card_uid", "barcode", "phone", "inn", "email", "name"]


class Errors(Strict):
    """How an answer says that a call was refused, beside a fault of SOAP."""

    text: Way = Field(description="why it was refused; empty where it was not")
    code: Way | None = Field(default=None, description="the code of the refusal")
    missing: tuple[str, ...] = Field(default=(), description="codes that mean: there is no such record")
    duplicate: tuple[str, ...] = Field(default=(), description="codes that mean: there is one already")


class Cursor(Strict):
    """What was given last time goes back, and only what changed since is given."""

    send: Way = Field(description="the parameter")
    take: Way = Field(description="where the answer says what to send the next time")


class Pages(Strict):
    """A list in pages; it ends with a page that has no rows."""

    number: Way = Field(description="the parameter that holds the number of the page")
    size: Way | None = Field(default=None, description="the parameter that holds how many rows a page may have")
    rows: int = Field(default=500, ge=1, le=10000)
    first: int = Field(default=1, ge=0, le=1, description="the number of the first page")


class _Call(Strict):
    operation: Way
    give: dict[Way, Scalar] = Field(default_factory=dict, description="parameters that are always the same")


class Listing(_Call):
    """All records, or those changed since the cursor."""

    rows: Way
    cursor: Cursor | None = None
    pages: Pages | None = None
    complete: bool = Field(default=False, description="a record that it does not show is gone")


class Reading(_Call):
    """One record by its id."""

    value: Way = Field(description="the parameter that holds the id")
    rows: Way = Field(description="where the record stands, alone or as the only one")


class Finding(_Call):
    """The records that carry a value."""

    value: Way = Field(description="the parameter that holds the value")
    second: Way | None = Field(default=None, description="the parameter of the second part of a key: the KPP of an INN")
    rows: Way
    fields: tuple[Way, ...] = Field(min_length=1, max_length=2, description="where a row carries the value")


class Writing(_Call):
    """One record, told."""

    row: Way = Field(description="the parameter that holds the record")
    answer: Way | None = Field(default=None, description="where the answer says the id of the record")
    whole: bool = Field(default=False, description="what is not told is lost: a change tells the whole record")
    repeat: Repeat = Field(default="never", description="whether it may be sent again when no answer came")


class Removing(_Call):
    """One record, removed for good."""

    value: Way = Field(description="the parameter that holds the id")


class EntityService(Strict):
    """What the service can do with one entity."""

    id: Way
    reference: Way | None = Field(default=None, description="where a record keeps our own key")
    gone: Way | None = Field(default=None, description="true: the record was deleted there")
    version: Way | None = None
    required: tuple[str, ...] = Field(default=(), description="canonical fields without which no new one is taken")
    unique: tuple[str, ...] = Field(default=(), description="canonical fields of which no second one is taken")
    id_scheme: Literal["id_1c"] | None = Field(default=None, description="id_1c: the id is the GUID of 1C")
    list_: Listing | None = Field(default=None, alias="list")
    get: Reading | None = None
    find: dict[Scheme, Finding] = Field(default_factory=dict)
    create: Writing | None = None
    update: Writing | None = None
    delete: Removing | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.create is not None and self.create.repeat == "same" and self.reference is None:
            raise Wrong(N_("a record is known again only by our own key: add “reference”"), ("create", "repeat"))
        if self.update is not None and self.update.whole and self.get is None:
            raise Wrong(N_("a whole record is told, so it must be read before: add “get”"), ("update", "whole"))
        return self

    def calls(self) -> Iterator[tuple[str, _Call]]:
        """(what for, call) of everything that is described."""
        for name in ("list_", "get", "create", "update", "delete"):
            if (call := getattr(self, name)) is not None:
                yield name.strip("_"), call
        yield from (("find", call) for call in self.find.values())


class Description(Strict):
    """A whole service."""

    service: str
    wsdl: str = Field(min_length=1, description="the file beside this one that describes the service")
    path: Place = Field(description="below the address of the account")
    check: str | None = Field(default=None, description="an operation without parameters that changes nothing")
    errors: Errors | None = None
    entities: Mapping[str, EntityService] = Field(min_length=1)

    def repeats(self) -> dict[str, Repeat]:
        """Operation -> whether it may be sent again; one that also writes is as careful as its writing."""
        found: dict[str, Repeat] = {} if self.check is None else {self.check: "safe"}
        calls = [call for entity in self.entities.values() for _, call in entity.calls()]
        found |= {call.operation: "safe" for call in calls if isinstance(call, Listing | Reading | Finding)}
        found |= {call.operation: call.repeat for call in calls if isinstance(call, Writing)}
        return found | {call.operation: "never" for call in calls if isinstance(call, Removing)}


def load_description(path: Path) -> Description:
    """The description in a file. ConfigError says what is wrong where."""
    description: Any = load_strict(path, Description)
    assert isinstance(description, Description)
    return description


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> JSON Schema of a description, for completion and hints in an editor."""
    schema = TypeAdapter(Description).json_schema()
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"service.schema.json": {"$schema": draft, **schema, "title": "mappings/profiles/NAME/service.yaml"}}
