"""From the tables of an older connector to those of this one: `connector db upgrade`.

A change of `tables.py` needs a new file in `migrations/versions` (`r0002_what.py`, revision "0002") that says the same,
with `op.batch_alter_table` for what SQLite cannot alter, and `NEWEST` in `version.py`. There is no way back but a
backup. The tests prove that both ways lead to the same tables, on both databases, from every released version.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.errors import StopError
from connector.locale import N_
from connector.store.db import Db
from connector.store.store import Store
from connector.store.tables import VERSION_TABLE, metadata
from connector.store.version import NEWEST, make_schema, newer, refuse_others, version

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def revision(store: Store) -> str | None:
    """The version of the store's tables; None when it has none yet."""
    return version(store.db)


def needs_upgrade(store: Store) -> bool:
    """Whether `upgrade` has something to do. Raises Outdated for a store of a newer connector."""
    found = revision(store)
    if found is not None and found > NEWEST:
        raise newer(found)
    return found != NEWEST


def upgrade(store: Store, to: str = "head", migrations: Path = MIGRATIONS) -> None:
    """Bring the tables to the newest version (or to `to`): all of it or nothing. A new store gets its tables.

    Nobody else writes meanwhile. Raises Outdated for a store of a newer connector.
    """
    config = configuration(migrations)
    db = store.db
    db.open()  # Alembic speaks through SQLAlchemy, and so must the transaction around it
    with _unchecked_references(db), db.transaction(durable=True):
        make_schema(db)
        found = version(db)
        if found is None:
            refuse_others(db)
            metadata.tables[VERSION_TABLE].create(db.open(), checkfirst=True)
        elif found not in _known(config):
            raise newer(found)
        _run(config, db, to)
        _check_references(db)


def configuration(migrations: Path = MIGRATIONS) -> Config:
    """Alembic's settings, without a file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    return config


def _known(config: Config) -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def _run(config: Config, db: Db, to: str) -> None:
    from alembic import command

    config.attributes["connection"] = db.open()
    command.upgrade(config, to)


@contextmanager
def _unchecked_references(db: Db) -> Iterator[None]:
    """SQLite rebuilds a table to alter it: what refers to it dangles until the copy has its name."""
    if not db.sqlite:
        yield
        return
    db.raw().execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        db.raw().execute("PRAGMA foreign_keys=ON")


def _check_references(db: Db) -> None:
    broken = db.all("PRAGMA foreign_key_check") if db.sqlite else []
    if broken:
        raise StopError(
            N_("{count} rows would refer to nothing after the upgrade: nothing was changed; run `connector db check`"),
            count=len(broken),
        )
