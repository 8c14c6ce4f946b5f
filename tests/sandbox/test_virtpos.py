"""The virtpos emulator against the vendor's page, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from lxml import etree

from connector.sandbox import Sandbox


class Store:
    """A client of the point of sale, and the world behind it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.urls["virtpos"]
        self.world = sandbox.worlds["virtpos"]
        self.key = sandbox.credentials["virtpos"]["apikey"]

    def raw(
        self, path: str, query: dict[str, str] | None = None, form: dict[str, str] | None = None
    ) -> requests.Response:
        answer = requests.request(
            "GET" if form is None else "POST", f"{self.url}/api/{path}", params=query, data=form, timeout=5
        )
        assert answer.status_code == 200
        return answer

    def get(self, path: str, **query: str) -> etree._Element:
        return etree.fromstring(self.raw(path, {"apikey": self.key, **query}).content)

    def json(self, path: str, **query: str) -> dict[str, Any]:
        return dict(self.raw(path, {"apikey": self.key, "format": "json", **query}).json())

    def post(self, path: str, **form: str) -> dict[str, str]:
        root = etree.fromstring(self.raw(path, None, {"apikey": self.key, **form}).content)
        return {str(child.tag): child.text or "" for child in root}

    def customer(self, **form: str) -> str:
        made = self.post("customer/update", create_if_not_exist="1", **form)
        assert made["success"] == "1", made
        return made["id"]

    def card(self, **form: str) -> str:
        made = self.post("customer/updateCard", create_if_not_exist="1", **form)
        assert made["success"] == "1", made
        return made["id"]

    def customers(self, **query: str) -> list[dict[str, Any]]:
        return list(self.json("customer", **query)["customers"])

    def state(self, table: str, key: str) -> dict[str, Any]:
        row: dict[str, Any] = self.world.state[table][key]
        return row


@pytest.fixture
def store() -> Iterator[Store]:
    # 2017-08-24 15:45:08 UTC, 18:45:08 in the shop
    with Sandbox(("virtpos",), "empty", clock=lambda: 1503589508.0) as sandbox:
        yield Store(sandbox)


def tags(parent: etree._Element) -> list[str]:
    return [str(child.tag) for child in parent]


# access and form -----------------------------------------------------------------------------------------------


def test_the_key_goes_in_the_address_or_in_the_body(store: Store) -> None:
    assert store.raw("customer", {"apikey": store.key}).text.count("<success>1</success>") == 1
    assert store.post("customer")["success"] == "1"
    for query in ({}, {"apikey": "wrong"}):
        root = etree.fromstring(store.raw("customer", query).content)
        assert tags(root) == ["success", "info"]
        assert root.findtext("success") == "0"
        assert root.findtext("info") != ""


def test_xml_unless_the_address_asks_for_json(store: Store) -> None:
    xml = store.raw("customer", {"apikey": store.key})
    assert xml.headers["Content-Type"].startswith("text/xml")
    assert xml.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    body = {"apikey": store.key, "format": "json"}
    assert store.raw("customer", None, body).headers["Content-Type"].startswith("text/xml")
    assert store.json("customer") == {"success": "1", "type": "customer", "count": "0", "customers": []}
    refused = store.raw("customer", {"apikey": "wrong", "format": "json"}).json()
    assert refused["success"] == "0"


# customers -----------------------------------------------------------------------------------------------------


def test_a_customer_is_made_then_changed_in_what_was_sent(store: Store) -> None:
    made = store.post(
        "customer/update",
        create_if_not_exist="1",
        external_id="guid-1",
        fname="Пётр",
        lname='О"Нил & Ко <i>',
        phone="+7 (916) 111-22-33",
        email="P@example.com",
        gender="M",
        birth_day="25",
        birth_month="8",
        birth_year="1990",
    )
    assert made == {"success": "1", "id": "1", "isnew": "1"}
    assert store.post("customer/update", external_id="guid-1", mname="Петрович") == {
        "success": "1",
        "id": "1",
        "isnew": "0",
    }
    [row] = store.customers()
    assert row == {
        "id": "1",
        "external_id": "guid-1",
        "fname": "Пётр",
        "lname": 'О"Нил & Ко <i>',
        "mname": "Петрович",
        "age": "26",  # the birthday is tomorrow
        "email": "P@example.com",
        "phone": "+7 (916) 111-22-33",
        "gender": "M",
        "custom_information": "",
        "birth_day": "25",
        "birth_month": "8",
        "birth_year": "1990",
        "register_date": "2017-08-24 18:45:08",
        "accumulated_sales": "0.00",
        "group_id": "",
        "group_name": "",
    }
    root = store.get("customer")
    assert tags(root) == ["success", "type", "count", "customers"]
    assert root.findtext("customers/customer/lname") == 'О"Нил & Ко <i>'


