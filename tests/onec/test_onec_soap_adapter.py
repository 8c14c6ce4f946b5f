"""1C through its web service as an account: a feed of what it sends, counterparties loaded there, and whole runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.config import Account
from connector.errors import Forbidden, Invalid, OutcomeUnknown, Unavailable
from connector.jobs.workspace import Workspace
from connector.sandbox import Sandbox
from connector.sandbox.faults import fault_of
from connector.sandbox.onec.messages import Exchange
from connector.sync.engine import Options
from connector.sync.report import RunReport
from connector.systems import build
from connector.systems.base import Page, Row
from connector.systems.onec.enterprisedata.adapter import EnterpriseDataAdapter
from connector.systems.onec.services import EXCHANGE
from connector.systems.rows import decode_body

CUSTOMERS = "Справочник.Контрагенты"
GUID = "8d04ce3c-6360-11e9-8d92-fa163e8ba11d"
OTHER = "9d04ce3c-6360-11e9-8d92-fa163e8ba11d"
PATHS = ("Наименование", "ЮридическоеФизическоеЛицо", "ИНН", "КонтактнаяИнформация", "ДополнительнаяИнформация")


def counterparty(guid: str, name: str, phone: str = "", more: str = "") -> str:
    kind = "<ВидКонтактнойИнформации>Телефон</ВидКонтактнойИнформации>"
    contact = f"<Строка>{kind}<ЗначенияПолей>{phone}</ЗначенияПолей></Строка>"
    person = "<ЮридическоеФизическоеЛицо>ФизическоеЛицо</ЮридическоеФизическоеЛицо>"
    keys = f"<Ссылка>{guid}</Ссылка><Наименование>{name}</Наименование>{person}"
    contacts = f"<КонтактнаяИнформация>{contact}</КонтактнаяИнформация>" if phone else ""
    return f"<{CUSTOMERS}><КлючевыеСвойства>{keys}</КлючевыеСвойства>{more}{contacts}</{CUSTOMERS}>"


def person(name: str) -> dict[str, str]:
    """What a new counterparty needs."""
    return {"Наименование": name, "ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}


class Peer:
    """A base, and an account of ours for it whose pauses only count."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.world = sandbox.worlds["onec"]
        self.exchange = Exchange(self.world)
        self.seen: dict[str, bytes] = {}

    def account(self, **more: Any) -> Account:
        url = self.sandbox.urls["onec"].removesuffix("/odata/standard.odata")
        line = {"service": "exchange", "peer_code": "CON", **self.sandbox.credentials["onec"], **more}
        return Account(
            name="ut", kind="onec", channel="soap", url=url, insecure=True, folder=self.folder / "exchange", **line
        )

    def adapter(self, **more: Any) -> EnterpriseDataAdapter:
        adapter = build(self.account(**more), sleep=lambda _: None)
        assert isinstance(adapter, EnterpriseDataAdapter)
        adapter.remember = lambda entity, keys: {key: self.seen[key] for key in keys if key in self.seen}
        return adapter

    def read(
        self, adapter: EnterpriseDataAdapter, cursor: str | None = None
    ) -> tuple[list[Row], str | None, list[Any]]:
        pages: list[Page] = list(adapter.feed("customer", PATHS, cursor))
        rows = [row for page in pages for row in page.rows]
        self.seen.update({row.external_id: row.body for row in rows})
        return rows, pages[-1].cursor if pages else cursor, [one for page in pages for one in page.unreadable]

    def fault(self, fault: str, count: int = 1) -> None:
        self.world.faults.add(fault_of({"endpoint": EXCHANGE, "fault": fault, "count": count}))


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    with Sandbox(("onec",), company="empty") as sandbox:
        yield Peer(sandbox, tmp_path)


def test_what_1c_sends_is_a_feed_that_goes_on_where_it_was(peer: Peer) -> None:
    peer.exchange.put(counterparty(GUID, "Рога", "+7 916 123-45-67"))
    rows, cursor, _ = peer.read(peer.adapter())
    assert [(row.external_id, row.reference, row.gone) for row in rows] == [(GUID, GUID, False)]
    raw = decode_body(rows[0].body)
    assert (raw["Наименование"], raw["КонтактнаяИнформация"][0]["Представление"]) == ("Рога", "+7 916 123-45-67")
    assert cursor is not None
    peer.exchange.put(counterparty(OTHER, "Копыта"))
    rows, cursor, _ = peer.read(peer.adapter(), cursor)
    assert [row.external_id for row in rows] == [OTHER], "the first was confirmed"
    assert peer.read(peer.adapter(), cursor) == ([], cursor, [])


