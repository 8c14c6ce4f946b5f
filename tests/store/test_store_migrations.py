"""Both ways to a store lead to the same tables; every released version can be brought to this one; all or nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from connector.errors import ConfigError, StopError, Unavailable
from connector.resources import schemas_folder
from connector.store import Store, open_store
from connector.store import ddl as sql
from connector.store.failures import Outdated
from connector.store.tables import VERSION_TABLE, metadata
from connector.store.upgrade import MIGRATIONS, configuration, needs_upgrade, revision, upgrade
from connector.store.version import NEWEST
from store.shape import shape

RELEASED = Path(__file__).parent / "released"


def revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(configuration())
    return sorted(script.revision for script in scripts.walk_revisions())


def test_migrations_make_the_tables_that_the_code_knows(new_url: str, store: Store) -> None:
    with open_store(new_url) as migrated:
        assert revision(migrated) is None
        assert needs_upgrade(migrated)
        upgrade(migrated)
        assert not needs_upgrade(migrated)
        assert shape(migrated.db) == shape(store.db)
        assert differences(migrated) == []
        assert revision(migrated) == revision(store) == NEWEST


def test_the_tables_made_at_once_are_the_ones_that_the_code_knows(store: Store) -> None:
    assert differences(store) == []
    assert len(shape(store.db)["columns"]) == sum(len(table.columns) for table in metadata.tables.values())


def differences(store: Store) -> list[object]:
    """What Alembic would still have to do."""
    options = {"target_metadata": metadata, "version_table": VERSION_TABLE, "compare_server_default": True}
    connection = store.db.open()
    with store.transaction():
        context = MigrationContext.configure(connection, opts=options)
        found: list[object] = compare_metadata(context, metadata)
    return found


def test_the_newest_version_is_the_last_revision() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_heads() == [NEWEST]
    assert revisions() == [f"{number:04d}" for number in range(1, len(revisions()) + 1)]


@pytest.mark.parametrize("database", sorted(sql.FILES))
def test_the_sql_in_schemas_is_what_the_tables_say(database: str) -> None:
    """Out of date: python -m connector.store.ddl"""
    assert (schemas_folder() / sql.FILES[database]).read_text(encoding="utf-8") == sql.text(database)


def test_the_sql_in_schemas_makes_a_store(new_url: str, store: Store) -> None:
    with open_store(new_url) as bare:
        run_script(bare, (schemas_folder() / sql.FILES[dialect(bare)]).read_text(encoding="utf-8"))
        assert shape(bare.db) == shape(store.db)


def dialect(store: Store) -> str:
    return str(store.db.engine.dialect.name)


def run_script(store: Store, script: str) -> None:
    if store.db.schema is not None:
        store.db.run(f'CREATE SCHEMA "{store.db.schema}"')
    with store.transaction():
        for statement in script.split(";\n"):
            if statement.strip():
                store.db.run(statement)


# every version that was ever released


def test_every_older_version_has_its_dump() -> None:
    """A released version is kept as SQL for both databases: `released/<revision>.<database>.sql`."""
    kept = {path.name for path in RELEASED.glob("*.sql")}
    assert kept == {f"{revision}.{database}.sql" for revision in revisions() for database in sql.FILES}


@pytest.mark.parametrize("found", sorted({path.name.split(".")[0] for path in RELEASED.glob("*.sql")}))
def test_a_released_store_is_brought_to_this_version(found: str, new_url: str, store: Store) -> None:
    with open_store(new_url) as old:
        run_script(old, (RELEASED / f"{found}.{dialect(old)}.sql").read_text(encoding="utf-8"))
        old.db.run(f"INSERT INTO {VERSION_TABLE} (version_num) VALUES (?)", (found,))
    with open_store(new_url, any_version=True) as old:
        upgrade(old)
        assert shape(old.db) == shape(store.db)


@pytest.mark.parametrize("found", revisions())
def test_a_released_version_is_never_changed(found: str, new_urls: Callable[[], str]) -> None:
    """What the migrations make of it is what was released."""
    with open_store(new_urls()) as released, open_store(new_urls()) as migrated:
        run_script(released, (RELEASED / f"{found}.{dialect(released)}.sql").read_text(encoding="utf-8"))
        upgrade(migrated, to=found)
        assert shape(migrated.db) == shape(released.db)


# a later version, to prove the way there

LATER = """
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None

