"""A wrong mapping is told with its place and the nearest word, before anything else happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import ConfigError, ConfigErrors
from connector.mapping import build, load
from connector.mapping.transforms import TRANSFORMS
from connector.mapping.transforms.text import TEXT
from tests.mapping.shelf import document

HEAD = "system: poster\nentity: customer\nfields:\n"


def wrong(text: str, kind: str = "poster", entity: str = "customer", profile: str | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        build(document(text), kind, entity, profile)
    error = caught.value
    return [str(one) for one in (error.errors if isinstance(error, ConfigErrors) else [error])]


@pytest.mark.parametrize(
    ("row", "place", "text"),
    [
        ("name: {pth: client_name}", "4:10", "unknown word “pth”; did you mean “path”?"),
        ("name: {path: a, as: person_nam}", "4:19", "unknown word “person_nam”; did you mean “person_name”?"),
        ("nmae: {path: a}", "4:3", "unknown field “nmae”; did you mean “name”?"),
        ("name: {path: a, only: rad}", "4:19", "unknown word “rad”; did you mean “read”?"),
        ("name: {path: a, blank: 0}", "4:19", "must be"),
        ("name: {path: a, read: b}", "4:10", "“path” is both directions"),
        ("name: {read: a}", "4:3", "name the other or write “only: read”"),
        ("name: {write: a}", "4:3", "name the other or write “only: write”"),
        ("name: {as: text}", "4:3", "the row names no raw path"),
        ("name: {path: a, only: read, required: true}", "4:31", "“required” is about writing"),
        ("bonus: {path: bonus, as: kopecks}", "4:3", "nobody writes this field; add “only: read”"),
        ("phone: {path: phone, as: kopecks}", "4:3", "gives another kind of value"),
        ("active: {path: status}", "4:3", "gives another kind of value"),
        ("group: {path: group_id}", "4:3", "this field must say “link: group”"),
        ("phone: {path: phone, link: group}", "4:24", "this field refers to nothing"),
        ("birthday: {path: [a, b], as: date}", "4:3", "does not take that many paths"),
        ("birthday: {path: a, as: date_parts}", "4:3", "does not take that many paths"),
        ("phone: {path: phone, stamp: true}", "4:24", "only id_1c is stamped"),
        ("sex: {path: a, as: text, table: {M: male}}", "4:28", "“table” stands alone"),
        ("sex: {path: a, table: {M: male, F: true}}", "4:18", "of one kind"),
        ("birthday: {path: a, as: date, zone: Europe/Moscow}", "4:33", "“zone” belongs to a moment"),
        ("birthday: {path: a, as: datetime, zone: Mars/Base}", "4:37", "unknown time zone “Mars/Base”"),
        ("phone: {path: a, as: phone, contact: X}", "4:31", "“contact” belongs to contact information"),
        ("card_uid: {path: a, as: card_uid}", "4:3", "add “rule: main_card”"),
        ("phone: {path: a, as: phone, rule: main_card}", "4:31", "is for a customer's card_uid"),
        ("kind: {path: a, table: {A: legal}, rule: entrepreneur}", "4:38", "is for a table of kinds"),
        ("name: {path: []}", "4:10", ""),
        ('name: {path: ""}', "4:10", ""),
    ],
)
def test_a_wrong_row_is_told_with_its_place(row: str, place: str, text: str) -> None:
    (told,) = wrong(f"{HEAD}  {row}\n")
    assert told.startswith(f"mappings/test.yaml:{place}: ")
    assert text in told


def test_two_rows_may_not_write_one_key_unless_they_patch_it() -> None:
    (told,) = wrong(f"{HEAD}  city: {{path: place}}\n  country: {{path: place}}\n")
    assert told == "mappings/test.yaml:5:3: “place” is already written by another row"
    build(document(f"{HEAD}  city: {{path: place}}\n  country: {{path: place, only: read}}\n"), "poster", "customer")


FIELDS = "fields: {name: {path: a}}\n"
POSTER = "system: poster\n"
CUSTOMER = "entity: customer\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"system: postr\n{CUSTOMER}{FIELDS}", "1:1: unknown word “postr”; did you mean “poster”?"),
        (f"{POSTER}entity: custmer\n{FIELDS}", "2:1: unknown word “custmer”; did you mean “customer”?"),
        (f"system: saplab\n{CUSTOMER}{FIELDS}", "1:1: this file must say “system: poster”"),
        (f"{POSTER}entity: group\n{FIELDS}", "2:1: this file must say “entity: customer”"),
        (f"{POSTER}profile: ut11\n{CUSTOMER}{FIELDS}", "2:1: “profile” names"),
        (f"{POSTER}{CUSTOMER}", "1:1: the key “fields” is missing"),
        (f"{POSTER}{CUSTOMER}fields: {{}}\n", "3:1: "),
        (f"{POSTER}{CUSTOMER}{FIELDS}feilds: 1\n", "4:1: unknown word “feilds”; did you mean “fields”?"),
        (f"{POSTER}{CUSTOMER}fields: {{name: {{path: a}}, name: {{path: b}}}}\n", "3:27: the key “name” stands"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(text: str, expected: str) -> None:
    (told,) = wrong(text)
    assert told.startswith(f"mappings/test.yaml:{expected}")


def test_a_mapping_of_1c_names_its_configuration() -> None:
    (told,) = wrong("system: onec\nentity: customer\nfields: {name: {path: a}}\n", "onec", "customer", "ut11")
    assert "“profile” names the configuration of 1C" in told


def test_every_mistake_of_a_file_is_told_at_once() -> None:
    told = wrong(f"{HEAD}  name: {{pth: a}}\n  phone: {{path: a, as: fone}}\n")
    assert [one.partition(": ")[0] for one in told] == ["mappings/test.yaml:4:10", "mappings/test.yaml:5:20"]


def test_a_transform_without_an_inverse_is_only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    one_way = replace(TEXT, name="text", write=None)
    monkeypatch.setitem(TRANSFORMS, "text", lambda circumstances: one_way)
    (told,) = wrong(f"{HEAD}  city: {{path: city}}\n")
    assert "the transform “text” cannot be inverted; add “only: read”" in told
    assert build(document(f"{HEAD}  city: {{path: city, only: read}}\n"), "poster", "customer").writes == frozenset()


def test_the_workspace_overrides_what_is_shipped(tmp_path: Path) -> None:
    ours, shipped = tmp_path / "ours", tmp_path / "shipped"
    for folder, path in ((ours, "mine"), (shipped, "theirs")):
        (folder / "poster").mkdir(parents=True)
        (folder / "poster" / "customer.yaml").write_text(f"{HEAD}  name: {{path: {path}}}\n", encoding="utf-8")
    assert load([ours, shipped], "poster", "customer").paths == ("mine",)
    (ours / "poster" / "customer.yaml").unlink()
    assert load([ours, shipped], "poster", "customer").paths == ("theirs",)
    with pytest.raises(ConfigError, match=r"there is no mapping saplab/customer\.yaml"):
        load([ours, shipped], "saplab", "customer")


def test_an_error_in_a_file_on_disk_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "poster" / "customer.yaml"
    file.parent.mkdir()
    file.write_text(f"{HEAD}  nmae: {{path: a}}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load([tmp_path], "poster", "customer")
    assert (caught.value.file, caught.value.line, caught.value.column) == (str(file), 4, 3)


def test_the_version_follows_what_decides_a_value_and_nothing_else() -> None:
    def version(text: str, timezone: str = "Europe/Moscow") -> str:
        return build(document(text), "poster", "customer", timezone=timezone).version

    plain = version(f"{HEAD}  name: {{path: a}}\n")
    assert version(f"# a note\n{HEAD}  name:   {{path: a}} # another\n") == plain
    assert version(f"{HEAD}  name: {{path: b}}\n") != plain
    assert version(f"{HEAD}  name: {{path: a, blank: x}}\n") != plain
    assert version(f"{HEAD}  name: {{path: a}}\n", "Asia/Omsk") != plain