def test_what_could_not_be_confirmed_is_told_again(peer: Peer) -> None:
    peer.exchange.put(counterparty(GUID, "Рога"))
    _, cursor, _ = peer.read(peer.adapter())
    peer.exchange.put(counterparty(OTHER, "Копыта"))
    adapter = peer.adapter()
    adapter._way._exchange.send = lambda objects: (_ for _ in ()).throw(Unavailable("no answer"))  # type: ignore[attr-defined]
    rows, cursor, _ = peer.read(adapter, cursor)
    assert len(rows) == 1
    assert [row.external_id for row in peer.read(peer.adapter(), cursor)[0]] == [OTHER]


@pytest.mark.parametrize(
    "told",
    [
        "+7 916 123-45-67",
        "&lt;КонтактнаяИнформация xmlns='http://www.v8.1c.ru/ssl/contactinfo' Представление='+7 916 123-45-67'/&gt;",
        '{"value": "+7 916 123-45-67", "type": "Телефон"}',
    ],
    ids=["plain", "xml", "json"],
)
def test_contacts_are_read_in_every_form(peer: Peer, told: str) -> None:
    peer.exchange.put(counterparty(GUID, "Рога", told))
    rows, _, _ = peer.read(peer.adapter())
    assert decode_body(rows[0].body)["КонтактнаяИнформация"][0]["Представление"] == "+7 916 123-45-67"


@pytest.mark.parametrize("told", ["&lt;broken", "{broken", "&lt;!DOCTYPE x [&lt;!ENTITY e 'x'&gt;]&gt;&lt;x/&gt;"])
def test_contacts_that_cannot_be_read_show_nothing(peer: Peer, told: str) -> None:
    peer.exchange.put(counterparty(GUID, "Рога", told))
    rows, _, _ = peer.read(peer.adapter())
    assert decode_body(rows[0].body)["КонтактнаяИнформация"][0]["Представление"] == ""


def test_what_is_deleted_there_is_gone(peer: Peer) -> None:
    peer.exchange.put(counterparty(GUID, "Рога"))
    _, cursor, _ = peer.read(peer.adapter())
    peer.exchange.delete(CUSTOMERS, GUID)
    rows, _, _ = peer.read(peer.adapter(), cursor)
    assert [(row.external_id, row.gone) for row in rows] == [(GUID, True)]
    assert decode_body(rows[0].body)["Наименование"] == "Рога", "what it was is still known"


def test_an_object_without_a_reference_is_told_and_the_rest_is_read(peer: Peer) -> None:
    nameless = f"<{CUSTOMERS}><КлючевыеСвойства><Наименование>Некто</Наименование></КлючевыеСвойства></{CUSTOMERS}>"
    peer.exchange.put(nameless)
    peer.exchange.put(counterparty(GUID, "Рога"))
    rows, _, unreadable = peer.read(peer.adapter())
    assert [row.external_id for row in rows] == [GUID]
    assert [key for key, _ in unreadable] == [""]


def test_new_ones_are_loaded_together_under_our_key(peer: Peer) -> None:
    adapter = peer.adapter()
    peer.read(adapter)
    before = adapter.requests()
    keys = [f"{number:08}-0000-4000-8000-000000000000" for number in range(50)]
    patches = [(person(f"Н {key}"), key) for key in keys]
    outcomes = adapter.create_many("customer", patches)
    assert [outcome.external_id for outcome in outcomes] == keys
    assert len(peer.exchange.objects(CUSTOMERS)) == 50
    assert adapter.requests() - before <= 5, "one message for all"


def test_a_change_tells_the_whole_object_and_leaves_other_contacts_as_they_came(peer: Peer) -> None:
    more = "<ДополнительнаяИнформация>Важно</ДополнительнаяИнформация>"
    peer.exchange.put(counterparty(GUID, "Рога", "особый вид", more))
    adapter = peer.adapter()
    peer.read(adapter)
    adapter.update("customer", GUID, {"Наименование": "Копыта"}, None)
    stored = peer.exchange.objects(CUSTOMERS)[GUID]
    for said in ("Копыта", "особый вид", "Важно", "ФизическоеЛицо"):
        assert said in stored


def test_what_was_never_seen_is_not_overwritten_blindly(peer: Peer) -> None:
    with pytest.raises(Invalid, match="not known how"):
        peer.adapter().update("customer", GUID, {"Наименование": "Копыта"}, None)


def test_what_cannot_be_written_is_refused_and_nothing_else_is_lost(peer: Peer) -> None:
    adapter = peer.adapter()
    with pytest.raises(Invalid, match="cannot be told"):
        adapter.create("customer", {"ИНН": "1"}, GUID)
    with pytest.raises(Invalid):
        adapter.create("card", {}, GUID)
    assert peer.exchange.objects(CUSTOMERS) == {}


def test_a_load_whose_answer_is_lost_is_unknown_and_may_be_repeated(peer: Peer) -> None:
    adapter = peer.adapter()
    adapter.create("customer", person("А"), OTHER)
    patch = person("Рога")
    peer.world.faults.add(fault_of({"endpoint": EXCHANGE, "fault": "latency", "count": 1, "seconds": 0}))
    peer.fault("timeout_after", count=1)
    try:
        adapter.create("customer", patch, GUID)
    except OutcomeUnknown:
        adapter.create("customer", patch, GUID)
    assert sorted(peer.exchange.objects(CUSTOMERS)) == sorted([GUID, OTHER])


