"""1C played as a client, against a site of the test's own that keeps strictly to the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from urllib.parse import unquote

import pytest
from flask import Flask, Response, request
from lxml import etree

from connector.sandbox.base import Server
from connector.sandbox.commerceml_client import (
    NEW,
    OLD,
    UT11,
    Base,
    Behaviour,
    Broken,
    Cuts,
    Disconnected,
    Session,
    Site,
    read_orders,
)
from connector.sandbox.commerceml_files import Good

GOODS = [
    Good(guid="g1", name='Кофе "Эспрессо"', article="ESP", group="Кофе", price=Decimal("150.50"), rest=Decimal(3)),
    Good(guid="g2", name="Футболка", article="T", group="Одежда", characteristic="c1", price=Decimal(900)),
    Good(guid="g2", name="Футболка", article="T", group="Одежда", characteristic="c2", price=Decimal(950)),
]


class Shop:
    """A site. It offers an order until it hears `success`, or the order comes back with 1C's number."""

    def __init__(self) -> None:
        self.waiting: dict[str, str] = {}
        self.offered: list[str] = []
        self.files: dict[str, bytes] = {}
        self.imported: list[str] = []
        self.echoed: dict[str, str] = {}
        self.asked: list[str] = []
        self.seen: Callable[[str], object] = len
        self.version = ""
        self.limit, self.progress, self.portion = 1000, 0, 1000
        self.init_end = ""
        self.poisoned: str | None = None
        self.head = '<?xml version="1.0" encoding="UTF-8"?>'

    def order(self, number: str, **changes: str) -> None:
        self.waiting[number] = order(number, **changes)

    def answer(self) -> Response:
        mode = request.args["mode"]
        self.asked.append(f"{request.args['type']} {mode}")
        if mode != "checkauth" and request.cookies.get("sid") != "77":
            return self.text("failure\nno session")
        found: Callable[[], Response] = getattr(self, f"do_{mode}", lambda: self.text("failure\nwhat?"))
        return found()

    @staticmethod
    def text(text: str) -> Response:
        return Response(text.encode(), content_type="text/plain; charset=utf-8")

    def do_checkauth(self) -> Response:
        given = request.authorization
        right = given is not None and (given.username, given.password) == ("robot", "пароль")
        return self.text("success\nsid\n77\nsessid=1") if right else self.text("failure\nwrong password")

    def do_init(self) -> Response:
        self.version = request.args.get("version", "")
        more = f"\nsessid=1\nversion={self.version}" if self.version else ""
        return self.text(f"zip=no\nfile_limit={self.limit}{more}{self.init_end}")

    def do_file(self) -> Response:
        raw = request.environ["REQUEST_URI"].partition("filename=")[2].partition("&")[0]
        self.seen(raw)
        name = unquote(raw)
        self.files[name] = self.files.get(name, b"") + request.get_data()
        if request.args["type"] == "sale" and not self.version:
            self.take(name)
        return self.text("success")

    def do_import(self) -> Response:
        if self.progress > 0:
            self.progress -= 1
            return self.text("progress\nещё немного")
        self.imported.append(request.args["filename"])
        if request.args["type"] == "sale":
            self.take(request.args["filename"])
        return self.text("success")

    def take(self, name: str) -> None:
        try:
            root = etree.fromstring(self.files[name].removeprefix(b"\xef\xbb\xbf"))
        except etree.XMLSyntaxError:
            return  # more pieces of the file follow; nothing says which is the last
        for document in root.iter("{*}Документ"):
            number = str(document.findtext("{*}Номер"))
            requisites = {
                str(item.findtext("{*}Наименование")): str(item.findtext("{*}Значение"))
                for item in document.iter("{*}ЗначениеРеквизита")
            }
            self.echoed[number] = (document.findtext("{*}Номер1С") or requisites.get("Номер по 1С", "")).strip()
            self.waiting.pop(number, None)

    def do_info(self) -> Response:
        return self.text('<?xml version="1.0"?><Справочник/>')

    def do_query(self) -> Response:
        self.offered = list(self.waiting)[: self.portion]
        documents = [self.waiting[number] for number in self.offered]
        if self.poisoned is not None:
            documents.append(self.poisoned)
        wrapped = "".join(f"<Контейнер>{item}</Контейнер>" if self.version else item for item in documents)
        body = f"{self.head}<КоммерческаяИнформация>{wrapped}</КоммерческаяИнформация>"
        return self.text(body)

    def do_success(self) -> Response:
        for number in self.offered:
            self.waiting.pop(number, None)
        return self.text("success")

    def do_complete(self) -> Response:
        return self.text("success")


