"""How the panel speaks: JSON as PHP writes it, numbers as text, times as PostgreSQL prints them, path filters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from flask import Response

SHOP_ZONE: Final = ZoneInfo("Europe/Moscow")
PER_PAGE: Final = 20
PER_PAGE_MAX: Final = 150

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One request, taken apart: the id in its path, its path filters, its form and who asks."""

    id: str = ""
    filters: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    employee: dict[str, Any] = field(default_factory=dict)


def answer(body: object, status: int = 200) -> Response:
    """JSON as `json_encode` leaves it: everything beyond ASCII and every slash escaped."""
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")
    return Response(text, status, content_type="application/json; charset=utf-8")


def success(text: str | None = None) -> dict[str, str]:
    return {"status": "success"} if text is None else {"status": "success", "text": text}


def failure(text: str | None = None) -> dict[str, str]:
    return {"status": "error"} if text is None else {"status": "error", "text": text}


def number(value: Decimal | str) -> str:
    """A float column as text: `14`, `3958.07`; never `14.00` (S-25)."""
    text = f"{Decimal(value).normalize():f}"
    return "0" if text == "-0" else text


def flag(value: bool) -> str:
    return "1" if value else "0"


def shop_time(at: str) -> str:
    """A stored UTC moment in shop time, the zeros at the end of its fraction dropped."""
    text = datetime.fromisoformat(at).astimezone(SHOP_ZONE).strftime("%Y-%m-%d %H:%M:%S.%f")
    return text.rstrip("0").rstrip(".")


def history_time(at: str) -> str:
    """A moment of a position's history: UTC and whole seconds, unlike every other time here (S-14)."""
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S.000000")


def whole(text: str | None) -> int:
    """What PHP's `(int)` makes of a form value: its leading digits, else 0."""
    digits = (text or "").strip()
    sign, digits = (-1, digits[1:]) if digits[:1] == "-" else (1, digits)
    end = next((place for place, char in enumerate(digits) if not (char.isascii() and char.isdigit())), len(digits))
    return sign * int(digits[:end] or 0)


def amount(text: str | None) -> Decimal | None:
    """A signed amount of money from a form, None when it is none."""
    try:
        value = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def phone_key(text: str) -> str:
    """The digits by which the panel knows a phone: `+7(123)456-78-90` and `1234567890` are one."""
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    return digits[1:] if len(digits) == 11 and digits[0] in "78" else digits


def segments_of(uri: str) -> list[str]:
    """The path of a raw request URI, split before it is decoded: an encoded slash is part of a value (S-22)."""
    path = uri.split("?", 1)[0]
    return [unquote(part) for part in path.strip("/").split("/")]


def pairs(parts: Sequence[str]) -> dict[str, str]:
    """`filter/key/value/key/value`; a key left without its value is dropped."""
    return dict(zip(parts[::2], parts[1::2], strict=False))


def ids(text: str) -> set[int]:
    return {whole(part) for part in text.split(",")}


def day(text: str) -> datetime | None:
    """Midnight in shop time of a filter's date."""
    try:
        return datetime.combine(date.fromisoformat(text), time.min, SHOP_ZONE)
    except ValueError:
        return None


def since(text: str) -> Callable[[str], bool]:
    limit = day(text)
    return lambda at: limit is None or datetime.fromisoformat(at) >= limit


def until(text: str) -> Callable[[str], bool]:
    """Up to the beginning of that day: a date is compared as the midnight it is."""
    limit = day(text)
    return lambda at: limit is None or datetime.fromisoformat(at) <= limit


@dataclass(frozen=True)
class Paging:
    """Where in a list the caller stands. `per_page` beyond the maximum is cut to it."""

    page: int
    per_page: int

    @classmethod
    def of(cls, filters: dict[str, str], per_page: int = PER_PAGE) -> Paging:
        asked = whole(filters.get("per_page"))
        return cls(max(1, whole(filters.get("page"))), min(asked, PER_PAGE_MAX) if asked > 0 else per_page)

    def cut(self, rows: Iterable[T], total: int) -> tuple[list[T], int]:
        """The rows of this page and the number of pages; a page past the end is empty."""
        start, end = (self.page - 1) * self.per_page, self.page * self.per_page
        taken = [row for place, row in _numbered(rows, end) if place >= start]
        return taken, -(-total // self.per_page)

    def echo(self, filters: dict[str, str], known: Iterable[str], bare: bool) -> object:
        """The filters as applied. With `bare` none at all is `[]`, an empty PHP array."""
        shown: dict[str, object] = {key: filters[key] for key in known if filters.get(key, "") != ""}
        if "page" in filters:
            shown["page"] = self.page
        if not bare or "per_page" in filters:
            shown["per_page"] = self.per_page
        return shown or []


def _numbered(rows: Iterable[T], end: int) -> Iterable[tuple[int, T]]:
    for place, row in enumerate(rows):
        if place >= end:
            return
        yield place, row
