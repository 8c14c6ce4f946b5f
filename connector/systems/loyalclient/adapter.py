"""The adapter of a LoyalClient point of sale: people are looked up, never listed, and never written (L-01 … L-16)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from connector.errors import ConnectorError, Forbidden, Missing
from connector.locale import N_, Sentence
from connector.systems import catalogue as catalogues
from connector.systems.base import Capabilities, Check, Row
from connector.systems.catalogue import Endpoint
from connector.systems.keys import national
from connector.systems.loyalclient import answers
from connector.systems.loyalclient.receipt import Record, Till
from connector.systems.rest import RestAdapter
from connector.systems.wire import secret, transport_of
from connector.transport.auth import HeaderKey
from connector.transport.http import Transport
from connector.transport.messages import Response

if TYPE_CHECKING:
    from connector.config import Account

_RATE: Final = 5.0
_NOBODY: Final = "0"
"""What no client is found by: a question that needs the key and the point and tells nothing of anybody."""


class LoyalclientAdapter(RestAdapter):
    """One point of sale of a bonus programme. `point` is sent where a call needs one and none is given."""

    def __init__(
        self, account: str, spoke: str, transport: Transport, *, point: str, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(account, spoke, catalogues.load("loyalclient"), transport, now=now)
        self.point = point
        self._one = threading.Lock()

    def payload(self, endpoint: Endpoint, response: Response) -> Any:
        return answers.content(endpoint, response)

    def capabilities(self, entity: str) -> Capabilities:
        """People are found by what they show at the till; there is no list and no reading by id."""
        can = super().capabilities(entity)
        return replace(can, readable=False) if entity in self.catalogue.entities else can

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        served = self._entity(entity)
        self._part(entity, served.find.get(scheme), scheme)
        key = value.strip() if scheme == "card_uid" else _digits(value)
        if key == "":
            return []
        endpoint = self.catalogue.endpoint("client")
        try:
            client = self._send(endpoint, {"search": key, "point": self.point})["client"]
        except Missing:
            return []
        # the same box takes phones, cards and codes of the app: a card number may be somebody's phone (L-16)
        is_phone = national(client.get("phone")) == national(key)
        if is_phone != (scheme == "phone"):
            return []
        row = self._reader(endpoint, served, paths).row(client)
        return [] if row is None else [row]

    def till(self, record: Record) -> Till:
        """Where receipts are sold: one at a time at this point, whoever asks."""
        return Till(self, self.point, record=record, now=self._now, one=self._one)

    def stream(self, endpoint: str, params: Mapping[str, Any]) -> Iterator[Any]:
        known = self.catalogue.endpoint(endpoint)
        own = {"point": self.point} if "point" in known.params else {}
        return super().stream(endpoint, {**own, **params})

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        """Asks for nobody: the answer must be that there is none. A wrong point may only show with a real client."""
        del entities
        try:
            self._send(self.catalogue.endpoint("client"), {"search": _NOBODY, "point": self.point})
        except Missing:
            pass
        except Forbidden as error:
            return [Check(name="credentials", ok=False, text=error.sentence)]
        except ConnectorError as error:
            return [Check(name="reachable", ok=False, text=error.sentence)]
        return [
            Check(name="reachable", ok=True, text=Sentence(N_("the system answers"))),
            Check(name="credentials", ok=True, text=Sentence(N_("the key is accepted"))),
        ]

    def _exchange(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Response:
        return super()._exchange(endpoint, {name: _number(value) for name, value in values.items()})


def _number(value: Any) -> Any:
    """Whole numbers are sent whole: the samples know no others (L-14)."""
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


def _digits(phone: str) -> str:
    """A phone as it is stored there: the digits of its international form (L-16)."""
    digits = "".join(char for char in phone if char.isascii() and char.isdigit())
    return f"7{digits[1:]}" if len(digits) == 11 and digits[0] == "8" else digits


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> LoyalclientAdapter:
    """The adapter of a configured account."""
    auth = HeaderKey("apikey", secret(account, account.apikey, "apikey"))
    transport = transport_of(account, auth, rate=_RATE, concurrency=1, clock=clock, sleep=sleep)
    return LoyalclientAdapter(account.name, account.spoke, transport, point=account.point or "")
