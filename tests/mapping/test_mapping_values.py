"""Reading and writing single fields: absence, emptiness, rules, refusals, and what stands there already."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.errors import RowError
from connector.mapping import build
from connector.mapping.mapping import Mapping
from connector.mapping.transforms import TRANSFORMS, Circumstances, Unreadable
from connector.model.records import as_dict
from tests.mapping.shelf import document, ship


def mapping(fields: str, entity: str = "customer", **more: Any) -> Mapping:
    return build(document(f"system: memory\nentity: {entity}\nfields:\n{fields}"), "memory", entity, **more)


def values(subject: Mapping, raw: dict[str, Any]) -> dict[str, object]:
    return as_dict(subject.read(raw))


def test_missing_is_absent_and_blank_is_empty() -> None:
    poster = ship("poster")
    assert values(poster, {}) == {}
    assert values(poster, {"phone_number": "0"}) == {"phone": None}
    assert values(poster, {"phone_number": 0}) == {"phone": None}
    assert values(poster, {"phone_number": None, "comment": "  "}) == {"phone": None, "comment": None}
    assert values(poster, {"discount_per": "0", "bonus": 0}) == {"discount_percent": "0", "bonus": 0}


def test_spaces_around_a_blank_do_not_make_it_a_value() -> None:
    problems: list[RowError] = []
    record = ship("poster").read({"phone_number": "  ", "birthday": " 0000-00-00 ", "discount_per": ""}, problems)
    assert as_dict(record) == {"phone": None, "birthday": None, "discount_percent": None} and problems == []


def test_nested_values() -> None:
    saplab = ship("saplab")
    assert values(saplab, {"wholesaler_data": {"inn": "7701234560"}}) == {"inn": "7701234560"}
    assert "inn" not in values(saplab, {})
    for empty in (None, "", []):
        assert values(saplab, {"wholesaler_data": empty})["inn"] is None
    problems: list[RowError] = []
    saplab.read({"wholesaler_data": ["x"]}, problems)
    assert {str(problem.reason) for problem in problems} == {"named values were expected"}
    assert len(problems) == 9


def test_deep_paths_are_read_and_written() -> None:
    subject = mapping("  city: {path: a.b.city}\n  address: {path: a.b.street}\n  country: {path: a.land}")
    raw = {"a": {"b": {"city": "Уфа", "street": "Ленина"}, "land": "Россия"}}
    assert subject.write(values(subject, raw)) == raw  # type: ignore[arg-type]
    assert subject.paths == ("a",)


def test_a_bad_field_is_absent_and_told_or_raised() -> None:
    problems: list[RowError] = []
    record = ship("poster").read({"phone_number": "12345", "lastname": "Иванов"}, problems)
    assert as_dict(record) == {"name": "Иванов"}
    assert [(one.field, one.value, str(one.reason)) for one in problems] == [
        ("phone", "12345", "this is not a phone number that exists")
    ]
    with pytest.raises(RowError, match="phone: '12345'"):
        ship("poster").read({"phone_number": "12345"})


def test_a_float_is_no_money() -> None:
    subject = mapping("  bonus: {path: bonus, as: roubles, only: read}\n  discount_percent: {path: d, as: percent}")
    assert values(subject, {"bonus": Decimal("10.50"), "d": Decimal("7.50")}) == {
        "bonus": 1050,
        "discount_percent": "7.5",
    }
    with pytest.raises(RowError, match="not an exact number"):
        subject.read({"bonus": 10.5})


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("kopecks", "10000", 10000),
        ("kopecks", "-5", -5),
        ("kopecks", "10000.00", 10000),
        ("kopecks", "1.5", None),
        ("roubles", "335.145", 33515),
        ("roubles", "10,5", 1050),
        ("roubles", "-0.005", -1),
        ("roubles", 878, 87800),
        ("whole_roubles", "10000", 1000000),
        ("percent", "7.50", "7.5"),
        ("percent", 100, "100"),
        ("percent", "100.01", None),
        ("percent", "-1", None),
        ("percent", "007", "7"),
        ("number", "1e3", "1000"),
        ("number", "-0", "0"),
        ("number", "много", None),
        ("number", "Infinity", None),
        ("number", True, None),
        ("flag", "on", True),
        ("flag", 0, False),
        ("flag", False, False),
        ("flag", "maybe", None),
        ("boolean_inverted", "true", False),
        ("date", "1986-11-23", "1986-11-23"),
        ("date", "1986-11-23 10:00:00", "1986-11-23"),
        ("date", "1986-02-30", None),
        ("date", "19861123", None),
        ("date", "1986-W47-1", None),
        ("date_compact", "19861123", "1986-11-23"),
        ("date_dotted", "23.11.1986", "1986-11-23"),
        ("onec_date", "1986-11-23T00:00:00", "1986-11-23"),
        ("datetime", "2017-01-14 22:50:08.610461", "2017-01-14T22:50:08.610461+00:00"),
        ("datetime", "завтра", None),
        ("epoch_ms", "1518873046314", "2018-02-17T13:10:46.314000+00:00"),
        ("epoch_ms", 1518873046314, "2018-02-17T13:10:46.314000+00:00"),
        ("epoch_ms", "1" * 30, None),
        ("inn", "7707083893", "7707083893"),
        ("inn", " 77 0708 3893 ", "7707083893"),
        ("inn", "0000000000", None),
        ("inn", "7707083894", None),
        ("inn", "500100732259", "500100732259"),
        ("kpp", "770101001", "770101001"),
        ("kpp", "7701AZ001", "7701AZ001"),
        ("kpp", "77010100", None),
        ("ogrn", "1027700132195", "1027700132195"),
        ("ogrn", "1027700132196", None),
        ("bik", "044525225", "044525225"),
        ("bank_account", "40702810938000012345", "40702810938000012345"),
        ("bank_account", "0" * 20, None),
        ("card_uid", "1234 5678-90", "1234567890"),
        ("card_uid", "0000000000222", "0000000000222"),
        ("card_uid", "карта", None),
        ("barcode", "4006381333931", "4006381333931"),
        ("barcode", "4006381333930", None),
        ("guid", "A348AA8C-D629-11E5-0A9B-000C295E30EB", "a348aa8c-d629-11e5-0a9b-000c295e30eb"),
        ("guid", "55", None),
        ("email", " Ivan@Mail.RU", "Ivan@mail.ru"),
        ("email", "ivan@почта.РФ", "ivan@почта.рф"),
        ("email", "нет", None),
        ("email", "a@b@c.ru", None),
        ("text", "  a  b\r\nc ", "a  b\nc"),
        ("text", 7, "7"),
        ("text", True, None),
        ("text", ["x"], None),
        ("html_text", "&lt;b&gt; &amp;amp;", "<b> &amp;"),
        ("person_name", "  Иванов   Иван ", "Иванов Иван"),
        ("legal_name", 'ООО  "Рога"', 'ООО "Рога"'),
        ("legal_checkbox", "1", "legal"),
    ],
)
def test_what_a_transform_reads(name: str, raw: object, value: object) -> None:
    transform = TRANSFORMS[name](Circumstances())
    if value is None:
        with pytest.raises(Unreadable):
            transform.read(raw)
    else:
        assert transform.read(raw) == value and type(transform.read(raw)) is type(value)


def test_moments_are_on_the_clock_of_their_zone() -> None:
    """Saplab's history is UTC, the rest Moscow time (S-14); the hour an autumn repeats is one hour to the system."""
    rows = "  birthday: {path: a, as: datetime}\n  address: {path: b, as: datetime, zone: UTC}"
    subject = mapping(rows, timezone="Europe/Moscow")
    raw = {"a": "2017-01-14 22:02:43", "b": "2017-01-14 19:02:43"}
    told = values(subject, raw)
    assert told == {"birthday": "2017-01-14T22:02:43+03:00", "address": "2017-01-14T19:02:43+00:00"}
    assert subject.write(told) == raw  # type: ignore[arg-type]
    kyiv = mapping(rows, timezone="Europe/Kyiv")
    assert kyiv.equal("birthday", "2026-10-25T03:30:00+03:00", "2026-10-25T03:30:00+02:00")
    assert not kyiv.equal("birthday", "2026-10-25T03:30:00+03:00", "2026-10-25T03:31:00+03:00")


