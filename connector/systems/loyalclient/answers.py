"""Answers of LoyalClient: `{success: true, …}`, or a map of fields to messages, usually with status 422 (L-08)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.errors import ConnectorError, Forbidden, Invalid, Missing
from connector.locale import N_, Sentence
from connector.systems.catalogue import Endpoint
from connector.systems.shape import shape_of
from connector.transport.messages import Response
from connector.transport.redaction import words_of

_OURS: Final = ("apikey", "point")
"""Fields that the account gives: what is wrong with them is wrong for every call."""


def content(endpoint: Endpoint, response: Response) -> dict[str, Any]:
    """The decoded answer without `success`; its error is raised otherwise."""
    if response.status in (401, 403) or (not response.ok and response.is_html):
        raise response.status_error()
    data = response.json()
    if response.ok and isinstance(data, Mapping) and data.get("success") is True:
        if endpoint.rows == "" or isinstance(data.get(endpoint.rows), Mapping):
            return {name: value for name, value in data.items() if name != "success"}
        raise response.shape_error(Sentence(N_("unknown shape {shape}"), shape=shape_of(data)))
    raise _refusal(response, data)


def _refusal(response: Response, data: Any) -> ConnectorError:
    told = {name: text for name, text in data.items() if name != "success"} if isinstance(data, Mapping) else {}
    messages = {name: text for name, text in told.items() if isinstance(text, str) and text.strip()}
    refused = isinstance(data, Mapping) and data.get("success") is False
    if not refused and (not messages or len(messages) < len(told)):
        if not response.ok:
            return response.status_error()
        return response.shape_error(Sentence(N_("unknown shape {shape}"), shape=shape_of(data)))
    return _error(response, messages)


def _error(response: Response, messages: Mapping[str, str]) -> ConnectorError:
    facts = {
        "account": response.account,
        "endpoint": response.endpoint,
        "field": words_of(", ".join(messages)) or "—",
        "message": words_of(" ".join(messages.values())) or "—",
    }
    if any(name in messages for name in _OURS):
        return Forbidden(N_("{account}: {field} is not accepted: {message}. Correct the account"), **facts)
    if any("not found" in message.lower() for message in messages.values()):
        return Missing(N_("{account}: {endpoint}: {message}"), **facts)
    return Invalid(N_("{account}: {endpoint}: {field} is not accepted: {message}"), **facts)
