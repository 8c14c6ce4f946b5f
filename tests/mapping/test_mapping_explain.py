"""Following one row field by field, and comparing two versions of a mapping on stored rows."""

from __future__ import annotations

import json
from pathlib import Path

from connector.errors import RowError
from connector.mapping import build
from connector.mapping.explain import backtest, explain
from connector.mapping.mapping import Mapping
from connector.mapping.schema import schemas
from connector.model.values import ABSENT
from connector.resources import schemas_folder
from tests.mapping.shelf import GOLDEN, document, golden, ship


def test_every_field_is_explained() -> None:
    raw = golden(GOLDEN / "poster" / "customer" / "getClients-55.json")["raw"] | {"phone_number": "12345"}
    steps = {step.field: step for step in explain(ship("poster"), raw)}
    name, phone, birthday = steps["name"], steps["phone"], steps["birthday"]
    assert name.raw == {"lastname": "Антон", "firstname": "", "patronymic": ""}
    assert (name.value, name.transform, name.direction, name.reason) == ("Антон", "person_name", "both", None)
    assert (phone.value, str(phone.reason)) == (ABSENT, "this is not a phone number that exists")
    assert (birthday.value, str(birthday.reason)) == (None, "the system says that it is empty")
    assert (steps["id_1c"].direction, str(steps["id_1c"].reason)) == ("stamp", "the system did not send it")
    assert steps["bonus"].direction == "read"
    assert set(steps) == set(ship("poster").columns)


def test_a_rule_and_a_missing_part_are_explained() -> None:
    raw = golden(GOLDEN / "profiles" / "bp30" / "customer" / "person.json")["raw"]
    steps = {step.field: step for step in explain(ship("profiles/bp30"), raw)}
    assert steps["legal_name"].value is ABSENT
    assert str(steps["legal_name"].reason) == "it does not count for this record"
    saplab = {step.field: step for step in explain(ship("saplab"), {"wholesaler_data": {"inn": "1"}})}
    assert saplab["inn"].raw == {"wholesaler_data.inn": "1"} and saplab["kpp"].raw == {}


def mapping(fields: str) -> Mapping:
    return build(document(f"system: memory\nentity: customer\nfields:\n{fields}"), "memory", "customer")


def test_a_changed_mapping_is_tested_on_old_rows() -> None:
    before = mapping("  comment: {path: note}\n  phone: {path: phone, as: text}")
    after = mapping('  comment: {path: note, blank: "0"}\n  phone: {path: phone, as: phone}\n  city: {path: city}')
    rows = [
        ("1", {"note": "0", "phone": "8 916 123-45-67", "city": "Уфа"}),
        ("2", {"note": "x", "phone": "+79161234567"}),
        ("3", {"note": "x", "phone": "нет"}),
    ]
    found = [(one.external_id, one.field, one.before, one.after) for one in backtest(before, after, rows)]
    assert found[:3] == [
        ("1", "phone", "8 916 123-45-67", "+79161234567"),
        ("1", "comment", "0", None),
        ("1", "city", ABSENT, "Уфа"),
    ]
    (external_id, field, old, new) = found[3]
    assert (external_id, field, old) == ("3", "phone", "нет") and isinstance(new, RowError)
    assert len(found) == 4
    assert list(backtest(after, after, rows)) == []


def test_the_schema_file_is_what_the_grammar_says() -> None:
    for name, schema in schemas().items():
        file: Path = schemas_folder() / name
        assert json.loads(file.read_text(encoding="utf-8")) == schema, (
            f"write {name} anew from connector.mapping.schema"
        )


def test_the_schema_offers_the_words_of_the_grammar() -> None:
    schema = schemas()["mapping.schema.json"]
    row = schema["$defs"]["FieldRow"]
    assert row["additionalProperties"] is False
    assert {"path", "read", "write", "as", "blank", "only", "stamp", "link", "rule", "table"} <= set(row["properties"])
    assert "person_name" in json.dumps(row["properties"]["as"])
    assert row["properties"]["path"]["anyOf"][0]["type"] == "string"
    assert "birthday" in schema["properties"]["fields"]["properties"]
