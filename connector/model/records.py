"""The canonical entities: what a thing is, whichever system it came from.

A field is a value, `None` (known to be empty) or `ABSENT` (not said). Field names are part of the contract.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Final, Literal

import msgspec

from connector.model.values import ABSENT, Absent

Text = str | None | Absent
Flag = bool | None | Absent
Amount = int | None | Absent
Number = str | None | Absent
Kind = Literal["mirror", "ledger"]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of all entities. `keys` are the identity keys in the order they are tried."""

    entity: ClassVar[str] = ""
    kind: ClassVar[Kind] = "mirror"
    keys: ClassVar[tuple[str, ...]] = ()
    references: ClassVar[dict[str, str]] = {}
    """Fields that hold another record's uid -> that record's entity."""
    amounts: ClassVar[frozenset[str]] = frozenset()
    """Fields in minor units."""
    read_only: ClassVar[frozenset[str]] = frozenset()
    """Fields that no route ever writes: balances."""
    personal: ClassVar[frozenset[str]] = frozenset()
    """Fields that are masked in logs."""
    derived: ClassVar[dict[str, str]] = {}
    """Fields that the hub computes by a named rule -> the rule; a spoke's value there is an observation elsewhere."""


class Group(Record, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A customer group: a bonus or a discount scheme."""

    entity: ClassVar[str] = "group"
    keys: ClassVar[tuple[str, ...]] = ("id_1c",)
    amounts: ClassVar[frozenset[str]] = frozenset({"birthday_bonus"})

    name: Text = ABSENT
    loyalty: Text = ABSENT  # bonus | discount
    percent: Number = ABSENT
    birthday_bonus: Amount = ABSENT
    comment: Text = ABSENT
    active: Flag = ABSENT
    id_1c: Text = ABSENT


class Customer(Record, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person or a firm that buys."""

    entity: ClassVar[str] = "customer"
    keys: ClassVar[tuple[str, ...]] = ("id_1c", "card_uid", "phone", "inn", "email")
    references: ClassVar[dict[str, str]] = {"group": "group"}
    amounts: ClassVar[frozenset[str]] = frozenset({"credit_limit", "bonus", "balance", "debt", "total_paid"})
    read_only: ClassVar[frozenset[str]] = frozenset({"bonus", "balance", "debt", "total_paid"})
    personal: ClassVar[frozenset[str]] = frozenset(
        {"name", "phone", "email", "birthday", "address", "city", "comment", "legal_name", "legal_address"}
    )
    derived: ClassVar[dict[str, str]] = {"card_uid": "main_card"}

    name: Text = ABSENT
    kind_of: Text = msgspec.field(default=ABSENT, name="kind")  # person | legal
    phone: Text = ABSENT
    email: Text = ABSENT
    birthday: Text = ABSENT
    sex: Text = ABSENT  # male | female
    group: Text = ABSENT
    card_uid: Text = ABSENT  # derived by the rule main_card
    address: Text = ABSENT
    city: Text = ABSENT
    country: Text = ABSENT
    comment: Text = ABSENT
    discount_percent: Number = ABSENT
    credit_limit: Amount = ABSENT
    active: Flag = ABSENT
    legal_name: Text = ABSENT
    inn: Text = ABSENT
    kpp: Text = ABSENT
    ogrn: Text = ABSENT
    legal_address: Text = ABSENT
    bank: Text = ABSENT
    bik: Text = ABSENT
    bank_account: Text = ABSENT
    correspondent_account: Text = ABSENT
    bonus: Amount = ABSENT
    balance: Amount = ABSENT
    debt: Amount = ABSENT
    total_paid: Amount = ABSENT
    id_1c: Text = ABSENT


class Card(Record, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A discount or loyalty card. It is the truth; a customer's `card_uid` is derived from it."""

    entity: ClassVar[str] = "card"
    keys: ClassVar[tuple[str, ...]] = ("uid", "barcode")
    references: ClassVar[dict[str, str]] = {"customer": "customer"}

    uid: Text = ABSENT
    barcode: Text = ABSENT
    medium: Text = ABSENT  # plastic | magnet | app
    status: Text = ABSENT  # new | active | blocked
    type: Text = ABSENT
    issued_on: Text = ABSENT
    blocked_on: Text = ABSENT
    customer: Text = ABSENT
    active: Flag = ABSENT
    id_1c: Text = ABSENT


ENTITIES: Final[dict[str, type[Record]]] = {cls.entity: cls for cls in (Group, Customer, Card)}
"""Every canonical entity by its name, in dependency order: what others refer to comes first."""


def fields_of(entity: str) -> tuple[str, ...]:
    """The canonical field names of an entity, in their fixed order."""
    return ENTITIES[entity].__struct_encode_fields__


STAMPED: Final = "id_1c"
"""The 1C key as another system keeps it: stamped by its own verb, never merged as a field."""


@lru_cache
def merged_fields(entity: str) -> frozenset[str]:
    """The fields that can take part in a merge: not balances, not what the hub derives, not the 1C key."""
    cls = ENTITIES[entity]
    return frozenset(fields_of(entity)) - cls.read_only - cls.derived.keys() - {STAMPED}


def attribute_of(entity: str, field: str) -> str:
    """The attribute that holds a field: `kind` of a customer lives in `kind_of`, for `kind` says mirror or ledger."""
    cls = ENTITIES[entity]
    return cls.__struct_fields__[cls.__struct_encode_fields__.index(field)]


def as_dict(record: Record) -> dict[str, object]:
    """The fields that are not ABSENT, by canonical name, in fixed order."""
    values = msgspec.structs.astuple(record)
    named = zip(record.__struct_encode_fields__, values, strict=True)
    return {name: value for name, value in named if value is not ABSENT}
