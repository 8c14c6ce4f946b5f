"""The typed builder of `$filter`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.systems.onec.filters import Guid, all_of, any_of, cast, field, literal

GUID = "0d4a79cb-9843-4147-bcd9-80ac3ca2b9c7"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (field("Description").eq("Молоко"), "Description eq 'Молоко'"),
        (field("Имя").eq("Молоко") & field("Цена").lt(2500), "Имя eq 'Молоко' and Цена lt 2500"),
        (field("Цена").lt(10) | field("Цена").gt(100), "Цена lt 10 or Цена gt 100"),
        (~field("Цена").eq(10), "not (Цена eq 10)"),
        (
            field("DeletionMark").eq(False) & (field("А").eq(1) | field("Б").ne(2)),
            "DeletionMark eq false and (А eq 1 or Б ne 2)",
        ),
        ((field("А").eq(1) & field("Б").eq(2)) | field("В").eq(3), "(А eq 1 and Б eq 2) or В eq 3"),
        (field("А").eq(1) & field("Б").eq(2) & field("В").eq(3), "А eq 1 and Б eq 2 and В eq 3"),
        (field("Производитель").contains("Красный Октябрь"), "substringof('Красный Октябрь', Производитель) eq true"),
        (field("Производитель").starts_with("ООО"), "startswith(Производитель, 'ООО') eq true"),
        (field("Производитель").ends_with("ООО"), "endswith(Производитель, 'ООО') eq true"),
        (field("Наименование").like("[^к]%"), "like(Наименование, '[^к]%')"),
        (any_of("Товары", lambda row: row("Цена").gt(10000)), "Товары/any(d: d/Цена gt 10000)"),
        (all_of("Товары", lambda row: row("Цена").lt(10000)), "Товары/all(d: d/Цена lt 10000)"),
        (field("Контрагент/ИНН").eq("77"), "Контрагент/ИНН eq '77'"),
        (
            field("Ref_Key").among([Guid(GUID), Guid(GUID.upper())]),
            f"Ref_Key eq guid'{GUID}' or Ref_Key eq guid'{GUID}'",
        ),
        (
            field("ДокументПрихода").eq(cast(Guid(GUID), "Document_ПриходнаяНакладная")),
            f"ДокументПрихода eq cast(guid'{GUID}', 'Document_ПриходнаяНакладная')",
        ),
        (
            field("ДокументыПрихода").is_of("Document_ПриходнаяНакладная"),
            "isof(ДокументыПрихода, 'Document_ПриходнаяНакладная')",
        ),
        (cast(field("РеквизитСоставной"), "Number").le(12), "cast(РеквизитСоставной, 'Number') le 12"),
        (field("Date").ge(datetime(2026, 11, 1, 0, 0)), "Date ge datetime'2026-11-01T00:00:00'"),
        (field("Сумма").eq(Decimal("1E+3")), "Сумма eq 1000"),
        (field("Сумма").eq(Decimal("-0.10")), "Сумма eq -0.10"),
    ],
)
def test_a_condition_is_spelt_as_the_vendor_spells_it(condition: object, text: str) -> None:
    assert str(condition) == text


@pytest.mark.parametrize("evil", ["' or 1 eq 1 or ''='", "O'Brien", "''", "'"])
def test_a_quote_cannot_end_a_text(evil: str) -> None:
    text = literal(evil)
    inner = text[1:-1]
    assert text[0] == text[-1] == "'"
    assert inner.replace("''", "").count("'") == 0
    assert inner.replace("''", "'") == evil


@pytest.mark.parametrize("name", ["", "1А", "А eq 1 or Б", "А)", "А/", "А'", "$filter", "А-Б"])
def test_a_name_is_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="property"):
        field(name)


@pytest.mark.parametrize("value", [1.5, None, b"x", object()])
def test_what_is_no_value_of_1c_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        field("А").eq(value)  # type: ignore[arg-type]


def test_a_moment_with_an_offset_is_refused_for_1c_has_only_its_wall_clock() -> None:
    with pytest.raises(ValueError, match="wall clock"):
        field("Date").eq(datetime(2026, 11, 1, tzinfo=UTC))


def test_a_guid_is_a_guid() -> None:
    with pytest.raises(ValueError, match="guid"):
        Guid("' or true")


def test_the_name_of_a_type_is_a_name() -> None:
    with pytest.raises(ValueError, match="type"):
        field("А").is_of("Document_X') or (true")
