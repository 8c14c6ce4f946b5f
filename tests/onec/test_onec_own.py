"""A web service of one's own, described by data: the contract, what `check` finds, a run."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import FrozenClock
from contract import AdapterContract, Sample, Trouble, Verb, World, uid

from connector.config import Account
from connector.errors import ConfigError, Duplicate, Invalid
from connector.jobs.workspace import Workspace
from connector.resources import mappings_folder
from connector.sandbox import Sandbox
from connector.sandbox.faults import Fault
from connector.sandbox.onec import site
from connector.sync.engine import Options
from connector.sync.report import RunReport
from connector.sync.rows import decode
from connector.systems import build
from connector.systems.onec.own import OwnAdapter, load_description
from connector.transport.auth import Basic
from connector.transport.http import Patience, Transport

FOLDER = mappings_folder() / "profiles/site"
PAGE = 4
READ = ("Код", "Наименование", "Вид", "Телефон", "Почта", "ИНН", "КПП", "Комментарий", "Удален")


@pytest.fixture(scope="module")
def base() -> Iterator[Sandbox]:
    with Sandbox(("onec",), company="empty") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(base: Sandbox) -> Sandbox:
    base.reset()
    return base


class SiteWorld(World):
    """The buyers of the emulated site, with its users' hands."""

    entity = "customer"
    page_size = PAGE
    unknown_id = "777"
    paths = READ
    troubles = frozenset({"throttle", "error", "timeout_before", "timeout_after", "cut", "html", "expired"})

    def __init__(self, sandbox: Sandbox, clock: FrozenClock) -> None:
        self.world, self.clock = sandbox.worlds["onec"], clock
        login = sandbox.credentials["onec"]
        self.secrets = (login["password"],)
        transport = Transport(
            "shop",
            sandbox.urls["onec"].removesuffix("/odata/standard.odata"),
            auth=Basic(login["login"], login["password"]),
            insecure=True,
            timeout=5,
            patience=Patience(attempts=3),
            clock=clock.monotonic,
            sleep=clock.sleep,
        )
        described = load_description(FOLDER / "service.yaml")
        people = described.entities["customer"]
        assert people.list_ is not None and people.list_.pages is not None
        pages = people.list_.pages.model_copy(update={"rows": PAGE})
        listing = people.list_.model_copy(update={"pages": pages})
        entities = {"customer": people.model_copy(update={"list_": listing})}
        self.adapter = OwnAdapter(
            "shop", transport, described.model_copy(update={"entities": entities}), FOLDER / described.wsdl
        )

    @property
    def site(self) -> site.Site:
        return site.Site(self.world)

    def sample(self, number: int) -> Sample:
        phone, email, inn = f"+7916{number:07d}", f"guest{number}@example.com", f"{7700000000 + number}"
        plain = {"Наименование": f"Гость {number}", "Телефон": phone, "Почта": email, "ИНН": inn, "КПП": "770101001"}
        keys = {"phone": phone, "email": email.upper(), "inn": f"{inn}/770101001"}
        return Sample(write=plain, read=plain, keys=keys)

    def with_text(self, number: int, text: str) -> Sample:
        sample = self.sample(number)
        read = {**sample.read, "Комментарий": text or None}
        return Sample(write={**sample.write, "Комментарий": text}, read=read, keys=sample.keys)

    def change(self, number: int) -> Sample:
        return Sample(write={"Комментарий": f"новое {number}"}, read={"Комментарий": f"новое {number}"})

    def user_adds(self, sample: Sample) -> str:
        with self.world.lock:
            return self.site.put(dict(sample.write))

    def user_edits(self, external_id: str, change: Sample) -> None:
        with self.world.lock:
            self.site.put({**self.site.rows[external_id], **change.write})

    def user_removes(self, external_id: str) -> None:
        with self.world.lock:
            self.site.put({**self.site.rows[external_id], "Удален": "true"})

    def stored(self) -> dict[str, dict[str, Any]]:
        return {code: dict(row) for code, row in self.site.rows.items()}

    def trouble(self, name: Trouble, verb: Verb, *, count: int | None = 1, seconds: float = 0) -> None:
        del verb
        self.world.faults.add(Fault(site.NAME, name, count=count, seconds=seconds))  # type: ignore[arg-type]

    def waited(self) -> float:
        return sum(self.clock.slept)


class TestSite(AdapterContract):
    @pytest.fixture
    def world(self, sandbox: Sandbox, clock: FrozenClock) -> Iterator[SiteWorld]:
        world = SiteWorld(sandbox, clock)
        yield world
        sandbox.worlds["onec"].faults.clear()
        world.adapter.close()


# what the description says


@pytest.fixture
def world(sandbox: Sandbox, clock: FrozenClock) -> SiteWorld:
    return SiteWorld(sandbox, clock)


def test_the_shipped_description_of_the_service_is_what_it_shows(world: SiteWorld) -> None:
    assert (FOLDER / "site.wsdl").read_bytes() == Path(site.__file__).with_name("site.wsdl").read_bytes()


def test_refusals_are_told_with_the_words_of_the_service(world: SiteWorld) -> None:
    with pytest.raises(Invalid, match="Не заполнено наименование"):
        world.adapter.create("customer", {"Телефон": "1"}, uid(1))
    world.create(world.sample(1), uid(1))
    with pytest.raises(Duplicate, match="уже есть"):
        world.adapter.create("customer", world.sample(2).write, uid(1))
    with pytest.raises(Invalid, match="shop: FindCustomers"):
        world.adapter.call("FindCustomers", {"Field": "Рост", "Value": "1"})


