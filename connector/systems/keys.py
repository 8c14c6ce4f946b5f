"""Keys by which people are looked for, as they are compared between spellings."""

from __future__ import annotations

from typing import Final

_RUSSIAN: Final = 11


def national(phone: object) -> str:
    """The digits of a phone, without the 7 or 8 in front of a Russian number: one for all of its spellings."""
    text = str("" if phone is None else phone)
    digits = "".join(char for char in text if char.isascii() and char.isdigit())
    return digits[1:] if len(digits) == _RUSSIAN and digits[0] in "78" else digits


def folded(email: object) -> str:
    """An e-mail without its letter case and the blanks around it."""
    return str("" if email is None else email).strip().casefold()