def test_what_cannot_be_said_is_refused_with_its_reason() -> None:
    poster, saplab = ship("poster"), ship("saplab")
    for subject, field, value, reason in (
        (poster, "group", None, "this system needs a value here"),
        (poster, "comment", "0", "this system takes this value for an empty one"),
        (poster, "sex", "other", "this value has no word here; known values: male, female"),
        (saplab, "credit_limit", 1050, "only whole roubles can be written here"),
        (saplab, "kind", "robot", "only a person or a legal entity can be written here"),
        (saplab, "active", None, "this system has no spelling for an empty value here"),
        (ship("saplab", "group"), "percent", "7.5", "only a whole number can be written here"),
    ):
        with pytest.raises(RowError) as refused:
            subject.write({field: value})
        assert (refused.value.field, str(refused.value.reason)) == (field, reason)


def test_a_field_that_is_not_written_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError, match="bonus"):
        ship("poster").write({"bonus": 100})
    with pytest.raises(KeyError, match="id_1c"):
        ship("poster").write({"id_1c": "x"})


def test_what_the_engine_asks_of_a_mapping() -> None:
    poster = ship("poster")
    assert (poster.system, poster.entity, poster.profile, poster.stamp) == ("poster", "customer", None, "id_1c")
    assert poster.references == {"group": "group"} and poster.rules == {"card_uid": "main_card"}
    assert poster.paths[:4] == ("id_1c", "lastname", "firstname", "patronymic")
    assert "id_1c" in poster.reads and "id_1c" not in poster.writes and "bonus" not in poster.writes
    assert ship("loyalclient").writes == frozenset()


