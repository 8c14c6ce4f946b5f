"""What is sent is checked against the catalogue first: a wrong name or value is a UsageError and nothing leaves.

Poster ignores a parameter it does not know and answers as if it had not been given (P-22), so an unknown name is never
sent. Values come as text (from a command line) or as Python values; dates may be ISO or already in the remote's format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, NoReturn, Protocol, cast

from connector.errors import UsageError
from connector.locale import N_, Sentence
from connector.model.values import decimal_of
from connector.systems.catalogue import Endpoint, Param
from connector.transport.messages import Request, json_of, path_of
from connector.yamlfile import nearest

Proved = Literal["minor", "major"]

_STRFTIME: Final = {
    "Ymd": "%Y%m%d",
    "Y-m-d": "%Y-%m-%d",
    "Y-m-d H:i:s": "%Y-%m-%d %H:%M:%S",
    "Y-m-d H:i": "%Y-%m-%d %H:%M",
    "md": "%m%d",
    "dmY": "%d%m%Y",
}
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}\Z")
_FLAGS: Final = {"1": 1, "0": 0, "true": 1, "false": 0}


class ValueRefused(UsageError):
    """A known parameter is missing, or its value cannot be sent. An unknown parameter is a plain UsageError."""


class Units(Protocol):
    """What this account has proved about money units; kept by whoever runs the calibration."""

    def unit(self, endpoint: str, field: str) -> Proved | None:
        """The proved unit of a money parameter whose document does not say it; None while nobody knows."""
        ...


class NothingProved:
    """No unit has been proved yet."""

    def unit(self, endpoint: str, field: str) -> Proved | None:
        del endpoint, field
        return None


class Wire(NamedTuple):
    """Checked values by where they travel."""

    path: dict[str, Any]
    query: dict[str, Any]
    body: dict[str, Any]


def checked(endpoint: Endpoint, params: Mapping[str, Any], units: Units | None = None) -> dict[str, Any]:
    """The values in the remote's own spelling. UsageError names what is unknown, missing or not allowed."""
    values = {name: _value(endpoint, name, _param(endpoint, name), value) for name, value in params.items()}
    for name, param in endpoint.params.items():
        if param.required and name not in values:
            raise ValueRefused(N_("{endpoint} needs the parameter “{name}”"), endpoint=endpoint.name, name=name)
    if endpoint.one_of and not any(name in values for name in endpoint.one_of):
        wanted = ", ".join(endpoint.one_of)
        raise ValueRefused(N_("{endpoint} needs one of: {names}"), endpoint=endpoint.name, names=wanted)
    _refuse_unproved(endpoint, values, units or NothingProved())
    return values


def request(
    endpoint: Endpoint, values: Mapping[str, Any], always: Mapping[str, str] | None = None, timeout: float | None = None
) -> Request:
    """The request that carries checked values."""
    wire = _placed(endpoint, values)
    query: dict[str, Any] = {**(always or {}), **wire.query}
    form: Any = None
    body: Any = None
    if endpoint.encoding in ("form", "bracketed_form"):
        form = _bare(endpoint, wire.body)
    elif endpoint.encoding == "json":
        body = _bare(endpoint, wire.body)
    path = _filled(endpoint, wire.path)
    if endpoint.encoding == "path_filters":
        path += _filters(wire.query)
        query = dict(always or {})
    return Request(
        endpoint=endpoint.name,
        path=path,
        verb=endpoint.verb,
        query=query,
        form=form,
        json=body,
        repeat=endpoint.repeat,
        is_write=endpoint.is_write,
        timeout=timeout,
    )


def _placed(endpoint: Endpoint, values: Mapping[str, Any]) -> Wire:
    wire = Wire({}, {}, {})
    in_query = endpoint.encoding in ("query", "path_filters")
    for name, value in values.items():
        param = endpoint.params[name]
        target = wire.path if param.path else wire.query if in_query or param.query else wire.body
        target[name] = value
        if param.also is not None:
            target[param.also] = value
    return wire


