"""The Poster adapter keeps the contract over HTTP, for clients and for groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
from conftest import FrozenClock
from contract import AdapterContract, Sample, Trouble, Verb, World

from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.poster import clients, marketing
from connector.systems.catalogue import Catalogue, load
from connector.systems.poster.adapter import PosterAdapter
from connector.transport.auth import QueryKey
from connector.transport.http import Patience, Transport

TROUBLES: frozenset[Trouble] = frozenset(
    {"throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired"}
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(kinds=("poster",), company="empty") as running:
        yield running


def small_pages() -> Catalogue:
    """Pages of ten, so that a border is met with few rows."""
    poster = load("poster")
    endpoint = poster.endpoint("clients.getClients")
    assert endpoint.paging is not None
    paging = endpoint.paging.model_copy(update={"per": 11})
    endpoints = {**poster.endpoints, endpoint.name: endpoint.model_copy(update={"paging": paging})}
    return poster.model_copy(update={"endpoints": endpoints})


class PosterWorld(World):
    """One account behind a real socket, and its users' hands."""

    table: str
    names: ClassVar[Mapping[Verb, str]]
    troubles = TROUBLES

    def __init__(self, sandbox: Sandbox, clock: FrozenClock) -> None:
        self.world = sandbox.worlds["poster"]
        self.world.reset()
        self.clock = clock
        token = sandbox.credentials["poster"]["token"]
        self.secrets = (token,)
        transport = Transport(
            "kafe",
            sandbox.urls["poster"],
            auth=QueryKey("token", token),
            insecure=True,
            timeout=5,
            patience=Patience(attempts=3),
            clock=clock.monotonic,
            sleep=clock.sleep,
        )
        self.adapter = PosterAdapter("kafe", "kafe", small_pages(), transport)

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.world.state[self.table]
        return found

    def user_removes(self, external_id: str) -> None:
        with self.world.lock:
            self.rows[external_id]["delete"] = "1"

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        self.world.faults.add(Fault(endpoint=self.names[verb], fault=name, count=count, seconds=seconds))

    def waited(self) -> float:
        return sum(self.clock.slept)


class Clients(PosterWorld):
    entity = "customer"
    table = "clients"
    page_size = 10
    paths = (
        "id_1c",
        "lastname",
        "firstname",
        "phone_number",
        "email",
        "comment",
        "client_groups_id",
        "bonus",
        "delete",
    )
    names: ClassVar[Mapping[Verb, str]] = {
        "feed": "clients.getClients",
        "get": "clients.getClient",
        "find": "clients.getClients",
        "create": "clients.createClient",
        "update": "clients.updateClient",
        "delete": "clients.removeClient",
    }

    def sample(self, number: int) -> Sample:
        group = next(iter(self.world.state["groups"]))
        digits = f"7999{number:07d}"
        email = f"guest{number}@example.com"
        write = {
            "client_name": f"Попова Елена{number}",
            "phone": f"+{digits}",
            "email": email,
            "client_groups_id_client": group,
            "bonus": "10.50",
        }
        read = {
            "lastname": "Попова",
            "firstname": f"Елена{number}",
            "phone_number": digits,
            "email": email,
            "client_groups_id": group,
            "bonus": "1050",
            "delete": "0",
        }
        return Sample(write=write, read=read, keys={"phone": f"+{digits}"})

    def with_text(self, number: int, text: str) -> Sample:
        sample = self.sample(number)
        return Sample(write={**sample.write, "comment": text}, read={**sample.read, "comment": text}, keys=sample.keys)

    def change(self, number: int) -> Sample:
        return Sample(write={"comment": f"новое {number}"}, read={"comment": f"новое {number}"})

    def user_adds(self, sample: Sample) -> str:
        with self.world.lock:
            number = str(max(map(int, self.rows), default=0) + 1)
            self.rows[number] = {
                "id": number,
                "lastname": sample.read["lastname"],
                "firstname": sample.read["firstname"],
                "patronymic": "",
                "discount_per": "0",
                "bonus": 1050,
                "paid": 0,
                "phone": sample.write["phone"],
                "birthday": "0000-00-00",
                "card_number": "0",
                "client_sex": "0",
                "country": "0",
                "city": "0",
                "address": "0",
                "comment": sample.write.get("comment", "0"),
                "email": sample.write["email"],
                "group": sample.write["client_groups_id_client"],
                "id_1c": None,
                "created": "2026-11-21 10:00:00",
                "delete": "0",
            }
            self.world.state["ids"]["client"] = int(number)
            return number

    def user_edits(self, external_id: str, change: Sample) -> None:
        with self.world.lock:
            self.rows[external_id].update(change.write)

    def stored(self) -> dict[str, dict[str, Any]]:
        with self.world.lock:
            return {
                key: clients.shown(self.world.state, row, with_1c=True)
                for key, row in self.rows.items()
                if row["delete"] == "0"
            }


