"""One Poster account.

What is not in the catalogue: phones are asked for in international form, created products answer in three shapes, one
call has two spellings (P-66), a window that is too long is halved (code 52), and a refused batch leaves it open what
became of each record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from connector.errors import BrokenAnswer, Invalid, OutcomeUnknown, RejectedError, Throttled
from connector.locale import N_, Sentence
from connector.systems.base import Check, Outcome, Raw
from connector.systems.catalogue import Catalogue, Endpoint, Entity, load
from connector.systems.parameters import Units, ValueRefused, checked
from connector.systems.poster.envelope import content
from connector.systems.rest import RestAdapter
from connector.systems.windows import halves
from connector.systems.wire import secret, transport_of
from connector.transport.auth import QueryKey
from connector.transport.http import Transport
from connector.transport.messages import Response

if TYPE_CHECKING:
    from connector.config import Account

_UNITS: Final = {
    "minor": N_("{endpoint}: in kopecks: {amounts}"),
    "major": N_("{endpoint}: in roubles: {amounts}"),
    "calibrate": N_("{endpoint}: not known yet whether in roubles or kopecks: {amounts}"),
}
RATE: Final = 4.0
"""Requests a second. Poster publishes no limit; integrators live with 4 to 5 (§1.3)."""
CONCURRENCY: Final = 1


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    units: Units | None = None,
) -> PosterAdapter:
    """The adapter of a configured account. Its first call after a pause may take five seconds (§1.3)."""
    auth = QueryKey("token", secret(account, account.token, "token"))
    transport = transport_of(account, auth, rate=RATE, concurrency=CONCURRENCY, clock=clock, sleep=sleep)
    return PosterAdapter(account.name, account.spoke, load("poster"), transport, units=units)


class PosterAdapter(RestAdapter):
    """One account of Poster. Implements `systems.base.Adapter`."""

    wrapping: ClassVar[Mapping[str, tuple[str, ...]]] = {"response": ("response",), "err_code": ("response",)}

    def __init__(
        self, account: str, spoke: str, catalogue: Catalogue, transport: Transport, *, units: Units | None = None
    ) -> None:
        super().__init__(account, spoke, catalogue, transport, units=units)

    def payload(self, endpoint: Endpoint, response: Response) -> Any:
        try:
            return content(endpoint, response)
        except Throttled:
            self.transport.rate.slow_down()
            raise

    def remote_key(self, scheme: str, value: str) -> str:
        """A phone in international form with its plus; the answer is compared digit by digit (P-38)."""
        return f"+{value.lstrip('+')}" if scheme == "phone" else value

    def written_id(self, entity: Entity, payload: Any) -> str | None:
        """The id that an answer names; `true` and `1` of a call that names none are no id."""
        return None if payload is True else super().written_id(entity, payload)

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        if len(patches) == 1:
            return [self.create(entity, *patches[0])]
        try:
            return super().create_many(entity, patches)
        except RejectedError as error:
            text = N_("{account}: {count} new {entity} records were refused together: {reason}. Look which are there")
            facts = {"account": self.account, "entity": entity, "count": len(patches), "reason": error.sentence}
            raise OutcomeUnknown(text, code=error.code, **facts) from error

    def stream(self, endpoint: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """As the base does it; a window that Poster finds too long (52) is asked for in halves."""
        self._refuse_half_window(endpoint, params)
        if endpoint == "clients.removeGroup":
            self._refuse_inhabited(params)
        given = False
        try:
            for part in super().stream(endpoint, params):
                given = True
                yield part
            return
        except Invalid as error:
            shorter = halves(self.catalogue.endpoint(endpoint), params) if error.code == "52" and not given else None
            if shorter is None:
                raise
        for half in shorter:
            yield from self.stream(endpoint, half)

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        return [*super().check(entities), *self._money_checks(entities), *self._unit_checks()]

    def _refuse_half_window(self, endpoint: str, params: Mapping[str, Any]) -> None:
        """One date alone is completed there in a way that the documents describe wrongly (P-72)."""
        window = self.catalogue.endpoint(endpoint).window
        if window is not None and (window.start in params) != (window.end in params):
            text = N_("{endpoint}: give both dates, {start} and {end}")
            raise ValueRefused(text, endpoint=endpoint, start=window.start, end=window.end)

    def _refuse_inhabited(self, params: Mapping[str, Any]) -> None:
        """With a group Poster deletes its clients for good (P-26): only an empty one may go."""
        checked(self.catalogue.endpoint("clients.removeGroup"), params)
        inside = self.call("clients.getClients", {"group_id": params["group_id"]})
        count = sum(str(row.get("delete")) != "1" for row in inside)
        if count:
            text = N_("{account}: group {id} holds {count} clients, who would be deleted with it. Move them first")
            raise Invalid(text, account=self.account, id=params["group_id"], count=count)

    def _content(self, endpoint: Endpoint, values: Mapping[str, Any]) -> Any:
        try:
            return super()._content(endpoint, values)
        except BrokenAnswer as error:
            if error.code != "30" or endpoint.also_path is None:
                raise
        other = endpoint.model_copy(update={"path": endpoint.also_path, "also_path": None})
        return super()._content(other, values)

    def _money_checks(self, entities: Iterable[str]) -> Iterator[Check]:
        """In what unit each call of these entities shows and takes amounts: Poster has no one unit (P-32)."""
        for name in dict.fromkeys(call for entity in entities for call in self.catalogue.calls_of(entity)):
            endpoint = self.catalogue.endpoint(name)
            fields = {**endpoint.money.response, **endpoint.money.request}
            told = {
                field: self.units.unit(name, field) or unit if unit == "calibrate" else unit
                for field, unit in fields.items()
            }
            for unit, text in _UNITS.items():
                found = ", ".join(field for field, one in told.items() if one == unit)
                if found:
                    yield Check(name="money", ok=True, text=Sentence(text, endpoint=name, amounts=found))

    def _unit_checks(self) -> list[Check]:
        """A line for the amounts whose unit the documents leave open and nobody has proved yet: no cause to act."""
        open_units = [
            f"{endpoint.name} {field}"
            for endpoint in self.catalogue.endpoints.values()
            for field, unit in endpoint.money.request.items()
            if unit == "calibrate" and self.units.unit(endpoint.name, field) is None
        ]
        if not open_units:
            return [Check(name="units", ok=True, text=Sentence(N_("every unit of money is proved")))]
        text = N_("not yet proved, and so not written: {amounts}; to prove them: connector check --calibrate {account}")
        told = Sentence(text, amounts=", ".join(open_units), account=self.account)
        return [Check(name="units", ok=True, text=told)]
