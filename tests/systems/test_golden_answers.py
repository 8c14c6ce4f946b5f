"""Every documented answer of the four vendors decodes, through the adapter's own path, to what it means."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
import responses

from connector import errors
from connector.mapping import load as load_mapping
from connector.model.records import as_dict
from connector.resources import mappings_folder
from connector.systems.base import Adapter, Row
from connector.systems.catalogue import load
from connector.systems.poster import oauth
from connector.systems.rows import decode_body
from systems.answers import BASE, FOLDER, Answer, Remote, adapter, answers, php

ALL = answers()
CALLS = [answer for answer in ALL if load(answer.kind).endpoint(answer.endpoint).use == "call"]
STEPS = [answer for answer in ALL if load(answer.kind).endpoint(answer.endpoint).use == "connect"]
MAPPED = [answer for answer in ALL if "records" in answer.expected]
COUNTS = {"poster": 153, "saplab": 36, "loyalclient": 9, "virtpos": 2}
"""151 in Poster's document of 2018, the one that is cut in the middle included, and 2 that differ in that of 2016."""

UNANSWERED = {
    "saplab": {"manager", "client.add_transaction"},
    "virtpos": {"customer", "customer.updateCard", "customer.insertCard", "customer.deleteCard"},
    "poster": {"auth", "webhook", *(name for name in load("poster").endpoints if ".set1c" in name)},
    "loyalclient": set[str](),
}
"""Calls of which the documents show a request at most."""


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as listening:
        yield listening


def remote(answer: Answer, mock: responses.RequestsMock) -> Remote:
    expected = answer.expected
    others = {path: other(answer, told) for path, told in expected.get("also", {}).items()}
    made = Remote(answer.body, expected.get("status", 200), others=others)
    if "position" in expected:
        made.positions = positions(expected["call"], expected["position"])
    made.listen(mock)
    return made


def other(answer: Answer, told: str | Mapping[str, Any]) -> bytes:
    """The answer of another path: the name of a file, or the answer itself."""
    return (answer.path.parent / told).read_bytes() if isinstance(told, str) else json.dumps(told).encode()


