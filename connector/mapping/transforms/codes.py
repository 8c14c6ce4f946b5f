"""Identifiers: external ids, GUIDs, card numbers, barcodes, tax and bank codes. Check digits are verified."""

from __future__ import annotations

import re
from random import Random
from typing import Final
from uuid import UUID

from stdnum import ean
from stdnum.ru import inn as stdnum_inn
from stdnum.ru import ogrn as stdnum_ogrn

from connector.locale import N_
from connector.mapping.transforms.base import Transform, Unreadable, scalar_text

ZERO_GUID: Final = "00000000-0000-0000-0000-000000000000"
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_CARD: Final = re.compile(r"[0-9A-Za-z]+\Z")
_SEPARATORS: Final = str.maketrans("", "", " -\t\u00a0")
_KPP: Final = re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}\Z")
_INN_COMPANY: Final = (2, 4, 10, 3, 5, 9, 4, 6, 8)


def read_id(raw: object) -> str | None:
    """Another system's id, always text."""
    return scalar_text(raw).strip() or None


def read_guid(raw: object) -> str:
    """A GUID in lower case."""
    if isinstance(raw, str) and _GUID.match(raw):
        return raw
    text = scalar_text(raw).strip().lower()
    if not _GUID.match(text):
        raise Unreadable(N_("this is not a GUID"))
    return text


def read_card(*slots: object) -> str | None:
    """A card number without spaces and dashes, of the first slot that has one. Only zeros is no number."""
    for slot in slots:
        if slot is None:
            continue
        if isinstance(slot, str) and slot.isascii() and slot.isdecimal() and slot.strip("0"):
            return slot
        text = scalar_text(slot).translate(_SEPARATORS)
        if not text.strip("0"):
            continue
        if not _CARD.match(text):
            raise Unreadable(N_("a card number has only digits and Latin letters"))
        return text
    return None


def read_barcode(raw: object) -> str | None:
    """A printed code; thirteen digits must be a true EAN-13."""
    text = read_card(raw)
    if text is not None and len(text) == 13 and text.isdecimal() and not ean.is_valid(text):
        raise Unreadable(N_("the check digit of this barcode is wrong"))
    return text


def read_inn(raw: object) -> str:
    """INN of 10 or 12 digits with right check digits; zeros are refused (stdnum lets them pass)."""
    text = scalar_text(raw).translate(_SEPARATORS)
    if not text.strip("0") or not stdnum_inn.is_valid(text):
        raise Unreadable(N_("this is not an INN: 10 or 12 digits with right check digits are expected"))
    return text


def read_kpp(raw: object) -> str:
    text = scalar_text(raw).translate(_SEPARATORS).upper()
    if not _KPP.match(text) or not text.strip("0"):
        raise Unreadable(N_("this is not a KPP: nine characters are expected"))
    return text


def read_ogrn(raw: object) -> str:
    """OGRN (13 digits) or OGRNIP (15 digits) with a right check digit."""
    text = scalar_text(raw).translate(_SEPARATORS)
    if not text.strip("0") or not stdnum_ogrn.is_valid(text):
        raise Unreadable(N_("this is not an OGRN: 13 or 15 digits with a right check digit are expected"))
    return text


def _digits(length: int) -> Transform:
    names = {9: "bik", 20: "bank_account"}

    def read(raw: object) -> str:
        text = scalar_text(raw).translate(_SEPARATORS)
        if len(text) != length or not text.isascii() or not text.isdecimal() or not text.strip("0"):
            raise Unreadable(N_("{count} digits are expected"), count=length)
        return text

    def sample(random: Random) -> str:
        return f"{random.randrange(1, 10**length):0{length}d}"

    return Transform(name=names[length], kind="text", read=read, write=_as_is, sample=sample)


def _as_is(value: str) -> str:
    return value


def sample_id(random: Random) -> str:
    return str(random.randrange(1, 10**9))


def sample_guid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128) | 1))


def sample_card(random: Random) -> str:
    return f"{random.randrange(1, 10**13):0{random.randint(1, 13)}d}"


def sample_barcode(random: Random) -> str:
    body = f"{random.randrange(1, 10**12):012d}"
    return body + str(ean.calc_check_digit(body))


def sample_inn(random: Random) -> str:
    body = f"{random.randrange(1, 10**9):09d}"
    if random.random() < 0.5:
        return body + str(stdnum_inn.calc_company_check_digit(body))
    return body + "7" + str(stdnum_inn.calc_personal_check_digits(body + "7"))


def sample_kpp(random: Random) -> str:
    return f"{random.randrange(1, 10**4):04d}{random.choice(('01', '50', 'AZ'))}{random.randrange(10**3):03d}"


def sample_ogrn(random: Random) -> str:
    body = f"1{random.randrange(10**11):011d}"
    return body + str(int(body) % 11 % 10)


ID: Final = Transform(name="id", kind="text", read=read_id, write=_as_is, sample=sample_id)
GUID: Final = Transform(
    name="guid", kind="text", read=read_guid, write=_as_is, sample=sample_guid, blank=(ZERO_GUID,), empty=ZERO_GUID
)
CARD_UID: Final = Transform(
    name="card_uid", kind="text", read=read_card, write=_as_is, sample=sample_card, reads=range(1, 4)
)
BARCODE: Final = Transform(name="barcode", kind="text", read=read_barcode, write=_as_is, sample=sample_barcode)
INN: Final = Transform(name="inn", kind="text", read=read_inn, write=_as_is, sample=sample_inn)
KPP: Final = Transform(name="kpp", kind="text", read=read_kpp, write=_as_is, sample=sample_kpp)
OGRN: Final = Transform(name="ogrn", kind="text", read=read_ogrn, write=_as_is, sample=sample_ogrn)
BIK: Final = _digits(9)
BANK_ACCOUNT: Final = _digits(20)
