"""What a run does when it is cut short, asked for a part, or when one of its systems is in trouble."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.errors import BrokenAnswer, ConnectorError, Forbidden, Locked, Unavailable, UsageError
from connector.model.routes import Rule
from connector.store import Store
from connector.store.owner import this_process
from connector.sync import fetch
from connector.sync.engine import LOCK
from connector.sync.people import join, merge_records, part
from connector.sync.resolve import Resolver
from connector.systems.memory.faults import Step
from tests.engine import worlds
from tests.engine.worlds import World, digits, new_store, written

ACCOUNTS = ("books", "till", "shop")
AT = "2026-11-21T10:00:00+00:00"
TOWNS = ("Тверь", "Псков", "Химки", "Орёл")
NAMES = {"books": "title", "till": "full", "shop": "name"}


def phone(number: int) -> str:
    return f"+7916{number:07d}"


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def crowd(world: World) -> None:
    """People of one system, of two and of three; the till shows other towns than the books, which decide."""
    for number in range(14):
        for place, account in enumerate(ACCOUNTS):
            if number % 6 in (place, place + 1, place + 3):
                town = TOWNS[(number + (account == "till" and number % 6 == 1)) % 4]
                told = {NAMES[account]: f"Имя Человек{number}", "phone": phone(number), "city": town}
                key = guid(number) if account == "books" else None
                world.adapters[account].system.insert("customer", told, key)
    for number in (1, 3):
        card = {"number": f"100{number}", "owner": guid(number), "status": "active"}
        world.books.insert("card", card, guid(1000 + number))


def people(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Who is where, without the ids of any system."""
    return {
        account: sorted(
            (digits(row["phone"]), tuple(sorted(_name(row).split())), row["city"], row["address"])
            for row in world.rows(account).values()
        )
        for account in ACCOUNTS
    }


def _name(row: dict[str, Any]) -> str:
    return " ".join(str(row.get(key, "")) for key in ("title", "name", "last", "first", "middle"))


def cards(world: World) -> dict[str, list[tuple[str, str | None]]]:
    """Card numbers and the phones of their holders."""
    return {
        account: sorted(
            (row["number"], digits(world.rows(account)[row["owner"]]["phone"]))
            for row in world.rows(account, "card").values()
        )
        for account in ("books", "shop")
    }


@pytest.fixture
def another(tmp_path: Path) -> Iterable[Callable[[], World]]:
    """Further worlds, each with a store of its own."""
    stores: list[Store] = []

    def make(**more: Any) -> World:
        stores.append(new_store(f"sqlite:///{tmp_path}/other{len(stores)}.db"))
        return World(stores[-1], **more)

    yield make
    for store in stores:
        store.close()


# the budget ------------------------------------------------------------------------------------------------------


def deltas(world: World) -> None:
    """Every list can be gone on with."""
    for system in (world.books, world.till, world.shop):
        system.tables = {name: replace(table, feed="delta", complete=False) for name, table in system.tables.items()}


