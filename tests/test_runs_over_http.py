"""Runs over real HTTP: broken answers, look-ups, the order of accounts, exit codes, and the JSON of the contract."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.cli.session import heaviest
from connector.jobs.workspace import Workspace
from connector.sandbox.base import write_workspace
from connector.store import open_store
from tests.secret_watch import few, watched
from tests.troubled import Troubled, answering, miscoded, troubled_systems

SPOKES = {"onec": "buh", "poster": "kafe", "saplab": "panel", "virtpos": "vp"}
PEOPLE = {"onec": "Catalog_Партнеры", "poster": "clients.getClients", "saplab": "client", "virtpos": "customer"}
"""kind -> the call, or the beginning of its name, that reads customers."""

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def systems() -> Iterator[Troubled]:
    with troubled_systems(few()) as systems:
        yield systems


@pytest.fixture
def shop(systems: Troubled, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Path]:
    """A fresh workspace; the systems are as at the start."""
    with watched(systems, tmp_path / "shop", capsys) as watch:
        yield watch.folder


@pytest.fixture
def run(shop: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line; its JSON document, and that nothing else was printed."""

    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        assert main(["-C", str(shop), *words, "--json"]) == code, capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    return run


# broken answers --------------------------------------------------------------------------------------------------

BROKEN = {
    "a page of a login": answering(200, "<!DOCTYPE html><html><body>Вход</body></html>", "text/html"),
    "half an answer": answering(200, '{"response": [{"client_id": "1", "clients": [{'),
    "another encoding": miscoded,
}


@pytest.mark.parametrize("kind", SPOKES)
@pytest.mark.parametrize("broken", [*BROKEN, "cut"])
def test_a_broken_answer_stops_its_account_and_leaves_nothing_of_it(
    systems: Troubled, shop: Path, run: Run, kind: str, broken: str
) -> None:
    account = SPOKES[kind]
    trouble = systems.fault("cut", [(kind, f"{PEOPLE[kind]}*")]) if broken == "cut" else systems.trouble(BROKEN[broken])
    with trouble:
        for other, proxy in systems.proxies.items():
            if other != kind:
                proxy.trouble = None
        report = run("sync", "customer", "--yes", code=2)
    errors = {route["account"] for route in report["routes"] if route["error"]}
    assert errors == {account}
    with open_store(f"sqlite:///{shop}/connector.db") as store:
        assert store.crosswalk.all("customer", account) == []
        complete = {place: up_to for _, place, up_to in store.runs.cursors()}
        assert complete.get(account) is None
        assert store.runs.cursor(account, "customer") is None
        for other in set(SPOKES.values()) - {account}:
            assert store.crosswalk.all("customer", other)
            assert complete[other]
        assert store.outbox.with_status("sent", "unknown", "parked") == []
        assert store.journal.all() == [] or all(line.account != account for line in store.journal.all())
    assert all(route["created"] == 0 for route in report["routes"]), "who was not seen may live there"
    report = run("sync", "customer", "--yes", code=1)
    assert not any(route["error"] for route in report["routes"])
    assert run("plan", "customer", code=1)["operations"] == []


# look-ups --------------------------------------------------------------------------------------------------------


def test_whom_a_programme_was_asked_about_it_is_asked_again_only_for_another_phone(
    systems: Troubled, shop: Path, run: Run
) -> None:
    log = systems.sandbox.worlds["loyalclient"].log
    run("sync", "--yes", code=1)
    first = log.total
    assert first > 0
    run("sync", code=1)
    assert log.total == first, "nothing has changed"
    edit(shop, "buh", "address", "г. Тверь, ул. Мира, д. 5")
    assert sum(route["updated"] for route in run("sync", code=1)["routes"]) > 0
    assert log.total == first, "an address finds nobody"
    edit(shop, "kafe", "phone", "+79031112233")
    run("sync", code=1)
    assert first < log.total <= first + 2
    known = log.total
    run("sync", code=1)
    assert log.total == known


