"""The bare minimum of a first pull: fetch every page, decode it, hash every row and keep it in SQLite. Nothing else.

    python -m tests.bench.raw poster|saplab URL DATABASE ROWS

What it leaves out is all that makes an answer trustworthy: no mapping, no people, no crosswalk, no retries, no errors.
One transaction a page, WAL, `synchronous=NORMAL`: the same promises of the disk as the connector's own.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec
import requests

from tests.bench.noting import note

_UPSERT = (
    "INSERT INTO row (id, hash, body) VALUES (?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, body = excluded.body"
)
_PER = {"poster": 1000, "saplab": 150}
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


def pages(kind: str, url: str, rows: int, session: requests.Session) -> Iterator[list[dict[str, Any]]]:
    per = _PER[kind]
    for page in range(-(-rows // per)):
        if kind == "poster":
            target = f"{url}/clients.getClients?token=t&1c=true&num={per}&offset={page * per}"
            yield _decode(session.get(target).content)["response"]
        else:
            yield _decode(session.get(f"{url}/panel/client/filter/page/{page + 1}/per_page/{per}").content)["clients"]


def completed(url: str, row: dict[str, Any], session: requests.Session) -> dict[str, Any]:
    """A firm's legal details are only in its form."""
    if row.get("is_wholesaler") != "1":
        return row
    return dict(_decode(session.get(f"{url}/panel/client/form/{row['id']}").content)["client"])


def pull(kind: str, url: str, database: str, rows: int) -> int:
    connection = sqlite3.connect(database, isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=NORMAL",
        "PRAGMA cache_size=-16384",
        "CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, hash BLOB NOT NULL, body BLOB NOT NULL)",
    ):
        connection.execute(statement)
    count = 0
    with requests.Session() as session:
        session.trust_env = False
        for page in pages(kind, url, rows, session):
            batch = []
            for row in page:
                body = _encode(completed(url, row, session))
                batch.append((int(row["client_id" if kind == "poster" else "id"]), _digest(body), body))
            connection.execute("BEGIN")
            connection.executemany(_UPSERT, batch)
            connection.execute("COMMIT")
            count += len(batch)
    connection.close()
    return count


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()


if __name__ == "__main__":
    read = pull(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
    print(json.dumps({"rows": read}))
    note()
