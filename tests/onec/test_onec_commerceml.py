"""CommerceML: every way in which 1C writes the same thing, files that are broken, and orders that 1C can load."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from connector.errors import BrokenAnswer, RowError
from connector.systems.onec.commerceml import (
    VERSIONS,
    File,
    GoodId,
    Item,
    OrdersFile,
    Paper,
    good_id,
    info_file,
    order_element,
    read_file,
    state_of,
    whole_file,
    written_version,
)

GUID = "dee6e19a-55bc-11d9-848a-00112f43529a"
OTHER = "bd72d8f9-55bc-11d9-848a-00112f43529b"
SPACES = {"none": "", "2": ' xmlns="urn:1C.ru:commerceml_2"', "3": ' xmlns="urn:1C.ru:commerceml_3"'}


def document(inside: str, space: str = "none", version: str = "2.07", made: str = "2014-06-01T0:36:33") -> str:
    root = f'<КоммерческаяИнформация{SPACES[space]} ВерсияСхемы="{version}" ДатаФормирования="{made}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}{inside}</КоммерческаяИнформация>'


def opened(text: str | bytes) -> File:
    return read_file(io.BytesIO(text.encode() if isinstance(text, str) else text), "import.xml")


def read(inside: str, **head: str) -> list[Item]:
    return list(opened(document(inside, **head)).items)


def catalogue(goods: str, changes: str = "false") -> str:
    return (
        f'<Каталог СодержитТолькоИзменения="{changes}"><Ид>{OTHER}#</Ид><ИдКлассификатора>#{GUID}</ИдКлассификатора>'
        f"<Товары>{goods}</Товары></Каталог>"
    )


def product(inside: str, **head: str) -> dict[str, Any]:
    [item] = read(catalogue(f"<Товар><Ид>{GUID}</Ид>{inside}</Товар>"), **head)
    assert item.problem is None, item.problem
    return dict(item.data)


def offer(inside: str) -> dict[str, Any]:
    [item] = read(
        f"<ПакетПредложений><Предложения><Предложение><Ид>{GUID}</Ид>{inside}</Предложение></Предложения></ПакетПредложений>"
    )
    assert item.problem is None, item.problem
    return dict(item.data)


# -- files


@pytest.mark.parametrize("space", SPACES)
def test_a_namespace_says_nothing(space: str) -> None:
    [item] = read(catalogue(f"<Товар><Ид>{GUID}</Ид><Наименование>Чай</Наименование></Товар>"), space=space)
    assert (item.kind, item.id, item.data) == ("product", GUID, {"Ид": GUID, "Наименование": "Чай"})


def test_the_head_is_known_before_the_objects() -> None:
    head = opened(document("", made="2007-10-30", version="2.03")).head
    assert (head.version, head.made_at, head.id) == ("2.03", "2007-10-30", None)
    split = '<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_3" ВерсияСхемы="3.1" Ид="x" Новое="1"/>'
    assert opened(split).head.id == "x"


@pytest.mark.parametrize(
    ("name", "codec", "before"),
    [
        ("UTF-8", "utf-8", b"\xef\xbb\xbf"),
        ("UTF-8", "utf-8", b""),
        ("windows-1251", "cp1251", b""),
        ("windows-1251", "utf-8", b"\xef\xbb\xbf"),
        ("UTF-16", "utf-16", b""),
    ],
)
def test_every_encoding_is_read(name: str, codec: str, before: bytes) -> None:
    text = document(catalogue(f"<Товар><Ид>{GUID}</Ид><Наименование>Ёж</Наименование></Товар>")).replace("UTF-8", name)
    [item] = opened(before + text.encode(codec)).items
    assert item.data["Наименование"] == "Ёж"


def test_a_file_without_objects_is_whole() -> None:
    counted = whole_file(io.BytesIO(document("").encode()))
    assert (dict(counted.objects), counted.unreadable) == ({}, 0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html><body>Вход</body></html>", "it is no file of CommerceML"),
        ("<Message><КоммерческаяИнформация/></Message>", "it is no file of CommerceML"),
        ("ok", "not well-formed"),
        ("", "not well-formed"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><КоммерческаяИнформация/>', "document type"),
    ],
)
def test_what_is_no_file_of_ours_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(BrokenAnswer, match=r"import\.xml: ") as error:
        list(opened(text).items)
    assert reason in str(error.value)


def test_a_file_that_stops_in_the_middle_is_none() -> None:
    goods = "".join(f"<Товар><Ид>{number}</Ид></Товар>" for number in range(50))
    text = document(catalogue(goods)).encode()
    assert whole_file(io.BytesIO(text)).objects == {"product": 50}
    for size in (len(text) - 1, len(text) // 2, 200):
        with pytest.raises(BrokenAnswer, match="breaks off"):
            whole_file(io.BytesIO(text[:size]), "import.xml")


def test_an_object_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.systems.onec.commerceml.reader.MAX_OBJECT", 100_000)
    small = catalogue("".join(f"<Товар><Ид>{number}</Ид></Товар>" for number in range(20_000)))
    assert len(read(small)) == 20_000
    with pytest.raises(BrokenAnswer, match="longer than 100000 bytes"):
        read(f"<Чужое>{'<а/>' * 50_000}</Чужое>")


def test_a_broken_object_is_one_problem_and_the_rest_is_read() -> None:
    good = f"<Товар><Ид>{GUID}</Ид></Товар>"
    nameless = "<Товар><Наименование>Без Ид</Наименование></Товар>"
    bad = "<Документ><Ид>1</Ид><Номер>17</Номер><Сумма>много</Сумма></Документ>"
    items = read(catalogue(good + nameless) + bad + "<Документ><Номер>18</Номер></Документ>")
    assert [(item.kind, item.id, item.problem is None) for item in items] == [
        ("product", GUID, True),
        ("product", "", False),
        ("document", "17", False),
        ("order", "18", True),
    ]
    assert items[2].problem is not None and items[2].problem.field == "Сумма"
    assert items[2].data == {}
    assert all(item.line > 0 for item in items)


# -- goods and offers


def test_a_good_as_it_is_written() -> None:
    data = product(
        """
        <Штрихкод>8809288404089</Штрихкод><Артикул/>
        <Наименование> Телевизор &amp;quot;JVC&amp;quot; &amp; пульт </Наименование>
        <БазоваяЕдиница Код="796 " НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт
          <Пересчет><Единица>796</Единица><Коэффициент>1</Коэффициент></Пересчет></БазоваяЕдиница>
        <Группы><Ид>g1</Ид><Ид>g2</Ид></Группы>
        <Картинка>import_files/1.jpg</Картинка>
        <Изготовитель><Ид>m</Ид><Наименование>Завод</Наименование></Изготовитель>
        <ЗначенияСвойств>
          <ЗначенияСвойства><Ид>p1</Ид><Значение>a</Значение><Значение>b</Значение></ЗначенияСвойства>
          <ЗначенияСвойства><Ид>p2</Ид><Значение/></ЗначенияСвойства>
        </ЗначенияСвойств>
        <СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>20</Ставка></СтавкаНалога></СтавкиНалогов>
        <ЗначенияРеквизитов>
          <ЗначениеРеквизита><Наименование>Вес</Наименование><Значение>0</Значение></ЗначениеРеквизита>
          <ЗначениеРеквизита><Наименование>Файл</Наименование><Значение>1</Значение></ЗначениеРеквизита>
          <ЗначениеРеквизита><Наименование>Файл</Наименование><Значение>2</Значение></ЗначениеРеквизита>
          <ЗначениеРеквизита><Наименование>Пусто</Наименование></ЗначениеРеквизита>
        </ЗначенияРеквизитов>
        <НовоеПоле Х="1"><Вложенное>да</Вложенное></НовоеПоле>
        """
    )
    assert data == {
        "Ид": GUID,
        "Штрихкод": "8809288404089",
        "Артикул": "",
        "Наименование": 'Телевизор "JVC" & пульт',
        "БазоваяЕдиница": {
            "Код": "796",
            "НаименованиеПолное": "Штука",
            "МеждународноеСокращение": "PCE",
            "Наименование": "шт",
        },
        "Группы": ["g1", "g2"],
        "Картинка": ["import_files/1.jpg"],
        "Изготовитель": {"Ид": "m", "Наименование": "Завод"},
        "ЗначенияСвойств": {"p1": ["a", "b"], "p2": []},
        "СтавкиНалогов": {"НДС": "20"},
        "ЗначенияРеквизитов": {"Вес": "0", "Файл": ["1", "2"], "Пусто": ""},
        "НовоеПоле": {"Вложенное": "да"},
    }


def test_a_unit_of_3_1_is_a_code_alone() -> None:
    assert product("<БазоваяЕдиница>796</БазоваяЕдиница>")["БазоваяЕдиница"] == {"Код": "796"}


@pytest.mark.parametrize("said", ["Статус", "ПометкаУдаления"])
def test_a_deleted_good_is_gone(said: str) -> None:
    if said == "Статус":
        text = f'<Товар Статус="Удален"><Ид>{GUID}</Ид></Товар><Товар Статус="Изменен"><Ид>2</Ид></Товар>'
    else:
        text = f"<Товар><Ид>{GUID}</Ид><ПометкаУдаления>true</ПометкаУдаления></Товар><Товар><Ид>2</Ид></Товар>"
    assert [item.gone for item in read(catalogue(text))] == [True, False]


def test_the_section_says_whether_the_rest_stays_as_it_was() -> None:
    items = read(catalogue("<Товар><Ид>1</Ид></Товар>", "true") + catalogue("<Товар><Ид>2</Ид></Товар>"))
    sections = [item.section for item in items]
    assert [(one and (one.kind, one.id, one.only_changes)) for one in sections] == [
        ("Каталог", OTHER, True),
        ("Каталог", OTHER, False),
    ]


def test_groups_know_the_one_above() -> None:
    items = read(
        """<Классификатор><Ид>#k</Ид><Группы>
          <Группа><Ид>1</Ид><Наименование>Кофе</Наименование><Группы>
            <Группа><Ид>2</Ид><Наименование>Зерно</Наименование>
              <Группы><Группа><Ид>3</Ид><Наименование>Арабика</Наименование></Группа></Группы></Группа>
            <Группа><Ид>4</Ид><Наименование>Молотый</Наименование></Группа>
          </Группы></Группа>
          <Группа><Ид>5</Ид><Наименование>Чай</Наименование></Группа>
        </Группы></Классификатор>"""
    )
    assert [(item.kind, item.id, item.data["Родитель"]) for item in items] == [
        ("group", "1", None),
        ("group", "2", "1"),
        ("group", "3", "2"),
        ("group", "4", "1"),
        ("group", "5", None),
    ]
    assert "Группы" not in items[0].data


def test_all_that_a_classifier_may_hold() -> None:
    items = read(
        """<Классификатор><Свойства><Свойство><Ид>p</Ид><Наименование>Цвет</Наименование><ВариантыЗначений>
             <Справочник><ИдЗначения>r</ИдЗначения><Значение>Красный</Значение></Справочник><Значение>Синий</Значение>
           </ВариантыЗначений></Свойство></Свойства>
           <ТипыЦен><ТипЦены><Ид>t</Ид><Наименование>Розничная</Наименование><Валюта>руб</Валюта></ТипЦены></ТипыЦен>
           <Склады><Склад><Ид>s</Ид><Наименование>Основной</Наименование></Склад></Склады>
           <ЕдиницыИзмерения><ЕдиницаИзмерения><Код>796</Код></ЕдиницаИзмерения></ЕдиницыИзмерения>
           </Классификатор>
           <Контрагенты><Контрагент><Ид>c</Ид><Наименование/></Контрагент></Контрагенты>""",
        space="3",
        version="3.1",
    )
    assert [(item.kind, item.id) for item in items] == [
        ("property", "p"),
        ("price_type", "t"),
        ("storage", "s"),
        ("unit", "796"),
        ("customer", "c"),
    ]
    assert items[0].data["ВариантыЗначений"] == {"r": "Красный", "Синий": "Синий"}


STOCKS = {
    "2.05": "<КоличествоНаСкладах><КоличествоНаСкладе><ИдСклада>s</ИдСклада><Количество>3,5</Количество>"
    "</КоличествоНаСкладе></КоличествоНаСкладах>",
    "2.07": '<Склад ИдСклада="s" КоличествоНаСкладе="3.5"/>',
    "2.10": '<Склады ИдСклада="s" КоличествоНаСкладе="3.5"/>',
    "3.1": "<Остатки><Остаток><Склад><Ид>s</Ид><Количество>3.5</Количество></Склад></Остаток></Остатки>",
}


@pytest.mark.parametrize("version", STOCKS)
def test_stocks_of_every_version_look_alike(version: str) -> None:
    data = offer(STOCKS[version])
    assert data == {"Ид": GUID, "Остатки": [{"Склад": "s", "Количество": "3.5"}]}


def test_a_stock_without_a_storage_and_one_of_none() -> None:
    assert offer("<Остатки><Остаток><Количество>0</Количество></Остаток></Остатки>")["Остатки"] == [
        {"Склад": None, "Количество": "0"}
    ]
    assert "Остатки" not in offer("<Количество>5</Количество>")


def test_prices_of_an_offer() -> None:
    data = offer(
        """<Цены><Цена><Представление>1 234,50 руб за шт</Представление><ИдТипаЦены>t</ИдТипаЦены>
           <ЦенаЗаЕдиницу>1&#160;234,50</ЦенаЗаЕдиницу><Валюта>руб</Валюта><Единица>796 </Единица>
           <Коэффициент>1</Коэффициент></Цена></Цены><Количество/>
           <ХарактеристикиТовара><ХарактеристикаТовара><Наименование>Цвет</Наименование><Значение>Белый</Значение>
           </ХарактеристикаТовара></ХарактеристикиТовара>"""
    )
    assert data["Цены"][0]["ЦенаЗаЕдиницу"] == "1234.50"
    assert data["Цены"][0]["Единица"] == "796"
    assert data["Количество"] == ""
    assert data["ХарактеристикиТовара"] == {"Цвет": "Белый"}


def test_an_offer_names_its_characteristic_in_one_way() -> None:
    joined = f"{GUID}#{OTHER}"
    assert offer(f"<ИдХарактеристики>{OTHER}</ИдХарактеристики>")["Ид"] == joined
    assert good_id(joined) == GoodId(GUID, OTHER)
    assert good_id(GUID) == GoodId(GUID, None)
    assert good_id(f"{GUID}#") == GoodId(GUID, None)


# -- orders coming back

OLD = f"""
  <Документ>
    <Ид>132</Ид><Номер>132</Номер><Дата>2021-02-11</Дата><ХозОперация>Заказ товара</ХозОперация><Роль>Продавец</Роль>
    <Валюта>руб</Валюта><Курс>1</Курс><Сумма>231.7400</Сумма>
    <Контрагенты><Контрагент>
      <Ид>1#login# Иванов Иван</Ид><Наименование></Наименование><ИНН>12</ИНН><КПП>7701010010</КПП>
      <АдресРегистрации><Представление>Москва</Представление>
        <АдресноеПоле><Тип>Почтовый индекс</Тип><Значение>101000</Значение></АдресноеПоле></АдресРегистрации>
      <Контакты><Контакт><Тип>Почта</Тип><Значение>a@b.ru</Значение></Контакт></Контакты>
      <Представители><Представитель><Контрагент><Отношение>Контактное лицо</Отношение><Ид>x</Ид></Контрагент>
      </Представитель></Представители><Роль>Покупатель</Роль></Контрагент></Контрагенты>
    <Время>8:45:21</Время><Комментарий/>
    <Товары><Товар><Ид>{GUID}#{OTHER}</Ид><ИдКаталога>#{OTHER}</ИдКаталога><Наименование>Щётка</Наименование>
      <ЦенаЗаЕдиницу>231.7400</ЦенаЗаЕдиницу><Количество>1.0000</Количество><Сумма>231.74</Сумма></Товар></Товары>
    <ЗначенияРеквизитов>%s</ЗначенияРеквизитов>
  </Документ>"""


def requisites(**values: str) -> str:
    return "".join(
        f"<ЗначениеРеквизита><Наименование>{name.replace('_', ' ')}</Наименование>"
        f"<Значение>{value}</Значение></ЗначениеРеквизита>"
        for name, value in values.items()
    )


def test_an_order_of_2_05() -> None:
    said = requisites(
        Номер_по_1С="ЗК-000001",
        Дата_по_1С="2021-02-11T9:00:00",
        Проведен="true",
        Отменен="false",
        Отгружен="false",
        Номер_оплаты_по_1С="П-1",
        Дата_оплаты_по_1С="12.02.2021 10:00:00",
        Дата_отгрузки_по_1С="T",
        Статус_заказа="[N] Принят",
    )
    [item] = read(OLD % said, version="2.05")
    assert (item.kind, item.id) == ("order", "132")
    buyer, [line] = item.data["Контрагенты"][0], item.data["Товары"]
    assert item.data["Время"] == "08:45:21"
    assert (buyer["Ид"], buyer["Наименование"], buyer["ИНН"], buyer["КПП"]) == (
        "1#login# Иванов Иван",
        "",
        "12",
        "7701010010",
    )
    assert buyer["АдресРегистрации"] == {"Представление": "Москва", "Почтовый индекс": "101000"}
    assert buyer["Контакты"] == [{"Тип": "Почта", "Значение": "a@b.ru"}]
    assert buyer["Представители"] == [{"Отношение": "Контактное лицо", "Ид": "x"}]
    assert (line["ИдКаталога"], line["Количество"], line["Сумма"]) == (OTHER, "1.0000", "231.74")
    state = state_of(item.data)
    assert (state.number, state.number_1c, state.date_1c) == ("132", "ЗК-000001", "2021-02-11T09:00:00")
    assert (state.posted, state.cancelled, state.shipped, state.deleted) == (True, False, False, None)
    assert state.payment == Paper("П-1", "2021-02-12T10:00:00")
    assert state.shipment is None
    assert state.status == "[N] Принят"


def test_an_order_of_3_1_stands_in_a_container() -> None:
    new = """<Контейнер>
      <Документ><Ид>132</Ид><Номер>132</Номер><НомерВерсии>AAAAAAAAAAE=</НомерВерсии>
        <ПометкаУдаления>true</ПометкаУдаления><Номер1С>L320       </Номер1С><Дата1С>T</Дата1С>
        <Дата>2021-02-11</Дата><ХозОперация>Заказ товара</ХозОперация></Документ>
      <Документ><Ид>9</Ид><Номер>9</Номер><ХозОперация>Выплата безналичных денег</ХозОперация></Документ>
    </Контейнер>"""
    order, payment = read(new, space="3", version="3.1")
    assert (order.kind, payment.kind, order.gone, payment.gone) == ("order", "document", True, False)
    state = state_of(order.data)
    assert (state.number_1c, state.date_1c, state.deleted, state.posted) == ("L320", None, True, None)


def test_what_was_not_said_is_not_known() -> None:
    state = state_of({"Номер": "5", "ЗначенияРеквизитов": {"Номер по 1С": "", "Проведен": "", "Дата по 1С": "T"}})
    assert (state.number_1c, state.posted, state.date_1c, state.payment) == (None, None, None, None)


@pytest.mark.parametrize(
    ("name", "value"), [("Проведен", "может быть"), ("Дата оплаты по 1С", "вчера"), ("Отменен", ["true", "false"])]
)
def test_a_state_that_cannot_be_read_is_said(name: str, value: object) -> None:
    with pytest.raises(RowError) as error:
        state_of({"Номер": "5", "ЗначенияРеквизитов": {name: value}})
    assert error.value.field == name


@pytest.mark.parametrize(
    ("field", "value"),
    [("Дата", "2021-02-30"), ("Дата", "11/02/21"), ("Время", "25:00:00"), ("Сумма", "1e3"), ("Курс", "1.2.3")],
)
def test_a_value_that_is_none_is_a_problem_of_its_order(field: str, value: str) -> None:
    [item] = read(f"<Документ><Номер>7</Номер><{field}>{value}</{field}></Документ>")
    assert item.problem is not None
    assert (item.id, item.problem.field, item.problem.value) == ("7", field, value)


# -- orders for 1C


def order(number: str = "132", **changes: Any) -> dict[str, Any]:
    return {
        "Номер": number,
        "Дата": "2026-11-21",
        "Время": "10:00:00",
        "Валюта": "руб",
        "Сумма": Decimal("300.5"),
        "Комментарий": "«Позвонить» & <спросить> 🙂",
        "Контрагенты": [
            {
                "Ид": "01900000-0000-7000-8000-000000000001",
                "Наименование": "Анна Соколова",
                "Контакты": [{"Тип": "Телефон мобильный", "Значение": "+79161234567"}],
            }
        ],
        "Товары": [
            {
                "Ид": f"{GUID}#{OTHER}",
                "Артикул": "A-1",
                "Наименование": "Чай",
                "ЦенаЗаЕдиницу": Decimal("150.25"),
                "Количество": 2,
                "Сумма": Decimal("300.50"),
            }
        ],
        "ЗначенияРеквизитов": {"Статус заказа": "Новый", "Отменен": False},
        **changes,
    }


def written(orders: list[dict[str, Any]], **how: str) -> tuple[bytes, OrdersFile]:
    answer = OrdersFile(orders, made_at="2026-11-21T10:00:00", **how)  # type: ignore[arg-type]
    return b"".join(answer), answer


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251"])
def test_what_is_written_is_read_back(version: str, encoding: str) -> None:
    data, answer = written([order("1"), order("2")], version=version, encoding=encoding)
    assert data.startswith(b"<?xml")
    file = read_file(io.BytesIO(data))
    items = list(file.items)
    assert (file.head.version, [item.id for item in items]) == (version, ["1", "2"])
    assert list(answer.written) == ["1", "2"] and answer.refused == []
    said = items[0].data
    assert said["Комментарий"] == "«Позвонить» & <спросить> 🙂"
    assert (said["Сумма"], said["ХозОперация"], said["Роль"], said["Курс"]) == (
        "300.50",
        "Заказ товара",
        "Продавец",
        "1",
    )
    assert said["Товары"][0]["БазоваяЕдиница"]["Код"] == "796"
    assert said["Товары"][0]["Количество"] == "2"
    assert said["Контрагенты"][0]["Роль"] == "Покупатель"
    assert said["Контрагенты"][0]["ПолноеНаименование"] == "Анна Соколова"
    assert state_of(said).cancelled is False
    again = b"".join(
        OrdersFile([item.data for item in items], version=version, encoding=encoding, made_at="2026-11-21T10:00:00")
    )
    assert again == data


def test_the_encoding_is_the_one_of_the_account_but_never_for_3_1() -> None:
    data, _ = written([order()], version="2.05", encoding="windows-1251")
    assert 'encoding="WINDOWS-1251"' in data.decode("cp1251") and "Анна" in data.decode("cp1251")
    data, _ = written([order()], version="3.1", encoding="windows-1251")
    assert 'encoding="UTF-8"' in data.decode() and "Анна" in data.decode()


def test_each_order_of_3_1_has_its_container() -> None:
    data, _ = written([order("1"), order("2")], version="3.1")
    root = etree.fromstring(data)
    assert [[child.tag for child in place] for place in root] == [["Документ"], ["Документ"]]
    assert {place.tag for place in root} == {"Контейнер"}
    old, _ = written([order("1"), order("2")], version="2.10")
    assert [place.tag for place in etree.fromstring(old)] == ["Документ", "Документ"]


def test_elements_stand_in_the_order_of_the_standard() -> None:
    scrambled = dict(reversed(order(Скидки=[{"Наименование": "Скидка", "Сумма": 10, "УчтеноВСумме": True}]).items()))
    names = [part.tag for part in order_element(scrambled)]
    assert names == [
        "Ид",
        "Номер",
        "Дата",
        "ХозОперация",
        "Роль",
        "Валюта",
        "Курс",
        "Сумма",
        "Контрагенты",
        "Время",
        "Комментарий",
        "Скидки",
        "Товары",
        "ЗначенияРеквизитов",
    ]
    line = order_element(scrambled).find("Товары/Товар")
    assert line is not None
    assert [part.tag for part in line] == [
        "Ид",
        "Артикул",
        "Наименование",
        "БазоваяЕдиница",
        "ЗначенияРеквизитов",
        "ЦенаЗаЕдиницу",
        "Количество",
        "Сумма",
    ]


def test_nothing_new_is_a_root_alone() -> None:
    data, answer = written([])
    root = etree.fromstring(data)
    assert (root.tag, len(root), list(answer.written)) == ("КоммерческаяИнформация", 0, [])


BAD: dict[str, dict[str, Any]] = {
    "no number": {"Номер": ""},
    "no currency": {"Валюта": ""},
    "a long currency": {"Валюта": "рубль"},
    "no date": {"Дата": None},
    "a wrong date": {"Дата": "2026-13-01"},
    "a wrong time": {"Время": "10:00"},
    "no goods": {"Товары": []},
    "no buyer": {"Контрагенты": []},
    "a nameless buyer": {"Контрагенты": [{"Наименование": ""}]},
    "another operation": {"ХозОперация": "Возврат товара"},
    "three decimal places": {"Сумма": "1.005"},
    "a float": {"Сумма": 1.1},
    "no amount": {"Сумма": "много"},
    "a character of no XML": {"Комментарий": "a\x01b"},
    "a long comment": {"Комментарий": "я" * 3001},
    "an element that is none": {"Ном": "1"},
    "nothing of a good": {"Товары": [{**order()["Товары"][0], "Количество": 0}]},
    "a good without a name": {"Товары": [{**order()["Товары"][0], "Наименование": ""}]},
    "two names": {"Контрагенты": [{"Наименование": "a", "ОфициальноеНаименование": "b", "ПолноеНаименование": "c"}]},
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_order_is_left_out_and_the_batch_lives(what: str) -> None:
    data, answer = written([order("1"), order(**{"Номер": "2", **BAD[what]}), order("3")])
    assert [item.id for item in read_file(io.BytesIO(data)).items] == ["1", "3"]
    assert list(answer.written) == ["1", "3"]
    [refused] = answer.refused
    assert refused.number == ("" if what == "no number" else "2")
    assert refused.problem.field in {*BAD[what], "Количество", "Наименование", "ПолноеНаименование"}


def test_two_orders_of_one_number_would_overwrite_each_other() -> None:
    data, answer = written([order("1"), order("1", Сумма=5)])
    assert [item.data["Сумма"] for item in read_file(io.BytesIO(data)).items] == ["300.50"]
    assert [one.number for one in answer.refused] == ["1"]


def test_a_zero_price_is_a_price() -> None:
    free = {**order()["Товары"][0], "ЦенаЗаЕдиницу": 0, "Сумма": 0}
    [item] = read_file(io.BytesIO(written([order(Товары=[free])])[0])).items
    assert (item.data["Товары"][0]["ЦенаЗаЕдиницу"], item.data["Товары"][0]["Сумма"]) == ("0.00", "0.00")


def test_a_company_has_its_official_name() -> None:
    firm = {
        "Наименование": "Зерно",
        "ОфициальноеНаименование": "ООО «Зерно»",
        "ИНН": "7701234567",
        "КПП": "770101001",
        "ЮридическийАдрес": {"Представление": "Москва, Тверская, 1", "Город": "Москва"},
    }
    [item] = read_file(io.BytesIO(written([order(Контрагенты=[firm])])[0])).items
    assert item.data["Контрагенты"] == [{**firm, "Роль": "Покупатель"}]


def test_the_first_part_does_not_wait_for_the_orders() -> None:
    asked = []

    def slowly() -> Any:
        asked.append(True)
        yield order()

    parts = iter(OrdersFile(slowly(), made_at="2026-11-21T10:00:00"))
    assert next(parts).startswith(b"<?xml") and asked == []
    assert next(parts).startswith("<Документ>".encode()) and asked == [True]


@pytest.mark.parametrize(
    ("asked", "given"),
    [(None, "2.05"), ("2.08", "2.08"), ("2.11", "2.05"), ("3.1", "3.1"), ("3.2", "3.1"), ("x", "2.05")],
)
def test_the_version_is_one_that_both_know(asked: str | None, given: str) -> None:
    assert written_version(asked) == given


def test_the_lists_of_a_site() -> None:
    root = etree.fromstring(info_file({"N": "Принят"}, {"1": "Наличные"}, {}))
    found = {part.tag: [(item.findtext("Ид"), item.findtext("Название")) for item in part] for part in root}
    assert root.tag == "Справочник"
    assert found == {
        "\u0043татусы": [("N", "Принят")],
        "Статусы": [("N", "Принят")],
        "ПлатежныеСистемы": [("1", "Наличные")],
        "СлужбыДоставки": [],
    }


# -- size


def test_a_large_file_takes_no_more_memory_than_a_small_one() -> None:
    """Measured in a process of its own, above the level after imports."""
    script = textwrap.dedent(
        """
        from itertools import islice
        from pathlib import Path
        from connector.systems.onec.commerceml import whole_file

        VALUE = '<ЗначенияСвойства><Ид>1</Ид><Значение>2</Значение></ЗначенияСвойства>'
        GOOD = f'<Товар><Ид>%d</Ид><ЗначенияСвойств>{VALUE * 3}</ЗначенияСвойств></Товар>'

        def made(count):
            yield '<КоммерческаяИнформация ВерсияСхемы="2.07"><Каталог><Ид>1</Ид><Товары>'
            yield from (GOOD % number for number in range(count))
            yield '</Товары></Каталог></КоммерческаяИнформация>'

        class Large:
            def __init__(self, count):
                self.parts = made(count)
            def read(self, size=-1):
                return ''.join(islice(self.parts, 64)).encode()

        def peak():  # KiB of this process alone: ru_maxrss begins with that of the process which started it
            status = Path("/proc/self/status").read_text()
            return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

        whole_file(Large(100))
        before = peak()
        assert whole_file(Large(60_000)).objects == {'product': 60_000}
        print(peak() - before)
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 10 * 1024  # KiB
