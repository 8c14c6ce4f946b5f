"""Request lines as 1C writes them: a name of a file stands in the address unencoded, with blanks and Cyrillic bytes."""

from __future__ import annotations

import re
from typing import Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

_LINE: Final = re.compile(rb"([A-Z]+) (.*) (HTTP/[0-9]\.[0-9])")
_UNENCODED: Final = re.compile(rb"[\x20\x80-\xff]")


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    def parse_header(self, header_plus: bytes) -> None:
        line, end, rest = header_plus.partition(b"\r\n")
        match = _LINE.fullmatch(line)
        if match is not None:
            address = _UNENCODED.sub(lambda found: b"%%%02X" % found[0][0], match[2])
            line = b" ".join((match[1], address, match[3]))
        super().parse_header(line + end + rest)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection of a server to which 1C may come."""

    parser_class = _Parser
