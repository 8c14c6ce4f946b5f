"""Alembic runs this: the connection, inside its transaction, comes from `connector.store.upgrade`."""

from __future__ import annotations

from alembic import context

from connector.store.tables import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