def order(number: str, **changes: str) -> str:
    said = {
        "Ид": number,
        "Номер": number,
        "Дата": "2026-11-20",
        "ХозОперация": "Заказ товара",
        "Роль": "Продавец",
        "Валюта": "руб",
        "Сумма": "301.00",
        "Время": "10:05:07",
        **changes,
    }
    head = "".join(f"<{name}>{value}</{name}>" for name, value in said.items())
    line = "<Ид>g2#c1</Ид><Артикул>T</Артикул><Наименование>Футболка</Наименование><Количество>2</Количество>"
    partner = "<Контрагенты><Контрагент><Ид>7</Ид><Наименование>Иванов</Наименование></Контрагент></Контрагенты>"
    return f"<Документ>{head}{partner}<Товары><Товар>{line}</Товар></Товары></Документ>"


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    app = Flask(__name__)
    app.add_url_rule("/bitrix/admin/1c_exchange.php", view_func=shop.answer, methods=["GET", "POST"])
    server = Server(app)
    server.start()
    shop.url = server.url  # type: ignore[attr-defined]
    yield shop
    server.stop()


def session(shop: Shop, base: Base | None = None, behaviour: Behaviour = OLD, **more: object) -> Session:
    site = Site(shop.url, "robot", "пароль")  # type: ignore[attr-defined]
    moment = datetime(2014, 6, 1, 0, 36, 33)
    known = base if base is not None else Base(goods=list(GOODS))
    return Session(known, site, behaviour, now=lambda: moment, timeout=5, **more)  # type: ignore[arg-type]


def modes(played: Session) -> list[str]:
    return [f"{step.type} {step.mode}" for step in played.steps]


# the catalogue -------------------------------------------------------------------------------------------------


