"""Orders as documents of 1C: made whole, their keys looked up, found again, posted; in three configurations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from conftest import FrozenClock
from contract import uid

from connector.errors import Duplicate, Invalid, OutcomeUnknown, Stale
from connector.sandbox import Sandbox
from connector.sandbox.onec import writing
from connector.systems.rows import decode_body
from onec.base_world import BaseWorld, profile_of

Bases = Callable[[str], Sandbox]

DOCUMENTS = {
    "bp30": "Document_СчетНаОплатуПокупателю",
    "ut11": "Document_ЗаказКлиента",
    "unf": "Document_ЗаказПокупателя",
}
CUSTOMERS = {"bp30": "Catalog_Контрагенты", "ut11": "Catalog_Партнеры", "unf": "Catalog_Контрагенты"}
WHO = {"bp30": "Контрагент_Key", "ut11": "Партнер_Key", "unf": "Контрагент_Key"}
TABLE = {"bp30": "Товары", "ut11": "Товары", "unf": "Запасы"}
PATHS = ("Number", "Date", "Posted", "DeletionMark", "СуммаДокумента")


class Orders(BaseWorld):
    """A base with one customer, one good and one organization."""

    entity = "order"
    paths = PATHS

    def __init__(self, sandbox: Sandbox, clock: FrozenClock, name: str, **changes: Any) -> None:
        super().__init__(sandbox, clock, name, **changes)
        self.name, self.resource = name, DOCUMENTS[name]
        self.customer = self.make(CUSTOMERS[name], Description="Иванов Иван")
        self.good = self.make("Catalog_Номенклатура", Description="Фильтр", Артикул="30.896.00")

    def make(self, resource: str, **body: Any) -> str:
        with self.world.lock:
            return writing.create(self.base, self.base.configuration.kinds[resource], body, writing.Terms())

    def patch(self, **changes: Any) -> dict[str, Any]:
        line = {"Номенклатура_Key": self.good, "Количество": Decimal("3.45"), "Сумма": Decimal("335.15")}
        told = {WHO[self.name]: self.customer, "Date": "2026-11-20T18:45:08", "СуммаДокумента": Decimal("335.15")}
        return {**told, "Комментарий": "vp: после шести", TABLE[self.name]: [line], **changes}

    def document(self, guid: str) -> dict[str, Any]:
        return dict(self.base.objects(self.resource)[guid])


@pytest.fixture(params=DOCUMENTS)
def orders(bases: Bases, clock: FrozenClock, request: pytest.FixtureRequest) -> Iterator[Orders]:
    world = Orders(bases(request.param), clock, request.param)
    yield world
    world.adapter.close()


@pytest.fixture
def bp30(bases: Bases, clock: FrozenClock) -> Iterator[Orders]:
    world = Orders(bases("bp30"), clock, "bp30")
    yield world
    world.adapter.close()


def test_a_document_is_made_under_our_key_with_numbered_rows_and_looked_up_keys(orders: Orders) -> None:
    told = orders.adapter.create("order", orders.patch(), uid(1))
    assert told.external_id == uid(1)
    made = orders.document(uid(1))
    organization = next(iter(orders.base.objects("Catalog_Организации")))
    currency = next(iter(orders.base.objects("Catalog_Валюты")))
    assert made["Организация_Key"] == organization, "the only one there is"
    assert currency in (made.get("ВалютаДокумента_Key"), made.get("Валюта_Key"))
    assert made["Комментарий"] == f"vp: после шести [{uid(1)}]"
    (row,) = made[TABLE[orders.name]]
    assert (row["LineNumber"], row["Номенклатура_Key"], row["Количество"], row["Сумма"]) == (
        "1",
        orders.good,
        "3.450",
        "335.15",
    )
    assert not made["Posted"]


def test_the_answer_tells_the_number(orders: Orders) -> None:
    orders.adapter.get("order", uid(9), PATHS)
    row = orders.adapter.create("order", orders.patch(), uid(1)).row
    assert row is not None
    assert decode_body(row.body) == {
        "Number": "0000-000001",
        "Date": "2026-11-20T18:45:08",
        "Posted": False,
        "DeletionMark": False,
        "СуммаДокумента": Decimal("335.15"),
    }
    (fed,) = [row for page in orders.adapter.feed("order", PATHS) for row in page.rows]
    assert fed.body == row.body, "the feed shows what the answer showed: the second run sees no change"


def test_a_second_attempt_is_refused_and_found(orders: Orders) -> None:
    orders.adapter.create("order", orders.patch(), uid(1))
    with pytest.raises(Duplicate):
        orders.adapter.create("order", orders.patch(), uid(1))
    assert [row.external_id for row in orders.adapter.find("order", "reference", uid(1), PATHS)] == [uid(1)]
    assert orders.adapter.find("order", "reference", uid(2), PATHS) == []


def test_where_1c_gives_keys_of_its_own_the_marker_finds_the_document(bases: Bases, clock: FrozenClock) -> None:
    world = Orders(bases("bp30"), clock, "bp30", keeps_reference=False)
    assert world.adapter.capabilities("order").keeps_reference
    made = world.adapter.create("order", world.patch(), uid(1))
    assert made.external_id != uid(1)
    world.adapter.create("order", world.patch(), uid(2))
    found = world.adapter.find("order", "reference", uid(1), PATHS)
    assert [row.external_id for row in found] == [made.external_id]
    world.adapter.close()


def test_a_lost_answer_is_unknown_and_found(orders: Orders) -> None:
    orders.trouble("timeout_after", "create")
    with pytest.raises(OutcomeUnknown):
        orders.adapter.create("order", orders.patch(), uid(1))
    assert len(orders.adapter.find("order", "reference", uid(1), PATHS)) == 1


def test_posting_is_an_act_and_1c_may_refuse_it(orders: Orders) -> None:
    orders.adapter.create("order", orders.patch(), uid(1))
    current = orders.adapter.get("order", uid(1), PATHS)
    posted = orders.adapter.update("order", uid(1), {"Posted": True}, current)
    assert orders.document(uid(1))["Posted"]
    assert posted.row is not None and decode_body(posted.row.body)["Posted"] is True
    orders.adapter.update("order", uid(1), {"Posted": False}, orders.adapter.get("order", uid(1), PATHS))
    assert not orders.document(uid(1))["Posted"]
    with orders.world.lock:
        orders.world.state["closed_until"] = "2026-11-30"
    with pytest.raises(Invalid, match="дата запрета"):
        orders.adapter.update("order", uid(1), {"Posted": True}, None)


def test_a_document_that_changed_meanwhile_is_not_posted(orders: Orders) -> None:
    orders.adapter.create("order", orders.patch(), uid(1))
    seen = orders.adapter.get("order", uid(1), PATHS)
    with orders.world.lock:
        kind = orders.base.configuration.kinds[orders.resource]
        writing.patch(orders.base, kind, uid(1), {"Комментарий": "правка"}, writing.Terms())
    with pytest.raises(Stale):
        orders.adapter.update("order", uid(1), {"Posted": True}, seen)
    assert not orders.document(uid(1))["Posted"]


def test_rows_are_replaced_whole(orders: Orders) -> None:
    orders.adapter.create("order", orders.patch(), uid(1))
    line = {"Номенклатура_Key": orders.good, "Количество": Decimal(1), "Сумма": Decimal("97.14")}
    changed = {TABLE[orders.name]: [line, line], "СуммаДокумента": Decimal("194.28")}
    orders.adapter.update("order", uid(1), changed, None)
    made = orders.document(uid(1))
    assert [(row["LineNumber"], row["Сумма"]) for row in made[TABLE[orders.name]]] == [("1", "97.14"), ("2", "97.14")]


def test_an_organization_is_told_by_its_inn(orders: Orders) -> None:
    other = orders.make("Catalog_Организации", Description="ИП Иванова", ИНН="500100732259")
    orders.adapter.create("order", orders.patch(Организация_Key="500100732259"), uid(1))
    assert orders.document(uid(1))["Организация_Key"] == other
    with pytest.raises(Invalid, match=r"2 .*Организации"):
        orders.adapter.create("order", orders.patch(), uid(2))
    with pytest.raises(Invalid, match="ИНН “7700000000”"):
        orders.adapter.create("order", orders.patch(Организация_Key="7700000000"), uid(2))
    assert uid(2) not in orders.base.objects(orders.resource)


def test_a_storage_is_told_by_its_name_and_else_left_empty(orders: Orders) -> None:
    name = "СтруктурнаяЕдиница_Key" if orders.name == "unf" else "Склад_Key"
    storage = orders.make("Catalog_Склады", Description="Основной склад")
    orders.adapter.create("order", orders.patch(), uid(1))
    assert orders.document(uid(1))[name] == "00000000-0000-0000-0000-000000000000"
    orders.adapter.create("order", orders.patch(**{name: "Основной склад"}), uid(2))
    assert orders.document(uid(2))[name] == storage
    with pytest.raises(Invalid, match="Description “Бар”"):
        orders.adapter.create("order", orders.patch(**{name: "Бар"}), uid(3))


def test_the_counterparty_of_a_partner_comes_with_him(bases: Bases, clock: FrozenClock) -> None:
    world = Orders(bases("ut11"), clock, "ut11")
    firm = world.make("Catalog_Контрагенты", Description="ООО Ромашка", Партнер_Key=world.customer)
    world.adapter.create("order", world.patch(), uid(1))
    assert world.document(uid(1))["Контрагент_Key"] == firm
    world.adapter.close()


def test_goods_are_found_by_article_and_by_name(bp30: Orders) -> None:
    found = bp30.adapter.find("product", "sku", "30.896.00", ("Description",))
    assert [row.external_id for row in found] == [bp30.good]
    assert [row.external_id for row in bp30.adapter.find("product", "name", "Фильтр", ("Description",))] == [bp30.good]
    assert bp30.adapter.find("product", "name", "Фильт", ("Description",)) == []
    assert not bp30.adapter.capabilities("product").can_create


def test_what_was_looked_up_is_asked_once(bp30: Orders) -> None:
    for number in range(3):
        bp30.adapter.create("order", bp30.patch(), uid(number + 1))
    assert bp30.asked().count("Catalog_Организации read") == 1


def test_only_the_resources_of_the_entities_in_use_must_be_ticked(bp30: Orders) -> None:
    with bp30.world.lock:
        bp30.world.state["composition"].remove(bp30.resource)
    checks = bp30.adapter.check({"customer": ("Description",)})
    assert all(check.ok for check in checks), [str(check.text) for check in checks]
    missing = [str(check.text) for check in bp30.adapter.check({"order": PATHS}) if not check.ok]
    assert len(missing) == 1 and "СчетНаОплатуПокупателю" in missing[0]


def test_profiles_name_what_orders_need(bp30: Orders) -> None:
    for name, resource in DOCUMENTS.items():
        used = profile_of(name).resources(["order"])
        assert {resource, "Catalog_Организации", "Catalog_Валюты"} <= set(used)
