"""A receipt with bonuses is booked once, or a person is told what was seen."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connector.errors import (
    ConnectorError,
    Forbidden,
    Invalid,
    Missing,
    OutcomeUnknown,
    Throttled,
    Unavailable,
)
from connector.systems.loyalclient.receipt import (
    MARGIN,
    STALE,
    Progress,
    Receipt,
    Step,
    Till,
    after,
    failed,
    lapsed,
    next_step,
)
from loyalclient.programme import Programme

EARN = Receipt(search="79990000001", amount=Decimal(1000))
SPEND = Receipt(search="79990000001", amount=Decimal(1000), spend=Decimal(50))


class Journal:
    """What was recorded, as it would be stored."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def __call__(self, progress: Progress) -> None:
        self.lines.append(msgspec.json.encode(progress))

    @property
    def stages(self) -> list[str]:
        return [self.read(line).stage for line in self.lines]

    @property
    def last(self) -> Progress:
        return self.read(self.lines[-1])

    def read(self, line: bytes) -> Progress:
        return msgspec.json.decode(line, type=Progress)


@pytest.fixture
def client(programme: Programme) -> str:
    return programme.user_adds(programme.sample(1))  # 101 points


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def till(programme: Programme, journal: Journal) -> Till:
    return programme.adapter.till(journal)


class TestSelling:
    def test_earning(self, programme: Programme, client: str, till: Till, journal: Journal) -> None:
        assert till.sell(EARN).stage == "done"
        assert programme.asked() == ["client", "recalc", "retail"]
        assert journal.stages == ["found", "reckoned", "asked", "done"]
        assert programme.clients[client]["balance"] == 201

    def test_spending_sets_the_points_aside_first(
        self, programme: Programme, client: str, till: Till, journal: Journal
    ) -> None:
        assert till.sell(SPEND).stage == "done"
        assert programme.asked() == ["client", "recalc", "bonuses.hold", "retail", "bonuses.release"]
        assert journal.stages == ["found", "reckoned", "held", "asked", "sold", "done"]
        assert programme.clients[client]["balance"] == 51
        assert programme.holds == {}

    def test_spending_all_there_is_with_its_own_hold(self, programme: Programme, client: str, till: Till) -> None:
        till.sell(msgspec.structs.replace(SPEND, spend=Decimal(101)))
        assert programme.clients[client]["balance"] == 0

    def test_spending_without_a_hold(self, programme: Programme, client: str, till: Till) -> None:
        till.sell(msgspec.structs.replace(SPEND, hold_minutes=0))
        assert programme.asked() == ["client", "recalc", "retail"]

    def test_the_terms_of_the_point_count(self, programme: Programme, client: str, till: Till) -> None:
        programme.world.state["points"][programme.point]["percent"] = 3
        till.sell(EARN)
        assert programme.clients[client]["balance"] == 131

    def test_more_than_may_be_spent_is_refused_before_anything_is_held(
        self, programme: Programme, client: str, till: Till
    ) -> None:
        with pytest.raises(Invalid, match="only 101 points"):
            till.sell(msgspec.structs.replace(SPEND, spend=Decimal(102)))
        assert programme.asked() == ["client", "recalc"]

    def test_nobody(self, till: Till) -> None:
        with pytest.raises(Missing):
            till.sell(EARN)

    def test_a_discount_moves_no_points(self, programme: Programme, client: str, till: Till) -> None:
        for level in programme.world.state["levels"].values():
            level["type"] = "discount"
        assert till.sell(EARN).stage == "done"
        with pytest.raises(Invalid):
            till.sell(SPEND)


