"""Success and refusal of virtpos: `success` is 1 or 0 in a 200, and `info` says why not (V-09)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.errors import ConnectorError, Duplicate, Forbidden, Invalid, Missing
from connector.locale import N_, Sentence
from connector.systems.shape import shape_of
from connector.systems.virtpos import document
from connector.transport.messages import Response
from connector.transport.redaction import words_of

_SUCCESS: Final = {"1": True, "true": True, "0": False, "false": False}

_WORDS: Final[tuple[tuple[type[ConnectorError], tuple[str, ...]], ...]] = (
    (Forbidden, ("apikey", "api key", "api-key", "ключ доступа", "неверный ключ", "доступ", "access denied")),
    (Missing, ("не найден", "не существует", "not found", "not exist")),
    (Duplicate, ("уже используется", "уже существует", "already", "duplicate", "не уникал")),
)
"""What the texts of refusals say; the document has no list of them, so what none of these fits is Invalid."""

_TEXTS: Final[Mapping[type[ConnectorError], str]] = {
    Forbidden: N_("{account}: {endpoint} is not allowed: {message}. Check the apikey of the account"),
    Missing: N_("{account}: {endpoint}: there is no such record: {message}"),
    Duplicate: N_("{account}: {endpoint}: it is taken there: {message}"),
    Invalid: N_("{account}: {endpoint} was refused: {message}"),
}


def content(response: Response) -> dict[str, Any]:
    """The decoded answer without `success`; its error is raised otherwise."""
    if not response.ok:
        raise response.status_error()
    try:
        data = document.decode(response.body)
    except document.NotReadable as error:
        reason = error.sentence
    else:
        if succeeded(data) is not None:
            refuse(response.account, response.endpoint, data)
            return {name: value for name, value in data.items() if name != "success"}
        reason = Sentence(N_("unknown shape {shape}"), shape=shape_of(data))
    raise response.shape_error(reason)


def succeeded(data: Mapping[str, Any]) -> bool | None:
    """What the answer says of itself; None when it says nothing."""
    return _SUCCESS.get(str(data.get("success")).strip().lower())


def refuse(account: str, endpoint: str, data: Mapping[str, Any]) -> None:
    """Raise what a refusal means; nothing for success."""
    if succeeded(data):
        return
    info = str(data.get("info") or "").strip()
    kind = next((kind for kind, words in _WORDS if any(word in info.lower() for word in words)), Invalid)
    raise kind(_TEXTS[kind], account=account, endpoint=endpoint, message=words_of(info) or "—")