def edit(shop: Path, account: str, field: str, value: str, pick: int = 0) -> None:
    """Somebody's edit of one whom every system has, through the interface of the system."""
    from connector.sync.observe import decode

    with Workspace.open(shop) as workspace:
        links: dict[str, set[str]] = {}
        for link in workspace.store.crosswalk.all("customer"):
            links.setdefault(link.uid, set()).add(link.spoke)
        asked = {uid for one in workspace.store.conflicts.all("open") for uid in (one.uid, *map(str, one.values))}
        known = (uid for uid, spokes in links.items() if spokes >= set(SPOKES.values()) and uid not in asked)
        uid = sorted(known)[pick]
        link = next(link for link in workspace.store.crosswalk.of([uid])[uid] if link.spoke == account)
        adapter, mapping = workspace.adapter(account), workspace.mapping(account, "customer")
        current = adapter.get("customer", link.external_id, mapping.paths)
        assert current is not None
        standing = current.full if current.full is not None else decode(current.body)
        adapter.update("customer", link.external_id, mapping.write({field: value}, standing), current)


# the order of accounts -------------------------------------------------------------------------------------------


def test_the_order_of_accounts_in_the_file_decides_nothing(systems: Troubled, shop: Path) -> None:
    """What is written where, what is asked, what is shown: the same in each order."""
    names = list(systems.accounts())
    shown = []
    for number, order in enumerate((names, names[::-1], [*names[2:], *names[:2]])):
        systems.begin_anew()
        folder = shop / str(number)
        write_workspace(folder, {name: systems.accounts()[name] for name in order}, "en")
        report = _told(folder, "sync", "--yes", code=1)
        figures = sorted(json.dumps({**route, "requests": 0}, sort_keys=True) for route in report["routes"])
        questions = sorted(_question(one) for one in _told(folder, "conflicts", "list", "--all"))
        lines = sorted((one["account"], one["entity"], one["field"] or "") for one in _told(folder, "journal", "list"))
        shown.append((figures, report["match"], questions, lines, people(systems)))
        assert _told(folder, "plan", code=1)["operations"] == []
    assert shown[0] == shown[1] == shown[2]


def _told(folder: Path, *words: str, code: int = 0) -> Any:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["-C", str(folder), *words, "--json"]) == code
    return json.loads(out.getvalue())


def _question(conflict: Mapping[str, Any]) -> str:
    told = {name: conflict[name] for name in ("kind", "entity", "field", "rule", "winner", "status")}
    if (
        conflict["kind"] == "field"
        and conflict["entity"] == "customer"
        and conflict["field"] not in ("group", "card_uid")
    ):
        told |= {"base": conflict["base"], "values": conflict["values"]}
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


_MADE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?")


def people(systems: Troubled) -> dict[str, list[str]]:
    """Every record of every system, without the keys and the times that are made while it runs."""
    found = {}
    for kind, world in systems.sandbox.worlds.items():
        text = json.dumps(world.dump()["state"], ensure_ascii=False, sort_keys=True)
        phones = re.findall(r"\+?\d[\d ()-]{9,}\d", _MADE.sub("…", text))
        found[kind] = sorted(re.sub(r"\D", "", phone)[-10:] for phone in phones)
    return found


# exit codes ------------------------------------------------------------------------------------------------------


def test_the_codes_of_runs_and_what_outweighs_what(systems: Troubled, shop: Path, run: Run) -> None:
    run("plan", code=4)
    run("sync", code=2)
    run("sync", "--yes", code=1)
    run("plan", code=1)
    edit(shop, "buh", "address", "г. Тверь, ул. Мира, д. 5")
    run("plan", code=4)
    with systems.fault("expired", [("virtpos", "*")]):
        run("plan", code=2)
        report = run("sync", code=2)
        assert report["status"] == "stopped" and report["open"]["conflicts"] + report["open"]["journal"] > 0
        run("check", code=2)
    assert main(["-C", str(shop), "plan", "custmer"]) == 3
    file = shop / "connector.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "accunts: {}\n", encoding="utf-8")
    assert main(["-C", str(shop), "sync"]) == 3, "whatever waits: the file is wrong"


