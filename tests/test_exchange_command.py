"""`connector exchange import`: what a file carries is told; with an account, the next sync reads it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from onec.test_onec_bank import HEAD, OURS, document, statement

from connector.cli import main
from connector.jobs.workspace import Workspace
from connector.sandbox.commerceml_files import Good, catalogue_files
from connector.sync.rows import decode

GOODS = [Good(guid=f"bd72d910-55bc-11d9-848a-00112f43{number:04}", name=f"Чай {number}", price=Decimal(number))
         for number in range(1, 4)]  # fmt: skip
CUSTOMER = "8d04ce3c-6360-11e9-8d92-fa163e8ba11d"
OTHER = "9d04ce3c-6360-11e9-8d92-fa163e8ba11d"
SPACE = "http://v8.1c.ru/edi/edi_stnd/EnterpriseData/1.8"

CONFIG = """\
version: 1
store: sqlite:///connector.db
timezone: Europe/Moscow
language: en
accounts:
  bank: {kind: onec, channel: bank, folder: statements}
  site: {kind: onec, channel: commerceml, login: robot, password: a-password-of-the-site}
  ut: {kind: onec, channel: enterprisedata, base: site, folder: messages, peer_code: CON}
  ws: {kind: onec, channel: soap, base: site, url: "https://1c.example/ut", login: a, password: b-secret,
       peer_code: CON}
  own: {kind: onec, channel: soap, base: site, url: "https://1c.example/ut", login: a, password: b-secret,
        service: own, profile: site}
  kafe: {kind: poster, token: "1:a-token-of-the-till", stamp: site}
"""
ROUTES = """\
- entity: customer
  spokes:
    site: {direction: read}
  authority: {default: site}
- entity: payment
  from: [bank]
  to: []
"""
SITE_CUSTOMER = """\
system: onec
profile: commerceml
entity: customer
fields:
  name: {path: Наименование, as: text, only: read}
  inn:  {path: ИНН, as: inn, only: read}
