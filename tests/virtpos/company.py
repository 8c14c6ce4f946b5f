"""One virtpos company behind a real socket, with its users' hands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from conftest import FrozenClock
from contract import Sample, Trouble, Verb, World

from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.virtpos.cards import ean13
from connector.sandbox.virtpos.customers import FIELDS
from connector.systems.virtpos.adapter import VirtposAdapter
from connector.transport.auth import FormKey
from connector.transport.http import Patience, Transport

_BLANK_CUSTOMER = {**dict.fromkeys(FIELDS, ""), "group_id": "", "accumulated_sales": "0.00", "register_date": ""}
_BLANK_CARD = ("external_id", "block_date", "activate_date", "type_id", "customer_id")


class Company(World):
    """Its customers."""

    entity = "customer"
    paths = (
        "lname",
        "fname",
        "mname",
        "phone",
        "email",
        "gender",
        "group_id",
        "custom_information",
        "birth_day",
        "birth_month",
        "birth_year",
    )
    page_size = 200
    troubles = frozenset({"throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired"})
    table = "customers"
    writes = "customer.update"

    def __init__(self, sandbox: Sandbox, clock: FrozenClock, **how: Any) -> None:
        self.world = sandbox.worlds["virtpos"]
        self.clock = clock
        key = sandbox.credentials["virtpos"]["apikey"]
        self.secrets = (key,)
        transport = Transport(
            "vp",
            sandbox.urls["virtpos"],
            auth=FormKey("apikey", key),
            insecure=True,
            timeout=5,
            patience=Patience(attempts=3),
            clock=clock.monotonic,
            sleep=clock.sleep,
        )
        self.adapter = VirtposAdapter("vp", "vp", transport, **how)

    def in_json(self) -> None:
        """From now on ask for JSON, which the adapter itself never does."""
        self.adapter.catalogue = self.adapter.catalogue.model_copy(update={"always": {"format": "json"}})

    def sample(self, number: int) -> Sample:
        phone, email = f"8 (999) {number:07d}", f"guest{number}@example.com"
        fields = {"fname": f"Гость {number}", "lname": "Щукин", "mname": "", "phone": phone, "email": email}
        fields |= {"custom_information": "", "birth_day": "1", "birth_month": "2", "birth_year": "1990", "gender": "F"}
        keys = {"phone": f"+7999{number:07d}", "email": f"Guest{number}@example.com"}
        return Sample(write=fields, read=fields, keys=keys)

    def with_text(self, number: int, text: str) -> Sample:
        sample = self.sample(number)
        more = {"custom_information": text}
        return Sample(write={**sample.write, **more}, read={**sample.read, **more}, keys=sample.keys)

    def change(self, number: int) -> Sample:
        return Sample(write={"fname": f"Новый {number}"}, read={"fname": f"Новый {number}"})

    def user_adds(self, sample: Sample) -> str:
        return self._add({**_BLANK_CUSTOMER, **sample.write})

    def _add(self, row: Mapping[str, Any], table: str | None = None) -> str:
        table = table or self.table
        with self.world.lock:
            state = self.world.state
            state["serials"][table] = state["serials"].get(table, 0) + 1
            key = str(state["serials"][table])
            state[table][key] = dict(row)
            return key

    def user_edits(self, external_id: str, change: Sample) -> None:
        with self.world.lock:
            self.world.state[self.table][external_id].update(change.write)

    def user_removes(self, external_id: str) -> None:
        with self.world.lock:
            del self.world.state[self.table][external_id]

    def stored(self) -> dict[str, dict[str, Any]]:
        with self.world.lock:
            return {key: dict(row) for key, row in self.world.state[self.table].items()}

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        endpoint = self.writes if verb in ("create", "update", "delete") else "customer"
        self.world.faults.add(Fault(endpoint=endpoint, fault=name, count=count, seconds=seconds))

    def waited(self) -> float:
        return sum(self.clock.slept)

    # short ways of the tests

    def asked(self) -> list[str]:
        return [entry.endpoint for entry in self.world.log.entries()]

    def option(self, name: str, value: Any) -> None:
        self.world.state["options"][name] = value


class Cards(Company):
    """Its cards, known by their numbers."""

    entity = "card"
    paths = ("uid", "barcode", "medium", "status", "activate_date", "block_date", "customer_id")
    table = "cards"
    writes = "customer.updateCard"
    unknown_id = "999999"

    def sample(self, number: int) -> Sample:
        fields = {"uid": f"{1000 + number}", "medium": "PLASTIC", "status": "ACTIVE", "activate_date": "2026-01-31"}
        keys = {"card_uid": fields["uid"], "barcode": ean13(fields["uid"])}
        return Sample(write={**fields, "customer_id": "1"}, read={**fields, "customer_id": "1"}, keys=keys)

    def with_text(self, number: int, text: str) -> Sample:
        pytest.skip("virtpos: a card has no free text")

    def change(self, number: int) -> Sample:
        return Sample(write={"status": "BLOCKED"}, read={"status": "BLOCKED"})

    def user_adds(self, sample: Sample) -> str:
        made = ean13(sample.write["uid"])
        blank = {**dict.fromkeys(_BLANK_CARD, ""), "medium": "PLASTIC", "status": "NEW", "barcode": made}
        self._add({**blank, "uid_ean13": made, **sample.write})
        return str(sample.write["uid"])

    def user_adds_holder(self) -> str:
        return self._add({**_BLANK_CUSTOMER, "fname": "Анна"}, "customers")

    def user_edits(self, external_id: str, change: Sample) -> None:
        super().user_edits(self._key(external_id), change)

    def user_removes(self, external_id: str) -> None:
        super().user_removes(self._key(external_id))

    def _key(self, uid: str) -> str:
        return next(key for key, row in self.world.state["cards"].items() if row["uid"] == uid)

    def stored(self) -> dict[str, dict[str, Any]]:
        return {row["uid"]: row for row in super().stored().values()}
