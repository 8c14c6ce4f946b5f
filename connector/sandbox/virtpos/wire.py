"""How virtpos answers: one tree as XML or as JSON, every value as text; a failure is `success` 0 in a 200 (V-09)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Response
from lxml import etree

ZONE: Final = ZoneInfo("Europe/Moscow")
_CENT: Final = Decimal("0.01")

Row = dict[str, Any]


class Refused(Exception):
    """Answered as `<success>0</success>` with this `info`."""


@dataclass(frozen=True)
class Asked:
    """The parameters of a call. `query` are those of the address alone: some are taken from nowhere else."""

    query: Mapping[str, str]
    all: Mapping[str, str]

    def get(self, name: str) -> str:
        return self.all.get(name, "").strip()

    def query_only(self, name: str) -> str:
        return self.query.get(name, "").strip()

    def given(self, name: str) -> bool:
        return name in self.all

    def yes(self, name: str) -> bool:
        return self.get(name).lower() in ("1", "true")


class Flat(list[Sequence[tuple[str, Any]]]):
    """Rows that follow one another inside one element, without an element of their own (V-05, V-06)."""


class Wrapped(list[Sequence[tuple[str, Any]]]):
    """Rows that each have an element, `name`."""

    def __init__(self, name: str, rows: Sequence[Sequence[tuple[str, Any]]]) -> None:
        self.name = name
        super().__init__(rows)


def answer(fields: Sequence[tuple[str, Any]], form: str) -> Response:
    """The fields in their order, as XML unless JSON was asked for."""
    if form == "json":
        text = json.dumps(_plain(fields), ensure_ascii=False)
        return Response(text, 200, content_type="application/json; charset=utf-8")
    root = etree.Element("root")
    _grow(root, fields)
    body = b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="utf-8", pretty_print=True)
    return Response(body, 200, content_type="text/xml; charset=utf-8")


def _grow(parent: etree._Element, fields: Sequence[tuple[str, Any]]) -> None:
    for name, value in fields:
        child = etree.SubElement(parent, name)
        if isinstance(value, Flat):
            for row in value:
                _grow(child, row)
        elif isinstance(value, Wrapped):
            for row in value:
                _grow(etree.SubElement(child, value.name), row)
        elif value not in (None, ""):
            child.text = str(value)


def _plain(fields: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    return {
        name: [_plain(row) for row in value] if isinstance(value, list) else "" if value is None else str(value)
        for name, value in fields
    }


def refusal(info: str, form: str) -> Response:
    return answer([("success", "0"), ("info", info)], form)


def rounded(amount: Decimal) -> Decimal:
    """To the kopeck, half up (V-17)."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def digits(text: str) -> str:
    """A phone in free form, down to what identifies it: its digits, 8 of a Russian number as 7."""
    found = "".join(char for char in text if char.isascii() and char.isdigit())
    return "7" + found[1:] if len(found) == 11 and found[0] == "8" else found


def whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def local(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def day_of(text: str, name: str) -> str:
    """A date or a moment as it was sent. Refused when it is neither."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"Неверное значение параметра {name}") from None
    return text


def birthday(row: Row) -> date | None:
    try:
        return date(int(row["birth_year"]), int(row["birth_month"]), int(row["birth_day"]))
    except ValueError:
        return None


def age(row: Row, now: datetime) -> str:
    """Full years, which the server alone works out (V-21); empty without a birthday."""
    born = birthday(row)
    if born is None:
        return ""
    today = now.astimezone(ZONE).date()
    return str(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))
