"""The sample company: a small chain of coffee houses with a web shop, and its messy customers.

Pure data, the same for the same seed. It says what is true and how each system's users wrote it down; every emulator
turns that into its own raw shapes. `Company.people_of(kind)` gives the people of one system, as that system has them.

The people (keys of `connector.sandbox.people`; the rest, `guest…`, are ordinary and agree up to spelling):

| key             | where                    | what is special
|-----------------|--------------------------|-------------------------------------------------------------------------
| stamped         | onec poster              | `id_1c` already stamped in Poster; another phone there (first meeting)
| carded          | onec poster virtpos      | one card number everywhere; a phone only in Poster: linked by card
| ean             | onec poster virtpos      | the till holds the EAN-13 of the card, 1C and virtpos its number
| two_cards       | onec poster virtpos      | two active cards; the till carries the newer one
| mailed          | onec poster virtpos      | only an e-mail, in different letter cases: linked by e-mail
| firm            | onec saplab              | legal, INN and KPP agree, phone and e-mail do not: linked by INN
| trader          | onec saplab              | a sole trader: 12 digits of INN, no KPP
| branch_a, _b    | onec, b also saplab      | one INN, two KPP: only INN+KPP tells them apart
| nobody          | poster                   | nothing to be found by: no phone, card or e-mail
| wife, husband   | onec virtpos, wife poster| two people on one phone: ambiguous
| card_a, phone_b | poster; b also onec      | 1C's card points at one guest of the till, its phone at another: unsure
| desk_a, _b, _c  | virtpos                  | three guests on the shop's own number: no key
| marked, kept    | onec; kept also poster   | duplicates already merged in 1C: `marked` carries the deletion mark
| birthday        | onec poster              | different birthdays, no base yet: first-meeting difference
| renamed         | onec poster saplab       | another surname in 1C and another e-mail in the shop: first meeting
| quotes          | onec poster virtpos      | quotes, an apostrophe and a hyphen in the name
| emoji           | poster virtpos           | an emoji in the name
| spaces          | onec poster              | double, leading and trailing spaces
| yo              | onec poster              | Пётр and Петр: first meeting
| abroad          | poster virtpos saplab    | a phone of Belarus
| typed           | onec poster virtpos      | a card number typed at the till that nobody else knows: a new card
| stolen          | onec poster              | typed at the till: a card that `two_cards` holds
| unreadable      | onec                     | a phone that is a remark: a journal row
| asleep          | onec saplab              | switched off in the shop, still there in 1C
| only_onec …     | one system each          | known nowhere else

Groups have similar names and different percents in each system: never to be joined by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

TODAY: Final = date(2026, 11, 20)
"""The day the sample company is looked at: everything in it happened before."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A discount card. `uid` is the number on it; `barcode` the EAN-13 made of it."""

    uid: str
    barcode: str = ""
    issued_on: str = ""
    status: str = "active"  # new | active | blocked
    medium: str = "plastic"  # plastic | magnet | app
    type: str = "Накопительная"
    blocked_on: str = ""


@dataclass(frozen=True, kw_only=True)
class Legal:
    """Legal details; check digits of `inn` are right."""

    form: str
    name: str
    inn: str
    kpp: str = ""
    ogrn: str = ""
    address: str = ""
    bank: str = ""
    bik: str = ""
    account: str = ""
    correspondent: str = ""

    @property
    def full(self) -> str:
        """`ООО "Ромашка"`; a sole trader has no quotes: `ИП Петров Пётр Петрович`."""
        return f"{self.form} {self.name}" if self.form == "ИП" else f'{self.form} "{self.name}"'


@dataclass(frozen=True, kw_only=True)
class Person:
    """A customer. From `Company.people` the truth; from `Company.people_of` as one system has it.

    `phone` is E.164 in truth and as the system's users typed it otherwise. An empty text means nothing is known.
    Money is in kopecks. `group` is the key of a group of that system.
    """

    key: str
    last: str = ""
    first: str = ""
    middle: str = ""
    phone: str = ""
    email: str = ""
    birthday: str = ""  # YYYY-MM-DD
    sex: str = ""  # m | f
    country: str = ""
    city: str = ""
    address: str = ""
    comment: str = ""
    group: str = ""
    discount: str = "0"  # personal percent
    cards: tuple[Card, ...] = ()
    legal: Legal | None = None
    guid: str = ""  # Ref_Key in 1C
    stamped: bool = False  # the till already holds the GUID
    active: bool = True
    bonus: int = 0  # Poster, kopecks of bonuses
    paid: int = 0  # Poster, everything bought
    points: int = 0  # LoyalClient, whole points
    balance: int = 0  # Saplab, kopecks
    debt: int = 0
    limit: int = 0
    since: str = "2025-03-01 12:00:00"
    views: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def full_name(self) -> str:
        """Surname, first name, patronymic, as written, with single spaces between what is there."""
        return " ".join(part for part in (self.last, self.first, self.middle) if part)


