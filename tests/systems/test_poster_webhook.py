"""Webhooks of Poster: the signature over what really came, and what is kept of it."""

from __future__ import annotations

import json
from hashlib import md5
from typing import Any

import pytest

from connector.systems.poster import webhook
from connector.systems.poster.webhook import NoHook

SECRET = "fe2bc8e865d8fc2236968ee53c3b2bd5"
HOOK: dict[str, Any] = {
    "account": "api-demo",
    "account_number": "813932",
    "object": "client",
    "object_id": 55,
    "action": "changed",
    "time": "1518794257",
}


def body(secret: str = SECRET, order: tuple[str, ...] = (), **changes: Any) -> bytes:
    """A signed delivery, as the vendor's own code signs it: data where it is, then time, then the secret."""
    hook = {**HOOK, **changes}
    names = order or (
        "account",
        "object",
        "object_id",
        "action",
        *(["data"] if hook.get("data") is not None else []),
        "time",
    )
    text = ";".join([*(str(hook[name]) for name in names), secret])
    hook["verify"] = md5(text.encode(), usedforsecurity=False).hexdigest()
    return json.dumps(hook, ensure_ascii=False).encode()


def test_a_signed_delivery_is_believed() -> None:
    assert webhook.signed(body(), SECRET)
    assert webhook.signed(body(object_id="55"), SECRET)
    assert webhook.signed(body(time=1518794257), SECRET)
    assert webhook.signed(body(account="кафе"), SECRET)


def test_time_stands_before_the_secret() -> None:
    assert not webhook.signed(body(order=("account", "object", "object_id", "action")), SECRET)
    assert not webhook.signed(body(order=("account", "object", "object_id", "time", "action")), SECRET)


@pytest.mark.parametrize("field", ["account", "object", "object_id", "action", "time", "data"])
def test_every_signed_part_is_protected(field: str) -> None:
    sent = json.loads(body(data='{"a":1}'))
    sent[field] = "1" if field != "object_id" else 56
    assert not webhook.signed(json.dumps(sent).encode(), SECRET)
    assert not webhook.signed(body(data='{"a":1}', secret="another"), SECRET)


def test_data_is_signed_as_the_text_that_came() -> None:
    data = '{"type":1, "element_id" : 5,"name":"\\u043a\\u0430\\u0444\\u0435"}'
    assert webhook.signed(body(data=data), SECRET)
    sent = json.loads(body(data=data))
    sent["data"] = json.dumps(json.loads(data))
    assert not webhook.signed(json.dumps(sent).encode(), SECRET)
    sent["data"] = json.loads(data)
    assert not webhook.signed(json.dumps(sent).encode(), SECRET)


def test_null_data_is_no_data_and_empty_data_is_data() -> None:
    assert webhook.signed(body(data=None), SECRET)
    assert webhook.signed(body(data=""), SECRET)


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"{" * 100_000, b'{"time":1.5}', b"x" * 300_000, b'{"account":[1]}'],
)
def test_anything_else_is_neither_believed_nor_fatal(raw: bytes) -> None:
    assert not webhook.signed(raw, SECRET)
    with pytest.raises(NoHook):
        webhook.read(raw)


def test_a_hook_says_what_changed() -> None:
    hook = webhook.read(body())
    assert (hook.object, hook.object_id, hook.action, hook.entity) == ("client", "55", "changed", "customer")
    assert hook.time.isoformat() == "2018-02-16T15:17:37+00:00"
    assert webhook.read(body(object="clients_group")).entity == "group"


def test_the_lists_of_objects_and_actions_are_open() -> None:
    hook = webhook.read(body(object="client_ewallet", action="closed"))
    assert (hook.entity, hook.action) == (None, "closed")
    assert webhook.signed(body(object="client_ewallet", action="closed"), SECRET)


def test_the_same_delivery_again_has_the_same_fingerprint() -> None:
    assert webhook.fingerprint(body()) == webhook.fingerprint(body())
    assert webhook.fingerprint(body()) != webhook.fingerprint(body(time="1518794258"))
    assert webhook.read(body()).key == webhook.read(body(time="1518794258")).key


def test_what_is_kept_holds_no_token() -> None:
    raw = body(object="application", action="added", data='{"user_id":1,"access_token":"861052:02391570ff9af128"}')
    kept = webhook.storable(raw)
    assert "02391570ff9af128" not in kept
    assert json.loads(kept)["data"] == '{"user_id":1}'
    assert "verify" not in kept
    assert "02391570ff9af128" not in repr(webhook.read(raw))
    assert json.loads(webhook.storable(body(data="{broken")))["data"] is None