def _bare(endpoint: Endpoint, body: dict[str, Any]) -> Any:
    """The one value that is the whole body (a list is numbered pairs in a form), else all of them by name."""
    if endpoint.bare is None:
        return body
    value = body[endpoint.bare]
    if endpoint.encoding == "json" or isinstance(value, Mapping):
        return value
    return {str(index): item for index, item in enumerate(value)}


def _filled(endpoint: Endpoint, path: Mapping[str, Any]) -> str:
    parts = re.split(r"\{(\w+)\}", endpoint.path)
    return "".join(path_of(path[part])[1:] if index % 2 else part for index, part in enumerate(parts))


def _filters(values: Mapping[str, Any]) -> str:
    """`/filter/name/value/…` (Saplab); nothing where there is no filter."""
    if not values:
        return ""
    return "/filter" + path_of(*[part for pair in values.items() for part in pair])


def _param(endpoint: Endpoint, name: str, known: Mapping[str, Param] | None = None) -> Param:
    params = endpoint.params if known is None else known
    if (param := params.get(name)) is not None:
        return param
    if (near := nearest(name, params)) is not None:
        text = N_("{endpoint} has no parameter “{name}”; did you mean “{near}”?")
        raise UsageError(text, endpoint=endpoint.name, name=name, near=near)
    if not params:
        raise UsageError(N_("{endpoint} takes no parameters"), endpoint=endpoint.name, name=name)
    text = N_("{endpoint} has no parameter “{name}”; known: {known}")
    raise UsageError(text, endpoint=endpoint.name, name=name, known=", ".join(params))


def _value(endpoint: Endpoint, way: str, param: Param, value: Any) -> Any:
    if value is None:
        return ""
    if param.nested and (nested := _as_map(value)) is not None:
        return {key: _value(endpoint, way, param, inner) for key, inner in nested.items()}
    try:
        read = _READ[param.type](param, value)
    except (ValueError, TypeError, KeyError):
        _refuse(endpoint, way, param)
    if param.fields:
        return _inner(endpoint, way, param, read)
    _check_allowed(endpoint, way, param, read)
    return read


def _inner(endpoint: Endpoint, way: str, param: Param, value: Any) -> Any:
    """An object, or a list of them, with its keys checked; a JSON text is written again, compact."""
    if param.type == "json":
        return json_of(_inner_of(endpoint, way, param, json.loads(value, parse_float=Decimal))).decode()
    return _inner_of(endpoint, way, param, value)


def _inner_of(endpoint: Endpoint, way: str, param: Param, value: Any) -> Any:
    if isinstance(value, Mapping):
        known = {name: _param(endpoint, name, param.fields) for name in value}
        lacking = [name for name, field in param.fields.items() if field.required and name not in value]
        if lacking:
            text = N_("{endpoint} needs “{name}” in “{way}”")
            raise ValueRefused(text, endpoint=endpoint.name, name=lacking[0], way=way)
        return {name: _value(endpoint, f"{way}.{name}", field, value[name]) for name, field in known.items()}
    if not isinstance(value, Sequence) or isinstance(value, str) or param.type == "object":
        _refuse(endpoint, way, param)
    return [_inner_of(endpoint, way, param, item) for item in value]


def _check_allowed(endpoint: Endpoint, way: str, param: Param, value: Any) -> None:
    if param.values and str(value) not in param.values:
        near = nearest(str(value), param.values)
        text = N_("{endpoint}: “{name}” cannot be “{value}”; allowed: {allowed}")
        allowed = ", ".join(param.values)
        raise ValueRefused(text, endpoint=endpoint.name, name=way, value=value, allowed=allowed, near=near)
    low = param.min is not None and value < param.min
    high = param.max is not None and value > param.max
    if low or high:
        text = N_("{endpoint}: “{name}” must lie between {min} and {max}")
        shown = {"min": "−∞" if param.min is None else param.min, "max": "∞" if param.max is None else param.max}
        raise ValueRefused(text, endpoint=endpoint.name, name=way, **shown)


_EXPECTED: Final = {
    "text": N_("text"),
    "int": N_("a whole number"),
    "number": N_("a number"),
    "money": N_("an amount"),
    "flag": N_("0 or 1"),
    "date": N_("a date such as 2026-01-31"),
    "moment": N_("a date and time such as 2026-01-31 10:00:00"),
    "ids": N_("numbers separated by commas"),
    "list": N_("a JSON list"),
    "object": N_("a JSON object"),
    "json": N_("JSON"),
}


