"""`connector call` of every endpoint over the sandbox: every read succeeds, nothing unsafe leaves unasked or twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from systems.poster_shop import READS, Shop

from connector.cli import main
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.systems.catalogue import Endpoint, kinds, load
from connector.systems.poster.adapter import PosterAdapter

ACCOUNTS = {"poster": "kafe", "saplab": "panel", "virtpos": "vp", "loyalclient": "bonus", "onec": "buh"}
SHOPS = [
    (kind, endpoint.name)
    for kind in ("saplab", "virtpos", "loyalclient")
    for endpoint in load(kind).endpoints.values()
    if not endpoint.is_write
]
PEOPLE = "Catalog_Контрагенты"
GOODS, PRICES = "AccumulationRegister_ТоварыНаСкладах", "InformationRegister_ЦеныНоменклатуры"
ONEC: dict[str, tuple[str, ...]] = {
    "list": (f"resource={PEOPLE}", "top=3", "select=Ref_Key,Description", "orderby=Description"),
    "get": (f"resource={PEOPLE}",),
    "count": (f"resource={PEOPLE}",),
    "resources": (),
    "properties": (f"resource={PEOPLE}",),
    "balance": (f"resource={GOODS}", "period=2026-10-31T23:59:59"),
    "turnovers": (f"resource={GOODS}",),
    "balance_and_turnovers": (f"resource={GOODS}",),
    "slice_last": (f"resource={PRICES}",),
    "slice_first": (f"resource={PRICES}",),
    "settlements": ("before=2026-11-01",),
    "stock": (),
    "prices": (),
}
"""Every read of a published base; `get` is given a key that `list` has shown."""

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox) -> Shop:
    found = Shop(sandbox)
    found.order_something()
    return found


@pytest.fixture
def run(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in a workspace of the sandbox; its JSON document, or what it said for another exit code."""
    sandbox.workspace(tmp_path, "en")
    monkeypatch.chdir(tmp_path)
    for world in sandbox.worlds.values():
        world.faults.clear()

    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        ended = main(list(words))
        shown = capsys.readouterr()
        assert ended == code, shown.err
        assert code == 0 or shown.out == "", "nothing but a result belongs to stdout"
        return json.loads(shown.out) if code == 0 else shown.err

    return run


@pytest.fixture
def asked(sandbox: Sandbox) -> Callable[[str], list[str]]:
    """What a system was asked since its log was looked at last."""

    def asked(kind: str) -> list[str]:
        log = sandbox.worlds[kind].log
        names = [entry.endpoint for entry in log.entries()]
        log.clear()
        return names

    for kind in ACCOUNTS:
        asked(kind)
    return asked


