"""The tables, every constraint named. Alembic's migrations build the same; a test compares the two.

Flags are integers 0/1, money is integer minor units, bodies are canonical JSON bytes, moments are ISO text with offset:
the same SQL then reads the same values from SQLite and from PostgreSQL. SQLite's tables are STRICT, so that neither
takes a value of another type; PostgreSQL's text is compared byte by byte (`COLLATE "C"`), so that both sort alike and
no update of the server's locale can break an index. Ids that a person is shown are never given twice.
"""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

from connector.model.states import ConflictKind, Status
from connector.store.version import VERSION_TABLE

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_Big = BigInteger().with_variant(Integer, "sqlite")
_Text = Text().with_variant(Text(collation="C"), "postgresql")


__all__ = ["VERSION_TABLE", "metadata"]


def _table(name: str, *parts: SchemaItem, **options: Any) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True, **options)


def _unique_where(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where))


def _index_where(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


def _one_of(column: str, *allowed: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(allowed)})", name=column)


version = _table(VERSION_TABLE, Column("version_num", _Text, primary_key=True))

meta = _table("meta", Column("key", _Text, primary_key=True), Column("value", _Text, nullable=False))

hub = _table(
    "hub",
    Column("uid", _Text, primary_key=True),
    Column("entity", _Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("survivor", _Text, comment="the uid this one was merged into"),
    _index_where("ix_hub_entity", "entity", "uid", where="survivor IS NULL"),
)

identifier = _table(
    "identifier",
    # the value before its scheme: a page asks for many values of any scheme
    Column("entity", _Text, primary_key=True),
    Column("value", _Text, primary_key=True),
    Column("scheme", _Text, primary_key=True),
    Column("uid", _Text, primary_key=True),
    Index("ix_identifier_uid", "uid"),
    sqlite_with_rowid=False,
)

feed = _table(
    "feed",
    Column("id", _Big, primary_key=True),
    Column("spoke", _Text, nullable=False),
    Column("entity", _Text, nullable=False),
    Column("mapping", _Text, comment="version of the mapping that the shadows were computed with"),
    UniqueConstraint("spoke", "entity", name="uq_feed_spoke_entity"),
)

link = _table(
    "link",
    Column("id", _Big, primary_key=True),
    Column("feed", _Big, ForeignKey("feed.id", name="fk_link_feed"), nullable=False),
    Column("external_id", _Text, nullable=False),
    Column("uid", _Text, nullable=False),
    Column("is_primary", Integer, nullable=False),
    Column("gone", Integer, nullable=False),
    Column("seen_hash", LargeBinary),
    Column("version", _Text),
    Column("changed_at", _Text),
    Column("run", Integer, nullable=False, comment="the run that made the link"),
    Column("how", _Text, nullable=False),
    Column("by", _Text, nullable=False),
    Column("at", _Text, nullable=False),
    # the large ones last: SQLite then finds the rest without reading on
    Column("seen", LargeBinary),
    Column("shadow", LargeBinary),
    UniqueConstraint("feed", "external_id", name="uq_link_feed_external_id"),
    _one_of("is_primary", "0", "1"),
    _one_of("gone", "0", "1"),
    _unique_where("uq_link_primary", "uid", "feed", where="is_primary = 1"),
    _index_where("ix_link_alias", "uid", where="is_primary = 0"),
    _index_where("ix_link_gone", "feed", where="gone = 1"),
    sqlite_autoincrement=True,  # what is new since a run is told by its id
)

cursor = _table(
    "cursor",
    Column("account", _Text, primary_key=True),
    Column("entity", _Text, primary_key=True),
    Column("value", _Text),
    Column("complete_up_to", _Text),
    Column("run", Integer),
)

dirty = _table(
    "dirty",
    Column("uid", _Text, primary_key=True),
    Column("entity", _Text, nullable=False),
    Column("stage", Integer, nullable=False, comment="0 to merge, 1 to plan"),
    Index("ix_dirty_entity_stage", "entity", "stage", "uid"),
    sqlite_with_rowid=False,
)

lookup = _table(
    "lookup",
    Column("feed", _Big, ForeignKey("feed.id", name="fk_lookup_feed"), primary_key=True),
    Column("uid", _Text, primary_key=True),
    Column("keys", _Text, nullable=False, comment="the keys it was looked up by"),
    Column("at", _Text, nullable=False),
)

operation = _table(
    "operation",
    Column("id", _Big, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("entity", _Text, nullable=False),
    Column("account", _Text, nullable=False),
    Column("spoke", _Text, nullable=False),
    Column("uid", _Text, nullable=False),
    Column("verb", _Text, nullable=False),
    Column("external_id", _Text),
    Column("patch", _Text, nullable=False),
    Column("expect", _Text, nullable=False),
    Column("status", _Text, nullable=False),
    Column("repeat", _Text, nullable=False),
    Column("reason", _Text),
    Column("evidence", _Text, nullable=False),
    Column("at", _Text, nullable=False),
    Index("ix_operation_uid", "uid"),
    Index("ix_operation_run", "run"),
    _index_where("ix_operation_status", "status", where="status <> 'done'"),
    _unique_where(
        "uq_operation_open", "uid", "spoke", "verb", where="status IN ('sent', 'unknown', 'parked', 'offered')"
    ),
    _one_of("status", *(f"'{status}'" for status in get_args(Status))),
    sqlite_autoincrement=True,
)

conflict = _table(
    "conflict",
    Column("id", _Big, primary_key=True),
    Column("kind", _Text, nullable=False),
    Column("entity", _Text, nullable=False),
    Column("uid", _Text, nullable=False),
    Column("field", _Text, nullable=False, comment="empty where the whole record is meant"),
    Column("base", _Text),
    Column("vals", _Text, nullable=False),
    Column("rule", _Text, nullable=False),
    Column("winner", _Text),
    Column("by", _Text),
    Column("status", _Text, nullable=False),
    Column("at", _Text, nullable=False),
    Column("run", Integer, nullable=False),
    Index("ix_conflict_uid", "uid"),
    Index("ix_conflict_run", "run"),
    _unique_where("uq_conflict_open", "uid", "kind", "field", where="status = 'open'"),
    _one_of("kind", *(f"'{kind}'" for kind in get_args(ConflictKind))),
    _one_of("status", "'open'", "'resolved'"),
    sqlite_autoincrement=True,
)

journal = _table(
    "journal",
    Column("id", _Big, primary_key=True),
    Column("run", Integer, nullable=False, comment="that said so last; 0: looked at anew and not said again"),
    Column("kind", _Text, nullable=False),
    Column("account", _Text, nullable=False),
    Column("entity", _Text, nullable=False),
    Column("external_id", _Text, nullable=False),
    Column("uid", _Text),
    Column("field", _Text, nullable=False),
    Column("value", _Text),
    Column("reason", _Text, nullable=False),
    Column("amount", _Big),
    Column("do", _Text),
    Column("at", _Text, nullable=False, comment="when it began to be so"),
    Column("dismissed_by", _Text, comment="who said that nobody need look, while nothing changes"),
    Column("dismissed_at", _Text),
    UniqueConstraint("account", "entity", "external_id", "field", "kind", name="uq_journal_subject"),
    _one_of("kind", "'unreadable'", "'waiting'"),
    Index("ix_journal_uid", "uid"),
    sqlite_autoincrement=True,
)

run = _table(
    "run",
    Column("id", _Big, primary_key=True),
    Column("started_at", _Text, nullable=False),
    Column("finished_at", _Text),
    Column("status", _Text, nullable=False),
    Column("summary", _Text),
    sqlite_autoincrement=True,
)

route_state = _table(
    "route_state",
    Column("entity", _Text, primary_key=True),
    Column("account", _Text, primary_key=True),
    Column("completed", Integer, nullable=False, comment="completed runs"),
    Column("consent_at", _Text),
)

brake = _table(
    "brake",
    Column("id", _Text, primary_key=True),
    Column("route", _Text, nullable=False),
    Column("kind", _Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("limit", Integer, nullable=False),
    Column("run", Integer, nullable=False),
)

holding = _table(
    "holding",
    Column("feed", _Big, ForeignKey("feed.id", name="fk_holding_feed"), primary_key=True, comment="of the customer"),
    Column("external_id", _Text, primary_key=True, comment="of the customer"),
    Column("value", _Text, primary_key=True, comment="a card number that this customer holds there"),
)

unit = _table(
    "unit",
    Column("account", _Text, primary_key=True),
    Column("endpoint", _Text, primary_key=True),
    Column("field", _Text, primary_key=True),
    Column("unit", _Text, nullable=False),
    Column("proved_at", _Text, nullable=False),
)

lock = _table(
    "lock",
    Column("name", _Text, primary_key=True),
    Column("owner", _Text, nullable=False),
    Column("taken_at", _Text, nullable=False),
    Column("beat", _Big, nullable=False, comment="unix seconds of the last heartbeat"),
)
