"""Orders go out and come back: a session of 1C, played step by step against the server."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from connector.jobs.desk import SiteDesk
from connector.model.states import Operation
from connector.sandbox.commerceml_client import NEW, OLD, UT11, Behaviour, Broken, Cuts, Disconnected
from connector.sandbox.commerceml_files import Good
from connector.server.exchange.delivery import Delivery
from connector.server.exchange.giving import Giving
from connector.server.exchange.visits import Visit
from connector.store.crosswalk import NewLink
from connector.store.outbox import Outbox
from tests.server.shop import MOMENT, Raw, Shop, encoded, new_base, order, played, uid_of


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


@pytest.mark.parametrize("behaviour", [OLD, NEW], ids=["old", "new"])
@pytest.mark.parametrize("path", ["/exchange/site", ""], ids=["named", "bitrix"])
def test_orders_are_fetched_once_and_linked_by_their_number(shop: Shop, behaviour: object, path: str) -> None:
    shop.offer(range(3))
    with shop.open() as url:
        base = new_base()
        assert played(url, base, behaviour, path=path).orders() == 3  # type: ignore[arg-type]
        assert shop.statuses() == {"done": 3}
        assert played(url, base, behaviour, path=path).orders() == 0  # type: ignore[arg-type]
    assert shop.links() == {f"A-{number}": uid_of(number) for number in range(3)}
    order = base.orders["A-1"]
    assert (order.id, order.date, order.time, order.total, order.currency) == (
        uid_of(1), "2026-11-20", "10:05:07", "301.00", "руб",
    )  # fmt: skip
    assert order.customer["Наименование"] == "Иванов 1"
    assert (order.lines[0]["Артикул"], order.lines[0]["Количество"], order.comment) == ("T", "2", "После шести")
    assert base.made == []


def test_success_alone_acknowledges(shop: Shop) -> None:
    shop.offer(range(2))
    with shop.open() as url:
        with pytest.raises(Disconnected):
            played(url, cuts=Cuts({"init": ["before"]})).orders()
        assert shop.statuses() == {"done": 2}


def test_what_comes_back_acknowledges_although_no_success_was_said(shop: Shop) -> None:
    shop.offer(range(2))
    with shop.open() as url:
        base = new_base()
        assert played(url, base, UT11).orders() == 2
        assert {order.loaded for order in base.orders.values()} == {1}, "a repeated query brings what is left"
    assert shop.statuses() == {"done": 2}


def test_a_repeated_query_proves_nothing(shop: Shop) -> None:
    shop.offer(range(2))
    with shop.open() as url:
        raw = Raw(url)
        for _ in range(2):
            assert raw.enter("sale") == "success"
            for _ in range(2):
                assert raw.call("type=sale&mode=query").count("<Документ>") == 2
        assert shop.statuses() == {"offered": 2}


def test_success_counts_for_the_last_answer_only(shop: Shop) -> None:
    """A 1C that names its version asks again for what is left: what it did not take before is given once more."""
    shop.offer(range(2))
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        raw.call("type=sale&mode=init&version=2.09")
        assert raw.call("type=sale&mode=query").count("<Документ>") == 2
        assert raw.call("type=sale&mode=query").count("<Документ>") == 0
        assert raw.call("type=sale&mode=success") == "success"
        assert shop.statuses() == {"offered": 2}
        raw.enter("sale")
        assert raw.call("type=sale&mode=query").count("<Документ>") == 2


def test_a_new_one_that_has_not_said_its_version_is_believed_by_what_it_sends_back(shop: Shop) -> None:
    """It asked for the lists of the site, so it is given containers; whether it reads these is not known yet."""
    shop.offer(range(2))
    with shop.open() as url:
        with pytest.raises(Disconnected):
            played(url, behaviour=NEW, cuts=Cuts({"init": ["before"]})).orders()
        assert shop.statuses() == {"offered": 2}
        base = new_base()
        played(url, base, NEW).catalogue()
        with pytest.raises(Disconnected):
            played(url, base, NEW, cuts=Cuts({"init": ["before"]})).orders()
        assert shop.statuses() == {"done": 2}


@pytest.mark.parametrize("cut", ["before", "half", "lost", "part"])
def test_an_answer_that_did_not_arrive_is_given_again(shop: Shop, cut: str) -> None:
    shop.offer(range(2))
    with shop.open() as url:
        base = new_base()
        with pytest.raises(Disconnected):
            played(url, base, cuts=Cuts({"query": [cut]})).orders()  # type: ignore[list-item]
        assert shop.statuses() == {"offered": 2}
        assert played(url, base).orders() == 2
    assert shop.statuses() == {"done": 2}
    assert len(base.orders) == 2


WAYS = ("before", "half", "lost", "part")
STEPS = {"checkauth", "query", "success", "init", "file", "import", "info"}


@pytest.mark.parametrize(
    ("behaviour", "account"),
    [
        (OLD, {}),
        (OLD, {"encoding": "windows-1251", "zip": True}),
        (NEW, {"zip": True}),
        (UT11, {"file_limit": 1}),
    ],
    ids=["old", "old-cp1251-zip", "new-zip", "ut11-pieces"],
)
def test_a_thousand_orders_arrive_once_each_through_a_bad_line(
    tmp_path: Path, behaviour: Behaviour, account: dict[str, object]
) -> None:
    """Every step breaks in every way at least once, and by chance besides."""
    shop = Shop(tmp_path / "shop", **account)
    shop.offer(range(1000))
    base, sessions, taken = new_base(), 0, set()
    cuts = Cuts({step: list(WAYS) for step in STEPS}, probability=0.1, seed=7)  # type: ignore[misc]
    with shop.open() as url:
        while shop.statuses() != {"done": 1000} or base.changed or any(cuts.left.values()):
            sessions += 1
            assert sessions < 150, shop.statuses()
            session = played(url, base, behaviour, cuts=cuts)
            with suppress(Broken):
                session.orders()
            taken |= {step.mode for step in session.steps}
            cuts.forget(STEPS - _asked(behaviour))
            if not base.changed and any(cuts.left.values()) and base.orders:
                base.changed.append("A-1")  # something to tell, so that every step is made
    assert taken >= _asked(behaviour)
    assert sorted(base.orders) == sorted(f"A-{number}" for number in range(1000))
    assert len({order.number_1c for order in base.orders.values()}) == 1000
    assert shop.links() == {f"A-{number}": uid_of(number) for number in range(1000)}
    told = {f"A-{number}": Decimal(order(number)["total"]) / 100 for number in range(1000)}
    assert {number: Decimal(one.total) for number, one in base.orders.items()} == told
    lines = sum(Decimal(line["Сумма"]) for one in base.orders.values() for line in one.lines)
    assert lines == sum(told.values()), "to the kopeck"
    assert {line["Наименование"] for one in base.orders.values() for line in one.lines} == {"Футболка"}


def _asked(behaviour: Behaviour) -> set[str]:
    """The steps of a session of orders that this 1C makes."""
    said = {"success": behaviour.says_success, "import": behaviour.imports_orders, "info": behaviour.asks_info}
    return {step for step in STEPS if said.get(step, True)}


def test_an_answer_begins_before_all_of_its_orders_are_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand orders are read as they are sent: what is before the first byte does not grow with them."""
    shop.offer(range(3000))
    read: list[int] = []
    offered = Outbox._still_offered

    def watched(self: Outbox, operation_ids: Iterable[int]) -> list[Operation]:
        found = offered(self, operation_ids)
        read.append(len(found))
        return found

    monkeypatch.setattr(Outbox, "_still_offered", watched)
    workspace = shop.workspace()
    desk = SiteDesk(workspace, "site", wake=lambda: None)
    giving = Giving(desk, Delivery(shop.folder), lambda: MOMENT)
    visit = Visit("token", "site", "sale", shop.folder, 0.0)
    parts = giving.next(visit, workspace.settings.accounts["site"]).parts
    next(parts)
    assert read == [], "the head is sent before any order is read"
    next(parts)
    assert sum(read) <= 200
    assert sum(part.count(b"<") > 0 for part in parts) >= 2999
    assert sum(read) == 3000
    workspace.close()


