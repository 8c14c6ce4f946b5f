"""A longer life: besides editing, users delete and join people, type card numbers at the till, and move them to groups.

A person who minds the connector joins groups, merges hub records and answers every question. Afterwards each hub record
reads the same in every system that has it, no system has anybody twice, and nobody who left comes back.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from connector.model.states import Link
from connector.sync.observe import decode
from connector.sync.people import join, merge_records
from tests.engine.test_machine import ACCOUNTS, FIELDS, SyncMachine
from tests.engine.worlds import World, new_store

SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
AT = "2026-11-21T10:00:00+00:00"
PICK = st.integers(0, 50)
GROUPS = {"books": "folder", "till": "group_id", "shop": "group_id"}


class LifeMachine(SyncMachine):
    def __init__(self) -> None:
        super().__init__()
        self.cards = itertools.count(1001)
        self.typed: dict[str, set[str]] = {}
        """number -> the till's customers for whom it was ever typed."""

    @initialize()
    def found_groups(self) -> None:
        for name in ("Гости", "Друзья"):
            self.world.books.insert("group", {"name": name, "percent": "5"}, f"g-{name}")
            self.world.till.add("group", name=name, percent="5")
            self.world.shop.add("group", name=name, percent="5")

    # users

    def pick(self, account: str, number: int) -> tuple[str, dict[str, Any]] | None:
        rows = sorted(self.world.rows(account).items())
        return rows[number % len(rows)] if rows else None

    @rule(account=st.sampled_from(ACCOUNTS), number=PICK)
    def delete(self, account: str, number: int) -> None:
        if found := self.pick(account, number):
            self.world.adapters[account].system.remove("customer", found[0])
            self.overwritten.update(str(value) for value in found[1].values())

    @rule(account=st.sampled_from(ACCOUNTS), one=PICK, two=PICK)
    def merge_there(self, account: str, one: int, two: int) -> None:
        """Somebody joins two records inside a system: the one takes what it lacked, the other is deleted."""
        loser, kept = self.pick(account, one), self.pick(account, two)
        if loser and kept and loser[0] != kept[0]:
            self.world.adapters[account].system.merge("customer", loser[0], kept[0])
            self.overwritten.update(str(value) for value in loser[1].values())

    @rule(account=st.sampled_from(ACCOUNTS), number=PICK, group=st.integers(0, 1))
    def move(self, account: str, number: int, group: int) -> None:
        if found := self.pick(account, number):
            groups = sorted(self.world.rows(account, "group"))
            self.world.adapters[account].system.edit("customer", found[0], **{GROUPS[account]: groups[group]})

    @rule(number=PICK, taken=st.booleans(), which=PICK)
    def type_card(self, number: int, taken: bool, which: int) -> None:
        if found := self.pick("till", number):
            known = sorted(self.typed)
            card = known[which % len(known)] if taken and known else str(next(self.cards))
            self.typed.setdefault(card, set()).add(found[0])
            self.world.till.edit("customer", found[0], card=card)

    # the person who minds the connector

    def links(self, entity: str) -> list[Link]:
        return self.world.store.crosswalk.all(entity)

    @rule(one=PICK, two=PICK)
    def join_groups(self, one: int, two: int) -> None:
        links = self.links("group")
        if not links:
            return
        link, other = links[one % len(links)], links[two % len(links)]
        taken = {each.spoke for each in links if each.uid == other.uid}
        if link.uid != other.uid and link.spoke not in taken:
            join(self.world.store, link, other.uid, at=AT, by="me")

    @rule(one=PICK, two=PICK)
    def merge_here(self, one: int, two: int) -> None:
        uids = self.world.store.hub.uids("customer")
        if uids and uids[one % len(uids)] != uids[two % len(uids)]:
            merge_records(self.world.store, uids[one % len(uids)], uids[two % len(uids)], at=AT, by="me")

    # what must hold

    def check(self) -> None:
        self.settle()
        self.check_people()
        self.check_groups()
        self.check_cards()
        self.check_losses()
        assert not self.world.store.outbox.with_status("sent", "unknown", "parked")

    def records(self) -> Iterator[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]]:
        """(uid, hub values, account -> canonical values of the row that is this record there)."""
        by_uid: dict[str, dict[str, dict[str, Any]]] = {}
        rows = {account: self.world.rows(account) for account in ACCOUNTS}
        for link in self.links("customer"):
            if link.primary and link.external_id in rows[link.spoke]:
                row = rows[link.spoke][link.external_id]
                by_uid.setdefault(link.uid, {})[link.spoke] = self._read(link.spoke, row)
        bodies = self.world.store.hub.bodies(by_uid)
        return ((uid, decode(bodies[uid]), shown) for uid, shown in by_uid.items())

    def check_people(self) -> None:
        linked = {(link.spoke, link.external_id) for link in self.links("customer")}
        there = {(account, key) for account in ACCOUNTS for key in self.world.rows(account)}
        assert there <= linked, "everybody is known"
        merged = {link.uid for link in self.links("customer") if not link.primary}
        for uid, hub, shown in self.records():
            # a system that takes each phone once keeps the merged person's other one while its old row lives there
            for name in (*FIELDS, *(() if uid in merged else ("phone",))):
                assert len({values.get(name) for values in shown.values()}) == 1, (uid, name, hub, shown)
            if hub.get("active") is True:
                assert not any(values.get("active") is False for values in shown.values()), (hub, shown)
            else:
                assert all(values.get("active", False) is False for values in shown.values()), (hub, shown)

    def check_groups(self) -> None:
        """A group that nobody has joined to another says nothing to the others; the others agree."""
        joined: dict[str, dict[str, str]] = {}
        for link in self.links("group"):
            joined.setdefault(link.uid, {})[link.spoke] = link.external_id
        known = {item for there in joined.values() if len(there) > 1 for item in there.items()}
        for _, hub, shown in self.records():
            there = joined.get(hub.get("group", ""), {})
            for account, values in shown.items():
                if account in there and (account, values.get("group")) in known:
                    assert values.get("group") == there[account], (hub, shown)

    def check_cards(self) -> None:
        """Every number ever typed is a card, once, with one holder; the till shows each holder's newest."""
        bodies = self.world.store.hub.bodies(self.world.store.hub.uids("card"))
        cards = [decode(body) for body in bodies.values()]
        numbers = [card["uid"] for card in cards]
        assert len(numbers) == len(set(numbers))
        for account in ("books", "shop"):
            rows = [row["number"] for row in self.world.rows(account, "card").values()]
            assert len(rows) == len(set(rows)), rows
        own: dict[str, list[dict[str, Any]]] = {}
        for card in cards:
            own.setdefault(self.world.store.hub.survivor(card["customer"]), []).append(card)
        for uid, _, shown in self.records():
            if "till" not in shown:
                continue
            number = shown["till"].get("card_uid")
            expected = max(own.get(uid, [{}]), key=lambda card: (card.get("issued_on") or "", card.get("uid", "")))
            assert number == expected.get("uid"), (number, own.get(uid))

    def check_losses(self) -> None:
        living = {
            str(value) for account in ACCOUNTS for row in self.world.rows(account).values() for value in row.values()
        }
        logged = self.world.store.conflicts.all()
        traced = {str(value) for c in logged for value in [*c.values.values(), c.base]}
        lost = [value for value in self.edits if value not in living | traced | self.overwritten]
        assert not lost, {value: self.edits[value] for value in lost}


class CheckedLife(LifeMachine):
    def teardown(self) -> None:
        try:
            self.check()
        finally:
            super().teardown()


class OnPostgres(CheckedLife):
    """The same life with the store on PostgreSQL, in a schema of its own."""

    def make_world(self) -> World:
        self.schema = f"test_{secrets.token_hex(6)}"
        return World(new_store(f"{SERVER}?schema={self.schema}"))

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            drop(self.schema)


def drop(schema: str) -> None:
    import psycopg

    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


TestLife = CheckedLife.TestCase
TestLife.settings = settings(
    max_examples=120, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.postgres
def test_the_same_life_on_postgres() -> None:
    psycopg = pytest.importorskip("psycopg")
    try:
        psycopg.connect(SERVER, connect_timeout=5).close()
    except psycopg.OperationalError:
        lacking = "no PostgreSQL on 127.0.0.1:5432"
        pytest.fail(lacking) if os.environ.get("CI") == "true" else pytest.skip(lacking)
    few = settings(
        max_examples=6,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in Phase if phase is not Phase.shrink],  # each example makes a schema
    )
    run_state_machine_as_test(OnPostgres, settings=few)
