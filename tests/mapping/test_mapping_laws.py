"""The laws hold for every shipped mapping, on golden rows and generated values; and a broken mapping is caught."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import RowError
from connector.mapping import build
from connector.mapping.compiler import Column
from connector.mapping.laws import check, trial
from connector.mapping.mapping import Mapping
from connector.mapping.transforms import TRANSFORMS, Circumstances
from connector.model.records import as_dict
from connector.model.values import ABSENT
from tests.mapping.shelf import SHIPPED, Shipped, document, golden

TEXTS = st.text(max_size=30) | st.sampled_from(
    ["", " ", "0", "00", "0000-00-00", "&#39;", "&amp;amp;", "\x00", "é", "🙂"]
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**15) | st.decimals(allow_nan=False, places=3) | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
)


@pytest.mark.parametrize("shipped", SHIPPED, ids=str)
def test_every_shipped_mapping_obeys_the_laws(shipped: Shipped) -> None:
    rows = [golden(path)["raw"] for path in shipped.rows]
    assert [str(one.reason) for one in check(shipped.mapping, rows, samples=200)] == []


@pytest.mark.parametrize("shipped", SHIPPED, ids=str)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_raw_value_is_read_or_told_and_never_raised(shipped: Shipped, data: st.DataObject) -> None:
    mapping = shipped.mapping
    raw = {path: data.draw(JSON, label=path) for path in mapping.paths if data.draw(st.booleans())}
    problems: list[RowError] = []
    record = as_dict(mapping.read(raw, problems))
    assert set(record) <= mapping.reads
    assert {problem.field for problem in problems}.isdisjoint(record)


@pytest.mark.parametrize("shipped", SHIPPED, ids=str)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_was_read_is_canonical_so_reading_what_we_write_changes_nothing(
    shipped: Shipped, data: st.DataObject
) -> None:
    mapping = shipped.mapping
    raw = {path: data.draw(JSON, label=path) for path in mapping.paths}
    for field, value in as_dict(mapping.read(raw, [])).items():
        if field == "lines":
            continue  # no shipped mapping reads and writes rows; test_mapping_lines does
        column = mapping.columns[field]
        if not column.row.writes or value is None:
            continue
        done = trial(mapping, column, value)
        if done.refused is None:
            assert done.got is not ABSENT and not isinstance(done.got, RowError), (field, value, done)
            assert mapping.equal(field, value, done.got), (field, value, done)


@pytest.mark.parametrize("name", sorted(TRANSFORMS))
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), left=TEXTS, right=TEXTS)
def test_equality_is_an_equality(name: str, seed: int, left: str, right: str) -> None:
    """Reflexive and symmetric on the values of the transform; a value never equals another one's absence."""
    transform = TRANSFORMS[name](Circumstances())
    one, other = transform.sample(Random(seed)), transform.sample(Random(seed + 1))
    assert transform.equal(one, one)
    assert transform.equal(one, other) == transform.equal(other, one)
    if isinstance(one, str) and transform.name in ("text", "html_text", "person_name", "legal_name", "email"):
        assert transform.equal(left, right) == transform.equal(right, left)


def mapping(fields: str) -> Mapping:
    return build(document(f"system: memory\nentity: customer\nfields:\n{fields}"), "memory", "customer")


def broken(subject: Mapping, *rows: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one.field, one.law) for one in check(subject, rows)}


def spoilt(subject: Mapping, field: str, **parts: Any) -> Mapping:
    """The mapping with one part of a field's transform replaced by a wrong one."""
    column = subject.columns[field]
    subject.columns[field] = Column(field, column.row, replace(column.transform, **parts))
    return subject


def test_a_blank_that_hides_zero_is_caught() -> None:
    subject = mapping('  discount_percent: {path: discount, as: percent, blank: "0"}')
    assert ("discount_percent", "zero") in broken(subject)


def test_a_write_that_does_not_come_back_is_caught() -> None:
    fields = "  phone: {path: phone, as: phone}"
    assert broken(mapping(fields)) == set()
    assert broken(spoilt(mapping(fields), "phone", write=lambda value: value[:-1])) == {("phone", "round_trip")}


def test_an_equality_that_is_too_narrow_is_caught() -> None:
    fields = "  name: {path: [last, first], as: person_name}"
    assert broken(mapping(fields)) == set()
    subject = spoilt(mapping(fields), "name", write=lambda value, current: tuple(reversed(value.partition(" ")[::2])))
    assert broken(subject) == set(), "a name is a bag of words"
    assert broken(spoilt(subject, "name", equal=lambda left, right: left == right)) == {("name", "round_trip")}


def test_a_row_that_does_not_survive_is_caught() -> None:
    row = {"address": "Москва", "city": "Уфа"}
    fields = "  address: {path: address}\n  city: {path: city}"
    assert broken(mapping(fields), row) == set()
    assert ("address", "survives") in broken(spoilt(mapping(fields), "address", write=lambda value: "Уфа"), row)


def test_a_table_part_that_loses_a_row_is_caught() -> None:
    row = {"КИ": [{"Тип": "Факс", "Представление": "1"}, {"Тип": "Телефон", "Представление": "+79161234567"}]}
    fields = "  phone: {path: КИ, as: onec_phone}"
    assert broken(mapping(fields), row) == set()
    only = [{"Тип": "Телефон", "Представление": "+79161234567"}]
    assert ("phone", "survives") in broken(spoilt(mapping(fields), "phone", write=lambda value, current: only), row)


def test_an_empty_value_that_comes_back_as_something_is_caught() -> None:
    fields = "  comment: {path: comment}"
    assert broken(spoilt(mapping(fields), "comment", empty="пусто")) == {("comment", "empty")}


def test_a_mapping_that_can_write_nothing_is_caught() -> None:
    breach = check(mapping('  sex: {path: sex, blank: "1", table: {"1": male}}'))
    assert [(one.field, one.law) for one in breach] == [("sex", "round_trip")]
    assert "none of the values tried can be written" in str(breach[0].reason)


def test_a_law_says_what_it_saw() -> None:
    breach = check(spoilt(mapping("  comment: {path: comment}"), "comment", empty="пусто"))[0]
    assert str(breach.reason) == "an empty value is written as 'пусто' and read back as 'пусто'"
    assert breach.mapping == "Mapping(memory/customer)"
