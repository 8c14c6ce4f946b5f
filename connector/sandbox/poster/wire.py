"""How Poster speaks: parameters as PHP reads them, envelopes, refusals, spellings.

Everything is text: `"1"`, `"0"`, `"12.50000"`; what is not filled in is `"0"`, `""`, null or `0000-00-00`, as it comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from flask import Request, Response

from connector.sandbox.world import State, World

ZONE: Final = ZoneInfo("Europe/Moscow")
"""The account's own zone: what its strings of date and time are written in."""

NO_DATE: Final = "0000-00-00"
NO_MOMENT: Final = "0000-00-00 00:00:00"

MESSAGES: Final[Mapping[int, str]] = {
    10: "Access token is required",
    11: "Bad access token",
    12: "Access token expired",
    20: "The application has no permission for this method",
    30: "Method Not Allowed",
    32: "Entity with this id does not exist",
    34: "Поле {field} обязательное для заполнения",
    36: "Поле {field} должно быть массивом",
    37: "Wrong phone number",
    38: "Такое название уже существует",
    44: "Save error",
    52: "Date range must be less than or equal to 3 days",
    54: "Access denied",
    99: "Duplicate entity",
    142: "Verify code is not correct",
    143: "Requested code's application doesn't exist",
    154: "Modificator name is not unique",
    155: "Поле {field} имеет неправильное значение",
    700: "Tariff limit",
    701: "Поле {field} должно быть целым числом",
}


class Refusal(Exception):
    """Poster says no: `{"error": {"code", "message"}}` with HTTP 200."""

    def __init__(self, code: int, field: str = "", message: str | None = None) -> None:
        self.code = code
        self.message = message if message is not None else MESSAGES.get(code, "Error").format(field=field)
        super().__init__(self.message)


class ReceiptRefusal(Exception):
    """transactions.* say no in another envelope: `{"response": {"err_code": N}}`."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(str(code))


@dataclass(frozen=True)
class Bare:
    """A body without the `response` envelope, as some methods answer."""

    body: Any
    status: int = 200


@dataclass
class Call:
    """One call: the parameters of the query for reads, those of the body for writes."""

    world: World
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> State:
        return self.world.state

    def text(self, name: str, default: str = "") -> str:
        """A scalar parameter as text; PHP reads an array where a text is wanted as nothing."""
        value = self.params.get(name)
        if value is None or isinstance(value, dict | list):
            return default
        return _scalar(value)

    def given(self, name: str) -> bool:
        return name in self.params and self.params[name] is not None

    def need(self, name: str) -> str:
        """A mandatory parameter, or refusal 34."""
        value = self.text(name).strip()
        if value == "":
            raise Refusal(34, name)
        return value

    def flag(self, name: str) -> bool:
        """`1c=true`: only this word switches anything on."""
        return self.text(name) == "true"

    def number(self, name: str, default: int) -> int:
        value = self.text(name)
        return default if value == "" else whole(value, name)

    def rows(self, name: str) -> list[Any]:
        """A list parameter: JSON's own, or PHP's `name[0]…`; refusal 36 when it is neither."""
        value = self.params.get(name)
        if value is None or value == "":
            raise Refusal(34, name)
        return listed(value, name)


def listed(value: object, name: str) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    raise Refusal(36, name)


def whole(value: str, name: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise Refusal(701, name) from error


def decimal(value: object, name: str) -> Decimal:
    """An exact number from what was sent; refusal 155 when it is none."""
    try:
        number = Decimal(_scalar(value).strip().replace(",", "."))
    except InvalidOperation as error:
        raise Refusal(155, name) from error
    if not number.is_finite():
        raise Refusal(155, name)
    return number


def kopecks(value: object, name: str) -> int:
    """Minor units of an amount sent in major ones."""
    return rounded(decimal(value, name) * 100)


def amount(call: Call, sent: object, name: str, unit: str) -> int:
    """Kopecks of an amount whose unit no document settles: `state["units"][unit]` says in which one it is sent here."""
    return kopecks(sent, name) if call.state["units"][unit] == "major" else rounded(decimal(sent, name))


def rounded(number: Decimal) -> int:
    return int(number.quantize(Decimal(1), ROUND_HALF_UP))


def major(amount: int, places: int = 2) -> str:
    """`"10.50"` from 1050 minor units."""
    return f"{Decimal(amount) / 100:.{places}f}"


def number(amount: int) -> int | float:
    """Minor units as a JSON number of major ones, as PHP prints it: 30, but 30.5."""
    return amount // 100 if amount % 100 == 0 else float(major(amount))


def quantity(value: object, name: str) -> Decimal:
    """A quantity that was sent; refusal 155 below zero."""
    sent = decimal(value, name)
    if sent < 0:
        raise Refusal(155, name)
    return sent


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# parameters ----------------------------------------------------------------------------------------------------------


def params_of(request: Request) -> dict[str, Any]:
    """The parameters of a call: the query of a GET, the body of a POST. Whatever is unknown stays unread (P-22)."""
    if request.method == "GET":
        return php_form(request.query_string.decode("utf-8", "replace"))
    raw = request.get_data().decode("utf-8", "replace")
    if request.mimetype == "application/json":
        body = json.loads(raw or "{}", parse_float=str)
        return body if isinstance(body, dict) else {str(index): row for index, row in enumerate(body)}
    if request.mimetype == "multipart/form-data":
        return _nested(list(request.form.items(multi=True)))
    return php_form(raw)


def php_form(text: str) -> dict[str, Any]:
    """What PHP makes of `a=1&b[0][c]=2&b[]=3`: brackets nest, `[]` appends, the last of equal names wins."""
    return _nested(parse_qsl(text, keep_blank_values=True))


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in pairs:
        head, *keys = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        _put(out, [head, *keys], value)
    return out


def _put(into: dict[str, Any], keys: list[str], value: str) -> None:
    key = keys[0] if keys[0] != "" else str(len(into))
    if len(keys) == 1:
        into[key] = value
        return
    below = into.get(key)
    if not isinstance(below, dict):
        below = into[key] = {}
    _put(below, keys[1:], value)


# answers -------------------------------------------------------------------------------------------------------------


def answer(payload: object) -> Response:
    if isinstance(payload, Bare):
        return _json(payload.body, payload.status)
    return _json({"response": payload})


def refusal(code: int, message: str | None = None, status: int = 200) -> Response:
    text = message if message is not None else MESSAGES.get(code, "Error").format(field="")
    return _json({"error": {"code": code, "message": text}}, status)


def _json(body: object, status: int = 200) -> Response:
    # PHP's json_encode: non-ASCII letters escaped, slashes too
    text = json.dumps(_php(body), separators=(",", ":")).replace("/", "\\/")
    return Response(text, status, content_type="application/json; charset=utf-8")


def _php(value: object) -> object:
    """A whole float is written without a point: 1890, not 1890.0."""
    if isinstance(value, Mapping):
        return {key: _php(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_php(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def escaped(name: str) -> str:
    """Names come with the HTML entity of an apostrophe in them (section 1.7 of the facts, P-98)."""
    return name.replace("'", "&#39;")


def php_map(values: Mapping[str, Any]) -> Mapping[str, Any] | list[Any]:
    """A map as PHP encodes it: an empty one is `[]`."""
    return values if values else []


# time ----------------------------------------------------------------------------------------------------------------


def stamp(world: World, zone: tzinfo = ZONE) -> str:
    """Now as `Y-m-d H:i:s` of the account."""
    return world.now().astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def millis(local: str) -> int:
    """Milliseconds since the epoch of an account's `Y-m-d H:i:s`."""
    return int(datetime.strptime(local, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE).timestamp() * 1000)