@dataclass(frozen=True, kw_only=True)
class Group:
    """A customer group of one system: a scheme in Poster and Saplab, a folder in 1C."""

    key: str
    system: str
    name: str
    percent: str = "0"
    loyalty: str = "discount"  # bonus | discount
    birthday_bonus: int = 0  # kopecks
    comment: str = ""
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Category:
    key: str
    name: str
    parent: str = ""
    ingredients: bool = False  # of ingredients, not of the menu


@dataclass(frozen=True, kw_only=True)
class Modification:
    """A size or kind of a product, with its own price and barcode."""

    key: str
    name: str
    price: int
    sku: str = ""
    barcode: str = ""


@dataclass(frozen=True, kw_only=True)
class Product:
    """Something sold. `price` in kopecks; `recipe` is (ingredient key, grams or pieces) for a dish."""

    key: str
    name: str
    category: str
    price: int
    kind: str = "product"  # product | dish | prepack
    unit: str = "шт"
    sku: str = ""
    barcode: str = ""
    brand: str = ""
    cost: int = 0
    weighed: bool = False
    hidden: bool = False
    modifications: tuple[Modification, ...] = ()
    recipe: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    key: str
    name: str
    category: str
    unit: str  # kg | l | p
    cost: int  # kopecks a unit
    stock: str = "0"


@dataclass(frozen=True, kw_only=True)
class Supplier:
    key: str
    name: str
    phone: str = ""
    address: str = ""
    comment: str = ""
    inn: str = ""
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """A spot or a storage."""

    key: str
    name: str
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Employee:
    key: str
    name: str
    role: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """`price` of one unit and `discount` of the line in kopecks; `quantity` a decimal text."""

    product: str
    quantity: str
    price: int
    discount: int = 0
    modification: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A receipt of the till. The times are those of the cafe (Moscow), `YYYY-MM-DD HH:MM:SS`."""

    number: int
    opened_at: str
    closed_at: str
    spot: str
    employee: str
    lines: tuple[Line, ...]
    person: str = ""
    cash: int = 0
    card: int = 0
    bonus: int = 0
    certificate: int = 0
    third_party: int = 0
    tip: int = 0
    rounding: int = 0
    status: str = "closed"  # open | closed | deleted


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order of the web shop (`saplab`) or of the point of sale (`virtpos`)."""

    number: str
    system: str
    at: str
    person: str
    lines: tuple[Line, ...]
    shipping: int = 0
    address: str = ""
    comment: str = ""
    paid: bool = False
    shipped: bool = False
    cancelled: bool = False


@dataclass(frozen=True, kw_only=True)
class Supply:
    """What came to a storage: (ingredient or product key, quantity, kopecks a unit)."""

    number: int
    at: str
    supplier: str
    storage: str
    lines: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A movement on a customer's balance in the web shop."""

    person: str
    at: str
    amount: int
    comment: str


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everything there is. Without arguments: a company of nobody."""

    people: tuple[Person, ...] = ()
    groups: tuple[Group, ...] = ()
    categories: tuple[Category, ...] = ()
    products: tuple[Product, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    storages: tuple[Place, ...] = ()
    spots: tuple[Place, ...] = ()
    employees: tuple[Employee, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    orders: tuple[Order, ...] = ()
    supplies: tuple[Supply, ...] = ()
    entries: tuple[Entry, ...] = ()

    def people_of(self, system: str) -> tuple[Person, ...]:
        """The people one system knows, with its own values and its own spelling of them, in a fixed order."""
        return tuple(replace(person, **person.views[system]) for person in self.people if system in person.views)

    def groups_of(self, system: str) -> tuple[Group, ...]:
        return tuple(group for group in self.groups if group.system == system)

    def orders_of(self, system: str) -> tuple[Order, ...]:
        return tuple(order for order in self.orders if order.system == system)

    def person(self, key: str) -> Person:
        """The truth about one person."""
        return next(person for person in self.people if person.key == key)


def sample(seed: int = 1) -> Company:
    """The sample company. Planted people do not depend on the seed; the ordinary ones and the sales do."""
    from connector.sandbox import goods, people

    everybody = people.everybody(seed)
    return Company(
        people=everybody,
        groups=people.GROUPS,
        categories=goods.CATEGORIES,
        products=goods.PRODUCTS,
        ingredients=goods.INGREDIENTS,
        suppliers=goods.SUPPLIERS,
        storages=goods.STORAGES,
        spots=goods.SPOTS,
        employees=goods.EMPLOYEES,
        receipts=goods.receipts(seed, everybody),
        orders=goods.orders(seed, everybody),
        supplies=goods.SUPPLIES,
        entries=goods.entries(everybody),
    )