def test_equality_is_total_on_empty_values() -> None:
    poster = ship("poster")
    assert poster.equal("name", "Иванов Иван", "Иван Иванов")
    assert not poster.equal("name", "Иванов Иван", "Иванов Пётр")
    assert poster.equal("comment", "кав'ярня & бар", "кав&#39;ярня &amp;amp; бар")
    assert poster.equal("email", "Ivan@mail.ru", "ivan@mail.ru")
    assert poster.equal("phone", None, None)
    assert not poster.equal("phone", None, "+79161234567") and not poster.equal("bonus", 0, None)
    assert ship("saplab").equal("legal_name", "ООО «Рога и Копыта»", 'ООО "Рога и Копыта"')
    assert not ship("saplab").equal("legal_name", 'ООО "Рога"', 'АО "Рога"')
    assert ship("saplab", "group").equal("name", "Мелкий опт", "Мелкий опт - 5% - 5%")


def test_names_that_are_the_same_keep_their_slots() -> None:
    virtpos = ship("virtpos")
    current = {"lname": "Салтыков Щедрин", "fname": "Михаил", "mname": ""}
    assert virtpos.write({"name": "Салтыков Щедрин Михаил"}, current) == current
    changed = virtpos.write({"name": "Салтыков Щедрин Михаил Евграфович"}, current)
    assert changed == {"lname": "Салтыков", "fname": "Щедрин", "mname": "Михаил Евграфович"}


CONTACTS = "КонтактнаяИнформация"


def test_addresses_of_unknown_kinds_are_not_guessed() -> None:
    bp30 = ship("profiles/bp30")
    rows = [{"LineNumber": "1", "Тип": "Адрес", "Вид_Key": "x", "Представление": "г Уфа"}]
    assert "address" not in values(bp30, {CONTACTS: rows})
    with pytest.raises(RowError, match="the kinds of contact information are not known"):
        bp30.write({"address": "г Москва"}, {CONTACTS: rows})
    assert values(bp30, {CONTACTS: []})["address"] is None


def test_contact_rows_that_are_no_rows_are_told() -> None:
    with pytest.raises(RowError, match="rows of contact information were expected"):
        ship("profiles/bp30").read({CONTACTS: "x"})


def test_four_contacts_share_one_table_part() -> None:
    bp30 = ship("profiles/bp30")
    asked = {"phone": "+79161234567", "email": "a@b.ru", "address": "г Уфа", "legal_address": "г Москва"}
    rows = bp30.write(asked)[CONTACTS]
    assert [(row["LineNumber"], row["Вид"]) for row in rows] == [
        ("1", "ТелефонКонтрагента"),
        ("2", "EmailКонтрагенты"),
        ("3", "ФактАдресКонтрагента"),
        ("4", "ЮрАдресКонтрагента"),
    ]
    read = values(bp30, {CONTACTS: rows})
    assert {name: read[name] for name in asked} == asked


def test_a_second_phone_stays_when_the_first_changes_or_goes() -> None:
    bp30 = ship("profiles/bp30")
    first = {"LineNumber": "1", "Тип": "Телефон", "Вид": "ТелефонКонтрагента", "Представление": "+7 916 123-45-67"}
    second = {"LineNumber": "2", "Тип": "Телефон", "Вид": "Другой", "Представление": "+7 916 765-43-21"}
    current = {CONTACTS: [first, second]}
    assert bp30.write({"phone": "+79160000000"}, current)[CONTACTS][1] == second
    assert bp30.write({"phone": None}, current)[CONTACTS] == [{**second, "LineNumber": "1"}]


