"""Phones and e-mail addresses.

A phone is read in the default region first and as international digits second; a written `+` is always international.
Digits that already are a phone of the regions our systems are used in take a fast path: one regular expression built
from the numbering plans of `phonenumbers` itself; `tests/mapping` proves both ways equal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from typing import Any, Final

from connector.locale import N_
from connector.mapping.transforms.base import Transform, Unreadable, scalar_text

REGION: Final = "RU"
FAST_REGIONS: Final = ("RU", "KZ", "UA", "BY")
"""Regions whose fixed and mobile numbers take the fast path."""

_EMAIL: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+\Z")
_PLAIN_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+\Z")
_SEPARATORS: Final = str.maketrans("", "", " -()\u00a0")
_NATIONAL: Final = 10
_DIGITS: Final = re.compile(r"\D+", re.ASCII)


@lru_cache(maxsize=1)
def _fast() -> Any:
    """Matches an international digit string (no plus) that `phonenumbers` calls a valid fixed or mobile number."""
    from phonenumbers import PhoneMetadata

    ways = []
    for region in FAST_REGIONS:
        plan: Any = PhoneMetadata.metadata_for_region(region)
        kinds = f"(?:{plan.fixed_line.national_number_pattern}|{plan.mobile.national_number_pattern})"
        ways.append(f"{plan.country_code}(?=(?:{plan.general_desc.national_number_pattern})\\Z){kinds}")
    return re.compile(f"(?:{'|'.join(ways)})\\Z", re.ASCII).match


def read_phone(raw: object) -> str:
    """E.164 with a plus, or Unreadable."""
    text = raw if isinstance(raw, str) else scalar_text(raw)
    match = _fast()
    if match(text):
        return "+" + text
    digits = text.translate(_SEPARATORS)
    if digits[:1] == "+":
        digits = digits[1:]
    elif len(digits) == _NATIONAL:
        digits = "7" + digits
    elif len(digits) == _NATIONAL + 1 and digits[0] == "8":
        digits = "7" + digits[1:]
    return "+" + digits if match(digits) else slow_phone(text)


def slow_phone(text: str) -> str:
    """What `read_phone` means, by `phonenumbers` alone. Imported here: a run without phones does not wait for it."""
    import phonenumbers

    digits = _DIGITS.sub("", text)
    ways: list[tuple[str, str | None]] = [(text, REGION)]
    if not text.lstrip().startswith("+") and 7 < len(digits) <= 15:
        ways.append((f"+{digits}", None))
    for way, region in ways:
        try:
            number = phonenumbers.parse(way, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    raise Unreadable(N_("this is not a phone number that exists"))


def read_email(raw: object) -> str:
    """The address with a lower-case domain; the part before `@` is the owner's own spelling."""
    if isinstance(raw, str) and _PLAIN_EMAIL.match(raw):
        return raw
    text = (raw if isinstance(raw, str) else scalar_text(raw)).strip()
    if not _EMAIL.match(text):
        raise Unreadable(N_("this is not an e-mail address"))
    name, _, domain = text.rpartition("@")
    return f"{name}@{domain.lower()}"


def same_email(left: str, right: str) -> bool:
    return left.casefold() == right.casefold()


def sample_phone(random: Random) -> str:
    region = random.choice(("9", "495", "812"))
    text = f"+7{region}{random.randrange(10**9):09d}"[:12]
    try:
        return slow_phone(text)
    except Unreadable:
        return sample_phone(random)


def sample_email(random: Random) -> str:
    name = "".join(random.choices("abcdefghijklmnopqrstuvwxyzABC0123456789._+-", k=random.randint(1, 12)))
    return f"{name}@{random.choice(('mail.ru', 'example.com', 'почта.рф', 'a.b.org'))}"


def _as_is(value: str) -> str:
    return value


def _without_plus(value: str) -> str:
    return value[1:]


PHONE: Final = Transform(name="phone", kind="text", read=read_phone, write=_as_is, sample=sample_phone)
PHONE_DIGITS: Final = Transform(
    name="phone_digits", kind="text", read=read_phone, write=_without_plus, sample=sample_phone
)
EMAIL: Final = Transform(
    name="email", kind="text", read=read_email, write=_as_is, equal=same_email, sample=sample_email
)