"""

Imported = Callable[..., dict[str, Any]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    (folder / "mappings/profiles/commerceml").mkdir(parents=True)
    (folder / "statements").mkdir()
    (folder / "connector.yaml").write_text(CONFIG, "utf-8")
    (folder / "mappings/routes.yaml").write_text(ROUTES, "utf-8")
    (folder / "mappings/profiles/commerceml/customer.yaml").write_text(SITE_CUSTOMER, "utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def imported(shop: Path, capsys: pytest.CaptureFixture[str]) -> Imported:
    def run(file: Path, *more: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["exchange", "import", str(file), *more, "--json"]) == code
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    return run


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def zipped(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/") + ".xml", data)
    return path


def catalogue(version: str) -> dict[str, bytes]:
    return catalogue_files(GOODS, version, "2026-11-21T10:00:00")


def site_file(*people: str) -> bytes:
    whole = "".join(people)
    root = "КоммерческаяИнформация"
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} ВерсияСхемы="2.05">{whole}</{root}>'.encode()


def person(key: str, name: str, more: str = "") -> str:
    return f"<Контрагент><Ид>{key}</Ид><Наименование>{name}</Наименование>{more}</Контрагент>"


def message(*objects: str, confirmation: str = "") -> bytes:
    format_ = f"<msg:Format>{SPACE}</msg:Format><msg:CreationDate>2026-11-21T10:00:00</msg:CreationDate>"
    body = f'<Body xmlns="{SPACE}">{"".join(objects)}</Body>'
    root = '<Message xmlns:msg="http://www.1c.ru/SSL/Exchange/Message">'
    return f"\ufeff{root}<msg:Header>{format_}{confirmation}</msg:Header>{body}</Message>".encode()


def firm(guid: str, name: str, inn: str = "") -> str:
    kind = "<ЮридическоеФизическоеЛицо>ЮридическоеЛицо</ЮридическоеФизическоеЛицо>"
    keys = f"<Ссылка>{guid}</Ссылка><Наименование>{name}</Наименование><ИНН>{inn}</ИНН>{kind}"
    return f"<Справочник.Контрагенты><КлючевыеСвойства>{keys}</КлючевыеСвойства></Справочник.Контрагенты>"


def order(total: str) -> str:
    keys = "<КлючевыеСвойства><Номер>1</Номер></КлючевыеСвойства>"
    return f"<Документ.ЗаказКлиента>{keys}<Сумма>{total}</Сумма></Документ.ЗаказКлиента>"


# what a file is


@pytest.mark.parametrize("version", ["2.05", "2.07", "2.10", "3.1"])
def test_a_catalogue_is_known_by_its_content(imported: Imported, tmp_path: Path, version: str) -> None:
    files = catalogue(version)
    objects: dict[str, int] = {}
    for data in files.values():
        told = imported(put(tmp_path / "no-ending", data))
        assert (told["format"], told["version"], told["unreadable"]) == ("commerceml", version, 0)
        for name, count in told["objects"].items():
            objects[name] = objects.get(name, 0) + count
    offers = 9 if version == "3.1" else 3  # there prices and stocks have files of their own
    assert (objects["product"], objects["offer"]) == (3, offers)
    packed = zipped(
        tmp_path / "v8.zip", **{f"webdata__{name.removesuffix('.xml')}": data for name, data in files.items()}
    )
    assert imported(packed)["objects"] == objects


def test_a_message_of_enterprisedata_is_counted_and_summed(imported: Imported, tmp_path: Path) -> None:
    data = message(
        firm(CUSTOMER, "Рога"), order("10.50"), order("0.07"), "<Справочник.Валюты><А>1</А></Справочник.Валюты>"
    )
    told = imported(put(tmp_path / "by-hand.xml", data))
    assert told == {
        "format": "enterprisedata",
        "version": "1.8",
        "objects": {"customer": 1, "order": 2, "Справочник.Валюты": 1},
        "sums": {"order": "10.57"},
        "unreadable": 0,
        "skipped": 0,
    }
    assert imported(zipped(tmp_path / "by-hand.zip", message=data)) == told


@pytest.mark.parametrize("codec", ["cp1251", "cp866", "utf-8-sig"])
def test_a_statement_is_counted_by_direction(imported: Imported, tmp_path: Path, codec: str) -> None:
    went = document(
        Номер="12", Сумма="50", ПлательщикСчет=OURS, ПолучательСчет="1", ДатаПоступило="", ДатаСписано="07.06.2026"
    )
    head = HEAD.replace("ВсегоСписано=0", "ВсегоСписано=50.00").replace("1200.50", "1150.50")
    told = imported(put(tmp_path / "kl", statement(document(), went, head=head).encode(codec)))
    assert told == {
        "format": "bank",
        "version": "1.02",
        "objects": {"payment": 2},
        "sums": {"in": "200.50", "out": "50.00"},
        "unreadable": 0,
        "skipped": 0,
    }


def test_what_is_wrong_is_told_by_its_place(imported: Imported, tmp_path: Path) -> None:
    text = statement(document(), document(Номер="12", Сумма="много"), document(Номер="13", ДатаПоступило=""))
    told = imported(put(tmp_path / "kl.txt", text.encode("cp1251")), code=1)
    assert (told["objects"], told["unreadable"], told["skipped"]) == ({"payment": 2}, 1, 1)
    assert [one["place"] for one in told["remarks"]] == ["kl.txt:29", "kl.txt:41"]
    assert "много" in told["remarks"][0]["reason"]
    data = message(order("сто"), order("1"))
    told = imported(put(tmp_path / "by-hand.xml", data), code=1)
    assert (told["objects"], told["unreadable"], told["sums"]) == ({"order": 1}, 1, {"order": "1.00"})


def test_a_statement_that_does_not_add_up_is_for_a_person(imported: Imported, tmp_path: Path) -> None:
    told = imported(put(tmp_path / "kl.txt", statement(document(Сумма="100")).encode("cp1251")), code=1)
    assert (told["unreadable"], told["sums"]) == (0, {"in": "100.00"})
    assert "200.50" in told["remarks"][0]["reason"]


def test_it_is_shown_as_a_table_too(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path / "by-hand.xml", message(firm(CUSTOMER, "Рога"), order("10.50")))
    assert main(["exchange", "import", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "EnterpriseData 1.8" in shown
    assert "buyer\t1\t" in shown and "order of a buyer\t1\t10.50" in shown


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<html><body>no such page</body></html>",
        b"PK\x03\x04 no archive",
        message(firm(CUSTOMER, "Рога"))[:-20],
        site_file(person("1", "Рога"))[:-30],
        statement(document(), end="").encode("cp1251"),
        b'<!DOCTYPE x [<!ENTITY a "b">]><x/>',
    ],
)
def test_a_broken_file_stops_with_a_sentence(
    shop: Path, tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path / "file.xml", data)
    for account in ([], ["--account", "site"], ["--account", "bank"]):
        assert main(["exchange", "import", str(file), *account]) == 2
        assert "file.xml" in capsys.readouterr().err
    assert list((shop / "statements").iterdir()) == []
    assert not (shop / "exchange").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.xml"], "nowhere.xml"),
        (["{bank}", "--account", "sait"], "did you mean “site”"),
        (["{bank}", "--account", "site"], "takes files of commerceml"),
        (["{bank}", "--account", "kafe"], "takes no exchange files"),
        (["{bank}", "--account", "own"], "takes no exchange files"),
    ],
)
def test_wrong_usage(
    shop: Path, words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path / "kl.txt", statement(document()).encode("cp1251"))
    assert main(["exchange", "import", *(word.format(bank=file) for word in words)]) == 3
    assert said in capsys.readouterr().err


# delivered to an account


def synced(shop: Path, code: int = 0) -> None:
    assert main(["sync", "--json"]) == code


def hub(shop: Path, entity: str) -> list[dict[str, Any]]:
    with Workspace.open(shop, {}) as workspace:
        store = workspace.store
        return [decode(body) for body in store.hub.bodies(store.hub.uids(entity)).values()]


def journal(shop: Path) -> list[tuple[str, str]]:
    with Workspace.open(shop, {}) as workspace:
        return [(line.account, str(line.reason)) for line in workspace.store.journal.all()]


def test_people_of_a_file_reach_the_hub_with_the_next_sync(imported: Imported, shop: Path, tmp_path: Path) -> None:
    file = put(
        tmp_path / "contragents.xml", site_file(person("1", "Рога"), person("2", "Копыта", "<ИНН>7707083893</ИНН>"))
    )
    told = imported(file, "--account", "site")
    assert (told["objects"], told["delivered"]) == ({"customer": 2}, True)
    assert hub(shop, "customer") == [], "nothing is merged before a run"
    synced(shop)
    assert {one["name"]: one.get("inn") for one in hub(shop, "customer")} == {"Рога": None, "Копыта": "7707083893"}


def test_a_file_that_was_imported_is_skipped_whatever_it_is_called(
    imported: Imported, shop: Path, tmp_path: Path
) -> None:
    data = site_file(person("1", "Рога"))
    imported(put(tmp_path / "a.xml", data), "--account", "site")
    for again in (put(tmp_path / "b.xml", data), zipped(tmp_path / "c.zip", inside=data)):
        told = imported(again, "--account", "site")
        assert (told["delivered"], told["skipped"], told["objects"]) == (False, 1, {"customer": 1})
        assert "a.xml" in told["said"]
    assert len(list((shop / "exchange/site/inbox").glob("*.xml"))) == 1
    synced(shop)
    assert imported(tmp_path / "a.xml", "--account", "site")["delivered"] is False


def test_a_broken_object_is_a_line_of_the_journal_and_the_rest_is_read(
    imported: Imported, shop: Path, tmp_path: Path
) -> None:
    broken = "<Контрагент><Наименование>Никто</Наименование></Контрагент>"
    told = imported(put(tmp_path / "a.xml", site_file(broken, person("1", "Рога"))), "--account", "site", code=1)
    assert (told["unreadable"], told["objects"]) == (1, {"customer": 1})
    synced(shop, code=1)
    assert [one["name"] for one in hub(shop, "customer")] == ["Рога"]
    ((account, reason),) = journal(shop)
    assert account == "site" and "known again" in reason


def test_a_statement_is_delivered_into_the_folder_of_the_account(
    imported: Imported, shop: Path, tmp_path: Path
) -> None:
    file = put(tmp_path / "kl_to_1c.txt", statement(document()).encode("cp1251"))
    assert imported(file, "--account", "bank")["delivered"] is True
    synced(shop)
    (payment,) = hub(shop, "payment")
    assert (payment["amount"], payment["payer_inn"]) == (20050, "7700000003")
    assert imported(file, "--account", "bank")["delivered"] is False
    other = put(
        file,
        statement(
            document(), document(Номер="12"), head=HEAD.replace("200.50", "401.00").replace("1200.50", "1401.00")
        ).encode("cp1251"),
    )
    assert imported(other, "--account", "bank")["delivered"] is True
    assert len(list((shop / "statements").iterdir())) == 2, "another one of the same name does not replace the first"
    synced(shop)
    assert sorted(one["number"] for one in hub(shop, "payment")) == ["11", "12"]


def test_a_statement_from_the_folder_itself_is_there_already(imported: Imported, shop: Path) -> None:
    file = put(shop / "statements/kl.txt", statement(document()).encode("cp1251"))
    told = imported(file, "--account", "bank")
    assert (told["delivered"], told["skipped"]) == (False, 1)
    assert len(list((shop / "statements").iterdir())) == 1


def test_an_account_that_no_route_reads_is_told(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "mappings/routes.yaml").write_text("- entity: payment\n  from: [bank]\n  to: []\n", "utf-8")
    file = put(tmp_path / "a.xml", site_file(person("1", "Рога")))
    assert main(["exchange", "import", str(file), "--account", "site"]) == 3
    assert "no route" in capsys.readouterr().err


# messages of EnterpriseData

PLAN = "СинхронизацияДанныхЧерезУниверсальныйФормат"
PARTNER = "- entity: customer\n  spokes:\n    ut: {direction: read}\n  authority: {default: ut}\n"


def numbered(number: int, to: str = "CON") -> str:
    told = {"ExchangePlan": PLAN, "To": to, "From": "UT", "MessageNo": number, "ReceivedNo": 0}
    inside = "".join(f"<msg:{name}>{value}</msg:{name}>" for name, value in told.items())
    return f"<msg:Confirmation>{inside}</msg:Confirmation>"


@pytest.fixture
def partner(shop: Path) -> Path:
    (shop / "messages").mkdir()
    (shop / "mappings/routes.yaml").write_text(PARTNER, "utf-8")
    return shop


def test_a_message_made_for_loading_by_hand_reaches_the_hub(imported: Imported, partner: Path, tmp_path: Path) -> None:
    file = put(tmp_path / "by-hand.xml", message(firm(CUSTOMER, "Рога", "7707083893"), firm(OTHER, "Копыта")))
    assert imported(file, "--account", "ut")["delivered"] is True
    synced(partner)
    assert {one["name"] for one in hub(partner, "customer")} == {"Рога", "Копыта"}
    assert imported(file, "--account", "ut")["delivered"] is False
    synced(partner)


def test_a_message_of_the_exchange_counts_by_its_number(imported: Imported, partner: Path, tmp_path: Path) -> None:
    first = put(tmp_path / "a.xml", message(firm(CUSTOMER, "Рога"), confirmation=numbered(7)))
    assert imported(first, "--account", "ut")["delivered"] is True
    again = put(tmp_path / "b.xml", message(firm(OTHER, "Копыта"), confirmation=numbered(7)))
    told = imported(again, "--account", "ut")
    assert (told["delivered"], told["skipped"]) == (False, 1)
    assert "7" in told["said"]
    later = put(tmp_path / "c.xml", message(firm(OTHER, "Копыта"), confirmation=numbered(8)))
    assert imported(later, "--account", "ut")["delivered"] is True
    synced(partner)
    assert {one["name"] for one in hub(partner, "customer")} == {"Рога", "Копыта"}


def test_a_message_for_somebody_else_is_refused(imported: Imported, partner: Path, tmp_path: Path) -> None:
    file = put(tmp_path / "a.xml", message(firm(CUSTOMER, "Рога"), confirmation=numbered(7, to="SITE")))
    assert main(["exchange", "import", str(file), "--account", "ut"]) == 2
    assert not list(partner.rglob("*.jsonl"))


def test_a_broken_object_of_a_message_is_a_line_of_the_journal(
    imported: Imported, partner: Path, tmp_path: Path
) -> None:
    nobody = firm("", "Никто").replace("<Ссылка></Ссылка>", "")
    file = put(tmp_path / "a.xml", message(nobody, firm(CUSTOMER, "Рога")))
    imported(file, "--account", "ut")
    synced(partner, code=1)
    assert [one["name"] for one in hub(partner, "customer")] == ["Рога"]
    assert [account for account, _ in journal(partner)] == ["ut"]


def test_a_base_with_a_web_service_takes_files_too(imported: Imported, partner: Path, tmp_path: Path) -> None:
    (partner / "mappings/routes.yaml").write_text(PARTNER.replace("ut:", "ws:").replace(": ut", ": ws"), "utf-8")
    file = put(tmp_path / "by-hand.xml", message(firm(CUSTOMER, "Рога")))
    assert imported(file, "--account", "ws")["delivered"] is True
    assert len(list((partner / "exchange/ws/inbox").glob("*.jsonl"))) == 1
