"""Records, the identifiers they are found by, and the work that waits."""

from __future__ import annotations

import pytest

from connector.store import Store
from connector.store.crosswalk import NewLink
from connector.store.hub import TO_MERGE, TO_PLAN, Hub


@pytest.fixture
def hub(store: Store) -> Hub:
    store.hub.add("customer", [("u1", b'{"name":"a"}'), ("u2", b"{}"), ("u3", b"{}")])
    store.hub.add("card", [("c1", b"{}")])
    return store.hub


def test_records_are_kept_and_counted(hub: Hub, store: Store) -> None:
    assert hub.bodies(["u1", "c1", "absent"]) == {"u1": b'{"name":"a"}', "c1": b"{}"}
    assert hub.bodies(uid for uid in ("u2",)) == {"u2": b"{}"}
    assert (hub.count("customer"), hub.count("card"), hub.count("group")) == (3, 1, 0)
    assert (hub.entity_of("u1"), hub.entity_of("c1"), hub.entity_of("absent")) == ("customer", "card", None)
    assert store.db.all("SELECT DISTINCT version FROM hub") == [(1,)]


def test_a_changed_record_counts_up(hub: Hub, store: Store) -> None:
    hub.put([(b"1", "u1"), (b"2", "u2")])
    hub.put([(b"3", "u1")])
    assert hub.bodies(["u1", "u2", "u3"]) == {"u1": b"3", "u2": b"2", "u3": b"{}"}
    assert store.db.all("SELECT uid, version FROM hub ORDER BY uid") == [("c1", 1), ("u1", 3), ("u2", 2), ("u3", 1)]


def test_a_second_record_of_one_uid_is_refused(hub: Hub) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"):
        hub.add("customer", [("u1", b"{}")])


def test_records_are_walked_in_order(hub: Hub) -> None:
    assert hub.uids("customer") == ["u1", "u2", "u3"]
    assert hub.uids("customer", limit=2) == ["u1", "u2"]
    assert hub.uids("customer", after="u1", limit=1) == ["u2"]
    assert hub.uids("customer", after="u3") == []


def test_a_merged_record_is_found_as_its_survivor(hub: Hub) -> None:
    hub.set_survivor("u1", "u2")
    hub.set_survivor("u2", "u3")
    assert [hub.survivor(uid) for uid in ("u1", "u2", "u3", "absent")] == ["u3", "u3", "u3", "absent"]
    assert hub.uids("customer") == ["u3"]
    assert hub.count("customer") == 1


@pytest.mark.parametrize(
    "circle", [[("u1", "u1")], [("u1", "u2"), ("u2", "u1")], [("u1", "u2"), ("u2", "u3"), ("u3", "u1")]]
)
def test_nobody_is_merged_in_a_circle(hub: Hub, circle: list[tuple[str, str]]) -> None:
    for uid, survivor in circle[:-1]:
        hub.set_survivor(uid, survivor)
    with pytest.raises(ValueError, match="merged"):
        hub.set_survivor(*circle[-1])


def test_a_removed_record_leaves_nothing(hub: Hub, store: Store) -> None:
    hub.identify([("customer", "phone", "+7", "u1"), ("customer", "phone", "+7", "u2")])
    hub.mark("customer", ["u1", "u2"])
    hub.remove("u1")
    assert hub.bodies(["u1"]) == {}
    assert hub.holders("customer", ["+7"]) == {("phone", "+7"): ["u2"]}
    assert hub.marked("customer", TO_MERGE) == ["u2"]


# identifiers


def test_identifiers_lead_to_their_records(hub: Hub) -> None:
    hub.identify(
        [("customer", "phone", "+7", "u2"), ("customer", "phone", "+7", "u1"), ("customer", "inn", "77", "u1")]
    )
    hub.identify([("customer", "phone", "+7", "u1"), ("card", "uid", "77", "c1")])
    assert hub.identifiers(["u1", "u2", "absent"]) == {
        "u1": {("phone", "+7"), ("inn", "77")},
        "u2": {("phone", "+7")},
        "absent": set(),
    }
    assert hub.holders("customer", ["+7", "77", "absent"]) == {("phone", "+7"): ["u1", "u2"], ("inn", "77"): ["u1"]}
    assert hub.by_value("77") == ["c1", "u1"]
    assert hub.shared("customer") == [("phone", "+7", 2)]


def test_forgotten_identifiers_lead_nowhere(hub: Hub) -> None:
    hub.identify([("customer", "phone", "+7", "u1"), ("customer", "phone", "+7", "u2")])
    hub.forget([("customer", "phone", "+7", "u1"), ("card", "phone", "+7", "u2")])
    assert hub.holders("customer", ["+7"]) == {("phone", "+7"): ["u2"]}
    assert hub.shared("customer") == []


# work that waits


