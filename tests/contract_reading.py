"""The contract of reading: feeds, look-ups, bytes."""

from __future__ import annotations

from datetime import datetime

import pytest
from contract_world import World, reads, uid

from connector.systems.base import Capabilities
from connector.systems.rows import decode_body

SCHEMES = {"reference", "id_1c", "card_uid", "barcode", "phone", "inn", "email", "name", "external_id"}

TEXTS = {
    "cyrillic": "Ёжик Щербаков-Ъ",
    "quotes": "ООО \"Ромашка\" и 'сын' \\ «ё»",
    "newline": "первая\nвторая",
    "emoji": "Гость 🙂",
    "markup": "<b>&amp; 100% + #1?</b>",
    "zero": "0",
    "long": "ж" * 2000,
}


class ReadingContract:
    def test_an_unknown_entity_has_no_capability(self, world: World) -> None:
        assert world.adapter.capabilities("unicorn") == Capabilities()

    def test_its_capabilities_are_said_in_known_words(self, world: World) -> None:
        assert set(world.can.find_by) <= SCHEMES
        assert set(world.can.repeat.values()) <= {"safe", "same", "verify", "never"}

    def test_an_empty_system_gives_no_rows_and_an_end(self, world: World) -> None:
        world.needs_feed()
        assert world.feed() == []

    @pytest.mark.parametrize("over", [-1, 0, 1])
    def test_no_row_is_lost_or_repeated_at_the_border_of_a_page(self, world: World, over: int) -> None:
        world.needs_feed()
        ids = [world.user_adds(world.sample(number)) for number in range(2 * world.page_size + over)]
        rows = world.feed()
        assert len(rows) == len(ids)
        assert {row.external_id for row in rows} == set(ids)

    def test_a_row_says_what_its_user_entered(self, world: World) -> None:
        world.needs_feed()
        sample = world.sample(1)
        external_id = world.user_adds(sample)
        (row,) = world.feed()
        assert row.external_id == external_id
        assert not row.gone
        reads(row, sample)

    def test_only_the_asked_fields_in_the_asked_order(self, world: World) -> None:
        world.needs_feed()
        world.user_adds(world.sample(1))
        backwards = [*reversed(world.paths), "no_such_field"]
        (row,) = world.feed(paths=backwards)
        names = list(decode_body(row.body))
        assert names == [path for path in backwards if path in names]

    def test_unchanged_rows_are_the_same_bytes(self, world: World) -> None:
        world.needs_feed()
        for number in range(3):
            world.user_adds(world.sample(number))
        assert [(row.external_id, row.body) for row in world.feed()] == [
            (row.external_id, row.body) for row in world.feed()
        ]

    def test_an_edit_changes_the_bytes_of_its_row_only(self, world: World) -> None:
        world.needs_feed()
        ids = [world.user_adds(world.sample(number)) for number in range(3)]
        before = {row.external_id: row.body for row in world.feed()}
        world.user_edits(ids[1], world.change(1))
        after = {row.external_id: row.body for row in world.feed()}
        assert {external_id for external_id in ids if before[external_id] != after[external_id]} == {ids[1]}

    def test_a_removed_row_is_gone_or_not_there(self, world: World) -> None:
        world.needs_feed("snapshot")
        kept, removed = (world.user_adds(world.sample(number)) for number in range(2))
        world.user_removes(removed)
        assert [row.external_id for row in world.feed() if not row.gone] == [kept]

    def test_a_cursor_gives_what_changed_since(self, world: World) -> None:
        world.needs_feed("delta", "window")
        ids = [world.user_adds(world.sample(number)) for number in range(3)]
        cursor = world.pages()[-1].cursor
        assert cursor is not None
        world.user_edits(ids[0], world.change(0))
        changed = [row.external_id for row in world.feed(cursor)]
        assert ids[0] in changed
        if world.can.feed == "delta":
            assert changed == [ids[0]]

    def test_a_cursor_with_nothing_new_gives_nothing_again_and_again(self, world: World) -> None:
        world.needs_feed("delta")
        world.user_adds(world.sample(1))
        cursor = world.pages()[-1].cursor
        for _ in range(3):
            pages = world.pages(cursor)
            assert [row for page in pages for row in page.rows] == []
            cursor = pages[-1].cursor
            assert cursor is not None

    def test_get_says_what_the_feed_said(self, world: World) -> None:
        world.needs("readable")
        external_id = world.user_adds(world.sample(1))
        row = world.get(external_id)
        reads(row, world.sample(1))
        if world.can.feed in ("snapshot", "delta"):
            (fed,) = world.feed()
            assert (row.external_id, row.body, row.version) == (fed.external_id, fed.body, fed.version)

    def test_get_of_an_unknown_id_is_none(self, world: World) -> None:
        world.needs("readable")
        assert world.get(world.unknown_id) is None

    def test_get_sees_an_edit_at_once(self, world: World) -> None:
        world.needs("readable")
        external_id = world.user_adds(world.sample(1))
        before = world.get(external_id)
        world.user_edits(external_id, world.change(1))
        after = world.get(external_id)
        assert before is not None and after is not None
        assert before.body != after.body
        reads(after, world.change(1))
        if world.can.versioned:
            assert before.version != after.version

    def test_a_change_time_has_an_offset(self, world: World) -> None:
        world.needs_feed()
        world.user_adds(world.sample(1))
        for row in world.feed():
            if row.changed_at is not None:
                assert datetime.fromisoformat(row.changed_at).tzinfo is not None

    def test_find_gives_the_record_of_each_key_and_no_other(self, world: World) -> None:
        world.needs("find_by")
        ids = [world.user_adds(world.sample(number)) for number in range(3)]
        for scheme, value in world.sample(1).keys.items():
            if scheme in world.can.find_by:
                rows = world.find(scheme, value)
                assert [row.external_id for row in rows] == [ids[1]], scheme
                reads(rows[0], world.sample(1))

    def test_find_knows_every_scheme_it_promises(self, world: World) -> None:
        promised = set(world.needs("find_by").find_by) - {"reference"}
        assert promised <= set(world.sample(1).keys), "the samples of this world lack a key that the adapter finds by"

    def test_find_of_nothing_is_empty(self, world: World) -> None:
        world.needs("find_by")
        world.user_adds(world.sample(1))
        for scheme, value in world.sample(77).keys.items():
            if scheme in world.can.find_by:
                assert world.find(scheme, value) == [], scheme
        if "reference" in world.can.find_by:
            assert world.find("reference", uid(77)) == []

    def test_find_takes_no_part_of_a_value_for_the_value(self, world: World) -> None:
        world.needs("find_by")
        world.user_adds(world.sample(1))
        for scheme, value in world.sample(1).keys.items():
            if scheme in world.can.find_by:
                assert world.find(scheme, value[:-1]) == [], scheme

    def test_texts_of_all_kinds_are_read_as_they_stand(self, world: World, subtests: pytest.Subtests) -> None:
        world.needs("readable")
        for number, (name, text) in enumerate(TEXTS.items()):
            with subtests.test(name):
                sample = world.with_text(number, text)
                reads(world.get(world.user_adds(sample)), sample)

    def test_requests_are_counted(self, world: World) -> None:
        world.needs("readable")
        before = world.adapter.requests()
        world.get(world.unknown_id)
        assert world.adapter.requests() > before

    def test_check_is_content_and_writes_nothing(self, world: World) -> None:
        world.user_adds(world.sample(1))
        before = world.stored()
        checks = world.adapter.check({world.entity: tuple(world.paths)})
        assert checks and all(check.ok for check in checks), [str(check.text) for check in checks if not check.ok]
        assert world.stored() == before

    def test_check_names_a_field_that_is_not_there(self, world: World) -> None:
        if not world.can.readable:
            pytest.skip(f"{world.adapter.kind}: {world.entity}: readable is not among its capabilities")
        world.user_adds(world.sample(1))
        checks = world.adapter.check({world.entity: (*world.paths, "no_such_field")})
        assert any("no_such_field" in str(check.text) and not (check.ok and not check.warning) for check in checks)

    def test_close_may_be_called_twice(self, world: World) -> None:
        world.adapter.close()
        world.adapter.close()
