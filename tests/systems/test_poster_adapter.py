"""The Poster adapter: feeds, look-ups, writes, calls."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from connector.errors import (
    BrokenAnswer,
    ConnectorError,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    Throttled,
    UsageError,
)
from connector.systems.base import Row
from connector.systems.parameters import Proved
from systems.till import TOKEN, Till, client

PATHS = ("id_1c", "phone_number", "bonus")


def listed(rows: list[dict[str, Any]]) -> Any:
    """clients.getClients over these rows, as they stand at each call."""

    def answer(query: dict[str, str], form: dict[str, str]) -> Any:
        del form
        found = [row for row in rows if "phone" not in query or query["phone"].lstrip("+") in row["phone_number"]]
        start = int(query.get("offset", "0"))
        return {"response": found[start : start + int(query.get("num", str(len(found))))]}

    return answer


def read(till: Till, entity: str = "customer", paths: tuple[str, ...] = PATHS) -> list[Row]:
    return [row for page in till.adapter().feed(entity, paths) for row in page.rows]


def offsets(till: Till) -> list[int]:
    return [int(query["offset"]) for _, query, _ in till.requests]


# Reading


def test_a_feed_asks_for_a_stable_order_and_the_1c_identifier(till: Till) -> None:
    till.on("clients.getClients", listed([client(1, id_1c=None)]))
    assert read(till) == [Row("1", b'{"id_1c":null,"phone_number":"79630000001","bonus":"10000"}')]
    _, query, _ = till.requests[0]
    assert query == {
        "format": "json",
        "1c": "true",
        "order_by": "client_id",
        "sort": "asc",
        "num": "1001",
        "offset": "0",
        "token": TOKEN,
    }


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (999, 1), (1001, 2), (2000, 2), (2001, 3)])
def test_as_few_requests_as_pages_and_every_row_once(till: Till, count: int, requests: int) -> None:
    till.on("clients.getClients", listed([client(number) for number in range(1, count + 1)]))
    assert [row.external_id for row in read(till)] == [str(number) for number in range(1, count + 1)]
    assert offsets(till) == [1000 * page for page in range(requests)]


def test_a_limit_of_theirs_does_not_end_the_list(till: Till) -> None:
    rows = [client(number) for number in range(1, 251)]
    limited = listed(rows)
    till.on("clients.getClients", lambda query, form: limited({**query, "num": "100"}, form))
    assert len(read(till)) == 250


def test_rows_that_vanish_while_we_read_hide_no_others(till: Till) -> None:
    rows = [client(number) for number in range(1, 2501)]
    answer = listed(rows)

    def shrinking(query: dict[str, str], form: dict[str, str]) -> Any:
        if query["offset"] == "1000" and len(rows) == 2500:
            del rows[:120]
        return answer(query, form)

    till.on("clients.getClients", shrinking)
    found = [row.external_id for row in read(till)]
    assert found == [str(number) for number in range(1, 2501)]


def test_a_deleted_client_is_gone_and_says_so(till: Till) -> None:
    till.on("clients.getClients", listed([client(1), client(2, delete="1"), client(3, delete=1)]))
    assert [row.gone for row in read(till)] == [False, True, True]
    assert [row.body for row in read(till, paths=("delete",))][1:] == [b'{"delete":"1"}', b'{"delete":1}']


def test_a_row_without_an_id_is_told_and_the_others_are_read(till: Till) -> None:
    nameless: list[dict[str, Any]] = [client(1), {"lastname": "x"}, client(2, client_id=""), client(3, client_id=None)]
    till.on("clients.getClients", {"response": nameless})
    (page,) = till.adapter().feed("customer", PATHS)
    assert [row.external_id for row in page.rows] == ["1"]
    assert [key for key, _ in page.unreadable] == ["", "", ""]


def test_ids_are_text_and_numbers_keep_their_digits(till: Till) -> None:
    body = b'{"response":[{"client_id":7,"bonus":10.10,"id_1c":"x","nested":{"b":1,"a":2}}]}'
    till.on("clients.getClients", body)
    row = read(till, paths=("bonus", "nested", "absent"))[0]
    assert (row.external_id, row.body) == ("7", b'{"bonus":10.10,"nested":{"a":2,"b":1}}')


def test_an_empty_answer_of_any_shape_is_an_empty_feed(till: Till) -> None:
    till.on("clients.getGroups", {"response": None})
    assert read(till, "group", ("client_groups_name",)) == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>503</body></html>",
        b'{"response":[{"client_id":"1","lastname":"\xcf\xee\xef\xee\xe2\xe0"}]}',
        b'{"response":[{"client_id":"1"},{"client_id":"2"',
        b'{"responses":[]}',
        b'{"response":[1,2]}',
    ],
)
def test_a_broken_page_gives_nothing(till: Till, body: bytes) -> None:
    till.on("clients.getClients", body)
    feed = till.adapter().feed("customer", ("lastname",))
    with pytest.raises(BrokenAnswer):
        next(feed)


def test_a_broken_second_page_keeps_the_first_whole(till: Till) -> None:
    rows = [client(number) for number in range(1, 1500)]
    answer = listed(rows)
    till.on("clients.getClients", lambda query, form: answer(query, form) if query["offset"] == "0" else b"<html>")
    feed = till.adapter().feed("customer", PATHS)
    assert len(next(feed).rows) == 1001
    with pytest.raises(BrokenAnswer):
        next(feed)


def test_a_refused_feed_stops_its_account(till: Till) -> None:
    till.on("clients.getClients", {"error": {"code": 12, "message": "expired"}})
    with pytest.raises(Forbidden, match="expired"):
        read(till)
    till.on("clients.getGroups", {"error": {"code": 50, "message": "x"}})
    with pytest.raises(BrokenAnswer, match="refuses to list"):
        read(till, "group")


def test_pages_side_by_side_are_the_same_pages(till: Till) -> None:
    till.on("clients.getClients", listed([client(number) for number in range(1, 3501)]))
    found = [row.external_id for page in till.adapter(concurrency=3).feed("customer", PATHS) for row in page.rows]
    assert found == [str(number) for number in range(1, 3501)]
    assert len(till.requests) <= 4 + 2


def test_get_reads_the_list_of_one(till: Till) -> None:
    till.on("clients.getClient", {"response": [client(38, id_1c="a")]})
    row = till.adapter().get("customer", "38", PATHS)
    assert row is not None
    assert (row.external_id, row.body) == ("38", b'{"id_1c":"a","phone_number":"79630000038","bonus":"10000"}')
    assert row.full is not None
    assert row.full["lastname"] == "Антон"
    assert till.requests[0][1]["client_id"] == "38"


def test_get_and_feed_spell_a_row_alike(till: Till) -> None:
    raw = client(5, id_1c=None, extra={"b": [1, {"d": 1, "c": 2}], "a": 1})
    till.on("clients.getClients", {"response": [raw]})
    till.on("clients.getClient", {"response": [raw]})
    got = till.adapter().get("customer", "5", (*PATHS, "extra"))
    assert got is not None
    assert got.body == read(till, paths=(*PATHS, "extra"))[0].body


@pytest.mark.parametrize("body", [{"response": False}, {"response": []}, {"error": {"code": 32, "message": ""}}])
def test_get_of_nobody_is_none(till: Till, body: Any) -> None:
    till.on("clients.getClient", body)
    assert till.adapter().get("customer", "38", PATHS) is None


def test_get_that_answers_with_somebody_else_is_broken(till: Till) -> None:
    till.on("clients.getClient", {"response": [client(38)]})
    with pytest.raises(BrokenAnswer, match="asked for 6 and answered with 38"):
        till.adapter().get("customer", "6", PATHS)


def test_get_of_a_group_reads_the_object(till: Till) -> None:
    till.on("clients.getGroup", {"response": {"client_groups_id": "1", "client_groups_name": "Постоянный клиент"}})
    row = till.adapter().get("group", "1", ("client_groups_name",))
    assert row is not None
    assert row.body == '{"client_groups_name":"Постоянный клиент"}'.encode()
    assert till.requests[0][1]["group_id"] == "1"


def test_find_asks_internationally_and_compares_every_digit(till: Till) -> None:
    till.on(
        "clients.getClients", listed([client(1), client(2, phone_number="796300000010"), client(3, phone_number="0")])
    )
    found = till.adapter().find("customer", "phone", "+79630000001", PATHS)
    assert [row.external_id for row in found] == ["1"]
    assert till.requests[0][1]["phone"] == "+79630000001"


def test_find_by_what_the_remote_cannot_search(till: Till) -> None:
    with pytest.raises(Invalid, match="card_uid"):
        till.adapter().find("customer", "card_uid", "1", PATHS)
    assert till.requests == []


# Writing


def test_create_posts_a_form_and_takes_the_id(till: Till) -> None:
    till.on("clients.createClient", {"response": 4082})
    patch = {"client_name": "Попова Елена", "client_groups_id_client": "7", "phone": "+380519911122", "bonus": "10.50"}
    assert till.adapter().create("customer", patch, "uid") == ("4082", None, None)
    _, query, form = till.requests[0]
    assert form == patch
    assert query == {"format": "json", "token": TOKEN}


@pytest.mark.parametrize(
    "body", [{"response": True}, {"response": None}, {"response": ""}, b"<html>", b'{"response":40']
)
def test_create_without_a_readable_id_is_unknown(till: Till, body: Any) -> None:
    till.on("clients.createClient", body)
    with pytest.raises(OutcomeUnknown):
        till.adapter().create("customer", {"client_name": "x", "client_groups_id_client": 7}, "uid")


def test_a_batch_gives_ids_in_order(till: Till) -> None:
    till.on("clients.createClients", {"response": [7, 8]})
    patches = [({"client_name": name, "client_groups_id_client": 7}, name) for name in ("А", "Б")]
    assert [outcome.external_id for outcome in till.adapter().create_many("customer", patches)] == ["7", "8"]
    assert till.requests[0][2]["1[client_name]"] == "Б"


@pytest.mark.parametrize("body", [{"response": [7]}, {"response": 7}, {"error": {"code": 99, "message": "taken"}}])
def test_a_batch_that_was_not_done_whole_is_unknown(till: Till, body: Any) -> None:
    till.on("clients.createClients", body)
    patches = [({"client_name": name, "client_groups_id_client": 7}, name) for name in ("А", "Б")]
    with pytest.raises(OutcomeUnknown):
        till.adapter().create_many("customer", patches)


def test_a_batch_of_one_is_a_plain_create_with_a_plain_refusal(till: Till) -> None:
    till.on("clients.createClient", {"error": {"code": 99, "message": "taken"}})
    with pytest.raises(ConnectorError) as caught:
        till.adapter().create_many("customer", [({"client_name": "А", "client_groups_id_client": 7}, "uid")])
    assert caught.value.code == "99"


def test_update_sends_the_given_fields_only(till: Till) -> None:
    till.on("clients.updateClient", {"response": 50})
    outcome = till.adapter().update("customer", "50", {"phone": "+380502211111", "comment": None}, None)
    assert outcome.external_id == "50"
    assert till.requests[0][2] == {"phone": "+380502211111", "comment": "", "client_id": "50"}


def test_update_that_names_another_record_is_looked_at(till: Till) -> None:
    till.on("clients.updateClient", {"response": 4082})
    with pytest.raises(OutcomeUnknown, match="was to change 50 and names 4082"):
        till.adapter().update("customer", "50", {"comment": "x"}, None)


def test_a_mapping_that_names_no_parameter_sends_nothing(till: Till) -> None:
    with pytest.raises(UsageError, match="did you mean “comment”"):
        till.adapter().update("customer", "50", {"coment": "x"}, None)
    assert till.requests == []


def test_delete_of_what_is_gone_already_is_done(till: Till) -> None:
    till.on("clients.removeClient", {"error": {"code": 32, "message": ""}})
    assert till.adapter().delete("customer", "2").external_id == "2"
    assert till.requests[0][2] == {"client_id": "2"}


def test_a_stamp_is_a_batch_and_none_removes_it(till: Till) -> None:
    till.on("clients.set1cClientId", {"success": 1})
    till.adapter().stamp("customer", {"38": "b80ffc81-0fc9-11e7-9ab4-ace01035e460", "39": None})
    assert till.requests[0][2] == {
        "id[0][client_id]": "38",
        "id[0][id_1c]": "b80ffc81-0fc9-11e7-9ab4-ace01035e460",
        "id[1][client_id]": "39",
        "id[1][id_1c]": "0",
    }


def test_a_stamp_that_was_not_done_is_an_error(till: Till) -> None:
    till.on("clients.set1cClientId", {"success": 0})
    with pytest.raises(Invalid):
        till.adapter().stamp("customer", {"38": "x"})


def test_groups_have_their_own_names_for_the_id(till: Till) -> None:
    till.on("clients.createGroup", {"response": 6})
    till.on("clients.updateGroup", {"response": 5})
    adapter = till.adapter()
    group = {"client_groups_name": "Гости", "loyalty_type": 1, "client_groups_discount": "10"}
    assert adapter.create("group", group, "uid").external_id == "6"
    assert adapter.update("group", "5", {"client_groups_name": "Друзья"}, None).external_id == "5"
    assert till.requests[1][2] == {"client_groups_name": "Друзья", "client_groups_id": "5"}
    with pytest.raises(Invalid):
        adapter.delete("group", "5")


def test_throttling_in_the_body_slows_the_account_down(till: Till) -> None:
    till.on("clients.updateClient", {"error": {"code": 700, "message": "limit"}})
    till.on("menu.getWorkshops", {"response": []})
    adapter = till.adapter()
    adapter.call("menu.getWorkshops", {})
    adapter.call("menu.getWorkshops", {})
    assert till.slept == []
    with pytest.raises(Throttled):
        adapter.update("customer", "1", {"comment": "x"}, None)
    adapter.call("menu.getWorkshops", {})
    adapter.call("menu.getWorkshops", {})
    assert till.slept != []


# Calls


def test_call_gives_the_content_without_its_envelope(till: Till) -> None:
    till.on("menu.getWorkshops", {"response": [{"workshop_id": "1"}]})
    assert till.adapter().call("menu.getWorkshops", {}) == [{"workshop_id": "1"}]


def test_call_walks_the_pages_unless_a_page_is_asked_for(till: Till) -> None:
    till.on("clients.getClients", listed([client(number) for number in range(1, 2502)]))
    adapter = till.adapter()
    assert len(adapter.call("clients.getClients", {})) == 2501
    assert [(query["order_by"], query["sort"]) for _, query, _ in till.requests] == [("client_id", "asc")] * 3
    assert len(adapter.call("clients.getClients", {"num": 10})) == 10
    assert [len(part) for part in adapter.stream("clients.getClients", {})] == [1000, 1000, 501]


def receipts(query: dict[str, str], form: dict[str, str]) -> Any:
    del form
    page, per = int(query["page"]), int(query["per_page"])
    rows = [{"transaction_id": number, "date_close": "2017-11-30 13:48:09"} for number in range(1, 1501)]
    part = rows[(page - 1) * per : page * per]
    return {"response": {"count": 1500, "page": {"per_page": per, "page": page, "count": len(part)}, "data": part}}


def test_call_uses_the_total_where_the_answer_says_it(till: Till) -> None:
    till.on("transactions.getTransactions", receipts)
    rows = till.adapter().call("transactions.getTransactions", {"date_from": "2017-11-30", "date_to": "2017-11-30"})
    assert [row["transaction_id"] for row in rows] == list(range(1, 1501))
    assert [query["page"] for _, query, _ in till.requests] == ["1", "2"]


def test_call_walks_receipts_by_their_number(till: Till) -> None:
    def answer(query: dict[str, str], form: dict[str, str]) -> Any:
        del form
        numbers = [number for number in range(1, 8) if number > int(query.get("next_tr", "0"))][:3]
        return {
            "response": [
                {"transaction_id": str(number), "date_close_date": "2017-09-05 23:00:03"} for number in numbers
            ]
        }

    till.on("dash.getTransactions", answer)
    rows = till.adapter().call("dash.getTransactions", {"dateFrom": "2017-09-01", "dateTo": "2017-09-08"})
    assert [row["transaction_id"] for row in rows] == list("1234567")
    assert [query.get("next_tr") for _, query, _ in till.requests] == [None, "3", "6", "7"]


def test_receipts_without_a_working_cursor_come_once(till: Till) -> None:
    rows = [{"transaction_id": str(number), "date_close_date": "2017-09-05 23:00:03"} for number in (3, 9, 5)]
    till.on("dash.getTransactions", {"response": rows})
    assert till.adapter().call("dash.getTransactions", {"dateFrom": "20170901", "dateTo": "20170908"}) == rows


def test_rows_outside_the_asked_window_are_no_data(till: Till) -> None:
    till.on("dash.getTransactions", {"response": [{"transaction_id": "1", "date_close_date": "2018-02-17 16:10:46"}]})
    with pytest.raises(BrokenAnswer, match=r"2017-09-01 to 2017-09-08 and answered with 2018-02-17"):
        till.adapter().call("dash.getTransactions", {"dateFrom": "20170901", "dateTo": "20170908"})


def test_the_window_is_checked_in_milliseconds_and_open_ends_are_skipped(till: Till) -> None:
    window = {"dateFrom": "2017-09-21", "dateTo": "2017-09-21"}
    till.on(
        "finance.getCashShifts", {"response": [{"timestart": 1505977200000}, {"timestart": 0}, {"timestart": None}]}
    )
    assert len(till.adapter().call("finance.getCashShifts", window)) == 3
    till.mock.reset()
    till.on("finance.getCashShifts", {"response": [{"timestart": 1505977200000}]})
    with pytest.raises(BrokenAnswer):
        till.adapter().call("finance.getCashShifts", {"dateFrom": "2017-09-24", "dateTo": "2017-09-25"})


def test_a_window_that_is_too_long_is_halved(till: Till) -> None:
    def answer(query: dict[str, str], form: dict[str, str]) -> Any:
        del form
        if int(query["dateTo"]) - int(query["dateFrom"]) > 2:
            return {"error": {"code": 52, "message": "date range"}}
        return {"response": [{"date": f"{query['dateFrom']}"}]}

    till.on("storage.getReportMovement", answer)
    rows = till.adapter().call("storage.getReportMovement", {"dateFrom": "2018-01-01", "dateTo": "2018-01-07"})
    assert rows == [{"date": "20180101"}, {"date": "20180103"}, {"date": "20180105"}]


def test_a_day_cannot_be_halved(till: Till) -> None:
    till.on("storage.getReportMovement", {"error": {"code": 52, "message": "date range"}})
    with pytest.raises(Invalid, match="the period must be shorter"):
        till.adapter().call("storage.getReportMovement", {"dateFrom": "2018-01-01", "dateTo": "2018-01-01"})


def test_the_other_spelling_of_a_name_is_tried(till: Till) -> None:
    till.on("dash.getTransactionWriteoffs", {"error": {"code": 30, "message": "Method Not Allowed"}}, status=405)
    till.on("dash.getTransactionWriteOffs", {"response": [{"write_off_id": "1"}]})
    assert till.adapter().call("dash.getTransactionWriteOffs", {"transaction_id": 1}) == [{"write_off_id": "1"}]
    assert [name for name, _, _ in till.requests] == ["dash.getTransactionWriteoffs", "dash.getTransactionWriteOffs"]


@pytest.mark.parametrize("name", ["clients.getclients", "clients.getClientss"])
def test_an_unknown_call_leaves_nothing(till: Till, name: str) -> None:
    with pytest.raises(UsageError, match=r"did you mean “clients\.getClients”"):
        till.adapter().call(name, {})
    assert till.requests == []


def test_an_unknown_parameter_leaves_nothing(till: Till) -> None:
    with pytest.raises(UsageError) as caught:
        till.adapter().call("dash.getTransactions", {"date_from": "2017-09-01"})
    assert "did you mean “dateFrom”" in str(caught.value)
    assert caught.value.exit_code == 3
    assert till.requests == []


@pytest.mark.parametrize("name", ["auth", "v2/auth/access_token", "v2/auth/manage", "webhook"])
def test_steps_towards_a_token_and_their_calls_to_us_are_not_called(till: Till, name: str) -> None:
    with pytest.raises(UsageError, match="is not called from here"):
        till.adapter().call(name, {})


class Roubles:
    def unit(self, endpoint: str, field: str) -> Proved | None:
        return "major" if (endpoint, field) == ("clients.changeClientBonus", "count") else None


def test_unproved_money_is_refused_until_it_is_proved(till: Till) -> None:
    till.on("clients.changeClientBonus", {"response": 30})
    with pytest.raises(UsageError, match="--calibrate"):
        till.adapter().call("clients.changeClientBonus", {"client_id": 7, "count": 10})
    assert till.requests == []
    assert till.adapter(Roubles()).call("clients.changeClientBonus", {"client_id": 7, "count": 10}) == 30
    assert till.requests[0][2] == {"client_id": "7", "count": "10"}


def test_a_call_that_must_not_be_repeated_is_sent_once(till: Till) -> None:
    till.on("clients.sendSms", {"x": 1}, status=502)
    with pytest.raises(OutcomeUnknown):
        till.adapter().call("clients.sendSms", {"phone": "79630313844", "message": "Привет"})
    assert len(till.requests) == 1


def test_a_failing_read_is_asked_again_with_patience(till: Till) -> None:
    till.on("menu.getWorkshops", {"x": 1}, status=502)
    with pytest.raises(ConnectorError):
        till.adapter().call("menu.getWorkshops", {})
    assert len(till.requests) > 1
    assert len(till.slept) >= len(till.requests) - 1


# Check


def test_check_tells_what_it_saw(till: Till) -> None:
    till.on("clients.getClients", listed([client(1)]), Date="Sat, 21 Nov 2020 10:00:00 GMT")
    till.on("clients.getGroups", {"error": {"code": 20, "message": "scope"}})
    lines = till.adapter().check({"customer": ("phone_number", "id_1c"), "group": ("client_groups_name",)})
    assert [(line.name, line.ok, line.warning) for line in lines] == [
        ("reachable", True, False),
        ("credentials", True, False),
        ("clock", True, True),
        ("fields", False, True),
        ("rights", False, False),
        *[("money", True, False)] * (len(lines) - 6),
        ("units", True, False),
    ]
    money = [str(line.text) for line in lines if line.name == "money"]
    assert "clients.getClients: in kopecks: bonus, total_payed_sum, birthday_bonus" in money
    assert "clients.createClient: in roubles: bonus" in money
    assert "clients.createGroup: not known yet whether in roubles or kopecks: birthday_bonus" in money
    assert "check --calibrate" in str(lines[-1].text)
    assert "id_1c" in str(lines[3].text)
    assert till.requests[0][1]["num"] == "1"


def test_check_of_a_wrong_token_stops_there(till: Till) -> None:
    till.on("clients.getClients", {"error": {"code": 11, "message": "bad"}})
    lines = till.adapter().check({"customer": PATHS})
    assert (lines[0].name, lines[0].ok) == ("credentials", False)


# Secrets


def test_no_secret_and_no_person_in_errors_and_logs(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bodies: list[Any] = [
        {"error": {"code": 99, "message": f"phone +79630000001, token {TOKEN}"}},
        {"weird": {"token": TOKEN, "phone": "+79630000001"}},
        b"<html>" + TOKEN.encode(),
        {"response": False},
    ]
    said: list[str] = []
    for body in bodies:
        till.mock.reset()
        till.on("clients.createClient", body)
        with pytest.raises(ConnectorError) as caught:
            till.adapter().create(
                "customer", {"client_name": "Попова", "phone": "+79630000001", "client_groups_id_client": 7}, "u"
            )
        said += [str(caught.value), repr(caught.value), caught.value.sentence.in_("ru")]
    assert len(till.requests) == len(bodies)
    for text in [*said, caplog.text]:
        for secret in (TOKEN, TOKEN.partition(":")[2], "79630000001", "Попова"):
            assert secret not in text


def test_missing_is_missing(till: Till) -> None:
    till.on("clients.updateClient", {"error": {"code": 32, "message": ""}})
    with pytest.raises(Missing):
        till.adapter().update("customer", "1", {"comment": "x"}, None)
