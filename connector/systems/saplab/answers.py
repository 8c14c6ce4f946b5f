"""What the panel's answers mean: a collection, a client, a result, or one of its four ways to refuse.

A refusal has no status code of its own: it is `{"status": "error"}` with or without a text (S-18), or a map of
fields to messages without any status (S-17).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.errors import ConnectorError, Duplicate, Invalid, Missing
from connector.locale import N_, Sentence
from connector.systems.catalogue import Endpoint
from connector.systems.decoding import Unexpected, decode
from connector.systems.shape import shape_of
from connector.transport.messages import Response
from connector.transport.redaction import words_of

_TAKEN: Final = ("уникальн", "уже существует", "уже зарегистрирован", "уже используется")
_NOT_FOUND: Final = ("нет подходящ", "не найден")
_REFUSED: Final = (401, 403)


def content(endpoint: Endpoint, response: Response) -> Any:
    """The decoded answer when it is the healthy one of this call; its error is raised otherwise."""
    if not response.ok and (response.status in _REFUSED or not 400 <= response.status < 500 or response.is_html):
        raise response.status_error()
    data = _decoded(response)
    if response.ok and _healthy(endpoint, data):
        return data
    raise _refusal(endpoint, response, data)


def _decoded(response: Response) -> Any:
    try:
        return decode(response.body)
    except Unexpected:
        pass
    return response.json()  # slower, and says what is wrong with it


def _healthy(endpoint: Endpoint, data: Any) -> bool:
    if not isinstance(data, Mapping):
        return False
    if endpoint.envelope == "result":
        return data.get("status") == "success"
    kind = Mapping if endpoint.envelope == "client" else list
    return isinstance(data.get(endpoint.rows), kind)


def _refusal(endpoint: Endpoint, response: Response, data: Any) -> ConnectorError:
    if isinstance(data, Mapping):
        if data.get("status") == "error":
            return _error(endpoint, response, data.get("text"))
        if data and "status" not in data and all(isinstance(message, str) for message in data.values()):
            return _fields(endpoint, response, data)
    if not response.ok:
        return response.status_error()
    return response.shape_error(Sentence(N_("unknown shape {shape}"), shape=shape_of(data)))


def _error(endpoint: Endpoint, response: Response, text: Any) -> ConnectorError:
    facts = {"account": response.account, "endpoint": endpoint.name}
    if not isinstance(text, str) or text.strip() == "":
        return Missing(N_("{account}: {endpoint}: there is no such record"), **facts)
    kind = Missing if any(word in text.lower() for word in _NOT_FOUND) else Invalid
    return kind(N_("{account}: {endpoint} was refused: {message}"), message=words_of(text), **facts)


def _fields(endpoint: Endpoint, response: Response, messages: Mapping[str, str]) -> ConnectorError:
    """A form that was refused field by field; a value that is taken means that such a client is there already."""
    taken = all(any(word in message.lower() for word in _TAKEN) for message in messages.values())
    facts = {
        "account": response.account,
        "endpoint": endpoint.name,
        "field": words_of(", ".join(messages)),
        "message": words_of(" ".join(messages.values())),
    }
    if taken:
        return Duplicate(N_("{account}: {endpoint}: {field} is taken there: {message}"), **facts)
    return Invalid(N_("{account}: {endpoint}: {field} is not accepted: {message}"), **facts)
