"""routes.yaml compiled: who takes part, which way, who decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.config import Account, compile_routes
from connector.errors import ConfigError, ConfigErrors
from connector.model.records import ENTITIES, fields_of
from connector.model.routes import Brakes, EntityRoutes, Rule

BUH = Account(name="buh", kind="onec", channel="odata", profile="bp30")
UT = Account(name="ut", kind="onec", channel="odata", profile="ut11")
FILES = Account(name="files", kind="onec", channel="enterprisedata", profile="bp30", base="buh")
KAFE = Account(name="kafe", kind="poster", stamp="buh")
BAR = Account(name="bar", kind="poster", stamp="buh")
PANEL = Account(name="panel", kind="saplab")
BONUS = Account(name="bonus", kind="loyalclient")
ALL = (BUH, KAFE, PANEL, BONUS)

CUSTOMER = """\
- entity: customer
  spokes:
    onec:        {direction: both, create: true, scope: [legal, has_card, has_phone]}
    poster:      {direction: both, create: true}
    saplab:      {direction: write}
    loyalclient: {direction: read}
  authority: {default: onec, phone: poster, birthday: latest, email: saplab, comment: none}
  together: {legal: [legal_name, inn, kpp, ogrn, legal_address]}
  brakes: {changes: 7, share: 0.5}
