"""Which of the exchange formats a file is in, told by its content: a name and an ending prove nothing."""

from __future__ import annotations

from typing import IO, Final, Literal

from connector.locale import N_
from connector.systems.onec.archives import broken
from connector.systems.onec.safexml import NotXml, events, local

Format = Literal["commerceml", "enterprisedata", "bank"]

_ROOTS: Final[dict[str, Format]] = {"КоммерческаяИнформация": "commerceml", "Message": "enterprisedata"}
_BANK: Final = b"1CClientBankExchange"
_HEAD: Final = 256


def format_of(stream: IO[bytes], file: str) -> Format:
    """The format. BrokenAnswer for what is none of them."""
    head = stream.read(_HEAD)
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_BANK):
        return "bank"
    try:
        _, root = next(events(_Again(head, stream), None, ("start",)))
    except NotXml as error:
        text = N_("it is none of CommerceML, EnterpriseData and 1CClientBankExchange: {reason}")
        raise broken(file, text, reason=error.sentence) from error
    name = local(root)
    if name not in _ROOTS:
        text = N_("it is none of CommerceML, EnterpriseData and 1CClientBankExchange: it begins with <{root}>")
        raise broken(file, text, root=name)
    return _ROOTS[name]


class _Again:
    """A stream whose first bytes were looked at."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = head, stream

    def read(self, size: int = -1, /) -> bytes:
        head, self._head = self._head, b""
        return head or self._stream.read(size)
