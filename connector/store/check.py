"""Whether a store is whole: `connector db check`. Reads only, and says what it finds in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import ForeignKeyConstraint, Table

from connector.errors import StopError
from connector.locale import N_, Sentence
from connector.model.states import shadow_from
from connector.store.db import Db
from connector.store.store import Store
from connector.store.tables import metadata
from connector.store.version import NEWEST, version

Keys = Callable[[str, Mapping[str, Any]], Iterable[tuple[str, str]]]
"""(entity, values of a record) -> the identifiers it should be found by."""

_CHUNK: Final = 1000


def check(store: Store, keys: Keys | None = None) -> list[Sentence]:
    """What is wrong with the store; nothing when it is whole. With `keys` also whether records are found by their own.

    Tables of another version, or a damaged file, are said alone: what they tell of the rest means nothing.
    """
    try:
        with store.db.snapshot():
            found = list(_of_database(store.db)) or [
                *_of_guards(store.db),
                *_of_references(store.db),
                *_of_links(store.db),
                *_of_bodies(store.db),
            ]
            if keys is not None and not found:
                found = list(_of_identifiers(store, keys))
            return found
    except StopError as error:
        return [error.sentence]


def _of_database(db: Db) -> Iterator[Sentence]:
    known = version(db)
    if known != NEWEST:
        yield Sentence(N_("its tables are of version {found}, not {wanted}"), found=known, wanted=NEWEST)
    elif db.sqlite:
        said = [row[0] for row in db.all("PRAGMA integrity_check(20)")]
        if said != ["ok"]:
            yield Sentence(N_("the file is damaged: {what}"), what="; ".join(said))


def _of_guards(db: Db) -> Iterator[Sentence]:
    lacking = sorted(_guards() - _present(db))
    if lacking:
        yield Sentence(N_("its tables have lost what guards them: {names}"), names=", ".join(lacking))


def _guards() -> set[str]:
    """The names of all constraints and indexes but the primary keys."""
    found: set[str] = set()
    for table in metadata.tables.values():
        found |= {str(item.name) for item in table.constraints if item is not table.primary_key}
        found |= {str(index.name) for index in table.indexes}
    return found


def _present(db: Db) -> set[str]:
    if not db.sqlite:
        rows = db.all(
            "SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
            " UNION SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
        )
        return {row[0] for row in rows}
    found: set[str] = set()
    for name, sql in db.all("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        found |= {name, *re.findall(r'CONSTRAINT "?(\w+)', sql)}
    return found


_ORPHANS: Final = (
    (N_("links without a record: {count}"), "link l LEFT JOIN hub h ON h.uid = l.uid WHERE h.uid IS NULL"),
    (N_("identifiers without a record: {count}"), "identifier i LEFT JOIN hub h ON h.uid = i.uid WHERE h.uid IS NULL"),
    (N_("waiting work without a record: {count}"), "dirty d LEFT JOIN hub h ON h.uid = d.uid WHERE h.uid IS NULL"),
    (
        N_("records merged into one that is not there: {count}"),
        "hub a LEFT JOIN hub b ON b.uid = a.survivor WHERE a.survivor IS NOT NULL AND b.uid IS NULL",
    ),
    (
        N_("links of records that were merged into others: {count}"),
        "link l JOIN hub h ON h.uid = l.uid WHERE h.survivor IS NOT NULL",
    ),
    (
        N_("open conflicts of a record that is not there: {count}"),
        "conflict c LEFT JOIN hub h ON h.uid = c.uid WHERE c.status = 'open' AND h.uid IS NULL",
    ),
    (
        N_("open operations of a record that is not there: {count}"),
        "operation o LEFT JOIN hub h ON h.uid = o.uid WHERE o.status <> 'done' AND o.verb <> 'call' AND h.uid IS NULL",
    ),
)


def _of_references(db: Db) -> Iterator[Sentence]:
    for text, rows in _ORPHANS:
        if count := db.value(f"SELECT count(*) FROM {rows}"):
            yield Sentence(text, count=count)
    for table in metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if count := db.value(_dangling(table, key)):
                text = N_("rows of “{table}” that refer to no “{other}”: {count}")
                yield Sentence(text, table=table.name, other=key.referred_table.name, count=count)


def _dangling(table: Table, key: ForeignKeyConstraint) -> str:
    (element,) = key.elements
    there = element.column
    return (
        f'SELECT count(*) FROM "{table.name}" a LEFT JOIN "{there.table.name}" b'
        f' ON b."{there.name}" = a."{element.parent.name}"'
        f' WHERE a."{element.parent.name}" IS NOT NULL AND b."{there.name}" IS NULL'
    )


_TWICE: Final = (
    (N_("records with two primary links in one system: {count}"), "uid, feed", "WHERE is_primary = 1"),
    (N_("external ids that are linked twice: {count}"), "feed, external_id", ""),
)


def _of_links(db: Db) -> Iterator[Sentence]:
    """What the unique constraints forbid, asked without them: an index may be broken or missing."""
    for text, columns, where in _TWICE:
        twice = f"SELECT 1 FROM link {where} GROUP BY {columns} HAVING count(*) > 1"
        if count := db.value(f"SELECT count(*) FROM ({twice}) AS twice"):
            yield Sentence(text, count=count)


def _of_bodies(db: Db) -> Iterator[Sentence]:
    """Every record and shadow can still be decoded."""
    decode_any = msgspec.json.Decoder().decode
    for name, column, key, decode in (
        ("hub", "body", "uid", decode_any),
        ("link", "seen", "id", decode_any),
        ("link", "shadow", "id", shadow_from),
    ):
        parts = db.each(f"SELECT {key}, {column} FROM {name} WHERE {column} IS NOT NULL ORDER BY {key}", chunk=_CHUNK)
        broken = [row[0] for rows in parts for row in rows if not _decodes(decode, row[1])]
        if broken:
            text = N_("unreadable “{column}” in “{table}”: {count}, the first is {key}")
            yield Sentence(text, table=name, column=column, count=len(broken), key=broken[0])


def _decodes(decode: Callable[[bytes], object], body: bytes) -> bool:
    try:
        decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _of_identifiers(store: Store, keys: Keys) -> Iterator[Sentence]:
    """A settled record is found by each of its keys, and by no other value of a key that it holds."""
    lost: list[str] = []
    strange: list[str] = []
    for entity, uids in _settled(store):
        held = store.hub.identifiers(uids)
        for uid, body in store.hub.bodies(uids).items():
            wanted = set(keys(entity, msgspec.json.decode(body)))
            single = {scheme for scheme, _ in wanted} - _SEVERAL
            if wanted - held[uid]:
                lost.append(uid)
            if any(scheme in single and (scheme, value) not in wanted for scheme, value in held[uid]):
                strange.append(uid)
    for text, found in (
        (N_("records that are not found by their own keys: {count}, the first is {uid}"), lost),
        (N_("records that are found by keys of others: {count}, the first is {uid}"), strange),
    ):
        if found:
            yield Sentence(text, count=len(found), uid=found[0])


_SEVERAL: Final = frozenset({"id_1c", "card_uid", "reference"})
"""Schemes of which one record may carry several values."""


def _settled(store: Store) -> Iterator[tuple[str, list[str]]]:
    """(entity, uids) of records that live somewhere and wait for no merge."""
    for (entity,) in store.db.all("SELECT DISTINCT entity FROM hub ORDER BY entity"):
        after = ""
        while uids := store.hub.uids(entity, after, _CHUNK):
            after = uids[-1]
            rows = store.db.all(
                "SELECT DISTINCT l.uid FROM link l LEFT JOIN dirty d ON d.uid = l.uid"
                f" WHERE l.gone = 0 AND d.uid IS NULL AND l.uid {store.db.among} ORDER BY l.uid",
                (store.db.listed(uids),),
            )
            yield entity, [row[0] for row in rows]
