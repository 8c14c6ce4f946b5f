"""A base that registers changes for us: what a reading by exchange plan asks, gives, tells, and when it reads all."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest
from conftest import FrozenClock
from contract import uid

from connector.errors import BrokenAnswer, ConfigError
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.onec import writing
from connector.sandbox.onec.profiles import PLAN
from connector.systems.base import Page
from connector.systems.onec.changes import Change, Place, changes_in
from onec.base_world import BaseWorld, PartnerWorld, adapter_of, profile_of

Bases = Callable[[str], Sandbox]
RESOURCE = f"ExchangePlan_{PLAN}"


class Runs:
    """Runs of an account over one base: what they were given, and what they keep."""

    def __init__(self, world: BaseWorld, entities: Sequence[str] = ("customer", "group")) -> None:
        self.world, self.entities = world, entities
        self.cursors: dict[str, str | None] = {}
        world.adapter.entities = entities
        world.adapter.stored = self.cursors.get

    def run(self, *, stores: Sequence[str] | None = None, full: bool = False) -> dict[str, list[str]]:
        """Entity -> the ids it was given. `stores`: those that live to store them."""
        given: dict[str, list[str]] = {}
        kept: dict[str, str] = {}
        for entity in self.entities:
            pages = self.pages(entity, full)
            given[entity] = sorted(row.external_id for page in pages for row in page.rows)
            if pages[-1].cursor is not None and (stores is None or entity in stores):
                kept[entity] = pages[-1].cursor
        self.cursors |= kept
        return given

    def pages(self, entity: str, full: bool = False) -> list[Page]:
        paths = self.world.paths if entity == "customer" else ("Description", "DeletionMark")
        return list(self.world.adapter.feed(entity, paths, None if full else self.cursors.get(entity)))

    def asked(self, what: str) -> int:
        return self.world.asked().count(what)

    def node(self) -> dict[str, Any]:
        (node,) = (row for row in self.world.base.objects(RESOURCE).values() if row["Code"] == "CON")
        return node


@pytest.fixture
def runs(bases: Bases, clock: FrozenClock) -> Iterator[Runs]:
    world = BaseWorld(bases("bp30"), clock, "bp30", peer="CON")
    yield Runs(world)
    world.adapter.close()


def people(runs: Runs, count: int) -> list[str]:
    return [runs.world.user_adds(runs.world.sample(number)) for number in range(count)]


def test_the_first_run_reads_everything_and_the_next_ones_nothing(runs: Runs) -> None:
    ids = people(runs, 9)
    assert runs.run() == {"customer": sorted(ids), "group": []}
    before = len(runs.world.asked())
    assert runs.run() == {"customer": [], "group": []}
    first = runs.world.asked()[before:]
    assert first == [f"{RESOURCE} read", "NotifyChangesReceived", "SelectChanges"]
    before = len(runs.world.asked())
    runs.run()
    assert runs.world.asked()[before:] == [f"{RESOURCE} read", "SelectChanges"], "there is nothing more to forget"


def test_a_change_is_given_once_with_the_bytes_of_a_full_reading(runs: Runs) -> None:
    ids = people(runs, 6)
    runs.run()
    runs.world.user_edits(ids[2], runs.world.change(2))
    (page,) = runs.pages("customer")
    assert [row.external_id for row in page.rows] == [ids[2]]
    full = {row.external_id: row for page in runs.pages("customer", full=True) for row in page.rows}
    assert page.rows == [full[ids[2]]]
    assert runs.run()["customer"] == [ids[2]], "nothing of it was stored yet"
    assert runs.run()["customer"] == []


def test_nothing_is_forgotten_before_every_entity_has_stored_it(runs: Runs) -> None:
    people(runs, 2)
    runs.run()
    runs.run()
    told = runs.asked("NotifyChangesReceived")
    runs.world.user_edits(uid(1), runs.world.change(1))
    assert runs.run(stores=["customer"])["customer"] == [uid(1)]
    assert runs.run(stores=["customer"])["customer"] == [uid(1)], "the groups have not said that they stored it"
    assert runs.asked("NotifyChangesReceived") == told
    runs.run()
    assert runs.run()["customer"] == []
    assert runs.asked("NotifyChangesReceived") == told + 1


def test_what_was_selected_and_not_stored_comes_again(runs: Runs) -> None:
    people(runs, 2)
    runs.run()
    runs.world.user_edits(uid(1), runs.world.change(1))
    for _ in range(3):
        assert runs.run(stores=[])["customer"] == [uid(1)]
    assert runs.run()["customer"] == [uid(1)]
    assert runs.run()["customer"] == []


def test_a_lost_notice_is_told_again_and_harms_nothing(runs: Runs) -> None:
    people(runs, 2)
    runs.run()
    runs.world.user_edits(uid(1), runs.world.change(1))
    assert runs.run()["customer"] == [uid(1)]
    runs.world.world.faults.add(Fault("NotifyChangesReceived", "refuse", count=1, code=20))
    assert runs.run()["customer"] == [uid(1)], "1C gives it again"
    assert runs.run()["customer"] == []


def test_an_edit_during_the_first_reading_is_given_by_the_next(runs: Runs) -> None:
    """The selection is asked for before the reading: what comes after it is registered anew."""
    people(runs, 9)
    pages = runs.world.adapter.feed("customer", runs.world.paths, None)
    next(pages)
    runs.world.user_edits(uid(0), runs.world.change(0))
    runs.cursors["customer"] = list(pages)[-1].cursor
    runs.cursors["group"] = runs.pages("group")[-1].cursor
    assert runs.run()["customer"] == [uid(0)]


def test_an_object_deleted_for_good_is_told_as_gone(runs: Runs) -> None:
    (guid,) = people(runs, 1)
    runs.run()
    kind = runs.world.base.configuration.kinds[runs.world.resource]
    with runs.world.world.lock:
        writing.remove(runs.world.base, kind, guid, writing.Terms())
    (page,) = runs.pages("customer")
    assert [(row.external_id, row.gone) for row in page.rows] == [(guid, True)]


def test_many_changes_are_read_as_everything_where_that_costs_less(runs: Runs) -> None:
    runs.world.adapter.profile = profile_of("bp30", page=100)
    runs.world.adapter._objects.clear()
    ids = people(runs, 130)
    runs.run()
    for guid in ids[:70]:
        runs.world.user_edits(guid, runs.world.change(1))
    before = len(runs.world.asked())
    assert runs.run()["customer"] == sorted(ids)
    reads = runs.world.asked()[before:].count("Catalog_Контрагенты read")
    assert reads <= 2 + 2 * 2, "two pages and a count for each of both entities"


# -- when everything is read again


def test_every_so_many_runs_everything_is_read(bases: Bases, clock: FrozenClock) -> None:
    world = BaseWorld(bases("bp30"), clock, "bp30", peer="CON", full_every=3)
    runs = Runs(world)
    people(runs, 2)
    given = [len(runs.run()["customer"]) for _ in range(7)]
    assert given == [2, 0, 0, 2, 0, 0, 2]
    world.adapter.close()


def test_a_base_restored_from_a_copy_is_read_again(runs: Runs) -> None:
    people(runs, 2)
    runs.run()
    runs.world.user_edits(uid(1), runs.world.change(1))
    runs.run()
    runs.run()
    runs.run()
    runs.node()["ReceivedNo"] = "0"
    assert len(runs.run()["customer"]) == 2
    assert len(runs.run()["customer"]) == 0


def test_changes_that_somebody_else_took_are_made_good_by_reading_everything(runs: Runs) -> None:
    """Also a store restored from a copy: it has a cursor behind what 1C has forgotten."""
    people(runs, 2)
    runs.run()
    old = dict(runs.cursors)
    for number in range(3):
        runs.world.user_edits(uid(1), runs.world.change(number))
        runs.run()
    runs.cursors.update(old)
    assert len(runs.run()["customer"]) == 2


def test_another_node_begins_anew(runs: Runs) -> None:
    people(runs, 2)
    runs.run()
    kind = runs.world.base.configuration.kinds[RESOURCE]
    runs.node()["Code"] = "OLD"
    writing.create(runs.world.base, kind, {"Code": "CON", "Description": "Коннектор"}, writing.Terms())
    assert len(runs.run()["customer"]) == 2
    assert len(runs.run()["customer"]) == 0


@pytest.mark.parametrize("cursor", ["", "7", "x 1 2 3", f"{uid(1)} 1 2", f"{uid(1)} 1 -2 3", f"{uid(1)} 1 2 3 4"])
def test_what_is_no_cursor_of_ours_begins_anew(cursor: str) -> None:
    assert Place.of(cursor) is None
    assert Place.of(str(Place(uid(1), 5, 2, 4))) == Place(uid(1), 5, 2, 4)


# -- where 1C does not let us


@pytest.mark.parametrize("lacking", ["right", "composition"])
def test_without_the_right_everything_is_read_and_check_says_so(
    runs: Runs, lacking: str, caplog: pytest.LogCaptureFixture
) -> None:
    state = runs.world.world.state
    people(runs, 2)
    if lacking == "right":
        for _ in range(3):
            runs.run()
        state["read_only"].append(RESOURCE)
    else:
        state["composition"].remove(RESOURCE)
    kept = dict(runs.cursors)
    for _ in range(2):
        assert len(runs.pages("customer")[0].rows) == 2
        assert runs.pages("customer")[-1].cursor is None, "the cursor that is stored stays where it is"
    assert runs.cursors == kept
    assert "everything is read" in caplog.text
    lines = [check for check in runs.world.adapter.check({"customer": ("Description",)}) if check.name == "changes"]
    assert [(line.ok, line.warning) for line in lines] == [(True, True)]
    assert "everything is read every time" in str(lines[0].text) and "План обмена" in str(lines[0].text)
    if lacking == "composition":
        assert "«Синхронизация данных»" in str(lines[0].text)


def test_the_right_given_back_goes_on_from_the_old_place(runs: Runs) -> None:
    people(runs, 2)
    runs.run()
    runs.world.world.state["read_only"].append(RESOURCE)
    runs.world.user_edits(uid(1), runs.world.change(1))
    assert len(runs.pages("customer")[0].rows) == 2
    runs.world.world.state["read_only"].clear()
    assert runs.run()["customer"] == [uid(1)]


def test_check_names_what_the_plan_must_hold(runs: Runs) -> None:
    def line() -> str:
        checks = runs.world.adapter.check({"customer": ("Description",)})
        (found,) = [one for one in checks if one.name == "changes"]
        assert found.ok and not found.warning
        return str(found.text)

    people(runs, 2)
    assert "nothing was fetched" in line() and "«Справочник Контрагенты»" in line()
    assert "SelectChanges" not in runs.world.asked()
    for _ in range(3):
        runs.run()
    runs.world.user_edits(uid(1), runs.world.change(1))
    kept, node = deepcopy(runs.world.world.state["changes"]), dict(runs.node())
    assert "tells what changed" in line() and "«Справочник Контрагенты»" in line()
    assert (runs.world.world.state["changes"], runs.node()) == (kept, node), "a check changes nothing"
    assert runs.run()["customer"] == [uid(1)]


def test_a_plan_without_our_node_is_a_wrong_configuration(bases: Bases, clock: FrozenClock) -> None:
    adapter = adapter_of(bases("bp30"), clock, profile_of("bp30"), peer_code="НЕТ")
    with pytest.raises(ConfigError, match="НЕТ"):
        list(adapter.feed("customer", ("Description",)))
    (line,) = [one for one in adapter.check({}) if one.name == "changes"]
    assert not line.ok and "НЕТ" in str(line.text)


def test_a_feed_that_breaks_off_is_no_list_of_changes(runs: Runs) -> None:
    people(runs, 2)
    runs.run()
    runs.world.user_edits(uid(1), runs.world.change(1))
    runs.world.world.faults.add(Fault("SelectChanges", "html", count=1))
    with pytest.raises(BrokenAnswer):
        runs.run()
    assert runs.run()["customer"] == [uid(1)]


# -- records made of two objects


def test_an_edit_of_a_counterparty_is_an_edit_of_his_partner(bases: Bases, clock: FrozenClock) -> None:
    world = PartnerWorld(bases("ut11"), clock, "ut11", peer="CON")
    runs = Runs(world, ("customer",))
    people(runs, 20)
    runs.run()
    its = world.base.objects("Catalog_Контрагенты")
    kind = world.base.configuration.kinds["Catalog_Контрагенты"]
    for guid in list(its):
        with world.world.lock:
            writing.patch(world.base, kind, guid, {"КПП": "770101002"}, writing.Terms())
    before = len(world.asked())
    assert len(runs.run()["customer"]) == 20
    reads = [name for name in world.asked()[before:] if name.startswith("Catalog_")]
    assert len(reads) == 3 * 2, "owners, partners and their counterparties, fifteen by one condition"
    world.adapter.close()


# -- the feed itself

ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">
<entry><id>http://x/y/standard.odata/Catalog_%D0%9A(guid'11111111-1111-4111-8111-11111111111A')</id></entry>
<at:deleted-entry ref="http://x/y/standard.odata/Catalog_К(guid'22222222-2222-4222-8222-222222222222')"/>
<entry><id>http://x/y/standard.odata/InformationRegister_Ц(Период=datetime'2026-01-01T00:00:00')</id></entry>
</feed>"""


def test_what_a_feed_says() -> None:
    assert list(changes_in(io.BytesIO(ATOM.encode()))) == [
        Change("Catalog_К", "11111111-1111-4111-8111-11111111111a"),
        Change("Catalog_К", "22222222-2222-4222-8222-222222222222", True),
        Change("", ""),
    ]
