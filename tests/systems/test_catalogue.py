"""The grammar of catalogues: what it accepts, and how it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import ConfigError, UsageError
from connector.systems import catalogue
from connector.systems.catalogue import Catalogue
from connector.yamlfile import parse

GOOD = """\
system: shop
envelopes: {plain: "the object"}
endpoints:
  list:
    params: {num: {type: int}, offset: {type: int}, since: {type: date, format: Ymd}, until: {type: date, format: Ymd}}
    paging: {style: offset, size: num, start: offset, per: 100}
    window: {from: since, to: until, format: Ymd}
  add:
    verb: POST
    encoding: form
    repeat: verify
    params: {id: {type: int}, price: {type: money}, ref: {type: text}}
    money: {request: {price: minor}}
    verify: {endpoint: list, how: look}
entities:
  customer:
    id: id
    feed: {endpoint: list}
    create: {endpoint: add, reference: ref}
    update: {endpoint: add, id: id}
"""


def built(text: str) -> Catalogue:
    return parse(text.encode(), "shop/catalogue.yaml").build(Catalogue)


def test_defaults_are_said_once() -> None:
    endpoint = built(GOOD).endpoint("list")
    assert (endpoint.name, endpoint.verb, endpoint.path, endpoint.encoding) == ("list", "GET", "/list", "query")
    assert (endpoint.envelope, endpoint.repeat, endpoint.is_write) == ("plain", "safe", False)


def test_capabilities_follow_from_the_calls() -> None:
    capabilities = built(GOOD).capabilities("customer")
    assert (capabilities.feed, capabilities.can_create, capabilities.can_delete) == ("snapshot", True, False)
    assert capabilities.keeps_reference
    assert dict(capabilities.repeat) == {"create": "verify", "update": "verify"}
    assert built(GOOD).capabilities("card").feed == "none"


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("type: int}, offset", "type: itn}, offset", "5:20", "did you mean “int”"),
        ("style: offset", "style: ofset", "6:14", "did you mean “offset”"),
        ("start: offset", "start: ofset", "6:5", "there is no parameter “ofset”"),
        ("from: since", "from: sinse", "7:5", "there is no parameter “sinse”"),
        ("endpoint: list, how", "endpoint: lisst, how", "14:14", "did you mean “list”"),
        ("feed: {endpoint: list", "feed: {endpoint: lst", "18:12", "did you mean “list”"),
        ("reference: ref", "reference: reff", "19:5", "did you mean “ref”"),
        ("    verify: {endpoint: list, how: look}\n", "", "11:5", "how to look whether it happened"),
        ("    money: {request: {price: minor}}\n", "", "8:3", "have a unit"),
        ("price: minor", "prise: minor", "13:5", "have a unit"),
        ("type: date, format: Ymd}, until", "type: date}, until", "5:53", "a format belongs"),
        ("    encoding: form\n", "", "8:3", "how its body is encoded"),
        ("    repeat: verify", "    repeats: verify", "11:5", "did you mean “repeat”"),
    ],
)
def test_mistakes_are_found_where_they_stand(old: str, new: str, where: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        built(GOOD.replace(old, new, 1))
    assert says in str(caught.value)
    assert caught.value.where == f"shop/catalogue.yaml:{where}"


def test_unknown_names_are_usage_errors_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"did you mean “clients\.getClients”"):
        catalogue.load("poster").endpoint("clients.getClient1s")
    with pytest.raises(UsageError, match=r"known: .*poster"):
        catalogue.load("postr")


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_the_compiled_form_is_of_the_file(kind: str) -> None:
    """`python -m connector.systems.catalogue` writes it again."""
    ready = Path(catalogue.__file__).parent / kind / "catalogue.json"
    assert ready.read_bytes() == catalogue.compiled(kind)


def test_a_stale_compiled_form_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "catalogue.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(catalogue, "_FOLDER", tmp_path)
    (tmp_path / "shop" / "catalogue.json").write_bytes(catalogue.compiled("shop"))
    assert catalogue.load("shop") == built(GOOD)
    changed = GOOD.replace("per: 100", "per: 50")
    (tmp_path / "shop" / "catalogue.yaml").write_text(changed, encoding="utf-8")
    assert catalogue.load("shop") == built(changed)
