"""Phones as Poster keeps them: the text it shows and the digits beside it (P-38)."""

from __future__ import annotations

import re
from typing import Final

from connector.sandbox.poster.wire import Refusal

NO_DIGITS: Final = "0"


def digits_of(phone: str) -> str:
    """`phone_number` of a phone; `"0"` where there is none."""
    digits = re.sub(r"\D", "", phone)
    return digits if digits else NO_DIGITS


def checked(phone: str) -> str:
    """A phone that Poster accepts, as it will show it; refusal 37 for anything else."""
    phone = phone.strip()
    if phone in ("", "0"):
        return ""
    if re.fullmatch(r"\+?[\d\s()\-]+", phone) is None or not 10 <= len(digits_of(phone)) <= 15:
        raise Refusal(37)
    return spelled(phone)


def spelled(phone: str) -> str:
    """Bare digits are shown with a plus and in groups; what came with spaces or hyphens is kept as it came."""
    if re.fullmatch(r"\+?\d+", phone) is None:
        return phone
    digits = digits_of(phone)
    code = next((len(prefix) for prefix in ("7", "380", "375") if digits.startswith(prefix)), 1)
    rest = digits[code:]
    area = 3 if digits.startswith("7") else 2
    head, tail = rest[:area], rest[area:]
    return f"+{digits[:code]} {head} {tail[:3]}-{tail[3:5]}-{tail[5:]}".rstrip("-")
