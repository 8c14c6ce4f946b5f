"""EnterpriseData: what is written is read back, in the order 1C demands; counters and refusals; broken files."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from connector.errors import BrokenAnswer, RowError
from connector.systems.onec.enterprisedata import (
    Confirmation,
    Header,
    Node,
    data_of,
    element_of,
    judge,
    negotiated,
    next_header,
    read_message,
    whole_message,
    write_message,
)
from connector.systems.onec.enterprisedata.generate import LATER, ROOTS, table_of
from connector.systems.onec.enterprisedata.schema import MESSAGE, NAMESPACE, schema

GUID = "01900000-0000-7000-8000-000000000001"
FIRM = {"Наименование": "ООО «Зерно»", "ЮридическоеФизическоеЛицо": "ЮридическоеЛицо", "ИНН": "7701234567"}
PERSON = {"Наименование": "Анна", "ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}
RUB = {"ДанныеКлассификатора": {"Код": "643", "Наименование": "руб."}}
GOODS = {"ДанныеНоменклатуры": {"Номенклатура": {"Наименование": "Чай"}}}

CUSTOMER = {
    "КонтактнаяИнформация": [
        {"ВидКонтактнойИнформации": "ТелефонРабочий", "ЗначенияПолей": "+79161234567"},
    ],
    "КлючевыеСвойства": {"ИНН": "7701234567", **PERSON, "Ссылка": GUID},
    "ДополнительнаяИнформация": "любит <чай> & «кофе» 🙂\nвторая строка",
}
CARD = {
    "КлючевыеСвойства": {
        "Ссылка": GUID,
        "НомерКарты": "100218",
        "ВладелецКарты": {"Контрагент": {"Ссылка": GUID, **PERSON}},
    }
}
ORDER = {
    "КлючевыеСвойства": {"Ссылка": GUID, "Дата": "2026-11-20T10:00:00", "Номер": "15", "Организация": FIRM},
    "Валюта": RUB,
    "Контрагент": {**PERSON, "Ссылка": GUID},
    "Сумма": Decimal("100.50"),
    "СуммаВключаетНДС": True,
    "Товары": [
        {**GOODS, "Количество": Decimal("2.000"), "Цена": Decimal("25.10"), "Сумма": Decimal("50.20")},
        {**GOODS, "Количество": Decimal(0), "Сумма": Decimal("0.00")},
    ],
}
RETAIL = {
    "КлючевыеСвойства": {"Ссылка": GUID, "Дата": "2026-11-20T23:00:00", "Номер": "7", "Организация": FIRM},
    "Валюта": RUB,
    "ОплатаПлатежнымиКартами": [{"СуммаОплаты": Decimal("50.00"), "НомерКарты": "1234"}],
    "НачислениеБонусныхБаллов": [{"Контрагент": PERSON, "СуммаБонусныхБаллов": Decimal("5.00")}],
}
REMOVAL = {"СсылкаНаОбъект": {"СсылкаНаОбъект": {"КонтрагентыСсылка": GUID}}}

OBJECTS: dict[str, Mapping[str, Any]] = {
    "Справочник.Контрагенты": CUSTOMER,
    "Справочник.ДисконтныеКарты": CARD,
    "Документ.ЗаказКлиента": ORDER,
    "Документ.ОтчетОРозничныхПродажах": RETAIL,
    "УдалениеОбъекта": REMOVAL,
}


def header(**changes: Any) -> Header:
    return Header(**{"version": "1.8", "created_at": "2026-11-20T12:00:00", **changes})


def written(objects: Mapping[str, Mapping[str, Any]] = OBJECTS, **changes: Any) -> bytes:
    stream = io.BytesIO()
    done = write_message(stream, header(**changes), objects.items())
    assert not done.refused, [str(error) for _, error in done.refused]
    assert done.written == len(objects)
    return stream.getvalue()


# -- objects


@pytest.mark.parametrize("version", ["1.8", "1.10"])
@pytest.mark.parametrize("type_", OBJECTS)
def test_what_is_written_is_read_back(type_: str, version: str) -> None:
    element = element_of(type_, OBJECTS[type_], version)
    assert data_of(element) == OBJECTS[type_]
    assert element.tag == f"{{{NAMESPACE}{version}}}{type_}"


@pytest.mark.parametrize("type_", OBJECTS)
def test_elements_stand_in_the_order_of_the_schema(type_: str) -> None:
    def check(element: etree._Element, kind: str) -> None:
        order = [item.name for item in schema().types[kind]]
        names = [etree.QName(child).localname for child in element]
        assert names == sorted(names, key=order.index)
        for child, name in zip(element, names, strict=True):
            inner = next(item.kind for item in schema().types[kind] if item.name == name)
            if inner in schema().types:
                check(child, inner)

    check(element_of(type_, OBJECTS[type_], "1.8"), type_)


def test_numbers_have_no_exponent_and_zero_stays_zero() -> None:
    element = element_of("Документ.ЗаказКлиента", {**ORDER, "Сумма": Decimal("1E+2")}, "1.8")
    texts = {etree.QName(child).localname: child.text for child in element.iter() if child.text}
    assert texts["Количество"] == "0"
    assert element.findtext(f"{{{NAMESPACE}1.8}}Сумма") == "100"


def test_what_only_1_10_has_is_refused_for_1_8() -> None:
    data = {**ORDER, "Курьер": {"ФИО": "Пётр"}}
    element_of("Документ.ЗаказКлиента", data, "1.10")
    with pytest.raises(RowError, match="Курьер"):
        element_of("Документ.ЗаказКлиента", data, "1.8")


@pytest.mark.parametrize(
    ("type_", "data", "way"),
    [
        ("Справочник.Контрагенты", {**CUSTOMER, "Телефон": "1"}, "Справочник.Контрагенты.Телефон"),
        ("Справочник.Контрагенты", {}, "Справочник.Контрагенты.КлючевыеСвойства"),
        (
            "Справочник.Контрагенты",
            {"КлючевыеСвойства": {"ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}},
            "Справочник.Контрагенты.КлючевыеСвойства.Наименование",
        ),
        (
            "Справочник.Контрагенты",
            {"КлючевыеСвойства": {"Наименование": "А", "ЮридическоеФизическоеЛицо": "Робот"}},
            "Справочник.Контрагенты.КлючевыеСвойства.ЮридическоеФизическоеЛицо",
        ),
        (
            "Справочник.Контрагенты",
            {"КлючевыеСвойства": {**PERSON, "ИНН": "1234567890123"}},
            "Справочник.Контрагенты.КлючевыеСвойства.ИНН",
        ),
        (
            "Справочник.Контрагенты",
            {"КлючевыеСвойства": {**PERSON, "Ссылка": "55"}},
            "Справочник.Контрагенты.КлючевыеСвойства.Ссылка",
        ),
        (
            "Справочник.Контрагенты",
            {"КлючевыеСвойства": {**PERSON, "Наименование": "a\x00b"}},
            "Справочник.Контрагенты.КлючевыеСвойства.Наименование",
        ),
        ("Документ.ЗаказКлиента", {**ORDER, "Сумма": Decimal("0.005")}, "Документ.ЗаказКлиента.Сумма"),
        ("Документ.ЗаказКлиента", {**ORDER, "Сумма": 0.5}, "Документ.ЗаказКлиента.Сумма"),
        ("Документ.ЗаказКлиента", {**ORDER, "СуммаВключаетНДС": "да"}, "Документ.ЗаказКлиента.СуммаВключаетНДС"),
        ("Документ.ЗаказКлиента", {**ORDER, "Товары": "чай"}, "Документ.ЗаказКлиента.Товары"),
        (
            "Документ.ЗаказКлиента",
            {**ORDER, "Товары": [{**GOODS}, {}]},
            "Документ.ЗаказКлиента.Товары.Строка[2].ДанныеНоменклатуры",
        ),
        (
            "Документ.ЗаказКлиента",
            {**ORDER, "КлючевыеСвойства": {**ORDER["КлючевыеСвойства"], "Дата": "20.11.2026"}},
            "Документ.ЗаказКлиента.КлючевыеСвойства.Дата",
        ),
        ("Документ.Неизвестный", {}, "Документ.Неизвестный"),
    ],
)
def test_what_cannot_be_written_is_refused_by_its_way(type_: str, data: Mapping[str, Any], way: str) -> None:
    with pytest.raises(RowError) as info:
        element_of(type_, data, "1.8")
    assert info.value.field == way


def test_unknown_elements_are_kept_as_they_stand() -> None:
    xml = f"""<Справочник.Контрагенты xmlns="{NAMESPACE}1.22" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <КлючевыеСвойства><Наименование>А</Наименование><Новое>1</Новое></КлючевыеСвойства>
      <НоваяТаблица><Строка><А>1</А></Строка><Строка><А>2</А></Строка></НоваяТаблица>
      <ДополнительнаяИнформация xsi:nil="true"/></Справочник.Контрагенты>"""
    assert data_of(etree.fromstring(xml)) == {
        "КлючевыеСвойства": {"Наименование": "А", "Новое": "1"},
        "НоваяТаблица": [{"А": "1"}, {"А": "2"}],
        "ДополнительнаяИнформация": None,
    }


# -- messages


def test_a_message_is_as_1c_writes_it() -> None:
    data = written()
    assert data.startswith(b"\xef\xbb\xbf<?xml")
    root = etree.fromstring(data)
    assert root.tag == "Message"
    assert [child.tag for child in root] == [f"{{{MESSAGE}}}Header", f"{{{NAMESPACE}1.8}}Body"]
    assert b"ns0:" not in data


def test_a_message_is_read_back() -> None:
    confirmation = Confirmation(plan="Обмен", to="UT", sender="CON", number=5, received=3)
    given = header(
        confirmation=confirmation, available=("1.8", "1.10"), prefix="К", sending={"Справочник.Контрагенты": "*"}
    )
    stream = io.BytesIO()
    write_message(stream, given, OBJECTS.items())
    stream.seek(0)
    message = read_message(stream)
    assert message.header.confirmation == confirmation
    assert (message.header.version, message.header.available) == ("1.8", ("1.8", "1.10"))
    assert message.header.sending == {"Справочник.Контрагенты": "*"}
    assert [(item.type, item.data) for item in message.objects] == list(OBJECTS.items())


def test_an_object_that_cannot_be_written_is_left_out_and_told() -> None:
    stream = io.BytesIO()
    bad = ("Справочник.Контрагенты", {})
    done = write_message(
        stream, header(), [("Справочник.Контрагенты", CUSTOMER), bad, ("Справочник.ДисконтныеКарты", CARD)]
    )
    assert done.written == 2
    ((place, error),) = done.refused
    assert place == 2
    assert error.field == "Справочник.Контрагенты.КлючевыеСвойства"
    stream.seek(0)
    assert whole_message(stream)[1] == 2


def test_an_object_that_cannot_be_read_is_one_problem() -> None:
    data = written().replace(b"100.5<", "сто<".encode())
    items = list(read_message(io.BytesIO(data)).objects)
    assert [item.problem is None for item in items] == [True, True, False, True, True]
    assert items[2].problem is not None and "Сумма" in items[2].problem.field


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "well-formed"),
        (b"<html/>", "<html>"),
        (b"<Message/>", "no header"),
        (written()[:-40], "breaks off"),
        (written().replace(b"<Message", b'<!DOCTYPE Message [<!ENTITY a "b">]><Message', 1), "document type"),
        (written().replace(b"EnterpriseData/1.8", b"EnterpriseData/9.9"), "9.9"),
        (written().replace(b"edi_stnd/EnterpriseData", b"edi_stnd/Other"), "not EnterpriseData"),
    ],
)
def test_a_broken_file_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(BrokenAnswer) as info:
        whole_message(io.BytesIO(data), "Message_UT_CON.xml")
    assert words in str(info.value)
    assert "Message_UT_CON.xml" in str(info.value)


def test_an_object_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.systems.onec.enterprisedata.message.MAX_OBJECT", 100_000)
    stream = io.BytesIO()
    write_message(stream, header(), [("Справочник.Контрагенты", CUSTOMER)] * 500)
    assert len(stream.getvalue()) > 300_000
    assert whole_message(io.BytesIO(stream.getvalue()))[1] == 500
    long = stream.getvalue().replace("вторая строка".encode(), "вторая строка ".encode() * 10_000, 1)
    with pytest.raises(BrokenAnswer, match="longer than 100000 bytes"):
        whole_message(io.BytesIO(long))


def test_memory_does_not_grow_with_the_file_either_way() -> None:
    script = textwrap.dedent(
        """
        import tempfile
        from pathlib import Path
        from connector.systems.onec.enterprisedata import Header, read_message, write_message

        key = {"Наименование": "Анна", "ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}
        one = ("Справочник.Контрагенты", {"КлючевыеСвойства": key, "ДополнительнаяИнформация": "чай" * 300})
        header = Header(version="1.8", created_at="2026-11-20T12:00:00")

        def pass_through(count):
            with tempfile.TemporaryFile() as file:
                assert write_message(file, header, (one for _ in range(count))).written == count
                size = file.tell()
                file.seek(0)
                assert sum(item.problem is None for item in read_message(file).objects) == count
            return size

        def peak():  # KiB of this process alone: ru_maxrss begins with that of the process which started it
            status = Path("/proc/self/status").read_text()
            return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

        pass_through(100)
        before = peak()
        size = pass_through(15_000)
        assert size > 25_000_000, size
        print(peak() - before)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 10 * 1024


# -- numbers


def incoming(number: int, received: int = 0, **changes: Any) -> Header:
    given = {"plan": "Обмен", "to": "CON", "sender": "UT", "number": number, "received": received} | changes
    return header(confirmation=Confirmation(**given), available=("1.6", "1.8", "1.10", "1.20"))


NODE = Node(plan="Обмен", code="CON", peer="UT", sent=4, received=7)


def test_a_new_message_is_accepted_and_confirms_ours() -> None:
    judged = judge(NODE, incoming(8, received=3))
    assert judged.verdict == "accept"
    assert (judged.node.received, judged.acknowledged, judged.node.version) == (8, 3, "1.10")


@pytest.mark.parametrize("number", [7, 1, 0, -1])
def test_a_message_that_is_not_newer_is_skipped_and_said(number: int) -> None:
    judged = judge(NODE, incoming(number, received=4))
    assert judged.verdict == "seen"
    assert judged.node.received == 7
    assert "7" in str(judged.reason)
    assert judged.acknowledged == (4 if number > 0 else 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"to": "OTHER"}, "OTHER"),
        ({"sender": "EVIL"}, "EVIL"),
        ({"plan": "Другой"}, "Другой"),
        ({"received": 5}, "counters"),
    ],
)
def test_a_message_of_another_exchange_is_refused(changes: dict[str, Any], words: str) -> None:
    judged = judge(NODE, incoming(8, **changes))
    assert (judged.verdict, judged.node) == ("refuse", NODE)
    assert words in str(judged.reason)