def pairs(params: dict[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in params.items()]


class TestReads:
    @pytest.mark.parametrize("endpoint", READS, ids=lambda endpoint: endpoint.name)
    def test_of_poster(self, shop: Shop, run: Run, endpoint: Endpoint) -> None:
        answer = run("call", "kafe", endpoint.name, *pairs(shop.params(endpoint)))
        assert answer is None or isinstance(answer, list | dict)

    @pytest.mark.parametrize(("kind", "name"), SHOPS)
    def test_of_the_shops(
        self, sandbox: Sandbox, run: Run, asked: Callable[[str], list[str]], kind: str, name: str
    ) -> None:
        state = sandbox.worlds[kind].state
        client, row = next(iter(state["clients" if kind != "virtpos" else "customers"].items()))
        given: dict[tuple[str, str], dict[str, Any]] = {
            ("saplab", "client.form"): {"id": client},
            ("saplab", "client.balance"): {"id": client},
            ("loyalclient", "client"): {"search": row.get("phone")},
            ("loyalclient", "recalc"): {"client": client, "amount": "100.50"},
        }
        answer = run("call", ACCOUNTS[kind], name, *pairs(given.get((kind, name), {})))
        rows = load(kind).endpoint(name).rows
        assert asked(kind)[0] == name
        assert answer if isinstance(answer, list) else answer[rows]

    @pytest.mark.parametrize("name", ONEC)
    def test_of_a_base_of_1c(self, run: Run, name: str) -> None:
        words = list(ONEC[name])
        if name == "get":
            words.append(f"key={run('call', 'buh', 'list', f'resource={PEOPLE}', 'top=1')[0]['Ref_Key']}")
        assert run("call", "buh", name, *words) or name.startswith(
            ("turnovers", "balance", "slice", "settlements", "stock")
        )

    def test_none_of_1c_is_left_out(self) -> None:
        from connector.systems.onec.calls import CALLS

        assert set(ONEC) == {name for name, call in CALLS.items() if not call.writes}

    def test_a_long_answer_is_walked_to_its_end(self, sandbox: Sandbox, run: Run) -> None:
        everybody = sandbox.worlds["poster"].state["clients"]
        assert len(run("call", "kafe", "clients.getClients")) == len(everybody)
        assert run("call", "kafe", "clients.getClients", "num=2")[1:] != []

    def test_a_list_without_rows_is_an_empty_list(self, run: Run) -> None:
        assert run("call", "kafe", "clients.getClients", "phone=+79990009999") == []

    def test_a_list_that_breaks_off_prints_nothing(self, sandbox: Sandbox, run: Run) -> None:
        sandbox.worlds["poster"].faults.add(Fault(endpoint="clients.getClients", fault="html", count=1))
        assert "web page" in run("call", "kafe", "clients.getClients", code=2)


class TestBadInput:
    @pytest.mark.parametrize(
        ("account", "endpoint", "words", "says"),
        [
            ("kafe", "clients.getClients", ["numb=5"], "did you mean “num”"),
            ("kafe", "clients.getClient", [], "needs the parameter “client_id”"),
            ("kafe", "dash.getTransactions", ["date_from=20260101"], "did you mean “dateFrom”"),
            ("kafe", "clients.getClients", ["sort=up"], "allowed: asc, desc"),
            ("kafe", "transactions.getTransactions", ["date_from=soon", "date_to=2026-01-01"], "a date such as"),
            ("kafe", "webhook", ["--yes"], "not called from here"),
            ("panel", "client", ["per_page=500"], "between 1 and 150"),
            ("panel", "order.pays", ["id=1"], "did you mean “order.pay”"),
            ("vp", "customer", ["pages=2"], "did you mean “page”"),
            ("bonus", "retail", ["client=1", "amount=1", "spends=1", "--yes"], "did you mean “spend”"),
            ("buh", "list", ["resourse=X"], "did you mean resource"),
            ("buh", "lists", [], "did you mean “list”"),
        ],
    )
    def test_is_told_before_anything_is_sent(
        self, run: Run, asked: Callable[[str], list[str]], account: str, endpoint: str, words: list[str], says: str
    ) -> None:
        assert says in run("call", account, endpoint, *words, code=3)
        assert [asked(kind) for kind in ACCOUNTS] == [[]] * len(ACCOUNTS)
        assert not Path("connector.db").exists() or run("outbox", "list", "--json") == []

    @pytest.mark.parametrize("kind", kinds())
    def test_what_changes_something_wants_a_word(self, run: Run, asked: Callable[[str], list[str]], kind: str) -> None:
        for endpoint in load(kind).endpoints.values():
            if endpoint.is_write and endpoint.use == "call":
                assert "add --yes" in run("call", ACCOUNTS[kind], endpoint.name, code=3), endpoint.name
        assert "add --yes" in run("call", "buh", "post", code=3)
        assert asked(kind) == [] and asked("onec") == []
        assert not Path("connector.db").exists()

    def test_money_of_an_unproved_unit_waits_for_the_probe(self, shop: Shop, run: Run) -> None:
        client = run("call", "kafe", "clients.getClients", "num=1")[0]
        words = ("kafe", "clients.changeClientBonus", f"client_id={client['client_id']}", "count=5", "--yes")
        assert "check --calibrate" in run("call", *words, code=3)
        (line, *_) = run("check", "--calibrate", "kafe", "--json")
        assert any("in roubles" in one["text"] for one in line["checks"] if one["name"] == "units")
        run("call", *words)
        after = run("call", "kafe", "clients.getClient", f"client_id={client['client_id']}")[0]
        assert int(after["bonus"]) == int(client["bonus"]) + 500

    def test_only_what_is_unproved_is_asked_about(self, run: Run) -> None:
        assert "nothing to prove" in run("check", "--calibrate", "panel", code=3)


@pytest.fixture
def stranger() -> Iterator[str]:
    """A server whose answers no document shows."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            people = {"people": [{"name": "Седова Ирина", "phone": "79991112233"}], "token": "0011223344556677"}
            self.wfile.write(json.dumps(people).encode())

        do_POST = do_GET

        def log_message(self, *words: object) -> None:
            del words

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


STRANGE = [
    ("poster", "clients.getClients", 2),
    ("saplab", "client", 2),
    ("virtpos", "customer", 2),
    ("loyalclient", "client", 2),
    ("saplab", "client.remove_group", 1),
    ("virtpos", "customer.deleteCard", 1),
    ("loyalclient", "bonuses.release", 1),
    ("poster", "menu.removeDish", 1),
]


@pytest.mark.parametrize(("kind", "endpoint", "code"), STRANGE)
def test_an_unknown_shape_is_shown_without_its_content(
    sandbox: Sandbox, stranger: str, run: Run, kind: str, endpoint: str, code: int
) -> None:
    """A read is broken; a write may have happened and is kept."""
    settings = Path("connector.yaml")
    settings.write_text(settings.read_text().replace(sandbox.urls[kind], stranger))
    given = {"search": "x", "id": "1", "uid": "1", "dish_id": "1"}
    params = load(kind).endpoint(endpoint).params
    words = [f"{name}={value}" for name, value in given.items() if name in params]
    said = run("call", ACCOUNTS[kind], endpoint, *words, "--yes", code=code)
    assert "people" in said and "phone: text" in said
    assert "Седова" not in said and "79991112233" not in said and "0011223344556677" not in said
    assert ("outbox show" in said) == (code == 1)


def position(sandbox: Sandbox, **changes: Any) -> str:
    """A position of the sample shop, unpaid, whose client has money enough."""
    from connector.sandbox.saplab.panel import Panel

    world = sandbox.worlds["saplab"]
    with world.lock:
        key, row = next(iter(world.state["positions"].items()))
        row |= {"is_payed": False, "is_denied": False, "is_archived": False, "doc_id": None, "status_id": 3, **changes}
        Panel(world).book(int(row["client_id"]), Decimal(10_000_000), "Пополнение")
    return str(key)


SWITCHES = [
    ("order.pay", {"is_payed": False}, {"is_payed": True}, {}),
    ("order.pay", {"is_payed": True}, {"is_payed": False}, {}),
    ("order.deny", {}, {"is_denied": True}, {}),
    ("order.archive", {}, {"is_archived": True}, {}),
    ("order.unarchive", {"is_archived": True}, {"is_archived": False}, {}),
    ("order.set_status", {"status_id": 3}, {"status_id": 4}, {"status_id": 4}),
]


class TestSwitches:
    """Saplab changes state on GET, and `pay` is a toggle: a second one would give the money back (S-06, S-07)."""

    @pytest.mark.parametrize("trouble", ["timeout_after", "cut"])
    @pytest.mark.parametrize(("name", "before", "after", "more"), SWITCHES)
    def test_a_lost_answer_is_told_by_the_position(
        self,
        sandbox: Sandbox,
        run: Run,
        asked: Callable[[str], list[str]],
        trouble: str,
        name: str,
        before: dict[str, Any],
        after: dict[str, Any],
        more: dict[str, Any],
    ) -> None:
        key = position(sandbox, **before)
        sandbox.worlds["saplab"].faults.add(Fault(endpoint=name, fault=trouble, count=1))
        assert run("call", "panel", name, f"id={key}", *pairs(more), "--yes") == {"status": "success"}
        assert asked("saplab").count(name) == 1
        assert after.items() <= sandbox.worlds["saplab"].state["positions"][key].items()
        assert run("outbox", "list", "--json") == []

    @pytest.mark.parametrize(("name", "before", "after", "more"), SWITCHES)
    def test_a_lost_call_is_kept_and_not_sent_again(
        self,
        sandbox: Sandbox,
        run: Run,
        asked: Callable[[str], list[str]],
        name: str,
        before: dict[str, Any],
        after: dict[str, Any],
        more: dict[str, Any],
    ) -> None:
        key = position(sandbox, **before)
        sandbox.worlds["saplab"].faults.add(Fault(endpoint=name, fault="timeout_before", count=1))
        said = run("call", "panel", name, f"id={key}", *pairs(more), "--yes", code=1)
        assert asked("saplab").count(name) == 1
        (kept,) = run("outbox", "list", "--json")
        assert f"outbox show {kept['id']}`" in said
        assert (kept["status"], kept["verb"], kept["entity"]) == ("parked", "call", name)
        assert kept["evidence"]["before"] == kept["evidence"]["after"]


class TestUnknownOutcome:
    """What may have happened waits in the outbox for a person."""

    @pytest.fixture
    def kept(self, sandbox: Sandbox, run: Run, asked: Callable[[str], list[str]]) -> int:
        client = next(iter(sandbox.worlds["loyalclient"].state["clients"]))
        sandbox.worlds["loyalclient"].faults.add(Fault(endpoint="retail", fault="timeout_after", count=1))
        booked = len(sandbox.worlds["loyalclient"].state["operations"])
        said = run("call", "bonus", "retail", f"client={client}", "amount=100", "spend=0", "--yes", code=1)
        assert asked("loyalclient") == ["retail"], "a receipt is never booked twice"
        assert len(sandbox.worlds["loyalclient"].state["operations"]) == booked + 1
        (one,) = run("outbox", "list", "--json")
        assert (one["status"], one["account"], one["entity"]) == ("parked", "bonus", "retail")
        assert "retail was sent" in one["reason"] and f"operation {one['id']}" in said
        return int(one["id"])

    def test_is_shown_with_what_was_sent(self, run: Run, kept: int) -> None:
        shown = run("outbox", "show", str(kept), "--json")
        assert shown["changes"]["amount"] == {"to": "100"}

    def test_is_settled_by_a_person(self, run: Run, kept: int, capsys: pytest.CaptureFixture[str]) -> None:
        assert "make it again" in run("outbox", "retry", str(kept), code=3)
        assert main(["outbox", "confirm", str(kept)]) == 0
        assert run("outbox", "list", "--json") == []
        assert main(["db", "check"]) == 0

    def test_is_dropped_by_a_person(self, run: Run, kept: int) -> None:
        assert main(["outbox", "drop", str(kept)]) == 0
        assert run("outbox", "list", "--json") == []

    def test_does_not_disturb_a_store(self, run: Run, kept: int) -> None:
        assert main(["db", "check"]) == 0


def test_whoever_dies_between_call_and_answer_leaves_it_parked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(adapter: PosterAdapter, endpoint: str, params: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PosterAdapter, "call", dies)
    run("call", "kafe", "menu.createWorkshop", "workshop_name=Гриль", "--yes", code=2)
    (kept,) = run("outbox", "list", "--json")
    assert (kept["status"], kept["entity"]) == ("parked", "menu.createWorkshop")
    assert "never recorded" in kept["reason"]


def test_what_is_done_refused_or_out_of_reach_leaves_nothing_open(sandbox: Sandbox, run: Run) -> None:
    made = run("call", "kafe", "menu.createWorkshop", "workshop_name=Гриль", "--yes")
    assert int(made) > 0
    assert "no such record" in run("call", "kafe", "menu.removeWorkshop", "workshop_id=987654", "--yes", code=1)
    sandbox.worlds["poster"].faults.add(Fault(endpoint="menu.removeWorkshop", fault="expired", count=1))
    assert "token" in run("call", "kafe", "menu.removeWorkshop", f"workshop_id={made}", "--yes", code=2)
    assert run("outbox", "list", "--json") == []
    (done,) = run("outbox", "list", "--status", "done", "--json")
    assert (done["entity"], done["verb"]) == ("menu.createWorkshop", "call")


def test_a_password_is_not_kept(sandbox: Sandbox, run: Run) -> None:
    sandbox.worlds["saplab"].faults.add(Fault(endpoint="client.form.add", fault="timeout_before", count=1))
    words = ("name=Гость", "phone=9990001177", "email=new@example.com", "password=hunter2hunter2", "--yes")
    run("call", "panel", "client.form.add", *words, code=1)
    (kept,) = run("outbox", "list", "--json")
    assert run("outbox", "show", str(kept["id"]), "--json")["changes"]["password"] == {"to": "***"}
    assert b"hunter2hunter2" not in b"".join(file.read_bytes() for file in Path().rglob("*") if file.is_file())