def _refuse(endpoint: Endpoint, way: str, param: Param) -> NoReturn:
    raise ValueRefused(
        N_("{endpoint}: “{name}” must be {expected}"),
        endpoint=endpoint.name,
        name=way,
        expected=Sentence(_EXPECTED[param.type]),
    ) from None


def _refuse_unproved(endpoint: Endpoint, values: Mapping[str, Any], units: Units) -> None:
    for field, unit in endpoint.money.request.items():
        if unit != "calibrate" or not _holds(values, field.split(".")):
            continue
        if units.unit(endpoint.name, field) is None:
            text = N_(
                "{endpoint}: the vendor does not say whether “{name}” is in roubles or kopecks. "
                "Run `connector check --calibrate` for this account first"
            )
            raise ValueRefused(text, endpoint=endpoint.name, name=field)


def _holds(value: Any, way: Sequence[str]) -> bool:
    if not way:
        return True
    if isinstance(value, Mapping):
        return way[0] in value and _holds(value[way[0]], way[1:])
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(_holds(item, way) for item in value)
    return False


# One reader a type: from what a person or a mapping gives to what is sent. ValueError or TypeError when it cannot be.


def _text(param: Param, value: Any) -> str:
    del param
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError


def _int(param: Param, value: Any) -> int:
    del param
    if isinstance(value, bool) or not _WHOLE.match(str(value)):
        raise ValueError
    return int(value)


def _number(param: Param, value: Any) -> Decimal:
    del param
    return decimal_of(value)


def _flag(param: Param, value: Any) -> int:
    del param
    return _FLAGS[str(value).lower()]


def _moment(param: Param, value: Any) -> str:
    form = cast(str, param.format)
    if isinstance(value, datetime | date):
        return _spelt(value, form)
    text = str(value)
    if form in ("ms", "unix"):
        return text if _WHOLE.match(text) else _spelt(datetime.fromisoformat(text), form)
    if _fits(text, form):
        return text
    return _spelt(datetime.fromisoformat(text), form)


def _fits(text: str, form: str) -> bool:
    try:
        return datetime.strptime(text, _STRFTIME[form]).strftime(_STRFTIME[form]) == text
    except ValueError:
        return form == "md" and text == "0229"


def _spelt(moment: date | datetime, form: str) -> str:
    if form in _STRFTIME:
        return moment.strftime(_STRFTIME[form])
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError
    seconds = moment.astimezone(UTC).timestamp()
    return str(round(seconds * 1000) if form == "ms" else round(seconds))


def _ids(param: Param, value: Any) -> str:
    del param
    parts = value.split(",") if isinstance(value, str) else [value] if isinstance(value, int) else list(value)
    if not parts or not all(_WHOLE.match(str(part).strip()) for part in parts):
        raise ValueError
    return ",".join(str(part).strip() for part in parts)


def _list(param: Param, value: Any) -> list[Any]:
    del param
    read = _from_json(value)
    if isinstance(read, str) or not isinstance(read, Sequence):
        raise TypeError
    return list(read)


def _object(param: Param, value: Any) -> dict[str, Any]:
    del param
    read = _from_json(value)
    if not isinstance(read, Mapping):
        raise TypeError
    return dict(read)


def _json(param: Param, value: Any) -> str:
    del param
    return json_of(_from_json(value)).decode()


def _from_json(value: Any) -> Any:
    return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value


def _as_map(value: Any) -> dict[str, Any] | None:
    """A map, or a list as a map by index, of a value that may be nested; None for a plain one."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        value = json.loads(value, parse_float=Decimal)
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return {str(index): inner for index, inner in enumerate(value)}
    return None


_READ: Final = {
    "text": _text,
    "int": _int,
    "number": _number,
    "money": _number,
    "flag": _flag,
    "date": _moment,
    "moment": _moment,
    "ids": _ids,
    "list": _list,
    "object": _object,
    "json": _json,
}