class Groups(PosterWorld):
    entity = "group"
    table = "groups"
    paths = ("client_groups_name", "client_groups_discount", "loyalty_type", "delete")
    names: ClassVar[Mapping[Verb, str]] = {
        "feed": "clients.getGroups",
        "get": "clients.getGroup",
        "find": "clients.getGroups",
        "create": "clients.createGroup",
        "update": "clients.updateGroup",
        "delete": "clients.removeGroup",
    }

    def __init__(self, sandbox: Sandbox, clock: FrozenClock) -> None:
        super().__init__(sandbox, clock)
        with self.world.lock:
            self.rows.clear()

    def sample(self, number: int) -> Sample:
        return self.with_text(number, f"Гости {number}")

    def with_text(self, number: int, text: str) -> Sample:
        if text == "":
            pytest.skip("a group has a name")
        write = {"client_groups_name": text, "client_groups_discount": str(number % 50), "loyalty_type": "2"}
        return Sample(write=write, read={**write, "delete": "0"})

    def change(self, number: int) -> Sample:
        text = {"client_groups_name": f"Друзья {number}"}
        return Sample(write=text, read=text)

    def user_adds(self, sample: Sample) -> str:
        with self.world.lock:
            number = str(max(map(int, self.rows), default=0) + 1)
            self.rows[number] = {
                "id": number,
                "name": sample.write["client_groups_name"],
                "percent": sample.write["client_groups_discount"],
                "loyalty": "2",
                "birthday_bonus": 0,
                "delete": "0",
            }
            self.world.state["ids"]["group"] = int(number)
            return number

    def user_edits(self, external_id: str, change: Sample) -> None:
        with self.world.lock:
            self.rows[external_id]["name"] = change.write["client_groups_name"]

    def stored(self) -> dict[str, dict[str, Any]]:
        with self.world.lock:
            return {
                key: marketing.shown(self.world.state, row) for key, row in self.rows.items() if row["delete"] == "0"
            }


class TestClients(AdapterContract):
    @pytest.fixture
    def world(self, sandbox: Sandbox, clock: FrozenClock) -> Iterator[World]:
        found = Clients(sandbox, clock)
        yield found
        found.adapter.close()

    def test_a_stamp_is_read_back_and_removed(self, world: World) -> None:
        external_id = world.user_adds(world.sample(1))
        guid = "b80ffc81-0fc9-11e7-9ab4-ace01035e460"
        world.adapter.stamp("customer", {external_id: guid})
        row = world.get(external_id)
        assert row is not None and row.full is not None
        assert row.full["id_1c"] == guid
        world.adapter.stamp("customer", {external_id: None})
        row = world.get(external_id)
        assert row is not None and row.full is not None
        assert row.full["id_1c"] in (None, "0")


class TestGroups(AdapterContract):
    @pytest.fixture
    def world(self, sandbox: Sandbox, clock: FrozenClock) -> Iterator[World]:
        found = Groups(sandbox, clock)
        yield found
        found.adapter.close()
