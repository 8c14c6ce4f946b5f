"""The contract of writing: what takes effect, what is left alone, what is refused."""

from __future__ import annotations

import pytest
from contract_reading import TEXTS
from contract_world import World, reads, uid

from connector.errors import Duplicate, Invalid, Missing, RejectedError, Stale


class WritingContract:
    def test_create_makes_one_record(self, world: World) -> None:
        world.needs("can_create")
        external_id = world.create(world.sample(1), uid(1))
        assert list(world.stored()) == [external_id]
        assert dict(world.sample(1).read).items() <= world.stored()[external_id].items()

    def test_the_answer_names_the_record(self, world: World) -> None:
        world.needs("can_create", "returns_id")
        outcome = world.adapter.create(world.entity, world.sample(1).write, uid(1))
        assert outcome.external_id in world.stored()

    def test_what_was_created_is_found_by_each_key(self, world: World) -> None:
        can = world.needs("can_create", "find_by")
        world.create(world.sample(0), uid(0))
        external_id = world.create(world.sample(1), uid(1))
        for scheme, value in world.sample(1).keys.items():
            if scheme in can.find_by:
                assert [row.external_id for row in world.find(scheme, value)] == [external_id], scheme

    def test_what_was_created_is_found_by_our_reference(self, world: World) -> None:
        if "reference" not in world.needs("can_create", "keeps_reference").find_by:
            pytest.skip(f"{world.adapter.kind}: {world.entity}: keeps our reference but cannot be asked by it")
        world.create(world.sample(0), uid(0))
        external_id = world.create(world.sample(1), uid(1))
        assert [row.external_id for row in world.find("reference", uid(1))] == [external_id]

    def test_several_at_once_are_answered_in_order(self, world: World) -> None:
        world.needs("can_create", "returns_id", "readable")
        if world.can.create_batch < 2:
            pytest.skip(f"{world.adapter.kind}: {world.entity}: creates one at a time")
        patches = [(world.sample(number).write, uid(number)) for number in range(2)]
        outcomes = world.adapter.create_many(world.entity, patches)
        for number, outcome in enumerate(outcomes):
            reads(world.get(outcome.external_id or ""), world.sample(number))

    def test_update_touches_the_given_fields_and_no_others(self, world: World) -> None:
        world.needs("can_update")
        ids = [world.user_adds(world.sample(number)) for number in range(2)]
        before = world.stored()
        change = world.change(0)
        current = world.get(ids[0]) if world.can.readable else None
        world.adapter.update(world.entity, ids[0], change.write, current)
        after = world.stored()
        assert after[ids[1]] == before[ids[1]]
        assert after[ids[0]] == {**before[ids[0]], **change.read, **world.own_marks(after[ids[0]])}

    def test_update_of_an_unknown_id_is_missing(self, world: World) -> None:
        world.needs("can_update", "readable")
        with pytest.raises(Missing):
            world.adapter.update(world.entity, world.unknown_id, world.change(1).write, None)
        assert world.stored() == {}

    def test_an_update_is_seen_by_the_next_read(self, world: World) -> None:
        world.needs("can_update", "readable")
        external_id = world.user_adds(world.sample(1))
        world.adapter.update(world.entity, external_id, world.change(1).write, world.get(external_id))
        reads(world.get(external_id), world.change(1))

    def test_an_outcome_that_carries_the_record_tells_the_truth(self, world: World) -> None:
        world.needs("can_update", "readable")
        external_id = world.user_adds(world.sample(1))
        outcome = world.adapter.update(world.entity, external_id, world.change(1).write, world.get(external_id))
        if outcome.row is not None:
            reads(outcome.row, world.change(1))
        now = world.get(external_id)
        assert now is not None
        assert outcome.version in (None, now.version)

    def test_an_update_of_what_changed_meanwhile_is_stale(self, world: World) -> None:
        world.needs("can_update", "versioned")
        external_id = world.user_adds(world.sample(1))
        looked = world.get(external_id)
        world.user_edits(external_id, world.change(2))
        before = world.stored()
        with pytest.raises(Stale):
            world.adapter.update(world.entity, external_id, world.change(1).write, looked)
        assert world.stored() == before

    def test_delete_removes_one_record(self, world: World) -> None:
        world.needs("can_delete")
        ids = [world.user_adds(world.sample(number)) for number in range(2)]
        world.adapter.delete(world.entity, ids[0])
        assert list(world.stored()) == [ids[1]]

    def test_a_second_one_of_a_unique_value_is_a_duplicate(self, world: World) -> None:
        world.needs("can_create", "unique")
        world.create(world.sample(1), uid(1))
        before = world.stored()
        with pytest.raises(Duplicate):
            world.adapter.create(world.entity, world.sample(1).write, uid(2))
        assert world.stored() == before

    def test_a_create_without_what_is_required_is_refused(self, world: World) -> None:
        world.needs("can_create", "required")
        with pytest.raises(RejectedError):
            world.adapter.create(world.entity, {}, uid(1))
        assert world.stored() == {}

    def test_an_error_names_its_account(self, world: World) -> None:
        world.needs("can_create", "unique")
        world.create(world.sample(1), uid(1))
        with pytest.raises(Duplicate) as info:
            world.adapter.create(world.entity, world.sample(1).write, uid(2))
        assert info.value.account == world.adapter.account

    def test_texts_of_all_kinds_are_written_as_they_stand(self, world: World, subtests: pytest.Subtests) -> None:
        world.needs("can_create", "readable")
        for number, (name, text) in enumerate(TEXTS.items()):
            with subtests.test(name):
                sample = world.with_text(number, text)
                reads(world.get(world.create(sample, uid(number))), sample)

    def test_an_empty_text_stays_empty(self, world: World) -> None:
        world.needs("can_update", "readable")
        external_id = world.user_adds(world.with_text(1, "что-то"))
        empty = world.with_text(1, "")
        world.adapter.update(world.entity, external_id, empty.write, world.get(external_id))
        reads(world.get(external_id), empty)

    def test_what_it_cannot_do_it_refuses(self, world: World) -> None:
        can = world.can
        before = world.stored()
        if not can.can_create:
            with pytest.raises(Invalid):
                world.adapter.create(world.entity, world.sample(1).write, uid(1))
        if not can.can_update:
            with pytest.raises(Invalid):
                world.adapter.update(world.entity, world.unknown_id, {}, None)
        if not can.can_delete:
            with pytest.raises(Invalid):
                world.adapter.delete(world.entity, world.unknown_id)
        if not can.stamps:
            with pytest.raises(Invalid):
                world.adapter.stamp(world.entity, {world.unknown_id: uid(1)})
        assert world.stored() == before
