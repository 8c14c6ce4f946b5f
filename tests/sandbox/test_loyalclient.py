"""The LoyalClient emulator against the vendor's document, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connector.sandbox import Sandbox

IVAN = "62a000000000000000000486"
OLGA = "62a000000000000000000487"
DISCOUNT = "621000000000000000000d15"
OTHER_POINT = "62a0000000000000000000f5"


class Till:
    """A till that speaks to the programme; `world` is the programme itself."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.base = sandbox.urls["loyalclient"]
        self.world = sandbox.worlds["loyalclient"]
        self.key = sandbox.credentials["loyalclient"]["apikey"]
        self.point = sandbox.credentials["loyalclient"]["point"]
        state = self.world.state
        [self.level] = state["levels"]
        state["levels"][DISCOUNT] = {"title": "Скидка", "percent": 7, "type": "discount", "max_spend": 0}
        state["points"][OTHER_POINT] = {"name": "Кофейня", "percent": None}
        for key, name, phone, level in (
            (IVAN, "ИВАН", 79201112233, self.level),
            (OLGA, "ОЛЬГА", 79201112244, DISCOUNT),
        ):
            state["clients"][key] = {
                "name": name,
                "photo": None,
                "birthday": "1990-03-29",
                "phone": phone,
                "email": "mail@mail.example",
                "card": f"10{key[-3:]}",
                "code": None,
                "level": level,
                "balance": 878,
            }

    def raw(self, call: str, body: Any, **headers: str) -> requests.Response:
        url = f"{self.base}/integration/general/{call}"
        return requests.post(url, json=body, headers={"apikey": self.key, **headers}, timeout=5)

    def ok(self, call: str, **body: Any) -> dict[str, Any]:
        answer = self.raw(call, {"point": self.point, **body})
        assert answer.status_code == 200, answer.text
        decoded: dict[str, Any] = answer.json()
        assert decoded.pop("success") is True
        return decoded

    def refused(self, call: str, **body: Any) -> dict[str, Any]:
        answer = self.raw(call, {"point": self.point, **body})
        assert answer.status_code == 422
        return dict(answer.json())

    def balance(self, **body: Any) -> int:
        found = self.ok("client", search="79201112233", **body)["client"]
        return int(found["balance"])

    def hold(self, amount: int, **body: Any) -> str:
        return str(self.ok("bonuses/hold", client=IVAN, amount=amount, **body)["held"]["id"])


@pytest.fixture
def till() -> Iterator[Till]:
    with Sandbox(("loyalclient",), "empty", clock=lambda: 1704045000.0) as sandbox:
        yield Till(sandbox)


def test_a_wrong_or_missing_key_is_a_422_like_every_error(till: Till) -> None:
    for headers in ({"apikey": "wrong"}, {"apikey": ""}):
        answer = till.raw("client", {"search": "79201112233", "point": till.point}, **headers)
        assert (answer.status_code, list(answer.json())) == (422, ["apikey"])


def test_a_client_is_found_by_phone_or_card_with_a_numeric_phone(till: Till) -> None:
    shown = {
        "client": {
            "id": IVAN,
            "name": "ИВАН",
            "photo": None,
            "birthday": "1990-03-29",
            "level": {"id": till.level, "title": "Бонусы", "percent": 10, "type": "cashback", "maxSpendPercent": 50},
            "phone": 79201112233,
            "email": "mail@mail.example",
            "balance": 878,
        }
    }
    assert till.ok("client", search="79201112233") == shown
    assert till.ok("client", search="10486") == shown


@pytest.mark.parametrize("search", ["+79201112233", "89201112233", "9201112233", "", "None"])
def test_a_search_is_exact(till: Till, search: str) -> None:
    till.world.state["clients"][IVAN]["email"] = None
    assert till.refused("client", search=search) == {"client": "Client not found."}


def test_a_discount_client_has_no_balance_and_no_share_to_spend(till: Till) -> None:
    client = till.ok("client", search="79201112244")["client"]
    assert client["balance"] == 0
    assert "maxSpendPercent" not in client["level"]
    assert till.ok("recalc", client=OLGA, amount=100)["recalc"] == {
        "amount": 100,
        "percent": 7,
        "type": "discount",
        "spend": 0,
        "earn": 0,
    }
    retail = till.ok("retail", client=OLGA, amount=100, spend=0)["retail"]
    assert retail == {"amount": 100, "total": 93, "percent": 7, "type": "discount"}


def test_recalc_says_what_may_be_spent_or_earned_and_changes_nothing(till: Till) -> None:
    shown = {"amount": 100, "percent": 10, "type": "cashback", "spend": 50, "earn": 10}
    assert till.ok("recalc", client=IVAN, amount=100)["recalc"] == shown
    assert till.ok("recalc", client=IVAN, amount=99.99)["recalc"] == {**shown, "amount": 99.99, "spend": 49, "earn": 9}
    assert till.ok("recalc", client=IVAN, amount=5000)["recalc"]["spend"] == 878
    assert till.balance() == 878


def test_the_percent_of_a_point_may_differ_from_the_level(till: Till) -> None:
    till.world.state["points"][OTHER_POINT]["percent"] = 3
    assert till.ok("recalc", client=IVAN, amount=100, point=OTHER_POINT)["recalc"]["percent"] == 3
    assert till.ok("retail", client=IVAN, amount=100, spend=0, point=OTHER_POINT)["retail"]["earn"] == 3


