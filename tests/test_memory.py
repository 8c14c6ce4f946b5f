"""The system in memory keeps the same contract as the real ones, in each of the shapes it can take."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from conftest import FrozenClock
from contract import AdapterContract, Sample, Trouble, Verb, World

from connector.errors import (
    BrokenAnswer,
    Duplicate,
    Forbidden,
    Invalid,
    OutcomeUnknown,
    Throttled,
    Unavailable,
)
from connector.systems.memory import Column, Fault, Kill, MemoryAdapter, MemorySystem, Script, Step, Table

TOKEN = "s3cr3t-token"


def as_typed(phone: Any) -> Any:
    """How this system spells a phone: `8 (999) 123-45-67`."""
    if not phone:
        return ""
    digits = "".join(char for char in str(phone) if char.isdigit())[-10:]
    return f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"


def as_e164(spelled: Any) -> str | None:
    digits = "".join(char for char in str(spelled or "") if char.isdigit())
    return f"+7{digits[-10:]}" if len(digits) == 11 else None


CUSTOMER = Table(
    columns={
        "name": Column(required=True),
        "phone": Column(spelling=as_typed, canonical=as_e164, scheme="phone", unique=True, default=""),
        "comment": Column(),
        "uid": Column(),
        "id_1c": Column(scheme="id_1c"),
        "deleted": Column(default=False),
    },
    page_size=3,
    mark="deleted",
    stamp="id_1c",
    reference="uid",
    create_batch=5,
)


class MemoryWorld(World):
    entity = "customer"
    paths = ("name", "phone", "comment", "id_1c")
    page_size = 3
    secrets = (TOKEN,)
    troubles = frozenset({"throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired", "encoding"})

    def __init__(self, table: Table) -> None:
        self.clock = FrozenClock()
        self.system = MemorySystem({"customer": table}, clock=self.clock.now)
        self.adapter = MemoryAdapter(self.system, account="shop")
        if table.chosen_id:
            self.unknown_id = "00000000-0000-0000-0000-00000000dead"

    def sample(self, number: int) -> Sample:
        phone = f"+7999{number:07d}"
        fields = {"name": f"Гость {number}", "phone": phone, "comment": "", "id_1c": f"1c-{number:04d}x"}
        return Sample(
            write=fields, read={**fields, "phone": as_typed(phone)}, keys={"phone": phone, "id_1c": fields["id_1c"]}
        )

    def with_text(self, number: int, text: str) -> Sample:
        sample = self.sample(number)
        return Sample(write={**sample.write, "comment": text}, read={**sample.read, "comment": text}, keys=sample.keys)

    def change(self, number: int) -> Sample:
        return Sample(write={"comment": f"новое {number}"}, read={"comment": f"новое {number}"})

    def user_adds(self, sample: Sample) -> str:
        return self.system.add("customer", **sample.write)

    def user_edits(self, external_id: str, change: Sample) -> None:
        self.system.edit("customer", external_id, **change.write)

    def user_removes(self, external_id: str) -> None:
        self.system.remove("customer", external_id)

    def stored(self) -> dict[str, dict[str, Any]]:
        return self.system.rows("customer")

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        moment = "after" if name == "timeout_after" else "before"
        error = self._error(name, seconds, is_write=verb in ("create", "update", "delete"))
        self.system.faults = Script(Fault(verb, moment, error, count=10**9 if count is None else count))

    def _error(self, name: Trouble, seconds: float, *, is_write: bool) -> Exception:
        facts = {"account": "shop"}
        if name == "throttle":
            return Throttled("{account}: too many requests", after=seconds, **facts)
        if name == "expired":
            return Forbidden("{account}: the token is too old", **facts)
        if is_write:
            return OutcomeUnknown("{account}: no answer", **facts)
        if name in ("cut", "html", "encoding"):
            return BrokenAnswer("{account}: not the answer of this system", **facts)
        return Unavailable("{account}: no answer", **facts)

    def waited(self) -> float:
        return sum(self.clock.slept)


SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "delta": {"feed": "delta"},
    "window": {"feed": "window", "times": True},
    "no_feed": {"feed": "none"},
    "versioned": {"versioned": True},
    "chosen_id": {"chosen_id": True, "reference": None},
    "no_id_in_answer": {"returns_id": False},
    "whole_form": {"partial_update": False},
    "reads_back": {"reads_back": True, "versioned": True},
    "write_only": {"readable": False},
    "read_only": {"can_create": False, "can_update": False, "can_delete": False, "stamp": None},
}


class TestMemory(AdapterContract):
    @pytest.fixture(params=SHAPES)
    def world(self, request: pytest.FixtureRequest) -> World:
        return MemoryWorld(dataclasses.replace(CUSTOMER, **SHAPES[request.param]))


@pytest.fixture
def shop() -> MemorySystem:
    return MemorySystem({"customer": CUSTOMER})


@pytest.fixture
def adapter(shop: MemorySystem) -> MemoryAdapter:
    return MemoryAdapter(shop, account="shop")


def test_a_kill_is_no_exception_that_code_could_survive(shop: MemorySystem, adapter: MemoryAdapter) -> None:
    shop.faults = Script(Fault("create", "after", Kill()))
    with pytest.raises(Kill):
        adapter.create("customer", {"name": "Анна"}, "uid-1")
    assert len(shop.rows("customer")) == 1
    assert not isinstance(Kill(), Exception)


def test_a_fault_may_act_as_a_user_between_look_and_write(shop: MemorySystem, adapter: MemoryAdapter) -> None:
    versioned = dataclasses.replace(CUSTOMER, versioned=True)
    shop.tables["customer"] = versioned
    external_id = shop.add("customer", name="Анна")

    def race(step: Step) -> None:
        if step.verb == "get" and step.moment == "after":
            shop.edit("customer", external_id, comment="я быстрее")

    shop.faults = race
    looked = adapter.get("customer", external_id, ("name",))
    with pytest.raises(Exception, match="changed since"):
        adapter.update("customer", external_id, {"name": "Оля"}, looked)
    assert shop.rows("customer")[external_id]["comment"] == "я быстрее"


def test_a_broken_answer_in_the_middle_of_a_feed(shop: MemorySystem, adapter: MemoryAdapter) -> None:
    for number in range(7):
        shop.add("customer", name=f"Гость {number}")
    shop.faults = Script(Fault("feed", "before", BrokenAnswer("{account}: cut", account="shop"), skip=1))
    pages = adapter.feed("customer", ("name",))
    assert len(next(pages).rows) == 3
    with pytest.raises(BrokenAnswer):
        next(pages)


def test_merge_marks_the_loser_and_fills_the_survivor(shop: MemorySystem) -> None:
    loser = shop.add("customer", name="Анна", phone="+79990000001", comment="любит чай")
    survivor = shop.add("customer", name="Анна П.", phone="+79990000002")
    shop.merge("customer", loser, survivor)
    rows = shop.rows("customer")
    assert rows[loser]["deleted"] is True
    assert rows[survivor] == {
        **{"name": "Анна П.", "phone": "8 (999) 000-00-02", "comment": "любит чай"},
        **{"uid": None, "id_1c": None, "deleted": False},
    }


def test_merge_removes_the_loser_where_nothing_can_be_marked(shop: MemorySystem) -> None:
    shop.tables["customer"] = dataclasses.replace(CUSTOMER, mark=None)
    loser, survivor = shop.add("customer", name="А"), shop.add("customer", name="Б")
    shop.merge("customer", loser, survivor)
    assert list(shop.rows("customer")) == [survivor]


def test_a_whole_form_overwrites_what_a_user_changed_meanwhile(shop: MemorySystem, adapter: MemoryAdapter) -> None:
    """The danger of systems that take only whole forms is there to be seen."""
    shop.tables["customer"] = dataclasses.replace(CUSTOMER, partial_update=False)
    external_id = shop.add("customer", name="Анна", comment="старое")
    looked = adapter.get("customer", external_id, ("name",))
    shop.edit("customer", external_id, comment="новое")
    adapter.update("customer", external_id, {"name": "Оля"}, looked)
    assert shop.rows("customer")[external_id]["comment"] == "старое"


def test_a_batch_with_one_refusal_is_refused_as_a_whole(shop: MemorySystem, adapter: MemoryAdapter) -> None:
    patches = [({"name": "А", "phone": "+79990000001"}, "u1"), ({"name": "Б", "phone": "+79990000001"}, "u2")]
    with pytest.raises(Duplicate):
        adapter.create_many("customer", patches)
    assert shop.rows("customer") == {}
    with pytest.raises(Invalid):
        adapter.create_many("customer", [({"name": str(n)}, str(n)) for n in range(6)])


def test_stamps_are_set_and_removed(shop: MemorySystem, adapter: MemoryAdapter) -> None:
    external_id = shop.add("customer", name="Анна")
    adapter.stamp("customer", {external_id: "guid-1"})
    assert [row.external_id for row in adapter.find("customer", "id_1c", "guid-1", ("name",))] == [external_id]
    adapter.stamp("customer", {external_id: None})
    assert adapter.find("customer", "id_1c", "guid-1", ("name",)) == []


def test_the_scheme_of_its_own_ids_is_told() -> None:
    told = [
        MemoryAdapter(MemorySystem({"customer": table}), account="shop").capabilities("customer").id_scheme
        for table in (CUSTOMER, dataclasses.replace(CUSTOMER, id_scheme="id_1c"))
    ]
    assert told == [None, "id_1c"]


def test_unknown_fields_and_endpoints_are_refused(adapter: MemoryAdapter) -> None:
    with pytest.raises(Invalid, match="no field"):
        adapter.create("customer", {"name": "А", "nonsense": 1}, "u1")
    with pytest.raises(Invalid):
        adapter.call("rows.unicorn", {})
    assert adapter.call("rows.customer", {}) == {}


@pytest.mark.parametrize("skip", [0, 2])
def test_a_fault_lets_some_steps_pass(
    shop: MemorySystem, adapter: MemoryAdapter, skip: int, secrets_watch: Callable[..., Any]
) -> None:
    shop.faults = Script(Fault("get", "before", Unavailable("{account}: away", account="shop"), skip=skip))
    for _ in range(skip):
        adapter.get("customer", "1", ("name",))
    with pytest.raises(Unavailable):
        adapter.get("customer", "1", ("name",))
    assert adapter.get("customer", "1", ("name",)) is None
