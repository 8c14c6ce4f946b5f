"""A compiled mapping: raw rows to records and back. Built once, used for every row."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

import msgspec

from connector.errors import ConfigError, RowError
from connector.locale import N_
from connector.mapping.compiler import Column, fail, reader
from connector.mapping.grammar import MappingFile
from connector.mapping.lines import Lines
from connector.mapping.quick import body_reader
from connector.mapping.rules import entrepreneur_word, is_entrepreneur
from connector.mapping.transforms import MISSING, OMIT, REVISION, UNSAYABLE, UTC, Unreadable, Unwritable
from connector.model.records import ENTITIES, Record, as_dict, fields_of
from connector.model.values import Value
from connector.yamlfile import Document
from connector.yamlfile import read as read_yaml

Raw = AnyMapping[str, Any]
_NOTHING: Final[Raw] = {}
_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode


class Mapping:
    """One entity of one system, compiled.

    `paths` are the top-level raw keys it needs, in fixed order; `reads` and `writes` the canonical fields of each
    direction; `references` field -> entity; `rules` field -> named rule; `stamp` the field that the verb stamp writes;
    `lines` the rows inside a record, where it has them.
    `version` changes when anything that decides a value changes.
    """

    def __init__(self, file: MappingFile, zone: ZoneInfo = UTC) -> None:
        columns = [Column(name, file.fields[name], file.fields[name].transform(zone))
                   for name in fields_of(file.entity) if name in file.fields]  # fmt: skip
        self.file = file
        self.zone = zone
        self.system, self.entity, self.profile = file.system, file.entity, file.profile
        self.columns: dict[str, Column] = {column.name: column for column in columns}
        self.version = _digest(file, zone)
        self.lines = _lines(file, zone)
        own = [path.split(".")[0] for row in file.fields.values() for path in row.reads]
        self.paths = tuple(dict.fromkeys((*own, *(self.lines.paths if self.lines is not None else ()))))
        self.reads = frozenset(column.name for column in columns if column.row.reads) | self._lined("reads")
        self.writes = frozenset(column.name for column in columns if column.row.writes) | self._lined("writes")
        self.references = {column.name: column.row.link for column in columns if column.row.link is not None}
        self.rules: dict[str, str] = {column.name: column.row.rule for column in columns if column.row.rule is not None}
        self._legal_only = frozenset(name for name, rule in self.rules.items() if rule == "legal_only")
        self.stamp = next((column.name for column in columns if column.row.stamp), None)
        self._read = reader(file.entity, columns)
        self._read_body = body_reader(file.entity, columns, self.paths)

    def __repr__(self) -> str:
        return f"Mapping({self.system}/{self.profile or ''}{'/' if self.profile else ''}{self.entity})"

    def read(self, raw: Raw, problems: list[RowError] | None = None) -> Record:
        """The record of a raw row. A field that cannot be read is ABSENT and a RowError in `problems`;
        without `problems` the first one is raised. A raw key that is missing is ABSENT, a blank one None."""
        record = self._read(raw, problems)
        if self.lines is None or not self.lines.paths:
            return record
        return msgspec.structs.replace(record, lines=self.lines.read(raw, problems))

    def values(self, body: bytes, problems: list[RowError] | None = None) -> dict[str, Any]:
        """What `read` makes of the canonical bytes of a row, by name, without what is ABSENT. The way of many rows."""
        if self.lines is not None and self.lines.paths:
            return as_dict(self.read(_decode(body), problems))
        return self._read_body(body, problems)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every top-level raw key that is read or written, the read ones first."""
        written = [path.split(".")[0] for column in self.columns.values() for path in column.row.writes]
        lines = [self.lines.path] if self.lines is not None and self.lines.path is not None else []
        return tuple(dict.fromkeys((*self.paths, *written, *lines)))

    def sources(self, field: str) -> tuple[str, ...]:
        """The top-level raw keys that a field, or one inside its lines (`lines.2.price`), is read from."""
        name = field.partition(".")[0]
        if name in self.columns:
            return tuple(dict.fromkeys(path.split(".")[0] for path in self.columns[name].row.reads))
        return self.lines.paths if name == "lines" and self.lines is not None else ()

    def _lined(self, direction: Literal["reads", "writes"]) -> frozenset[str]:
        """`lines`, where a row of them goes this way."""
        return frozenset({"lines"}) if self.lines is not None and getattr(self.lines.row, direction) else frozenset()

    def write(self, values: AnyMapping[str, Value], current: Raw | None = None, *, new: bool = False) -> dict[str, Any]:
        """Raw write fields that say exactly these canonical fields.

        `current` is the row as it stands: parts of it that the mapping changes piecewise (contact information of 1C)
        are kept. `new` adds what only a new record needs. RowError for a value that cannot be said to this system.
        """
        if unknown := values.keys() - self.writes:
            raise KeyError(f"{self!r} does not write {sorted(unknown)}")
        patch: dict[str, Any] = {}
        standing = current if current is not None else _NOTHING
        silent = self._silent(values, standing)
        for name, column in self.columns.items():
            if name in values and name not in silent:
                self._put(column, values[name], patch, standing)
        if self.lines is not None and self.lines.path is not None and isinstance(rows := values.get("lines"), list):
            patch[self.lines.path] = self.lines.write(cast("list[dict[str, Value]]", rows))
        if self.rules.get("kind") == "entrepreneur" and values.get("kind") == "legal":
            self._entrepreneur(values, patch, standing)
        return self._completed(patch) if new else patch

    def sayable(
        self, values: AnyMapping[str, Value], current: Raw | None = None
    ) -> tuple[dict[str, Value], list[RowError]]:
        """The values that `write` can say to this system, and why it cannot say the others."""
        said: dict[str, Value] = {}
        refused: list[RowError] = []
        for name, value in values.items():
            try:
                self.write({name: value}, current)
                said[name] = value
            except RowError as error:
                refused.append(error)
        return said, refused

    def equal(self, field: str, left: Value, right: Value) -> bool:
        """Whether two canonical values are one for this system: the transform's own equality, total on None."""
        if left is None or right is None:
            return left is right
        if field == "lines" and self.lines is not None:
            return self.lines.equal(left, right)
        return bool(left == right or self.columns[field].transform.equal(left, right))

    def _put(self, column: Column, value: Value, patch: dict[str, Any], current: Raw) -> None:
        row = column.row
        if value is None and row.required:
            raise RowError(column.name, value, N_("this system needs a value here"))
        try:
            raws = self._raws(column, value, patch, current)
        except (Unwritable, Unreadable) as error:
            raise RowError(column.name, value, error.text, **error.facts) from error
        for path, raw in zip(row.writes, raws, strict=True):
            if raw is not OMIT:
                _place(patch, path.split("."), raw)

    def _silent(self, values: AnyMapping[str, Value], current: Raw) -> frozenset[str]:
        """Fields of the rule legal_only, when the record is a person: this system has no place for them."""
        legal = self._legal_only & values.keys()
        if not legal:
            return frozenset()
        kind = values["kind"] if "kind" in values else as_dict(self.read(current, [])).get("kind")
        return legal if kind == "person" else frozenset()

    def _entrepreneur(self, values: AnyMapping[str, Value], patch: dict[str, Any], current: Raw) -> None:
        """The rule of this name, writing: the word for an entrepreneur instead of that for a firm."""
        column = self.columns["kind"]
        known = {**as_dict(self.read(current, [])), **values}
        if column.row.table is not None and is_entrepreneur(known.get("ogrn"), known.get("legal_name")):
            _place(patch, column.row.writes[0].split("."), entrepreneur_word(column.row.table))

    def _raws(self, column: Column, value: Value, patch: dict[str, Any], current: Raw) -> tuple[Any, ...]:
        """One raw value for each write path."""
        row, transform = column.row, column.transform
        standing = tuple(_standing(path, patch, current) for path in row.writes)
        if transform.write is None:
            raise Unwritable(N_("this system does not take this field"))
        if value is None and not transform.clears:
            return (self._empty(column),) * len(row.writes)
        if transform.patches:
            raws = transform.write(value, standing if len(row.writes) > 1 else standing[0])
        else:
            raws = transform.write(value)
        raws = raws if isinstance(raws, tuple) else (raws,)
        if all(isinstance(raw, str) and raw.strip() in column.blanks for raw in raws):
            raise Unwritable(N_("this system takes this value for an empty one"))
        return raws

    @staticmethod
    def _empty(column: Column) -> Any:
        empty = column.row.blank[0] if column.row.blank else column.transform.empty
        if empty is UNSAYABLE:
            raise Unwritable(N_("this system has no spelling for an empty value here"))
        return empty

    def with_defaults(self, defaults: AnyMapping[str, str]) -> Mapping:
        """The same mapping, whose new records get these values of canonical fields when they have none."""
        written = {path: value for name, value in defaults.items() for path in self.columns[name].row.writes[:1]}
        kept = {**self.file.write_defaults, **written}
        return Mapping(self.file.model_copy(update={"write_defaults": kept}), self.zone)

    @property
    def defaulted(self) -> frozenset[str]:
        """The canonical fields that a new record gets even when it has none."""
        given = self.file.write_defaults
        return frozenset(name for name, column in self.columns.items() if given.keys() & set(column.row.writes))

    def _completed(self, patch: dict[str, Any]) -> dict[str, Any]:
        for key, source in self.file.write_copies.items():
            if key not in patch and source in patch:
                patch[key] = patch[source]
        return {**self.file.write_defaults, **patch}