def test_marks_are_walked_in_order(hub: Hub) -> None:
    hub.mark("customer", ["u3", "u1", "u2"])
    hub.mark("card", ["c1"], TO_PLAN)
    assert hub.marked("customer", TO_MERGE) == ["u1", "u2", "u3"]
    assert hub.marked("customer", TO_MERGE, after="u1", limit=1) == ["u2"]
    assert hub.marked("customer", TO_PLAN) == []
    assert (hub.count_marked(TO_MERGE), hub.count_marked(TO_PLAN)) == (3, 1)
    assert sorted(hub.marked_among(["u1", "c1", "u9"], TO_MERGE)) == ["u1"]
    assert hub.marked_among(["u1", "c1"], TO_PLAN) == ["c1"]


def test_what_must_be_merged_stays_so(hub: Hub) -> None:
    hub.mark("customer", ["u1"], TO_MERGE)
    hub.mark("customer", ["u1", "u2"], TO_PLAN)
    hub.mark("customer", ["u2"], TO_MERGE)
    hub.mark("customer", ["u3"], TO_PLAN)
    assert hub.marked("customer", TO_MERGE) == ["u1", "u2"]
    assert hub.marked("customer", TO_PLAN) == ["u3"]


def test_merged_records_wait_for_the_plan_until_they_are_settled(hub: Hub) -> None:
    hub.mark("customer", ["u1", "u2"])
    hub.merged(["u1"])
    assert (hub.marked("customer", TO_MERGE), hub.marked("customer", TO_PLAN)) == (["u2"], ["u1"])
    hub.settled(["u1", "u2"])
    assert (hub.marked("customer", TO_MERGE), hub.marked("customer", TO_PLAN)) == (["u2"], [])


def test_every_record_of_a_feed_can_be_marked(hub: Hub, store: Store) -> None:
    feed, other = store.crosswalk.feed("kafe", "customer"), store.crosswalk.feed("buh", "customer")
    store.crosswalk.add(feed, [link("1", "u1"), link("2", "u1", primary=0), link("3", "u2")])
    store.crosswalk.add(other, [link("1", "u3")])
    hub.mark("customer", ["u1"], TO_PLAN)
    hub.mark_linked(feed, "customer")
    assert hub.marked("customer", TO_MERGE) == ["u1", "u2"]


def test_a_record_that_everybody_has_needs_no_plan(hub: Hub, store: Store) -> None:
    kafe, buh = store.crosswalk.feed("kafe", "customer"), store.crosswalk.feed("buh", "customer")
    store.crosswalk.add(kafe, [link("1", "u1"), link("2", "u2"), gone("3", "u3")])
    store.crosswalk.add(buh, [link("1", "u1"), link("2", "u2", primary=0), link("4", "u4")])
    store.crosswalk.add(store.crosswalk.feed("kafe", "card"), [link("1", "c1")])
    hub.complete("customer", [kafe, buh])
    assert hub.marked("customer", TO_PLAN) == ["u2", "u4"], "who has left is not carried on"
    assert hub.marked("card", TO_PLAN) == [], "cards are asked for apart"
    hub.complete("card", [kafe])
    assert hub.marked("card", TO_PLAN) == ["c1"]


def test_only_new_records_are_looked_at_again(hub: Hub, store: Store) -> None:
    kafe, buh = store.crosswalk.feed("kafe", "customer"), store.crosswalk.feed("buh", "customer")
    store.crosswalk.add(kafe, [link("1", "u1")])
    hub.complete("customer", [kafe, buh])
    hub.settled(["u1"])
    hub.complete("customer", [kafe, buh])
    assert hub.marked("customer", TO_PLAN) == []
    store.crosswalk.add(kafe, [link("2", "u2")])
    hub.mark("customer", ["u2"], TO_MERGE)
    store.crosswalk.add(kafe, [link("3", "u3")])
    hub.complete("customer", [kafe, buh])
    assert hub.marked("customer", TO_PLAN) == ["u3"], "what is to be merged stays so"
    assert hub.marked("customer", TO_MERGE) == ["u2"]


def test_a_new_feed_lacks_every_record(hub: Hub, store: Store) -> None:
    kafe, buh = store.crosswalk.feed("kafe", "customer"), store.crosswalk.feed("buh", "customer")
    store.crosswalk.add(kafe, [link("1", "u1")])
    hub.complete("customer", [kafe])
    assert hub.marked("customer", TO_PLAN) == []
    hub.complete("customer", [kafe, buh])
    assert hub.marked("customer", TO_PLAN) == ["u1"]


def test_an_id_is_never_given_twice_so_that_what_is_new_is_seen(hub: Hub, store: Store) -> None:
    kafe, buh = store.crosswalk.feed("kafe", "customer"), store.crosswalk.feed("buh", "customer")
    store.crosswalk.add(kafe, [link("1", "u1")])
    hub.complete("customer", [kafe, buh])
    hub.settled(["u1"])
    store.crosswalk.remove(store.crosswalk.last_id())
    store.crosswalk.add(kafe, [link("2", "u2")])
    hub.complete("customer", [kafe, buh])
    assert hub.marked("customer", TO_PLAN) == ["u2"]


def gone(external_id: str, uid: str) -> NewLink:
    return link(external_id, uid)._replace(gone=1)


def link(external_id: str, uid: str, primary: int = 1) -> NewLink:
    return NewLink(external_id, uid, primary, b"{}", b"", None, None, 0, None, 1, "created", "run", "")
