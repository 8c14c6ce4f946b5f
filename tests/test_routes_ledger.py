"""The line of a ledger entity: where facts come from, where they are told, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connector.config import Account, compile_routes
from connector.errors import ConfigError, ConfigErrors
from connector.model.records import fields_of, merged_fields
from connector.model.routes import Brakes, EntityRoutes, Rule
from connector.resources import mappings_folder

BUH = Account(name="buh", kind="onec", channel="odata", profile="bp30")
FILES = Account(name="files", kind="onec", channel="enterprisedata", profile="bp30", base="buh")
UT = Account(name="ut", kind="onec", channel="odata", profile="ut11")
PANEL = Account(name="panel", kind="saplab")
VP = Account(name="vp", kind="virtpos")
KAFE = Account(name="kafe", kind="poster", stamp="buh")
ALL = (BUH, KAFE, PANEL, VP)

ORDER = """\
- entity: order
  from: [saplab, virtpos]
  to: [onec]
  closed: ask
  post: true
  back: [shipped, cancelled]
  brakes: {changes: 7}
"""


def compiled(tmp_path: Path, text: str, *accounts: Account) -> Mapping[str, EntityRoutes]:
    path = tmp_path / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    return {one.entity: one for one in compile_routes(path, accounts, [tmp_path / "mappings", mappings_folder()])}


def order(tmp_path: Path, text: str, *accounts: Account) -> EntityRoutes:
    return compiled(tmp_path, text, *accounts)["order"]


def mistakes(tmp_path: Path, text: str, *accounts: Account) -> list[tuple[int | None, str]]:
    with pytest.raises(ConfigError) as caught:
        compiled(tmp_path, text, *accounts)
    error = caught.value
    every = error.errors if isinstance(error, ConfigErrors) else (error,)
    return [(one.line, str(one.sentence)) for one in every]


def test_sources_are_read_and_targets_told(tmp_path: Path) -> None:
    routes = order(tmp_path, ORDER, *ALL)
    assert [(route.account, route.observed, route.direction) for route in routes.sources] == [
        ("panel", "position", "read"),
        ("vp", "order", "read"),
    ]
    assert [(route.account, route.direction, route.create) for route in routes.targets] == [("buh", "both", True)]
    assert (routes.closed, routes.post, routes.back) == ("ask", True, {"shipped", "cancelled"})
    assert routes.targets[0].brakes == Brakes(changes=7)


def test_what_is_not_said_is_cautious(tmp_path: Path) -> None:
    routes = order(tmp_path, "- {entity: order, from: [virtpos], to: [onec]}\n", *ALL)
    assert (routes.closed, routes.post, routes.back) == ("refuse", False, frozenset())
    assert [route.account for route in routes.sources] == ["vp"]


def test_only_the_status_flow_has_an_authority_and_it_is_the_sources_own(tmp_path: Path) -> None:
    routes = order(tmp_path, ORDER, *ALL)
    assert set(routes.authority) == set(fields_of("order"))
    flow = merged_fields("order")
    assert flow == {"paid", "shipped", "cancelled"}
    assert {routes.authority[name] for name in flow} == {Rule("spokes", frozenset({"panel", "vp"}))}
    assert {routes.authority[name] for name in fields_of("order") if name not in flow} == {Rule("none")}
    other = order(tmp_path, ORDER + "  authority: {default: manual, shipped: onec}\n", *ALL)
    assert other.authority["paid"] == Rule("manual")
    assert other.authority["shipped"] == Rule("spokes", frozenset({"buh"}))


def test_an_account_is_named_where_not_all_of_a_kind_take_part(tmp_path: Path) -> None:
    bar = Account(name="bar", kind="virtpos")
    routes = order(tmp_path, ORDER.replace("[saplab, virtpos]", "[bar]"), *ALL, bar)
    assert [route.account for route in routes.sources] == ["bar"]


def test_a_base_is_told_through_one_channel(tmp_path: Path) -> None:
    folder = tmp_path / "mappings/profiles/enterprisedata"
    folder.mkdir(parents=True)
    (folder / "order.yaml").touch()
    assert [route.account for route in order(tmp_path, ORDER, FILES, *ALL).targets] == ["buh"]
    named = order(tmp_path, ORDER.replace("[onec]", "[files]"), FILES, *ALL)
    assert [(route.account, route.spoke) for route in named.targets] == [("files", "buh")]
    ((line, sentence),) = mistakes(tmp_path, ORDER.replace("[onec]", "[files, buh]"), FILES, *ALL)
    assert line == 3 and "files, buh are channels of one base “buh”" in sentence


def test_two_bases_are_told_apart(tmp_path: Path) -> None:
    assert [route.account for route in order(tmp_path, ORDER, BUH, UT, VP).targets] == ["buh", "ut"]


def test_nothing_is_read_that_nobody_would_be_told(tmp_path: Path) -> None:
    assert order(tmp_path, ORDER, BUH, KAFE).routes == ()
    assert order(tmp_path, ORDER, PANEL, VP).routes == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("saplab,", "saplb,", 2, "did you mean “saplab”"),
        ("[onec]", "[onc]", 3, "did you mean “onec”"),
        ("closed: ask", "closed: asks", 4, "did you mean “ask”"),
        ("post: true", "post: 1", 5, "must be true or false"),
        ("[shipped, cancelled]", "[shipped, canceled]", 6, "did you mean “cancelled”"),
        ("[shipped, cancelled]", "[number_1c]", 6, "known words: cancelled, paid, shipped"),
        ("  to: [onec]\n", "", 1, "“to” is missing"),
        ("post: true", "spokes: {onec: {}}", 5, "“spokes” is for records that several systems hold"),
        ("post: true", "together: {a: [paid]}", 5, "“together” is for records that several systems hold"),
        ("post: true", "authority: {total: onec}", 5, "known words: cancelled, paid, shipped, default"),
        ("post: true", "authority: {paid: union}", 5, "unknown word “union”"),
        ("[saplab, virtpos]", "[saplab, kafe]", 2, "there is no mapping of “order” for the account “kafe”"),
        ("entity: order", "entity: position", 1, "unknown word “position”"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in ORDER
    found = mistakes(tmp_path, ORDER.replace(old, new), *ALL)
    assert any(place == line and says in sentence for place, sentence in found), found


def test_a_source_is_no_target(tmp_path: Path) -> None:
    folder = tmp_path / "mappings/virtpos"
    folder.mkdir(parents=True)
    ((line, sentence),) = mistakes(tmp_path, ORDER.replace("[onec]", "[onec, vp]"), *ALL)
    assert line == 3 and "“vp” is both a source and a target" in sentence


@pytest.mark.parametrize("word", ["from: [onec]", "to: [onec]", "closed: ask", "post: true", "back: [shipped]"])
def test_words_of_the_ledger_are_not_for_mirrors(tmp_path: Path, word: str) -> None:
    text = f"- entity: customer\n  spokes: {{onec: {{}}}}\n  {word}\n"
    ((line, sentence),) = mistakes(tmp_path, text, *ALL)
    assert line == 3 and "is for facts of the ledger" in sentence
    ((line, sentence),) = mistakes(tmp_path, "- entity: customer\n", *ALL)
    assert line == 1 and "“spokes” is missing" in sentence
