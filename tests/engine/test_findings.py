"""What a cautious reader found: each case doubled, lost or silently changed something once."""

from __future__ import annotations

import pytest

import connector.sync.planning as planning
from connector.errors import Invalid, OutcomeUnknown, Unavailable, UsageError
from connector.model.routes import Rule
from connector.sync.people import merge_records
from connector.sync.resolve import Resolver
from connector.systems.memory import Fault, Script
from tests.engine.worlds import World


def resolver(world: World) -> Resolver:
    engine = world.engine()
    return Resolver(world.store, {one.entity: one for one in engine.routes}, engine.mappings, at="2026", by="me")


def test_a_card_read_before_its_holder_finds_him_later(world: World) -> None:
    world.books.insert("customer", {"title": "Иванов Иван", "phone": "+79160000001"}, "b1")
    world.books.insert("card", {"number": "100301", "owner": "b1", "status": "active"}, "c1")
    eng = world.adapters["books"]
    real = eng.feed

    def feed(entity, paths, cursor):
        if entity == "customer":
            raise Unavailable("x", account="books")
        return real(entity, paths, cursor)

    eng.feed = feed
    world.sync()
    eng.feed = real
    world.sync()
    world.sync()
    assert next(iter(world.rows("shop", "card").values()))["owner"]
    assert next(iter(world.rows("till").values()))["card"] == "100301"


def test_a_write_that_a_system_ignores_undoes_nothing_elsewhere(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", city="Москва")
    world.sync()
    world.sync()
    till = world.till
    real = till.change

    def change(entity, external_id, fields):
        f = {k: v for k, v in dict(fields).items() if k != "city"}
        return real(entity, external_id, f)

    till.change = change
    world.books.edit("customer", next(iter(world.rows("books"))), city="Тверь")
    world.sync()
    world.sync()
    assert next(iter(world.rows("books").values()))["city"] == "Тверь"


def test_a_plan_that_is_counted_in_parts_still_shows_every_operation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning.Planner, "KEEP", 2)
    for number in range(5):
        world.till.add("customer", full=f"Петров Иван{number}", phone=f"+7916123456{number}")
    planned = [(operation.account, operation.verb) for operation in world.plan().operations]
    assert sorted(planned) == [("books", "create")] * 5 + [("shop", "create")] * 5


