"""The contract under trouble: what is repeated, what never is, what stops the account, what stays secret."""

from __future__ import annotations

import pytest
from conftest import SecretsWatch
from contract_world import Trouble, Verb, World, reads, uid

from connector.errors import BrokenAnswer, ConnectorError, Forbidden, OutcomeUnknown, Throttled, Unavailable


class FaultsContract:
    @pytest.fixture(autouse=True)
    def _guard_secrets(self, world: World, secrets_watch: SecretsWatch) -> None:
        secrets_watch.guard(*world.secrets)

    @pytest.mark.parametrize(("trouble", "effects"), [("timeout_before", 0), ("timeout_after", 1)])
    def test_a_create_without_an_answer_is_unknown_and_sent_once(
        self, world: World, trouble: Trouble, effects: int, secrets_watch: SecretsWatch
    ) -> None:
        world.needs("can_create")
        world.needs_trouble(trouble)
        world.trouble(trouble, "create")
        with secrets_watch.raises(OutcomeUnknown):
            world.adapter.create(world.entity, world.sample(1).write, uid(1))
        assert len(world.stored()) == effects

    @pytest.mark.parametrize("effective", [False, True])
    def test_an_update_without_an_answer_is_unknown_and_sent_once(
        self, world: World, effective: bool, secrets_watch: SecretsWatch
    ) -> None:
        world.needs("can_update")
        trouble: Trouble = "timeout_after" if effective else "timeout_before"
        world.needs_trouble(trouble)
        external_id = world.user_adds(world.sample(1))
        before = world.stored()[external_id]
        current = world.get(external_id) if world.can.readable else None
        world.trouble(trouble, "update")
        with secrets_watch.raises(OutcomeUnknown):
            world.adapter.update(world.entity, external_id, world.change(1).write, current)
        assert (world.stored()[external_id] != before) == effective

    @pytest.mark.parametrize("trouble", ["cut", "html"])
    def test_a_write_whose_answer_cannot_be_read_is_unknown(
        self, world: World, trouble: Trouble, secrets_watch: SecretsWatch
    ) -> None:
        world.needs("can_create")
        world.needs_trouble(trouble)
        world.trouble(trouble, "create")
        with secrets_watch.raises(OutcomeUnknown):
            world.adapter.create(world.entity, world.sample(1).write, uid(1))
        assert len(world.stored()) <= 1

    def test_what_follows_an_unknown_outcome_works(self, world: World) -> None:
        world.needs("can_create")
        world.needs_trouble("timeout_before")
        world.trouble("timeout_before", "create")
        with pytest.raises(OutcomeUnknown):
            world.adapter.create(world.entity, world.sample(1).write, uid(1))
        external_id = world.create(world.sample(1), uid(1))
        assert list(world.stored()) == [external_id]

    def test_a_throttled_create_happens_once_or_not_at_all(self, world: World, secrets_watch: SecretsWatch) -> None:
        world.needs("can_create")
        world.needs_trouble("throttle")
        world.trouble("throttle", "create", seconds=2)
        try:
            world.adapter.create(world.entity, world.sample(1).write, uid(1))
        except Throttled as error:
            secrets_watch.note(error)
            assert error.after == 2
            assert world.stored() == {}
        else:
            assert world.waited() >= 2
            assert len(world.stored()) == 1

    def test_a_throttled_read_waits_as_long_as_it_is_told(self, world: World, secrets_watch: SecretsWatch) -> None:
        world.needs("readable")
        world.needs_trouble("throttle")
        external_id = world.user_adds(world.sample(1))
        world.trouble("throttle", "get", seconds=3)
        try:
            row = world.get(external_id)
        except Throttled as error:
            secrets_watch.note(error)
            assert error.after == 3
        else:
            assert world.waited() >= 3
            reads(row, world.sample(1))

    @pytest.mark.parametrize("trouble", ["timeout_before", "error"])
    def test_a_read_without_an_answer_is_repeated_or_unavailable(self, world: World, trouble: Trouble) -> None:
        world.needs("readable")
        world.needs_trouble(trouble)
        external_id = world.user_adds(world.sample(1))
        world.trouble(trouble, "get")
        try:
            row = world.get(external_id)
        except Unavailable:
            return
        reads(row, world.sample(1))

    @pytest.mark.parametrize("trouble", ["timeout_before", "error"])
    def test_a_read_that_never_gets_an_answer_is_unavailable(
        self, world: World, trouble: Trouble, secrets_watch: SecretsWatch
    ) -> None:
        world.needs("readable")
        world.needs_trouble(trouble)
        world.trouble(trouble, "get", count=None)
        with secrets_watch.raises(Unavailable):
            world.get(world.unknown_id)

    @pytest.mark.parametrize("trouble", ["cut", "html", "encoding"])
    def test_a_broken_page_stops_the_feed_and_gives_nothing_half(
        self, world: World, trouble: Trouble, secrets_watch: SecretsWatch
    ) -> None:
        world.needs_feed()
        world.needs_trouble(trouble)
        whole = {world.user_adds(world.sample(number)) for number in range(3)}
        good = {row.external_id: row.body for row in world.feed()}
        world.trouble(trouble, "feed", count=None)
        given: dict[str, bytes] = {}
        with secrets_watch.raises(BrokenAnswer):
            for page in world.adapter.feed(world.entity, tuple(world.paths)):
                given |= {row.external_id: row.body for row in page.rows}
        assert set(given) <= whole
        assert given.items() <= good.items()

    @pytest.mark.parametrize("verb", ["feed", "get", "create", "update"])
    def test_credentials_that_are_too_old_are_forbidden_at_once(
        self, world: World, verb: Verb, secrets_watch: SecretsWatch
    ) -> None:
        self._needs(world, verb)
        world.needs_trouble("expired")
        external_id = world.user_adds(world.sample(1))
        before, waited = world.stored(), world.waited()
        current = world.get(external_id) if verb == "update" and world.can.readable else None
        world.trouble("expired", verb, count=None)
        with secrets_watch.raises(Forbidden):
            self._do(world, verb, external_id, current)
        assert world.stored() == before
        assert world.waited() == waited, "an account that is locked out must not be hammered"

    def test_errors_are_sentences(self, world: World) -> None:
        world.needs("readable")
        world.needs_trouble("expired")
        world.trouble("expired", "get", count=None)
        with pytest.raises(ConnectorError) as info:
            world.get(world.unknown_id)
        assert world.adapter.account in str(info.value)
        assert len(str(info.value)) > len(world.adapter.account) + 10

    def _needs(self, world: World, verb: Verb) -> None:
        if verb == "feed":
            world.needs_feed()
        else:
            world.needs({"get": "readable", "create": "can_create", "update": "can_update"}[verb])

    def _do(self, world: World, verb: Verb, external_id: str, current: object) -> None:
        if verb == "feed":
            world.feed()
        elif verb == "get":
            world.get(external_id)
        elif verb == "create":
            world.adapter.create(world.entity, world.sample(2).write, uid(2))
        else:
            world.adapter.update(world.entity, external_id, world.change(1).write, current)  # type: ignore[arg-type]