# the form ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "written", "contained"),
    [("", "2.05", False), ("2.09", "2.09", False), ("2.10", "2.10", False), ("3.1", "3.1", True), ("3.9", "3.1", True)],
)
def test_each_version_gets_its_form(shop: Shop, asked: str, written: str, contained: bool) -> None:
    shop.offer([1])
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        said = f"&version={asked}" if asked else ""
        lines = raw.call(f"type=sale&mode=init{said}").split("\n")
        assert lines[:2] == ["zip=no", "file_limit=16777216"]
        assert (len(lines), lines[3:]) == ((4, [f"version={written}"]) if asked else (2, []))
        root = etree.fromstring(raw.bytes("type=sale&mode=query"))
    assert root.get("ВерсияСхемы") == written
    assert [child.tag for child in root] == (["Контейнер"] if contained else ["Документ"])


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251"])
def test_the_encoding_is_that_of_the_account(tmp_path: Path, encoding: str) -> None:
    shop = Shop(tmp_path / "shop", encoding=encoding)
    shop.offer([1], comment="Ёлка ≠ ель")
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        body = raw.bytes("type=sale&mode=query")
        assert body.startswith(f'<?xml version="1.0" encoding="{encoding.upper()}"?>'.encode())
        assert "Футболка".encode(encoding) in body
        assert etree.fromstring(body).findtext(".//Комментарий") == "Ёлка ≠ ель"
        base = new_base()
        assert played(url, base).orders() == 1
        assert base.orders["A-1"].comment == "Ёлка ≠ ель"
        wrong = raw.bytes("type=sale&mode=nonsense")
        assert wrong.decode(encoding).startswith("failure\n")


