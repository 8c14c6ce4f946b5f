"""Rows of contact information: names of their kinds, and writes that keep what they never saw."""

from __future__ import annotations

from typing import Any

import pytest

from connector.systems.onec.contacts import Kinds, NoKind, digits_of, kinds_of, merged, shown

FOLDER = "00000000-0000-0000-0000-0000000000f0"
PHONE = "00000000-0000-0000-0000-000000000001"
MOBILE = "00000000-0000-0000-0000-000000000002"
EMAIL = "00000000-0000-0000-0000-000000000003"
LEGAL = "00000000-0000-0000-0000-000000000004"
OLD = "00000000-0000-0000-0000-000000000005"
NAMES = ("PredefinedDataName", "ИмяПредопределенногоВида", "Description")
OWNER = "СправочникКонтрагенты"


def kind(guid: str, name: str, type_: str, order: int, **more: Any) -> dict[str, Any]:
    row = {"Ref_Key": guid, "PredefinedDataName": name, "Description": f"«{name}»", "Тип": type_, "Parent_Key": FOLDER}
    return row | {"IsFolder": False, "DeletionMark": False, "РеквизитДопУпорядочивания": str(order)} | more


@pytest.fixture
def kinds() -> Kinds:
    return kinds_of(
        [
            {"Ref_Key": FOLDER, "PredefinedDataName": OWNER, "IsFolder": True},
            kind(MOBILE, "", "Телефон", 5, ИмяПредопределенногоВида="МобильныйКонтрагента"),
            kind(PHONE, "ТелефонКонтрагента", "Телефон", 1),
            kind(EMAIL, "EmailКонтрагента", "АдресЭлектроннойПочты", 2),
            kind(LEGAL, "ЮрАдресКонтрагента", "Адрес", 3),
            kind(OLD, "СтарыйТелефон", "Телефон", 0, DeletionMark=True),
        ],
        NAMES,
    )


def row(number: int, type_: str, guid: str, text: str, **more: Any) -> dict[str, Any]:
    line = {"Ref_Key": "owner", "LineNumber": str(number), "Тип": type_, "Вид_Key": guid, "Представление": text}
    return line | more


CURRENT = [
    row(1, "Телефон", PHONE, "+7 916 111-22-33", НомерТелефона="79161112233", Значение='{"value":"+7 916 111-22-33"}'),
    row(2, "Адрес", LEGAL, "Москва, Тверская, 1", Город="Москва", ЗначенияПолей="<x/>"),
    row(3, "Телефон", MOBILE, "8 (495) 000-00-00", НомерТелефона="84950000000"),
]


def texts(rows: list[dict[str, Any]]) -> list[str]:
    return [each["Представление"] for each in rows]


def test_a_kind_is_called_by_its_programmatic_name(kinds: Kinds) -> None:
    assert [kinds.name(guid) for guid in (PHONE, MOBILE, EMAIL)] == [
        "ТелефонКонтрагента",
        "МобильныйКонтрагента",
        "EmailКонтрагента",
    ]
    assert kinds.name("unknown") is None


def test_a_mapping_sees_names_of_kinds_and_no_noise(kinds: Kinds) -> None:
    first, *_ = shown([*CURRENT, "not a row"], kinds)
    assert first["Вид"] == "ТелефонКонтрагента"
    assert "LineNumber" not in first and "Ref_Key" not in first
    assert shown(None, kinds) == []
    (bare,) = shown([row(1, "Телефон", "unknown", "1")], kinds)
    assert "Вид" not in bare


def test_a_changed_row_keeps_nothing_of_the_old_value(kinds: Kinds) -> None:
    wanted = [{"Тип": "Телефон", "Вид": "ТелефонКонтрагента", "Представление": "+79995556677"}]
    rows = merged(CURRENT, wanted, None, kinds, OWNER)
    assert rows[0] == {
        "LineNumber": "1",
        "Тип": "Телефон",
        "Вид_Key": PHONE,
        "Представление": "+79995556677",
        "НомерТелефона": "79995556677",
        "НомерТелефонаБезКодов": "5556677",
        "Значение": "",
    }
    assert rows[1:] == [{k: v for k, v in each.items() if k != "Ref_Key"} for each in CURRENT[1:]]


