"""Poster's envelopes: five ways to say that something went wrong and seven to say that it did not (§1.2).

errors      {"error": {"code": 11, "message": "…"}}           with status 200
            {"response": {"err_code": 42, …}}                  transactions.*; newer calls spell it error_code
            {"code": …, "error_type": …, "error_message": …}   OAuth
            {"error": 34, "message": "…", "field": "…"}        auth/manage: a number
            {"response": false} · {"success": 0}               no code at all
success     {"response": [..] | {..} | scalar | null} · {"success": 1} · {"success": 1, "response": id}
            {"success": "text"} · {"response": id, "modifications_id": [..]} · the object itself
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.errors import ConnectorError, Invalid, Missing
from connector.locale import N_, Sentence
from connector.systems.catalogue import Endpoint
from connector.systems.poster.errors import error_of, shown
from connector.systems.shape import shape_of
from connector.transport.messages import Response

_UNWRAPPED: Final = frozenset({"bare", "auth", "manage"})
_NOT_DONE: Final = N_("{account}: {endpoint}: Poster says that it was not done")
_NO_RECORD: Final = N_("{account}: {endpoint}: there is no such record")


def content(endpoint: Endpoint, response: Response) -> Any:
    """What an answer holds, its envelope removed. Raises the named error it is, or one that shows its shape."""
    if response.status == 405:
        raise _coded(endpoint, response, 30, "")
    data = _decoded(response)
    if isinstance(data, Mapping) and (error := _error(endpoint, response, data)) is not None:
        raise error
    if not response.ok:
        raise response.status_error()
    return _healthy(endpoint, response, data)


def _decoded(response: Response) -> Any:
    if response.ok or not response.is_html:
        try:
            return response.json()
        except ConnectorError:
            if response.ok:
                raise
    raise response.status_error()


def _error(endpoint: Endpoint, response: Response, data: Mapping[str, Any]) -> ConnectorError | None:
    """The error that a decoded answer is; None where it is none."""
    error = data.get("error")
    if isinstance(error, Mapping):
        return _coded(endpoint, response, error.get("code"), error.get("message"))
    if error not in (None, False, 0, "0", ""):
        message = f"{data.get('message') or ''} {data.get('field') or ''}"
        return _coded(endpoint, response, error, message)
    if "error_type" in data or "error_message" in data:
        return _coded(endpoint, response, data.get("code"), data.get("error_message"))
    inner = data.get("response")
    if isinstance(inner, Mapping):
        code = inner.get("err_code", inner.get("error_code"))
        if code not in (None, 0, "0", ""):
            return _coded(endpoint, response, code, inner.get("message") or inner.get("error"))
    return None


def _coded(endpoint: Endpoint, response: Response, code: Any, message: Any) -> ConnectorError:
    number = int(str(code)) if str(code).lstrip("-").isdigit() else -1
    text = message if isinstance(message, str) else ""
    if number == -1 and not text:
        text = shown(str(code))
    return error_of(response.account, endpoint.name, number, text, is_write=endpoint.is_write)


def _healthy(endpoint: Endpoint, response: Response, data: Any) -> Any:
    if not isinstance(data, Mapping):
        if endpoint.envelope in _UNWRAPPED and isinstance(data, list):
            return data
        raise unknown_shape(response, data)
    facts = {"account": response.account, "endpoint": endpoint.name}
    if data.get("success") in (0, "0", False) and "success" in data:
        raise Invalid(_NOT_DONE, **facts)
    if "response" in data:
        if data["response"] is False:
            raise Missing(_NO_RECORD, **facts)
        return _with_modifications(data)
    if "success" in data:
        return data["success"]
    if endpoint.envelope in _UNWRAPPED and data:
        return dict(data)
    raise unknown_shape(response, data)


def _with_modifications(data: Mapping[str, Any]) -> Any:
    """A created product with modifications, in its three spellings, as one (P-59)."""
    inner = data["response"]
    if "modifications_id" in data and not isinstance(inner, Mapping):
        return {"product_id": inner, "modifications_id": data["modifications_id"]}
    return inner


def unknown_shape(response: Response, data: Any) -> ConnectorError:
    """The error for an answer of no known shape: keys and kinds are shown, values are not."""
    return response.shape_error(Sentence(N_("its shape is not known: {shape}"), shape=shape_of(data)))
