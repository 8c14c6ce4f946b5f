"""The commands of daily work over the sandbox's sample company: shapes of the contract, decisions, exit codes."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.locale import N_, Sentence
from connector.model.states import Operation
from connector.resources import mappings_folder
from connector.sandbox import Sandbox
from connector.store import open_store

Run = Callable[..., Any]
ROUTE_KEYS = {
    "entity", "account", "read", "changed", "created", "updated", "deactivated", "conflicts", "unreadable", "waiting",
    "refused", "parked", "requests", "error",
}  # fmt: skip


def test_the_first_sync_in_the_shape_of_the_contract(synced: tuple[Path, dict[str, Any]]) -> None:
    report = synced[1]
    assert {"run", "status", "seconds", "requests", "routes", "match"} <= set(report)
    assert report["status"] == "attention" and report["run"] == 1
    assert all(set(route) >= ROUTE_KEYS for route in report["routes"])
    match = report["match"]
    assert {"linked", "ambiguous", "only"} <= set(match)
    assert match["linked"]["phone"] > 0 and match["ambiguous"] > 0


def test_the_first_sync_without_consent_writes_nothing(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {kind: world.dump() for kind, world in sandbox.worlds.items()}
    sandbox.workspace(tmp_path, "en")
    assert main(["-C", str(tmp_path), "sync", "customer"]) == 2
    shown = capsys.readouterr()
    assert "match report" in shown.out and "agree with --yes" in shown.err
    assert {kind: world.dump() for kind, world in sandbox.worlds.items()} == before


def test_an_exchange_with_a_site_is_checked(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Orders reach it by the shipped route; goods it tells by their ids, and no mapping of them is asked for."""
    file = sandbox.workspace(tmp_path, "en")
    account = "  site: {kind: onec, channel: commerceml, login: robot, password: secret, base: buh}\n"
    file.write_text(file.read_text("utf-8") + account, "utf-8")
    assert main(["-C", str(tmp_path), "check", "--account", "site", "--json"]) in (0, 1)
    (checked,) = json.loads(capsys.readouterr().out)
    assert checked["account"] == "site" and checked["checks"]


def test_status(run: Run, said: Callable[..., str]) -> None:
    document = run("status", "--json")
    assert set(document) == {
        "runs",
        "cursors",
        "open",
        "offered",
        "dismissed",
        "legal_within",
        "archived_within",
        "put_back",
    }
    assert document["runs"][0]["run"] == 1 and set(document["runs"][0]["routes"][0]) >= ROUTE_KEYS
    assert {"entity", "account", "complete_up_to"} == set(document["cursors"][0])
    assert set(document["open"]) == {"conflicts", "journal", "outbox", "brakes"}
    assert "connector conflicts list" in said("status")


def test_plan_shows_operations_and_writes_nothing(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {kind: world.dump() for kind, world in sandbox.worlds.items()}
    sandbox.workspace(tmp_path, "en")
    assert main(["-C", str(tmp_path), "plan", "customer", "--json"]) == 4
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"operations", "conflicts", "brakes"}
    shown = document["operations"][0]
    assert set(shown) == {"id", "entity", "account", "verb", "uid", "external_id", "changes", "after"}
    assert all(set(change) <= {"from", "to"} for change in shown["changes"].values())
    assert {kind: world.dump() for kind, world in sandbox.worlds.items()} == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["plan", "custmer"], "did you mean “customer”"),
        (["sync", "--account", "cafe"], "did you mean “kafe”"),
        (["sync", "--budget", "soon"], "no length of time"),
        (["conflicts", "resolve", "1"], "either --take or --value"),
        (["conflicts", "show", "9999"], "no conflict 9999"),
        (["journal", "show", "9999"], "no line 9999"),
        (["outbox", "retry", "9999"], "no operation 9999"),
        (["links", "show", "nobody"], "no record is known"),
        (["links", "unlink", "kafe:customer"], "ACCOUNT:ENTITY:EXTERNAL_ID"),
        (["links", "show", "kafe:customer:999999"], "nothing is known"),
        (["conflicts", "export", "x.pdf"], "ending must be one of"),
    ],
)
def test_wrong_words_end_with_3(said: Callable[..., str], words: list[str], says: str) -> None:
    assert says in said(*words, code=3)