def test_rows_that_the_writer_never_saw_survive(kinds: Kinds) -> None:
    seen = shown(CURRENT[:1], kinds)
    wanted = [{**seen[0], "Представление": "+79990000000"}]
    assert texts(merged(CURRENT, wanted, seen, kinds, OWNER)) == [
        "+79990000000",
        "Москва, Тверская, 1",
        "8 (495) 000-00-00",
    ]


def test_rows_that_the_writer_saw_and_left_out_are_removed(kinds: Kinds) -> None:
    seen = shown(CURRENT, kinds)
    rows = merged(CURRENT, seen[1:], seen, kinds, OWNER)
    assert texts(rows) == ["Москва, Тверская, 1", "8 (495) 000-00-00"]
    assert [each["LineNumber"] for each in rows] == ["1", "2"]


def test_an_unchanged_list_changes_nothing(kinds: Kinds) -> None:
    seen = shown(CURRENT, kinds)
    assert merged(CURRENT, seen, seen, kinds, OWNER) == [
        {name: value for name, value in each.items() if name != "Ref_Key"} for each in CURRENT
    ]


def test_a_row_without_a_presentation_removes_its_counterpart(kinds: Kinds) -> None:
    seen = shown(CURRENT, kinds)
    wanted = [{**seen[0], "Представление": ""}, *seen[1:]]
    assert texts(merged(CURRENT, wanted, seen, kinds, OWNER)) == ["Москва, Тверская, 1", "8 (495) 000-00-00"]


def test_two_rows_of_one_kind_keep_their_places(kinds: Kinds) -> None:
    current = [row(1, "Телефон", PHONE, "первый"), row(2, "Телефон", PHONE, "второй")]
    seen = shown(current, kinds)
    wanted = [seen[0], {**seen[1], "Представление": "другой"}]
    assert texts(merged(current, wanted, seen, kinds, OWNER)) == ["первый", "другой"]


def test_a_new_row_finds_its_kind_by_name_by_guid_or_by_type(kinds: Kinds) -> None:
    for wanted in (
        {"Тип": "АдресЭлектроннойПочты", "Вид": "EmailКонтрагента"},
        {"Тип": "АдресЭлектроннойПочты", "Вид_Key": EMAIL},
        {"Тип": "АдресЭлектроннойПочты"},
        {"Тип": "АдресЭлектроннойПочты", "Вид": "EmailКонтрагенты"},
    ):
        (new,) = merged([], [{**wanted, "Представление": "a@b.ru"}], None, kinds, OWNER)
        assert new["Вид_Key"] == EMAIL
        assert new["АдресЭП"] == "a@b.ru"
        assert new["ДоменноеИмяСервера"] == "b.ru"
        assert "Вид" not in new


def test_the_first_kind_of_a_type_is_the_first_living_one_of_the_owner(kinds: Kinds) -> None:
    assert kinds.first("Телефон", OWNER) == PHONE
    assert kinds.first("Телефон", "СправочникОрганизации") is None


def test_an_address_takes_no_other_kind_than_its_own(kinds: Kinds) -> None:
    with pytest.raises(NoKind):
        merged([], [{"Тип": "Адрес", "Вид": "ФактАдресКонтрагента", "Представление": "Тверь"}], None, kinds, OWNER)


@pytest.mark.parametrize("wanted", [{"Вид": "Неизвестный"}, {"Тип": "Факс"}, {"Тип": "Телефон", "Вид_Key": ""}])
def test_a_row_that_fits_no_kind_is_refused_by_name(wanted: dict[str, Any]) -> None:
    with pytest.raises(NoKind) as info:
        merged([], [{**wanted, "Представление": "1"}], None, Kinds(), OWNER)
    assert info.value.name == (wanted.get("Вид") or wanted.get("Тип"))


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+7 (916) 123-45-67", "79161234567"),
        ("8 916 1234567 доб. 12", "89161234567"),
        ("84951234567 вн.3", "84951234567"),
        ("нет", ""),
    ],
)
def test_the_digits_of_a_phone_leave_out_its_extension(text: str, digits: str) -> None:
    assert digits_of(text) == digits
