"""Small things of 1C: guids, dates, versions, names, pages that move."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from threading import Barrier, Lock
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.systems.onec.names import title_of
from connector.systems.onec.values import EMPTY_DATE, ZERO_GUID, aware, empty_like, guid_of, is_empty, naive
from connector.systems.onec.versions import joined, parts
from connector.systems.onec.walk import Ahead, walk

MOSCOW = ZoneInfo("Europe/Moscow")


def test_a_moment_is_the_wall_clock_of_the_server() -> None:
    moment = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
    assert naive(moment, MOSCOW) == "2026-11-21T10:00:00"
    assert aware("2026-11-21T10:00:00", MOSCOW) == moment
    assert aware(EMPTY_DATE, MOSCOW) is None
    with pytest.raises(ValueError, match="time zone"):
        naive(datetime(2026, 11, 21), MOSCOW)
    with pytest.raises(ValueError, match="date"):
        aware("21.11.2026", MOSCOW)


@pytest.mark.parametrize(
    ("text", "guid"),
    [
        ("0D4A79CB-9843-4147-BCD9-80AC3CA2B9C7", "0d4a79cb-9843-4147-bcd9-80ac3ca2b9c7"),
        (" 0d4a79cb-9843-4147-bcd9-80ac3ca2b9c7\n", "0d4a79cb-9843-4147-bcd9-80ac3ca2b9c7"),
        ("999999", None),
        ("", None),
        ("guid'0d4a79cb'", None),
    ],
)
def test_a_guid_has_one_spelling(text: str, guid: str | None) -> None:
    assert guid_of(text) == guid


@pytest.mark.parametrize(
    ("value", "empty"),
    [
        ("", True),
        (None, True),
        (ZERO_GUID, True),
        (EMPTY_DATE, True),
        ([], True),
        (0, False),
        (False, False),
        ("0", False),
    ],
)
def test_a_zero_is_not_empty(value: Any, empty: bool) -> None:
    assert is_empty(value) is empty


@pytest.mark.parametrize(
    ("name", "current", "said"),
    [
        ("Партнер_Key", "0d4a79cb-9843-4147-bcd9-80ac3ca2b9c7", ZERO_GUID),
        ("ДатаРождения", "1990-01-31T00:00:00", EMPTY_DATE),
        ("Комментарий", "текст", ""),
        ("Сумма", 5, None),
    ],
)
def test_empty_is_said_in_the_words_of_the_property(name: str, current: Any, said: Any) -> None:
    assert empty_like(name, current) == said


def test_the_versions_of_two_objects_stay_apart() -> None:
    assert parts(joined("AAAAAAAAA/A=", "AAAAAAAAAAE=")) == ("AAAAAAAAA/A=", "AAAAAAAAAAE=")
    assert parts(joined("AAAAAAAAAAA=")) == ("AAAAAAAAAAA=", None)
    assert joined(None, "x") is None
    assert parts(None) == (None, None)


def test_a_resource_is_called_as_in_the_windows_of_1c() -> None:
    assert title_of("Catalog_Контрагенты") == "«Справочник Контрагенты»"
    assert title_of("InformationRegister_КурсыВалют") == "«Регистр сведений КурсыВалют»"
    assert title_of("standard.odata") == "standard.odata"


class Table:
    """Rows in a fixed order, some of which come and go between two pages."""

    def __init__(self, ids: list[str]) -> None:
        self.ids = sorted(ids)
        self.asked: list[tuple[int, int]] = []
        self.between: list[Any] = []
        self.lock = Lock()

    def ask(self, top: int, skip: int) -> list[dict[str, Any]]:
        with self.lock:
            if self.asked and self.between:
                self.between.pop(0)()
            self.asked.append((top, skip))
            return [{"Ref_Key": external_id} for external_id in self.ids[skip : skip + top]]

    def walk(self, size: int, at_once: int = 1) -> list[str]:
        if at_once == 1:
            return [row["Ref_Key"] for page in walk(self.ask, size, lambda row: row["Ref_Key"]) for row in page]
        ahead = Ahead(self.ask, at_once, len(self.ids))
        try:
            return [row["Ref_Key"] for page in walk(ahead, size, lambda row: row["Ref_Key"]) for row in page]
        finally:
            ahead.close()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 6, 7, 20])
@pytest.mark.parametrize("size", [2, 3, 7])
@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_a_walk_gives_each_row_once(count: int, size: int, at_once: int) -> None:
    """Read side by side or not, with the same requests: none is in vain."""
    table = Table([f"{number:03d}" for number in range(count)])
    assert table.walk(size, at_once) == table.ids
    assert len(table.asked) <= max(1, -(-count // size)) + 1
    assert len(set(table.asked)) == len(table.asked)


def test_pages_ahead_are_asked_for_side_by_side() -> None:
    """Three requests are under way at once, and no fourth: each waits for the other two."""
    together, most = Barrier(3, timeout=10), []
    inside: set[int] = set()

    def ask(top: int, skip: int) -> list[dict[str, Any]]:
        inside.add(skip)
        most.append(len(inside))
        if skip in (0, 1, 3):
            together.wait()
        inside.discard(skip)
        return [{"Ref_Key": number} for number in range(20)[skip : skip + top]]

    ahead = Ahead(ask, 3, 20)
    given = [row["Ref_Key"] for page in walk(ahead, 2, lambda row: row["Ref_Key"]) for row in page]
    ahead.close()
    assert given == list(range(20))
    assert max(most) == 3


def test_an_error_of_a_page_ahead_is_raised_in_its_turn() -> None:
    def ask(top: int, skip: int) -> list[dict[str, Any]]:
        if skip >= 5:
            raise RuntimeError("cut")
        return [{"Ref_Key": number} for number in range(20)[skip : skip + top]]

    ahead, given = Ahead(ask, 4, 20), []
    with pytest.raises(RuntimeError, match="cut"):
        for page in walk(ahead, 3, lambda row: row["Ref_Key"]):
            given += [row["Ref_Key"] for row in page]
    ahead.close()
    assert given == list(range(6))


def test_an_empty_set_is_one_empty_page() -> None:
    assert list(walk(lambda top, skip: [], 3, str)) == [[]]


def test_a_row_added_in_front_repeats_nothing() -> None:
    table = Table(["b", "d", "f", "h", "j"])
    table.between = [lambda: table.ids.insert(0, "a")]
    assert table.walk(2) == ["b", "d", "f", "h", "j"]


def test_a_row_deleted_in_front_loses_nothing() -> None:
    table = Table(["b", "d", "f", "h", "j"])
    table.between = [lambda: table.ids.remove("b")]
    assert table.walk(2) == ["b", "d", "f", "h", "j"]


def test_even_the_whole_page_before_may_be_deleted() -> None:
    table = Table(["a", "b", "c", "d", "e", "f", "g"])

    def wipe() -> None:
        table.ids = ["e", "f", "g"]

    table.between = [lambda: None, wipe]
    assert set(table.walk(2)) == {"a", "b", "c", "d", "e", "f", "g"}


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("at_once", [1, 4])
def test_what_stays_all_the_time_is_given_exactly_once(seed: int, at_once: int) -> None:
    random = Random(seed)
    start = sorted(random.sample(range(1000), random.randint(1, 40)))
    table = Table([f"{number:03d}" for number in start])
    stable = set(table.ids)

    def disturb() -> None:
        if random.random() < 0.5 and len(table.ids) > 1:
            gone = random.choice(table.ids)
            table.ids.remove(gone)
            stable.discard(gone)
        else:
            table.ids = sorted({*table.ids, f"{random.randrange(1000):03d}"})

    table.between = [disturb] * 200
    given = table.walk(random.choice([2, 3, 5]), at_once)
    assert stable <= set(given)
    assert all(given.count(external_id) == 1 for external_id in stable)