# conflicts


def test_conflicts_in_the_shape_of_the_contract(run: Run) -> None:
    keys = {"id", "kind", "entity", "uid", "field", "base", "values", "rule", "winner", "status", "at"}
    listed = run("conflicts", "list", "--json")
    assert listed and all(set(one) == keys and one["status"] == "open" for one in listed)
    assert len(run("conflicts", "list", "--all", "--json")) > len(listed)
    accounts = {"buh", "kafe", "panel", "vp", "bonus"}
    assert all(set(one["values"]) <= accounts for one in listed)


def field_conflict(run: Run) -> dict[str, Any]:
    return next(one for one in run("conflicts", "list", "--json") if one["kind"] == "field")


def test_a_conflict_is_decided_for_an_account_and_only_once(run: Run, said: Callable[..., str]) -> None:
    conflict = field_conflict(run)
    taken = next(iter(conflict["values"]))
    assert "is decided" in said("conflicts", "resolve", str(conflict["id"]), "--take", taken)
    shown = run("conflicts", "show", str(conflict["id"]), "--json")
    assert (shown["status"], shown["winner"]) == ("resolved", taken)
    assert shown["record"][conflict["field"]] == conflict["values"][taken]
    assert "decided already" in said("conflicts", "resolve", str(conflict["id"]), "--take", taken, code=3)


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_decisions_go_out_as_a_table_and_come_back(run: Run, said: Callable[..., str], ending: str) -> None:
    open_before = run("conflicts", "list", "--json")
    said("conflicts", "export", f"c.{ending}")
    conflict = field_conflict(run)
    taken = next(iter(conflict["values"]))
    fill_in(Path(f"c.{ending}"), {str(conflict["id"]): {"take": taken}})
    assert run("conflicts", "import", f"c.{ending}", "--json") == {"decided": 1, "left": []}
    assert len(run("conflicts", "list", "--json")) == len(open_before) - 1
    left = run("conflicts", "import", f"c.{ending}", "--json", code=1)
    assert left["decided"] == 0 and "has changed" in left["left"][0]["reason"]


def test_rows_that_contradict_themselves_are_left_out(run: Run, said: Callable[..., str]) -> None:
    said("conflicts", "export", "c.csv")
    ids = [str(one["id"]) for one in run("conflicts", "list", "--json")]
    fill_in(Path("c.csv"), {ids[0]: {"take": "kafe", "value": "x"}, ids[1]: {"take": "nobody"}})
    left = run("conflicts", "import", "c.csv", "--json", code=1)
    assert left["decided"] == 0 and len(left["left"]) == 2


def fill_in(file: Path, decisions: dict[str, dict[str, str]]) -> None:
    """What a person does with the table in a spreadsheet."""
    from connector.reports.sheet import Sheet, read, write

    rows = [row for _, row in read(file)]
    heads = list(rows[0])
    filled = [{**row, **decisions.get(row["id"], {})} for row in rows]
    write(file, Sheet(heads, [[row[head] for head in heads] for row in filled]))


# links


def test_a_record_is_found_by_uid_place_and_identifier(run: Run) -> None:
    listed = run("links", "list", "customer", "--account", "kafe", "--json")
    assert all(set(one) == {"uid", "entity", "links", "identifiers"} for one in listed)
    record = next(
        one for one in listed if len(one["links"]) > 1 and any(i["scheme"] == "phone" for i in one["identifiers"])
    )
    phones = [one["value"] for one in record["identifiers"] if one["scheme"] == "phone"]
    shown = run("links", "show", record["uid"], "--json")
    assert set(shown) == {"uid", "entity", "record", "links", "identifiers"}
    assert {"account", "external_id", "primary", "how", "at"} <= set(shown["links"][0])
    place = next(f"{link['account']}:customer:{link['external_id']}" for link in shown["links"])
    assert run("links", "show", place, "--json") == shown
    if (
        len(
            [
                one
                for one in run("links", "list", "customer", "--json")
                if {"scheme": "phone", "value": phones[0]} in one["identifiers"]
            ]
        )
        == 1
    ):
        typed = f"8 ({phones[0][2:5]}) {phones[0][5:8]}-{phones[0][8:]}"
        assert run("links", "show", typed, "--json") == shown