def test_the_service_that_only_loads_can_create_and_nothing_else(peer: Peer) -> None:
    adapter = peer.adapter(service="upload", peer_code=None)
    can = adapter.capabilities("customer")
    assert (can.feed, can.can_create, can.can_update, can.find_by) == ("none", True, False, ())
    adapter.create("customer", person("А"), GUID)
    assert list(peer.exchange.objects(CUSTOMERS)) == [GUID]
    with pytest.raises(Invalid):
        list(adapter.feed("customer", PATHS))


def test_check_tells_what_is_wrong(peer: Peer) -> None:
    [good] = peer.adapter().check({})
    assert good.ok
    [bad] = peer.adapter(peer_code="XXX").check({})
    assert (bad.ok, bad.name) == (False, "credentials")
    [wrong] = peer.adapter(password="x").check({})
    assert (wrong.ok, wrong.name) == (False, "credentials")
    with pytest.raises(Forbidden):
        list(peer.adapter(password="x").feed("customer", PATHS))


# whole runs ----------------------------------------------------------------------------------------------------

ROUTES = """\
- entity: customer
  spokes:
    ut: {direction: both, create: true}
    vp: {direction: both, create: true}
  authority: {default: vp, name: ut, comment: none}
  brakes: {changes: 1000, share: 1.0}
"""


class Company:
    """A till and a base that is reached through its web service."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.folder, self.peer = folder, Peer(sandbox, folder)
        url = sandbox.urls["onec"].removesuffix("/odata/standard.odata")
        ut = {"kind": "onec", "channel": "soap", "url": url, "insecure": True, "peer_code": "CON"}
        accounts = {"vp": sandbox.accounts()["vp"], "ut": {**ut, **sandbox.credentials["onec"]}}
        (folder / "mappings").mkdir(parents=True)
        (folder / "mappings/routes.yaml").write_text(ROUTES, encoding="utf-8")
        text = json.dumps({"version": 1, "accounts": accounts}, ensure_ascii=False)
        (folder / "connector.yaml").write_text(text, encoding="utf-8")

    def sync(self) -> RunReport:
        workspace = Workspace.open(self.folder, {})
        workspace.sleep = lambda _: None
        with workspace:
            accepted = frozenset({"customer/ut:share"})  # the first run may have come to nothing
            return workspace.engine().run(Options(consent=lambda _: True, accept=accepted))

    def names(self) -> set[str]:
        """Of everybody the till knows."""
        customers = self.peer.sandbox.worlds["virtpos"].state["customers"].values()
        return {f"{row['lname']} {row['fname']} {row['phone']}" for row in customers}


def test_customers_go_both_ways_and_a_second_run_finds_nothing_to_do(tmp_path: Path) -> None:
    with Sandbox(("onec", "virtpos")) as sandbox:
        company = Company(sandbox, tmp_path / "company")
        first = company.sync()
        there = company.peer.exchange.objects(CUSTOMERS)
        created = first.route("customer", "ut").created
        assert created == len(there) > 5
        assert first.route("customer", "ut").error is None
        again = company.sync()
        assert again.route("customer", "ut").created == again.route("customer", "ut").updated == 0
        guid, xml = sorted(there.items())[0]
        name = xml.partition("<Наименование>")[2].partition("</Наименование>")[0]
        company.peer.exchange.put(xml.replace(name, "Новое Имя"))
        company.sync()
        assert any("Новое" in one for one in company.names())
        assert len(company.peer.exchange.objects(CUSTOMERS)) == created
        company.sync()
        assert guid in company.peer.exchange.objects(CUSTOMERS)
        assert list((company.folder / "exchange/ut/inbox").glob("*.jsonl")) == []


@pytest.mark.parametrize("fault", ["timeout_after", "timeout_before", "cut", "html", "error"])
def test_runs_through_a_bad_line_make_no_second_customer(tmp_path: Path, fault: str) -> None:
    with Sandbox(("onec", "virtpos")) as sandbox:
        company = Company(sandbox, tmp_path / "company")
        endpoint = {"endpoint": EXCHANGE, "fault": fault, "count": 6, "probability": 0.3, "seed": 5}
        company.peer.world.faults.add(fault_of(endpoint))
        for _ in range(6):
            company.sync()
        company.peer.world.faults.clear()
        company.sync()
        clean = company.sync()
        assert clean.route("customer", "ut").created == 0
        found = company.peer.exchange.objects(CUSTOMERS).values()
        assert len(found) == len(sandbox.worlds["virtpos"].state["customers"])
        assert clean.open["outbox"] == 0
