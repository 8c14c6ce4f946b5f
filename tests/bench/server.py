"""A loopback Poster, Saplab and 1C that cost next to nothing: bodies are slices of files written beforehand.

    python -m tests.bench.server FOLDER

prints its port when it is ready and serves until it is ended. Under `/_bench` it is told what to be: `?rows=N` how many
customers there are, `?revision=1` that one in a hundred has changed, `?requests` how many requests came since it was
last asked. Writes are taken and shown again.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.bench import people
from tests.bench.base import Base

_HEAD: Final = b"HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
_PER: Final = 150


class Table:
    """The rows of one kind: a file, and over it what has changed since."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind = kind
        file = (folder / f"{kind}.bin").open("rb")
        self._bytes = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
        self._offsets = array("Q")
        self._offsets.frombytes((folder / f"{kind}.idx").read_bytes())
        self._over: dict[int, people.Row] = {}
        self.rows = len(self._offsets) - 1

    def become(self, rows: int, revision: int) -> None:
        self.rows = min(rows, len(self._offsets) - 1)
        self._over.clear()
        if revision:
            make = people.saplab if self.kind == "saplab" else people.poster
            changed = (number for number in range(1, self.rows + 1) if people.is_changed(self.kind, number))
            self._over = {number: make(number, revision) for number in changed}

    def row(self, number: int) -> people.Row:
        held = self._over.get(number)
        if held is None:
            held = json.loads(bytes(self._slice(number - 1, number)))
        return dict(held)

    def put(self, number: int, row: people.Row) -> None:
        self._over[number] = row

    def page(self, start: int, end: int) -> list[bytes | memoryview]:
        """Rows start … end - 1, joined by commas, in few pieces."""
        end = min(end, self.rows)
        parts: list[bytes | memoryview] = []
        at = start
        for number in sorted(number for number in self._over if start < number <= end) if self._over else ():
            parts += [self._slice(at, number - 1), people.encode(self._over[number])] if number - 1 > at else []
            parts += [] if number - 1 > at else [people.encode(self._over[number])]
            at = number
        if at < end:
            parts.append(self._slice(at, end))
        return [piece for part in parts for piece in (b",", part)][1:]

    def _slice(self, start: int, end: int) -> memoryview:
        return self._bytes[self._offsets[start] : self._offsets[end] - 1]


class Site:
    """Answers requests: (verb, path, query, body) -> (status, content type, parts)."""

    def __init__(self, folder: Path) -> None:
        self.tables = {kind: Table(folder, kind) for kind in people.MAKERS if (folder / f"{kind}.bin").exists()}
        self.base = Base()
        self.requests = 0

    def answer(self, verb: str, target: str, body: bytes) -> tuple[int, bytes, list[bytes | memoryview]]:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        system, _, rest = parts.path.lstrip("/").partition("/")
        if system == "_bench":
            return 200, b"application/json", [json.dumps(self._told(query)).encode()]
        self.requests += 1
        if system == "odata":
            return self.base.answer(verb, unquote(rest), query)
        serve: Callable[..., Any] = self._saplab if system == "saplab" else self._poster
        pieces = serve(self.tables[system], verb, rest, query, body)
        return 200, b"application/json", pieces if isinstance(pieces, list) else [json.dumps(pieces).encode()]

    def _told(self, query: dict[str, str]) -> dict[str, int]:
        if "rows" in query:
            self.base.rows = int(query["rows"])
            for table in self.tables.values():
                table.become(int(query["rows"]), int(query.get("revision", 0)))
        before, self.requests = self.requests, 0
        return {"requests": before}

    def _poster(self, table: Table, verb: str, name: str, query: dict[str, str], body: bytes) -> Any:
        if name == "clients.getClients":
            start = int(query["offset"])
            return [b'{"response":[', *table.page(start, start + int(query["num"])), b"]}"]
        if name == "clients.getClient":
            return {"response": [table.row(int(query["client_id"]))]}
        if name == "clients.updateClient":
            told = json.loads(body) if body[:1] == b"{" else dict(parse_qsl(body.decode()))
            number = int(told["client_id"])
            row = table.row(number)
            table.put(number, row | {key: str(value) for key, value in told.items() if key in row})
            return {"response": number}
        return {"response": []}

    def _saplab(self, table: Table, verb: str, path: str, query: dict[str, str], body: bytes) -> Any:
        words = path.split("/")
        if words[1:3] == ["client", "group"]:
            return {"groups": []}
        if words[1:3] == ["client", "form"]:
            return self._form(table, verb, int(words[3]), body)
        filters = dict(zip(words[3::2], words[4::2], strict=False))
        page, per = int(filters.get("page", 1)), int(filters.get("per_page", _PER))
        tail = b'],"filters":{"per_page":%d},"pages":%d}' % (per, -(-table.rows // per))
        return [b'{"clients":[', *table.page((page - 1) * per, page * per), tail]

    def _form(self, table: Table, verb: str, number: int, body: bytes) -> Any:
        row = table.row(number)
        if verb == "GET":
            return {"client": people.saplab_form(number, row)}
        told = dict(parse_qsl(body.decode(), keep_blank_values=True))
        boxes = {name: "1" if told.get(name) == "on" else "0" for name in ("status", "is_wholesaler")}
        moved = {"date_modified": "2026-03-01 12:00:00.000001"}
        table.put(number, row | {key: value for key, value in told.items() if key in row} | boxes | moved)
        return {"status": "success", "text": "Данные клиента обновлены."}


class Wire(asyncio.Protocol):
    """HTTP/1.1, kept alive, as much of it as a client of ours speaks."""

    def __init__(self, site: Site) -> None:
        self.site, self.buffer = site, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end]
            whole = end + 4 + _length(head)
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + 4 : whole], self.buffer[whole:]
            verb, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            status, kind, parts = self.site.answer(verb, target, body)
            self.transport.writelines([_HEAD % (status, kind, sum(map(len, parts))), *parts])


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


async def serve(folder: Path) -> None:
    site = Site(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Wire(site), "127.0.0.1", 0, backlog=64)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
