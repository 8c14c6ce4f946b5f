"""Everything a database says about its tables, as comparable text: two equal shapes are two equal stores."""

from __future__ import annotations

import re

from connector.store.db import Db

Shape = dict[str, list[str]]

_POSTGRES = {
    "columns": """
        SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
            || coalesce(' collate ' || l.collname, '') || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
            || coalesce(' -- ' || col_description(c.oid, a.attnum), '')
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace""",
    "constraints": """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = current_schema()::regnamespace""",
    "indexes": "SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = current_schema()",
}


def shape(db: Db) -> Shape:
    """What is there, sorted; the order in which columns and constraints were written does not count."""
    if db.sqlite:
        return _sqlite(db)
    return {name: sorted(row[0] for row in db.all(sql)) for name, sql in _POSTGRES.items()}


def _sqlite(db: Db) -> Shape:
    found: Shape = {"tables": [], "columns": [], "references": [], "checks": [], "indexes": []}
    for schema, name, kind, _, without_rowid, strict in db.all("PRAGMA table_list"):
        if schema != "main" or kind != "table" or name.startswith("sqlite_"):
            continue
        sql = " ".join(db.value("SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'", (name,)).split())
        found["tables"].append(f"{name} {without_rowid=} {strict=} {'AUTOINCREMENT' in sql}")
        found["columns"] += [f"{name} {row[1:]}" for row in db.all(f'PRAGMA table_xinfo("{name}")')]
        found["references"] += [f"{name} {row[2:]}" for row in db.all(f'PRAGMA foreign_key_list("{name}")')]
        found["checks"] += [f"{name} {check}" for check in re.findall(r"CONSTRAINT \w+ \w+ ?\([^,]*\)", sql)]
        found["checks"] += [f"{name} {check}" for check in re.findall(r"CONSTRAINT \w+ CHECK \(.*?\)\)", sql)]
    found["indexes"] += [
        f"{name} {' '.join(sql.split())}"
        for name, sql in db.all("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    ]
    return {name: sorted(rows) for name, rows in found.items()}