class TestNoAnswer:
    @pytest.mark.parametrize("receipt", [EARN, SPEND])
    @pytest.mark.parametrize("fault", ["timeout_after", "cut"])
    def test_booked_and_told_by_the_balance(
        self, programme: Programme, client: str, till: Till, receipt: Receipt, fault: str
    ) -> None:
        programme.fault(fault, "retail")
        assert till.sell(receipt).stage == "done"
        assert len(programme.operations) == 1
        assert programme.asked().count("retail") == 1
        assert programme.holds == {}

    @pytest.mark.parametrize("receipt", [EARN, SPEND])
    @pytest.mark.parametrize("fault", ["timeout_before", "error", "html"])
    def test_not_booked_is_parked_for_it_may_still_come(
        self, programme: Programme, client: str, till: Till, journal: Journal, receipt: Receipt, fault: str
    ) -> None:
        programme.fault(fault, "retail")
        with pytest.raises(OutcomeUnknown) as caught:
            till.sell(receipt)
        moved = "-50" if receipt is SPEND else "100"
        assert caught.value.sentence.facts["evidence"] == {
            "client": client,
            "amount": "1000",
            "before": "101",
            "delta": moved,
            "expected": str(101 + int(moved)),
            "seen": "101",
            "answer": None,
        }
        assert programme.asked().count("retail") == 1
        assert journal.last.stage == "parked"

    def test_another_change_meanwhile_proves_nothing(self, programme: Programme, client: str, till: Till) -> None:
        programme.fault("timeout_before", "retail")
        call = programme.adapter.call

        def and_somebody_buys(endpoint: str, params: Any) -> Any:
            if endpoint == "retail":
                programme.clients[client]["balance"] += 7
            return call(endpoint, params)

        programme.adapter.call = and_somebody_buys  # type: ignore[method-assign]
        with pytest.raises(OutcomeUnknown) as caught:
            till.sell(EARN)
        assert caught.value.sentence.facts["evidence"]["seen"] == "108"

    def test_a_discount_cannot_be_told_by_a_balance(self, programme: Programme, client: str, till: Till) -> None:
        for level in programme.world.state["levels"].values():
            level["type"] = "discount"
        programme.fault("timeout_after", "retail")
        with pytest.raises(OutcomeUnknown):
            till.sell(EARN)
        assert len(programme.operations) == 1

    def test_a_look_that_fails_leaves_it_open_and_a_later_one_settles_it(
        self, programme: Programme, client: str, till: Till, journal: Journal
    ) -> None:
        programme.fault("timeout_after", "retail")
        programme.fault("error", "client", count=3, skip=1)
        with pytest.raises(OutcomeUnknown):
            till.sell(SPEND)
        assert journal.last.stage == "asked"
        assert till.sell(SPEND, journal.last).stage == "done"
        assert len(programme.operations) == 1

    def test_a_lost_hold_is_waited_for(self, programme: Programme, client: str, till: Till, journal: Journal) -> None:
        programme.fault("timeout_after", "bonuses.hold")
        with pytest.raises(Throttled) as caught:
            till.sell(SPEND)
        assert caught.value.after == pytest.approx(600, abs=2)
        assert programme.operations == []
        with pytest.raises(Throttled):
            till.sell(SPEND, journal.last)
        programme.world.advance(601)
        assert till.sell(SPEND, journal.last).stage == "done"
        assert programme.clients[client]["balance"] == 51

    def test_a_lost_release_changes_nothing(self, programme: Programme, client: str, till: Till) -> None:
        programme.fault("timeout_before", "bonuses.release")
        assert till.sell(SPEND).stage == "done"

    def test_death_between_intent_and_answer_is_settled_by_looking(
        self, programme: Programme, client: str, journal: Journal
    ) -> None:
        class Death(BaseException):
            pass

        def dies(progress: Progress) -> None:
            journal(progress)
            if progress.stage == "asked":
                raise Death

        with pytest.raises(Death):
            programme.adapter.till(dies).sell(EARN)
        with pytest.raises(OutcomeUnknown):
            programme.adapter.till(journal).sell(EARN, journal.last)
        assert programme.operations == []


class TestRefusals:
    def test_a_refused_booking_frees_its_points(
        self, programme: Programme, client: str, till: Till, journal: Journal
    ) -> None:
        call = programme.adapter.call

        def spends_elsewhere(endpoint: str, params: Any) -> Any:
            if endpoint == "retail":
                programme.clients[client]["balance"] = 10
            return call(endpoint, params)

        programme.adapter.call = spends_elsewhere  # type: ignore[method-assign]
        with pytest.raises(Invalid, match="Spend can't be more"):
            till.sell(SPEND)
        assert programme.asked()[-2:] == ["retail", "bonuses.release"]
        assert journal.last.stage == "refused" and journal.last.over
        assert programme.holds == {}

    def test_throttled_is_certainly_not_booked_and_gone_on_with_later(
        self, programme: Programme, client: str, till: Till, journal: Journal
    ) -> None:
        programme.fault("throttle", "retail", seconds=1)
        with pytest.raises(Throttled):
            till.sell(SPEND)
        assert journal.last.stage == "held"
        assert till.sell(SPEND, journal.last).stage == "done"
        assert len(programme.operations) == 1

    def test_forbidden_is_certainly_not_booked(
        self, programme: Programme, client: str, till: Till, journal: Journal
    ) -> None:
        programme.fault("expired", "retail")
        with pytest.raises(Forbidden):
            till.sell(EARN)
        assert journal.last.stage == "reckoned"
        assert programme.operations == []