def test_a_catalogue_of_the_old_behaviour(shop: Shop) -> None:
    shop.progress = 2
    played = session(shop)
    played.catalogue()
    assert shop.imported == ["import.xml", "offers.xml"]
    assert modes(played)[:2] == ["catalog checkauth", "catalog init"]
    assert modes(played).count("catalog file") == sum(-(-len(data) // 1000) for data in shop.files.values())
    assert modes(played)[-4:] == ["catalog import"] * 4
    goods = etree.fromstring(shop.files["import.xml"].removeprefix(b"\xef\xbb\xbf"))
    assert (goods.get("ВерсияСхемы"), goods.get("ДатаФормирования")) == ("2.05", "2014-06-01T0:36:33")
    assert [item.findtext("{*}Ид") for item in goods.iter("{*}Товар")] == ["g1", "g2"]
    unit = next(goods.iter("{*}БазоваяЕдиница"))
    assert (unit.get("Код"), unit.text) == ("796 ", "шт")
    offers = etree.fromstring(shop.files["offers.xml"].removeprefix(b"\xef\xbb\xbf"))
    assert [item.findtext("{*}Ид") for item in offers.iter("{*}Предложение")] == ["g1", "g2#c1", "g2#c2"]
    assert [item.text for item in offers.iter("{*}ЦенаЗаЕдиницу")] == ["150.50", "900", "950"]


def test_a_catalogue_of_the_new_behaviour_is_split(shop: Shop) -> None:
    shop.limit = 0
    played = session(shop, behaviour=NEW)
    played.catalogue(changes_only=True)
    assert shop.version == "3.1"
    assert [name.split("_")[0] for name in shop.imported] == [
        "groups",
        "goods",
        "priceLists",
        "offers",
        "prices",
        "rests",
    ]
    rests = next(data for name, data in shop.files.items() if name.startswith("rests_1_6_"))
    root = etree.fromstring(rests.removeprefix(b"\xef\xbb\xbf"))
    assert etree.QName(root).namespace == "urn:1C.ru:commerceml_3"
    assert [item.text for item in root.iter("{*}Количество")] == ["3", "0", "0"]
    goods = next(data for name, data in shop.files.items() if name.startswith("goods"))
    unit = next(etree.fromstring(goods.removeprefix(b"\xef\xbb\xbf")).iter("{*}БазоваяЕдиница"))
    assert (unit.text, dict(unit.attrib)) == ("796", {})
    assert modes(played)[-1] == "catalog complete"


def test_names_go_as_they_are_from_the_old_one_and_encoded_from_the_new(shop: Shop) -> None:
    name = "import_files\\ab\\1.jpg"
    raw: list[str] = []
    shop.seen = raw.append
    session(shop).picture(name, b"\xff\xd8")
    session(shop, behaviour=NEW).picture(name, b"1")
    assert shop.files == {name: b"\xff\xd81"}
    assert raw == [name, "import_files%5Cab%5C1.jpg"]


@pytest.mark.parametrize("end", ["\n", "\nsessid=1"])
def test_the_old_one_wants_an_init_of_exactly_two_lines(shop: Shop, end: str) -> None:
    shop.init_end = end
    with pytest.raises(Broken, match="параметров обмена"):
        session(shop).catalogue()
    session(shop, behaviour=NEW).catalogue()


def test_a_wrong_password_and_an_empty_answer_end_the_session(shop: Shop) -> None:
    played = session(shop)
    played.site = Site(played.site.url, "robot", "x")
    with pytest.raises(Broken, match="авторизоваться"):
        played.catalogue()
    assert modes(played) == ["catalog checkauth"]
    shop.do_checkauth = lambda: shop.text("")  # type: ignore[method-assign]
    with pytest.raises(Broken, match="пустой ответ"):
        session(shop).catalogue()


# orders --------------------------------------------------------------------------------------------------------


def test_orders_are_fetched_without_init_and_told_back_in_one_file(shop: Shop) -> None:
    for number in ("A-1", "A-2"):
        shop.order(number)
    played = session(shop)
    assert played.orders() == 2
    assert modes(played)[:4] == ["sale checkauth", "sale query", "sale success", "sale init"]
    assert "sale import" not in modes(played)
    assert shop.waiting == {}
    assert shop.echoed == {"A-1": "ЗК-000001", "A-2": "ЗК-000002"}
    loaded = played.base.orders["A-1"]
    assert (loaded.date, loaded.time, loaded.total, loaded.customer["Наименование"]) == (
        "2026-11-20",
        "10:05:07",
        "301.00",
        "Иванов",
    )
    assert loaded.lines[0]["Ид"] == "g2#c1"
    assert played.base.made == []


def test_the_new_one_says_its_version_and_imports_what_it_tells(shop: Shop) -> None:
    shop.version = "3.1"
    shop.order("A-1")
    played = session(shop, behaviour=NEW)
    assert played.orders() == 1
    assert modes(played)[:3] == ["sale checkauth", "sale info", "sale query"]
    assert modes(played)[-1] == "sale import"
    assert shop.echoed == {"A-1": "ЗК-000001"}


def test_the_new_one_sees_no_order_outside_a_container(shop: Shop) -> None:
    shop.order("A-1")
    assert session(shop, behaviour=NEW).orders() == 0


def test_one_that_says_no_success_repeats_the_query(shop: Shop) -> None:
    shop.version = "3.1"
    shop.order("A-1")
    played = session(shop, behaviour=UT11)
    assert played.orders() == 3
    assert modes(played).count("sale query") == 3
    assert "sale success" not in modes(played)
    assert played.base.orders["A-1"].loaded == 3
    assert shop.echoed == {"A-1": "ЗК-000001"}  # the echo is the proof


@pytest.mark.parametrize(
    "bad",
    [
        order("B-1", ХозОперация="Счет на оплату"),
        order("B-1", Валюта=""),
        order("B-1", Номер=""),
        order("B-1", Дата="20.11.2026"),
        order("B-1", Время="10:05"),
    ],
)
def test_one_bad_order_blocks_the_whole_batch(shop: Shop, bad: str) -> None:
    shop.order("A-1")
    shop.poisoned = bad
    played = session(shop)
    with pytest.raises(Broken, match="Документ"):
        played.orders()
    assert played.base.orders == {}
    assert "sale success" not in modes(played)
    assert list(shop.waiting) == ["A-1"]


@pytest.mark.parametrize("body", [b"\xef\xbb\xbf<?xml version='1.0'?><x/>", b"PK\x03\x04", b"", b"<html>"])
def test_what_does_not_begin_as_xml_is_not_read(shop: Shop, body: bytes) -> None:
    shop.do_query = lambda: Response(body)  # type: ignore[method-assign]
    with pytest.raises(Broken, match="прочитать"):
        session(shop).orders()


def test_windows_1251_is_read_by_the_old_one_only() -> None:
    head = '<?xml version="1.0" encoding="windows-1251"?>'
    body = f"{head}<КоммерческаяИнформация>{order('A-1')}</КоммерческаяИнформация>".encode("cp1251")
    assert [found.number for found in read_orders(body, OLD)] == ["A-1"]
    with pytest.raises(Broken, match="windows-1251"):
        read_orders(body, NEW)


def test_goods_are_known_by_identifier_then_article_then_name_and_made_when_unknown(shop: Shop) -> None:
    shop.waiting["A-1"] = order("A-1").replace("g2#c1", "foreign")
    shop.waiting["A-2"] = order("A-2").replace("g2#c1", "x").replace(">T<", "><")
    shop.waiting["A-3"] = order("A-3").replace("g2#c1", "x").replace(">T<", ">нет<").replace("Футболка", "Шапка")
    played = session(shop)
    played.orders()
    assert played.base.made == ["Шапка"]
    assert [good.name for good in played.base.goods][3:] == ["Шапка"]


def test_an_order_with_documents_is_left_alone_and_its_state_is_told(shop: Shop) -> None:
    shop.order("A-1")
    base = Base(goods=list(GOODS))
    session(shop, base).orders()
    base.post("A-1", paid="2026-11-21", shipped="2026-11-22")
    shop.order("A-1", Сумма="999")
    session(shop, base).orders()
    assert base.orders["A-1"].total == "301.00"
    sent = [data for name, data in shop.files.items() if name.startswith("orders-")][-1].decode()
    for said in ("Номер оплаты по 1С", "Дата отгрузки по 1С", "2026-11-22", "<Наименование>Проведен</Наименование>"):
        assert said in sent


# cut connections -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", ["before", "half", "lost", "part"])
def test_a_cut_connection_ends_the_session(shop: Shop, cut: str) -> None:
    shop.order("A-1")
    cuts = Cuts({"query": [cut]})  # type: ignore[list-item]
    played = session(shop, cuts=cuts)
    with pytest.raises(Disconnected):
        played.orders()
    assert (cuts.made, played.base.orders) == (1, {})
    assert list(shop.waiting) == ["A-1"]


def test_a_lost_success_brings_the_order_again_and_1c_knows_it(shop: Shop) -> None:
    shop.order("A-1")
    base = Base(goods=list(GOODS))
    with pytest.raises(Disconnected):
        session(shop, base, cuts=Cuts({"success": ["before"]})).orders()
    assert session(shop, base).orders() == 1
    assert [order.loaded for order in base.orders.values()] == [2]
    assert shop.waiting == {}


def test_every_order_arrives_once_through_a_bad_line(shop: Shop) -> None:
    for number in range(140):
        shop.order(f"A-{number}")
    shop.portion, shop.limit = 7, 100_000
    base, cuts = Base(goods=list(GOODS)), Cuts(probability=0.3, seed=3)
    for _ in range(200):
        try:
            session(shop, base, cuts=cuts).orders()
        except Broken:
            shop.files.clear()  # a site empties its folder when an exchange begins anew
        if not shop.waiting and not base.changed:
            break
    assert cuts.made > 10
    assert shop.waiting == {}
    assert len(base.orders) == len({order.number_1c for order in base.orders.values()}) == 140
    assert shop.echoed == {number: order.number_1c for number, order in base.orders.items()}


def test_a_repr_shows_no_password(shop: Shop) -> None:
    assert "пароль" not in repr(session(shop))
