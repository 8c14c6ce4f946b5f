"""Accounts of Saplab, virtpos and LoyalClient become adapters that hold what their lines say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from connector.config import Account
from connector.errors import ConfigError
from connector.systems import build
from connector.systems.loyalclient.adapter import LoyalclientAdapter
from connector.systems.saplab.adapter import SaplabAdapter
from connector.systems.virtpos.adapter import VirtposAdapter


def account(kind: str, **more: Any) -> Account:
    settings: dict[str, Any] = {"name": "a", "kind": kind, "url": "https://shop.example", "timezone": "Asia/Omsk"}
    settings |= {"login": "79000000000", "password": SecretStr("p")} if kind == "saplab" else {"apikey": SecretStr("k")}
    return Account(**settings | more)


def test_saplab() -> None:
    made = build(account("saplab", login="79000000000", password=SecretStr("пароль")))
    assert isinstance(made, SaplabAdapter)
    assert (made.account, made.kind, made.spoke) == ("a", "saplab", "a")
    assert made.transport.concurrency == 2
    assert "пароль" not in repr(made.__dict__) + repr(made.transport.__dict__)


def test_virtpos() -> None:
    made = build(account("virtpos", apikey=SecretStr("k"), cards="read", paths={"updateCard": "/api/card/update"}))
    assert isinstance(made, VirtposAdapter)
    assert made.reads_cards
    assert made.catalogue.endpoint("customer.updateCard").path == "/api/card/update"
    assert made.catalogue.endpoint("customer.deleteCard").path == "/api/customer/deleteCard"
    other = build(account("virtpos", apikey=SecretStr("k")))
    assert isinstance(other, VirtposAdapter)
    assert not other.reads_cards
    assert other.catalogue.endpoint("customer.updateCard").path == "/api/customer/updateCard"


def test_loyalclient() -> None:
    made = build(account("loyalclient", apikey=SecretStr("k"), point="62a0000000000000000000f4"))
    assert isinstance(made, LoyalclientAdapter)
    assert made.point == "62a0000000000000000000f4"


@pytest.mark.parametrize(("kind", "key"), [("saplab", "password"), ("virtpos", "apikey"), ("loyalclient", "apikey")])
def test_nobody_is_called_without_credentials(kind: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        build(account(kind, **{key: None}))


@pytest.mark.parametrize("kind", ["saplab", "virtpos", "loyalclient"])
def test_plain_http_needs_a_word(kind: str) -> None:
    with pytest.raises(ConfigError, match="insecure: true"):
        build(account(kind, url="http://shop.example"))
    build(account(kind, url="http://shop.example", insecure=True)).close()


@pytest.mark.parametrize("kind", ["saplab", "virtpos", "loyalclient"])
def test_rate_and_concurrency_are_the_accounts(kind: str) -> None:
    made: Any = build(account(kind, rate=2.5, concurrency=7))
    assert made.transport.rate.current == 2.5
    assert made.transport.concurrency == 7
