"""Each of the 6 calls goes through the adapter and is answered by the emulated company, in both formats."""

from __future__ import annotations

from typing import Any

import pytest

from connector.systems import catalogue
from virtpos.company import Cards

CALLS: dict[str, dict[str, Any]] = {
    "orders": {},
    "customer": {"page": 1, "page_size": 10},
    "customer.update": {"id": 1, "fname": "Пётр", "birth_day": "1", "birth_month": "2", "birth_year": "1990"},
    "customer.updateCard": {"uid": "77", "create_if_not_exist": 1, "status": "ACTIVE", "customer_id": "1"},
    "customer.insertCard": {"uid": "78", "type_name": "Накопительная"},
    "customer.deleteCard": {"uid": "1001"},
}


def test_none_is_left_out() -> None:
    assert list(CALLS) == list(catalogue.load("virtpos").endpoints)


@pytest.mark.parametrize("form", [{}, {"format": "json"}])
@pytest.mark.parametrize("name", CALLS)
def test_call(written_cards: Cards, name: str, form: dict[str, str]) -> None:
    written_cards.user_adds(written_cards.sample(1))
    answer = written_cards.adapter.call(name, {**CALLS[name], **form})
    endpoint = written_cards.adapter.catalogue.endpoint(name)
    assert written_cards.asked() == [name]
    assert "success" not in answer
    assert isinstance(answer[endpoint.rows], list) if endpoint.rows else int(answer["id"]) > 0
