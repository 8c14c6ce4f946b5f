"""The tables, every constraint named. Alembic's migrations build the same; a test compares the two.

Flags are integers 0/1, money is integer minor units, bodies are canonical JSON bytes, moments are ISO text with offset:
the same SQL then reads the same values from SQLite and from PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_Id = BigInteger().with_variant(Integer, "sqlite")

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

hub = Table(
    "hub",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("survivor", Text, comment="the uid this one was merged into"),
    Index("ix_hub_entity", "entity"),
)

identifier = Table(
    "identifier",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("uid", Text, primary_key=True),
    Index("ix_identifier_uid", "uid"),
)

feed = Table(
    "feed",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("spoke", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("mapping", Text, comment="version of the mapping that the shadows were computed with"),
    UniqueConstraint("spoke", "entity", name="uq_feed_spoke_entity"),
)

link = Table(
    "link",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("feed", _Id, ForeignKey("feed.id", name="fk_link_feed"), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("is_primary", Integer, nullable=False),
    Column("seen", LargeBinary),
    Column("seen_hash", LargeBinary),
    Column("shadow", LargeBinary),
    Column("version", Text),
    Column("gone", Integer, nullable=False),
    Column("changed_at", Text),
    Column("run", Integer, nullable=False, comment="the run that made the link"),
    Column("how", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
    UniqueConstraint("feed", "external_id", name="uq_link_feed_external_id"),
    Index(
        "uq_link_primary",
        "uid",
        "feed",
        unique=True,
        sqlite_where=text("is_primary = 1"),
        postgresql_where=text("is_primary = 1"),
    ),
)

cursor = Table(
    "cursor",
    metadata,
    Column("account", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("value", Text),
    Column("complete_up_to", Text),
    Column("run", Integer),
)

dirty = Table(
    "dirty",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("stage", Integer, nullable=False, comment="0 to be merged, 1 to be planned"),
    Index("ix_dirty_entity_stage", "entity", "stage"),
)

lookup = Table(
    "lookup",
    metadata,
    Column("feed", _Id, ForeignKey("feed.id", name="fk_lookup_feed"), primary_key=True),
    Column("uid", Text, primary_key=True),
    Column("keys", Text, nullable=False, comment="the keys it was looked up by"),
    Column("at", Text, nullable=False),
)

operation = Table(
    "operation",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("entity", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("spoke", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("external_id", Text),
    Column("patch", Text, nullable=False),
    Column("expect", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("repeat", Text, nullable=False),
    Column("reason", Text),
    Column("evidence", Text, nullable=False),
    Column("at", Text, nullable=False),
    Index("ix_operation_uid", "uid"),
    Index("ix_operation_run", "run"),
    Index(
        "ix_operation_status",
        "status",
        sqlite_where=text("status <> 'done'"),
        postgresql_where=text("status <> 'done'"),
    ),
    Index(
        "uq_operation_open",
        "uid",
        "spoke",
        "verb",
        unique=True,
        sqlite_where=text("status IN ('sent', 'unknown', 'parked', 'offered')"),
        postgresql_where=text("status IN ('sent', 'unknown', 'parked', 'offered')"),
    ),
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("uid", Text, nullable=False),
    Column("field", Text),
    Column("base", Text),
    Column("vals", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("winner", Text),
    Column("by", Text),
    Column("status", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("run", Integer, nullable=False),
    Index("ix_conflict_uid", "uid"),
    Index(
        "uq_conflict_open",
        "uid",
        "kind",
        "field",
        unique=True,
        sqlite_where=text("status = 'open'"),
        postgresql_where=text("status = 'open'"),
    ),
)

journal = Table(
    "journal",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("uid", Text),
    Column("field", Text, nullable=False),
    Column("value", Text),
    Column("reason", Text, nullable=False),
    Column("amount", BigInteger),
    Column("do", Text),
    Column("at", Text, nullable=False),
    UniqueConstraint("account", "entity", "external_id", "field", "kind", name="uq_journal_subject"),
    Index("ix_journal_uid", "uid"),
)

run = Table(
    "run",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("started_at", Text, nullable=False),
    Column("finished_at", Text),
    Column("status", Text, nullable=False),
    Column("summary", Text),
)

route_state = Table(
    "route_state",
    metadata,
    Column("entity", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("completed", Integer, nullable=False, comment="completed runs"),
    Column("consent_at", Text),
)

brake = Table(
    "brake",
    metadata,
    Column("id", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("limit", Integer, nullable=False),
    Column("run", Integer, nullable=False),
)

holding = Table(
    "holding",
    metadata,
    Column("feed", _Id, ForeignKey("feed.id", name="fk_holding_feed"), primary_key=True, comment="of the customer"),
    Column("external_id", Text, primary_key=True, comment="of the customer"),
    Column("value", Text, primary_key=True, comment="a card number that this customer holds there"),
)

unit = Table(
    "unit",
    metadata,
    Column("account", Text, primary_key=True),
    Column("endpoint", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("proved_at", Text, nullable=False),
)

lock = Table(
    "lock",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("taken_at", Text, nullable=False),
    Column("beat", BigInteger, nullable=False, comment="unix seconds of the last heartbeat"),
)