def two_alone(run: Run) -> tuple[str, str]:
    """Places of two groups, each in one system alone, in different systems."""
    alone = [one for one in run("links", "list", "group", "--json") if len(one["links"]) == 1]
    places = {
        one["links"][0]["account"]: f"{one['links'][0]['account']}:group:{one['links'][0]['external_id']}"
        for one in alone
    }
    first, second = list(places.values())[:2]
    return first, second


def test_a_person_joins_and_parts(run: Run, said: Callable[..., str]) -> None:
    one, other = two_alone(run)
    assert "joined" in said("links", "link", one, other)
    joined = run("links", "show", one, "--json")
    assert len(joined["links"]) == 2 and {link["how"] for link in joined["links"]} >= {"manual"}
    assert run("links", "show", other, "--json")["uid"] == joined["uid"]
    assert "parted" in said("links", "unlink", one)
    assert run("links", "show", one, "--json")["uid"] != joined["uid"]


def test_two_records_are_merged_into_one(run: Run, said: Callable[..., str]) -> None:
    found = run("links", "list", "customer", "--account", "kafe", "--json")
    one, other = (
        f"kafe:customer:{record['links'][0]['external_id']}"
        for record in [
            {"links": [link for link in record["links"] if link["account"] == "kafe"]} for record in found[:2]
        ]
    )
    survivor = run("links", "show", other, "--json")["uid"]
    assert survivor in said("links", "merge", one, other)
    merged = run("links", "show", one, "--json")
    assert merged["uid"] == survivor
    assert [link["primary"] for link in merged["links"] if link["account"] == "kafe"] == [True, False]
    assert "one record already" in said("links", "merge", one, other, code=3)


def test_groups_are_joined_by_a_table_in_yaml(run: Run, said: Callable[..., str]) -> None:
    one, other = (place.replace(":group:", ":") for place in two_alone(run))
    Path("groups.yaml").write_text(f'- entity: group\n  same: ["{one}", "{other}"]\n', encoding="utf-8")
    assert run("links", "import", "groups.yaml", "--json") == {"joined": 1, "left": []}
    assert run("links", "import", "groups.yaml", "--json") == {"joined": 0, "left": []}
    Path("groups.yaml").write_text('- entity: group\n  same: ["kafe"]\n', encoding="utf-8")
    assert "groups.yaml:2:" in said("links", "import", "groups.yaml", code=3)


