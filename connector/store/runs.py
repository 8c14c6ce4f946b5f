"""Runs, cursors, brakes, consent, proved money units, imported files, when tokens were obtained.

The only writer of their tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from connector.store.db import Db


class Runs:
    """What runs did and what they left for the next one."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def begin(self, at: str) -> int:
        return self._db.insert("INSERT INTO run (started_at, status) VALUES (?, 'running')", (at,))

    def finish(self, run: int, at: str, status: str, summary: Mapping[str, Any]) -> None:
        self._db.run(
            "UPDATE run SET finished_at = ?, status = ?, summary = ? WHERE id = ?",
            (at, status, json.dumps(summary, ensure_ascii=False), run),
        )

    def observed(self, run: int) -> None:
        """Every feed has been read and all that a single page could not tell is settled."""
        self._db.run("UPDATE run SET summary = ? WHERE id = ?", (json.dumps({"observed": True}), run))

    def first_unobserved(self, run: int) -> int:
        """The first of the runs up to this one, without a gap, that neither observed everything nor wrote anything."""
        rows = self._db.all("SELECT id, summary FROM run WHERE id < ? ORDER BY id DESC LIMIT 100", (run,))
        for number, summary in rows:
            if summary is not None and json.loads(summary).get("observed", True):
                break
            if self._db.value("SELECT 1 FROM operation WHERE run = ? LIMIT 1", (number,)):
                break
            run = number
        return run

    def last(self, limit: int = 10) -> list[tuple[int, str, str | None, str, dict[str, Any]]]:
        """(id, started, finished, status, summary), the newest first."""
        rows = self._db.all(
            "SELECT id, started_at, finished_at, status, summary FROM run ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [(row[0], row[1], row[2], row[3], json.loads(row[4]) if row[4] else {}) for row in rows]

    def get(self, run: int) -> tuple[int, str, str | None, str, dict[str, Any]] | None:
        row = self._db.one("SELECT id, started_at, finished_at, status, summary FROM run WHERE id = ?", (run,))
        return None if row is None else (row[0], row[1], row[2], row[3], json.loads(row[4]) if row[4] else {})

    # cursors

    def cursor(self, account: str, entity: str) -> str | None:
        value: str | None = self._db.value(
            "SELECT value FROM cursor WHERE account = ? AND entity = ?", (account, entity)
        )
        return value

    def set_cursor(self, account: str, entity: str, value: str | None, run: int) -> None:
        """Call in the transaction that stores the rows before the cursor (invariant 1)."""
        self._db.run(
            "INSERT INTO cursor (account, entity, value, run) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account, entity) DO UPDATE SET value = excluded.value, run = excluded.run",
            (account, entity, value, run),
        )

    def complete(self, account: str, entity: str, up_to: str, run: int) -> None:
        self._db.run(
            "INSERT INTO cursor (account, entity, complete_up_to, run) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (account, entity) DO UPDATE SET complete_up_to = excluded.complete_up_to, run = excluded.run",
            (account, entity, up_to, run),
        )

    def completed_in(self, run: int) -> list[tuple[str, str]]:
        """(entity, account) of every feed that this run has read to its end."""
        return self._db.all(
            "SELECT entity, account FROM cursor JOIN run ON run.id = cursor.run"
            " WHERE run.id = ? AND complete_up_to = run.started_at",
            (run,),
        )

    def cursors(self) -> list[tuple[str, str, str | None]]:
        """(entity, account, complete up to)."""
        return self._db.all("SELECT entity, account, complete_up_to FROM cursor ORDER BY entity, account")

    # routes

    def route(self, entity: str, account: str) -> tuple[int, bool]:
        """(completed runs, whether writing was agreed to)."""
        row = self._db.one(
            "SELECT completed, consent_at FROM route_state WHERE entity = ? AND account = ?", (entity, account)
        )
        return (0, False) if row is None else (row[0], row[1] is not None)

    def consent(self, routes: Sequence[tuple[str, str]], at: str) -> None:
        self._db.many(
            "INSERT INTO route_state (entity, account, completed, consent_at) VALUES (?, ?, 0, ?)"
            " ON CONFLICT (entity, account) DO UPDATE SET consent_at = excluded.consent_at",
            [(entity, account, at) for entity, account in routes],
        )

    def completed(self, routes: Sequence[tuple[str, str]]) -> None:
        self._db.many(
            "INSERT INTO route_state (entity, account, completed) VALUES (?, ?, 1)"
            " ON CONFLICT (entity, account) DO UPDATE SET completed = route_state.completed + 1",
            list(routes),
        )

    # brakes

    def hold(self, brakes: Sequence[tuple[str, str, str, int, int]], run: int) -> None:
        """Remember held brakes: (id, route, kind, count, limit)."""
        self._db.many(
            f'INSERT INTO brake (id, route, kind, "count", "limit", run) VALUES (?, ?, ?, ?, ?, {int(run)})'
            ' ON CONFLICT (id) DO UPDATE SET "count" = excluded."count", "limit" = excluded."limit",'
            " run = excluded.run",
            list(brakes),
        )

    def held(self) -> list[tuple[str, str, str, int, int]]:
        return self._db.all('SELECT id, route, kind, "count", "limit" FROM brake ORDER BY route, kind')

    def release(self, brake_ids: Sequence[str]) -> None:
        self._db.many("DELETE FROM brake WHERE id = ?", [(brake_id,) for brake_id in brake_ids])

    # proved money units

    def unit(self, account: str, endpoint: str, field: str) -> str | None:
        value: str | None = self._db.value(
            "SELECT unit FROM unit WHERE account = ? AND endpoint = ? AND field = ?", (account, endpoint, field)
        )
        return value

    def units(self, account: str) -> dict[tuple[str, str], str]:
        """(endpoint, field) -> the unit that this account has proved."""
        rows = self._db.all("SELECT endpoint, field, unit FROM unit WHERE account = ?", (account,))
        return {(endpoint, field): unit for endpoint, field, unit in rows}

    def prove_unit(self, account: str, endpoint: str, field: str, unit: str, at: str) -> None:
        self._db.run(
            "INSERT INTO unit (account, endpoint, field, unit, proved_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (account, endpoint, field) DO UPDATE SET unit = excluded.unit,"
            " proved_at = excluded.proved_at",
            (account, endpoint, field, unit, at),
        )

    # files that a person has imported

    def imported(self, account: str, key: str) -> dict[str, str] | None:
        """When and as which file the account was given this content before: `at`, `file`."""
        value: str | None = self._db.value("SELECT value FROM meta WHERE key = ?", (f"imported:{account}:{key}",))
        return None if value is None else json.loads(value)

    def remember_import(self, account: str, key: str, said: Mapping[str, str]) -> None:
        """Remember what `imported` tells."""
        self._db.run(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (f"imported:{account}:{key}", json.dumps(dict(said), ensure_ascii=False)),
        )

    # a store that was put back

    def put_back(self, at: str) -> None:
        """The store is again what it was once: of no account it is known what has happened since."""
        self._db.run("DELETE FROM meta WHERE key LIKE 'put-back%'")
        self._db.run("INSERT INTO meta (key, value) VALUES ('put-back', ?)", (at,))

    def behind(self, account: str) -> str | None:
        """When the store was put back, if no run has looked since what has become of this account's orders."""
        at: str | None = self._db.value("SELECT value FROM meta WHERE key = 'put-back'")
        if at is None or self._db.value("SELECT value FROM meta WHERE key = ?", (f"put-back:{account}",)) == at:
            return None
        return at

    def caught_up(self, account: str) -> None:
        """A run has looked what became of this account's orders since the store was put back."""
        self._db.run(
            "INSERT INTO meta (key, value) SELECT ?, value FROM meta WHERE key = 'put-back'"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (f"put-back:{account}",),
        )

    # tokens

    def token(self, account: str) -> dict[str, str] | None:
        """What is known of the account's token: `at`, when it was obtained, and whose it is. Never the token itself."""
        value: str | None = self._db.value("SELECT value FROM meta WHERE key = ?", (f"token:{account}",))
        return None if value is None else json.loads(value)

    def obtained_token(self, account: str, known: Mapping[str, str]) -> None:
        """Remember what `token` tells."""
        self._db.run(
            "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (f"token:{account}", json.dumps(dict(known), ensure_ascii=False)),
        )
