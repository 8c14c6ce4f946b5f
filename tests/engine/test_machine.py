"""Random users, faults and deaths on three systems: afterwards all agree, nobody is twice, no edit is lost untraced.

Every edit writes a value that occurs nowhere else, so that a loss can be told from an overwrite.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connector.errors import OutcomeUnknown, Throttled, Unavailable, UsageError
from connector.model.records import as_dict
from connector.sync.observe import decode, encode
from connector.sync.resolve import Resolver
from connector.systems.memory import Kill
from connector.systems.memory.faults import Step
from tests.engine.worlds import World, mapping, new_store, written

FIELDS = ("address", "city", "comment")
RAW = {
    "books": {"address": "address", "city": "city", "comment": "note"},
    "till": {"address": "address", "city": "city", "comment": "comment"},
    "shop": {"address": "address", "city": "city", "comment": "comment"},
}
ACCOUNTS = ("books", "till", "shop")


class Trouble:
    """Strikes at chosen steps of the calls of one run; a user may also edit between our look and our write.

    Between the read that guards a write and the write itself only a remote precondition could see an edit, and these
    two systems have none: there nobody edits.
    """

    UNGUARDED = (("get", "after"), ("update", "before"))

    def __init__(self, plan: dict[int, str], race: Any) -> None:
        self.plan = plan
        self.race = race
        self.step = 0

    def __call__(self, step: Step) -> BaseException | None:
        self.step += 1
        kind = self.plan.get(self.step)
        if kind is None:
            return None
        if kind == "race":
            if step.account == "books" or (step.verb, step.moment) not in self.UNGUARDED:
                self.race()
            return None
        if kind == "kill":
            return Kill()
        if step.moment == "after" and step.verb in ("create", "update", "delete", "stamp"):
            return OutcomeUnknown("the answer was lost")
        return Throttled("later") if kind == "throttle" else Unavailable("no answer")


class SyncMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = self.make_world()
        self.numbers = itertools.count(1)
        self.values = itertools.count(1)
        self.edits: dict[str, tuple[str, str, str]] = {}
        self.overwritten: set[str] = set()
        self.people = 0
        self.deleted: set[str] = set()

    def make_world(self) -> World:
        return World(new_store())

    def teardown(self) -> None:
        self.world.store.close()

    # users

    @rule(account=st.sampled_from(ACCOUNTS))
    def add(self, account: str) -> None:
        phone = f"+7916{next(self.numbers):07d}"
        self.people += 1
        match account:
            case "books":
                self.world.books.insert("customer", {"title": f"Имя {phone[-4:]}", "phone": phone}, f"b{phone}")
            case "till":
                self.world.till.add("customer", full=f"Имя {phone[-4:]}", phone=phone)
            case "shop":
                self.world.shop.add("customer", name=f"Имя {phone[-4:]}", phone=phone[1:])

    @rule(account=st.sampled_from(ACCOUNTS), pick=st.integers(0, 50), field=st.sampled_from(FIELDS))
    def edit(self, account: str, pick: int, field: str) -> None:
        system = self.world.adapters[account].system
        rows = sorted(system.rows("customer").items())
        if not rows:
            return
        key, row = rows[pick % len(rows)]
        raw = RAW[account][field]
        value = f"value {next(self.values)}"
        if row[raw] not in ("", "0"):
            self.overwritten.add(row[raw])
        self.edits[value] = (account, key, field)
        system.edit("customer", key, **{raw: value})

    @rule(pick=st.integers(0, 50))
    def rename(self, pick: int) -> None:
        """A name with the same words in another order is no change anywhere."""
        rows = sorted(self.world.rows("till").items())
        if rows:
            key, row = rows[pick % len(rows)]
            self.world.till.edit("customer", key, last=row["first"], first=row["last"])

    # runs

    @rule()
    def sync(self) -> None:
        self._run({})

    @rule(
        plan=st.dictionaries(
            st.integers(1, 60), st.sampled_from(("lost", "throttle", "kill", "race", "race")), max_size=5
        ),
        account=st.sampled_from(ACCOUNTS),
        pick=st.integers(0, 50),
        field=st.sampled_from(FIELDS),
    )
    def troubled_sync(self, plan: dict[int, str], account: str, pick: int, field: str) -> None:
        self._run(plan, lambda: self.edit(account, pick, field))

    def _run(self, plan: dict[int, str], race: Any = None) -> None:
        trouble = Trouble(plan, race)
        for adapter in self.world.adapters.values():
            adapter.system.faults = trouble if plan else None
        try:
            self.world.sync()
        except Kill:
            note("killed")
        finally:
            for adapter in self.world.adapters.values():
                adapter.system.faults = None

    @rule()
    @precondition(lambda self: self.world.store.conflicts.count_open())
    def decide(self) -> None:
        self._resolve_all()

    def _resolve_all(self) -> None:
        world = self.world
        engine = world.engine()
        resolver = Resolver(
            world.store, {r.entity: r for r in world.routes()}, engine.mappings, at="2026-11-21T10:00:00+00:00", by="me"
        )
        for conflict in world.store.conflicts.all("open"):
            try:
                if conflict.kind == "field":
                    resolver.take(conflict.id, min(conflict.values))
                else:
                    resolver.value(conflict.id, min(conflict.values.values())[0])
            except UsageError as error:
                if "changed since" not in str(error) and "decided already" not in str(error):
                    raise

    # what must hold

    @invariant()
    def nobody_is_twice(self) -> None:
        for account in ACCOUNTS:
            phones = [self._read(account, row)["phone"] for row in self.world.rows(account).values()]
            assert len(phones) == len(set(phones)), (account, phones)

    def _read(self, account: str, row: dict[str, Any]) -> dict[str, Any]:
        return as_dict(mapping(account, "customer").read(decode(encode(row)), []))

    def settle(self) -> None:
        for _ in range(8):
            self._run({})
            self._resolve_all()
            if written(self.world.sync()) == 0 and not self.world.store.conflicts.count_open():
                return
        raise AssertionError("the systems do not come to rest")

    def check(self) -> None:
        self.settle()
        shown = {
            account: {
                values["phone"]: {name: values.get(name) for name in FIELDS}
                for values in (self._read(account, row) for row in self.world.rows(account).values())
            }
            for account in ACCOUNTS
        }
        assert shown["books"] == shown["till"] == shown["shop"]
        assert len(shown["books"]) == self.people
        living = {value for person in shown["books"].values() for value in person.values()}
        traced = {value for c in self.world.store.conflicts.all() for value in map(str, [*c.values.values(), c.base])}
        lost = [value for value in self.edits if value not in living | traced | self.overwritten]
        assert not lost, json.dumps({value: self.edits[value] for value in lost}, ensure_ascii=False)
        assert not self.world.store.outbox.with_status("sent", "unknown", "parked")


class CheckedMachine(SyncMachine):
    def teardown(self) -> None:
        try:
            self.check()
        finally:
            super().teardown()


TestSync = CheckedMachine.TestCase
TestSync.settings = settings(
    max_examples=120, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
