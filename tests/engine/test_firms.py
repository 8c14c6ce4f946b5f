"""Firms: an INN with its KPP names a branch, an INN alone a firm; neither is ever taken for another in silence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.sync.identity import contradict, identifiers
from connector.sync.regroup import Anchor, Loose, regroup
from tests.engine.test_match import SPOKES, Three
from tests.engine.worlds import new_store

INN, OTHER = "7701234567", "7707083893"
KPP, BRANCH = "770101001", "780143001"
PERSON = "500100732259"
PHONE = "+79160000001"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Three]:
    three = Three(store=new_store(f"sqlite:///{tmp_path}/store.db"))
    yield three
    three.store.close()


def firm(world: Three, spoke: str, title: str, **fields: str) -> None:
    world.systems[spoke].add("customer", title=title, kind="legal", **fields)


def asked(world: Three) -> set[frozenset[str]]:
    """The pairs that a person is asked about, by their titles."""
    return {frozenset(title for side in pair for title in side) for pair in world.questions()}


def people(world: Three) -> set[frozenset[str]]:
    return {titles for titles in world.people() if titles}


ORDERS = list(itertools.permutations(SPOKES[:2]))


@pytest.mark.parametrize("order", ORDERS)
def test_an_inn_alone_beside_the_same_inn_with_a_kpp_is_asked_about(world: Three, order: tuple[str, str]) -> None:
    firm(world, order[0], "Рога", inn=INN)
    firm(world, order[1], "Копыта", inn=INN, kpp=KPP)
    world.run()
    assert people(world) == {frozenset({"Рога"}), frozenset({"Копыта"})}, "never taken for the same"
    assert asked(world) == {frozenset({"Рога", "Копыта"})}
    assert sum(len(system.rows("customer")) for system in world.systems.values()) == 2, "nor entered twice"


def test_who_comes_later_is_asked_about_even_where_the_firm_is_known(world: Three) -> None:
    firm(world, "x", "Рога", inn=INN, kpp=KPP, mail="a@x.ru")
    world.run()
    assert [len(world.systems[spoke].rows("customer")) for spoke in SPOKES] == [1, 1, 1]
    firm(world, "y", "Копыта", inn=INN, mail="b@x.ru")
    world.run()
    assert asked(world) == {frozenset({"Рога", "Копыта"})}
    assert [len(world.systems[spoke].rows("customer")) for spoke in SPOKES] == [1, 2, 1], "it is entered nowhere else"


def test_branches_of_one_firm_are_different_and_nobody_is_asked(world: Three) -> None:
    firm(world, "x", "Москва", inn=INN, kpp=KPP, mail="a@x.ru")
    firm(world, "y", "Петербург", inn=INN, kpp=BRANCH, mail="b@x.ru")
    world.run()
    assert not asked(world)
    assert [len(world.systems[spoke].rows("customer")) for spoke in SPOKES] == [2, 2, 2]


def test_the_same_branch_is_one(world: Three) -> None:
    firm(world, "x", "Рога", inn=INN, kpp=KPP, mail="a@x.ru")
    firm(world, "y", "Рога", inn=INN, kpp=KPP)
    world.run()
    assert not asked(world)
    assert [len(world.systems[spoke].rows("customer")) for spoke in SPOKES] == [1, 1, 1]


def test_an_inn_of_a_person_needs_no_kpp(world: Three) -> None:
    firm(world, "x", "ИП", inn=PERSON, mail="a@x.ru")
    firm(world, "y", "ИП", inn=PERSON)
    world.run()
    assert not asked(world)
    assert [len(world.systems[spoke].rows("customer")) for spoke in SPOKES] == [1, 1, 1]


@pytest.mark.parametrize("other", [{"inn": OTHER}, {"inn": INN, "kpp": BRANCH}, {"inn": PERSON}])
def test_a_phone_does_not_make_two_firms_one(world: Three, other: dict[str, Any]) -> None:
    """One bookkeeper's phone stands at both."""
    firm(world, "x", "Рога", inn=INN, kpp=KPP, phone=PHONE)
    firm(world, "y", "Копыта", phone=PHONE, **other)
    world.run()
    assert people(world) == {frozenset({"Рога"}), frozenset({"Копыта"})}
    assert asked(world) == {frozenset({"Рога", "Копыта"})}


def test_a_phone_joins_where_the_firm_is_said_by_one_side_or_in_part(world: Three) -> None:
    firm(world, "x", "Рога", inn=INN, kpp=KPP, phone=PHONE)
    firm(world, "y", "Рога", inn=INN, phone=PHONE)
    firm(world, "z", "Рога", phone=PHONE)
    world.run()
    assert not asked(world)
    assert [len(world.systems[spoke].rows("customer")) for spoke in SPOKES] == [1, 1, 1]


def test_a_stranger_with_the_phone_does_not_part_whom_the_inn_joins(world: Three) -> None:
    firm(world, "x", "Рога", inn=INN, kpp=KPP, phone=PHONE)
    firm(world, "y", "Рога", inn=INN, kpp=KPP)
    firm(world, "z", "Копыта", inn=OTHER, phone=PHONE)
    world.run()
    assert {frozenset({"Рога"}), frozenset({"Копыта"})} == people(world)
    assert asked(world) == {frozenset({"Рога", "Копыта"})}


# -- the pure parts


def keys(inn: str, kpp: str | None = None, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (*identifiers("customer", {"inn": inn, "kpp": kpp}), *more)


def test_a_stored_link_outweighs_an_inn() -> None:
    one = Loose("x", "1", 1, "u1", "created", keys(INN, KPP, ("id_1c", "g")))
    other = Loose("y", "1", 2, "u2", "created", keys(OTHER, KPP, ("id_1c", "g")))
    groups, questions = regroup([one, other], [])
    assert [len(group.rows) for group in groups] == [2] and not questions


def test_a_newcomer_without_a_kpp_is_asked_about_beside_every_branch_and_they_are_not() -> None:
    kpps = (KPP, BRANCH)
    anchors = [Anchor(f"u{n}", {"x": "created"}, frozenset(keys(INN, kpp))) for n, kpp in enumerate(kpps)]
    newcomer = Loose("y", "1", 9, "u9", "created", keys(INN))
    _, (question,) = regroup([newcomer], anchors)
    assert question.group.rows == [newcomer]
    assert [rival.anchor for rival in question.rivals] == anchors


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        ((INN, KPP), (INN, KPP), False),
        ((INN, KPP), (INN, None), False),
        ((INN, KPP), (INN, BRANCH), True),
        ((INN, None), (OTHER, None), True),
        ((INN, KPP), (PERSON, None), True),
    ],
)
def test_what_contradicts(one: tuple[str, str | None], other: tuple[str, str | None], different: bool) -> None:
    assert contradict(keys(*one), keys(*other)) is different
    assert contradict(keys(*other), keys(*one)) is different
    assert not contradict(keys(*one), [("phone", PHONE)])
