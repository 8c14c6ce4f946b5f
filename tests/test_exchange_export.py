"""`connector exchange export`: a file of what the hub holds, whose keys make loading it twice make nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connector.cli import main
from connector.jobs.workspace import Workspace
from connector.systems.onec.bank import read_statement
from connector.systems.onec.commerceml import read_file
from connector.systems.onec.enterprisedata import read_message

CONFIG = """\
version: 1
store: sqlite:///connector.db
timezone: Europe/Moscow
language: en
accounts:
  ut: {kind: onec, channel: enterprisedata, base: buh, folder: messages, peer_code: CON}
  site: {kind: onec, channel: commerceml, base: buh, login: robot, password: a-password-of-the-site}
  bank: {kind: onec, channel: bank, base: buh, folder: statements}
"""
ROUTES = """\
- entity: customer
  spokes:
    ut: {direction: both, create: true}
  authority: {default: ut}
- entity: card
  spokes:
    ut: {direction: both, create: true}
  authority: {default: ut}
"""
GUID = "8d04ce3c-6360-11e9-8d92-fa163e8ba11d"
GOOD = "bd72d910-55bc-11d9-848a-00112f43529a"
OURS = "40702810000000000001"

Exported = Callable[..., dict[str, Any]]


def uid(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012d}"


def workspace(folder: Path) -> Path:
    (folder / "mappings").mkdir(parents=True)
    (folder / "messages").mkdir()
    (folder / "statements").mkdir()
    (folder / "connector.yaml").write_text(CONFIG, "utf-8")
    (folder / "mappings/routes.yaml").write_text(ROUTES, "utf-8")
    return folder


def held(folder: Path, entity: str) -> dict[str, dict[str, Any]]:
    with Workspace.open(folder, {}) as opened:
        hub = opened.store.hub
        return {one: msgspec.json.decode(body) for one, body in hub.bodies(hub.uids(entity)).items()}


def hold(folder: Path, entity: str, records: dict[str, dict[str, Any]]) -> None:
    with Workspace.open(folder, {}) as opened:
        hub = opened.store.hub
        hub.add(entity, [(key, msgspec.json.encode(record)) for key, record in records.items()])
        hub.identify([(entity, "id_1c", one["id_1c"], key) for key, one in records.items() if "id_1c" in one])


PEOPLE = {
    uid(1): {"name": "Петров Иван", "kind": "person", "phone": "+79161234567", "active": True},
    uid(2): {"name": "Ромашка", "kind": "legal", "legal_name": "ООО «Ромашка»", "inn": "7707083893", "kpp": "770101001",
             "id_1c": GUID, "comment": "оптовик\nдва склада", "active": True},
    uid(3): {"name": "Ушла Совсем", "kind": "person", "active": False},
}  # fmt: skip
CARDS = {
    uid(11): {
        "uid": "2000000000015",
        "status": "active",
        "issued_on": "2026-05-01",
        "customer": uid(1),
        "active": True,
    },
    uid(12): {"uid": "2000000000022", "status": "active", "customer": uid(2), "active": True},
}


def line(name: str, price: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "quantity": "2", "price": price, "total": 2 * price, **more}


ORDERS = {
    uid(21): {"number": "A-1", "date": "2026-11-05T12:00:00+03:00", "customer": uid(1), "total": 20100,
              "lines": [line("Чай", 10050, sku="T-1")]},
    uid(22): {"number": "A-2", "date": "2026-11-20T12:00:00+03:00", "customer": uid(2), "total": 4,
              "lines": [line("Чай", 2, sku="T-1")]},
    uid(23): {"number": "A-3", "date": "2026-11-20T12:00:00+03:00", "customer": uid(2), "total": 4, "cancelled": True,
              "lines": [line("Чай", 2)]},
    uid(24): {"number": "A-4", "date": "2026-11-20T12:00:00+03:00", "customer": uid(2), "total": 5,
              "lines": [line("Чай", 2)]},
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = workspace(tmp_path / "shop")
    hold(folder, "customer", PEOPLE)
    hold(folder, "card", CARDS)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(shop: Path, capsys: pytest.CaptureFixture[str]) -> Exported:
    def run(*words: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*words, "--json"]) == code, capsys.readouterr()
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    return run


def people_of(path: Path) -> dict[str, dict[str, Any]]:
    with path.open("rb") as stream:
        return {item.data["КлючевыеСвойства"]["Ссылка"]: dict(item.data) for item in read_message(stream).objects}


# EnterpriseData


def test_people_and_cards_under_the_keys_that_1c_knows(run: Exported, tmp_path: Path) -> None:
    told = run("exchange", "export", "--account", "ut", "--format", "enterprisedata", "-o", str(tmp_path / "out.xml"))
    assert (told["version"], told["objects"], told["skipped"], told["left"]) == (
        "1.8",
        {"customer": 2, "card": 2},
        1,
        [],
    )
    objects = people_of(tmp_path / "out.xml")
    assert set(objects) == {uid(1), GUID, uid(11), uid(12)}
    firm = objects[GUID]["КлючевыеСвойства"]
    assert (firm["ИНН"], firm["КПП"], firm["НаименованиеПолное"]) == ("7707083893", "770101001", "ООО «Ромашка»")
    owner = objects[uid(12)]["КлючевыеСвойства"]["ВладелецКарты"]["Контрагент"]
    assert (owner["Ссылка"], owner["ИНН"]) == (GUID, "7707083893")
    with (tmp_path / "out.xml").open("rb") as stream:
        assert read_message(stream).header.confirmation is None, "it is for loading by hand"


def test_our_own_file_makes_the_same_elsewhere_and_nothing_twice(
    run: Exported, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("exchange", "export", "--account", "ut", "--format", "enterprisedata", "-o", str(tmp_path / "a.xml"))
    other = workspace(tmp_path / "other")
    monkeypatch.chdir(other)
    told = run("exchange", "import", str(tmp_path / "a.xml"), "--account", "ut")
    assert (told["objects"], told["unreadable"], told["delivered"]) == (first["objects"], 0, True)
    assert main(["sync", "--json"]) == 0
    people = held(other, "customer")
    assert sorted(one["name"] for one in people.values()) == ["Петров Иван", "Ромашка"]
    assert sorted(one["phone"] for one in people.values() if one.get("phone")) == ["+79161234567"]
    assert {one["uid"]: people[one["customer"]]["name"] for one in held(other, "card").values()} == {
        "2000000000015": "Петров Иван",
        "2000000000022": "Ромашка",
    }
    second = run("exchange", "export", "--account", "ut", "--format", "enterprisedata", "-o", str(tmp_path / "b.xml"))
    assert second["objects"] == first["objects"]
    assert set(people_of(tmp_path / "b.xml")) == set(people_of(tmp_path / "a.xml")), "the keys are stable"
    run("exchange", "import", str(tmp_path / "b.xml"), "--account", "ut")
    assert main(["sync", "--json"]) == 0
    assert len(held(other, "customer")) == 2 and len(held(other, "card")) == 2


def test_our_own_file_makes_nothing_in_the_workspace_it_came_from(run: Exported, shop: Path, tmp_path: Path) -> None:
    run("exchange", "export", "--account", "ut", "--format", "enterprisedata", "-o", str(tmp_path / "a.xml"))
    run("exchange", "import", str(tmp_path / "a.xml"), "--account", "ut")
    main(["sync", "--json"])
    assert len(held(shop, "customer")) == 3 and len(held(shop, "card")) == 2


SPACE = "http://v8.1c.ru/edi/edi_stnd/EnterpriseData/1.8"
TOLD_BY_1C = f"""\
<Message xmlns:msg="http://www.1c.ru/SSL/Exchange/Message"><msg:Header><msg:Format>{SPACE}</msg:Format>\
<msg:CreationDate>2026-11-21T10:00:00</msg:CreationDate></msg:Header><Body xmlns="{SPACE}">\
<Справочник.Организации><КлючевыеСвойства><Ссылка>{uid(91)}</Ссылка><Наименование>Моя фирма</Наименование>\
<ИНН>7700000001</ИНН><ЮридическоеФизическоеЛицо>ЮридическоеЛицо</ЮридическоеФизическоеЛицо></КлючевыеСвойства>\
</Справочник.Организации><Справочник.Номенклатура><КлючевыеСвойства><Ссылка>{GOOD}</Ссылка>\
<Наименование>Чай чёрный</Наименование><Артикул>T-1</Артикул></КлючевыеСвойства>\
<ТипНоменклатуры>Запас</ТипНоменклатуры></Справочник.Номенклатура></Body></Message>"""


def test_orders_name_what_1c_has_told_of_and_make_up_nothing(run: Exported, shop: Path, tmp_path: Path) -> None:
    hold(shop, "order", ORDERS)
    words = (
        "exchange",
        "export",
        "--account",
        "ut",
        "--format",
        "enterprisedata",
        "--yes",
        "-o",
        str(tmp_path / "out.xml"),
    )
    told = run(*words, code=1)
    assert told["objects"] == {"customer": 2, "card": 2}
    assert {one["record"] for one in told["left"]} == {"A-1", "A-2", "A-4"}
    (tmp_path / "1c.xml").write_text(TOLD_BY_1C, "utf-8")
    run("exchange", "import", str(tmp_path / "1c.xml"), "--account", "ut")
    told = run(*words, code=1)
    assert (told["objects"]["order"], told["sums"]) == (2, {"order": "201.04"})
    assert [one["record"] for one in told["left"]] == ["A-4"], "its lines do not add up"
    order = people_of(tmp_path / "out.xml")[uid(21)]
    assert (order["КлючевыеСвойства"]["Организация"]["ИНН"], order["Контрагент"]["Ссылка"]) == ("7700000001", uid(1))
    assert order["Товары"][0]["ДанныеНоменклатуры"]["Номенклатура"]["Ссылка"] == GOOD
    few = run(*words, "--from", "2026-11-20", "--to", "2026-11-20", code=1)
    assert few["objects"]["order"] == 1
    counted = run("exchange", "import", str(tmp_path / "out.xml"))
    assert (counted["objects"], counted["sums"]) == (few["objects"], few["sums"])


# CommerceML


def test_orders_for_a_site_with_whom_and_what(run: Exported, shop: Path, tmp_path: Path) -> None:
    hold(shop, "order", ORDERS)
    file = tmp_path / "orders.xml"
    told = run("exchange", "export", "--account", "site", "--format", "commerceml", "-o", str(file), code=1)
    assert (told["objects"], told["sums"], told["skipped"]) == ({"order": 2}, {"order": "201.04"}, 1)
    assert [one["record"] for one in told["left"]] == ["A-4"]
    counted = run("exchange", "import", str(file))
    assert (counted["objects"], counted["sums"], counted["version"]) == (told["objects"], told["sums"], told["version"])
    with file.open("rb") as stream:
        orders = {item.id: item.data for item in read_file(stream).items}
    assert orders["A-2"]["Ид"] == uid(22)
    assert orders["A-2"]["Контрагенты"][0]["ИНН"] == "7707083893"


def test_orders_of_one_number_stay_two_and_a_bad_one_does_not_count(run: Exported, shop: Path, tmp_path: Path) -> None:
    plain = {**ORDERS[uid(21)], "number": "7"}
    bad = {**ORDERS[uid(22)], "number": "8", "comment": "звонок\x0bв дверь"}
    hold(shop, "order", {uid(21): plain, uid(22): bad, uid(25): plain})
    file = tmp_path / "orders.xml"
    told = run("exchange", "export", "--account", "site", "--format", "commerceml", "-o", str(file), code=1)
    assert (told["objects"], told["sums"]) == ({"order": 2}, {"order": "402.00"})
    assert [one["record"] for one in told["left"]] == ["8"]
    with file.open("rb") as stream:
        numbers = [item.id for item in read_file(stream).items]
    assert numbers[0] == "7" and numbers[1].startswith("7-")
    again = run("exchange", "export", "--account", "site", "--format", "commerceml", "-o", str(file), "--yes", code=1)
    with file.open("rb") as stream:
        assert [item.id for item in read_file(stream).items] == numbers, "the same file again says the same"
    assert again["objects"] == told["objects"]


# bank


def payment(number: str, amount: int, **more: Any) -> dict[str, Any]:
    payer = {"payer": "ООО Моя фирма", "payer_inn": "7700000001", "payer_account": OURS, "payer_bik": "044525225"}
    receiver = {"receiver": "ИП Ким", "receiver_account": "40802810000000000002", "receiver_bik": "044525111"}
    told = {"number": number, "date": "2026-11-20", "direction": "out", "account": OURS, "amount": amount}
    return {**told, **payer, **receiver, "purpose": "По счету 7", **more}


def test_orders_to_pay_and_nothing_that_is_paid(run: Exported, shop: Path, tmp_path: Path) -> None:
    told = run("exchange", "export", "--account", "bank", "--format", "bank", "-o", str(tmp_path / "1c_to_kl.txt"))
    assert (told["objects"], told["file"]) == ({}, None)
    assert not (tmp_path / "1c_to_kl.txt").exists()
    hold(shop, "payment", {
        uid(31): payment("1", 10000),
        uid(32): payment("2", 500),
        uid(33): payment("2", 500, moved_on="2026-11-21"),
        uid(34): payment("3", 700, direction="in"),
        uid(35): payment("4", 900, receiver_account="123"),
    })  # fmt: skip
    told = run(
        "exchange", "export", "--account", "bank", "--format", "bank", "-o", str(tmp_path / "1c_to_kl.txt"), code=1
    )
    assert (told["objects"], told["sums"], told["skipped"]) == ({"payment": 1}, {"out": "100.00"}, 3)
    assert told["left"][0]["record"] == "4" and "receiver account" in told["left"][0]["reason"]
    statement = read_statement((tmp_path / "1c_to_kl.txt").read_bytes())
    assert [(one.number, one.amount, one.moved_on) for one in statement.payments] == [("1", 10000, None)]


# the command


@pytest.fixture
def said(shop: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    def said(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(["exchange", "export", *words]) == code
        shown = capsys.readouterr()
        return shown.out + shown.err

    yield said


def test_a_file_that_is_there_is_not_replaced_without_a_word(said: Callable[..., str], shop: Path) -> None:
    words = ("--account", "ut", "--format", "enterprisedata")
    assert "ut-enterprisedata.xml is written: EnterpriseData 1.8" in said(*words)
    (shop / "ut-enterprisedata.xml").write_text("mine", "utf-8")
    assert "--yes" in said(*words, code=3)
    assert (shop / "ut-enterprisedata.xml").read_text("utf-8") == "mine"
    said(*words, "--yes")
    assert len(people_of(shop / "ut-enterprisedata.xml")) == 4
    assert [file.name for file in shop.glob("*.part")] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--account", "ut", "--format", "bank"), "does not speak bank"),
        (("--account", "banc", "--format", "bank"), "did you mean “bank”"),
        (("--account", "ut", "--format", "csv"), "csv"),
        (("--account", "ut", "--format", "enterprisedata", "--from", "вчера"), "вчера"),
    ],
)
def test_wrong_usage(said: Callable[..., str], shop: Path, words: tuple[str, ...], told: str) -> None:
    assert told in said(*words, code=3)
    assert list(shop.glob("ut-*")) == []


def test_a_place_that_cannot_be_written_is_told(said: Callable[..., str], shop: Path) -> None:
    assert "cannot be written" in said("--account", "ut", "--format", "enterprisedata", "-o", "nowhere/out.xml", code=2)


def test_nothing_in_the_hub_is_said(said: Callable[..., str], shop: Path) -> None:
    assert "holds nothing" in said("--account", "bank", "--format", "bank")
