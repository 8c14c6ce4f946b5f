"""The quick way of the list of clients gives what the slow one does."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.systems.decoding import Unexpected
from connector.systems.rows import canonical_body
from connector.systems.saplab.clients import LEGAL, ClientRows, ListReader

ZONE = ZoneInfo("Europe/Moscow")
PATHS = ("name", "is_wholesaler", "phone", LEGAL, "limit")
PERSON = {
    "id": "7",
    "limit": 1.50,
    "name": "Анна «А» 🌿",
    "is_wholesaler": "0",
    "unmapped": {"b": [1], "a": None},
    "date_modified": "2017-01-15 17:31:21.560473",
}
FIRM = {"id": 8, "name": None, "is_wholesaler": 1, "email": "a@b.ru", "date_modified": "", "phone": "79990000001"}
NOBODY = {"id": None, "name": "x"}


def body_of(*raws: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"filters": {}, "clients": raws, **more}, ensure_ascii=False).encode()


def test_a_row_is_what_the_slow_way_makes_of_it() -> None:
    listed = ListReader(PATHS, ZONE).page(body_of(PERSON, pages=3))
    [row] = listed.rows
    slow = {**PERSON, "limit": Decimal("1.5")}
    assert row == ClientRows(PATHS, ZONE, digested=False).row(slow)
    assert row.body == canonical_body(slow, PATHS)
    assert row.changed_at == "2017-01-15T17:31:21.560473+03:00"
    assert (listed.pages, listed.count, listed.ids) == (3, 1, ["7"])


def test_a_firm_keeps_what_its_form_is_compared_with_and_nobody_else_does() -> None:
    person, firm, nobody = ListReader(PATHS, ZONE).page(body_of(PERSON, FIRM, NOBODY)).rows
    assert (person.full, nobody.full) == (None, None)
    assert firm.full == FIRM
    assert (firm.external_id, firm.changed_at, nobody.external_id) == ("8", None, "")


def test_rows_that_were_decoded_already_are_the_same() -> None:
    reader = ListReader(PATHS, ZONE)
    raws = [{**PERSON, "limit": Decimal("1.5")}, FIRM, NOBODY]
    assert reader.listed(raws, "2").rows == reader.page(body_of(PERSON, FIRM, NOBODY)).rows
    assert [reader.listed([], pages).pages for pages in ("2", 2, None, "many")] == [2, 2, None, None]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"status":"error"}', b'{"clients":{}}', b'{"clients":["x"]}']
)
def test_what_is_no_list_is_not_read(body: bytes) -> None:
    with pytest.raises(Unexpected):
        ListReader(PATHS, ZONE).page(body)
