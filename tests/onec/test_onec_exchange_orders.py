"""Orders of a shop told to a 1C that exchanges messages: once each, and what becomes of them comes back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from onec.exchanging import CUSTOMERS, ORDERS, WAYS, Company, Sandboxes, company, counterparty, guid, peer_of

ROUTES = """\
- entity: customer
  spokes:
    ut: {direction: both, create: true}
    vp: {direction: both, create: true}
  authority: {default: vp, comment: none}
  deletion: never
  brakes: {changes: 1000, share: 1.0}
- entity: order
  from: [vp]
  to: [ut]
  brakes: {changes: 1000, share: 1.0, deactivations: 100, deactivations_share: 1.0}
"""
COFFEE, DELIVERY, FIRM = guid(11), guid(12), guid(13)
PERSON = "<ЮридическоеФизическоеЛицо>ФизическоеЛицо</ЮридическоеФизическоеЛицо>"


def good(key: str, name: str, article: str, kind: str = "Товар") -> str:
    keys = f"<Ссылка>{key}</Ссылка><Артикул>{article}</Артикул><Наименование>{name}</Наименование>"
    return (
        f"<Справочник.Номенклатура><КлючевыеСвойства>{keys}</КлючевыеСвойства>"
        f"<ТипНоменклатуры>{kind}</ТипНоменклатуры></Справочник.Номенклатура>"
    )


def organization(key: str, inn: str) -> str:
    said = "<ЮридическоеФизическоеЛицо>ЮридическоеЛицо</ЮридическоеФизическоеЛицо>"
    keys = f"<Ссылка>{key}</Ссылка><Наименование>ООО Чашка</Наименование><ИНН>{inn}</ИНН>{said}"
    return f"<Справочник.Организации><КлючевыеСвойства>{keys}</КлючевыеСвойства></Справочник.Организации>"


def state(key: str, order: str, kind: str, name: str, value: str) -> str:
    said = (
        f"<Ссылка>{order}</Ссылка><Дата>2026-11-20T18:45:08</Дата><Номер>1</Номер><Организация><Ссылка>{FIRM}</Ссылка>"
        f"<Наименование>ООО Чашка</Наименование>{PERSON}</Организация>"
    )
    keys = f"<КлючевыеСвойства><Ссылка>{key}</Ссылка><Заказ>{said}</Заказ></КлючевыеСвойства>"
    return f"<Справочник.{kind}>{keys}<{name}>{value}</{name}></Справочник.{kind}>"


@pytest.fixture(params=WAYS)
def firm(request: pytest.FixtureRequest, companies: Sandboxes, tmp_path: Path) -> Company:
    return begun(company(companies, request.param, tmp_path, ROUTES, ("virtpos",)))


@pytest.fixture
def folder(companies: Sandboxes, tmp_path: Path) -> Company:
    return begun(company(companies, "folder", tmp_path, ROUTES, ("virtpos",)))


def begun(firm: Company) -> Company:
    """A base with goods, an organization and one customer, whom the shop knows too."""
    for xml in (
        good(COFFEE, "Кофе зерновой", "КФ-1"),
        good(DELIVERY, "Доставка", "", "Услуга"),
        organization(FIRM, "7701234567"),
        counterparty(guid(1), "Иванова Анна", "+7 (916) 123-45-67"),
    ):
        firm.base.put(xml)
    firm.round()
    return firm


def sells(firm: Company, **changes: Any) -> dict[str, Any]:
    """An order in the shop."""
    state = firm.sandbox.worlds["virtpos"].state
    number = len(state["orders"]) + 1
    [customer] = state["customers"]
    line = {"item_id": "7", "name": "Кофе зерновой", "quantity": "2.000", "price": "450.50", "discount": "1.00"}
    row = {
        "paid": "0", "shipped": "0", "cancelled": "0", "customer_id": customer, "shipping_address": "",
        "shipping_cost": "0.00", "comment": "Позвонить", "guid": guid(5000 + number),
        "created_date": f"2026-11-20 18:45:0{number}",
        "warehouse": ("", ""), "delivery": ("", ""), "payment": ("", ""), "lines": [line], **changes,
    }  # fmt: skip
    state["orders"][str(number)] = row
    return row


def text(xml: str, name: str) -> list[str]:
    return re.findall(rf"<{name}>([^<]*)</{name}>", xml)


def told(firm: Company) -> list[str]:
    return list(firm.base.objects(ORDERS).values())


def outbox(firm: Company) -> list[str]:
    with firm.workspace() as workspace:
        return [one.status for one in workspace.store.outbox.with_status("offered", "refused", "parked", "unknown")]


def test_an_order_is_told_once_with_everything_it_refers_to_named(firm: Company) -> None:
    sells(firm, shipping_cost="100.00")
    for _ in range(4):
        firm.round()
    [xml] = told(firm)
    assert text(xml, "Сумма") == ["1000.00", "900.00", "100.00"] or text(xml, "Сумма") == ["1000", "900", "100"]
    assert COFFEE in xml and DELIVERY in xml and FIRM in xml and guid(1) in xml
    assert text(xml, "Дата") == ["2026-11-20T18:45:01"]
    assert text(xml, "Код") == ["643"]
    assert xml.index("<Товары>") < xml.index(COFFEE) < xml.index("<Услуги>") < xml.index(DELIVERY)
    assert outbox(firm) == []
    if hasattr(firm.base, "peer"):
        assert peer_of(firm).made_up == []


def test_what_becomes_of_it_comes_back(firm: Company) -> None:
    sells(firm)
    firm.round()
    firm.base.turn()
    firm.sync()
    [key] = firm.base.objects(ORDERS)
    firm.base.put(firm.base.objects(ORDERS)[key])  # an accountant has written it
    firm.base.put(state(guid(21), key, "СостояниеЗаказа", "СостояниеЗаказа", "Выполнен"))
    firm.base.put(state(guid(22), key, "СостояниеОплатыЗаказа", "СостояниеОплаты", "Оплачен"))
    firm.base.put(state(guid(23), key, "СостояниеОтгрузкиЗаказа", "СостояниеОтгрузки", "Отгружен"))
    firm.round()
    with firm.workspace() as workspace:
        [body] = workspace.store.hub.bodies([key]).values()
    assert b'"paid":true' in body and b'"shipped":true' in body and b'"number_1c":"' in body
    assert firm.sync(dry=True).operations == []


def test_a_cancelled_order_is_deleted_there(firm: Company) -> None:
    row = sells(firm)
    for _ in range(2):
        firm.round()
    assert len(told(firm)) == 1
    row["cancelled"] = "1"
    for _ in range(3):
        firm.round()
    assert told(firm) == []
    assert outbox(firm) == []
    assert firm.sync(dry=True).operations == []


def test_an_order_whose_good_1c_has_not_told_of_waits_and_says_how_much(firm: Company) -> None:
    line = {"item_id": "9", "name": "Чай", "quantity": "1.000", "price": "10.00", "discount": "0.00"}
    sells(firm, lines=[line])
    for _ in range(2):
        firm.round()
    assert told(firm) == []
    with firm.workspace() as workspace:
        lines = [line for line in workspace.store.journal.all() if line.entity == "order"]
    assert ["Чай" in str(line.reason) for line in lines] == [True]
    assert lines[0].amount == 1000
    firm.base.put(good(guid(14), "Чай", "Ч-1"))
    for _ in range(3):
        firm.round()
    assert len(told(firm)) == 1


def test_through_a_folder_it_is_offered_until_1c_has_confirmed_it(folder: Company) -> None:
    sells(folder)
    folder.sync()
    assert outbox(folder) == ["offered"]
    folder.sync()
    assert outbox(folder) == ["offered"], "our message lies there and nobody has taken it"
    folder.base.turn()
    assert len(told(folder)) == 1
    assert outbox(folder) == ["offered"], "we have not heard of it yet"
    folder.sync()
    assert outbox(folder) == []
    [link] = links(folder)
    assert (link.how, link.external_id) == ("created", link.uid)


def links(firm: Company) -> list[Any]:
    [key] = firm.base.objects(ORDERS)
    with firm.workspace() as workspace:
        return [link for link in workspace.store.crosswalk.of([key])[key] if link.spoke == "ut"]


def test_an_edit_before_1c_takes_it_replaces_what_is_offered(folder: Company) -> None:
    row = sells(folder)
    folder.sync()
    row["lines"][0]["quantity"] = "3.000"
    folder.sync()
    folder.round()
    folder.round()
    [xml] = told(folder)
    assert float(text(xml, "Количество")[0]) == 3
    assert outbox(folder) == []


def test_an_edit_after_1c_has_taken_it_is_a_question_and_never_written(folder: Company) -> None:
    row = sells(folder)
    folder.sync()
    folder.base.turn()
    row["lines"][0]["quantity"] = "3.000"
    for _ in range(3):
        folder.sync()
        folder.base.turn()
    [xml] = told(folder)
    assert float(text(xml, "Количество")[0]) == 2
    with folder.workspace() as workspace:
        kinds = [conflict.kind for conflict in workspace.store.conflicts.all("open")]
    assert kinds == ["document"]


def test_a_lost_store_tells_nothing_twice(folder: Company) -> None:
    sells(folder)
    for _ in range(3):
        folder.round()
    for file in folder.folder.glob("connector.db*"):
        file.unlink()
    peer_of(folder).register_all()
    for _ in range(3):
        folder.round()
    assert len(told(folder)) == 1
    assert len(folder.base.objects(CUSTOMERS)) == 1
    assert outbox(folder) == []


def test_three_hundred_orders_are_told_once_each(folder: Company) -> None:
    for _ in range(300):
        sells(folder, created_date="2026-11-20 18:45:08")
    folder.sync()
    folder.base.turn()
    folder.sync()
    assert len(told(folder)) == 300 and outbox(folder) == []


def test_a_base_with_two_organizations_wants_one_named(folder: Company) -> None:
    folder.base.put(organization(guid(15), "7707083893"))
    folder.round()
    sells(folder)
    for _ in range(2):
        folder.round()
    assert (told(folder), outbox(folder)) == ([], ["refused"])
    folder.settings["organizations"] = {"main": {"inn": "7701234567", "base": "ut"}}
    folder.write_settings()
    with folder.workspace() as workspace:
        [refused] = workspace.store.outbox.with_status("refused")
    assert "2 organizations" in str(refused.reason)
    assert main(["-C", str(folder.folder), "outbox", "retry", str(refused.id)]) == 0
    for _ in range(3):
        folder.round()
    [xml] = told(folder)
    assert "7701234567" in xml