def local_of(ms: int, zone: tzinfo = ZONE) -> str:
    """`Y-m-d H:i:s` of a moment in milliseconds, rounded to the second (as write-offs are)."""
    return datetime.fromtimestamp((ms + 500) // 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def day_of(text: str, name: str, pattern: str) -> date:
    """A date parameter in the method's own format: `%Y%m%d` (Ymd) or `%Y-%m-%d`; refusal 155 for another one."""
    try:
        return datetime.strptime(text, pattern).replace(tzinfo=ZONE).date()
    except ValueError as error:
        raise Refusal(155, name) from error


def moment_of(text: str, name: str, *patterns: str) -> str:
    """A moment as `Y-m-d H:i:s`, from any of the patterns; refusal 155 for another spelling."""
    for pattern in patterns or ("%Y-%m-%d %H:%M:%S",):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=ZONE).strftime("%Y-%m-%d %H:%M:%S")
        except ValueError:
            continue
    raise Refusal(155, name)


@dataclass(frozen=True)
class Window:
    """Whole days of the account, both ends included."""

    first: str
    last: str

    def holds(self, local: str) -> bool:
        """Is this `Y-m-d…` inside? Nothing without a date is."""
        return self.first <= local[:10] <= self.last


def window(call: Call, names: tuple[str, str] = ("dateFrom", "dateTo"), pattern: str = "%Y%m%d") -> Window:
    """The asked days; the last month up to today where a parameter is missing or has another name (P-22, P-72)."""
    today = call.world.now().astimezone(ZONE).date()
    first, last = (call.text(name) for name in names)
    until = day_of(last, names[1], pattern) if last else today
    since = day_of(first, names[0], pattern) if first else until - timedelta(days=30)
    if (until - since).days >= 3 and call.name in call.state["narrow"]:
        raise Refusal(52)
    return Window(str(since), str(until))


def page_of(call: Call, rows: list[Any]) -> dict[str, Any]:
    """`page`/`per_page` (100, at most 1000) as `{count, page{per_page, page, count}, data}`."""
    size, number_ = min(call.number("per_page", 100), 1000), call.number("page", 1)
    if size < 1 or number_ < 1:
        raise Refusal(155, "page")
    data = rows[size * (number_ - 1) : size * number_]
    return {"count": len(rows), "page": {"per_page": size, "page": number_, "count": len(data)}, "data": data}


# ids -----------------------------------------------------------------------------------------------------------------


def next_id(state: State, name: str) -> str:
    """A fresh id of one sequence, as text."""
    state["ids"][name] = state["ids"].get(name, 0) + 1
    return str(state["ids"][name])


Handler = Callable[[Call], object]


@dataclass(frozen=True)
class Method:
    """One API method: its exact name, the only verb it takes, what it does."""

    name: str
    verb: str
    run: Handler


METHODS: Final[dict[str, Method]] = {}


def method(name: str, verb: str = "GET") -> Callable[[Handler], Handler]:
    """Register a view under its exact name (letter case matters, P-66) and verb (P-01)."""

    def register(run: Handler) -> Handler:
        METHODS[name] = Method(name, verb, run)
        return run

    return register