@pytest.mark.parametrize(
    ("codes", "heavier"),
    [((0, 1), 1), ((1, 4), 4), ((4, 2), 2), ((2, 3), 3), ((0, 1, 4, 2, 3), 3), ((4, 1, 0), 4), ((1, 2, 4), 2), ((), 0)],
)
def test_three_two_four_one_nought(codes: tuple[int, ...], heavier: int) -> None:
    assert heaviest(*codes) == heaviest(*reversed(codes)) == heavier


# the time of a run -----------------------------------------------------------------------------------------------


def test_a_time_that_never_suffices_is_told_by_sync_and_by_status(
    shop: Path, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime, timedelta

    now = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)

    class Hasty(datetime):
        """Every look at the clock takes half a minute."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            nonlocal now
            now += timedelta(seconds=30)
            return now.astimezone(tz)

    monkeypatch.setattr("connector.jobs.workspace.datetime", Hasty)
    report = run("sync", "--yes", "--budget", "2m", code=2)
    assert {"customer/panel", "customer/vp"} <= set(report["unfinished"])
    assert all(isinstance(name, str) for name in report["unfinished"])
    assert main(["-C", str(shop), "sync", "--yes", "--budget", "2m"]) == 2
    assert "customer/vp: there was no time to read all of it" in capsys.readouterr().err
    assert run("status")["runs"][0]["unfinished"]
    assert main(["-C", str(shop), "status"]) == 0
    assert "larger --budget" in capsys.readouterr().err
    assert run("sync", "--yes", code=1)["unfinished"] == []
    assert main(["-C", str(shop), "status"]) == 0
    assert "larger --budget" not in capsys.readouterr().err


# the JSON of the contract ----------------------------------------------------------------------------------------

MONEY = re.compile(r"-?\d+\.\d\d\Z")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d\Z")
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
COUNTS = (
    *(
        "read",
        "changed",
        "created",
        "updated",
        "deactivated",
        "conflicts",
        "unreadable",
        "waiting",
        "refused",
        "parked",
    ),
    "requests",
)
ENTITIES = {"group", "customer", "card", "order"}
NAMES = {"buh", "kafe", "panel", "vp", "bonus"}


def has(shown: Mapping[str, Any], **shapes: Any) -> None:
    """These keys, each of its type, or of one of them, or as a test of its own says."""
    for name, shape in shapes.items():
        assert name in shown, (name, shown)
        value = shown[name]
        if isinstance(shape, re.Pattern):
            assert isinstance(value, str) and shape.match(value), (name, value)
        elif isinstance(shape, set):
            assert value in shape, (name, value)
        elif isinstance(shape, type | tuple):
            kinds = shape if isinstance(shape, tuple) else (shape,)
            assert type(value) in kinds, (name, value, kinds)
        else:
            assert shape(value), (name, value)


NONE = type(None)


def is_time(value: Any) -> bool:
    return value is None or bool(TIME.match(value))


def is_route(shown: Mapping[str, Any]) -> None:
    has(shown, entity=ENTITIES, account=NAMES, error=(str, NONE), **dict.fromkeys(COUNTS, int))
    assert all(shown[name] >= 0 for name in COUNTS)


def is_run(shown: Mapping[str, Any]) -> None:
    has(shown, run=int, status={"clean", "attention", "stopped"}, seconds=(int, float), requests=int, routes=list)
    for route in shown["routes"]:
        is_route(route)


def is_conflict(shown: Mapping[str, Any]) -> None:
    has(shown, id=int, kind={"field", "identity", "document"}, entity=ENTITIES, uid=UID, field=(str, NONE))
    has(shown, values=dict, rule=str, winner=(str, NONE), status={"open", "resolved"}, at=TIME)
    assert "base" in shown
    assert set(shown["values"]) <= NAMES
    assert (shown["winner"] is None) == (shown["status"] == "open")


def is_operation(shown: Mapping[str, Any]) -> None:
    verbs = {"create", "update", "deactivate", "post", "unpost", "stamp"}
    has(shown, id=str, entity=ENTITIES, account=NAMES, verb=verbs, uid=UID, external_id=(str, NONE), after=list)
    has(shown, changes=lambda changes: all(set(change) in ({"to"}, {"from", "to"}) for change in changes.values()))
    assert (shown["external_id"] is None) <= (shown["verb"] in ("create", "stamp"))


@pytest.fixture
def synced(run: Run) -> dict[str, Any]:
    """What the first sync printed."""
    report: dict[str, Any] = run("sync", "--yes", code=1)
    return report


def test_the_shape_of_sync(synced: dict[str, Any], run: Run) -> None:
    is_run(synced)
    has(synced["match"], linked=dict, ambiguous=int, only=dict)
    hows = {"id_1c", "reference", "card", "barcode", "phone", "inn", "email", "sku", "name"}
    assert set(synced["match"]["linked"]) <= hows
    assert all(type(count) is int for count in [*synced["match"]["linked"].values(), *synced["match"]["only"].values()])
    assert set(synced["match"]["only"]) <= NAMES
    second = run("sync", code=1)
    is_run(second)
    assert "match" not in second, "only on a first run"
    assert second["run"] == synced["run"] + 1


def test_the_shape_of_plan(run: Run) -> None:
    shown = run("plan", code=4)
    has(shown, operations=list, conflicts=list, brakes=list)
    for operation in shown["operations"]:
        is_operation(operation)
    ids = [operation["id"] for operation in shown["operations"]]
    assert len(ids) == len(set(ids))
    assert {one for operation in shown["operations"] for one in operation["after"]} <= set(ids)
    for conflict in shown["conflicts"]:
        is_conflict(conflict)
    orders = [one for one in shown["operations"] if one["entity"] == "order"]
    assert orders and all(MONEY.match(one["changes"]["total"]["to"]) for one in orders)
    assert all(MONEY.match(line["total"]) for one in orders for line in one["changes"]["lines"]["to"])


def test_the_shape_of_a_held_brake(systems: Troubled, synced: dict[str, Any], shop: Path, run: Run) -> None:
    routes = shop / "mappings/routes.yaml"
    routes.parent.mkdir()
    text = """\
