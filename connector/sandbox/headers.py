"""Header names with an underscore, which waitress drops: 1C has one, `1C_OData-DataLoadMode`.

To an application an underscore and a hyphen are the same letter of a name, so the one is read as the other.
"""

from __future__ import annotations

import re
from typing import Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

_NAME: Final = re.compile(rb"(?<=\r\n)[^:\r\n]*_[^:\r\n]*(?=:)")


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(_NAME.sub(lambda name: name[0].replace(b"_", b"-"), header_plus))


class Channel(HTTPChannel):  # type: ignore[misc]
    """The channel of a server that hides no header from its application."""

    parser_class = _Parser