def test_without_the_flag_nobody_is_made(store: Store) -> None:
    for flag in ({}, {"create_if_not_exist": "0"}, {"create_if_not_exist": "yes"}):
        assert store.post("customer/update", external_id="x", fname="А", **flag)["success"] == "0"
    assert store.customers() == []


def test_without_a_key_to_look_for_each_call_makes_another(store: Store) -> None:
    assert [store.customer(phone="+79161112233") for _ in range(2)] == ["1", "2"]


def test_an_id_wins_over_an_external_id(store: Store) -> None:
    one, two = store.customer(external_id="a"), store.customer(external_id="b")
    taken = store.post("customer/update", id=one, external_id="b", fname="А")
    assert taken["success"] == "0"
    assert store.post("customer/update", id=two, external_id="c")["isnew"] == "0"
    assert [row["external_id"] for row in store.customers()] == ["a", "c"]


@pytest.mark.parametrize(
    "form",
    [
        {"age": "20"},
        {"gender": "male"},
        {"group_id": "77"},
        {"birth_day": "31", "birth_month": "2", "birth_year": "1990"},
    ],
)
def test_what_may_not_be_sent_is_refused_in_a_200(store: Store, form: dict[str, str]) -> None:
    refused = store.post("customer/update", create_if_not_exist="1", **form)
    assert refused["success"] == "0" and refused["info"] != ""
    assert store.customers() == []


def test_a_group_is_made_by_its_name_unless_an_id_is_there(store: Store) -> None:
    key = store.customer(external_id="a", group_name="Постоянные посетители")
    assert store.customers()[0]["group_id"] == "1"
    store.post("customer/update", id=key, group_name="Опечятка")
    assert (store.customers()[0]["group_id"], store.customers()[0]["group_name"]) == ("2", "Опечятка")
    store.post("customer/update", id=key, group_id="1", group_name="Ещё одна")
    assert store.customers()[0]["group_id"] == "1"
    assert len(store.world.state["groups"]) == 2


def test_customers_are_looked_up(store: Store) -> None:
    store.customer(external_id="a", phone="8 916 111-22-33", email="A@example.com")
    store.customer(external_id="b", phone="")
    for query, found in (
        ({"id": "2"}, ["2"]),
        ({"external_id": "a"}, ["1"]),
        ({"phone": "+79161112233"}, ["1"]),
        ({"email": "a@EXAMPLE.com"}, ["1"]),
        ({"with_phone": "true"}, ["1"]),
        ({"with_phone": "false"}, ["2"]),
        ({"id": "9"}, []),
        ({"unknown": "9"}, ["1", "2"]),
    ):
        assert [row["id"] for row in store.customers(**query)] == found, query


def test_id_and_external_id_are_read_from_the_address_only(store: Store) -> None:
    store.customer(external_id="a")
    store.customer(external_id="b")
    for form in ({"id": "1"}, {"external_id": "a"}):
        assert store.post("customer", **form)["count"] == "2"
    assert store.post("customer", phone="1")["count"] == "0"


def test_pages_are_of_200_and_count_what_they_hold(store: Store) -> None:
    for number in range(201):
        store.customer(external_id=str(number))
    assert store.json("customer")["count"] == "201"
    assert [store.json("customer", page=str(page))["count"] for page in (1, 2, 3)] == ["200", "1", "0"]
    page = store.json("customer", page="2", page_size="50")
    assert [row["id"] for row in page["customers"]][:2] == ["51", "52"]


# cards ---------------------------------------------------------------------------------------------------------


def test_a_card_is_made_with_the_barcode_of_its_number(store: Store) -> None:
    owner = store.customer(external_id="guid-1")
    made = store.post(
        "customer/updateCard",
        create_if_not_exist="1",
        uid="100500",
        customer_external_id="guid-1",
        type_name="Золотая",
        status="ACTIVE",
        activate_date="2017-08-01",
    )
    assert made == {"success": "1", "id": "1", "isnew": "1"}
    assert store.state("cards", "1") == {
        "external_id": "",
        "uid": "100500",
        "uid_ean13": "0000001005004",
        "barcode": "0000001005004",
        "medium": "PLASTIC",
        "status": "ACTIVE",
        "block_date": "",
        "activate_date": "2017-08-01",
        "type_id": "2",
        "customer_id": owner,
    }
    assert store.world.state["types"]["2"] == {"name": "Золотая"}


@pytest.mark.parametrize(
    ("uid", "barcode"),
    [("400638133393", "4006381333931"), ("1", "0000000000017"), ("A-17", ""), ("1234567890123", "")],
)
def test_the_check_digit_is_that_of_ean_13(store: Store, uid: str, barcode: str) -> None:
    key = store.card(uid=uid)
    assert store.state("cards", key)["uid_ean13"] == barcode


