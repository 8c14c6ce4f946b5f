"""Questions of who is who with several candidates: one answer answers about one of them."""

from __future__ import annotations

import pytest

from connector.errors import UsageError
from connector.model.states import Conflict
from connector.sync.people import merge_records
from connector.sync.resolve import Resolver
from tests.engine.worlds import World, written

AT = "2026-11-21T10:00:00+00:00"
MAIL = "a@b.ru"


def resolver(world: World) -> Resolver:
    routes = {routes.entity: routes for routes in world.routes()}
    return Resolver(world.store, routes, world.engine().mappings, at=AT, by="anna")


def questions(world: World) -> list[Conflict]:
    return [conflict for conflict in world.store.conflicts.all("open") if conflict.kind == "identity"]


def candidates(conflict: Conflict) -> set[str]:
    return {uid for uids in conflict.values.values() for uid in uids}


def uid_at(world: World, account: str, external_id: str) -> str:
    link = world.store.crosswalk.at(account, "customer", external_id)
    assert link is not None
    return link.uid


@pytest.fixture
def asked(world: World) -> tuple[Conflict, str, str]:
    """Somebody at the till with the e-mail of two in the books: the question, and both of them."""
    world.books.insert("customer", {"title": "А", "phone": "+79160000002", "mail": MAIL}, "x1")
    world.books.insert("customer", {"title": "Б", "phone": "+79160000003", "mail": MAIL}, "x2")
    world.till.add("customer", full="В", phone="+79160000004", email=MAIL)
    world.sync()
    (conflict,) = questions(world)
    one, other = uid_at(world, "books", "x1"), uid_at(world, "books", "x2")
    assert candidates(conflict) == {one, other}
    return conflict, one, other


def test_the_other_candidates_stay_asked_about_in_a_question_of_their_own(
    world: World, asked: tuple[Conflict, str, str]
) -> None:
    conflict, one, other = asked
    resolver(world).value(conflict.id, one)
    answered = world.store.conflicts.get(conflict.id)
    assert answered is not None
    assert (answered.status, answered.winner, answered.by) == ("resolved", one, "anna")
    (left,) = questions(world)
    assert (left.uid, candidates(left), left.id != conflict.id) == (one, {other}, True)
    world.sync()
    assert questions(world) == [left], "a run neither answers nor forgets it"
    resolver(world).value(left.id, "separate")
    assert not questions(world)
    world.sync()
    assert written(world.sync()) == 0
    assert not questions(world), "what was answered is not asked again"


def test_different_ones_answers_about_all_of_them(world: World, asked: tuple[Conflict, str, str]) -> None:
    resolver(world).value(asked[0].id, "separate")
    assert not questions(world)


def test_a_merge_by_hand_answers_what_it_answers_and_no_more(world: World, asked: tuple[Conflict, str, str]) -> None:
    conflict, one, other = asked
    merge_records(world.store, conflict.uid, one, at=AT, by="anna")
    (left,) = questions(world)
    assert (left.uid, candidates(left)) == (one, {other})
    merge_records(world.store, other, one, at=AT, by="anna")
    assert not questions(world)


def test_candidates_who_are_merged_become_one_candidate(world: World, asked: tuple[Conflict, str, str]) -> None:
    conflict, one, other = asked
    merge_records(world.store, other, one, at=AT, by="anna")
    (left,) = questions(world)
    assert (left.id, candidates(left)) == (conflict.id, {one})
    resolver(world).value(conflict.id, other)
    assert uid_at(world, "till", "1") == one, "an older name of a candidate still names it"
    assert not questions(world)


def test_a_candidate_is_named_by_its_place(world: World, asked: tuple[Conflict, str, str]) -> None:
    conflict, one, _ = asked
    with pytest.raises(UsageError, match="books has no customer x9"):
        resolver(world).value(conflict.id, "books:x9")
    with pytest.raises(UsageError, match="none of the candidates"):
        resolver(world).value(conflict.id, "till:1")
    resolver(world).value(conflict.id, "books:x1")
    assert uid_at(world, "till", "1") == one


def test_a_place_may_say_its_entity(world: World, asked: tuple[Conflict, str, str]) -> None:
    conflict, _, other = asked
    resolver(world).value(conflict.id, "books:customer:x2")
    assert uid_at(world, "till", "1") == other


def test_whose_card_is_answered_by_a_place_and_by_a_merge(world: World) -> None:
    one = world.till.add("customer", full="Петров Иван", phone="+79161234567", card="1001")
    two = world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    world.sync()
    world.till.edit("customer", two, card="1001")
    world.sync()
    (conflict,) = questions(world)
    assert (conflict.entity, conflict.field) == ("card", "customer")
    merge_records(world.store, uid_at(world, "till", two), uid_at(world, "till", one), at=AT, by="anna")
    assert not questions(world), "it is one person's card in any case"
    assert world.store.conflicts.all()[0].by == "anna"


def test_the_holder_of_a_card_is_named_by_his_place(world: World) -> None:
    world.till.add("customer", full="Петров Иван", phone="+79161234567", card="1001")
    two = world.till.add("customer", full="Сидоров Пётр", phone="+79161234568")
    world.sync()
    world.till.edit("customer", two, card="1001")
    world.sync()
    resolver(world).value(questions(world)[0].id, f"till:{two}")
    world.sync()
    assert {row["first"]: row["card"] for row in world.rows("till").values()} == {"Иван": "0", "Пётр": "1001"}
