"""One customer base in three systems: what one run carries, what it leaves alone, what it asks."""

from __future__ import annotations

from tests.engine.worlds import World, written


def test_a_person_is_created_where_missing_and_the_second_run_is_empty(world: World) -> None:
    world.till.add("customer", full="Петров Иван Сергеевич", phone="+79161234567", city="Москва")
    first = world.sync()
    assert first.status == "clean", first.as_json()
    assert [row["title"] for row in world.rows("books").values()] == ["Петров Иван Сергеевич"]
    assert [row["phone"] for row in world.rows("shop").values()] == ["79161234567"]
    till = next(iter(world.rows("till").values()))
    assert till["id_1c"] in world.rows("books")
    second = world.sync()
    assert written(second) == 0
    assert second.status == "clean"


def test_people_are_linked_by_phone_and_differences_are_decided_by_the_authority(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", city="Химки")
    world.books.insert("customer", {"title": "Иван Петров", "phone": "8 (916) 123-45-67", "city": "Москва"}, "b1")
    report = world.sync()
    assert len(world.rows("till")) == len(world.rows("books")) == len(world.rows("shop")) == 1
    assert next(iter(world.rows("till").values()))["city"] == "Москва"
    conflict = next(c for c in report.conflicts if c.field == "city")
    assert (conflict.rule, conflict.winner) == ("first", "books")
    assert conflict.values == {"books": "Москва", "till": "Химки"}
    assert written(world.sync()) == 0


def test_an_edit_travels_everywhere(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    shop_id = next(iter(world.rows("shop")))
    world.shop.edit("customer", shop_id, address="Мира, 5")
    report = world.sync()
    assert written(report) == 2
    assert next(iter(world.rows("books").values()))["address"] == "Мира, 5"
    assert next(iter(world.rows("till").values()))["address"] == "Мира, 5"
    assert written(world.sync()) == 0


def test_two_edits_of_different_fields_do_not_meet(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    world.sync()
    world.shop.edit("customer", next(iter(world.rows("shop"))), address="Мира, 5")
    world.till.edit("customer", next(iter(world.rows("till"))), city="Тверь")
    report = world.sync()
    assert not report.conflicts
    for account in ("books", "till", "shop"):
        row = next(iter(world.rows(account).values()))
        assert (row["address"], row["city"]) == ("Мира, 5", "Тверь")


def test_two_edits_of_one_field_are_a_conflict_and_no_value_is_lost(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", city="Москва")
    world.sync()
    world.books.edit("customer", next(iter(world.rows("books"))), city="Тверь")
    world.till.edit("customer", next(iter(world.rows("till"))), city="Псков")
    report = world.sync()
    (conflict,) = report.conflicts
    assert conflict.values == {"books": "Тверь", "till": "Псков"}
    assert (conflict.base, conflict.winner, conflict.rule) == ("Москва", "books", "spokes")
    assert {row["city"] for account in ("books", "till", "shop") for row in world.rows(account).values()} == {"Тверь"}
    assert written(world.sync()) == 0
    assert len(world.store.conflicts.all()) == 1


def test_a_lost_answer_makes_no_second_record(world: World) -> None:
    from connector.errors import OutcomeUnknown
    from connector.systems.memory import Fault, Script

    world.till.add("customer", full="Петров Иван", phone="+79161234567")
    for system in (world.books, world.shop):
        system.faults = Script(Fault("create", "after", OutcomeUnknown("lost")))
    first = world.sync()
    assert first.status == "attention"
    assert len(world.store.outbox.with_status("unknown")) == 2
    second = world.sync()
    assert len(world.rows("books")) == len(world.rows("shop")) == 1
    assert second.status == "clean", second.as_json()
    assert written(world.sync()) == 0


def test_deactivation_travels_and_a_deletion_against_an_edit_is_asked(world: World) -> None:
    one = world.till.add("customer", full="Петров Иван", phone="+79161234567")
    two = world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    world.till.add("customer", full="Белов Олег", phone="+79161234569")
    world.sync()
    shop = {row["name"]: key for key, row in world.rows("shop").items()}
    world.till.remove("customer", one)
    world.till.remove("customer", two)
    world.shop.edit("customer", shop["Сидоров Пётр"], address="Мира, 5")
    report = world.sync()
    by_name = {row["name"]: row["status"] for row in world.rows("shop").values()}
    assert by_name == {"Петров Иван": "0", "Сидоров Пётр": "1", "Белов Олег": "1"}, report.conflicts
    (conflict,) = world.store.conflicts.all("open")
    assert (conflict.field, conflict.rule) == ("active", "manual")
    assert written(world.sync()) == 0
    assert len(world.store.conflicts.all("open")) == 1


def test_a_number_typed_at_the_till_becomes_a_card(world: World) -> None:
    key = world.till.add("customer", full="Петров Иван", phone="+79161234567", card="1001")
    report = world.sync()
    assert [row["number"] for row in world.rows("books", "card").values()] == ["1001"], report.as_json()
    assert [row["number"] for row in world.rows("shop", "card").values()] == ["1001"]
    owner = next(iter(world.rows("books", "card").values()))["owner"]
    assert owner in world.rows("books")
    assert written(world.sync()) == 0
    world.till.edit("customer", key, card="1002")
    world.sync()
    assert {row["number"] for row in world.rows("books", "card").values()} == {"1001", "1002"}
    assert world.rows("till")[key]["card"] == "1002"
    assert written(world.sync()) == 0


def test_a_card_that_has_a_holder_is_asked_about(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", card="1001")
    other = world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    world.sync()
    world.till.edit("customer", other, card="1001")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    assert (conflict.kind, conflict.entity) == ("identity", "card")
    assert len(world.rows("books", "card")) == 1


def test_two_people_on_one_phone_are_never_guessed(world: World) -> None:
    world.books.insert("customer", {"title": "Мама", "phone": "+79161234567"}, "m")
    world.books.insert("customer", {"title": "Дочь", "phone": "+79161234567"}, "d")
    world.till.add("customer", full="Мама", phone="+79161234567")
    report = world.sync()
    assert len(world.rows("books")) == 2
    assert len(world.rows("till")) == 1
    assert len(world.rows("shop")) == 0
    assert [c.kind for c in world.store.conflicts.all("open")] == ["identity"]
    assert report.status == "attention"
    assert written(world.sync()) == 0


def test_groups_are_joined_by_a_person_only(world: World) -> None:
    world.till.add("group", name="Оптовики", percent="5")
    world.shop.add("group", name="Оптовики", percent="5")
    key = world.till.add("customer", full="Петров Иван", phone="+79161234567", group_id="1")
    world.sync()
    assert next(iter(world.rows("shop").values()))["group_id"] == ""
    from connector.sync.people import join, proposals

    (proposal,) = proposals(world.store, "group")
    assert proposal.score == 100
    link = world.store.crosswalk.of([proposal.other])[proposal.other][0]
    join(world.store, link, proposal.uid, at="now", by="test")
    world.sync()
    assert next(iter(world.rows("shop").values()))["group_id"] == "1", key
    assert written(world.sync()) == 0


def test_creates_go_in_batches_and_a_lost_batch_is_looked_for(world: World) -> None:
    from dataclasses import replace

    from connector.errors import OutcomeUnknown
    from connector.systems.memory import Fault, Script

    world.till.tables["customer"] = replace(world.till.tables["customer"], create_batch=50)
    for number in range(10):
        world.books.insert("customer", {"title": f"Имя {number}", "phone": f"+7916000000{number}"}, f"b{number}")
    world.till.faults = Script(Fault("create", "after", OutcomeUnknown("lost")))
    world.sync()
    assert len(world.rows("till")) == 10
    assert len(world.store.outbox.with_status("unknown")) == 10
    world.till.faults = None
    before = world.adapters["till"].requests()
    second = world.sync()
    assert len(world.rows("till")) == 10
    assert second.status == "clean", second.as_json()
    assert written(world.sync()) == 0
    assert before > 0


def test_a_batch_with_a_refused_record_is_tried_one_by_one(world: World) -> None:
    from dataclasses import replace

    world.till.tables["customer"] = replace(world.till.tables["customer"], create_batch=50)
    for number in range(3):
        world.books.insert("customer", {"title": f"Имя {number}", "phone": f"+7916000000{number}"}, f"b{number}")
    taken = world.till.add("customer", full="Другой Человек", phone="0")
    real = world.till.insert

    def refusing(entity: str, fields: object, external_id: str | None) -> object:
        if isinstance(fields, dict) and "Имя 1" in str(fields.get("full")):
            from connector.errors import Invalid

            raise Invalid("this name is not acceptable")
        return real(entity, fields, external_id)  # type: ignore[arg-type]

    world.till.insert = refusing  # type: ignore[method-assign, assignment]
    report = world.sync()
    assert taken
    assert len(world.rows("till")) == 3
    assert report.route("customer", "till").refused == 1
    assert written(world.sync()) == 0
