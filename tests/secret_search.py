"""Looking for secrets: in text, in bytes, in files of any kind, in every row of a store.

A secret is looked for in every spelling in which it could travel or be printed, whatever the case of its letters, and
in pieces, for an excerpt that is cut before it is masked holds half of it.
"""

from __future__ import annotations

import base64
import html
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

DATABASE = (b"SQLite format 3\0", b"\x37\x7f\x06")
"""How a database begins, and the log of its writes. Their text is UTF-8."""

PIECE = 8
"""So many characters of a secret in a row are a leak already."""


@dataclass(frozen=True)
class Secret:
    """`login` is what it is sent together with by HTTP Basic."""

    name: str
    value: str
    login: str = ""


def spellings(secret: Secret) -> set[str]:
    """Every way to write it, in lower case."""
    value = secret.value
    raw = value.encode()
    pairs = [raw, f"{secret.login}:{value}".encode()]
    escaped = json.dumps(value)[1:-1]
    found = {
        value,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        quote(quote(value, safe=""), safe=""),
        html.escape(value),
        html.escape(value, quote=False),
        escaped,
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(escaped)[1:-1],
        repr(value)[1:-1],
        repr(raw)[2:-1],
        raw.hex(),
        *(base64.b64encode(pair).decode() for pair in pairs),
        *(base64.b64encode(pair).decode().rstrip("=") for pair in pairs),
        *(base64.urlsafe_b64encode(pair).decode() for pair in pairs),
        *(quote(base64.b64encode(pair).decode(), safe="") for pair in pairs),
    }
    pieces = {value[start : start + PIECE] for start in range(0, len(value) - PIECE + 1, PIECE)}
    return {form.lower() for form in found | pieces}


@dataclass
class Search:
    """Finds the guarded secrets. What was searched is counted, so that a test can tell that it looked at all."""

    secrets: tuple[Secret, ...]
    found: list[str] = field(default_factory=list)
    searched: dict[str, int] = field(default_factory=dict)
    """kind of place -> characters"""

    def __post_init__(self) -> None:
        self._forms = [(secret.name, sorted(spellings(secret))) for secret in self.secrets]

    def text(self, kind: str, place: str, text: str) -> None:
        self.searched[kind] = self.searched.get(kind, 0) + len(text)
        lower = text.lower()
        for name, forms in self._forms:
            for form in forms:
                if form in lower:
                    at = lower.index(form)
                    self.found.append(f"{name} in {place}: …{text[max(0, at - 60) : at + len(form) + 20]!r}…")
                    break

    def bytes(self, kind: str, place: str, content: bytes) -> None:
        """As text of each encoding that files of this product may have."""
        text = content.decode("utf-8", "replace")
        self.text(kind, place, text)
        if ("\ufffd" in text or "\0" in text) and not content.startswith(DATABASE):
            self.text(kind, f"{place} (cp1251)", content.decode("cp1251", "replace"))
            self.text(kind, f"{place} (utf-16)", content.decode("utf-16-le", "replace"))

    def file(self, path: Path) -> None:
        """Its name, its content, what is packed in it, and every value of every table when it is a database."""
        content = path.read_bytes()
        kind = path.suffix or path.name
        self.text("names", str(path), path.name)
        self.bytes(kind, str(path), content)
        if zipfile.is_zipfile(path):
            self._packed(kind, str(path), content)
        if content.startswith(DATABASE[0]):
            for place, value in sqlite_values(path):
                self.value("tables", f"{path}: {place}", value)

    def folder(self, folder: Path, but: frozenset[str] = frozenset()) -> None:
        """Every file in it, those named in `but` excepted: where secrets were put on purpose."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.relative_to(folder).as_posix() not in but:
                self.file(path)

    def value(self, kind: str, place: str, value: object) -> None:
        if isinstance(value, bytes | memoryview):
            self.bytes(kind, place, bytes(value))
        elif value is not None:
            self.text(kind, place, str(value))

    def _packed(self, kind: str, place: str, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                inner = archive.read(member)
                self.bytes(kind, f"{place}: {member}", inner)
                if zipfile.is_zipfile(io.BytesIO(inner)):
                    self._packed(kind, f"{place}: {member}", inner)

    def check(self, *kinds: str) -> None:
        """Nothing was found, and there was something of each of these kinds to look at."""
        lacking = [kind for kind in kinds if not self.searched.get(kind)]
        assert not lacking, f"nothing was searched of: {lacking}; but of {self.searched}"
        assert not self.found, "\n".join(self.found)


def sqlite_values(path: Path) -> Iterator[tuple[str, object]]:
    """(table.column, value) of everything in a database, its own description included."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for table in [*tables, "sqlite_schema"]:
            rows = database.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                yield from ((f"{table}.{name}", value) for name, value in zip(names, row, strict=True))


def postgres_values(server: str, schema: str) -> Iterator[tuple[str, object]]:
    """The same of a schema on PostgreSQL."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    with psycopg.connect(server) as database:
        listed = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
        for (table,) in listed:
            rows = database.execute(SQL("SELECT * FROM {}").format(Identifier(schema, table)))
            names = [column.name for column in rows.description or ()]
            for row in rows:
                yield from ((f"{table}.{name}", value) for name, value in zip(names, row, strict=True))