@pytest.mark.parametrize("budget", [18, 20, 22, 25])
def test_runs_that_are_cut_short_come_to_the_same_end(
    world: World, another: Callable[[], World], monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    """Between pages and between groups: each run goes on where the last one stopped."""
    monkeypatch.setattr(fetch, "ROWS", 2)
    whole = another()
    for one in (world, whole):
        deltas(one)
        crowd(one)
    whole.sync()
    whole.sync()
    for count in range(1, 300):  # noqa: B007 - looked at below
        report = world.sync(budget=budget)
        assert report.exit_code == (2 if report.out_of_time else 0)
        if not report.out_of_time:
            break
    assert count > 1, "it was cut short at least once"
    world.sync()
    assert people(world) == people(whole)
    assert cards(world) == cards(whole)
    assert written(world.sync()) == 0


def test_an_intent_that_was_never_called_is_no_lost_write(world: World) -> None:
    """The time ends between two groups: what was not begun left no trace in the outbox."""
    crowd(world)
    for _ in range(40):
        report = world.sync(budget=14)
        assert not world.store.outbox.with_status("ready", "sent", "unknown", "parked")
        if not report.out_of_time:
            break
    assert not report.out_of_time


def test_a_budget_in_which_a_list_is_never_read_to_its_end_is_told_each_time(world: World) -> None:
    crowd(world)
    for _ in range(3):
        report = world.sync(budget=4)
        assert report.out_of_time
        assert report.status == "stopped"
        assert set(report.unfinished) >= {"customer/till", "customer/shop", "customer/books"}
        assert written(report) == 0
        assert report.as_json()["unfinished"] == report.unfinished
    report = world.sync()
    assert report.unfinished == []
    assert written(report) > 0


def test_only_what_was_not_read_is_called_unfinished(world: World) -> None:
    crowd(world)
    world.sync()
    sizes = {len(world.sync(budget=budget).unfinished) for budget in range(1, 40)}
    assert {0, 1, 2} < sizes


# one account -----------------------------------------------------------------------------------------------------


class Log:
    """Every request, and no fault."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def __call__(self, step: Step) -> BaseException | None:
        if step.moment == "before":
            self.steps.append((step.account, step.verb))
        return None


def test_one_account_is_observed_and_merged_with_what_was_last_seen(world: World) -> None:
    crowd(world)
    world.sync()
    key = key_of(world, "till", 0)
    world.till.edit("customer", key, city="Клин")
    world.books.edit("customer", key_of(world, "books", 3), city="Клин")
    log = Log()
    for account in ACCOUNTS:
        world.adapters[account].system.faults = log
    report = world.sync(account="till")
    assert {account for account, verb in log.steps if verb == "feed"} == {"till"}
    assert row_of(world, "books", 0)["city"] == row_of(world, "shop", 0)["city"] == "Клин"
    assert row_of(world, "till", 3)["city"] != "Клин", "the books were not looked at"
    assert report.status == "clean"
    assert report.route("customer", "till").read == len(world.rows("till"))
    assert report.route("customer", "books").read == 0
    world.sync()
    assert {row_of(world, account, 3)["city"] for account in ACCOUNTS} == {"Клин"}
    assert written(world.sync()) == 0


def row_of(world: World, account: str, number: int) -> dict[str, Any]:
    return world.rows(account)[key_of(world, account, number)]


def key_of(world: World, account: str, number: int) -> str:
    return next(key for key, row in world.rows(account).items() if digits(row["phone"]) == phone(number))


def test_an_account_that_was_not_asked_for_is_not_said_to_be_complete(world: World) -> None:
    world.sync()
    before = {(entity, account): up_to for entity, account, up_to in world.store.runs.cursors()}
    world.sync(account="till")
    after = {(entity, account): up_to for entity, account, up_to in world.store.runs.cursors()}
    assert {account for (_, account), up_to in after.items() if up_to != before[_, account]} == {"till"}


# an account in trouble -------------------------------------------------------------------------------------------


def failing(verb: str, error: ConnectorError, *, skip: int = 0, entity: str = "customer") -> Callable[[Step], Any]:
    """An error at every such call from a certain one on."""
    passed = 0

    def strike(step: Step) -> BaseException | None:
        nonlocal passed
        if (step.verb, step.entity, step.moment) != (verb, entity, "before"):
            return None
        passed += 1
        return error if passed > skip else None

    return strike


@pytest.mark.parametrize(
    "error", [Forbidden("the password was changed", account="till"), Unavailable("no", account="till")]
)
def test_an_account_that_fails_stops_alone(world: World, error: ConnectorError) -> None:
    crowd(world)
    world.sync()
    world.books.edit("customer", key_of(world, "books", 0), city="Клин")
    world.shop.edit("customer", key_of(world, "shop", 1), address="Мира, 1")
    world.till.edit("customer", key_of(world, "till", 2), address="Мира, 2")
    world.till.faults = failing("feed", error)
    report = world.sync()
    assert (report.status, report.exit_code) == ("stopped", 2)
    assert [str(one) for one in report.errors] == [str(error)]
    assert report.route("customer", "shop").error is None
    assert row_of(world, "shop", 0)["city"] == "Клин"
    assert row_of(world, "books", 1)["address"] == "Мира, 1"
    assert row_of(world, "till", 0)["city"] != "Клин"
    world.till.faults = None
    assert world.sync().status == "clean"
    for account in ACCOUNTS:
        assert row_of(world, account, 0)["city"] == "Клин"
        assert row_of(world, account, 1)["address"] == "Мира, 1"
        assert row_of(world, account, 2)["address"] == "Мира, 2"


def test_an_account_that_is_forbidden_to_write_stops_alone(world: World) -> None:
    crowd(world)
    world.till.faults = failing("create", Forbidden("only for reading", account="till"))
    report = world.sync()
    assert report.exit_code == 2
    assert len(world.rows("shop")) == len(world.rows("books")) > len(world.rows("till"))
    world.till.faults = None
    assert world.sync().status == "clean"
    assert len(world.rows("till")) == len(world.rows("books"))


@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize("feed", ["snapshot", "delta"])
def test_a_page_that_is_broken_leaves_the_place_where_it_was(
    world: World, another: Callable[[], World], monkeypatch: pytest.MonkeyPatch, feed: str, skip: int
) -> None:
    monkeypatch.setattr(fetch, "ROWS", 2)
    whole = another()
    for one in (world, whole):
        if feed == "delta":
            deltas(one)
        crowd(one)
    world.till.faults = failing("feed", BrokenAnswer("a web page came", account="till"), skip=skip)
    report = world.sync()
    assert report.exit_code == 2
    assert ("customer", "till") not in {(e, a) for e, a, up_to in world.store.runs.cursors() if up_to is not None}
    stored = {link.external_id for link in world.store.crosswalk.all("customer", "till")}
    shown = list(world.rows("till"))
    size = world.till.tables["customer"].page_size
    assert stored == set(shown[: skip * size]), "whole pages and nothing of the broken one"
    if feed == "delta":
        cursor = world.store.runs.cursor("till", "customer")
        assert (cursor is None) == (skip == 0)
    assert not any(link.gone for link in world.store.crosswalk.all("customer"))
    assert len(world.rows("till")) == len(shown), "nobody is created where not everybody was seen"
    world.till.faults = None
    whole.sync()
    for _ in range(2):
        world.sync()
        whole.sync()
    assert people(world) == people(whole)
    assert written(world.sync()) == 0


# one run at a time -----------------------------------------------------------------------------------------------


def test_a_live_owner_keeps_the_lock_and_a_silent_one_loses_it(world: World) -> None:
    crowd(world)
    now = int(world.clock().timestamp())
    world.store.take_lock(LOCK, "elsewhere", "2026-11-21T10:00:00+00:00", now)
    with pytest.raises(Locked, match="elsewhere"):
        world.sync()
    assert all(adapter.requests() == 0 for adapter in world.adapters.values())
    assert world.store.runs.last() == []
    world.store.beat(LOCK, "elsewhere", now - 600)
    assert world.sync().status == "clean"
    assert written(world.sync()) == 0


def test_the_lock_of_a_process_that_is_gone_is_taken_over_at_once(world: World) -> None:
    mine = this_process().split(":")
    gone = ":".join([*mine[:1], "999999999", *mine[2:]])
    world.store.take_lock(LOCK, gone, "2026-11-21T10:00:00+00:00", int(world.clock().timestamp()))
    assert world.sync().status == "clean"


def test_a_run_that_has_lost_its_lock_writes_nothing_more(world: World) -> None:
    """It was silent for too long and another one began: the next group is not sent."""
    crowd(world)
    world.clock.step *= 6

    def stolen(step: Step) -> None:
        if step.verb == "create" and step.moment == "after":
            world.store.drop_lock(LOCK, "test")

    world.shop.faults = stolen
    report = world.sync()
    assert report.lock_lost
    assert report.exit_code == 2
    world.shop.faults = None
    assert not world.store.outbox.with_status("sent", "unknown")
    world.sync()
    assert written(world.sync()) == 0
    assert len(people(world)["shop"]) == len({one[0] for one in people(world)["shop"]})


# what a person says ----------------------------------------------------------------------------------------------


def uid_of(world: World, account: str, number: int) -> str:
    key = key_of(world, account, number)
    return next(link.uid for link in world.store.crosswalk.all("customer", account) if link.external_id == key)


def test_a_decision_holds_only_while_the_shown_values_stand(world: World) -> None:
    world.authority = {"city": Rule("manual")}
    world.books.insert("customer", {"title": "Имя", "phone": phone(1), "city": "Тверь"}, "b1")
    key = world.till.add("customer", full="Имя", phone=phone(1), city="Псков")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    world.till.edit("customer", key, city="Химки")
    world.sync(account="till")
    engine = world.engine()
    resolver = Resolver(world.store, {r.entity: r for r in engine.routes}, engine.mappings, at="2026", by="me")
    (again,) = world.store.conflicts.all("open")
    assert again.id == conflict.id, "one question a field, refreshed in place"
    assert again.values == {"books": "Тверь", "till": "Химки"}
    resolver.take(conflict.id, "till")
    assert written(world.sync()) > 0
    assert {row["city"] for account in ACCOUNTS for row in world.rows(account).values()} == {"Химки"}
    with pytest.raises(UsageError, match="decided already"):
        resolver.take(conflict.id, "books")


def test_a_decision_about_values_that_are_gone_is_refused(world: World) -> None:
    """Somebody else's run has seen another value since the list was printed."""
    world.authority = {"city": Rule("manual")}
    world.books.insert("customer", {"title": "Имя", "phone": phone(1), "city": "Тверь"}, "b1")
    key = world.till.add("customer", full="Имя", phone=phone(1), city="Псков")
    world.sync()
    (conflict,) = world.store.conflicts.all("open")
    world.till.edit("customer", key, city="Химки")
    link = next(link for link in world.store.crosswalk.all("customer", "till"))
    seen = (link.seen or b"").replace("Псков".encode(), "Химки".encode())
    assert seen != link.seen
    world.store.crosswalk.saw([(seen, b"0" * 16, None, 0, None, link.id)])
    engine = world.engine()
    resolver = Resolver(world.store, {r.entity: r for r in engine.routes}, engine.mappings, at="2026", by="me")
    with pytest.raises(UsageError, match="has changed since"):
        resolver.take(conflict.id, "books")
    assert world.store.conflicts.count_open() == 1
    assert world.rows("till")[key]["city"] == "Химки"


def test_records_that_a_person_joins_and_merges_become_one_everywhere(world: World) -> None:
    crowd(world)
    world.sync()
    before = {account: len(world.rows(account)) for account in ACCOUNTS}
    loser, survivor = uid_of(world, "till", 0), uid_of(world, "till", 1)
    merge_records(world.store, loser, survivor, at=AT, by="me")
    report = world.sync()
    assert report.status == "clean", report.as_json()
    assert {account: len(world.rows(account)) for account in ACCOUNTS} == before, "nobody is created or deleted"
    assert uid_of(world, "till", 0) == uid_of(world, "till", 1) == survivor
    world.books.edit("customer", key_of(world, "books", 1), city="Клин")
    world.sync()
    assert {row_of(world, account, 1)["city"] for account in ACCOUNTS} == {"Клин"}
    assert row_of(world, "till", 0)["city"] != "Клин", "an alias is never written"
    assert written(world.sync()) == 0


def test_a_record_that_a_person_parts_is_somebody_of_its_own(world: World) -> None:
    """It is not joined again by the phone that they share, and what becomes of the one is not told to the other."""
    crowd(world)
    world.sync()
    key = key_of(world, "shop", 0)
    link = next(link for link in world.store.crosswalk.all("customer", "shop") if link.external_id == key)
    fresh = part(world.store, link, lambda: "0198c6a0-0000-7000-8000-000000000001", at=AT, by="me")
    world.shop.edit("customer", key, city="Клин")
    world.sync()
    now = next(link for link in world.store.crosswalk.all("customer", "shop") if link.external_id == key)
    assert now.uid == fresh != uid_of(world, "books", 0)
    assert row_of(world, "books", 0)["city"] != "Клин"
    assert len(world.rows("shop")) == len({digits(row["phone"]) for row in world.rows("shop").values()})
    assert written(world.sync()) == 0


def test_a_pair_that_a_person_joins_is_in_step_from_the_next_run_on(world: World) -> None:
    """Nothing that they have in common joins them but a person."""
    world.books.insert("customer", {"title": "Имя Первый", "phone": phone(1), "city": "Тверь"}, "b1")
    key = world.till.add("customer", full="Имя Первый", phone=phone(2), city="Тверь")
    world.changes = {("customer", account): {"create": False} for account in ACCOUNTS}
    assert written(world.sync()) == 0
    (link,) = world.store.crosswalk.all("customer", "till")
    (books,) = world.store.crosswalk.all("customer", "books")
    join(world.store, link, books.uid, at=AT, by="me")
    world.sync()
    assert digits(world.rows("till")[key]["phone"]) == phone(1), "the books decide"
    world.till.edit("customer", key, address="Мира, 5")
    world.sync()
    assert world.rows("books")["b1"]["address"] == "Мира, 5"
    assert written(world.sync()) == 0


# a plan ----------------------------------------------------------------------------------------------------------

OBSERVED = {
    *("run", "link", "hub", "identifier", "cursor", "dirty", "journal", "conflict", "feed", "holding", "meta"),
    "sqlite_sequence",
}
"""What a plan reads it keeps: the next run need not look at it again."""


def dump(store: Store) -> dict[str, list[Any]]:
    tables = [name for (name,) in store.db.all("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {table: sorted(map(repr, store.db.all(f'SELECT * FROM "{table}"'))) for table in tables}


@pytest.mark.parametrize("synced", [False, True])
def test_a_plan_writes_nowhere_but_into_what_it_has_read(world: World, synced: bool) -> None:
    crowd(world)
    if synced:
        world.sync()
        world.books.edit("customer", key_of(world, "books", 0), city="Клин")
        world.till.edit("customer", key_of(world, "till", 0), city="Орёл")
    before, systems = dump(world.store), {account: world.rows(account) for account in ACCOUNTS}
    effects = [dict(world.adapters[account].system.effects) for account in ACCOUNTS]
    report = world.plan()
    after = dump(world.store)
    assert report.operations
    assert {table for table in after if after[table] != before[table]} <= OBSERVED
    assert {account: world.rows(account) for account in ACCOUNTS} == systems
    assert [world.adapters[account].system.effects for account in ACCOUNTS] == effects
    assert report.plan_exit_code == 4
    planned = sorted((one.account, one.verb, sorted(one.patch)) for one in report.operations if one.verb != "stamp")
    done = world.sync()
    assert written(done) >= len(planned)
    assert world.plan().plan_exit_code == 0


# the order of accounts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("till", "shop", "books"), ("shop", "books", "till"), ("till", "books", "shop")])
def test_the_order_of_accounts_decides_nothing(
    world: World, another: Callable[..., World], order: tuple[str, ...]
) -> None:
    other = another(order=order)
    other.adapters = {account: other.adapters[account] for account in order}
    dice = random.Random(3)
    edits = [(dice.choice(ACCOUNTS), dice.randrange(14), f"Город {number}") for number in range(25)]
    for one in (world, other):
        crowd(one)
        one.sync()
        for account, number, city in edits:
            one.adapters[account].system.edit("customer", key_of(one, account, number), city=city)
        one.sync()
        assert written(one.sync()) == 0
    assert people(world) == people(other)
    assert cards(world) == cards(other)
    assert told(world) == told(other)


def told(world: World) -> list[Any]:
    """Every conflict without uids, as the accountant reads it."""
    return sorted(
        (c.kind, c.entity, c.field, repr(c.base), repr(sorted(c.values.items())), c.rule, c.winner, c.status)
        for c in world.store.conflicts.all()
        if c.kind == "field"
    )


# another mapping -------------------------------------------------------------------------------------------------


def test_a_field_that_is_read_from_another_place_moves_nothing_until_somebody_edits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop's city is kept in its comment from now on. What stands there is no edit of anybody's."""
    crowd(world)
    world.sync()
    for key in world.rows("shop"):
        world.shop.edit("customer", key, comment="стояло и раньше")
    world.changes = {("customer", "shop"): {}}
    world.authority = {"comment": Rule("none")}
    world.sync()
    before = people(world)
    real = worlds.mapping
    shop = real("shop", "customer")
    fields = {name: row for name, row in shop.file.fields.items() if name != "comment"}
    fields["city"] = fields["city"].model_copy(update={"path": shop.file.fields["comment"].path})
    other = type(shop)(shop.file.model_copy(update={"fields": fields}), shop.zone)
    assert other.version != shop.version
    monkeypatch.setattr(
        worlds,
        "mapping",
        lambda account, entity: other if (account, entity) == ("shop", "customer") else real(account, entity),
    )
    plan = world.plan()
    assert (plan.operations, plan.conflicts) == ([], [])
    assert written(world.sync()) == 0
    assert people(world) == before
    world.books.edit("customer", key_of(world, "books", 0), city="Клин")
    world.sync()
    assert row_of(world, "shop", 0)["comment"] == row_of(world, "till", 0)["city"] == "Клин"
    world.shop.edit("customer", key_of(world, "shop", 1), comment="Орша")
    world.sync()
    assert row_of(world, "books", 1)["city"] == row_of(world, "till", 1)["city"] == "Орша"
    assert written(world.sync()) == 0