- entity: group
  spokes: {onec: {direction: read}, poster: {direction: read}}
- entity: customer
  spokes: {onec: {direction: both, create: true}, poster: {direction: both, create: true}}
  brakes: {changes: 1, share: 0.01, deactivations: 1, deactivations_share: 0.01}
"""
    routes.write_text(text, encoding="utf-8")
    assert synced
    run("sync", "customer", code=1)
    for pick in range(2):
        edit(shop, "kafe", "address", f"г. Клин, Садовая, {pick}", pick)
    shown = run("plan", "customer", code=2)
    assert shown["brakes"]
    for brake in shown["brakes"]:
        has(
            brake, id=str, route=str, kind={"changes", "share", "deactivations", "empty"}, count=int, limit=(int, float)
        )
        assert brake["route"] in brake["id"]
    assert run("sync", "customer", code=2)["status"] == "stopped"
    assert run("status")["open"]["brakes"] == len(shown["brakes"])


def test_the_shape_of_conflicts(synced: dict[str, Any], run: Run) -> None:
    listed = run("conflicts", "list", "--all")
    assert synced and listed and {one["kind"] for one in listed} >= {"field"}
    for conflict in listed:
        is_conflict(conflict)
        shown = run("conflicts", "show", str(conflict["id"]))
        is_conflict(shown)
    assert all(one["status"] == "open" for one in run("conflicts", "list"))


def test_the_shape_of_links(synced: dict[str, Any], run: Run) -> None:
    schemes = {"phone", "card_uid", "barcode", "inn", "firm_inn", "email", "id_1c", "external_id", "reference", "sku"}
    hows = {"id_1c", "reference", "card", "barcode", "phone", "inn", "email", "manual", "created", "sku", "name"}
    listed = run("links", "list")
    assert synced and listed
    for one in listed:
        has(one, uid=UID, entity=str, links=list, identifiers=list)
        assert "record" not in one
        for link in one["links"]:
            has(link, account=NAMES, external_id=str, primary=bool, how=hows, at=TIME)
        for identifier in one["identifiers"]:
            has(identifier, scheme=str, value=str)
            assert identifier["scheme"] in schemes, identifier
    customer = next(one for one in listed if one["entity"] == "customer" and len(one["links"]) > 2)
    shown = run("links", "show", customer["uid"])
    has(shown, uid=UID, entity={"customer"}, record=dict, links=list, identifiers=list)
    assert {key: value for key, value in shown.items() if key != "record"}.items() >= customer.items()
    for name in ("bonus", "balance", "debt", "total_paid", "credit_limit"):
        assert shown["record"].get(name) is None or MONEY.match(shown["record"][name]), (name, shown["record"])


def test_the_shape_of_the_journal(synced: dict[str, Any], run: Run) -> None:
    listed = run("journal", "list")
    assert synced and listed
    for line in listed:
        has(line, id=int, run=int, account=NAMES, entity=str, external_id=(str, NONE), field=(str, NONE))
        has(line, value=(str, NONE), reason=str, do=(str, NONE))
        assert line["amount"] is None or MONEY.match(line["amount"])
        assert run("journal", "show", str(line["id"]))["reason"] == line["reason"]


def test_the_shape_of_the_outbox(systems: Troubled, run: Run) -> None:
    with systems.fault("timeout_after", [("virtpos", "customer.update"), ("poster", "clients.createClients")]):
        run("sync", "--yes", code=1)
    listed = run("outbox", "list", code=0)
    assert listed
    states = {"ready", "sent", "done", "refused", "unknown", "parked", "offered"}
    for operation in listed:
        has(operation, id=int, status=states, entity=str, account=NAMES, verb=str, uid=UID, reason=(str, NONE))
        has(operation, evidence=dict)
        assert run("outbox", "show", str(operation["id"]))["id"] == operation["id"]
    assert "unknown" in {operation["status"] for operation in listed}


def test_the_shape_of_status(synced: dict[str, Any], run: Run) -> None:
    run("sync", code=1)
    shown = run("status")
    has(shown, runs=list, cursors=list, open=dict)
    assert [one["run"] for one in shown["runs"]] == [synced["run"] + 1, synced["run"]]
    for one in shown["runs"]:
        is_run(one)
    for cursor in shown["cursors"]:
        has(cursor, entity=str, account=NAMES, complete_up_to=is_time)
    has(shown["open"], conflicts=int, journal=int, outbox=int, brakes=int)


def test_the_shape_of_check(run: Run) -> None:
    shown = run("check")
    assert {one["account"] for one in shown} == NAMES
    for one in shown:
        has(one, account=str, ok=bool, checks=list)
        for check in one["checks"]:
            has(check, name=str, ok=bool, text=str)
        assert "credentials" in {check["name"] for check in one["checks"]}, one


@pytest.mark.parametrize("kind", ["poster", "saplab", "virtpos", "loyalclient"])
def test_the_shape_of_the_catalogue(run: Run, kind: str) -> None:
    listed = run("catalogue", kind)
    assert listed
    for endpoint in listed:
        has(
            endpoint, kind={kind}, name=str, verb=str, path=str, params=list, repeat={"safe", "same", "verify", "never"}
        )
        for param in endpoint["params"]:
            has(param, name=str, type=str, required=bool)