def test_the_version_that_the_account_names_counts(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop", version="3.1")
    shop.offer([1])
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        assert "<Контейнер>" in raw.call("type=sale&mode=query")
        assert raw.call("type=sale&mode=init&version=2.05").endswith("version=3.1")


def test_nothing_to_give_is_a_root_alone(shop: Shop) -> None:
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        body = raw.bytes("type=sale&mode=query")
        assert body.startswith(b"<?xml")
        assert len(etree.fromstring(body)) == 0
        assert raw.call("type=sale&mode=success") == "success"
        assert "Статусы" in raw.call("type=sale&mode=info")


# bad orders ----------------------------------------------------------------------------------------------------


def test_an_order_that_cannot_be_said_is_set_aside_and_the_rest_lives(shop: Shop) -> None:
    shop.offer(range(2))
    shop.offer([2], lines=[{"name": "Футболка", "quantity": "0", "price": 0, "total": 0}])
    shop.offer([3], comment="страница\x0bобрыв")
    with shop.open() as url:
        base = new_base()
        assert played(url, base).orders() == 2
    assert shop.statuses() == {"done": 2, "refused": 2}
    assert "quantity" in str(shop.operation(2).reason)
    assert "no XML" in str(shop.operation(3).reason)


def test_an_order_that_1c_cannot_take_holds_up_the_others_for_a_while_only(shop: Shop) -> None:
    """1C loads an answer whole or not at all: the one that stops it is found by giving less and less."""
    shop.offer(range(60))
    poison = "A-17"
    base, sessions = new_base(), 0
    with shop.open() as url:
        while shop.statuses().get("done", 0) < 59:
            sessions += 1
            assert sessions < 40, shop.statuses()
            _load_without(url, base, poison)
        for _ in range(3):
            _load_without(url, base, poison)
        assert "fetched this order" in str(shop.operation(17).reason)
        assert shop.operation(17).status == "offered"
        shop.offer(range(60, 70))
        _load_without(url, base, poison)
        assert shop.statuses() == {"done": 69, "offered": 1}, "it is given when nothing else waits"
        assert played(url, base).orders() == 1, "once 1C can take it, it does"
    assert shop.statuses() == {"done": 70}
    assert len(base.orders) == 70


def _load_without(url: str, base: object, poison: str) -> None:
    """A session of a 1C that breaks off at one order, and says nothing then."""
    session = played(url, base)  # type: ignore[arg-type]
    session._authorise("sale")
    body = session._query()
    if f"<Номер>{poison}</Номер>".encode() in body:
        return
    from connector.sandbox.commerceml_client import read_orders

    session._store(read_orders(body, session.behaviour))
    session._succeeded("sale", "success")
    session.base.changed.clear()


def test_the_way_to_a_bad_order_survives_a_restart(shop: Shop) -> None:
    shop.offer(range(20))
    base = new_base()
    for _ in range(12):
        with shop.open() as url:
            _load_without(url, base, "A-3")
            _load_without(url, base, "A-3")
    assert shop.statuses() == {"done": 19, "offered": 1}


def test_two_orders_of_one_number_are_two_orders_in_1c(shop: Shop) -> None:
    shop.offer([1])
    shop.offer([2], number="A-1")
    with shop.open() as url:
        base = new_base()
        assert played(url, base).orders() == 2
        shop.offer([3], number="A-1")
        assert played(url, base).orders() == 1
    assert len(base.orders) == 3
    assert "A-1" in base.orders
    assert all(number.startswith("A-1") for number in base.orders)
    assert set(shop.links().values()) == {uid_of(1), uid_of(2), uid_of(3)}


def test_a_number_once_given_stays(shop: Shop) -> None:
    """The first of two is acknowledged and gone from the outbox; the second keeps the number it was given before."""
    shop.offer([1])
    shop.offer([2], number="A-1")
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        given = [item.text for item in etree.fromstring(raw.bytes("type=sale&mode=query")).iter("Номер")]
        with shop.store() as store:
            store.db.run("DELETE FROM operation WHERE uid = ?", (uid_of(1),))
        raw.enter("sale")
        again = [item.text for item in etree.fromstring(raw.bytes("type=sale&mode=query")).iter("Номер")]
    assert again == given[1:]


# what became of them -------------------------------------------------------------------------------------------


def test_what_1c_tells_of_its_orders_waits_for_a_run(shop: Shop) -> None:
    shop.offer(range(2))
    with shop.open() as url:
        base = new_base()
        played(url, base).orders()
        assert len(shop.inbox) == 1
        base.post("A-1", paid="2026-11-22", shipped="2026-11-23")
        played(url, base).orders()
        assert len(shop.inbox) == 2
    from connector.systems.onec.commerceml import CommercemlAdapter
    from connector.systems.rows import decode_body

    adapter = CommercemlAdapter("site", "site", shop.folder / "exchange/site")
    pages = list(adapter.feed("order", ["Состояние"]))
    numbers = [str(int(file.stem)) for file in shop.inbox]
    assert [page.cursor for page in pages] == [None, numbers[0], None, numbers[1]]
    row = pages[2].rows[0]
    assert (row.external_id, row.reference) == ("A-1", uid_of(1))
    assert decode_body(row.body)["Состояние"] == {
        "Номер1С": "ЗК-000002",
        "Дата1С": "2026-11-20",
        "Проведен": True,
        "Отменен": False,
        "Отгружен": True,
        "Оплачен": True,
    }


@pytest.mark.parametrize("behaviour", [OLD, NEW], ids=["old", "new"])
def test_orders_that_come_back_in_pieces_are_put_together(tmp_path: Path, behaviour: object) -> None:
    shop = Shop(tmp_path / "shop", file_limit=1)
    shop.offer(range(1000), comment="слово " * 200)
    with shop.open() as url:
        base = new_base()
        session = played(url, base, behaviour)  # type: ignore[arg-type]
        assert session.orders() == 1000
        assert sum(step.mode == "file" for step in session.steps) > 2
    assert shop.statuses() == {"done": 1000}
    assert len(shop.inbox) == 1


def test_a_whole_file_that_nobody_asked_to_be_imported_is_used_at_the_end(shop: Shop) -> None:
    shop.offer([1])
    with shop.open() as url:
        base = new_base()
        with pytest.raises(Disconnected):
            played(url, base, UT11, cuts=Cuts({"import": ["before"]})).orders()
        assert shop.statuses() == {"offered": 1}
    assert shop.statuses() == {"done": 1}


DOCUMENT = """<?xml version="1.0"?><КоммерческаяИнформация ВерсияСхемы="2.05"><Документ><Ид>{id}</Ид>
<Номер>{number}</Номер><Дата>{day}</Дата><ХозОперация>Заказ товара</ХозОперация></Документ></КоммерческаяИнформация>"""
OWN = "aaaaaaaa-360e-11e9-8d92-fa163e8ba11d"


@pytest.mark.parametrize(
    ("id", "number", "day", "left"),
    [
        (uid_of(1), "whatever", "2026-01-01", {"done": 1}),
        ("17", "A-1", "2026-11-20", {"done": 1}),
        (OWN, "A-1", "2026-11-20", {"done": 1}),
        (OWN, "A-1", "2026-11-25", {"offered": 1}),
        (OWN, "A-2", "2026-11-20", {"offered": 1}),
        (uid_of(2), "A-3", "2026-11-20", {"offered": 1}),
    ],
    ids=["our key", "number", "number, key of 1c", "1c's own order", "another number", "another order"],
)
def test_an_order_that_comes_back_is_known_again(
    shop: Shop, id: str, number: str, day: str, left: dict[str, int]
) -> None:
    shop.offer([1])
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        raw.call("type=sale&mode=query")
        raw.call("type=sale&mode=init")
        body = DOCUMENT.format(id=id, number=number, day=day).encode()
        assert raw.call("type=sale&mode=file&filename=orders-1.xml", body) == "success"
    assert shop.statuses() == left


def test_an_order_cancelled_before_it_was_given_is_not_given(shop: Shop) -> None:
    shop.offer([1])
    shop.offer([2], cancelled=True, status="cancelled")
    with shop.open() as url:
        assert played(url).orders() == 1
        assert shop.statuses() == {"done": 1}


def test_an_order_cancelled_after_it_was_given_is_told_as_cancelled(shop: Shop) -> None:
    shop.offer([1])
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        raw.call("type=sale&mode=query")
        with shop.store() as store:
            body = store.hub.bodies([uid_of(1)])[uid_of(1)]
            told = body[:-1] + b',"cancelled":true}'
            store.db.run("UPDATE hub SET body = ? WHERE uid = ?", (told, uid_of(1)))
        raw.enter("sale")
        root = etree.fromstring(raw.bytes("type=sale&mode=query"))
    said = {item.findtext("Наименование"): item.findtext("Значение") for item in root.iter("ЗначениеРеквизита")}
    assert said["Отменен"] == "true"


@pytest.mark.parametrize(
    ("line", "rates", "taxes"),
    [
        ({"vat_rate": "20", "vat": 5017}, {"НДС": "20"}, [("НДС", "true", "50.17", "20")]),
        ({"vat_rate": "none"}, {"НДС": "Без НДС"}, []),
        ({}, {}, []),
    ],
    ids=["rate", "exempt", "unsaid"],
)
def test_vat_is_said_where_it_is_known(
    shop: Shop, line: dict[str, object], rates: dict[str, str], taxes: list[tuple[str, ...]]
) -> None:
    shop.offer([1], lines=[{**order(1)["lines"][0], **line}])
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        root = etree.fromstring(raw.bytes("type=sale&mode=query"))
        assert played(url).orders() == 1
    names = ("Наименование", "УчтеноВСумме", "Сумма", "Ставка")
    assert [tuple(tax.findtext(name) for name in names) for tax in root.iter("Налог")] == taxes
    assert {rate.findtext("Наименование"): rate.findtext("Ставка") for rate in root.iter("СтавкаНалога")} == rates


@pytest.mark.parametrize("key", ["g9", "g9#c1"], ids=["good", "characteristic"])
def test_a_good_that_is_linked_goes_by_the_key_of_1c(shop: Shop, key: str) -> None:
    """By `GUID` or `GUID#GUID`: neither its article nor its name there matter then."""
    uid = uid_of(777_777)
    with shop.store() as store, store.transaction(durable=True):
        store.hub.add("product", [(uid, encoded({"name": "Футболка", "sku": "T"}))])
        link = NewLink(key, uid, 1, None, None, None, None, 0, None, 1, "manual", "person", MOMENT.isoformat())
        store.crosswalk.add(store.crosswalk.feed("site", "product"), [link])
    shop.offer([1], lines=[{**order(1)["lines"][0], "product": uid}])
    good = Good(guid="g9", name="Майка", article="M", characteristic=key.partition("#")[2])
    base = new_base()
    base.goods.append(good)
    with shop.open() as url:
        assert played(url, base).orders() == 1
        assert shop.statuses() == {"done": 1}
    assert base.orders["A-1"].lines[0]["Ид"] == key
    assert base.made == [] and good in base.goods


def test_a_good_that_is_not_linked_is_found_by_1c_by_article_then_by_name(shop: Shop) -> None:
    line = order(1)["lines"][0]
    shop.offer([1], lines=[{**line, "sku": "ESP", "name": "Футболка"}])
    shop.offer([2], lines=[{**line, "sku": "none", "name": "Кофе"}])
    shop.offer([3], lines=[{**line, "sku": "none", "name": "Кофе молотый"}])
    base = new_base()
    with shop.open() as url:
        assert played(url, base).orders() == 3
    assert [base.orders[f"A-{number}"].lines[0]["Ид"] for number in (1, 2)] == ["g1", "g1"]
    assert base.made == ["Кофе молотый"], "1C makes what it does not know: nothing like it is taken for it"
