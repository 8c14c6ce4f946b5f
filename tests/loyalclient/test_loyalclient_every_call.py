"""Each of the 5 calls goes through the adapter and is answered by the emulated programme."""

from __future__ import annotations

from typing import Any

import pytest

from connector.systems import catalogue
from loyalclient.programme import Programme

CALLS: dict[str, dict[str, Any]] = {
    "client": {"search": "79990000001"},
    "recalc": {"client": "", "amount": "100.50"},
    "bonuses.hold": {"client": "", "amount": 10, "duration": 1},
    "bonuses.release": {"id": "62a000000000000000000001"},
    "retail": {"client": "", "amount": 100, "spend": 0, "hold": ["62a000000000000000000001"]},
}


def test_none_is_left_out() -> None:
    assert list(CALLS) == list(catalogue.load("loyalclient").endpoints)


@pytest.mark.parametrize("name", CALLS)
def test_call(programme: Programme, name: str) -> None:
    key = programme.user_adds(programme.sample(1))
    params = {word: key if word == "client" else value for word, value in CALLS[name].items()}
    answer = programme.adapter.call(name, params)
    rows = programme.adapter.catalogue.endpoint(name).rows
    assert programme.asked() == [name]
    assert set(answer) == ({rows} if rows else set())
