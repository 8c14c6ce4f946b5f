"""Who is who, on the command line: the candidates side by side, and the answer by the place of one of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connector.reports.sheet import Sheet, read, write
from tests.commands.conftest import Run

Said = Callable[..., str]


def asked(run: Run, scheme: str, least: int = 1) -> dict[str, Any]:
    """An open question by this scheme with so many candidates."""
    for one in run("conflicts", "list", "--json"):
        found = {uid for uids in one["values"].values() for uid in uids} if one["kind"] == "identity" else set()
        if one["field"] == scheme and len(found) >= least:
            return run("conflicts", "show", str(one["id"]), "--json")
    raise AssertionError(f"the sample company has no such question by {scheme}")


def test_candidates_come_with_fields_places_cards_and_evidence(run: Run, said: Said) -> None:
    document = asked(run, "card_uid", least=3)
    assert {"record", "links", "identifiers", "candidates"} <= set(document)
    one = document["candidates"][0]
    assert {"uid", "entity", "answer", "record", "links", "identifiers", "same", "alike", "likeness"} == set(one)
    evidence = {key["scheme"] for candidate in document["candidates"] for key in candidate["same"]}
    assert "card_uid" in evidence
    assert all(0 <= candidate["likeness"] <= 100 for candidate in document["candidates"])
    shown = said("conflicts", "show", str(document["id"]))
    for candidate in document["candidates"]:
        assert candidate["record"]["name"] in shown
        assert f"resolve {document['id']} --value {shlex.quote(candidate['answer'])}" in shown
        assert all(f"{link['account']}:{link['external_id']}" in shown for link in candidate["links"])


def test_an_answer_by_place_leaves_the_others_asked_about(run: Run, said: Said) -> None:
    document = asked(run, "phone", least=3)
    chosen, *others = document["candidates"]
    assert re.fullmatch(r"\w+:.+", chosen["answer"])
    said("conflicts", "resolve", str(document["id"]), "--value", chosen["answer"])
    decided = run("conflicts", "show", str(document["id"]), "--json")
    assert (decided["status"], decided["winner"]) == ("resolved", chosen["uid"])
    left = [one for one in run("conflicts", "list", "--json") if one["uid"] == chosen["uid"]]
    (question,) = [one for one in left if one["field"] == "phone"]
    assert {uid for uids in question["values"].values() for uid in uids} >= {one["uid"] for one in others}
    assert question["id"] != document["id"]


def test_whose_card_it_is_shows_who_holds_it_and_where_it_is_shown(run: Run, said: Said) -> None:
    document = asked(run, "customer")
    assert document["entity"] == "card"
    assert {one["entity"] for one in document["candidates"]} == {"customer"}
    assert any(one["shown_by"] for one in document["candidates"])
    assert "it stays with its holder" in said("conflicts", "show", str(document["id"]))


def test_an_account_alone_is_no_answer(run: Run, said: Said) -> None:
    document = asked(run, "phone")
    account = next(iter(document["values"]))
    assert "--value ACCOUNT:ID" in said("conflicts", "resolve", str(document["id"]), "--take", account, code=3)
    assert "has no customer" in said("conflicts", "resolve", str(document["id"]), "--value", f"{account}:0-0", code=3)


def test_a_candidate_is_chosen_in_the_table(run: Run, said: Said) -> None:
    document = asked(run, "phone")
    chosen = document["candidates"][0]
    said("conflicts", "export", "c.csv")
    rows = [row for _, row in read(Path("c.csv"))]
    for row in rows:
        if row["id"] == str(document["id"]):
            row["take"] = f"{chosen['record']['name']} (…) [{chosen['answer']}]"
    write(Path("c.csv"), Sheet(list(rows[0]), [list(row.values()) for row in rows]))
    assert run("conflicts", "import", "c.csv", "--json") == {"decided": 1, "left": []}
    assert run("conflicts", "show", str(document["id"]), "--json")["winner"] == chosen["uid"]