def positions(call: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What Saplab's list shows of the positions a switch is about: before it, then after it."""
    ids = str(call.get("ids", call.get("id"))).split(",")
    for number in count():
        state = shown["before"] if number == 0 else shown["after"]
        yield {"orders": [{"id": key, **state} for key in ids], "pages": 1, "page": 1}


@pytest.mark.parametrize("kind", COUNTS)
def test_every_documented_answer_is_there(kind: str) -> None:
    found = [answer for answer in ALL if answer.kind == kind]
    assert len(found) == COUNTS[kind]
    assert len(list((FOLDER / kind).iterdir())) == 2 * len(found), "each with what is expected of it, and nothing else"
    assert set(load(kind).endpoints) - {answer.endpoint for answer in found} == UNANSWERED[kind]


@pytest.mark.parametrize("answer", CALLS, ids=str)
def test_it_decodes(answer: Answer, mock: responses.RequestsMock) -> None:
    expected = answer.expected
    remote(answer, mock)
    account = adapter(answer.kind)
    if "error" not in expected:
        assert account.call(answer.endpoint, expected["call"]) == expected["payload"]
        return
    with pytest.raises(errors.ConnectorError) as info:
        account.call(answer.endpoint, expected["call"])
    assert type(info.value) is getattr(errors, expected["error"]["kind"]), info.value
    assert expected["error"].get("code") in (None, info.value.code)


@pytest.mark.parametrize("answer", [one for one in CALLS if one.kind == "poster"], ids=str)
def test_the_documented_request_is_what_is_sent(answer: Answer, mock: responses.RequestsMock) -> None:
    """Where the document contradicts itself, the request is the decided one, and its number stands beside it."""
    served = remote(answer, mock)
    call = answer.expected["call"]
    endpoint = load("poster").endpoint(answer.endpoint)
    try:
        adapter("poster").call(answer.endpoint, call)
    except errors.ConnectorError:
        assert "error" in answer.expected
    sent = next(pairs for path, pairs in served.sent if path == endpoint.path)
    body = call[endpoint.bare] if endpoint.bare else call
    wanted = php({**body, **doubled(call, endpoint.params)} if isinstance(body, Mapping) else body)
    ours = {"token", "format", *(endpoint.paging.stable if endpoint.paging else ())}
    if endpoint.paging is not None and endpoint.paging.start not in call:
        ours |= {endpoint.paging.start, endpoint.paging.size or ""}
    assert sorted(pair for pair in sent if pair[0] not in ours) == sorted(wanted)


def doubled(call: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent under a second name as well."""
    return {param.also: call[name] for name, param in params.items() if param.also and name in call}


@pytest.mark.parametrize("answer", STEPS, ids=str)
def test_a_step_towards_a_token_decodes(answer: Answer, mock: responses.RequestsMock) -> None:
    expected = answer.expected
    Remote(answer.body).listen(mock)
    given = {name: str(expected["call"][name]) for name in ("code", "application_id", "application_secret")}
    step = managed if answer.endpoint.endswith("manage") else exchanged
    if "error" in expected:
        with pytest.raises(getattr(errors, expected["error"]["kind"])) as info:
            step(**given)
        assert info.value.code == expected["error"]["code"]
        return
    token = step(**given)
    assert (token.value, token.account_number) == (expected["payload"]["access_token"], "100001")
    assert token.company == expected["payload"]["ownerInfo"]["company_name"]
    assert "guest@example.com" not in repr(token) and token.value not in repr(token)


def exchanged(code: str, application_id: str, application_secret: str) -> oauth.Token:
    return oauth.exchange(
        code,
        "api-demo",
        application_id=application_id,
        application_secret=application_secret,
        redirect_uri="https://localhost:8080/",
        base=BASE,
    )


def managed(code: str, application_id: str, application_secret: str) -> oauth.Token:
    return oauth.manage(code, application_id=application_id, application_secret=application_secret, base=BASE)


@pytest.mark.parametrize("answer", MAPPED, ids=str)
def test_its_rows_are_the_expected_records(answer: Answer, mock: responses.RequestsMock) -> None:
    expected = answer.expected
    remote(answer, mock)
    entity = expected["entity"]
    mapping = load_mapping([mappings_folder()], answer.kind, entity)
    read = []
    for row in rows(adapter(answer.kind), answer, entity, mapping.paths):
        problems: list[errors.RowError] = []
        record = as_dict(mapping.read(decode_body(row.body), problems))
        told = {"external_id": row.external_id, "gone": row.gone, "record": record}
        read.append({**told, "problems": {one.field: str(one.reason) for one in problems}} if problems else told)
    assert read == expected["records"]


def rows(account: Adapter, answer: Answer, entity: str, paths: tuple[str, ...]) -> list[Row]:
    """The rows of an answer as the engine is given them: a feed, one record, or a look-up."""
    served = load(answer.kind).entities[entity]
    if served.feed is not None and served.feed.endpoint == answer.endpoint:
        return [row for page in account.feed(entity, paths) for row in page.rows]
    if served.get is not None and served.get.endpoint == answer.endpoint:
        row = account.get(entity, answer.expected["records"][0]["external_id"], paths)
        return [] if row is None else [row]
    return account.find(entity, "phone", answer.expected["call"]["search"], paths)


def test_the_order_of_virtpos_as_it_is_fed(mock: responses.RequestsMock) -> None:
    (answer,) = (one for one in ALL if (one.kind, one.endpoint) == ("virtpos", "orders"))
    remote(answer, mock)
    (wanted,) = answer.expected["rows"]
    (page, *_) = adapter("virtpos").feed("order", tuple(wanted))
    assert [decode_body(row.body) for row in page.rows] == [wanted]