def test_a_card_is_looked_for_in_the_documented_order(store: Store) -> None:
    a = store.card(uid="1", external_id="x")
    b = store.card(uid="2", external_id="y")
    c = store.card(uid="3", external_id="z")
    for form, found in (
        ({"card_id": a, "uid": "2"}, None),  # found by card_id, but the uid is another card's
        ({"card_id": a, "external_id": "x"}, a),
        ({"card_id": "99", "uid": "2", "card_barcode": "0000000000031"}, b),
        ({"card_barcode": "0000000000031"}, c),
        ({"card_barcode": "3"}, None),
        ({"uid": "99", "external_id": "z"}, c),
    ):
        changed = store.post("customer/updateCard", status="BLOCKED", block_date="2017-08-24", **form)
        assert changed.get("id") == found, form
        assert (changed["success"] == "1") == (found is not None)


def test_a_card_is_changed_in_what_was_sent(store: Store) -> None:
    owner = store.customer(external_id="guid-1")
    key = store.card(uid="1", status="NEW", customer_id=owner)
    assert store.post("customer/updateCard", uid="1", status="BLOCKED")["isnew"] == "0"
    assert store.state("cards", key)["status"] == "BLOCKED"
    assert store.state("cards", key)["customer_id"] == owner
    store.post("customer/updateCard", card_id=key, uid="2")
    assert store.state("cards", key)["barcode"] == "0000000000024"
    store.post("customer/updateCard", card_id=key, customer_id="")
    assert store.state("cards", key)["customer_id"] == ""


@pytest.mark.parametrize(
    "form",
    [
        {"status": "active"},
        {"status": "DELETED"},
        {"medium": "PAPER"},
        {"type_id": "77"},
        {"customer_id": "77"},
        {"customer_external_id": "nobody"},
        {"block_date": "yesterday"},
        {"uid": ""},
        {"type_name": "Новая", "customer_id": "77"},
    ],
)
def test_wrong_values_of_a_card_are_refused_and_leave_nothing(store: Store, form: dict[str, str]) -> None:
    before = store.world.dump()
    refused = store.post("customer/updateCard", create_if_not_exist="1", **{"uid": "1", **form})
    assert refused["success"] == "0" and refused["info"] != ""
    assert store.world.dump() == before


def test_insert_makes_a_card_and_delete_removes_it_for_good(store: Store) -> None:
    assert store.post("customer/insertCard", uid="7")["isnew"] == "1"
    assert store.post("customer/insertCard", uid="7")["success"] == "0"
    assert store.post("customer/deleteCard", uid="7")["success"] == "1"
    assert store.world.state["cards"] == {}
    assert store.post("customer/deleteCard", uid="7")["success"] == "0"
    assert store.post("customer/deleteCard")["success"] == "0"
    assert store.post("customer/updateCard", uid="7", status="ACTIVE")["success"] == "0"


def test_cards_stand_in_a_customer_as_the_option_says(store: Store) -> None:
    owner = store.customer(external_id="guid-1")
    store.card(uid="1", customer_id=owner, type_name="Золотая", status="ACTIVE")
    assert "cards" not in store.customers()[0]
    [card] = store.customers(cards="true")[0]["cards"]
    assert card == {
        "card_id": "1",
        "external_id": "",
        "uid": "1",
        "uid_ean13": "0000000000017",
        "barcode": "0000000000017",
        "medium": "PLASTIC",
        "status": "ACTIVE",
        "block_date": "",
        "activate_date": "",
        "type_id": "2",
        "type_name": "Золотая",
    }
    assert store.get("customer", cards="true").findtext("customers/customer/cards/card/uid") == "1"
    store.world.state["options"]["cards"] = "never"
    assert "cards" not in store.customers(cards="true")[0]
    store.world.state["options"]["cards"] = "always"
    assert len(store.customers()[0]["cards"]) == 1


def test_the_card_calls_may_live_elsewhere(store: Store) -> None:
    store.world.state["options"]["card_path"] = "/api/card"
    gone = requests.post(f"{store.url}/api/customer/updateCard", data={"apikey": store.key}, timeout=5)
    assert gone.status_code == 404
    assert store.post("card/updateCard", uid="1", create_if_not_exist="1")["success"] == "1"


# orders --------------------------------------------------------------------------------------------------------


def order(store: Store, customer: str, **changes: Any) -> None:
    """The order of the vendor's sample."""
    store.world.state["orders"][str(len(store.world.state["orders"]) + 1)] = {
        "customer_id": customer,
        "guid": "",
        "paid": "0",
        "shipped": "0",
        "cancelled": "0",
        "shipping_address": "Дом 3, корпус 5",
        "shipping_cost": "130",
        "comment": "После шести",
        "created_date": "2017-08-24 18:45:08",
        "delivery": ["1", "Самовывоз"],
        "payment": ["1", "Оплата при получении"],
        "warehouse": ["2", "Просвещения проспект"],
        "lines": [
            {
                "item_id": "789",
                "name": 'Коньяк "Анри" 3-летний 40,0% 0,5л',
                "quantity": "3.45",
                "price": "100.1",
                "discount": "10.2",
            },
            {
                "item_id": "787",
                "name": "Коньяк \"Father's Old Barrel' 3-летний 40% 0.5 л.",
                "quantity": "2",
                "price": "320.72",
                "discount": "0",
            },
        ],
        **changes,
    }


