"""One Saplab shop behind a real socket, with its users' hands."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from conftest import FrozenClock
from contract import Sample, Trouble, Verb, World

from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.saplab import clients as emulated
from connector.sandbox.saplab.panel import Panel
from connector.sandbox.saplab.wire import Call
from connector.systems.saplab.adapter import SaplabAdapter
from connector.transport.auth import Basic
from connector.transport.http import Patience, Transport

PATHS = (
    "name",
    "phone",
    "email",
    "address",
    "comment",
    "status",
    "group_id",
    "is_wholesaler",
    "wholesaler_data",
    "limit",
)
ENDPOINTS = {
    "feed": "client",
    "get": "client.form",
    "find": "client",
    "create": "client.form.add",
    "update": "client.form.edit",
}
FIRM = {
    "type": "ООО",
    "org_name": 'Рога "и" Копыта',
    "inn": "7701234567",
    "kpp": "770101001",
    "orgn": "1027700132195",
    "address": "г. Москва, ул. Ленина, 48",
    "bank": "Сбербанк",
    "bik": "044525225",
    "account": "40702810900000000001",
    "bank_account": "30101810400000000225",
}


class Shop(World):
    """One shop behind a real socket."""

    entity = "customer"
    paths = PATHS
    page_size = 150
    troubles = frozenset({"throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired"})
    legal = False

    def __init__(self, sandbox: Sandbox, clock: FrozenClock, **how: Any) -> None:
        self.world = sandbox.worlds["saplab"]
        self.panel = Panel(self.world)
        self.clock = clock
        login = sandbox.credentials["saplab"]
        self.secrets = (login["password"],)
        transport = Transport(
            "panel",
            sandbox.urls["saplab"],
            auth=Basic(login["login"], login["password"]),
            insecure=True,
            timeout=5,
            concurrency=2,
            patience=Patience(attempts=3),
            clock=clock.monotonic,
            sleep=clock.sleep,
        )
        self.adapter = SaplabAdapter("panel", "panel", transport, zone=ZoneInfo("Europe/Moscow"), **how)

    def sample(self, number: int) -> Sample:
        digits = f"999{number:07d}"
        text = {
            "name": f"Гость {number}",
            "email": f"guest{number}@example.com",
            "phone": digits,
            "address": "",
            "comment": "",
        }
        read: dict[str, Any] = {**text, "status": "1", "is_wholesaler": "0", "limit": "0"}
        write: dict[str, Any] = {**text, "phone": f"+7{digits}", "status": "on", "group_id": 1}
        if self.legal:
            read |= {"is_wholesaler": "1", "wholesaler_data": FIRM}
            write |= {"is_wholesaler": "on", "wholesalers": FIRM}
        return Sample(write=write, read=read, keys={"phone": f"+7{digits}", "email": f"Guest{number}@Example.com"})

    def with_text(self, number: int, text: str) -> Sample:
        sample = self.sample(number)
        return Sample(write={**sample.write, "comment": text}, read={**sample.read, "comment": text}, keys=sample.keys)

    def change(self, number: int) -> Sample:
        if self.legal:
            kpp = f"{770102000 + number}"
            return Sample(write={"wholesalers": {"kpp": kpp}}, read={"wholesaler_data": {**FIRM, "kpp": kpp}})
        return Sample(write={"comment": f"новое {number}"}, read={"comment": f"новое {number}"})

    def user_adds(self, sample: Sample) -> str:
        with self.world.lock:
            assert emulated.create(self.panel, self._call(form=_flat(sample.write)))["status"] == "success"
            return str(self.world.state["serials"]["clients"])

    def user_edits(self, external_id: str, change: Sample) -> None:
        with self.world.lock:
            client = self.world.state["clients"][external_id]
            legal = change.write.get("wholesalers")
            client.update({name: value for name, value in change.write.items() if name != "wholesalers"})
            client["legal"].update(legal or {})
            client["date_modified"] = self.panel.now()

    def user_removes(self, external_id: str) -> None:
        with self.world.lock:
            del self.world.state["clients"][external_id]

    def stored(self) -> dict[str, dict[str, Any]]:
        with self.world.lock:
            forms = {key: emulated.form(self.panel, self._call(id=key)) for key in self.world.state["clients"]}
        return {key: form["client"] for key, form in forms.items()}

    def own_marks(self, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"date_modified": stored["date_modified"]}

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        self.world.faults.add(Fault(endpoint=ENDPOINTS[verb], fault=name, count=count, seconds=seconds))

    def waited(self) -> float:
        return sum(self.clock.slept)

    def _call(self, **parts: Any) -> Call:
        return Call(employee=self.world.state["managers"]["1"], **parts)

    # short ways of the tests below

    def asked(self) -> list[str]:
        return [entry.endpoint for entry in self.world.log.entries()]

    def position(self, **changes: Any) -> str:
        """A position of a new client with 5,000 on the account."""
        with self.world.lock:
            key = str(len(self.world.state["positions"]) + 1)
            client = self.user_adds(self.sample(900 + int(key)))
            self.panel.book(int(client), Decimal(5000), "Пополнение")
            self.world.state["positions"][key] = {
                **_POSITION,
                "history": [],
                "id": int(key),
                "client_id": int(client),
                **changes,
            }
        return key

    def position_state(self, key: str) -> dict[str, Any]:
        with self.world.lock:
            return dict(self.world.state["positions"][key])


_POSITION = {
    "invoice": "NZ-005",
    "distributor_id": 3,
    "distributor_name": "форум1",
    "brand": "KILEN",
    "article": "12133",
    "name": "Пружина",
    "delivery_min": 0,
    "delivery_max": 0,
    "initial_price": "3958.07",
    "price": "3959",
    "quantity": 1,
    "status_id": 3,
    "shipping_id": 0,
    "shipping_address": "",
    "doc_id": None,
    "comment": {"client_comment": ""},
    "deny_request": False,
    "is_archived": False,
    "is_denied": False,
    "is_payed": False,
    "date_added": "2017-01-15T19:02:43.114625+00:00",
    "date_modified": "2017-01-15T19:02:43.114625+00:00",
}


def _flat(write: Mapping[str, Any]) -> dict[str, str]:
    legal = write.get("wholesalers", {})
    flat = {name: str(value) for name, value in write.items() if name != "wholesalers"}
    return flat | {f"wholesalers[{name}]": value for name, value in legal.items()}


class LegalShop(Shop):
    legal = True
