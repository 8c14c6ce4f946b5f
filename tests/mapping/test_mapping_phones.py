"""Phones: the fast path and `phonenumbers` say the same; what the documents show is read as one number."""

from __future__ import annotations

from random import Random

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata

from connector.mapping.transforms import Unreadable
from connector.mapping.transforms.contact import FAST_REGIONS, REGION, _fast, read_phone, slow_phone


def both(text: str) -> tuple[str | None, str | None]:
    def told(read: object) -> str | None:
        try:
            return read(text)  # type: ignore[operator]
        except Unreadable:
            return None

    return told(read_phone), told(slow_phone)


def spellings(random: Random, digits: str) -> list[str]:
    national = digits[1:]
    return [
        digits,
        f"+{digits}",
        national,
        f"8{national}",
        f"+{digits[:1]} ({digits[1:4]}) {digits[4:7]}-{digits[7:9]}-{digits[9:]}",
        f"8 {digits[1:4]} {digits[4:7]}-{digits[7:]}",
        f"+{digits[:3]} {digits[3:5]} {digits[5:7]}-{digits[7:9]}-{digits[9:]}",
        " ".join(digits),
        f"+{random.choice(('', ' ', '8', '00'))}{digits}",
        digits[: random.randint(3, 15)],
    ]


@pytest.mark.parametrize("region", FAST_REGIONS)
def test_the_fast_path_equals_phonenumbers(region: str) -> None:
    random = Random(region)
    code = str(phonenumbers.country_code_for_region(region))
    length = 10 if code == "7" else 9
    checked = fast = 0
    for _ in range(400):
        digits = code + f"{random.randrange(10**length):0{length}d}"
        for text in spellings(random, digits):
            quick, slow = both(text)
            assert quick == slow, text
            checked += 1
            fast += _fast()(text) is not None
    assert checked == 4000
    assert fast > 20, "the fast path is hardly taken"


@pytest.mark.parametrize("region", FAST_REGIONS)
def test_every_kind_of_mobile_prefix_agrees(region: str) -> None:
    """All prefixes of four digits after the country code, so that a hole in a numbering plan cannot hide."""
    code, length = str(phonenumbers.country_code_for_region(region)), 10 if region in ("RU", "KZ") else 9
    for prefix in range(0, 10**4, 3):
        digits = f"{code}{prefix:04d}{'123456789'[: length - 4]}"
        quick, slow = both(digits)
        assert quick == slow, digits


def test_random_digit_strings_agree() -> None:
    random = Random(7)
    for _ in range(4000):
        text = "".join(random.choices("0123456789", k=random.randint(5, 14)))
        quick, slow = both(random.choice(("", "+")) + text)
        assert quick == slow, text


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("79630313844", "+79630313844"),
        ("+7 963 031-38-44", "+79630313844"),
        ("8 (963) 031-38-44", "+79630313844"),
        ("963 031 38 44", "+79630313844"),
        ("380501111111", "+380501111111"),
        ("+380 50 11-11-111", "+380501111111"),
        ("+380519911122", "+380519911122"),
        ("375291234567", "+375291234567"),
        ("+7 (495) 123-45-67 доб. 12", "+74951234567"),
        ("810380501112233", "+380501112233"),
        ("+1 650 253 0000", "+16502530000"),
        ("1111111111", None),
        ("2222222222", None),
        ("0", None),
        ("нет", None),
        ("12345", None),
        ("+", None),
        ("", None),
    ],
)
def test_spellings(text: str, phone: str | None) -> None:
    assert both(text) == (phone, phone)


def test_the_default_region_is_among_the_fast_ones() -> None:
    assert REGION in FAST_REGIONS
    assert PhoneMetadata.metadata_for_region(REGION) is not None