def test_a_person_merged_before_the_answer_gets_no_link_back(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    world.books.insert("customer", {"title": "А", "phone": "+79160000002", "mail": "a@b.ru"}, "x1")
    world.books.insert("customer", {"title": "Б", "phone": "+79160000003", "mail": "a@b.ru"}, "x2")
    world.till.add("customer", full="В", phone="+79160000004", email="a@b.ru")
    world.sync()
    open_ = [c for c in world.store.conflicts.all("open") if c.kind == "identity"]
    assert open_, "no identity"
    c = open_[0]
    rivals = [u for us in c.values.values() for u in us]
    assert len(rivals) == 2
    merge_records(world.store, rivals[1], rivals[0], at="2026", by="me")
    resolver(world).value(c.id, "separate")
    world.sync()
    world.sync()
    links = world.store.crosswalk.of([rivals[1]])[rivals[1]]
    assert not links


def test_a_merged_candidate_stands_for_its_survivor(world: World) -> None:
    world.books.insert("customer", {"title": "А", "phone": "+79160000002", "mail": "a@b.ru"}, "x1")
    world.books.insert("customer", {"title": "Б", "phone": "+79160000003", "mail": "a@b.ru"}, "x2")
    world.till.add("customer", full="В", phone="+79160000004", email="a@b.ru")
    world.sync()
    c = next(c for c in world.store.conflicts.all("open") if c.kind == "identity")
    rivals = [u for us in c.values.values() for u in us]
    merge_records(world.store, rivals[1], rivals[0], at="2026", by="me")
    resolver(world).value(c.id, rivals[1])
    assert not world.store.crosswalk.of([rivals[1]])[rivals[1]]


def test_a_card_that_changes_hands_stands_at_one_person_only(world: World) -> None:
    world.books.insert("customer", {"title": "Иванов Иван", "phone": "+79160000001"}, "b1")
    world.books.insert("customer", {"title": "Петров Пётр", "phone": "+79160000002"}, "b2")
    world.books.insert("card", {"number": "100301", "owner": "b1", "status": "active"}, "c1")
    world.sync()
    world.sync()
    world.books.edit("card", "c1", owner="b2")
    for _ in range(3):
        world.sync()
    cards = {r["phone"]: r["card"] for r in world.rows("till").values()}
    assert sorted(cards.values()) == ["0", "100301"]


def test_a_merged_person_stays_while_one_of_his_rows_does(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.till.add("customer", full="Петров Иван", phone="+79161234568")
    world.sync()
    rows = list(world.rows("till"))
    u = [world.store.crosswalk.at("till", "customer", k).uid for k in rows]
    merge_records(world.store, u[1], u[0], at="2026", by="me")
    world.sync()
    world.sync()
    world.till.remove("customer", rows[0])
    world.sync()
    x = world.store.hub.bodies([u[0]])
    assert b'"active":true' in x[u[0]]


def test_a_route_without_consent_does_not_hold_up_another(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    world.books.insert("card", {"number": "100301", "owner": next(iter(world.rows("books"))), "status": "active"}, "c1")
    world.till.edit("customer", next(iter(world.rows("till"))), city="Тверь")
    world.sync(consent=lambda _r: False)
    assert next(iter(world.rows("books").values()))["city"] == "Тверь"


def test_an_empty_feed_after_a_refused_consent_deactivates_nobody(world: World) -> None:
    for i in range(30):
        world.till.add("customer", full=f"Петров Иван{i}", phone=f"+791612345{i:02d}")
        world.books.insert("customer", {"title": f"Петров Иван{i}", "phone": f"+791612345{i:02d}"}, f"b{i}")
    world.sync(consent=lambda _r: False)
    eng = world.adapters["till"]
    real = eng.feed

    def feed(entity, paths, cursor):
        if entity != "customer":
            yield from real(entity, paths, cursor)

    eng.feed = feed
    world.sync()
    assert not any(r["marked"] for r in world.rows("books").values())


def test_an_edit_of_a_reference_between_look_and_write_is_traced(world: World) -> None:
    world.books.insert("group", {"name": "VIP"}, "g1")
    world.books.insert("group", {"name": "Опт"}, "g2")
    world.books.insert("group", {"name": "Р"}, "g3")
    for n in ("VIP", "Опт", "Р"):
        world.till.add("group", name=n)
    from connector.sync.people import join

    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.books.insert("customer", {"title": "Петров Иван", "phone": "+79161234567", "folder": "g1"}, "b1")
    world.sync()
    for i, t in enumerate(world.rows("till", "group")):
        link = world.store.crosswalk.at("till", "group", t)
        g = world.store.crosswalk.at("books", "group", f"g{i + 1}")
        join(world.store, link, g.uid, at="2026", by="me")
    world.sync()
    world.sync()
    tg = list(world.rows("till", "group"))
    tid = next(iter(world.rows("till")))
    world.books.edit("customer", "b1", folder="g2")
    ad = world.adapters["till"]
    real = ad.get
    done = []

    def get(entity, external_id, paths):
        if not done and entity == "customer":
            done.append(1)
            world.till.edit("customer", tid, group_id=tg[2])
        return real(entity, external_id, paths)

    ad.get = get
    world.sync()
    world.sync()
    assert any(c.field == "group" for c in world.store.conflicts.all() if c.entity == "customer"), "lost untraced"


def test_what_cannot_be_read_is_not_overwritten(world: World) -> None:
    world.books.insert(
        "customer",
        {"title": "Петров Иван", "phone": "+79161234567", "mail": "a@b.ru", "inn": "7707083893", "kpp": "770701001"},
        "b1",
    )
    world.till.add("customer", full="Петров Иван", phone="+79161234567", email="звонить Анне")
    world.sync()
    world.sync()
    assert next(iter(world.rows("till").values()))["email"] == "звонить Анне"


def test_a_stranger_with_the_phone_of_a_lost_create_meets_for_the_first_time(world: World) -> None:
    world.books.insert("customer", {"title": "Петров Иван", "phone": "+79161234567", "city": "Москва"}, "b1")

    class K(BaseException):
        pass

    ad = world.adapters["till"]
    real = ad.create

    def create(*a):
        raise K()

    ad.create = create
    ad.create_many = create
    with pytest.raises(K):
        world.sync()
    del ad.create_many
    ad.create = real
    world.till.add("customer", full="Сидорова Анна", phone="+79161234567", city="Псков")
    world.sync()
    world.sync()
    assert next(iter(world.rows("books").values()))["city"] == "Москва"
    assert world.store.conflicts.all()


def test_a_refused_look_up_leaves_the_account_in_use(world: World) -> None:
    """One record that cannot be looked for must not keep everything else from that system, run after run."""
    world.books.insert("customer", {"title": "Петров Иван", "phone": "+79161234567"}, "b1")
    world.till.faults = Script(Fault("create", "after", OutcomeUnknown("lost")))
    world.sync()
    world.till.faults = Script(Fault("find", "before", Invalid("this phone cannot be searched for"), count=99))
    world.books.insert("customer", {"title": "Сидорова Анна", "phone": "+79161234568"}, "b2")
    report = world.sync()
    assert report.status == "attention"
    assert sorted(row["full"] for row in world.rows("till").values()) == ["Петров Иван", "Сидорова Анна"]
    assert [operation.uid for operation in world.store.outbox.with_status("unknown", "parked")]
    world.till.faults = None
    world.sync()
    assert len(world.rows("till")) == 2
    assert not world.store.outbox.with_status("sent", "unknown", "parked")


def test_a_typed_phone_is_carried_as_a_phone(world: World) -> None:
    world.authority = {"phone": Rule("manual"), "birthday": Rule("manual")}
    world.till.add("customer", full="Петров Иван", phone="+79161234567", city="Москва")
    world.sync()
    world.books.edit("customer", next(iter(world.rows("books"))), phone="+79160000001")
    world.till.edit("customer", next(iter(world.rows("till"))), phone="+79160000002")
    world.sync()
    c = world.store.conflicts.all("open")[0]
    resolver(world).value(c.id, "8 (916) 000-00-03")
    world.sync()
    world.sync()
    uid = world.store.crosswalk.all("customer")[0].uid
    assert b"+79160000003" in world.store.hub.bodies([uid])[uid]


def test_an_inactive_duplicate_does_not_hold_up_the_active_one(world: World) -> None:
    world.books.insert("customer", {"title": "Петров Иван", "phone": "+79161234567", "marked": True}, "b0")
    world.books.insert("customer", {"title": "Петров Иван", "phone": "+79161234567"}, "b1")
    world.sync()
    world.sync()
    assert len(world.rows("till")) == 1


def test_a_typed_value_must_be_one(world: World) -> None:
    world.authority = {"phone": Rule("manual")}
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    world.books.edit("customer", next(iter(world.rows("books"))), phone="+79160000001")
    world.till.edit("customer", next(iter(world.rows("till"))), phone="+79160000002")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    with pytest.raises(UsageError):
        resolver(world).value(conflict.id, "не знаю")
    resolver(world).value(conflict.id, "8 (916) 000-00-03")
    world.sync()
    assert next(iter(world.rows("books").values()))["phone"] == "+79160000003"


def test_nothing_is_created_before_every_system_was_read(world: World) -> None:
    world.books.insert("customer", {"title": "Петров Иван", "phone": "+79161234567"}, "b1")
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    report = world.sync(account="books")
    assert len(world.rows("till")) == 1
    assert len(world.rows("shop")) == 0
    assert "customer/till" in report.unread
    world.sync()
    assert len(world.rows("till")) == len(world.rows("books")) == len(world.rows("shop")) == 1