class TestTime:
    def test_old_terms_are_asked_for_again(
        self, programme: Programme, client: str, till: Till, journal: Journal
    ) -> None:
        programme.fault("throttle", "retail")
        with pytest.raises(Throttled):
            till.sell(EARN)
        programme.world.advance(STALE + 1)
        programme.world.log.clear()
        till.sell(EARN, journal.last)
        assert programme.asked() == ["client", "recalc", "retail"]

    def test_a_hold_that_ends_soon_is_not_booked_on(
        self, programme: Programme, client: str, till: Till, journal: Journal
    ) -> None:
        programme.fault("throttle", "retail")
        with pytest.raises(Throttled):
            till.sell(SPEND)
        programme.world.advance(600 - MARGIN + 1)
        programme.world.log.clear()
        assert till.sell(SPEND, journal.last).stage == "done"
        assert programme.asked() == ["bonuses.release", "client", "recalc", "bonuses.hold", "retail", "bonuses.release"]
        assert programme.clients[client]["balance"] == 51

    @pytest.mark.parametrize(("asked", "sent"), [(5, 5), (30, 30), (90, 30)])
    def test_the_duration_is_what_the_system_takes(self, asked: int, sent: int) -> None:
        receipt = msgspec.structs.replace(SPEND, hold_minutes=asked)
        step = next_step(receipt, Progress(stage="reckoned", client="c"), "p", 0.0)
        assert step == Step("bonuses.hold", {"client": "c", "point": "p", "amount": Decimal(50), "duration": sent})

    def test_the_told_end_counts_unless_the_clocks_cannot_agree(self) -> None:
        step = Step("bonuses.hold", {})
        for told, until in ((1_000_590, 1_000_590.0), (5, 1_000_600.0), (1_000_600_000, 1_000_600.0)):
            answer = {"held": {"id": "h", "until": told, "amount": 50}}
            assert after(SPEND, Progress(stage="reckoned"), step, answer, 1_000_000.0).until == until

    def test_one_receipt_at_a_time(self, programme: Programme, client: str, journal: Journal) -> None:
        tills = [programme.adapter.till(journal) for _ in range(3)]
        threads = [threading.Thread(target=till.sell, args=(SPEND,)) for till in tills[:2]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert programme.asked() == ["client", "recalc", "bonuses.hold", "retail", "bonuses.release"] * 2
        assert programme.clients[client]["balance"] == 1


class TestAmounts:
    @pytest.mark.parametrize(
        ("receipt", "told"),
        [
            (SPEND, {"amount": 1000, "total": 970, "spend": 30}),
            (EARN, {"amount": 1000, "total": 1000, "earn": 5}),
            (EARN, {"amount": 100, "total": 100, "earn": 100}),
        ],
    )
    def test_booked_otherwise_than_asked_is_for_a_person(self, receipt: Receipt, told: dict[str, Any]) -> None:
        progress = Progress(stage="asked", kind="cashback", before=Decimal(101), earn=Decimal(100))
        booked = after(receipt, progress, Step("retail", {}), {"retail": told}, 0.0)
        assert booked.stage == "parked"
        assert booked.sold == told

    def test_an_answer_without_its_content_is_no_answer(self, journal: Journal) -> None:
        class Broken:
            account = "bonus"

            def call(self, endpoint: str, params: Any) -> Any:
                if endpoint == "client":
                    return {"client": {"id": "c", "level": {"type": "cashback"}, "balance": 101}}
                return {"recalc": {"spend": 101, "earn": 100}} if endpoint == "recalc" else {endpoint: {}, "held": {}}

        with pytest.raises(Throttled):
            Till(Broken(), "p", record=journal, now=lambda: 0.0).sell(SPEND)
        assert journal.last.stage == "blind"

    def test_a_balance_that_is_not_told_proves_nothing(self) -> None:
        progress = Progress(stage="asked", kind="cashback", before=None, earn=Decimal(5))
        answer = {"client": {"id": "c", "balance": 5}}
        assert after(EARN, progress, Step("client", {}), answer, 0.0).stage == "parked"


@pytest.mark.parametrize("stage", ["done", "parked", "refused"])
def test_nothing_follows_the_end(stage: Any) -> None:
    progress = Progress(stage=stage)
    assert progress.over
    assert next_step(SPEND, progress, "p", 0.0) is None


@pytest.mark.parametrize("error", [Unavailable("x"), Forbidden("x"), OutcomeUnknown("x"), Invalid("x")])
def test_what_is_booked_stays_booked_whatever_becomes_of_the_release(error: ConnectorError) -> None:
    progress = Progress(stage="sold", hold="h", sold={})
    after_it = failed(SPEND, progress, Step("bonuses.release", {}), error, 0.0)
    assert after_it is not None and after_it.stage == "done"


def test_old_looks_lapse_and_what_is_under_way_does_not() -> None:
    assert lapsed(Progress(stage="reckoned", looked_at=0.0), STALE + 1) == Progress()
    for stage in ("held", "asked", "sold", "parked"):
        progress = Progress(stage=stage, looked_at=0.0)  # type: ignore[arg-type]
        assert lapsed(progress, 10**6) == progress
