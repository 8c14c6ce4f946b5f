"""Poster's incoming orders, reservations, shifts, till entries and ledger."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .conftest import Poster

ESPRESSO = 132


def control(till: Poster, name: str, **body: Any) -> requests.Response:
    return till.http.post(f"{till.root}/_sandbox/{name}", json=body, timeout=5)


# orders --------------------------------------------------------------------------------------------------------------


def test_an_order_forgets_the_phone_in_its_answer(poster: Poster) -> None:
    body = {"spot_id": 1, "phone": "+79161110004", "products[0][product_id]": ESPRESSO}
    made = poster.post("incomingOrders.createIncomingOrder", body)["response"]
    assert (made["phone"], made["status"], made["transaction_id"]) == (None, 0, None)
    assert made["products"][0] | {"created_at": ""} == {
        "io_product_id": 2,
        "product_id": ESPRESSO,
        "modificator_id": None,
        "incoming_order_id": 3,
        "count": 1,
        "created_at": "",
    }
    row = poster.read("incomingOrders.getIncomingOrder", incoming_order_id=3)
    assert (row["phone"], row["client_id"]) == ("79161110004", 24)  # found by the phone
    assert "fiscal_method" not in row


def test_an_order_with_a_promotion_is_all_texts(poster: Poster) -> None:
    promotion = [{"id": 8, "involved_products": [{"id": ESPRESSO, "count": 1}], "result_products": [{"id": ESPRESSO}]}]
    body = {"spot_id": 1, "products": [{"product_id": ESPRESSO, "count": 1}], "promotion": promotion}
    made = poster.json("incomingOrders.createIncomingOrder", body)["response"]
    assert (made["incoming_order_id"], made["type"], made["spot_id"], made["status"]) == ("3", "1", "1", 0)
    assert made["products"][0]["count"] == "1.00000"
    assert made["promotion"].startswith('[{"id":8,')


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"spot_id": 9}, 32),
        ({"phone": ""}, 34),
        ({"phone": "12"}, 37),
        ({"client_id": 9999}, 32),
        ({"products[0][product_id]": 9999}, 32),
        ({"products[0][count]": "-1"}, 155),
    ],
)
def test_a_wrong_order(poster: Poster, change: dict[str, Any], code: int) -> None:
    body = {"spot_id": 1, "phone": "+79161110004", "products[0][product_id]": ESPRESSO, **change}
    assert poster.refused(poster.post("incomingOrders.createIncomingOrder", body)) == code


def test_own_orders_are_those_of_this_application(poster: Poster) -> None:
    body = {"spot_id": 1, "phone": "+79160000099", "products[0][product_id]": ESPRESSO}
    poster.post("incomingOrders.createIncomingOrder", body)
    assert [row["incoming_order_id"] for row in poster.read("incomingOrders.getIncomingOrders")] == [1, 3]
    assert [row["incoming_order_id"] for row in poster.read("incomingOrders.getOwnIncomingOrders")] == [3]
    assert poster.get("incomingOrders.getOwnIncomingOrder", incoming_order_id=1) == {"response": False}


def test_a_window_is_about_the_creation(poster: Poster) -> None:
    found = {"date_from": "2026-11-19 14:00:00", "date_to": "2026-11-19 15:00:00"}
    assert len(poster.read("incomingOrders.getIncomingOrders", **found)) == 1
    assert poster.read("incomingOrders.getIncomingOrders", **{**found, "date_to": "2026-11-19 14:30:00"}) == []
    control(poster, "accept", incoming_order_id=1).raise_for_status()
    [row] = poster.read("incomingOrders.getIncomingOrders", **found, status=1)
    assert row["updated_at"] > found["date_to"]  # the change itself is outside the window


def test_the_cashier_accepts_or_rejects(poster: Poster) -> None:
    answer = control(poster, "accept", incoming_order_id=1).json()
    row = poster.read("incomingOrders.getIncomingOrder", incoming_order_id=1)
    assert (row["status"], str(row["transaction_id"])) == (1, answer["transaction_id"])
    [receipt] = poster.read("dash.getTransaction", transaction_id=row["transaction_id"], include_products="true")
    assert (receipt["status"], receipt["sum"], receipt["products"][0]["num"]) == ("1", "30000", "2")
    assert control(poster, "reject", incoming_order_id=1).status_code == 400
    body = {"spot_id": 1, "phone": "+79160000099", "products[0][product_id]": ESPRESSO}
    made = poster.post("incomingOrders.createIncomingOrder", body)["response"]["incoming_order_id"]
    control(poster, "reject", incoming_order_id=made).raise_for_status()
    assert poster.read("incomingOrders.getIncomingOrder", incoming_order_id=made)["status"] == 7


# reservations --------------------------------------------------------------------------------------------------------


def test_a_reservation_is_read_as_utc_and_shown_in_the_zone(poster: Poster) -> None:
    body = {"spot_id": 1, "phone": "+79161110004", "table_id": 2, "duration": 2000}
    made = poster.post("incomingOrders.createReservation", body, date_reservation="2026-12-02 16:20:00")["response"]
    assert (made["date_reservation"], made["type"], made["phone"]) == ("2026-12-02 19:20:00", "2", "79161110004")
    assert (
        poster.read("incomingOrders.getOwnReservation", incoming_order_id=made["incoming_order_id"])["duration"]
        == "2000"
    )
    short = {**body, "duration": 1799, "date_reservation": "2026-12-02 16:20:00"}
    assert poster.refused(poster.post("incomingOrders.createReservation", short)) == 155
    assert (
        poster.refused(poster.post("incomingOrders.createReservation", {**short, "table_id": 3, "duration": 1800}))
        == 32
    )


def test_free_tables_of_every_spot(poster: Poster) -> None:
    def free(moment: str, **more: Any) -> list[str]:
        asked = {"spot_id": 1, "date_reservation": moment, "duration": 1800, **more}
        return [row["table_id"] for row in poster.read("incomingOrders.getTablesForReservation", **asked)["freeTables"]]

    assert free("2026-12-01 10:00:00") == ["1", "2", "4", "5"]  # 3 and 6 were taken away; 4 and 5 are in spot 2
    assert free("2026-12-01 16:30:00") == ["2", "4", "5"]
    assert free("01-12-2026 16:30") == ["2", "4", "5"]
    assert free("2026-12-01 10:00:00", guests_count=3) == ["2", "5"]


# spots ---------------------------------------------------------------------------------------------------------------


def test_tables(poster: Poster) -> None:
    rows = poster.read("spots.getTableHallTables", hall_id=1)
    assert [row["is_deleted"] for row in rows] == ["0", "0", "1"]
    assert len(poster.read("spots.getTableHallTables", hall_id=1, without_deleted=1)) == 2
    sent = {"spot_id": 1, "spot_tablet_id": 1, "table_id": 1, "user_id": 2}
    poster.post("transactions.createTransaction", sent)
    assert [row["status"] for row in poster.read("spots.getTableHallTables", hall_id=1)] == ["2", "1", "1"]


# shifts --------------------------------------------------------------------------------------------------------------

DAYS = {"dateFrom": "20261101", "dateTo": "20261231"}


def test_a_shift_is_opened_sold_in_and_closed(bare: Poster) -> None:
    opened = {"spot_id": 1, "user_id": 1, "amount": "123.45", "time": "2026-11-20 10:00", "is_fiscal": 1}
    made = bare.post("finance.openCashShift", opened)["response"]["cash_shift_id"]
    assert bare.refused(bare.post("finance.openCashShift", opened)) == 54
    entry = {"cash_shift_id": made, "user_id": 1, "time": "2026-11-20 15:00"}
    bare.post(
        "finance.createCashShiftTransaction", **entry, type_id=3, category_id=4, amount="499.99", comment="Расход"
    )
    bare.post("finance.createCashShiftTransaction", **entry, type_id=4, amount=100)
    product = bare.post(
        "menu.createProduct",
        product_name="Чай",
        menu_category_id=0,
        weight_flag=0,
        different_spots_prices=0,
        modifications=0,
        price=5000,
    )["response"]
    base = {"spot_id": 1, "spot_tablet_id": 1}
    sale = bare.post("transactions.createTransaction", **base, user_id=1)["response"]["transaction_id"]
    bare.post("transactions.addTransactionProduct", **base, transaction_id=sale, product_id=product)
    bare.post("transactions.closeTransaction", **base, transaction_id=sale, payed_cash=5000)
    closed = {"cash_shift_id": made, "user_id": 2, "amount": "23.45", "time": "2030-01-01 20:00", "comment": "бар"}
    assert bare.post("finance.closeCashShift", closed) == {"response": True}
    assert bare.refused(bare.post("finance.closeCashShift", closed)) == 54
    row = bare.read("finance.getCashShift", cash_shift_id=made)
    assert (row["timestart"], row["amount_start"], row["amount_end"]) == (1795158000000, 12345, 2345)
    assert (row["amount_credit"], row["amount_collection"], row["amount_sell_cash"]) == (49999, 10000, 5000)
    kinds = [item["type"] for item in bare.read("finance.getCashShiftTransactions", shift_id=made)]
    assert kinds == [5, 4, 3, 1]
    [ledger] = bare.read("finance.getTransactions", dateFrom="20200101", dateTo="20301231")
    assert (ledger["amount"], ledger["binding_type"], ledger["binding_id"]) == ("5000", "12", str(made))


def test_an_edited_entry_gets_a_new_id(poster: Poster) -> None:
    entry = {
        "cash_shift_id": 324,
        "user_id": 2,
        "time": "2026-11-19 15:00",
        "type_id": 2,
        "category_id": 1,
        "amount": 10,
    }
    old = poster.post("finance.createCashShiftTransaction", entry)["response"]["cash_shift_transaction_id"]
    new = poster.post("finance.updateCashShiftTransaction", cash_shift_transaction_id=old, amount="12.50")["response"]
    assert new["cash_shift_transaction_id"] > old
    before = poster.read("finance.getCashShiftTransaction", cash_shift_transaction_id=old)
    after = poster.read("finance.getCashShiftTransaction", cash_shift_transaction_id=new["cash_shift_transaction_id"])
    assert (before["edit"], before["delete"], before["tr_amount"]) == ("1", "1", "1000")
    assert (after["shift_tr_id_edit"], after["tr_amount"], after["type"]) == (str(old), "1250", "2")
    assert poster.read("finance.getCashShift", cash_shift_id=324)["amount_debit"] == 1250
    assert poster.refused(poster.post("finance.updateCashShiftTransaction", cash_shift_transaction_id=old)) == 32
    fresh = new["cash_shift_transaction_id"]
    assert poster.post("finance.removeCashShiftTransaction", cash_shift_transaction_id=fresh) == {"response": True}
    assert poster.read("finance.getCashShift", cash_shift_id=324)["amount_debit"] == 0


def test_opening_and_closing_entries_are_not_touched(poster: Poster) -> None:
    row = poster.read("finance.getCashShiftTransactions", shift_id=301)[0]
    assert row["type"] == 5
    answer = poster.post("finance.updateCashShiftTransaction", cash_shift_transaction_id=row["shift_tr_id"], amount=1)
    assert poster.refused(answer) == 153
    wrong = {"cash_shift_id": 324, "user_id": 2, "time": "2026-11-19 15:00", "type_id": 5, "amount": 10}
    assert poster.refused(poster.post("finance.createCashShiftTransaction", wrong)) == 155
    assert poster.refused(poster.post("finance.createCashShiftTransaction", {**wrong, "type_id": 3})) == 34


def test_shifts_of_the_company_agree_with_its_receipts(poster: Poster) -> None:
    shifts = poster.read("finance.getCashShifts", **DAYS)
    sold = poster.read("dash.getTransactions", **DAYS)
    assert sum(row["amount_sell_cash"] for row in shifts) == sum(int(row["payed_cash"]) for row in sold)
    assert sum(row["amount_sell_card"] for row in shifts) == sum(int(row["payed_card"]) for row in sold)
    assert [row["timeend"] for row in shifts[:2]] == [0, 0]
    assert shifts[0]["spot_name"]
    assert {row["spot_id"] for row in poster.read("finance.getCashShifts", **DAYS, spot_id=2)} == {2}


def test_the_ledger_has_html_and_kinds_that_no_list_names(poster: Poster) -> None:
    rows = poster.read("finance.getTransactions", **DAYS)
    assert {row["currency_symbol"] for row in rows} == {'<i class="icon-rouble"></i>'}
    assert {row["binding_type"] for row in rows} == {"15", "11"}
    assert rows[0]["balance"] == str(sum(int(row["amount"]) for row in rows))
    assert poster.read("finance.getTransaction", transaction_id=rows[0]["transaction_id"]) == rows[0]
