"""Raw calls of a base for `connector call`: data in, decoded payload out.

    connector call buh list resource=Catalog_Контрагенты filter="ИНН eq '7701234567'" select=Ref_Key,Description top=5
    connector call buh balance resource=AccumulationRegister_РасчетыСПокупателями period=2026-10-31T23:59:59
    connector call buh settlements before=2026-11-01
    connector call buh post resource=Document_РасходнаяНакладная key=… --yes

Dates are the server's own wall clock. A filter is sent as it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from connector.errors import UsageError
from connector.locale import N_
from connector.systems.onec.filters import Condition
from connector.systems.onec.profile import Profile
from connector.systems.onec.registers import Registers
from connector.systems.onec.values import guid_of
from connector.systems.onec.wire import Wire
from connector.yamlfile import nearest

_TABLES: Final = {
    "balance": ("Balance", ("period", "condition", "dimensions")),
    "turnovers": ("Turnovers", ("start_period", "end_period", "condition", "dimensions")),
    "balance_and_turnovers": ("BalanceAndTurnovers", ("start_period", "end_period", "condition", "dimensions")),
    "slice_last": ("SliceLast", ("period", "condition")),
    "slice_first": ("SliceFirst", ("period", "condition")),
}
_ARGUMENT: Final = {
    "period": "Period",
    "start_period": "StartPeriod",
    "end_period": "EndPeriod",
    "condition": "Condition",
    "dimensions": "Dimensions",
}
_DATES: Final = frozenset({"period", "start_period", "end_period"})


@dataclass(frozen=True)
class Params:
    """The parameters of one call, checked by name."""

    account: str
    endpoint: str
    given: Mapping[str, Any]
    profile: Profile

    def text(self, name: str) -> str | None:
        value = self.given.get(name)
        return None if value is None else str(value)

    def need(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise UsageError(N_("{endpoint} needs {name}"), account=self.account, endpoint=self.endpoint, name=name)
        return value

    def key(self, name: str = "key") -> str:
        guid = guid_of(self.need(name))
        if guid is None:
            raise self._wrong(name)
        return guid

    def number(self, name: str) -> int | None:
        text = self.text(name)
        if text is not None and not (text.isascii() and text.isdigit()):
            raise self._wrong(name)
        return None if text is None else int(text)

    def names(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in (self.text(name) or "").split(",") if part.strip())

    def date(self, name: str) -> datetime | None:
        text = self.text(name)
        try:
            moment = None if text is None else datetime.fromisoformat(text)
        except ValueError:
            raise self._wrong(name) from None
        if moment is not None and moment.tzinfo is not None:
            raise self._wrong(name)
        return moment

    def condition(self, name: str) -> Condition | None:
        text = self.text(name)
        return None if text is None else Condition(text)

    def _wrong(self, name: str) -> UsageError:
        text = N_("{endpoint}: {name} cannot be “{value}”")
        return UsageError(text, account=self.account, endpoint=self.endpoint, name=name, value=self.text(name))


class Param(NamedTuple):
    """A parameter of a call: its name, what it takes, and whether the call needs it."""

    name: str
    type: str = "text"
    required: bool = False


@dataclass(frozen=True)
class Call:
    """A raw call: its parameters, where it goes and what it does. One that `writes` is refused without consent."""

    params: tuple[Param, ...]
    run: Callable[[Wire, Params], Any]
    path: str
    writes: bool = False


def _list(wire: Wire, params: Params) -> Any:
    return wire.rows(
        params.need("resource"),
        select=params.names("select"),
        where=params.condition("filter"),
        order=params.text("orderby"),
        top=params.number("top"),
        skip=params.number("skip") or 0,
        expand=params.names("expand"),
    )


def _get(wire: Wire, params: Params) -> Any:
    return wire.one(params.need("resource"), params.key(), params.names("select"))


def _count(wire: Wire, params: Params) -> Any:
    return wire.count(params.need("resource"), params.condition("filter"))


def _resources(wire: Wire, params: Params) -> Any:
    del params
    return sorted(wire.metadata().resources)


def _properties(wire: Wire, params: Params) -> Any:
    return dict(wire.metadata().properties(params.need("resource")))


def _post(wire: Wire, params: Params) -> None:
    wire.act(params.need("resource"), params.key(), "Post", [("PostingModeOperational", "false")])


def _unpost(wire: Wire, params: Params) -> None:
    wire.act(params.need("resource"), params.key(), "Unpost")


def _table(name: str, arguments: Sequence[str]) -> Callable[[Wire, Params], Any]:
    def run(wire: Wire, params: Params) -> Any:
        given: dict[str, str | datetime | Condition | None] = {}
        for argument in arguments:
            if argument in _DATES:
                given[_ARGUMENT[argument]] = params.date(argument)
            else:
                given[_ARGUMENT[argument]] = params.text(argument)
        return wire.table(params.need("resource"), name, given)

    return run


def _told(name: str) -> Callable[[Wire, Params], Any]:
    """What a register of the profile tells."""

    def run(wire: Wire, params: Params) -> Any:
        only = {key: params.key(key) for key in params.given if key != "before"}
        rows = Registers(wire, params.profile).read(name, params.date("before"), only)
        return [{key: _text(key, one) for key, one in row.items()} for row in rows]

    return run


def _text(key: str, value: Any) -> Any:
    """A figure with every digit: money with two decimals at least."""
    if not isinstance(value, Decimal):
        return value
    kopecks = value.quantize(_KOPECK) if key in ("amount", "price") else value
    return f"{kopecks if kopecks == value else value:f}"


_KOPECK: Final = Decimal("0.01")
_RESOURCE: Final = Param("resource", required=True)
_KEY: Final = Param("key", "guid", required=True)
_REGISTERS: Final = {
    "settlements": ("customer", "organization", "currency"),
    "stock": ("product", "storage"),
    "prices": ("product",),
}


def _arguments(names: Sequence[str]) -> tuple[Param, ...]:
    return tuple(Param(name, "datetime" if name in _DATES else "text") for name in names)


CALLS: Final[Mapping[str, Call]] = {
    "list": Call(
        (
            _RESOURCE,
            *(Param(name) for name in ("filter", "select", "orderby")),
            Param("top", "int"),
            Param("skip", "int"),
            Param("expand"),
        ),
        _list,
        "/{resource}",
    ),
    "get": Call((_RESOURCE, _KEY, Param("select")), _get, "/{resource}(guid'{key}')"),
    "count": Call((_RESOURCE, Param("filter")), _count, "/{resource}/$count"),
    "resources": Call((), _resources, "/$metadata"),
    "properties": Call((_RESOURCE,), _properties, "/$metadata"),
    **{
        name: Call((_RESOURCE, *_arguments(arguments)), _table(table, arguments), f"/{{resource}}/{table}(…)")
        for name, (table, arguments) in _TABLES.items()
    },
    **{
        name: Call(
            (Param("before", "datetime"), *(Param(key, "guid") for key in keys)),
            _told(name),
            "/{a register of the profile}",
        )
        for name, keys in _REGISTERS.items()
    },
    "post": Call((_RESOURCE, _KEY), _post, "/{resource}(guid'{key}')/Post", writes=True),
    "unpost": Call((_RESOURCE, _KEY), _unpost, "/{resource}(guid'{key}')/Unpost", writes=True),
}
"""Every raw call of the OData channel by its name."""


def call(wire: Wire, endpoint: str, params: Mapping[str, Any], profile: Profile) -> Any:
    """Run a raw call. UsageError names an unknown call or parameter and the nearest known one; nothing is sent then."""
    known = CALLS.get(endpoint)
    if known is None:
        raise _unknown(N_("{account} has no call {word}"), wire.account, endpoint, CALLS)
    names = [param.name for param in known.params]
    for name in params:
        if name not in names:
            raise _unknown(N_("{endpoint} has no parameter {word}"), wire.account, name, names, endpoint=endpoint)
    return known.run(wire, Params(wire.account, endpoint, params, profile))


def _unknown(
    text: str, account: str, word: str, known: Mapping[str, Any] | Sequence[str], **facts: object
) -> UsageError:
    near = nearest(word, known)
    if near is not None:
        text += "; " + N_("did you mean {near}?")
    return UsageError(text, account=account, word=word, near=near, **facts)
