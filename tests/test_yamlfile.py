"""The strict YAML loader: every mistake has its place and the nearest known word."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, field_validator

from connector.errors import ConfigError, ConfigErrors
from connector.locale import N_
from connector.yamlfile import MAX_BYTES, Strict, Wrong, load_strict, nearest, parse


class Inner(Strict):
    kind: Literal["poster", "saplab"]
    rate: Decimal | None = None
    since: date | None = None
    code: str = ""

    @field_validator("code")
    @classmethod
    def short(cls, value: str) -> str:
        if len(value) > 4:
            raise Wrong(N_("“{code}” is too long"), code=value)
        return value


class Outer(Strict):
    version: int
    accounts: dict[str, Inner] = Field(default_factory=dict)
    lines: list[Inner] = Field(default_factory=list)


def build(text: str) -> Outer:
    return parse(text.encode(), "connector.yaml").build(Outer)


def error_of(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        build(text)
    return caught.value


def test_good_file_keeps_exact_values() -> None:
    outer = build("version: 1\naccounts:\n  kafe: {kind: poster, rate: 4.10, since: 2026-01-31, code: '007'}\n")
    assert outer.accounts["kafe"] == Inner(kind="poster", rate=Decimal("4.10"), since=date(2026, 1, 31), code="007")
    assert str(outer.accounts["kafe"].rate) == "4.10"


def test_leading_zeros_and_yaml_1_1_words_stay_text() -> None:
    data = parse(b"a: 007\nb: no\nc: 1_000\nd: 12\ne: true\nf:\ng: 2.05", "x").data
    assert data == {"a": "007", "b": "no", "c": "1_000", "d": 12, "e": True, "f": None, "g": "2.05"}


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("version: 1\nacounts: {}\n", "connector.yaml:2:1", "did you mean “accounts”"),
        ("version: 1\naccounts:\n  k: {kind: postr}\n", "connector.yaml:3:7", "did you mean “poster”"),
        ("version: 1\naccounts:\n  k: {kind: poster, rat: 1}\n", "connector.yaml:3:21", "did you mean “rate”"),
        ("version: 1\naccounts:\n  k: {kind: zzz}\n", "connector.yaml:3:7", "known words: poster, saplab"),
        ("version: 1\naccounts:\n  k: {rate: 1}\n", "connector.yaml:3:3", "the key “kind” is missing"),
        ("version: 1\nlines:\n  - {kind: poster}\n  - {kind: poster, code: 12}\n", "connector.yaml:4:20", "in quotes"),
        ("version: 1\nlines:\n  - {kind: poster, code: abcdef}\n", "connector.yaml:3:20", "“abcdef” is too long"),
        ("version: x\n", "connector.yaml:1:1", "whole number"),
        ("version: 1\naccounts: [a]\n", "connector.yaml:2:1", "key: value"),
        ("version: 1\nversion: 2\n", "connector.yaml:2:1", "stands here twice"),
        ("version: 1\naccounts: &a {}\nlines: *a\n", "connector.yaml:2:11", "aliases"),
        ("version: 1\n  broken: [\n", "connector.yaml:2:9", "not YAML"),
        ("version: !!python/name:os.system 1\n", "connector.yaml:1:10", "tags"),
    ],
)
def test_mistakes_have_place_and_nearest_word(text: str, where: str, says: str) -> None:
    error = error_of(text)
    assert error.where == where
    assert says in str(error)


def test_first_mistake_from_the_top_is_told() -> None:
    assert error_of("accounts:\n  k: {kind: nope}\nversion: x\n").line == 2


def test_a_list_may_be_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "lines.yaml"
    path.write_text("- {kind: poster}\n- {kind: saplab}\n", encoding="utf-8")
    assert [one.kind for one in load_strict(path, list[Inner])] == ["poster", "saplab"]
    path.write_text("- {kind: poster, sinse: x}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean “since”"):
        load_strict(path, list[Inner])


def test_missing_file_and_wrong_encoding(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_strict(tmp_path / "none.yaml", Outer)
    with pytest.raises(ConfigError, match="not UTF-8"):
        parse("имя: Иван".encode("cp1251"), "x")
    with pytest.raises(ConfigError, match="larger"):
        parse(b"#" * (MAX_BYTES + 1), "x")
    with pytest.raises(ConfigError, match="nested too deeply"):
        parse(b"[" * 5000 + b"]" * 5000, "x")


def test_places_for_checks_across_keys() -> None:
    document = parse(b"version: 1\naccounts:\n  kafe:\n    kind: poster\n", "c.yaml")
    assert document.at("accounts", "kafe", "kind") == (4, 5)
    error = document.error(N_("no account {name}"), "accounts", "kafe", "stamp", name="buh")
    assert str(error) == "c.yaml:3:3: no account buh"


def test_nearest() -> None:
    assert nearest("clients.getclients", ["clients.getClients", "clients.getGroups"]) == "clients.getClients"
    assert nearest("date-from", ["date_from"]) == "date_from"
    assert nearest("qqq", ["date_from"]) is None


def test_every_mistake_is_told_at_once() -> None:
    error = error_of("accounts:\n  k: {kind: poster, rat: 1}\n  z: {kind: nope}\nversion: x\n")
    assert isinstance(error, ConfigErrors)
    assert [one.line for one in error.errors] == [2, 3, 4]
    assert str(error).count("connector.yaml:") == 3


class Coin(Strict):
    kind: Literal["coin"]
    weight: int = 0


class Note(Strict):
    kind: Literal["note"]
    width: int = 0


Purse = dict[str, Annotated[Coin | Note, Field(discriminator="kind")]]


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("a: {kind: coin, width: 1}\n", "p:1:17", "known words: kind, weight"),
        ("a: {kind: coyn}\n", "p:1:5", "did you mean “coin”"),
        ("a: {weight: 1}\n", "p:1:1", "the key “kind” is missing"),
    ],
)
def test_a_union_knows_only_the_words_of_its_member(text: str, where: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "p").build(Purse)
    assert caught.value.where == where
    assert says in str(caught.value)
