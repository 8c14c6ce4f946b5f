"""What 1C is answered: lines of text, the first of which it acts on and the second it shows to a person."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Final

from flask import Response

from connector.errors import ConnectorError
from connector.locale import N_, Sentence

log: Final = logging.getLogger("connector.server.exchange")

_CHUNK: Final = 16 * 1024
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_BROKEN: Final = N_("an error inside the connector: {kind}; look into its log")


class Speech:
    """Answers in a language and an encoding."""

    def __init__(self, language: str, encoding: str) -> None:
        self._language, self._encoding = language, encoding

    def text(self, *lines: str) -> Response:
        """Lines as they are, without a break at the end: an old 1C counts the lines of an answer."""
        body = "\n".join(lines).encode(self._encoding, "replace")
        return Response(body, content_type=f"text/plain; charset={self._encoding}", headers=_HEADERS)

    def progress(self, sentence: Sentence) -> Response:
        return self.text("progress", sentence.in_(self._language))

    def failure(self, sentence: Sentence) -> Response:
        return self.text("failure", " ".join(sentence.in_(self._language).split()))

    def error(self, error: Exception) -> Response:
        """What went wrong, in a sentence. Of a mistake of ours only the kind is told."""
        if isinstance(error, ConnectorError):
            log.warning("exchange: %s", error)
            return self.failure(error.sentence)
        log.error("exchange: %s", type(error).__name__, exc_info=error)
        return self.failure(Sentence(_BROKEN, kind=type(error).__name__))

    def xml(self, parts: Iterable[bytes], encoding: str) -> Response:
        """A document, sent as it is made."""
        return Response(_joined(parts), content_type=f"text/xml; charset={encoding}", headers=_HEADERS)


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The first part at once, the rest in larger pieces."""
    waiting: list[bytes] = []
    size = -1
    for part in parts:
        if size < 0:
            size = 0
            yield part
            continue
        waiting.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
