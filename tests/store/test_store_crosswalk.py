"""Links: unique where they must be, found by row and by record, with their shadows; and what is known besides."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.states import Shadow, shadow_bytes
from connector.store import Store
from connector.store.crosswalk import Crosswalk, Known, NewLink
from connector.store.failures import AlreadyLinked

AT = "2026-11-21T10:00:00+03:00"


@pytest.fixture
def crosswalk(store: Store) -> Crosswalk:
    return store.crosswalk


@pytest.fixture
def kafe(crosswalk: Crosswalk) -> int:
    return crosswalk.feed("kafe", "customer")


@pytest.fixture
def buh(crosswalk: Crosswalk) -> int:
    return crosswalk.feed("buh", "customer")


def link(external_id: str, uid: str, **other: Any) -> NewLink:
    plain: dict[str, Any] = {
        "primary": 1, "seen": b'{"id":1}', "hash": b"\0\xff" * 8, "shadow": None, "version": None, "gone": 0,
        "changed_at": None, "run": 1, "how": "created", "by": "run", "at": AT,
    }  # fmt: skip
    return NewLink(external_id=external_id, uid=uid, **{**plain, **other})


# what the database itself refuses


def test_one_external_id_is_one_record(crosswalk: Crosswalk, store: Store, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("55", "u1")])
    crosswalk.add(buh, [link("55", "u1")])
    with pytest.raises(AlreadyLinked, match="external id"):
        crosswalk.add(kafe, [link("56", "u2"), link("55", "u3", primary=0)])
    assert store.db.value("SELECT count(*) FROM link") == 2, "all or nothing"


def test_a_record_has_one_primary_link_in_a_feed(crosswalk: Crosswalk, store: Store, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("55", "u1"), link("56", "u1", primary=0), link("57", "u1", primary=0)])
    crosswalk.add(buh, [link("1", "u1")])
    with pytest.raises(AlreadyLinked, match="primary"):
        crosswalk.add(kafe, [link("58", "u1")])
    alias = store.crosswalk.at("kafe", "customer", "56")
    assert alias is not None
    with pytest.raises(AlreadyLinked, match="primary"):
        crosswalk.move(alias.id, "u1", True, "manual", "Anna", AT)
    assert [link.primary for link in crosswalk.of(["u1"])["u1"]] == [True, False, False, True]


def test_the_store_goes_on_after_a_refused_link(crosswalk: Crosswalk, store: Store, kafe: int) -> None:
    crosswalk.add(kafe, [link("55", "u1")])
    with pytest.raises(AlreadyLinked), store.transaction():
        crosswalk.add(kafe, [link("56", "u2")])
        crosswalk.add(kafe, [link("55", "u2")])
    crosswalk.add(kafe, [link("56", "u2")])
    assert crosswalk.count("kafe", "customer") == 2


def test_a_link_belongs_to_a_feed(crosswalk: Crosswalk) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        crosswalk.add(77, [link("55", "u1")])


@pytest.mark.parametrize("wrong", [{"primary": 2}, {"gone": -1}, {"uid": None}, {"how": None}])
def test_a_link_has_its_shape(crosswalk: Crosswalk, store: Store, kafe: int, wrong: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"(?i)check constraint|not.null constraint"):
        crosswalk.add(kafe, [link("55", "u1")._replace(**wrong)])
    assert store.db.value("SELECT count(*) FROM link") == 0


# the row path


def test_what_is_known_of_a_page(crosswalk: Crosswalk, store: Store, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("55", "u1"), link("0055", "u2", hash=None, gone=1)])
    crosswalk.add(buh, [link("56", "u1")])
    ids = dict(store.db.all("SELECT external_id, id FROM link WHERE feed = ?", (kafe,)))
    assert crosswalk.known(kafe, ["55", "0055", "56"]) == {
        "55": Known(ids["55"], b"\0\xff" * 8, 0, "u1", "55"),
        "0055": Known(ids["0055"], None, 1, "u2", "0055"),
    }
    assert crosswalk.known(kafe, []) == {}


def test_an_empty_page_adds_nothing(crosswalk: Crosswalk, store: Store, kafe: int) -> None:
    crosswalk.add(kafe, [])
    crosswalk.saw([])
    crosswalk.shadows([])
    crosswalk.set_gone([])
    assert store.db.value("SELECT count(*) FROM link") == 0


def test_what_was_seen_is_stored(crosswalk: Crosswalk, kafe: int) -> None:
    crosswalk.add(kafe, [link("55", "u1"), link("56", "u2")])
    number = crosswalk.known(kafe, ["55"])["55"].id
    crosswalk.saw([(b'{"id":2}', b"h", "v2", 1, AT, number)])
    seen = crosswalk.at("kafe", "customer", "55")
    assert seen is not None
    assert (seen.seen, seen.version, seen.gone, seen.changed_at) == (b'{"id":2}', "v2", True, AT)
    assert crosswalk.known(kafe, ["55"])["55"].hash == b"h"
    assert crosswalk.seen("kafe", "customer", ["55", "56", "57"]) == {"55": b'{"id":2}', "56": b'{"id":1}'}


def test_what_was_never_seen_is_absent(crosswalk: Crosswalk, kafe: int) -> None:
    crosswalk.add(kafe, [link("55", "u1", seen=None, hash=None)])
    assert crosswalk.seen("kafe", "customer", ["55"]) == {}
    assert list(crosswalk.alive_ids(kafe)) == []


def test_shadows_come_back(crosswalk: Crosswalk, kafe: int) -> None:
    shadow = Shadow()
    shadow.agree("name", "Анна", "АННА ")
    shadow.agree("phone", None, None)
    crosswalk.add(kafe, [link("55", "u1"), link("56", "u2", shadow=shadow_bytes(shadow))])
    crosswalk.shadows([(shadow_bytes(shadow), crosswalk.known(kafe, ["55"])["55"].id)])
    found = crosswalk.of(["u1", "u2"])
    assert found["u1"][0].shadow == found["u2"][0].shadow == shadow


# absence


def test_records_that_one_spoke_alone_made_in_this_run(crosswalk: Crosswalk, store: Store, kafe: int, buh: int) -> None:
    store.hub.add("customer", [(f"u{number}", b'{"name":"%d"}' % number) for number in range(1, 6)])
    shadows = {number: b'{"s":{"name":"%d"}}' % number for number in range(1, 6)}
    crosswalk.add(kafe, [link("1", "u1", shadow=shadows[1], run=7), link("2", "u2", shadow=shadows[2], run=6)])
    crosswalk.add(kafe, [link("3", "u3", shadow=shadows[1], run=7), link("4", "u4", shadow=None, run=7)])
    crosswalk.add(kafe, [link("5", "u5", shadow=shadows[5], run=7)])
    crosswalk.add(buh, [link("5", "u5", shadow=shadows[5], run=7)])
    assert crosswalk.first_sights(7, ["u1", "u2", "u3", "u4", "u5", "u6"]) == {"u1": (kafe, b'{"name":"1"}')}


def test_the_living_links_of_a_feed(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    assert (crosswalk.alive(kafe), crosswalk.last_id(), crosswalk.has_any(kafe)) == (0, 0, False)
    crosswalk.add(kafe, [link(str(number), f"u{number}") for number in range(7)])
    crosswalk.add(buh, [link("1", "u1")])
    known = crosswalk.known(kafe, ["2", "6"])
    crosswalk.set_gone([known["2"].id])
    assert (crosswalk.alive(kafe), crosswalk.alive(buh)) == (6, 1)
    assert crosswalk.last_id() == crosswalk.known(buh, ["1"])["1"].id > known["6"].id
    assert crosswalk.has_any(kafe)
    alive = list(crosswalk.alive_ids(kafe, chunk=2))
    assert [uid for _, uid in alive] == ["u0", "u1", "u3", "u4", "u5", "u6"]
    assert [number for number, _ in alive] == sorted(number for number, _ in alive)


# records


def test_links_of_records_aliases_included(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("55", "u1", version="v"), link("56", "u1", primary=0), link("57", "u2")])
    crosswalk.add(buh, [link("1", "u1", how="phone", changed_at=AT)])
    found = crosswalk.of(["u1", "absent"])
    assert [(one.spoke, one.entity, one.external_id, one.primary) for one in found["u1"]] == [
        ("kafe", "customer", "55", True), ("kafe", "customer", "56", False), ("buh", "customer", "1", True),
    ]  # fmt: skip
    first, _, last = found["u1"]
    assert (first.version, first.seen, first.gone, first.by, first.at) == ("v", b'{"id":1}', False, "run", AT)
    assert (last.how, last.changed_at) == ("phone", AT)
    assert found["absent"] == []


def test_a_link_by_its_row(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("55", "u1")])
    crosswalk.add(buh, [link("55", "u2")])
    found = crosswalk.at("buh", "customer", "55")
    assert found is not None
    assert found.uid == "u2"
    assert crosswalk.at("buh", "card", "55") is None
    assert crosswalk.at("buh", "customer", "56") is None
    assert [one.uid for one in crosswalk.by_external_id("55")] == ["u1", "u2"]
    assert crosswalk.by_external_id("56") == []


def test_links_are_listed_by_record(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    card = crosswalk.feed("kafe", "card")
    crosswalk.add(kafe, [link("2", "u2"), link("1", "u1")])
    crosswalk.add(buh, [link("9", "u1")])
    crosswalk.add(card, [link("7", "c1")])
    assert ids(crosswalk.all()) == ["7", "1", "9", "2"]
    assert ids(crosswalk.all("customer")) == ["1", "9", "2"]
    assert ids(crosswalk.all("customer", "kafe")) == ["1", "2"]
    assert ids(crosswalk.all(spoke="kafe")) == ["7", "1", "2"]
    assert ids(crosswalk.all(limit=2)) == ["7", "1"]


def test_a_feed_is_walked_in_chunks(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link(str(number), f"u{number}") for number in range(5)])
    crosswalk.add(buh, [link("9", "u9")])
    assert [ids(chunk) for chunk in crosswalk.each("kafe", "customer", chunk=2)] == [["0", "1"], ["2", "3"], ["4"]]
    assert list(crosswalk.each("vp", "customer")) == []


def ids(links: Any) -> list[str]:
    return [one.external_id for one in links]


def test_references_are_written_to_the_living_primary_and_read_from_any(crosswalk: Crosswalk, kafe: int) -> None:
    crosswalk.add(kafe, [link("1", "u1"), link("2", "u1", primary=0), link("3", "u2", gone=1)])
    assert crosswalk.targets("kafe", "customer", ["u1", "u2", "u3"]) == {"u1": "1"}
    assert crosswalk.resolve("kafe", "customer", ["1", "2", "3", "4"]) == {"1": "u1", "2": "u1", "3": "u2"}
    assert crosswalk.targets("buh", "customer", ["u1"]) == {}


def test_primary_links_of_a_page(crosswalk: Crosswalk, kafe: int) -> None:
    crosswalk.add(kafe, [link("1", "u1", how="phone", run=4), link("2", "u1", primary=0), link("3", "u2")])
    known = crosswalk.known(kafe, ["1"])
    assert crosswalk.primaries(kafe, ["u1", "u9"]) == {"u1": ("1", "phone", 4, known["1"].id)}


def test_a_moved_link_forgets_its_shadow(crosswalk: Crosswalk, kafe: int) -> None:
    crosswalk.add(kafe, [link("55", "u1", shadow=shadow_bytes(Shadow({"name": "a"})))])
    crosswalk.move(crosswalk.known(kafe, ["55"])["55"].id, "u2", False, "manual", "Anna", "later")
    moved = crosswalk.at("kafe", "customer", "55")
    assert moved is not None
    assert (moved.uid, moved.primary, moved.how, moved.by, moved.at) == ("u2", False, "manual", "Anna", "later")
    assert moved.shadow == Shadow()
    assert moved.seen == b'{"id":1}'


def test_a_removed_link_is_gone(crosswalk: Crosswalk, kafe: int) -> None:
    crosswalk.add(kafe, [link("55", "u1")])
    crosswalk.remove(crosswalk.known(kafe, ["55"])["55"].id)
    assert crosswalk.at("kafe", "customer", "55") is None


def test_links_are_counted(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("1", "u1", how="phone", run=2), link("2", "u1", primary=0, run=2), link("3", "u3")])
    crosswalk.add(buh, [link("1", "u1", how="phone", run=2), link("2", "u2", how="phone", run=2)])
    assert crosswalk.count("kafe", "customer") == 2
    assert crosswalk.count("vp", "customer") == 0
    assert crosswalk.linked_how() == {"phone": 3}
    assert crosswalk.linked_how({("kafe", "customer"), ("kafe", "card")}) == {"phone": 1}
    assert crosswalk.linked_how({("vp", "customer")}) == {}


def test_records_that_only_one_spoke_has(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("1", "u1"), link("2", "u2"), link("3", "u2", primary=0), link("4", "u4")])
    crosswalk.add(buh, [link("1", "u1"), link("5", "u5")])
    crosswalk.add(crosswalk.feed("kafe", "card"), [link("7", "c1")])
    assert crosswalk.only_there("customer") == {"buh": 1, "kafe": 2}
    assert crosswalk.only_there("group") == {}


def test_what_we_wrote_is_out_of_date_until_it_is_seen(crosswalk: Crosswalk, kafe: int) -> None:
    crosswalk.add(kafe, [link("1", "u1")])
    crosswalk.wrote(crosswalk.known(kafe, ["1"])["1"].id, shadow_bytes(Shadow({"name": "a"})))
    known = crosswalk.known(kafe, ["1"])["1"]
    assert known.hash is None
    assert crosswalk.of(["u1"])["u1"][0].shadow == Shadow({"name": "a"})
    assert crosswalk.seen("kafe", "customer", ["1"]) == {"1": b'{"id":1}'}


def test_records_that_several_spokes_have(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.add(kafe, [link("1", "u1"), link("2", "u2"), link("3", "u2", primary=0), link("4", "u3")])
    crosswalk.add(buh, [link("1", "u1"), link("4", "u3", gone=1)])
    assert crosswalk.joined(["u1", "u2", "u3", "u9"]) == {"u1"}


# what is known of feeds and besides


def test_feeds_are_told_apart(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    assert len({kafe, buh, crosswalk.feed("kafe", "card")}) == 3
    assert crosswalk.feed("kafe", "customer") == kafe
    assert crosswalk.mapping_version("kafe", "customer") is None
    crosswalk.set_mapping_version("kafe", "customer", "v1")
    assert crosswalk.mapping_version("kafe", "customer") == "v1"
    assert crosswalk.mapping_version("buh", "customer") is None


def test_cards_that_customers_hold(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.hold(kafe, [("55", "b"), ("55", "a"), ("56", "c")])
    crosswalk.hold(kafe, [("55", "a")])
    crosswalk.hold(buh, [("55", "z")])
    assert crosswalk.held(kafe, ["55", "57"]) == {"55": ["a", "b"]}


def test_look_ups_are_remembered_by_their_keys(crosswalk: Crosswalk, kafe: int, buh: int) -> None:
    crosswalk.note_lookup(kafe, "u1", "phone=1", AT)
    crosswalk.note_lookup(kafe, "u1", "phone=2", "later")
    crosswalk.note_lookup(buh, "u1", "phone=3", AT)
    assert crosswalk.looked_up(kafe, ["u1", "u2"]) == {"u1": "phone=2"}
