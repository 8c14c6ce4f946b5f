"""Companies whose 1C exchanges messages of EnterpriseData: through a folder, and through its web service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from connector.jobs.workspace import Workspace
from connector.sandbox import Sandbox
from connector.sandbox.onec.messages import Exchange, read_message
from connector.sandbox.onec_folder import FolderPeer
from connector.sync.engine import Options
from connector.sync.report import RunReport

CUSTOMERS = "Справочник.Контрагенты"
CARDS = "Справочник.ДисконтныеКарты"
ORDERS = "Документ.ЗаказКлиента"
CONTACT = "КонтактнаяИнформация"
ROUTES_TO = ("customer/ut", "card/ut", "order/ut", "customer/poster", "customer/vp")
BRAKES = frozenset(f"{route}:share" for route in ROUTES_TO)
START = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)

ROUTES = """\
- entity: customer
  spokes:
    ut:     {direction: both, create: true}
    poster: {direction: both, create: true}
    vp:     {direction: both, create: true}
  authority: {default: poster, legal_name: ut, inn: ut, kpp: ut, comment: none}
  deletion: never
  brakes: {changes: 1000, share: 1.0}
- entity: card
  spokes:
    ut:     {direction: both, create: true}
    poster: {direction: read}
    vp:     {direction: write, create: true}
  authority: {default: ut}
  deletion: never
  brakes: {changes: 1000, share: 1.0}
"""


def guid(number: int) -> str:
    return f"{number:08}-6360-11e9-8d92-fa163e8ba11d"


def counterparty(key: str, name: str, phone: str = "", more: str = "") -> str:
    """A person as a base keeps him."""
    kind = "<ВидКонтактнойИнформации>Телефон</ВидКонтактнойИнформации>"
    row = f"<Строка>{kind}<ЗначенияПолей>{phone}</ЗначенияПолей></Строка>"
    contacts = f"<{CONTACT}>{row}</{CONTACT}>" if phone else ""
    person = "<ЮридическоеФизическоеЛицо>ФизическоеЛицо</ЮридическоеФизическоеЛицо>"
    keys = f"<Ссылка>{key}</Ссылка><Наименование>{name}</Наименование>{person}"
    return f"<{CUSTOMERS}><КлючевыеСвойства>{keys}</КлючевыеСвойства>{more}{contacts}</{CUSTOMERS}>"


def card(key: str, number: str, owner: str, name: str = "Гость") -> str:
    person = "<ЮридическоеФизическоеЛицо>ФизическоеЛицо</ЮридическоеФизическоеЛицо>"
    said = f"<Контрагент><Ссылка>{owner}</Ссылка><Наименование>{name}</Наименование>{person}</Контрагент>"
    keys = f"<Ссылка>{key}</Ссылка><НомерКарты>{number}</НомерКарты><ВладелецКарты>{said}</ВладелецКарты>"
    return f"<{CARDS}><КлючевыеСвойства>{keys}</КлючевыеСвойства></{CARDS}>"


class Base(Protocol):
    """1C as its users see it, whichever way it exchanges."""

    def put(self, xml: str) -> None: ...

    def delete(self, kind: str, key: str) -> None: ...

    def objects(self, kind: str) -> dict[str, str]: ...

    def turn(self) -> None: ...


class FolderBase:
    def __init__(self, folder: Path, **more: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.peer = FolderPeer(folder, **more)

    def put(self, xml: str) -> None:
        self.peer.put(xml)

    def delete(self, kind: str, key: str) -> None:
        self.peer.delete(kind, key)

    def objects(self, kind: str) -> dict[str, str]:
        return self.peer.objects.get(kind, {})

    def turn(self) -> None:
        self.peer.turn()


class ServiceBase:
    """A base that is called needs no turn of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.exchange = Exchange(sandbox.worlds["onec"])

    def put(self, xml: str) -> None:
        self.exchange.put(xml)

    def delete(self, kind: str, key: str) -> None:
        self.exchange.delete(kind, key)

    def objects(self, kind: str) -> dict[str, str]:
        return self.exchange.objects(kind)

    def turn(self) -> None:
        """It answers when it is called."""


