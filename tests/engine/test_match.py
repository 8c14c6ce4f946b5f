"""Who is who: whatever the order of rows, pages and accounts, the same rows come together, and the same are asked.

The expected result is worked out by `spec`, which shares no code with the engine: a value that two rows of one system
carry joins nobody; any other value joins; what is joined is one record when no system has two rows in it.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from connector.errors import Unavailable
from connector.model.records import fields_of
from connector.model.routes import EntityRoutes, Route, Rule
from connector.model.states import Conflict
from connector.store import Store
from connector.sync.engine import Engine, Options
from connector.sync.regroup import Anchor, Loose, regroup
from connector.sync.report import RunReport
from connector.systems.memory import Column, Fault, Kill, MemoryAdapter, MemorySystem, Script, Table
from tests.engine.worlds import Clock, digits, mail, mapping, new_store

SPOKES = ("x", "y", "z")
PHONES = ("", "+79160000001", "+79160000002")
MAILS = ("", "e1@x.ru", "e2@x.ru")


class R(NamedTuple):
    """A row of one of three equal systems; `stamp` is the 1C key that it keeps."""

    spoke: str
    phone: str = ""
    mail: str = ""


def tables() -> dict[str, Table]:
    text = Column(default="")
    plain = dict.fromkeys(("title", "kind", "folder", "address", "city", "note", "inn", "kpp"), text)
    columns = {
        **plain,
        "phone": Column(scheme="phone", canonical=digits, default=""),
        "mail": Column(scheme="email", canonical=mail, default=""),
        "marked": Column(default=False),
    }
    return {"customer": Table(columns=columns, page_size=2)}


@dataclass
class Three:
    """Three equal systems under any names, and an engine between them."""

    names: Mapping[str, str] = field(default_factory=lambda: {spoke: spoke for spoke in SPOKES})
    store: Store = field(default_factory=new_store)

    def __post_init__(self) -> None:
        self.systems = {name: MemorySystem(tables()) for name in self.names.values()}
        self.adapters = {name: MemoryAdapter(system, account=name) for name, system in self.systems.items()}
        self.random = random.Random(1)
        self.clock = Clock()

    def add(self, rows: Sequence[R], order: Iterable[int] | None = None) -> None:
        for number in range(len(rows)) if order is None else order:
            row = rows[number]
            system = self.systems[self.names[row.spoke]]
            system.add("customer", title=f"r{number}", phone=row.phone, mail=row.mail)

    def run(self, **options: Any) -> RunReport:
        routes = tuple(
            Route(entity="customer", spoke=name, account=name, kind=name, create=True) for name in self.systems
        )
        rules = dict.fromkeys(fields_of("customer"), Rule("spokes", frozenset({self.names["x"]})))
        engine = Engine(
            store=self.store,
            routes=[EntityRoutes(entity="customer", routes=routes, authority=rules, together={})],
            mappings={(name, "customer"): mapping("books", "customer") for name in self.systems},
            adapters=self.adapters,
            clock=self.clock,
            entropy=self.random.randbytes,
            owner="test",
            concurrent=False,
        )
        return engine.run(Options(consent=lambda _report: True, **options))

    def titles(self) -> dict[str, frozenset[str]]:
        """uid -> the rows that are this record."""
        found: dict[str, set[str]] = {}
        for link in self.store.crosswalk.all("customer"):
            if link.seen is not None:
                found.setdefault(link.uid, set()).add(json.loads(link.seen)["title"])
        return {uid: frozenset(titles) for uid, titles in found.items()}

    def people(self) -> frozenset[frozenset[str]]:
        return frozenset(self.titles().values())

    def questions(self) -> frozenset[frozenset[frozenset[str]]]:
        """The pairs of records that a person is asked about."""
        titles = self.titles()
        return frozenset(
            frozenset({titles[conflict.uid], titles[rival]})
            for conflict in self.open()
            for rivals in conflict.values.values()
            for rival in rivals
        )

    def open(self) -> list[Conflict]:
        return [conflict for conflict in self.store.conflicts.all("open") if conflict.kind == "identity"]


@contextmanager
def three(names: Mapping[str, str] | None = None) -> Iterator[Three]:
    world = Three(names or {spoke: spoke for spoke in SPOKES})
    try:
        yield world
    finally:
        world.store.close()


# -- the specification


def spec(rows: Sequence[R]) -> tuple[frozenset[frozenset[str]], frozenset[frozenset[frozenset[str]]]]:
    """Who is one, and who is asked about."""
    carriers: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        for value in filter(None, (row.phone, row.mail)):
            carriers.setdefault(value, []).append(number)
    reach = {number: {number} for number in range(len(rows))}
    for found in carriers.values():
        spokes = [rows[number].spoke for number in found]
        if len(set(spokes)) == len(spokes):
            for one, other in itertools.combinations(found, 2):
                joined = reach[one] | reach[other]
                for number in joined:
                    reach[number] = joined
    people = []
    for part in {frozenset(part) for part in reach.values()}:
        spokes = [rows[number].spoke for number in part]
        people += [part] if len(set(spokes)) == len(spokes) else [frozenset({number}) for number in part]
    of = {number: part for part in people for number in part}
    asked = set()
    for found in carriers.values():
        for one, other in itertools.combinations(found, 2):
            mine, theirs = ({rows[number].spoke for number in of[each]} for each in (one, other))
            if of[one] != of[other] and not mine & theirs:
                asked.add(frozenset({_titled(of[one]), _titled(of[other])}))
    return frozenset(map(_titled, people)), frozenset(asked)


def _titled(numbers: Iterable[int]) -> frozenset[str]:
    return frozenset(f"r{number}" for number in numbers)


rows_st = st.lists(
    st.builds(R, st.sampled_from(SPOKES), st.sampled_from(PHONES), st.sampled_from(MAILS)), min_size=1, max_size=6
)
quick = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(rows=rows_st, order=st.randoms(use_true_random=False), names=st.permutations("abc"))
def test_neither_the_order_of_rows_nor_the_names_of_accounts_matter(
    rows: list[R], order: random.Random, names: list[str]
) -> None:
    numbers = list(range(len(rows)))
    order.shuffle(numbers)
    with three(dict(zip(SPOKES, names, strict=True))) as world:
        world.add(rows, numbers)
        world.run(dry=True)
        people, asked = spec(rows)
        assert world.people() == people
        assert world.questions() == asked
        before = world.titles()
        world.run(dry=True)
        assert world.titles() == before, "a second look finds the same people"
        assert world.questions() == asked


@quick
@given(rows=rows_st, step=st.integers(1, 12), order=st.randoms(use_true_random=False))
def test_a_death_in_the_middle_of_the_feeds_changes_nothing(rows: list[R], step: int, order: random.Random) -> None:
    """What pages have asked themselves is in the store: the next run answers it."""
    numbers = list(range(len(rows)))
    order.shuffle(numbers)
    with three() as world:
        world.add(rows, numbers)
        faults = Script(Fault("feed", "before", Kill(), skip=step))
        for system in world.systems.values():
            system.faults = faults
        try:
            world.run(dry=True)
        except Kill:
            world.run(dry=True)
        people, asked = spec(rows)
        assert world.people() == people
        assert world.questions() == asked


@quick
@given(rows=rows_st)
def test_nobody_in_doubt_is_created_where_a_candidate_lives(rows: list[R]) -> None:
    """While a question is open no system gets a second record of what may be one person."""
    with three() as world:
        world.add(rows)
        _, asked = spec(rows)
        world.run()
        for one, other in asked:
            for system in world.systems.values():
                shown = [row["title"] for row in system.rows("customer").values()]
                assert not (set(shown) & one and set(shown) & other), (asked, shown)


# -- later runs


def test_what_is_linked_is_never_parted_by_a_newcomer() -> None:
    with three() as world:
        world.add([R("x", PHONES[1]), R("y", PHONES[1])])
        world.run(dry=True)
        (uid,) = world.titles()
        world.systems["x"].add("customer", title="new", phone=PHONES[1])
        world.run(dry=True)
        assert world.titles()[uid] == {"r0", "r1"}
        assert len(world.titles()) == 2


def test_a_newcomer_who_may_be_meant_by_an_older_link_is_asked_about() -> None:
    """y was linked to x by a phone alone; now that x shows a second one with that phone, y may be that one."""
    with three() as world:
        world.add([R("y", PHONES[1]), R("x", PHONES[1])])
        world.run(dry=True)
        world.systems["x"].add("customer", title="new", phone=PHONES[1])
        world.run(dry=True)
        assert world.people() == {frozenset({"r0", "r1"}), frozenset({"new"})}
        linked_by_phone = {link.spoke for link in world.store.crosswalk.all("customer") if link.how == "phone"}
        asked = world.questions() == {frozenset({frozenset({"r0", "r1"}), frozenset({"new"})})}
        assert asked == ("x" in linked_by_phone)


def test_an_open_question_keeps_its_candidates_when_another_one_comes() -> None:
    with three() as world:
        world.add([R("x", PHONES[1]), R("x", PHONES[1]), R("y", PHONES[1])])
        world.run(dry=True)
        assert len(world.questions()) == 2
        world.systems["z"].add("customer", title="r3", phone=PHONES[1])
        world.run(dry=True)
        assert len(world.people()) == 4
        pairs = {tuple(sorted(title for part in pair for title in part)) for pair in world.questions()}
        assert pairs == {("r0", "r2"), ("r1", "r2"), ("r0", "r3"), ("r1", "r3"), ("r2", "r3")}


def test_two_new_rows_that_point_at_one_old_record_are_asked_about() -> None:
    with three() as world:
        world.add([R("x", PHONES[1], MAILS[1])])
        world.run(dry=True)
        world.add([R("x"), R("y", PHONES[1]), R("y", mail=MAILS[1])], [1, 2])
        world.run(dry=True)
        assert world.people() == {frozenset({"r0"}), frozenset({"r1"}), frozenset({"r2"})}
        assert len(world.questions()) == 2
        assert len(world.open()) == 1, "it is one question with two candidates"


def test_a_shop_s_own_number_asks_a_bounded_question() -> None:
    rows = [R("x", PHONES[1]) for _ in range(60)] + [R("y", PHONES[1]) for _ in range(60)]
    with three() as world:
        world.add(rows)
        world.run(dry=True)
        assert len(world.people()) == 120
        assert 0 < len(world.open()) <= 120
        concerned = {title for pair in world.questions() for part in pair for title in part}
        assert len(concerned) == 120, "nobody is left out"


# -- stored links


def loose(spoke: str, name: str, *keys: tuple[str, str], uid: str = "", how: str = "created") -> Loose:
    return Loose(spoke, name, hash((spoke, name)), uid or f"u-{spoke}-{name}", how, keys)


def partition(rows: Sequence[Loose], anchors: Sequence[Anchor] = ()) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """By names: the groups, and the pairs of groups that are asked about, each as the names in it."""
    groups, questions = regroup(rows, anchors)

    def named(group: Any) -> frozenset[str]:
        return frozenset([*(row.external_id for row in group.rows), *((group.anchor.uid,) if group.anchor else ())])

    asked = {named(q.group) | named(rival) for q in questions for rival in q.rivals}
    return {named(group) for group in groups}, asked


G, H = ("id_1c", "g"), ("id_1c", "h")
P, E = ("phone", "p"), ("email", "e")


def test_a_stored_link_outweighs_every_trait() -> None:
    """The till row is stamped with g; that another 1C record has its phone means nothing."""
    rows = [loose("onec", "g", G), loose("onec", "h", H, P), loose("till", "t", G, P)]
    for order in itertools.permutations(rows):
        groups, asked = partition(order)
        assert groups == {frozenset("gt"), frozenset("h")}
        assert not asked


def test_a_trait_extends_what_a_stored_link_joins() -> None:
    rows = [loose("onec", "g", G), loose("till", "t", G, P), loose("shop", "s", P)]
    for order in itertools.permutations(rows):
        assert partition(order) == ({frozenset("gts")}, set())


def test_two_rows_stamped_with_one_key_are_asked_about() -> None:
    rows = [loose("onec", "g", G), loose("till", "t", G), loose("till", "u", G)]
    for order in itertools.permutations(rows):
        groups, asked = partition(order)
        assert groups == {frozenset("g"), frozenset("t"), frozenset("u")}
        assert asked == {frozenset("gt"), frozenset("gu"), frozenset("tu")}


def test_a_second_row_stamped_with_the_key_of_a_linked_record_is_asked_about() -> None:
    anchor = Anchor("a", {"onec": "created", "till": "id_1c"}, frozenset({G}))
    groups, asked = partition([loose("till", "u", G)], [anchor])
    assert groups == {frozenset("a"), frozenset("u")}
    assert asked == {frozenset("au")}


def test_a_row_that_points_at_two_old_records_is_asked_about_and_they_are_not() -> None:
    anchors = [Anchor("a", {"onec": "created"}, frozenset({P})), Anchor("b", {"shop": "created"}, frozenset({E}))]
    groups, asked = partition([loose("till", "t", P, E)], anchors)
    assert groups == {frozenset("a"), frozenset("b"), frozenset("t")}
    assert asked == {frozenset("at"), frozenset("bt")}


def test_old_records_that_share_a_value_of_no_new_row_do_not_hinder_it() -> None:
    anchors = [Anchor("a", {"onec": "created"}, frozenset({P, E})), Anchor("b", {"shop": "created"}, frozenset({E}))]
    assert partition([loose("till", "t", P)], anchors)[0] == {frozenset("at"), frozenset("b")}


@pytest.mark.parametrize(("how", "asked"), [("phone", True), ("created", False), ("id_1c", False)])
def test_only_a_link_that_rests_on_a_trait_is_doubted(how: str, asked: bool) -> None:
    anchor = Anchor("a", {"onec": "created", "till": how}, frozenset({P}))
    groups, questions = partition([loose("till", "u", P)], [anchor])
    assert groups == {frozenset("a"), frozenset("u")}
    assert questions == ({frozenset("au")} if asked else set())


def test_a_row_entered_anew_after_a_deletion_is_asked_about() -> None:
    with three() as world:
        world.add([R("x", PHONES[1]), R("y", PHONES[1])])
        world.run()
        (key,) = world.systems["y"].rows("customer")
        world.systems["y"].remove("customer", key)
        world.systems["y"].add("customer", title="new", phone=PHONES[1])
        world.run(full=True)
        assert frozenset({"new"}) in world.people()
        assert len(world.open()) == 1


keys_st = st.lists(st.sampled_from([G, H, P, E, ("phone", "q")]), max_size=3, unique=True).map(tuple)
pure_rows_st = st.lists(st.tuples(st.sampled_from(SPOKES), keys_st), min_size=1, max_size=7)
anchors_st = st.lists(
    st.tuples(st.frozensets(st.sampled_from(SPOKES), min_size=1), st.frozensets(st.sampled_from([G, P, E]))), max_size=2
)


@settings(max_examples=400, deadline=None)
@given(rows=pure_rows_st, anchors=anchors_st, order=st.randoms(use_true_random=False))
def test_grouping_is_a_partition_that_no_order_changes(rows: Any, anchors: Any, order: random.Random) -> None:
    given_rows = [loose(spoke, str(number), *keys) for number, (spoke, keys) in enumerate(rows)]
    standing = [
        Anchor(f"a{number}", dict.fromkeys(spokes, "created"), keys) for number, (spokes, keys) in enumerate(anchors)
    ]
    groups, questions = regroup(given_rows, standing)
    placed = sorted(row.external_id for group in groups for row in group.rows)
    assert placed == sorted(row.external_id for row in given_rows), "each row is in one group"
    for group in groups:
        assert len(set(group.spokes)) == len(group.spokes), "no system has two rows of one record"
    assert all(question.group.rows or any(rival.rows for rival in question.rivals) for question in questions)
    first = partition(given_rows, standing)
    order.shuffle(given_rows)
    order.shuffle(standing)
    assert partition(given_rows, standing) == first


def test_what_has_been_written_is_not_parted_though_another_account_was_out_of_reach() -> None:
    with three() as world:
        world.systems["z"].faults = Script(Fault("feed", "before", Unavailable("no answer", account="z"), count=9))
        world.add([R("x", PHONES[1]), R("y", PHONES[1])])
        world.run()
        (row,) = world.systems["y"].rows("customer").values()
        assert row["title"] == "r0", "the authority's name has been written"
        (uid,) = world.titles()
        world.systems["x"].add("customer", title="new", phone=PHONES[1])
        world.run()
        assert {link.spoke for link in world.store.crosswalk.of([uid])[uid]} == {"x", "y"}
