"""Paging styles as pure generators."""

from __future__ import annotations

from connector.transport import paging
from connector.transport.paging import Seen


def walk(pages, answers):
    asked = [dict(next(pages))]
    for answer in answers:
        try:
            asked.append(dict(pages.send(answer)))
        except StopIteration:
            break
    return asked


def test_none():
    assert walk(paging.none(), [Seen(500)]) == [{}]


def test_offset_ends_with_a_short_page():
    asked = walk(paging.offset(2), [Seen(2), Seen(2), Seen(1), Seen(9)])
    assert asked == [{"num": 2, "offset": 0}, {"num": 2, "offset": 2}, {"num": 2, "offset": 4}]


def test_offset_ends_with_an_empty_page():
    assert len(walk(paging.offset(2), [Seen(2), Seen(0), Seen(9)])) == 2


def test_numbered_goes_to_the_last_page():
    asked = walk(paging.numbered(150), [Seen(150, pages=2), Seen(3, pages=2), Seen(9)])
    assert asked == [{"page": 1, "per_page": 150}, {"page": 2, "per_page": 150}]


def test_numbered_goes_on_where_more_pages_appear_and_stops_at_an_empty_one():
    assert len(walk(paging.numbered(150), [Seen(150, pages=2), Seen(150, pages=3), Seen(0, pages=9), Seen(1)])) == 3


def test_numbered_without_a_total_ends_with_a_short_page():
    assert len(walk(paging.numbered(2), [Seen(2), Seen(2), Seen(1), Seen(9)])) == 3


def test_next_tr_ends_without_or_with_the_same_mark():
    assert walk(paging.next_tr(), [Seen(5, next="7"), Seen(5, next="9"), Seen(5)]) == [
        {},
        {"next_tr": "7"},
        {"next_tr": "9"},
    ]
    assert len(walk(paging.next_tr(), [Seen(5, next="7"), Seen(5, next="7"), Seen(1)])) == 2
