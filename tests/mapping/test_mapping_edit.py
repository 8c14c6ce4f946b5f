"""Editing one row of a mapping file leaves every other character as it was."""

from __future__ import annotations

import difflib

import pytest

from connector.errors import ConfigError
from connector.mapping import build
from connector.mapping.edit import with_row
from connector.resources import mappings_folder
from tests.mapping.shelf import SHIPPED, Shipped, document


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def text_of(shipped: Shipped) -> str:
    return (mappings_folder() / shipped.folder / f"{shipped.entity}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("shipped", SHIPPED, ids=str)
def test_rows_of_every_shipped_mapping_can_be_replaced_by_themselves(shipped: Shipped) -> None:
    text = text_of(shipped)
    for field, row in list(shipped.mapping.file.fields.items())[::4]:
        said = row.model_dump(by_alias=True, exclude_defaults=True, mode="json")
        changed = with_row(text, field, said)
        built = build(document(changed), shipped.kind, shipped.entity, shipped.profile)
        assert built.version == shipped.mapping.version
        assert [line for line in changed_lines(text, changed) if "#" in line and line.startswith("-")] == []


def test_a_row_is_replaced_and_comments_stay() -> None:
    text = text_of(next(one for one in SHIPPED if str(one) == "poster/customer"))
    changed = with_row(
        text, "sex", {"path": "client_sex", "blank": "0", "table": {"1": "male", "2": "female", "3": "male"}}
    )
    old, new = (line for line in changed_lines(text, changed))
    assert old.startswith("-   sex:              {path: client_sex")
    assert new == "+   sex:              {path: client_sex, blank: '0', table: {'1': male, '2': female, '3': male}}"


def test_a_row_is_added_at_the_end_of_the_fields() -> None:
    text = "system: memory\nentity: customer\nfields:\n  name: {path: a} # why\n\n# a note\nwrite_defaults: {x: y}\n"
    assert changed_lines(text, with_row(text, "city", {"path": "town"})) == ["+   city: {path: town}"]
    assert with_row("system: memory\nentity: customer\nfields: {name: {path: a}}", "city", {"path": "b"}).endswith(
        "fields: {name: {path: a}, city: {path: b}}"
    )


HEAD = "system: memory\nentity: customer\nfields:\n"


def test_a_block_row_is_replaced_whole() -> None:
    text = f"{HEAD}  name:\n    read: [a, b]\n    write: c\n    as: person_name\n  # next\n  city: {{path: d}}\n"
    changed = with_row(text, "name", {"path": "full", "as": "person_name"})
    assert changed == f"{HEAD}  name:\n    {{path: full, as: person_name}}\n  # next\n  city: {{path: d}}\n"
    grown = with_row(text.rpartition("  city")[0], "city", {"path": "d"})
    assert grown.endswith("    as: person_name\n  city: {path: d}\n  # next\n")


def test_a_wrong_row_changes_nothing() -> None:
    text = "system: memory\nentity: customer\nfields:\n  name: {path: a}\n"
    with pytest.raises(ConfigError, match="did you mean “path”"):
        with_row(text, "name", {"pth": "a"})
    with pytest.raises(ConfigError):
        with_row("nonsense", "name", {"path": "a"})