def test_a_file_for_loading_by_hand_needs_a_hand() -> None:
    assert judge(NODE, header()).verdict == "refuse"
    judged = judge(NODE, header(), by_hand=True)
    assert (judged.verdict, judged.node) == ("accept", NODE)


def test_a_format_without_a_version_carries_settings_only() -> None:
    data = written({}, confirmation=incoming(8).confirmation).replace(
        b"EnterpriseData/1.8</msg", b"EnterpriseData</msg"
    )
    found, count = whole_message(io.BytesIO(data))
    assert (found.version, count) == (None, 0)
    assert judge(NODE, found).verdict == "settings"


def test_a_number_is_taken_before_the_message_leaves() -> None:
    made, node = next_header(NODE, "2026-11-20T12:00:00")
    assert made.confirmation == Confirmation(plan="Обмен", to="UT", sender="CON", number=5, received=7)
    assert (node.sent, NODE.sent) == (5, 4)
    assert made.version == "1.8"


def test_the_partner_is_learnt_from_its_first_message() -> None:
    judged = judge(Node(plan="Обмен", code="CON"), incoming(1))
    assert judged.node.peer == "UT"


@pytest.mark.parametrize(
    ("offered", "best"), [(("1.6", "1.8"), "1.8"), (("1.8", "1.10", "1.20"), "1.10"), (("1.6",), None), ((), None)]
)
def test_the_best_common_version_is_taken(offered: tuple[str, ...], best: str | None) -> None:
    assert negotiated(offered) == best


