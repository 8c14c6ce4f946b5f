"""Rows that stand one after another, wrapped, or in JSON: the document's sample in every shape it may come in."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from connector.systems.virtpos import document
from connector.systems.virtpos.orders import identity_of, status_of, told

LINES = [
    {
        "item_id": "789",
        "item_name": 'Коньяк "Анри" 3-летний 40,0% 0,5л',
        "image": "",
        "quantity": "3.450",
        "unit_base_price": "100.10",
        "discount": "10.20",
        "amount": "335.15",
    },
    {
        "item_id": "787",
        "item_name": "Коньяк \"Father's Old Barrel' 3-летний 40% 0.5 л.",
        "image": "",
        "quantity": "2.000",
        "unit_base_price": "320.72",
        "discount": "0.00",
        "amount": "641.44",
    },
]
ORDER: dict[str, Any] = {
    "paid": "0",
    "customer_id": "3",
    "shipped": "0",
    "cancelled": "0",
    "shipping_address": "Дом 3, корпус 5",
    "shipping_cost": "130.00",
    "pickup_receipt_id": "",
    "comment": "После шести",
    "guid": "",
    "created_date": "2017-08-24 18:45:08",
    "amount": "976.59",
    "discount": "10.20",
    "items": LINES,
}
OTHER = {**ORDER, "customer_id": "4", "paid": "1", "items": LINES[:1]}


def xml(*orders: dict[str, Any], order: str = "", item: str = "", extra: str = "") -> bytes:
    """An answer with the rows wrapped in these elements, or flat."""
    rows = "".join(_wrapped(order, _fields(one, item)) for one in orders)
    text = f"<root>\n  <success>1</success>{extra}\n  <orders>{rows}</orders>\n</root>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def _fields(row: dict[str, Any], item: str) -> str:
    return "".join(
        f"<{name}>{''.join(_wrapped(item, _fields(line, '')) for line in value)}</{name}>"
        if isinstance(value, list)
        else f"<{name} />"
        if value == ""
        else f"<{name}>{value}</{name}>"
        for name, value in row.items()
    )


def _wrapped(name: str, text: str) -> str:
    return f"<{name}>{text}</{name}>\n" if name else text


def streamed(body: bytes, head: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return list(document.orders(io.BytesIO(body), {} if head is None else head))


@pytest.mark.parametrize("order", ["", "order"])
@pytest.mark.parametrize("item", ["", "item"])
@pytest.mark.parametrize("rows", [[], [ORDER], [ORDER, OTHER], [OTHER, ORDER, ORDER]])
def test_xml_in_every_shape(order, item, rows):
    body = xml(*rows, order=order, item=item)
    assert document.decode(body)["orders"] == rows
    head: dict[str, Any] = {}
    assert streamed(body, head) == rows
    assert head == {"success": "1"}


def test_a_row_that_lacks_its_first_field_begins_where_a_name_repeats():
    body = b"<root><success>1</success><orders><paid>1</paid><guid>a</guid><guid>b</guid></orders></root>"
    assert document.decode(body)["orders"] == streamed(body) == [{"paid": "1", "guid": "a"}, {"guid": "b"}]


def test_a_row_begins_with_its_first_field_though_nothing_repeats():
    body = b"<root><orders><paid>1</paid><paid>0</paid><guid>b</guid></orders></root>"
    assert document.decode(body)["orders"] == streamed(body) == [{"paid": "1"}, {"paid": "0", "guid": "b"}]


def test_what_stands_beside_the_orders_is_the_head():
    head: dict[str, Any] = {}
    streamed(xml(ORDER, extra="<days_limit>30</days_limit>"), head)
    assert head == {"success": "1", "days_limit": "30"}


@pytest.mark.parametrize(
    "orders",
    [
        [ORDER, OTHER],
        {"order": [ORDER, OTHER]},
        {"0": ORDER, "1": OTHER},
        [{**ORDER, "items": {"item": LINES}}, {**OTHER, "items": {"item": LINES[0]}}],
        [{**ORDER, "items": {"0": LINES[0], "1": LINES[1]}}, {**OTHER, "items": LINES[0]}],
    ],
)
def test_json_in_every_shape(orders):
    assert document.decode(json.dumps({"success": 1, "orders": orders}).encode())["orders"] == [ORDER, OTHER]


def test_json_with_repeated_names():
    flat = ",".join(json.dumps(line, ensure_ascii=False)[1:-1] for line in LINES)
    body = f'{{"success": "1", "orders": [{{"paid": "0", "items": {{{flat}}}}}]}}'.encode()
    assert document.decode(body)["orders"] == [{"paid": "0", "items": LINES}]


@pytest.mark.parametrize("empty", ["[]", "{}", '""', "null"])
def test_json_without_rows(empty):
    assert document.decode(f'{{"success": 1, "orders": {empty}}}'.encode())["orders"] == []


def test_numbers_keep_their_digits():
    assert str(document.decode(b'{"amount": 976.590}')["amount"]) == "976.590"


def test_texts_stay_as_they_are():
    body = "<root><customers><customer><id>1</id><fname> Ёж &amp; «К°» 🙂\n2 </fname></customer></customers></root>"
    assert document.decode(body.encode())["customers"] == [{"id": "1", "fname": " Ёж & «К°» 🙂\n2 "}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        b"[1]",
        b'{"success": 1, "orders": 5}',
        b'{"amount": NaN}',
        b"<root><success>1</success>",
        b"<html><body>login</body></html>",
        '<?xml version="1.0" encoding="UTF-8"?><root>Ёж</root>'.encode("cp1251"),
        b'<!DOCTYPE root [<!ENTITY x SYSTEM "file:///etc/passwd">]><root>&x;</root>',
        b"<root>&undefined;</root>",
    ],
)
def test_what_cannot_be_read_is_refused(body):
    with pytest.raises(document.NotReadable):
        document.decode(body)


@pytest.mark.parametrize("cut", [30, 200, 900])
def test_a_broken_stream_is_no_end(cut):
    with pytest.raises(document.NotReadable):
        streamed(xml(ORDER, OTHER)[:cut])


def test_a_stream_with_a_document_type_is_refused():
    with pytest.raises(document.NotReadable):
        streamed(b'<!DOCTYPE root [<!ENTITY a "aa">]><root><orders><paid>&a;</paid></orders></root>')


@pytest.mark.parametrize(
    ("flags", "status"),
    [
        ({}, "new"),
        ({"paid": "1"}, "paid"),
        ({"paid": "1", "shipped": "1"}, "shipped"),
        ({"shipped": 1}, "shipped"),
        ({"paid": "1", "shipped": "1", "cancelled": True}, "cancelled"),
        ({"paid": "0", "shipped": "", "cancelled": None}, "new"),
    ],
)
def test_the_status_is_made_of_the_flags(flags, status):
    assert status_of(flags) == status


def test_identity_is_the_guid_or_customer_date_and_amount():
    assert identity_of(ORDER) == "3/2017-08-24 18:45:08/976.59"
    assert identity_of({**ORDER, "guid": "5e7a"}) == "5e7a"
    assert identity_of({**ORDER, "amount": ""}) == ""


def test_orders_that_cannot_be_told_apart_are_said():
    unreadable: list[tuple[str, str]] = []
    kept = list(told([ORDER, {**ORDER, "comment": "another"}, {**ORDER, "amount": ""}, OTHER], unreadable))
    assert [order["customer_id"] for order in kept] == ["3", "4"]
    assert [identity for identity, _ in unreadable] == ["3/2017-08-24 18:45:08/976.59", ""]