class Company:
    """Poster, virtpos and a base, in a workspace of its own. Its clock moves a minute a run."""

    def __init__(self, sandbox: Sandbox, folder: Path, base: Base, ut: dict[str, Any], routes: str = ROUTES) -> None:
        self.sandbox, self.folder, self.base = sandbox, folder, base
        self.now = START
        known = sandbox.accounts()
        wanted = {"poster": known.get("kafe"), "vp": known.get("vp"), "saplab": known.get("panel")}
        accounts = {name: line for name, line in wanted.items() if line is not None and f"{name}:" in routes}
        (folder / "mappings").mkdir(parents=True)
        (folder / "mappings/routes.yaml").write_text(routes, encoding="utf-8")
        self.settings: dict[str, Any] = {"version": 1, "accounts": {**accounts, "ut": {"kind": "onec", **ut}}}
        self.write_settings()

    def write_settings(self) -> None:
        text = json.dumps(self.settings, ensure_ascii=False)
        (self.folder / "connector.yaml").write_text(text, encoding="utf-8")

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        with Workspace.open(self.folder, {}) as workspace:
            workspace.sleep = lambda _: None
            workspace.clock = lambda: self.now
            yield workspace

    def sync(self, *, dry: bool = False, entities: Sequence[str] = ()) -> RunReport:
        self.now += timedelta(minutes=1)
        with self.workspace() as workspace:
            options = Options(
                consent=lambda _: True, dry=dry, entities=tuple(entities),
                accept=BRAKES,
            )  # fmt: skip
            return workspace.engine().run(options)

    def round(self) -> RunReport:
        """1C synchronises, then we do."""
        self.base.turn()
        return self.sync()

    # users of the others

    def poster_adds(self, name: str, phone: str, card_number: str = "0") -> str:
        """A client entered at the till; his id."""
        clients = self.sandbox.worlds["poster"].state["clients"]
        key = str(1000 + len(clients))
        last, _, first = name.partition(" ")
        blank = dict.fromkeys(("email", "comment", "address", "city", "country", "patronymic"), "")
        zero = dict.fromkeys(("discount_per", "client_sex", "id_1c", "delete"), "0")
        clients[key] = {
            "id": key, "lastname": last, "firstname": first, "bonus": 0, "paid": 0, "created": "2026-11-01 12:00:00",
            "phone": phone, "birthday": "0000-00-00", "card_number": card_number, "group": "1", **blank, **zero,
        }  # fmt: skip
        return key

    def poster_edits(self, phone: str, **changes: str) -> None:
        self.poster()[phone].update(changes)

    # what others hold

    def poster(self) -> dict[str, dict[str, Any]]:
        """Phone -> client."""
        clients = self.sandbox.worlds["poster"].state["clients"].values()
        return {"+" + "".join(filter(str.isdecimal, row["phone"])): row for row in clients}

    def virtpos(self) -> dict[str, dict[str, Any]]:
        rows = self.sandbox.worlds["virtpos"].state["customers"].values()
        return {str(row["phone"]): row for row in rows}


def done(report: RunReport) -> int:
    """Everything that a run has written."""
    routes = report.routes.values()
    return sum(route.created + route.updated + route.deactivated for route in routes)


WAYS = ("folder", "service")


Sandboxes = Callable[[tuple[str, ...]], Sandbox]


def company(
    sandboxes: Sandboxes,
    way: str,
    folder: Path,
    routes: str = ROUTES,
    others: tuple[str, ...] = ("poster", "virtpos"),
) -> Company:
    """An empty company whose base exchanges in this way."""
    if way == "service":
        sandbox = sandboxes(("onec", *others))
        url = sandbox.urls["onec"].removesuffix("/odata/standard.odata")
        ut = {"channel": "soap", "url": url, "insecure": True, "peer_code": "CON", **sandbox.credentials["onec"]}
        return Company(sandbox, folder / "company", ServiceBase(sandbox), ut, routes)
    shared = folder / "shared"
    ut = {"channel": "enterprisedata", "folder": str(shared), "peer_code": "CON"}
    return Company(sandboxes(others), folder / "company", FolderBase(shared), ut, routes)


def peer_of(company: Company) -> FolderPeer:
    assert isinstance(company.base, FolderBase)
    return company.base.peer


def names(firm: Company) -> list[str]:
    """Of everybody in 1C."""
    return sorted(xml.partition("<Наименование>")[2].partition("<")[0] for xml in firm.base.objects(CUSTOMERS).values())


def lying(firm: Company) -> int:
    """How many objects our message holds."""
    return len(read_message(peer_of(firm).their_file.read_bytes())[1])


def told(firm: Company, name: str) -> str:
    with firm.workspace() as workspace:
        [found] = [check for check in workspace.adapter("ut").check({}) if check.name == name]
    return str(found.text)


def settled(firm: Company) -> None:
    """Two rounds later everything is in step, once."""
    for _ in range(2):
        firm.round()
    assert done(firm.round()) == 0
    assert peer_of(firm).made_up == []
    assert not [text for text in peer_of(firm).said if "XDTO" in text]
