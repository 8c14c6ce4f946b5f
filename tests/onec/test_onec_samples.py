"""Files of real bases, banks and sites: what we read of each equals a count that shares nothing with our readers.

They belong to others and are not part of the project. Set CONNECTOR_SAMPLES to a folder that has them
(`1c/bank`, `1c/commerceml`, `1c/enterprisedata`, `1c/odata`); without it these tests are skipped, and their
peculiarities are tested by the fixtures beside the readers.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from connector.errors import BrokenAnswer, Forbidden, Invalid, Missing
from connector.systems.onec.bank import read_statement
from connector.systems.onec.commerceml import read_file, state_of, whole_file
from connector.systems.onec.enterprisedata import read_message
from connector.systems.onec.enterprisedata.generate import table_of
from connector.systems.onec.errors import error_of
from connector.systems.onec.metadata import read_metadata
from connector.transport.messages import Response

FOLDER = os.environ.get("CONNECTOR_SAMPLES", "")
SHIPPED = Path(table_of.__code__.co_filename).with_name("schema.json")


def files(kind: str, pattern: str) -> list[Path]:
    return sorted((Path(FOLDER) / "1c" / kind).glob(pattern)) if FOLDER else []


def named(paths: list[Path]) -> list[object]:
    """A parameter for each file; one that is skipped where there is none."""
    if not paths:
        return [pytest.param(None, id="none", marks=pytest.mark.skip(reason="CONNECTOR_SAMPLES has no such files"))]
    return [pytest.param(path, id=path.name) for path in paths]


def plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def outermost(element: ElementTree.Element, wanted: set[str]) -> Iterator[str]:
    """Names of the wanted elements that stand in no other wanted one; groups count wherever they stand."""
    for child in element:
        name = plain(child.tag)
        if name in wanted:
            yield name
            yield from (
                plain(below.tag) for below in child.iter() if below is not child and plain(below.tag) == "Группа"
            )
        else:
            yield from outermost(child, wanted)


# -- bank


@pytest.mark.parametrize("path", named(files("bank", "*kl*.txt")))
def test_statements(path: Path) -> None:
    data = path.read_bytes()
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = data.decode("cp1251").split("\n")
    heads = Counter(line.strip().split("=")[0] for line in lines)
    statement = read_statement(data, path.name)
    assert statement.documents == heads["СекцияДокумент"]
    assert len(statement.payments) + len(statement.problems) == statement.documents
    assert statement.problems == []
    assert len(statement.turnovers) == heads["СекцияРасчСчет"]
    said = [line.partition("=") for line in lines]
    total = sum(Decimal(value.strip()) for key, _, value in said if key == "Сумма")
    assert sum(one.amount for one in statement.payments) == total * 100
    for turnover, key in ((statement.turnovers, "ВсегоПоступило"), (statement.turnovers, "ВсегоСписано")):
        values = [Decimal(value.strip()) * 100 for name, _, value in said if name == key]
        assert [one.received if key == "ВсегоПоступило" else one.spent for one in turnover] == values


@pytest.mark.parametrize("path", named(files("bank", "belarus*.txt")))
def test_a_dialect_of_another_country_is_refused(path: Path) -> None:
    with pytest.raises(BrokenAnswer):
        read_statement(path.read_bytes(), path.name)


# -- CommerceML

KINDS = {
    "Группа": "group",
    "Свойство": "property",
    "Товар": "product",
    "Предложение": "offer",
    "ТипЦены": "price_type",
    "Склад": "storage",
    "Документ": "order",
    "Контрагент": "customer",
}


@pytest.mark.parametrize("path", named(files("commerceml", "*.xml")))
def test_exchange_files(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    found = Counter(KINDS[name] for name in outermost(root, set(KINDS)))
    with path.open("rb") as stream:
        counted = whole_file(stream, path.name)
    assert (dict(counted.objects), counted.unreadable) == (dict(found), 0)
    assert counted.head.version == root.get("ВерсияСхемы")


@pytest.mark.parametrize("path", named(files("commerceml", "*.xml")))
def test_every_object_of_an_exchange_file_is_itself(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    with path.open("rb") as stream:
        items = list(read_file(stream, path.name).items)
    for kind, tag in (("product", "Товар"), ("offer", "Предложение")):
        said = [one for one in root.iter() if plain(one.tag) == tag]
        ours = [item for item in items if item.kind == kind]
        if ours:
            names = [one.find("{*}Наименование") for one in said]
            assert [item.data["Наименование"] for item in ours] == [
                (one.text or "").strip() for one in names if one is not None
            ]
    orders = [item for item in items if item.kind == "order"]
    assert [len(item.data["Товары"]) for item in orders] == [
        len(document.findall("{*}Товары/{*}Товар")) for document in root.iter() if plain(document.tag) == "Документ"
    ]
    stocks = [stock for item in items for stock in item.data.get("Остатки", [])]
    assert sum(Decimal(stock["Количество"]) for stock in stocks) == sum(
        Decimal(one.get("КоличествоНаСкладе", "0")) for one in root.iter() if plain(one.tag) == "Склад"
    )
    for item in orders:
        assert state_of(item.data).number == item.id


# -- EnterpriseData


@pytest.mark.parametrize("path", named(files("enterprisedata", "msg-*.xml")))
def test_messages(path: Path) -> None:
    body = next(child for child in ElementTree.parse(path).getroot() if plain(child.tag) == "Body")
    with path.open("rb") as stream:
        items = list(read_message(stream, path.name).objects)
    assert [item.type for item in items] == [plain(child.tag) for child in body]
    assert [item.problem for item in items] == [None] * len(items)
    for item, element in zip(items, body, strict=True):
        goods = [len(list(table)) for table in element if plain(table.tag) in ("Товары", "Услуги")]
        assert goods == [len(item.data[name]) for name in ("Товары", "Услуги") if name in item.data]


@pytest.mark.parametrize("path", named(files("enterprisedata", "EnterpriseData_1_8_6.xdto.xml")))
def test_the_shipped_order_is_that_of_the_package(path: Path) -> None:
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == table_of(path.read_bytes())


# -- OData


@pytest.mark.parametrize("path", named(files("odata", "edmx-*.xml")))
def test_metadata(path: Path) -> None:
    tree = ElementTree.parse(path).getroot()
    found = Counter(plain(one.tag) for one in tree.iter())
    with path.open("rb") as stream:
        metadata = read_metadata(stream)
    assert len(metadata.types) == found["EntityType"] + found["ComplexType"]
    assert len(metadata.resources) == found["EntitySet"]
    assert sum(map(len, metadata.types.values())) == found["Property"]
    assert sum(map(len, metadata.keys.values())) == found["PropertyRef"]


@pytest.mark.parametrize("path", named(files("odata", "error-bodies.jsonl")))
def test_refusals(path: Path) -> None:
    kinds = {"-1": Invalid, "9": Missing, "13": Invalid, "20": Forbidden}
    lines = [line for line in path.read_bytes().splitlines() if line.strip()]
    assert lines
    for line in lines:
        said = json.loads(line)["odata.error"]
        response = Response(account="buh", endpoint="list", status=500, headers={}, body=line)
        error = error_of(response, "Document_ЗаказКлиента")
        assert type(error) is kinds[said["code"]]
        if type(error) is Invalid:
            assert said["message"]["value"] in str(error)
