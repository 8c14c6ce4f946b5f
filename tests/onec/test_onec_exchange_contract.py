"""Messages of EnterpriseData keep the contract: customers and cards, through a folder and through the web service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from contract import AdapterContract, Sample, Trouble, Verb, World, uid
from lxml import etree

from connector.config import Account
from connector.sandbox.faults import fault_of
from connector.systems import build
from connector.systems.base import Outcome, Page, Raw
from connector.systems.onec.enterprisedata.adapter import EnterpriseDataAdapter
from connector.systems.onec.services import EXCHANGE
from connector.systems.rows import canonical_body
from onec.exchanging import CARDS, CUSTOMERS, WAYS, FolderBase, Sandboxes, ServiceBase, card, counterparty, guid

OWNER = guid(99)
PERSON = {"Наименование": "Владелец", "ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}


class ExchangeWorld(World):
    """One base. Each feed is a run of its own: what 1C has for us is fetched once a run."""

    entity = "customer"
    paths = ("Наименование", "ЮридическоеФизическоеЛицо", "ИНН", "КонтактнаяИнформация")
    kind = CUSTOMERS
    page_size = 500
    unknown_id = "00000000-0000-7000-8000-00000000dead"

    def __init__(self, way: str, sandboxes: Sandboxes, folder: Path) -> None:
        self.way, self.folder = way, folder
        self.base: Any
        if way == "folder":
            self.base = FolderBase(folder / "shared")
            self.line = {"channel": "enterprisedata", "folder": folder / "shared", "state": folder / "state"}
        else:
            self.sandbox = sandboxes(("onec",))
            self.base = ServiceBase(self.sandbox)
            url = self.sandbox.urls["onec"].removesuffix("/odata/standard.odata")
            login = self.sandbox.credentials["onec"]
            self.line = {"channel": "soap", "url": url, "insecure": True, "folder": folder / "state", **login}
            self.line["service"] = "exchange"
            self.secrets = (login["password"],)
            self.troubles = frozenset({"expired"})
        self.seen: dict[tuple[str, str], bytes] = {}
        self.slept = 0.0
        self._changed, self._looking = True, False
        self._next_run()
        self.pages()  # 1C has begun the exchange

    def _next_run(self) -> None:
        self.adapter = self._opened()

    def _opened(self) -> EnterpriseDataAdapter:
        account = Account(name="ut", kind="onec", peer_code="CON", timezone="Europe/Moscow", **self.line)
        adapter = build(account, sleep=self._sleep)
        assert isinstance(adapter, EnterpriseDataAdapter)
        adapter.remember = self._remember
        tell = adapter.create_many

        def create_many(entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
            outcomes = tell(entity, patches)
            self.seen.update({(entity, str(one.external_id)): one.row.body for one in outcomes if one.row is not None})
            return outcomes

        adapter.create_many = create_many  # type: ignore[method-assign]
        return adapter

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds

    def _remember(self, entity: str, keys: Sequence[str]) -> Mapping[str, bytes]:
        """What a store would hold: a run before this one has read whatever the users had entered."""
        if not self._looking and entity == self.entity and any((entity, key) not in self.seen for key in keys):
            self._look(self._opened(), None, self.paths)
        known = {(entity, key): self.seen.get((entity, key)) for key in keys}
        known["customer", OWNER] = canonical_body(PERSON, tuple(PERSON))
        return {key: body for key in keys if (body := known.get((entity, key))) is not None}

    def pages(self, cursor: str | None = None, paths: Sequence[str] | None = None) -> list[Page]:
        self._next_run()
        return self._look(self.adapter, cursor, tuple(paths or self.paths))

    def _look(self, adapter: EnterpriseDataAdapter, cursor: str | None, paths: Sequence[str]) -> list[Page]:
        if self._changed and self.way == "folder":
            self.base.peer.leave()
        self._changed, self._looking = False, True
        try:
            pages = list(adapter.feed(self.entity, tuple(paths), cursor))
        finally:
            self._looking = False
        for row in (row for page in pages for row in page.rows):
            self.seen[self.entity, row.external_id] = row.body
        return pages

    # samples

    def sample(self, number: int) -> Sample:
        told = {"Наименование": f"Гость {number}", "ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}
        return Sample(write=told, read=told, keys={"id_1c": guid(number)})

    def with_text(self, number: int, text: str) -> Sample:
        raise AssertionError("one object cannot be asked for")

    def change(self, number: int) -> Sample:
        return Sample(write={"Наименование": f"Новый {number}"}, read={"Наименование": f"Новый {number}"})

    def xml(self, key: str, said: Mapping[str, Any]) -> str:
        return counterparty(key, said["Наименование"])

    # the users' hands

    def user_adds(self, sample: Sample) -> str:
        key = sample.keys["id_1c"]
        self.base.put(self.xml(key, sample.write))
        self._changed = True
        return key

    def user_edits(self, external_id: str, change: Sample) -> None:
        self.base.put(self.xml(external_id, {**self.stored()[external_id], **change.write}))
        self._changed = True

    def user_removes(self, external_id: str) -> None:
        self.base.delete(self.kind, external_id)
        self._changed = True

    def stored(self) -> dict[str, dict[str, Any]]:
        """What 1C holds once it has taken our message."""
        if self.way == "folder" and self.base.peer.sent:
            self.adapter.send_off(())
            self.base.peer.take()
        return {key: self.shown(xml) for key, xml in self.base.objects(self.kind).items()}

    def shown(self, xml: str) -> dict[str, Any]:
        root = etree.fromstring(xml.encode())
        return {str(item.tag): item.text for item in root.iter() if item.tag in self.names}

    names: Sequence[str] = ("Наименование", "ЮридическоеФизическоеЛицо", "ИНН")

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        fault = {"endpoint": EXCHANGE, "fault": name, **({} if count is None else {"count": count})}
        self.sandbox.worlds["onec"].faults.add(fault_of(fault))

    def waited(self) -> float:
        return self.slept


class CardWorld(ExchangeWorld):
    entity = "card"
    paths = ("НомерКарты", "ВладелецКарты", "ДатаОткрытия")
    kind = CARDS
    names = ("НомерКарты",)

    def sample(self, number: int) -> Sample:
        owner = {"Контрагент": {"Ссылка": OWNER}}
        return Sample(
            write={"НомерКарты": f"50{number:04}", "ВладелецКарты": owner},
            read={"НомерКарты": f"50{number:04}"},
            keys={"id_1c": guid(number)},
        )

    def change(self, number: int) -> Sample:
        return Sample(write={"НомерКарты": f"60{number:04}"}, read={"НомерКарты": f"60{number:04}"})

    def xml(self, key: str, said: Mapping[str, Any]) -> str:
        return card(key, said["НомерКарты"], OWNER)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestCustomers(AdapterContract):
    @pytest.fixture
    def world(self, way: str, companies: Sandboxes, tmp_path: Path) -> Iterator[World]:
        world = ExchangeWorld(way, companies, tmp_path)
        yield world
        world.adapter.close()


class TestCards(AdapterContract):
    @pytest.fixture
    def world(self, way: str, companies: Sandboxes, tmp_path: Path) -> Iterator[World]:
        world = CardWorld(way, companies, tmp_path)
        yield world
        world.adapter.close()


def test_the_owner_of_a_card_is_named_as_the_format_demands(companies: Sandboxes, way: str, tmp_path: Path) -> None:
    world = CardWorld(way, companies, tmp_path)
    world.user_adds(world.sample(0))
    world.feed()
    world.adapter.create("card", world.sample(1).write, uid(1))
    assert world.stored()[uid(1)] == {"НомерКарты": "500001"}
    xml = world.base.objects(CARDS)[uid(1)]
    assert f"<Ссылка>{OWNER}</Ссылка><Наименование>Владелец</Наименование>" in xml