ORDER = [
    ("paid", "0"),
    ("customer_id", "3"),
    ("shipped", "0"),
    ("cancelled", "0"),
    ("shipping_address", "Дом 3, корпус 5"),
    ("shipping_cost", "130.00"),
    ("pickup_receipt_id", None),
    ("comment", "После шести"),
    ("guid", None),
    ("created_date", "2017-08-24 18:45:08"),
    ("amount", "976.59"),
    ("discount", "10.20"),
    ("pickup_from_warehouse_id", "2"),
    ("pickup_from_warehouse_name", "Просвещения проспект"),
    ("delivery_type_id", "1"),
    ("delivery_type_name", "Самовывоз"),
    ("payment_type_id", "1"),
    ("payment_type_name", "Оплата при получении"),
]
ITEMS = [
    ("item_id", "789"),
    ("item_name", 'Коньяк "Анри" 3-летний 40,0% 0,5л'),
    ("image", None),
    ("quantity", "3.450"),
    ("unit_base_price", "100.10"),
    ("discount", "10.20"),
    ("amount", "335.15"),  # 335.145, half up
    ("item_id", "787"),
    ("item_name", "Коньяк \"Father's Old Barrel' 3-летний 40% 0.5 л."),
    ("image", None),
    ("quantity", "2.000"),
    ("unit_base_price", "320.72"),
    ("discount", "0.00"),
    ("amount", "641.44"),
]


def test_orders_and_goods_are_flat_groups_as_in_the_sample(store: Store) -> None:
    order(store, "3")
    order(store, "3")
    root = store.get("orders")
    assert tags(root) == ["success", "orders"]
    children = [(str(child.tag), child.text) for child in root[1]]
    assert [pair for pair in children if pair[0] != "items"] == ORDER * 2
    assert [place for place, pair in enumerate(children) if pair[0] == "items"] == [18, 37]
    assert [(str(child.tag), child.text) for child in root[1][18]] == ITEMS


def test_orders_may_be_wrapped_or_json(store: Store) -> None:
    order(store, "3")
    decoded = store.json("orders")["orders"]
    assert [(name, value or None) for name, value in decoded[0].items() if name != "items"] == ORDER
    assert [item["item_id"] for item in decoded[0]["items"]] == ["789", "787"]
    store.world.state["options"]["orders_shape"] = "wrapped"
    root = store.get("orders")
    assert tags(root[1]) == ["order"]
    assert [str(item.tag) for item in root.iterfind("orders/order/items/*")] == ["item", "item"]


def test_orders_are_asked_for_by_customer(store: Store) -> None:
    key = store.customer(external_id="guid-1")
    order(store, key, guid="mine")
    order(store, "99", guid="his")
    for query, found in (({}, ["mine", "his"]), ({"id": key}, ["mine"]), ({"external_id": "guid-1"}, ["mine"])):
        assert [row["guid"] for row in store.json("orders", **query)["orders"]] == found
    assert store.json("orders", external_id="nobody")["orders"] == []
    assert store.get("orders", id="77").findall("orders/*") == []


def test_a_newer_server_keeps_to_a_window(store: Store) -> None:
    order(store, "1", guid="new")
    order(store, "1", guid="old", created_date="2017-01-10 09:00:00")
    store.world.state["options"]["days_limit"] = 30
    shown = store.json("orders")
    assert (shown["days_limit"], [row["guid"] for row in shown["orders"]]) == ("30", ["new"])
    window = store.json("orders", datefrom="20170110", dateto="20170110")
    assert [row["guid"] for row in window["orders"]] == ["old"]
    assert len(store.json("orders", days="365")["orders"]) == 2


def test_the_log_names_the_calls_and_keeps_no_key(store: Store) -> None:
    store.customers()
    store.card(uid="1")
    entries = requests.get(store.url + "/_sandbox/requests", timeout=5).json()["requests"]
    assert [entry["endpoint"] for entry in entries] == ["customer", "customer.updateCard"]
    assert store.key not in str(entries)


def test_the_sample_company_has_both_orders_with_and_without_a_guid() -> None:
    with Sandbox(("virtpos",)) as sandbox:
        store = Store(sandbox)
        guids = [row["guid"] for row in store.json("orders")["orders"]]
        assert any(guids) and not all(guids)
        assert store.customers(cards="true", with_phone="true")
