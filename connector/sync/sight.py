"""The hash by which a row is known to be unchanged."""

from __future__ import annotations

from hashlib import blake2b

from connector.mapping import Mapping


def tag(mapping: Mapping) -> bytes:
    """What a hash is bound to: other paths make other rows."""
    return blake2b(",".join(mapping.paths).encode(), digest_size=16).digest()


def digest(mapping: Mapping, body: bytes) -> bytes:
    """128 bits over the canonical bytes of a row."""
    return blake2b(body, digest_size=16, key=tag(mapping)).digest()
