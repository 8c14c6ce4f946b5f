"""What lines refer to: by link, GUID, article, name; never made, never guessed, and the money that waits is said."""

from __future__ import annotations

from connector.store import Store
from connector.sync.people import join
from connector.systems.memory import Step
from tests.ledger.conftest import Make
from tests.ledger.worlds import World, item, written


def asked(world: World) -> list[str]:
    """The look-ups of goods in the books from now on."""
    found: list[str] = []

    def watch(step: Step) -> None:
        if (step.verb, step.entity, step.moment) == ("find", "product", "before"):
            found.append(step.verb)

    world.books.faults = watch
    return found


def links(store: Store, spoke: str) -> list[tuple[str, str]]:
    return [(link.external_id, link.how) for link in store.crosswalk.all("product", spoke)]


def test_a_good_is_found_once_and_linked(world: World) -> None:
    found = asked(world)
    client = world.person()
    for number in range(3):
        world.position(client, f"NZ-{number}")
    world.sync()
    assert len(found) == 1 and links(world.store, "books") == [("g-30.896.00", "sku")]
    world.position(client, "NZ-9")
    world.sync()
    assert len(found) == 1, "linked: nobody is asked again"


def test_the_article_counts_before_the_name(world: World) -> None:
    world.good("555", "Масло")
    world.good("556", "Воздух")
    world.position(world.person(), article="556", title="Масло")
    world.sync()
    assert world.document()["rows"][0]["good"] == "g-556"


def test_by_name_only_the_one_that_is_called_exactly_so(world: World) -> None:
    client = world.person("counter")
    world.order(client, item(id="1", title="Пружина"))
    world.order(client, item(id="2", title="Пружин"), guid="o-2")
    world.sync()
    assert world.document()["rows"][0]["good"] == "g-12133"
    assert world.waits() == [("line 1, “Пружин”: books has no such good: name “Пружин”", "lines.1", 47400)]


def test_several_that_fit_are_none(make: Make) -> None:
    world = make()
    world.books.insert("product", {"article": "1", "title": "Фильтр"}, "a")
    world.books.insert("product", {"article": "2", "title": "Фильтр"}, "b")
    world.order(world.person("counter"))
    world.sync()
    assert world.documents() == []
    ((reason, _, money),) = world.waits()
    assert reason.endswith("books has 2 goods with name “Фильтр”: nothing tells which is meant") and money == 47400


def test_of_several_with_one_article_the_name_tells(make: Make) -> None:
    world = make()
    world.books.insert("product", {"article": "30.896.00", "title": "Фильтр  масла"}, "a")
    world.books.insert("product", {"article": "30.896.00", "title": "Фильтр"}, "b")
    world.position(world.person())
    world.sync()
    assert world.document()["rows"][0]["good"] == "b"


def test_one_article_of_two_brands_is_in_doubt(world: World) -> None:
    """They are two goods of the shop, and the books have one."""
    client = world.person()
    world.position(client)
    world.position(client, "NZ-2", brand="FRAM")
    world.sync()
    assert len(world.documents()) == 1
    ((reason, _, _),) = world.waits()
    assert "the good of books with this sku is “UFI 30.896.00” of shop already; join them by hand" in reason


def test_a_good_of_both_sides_is_one_good(world: World) -> None:
    world.position(world.person())
    world.order(world.person("counter"))
    world.sync()
    assert len(world.documents()) == 2
    uids = {link.uid for link in world.store.crosswalk.all("product")}
    assert len(uids) == 1, "the counter's 789 and the shop's UFI 30.896.00 are one good of the books"
    assert written(world.sync()) == 0


def test_a_person_says_which_it_is(world: World) -> None:
    client = world.person("counter")
    world.order(client, item(title="Фильтр «особый»"))
    report = world.sync()
    assert world.documents() == [] and report.routes["order", "books"].waiting == 1
    (line,) = world.store.journal.all("waiting")
    assert str(line.do) == (
        "give it this article or name in books, or say which it is:"
        " connector links link counter:product:789 books:product:GUID"
    )
    world.position(world.person())
    world.sync()
    own, theirs = (
        world.store.crosswalk.at("counter", "product", "789"),
        world.store.crosswalk.at("books", "product", "g-30.896.00"),
    )
    assert own is not None and theirs is not None
    join(world.store, own, theirs.uid, at="now", by="test")
    report = world.sync()
    assert report.status == "clean", report.as_json()
    assert {row["good"] for document in world.documents() for row in document["rows"]} == {"g-30.896.00"}


def test_goods_leave_nothing_marked(world: World) -> None:
    world.position(world.person())
    world.order(world.person("counter"))
    world.sync()
    assert [world.store.hub.count_marked(stage) for stage in (0, 1, 2)] == [0, 0, 0]


def test_an_id_that_is_a_guid_may_be_the_books_own(make: Make) -> None:
    world = make()
    guid = "a348aa8c-d629-11e5-0a9b-000c295e30eb"
    world.books.insert("product", {"article": "", "title": "Что-то"}, guid)
    found = asked(world)
    world.adapters["books"].find = _by_guid(world, guid)  # type: ignore[method-assign]
    world.order(world.person("counter"), item(id=guid, title="Иначе"))
    world.sync()
    assert world.document()["rows"][0]["good"] == guid
    assert found == []


def _by_guid(world: World, guid: str):  # type: ignore[no-untyped-def]
    """Books that can be asked by their own key too, as 1C can."""
    from dataclasses import replace

    adapter = world.adapters["books"]
    can, find, get = adapter.capabilities, type(adapter).find, adapter.get

    def capabilities(entity: str):  # type: ignore[no-untyped-def]
        own = can(entity)
        return replace(own, find_by=("id_1c", *own.find_by)) if entity == "product" else own

    def found(entity: str, scheme: str, value: str, paths):  # type: ignore[no-untyped-def]
        if scheme != "id_1c":
            return find(adapter, entity, scheme, value, paths)
        row = get(entity, value, paths)
        return [] if row is None else [row]

    adapter.capabilities = capabilities  # type: ignore[method-assign]
    return found