"""


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    for name in ("profiles/bp30", "profiles/ut11", "profiles/enterprisedata", "poster", "saplab", "loyalclient"):
        folder = tmp_path / "mappings" / name
        folder.mkdir(parents=True)
        (folder / "customer.yaml").touch()
    (tmp_path / "mappings/profiles/ut11/card.yaml").touch()
    return tmp_path / "mappings"


def compiled(mappings: Path, text: str, *accounts: Account) -> dict[str, EntityRoutes]:
    path = mappings / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    return {one.entity: one for one in compile_routes(path, accounts, [mappings])}


def customer(mappings: Path, text: str, *accounts: Account) -> EntityRoutes:
    return compiled(mappings, text, *accounts)["customer"]


def mistakes(mappings: Path, text: str, *accounts: Account) -> list[tuple[int | None, str]]:
    with pytest.raises(ConfigError) as caught:
        compiled(mappings, text, *accounts)
    error = caught.value
    every = error.errors if isinstance(error, ConfigErrors) else (error,)
    return [(one.line, str(one.sentence)) for one in every]


def test_a_kind_line_reaches_every_account_of_the_kind(mappings: Path) -> None:
    routes = customer(mappings, CUSTOMER, BUH, KAFE, BAR, PANEL, BONUS)
    assert [(route.spoke, route.account, route.direction, route.create) for route in routes.routes] == [
        ("buh", "buh", "both", True),
        ("kafe", "kafe", "both", True),
        ("bar", "bar", "both", True),
        ("panel", "panel", "write", False),
        ("bonus", "bonus", "read", False),
    ]
    onec = routes.route("buh")
    assert onec is not None and onec.scope == ("legal", "has_card", "has_phone") and onec.profile == "bp30"


def test_the_accounts_own_line_wins(mappings: Path) -> None:
    text = CUSTOMER.replace("    saplab:", "    bar: {direction: read, peers: true, deletion: never}\n    saplab:")
    routes = customer(mappings, text, *ALL, BAR)
    kafe, bar = routes.route("kafe"), routes.route("bar")
    assert kafe is not None and bar is not None
    assert (kafe.direction, kafe.peers, kafe.deletion) == ("both", False, "deactivate")
    assert (bar.direction, bar.peers, bar.deletion) == ("read", True, "never")


def test_off_takes_an_account_out(mappings: Path) -> None:
    text = CUSTOMER.replace("    saplab:", "    bar: {direction: off}\n    saplab:")
    assert customer(mappings, text, *ALL, BAR).route("bar") is None


def test_brakes_of_the_entity_and_of_a_line(mappings: Path) -> None:
    text = CUSTOMER.replace("{direction: write}", "{direction: write, brakes: {changes: 3}}")
    routes = customer(mappings, text, *ALL)
    assert routes.routes[0].brakes == Brakes(changes=7, share=0.5)
    assert routes.routes[2].brakes == Brakes(changes=3)


def test_poster_knows_the_base_it_is_stamped_with(mappings: Path) -> None:
    routes = customer(mappings, CUSTOMER, *ALL)
    assert [route.stamp for route in routes.routes] == [None, "buh", None, None]


def test_every_field_has_its_rule(mappings: Path) -> None:
    authority = customer(mappings, CUSTOMER, *ALL).authority
    assert tuple(authority) == fields_of("customer")
    assert authority["name"] == Rule("spokes", frozenset({"buh"}))
    assert authority["phone"] == Rule("spokes", frozenset({"kafe"}))
    assert authority["birthday"] == Rule("latest")
    assert authority["comment"] == Rule("none")


def test_balances_belong_to_nobody_and_id_1c_to_1c(mappings: Path) -> None:
    text = CUSTOMER.replace("default: onec", "default: poster, debt: onec")
    authority = customer(mappings, text, *ALL).authority
    assert {authority[field] for field in ENTITIES["customer"].read_only - {"debt"}} == {Rule("none")}
    assert authority["debt"] == authority["id_1c"] == Rule("spokes", frozenset({"buh"}))


def test_a_word_for_a_system_that_is_not_read_falls_back(mappings: Path) -> None:
    authority = customer(mappings, CUSTOMER, BUH, PANEL).authority
    assert authority["phone"] == Rule("spokes", frozenset({"buh"})), "no Poster: the default decides"
    assert authority["email"] == Rule("spokes", frozenset({"buh"})), "Saplab is only written: it says nothing"
    assert customer(mappings, CUSTOMER, PANEL, BONUS).authority["name"] == Rule("manual"), (
        "no 1C at all: a person decides"
    )


def test_without_a_default_a_person_decides(mappings: Path) -> None:
    text = "- entity: customer\n  spokes: {onec: {}, poster: {}}\n"
    authority = customer(mappings, text, BUH, KAFE).authority
    assert authority["name"] == Rule("manual")


def test_authority_by_account_and_by_base(mappings: Path) -> None:
    text = CUSTOMER.replace("default: onec", "default: kafe, name: files, city: poster")
    authority = customer(mappings, text, BUH, FILES, KAFE, BAR).authority
    assert authority["sex"] == Rule("spokes", frozenset({"kafe"}))
    assert authority["name"] == Rule("spokes", frozenset({"buh"})), "an account stands for its base"
    assert authority["city"] == Rule("spokes", frozenset({"kafe", "bar"}))


def test_accounts_of_one_base_are_one_spoke_with_one_channel(mappings: Path) -> None:
    assert [(r.spoke, r.account) for r in customer(mappings, CUSTOMER, FILES, BUH, KAFE).routes] == [
        ("buh", "buh"),
        ("kafe", "kafe"),
    ]
    text = CUSTOMER.replace("    saplab:", "    files: {direction: both}\n    saplab:")
    assert customer(mappings, text, FILES, BUH, KAFE).routes[0].account == "files"


def test_an_exchange_format_has_a_mapping_of_its_own(mappings: Path) -> None:
    """Its words are the same whatever the configuration of the base."""
    (mappings / "profiles/commerceml").mkdir()
    (mappings / "profiles/commerceml/card.yaml").touch()
    site = Account(name="site", kind="onec", channel="commerceml", profile="ut11")
    text = "- entity: card\n  spokes: {onec: {}}\n"
    assert [route.profile for route in compiled(mappings, text, site, UT)["card"].routes] == ["commerceml", "ut11"]
    assert customer(mappings, CUSTOMER, FILES, KAFE).routes[0].profile == "enterprisedata"


def test_two_named_channels_of_one_base_are_refused(mappings: Path) -> None:
    text = CUSTOMER.replace("    saplab:", "    files: {}\n    buh: {}\n    saplab:")
    ((line, sentence),) = mistakes(mappings, text, FILES, BUH, KAFE)
    assert "files, buh are channels of one base “buh”" in sentence
    assert line == 6


def test_a_kind_line_passes_by_what_has_no_mapping(mappings: Path) -> None:
    text = "- entity: card\n  spokes: {onec: {}, poster: {}}\n"
    routes = compiled(mappings, text, BUH, UT, KAFE)["card"]
    assert [route.spoke for route in routes.routes] == ["ut"]


def test_an_own_line_demands_a_mapping(mappings: Path) -> None:
    text = "- entity: card\n  spokes:\n    buh: {}\n"
    assert mistakes(mappings, text, BUH) == [
        (3, "there is no mapping of “card” for the account “buh”: profiles/bp30/card.yaml is missing")
    ]


def test_the_workspaces_mapping_counts_too(mappings: Path, tmp_path: Path) -> None:
    (tmp_path / "own/profiles/bp30").mkdir(parents=True)
    (tmp_path / "own/profiles/bp30/card.yaml").touch()
    path = mappings / "routes.yaml"
    path.write_text("- entity: card\n  spokes: {onec: {}}\n", encoding="utf-8")
    (routes,) = compile_routes(path, [BUH], [tmp_path / "own", mappings])
    assert [route.account for route in routes.routes] == ["buh"]


def test_entities_come_in_dependency_order(mappings: Path) -> None:
    text = "- entity: card\n  spokes: {onec: {}}\n" + CUSTOMER
    assert list(compiled(mappings, text, UT, KAFE)) == ["customer", "card"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("entity: customer", "entity: custmer", "did you mean “customer”"),
        ("poster:      {direction", "postr:      {direction", "did you mean “poster”"),
        ("direction: read", "direction: reed", "did you mean “read”"),
        ("has_card", "has_cards", "did you mean “has_card”"),
        ("phone: poster", "phon: poster", "did you mean “phone”"),
        ("phone: poster", "phone: postr", "did you mean “poster”"),
        ("phone: poster", "phone: newest", "unknown word “newest”"),
        ("brakes:", "brake:", "did you mean “brakes”"),
        ("share: 0.5", "share: 1.5", "must be at most 1"),
        ("changes: 7", "changes: 0", "must be at least 1"),
        ("scope: [legal, has_card, has_phone]", "scope: []", "must not be empty"),
        ("inn, kpp,", "inn, kp,", "did you mean “kpp”"),
        ("phone: poster", "phone: poster, inn: poster", "need one authority"),
        ("legal_address]}", "legal_address], more: [inn]}", "already moves together with “legal”"),
    ],
)
def test_a_mistake_is_told_with_the_nearest_word(mappings: Path, old: str, new: str, says: str) -> None:
    assert old in CUSTOMER
    ((_, sentence),) = mistakes(mappings, CUSTOMER.replace(old, new), *ALL)
    assert says in sentence


def test_an_entity_stands_once(mappings: Path) -> None:
    assert mistakes(mappings, CUSTOMER + CUSTOMER, *ALL) == [(10, "“customer” stands in the file twice")]


def test_every_mistake_is_told_at_once(mappings: Path) -> None:
    text = CUSTOMER.replace("poster: ", "postr: ", 1).replace("birthday: latest", "birthdy: latest")
    assert [line for line, _ in mistakes(mappings, text, *ALL)] == [4, 7]


def test_the_shipped_routes_compile_for_every_system() -> None:
    from connector.resources import mappings_folder

    folder = mappings_folder()
    vp = Account(name="vp", kind="virtpos")
    routes = {
        one.entity: one for one in compile_routes(folder / "routes.yaml", (BUH, KAFE, PANEL, vp, BONUS), [folder])
    }
    assert list(routes) == ["group", "customer", "card", "order", "payment"]
    assert routes["payment"].routes == (), "nobody here has statements of a bank"
    directions = {route.account: route.direction for route in routes["customer"].routes}
    assert directions == {"buh": "both", "kafe": "both", "panel": "both", "vp": "both", "bonus": "read"}
    assert not any(route.create for route in routes["group"].routes), "groups are proposed, a person decides"
