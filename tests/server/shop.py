"""A workspace whose orders wait for 1C, the server before it, and 1C played against that."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connector.jobs.workspace import Workspace
from connector.model.states import Operation
from connector.sandbox.commerceml_client import OLD, Base, Behaviour, Session, Site
from connector.sandbox.commerceml_files import Good
from connector.server.run import Serving
from connector.store import Store, open_store

LOGIN, PASSWORD = "robot", "пароль"
MOMENT = datetime(2026, 11, 21, 10, 0, tzinfo=ZoneInfo("Europe/Moscow"))
ROUTES = """\
- entity: order
  from: [vp]
  to: [site]
"""


def uid_of(number: int) -> str:
    return f"0198c6a0-0000-7000-8000-{number:012d}"


class Shop:
    """One workspace with the account `site`. Orders are put where the engine puts them: offered, in the outbox."""

    def __init__(self, folder: Path, **site: Any) -> None:
        self.folder = folder
        self.accounts: dict[str, dict[str, Any]] = {
            "site": {"kind": "onec", "channel": "commerceml", "login": LOGIN, "password": PASSWORD, **site},
            "vp": {"kind": "virtpos", "url": "https://vp.example", "apikey": "key-of-the-till"},
        }
        self.serve: dict[str, Any] = {"port": 0}
        (folder / "mappings").mkdir(parents=True)
        (folder / "mappings" / "routes.yaml").write_text(ROUTES, encoding="utf-8")

    def workspace(self) -> Workspace:
        told = {"version": 1, "language": "en", "accounts": self.accounts, "serve": self.serve}
        (self.folder / "connector.yaml").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        workspace = Workspace.open(self.folder, {})
        workspace.clock = lambda: MOMENT
        return workspace

    @contextmanager
    def open(self, **more: Any) -> Iterator[str]:
        """The address of the server while it runs."""
        workspace = self.workspace()
        with Serving(workspace, **{"hold": 5.0, **more}) as serving:
            yield serving.url
        workspace.close()

    @contextmanager
    def store(self) -> Iterator[Store]:
        with open_store(self.workspace().settings.store) as store:
            store.create()
            yield store

    # orders

    def offer(self, numbers: Iterable[int], **changes: Any) -> None:
        """Orders A-<number>, each with a customer of its own."""
        operations, orders, people = [], [], []
        for number in numbers:
            record = {**order(number), **changes}
            orders.append((uid_of(number), encoded(record)))
            people.append((uid_of(900_000 + number), encoded({"name": f"Иванов {number}", "phone": "+79990000000"})))
            patch = {name: record[name] for name in ("number", "date", "lines", "total", "comment") if name in record}
            operations.append(
                Operation(
                    entity="order",
                    account="site",
                    spoke="site",
                    uid=uid_of(number),
                    verb="create",
                    external_id=None,
                    patch=patch,
                    status="offered",
                    repeat="same",
                )
            )
        with self.store() as store, store.transaction(durable=True):
            store.hub.add("customer", people)
            store.hub.add("order", orders)
            store.outbox.intend(operations, 1, MOMENT.isoformat())

    def statuses(self) -> dict[str, int]:
        """How many operations stand where."""
        with self.store() as store:
            rows = store.db.all("SELECT status, count(*) FROM operation GROUP BY status")
        return dict(rows)

    def links(self) -> dict[str, str]:
        """external id -> uid of every order that 1C has."""
        with self.store() as store:
            return {link.external_id: link.uid for link in store.crosswalk.all("order", "site")}

    def operation(self, number: int) -> Operation:
        with self.store() as store:
            [(found,)] = store.db.all("SELECT id FROM operation WHERE uid = ?", (uid_of(number),))
            operation = store.outbox.get(found)
        assert operation is not None
        return operation

    @property
    def inbox(self) -> list[Path]:
        return sorted((self.folder / "exchange/site/inbox").glob("*.xml"))


def order(number: int) -> dict[str, Any]:
    """An order as the hub holds it: money in kopecks, another sum for every ten of them."""
    price = 15050 + number // 10 * 7
    return {
        "number": f"A-{number}",
        "date": "2026-11-20T10:05:07+03:00",
        "customer": uid_of(900_000 + number),
        "lines": [{"sku": "T", "name": "Футболка", "quantity": "2", "price": price, "total": 2 * price}],
        "total": 2 * price,
        "status": "new",
        "comment": "После шести",
    }


def encoded(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


GOODS = [Good(guid="g1", name="Кофе", article="ESP"), Good(guid="g2", name="Футболка", article="T")]


def new_base() -> Base:
    return Base(goods=list(GOODS))


def played(
    url: str,
    base: Base | None = None,
    behaviour: Behaviour = OLD,
    *,
    path: str = "/exchange/site",
    password: str = PASSWORD,
    **more: Any,
) -> Session:
    known = base if base is not None else new_base()
    return Session(known, Site(url + path, LOGIN, password), behaviour, now=lambda: MOMENT, timeout=20, **more)


class Raw:
    """Calls by hand, for what no 1C would send. `call` gives the body of an answer."""

    def __init__(self, url: str, path: str = "/exchange/site") -> None:
        self.host, _, port = url.removeprefix("http://").partition(":")
        self.port, self.path = int(port), path
        self.cookie = ""

    def enter(
        self, kind: str = "catalog", login: str = LOGIN, password: str = PASSWORD, encoding: str = "utf-8"
    ) -> str:
        from base64 import b64encode

        token = b64encode(f"{login}:{password}".encode(encoding)).decode()
        answer = self.call(f"type={kind}&mode=checkauth", headers={"Authorization": f"Basic {token}"})
        lines = answer.split("\n")
        if lines[0] == "success":
            self.cookie = f"{lines[1]}={lines[2]}"
        return lines[0]

    def call(self, query: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> str:
        return self.bytes(query, body, headers).decode("utf-8", "replace")

    def bytes(self, query: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        from http.client import HTTPResponse

        lines = [f"{'GET' if body is None else 'POST'} {self.path}?{query} HTTP/1.1", "Host: x", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines += [f"Cookie: {self.cookie}"] if self.cookie else []
        lines += [] if body is None else [f"Content-Length: {len(body)}"]
        with socket.create_connection((self.host, self.port), 20) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + (body or b""))
            response = HTTPResponse(connection)
            response.begin()
            self.status = response.status
            return response.read()
