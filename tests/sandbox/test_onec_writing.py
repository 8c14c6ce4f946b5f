"""The emulated base of 1C: objects made, changed and removed, documents posted, registers, the exchange plan."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import etree

from connector.sandbox import Sandbox
from sandbox.onec_client import PARTNERS, Client

GUID = "8d04ce3c-6360-11e9-8d92-fa163e8ba11d"
ZERO = "00000000-0000-0000-0000-000000000000"
ORDER = "Document_ЗаказКлиента"
SALE = "Document_РеализацияТоваровУслуг"
CARDS = "Catalog_КартыЛояльности"


# making --------------------------------------------------------------------------------------------------------


def test_a_new_object_is_answered_whole_with_its_address(base: Client) -> None:
    answer = base.post(f"/{PARTNERS}", {"Description": "Иванов", "Нет такого": 1})
    assert answer.status_code == 201
    made = answer.json()
    assert unquote(answer.headers["Location"]) == f"{base.url}/{PARTNERS}(guid'{made['Ref_Key']}')"
    assert made["DataVersion"] is None
    assert (made["Code"], made["DeletionMark"], made["ДатаРождения"]) == ("000000001", False, "0001-01-01T00:00:00")
    assert "Нет такого" not in made
    stored = base.row(PARTNERS, made["Ref_Key"])
    assert stored == {**made, "DataVersion": stored["DataVersion"]}
    assert len(base64.b64decode(stored["DataVersion"])) == 8


def test_the_version_of_a_new_object_is_shown_where_the_option_says_so() -> None:
    with Sandbox(("onec",), "empty", options={"onec": {"version_on_create": True}}) as sandbox:
        client = Client(sandbox)
        made = client.post(f"/{PARTNERS}", {"Description": "Иванов"}).json()
        assert made == client.row(PARTNERS, made["Ref_Key"])


def test_we_may_choose_the_guid_and_only_once(base: Client) -> None:
    assert base.create(PARTNERS, Ref_Key=GUID.upper(), Description="Иванов") == GUID
    assert base.code("POST", f"/{PARTNERS}", {"Ref_Key": GUID}) == (400, "15")
    assert base.create(PARTNERS, Ref_Key=ZERO) != ZERO


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Description": 1}, "4"),
        ({"Клиент": "true"}, "4"),
        ({"Клиент": 1}, "4"),
        ({"ДатаРождения": "1990-02-28"}, "4"),
        ({"ДатаРождения": "1990-02-28T00:00:00Z"}, "4"),
        ({"ДатаРождения": "1990-02-31T00:00:00"}, "4"),
        ({"ДатаРождения": ""}, "4"),
        ({"Пол": "Мужчина"}, "4"),
        ({"Ref_Key": "x"}, "4"),
        ({"КонтактнаяИнформация": {}}, "4"),
        ({"КонтактнаяИнформация": [{"LineNumber": 1, "Вид_Key": ""}]}, "4"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_made(base: Client, values: dict[str, Any], code: str) -> None:
    assert base.code("POST", f"/{PARTNERS}", values) == (400, code)
    assert base.get(f"/{PARTNERS}")["value"] == []


def test_null_is_nothing_and_long_text_is_cut_in_silence(base: Client) -> None:
    key = base.create(PARTNERS, Description="я" * 150, Комментарий=None, ДатаРождения=None, Пол=None)
    row = base.row(PARTNERS, key)
    assert (row["Description"], row["Комментарий"], row["Пол"]) == ("я" * 100, "", "")
    assert row["ДатаРождения"] == "0001-01-01T00:00:00"


def test_only_json_is_understood(base: Client) -> None:
    assert base.code("POST", f"/{PARTNERS}", b"{", headers={"Content-Type": "application/json"}) == (400, "2")
    assert base.code("POST", f"/{PARTNERS}", b"[]", headers={"Content-Type": "application/json"}) == (400, "2")
    assert base.code("POST", f"/{PARTNERS}", b"<entry/>", headers={"Content-Type": "application/atom+xml"}) == (
        400,
        "2",
    )


def test_codes_are_given_and_must_be_unique(base: Client) -> None:
    base.create(PARTNERS, Code="000000002")
    assert base.row(PARTNERS, base.create(PARTNERS))["Code"] == "000000001"
    assert base.code("POST", f"/{PARTNERS}", {"Code": "000000002"}) == (500, "-1")
    number = base.row(ORDER, base.create(ORDER))
    assert (number["Number"], number["Date"], number["Posted"]) == ("0000-000001", "2026-11-20T12:30:00", False)


def test_numbers_keep_their_places_and_are_rounded_half_up(base: Client) -> None:
    line = {"LineNumber": 1, "Количество": 3.4505, "Цена": 100.1, "Сумма": 335.145}
    key = base.create(ORDER, Товары=[line], СуммаДокумента=9007199254740.33)
    answer = base.raw("GET", f"/{ORDER}(guid'{key}')")
    assert '"Количество":3.451' in answer.text
    assert '"Сумма":335.15' in answer.text
    assert '"Цена":100.1,' in answer.text
    assert answer.json()["СуммаДокумента"] == 9007199254740.33
    assert answer.json()["Товары"][0]["LineNumber"] == "1"


def test_a_folder_has_nothing_of_an_item() -> None:
    with Sandbox(("onec",), "empty", options={"onec": {"profile": "bp30"}}) as sandbox:
        client = Client(sandbox)
        folder = client.create("Catalog_Контрагенты", Description="Покупатели", IsFolder=True, ИНН="7701234567")
        item = client.create("Catalog_Контрагенты", Description="Иванов", Parent_Key=folder)
        row = client.row("Catalog_Контрагенты", folder)
        assert (row["ИНН"], row["КонтактнаяИнформация"], row["IsFolder"]) == (None, [], True)
        client.patch("Catalog_Контрагенты", folder, ИНН="1", IsFolder=False, Description="Клиенты")
        row = client.row("Catalog_Контрагенты", folder)
        assert (row["ИНН"], row["IsFolder"], row["Description"]) == (None, True, "Клиенты")
        fitting = client.get("/Catalog_Контрагенты", **{"$filter": "IsFolder eq false"})["value"]
        assert [found["Ref_Key"] for found in fitting] == [item]
        assert client.get("/Catalog_Контрагенты", **{"$filter": "ИНН eq ''"})["value"] == fitting


# table parts ---------------------------------------------------------------------------------------------------


def test_a_table_part_is_replaced_whole(base: Client) -> None:
    key = base.create(PARTNERS, КонтактнаяИнформация=[{"LineNumber": n, "Представление": str(n)} for n in (1, 2)])
    base.patch(PARTNERS, key, Комментарий="без строк")
    assert len(base.row(PARTNERS, key)["КонтактнаяИнформация"]) == 2
    base.patch(PARTNERS, key, КонтактнаяИнформация=[{"LineNumber": "7", "Представление": "новая"}])
    [line] = base.row(PARTNERS, key)["КонтактнаяИнформация"]
    assert (line["LineNumber"], line["Представление"], line["Ref_Key"]) == ("1", "новая", key)
    base.patch(PARTNERS, key, КонтактнаяИнформация=[])
    assert base.row(PARTNERS, key)["КонтактнаяИнформация"] == []


@pytest.mark.parametrize(
    "lines", [[{"Представление": "x"}], [{"LineNumber": 1}, {"LineNumber": 1}], [{"LineNumber": "x"}]]
)
def test_lines_without_their_numbers_break_the_service(base: Client, lines: list[dict[str, Any]]) -> None:
    key = base.create(PARTNERS, КонтактнаяИнформация=[{"LineNumber": 1}])
    assert base.code("PATCH", f"/{PARTNERS}(guid'{key}')", {"КонтактнаяИнформация": lines}) == (500, "-1")
    assert len(base.row(PARTNERS, key)["КонтактнаяИнформация"]) == 1


# changing ------------------------------------------------------------------------------------------------------


def test_patch_changes_what_it_says_and_the_version(base: Client) -> None:
    key = base.create(PARTNERS, Description="Иванов", Комментарий="старый")
    before = base.row(PARTNERS, key)
    answer = base.patch(PARTNERS, key, Комментарий="новый", Ref_Key=GUID, DataVersion="AAAA", Predefined=True)
    assert answer.status_code == 200
    after = base.row(PARTNERS, key)
    assert answer.json() == after
    assert after["DataVersion"] not in (before["DataVersion"], "AAAA")
    assert {**after, "DataVersion": before["DataVersion"]} == {**before, "Комментарий": "новый"}


def test_the_same_values_again_are_another_version(base: Client) -> None:
    key = base.create(PARTNERS, Description="Иванов")
    versions = {base.patch(PARTNERS, key, Description="Иванов").json()["DataVersion"] for _ in range(3)}
    assert len(versions) == 3


def test_if_match_is_honoured_or_ignored(base: Client) -> None:
    key = base.create(PARTNERS, Description="Иванов")
    old = base.row(PARTNERS, key)["DataVersion"]
    assert base.patch(PARTNERS, key, {"If-Match": old}, Description="Петров").status_code == 200
    stale = base.patch(PARTNERS, key, {"If-Match": old}, Description="Сидоров")
    assert (stale.status_code, stale.content) == (412, b"")
    assert base.raw("DELETE", f"/{PARTNERS}(guid'{key}')", headers={"If-Match": old}).status_code == 412
    assert base.row(PARTNERS, key)["Description"] == "Петров"
    base.world.state["options"]["if_match"] = False
    assert base.patch(PARTNERS, key, {"If-Match": old}, Description="Сидоров").status_code == 200


def test_put_wants_everything_and_references_as_addresses(base: Client) -> None:
    partner = base.create(PARTNERS, Description="Иванов")
    key = base.create(CARDS, Description="к1", Штрихкод="1")
    place = f"/{CARDS}(guid'{key}')"
    whole = {
        "DeletionMark": False,
        "Code": "000000001",
        "Description": "к2",
        "Owner@odata.bind": f"Catalog_ВидыКартЛояльности(guid'{ZERO}')",
        "Партнер@odata.bind": f"{base.url}/{PARTNERS}(guid'{partner}')",
        "Контрагент@odata.bind": f"Catalog_Контрагенты(guid'{ZERO}')",
        "Штрихкод": "2",
        "МагнитныйКод": "",
        "Статус": "Действует",
    }
    assert base.code("PUT", place, {**whole, "Партнер@odata.bind": f"Catalog_Валюты(guid'{partner}')"}) == (400, "4")
    for name in whole:
        assert base.code("PUT", place, {key: value for key, value in whole.items() if key != name}) == (400, "5"), name
    assert base.raw("PUT", place, whole).status_code == 200
    row = base.row(CARDS, key)
    assert (row["Партнер_Key"], row["Штрихкод"], row["Статус"]) == (partner, "2", "Действует")


def test_delete_is_for_good_and_a_mark_is_a_property(base: Client) -> None:
    key = base.create(PARTNERS, Description="Иванов")
    card = base.create(CARDS, Партнер_Key=key)
    base.patch(PARTNERS, key, DeletionMark=True)
    assert base.row(PARTNERS, key)["DeletionMark"] is True
    assert base.raw("DELETE", f"/{PARTNERS}(guid'{key}')").status_code == 204
    assert base.code("GET", f"/{PARTNERS}(guid'{key}')") == (404, "9")
    assert base.code("PATCH", f"/{PARTNERS}(guid'{key}')", {}) == (404, "9")
    assert base.row(CARDS, card)["Партнер_Key"] == key  # a broken reference stays as it is


def test_what_may_not_be_done(base: Client) -> None:
    key = base.create(PARTNERS)
    base.world.state["read_only"] = [PARTNERS]
    assert base.code("POST", f"/{PARTNERS}", {}) == (401, "20")
    assert base.code("DELETE", f"/{PARTNERS}(guid'{key}')") == (401, "20")
    assert base.code("DELETE", f"/{PARTNERS}") == (405, "19")
    assert base.code("POST", f"/{CARDS}(guid'{key}')", {}) == (405, "19")
    assert base.code("POST", "/AccumulationRegister_РасчетыСКлиентами", {}) == (405, "19")
    assert base.code("GET", f"/{ORDER}(guid'{key}')/Post") == (404, "9")


# documents -----------------------------------------------------------------------------------------------------


def post(base: Client, kind: str, key: str, action: str = "Post") -> Any:
    return base.post(f"/{kind}(guid'{key}')/{action}", PostingModeOperational="false")


def test_post_and_unpost(base: Client) -> None:
    key = base.order(Posted=True)
    assert base.row(ORDER, key)["Posted"] is False
    version = base.row(ORDER, key)["DataVersion"]
    assert post(base, ORDER, key).status_code == 200
    row = base.row(ORDER, key)
    assert row["Posted"] is True and row["DataVersion"] != version
    assert post(base, ORDER, key, "Unpost").status_code == 200
    assert base.row(ORDER, key)["Posted"] is False
    assert base.code("POST", f"/{ORDER}(guid'{key}')/Publish") == (404, "11")
    assert base.code("POST", f"/{PARTNERS}(guid'{base.create(PARTNERS)}')/Post") == (404, "11")


@pytest.mark.parametrize("lack", [{"Партнер_Key": ZERO}, {"Организация_Key": ZERO}, {"Товары": []}])
def test_a_document_that_lacks_something_cannot_be_posted(base: Client, lack: dict[str, Any]) -> None:
    key = base.order(**lack)
    answer = post(base, ORDER, key)
    assert answer.status_code == 500
    error = answer.json()["odata.error"]
    assert error["code"] == "-1"
    assert error["message"]["value"].startswith('Не удалось провести "Заказ клиента"')
    assert base.row(ORDER, key)["Posted"] is False


def test_a_marked_document_is_not_posted_and_marking_takes_the_posting_back(base: Client) -> None:
    key = base.order()
    post(base, ORDER, key)
    base.patch(ORDER, key, DeletionMark=True)
    assert base.row(ORDER, key)["Posted"] is False
    assert post(base, ORDER, key).status_code == 500


def test_a_closed_period_is_refused_unless_it_is_an_exchange_that_writes(base: Client) -> None:
    old = base.order(Date="2026-10-31T23:00:00")
    new = base.order(Date="2026-11-01T00:00:00")
    base.world.state["closed_until"] = "2026-10-31"
    place = f"/{ORDER}(guid'{old}')"
    for verb, path, body in (
        ("PATCH", place, {"Комментарий": "x"}),
        ("DELETE", place, None),
        ("POST", f"{place}/Post", None),
        ("POST", f"{place}/Unpost", None),
        ("PATCH", f"/{ORDER}(guid'{new}')", {"Date": "2026-10-30T00:00:00"}),
        ("POST", f"/{ORDER}", {"Date": "2026-10-30T00:00:00"}),
    ):
        assert base.code(verb, path, body) == (500, "-1"), (verb, path)
    assert base.patch(ORDER, new, Комментарий="x").status_code == 200
    loading = {"1C_OData-DataLoadMode": "true"}
    assert base.patch(ORDER, old, loading, Комментарий="x").status_code == 200


# registers -----------------------------------------------------------------------------------------------------


def sell(base: Client, partner: str, product: str, storage: str, *, date: str, **line: Any) -> str:
    organisation = base.get("/Catalog_Организации")["value"][0]["Ref_Key"]
    goods = [{"LineNumber": 1, "Номенклатура_Key": product, **line}]
    heads = {"Организация_Key": organisation, "Партнер_Key": partner, "Склад_Key": storage, "Date": date}
    key = base.create(SALE, **heads, Товары=goods)
    assert post(base, SALE, key).status_code == 200
    return key


@pytest.fixture
def sold(base: Client) -> dict[str, str]:
    """Ivanov bought twice and paid once; Petrov bought once."""
    keys = {name: base.create(PARTNERS, Description=name) for name in ("Иванов", "Петров")}
    keys["кофе"] = base.create("Catalog_Номенклатура", Description="Кофе")
    keys["склад"] = base.create("Catalog_Склады", Description="Основной")
    for name, date, sums in (
        ("Иванов", "2026-01-10T10:00:00", {"Количество": 2, "Сумма": 100.5}),
        ("Иванов", "2026-02-10T10:00:00", {"Количество": 1, "Сумма": 50}),
        ("Петров", "2026-02-11T10:00:00", {"Количество": 1, "Сумма": 7}),
    ):
        keys["последняя"] = sell(base, keys[name], keys["кофе"], keys["склад"], date=date, **sums)
    organisation = base.get("/Catalog_Организации")["value"][0]["Ref_Key"]
    heads = {"Организация_Key": organisation, "Партнер_Key": keys["Иванов"], "Date": "2026-03-01T09:00:00"}
    paid = base.create("Document_ПоступлениеБезналичныхДенежныхСредств", **heads, СуммаДокумента=150.5)
    post(base, "Document_ПоступлениеБезналичныхДенежныхСредств", paid)
    return keys


SETTLED = "/AccumulationRegister_РасчетыСКлиентами"


def sums(answer: dict[str, Any], name: str, key: str = "Партнер_Key") -> dict[str, Any]:
    return {row[key]: row[name] for row in answer["value"]}


def test_balances(base: Client, sold: dict[str, str]) -> None:
    assert sums(base.get(f"{SETTLED}/Balance()"), "СуммаBalance") == {sold["Петров"]: 7}
    at = base.get(f"{SETTLED}/Balance(Period=datetime'2026-03-01T09:00:00')")  # just before the payment
    assert sums(at, "СуммаBalance") == {sold["Иванов"]: 150.5, sold["Петров"]: 7}
    condition = f"Партнер_Key eq guid'{sold['Иванов']}'"
    doubled = condition.replace("'", "''")
    for path, query in (
        (f"{SETTLED}/Balance(Period=datetime'2026-02-01T00:00:00',Condition='{doubled}')", {}),
        (f"{SETTLED}/Balance(Period=datetime'2026-02-01T00:00:00',Condition='{condition}')", {}),
        (f"{SETTLED}/Balance", {"Period": "datetime'2026-02-01T00:00:00'", "Condition": condition}),
    ):
        assert sums(base.get(path, **query), "СуммаBalance") == {sold["Иванов"]: 100.5}, path
    stock = base.get("/AccumulationRegister_ТоварыНаСкладах/Balance(Dimensions='Номенклатура')")["value"]
    assert stock == [{"Номенклатура_Key": sold["кофе"], "ВНаличииBalance": -4}]
    assert base.get(f"{SETTLED}/Balance(Condition='Опечатка eq 1')")["value"] == []


def test_turnovers(base: Client, sold: dict[str, str]) -> None:
    window = "StartPeriod=datetime'2026-02-01T00:00:00',EndPeriod=datetime'2026-03-01T09:00:00'"
    [row] = [
        row
        for row in base.get(f"{SETTLED}/Turnovers({window},Dimensions='Партнер')")["value"]
        if row["Партнер_Key"] == sold["Иванов"]
    ]
    assert row == {
        "Партнер_Key": sold["Иванов"],
        "СуммаTurnover": -100.5,
        "СуммаReceipt": 50,
        "СуммаExpense": 150.5,
    }
    both = base.get(f"{SETTLED}/BalanceAndTurnovers({window},Dimensions='Партнер')", **{"$filter": "СуммаExpense gt 0"})
    [row] = both["value"]
    assert (row["СуммаOpeningBalance"], row["СуммаClosingBalance"]) == (100.5, 0)


def test_posting_again_or_back_leaves_no_double_records(base: Client, sold: dict[str, str]) -> None:
    post(base, SALE, sold["последняя"])
    assert sums(base.get(f"{SETTLED}/Balance()"), "СуммаBalance") == {sold["Петров"]: 7}
    post(base, SALE, sold["последняя"], "Unpost")
    assert base.get(f"{SETTLED}/Balance()")["value"] == []


def test_records_are_read_alone_and_by_document(base: Client, sold: dict[str, str]) -> None:
    records = base.get(f"{SETTLED}_RecordType", **{"$filter": f"Партнер_Key eq guid'{sold['Петров']}'"})["value"]
    assert [(row["RecordType"], row["Сумма"], row["Active"]) for row in records] == [("Receipt", 7, True)]
    found = base.get(f"{SETTLED}(guid'{sold['последняя']}')")
    assert found["Recorder_Type"] == f"StandardODATA.{SALE}"
    assert [row["Сумма"] for row in found["RecordSet"]] == [7]
    assert len(base.get(SETTLED)["value"]) == 4


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        (f"{SETTLED}/Balance(StartDate=datetime'2026-01-01T00:00:00')", (501, "0")),
        (f"{SETTLED}/Turnovers(Period=datetime'2026-01-01T00:00:00')", (501, "0")),
        (f"{SETTLED}/Balance(Period='вчера')", (400, "21")),
        (f"{SETTLED}/Balance(Dimensions='Нет')", (400, "10")),
        ("/InformationRegister_ШтрихкодыНоменклатуры/SliceLast()", (404, "11")),
    ],
)
def test_wrong_parameters_of_tables(base: Client, path: str, refused: tuple[int, str]) -> None:
    assert base.code("GET", path) == refused


def test_the_last_prices() -> None:
    with Sandbox(("onec",)) as sandbox:
        client = Client(sandbox)
        prices = "/InformationRegister_ЦеныНоменклатуры"
        product = client.get("/Catalog_Номенклатура", **{"$filter": "IsFolder eq false", "$top": "1"})["value"][0]
        condition = f"Номенклатура_Key eq guid'{product['Ref_Key']}'".replace("'", "''")
        early = f"Period=datetime'2026-08-01T00:00:00',Condition='{condition}'"
        [old] = client.get(f"{prices}/SliceLast({early})")["value"]
        [new] = client.get(f"{prices}/SliceLast(Condition='{condition}')")["value"]
        [first] = client.get(f"{prices}/SliceFirst(Condition='{condition}')")["value"]
        assert (old["Period"], new["Period"]) == ("2026-01-01T00:00:00", "2026-09-01T00:00:00")
        assert first == old
        one = f"{prices}(Period=datetime'2026-09-01T00:00:00',Номенклатура_Key=guid'{product['Ref_Key']}')"
        assert client.get(one)["Цена"] == new["Цена"]
        some = client.get(f"{prices}/SliceLast()", **{"$top": "2", "$orderby": "Цена desc", "$select": "Цена"})["value"]
        assert len(some) == 2 and some[0]["Цена"] >= some[1]["Цена"]


def test_settlements_of_bookkeeping_stand_on_accounts() -> None:
    with Sandbox(("onec",), "empty", options={"onec": {"profile": "bp30"}}) as sandbox:
        client = Client(sandbox)
        accounts = {row["Code"]: row["Ref_Key"] for row in client.get("/ChartOfAccounts_Хозрасчетный")["value"]}
        firm = client.get("/Catalog_Организации")["value"][0]["Ref_Key"]
        buyer = client.create("Catalog_Контрагенты", Description="Иванов")
        head = {"Организация_Key": firm, "Контрагент_Key": buyer}
        sale = client.create(SALE, **head, Товары=[{"LineNumber": 1, "Сумма": 100}])
        post(client, SALE, sale)
        cash = client.create("Document_ПриходныйКассовыйОрдер", **head, СуммаДокумента=30)
        post(client, "Document_ПриходныйКассовыйОрдер", cash)
        condition = f"Account_Key eq guid''{accounts['62.01']}''"
        extra = f"ExtDimension1 eq cast(guid''{buyer}'', ''Catalog_Контрагенты'')"
        place = "/AccountingRegister_Хозрасчетный/Balance"
        [row] = client.get(f"{place}(AccountCondition='{condition}',Condition='{extra}')")["value"]
        assert (row["СуммаBalance"], row["СуммаBalanceDr"], row["СуммаBalanceCr"]) == (70, 70, 0)
        assert row["ExtDimension1_Type"] == "StandardODATA.Catalog_Контрагенты"
        total = sum(Decimal(str(row["СуммаBalance"])) for row in client.get(f"{place}()")["value"])
        assert total == 0  # what one account gets another gives


# the exchange plan ---------------------------------------------------------------------------------------------

PLAN = "ExchangePlan_СинхронизацияДанныхЧерезУниверсальныйФормат"
ATOM = "{http://www.w3.org/2005/Atom}"
GONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"


def node_of(base: Client) -> str:
    [node] = base.get(f"/{PLAN}", **{"$filter": "ThisNode eq false"})["value"]
    return f"'{base.url}/{PLAN}(guid'{node['Ref_Key']}')'"


def changes(base: Client, number: int) -> tuple[list[str], list[str]]:
    """Ids of changed objects, and of those that are gone."""
    answer = base.raw(
        "POST", "/SelectChanges", headers={"Accept": "*/*"}, DataExchangePoint=node_of(base), MessageNo=str(number)
    )
    assert answer.headers["Content-Type"].startswith("application/atom+xml;type=feed")
    root = etree.fromstring(answer.content)
    guid = re.compile(r"guid'([^']+)'")
    changed = [guid.search(str(item.findtext(f"{ATOM}id"))) for item in root.iterfind(f"{ATOM}entry")]
    gone = [guid.search(str(item.get("ref"))) for item in root.iterfind(GONE)]
    return [match[1] for match in changed if match], [match[1] for match in gone if match]


def test_changes_are_kept_for_a_node_until_it_says_that_it_has_them(base: Client) -> None:
    one, two = base.create(PARTNERS, Description="1"), base.create(PARTNERS, Description="2")
    assert changes(base, 1) == ([one, two], [])
    assert changes(base, 2) == ([one, two], [])
    base.patch(PARTNERS, two, Description="два")
    base.raw("DELETE", f"/{PARTNERS}(guid'{one}')")
    received = base.raw("POST", "/NotifyChangesReceived", DataExchangePoint=node_of(base), MessageNo="2")
    assert received.status_code == 200
    assert changes(base, 3) == ([two], [one])
    base.raw("POST", "/NotifyChangesReceived", DataExchangePoint=node_of(base), MessageNo="3")
    assert changes(base, 4) == ([], [])


def test_messages_of_changes_are_atom_only_and_need_a_node(base: Client) -> None:
    point = {"DataExchangePoint": node_of(base), "MessageNo": "1"}
    assert base.code("POST", "/SelectChanges", **{"$format": "json"}, **point) == (406, "3")
    assert base.code("GET", "/SelectChanges", **point) == (405, "19")
    assert base.code("POST", "/SelectChanges", MessageNo="1") == (400, "12")
    assert base.code("POST", "/SelectChanges", **{**point, "MessageNo": "0"}) == (400, "21")
    nobody = f"'{PLAN}(guid'{GUID}')'"
    assert base.code("POST", "/SelectChanges", **{**point, "DataExchangePoint": nobody}) == (404, "9")


# what surrounds it ---------------------------------------------------------------------------------------------


def test_the_log_names_resource_and_act(base: Client) -> None:
    key = base.order()
    base.world.log.clear()
    base.raw("GET", f"/{ORDER}/$count")
    base.patch(ORDER, key)
    post(base, ORDER, key)
    base.get(f"{SETTLED}/Balance()")
    base.raw("GET", "/$metadata")
    assert [entry.endpoint for entry in base.world.log.entries()] == [
        f"{ORDER} read",
        f"{ORDER} write",
        f"{ORDER} Post",
        "AccumulationRegister_РасчетыСКлиентами Balance",
        "$metadata",
    ]


def test_the_state_can_be_kept_and_loaded(base: Client) -> None:
    key = base.order()
    kept = base.world.dump()
    base.raw("DELETE", f"/{ORDER}(guid'{key}')")
    base.world.load(kept)
    assert base.row(ORDER, key)["Ref_Key"] == key
