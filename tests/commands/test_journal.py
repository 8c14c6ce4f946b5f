"""The journal on the command line: what can be read of it, and lines that somebody has dismissed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.commands.conftest import Run

Said = Callable[..., str]


def waiting(run: Run) -> dict[str, Any]:
    return next(one for one in run("journal", "list", "--json") if one["kind"] == "waiting")


def test_a_line_shows_the_readable_part_and_its_page_the_whole_value(run: Run, said: Said) -> None:
    listed = run("journal", "list", "--json")
    phone = next(one for one in listed if one["account"] == "buh" and one["field"] == "phone")
    assert "секретаря" in phone["value"] and "{" not in phone["value"]
    assert "Вид_Key" not in said("journal", "list")
    whole = run("journal", "show", str(phone["id"]), "--json")
    assert isinstance(whole["raw"], list)
    assert whole["value"] in [row["Представление"] for row in whole["raw"]]
    assert "Вид_Key" in said("journal", "show", str(phone["id"]))


def test_every_line_says_what_to_do(run: Run) -> None:
    assert all(one["do"] for one in run("journal", "list", "--json"))


def test_a_dismissed_line_is_not_counted_and_stays_to_be_seen(run: Run, said: Said) -> None:
    before = run("status", "--json")
    line = waiting(run)
    assert "connector journal reopen" in said("journal", "dismiss", str(line["id"]))
    after = run("status", "--json")
    assert after["open"]["journal"] == before["open"]["journal"] - 1
    assert (before["dismissed"], after["dismissed"]) == (0, 1)
    assert "dismissed lines in the journal: 1" in said("status")
    last = run("journal", "list", "--json")[-1]
    assert (last["id"], bool(last["dismissed_by"]), bool(last["dismissed_at"])) == (line["id"], True, True)
    assert line["id"] not in [one["id"] for one in run("journal", "list", "--open", "--json")]
    assert last["dismissed_by"] in said("journal", "list")
    run("sync", "--json", code=1)
    assert run("status", "--json")["dismissed"] == 1, "a run that finds the same forgets no dismissal"
    said("journal", "reopen", str(line["id"]))
    assert run("status", "--json")["dismissed"] == 0


def test_lines_that_are_alike_are_dismissed_together(run: Run, said: Said) -> None:
    lines = run("journal", "list", "--json")
    line = next(one for one in lines if (one["account"], one["field"], one["kind"]) == ("panel", "phone", "waiting"))
    said("journal", "dismiss", str(line["id"]), "--alike")
    kind = {key: line[key] for key in ("account", "entity", "field", "kind")}
    listed = run("journal", "list", "--json")
    gone = [one for one in listed if one["dismissed_by"]]
    assert len(gone) > 1 and all({key: one[key] for key in kind} == kind for one in gone)
    assert any({key: one[key] for key in kind} != kind for one in listed if not one["dismissed_by"])


def test_a_number_that_is_not_there(said: Said) -> None:
    for command in ("show", "dismiss", "reopen", "retry"):
        assert "no line 999999" in said("journal", command, "999999", code=3)
    assert "ID" in said("journal", "dismiss", code=3)