from alembic import op
import sqlalchemy as sa


def upgrade():
    op.add_column("hub", sa.Column("born", sa.Text()))
    op.execute("UPDATE hub SET born = 'early'")
    with op.batch_alter_table("feed", table_kwargs={"sqlite_strict": True}) as feed:
        feed.alter_column("mapping", new_column_name="mapping_version", existing_type=sa.Text())
        feed.alter_column("spoke", existing_type=sa.Text(), nullable=True)
"""


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """Migrations of a connector that is one version ahead."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for path in (MIGRATIONS / "env.py", *MIGRATIONS.glob("versions/*.py")):
        (folder / path.relative_to(MIGRATIONS)).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "versions" / "r0002_later.py").write_text(LATER, encoding="utf-8")
    return folder


def filled(store: Store) -> int:
    feed = store.crosswalk.feed("kafe", "customer")
    store.hub.add("customer", [("u1", b"{}")])
    store.crosswalk.hold(feed, [("55", "123")])
    return feed


def test_an_upgrade_keeps_what_is_there(later: Path, new_url: str) -> None:
    with open_store(new_url) as store:
        store.create()
        feed = filled(store)
        upgrade(store, migrations=later)
        assert revision(store) == "0002"
        assert store.db.all("SELECT uid, born FROM hub") == [("u1", "early")]
        assert store.db.all("SELECT id, mapping_version FROM feed") == [(feed, None)]
        with pytest.raises(Exception, match=r"(?i)foreign key"), store.transaction():
            store.db.run("DELETE FROM feed")
        if store.db.sqlite:
            assert store.db.value("PRAGMA foreign_keys") == 1


def test_a_failed_upgrade_changes_nothing(later: Path, new_url: str) -> None:
    script = later / "versions" / "r0002_later.py"
    script.write_text(LATER + "    raise KeyError('no')\n", encoding="utf-8")
    with open_store(new_url) as store:
        store.create()
        filled(store)
        before = shape(store.db)
        with pytest.raises(KeyError):
            upgrade(store, migrations=later)
        assert shape(store.db) == before
        assert revision(store) == NEWEST
        assert store.hub.bodies(["u1"]) == {"u1": b"{}"}


def test_an_upgrade_that_would_leave_loose_ends_changes_nothing(later: Path, tmp_path: Path) -> None:
    """SQLite checks no reference while it rebuilds tables: it is asked at the end."""
    script = later / "versions" / "r0002_later.py"
    script.write_text(LATER + "    op.execute('DELETE FROM feed')\n", encoding="utf-8")
    with open_store(f"sqlite:///{tmp_path / 'new.db'}") as store:
        store.create()
        filled(store)
        with pytest.raises(StopError, match="1 rows would refer to nothing"):
            upgrade(store, migrations=later)
        assert revision(store) == NEWEST
        assert store.crosswalk.held(1, ["55"]) == {"55": ["123"]}


def test_upgrading_twice_does_nothing(store: Store) -> None:
    filled(store)
    upgrade(store)
    upgrade(store)
    assert store.hub.bodies(["u1"]) == {"u1": b"{}"}


# opening


def test_a_store_of_another_version_is_not_opened(url: str) -> None:
    for found, sentence in (("0000", "run `connector db upgrade`"), ("9999", "newer connector")):
        with open_store(url, any_version=True) as store:
            store.db.run(f"UPDATE {VERSION_TABLE} SET version_num = ?", (found,))
        try:
            with pytest.raises(Outdated, match=sentence) as info:
                open_store(url)
            assert info.value.exit_code == 2
            assert info.value.fact("found") == found
        finally:
            with open_store(url, any_version=True) as store:
                if found == "9999":
                    for act in (needs_upgrade, upgrade):
                        with pytest.raises(Outdated, match="newer connector"):
                            act(store)
                store.db.run(f"UPDATE {VERSION_TABLE} SET version_num = ?", (NEWEST,))


def test_a_store_without_tables_says_what_to_do(new_url: str) -> None:
    with open_store(new_url) as store, pytest.raises(StopError, match="run `connector db upgrade`"):
        store.hub.count("customer")


def test_tables_of_another_program_are_left_alone(new_url: str) -> None:
    with open_store(new_url) as store:
        if store.db.schema is not None:
            store.db.run(f'CREATE SCHEMA "{store.db.schema}"')
        store.db.run("CREATE TABLE link (mine TEXT)")
        for act in (Store.create, upgrade):
            with pytest.raises(StopError, match="another program: link"):
                act(store)
        assert store.db.all("SELECT * FROM link") == []
        assert revision(store) is None


def test_many_may_make_the_same_store_at_once(new_url: str) -> None:
    failures: list[BaseException] = []

    def create() -> None:
        try:
            with open_store(new_url) as store:
                store.create()
                store.crosswalk.feed("kafe", "customer")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with open_store(new_url) as store:
        assert revision(store) == NEWEST
        assert store.db.value("SELECT count(*) FROM feed") == 1


def test_a_start_does_not_pay_for_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from connector.store import open_store\n"
        f"with open_store('sqlite:///{tmp_path / 'new.db'}') as store: store.create()\n"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "mysql://robot:hunter2@host/db",
        "postgresql+asyncpg://robot:hunter2@host/db",
        "postgresql://robot:hunter2@host:port/db",
        "postgresql://robot:hunter2@host/db?schema=pg_mine",
        "postgresql://robot:hunter2@host/db?schema=" + "x" * 64,
        "postgresql://robot:hunter2@host/db?schema=a&schema=b",
        "sqlite:///connector.db?schema=a",
    ],
)
def test_an_address_that_is_none_is_a_mistake_in_the_configuration(address: str, secrets_watch: object) -> None:
    secrets_watch.guard("hunter2")  # type: ignore[attr-defined]
    with secrets_watch.raises(ConfigError) as info:  # type: ignore[attr-defined]
        open_store(address)
    assert info.value.exit_code == 3
    assert "store:" in str(info.value)


@pytest.mark.parametrize("address", ["postgresql://robot:hunter2@127.0.0.1:1/db", "sqlite:////nowhere/hunter2.db"])
def test_a_store_that_does_not_answer_is_unavailable(address: str, secrets_watch: object) -> None:
    secrets_watch.guard("hunter2")  # type: ignore[attr-defined]
    with secrets_watch.raises(Unavailable) as info:  # type: ignore[attr-defined]
        open_store(address)
    assert info.value.exit_code == 2
    assert "store:" in str(info.value)


@pytest.mark.parametrize("name", ["Mixed_Case", "with space", "тест", 'qu"ote', "semi;colon", "50%", "a'b", "a\\b"])
def test_a_schema_may_have_any_name(name: str, server: str) -> None:
    from sqlalchemy.engine import make_url

    address = make_url(server).update_query_dict({"schema": f"test_{name}"}).render_as_string(hide_password=False)
    with open_store(address) as store:
        try:
            store.create()
            assert store.db.value("SELECT current_schema()") == f"test_{name}"
            filled(store)
            assert not needs_upgrade(store)
        finally:
            quoted = f"test_{name}".replace('"', '""')
            store.db.run(f'DROP SCHEMA IF EXISTS "{quoted}" CASCADE')
