"""Positions: all of them once, then what is open or recent, and the archived ones of older time in turns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from conftest import FrozenClock
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox import Sandbox
from connector.systems.rows import decode_body
from connector.systems.saplab.positions import RECENT, TURNS, Reach
from saplab.conftest import opened
from saplab.shop import Shop

PATHS = ("invoice", "date_added", "is_payed", "is_denied")
TODAY = date(2026, 11, 21)


@pytest.fixture
def shop(sandbox: Sandbox, clock: FrozenClock) -> Iterator[Shop]:
    yield from opened(Shop(sandbox, clock, now=clock.time))


def aged(shop: Shop, days: int, **fields: object) -> str:
    at = f"{TODAY - timedelta(days=days)} 12:00:00+03:00"
    return shop.position(date_added=at, date_modified=at, **fields)


def run(shop: Shop, cursor: str | None) -> tuple[str, set[str]]:
    """One run: the next cursor, and the positions that it read."""
    pages = list(shop.adapter.feed("position", PATHS, cursor))
    assert [page.cursor for page in pages[:-1]] == [None] * (len(pages) - 1), "kept once all is read"
    assert pages[-1].cursor is not None
    return pages[-1].cursor, {row.external_id for page in pages for row in page.rows}


def test_a_first_run_reads_all_and_later_ones_what_may_change(shop: Shop) -> None:
    old = aged(shop, 300)
    archived = aged(shop, 299, is_archived=True)
    recent = aged(shop, 5, is_archived=True)
    today = aged(shop, 0)
    cursor, read = run(shop, None)
    assert (cursor, read) == ("0 2026-01-25", {old, archived, recent, today})
    shop.clock.advance(900)
    for _ in range(TURNS):
        cursor, read = run(shop, cursor)
        assert read >= {old, recent, today}


def test_a_late_edit_of_an_archived_position_is_seen_within_the_promised_runs(shop: Shop) -> None:
    keys = [aged(shop, days, is_archived=True) for days in range(32, 400, 7)]
    cursor, _ = run(shop, None)
    for key in keys:
        with shop.world.lock:
            shop.world.state["positions"][key]["is_payed"] = True
    left = set(keys)
    for number in range(TURNS):
        _, read = run(shop, cursor)
        assert len(read) < len(keys) / 2, "a share, not all"
        cursor = str(Reach.of(cursor).next())  # type: ignore[union-attr]
        shop.clock.advance(900 * number)
        left -= read
    assert left == set()


def test_what_is_seen_is_what_is_there(shop: Shop) -> None:
    key = aged(shop, 200)
    cursor, _ = run(shop, None)
    with shop.world.lock:
        shop.world.state["positions"][key]["is_denied"] = True
    (row,) = [row for page in shop.adapter.feed("position", PATHS, cursor) for row in page.rows][:1]
    assert decode_body(row.body)["is_denied"] == "1"


def test_a_young_shop_is_read_by_one_list(shop: Shop) -> None:
    aged(shop, 3)
    cursor, _ = run(shop, None)
    shop.world.log.clear()
    run(shop, cursor)
    assert shop.asked() == ["order"]


@pytest.mark.parametrize("cursor", [None, "", "12", "x 2026-01-01", "1 2026-13-01"])
def test_without_a_usable_cursor_all_is_read(cursor: str | None) -> None:
    assert Reach.of(cursor) is None


@given(
    ages=st.tuples(st.integers(0, 4000), st.integers(0, 4000)),
    start=st.integers(0, 100),
    steps=st.lists(st.integers(0, 3), min_size=TURNS, max_size=TURNS),
)
def test_every_day_comes_within_the_turns_however_days_pass_between_runs(
    ages: tuple[int, int], start: int, steps: list[int]
) -> None:
    age, oldest = sorted(ages)
    day, today = TODAY - timedelta(days=age), TODAY
    reach = Reach(start, TODAY - timedelta(days=oldest))
    seen = False
    for step in steps:
        seen |= any(_covers(params, day) for params in reach.asks(today) if "unignore_archived" in params)
        reach, today = reach.next(), today + timedelta(days=step)
    assert seen or today - day < RECENT


def _covers(params: dict[str, str], day: date) -> bool:
    """Whether a list surely shows a position of this day: the last day of a window may not count."""
    since = date.fromisoformat(params.get("date_from", "0001-01-01"))
    until = date.fromisoformat(params.get("date_to", "9999-12-31"))
    return since <= day < until