# -- the generated table


def test_every_object_of_the_format_that_is_needed_is_in_the_table() -> None:
    assert set(ROOTS) <= set(schema().types)
    for properties in schema().types.values():
        for item in properties:
            assert not item.kind.startswith("=") or item.kind[1:] in schema().values


def test_the_table_is_made_from_a_package() -> None:
    package = "".join(
        f'<objectType name="{name}"><property name="КлючевыеСвойства" type="a:Ключ"/></objectType>' for name in ROOTS
    )
    later = "".join(f'<objectType name="{name}"/>' for name in LATER if name not in ROOTS)
    text = f"""<package xmlns="http://v8.1c.ru/8.1/xdto" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <valueType name="Пол"><enumeration>М</enumeration><enumeration>Ж</enumeration></valueType>
      <valueType name="ТипСумма" base="xs:decimal" totalDigits="15" fractionDigits="2"/>
      <objectType name="Ключ"><property name="Пол" type="a:Пол" lowerBound="0"/>
       <property name="Суммы" type="a:ТипСумма" upperBound="-1"/>
       <property name="ИНН"><typeDef xsi:type="ValueType" base="xs:string" maxLength="12"/></property>
       <property name="Чей"><typeDef xsi:type="ObjectType"><property name="Кто" type="xs:string" lowerBound="0"/>
       </typeDef></property></objectType>{package}{later}</package>"""
    table = table_of(text.encode())
    assert table["types"]["Ключ"] == [
        ["Пол", "=Пол", 0, 0],
        ["Суммы", "decimal(2)", 1, 1],
        ["ИНН", "string(12)", 1, 0],
        ["Чей", "Ключ/Чей", 1, 0],
    ]
    assert table["values"] == {"Пол": ["М", "Ж"]}
