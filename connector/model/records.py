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
    flow: ClassVar[frozenset[str]] = frozenset()
    """Of a ledger entity: the fields of its status flow, which alone are merged like those of a mirror."""
    facts: ClassVar[frozenset[str]] = frozenset()
    """Of a ledger entity: what happened, once and for all. Other content under the same id is a matter for a person."""
    shown: ClassVar[frozenset[str]] = frozenset()
    """Of a ledger entity: what the receiving side says of its own document."""
    part: ClassVar[str | None] = None
    """The entity whose rows some systems show instead of this one: several of them, grouped, make one record."""
    line: ClassVar[type[Record] | None] = None
    """What a row of `lines` is, where the entity has lines."""


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


class Product(Record, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something sold. What a line of a document refers to: in 1C by GUID, else by article, else by name."""

    entity: ClassVar[str] = "product"
    keys: ClassVar[tuple[str, ...]] = ("id_1c", "barcode", "sku")

    name: Text = ABSENT
    unit: Text = ABSENT
    barcode: Text = ABSENT
    sku: Text = ABSENT
    vat_rate: Text = ABSENT  # percent, or none for what is exempt
    active: Flag = ABSENT
    id_1c: Text = ABSENT


class OrderLine(Record, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A row of an order. `total` is what is paid for it: quantity times price, half up, less the discount (V-17).

    VAT is inside of it, and said where the source or the good says it; nobody else may know.
    """

    entity: ClassVar[str] = "order_line"
    kind: ClassVar[Kind] = "ledger"
    references: ClassVar[dict[str, str]] = {"product": "product"}
    amounts: ClassVar[frozenset[str]] = frozenset({"price", "discount", "total", "vat"})

    product: Text = ABSENT
    sku: Text = ABSENT
    name: Text = ABSENT
    quantity: Number = ABSENT
    price: Amount = ABSENT
    discount: Amount = ABSENT
    total: Amount = ABSENT
    vat_rate: Text = ABSENT  # percent (20, 10, 0), or none
    vat: Amount = ABSENT


Lines = list[OrderLine] | None | Absent


class Order(Record, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a customer ordered. Known by its own number within the account, or by our reference."""

    entity: ClassVar[str] = "order"
    kind: ClassVar[Kind] = "ledger"
    references: ClassVar[dict[str, str]] = {"customer": "customer"}
    amounts: ClassVar[frozenset[str]] = frozenset({"shipping_cost", "total", "discount"})
    read_only: ClassVar[frozenset[str]] = frozenset({"number_1c"})
    personal: ClassVar[frozenset[str]] = frozenset({"delivery", "comment"})
    derived: ClassVar[dict[str, str]] = {"status": "order_status"}
    flow: ClassVar[frozenset[str]] = frozenset({"paid", "shipped", "cancelled"})
    facts: ClassVar[frozenset[str]] = frozenset(
        {"number", "date", "customer", "lines", "shipping_cost", "total", "discount"}
    )
    shown: ClassVar[frozenset[str]] = frozenset({"posted", "number_1c"})
    part: ClassVar[str | None] = "position"
    line: ClassVar[type[Record] | None] = OrderLine

    number: Text = ABSENT
    date: Text = ABSENT
    customer: Text = ABSENT
    spot: Text = ABSENT  # the point of sale as its system calls it
    organization: Text = ABSENT  # INN of who sells
    storage: Text = ABSENT  # name of the storage in 1C
    lines: Lines = ABSENT
    delivery: Text = ABSENT
    shipping_cost: Amount = ABSENT
    payment: Text = ABSENT
    paid: Flag = ABSENT
    shipped: Flag = ABSENT
    cancelled: Flag = ABSENT
    total: Amount = ABSENT  # of the lines, without shipping (V-16)
    discount: Amount = ABSENT  # the sum of those of the lines (V-16)
    status: Text = ABSENT  # cancelled | shipped | paid | new, derived (V-18)
    comment: Text = ABSENT
    posted: Flag = ABSENT
    number_1c: Text = ABSENT


class Position(Order, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of an order as a system shows it that has no orders of its own (Saplab, S-24)."""

    entity: ClassVar[str] = "position"
    references: ClassVar[dict[str, str]] = {}  # its customer stays as it was read; the order it belongs to refers
    part: ClassVar[str | None] = None


class Payment(Record, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Money through a bank account of ours. Without `moved_on` it is an order that the bank has not executed.

    Names and banks may be spelled in several ways, so they are no facts; who it is tell INN, KPP and account.
    """

    entity: ClassVar[str] = "payment"
    kind: ClassVar[Kind] = "ledger"
    amounts: ClassVar[frozenset[str]] = frozenset({"amount"})
    personal: ClassVar[frozenset[str]] = frozenset({"payer", "receiver", "purpose"})
    facts: ClassVar[frozenset[str]] = frozenset(
        {"type", "number", "date", "moved_on", "direction", "account", "amount", "purpose"}
        | {f"{side}_{name}" for side in ("payer", "receiver") for name in ("inn", "kpp", "account")}
    )

    type: Text = ABSENT  # the kind of document, as the bank calls it
    number: Text = ABSENT
    date: Text = ABSENT
    moved_on: Text = ABSENT
    direction: Text = ABSENT  # in | out
    account: Text = ABSENT  # ours
    amount: Amount = ABSENT
    purpose: Text = ABSENT
    payer: Text = ABSENT
    payer_inn: Text = ABSENT
    payer_kpp: Text = ABSENT
    payer_account: Text = ABSENT
    payer_bank: Text = ABSENT
    payer_bik: Text = ABSENT
    payer_correspondent: Text = ABSENT
    receiver: Text = ABSENT
    receiver_inn: Text = ABSENT
    receiver_kpp: Text = ABSENT
    receiver_account: Text = ABSENT
    receiver_bank: Text = ABSENT
    receiver_bik: Text = ABSENT
    receiver_correspondent: Text = ABSENT


ENTITIES: Final[dict[str, type[Record]]] = {
    cls.entity: cls for cls in (Group, Customer, Card, Product, Position, Order, Payment)
}
"""Every canonical entity by its name, in dependency order: what others refer to comes first."""

SHAPES: Final[dict[str, type[Record]]] = {**ENTITIES, OrderLine.entity: OrderLine}
"""The entities, and the rows that stand inside them."""


def is_ledger(entity: str) -> bool:
    """Whether it is a fact that happened once, and not a state that several sides hold."""
    return ENTITIES[entity].kind == "ledger"


def fields_of(entity: str) -> tuple[str, ...]:
    """The canonical field names of an entity, or of a row inside one, in their fixed order."""
    return SHAPES[entity].__struct_encode_fields__


STAMPED: Final = "id_1c"
"""The 1C key as another system keeps it: stamped by its own verb, never merged as a field."""


@lru_cache
def merged_fields(entity: str) -> frozenset[str]:
    """The fields that can take part in a merge: not balances, not what the hub derives, not the 1C key.

    Of a ledger entity its status flow alone: the facts are never merged.
    """
    cls = ENTITIES[entity]
    if cls.kind == "ledger":
        return cls.flow
    return frozenset(fields_of(entity)) - cls.read_only - cls.derived.keys() - {STAMPED}


@lru_cache
def whole_of(entity: str) -> str:
    """The entity that some systems show in rows of this one; itself where it is no part of another."""
    return next((cls.entity for cls in ENTITIES.values() if cls.part == entity), entity)


def attribute_of(entity: str, field: str) -> str:
    """The attribute that holds a field: `kind` of a customer lives in `kind_of`, for `kind` says mirror or ledger."""
    cls = SHAPES[entity]
    return cls.__struct_fields__[cls.__struct_encode_fields__.index(field)]


def as_dict(record: Record) -> dict[str, object]:
    """The fields that are not ABSENT, by canonical name, in fixed order; lines as dicts of the same kind."""
    values = msgspec.structs.astuple(record)
    named = zip(record.__struct_encode_fields__, values, strict=True)
    told = {name: value for name, value in named if value is not ABSENT}
    if record.line is not None and isinstance(lines := told.get("lines"), list):
        told["lines"] = [as_dict(line) for line in lines]
    return told
