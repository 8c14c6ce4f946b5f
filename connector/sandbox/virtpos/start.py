"""The first state of the point of sale: the customers, cards and orders of the sample company."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_DNS, uuid5

from connector.sandbox.virtpos.cards import ean13
from connector.sandbox.virtpos.shop import OPTIONS

if TYPE_CHECKING:
    from connector.sandbox.company import Card, Company, Order, Person
    from connector.sandbox.world import State, World

_GENDER: Final = {"m": "M", "f": "F", "": ""}


def first_state(world: World) -> State:
    """Everybody the company knows at this point of sale; of an empty company, one group and one type of cards."""
    company = world.company
    state: State = {
        "options": {**OPTIONS, **world.options},
        "groups": {str(place): {"name": group.name} for place, group in enumerate(company.groups_of("virtpos"), 1)},
        "types": {"1": {"name": "Накопительная"}},
        "customers": {},
        "cards": {},
        "orders": {},
    }
    if not state["groups"]:
        state["groups"] = {"1": {"name": "Постоянные посетители"}}
    keys = _settle(state, company)
    for place, order in enumerate(company.orders_of("virtpos"), 1):
        state["orders"][str(place)] = _order(place, order, keys[order.person], company)
    tables = ("groups", "types", "customers", "cards", "orders")
    state["serials"] = {table: len(state[table]) for table in tables}
    return state


def _settle(state: State, company: Company) -> dict[str, str]:
    groups = {group.key: str(place) for place, group in enumerate(company.groups_of("virtpos"), 1)}
    keys: dict[str, str] = {}
    for person in company.people_of("virtpos"):
        key = keys[person.key] = str(len(keys) + 1)
        state["customers"][key] = _customer(person, groups.get(person.group, ""))
        for card in person.cards:
            state["cards"][str(len(state["cards"]) + 1)] = _card(card, key, _type(state, card.type))
    return keys


def _type(state: State, name: str) -> str:
    for key, row in state["types"].items():
        if row["name"] == name:
            return str(key)
    key = str(len(state["types"]) + 1)
    state["types"][key] = {"name": name}
    return key


def _customer(person: Person, group: str) -> dict[str, Any]:
    year, month, day = person.birthday.split("-") if person.birthday else ("", "", "")
    return {
        "external_id": "",
        "fname": person.first,
        "lname": person.last,
        "mname": person.middle,
        "phone": person.phone,
        "email": person.email,
        "gender": _GENDER[person.sex],
        "birth_day": day.lstrip("0"),
        "birth_month": month.lstrip("0"),
        "birth_year": year,
        "custom_information": person.comment,
        "group_id": group,
        "register_date": person.since,
        "accumulated_sales": f"{Decimal(person.paid) / 100:.2f}",
    }


def _card(card: Card, customer: str, kind: str) -> dict[str, Any]:
    made = ean13(card.uid)
    return {
        "external_id": "",
        "uid": card.uid,
        "uid_ean13": made,
        "barcode": card.barcode or made,
        "medium": card.medium.upper(),
        "status": card.status.upper(),
        "block_date": card.blocked_on,
        "activate_date": card.issued_on,
        "type_id": kind,
        "customer_id": customer,
    }


def _order(place: int, order: Order, customer: str, company: Company) -> dict[str, Any]:
    products = {product.key: (number, product) for number, product in enumerate(company.products, 780)}
    return {
        "customer_id": customer,
        # every third came from the counter, not from a shop: it has no guid
        "guid": "" if place % 3 == 0 else str(uuid5(NAMESPACE_DNS, order.number)),
        "paid": "1" if order.paid else "0",
        "shipped": "1" if order.shipped else "0",
        "cancelled": "1" if order.cancelled else "0",
        "shipping_address": order.address,
        "shipping_cost": f"{Decimal(order.shipping) / 100:.2f}",
        "comment": order.comment,
        "created_date": order.at,
        "delivery": ["2", "Курьер"] if order.address else ["1", "Самовывоз"],
        "payment": ["1", "Оплата при получении"],
        "warehouse": ["", ""] if order.address else ["2", "Просвещения проспект"],
        "lines": [
            {
                "item_id": str(products[line.product][0]),
                "name": products[line.product][1].name,
                "quantity": line.quantity,
                "price": f"{Decimal(line.price) / 100:.2f}",
                "discount": f"{Decimal(line.discount) / 100:.2f}",
            }
            for line in order.lines
        ],
    }