def load(
    folders: Sequence[Path],
    kind: str,
    entity: str,
    profile: str | None = None,
    *,
    timezone: str = "Europe/Moscow",
) -> Mapping:
    """The mapping of an entity of a kind of account (of a profile, for 1C); the first folder that has the file wins.

    `timezone` is the account's: moments without an offset are on its clock. ConfigError when no file is there or it is
    wrong.
    """
    name = file_of(kind, entity, profile)
    for folder in folders:
        if (folder / name).is_file():
            return build(read_yaml(folder / name), kind, entity, profile, timezone=timezone)
    raise ConfigError(N_("there is no mapping {name}"), name=name.as_posix())


def file_of(kind: str, entity: str, profile: str | None = None) -> Path:
    """Where the mapping of an entity lies in a folder of mappings."""
    return Path("profiles", profile, f"{entity}.yaml") if profile is not None else Path(kind, f"{entity}.yaml")


def build(
    document: Document, kind: str, entity: str, profile: str | None = None, *, timezone: str = "Europe/Moscow"
) -> Mapping:
    """The mapping that a document describes. ConfigError when it is wrong or describes something else."""
    file: MappingFile = document.build(MappingFile)
    for word, said, expected in (
        ("system", file.system, kind),
        ("entity", file.entity, entity),
        ("profile", file.profile, profile),
    ):
        if said != expected:
            raise document.error(N_("this file must say “{word}: {expected}”"), word, word=word, expected=expected)
    return Mapping(file, ZoneInfo(timezone))


