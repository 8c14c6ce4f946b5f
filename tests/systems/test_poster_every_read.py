"""Every read of the catalogue is answered by the emulator, with records that really exist there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.errors import Missing
from connector.sandbox import Sandbox
from connector.systems.catalogue import Endpoint, load
from systems.poster_shop import READS, RECORDS, Shop


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with Sandbox(kinds=("poster",)) as sandbox:
        found = Shop(sandbox)
        found.order_something()
        yield found
        found.adapter.close()


@pytest.mark.parametrize("endpoint", READS, ids=lambda endpoint: endpoint.name)
def test_a_read_is_answered(shop: Shop, endpoint: Endpoint) -> None:
    answer = shop.adapter.call(endpoint.name, shop.params(endpoint))
    assert answer is None or isinstance(answer, list | dict)


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_read_of_nothing_is_missing_or_empty(shop: Shop, name: str) -> None:
    endpoint = load("poster").endpoint(name)
    (param,) = [key for key, param in endpoint.params.items() if param.required] or list(endpoint.one_of[:1])
    try:
        answer = shop.adapter.call(name, {param: 987654, **shop.window(endpoint)})
    except Missing:
        return
    assert answer in ([], {}, None) or isinstance(answer, dict)