def test_links_go_out_as_a_table_and_come_back(run: Run, said: Callable[..., str]) -> None:
    said("links", "export", "links.csv")
    with open("links.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == sum(len(one["links"]) for one in run("links", "list", "--json"))
    assert run("links", "import", "links.csv", "--json") == {"joined": 0, "left": []}


def test_a_new_link_says_whether_its_record_was_met_there_or_is_ours(said: Callable[..., str]) -> None:
    said("links", "export", "links.csv")
    with open("links.csv", encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["entity"] == "customer"]
    met, created = ({row["uid"] for row in rows if row["how"] == how} for how in ("met", "created"))
    assert met and created
    assert created <= {row["uid"] for row in rows if row["how"] != "created"}, "what is ours came from somewhere"
    shown = said("links", "list", "customer")
    assert {"met", "created"} <= set(shown.split())


def test_findings_end_with_1_and_name_the_records(run: Run) -> None:
    found = run("links", "duplicates", "customer", "--json", code=1)
    assert all(set(one) == {"kind", "entity", "uids", "text"} and len(one["uids"]) > 1 for one in found)
    assert isinstance(run("links", "audit", "card", "--json"), list)


def test_proposals_come_with_evidence(run: Run) -> None:
    for one in run("links", "proposals", "group", "--json"):
        assert set(one) == {"entity", "score", "same", "records"} and len(one["records"]) == 2


def test_a_lost_store_is_rebuilt_from_what_the_systems_keep(run: Run, shop: Path) -> None:
    before = who_is_who(run)
    for file in shop.glob("connector.db*"):
        file.unlink()
    made = run("links", "rebuild", "--json")
    ways = {"id_1c", "reference", "card", "barcode", "phone", "inn", "email", "sku", "name"}
    assert made["id_1c"] > 0 and set(made) <= ways
    after = who_is_who(run)
    found_again = [places for places in before if places in after]
    assert len(found_again) > 0.8 * len(before), "only what several people share may need a person again"


def who_is_who(run: Run) -> set[frozenset[tuple[str, str]]]:
    """The places of every customer, but for LoyalClient, which has no list to be read."""
    listed = run("links", "list", "customer", "--json")
    return {
        frozenset((link["account"], link["external_id"]) for link in one["links"] if link["account"] != "bonus")
        for one in listed
    }


# journal and outbox


def test_the_journal_and_its_retry(run: Run, said: Callable[..., str]) -> None:
    keys = {"id", "run", "account", "entity", "external_id", "field", "value", "reason", "amount", "do"}
    lines = run("journal", "list", "--json")
    assert lines and all(keys <= set(line) for line in lines)
    assert run("journal", "show", str(lines[0]["id"]), "--json") == lines[0]
    assert all(line["account"] == "kafe" for line in run("journal", "list", "--account", "kafe", "--json"))
    assert "looks at again" in said("journal", "retry", str(lines[0]["id"]))
    with open_store(f"sqlite:///{Path('connector.db').resolve()}") as store:
        assert store.hub.count_marked(0) == 1


UID = "00000000-0000-7000-8000-000000000001"


@pytest.fixture
def parked(shop: Path) -> int:
    """An operation whose outcome nobody knows: a customer that was to be created in virtpos."""
    with open_store(f"sqlite:///{shop / 'connector.db'}") as store:
        store.hub.add("customer", [(UID, '{"name":"Нина","phone":"+79990001122"}'.encode())])
        where = {"entity": "customer", "account": "vp", "spoke": "vp", "uid": UID, "external_id": None}
        patch = {"name": "Нина", "phone": "+79990001122"}
        reason = Sentence(N_("{account} cannot be asked whether the record was created: look there"), account="vp")
        operation = Operation(verb="create", patch=patch, status="parked", reason=reason, **where)  # type: ignore[arg-type]
        with store.transaction(durable=True):
            store.outbox.intend([operation], 1, "2026-11-21T10:00:00+03:00")
        return operation.id


def test_the_outbox_in_the_shape_of_the_contract(run: Run, parked: int, said: Callable[..., str]) -> None:
    keys = {"id", "status", "entity", "account", "verb", "uid", "reason", "evidence"}
    assert all(keys <= set(one) for one in run("outbox", "list", "--json"))
    (one,) = run("outbox", "list", "--status", "parked", "--json")
    assert (one["id"], one["uid"]) == (parked, UID) and "look there" in one["reason"]
    shown = run("outbox", "show", str(parked), "--json")
    assert shown["changes"]["phone"] == {"to": "+79990001122"}
    assert "Нина" in said("outbox", "list")


@pytest.mark.parametrize(("verb", "marked"), [("retry", 1), ("drop", 0)])
def test_an_operation_is_taken_out_of_the_outbox(
    run: Run, said: Callable[..., str], parked: int, verb: str, marked: int
) -> None:
    said("outbox", verb, str(parked))
    assert run("outbox", "list", "--status", "parked", "--json") == []
    with open_store(f"sqlite:///{Path('connector.db').resolve()}") as store:
        assert store.hub.marked_among([UID], 1) == [UID] * marked
    assert f"no operation {parked}" in said("outbox", verb, str(parked), code=3)


def test_a_created_record_is_confirmed_by_its_number_there(run: Run, said: Callable[..., str], parked: int) -> None:
    words = ("external_id=ours-1", "create_if_not_exist=1", "phone=+79990001122", "fname=Нина", "--yes")
    made = run("call", "vp", "customer.update", *words)
    number, there = str(parked), str(made["id"])
    assert "--external-id" in said("outbox", "confirm", number, code=3)
    assert "has no customer 987654" in said("outbox", "confirm", number, "--external-id", "987654", code=3)
    said("outbox", "confirm", number, "--external-id", there)
    (link,) = run("links", "show", UID, "--json")["links"]
    assert (link["external_id"], link["how"]) == (there, "manual")
    done = run("outbox", "show", number, "--json")
    assert done["status"] == "done" and done["evidence"]["confirmed_by"]
    assert "done already" in said("outbox", "drop", number, code=3)


# mappings over what was seen


def edited(shop: Path, old: str, new: str) -> Path:
    """Poster's customer mapping with one line edited."""
    text = (mappings_folder() / "poster/customer.yaml").read_text(encoding="utf-8")
    assert old in text
    file = shop / "new.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_a_mapping_is_tried_on_rows_that_were_seen_before_it_is_used(
    run: Run, shop: Path, said: Callable[..., str]
) -> None:
    file = edited(shop, "{path: city", "{only: read, path: country")
    found = run("mapping", "test", str(file), "--json", code=1)
    assert {(one["account"], one["entity"], one["field"]) for one in found} == {("kafe", "customer", "city")}
    assert any(one["before"] and one["before"] != one["after"] for one in found)
    assert "differences: 0" in said("mapping", "test", str(edited(shop, "# Poster", "# Poster!")))
    assert "none of these accounts" in said("mapping", "test", str(file), "--account", "vp", code=3)