def _lines(file: MappingFile, zone: ZoneInfo) -> Lines | None:
    """The block `lines`: its rows are a mapping of the entity's own kind of row."""
    block, line = file.lines, ENTITIES[file.entity].line if file.entity in ENTITIES else None
    if block is None or line is None:
        return None
    row = MappingFile.model_construct(
        system=file.system,
        entity=line.entity,
        profile=file.profile,
        fields=block.fields,
        write_defaults=block.write_defaults,
        write_copies={},
        lines=None,
    )
    return Lines(block.path, Mapping(row, zone), block.shipping)


def _standing(path: str, patch: dict[str, Any], current: Raw) -> Any:
    """What the patch, or else the current row, holds at a path."""
    for place in (patch, current):
        value: Any = place
        for key in path.split("."):
            value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
        if value is not MISSING:
            return value
    return MISSING


def _place(patch: dict[str, Any], keys: list[str], raw: Any) -> None:
    *heads, last = keys
    for head in heads:
        patch = patch.setdefault(head, {})
    patch[last] = raw


def _digest(file: MappingFile, zone: ZoneInfo) -> str:
    body = msgspec.json.encode([REVISION, zone.key, file.model_dump(mode="json", by_alias=True)])
    return blake2b(body, digest_size=8).hexdigest()


__all__ = ["Mapping", "build", "fail", "file_of", "load"]
