"""The first version of the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _brake()
    _conflict()
    _cursor()
    _dirty()
    _feed()
    _hub()
    _identifier()
    _journal()
    _lock()
    _meta()
    _operation()
    _route_state()
    _run()
    _unit()
    _holding()
    _link()
    _lookup()


def _brake() -> None:
    op.create_table(
        "brake",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("route", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brake")),
        sqlite_strict=True,
    )


def _conflict() -> None:
    op.create_table(
        "conflict",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("field", _TEXT, nullable=False, comment="empty where the whole record is meant"),
        sa.Column("base", _TEXT),
        sa.Column("vals", _TEXT, nullable=False),
        sa.Column("rule", _TEXT, nullable=False),
        sa.Column("winner", _TEXT),
        sa.Column("by", _TEXT),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('field', 'identity', 'document')", name=op.f("ck_conflict_kind")),
        sa.CheckConstraint("status IN ('open', 'resolved')", name=op.f("ck_conflict_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_conflict_uid", "conflict", ["uid"])
    op.create_index("ix_conflict_run", "conflict", ["run"])
    op.create_index(
        "uq_conflict_open",
        "conflict",
        ["uid", "kind", "field"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )


def _cursor() -> None:
    op.create_table(
        "cursor",
        sa.Column("account", _TEXT, nullable=False),
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("value", _TEXT),
        sa.Column("complete_up_to", _TEXT),
        sa.Column("run", sa.Integer()),
        sa.PrimaryKeyConstraint("account", "entity", name=op.f("pk_cursor")),
        sqlite_strict=True,
    )


def _dirty() -> None:
    op.create_table(
        "dirty",
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False, comment="0 to merge, 1 to plan"),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_dirty")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dirty_entity_stage", "dirty", ["entity", "stage", "uid"])


def _feed() -> None:
    op.create_table(
        "feed",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("spoke", _TEXT, nullable=False),
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("mapping", _TEXT, comment="version of the mapping that the shadows were computed with"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("spoke", "entity", name="uq_feed_spoke_entity"),
        sqlite_strict=True,
    )


def _hub() -> None:
    op.create_table(
        "hub",
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("survivor", _TEXT, comment="the uid this one was merged into"),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_hub")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_hub_entity",
        "hub",
        ["entity", "uid"],
        sqlite_where=sa.text("survivor IS NULL"),
        postgresql_where=sa.text("survivor IS NULL"),
    )


def _identifier() -> None:
    op.create_table(
        "identifier",
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.Column("scheme", _TEXT, nullable=False),
        sa.Column("uid", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("entity", "value", "scheme", "uid", name=op.f("pk_identifier")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_identifier_uid", "identifier", ["uid"])


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", _BIG, nullable=False),
        sa.Column(
            "run", sa.Integer(), nullable=False, comment="that said so last; 0: looked at anew and not said again"
        ),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("account", _TEXT, nullable=False),
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("external_id", _TEXT, nullable=False),
        sa.Column("uid", _TEXT),
        sa.Column("field", _TEXT, nullable=False),
        sa.Column("value", _TEXT),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("amount", _BIG),
        sa.Column("do", _TEXT),
        sa.Column("at", _TEXT, nullable=False, comment="when it began to be so"),
        sa.Column("dismissed_by", _TEXT, comment="who said that nobody need look, while nothing changes"),
        sa.Column("dismissed_at", _TEXT),
        sa.CheckConstraint("kind IN ('unreadable', 'waiting')", name=op.f("ck_journal_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("account", "entity", "external_id", "field", "kind", name="uq_journal_subject"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_journal_uid", "journal", ["uid"])


def _lock() -> None:
    op.create_table(
        "lock",
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("owner", _TEXT, nullable=False),
        sa.Column("taken_at", _TEXT, nullable=False),
        sa.Column("beat", _BIG, nullable=False, comment="unix seconds of the last heartbeat"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lock")),
        sqlite_strict=True,
    )


def _meta() -> None:
    op.create_table(
        "meta",
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
        sqlite_strict=True,
    )


def _operation() -> None:
    op.create_table(
        "operation",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("account", _TEXT, nullable=False),
        sa.Column("spoke", _TEXT, nullable=False),
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("verb", _TEXT, nullable=False),
        sa.Column("external_id", _TEXT),
        sa.Column("patch", _TEXT, nullable=False),
        sa.Column("expect", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("repeat", _TEXT, nullable=False),
        sa.Column("reason", _TEXT),
        sa.Column("evidence", _TEXT, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
        sa.CheckConstraint(
            "status IN ('ready', 'sent', 'done', 'refused', 'unknown', 'parked', 'offered')",
            name=op.f("ck_operation_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_operation_run", "operation", ["run"])
    op.create_index(
        "ix_operation_status",
        "operation",
        ["status"],
        sqlite_where=sa.text("status <> 'done'"),
        postgresql_where=sa.text("status <> 'done'"),
    )
    op.create_index("ix_operation_uid", "operation", ["uid"])
    op.create_index(
        "uq_operation_open",
        "operation",
        ["uid", "spoke", "verb"],
        unique=True,
        sqlite_where=sa.text("status IN ('sent', 'unknown', 'parked', 'offered')"),
        postgresql_where=sa.text("status IN ('sent', 'unknown', 'parked', 'offered')"),
    )


def _route_state() -> None:
    op.create_table(
        "route_state",
        sa.Column("entity", _TEXT, nullable=False),
        sa.Column("account", _TEXT, nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False, comment="completed runs"),
        sa.Column("consent_at", _TEXT),
        sa.PrimaryKeyConstraint("entity", "account", name=op.f("pk_route_state")),
        sqlite_strict=True,
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("started_at", _TEXT, nullable=False),
        sa.Column("finished_at", _TEXT),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("summary", _TEXT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("account", _TEXT, nullable=False),
        sa.Column("endpoint", _TEXT, nullable=False),
        sa.Column("field", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("proved_at", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account", "endpoint", "field", name=op.f("pk_unit")),
        sqlite_strict=True,
    )


def _holding() -> None:
    op.create_table(
        "holding",
        sa.Column("feed", _BIG, nullable=False, comment="of the customer"),
        sa.Column("external_id", _TEXT, nullable=False, comment="of the customer"),
        sa.Column("value", _TEXT, nullable=False, comment="a card number that this customer holds there"),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name="fk_holding_feed"),
        sa.PrimaryKeyConstraint("feed", "external_id", "value", name=op.f("pk_holding")),
        sqlite_strict=True,
    )


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("feed", _BIG, nullable=False),
        sa.Column("external_id", _TEXT, nullable=False),
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("is_primary", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("seen_hash", sa.LargeBinary()),
        sa.Column("version", _TEXT),
        sa.Column("changed_at", _TEXT),
        sa.Column("run", sa.Integer(), nullable=False, comment="the run that made the link"),
        sa.Column("how", _TEXT, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
        sa.Column("seen", sa.LargeBinary()),
        sa.Column("shadow", sa.LargeBinary()),
        sa.CheckConstraint("gone IN (0, 1)", name=op.f("ck_link_gone")),
        sa.CheckConstraint("is_primary IN (0, 1)", name=op.f("ck_link_is_primary")),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name="fk_link_feed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("feed", "external_id", name="uq_link_feed_external_id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ix_link_alias",
        "link",
        ["uid"],
        sqlite_where=sa.text("is_primary = 0"),
        postgresql_where=sa.text("is_primary = 0"),
    )
    op.create_index(
        "ix_link_gone",
        "link",
        ["feed"],
        sqlite_where=sa.text("gone = 1"),
        postgresql_where=sa.text("gone = 1"),
    )
    op.create_index(
        "uq_link_primary",
        "link",
        ["uid", "feed"],
        unique=True,
        sqlite_where=sa.text("is_primary = 1"),
        postgresql_where=sa.text("is_primary = 1"),
    )


def _lookup() -> None:
    op.create_table(
        "lookup",
        sa.Column("feed", _BIG, nullable=False),
        sa.Column("uid", _TEXT, nullable=False),
        sa.Column("keys", _TEXT, nullable=False, comment="the keys it was looked up by"),
        sa.Column("at", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name="fk_lookup_feed"),
        sa.PrimaryKeyConstraint("feed", "uid", name=op.f("pk_lookup")),
        sqlite_strict=True,
    )
