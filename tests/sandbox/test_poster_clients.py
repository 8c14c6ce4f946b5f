"""Poster's clients.* as the documents and their gaps have them, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Poster

WHOLE = {
    "client_name": "Попова Елена Андреевна",
    "client_sex": 2,
    "client_groups_id_client": 1,
    "card_number": "0000000000222",
    "discount_per": 0,
    "phone": "+79630313844",
    "email": "contact@example.com",
    "birthday": "1986-11-23",
    "bonus": 10,
    "total_payed_sum": 417000,
}


def one(till: Poster, client_id: object, **params: Any) -> dict[str, Any]:
    """The row of getClient, out of its list (P-40)."""
    rows = till.read("clients.getClient", client_id=client_id, **params)
    assert isinstance(rows, list)
    assert len(rows) == 1
    row: dict[str, Any] = rows[0]
    return row


# the door ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("token", "code"), [({}, 10), ({"token": ""}, 10), ({"token": "1:abc"}, 11)])
def test_tokens(bare: Poster, token: dict[str, str], code: int) -> None:
    answer = bare.send("GET", "clients.getClients", token)
    assert answer.status_code == 200
    assert bare.refused(answer.json()) == code


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        ("GET", "clients.getclients"),
        ("GET", "clients.getEverything"),
        ("GET", "clients.removeClient"),
        ("GET", "clients.createClient"),
        ("POST", "clients.getClients"),
    ],
)
def test_wrong_verb_or_letter_case_is_405_with_code_30(bare: Poster, verb: str, name: str) -> None:
    answer = bare.send(verb, name, {"token": bare.token, "client_id": 1})
    assert answer.status_code == 405
    assert answer.json() == {"error": {"code": 30, "message": "Method Not Allowed"}}


def test_a_broken_json_body_is_a_bad_request(bare: Poster) -> None:
    how = {"data": b"{", "headers": {"Content-Type": "application/json"}}
    assert bare.refused(bare.send("POST", "clients.createClient", {"token": bare.token}, **how).json()) == 400


# reading -------------------------------------------------------------------------------------------------------------


def test_everything_is_text(poster: Poster) -> None:
    for row in poster.read("clients.getClients"):
        assert set(map(type, row.values())) == {str}
        assert row["birthday"] == "0000-00-00" or len(row["birthday"]) == 10
    rows = poster.read("clients.getClients")
    assert {"0", ""} <= {row["address"] for row in rows}
    assert "0" in {row["card_number"] for row in rows}
    assert {row["phone_number"] for row in rows if row["phone"] == ""} == {"0"}


def test_phone_comes_formatted_and_as_digits(poster: Poster) -> None:
    rows = {row["email"]: row for row in poster.read("clients.getClients")}
    elena = rows["elena.popova@example.com"]
    assert (elena["phone"], elena["phone_number"]) == ("+7 916 111-00-04", "79161110004")


def test_newest_first_unless_asked(poster: Poster) -> None:
    ids = [int(row["client_id"]) for row in poster.read("clients.getClients")]
    assert ids == sorted(ids, reverse=True)
    asked = poster.read("clients.getClients", order_by="client_id", sort="asc")
    assert [int(row["client_id"]) for row in asked] == sorted(ids)
    by_bonus = [int(row["bonus"]) for row in poster.read("clients.getClients", order_by="bonus", sort="asc")]
    assert by_bonus == sorted(by_bonus)


def test_pages(poster: Poster) -> None:
    everybody = poster.read("clients.getClients", order_by="client_id", sort="asc")
    pages = [
        poster.read("clients.getClients", order_by="client_id", sort="asc", num=10, offset=start)
        for start in range(0, 60, 10)
    ]
    assert [row for page in pages for row in page] == everybody
    assert pages[-1] == []


def test_filters(poster: Poster) -> None:
    by_phone = poster.read("clients.getClients", phone="+79161110004")
    assert [row["email"] for row in by_phone] == ["elena.popova@example.com"]
    assert poster.read("clients.getClients", phone="0") == []
    assert [row["birthday"] for row in poster.read("clients.getClients", birthday="1123")] == ["1986-11-23"]
    assert {row["client_groups_id"] for row in poster.read("clients.getClients", group_id=1)} == {"1"}
    assert poster.read("clients.getClients", group_id=4) == []
    only = poster.read("clients.getClients", client_id_only="true", num=1)
    assert [list(row) for row in only] == [["client_id"]]


def test_an_unknown_parameter_changes_nothing(poster: Poster) -> None:
    assert poster.get("clients.getClients", grup_id=4, date_from="20260101") == poster.get("clients.getClients")


def test_id_1c_only_on_request_and_never_set_in_two_ways(poster: Poster) -> None:
    assert all("id_1c" not in row for row in poster.read("clients.getClients"))
    assert all("id_1c" not in row for row in poster.read("clients.getClients", **{"1c": "1"}))
    rows = poster.read("clients.getClients", **{"1c": "true"})
    stamped = [row for row in rows if row["id_1c"] not in (None, "0")]
    assert {row["id_1c"] for row in rows} >= {None, "0"}
    assert [row["lastname"] for row in stamped] == ["Атаманов"]
    assert len(stamped[0]["id_1c"]) == 36


def test_one_client_comes_in_a_list_and_an_unknown_one_is_false(poster: Poster) -> None:
    newest = poster.read("clients.getClients", num=1)[0]
    row = one(poster, newest["client_id"])
    assert {name: row[name] for name in newest} == newest
    assert row["accumulation_products"] == []  # PHP's empty map
    assert row["prize_products"] == []
    assert "id_1c" not in row
    assert "id_1c" in one(poster, newest["client_id"], **{"1c": "true"})
    assert poster.get("clients.getClient", client_id=999999) == {"response": False}
    assert poster.refused(poster.get("clients.getClient")) == 34


# writing -------------------------------------------------------------------------------------------------------------


def test_bonus_is_written_in_roubles_and_read_in_kopecks(bare: Poster) -> None:
    made = bare.post("clients.createClient", WHOLE)["response"]
    assert isinstance(made, int)
    row = one(bare, made)
    assert (row["bonus"], row["total_payed_sum"]) == ("1000", "417000")
    assert bare.post("clients.updateClient", client_id=made, bonus="12.34") == {"response": made}
    assert (one(bare, made)["bonus"], one(bare, made)["total_payed_sum"]) == ("1234", "417000")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Попова Елена Андреевна", ("Попова", "Елена", "Андреевна")),
        ("Антон", ("Антон", "", "")),
        ("Мамедов Ильгар Октай Оглы", ("Мамедов", "Ильгар", "Октай Оглы")),
        ("  Иванько   Пётр ", ("Иванько", "Пётр", "")),
        ('О\'Коннор "Маша" 🌸', ("О'Коннор", '"Маша"', "🌸")),
    ],
)
def test_a_name_is_split_by_place(bare: Poster, written: str, read: tuple[str, str, str]) -> None:
    made = bare.post("clients.createClient", client_name=written, client_groups_id_client=1)["response"]
    row = one(bare, made)
    assert (row["lastname"], row["firstname"], row["patronymic"]) == read


def test_what_was_not_sent_gets_its_filler(bare: Poster) -> None:
    made = bare.post("clients.createClient", client_name="Антон", client_groups_id_client=1)["response"]
    row = one(bare, made)
    fillers = {name: row[name] for name in ("country", "city", "comment", "address", "card_number", "phone_number")}
    assert set(fillers.values()) == {"0"}
    assert (row["birthday"], row["client_sex"], row["email"], row["phone"]) == ("0000-00-00", "0", "", "")
    empty = bare.post("clients.createClient", client_name="Вася", client_groups_id_client=1, city="", birthday="")
    assert (one(bare, empty["response"])["city"], one(bare, empty["response"])["birthday"]) == ("", "0000-00-00")


@pytest.mark.parametrize(
    ("sent", "text", "digits"),
    [
        ("+79630313844", "+7 963 031-38-44", "79630313844"),
        ("79630313844", "+7 963 031-38-44", "79630313844"),
        ("+380501112233", "+380 50 111-22-33", "380501112233"),
        ("+375291234567", "+375 29 123-45-67", "375291234567"),
        ("+380 50 11-11-111", "+380 50 11-11-111", "380501111111"),
        ("8 (916) 123-45-67", "8 (916) 123-45-67", "89161234567"),
        ("", "", "0"),
        ("0", "", "0"),
    ],
)
def test_phones_are_spelled_anew(bare: Poster, sent: str, text: str, digits: str) -> None:
    made = bare.post("clients.createClient", client_name="А", client_groups_id_client=1, phone=sent)["response"]
    assert (one(bare, made)["phone"], one(bare, made)["phone_number"]) == (text, digits)


@pytest.mark.parametrize("phone", ["123", "нет", "+7 916 1234567 доб. 5", "+7916123456789012"])
def test_a_wrong_phone_is_code_37(bare: Poster, phone: str) -> None:
    answer = bare.post("clients.createClient", client_name="А", client_groups_id_client=1, phone=phone)
    assert bare.refused(answer) == 37
    assert bare.read("clients.getClients") == []


def test_a_phone_belongs_to_one_client(bare: Poster) -> None:
    first = bare.post("clients.createClient", WHOLE)["response"]
    again = {**WHOLE, "phone": "7 963 031 38 44"}
    assert bare.refused(bare.post("clients.createClient", again)) == 99
    second = bare.post("clients.createClient", {**WHOLE, "phone": "+79630313845"})["response"]
    assert bare.refused(bare.post("clients.updateClient", client_id=second, phone="+79630313844")) == 99
    assert bare.post("clients.updateClient", client_id=first, phone="+79630313844") == {"response": first}
    bare.post("clients.removeClient", client_id=first)
    assert bare.post("clients.updateClient", client_id=second, phone="+79630313844") == {"response": second}


def test_an_update_touches_only_what_was_sent(bare: Poster) -> None:
    made = bare.post("clients.createClient", WHOLE)["response"]
    before = one(bare, made, **{"1c": "true"})
    bare.post("clients.updateClient", client_id=made, city="Уфа", unknown="x", firstname="Не та")
    assert one(bare, made, **{"1c": "true"}) == {**before, "city": "Уфа"}


def test_a_new_client_needs_a_name_and_a_group(bare: Poster) -> None:
    for body in (
        {"client_groups_id_client": 1},
        {"client_name": "А"},
        {"client_name": " ", "client_groups_id_client": 1},
    ):
        assert bare.refused(bare.post("clients.createClient", body)) == 34
    assert bare.refused(bare.post("clients.createClient", client_name="А", client_groups_id_client=77)) == 155
    assert bare.refused(bare.post("clients.updateClient", client_id=1, city="Уфа")) == 32


@pytest.mark.parametrize("as_json", [False, True])
def test_many_at_once_or_none(bare: Poster, as_json: bool) -> None:
    def send(rows: list[dict[str, Any]]) -> Any:
        if as_json:
            return bare.json("clients.createClients", rows)
        return bare.post(
            "clients.createClients", {f"{n}[{key}]": value for n, row in enumerate(rows) for key, value in row.items()}
        )

    rows = [{**WHOLE, "phone": f"+7963031384{n}"} for n in range(3)]
    assert send(rows) == {"response": [21, 22, 23]}
    assert bare.refused(send([{**WHOLE, "phone": "+79000000001"}, {**WHOLE, "phone": "+79630313840"}])) == 99
    twice = [{**WHOLE, "phone": "+79000000002"}, {**WHOLE, "phone": "+7 900 000 00 02"}]
    assert bare.refused(send(twice)) == 99
    assert len(bare.read("clients.getClients")) == 3


def test_a_removed_client_stays_in_the_lists(bare: Poster) -> None:
    made = bare.post("clients.createClient", WHOLE)["response"]
    assert bare.post("clients.removeClient", client_id=made) == {"response": True}
    assert [row["delete"] for row in bare.read("clients.getClients")] == ["1"]
    assert bare.refused(bare.post("clients.removeClient", client_id=made)) == 32
    assert bare.refused(bare.post("clients.updateClient", client_id=made, city="Уфа")) == 32


def test_several_are_removed_at_once(bare: Poster) -> None:
    ids = [bare.post("clients.createClient", {**WHOLE, "phone": f"+7963031384{n}"})["response"] for n in range(3)]
    body = {"ids[0]": ids[0], "ids[1]": ids[2], "ids[2]": 999}
    assert bare.post("clients.removeClients", body) == {"response": [ids[0], ids[2]]}
    assert bare.refused(bare.post("clients.removeClients", ids="1")) == 36


def test_money_is_added(bare: Poster) -> None:
    made = bare.post("clients.createClient", {**WHOLE, "bonus": 20, "total_payed_sum": 9000})["response"]
    assert bare.post("clients.changeClientBonus", client_id=made, count=10) == {"response": 30}
    assert bare.post("clients.changeClientBonus", client_id=made, count="-0.5") == {"response": 29.5}
    assert bare.post("clients.changeClientPayedSum", client_id=made, count=20) == {"response": 110}
    assert (one(bare, made)["bonus"], one(bare, made)["total_payed_sum"]) == ("2950", "11000")


def test_the_unit_of_a_change_can_be_another_one(bare: Poster) -> None:
    made = bare.post("clients.createClient", {**WHOLE, "bonus": 20})["response"]
    bare.world.state["units"]["changeClientBonus"] = "minor"
    assert bare.post("clients.changeClientBonus", client_id=made, count=10) == {"response": 2010}
    assert one(bare, made)["bonus"] == "2010"


def test_stamps_are_written_in_a_batch_or_not_at_all(bare: Poster) -> None:
    ids = [bare.post("clients.createClient", {**WHOLE, "phone": f"+7963031384{n}"})["response"] for n in range(2)]
    guid = "c9cb3068-e00e-5c7a-b19f-a99ee349bca4"
    body = {"id[0][client_id]": ids[0], "id[0][id_1c]": guid, "id[1][client_id]": 999, "id[1][id_1c]": guid}
    assert bare.refused(bare.post("clients.set1cClientId", body)) == 32
    assert one(bare, ids[0], **{"1c": "true"})["id_1c"] is None
    body["id[1][client_id]"] = ids[1]
    assert bare.post("clients.set1cClientId", body) == {"success": 1}
    assert [one(bare, made, **{"1c": "true"})["id_1c"] for made in ids] == [guid, guid]
    bare.post("clients.set1cClientId", {"id[0][client_id]": ids[0], "id[0][id_1c]": ""})
    assert one(bare, ids[0], **{"1c": "true"})["id_1c"] == "0"


# groups --------------------------------------------------------------------------------------------------------------


def test_groups_are_listed_with_the_deleted_ones(poster: Poster) -> None:
    rows = poster.read("clients.getGroups")
    assert [row["delete"] for row in rows] == ["0", "0", "0", "0", "1"]
    assert rows[0]["birthday_bonus"] == "50000"
    assert {row["loyalty_type"] for row in rows} == {"1", "2"}
    assert int(rows[0]["count_groups_clients"]) == len(poster.read("clients.getClients"))
    assert poster.read("clients.getGroup", group_id=2) == rows[1]
    assert poster.get("clients.getGroup", group_id=99) == {"response": False}


def test_a_group_is_made_and_changed(bare: Poster) -> None:
    body = {
        "client_groups_name": "Утро",
        "loyalty_type": 1,
        "client_groups_discount": "7.50",
        "birthday_bonus": "50.00",
    }
    assert bare.post("clients.createGroup", body) == {"response": 2}
    assert bare.read("clients.getGroup", group_id=2) == {
        "client_groups_id": "2",
        "client_groups_name": "Утро",
        "client_groups_discount": "7.5",
        "loyalty_type": "1",
        "birthday_bonus": "5000",
        "count_groups_clients": "0",
        "delete": "0",
    }
    assert bare.refused(bare.post("clients.createGroup", body)) == 38
    assert bare.post("clients.updateGroup", client_groups_id=2, client_groups_discount=10) == {"response": 2}
    assert bare.read("clients.getGroup", group_id=2)["client_groups_discount"] == "10"
    assert bare.refused(bare.post("clients.updateGroup", group_id=2, client_groups_discount=11)) == 34
    assert bare.refused(bare.post("clients.updateGroup", client_groups_id=2, loyalty_type=3)) == 155


def test_removing_a_group_takes_its_clients_with_it(poster: Poster) -> None:
    people = len(poster.read("clients.getClients"))
    made = poster.post("clients.createClient", {**WHOLE, "client_groups_id_client": 2})["response"]
    assert poster.post("clients.removeGroup", group_id=2) == {"response": True}
    assert poster.get("clients.getClient", client_id=made) == {"response": False}
    assert len(poster.read("clients.getClients")) == people
    assert poster.read("clients.getGroup", group_id=2)["delete"] == "1"
    assert poster.refused(poster.post("clients.removeGroup", group_id=2)) == 32


def test_an_sms_wants_a_number_without_a_plus(bare: Poster) -> None:
    assert bare.post("clients.sendSms", phone="79161110004", message="Привет") == {"response": True}
    assert bare.refused(bare.post("clients.sendSms", phone="+79161110004", message="Привет")) == 37
