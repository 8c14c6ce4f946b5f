"""A form costs a request: it is read when new, when the list row changed, and in turns."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from conftest import FrozenClock

from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.systems.saplab.clients import TURNS, digest_of
from saplab.conftest import opened
from saplab.shop import LegalShop, Shop


class TestLegalDetailsInTurns:
    @pytest.fixture
    def store(self) -> dict[str, bytes]:
        return {}

    @pytest.fixture
    def firms(self, sandbox: Sandbox, clock: FrozenClock, store: dict[str, bytes]) -> Iterator[LegalShop]:
        def remember(entity: str, ids: Any) -> dict[str, bytes]:
            assert entity == "customer"
            return {key: store[key] for key in ids if key in store}

        yield from opened(LegalShop(sandbox, clock, remember=remember, now=clock.time))

    def run(self, shop: Shop, store: dict[str, bytes], cursor: str | None) -> tuple[str | None, int, set[str]]:
        """One run: the next cursor, the forms that were read, and the ids whose bytes have changed."""
        shop.world.log.clear()
        pages = shop.pages(cursor)
        rows = {row.external_id: row.body for page in pages for row in page.rows}
        changed = {key for key, body in rows.items() if store.get(key) != body}
        store.update(rows)
        return pages[-1].cursor, shop.asked().count("client.form"), changed

    def test_forms_are_read_once_and_then_in_turns(self, firms: LegalShop, store: dict[str, bytes]) -> None:
        for number in range(3 * TURNS):
            firms.user_adds(firms.sample(number))
        cursor, forms, changed = self.run(firms, store, None)
        assert (forms, len(changed)) == (3 * TURNS, 3 * TURNS)
        for _ in range(3):
            cursor, forms, changed = self.run(firms, store, cursor)
            assert (forms, changed) == (3, set())

    def test_a_changed_list_row_has_its_form_read_at_once(self, firms: LegalShop, store: dict[str, bytes]) -> None:
        keys = [firms.user_adds(firms.sample(number)) for number in range(5)]
        cursor, _, _ = self.run(firms, store, None)
        firms.clock.advance(60)
        firms.user_edits(keys[3], firms.change(7))
        assert self.run(firms, store, cursor)[2] == {keys[3]}

    def test_an_edit_that_leaves_the_list_alone_is_seen_within_the_promised_runs(
        self, firms: LegalShop, store: dict[str, bytes]
    ) -> None:
        keys = [firms.user_adds(firms.sample(number)) for number in range(5)]
        cursor, _, _ = self.run(firms, store, None)
        firms.world.state["clients"][keys[2]]["legal"]["kpp"] = "770101999"
        seen = []
        for run in range(firms.adapter.legal_within):
            cursor, _, changed = self.run(firms, store, cursor)
            seen += [(run, key) for key in changed]
        assert [key for _, key in seen] == [keys[2]]
        assert b"770101999" in store[keys[2]]

    def test_money_alone_asks_for_no_form(self, firms: LegalShop, store: dict[str, bytes]) -> None:
        key = firms.user_adds(firms.sample(1))
        _, _, _ = self.run(firms, store, None)
        firms.panel.book(int(key), Decimal(100), "x")
        other_turn = str(int(key) + 1)
        assert self.run(firms, store, other_turn)[1] == 0

    def test_get_gives_the_bytes_of_the_feed(self, firms: LegalShop, store: dict[str, bytes]) -> None:
        key = firms.user_adds(firms.sample(1))
        self.run(firms, store, None)
        row = firms.get(key)
        assert row is not None and row.body == store[key]

    def test_a_full_run_reads_every_form(self, firms: LegalShop, store: dict[str, bytes]) -> None:
        for number in range(5):
            firms.user_adds(firms.sample(number))
        cursor, _, _ = self.run(firms, store, None)
        assert self.run(firms, store, cursor)[1] < 5
        assert self.run(firms, store, None)[1] == 5

    def test_nobody_asks_for_forms_when_no_detail_is_mapped(self, firms: LegalShop) -> None:
        firms.user_adds(firms.sample(1))
        list(firms.adapter.feed("customer", ("name",)))
        assert firms.asked() == ["client"]

    def test_a_form_that_cannot_be_read_is_said_and_the_others_go_on(self, firms: LegalShop) -> None:
        keys = [firms.user_adds(firms.sample(number)) for number in range(3)]
        firms.world.faults.add(Fault(endpoint="client.form", fault="refuse", count=1))
        page, _ = firms.pages()
        (refused,) = [entry for entry in firms.world.log.entries() if entry.fault is not None]
        (named,) = [key for key in keys if key in refused.path.split("/")]  # forms are read side by side
        assert [key for key, _ in page.unreadable] == [named]
        assert {row.external_id for row in page.rows} == set(keys) - {named}

    def test_the_digest_is_of_what_both_show(self) -> None:
        assert digest_of({"id": "1", "name": "А", "balance": "1"}) == digest_of(
            {"id": "1", "name": "А", "balance": "2"}
        )
        assert digest_of({"name": "А"}) != digest_of({"name": "Б"})
