"""The one spelling of a raw row: equal content is equal bytes, so a hash tells whether anything changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def canonical_body(raw: Mapping[str, Any], paths: Sequence[str]) -> bytes:
    """The asked keys in the asked order; a key the remote did not send is left out. Decimals keep every digit."""
    return _ENCODER.encode({path: raw[path] for path in paths if path in raw})


def decode_body(body: bytes) -> dict[str, Any]:
    """What `canonical_body` wrote; a fraction comes back as an exact Decimal."""
    return _DECODER.decode(body)