def test_a_receipt_earns_or_spends_never_both(till: Till) -> None:
    earned = till.ok("retail", client=IVAN, amount=100, spend=0)["retail"]
    assert earned == {"amount": 100, "total": 100, "percent": 10, "type": "cashback", "earn": 10}
    assert till.balance() == 888
    spent = till.ok("retail", client=IVAN, amount=100, spend=50)["retail"]
    assert spent == {"amount": 100, "total": 50, "percent": 10, "type": "cashback", "spend": 50}
    assert till.balance() == 838


def test_the_same_receipt_twice_is_booked_twice(till: Till) -> None:
    for _ in range(2):
        till.ok("retail", client=IVAN, amount=100, spend=10)
    assert till.balance() == 858
    assert len(till.world.state["operations"]) == 2


def test_too_much_is_refused_in_the_words_of_the_document(till: Till) -> None:
    assert till.refused("retail", client=IVAN, amount=200, spend=101) == {"spend": "Spend can't be more 100"}
    assert till.refused("retail", client=OLGA, amount=200, spend=1) == {"spend": "Spend can't be more 0"}
    assert till.refused("retail", client=IVAN, amount=200, spend=-1) == {"spend": "Spend can't be more 100"}
    assert till.balance() == 878


@pytest.mark.parametrize(
    ("call", "body", "wrong"),
    [
        ("client", {"search": "1", "point": "62a0000000000000000000f4"}, "client"),
        ("client", {"search": "79201112233", "point": "x"}, "point"),
        ("client", {"point": "62a0000000000000000000f4"}, "search"),
        ("recalc", {"client": "x", "amount": 1, "point": "62a0000000000000000000f4"}, "client"),
        ("recalc", {"client": IVAN, "amount": 1}, "point"),
        ("recalc", {"client": IVAN, "amount": "1", "point": "62a0000000000000000000f4"}, "amount"),
        ("recalc", {"client": IVAN, "amount": 0, "point": "62a0000000000000000000f4"}, "amount"),
        ("retail", {"client": IVAN, "amount": 1, "point": "62a0000000000000000000f4"}, "spend"),
        ("recalc", {"client": IVAN, "amount": 1, "point": "62a0000000000000000000f4", "hold": "x"}, "hold"),
        ("bonuses/release", {}, "id"),
        ("bonuses/hold", {"client": IVAN, "amount": 879, "point": "62a0000000000000000000f4"}, "amount"),
        (
            "bonuses/hold",
            {"client": IVAN, "amount": 1, "duration": 31, "point": "62a0000000000000000000f4"},
            "duration",
        ),
        ("retail", [], "body"),
    ],
)
def test_each_error_names_its_field(till: Till, call: str, body: Any, wrong: str) -> None:
    answer = till.raw(call, body)
    assert (answer.status_code, list(answer.json())) == (422, [wrong])


def test_a_hold_is_taken_off_the_balance_unless_it_is_named(till: Till) -> None:
    held = till.ok("bonuses/hold", client=IVAN, amount=800)["held"]
    assert re.fullmatch("[0-9a-f]{24}", held["id"])
    assert (held["amount"], held["until"]) == (800, 1704045600)
    assert till.balance() == 78
    assert till.balance(hold=[held["id"]]) == 878
    assert till.ok("recalc", client=IVAN, amount=1000)["recalc"]["spend"] == 78
    assert till.ok("recalc", client=IVAN, amount=1000, hold=[held["id"]])["recalc"]["spend"] == 500


def test_a_hold_ends_by_time_or_release(till: Till) -> None:
    till.hold(100)
    longer = till.hold(200, duration=30)
    till.world.advance(599)
    assert till.balance() == 578
    till.world.advance(1)
    assert till.balance() == 678
    assert till.ok("bonuses/release", id=longer) == {}
    assert till.balance() == 878
    assert till.ok("bonuses/release", id="0" * 24) == {}  # success proves nothing


def test_an_operation_drops_all_holds_of_its_point_and_of_no_other(till: Till) -> None:
    mine = till.hold(100)
    till.hold(50)
    till.hold(25, point=OTHER_POINT)
    till.ok("retail", client=OLGA, amount=100, spend=0)
    assert till.balance() == 853
    till.ok("retail", client=IVAN, amount=2000, spend=100, hold=[mine])
    assert till.balance() == 753


def test_balances_are_the_sum_of_what_was_booked(till: Till) -> None:
    for amount, spend in ((101, 0), (33.33, 0), (250, 125), (19.99, 3)):
        till.ok("retail", client=IVAN, amount=amount, spend=spend)
    booked = till.world.state["operations"]
    assert till.balance() == 878 + sum(row.get("earn", 0) - row.get("spend", 0) for row in booked)
    assert [row["total"] for row in booked] == [101, 33.33, 125, 16.99]


def test_the_log_names_the_calls(till: Till) -> None:
    till.balance()
    till.raw("nothing", {})
    log = requests.get(till.base + "/_sandbox/requests", timeout=5).json()["requests"]
    assert [(row["endpoint"], row["status"]) for row in log] == [("client", 200), ("", 404)]


def test_a_receipt_whose_answer_was_lost_is_booked(till: Till) -> None:
    fault = {"endpoint": "retail", "fault": "timeout_after", "count": 1}
    requests.post(till.base + "/_sandbox/faults", json=fault, timeout=5)
    with pytest.raises(requests.ConnectionError):
        till.ok("retail", client=IVAN, amount=100, spend=0)
    assert till.balance() == 888
