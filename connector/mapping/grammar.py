"""The words of a mapping file and what each row must be. A closed list: DESIGN section 8.

    system: poster
    entity: customer
    fields:
      phone: {read: phone_number, write: phone, as: phone, blank: ["", "0"]}

A row names raw paths (`path` for both directions, or `read` and `write`), a transform, and what is blank there.
A dot goes into a nested value. What a person writes wrong is a ConfigError with file, line and column.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from connector.locale import N_
from connector.mapping.rules import COMPUTED, RuleWord
from connector.mapping.transforms import CONTACTS, TRANSFORMS, UTC, ZONED, Circumstances, Transform
from connector.mapping.transforms.flags import table
from connector.model.records import ENTITIES, Record, attribute_of, fields_of
from connector.yamlfile import Strict, Wrong, nearest

Text = Annotated[str, Field(min_length=1)]
TransformName = Literal[*TRANSFORMS]  # type: ignore[valid-type]
EntityName = Literal[*ENTITIES]  # type: ignore[valid-type]
SystemName = Literal["onec", "poster", "saplab", "virtpos", "loyalclient", "memory"]


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


Paths = Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1)]
Blanks = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]


class FieldRow(Strict):
    """One canonical field of one system, both directions."""

    path: Paths | None = Field(None, description="The raw path that is both read and written.")
    read: Paths | None = Field(None, description="The raw path or paths that are read.")
    write: Paths | None = Field(None, description="The raw path or paths that are written.")
    as_: TransformName | None = Field(None, alias="as", description="The named transform; `text` when left out.")
    blank: Blanks | None = Field(
        None, description="Raw texts that mean empty. The first one is written for a value that is known to be empty."
    )
    only: Literal["read", "write"] | None = Field(None, description="The one direction that is used.")
    stamp: bool = Field(False, description="Written by the verb stamp, never by an update (the GUID of 1C).")
    link: EntityName | None = Field(None, description="The entity that this field refers to.")
    rule: RuleWord | None = Field(None, description="The named rule in code that decides this field.")
    table: dict[str, str | bool] | None = Field(None, description="A closed list: raw text -> canonical value.")
    otherwise: str | bool | None = Field(
        None, description="What every raw text means that is not in the table; only for a row that is only read."
    )
    required: bool = Field(False, description="The system refuses an empty value.")
    zone: str | None = Field(None, description="The time zone of a moment; the account's own when left out.")
    contact: Text | None = Field(None, description="The predefined kind of contact information in 1C.")

    @property
    def reads(self) -> tuple[str, ...]:
        """The raw paths that are read, in order."""
        return () if self.only == "write" else self.read or self.path or ()

    @property
    def writes(self) -> tuple[str, ...]:
        """The raw paths that are written, in order."""
        return () if self.only == "read" or self.stamp else self.write or self.path or ()

    @model_validator(mode="after")
    def _paths(self) -> Self:
        if self.path is not None and (self.read is not None or self.write is not None):
            raise Wrong(N_("“path” is both directions; it stands alone, without “read” and “write”"), ("path",))
        if not self.reads and not self.writes:
            raise Wrong(N_("the row names no raw path; write “path”, or “read” and “write”"))
        if self.only is None and not self.stamp and not (self.reads and self.writes):
            missing = "write" if self.reads else "read"
            raise Wrong(N_("the row has one direction; name the other or write “only: {word}”"),
                        word="read" if missing == "write" else "write")  # fmt: skip
        if self.only == "read" and self.required:
            raise Wrong(N_("“required” is about writing, and this row is only read"), ("required",))
        return self

    @model_validator(mode="after")
    def _words(self) -> Self:
        if self.table is not None and (self.as_ is not None or self.link is not None):
            raise Wrong(N_("“table” stands alone, without “as” and “link”"), ("table",))
        if self.otherwise is not None and self.table is None:
            raise Wrong(N_("“otherwise” belongs to a table"), ("otherwise",))
        if self.zone is not None and self.as_ not in ZONED:
            raise Wrong(N_("“zone” belongs to a moment: {known}"), ("zone",), known=", ".join(sorted(ZONED)))
        if self.contact is not None and self.as_ not in CONTACTS:
            raise Wrong(
                N_("“contact” belongs to contact information: {known}"), ("contact",), known=", ".join(sorted(CONTACTS))
            )
        if self.zone is not None:
            _zone(self.zone)
        return self

    def transform(self, zone: ZoneInfo) -> Transform:
        """The transform of this row."""
        if self.table is not None:
            return table(self.table, self.otherwise)
        name = self.as_ or ("id" if self.link else "guid" if self.stamp else "text")
        where = _zone(self.zone) if self.zone else zone
        return TRANSFORMS[name](Circumstances(writes=max(1, len(self.writes)), contact=self.contact, zone=where))


class LinesBlock(Strict):
    """The rows inside one record: the goods of an order. They are read as a list and always written as a whole."""

    path: Text | None = Field(
        None, description="The raw list of rows; left out where the record is itself the one row there is."
    )
    fields: dict[str, FieldRow] = Field(min_length=1, description="Canonical field of a row -> row.")
    write_defaults: dict[str, str | int | bool] = Field(
        default_factory=dict, description="Raw values of a written row that the line itself does not give."
    )
    shipping: Text | None = Field(
        None, description="The name of the good whose row carries the cost of shipping, where no field takes it."
    )


class MappingFile(Strict):
    """A mapping file: one entity of one system, or of one configuration of 1C."""

    system: SystemName = Field(description="The kind of the accounts this mapping is for.")
    entity: EntityName = Field(description="The canonical entity.")
    profile: Text | None = Field(None, description="The configuration of 1C: bp30, ut11, unf or your own.")
    fields: dict[str, FieldRow] = Field(min_length=1, description="Canonical field -> row.")
    lines: LinesBlock | None = Field(None, description="The rows inside a record of the ledger.")
    write_defaults: dict[str, str | int | bool] = Field(
        default_factory=dict, description="Raw values of a new record that the record itself does not give."
    )
    write_copies: dict[str, Text] = Field(
        default_factory=dict, description="Raw keys of a new record that repeat another raw key when not given."
    )

    @model_validator(mode="after")
    def _all(self) -> Self:
        for mistake in _mistakes(self):
            raise mistake
        return self


def _mistakes(mapping: MappingFile) -> Iterator[Wrong]:
    if (mapping.system == "onec") != (mapping.profile is not None):
        yield Wrong(N_("“profile” names the configuration of 1C, and only of 1C"), ("profile",))
    yield from _row_mistakes(ENTITIES[mapping.entity], mapping.fields, ("fields",))
    yield from _crossings(mapping.fields, ("fields",))
    if mapping.lines is not None:
        yield from _lines_mistakes(ENTITIES[mapping.entity], mapping, mapping.lines)


def _lines_mistakes(entity: type[Record], mapping: MappingFile, lines: LinesBlock) -> Iterator[Wrong]:
    at = ("lines", "fields")
    if entity.line is None:
        yield Wrong(N_("“{entity}” has no rows inside"), ("lines",), entity=entity.entity)
        return
    yield from _row_mistakes(entity.line, lines.fields, at)
    yield from _crossings(lines.fields, at)
    writes = any(row.writes for row in lines.fields.values())
    if lines.path is None and writes:
        yield Wrong(N_("rows that are written need the “path” of their list"), ("lines",))
    taken = {path.split(".")[0] for row in mapping.fields.values() for path in row.writes}
    if writes and lines.path in taken:
        yield Wrong(N_("“{path}” is already written by another row"), ("lines", "path"), path=lines.path)
    if lines.shipping is not None and not writes:
        yield Wrong(N_("“shipping” is about writing, and these rows are only read"), ("lines", "shipping"))


def _row_mistakes(entity: type[Record], rows: dict[str, FieldRow], at: tuple[str, ...]) -> Iterator[Wrong]:
    known = tuple(name for name in fields_of(entity.entity) if name != "lines")
    for name, row in rows.items():
        if name not in known:
            yield _unknown_field(name, known, (*at, name))
        else:
            yield from _field_mistakes(entity, name, row, (*at, name))


def _unknown_field(name: str, known: tuple[str, ...], at: tuple[str, ...]) -> Wrong:
    if (near := nearest(name, known)) is not None:
        return Wrong(N_("unknown field “{word}”; did you mean “{near}”?"), at, word=name, near=near)
    return Wrong(N_("unknown field “{word}”; known fields: {known}"), at, word=name, known=", ".join(known))


def _field_mistakes(entity: type[Record], name: str, row: FieldRow, at: tuple[str, ...]) -> Iterator[Wrong]:
    transform = row.transform(UTC)
    if name in entity.read_only and row.writes:
        yield Wrong(N_("nobody writes this field; add “only: read”"), at)
    if (target := entity.references.get(name)) != row.link:
        yield (
            Wrong(N_("this field must say “link: {target}”"), at, target=target)
            if target
            else Wrong(N_("this field refers to nothing; take “link” away"), (*at, "link"))
        )
    if row.stamp and name != "id_1c":
        yield Wrong(N_("only id_1c is stamped"), (*at, "stamp"))
    if transform.kind != _kind(entity, name):
        yield Wrong(
            N_("the transform “{word}” gives another kind of value than this field has"), at, word=transform.name
        )
    if not _takes(row, transform):
        yield Wrong(N_("the transform “{word}” does not take that many paths"), at, word=transform.name)
    if row.writes and transform.write is None:
        yield Wrong(N_("the transform “{word}” cannot be inverted; add “only: read”"), at, word=transform.name)
    yield from _rule_mistakes(entity, name, row, at)
    if isinstance(row.table, dict) and any(
        not _fits(value, transform.kind) for value in (*row.table.values(), row.otherwise) if value is not None
    ):
        yield Wrong(N_("the values of a table must be of one kind"), (*at, "table"))


def _rule_mistakes(entity: type[Record], name: str, row: FieldRow, at: tuple[str, ...]) -> Iterator[Wrong]:
    if row.rule == "main_card" and entity.derived.get(name) != "main_card":
        yield Wrong(N_("the rule “main_card” is for a customer's card_uid"), (*at, "rule"))
    if row.rule == "entrepreneur" and (name != "kind" or "person" not in (row.table or {}).values()):
        yield Wrong(N_("the rule “entrepreneur” is for a table of kinds"), (*at, "rule"))
    if entity.derived.get(name) in COMPUTED:
        yield Wrong(N_("no system is asked for this field: it is computed from others"), at)
    elif row.rule != entity.derived.get(name) and name in entity.derived:
        yield Wrong(N_("this field is derived; add “rule: {rule}”"), at, rule=entity.derived[name])


def _takes(row: FieldRow, transform: Transform) -> bool:
    reads, writes = len(row.reads), len(row.writes)
    return (not reads or reads in transform.reads) and (not writes or writes in transform.writes)


def _fits(value: str | bool, kind: str) -> bool:
    return isinstance(value, bool) == (kind == "flag")


def _crossings(rows: dict[str, FieldRow], at: tuple[str, ...]) -> Iterator[Wrong]:
    """Two rows may write one raw key only when each changes a part of it or keeps what stands there."""
    seen: dict[str, bool] = {}
    for name, row in rows.items():
        patches = row.transform(UTC).patches
        for path in row.writes:
            if path in seen and not (patches and seen[path]):
                yield Wrong(N_("“{path}” is already written by another row"), (*at, name), path=path)
            seen[path] = patches


_KINDS: Final = {bool: "flag", int: "amount"}


def _kind(entity: type[Record], name: str) -> str:
    """What values the field has by its annotation in the record."""
    inside = typing.get_args(typing.get_type_hints(entity)[attribute_of(entity.entity, name)])
    return next((_KINDS[part] for part in inside if part in _KINDS), "text")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Wrong(N_("unknown time zone “{word}”"), ("zone",), word=name) from None