def test_a_record_keeps_what_a_change_does_not_tell(world: SiteWorld) -> None:
    """The service replaces the whole row."""
    external_id = world.create(world.sample(1), uid(1))
    world.adapter.update("customer", external_id, {"Комментарий": "новое"}, None)
    assert world.stored()[external_id]["Телефон"] == world.sample(1).read["Телефон"]
    assert world.stored()[external_id]["ВнешнийКод"] == uid(1)


def test_numbers_and_dates_are_raw_values(world: SiteWorld) -> None:
    external_id = world.user_adds(
        Sample(write={"Наименование": "Ким", "Скидка": "7.50", "ДатаРождения": "1990-05-01"}, read={})
    )
    row = world.adapter.get("customer", external_id, ("Скидка", "ДатаРождения"))
    assert row is not None
    assert row.full is not None and row.full["Скидка"] == Decimal("7.50")
    assert row.body == '{"Скидка":7.50,"ДатаРождения":"1990-05-01"}'.encode()


def rewritten(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = (FOLDER / "service.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "service.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("operation: GetCustomers", "operation: GetClients"), "no operation GetClients"),
        (("check: Ping", "check: Pong"), "no operation Pong"),
        (("send: Since", "send: From"), "GetCustomers has no From"),
        (("take: return.Отметка", "take: return.Метка"), "GetCustomers has no return.Метка"),
        (("id: Код ", "id: Номер "), "no Номер"),
        (("row: Customer, answer", "row: Client, answer"), "PutCustomer has no Client"),
        (("text: return.Ошибка", "text: return.Беда"), "has no return.Беда"),
        (("path: /ws/site.1cws", "path: /ws/nowhere.1cws"), "shop: Ping"),
    ],
)
def test_check_names_what_does_not_fit(world: SiteWorld, tmp_path: Path, change: tuple[str, str], words: str) -> None:
    description = load_description(rewritten(tmp_path, change))
    adapter = OwnAdapter("shop", world.adapter._transport, description, FOLDER / "site.wsdl")  # type: ignore[attr-defined]
    checks = adapter.check({"customer": READ})
    assert any(words in str(check.text) and not check.ok for check in checks), [str(check.text) for check in checks]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("operation: Put", "operatoin: Put"), "did you mean “operation”"),
        (("phone:     {operation", "fone:     {operation"), "fone"),
        (("whole: true, repeat: verify", "whole: true, repeat: often"), "often"),
        (("answer: return.Код, repeat: verify", "answer: return..Код"), "return..Код"),
        (("    get: {", "    # {"), "must be read before"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_refused_with_its_place(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as info:
        load_description(rewritten(tmp_path, change))
    assert words in str(info.value) or any(words in str(one) for one in getattr(info.value, "errors", ()))


# a run

CONFIG = """\
version: 1
store: sqlite:///connector.db
timezone: Europe/Moscow
language: en
accounts:
  shop:
    {{kind: onec, channel: soap, service: own, profile: site, insecure: true, url: "{url}", login: "{login}",
     password: "{password}"}}
  vp: {{kind: virtpos, url: "{virtpos}", apikey: "{apikey}", insecure: true, rate: 500}}
"""
ROUTES = """\
- entity: customer
  spokes:
    shop: {direction: both, create: true}
    vp: {direction: both, create: true}
  authority: {default: shop}
"""


class Shop:
    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.folder, self.sandbox = folder, sandbox
        url = sandbox.urls["onec"].removesuffix("/odata/standard.odata")
        more = {"virtpos": sandbox.urls["virtpos"], **sandbox.credentials["virtpos"]}
        (folder / "mappings").mkdir()
        (folder / "connector.yaml").write_text(CONFIG.format(url=url, **sandbox.credentials["onec"], **more), "utf-8")
        (folder / "mappings/routes.yaml").write_text(ROUTES, "utf-8")

    def sync(self) -> RunReport:
        with Workspace.open(self.folder, {}) as workspace:
            return workspace.engine().run(Options(consent=lambda _report: True))

    def hub(self) -> list[dict[str, Any]]:
        with Workspace.open(self.folder, {}) as workspace:
            store = workspace.store
            return [decode(body) for body in store.hub.bodies(store.hub.uids("customer")).values()]


def test_a_run_keeps_the_buyers_of_the_service_in_step(tmp_path: Path) -> None:
    with Sandbox(("onec", "virtpos"), company="empty") as sandbox:
        shop = Shop(sandbox, tmp_path)
        table = site.Site(sandbox.worlds["onec"])
        table.put({"Наименование": "Петров Иван", "Телефон": "+79161234567", "Вид": "ФизическоеЛицо"})
        assert shop.sync().routes["customer", "vp"].created == 1
        (person,) = shop.hub()
        assert (person["name"], person["phone"], person["kind"]) == ("Петров Иван", "+79161234567", "person")
        (code,) = table.rows
        table.put({**table.rows[code], "Комментарий": "постоянный"})
        report = shop.sync()
        assert (report.routes["customer", "shop"].read, report.routes["customer", "shop"].changed) == (1, 1)
        report = shop.sync()
        assert (report.routes["customer", "shop"].read, report.status) == (0, "clean"), "only what changed is read"


def test_an_account_needs_its_profile(tmp_path: Path) -> None:
    line = {"kind": "onec", "channel": "soap", "service": "own", "url": "https://x", "login": "a", "password": "b"}
    account = Account(name="shop", profile="nowhere", mappings=(tmp_path,), **line)
    with pytest.raises(ConfigError, match=r"service\.yaml"):
        build(account)
