"""Rate and patience on a clock of their own."""

from __future__ import annotations

import pytest

from connector.transport.limits import Patience, Rate, retry_after
from transport.loopback import Waiting


def rate(waiting: Waiting, per_second: float | None, burst: int = 1) -> Rate:
    return Rate(per_second, burst=burst, clock=waiting.clock, sleep=waiting.sleep)


def test_calls_are_spaced(waiting):
    limit = rate(waiting, 4.0)
    for _ in range(9):
        limit.acquire()
    assert sum(waiting.slept) == pytest.approx(2.0)


def test_burst_goes_at_once_and_the_rest_is_spaced(waiting):
    limit = rate(waiting, 2.0, burst=3)
    for _ in range(3):
        limit.acquire()
    assert waiting.slept == []
    limit.acquire()
    limit.acquire()
    assert waiting.slept == [pytest.approx(0.5), pytest.approx(0.5)]


def test_rest_is_not_saved_up_beyond_the_burst(waiting):
    limit = rate(waiting, 1.0)
    waiting.sleep(100)
    limit.acquire()
    limit.acquire()
    assert waiting.slept[1:] == [pytest.approx(1.0)]


def test_no_limit_means_no_wait(waiting):
    limit = rate(waiting, None)
    for _ in range(100):
        limit.acquire()
    assert waiting.slept == []


def test_pause_holds_everybody(waiting):
    limit = rate(waiting, None)
    limit.pause(5)
    limit.acquire()
    limit.acquire()
    assert waiting.slept == [pytest.approx(5)]


def test_slows_to_a_floor_and_recovers_to_what_is_allowed(waiting):
    limit = rate(waiting, 8.0)
    for _ in range(20):
        limit.slow_down()
    assert limit.current == 0.25
    for _ in range(200):
        limit.speed_up()
    assert limit.current == 8.0


def test_an_unlimited_account_learns_its_limit_and_forgets_it(waiting):
    limit = rate(waiting, None)
    limit.slow_down()
    assert limit.current == 4.0
    for _ in range(200):
        limit.speed_up()
    assert limit.current is None


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_rate_is_above_zero(wrong):
    with pytest.raises(ValueError, match="above zero"):
        Rate(wrong)


def test_waits_double_are_jittered_and_capped():
    patience = Patience(first_wait=1.0, longest_wait=5.0)
    assert [patience.wait(n, 1.0) for n in (1, 2, 3, 4)] == [1.0, 2.0, 4.0, 5.0]
    assert [patience.wait(n, 0.0) for n in (1, 2)] == [0.5, 1.0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        (" 0 ", 0.0),
        ("soon", None),
        ("-3", None),
        ("٣", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
    ],
)
def test_retry_after(header, seconds):
    assert retry_after(header, 60.0) == seconds