def test_own_mappings_are_compared_with_the_shipped_ones(run: Run, shop: Path) -> None:
    assert run("mapping", "test", "--json") == []
    (shop / "mappings/poster").mkdir(parents=True)
    edited(shop, "{path: city", "{only: read, path: country").rename(shop / "mappings/poster/customer.yaml")
    assert {one["field"] for one in run("mapping", "test", "--json", code=1)} == {"city"}


# a terminal


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal")
@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal_there_are_borders_and_no_color_is_honoured(shop: Path, colour: bool) -> None:
    import pty

    main_end, terminal = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", **({} if colour else {"NO_COLOR": "1"})}
    words = [sys.executable, "-m", "connector", "sync", "--account", "vp"]
    with subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal, env=env) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(main_end, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.close(main_end)
    assert process.returncode in (0, 1)
    text = shown.decode()
    assert "─" in text and "customer" in text
    coloured = re.search(r"\x1b\[[0-9;]*3[0-7]m", text) is not None
    assert colour or not coloured


# db


def test_the_store_is_backed_up_checked_and_restored(run: Run, said: Callable[..., str]) -> None:
    said("db", "backup", "b.bak")
    assert run("db", "check", "--json") == {"ok": True, "found": []}
    before = run("links", "list", "--json")
    one, other = two_alone(run)
    said("links", "link", one, other)
    assert "agree with --yes" in said("db", "restore", "b.bak", code=2)
    assert run("links", "list", "--json") != before
    said("db", "restore", "b.bak", "--yes")
    assert run("links", "list", "--json") == before


def test_a_damaged_store_is_put_aside_and_restored(run: Run, said: Callable[..., str], shop: Path) -> None:
    said("db", "backup", "b.bak")
    before = run("links", "list", "--json")
    for file in shop.glob("connector.db-*"):
        file.unlink()
    (shop / "connector.db").write_bytes(b"not a database at all" * 400)
    assert "db restore" in said("status", code=2)
    assert "connector.db.damaged" in said("db", "restore", "b.bak", "--yes")
    assert (shop / "connector.db.damaged").exists()
    assert run("links", "list", "--json") == before


def test_upgrade_of_a_current_store_has_nothing_to_do(said: Callable[..., str]) -> None:
    assert "up to date" in said("db", "upgrade")
    assert "brought up to date" not in said("db", "upgrade")


# one run at a time


def test_a_scheduled_sync_that_finds_a_live_run_ends_with_0_and_a_line(said: Callable[..., str]) -> None:
    import os
    import socket
    import time

    owner = f"{socket.gethostname()}:{os.getppid()}"
    with open_store(f"sqlite:///{Path('connector.db').resolve()}") as store:
        store.take_lock("run", owner, "2026-11-21T10:00:00+03:00", int(time.time()))
    line = said("sync", "--scheduled")
    assert owner in line and len(line.splitlines()) == 1
    assert owner in said("sync", code=2)
