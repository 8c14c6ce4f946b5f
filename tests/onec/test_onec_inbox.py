"""What 1C has sent is read once by a run, and once more by a store that was put back."""

from __future__ import annotations

import os
from pathlib import Path

from connector.systems.onec.inbox import KEPT, Inbox

START = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time


def put(inbox: Inbox, text: str, at: float = START) -> int:
    """A file that arrived at a moment."""
    inbox.folder.mkdir(parents=True, exist_ok=True)
    file = inbox.folder.parent / "arrived"
    file.write_text(text, "utf-8")
    number = inbox.put(file)
    os.utime(inbox.after(number - 1)[0][1], (at, at))
    return number


def texts(inbox: Inbox, cursor: int) -> list[str]:
    return [file.read_text("utf-8") for _, file in inbox.after(cursor)]


def test_a_store_that_was_put_back_reads_again_what_came_since(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox", now=Clock())
    first, second, third = (put(inbox, text) for text in ("one", "two", "three"))
    inbox.forget(third)
    assert texts(inbox, third) == [] and inbox.size() == 0
    assert texts(inbox, first) == ["two", "three"]
    assert texts(inbox, second) == ["three"]


def test_what_was_read_long_ago_is_removed_and_what_waits_never(tmp_path: Path) -> None:
    clock = Clock()
    inbox = Inbox(tmp_path / "inbox", now=clock)
    old, waits = put(inbox, "old"), put(inbox, "waits")
    inbox.forget(old)
    clock.time += KEPT * 86_400 + 1
    inbox.forget(old)
    assert texts(inbox, 0) == ["waits"]
    inbox.forget(waits)
    assert texts(inbox, old) == []


def test_a_folder_that_was_lost_gives_no_number_a_cursor_stands_behind(tmp_path: Path) -> None:
    clock = Clock()
    known = Inbox(tmp_path / "inbox", now=clock)
    cursor = max(put(known, "a"), put(known, "b"))
    clock.time += 3_600
    again = Inbox(tmp_path / "other", now=clock)
    assert texts(again, cursor) == [] and put(again, "c") > cursor
    assert texts(again, cursor) == ["c"]


def test_numbers_go_on_behind_what_was_laid_aside(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox", now=Clock())
    last = put(inbox, "a")
    inbox.forget(last)
    (inbox.folder / "last").unlink()
    assert put(inbox, "b") == last + 1
