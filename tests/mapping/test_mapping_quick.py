"""The way of many rows gives what the plain way gives: the same values, the same problems, whatever comes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from connector.errors import RowError
from connector.mapping import Mapping
from connector.mapping.quick import REMEMBERED
from connector.mapping.transforms.numbers import read_roubles
from connector.model.records import as_dict
from connector.model.values import decimal_of, minor
from tests.mapping.shelf import ROWS, SHIPPED, Shipped, golden, ship

_encode = msgspec.json.Encoder(decimal_format="number").encode

ODD: list[Any] = [
    None, "", " ", "0", 0, 1, True, False, "on", " 0000-00-00 ", "2001-02-29", "2001-02-28", "+7 999 123-45-67",
    "79991234567", "нет", "a@b.ru", "A@B.RU ", "7.50", Decimal("7.5"), Decimal("0.10"), -5, "&amp;&#39;", "x\r\ny",
    [], {}, ["a"], {"inn": "7707083893"}, {"inn": 5}, [{"Представление": "+7 999 123-45-67", "Тип": "Телефон"}],
]  # fmt: skip


def both(mapping: Mapping, raw: dict[str, Any]) -> None:
    problems: list[RowError] = []
    quick_problems: list[RowError] = []
    plain = as_dict(mapping.read(raw, problems))
    quick = mapping.values(_encode(raw), quick_problems)
    assert list(quick.items()) == list(plain.items())
    assert [(one.field, one.value, str(one.reason)) for one in quick_problems] == [
        (one.field, one.value, str(one.reason)) for one in problems
    ]


def name(value: object) -> str:
    return value.stem if isinstance(value, Path) else str(value)


@pytest.mark.parametrize(("shipped", "path"), ROWS, ids=name)
def test_golden_rows(shipped: Shipped, path: Path) -> None:
    raw = golden(path)["raw"]
    both(shipped.mapping, raw)
    both(shipped.mapping, raw)  # what the first time was remembered


@pytest.mark.parametrize("shipped", SHIPPED, ids=str)
def test_rows_of_anything(shipped: Shipped) -> None:
    random = Random(7)
    for odd in ODD:
        both(shipped.mapping, dict.fromkeys(shipped.mapping.paths, odd))
    for _ in range(300):
        raw = {path: random.choice(ODD) for path in shipped.mapping.paths if random.random() < 0.9}
        both(shipped.mapping, raw)


def test_the_first_problem_is_raised_where_nobody_collects_them() -> None:
    with pytest.raises(RowError, match="phone"):
        ship("poster").values(b'{"phone_number": "12"}')


def test_what_is_remembered_has_a_bound() -> None:
    poster = ship("poster")
    for number in range(1, 2 * REMEMBERED):
        assert poster.values(b'{"city": "%d"}' % number) == {"city": str(number)}
    assert poster.values(b'{"city": "1"}') == {"city": "1"}
    assert poster.values(b'{"city": 1}') == {"city": "1"}


def test_plain_amounts_need_no_decimals() -> None:
    random = Random(1)
    for _ in range(2000):
        text = f"{random.choice(('', '-'))}{random.randrange(10 ** random.randint(1, 10))}"
        text += random.choice(("", ".0", ".5", ".05", ".99", ".995"))
        assert read_roubles(text) == minor(decimal_of(text)), text