def test_an_entrepreneur_of_unf_keeps_his_own_word() -> None:
    unf = ship("profiles/unf")
    standing = {"ВидКонтрагента": "ИндивидуальныйПредприниматель"}
    assert unf.write({"kind": "legal"}, standing) == standing
    assert unf.write({"kind": "legal"}) == {"ВидКонтрагента": "ЮридическоеЛицо"}
    assert unf.write({"kind": "legal", "legal_name": "ИП Иванов"})["ВидКонтрагента"] == "ИндивидуальныйПредприниматель"
    assert unf.write({"kind": "person", "legal_name": "ИП Иванов"})["ВидКонтрагента"] == "ФизическоеЛицо"


def test_an_entrepreneur_is_told_by_his_registration_number() -> None:
    bp30 = ship("profiles/bp30")
    row = {"ЮридическоеФизическоеЛицо": "ФизическоеЛицо", "РегистрационныйНомер": "304780112300040"}
    assert values(bp30, row) == {"kind": "legal", "ogrn": "304780112300040"}
    assert bp30.write({"kind": "legal", "ogrn": "304780112300040"}) == row
    firm = {"ЮридическоеФизическоеЛицо": "ЮридическоеЛицо", "РегистрационныйНомер": "1027700132195"}
    assert bp30.write({"kind": "legal", "ogrn": "1027700132195"}) == firm
    assert values(bp30, firm | {"ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}) == {"kind": "person"}


def test_legal_details_of_a_person_are_neither_read_nor_written() -> None:
    saplab, bp30 = ship("saplab"), ship("profiles/bp30")
    details = {"inn": "7701234560", "legal_name": "ООО «Рога»", "bank": "Сбербанк"}
    assert saplab.write({"kind": "person", **details}) == {"is_wholesaler": None}
    assert saplab.write(details, {"is_wholesaler": "0"}) == {}
    assert set(saplab.write(details, {"is_wholesaler": "1"})) >= {"wholesalers[inn]", "wholesalers[org_name]"}
    assert saplab.write(details) == saplab.write(details, {"is_wholesaler": "1"})
    person = {"ЮридическоеФизическоеЛицо": "ФизическоеЛицо", "ИНН": "500100732259", "НаименованиеПолное": "Иванов"}
    assert values(bp30, person) == {"kind": "person"}
    assert bp30.write({"inn": "500100732259", "legal_name": "Иванов"}, person) == {}


def test_what_cannot_be_said_is_told_apart_from_what_can() -> None:
    said, refused = ship("saplab").sayable({"name": "Иванов", "credit_limit": 1050, "email": None, "comment": None})
    assert said == {"name": "Иванов", "comment": None}
    assert [(one.field, str(one.reason)) for one in refused] == [
        ("credit_limit", "only whole roubles can be written here"),
        ("email", "this system needs a value here"),
    ]


def test_a_partner_and_his_counterparty_have_words_of_their_own() -> None:
    ut11 = ship("profiles/ut11")
    assert values(ut11, {"ЮрФизЛицо": "", "ЮридическоеФизическоеЛицо": "ЮридическоеЛицо"})["kind"] == "legal"
    assert values(ut11, {"ЮрФизЛицо": "Компания", "ЮридическоеФизическоеЛицо": ""})["kind"] == "legal"
    assert ut11.write({"kind": "person"}, {"ЮрФизЛицо": "Компания"}) == {"ЮрФизЛицо": "ЧастноеЛицо"}


def test_only_a_new_record_takes_defaults_and_copies() -> None:
    text = (
        "system: memory\nentity: customer\nwrite_defaults: {point_id: '1', name: none}\nwrite_copies: {full: name}\n"
        "fields:\n  name: {path: name}\n  legal_name: {path: full}\n"
    )
    subject = build(document(text), "memory", "customer")
    assert subject.write({"name": "A"}, new=True) == {"point_id": "1", "name": "A", "full": "A"}
    assert subject.write({"name": "A", "legal_name": "B"}, new=True) == {"point_id": "1", "name": "A", "full": "B"}
    assert subject.write({"name": "A"}) == {"name": "A"}
