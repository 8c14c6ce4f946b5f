"""The emulated base of 1C against the vendor's chapter on OData, over real HTTP: reading."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
from lxml import etree

from connector.sandbox import Sandbox
from sandbox.onec_client import PARTNERS, Client

ZERO = "00000000-0000-0000-0000-000000000000"
ATOM = {
    "a": "http://www.w3.org/2005/Atom",
    "m": "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata",
    "d": "http://schemas.microsoft.com/ado/2007/08/dataservices",
}
EDM = {"e": "http://schemas.microsoft.com/ado/2009/11/edm"}


# access --------------------------------------------------------------------------------------------------------


def test_basic_is_utf_8_and_nothing_else(base: Client) -> None:
    login, password = base.login, base.password
    right = base64.b64encode(f"{login}:{password}".encode()).decode()
    wrong = base64.b64encode(f"{login}:{password}".encode("cp1251")).decode()
    for header, status in ((right, 200), (wrong, 401), ("", 401)):
        headers = {"Authorization": f"Basic {header}", "Accept": "application/json"}
        answer = requests.get(f"{base.url}/Catalog_Валюты", headers=headers, timeout=5)
        assert answer.status_code == status
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_a_wrong_login_may_be_answered_by_a_page_and_200(base: Client) -> None:
    base.world.state["options"]["login_page"] = True
    answer = requests.get(f"{base.url}/Catalog_Валюты", timeout=5)
    assert (answer.status_code, answer.text.startswith("<!DOCTYPE html>")) == (200, True)


def test_beside_the_interface_there_is_nothing(base: Client) -> None:
    address = base.url.replace("standard.odata", "other.odata")
    assert requests.get(address, auth=base.auth, timeout=5).status_code == 404


# formats -------------------------------------------------------------------------------------------------------


def test_atom_unless_json_is_asked_for(base: Client) -> None:
    atom = base.raw("GET", "/Catalog_Валюты", headers={"Accept": "*/*"})
    assert atom.headers["Content-Type"].startswith("application/atom+xml")
    root = etree.fromstring(atom.content)
    assert root.findtext("a:entry/a:content/m:properties/d:Description", namespaces=ATOM) == "RUB"
    by_header = base.raw("GET", "/Catalog_Валюты", headers={"Accept": "application/json"})
    by_query = base.raw("GET", "/Catalog_Валюты", headers={"Accept": "*/*"}, **{"$format": "json"})
    assert by_header.json() == by_query.json()
    assert base.raw("GET", "/Catalog_Валюты", **{"$format": "atom"}).content[:5] == b"<?xml"
    assert base.code("GET", "/Catalog_Валюты", **{"$format": "csv"}) == (406, "3")


def test_levels_of_metadata(base: Client) -> None:
    place = f"/{PARTNERS}"
    key = base.create(PARTNERS, Description="Иванов")
    plain = base.get(place, **{"$format": "application/json;odata=nometadata"})
    assert list(plain) == ["value"]
    minimal = base.get(place, **{"$format": "json"})
    assert minimal["odata.metadata"] == f"{base.url}/$metadata#{PARTNERS}"
    one = base.get(f"{place}(guid'{key}')", **{"$format": "json"})
    assert one["odata.metadata"] == f"{base.url}/$metadata#{PARTNERS}/@Element"
    card = base.create("Catalog_КартыЛояльности", Партнер_Key=key)
    shown = base.get(f"/Catalog_КартыЛояльности(guid'{card}')", **{"$format": "json"})
    assert shown["Партнер@navigationLinkUrl"] == f"Catalog_КартыЛояльности(guid'{card}')/Партнер"


def test_an_error_has_the_form_that_was_asked_for(base: Client) -> None:
    missing = f"/{PARTNERS}(guid'{'1' * 8}-1111-1111-1111-{'1' * 12}')"
    answer = base.raw("GET", missing)
    assert answer.status_code == 404
    error = answer.json()["odata.error"]
    assert (error["code"], error["message"]["lang"]) == ("9", "ru")
    atom = base.raw("GET", missing, headers={"Accept": "*/*"})
    root = etree.fromstring(atom.content)
    assert (etree.QName(root).localname, root.findtext("m:code", namespaces=ATOM)) == ("error", "9")


def test_the_description_of_the_interface_is_xml_and_knows_what_is_ticked(base: Client) -> None:
    answer = base.raw("GET", "/$metadata", headers={"Accept": "*/*"})
    assert answer.headers["Content-Type"].startswith("application/xml")
    schema = etree.fromstring(answer.content).find(".//e:Schema", EDM)
    assert schema is not None
    sets = {str(item.get("Name")) for item in schema.iterfind("e:EntityContainer/e:EntitySet", EDM)}
    assert {PARTNERS, f"{PARTNERS}_КонтактнаяИнформация", "InformationRegister_ЦеныНоменклатуры_RecordType"} <= sets
    functions = {
        (str(item.get("EntitySetPath")), str(item.get("Name")))
        for item in schema.iterfind("e:EntityContainer/e:FunctionImport", EDM)
    }
    assert ("Document_ЗаказКлиента", "Post") in functions
    assert ("AccumulationRegister_РасчетыСКлиентами", "Balance") in functions
    partner = schema.find(f"e:EntityType[@Name='{PARTNERS}']", EDM)
    assert partner is not None
    types = {str(item.get("Name")): str(item.get("Type")) for item in partner.iterfind("e:Property", EDM)}
    assert types["Ref_Key"] == "Edm.Guid"
    assert types["ДатаРождения"] == "Edm.DateTime"
    assert types["КонтактнаяИнформация"] == f"Collection(StandardODATA.{PARTNERS}_КонтактнаяИнформация_RowType)"
    assert base.code("GET", "/$metadata", **{"$format": "json"}) == (406, "3")


def test_what_is_not_ticked_does_not_exist(base: Client) -> None:
    base.world.state["composition"].remove("Catalog_КартыЛояльности")
    assert base.code("GET", "/Catalog_КартыЛояльности") == (404, "8")
    assert base.code("POST", "/Catalog_КартыЛояльности", body={}) == (404, "8")
    assert "Catalog_КартыЛояльности" not in base.raw("GET", "/$metadata").text
    names = [item["name"] for item in base.get("")["value"]]
    assert PARTNERS in names and "Catalog_КартыЛояльности" not in names


def test_every_ticked_resource_of_every_profile_can_be_listed() -> None:
    for profile in ("bp30", "ut11", "unf"):
        with Sandbox(("onec",), options={"onec": {"profile": profile}}) as sandbox:
            client = Client(sandbox)
            assert sandbox.accounts()["buh"]["profile"] == profile
            for item in client.get("")["value"]:
                assert isinstance(client.get(f"/{item['name']}", **{"$top": "3"})["value"], list)


# addresses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/Catalog_Нет", (404, "8")),
        ("/Catalog_Валюты(", (404, "6")),
        ("/Catalog_Валюты(Код='1')", (400, "7")),
        ("/Catalog_Валюты/Balance()", (400, "6")),
        ("/Catalog_Валюты/$count/more", (400, "6")),
        ("/AccumulationRegister_РасчетыСКлиентами/SliceLast()", (404, "11")),
        ("/InformationRegister_ЦеныНоменклатуры(Period=datetime'2026-01-01T00:00:00')", (400, "7")),
    ],
)
def test_wrong_addresses_have_their_codes(base: Client, path: str, refused: tuple[int, str]) -> None:
    assert base.code("GET", path) == refused


def test_a_guid_may_be_in_capitals_and_things_lie_behind_dots(base: Client) -> None:
    partner = base.create(PARTNERS, Description="Иванов")
    legal = base.create("Catalog_Контрагенты", Description="ИП Иванов", Партнер_Key=partner)
    place = f"/Catalog_Контрагенты(guid'{legal.upper()}')"
    assert base.get(place)["Ref_Key"] == legal
    assert base.get(f"{place}/Партнер")["Description"] == "Иванов"
    assert base.get(f"{place}/Партнер/Description")["value"] == "Иванов"
    assert base.code("GET", f"{place}/Нет") == (400, "10")


def test_lines_of_table_parts_are_rows_of_their_own(base: Client) -> None:
    lines = [{"LineNumber": 1, "Представление": "+7 916"}, {"LineNumber": 2, "Представление": "a@b.ru"}]
    key = base.create(PARTNERS, Description="Иванов", КонтактнаяИнформация=lines)
    place = f"/{PARTNERS}_КонтактнаяИнформация"
    assert [row["Представление"] for row in base.get(place)["value"]] == ["+7 916", "a@b.ru"]
    assert base.get(f"{place}(Ref_Key=guid'{key}',LineNumber=2)")["Представление"] == "a@b.ru"
    assert base.code("POST", place, body={"Представление": "x"}) == (400, "13")


# options -------------------------------------------------------------------------------------------------------


def people(base: Client, *names: str) -> dict[str, str]:
    return {name: base.create(PARTNERS, Description=name) for name in names}


def named(answer: dict[str, Any]) -> list[str]:
    return [row["Description"] for row in answer["value"]]


def test_top_skip_and_orderby(base: Client) -> None:
    people(base, "Борис", "анна", "Вера", "Глеб")
    place = f"/{PARTNERS}"
    assert named(base.get(place, **{"$orderby": "Description"})) == ["анна", "Борис", "Вера", "Глеб"]
    assert named(base.get(place, **{"$orderby": "Description desc", "$skip": "1", "$top": "2"})) == ["Вера", "Борис"]
    for options in (
        {"$top": "x"},
        {"$skip": "-1"},
        {"$orderby": "Нет"},
        {"$orderby": "Description up"},
        {"$search": "x"},
    ):
        assert base.code("GET", place, **options) == (400, "14")
    assert len(base.get(place, unknown="1")["value"]) == 4


def test_references_are_ordered_as_they_are_stored(base: Client) -> None:
    first = "ffffffff-0000-4000-8000-000000000001"
    second = "00000000-0000-4000-8000-000000000002"
    base.create(PARTNERS, Ref_Key=second, Description="2")
    base.create(PARTNERS, Ref_Key=first, Description="1")
    for options in ({}, {"$orderby": "Ref_Key"}):
        assert [row["Ref_Key"] for row in base.get(f"/{PARTNERS}", **options)["value"]] == [first, second]


def test_a_counted_list_ignores_top_and_skip(base: Client) -> None:
    people(base, "а", "б", "в")
    answer = base.get(f"/{PARTNERS}", **{"$inlinecount": "allpages", "$top": "1", "$skip": "1"})
    assert (answer["odata.count"], len(answer["value"])) == ("3", 3)
    count = base.raw("GET", f"/{PARTNERS}/$count", **{"$filter": "Description ne 'а'"})
    assert count.content == b"\xef\xbb\xbf2"


def test_select(base: Client) -> None:
    line = {"LineNumber": 1, "Тип": "Телефон", "НомерТелефона": "1"}
    key = base.create(PARTNERS, Description="Иванов", КонтактнаяИнформация=[line])
    place = f"/{PARTNERS}(guid'{key}')"
    assert base.get(place, **{"$select": "Description, Ref_Key"}) == {"Ref_Key": key, "Description": "Иванов"}
    assert "КонтактнаяИнформация" not in base.get(place, **{"$select": "**"})
    assert "КонтактнаяИнформация" in base.get(place, **{"$select": "*"})
    some = base.get(place, **{"$select": "Ref_Key,КонтактнаяИнформация/НомерТелефона"})
    assert some == {"Ref_Key": key, "КонтактнаяИнформация": [{"НомерТелефона": "1"}]}
    card = base.create("Catalog_КартыЛояльности", Партнер_Key=key)
    called = base.get(f"/Catalog_КартыЛояльности(guid'{card}')", **{"$select": "Ref_Key,Партнер____Presentation"})
    assert called == {"Ref_Key": card, "Партнер____Presentation": "Иванов"}
    assert base.get(place, **{"$select": "Presentation"}) == {"Presentation": "Иванов"}
    assert base.code("GET", place, **{"$select": "Нет"}) == (400, "10")


def test_expand_is_for_lists_only(base: Client) -> None:
    key = base.create(PARTNERS, Description="Иванов")
    card = base.create("Catalog_КартыЛояльности", Партнер_Key=key)
    [row] = base.get("/Catalog_КартыЛояльности", **{"$expand": "Партнер"})["value"]
    assert (row["Партнер"]["Description"], row["Партнер_Key"]) == ("Иванов", key)
    assert base.code("GET", f"/Catalog_КартыЛояльности(guid'{card}')", **{"$expand": "Партнер"}) == (400, "14")
    assert base.code("GET", f"/{PARTNERS}", **{"$expand": "КонтактнаяИнформация"}) == (400, "14")


@pytest.mark.parametrize("spelling", ["allowedOnly", "$allowedOnly"])
def test_a_hidden_row_is_an_error_unless_only_allowed_ones_are_asked_for(base: Client, spelling: str) -> None:
    keys = people(base, "видно", "скрыто")
    base.world.state["hidden"] = {PARTNERS: [keys["скрыто"]]}
    assert base.code("GET", f"/{PARTNERS}") == (401, "20")
    assert base.code("GET", f"/{PARTNERS}/$count") == (401, "20")
    assert named(base.get(f"/{PARTNERS}", **{spelling: "true"})) == ["видно"]
    assert named(base.get(f"/{PARTNERS}", **{"$filter": "Description eq 'видно'"})) == ["видно"]
    assert base.code("GET", f"/{PARTNERS}(guid'{keys['скрыто']}')") == (401, "20")
    assert base.code("PATCH", f"/{PARTNERS}(guid'{keys['скрыто']}')", body={"Комментарий": "x"}) == (401, "20")


# the condition -------------------------------------------------------------------------------------------------


@pytest.fixture
def known(base: Client) -> Client:
    phone = [{"LineNumber": 1, "Тип": "Телефон", "НомерТелефона": "8 916 111"}]
    base.create(PARTNERS, Description="Пётр О'Нил", Клиент=True, ДатаРождения="1990-02-28T00:00:00", Пол="Мужской")
    base.create(
        PARTNERS, Description="анна", Поставщик=True, ДатаРождения="1985-12-31T23:59:58", КонтактнаяИнформация=phone
    )
    base.create(PARTNERS, Description="Вера 100%")
    return base


@pytest.mark.parametrize(
    ("condition", "fitting"),
    [
        ("Description eq 'АННА'", ["анна"]),
        ("Description eq 'Пётр О''Нил'", ["Пётр О'Нил"]),
        ("Description ne 'анна'", ["Вера 100%", "Пётр О'Нил"]),
        ("Клиент eq true", ["Пётр О'Нил"]),
        ("not (Клиент eq true) and not (Поставщик eq true)", ["Вера 100%"]),
        ("Клиент eq true or Поставщик eq true", ["анна", "Пётр О'Нил"]),
        ("Клиент eq true or Поставщик eq true and Description eq 'нет'", ["Пётр О'Нил"]),
        ("(Клиент eq true or Поставщик eq true) and Description eq 'анна'", ["анна"]),
        ("ДатаРождения gt datetime'1986-01-01T00:00:00'", ["Пётр О'Нил"]),
        ("ДатаРождения eq datetime'0001-01-01T00:00:00'", ["Вера 100%"]),
        ("year(ДатаРождения) eq 1990 and month(ДатаРождения) eq 2 and day(ДатаРождения) eq 28", ["Пётр О'Нил"]),
        ("dateadd(ДатаРождения, 'month', 1) eq datetime'1990-03-28T00:00:00'", ["Пётр О'Нил"]),
        ("datedifference(ДатаРождения, datetime'1990-03-28T00:00:00', 'day') eq 28", ["Пётр О'Нил"]),
        ("hour(ДатаРождения) eq 23 and second(ДатаРождения) eq 58 and quarter(ДатаРождения) eq 4", ["анна"]),
        ("startswith(Description, 'пёт') eq true", ["Пётр О'Нил"]),
        ("endswith(Description, '%')", ["Вера 100%"]),
        ("substringof('нн', Description)", ["анна"]),
        ("substring(Description, 1, 4) eq 'Вера'", ["Вера 100%"]),
        ("like(Description, '[^п]%')", ["анна", "Вера 100%"]),
        ("like(Description, '_нна')", ["анна"]),
        ("concat(Description, '!') eq 'анна!'", ["анна"]),
        ("1 add 2 mul 3 eq 7 and Клиент eq true", ["Пётр О'Нил"]),
        ("(1 add 2) mul 3 eq 9 and 10 div 4 sub 1 gt 1 and Клиент eq true", ["Пётр О'Нил"]),
        ("round(2.5) eq 3 and -1 lt 0 and Клиент eq true", ["Пётр О'Нил"]),
        ("КонтактнаяИнформация/any(d: d/НомерТелефона eq '8 916 111')", ["анна"]),
        ("КонтактнаяИнформация/any()", ["анна"]),
        ("КонтактнаяИнформация/all(d: d/Тип eq 'Телефон' and substringof('916', d/НомерТелефона))", None),
        ("isof(Description, 'String') and Клиент eq true", ["Пётр О'Нил"]),
        ("Опечатка eq 'анна'", []),
        ("not (Опечатка eq 'анна')", []),
        ("Клиент eq true or Опечатка eq 1", []),
        ("КонтактнаяИнформация/any(d: d/Опечатка eq 1)", []),
        ("Description eq 1", []),
    ],
)
def test_conditions(known: Client, condition: str, fitting: list[str] | None) -> None:
    expected = ["анна", "Вера 100%", "Пётр О'Нил"] if fitting is None else fitting
    assert named(known.get(f"/{PARTNERS}", **{"$filter": condition, "$orderby": "Description"})) == expected


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("Description eq", "14"),
        ("Description == 'x'", "14"),
        ("(Description eq 'x'", "14"),
        ("Description eq 'x' Клиент", "14"),
        ("Ref_Key eq guid'1'", "14"),
        ("length(Description) eq 3", "21"),
        ("tolower(Description) eq 'x'", "21"),
        ("indexof(Description, 'x') eq 1", "21"),
        ("startswith(Description) eq true", "21"),
        ("КонтактнаяИнформация/some(d: d/Тип eq 'x')", "21"),
    ],
)
def test_conditions_that_cannot_be_read(known: Client, condition: str, code: str) -> None:
    assert known.code("GET", f"/{PARTNERS}", **{"$filter": condition}) == (400, code)


def test_references_in_conditions(base: Client) -> None:
    keys = people(base, "Иванов", "Петров")
    base.create("Catalog_КартыЛояльности", Description="к1", Партнер_Key=keys["Иванов"])
    base.create("Catalog_КартыЛояльности", Description="к2")
    place = "/Catalog_КартыЛояльности"
    for condition, fitting in (
        (f"Партнер_Key eq guid'{keys['Иванов'].upper()}'", ["к1"]),
        (f"Партнер_Key eq guid'{ZERO}'", ["к2"]),
        (f"Партнер_Key eq '{keys['Иванов']}'", []),
        ("Партнер/Description eq 'Иванов'", ["к1"]),
    ):
        assert named(base.get(place, **{"$filter": condition})) == fitting, condition
    [row] = base.get(place, **{"$orderby": "Партнер/Description desc", "$top": "1"})["value"]
    assert row["Description"] == "к1"


def test_a_value_of_several_types_never_equals_a_plain_guid(base: Client) -> None:
    order = base.order()
    kind = "StandardODATA.Document_ЗаказКлиента"
    sale = base.create("Document_РеализацияТоваровУслуг", ЗаказКлиента=order, ЗаказКлиента_Type=kind)
    base.create("Document_РеализацияТоваровУслуг")
    place = "/Document_РеализацияТоваровУслуг"
    number = base.get(f"/Document_ЗаказКлиента(guid'{order}')")["Number"]
    for condition, count in (
        (f"ЗаказКлиента eq guid'{order}'", 0),
        (f"ЗаказКлиента eq cast(guid'{order}', 'Document_ЗаказКлиента')", 1),
        (f"ЗаказКлиента eq cast(guid'{order}', 'Document_СчетНаОплату')", 0),
        ("isof(ЗаказКлиента, 'Document_ЗаказКлиента')", 1),
        (f"cast(ЗаказКлиента, 'Document_ЗаказКлиента')/Number eq '{number}'", 1),
        ("ЗаказКлиента_Type eq 'StandardODATA.Undefined'", 1),
    ):
        assert len(base.get(place, **{"$filter": condition})["value"]) == count, condition
    shown = base.get(f"{place}(guid'{sale}')")
    assert (shown["ЗаказКлиента"], shown["ЗаказКлиента_Type"]) == (order, kind)
