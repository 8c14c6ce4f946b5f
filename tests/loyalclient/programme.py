"""One bonus programme behind a real socket, with its users' hands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from conftest import FrozenClock
from contract import Sample, Trouble, Verb, World

from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.systems.loyalclient.adapter import LoyalclientAdapter
from connector.transport.auth import HeaderKey
from connector.transport.http import Patience, Transport


class Programme(World):
    """Its clients: found by what they show at the till."""

    entity = "customer"
    paths = ("name", "phone", "email", "birthday", "balance")
    troubles = frozenset({"throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired"})

    def __init__(self, sandbox: Sandbox, clock: FrozenClock) -> None:
        self.world = sandbox.worlds["loyalclient"]
        self.clock = clock
        credentials = sandbox.credentials["loyalclient"]
        self.secrets = (credentials["apikey"],)
        self.point = credentials["point"]
        transport = Transport(
            "bonus",
            sandbox.urls["loyalclient"],
            auth=HeaderKey("apikey", credentials["apikey"]),
            insecure=True,
            timeout=5,
            patience=Patience(attempts=3),
            clock=clock.monotonic,
            sleep=clock.sleep,
        )
        self.adapter = LoyalclientAdapter("bonus", "bonus", transport, point=self.point, now=self.world.time)

    def sample(self, number: int) -> Sample:
        phone = 79990000000 + number
        fields = {"name": f"ГОСТЬ {number}", "phone": phone, "email": f"guest{number}@example.com"}
        fields |= {"birthday": "1990-02-01", "balance": 100 + number}
        return Sample(write=fields, read=fields, keys={"phone": f"+{phone}", "card_uid": f"{5000 + number}"})

    def with_text(self, number: int, text: str) -> Sample:
        pytest.skip("loyalclient: nothing can be written")

    def change(self, number: int) -> Sample:
        return Sample(write={"name": f"НОВЫЙ {number}"}, read={"name": f"НОВЫЙ {number}"})

    def user_adds(self, sample: Sample) -> str:
        number = int(sample.write["phone"]) - 79990000000
        level = next(iter(self.world.state["levels"]))
        blank = {"photo": None, "card": f"{5000 + number}", "code": f"APP-{number}", "level": level}
        with self.world.lock:
            key = f"62a{len(self.clients) + 1:021x}"
            self.clients[key] = {**blank, **sample.write}
        return key

    def user_edits(self, external_id: str, change: Sample) -> None:
        self.clients[external_id].update(change.write)

    def user_removes(self, external_id: str) -> None:
        del self.clients[external_id]

    def stored(self) -> dict[str, dict[str, Any]]:
        with self.world.lock:
            return {key: dict(row) for key, row in self.clients.items()}

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        self.fault(name, "client", count=count, seconds=seconds)

    def waited(self) -> float:
        return sum(self.clock.slept)

    # short ways of the tests

    @property
    def clients(self) -> dict[str, Any]:
        clients: dict[str, Any] = self.world.state["clients"]
        return clients

    @property
    def operations(self) -> list[Mapping[str, Any]]:
        return list(self.world.state["operations"])

    @property
    def holds(self) -> dict[str, Any]:
        return dict(self.world.state["holds"])

    def fault(self, name: str, endpoint: str, *, count: int | None = 1, seconds: float = 0, skip: int = 0) -> None:
        self.world.faults.add(Fault(endpoint=endpoint, fault=name, count=count, seconds=seconds, skip=skip))

    def asked(self) -> list[str]:
        return [entry.endpoint for entry in self.world.log.entries()]
