"""What is measured. Each scenario runs whole processes in turn, rounds times, and gives lines of the table.

pull      one side: first pull against the bare one, no-op, 1 % changed, what the store wrote
both      two sides: first sync against both bare pulls, no-op, 1 % changed carried to the other side
cursor    a base that registers changes, at two sizes: no-op against the start of the process
memory    the first pull and the first sync of both at `rows` and at a tenth of it
goods     CommerceML to records against a bare iterparse

What does not depend on the machine is asserted, in every round: requests sent are the fewest that can be, rows written
are those that changed, a run that has nothing to do writes nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.bench import goods, people
from tests.bench.lines import Line, ratio
from tests.bench.running import Taken, run, start_with
from tests.bench.shop import Shop

POSTER_PAGE: Final = 1000
SAPLAB_PAGE: Final = 150
ONEC_PAGE: Final = 1000
TURNS: Final = 24
"""In every 24th run a firm's form is read in any case (README: “a change of legal details is seen within 24 runs”)."""

UPDATE_CALLS: Final = 2
"""Of an update: the look that guards it, and the write."""

Samples = defaultdict[str, list[Taken]]


@dataclass
class Bench:
    """`folder` holds data that is made once and kept, workspaces and databases that are made anew."""

    folder: Path
    rows: int
    rounds: int
    taken: Samples = field(default_factory=lambda: defaultdict(list))

    def shop(self, rows: int | None = None) -> Shop:
        rows = rows or self.rows
        return Shop(self.folder / f"people-{rows}", rows, ("poster", "saplab"))

    def fresh(self, name: str) -> Path:
        path = self.folder / "work" / name
        shutil.rmtree(path, ignore_errors=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def raw(self, shop: Shop, kind: str, rows: int) -> None:
        database = self.fresh(f"raw-{kind}")
        database.mkdir()
        shop.requests()
        one = run("-m", "tests.bench.raw", kind, f"{shop.url}/{kind}", str(database / "raw.db"), str(rows))
        assert one.said == {"rows": rows}
        pages = feed(rows, POSTER_PAGE) if kind == "poster" else feed(rows, SAPLAB_PAGE) + firms(rows)
        assert shop.requests() == pages
        self.taken[f"raw {kind}"].append(one)

    def bare_writes(self, shop: Shop, rows: int) -> None:
        one = run("-m", "tests.bench.carry", shop.url, str(rows))
        count = changed("poster", rows) + changed("saplab", rows)
        assert one.said == {"written": count}
        assert shop.requests() == UPDATE_CALLS * count
        self.taken["bare writes"].append(one)

    def sync(self, name: str, workspace: Path, *words: str) -> Taken:
        one = run("-m", "tests.bench.command", "-C", str(workspace), "sync", "--yes", "--json", *words)
        assert one.said["status"] == "clean", one.said
        self.taken[name].append(one)
        return one

    def start(self, name: str, like: Taken) -> Taken:
        """A process that imports what `like` had imported."""
        one = start_with(like.modules)
        self.taken[name].append(one)
        return one


# what must come out, whatever the machine


def feed(rows: int, page: int) -> int:
    """The fewest requests for so many rows; an empty feed is one too."""
    return max(1, -(-rows // page))


def firms(rows: int, turn: int | None = None) -> int:
    """Forms to be read: of all firms, or of those whose turn it is."""
    numbers = [number for number in range(1, rows + 1) if people.is_firm(number)]
    return sum(turn is None or number % TURNS == turn % TURNS for number in numbers)


def changed(kind: str, rows: int) -> int:
    return sum(people.is_changed(kind, number) for number in range(1, rows + 1))


def requests_are(one: Taken, shop: Shop, expected: int) -> None:
    """What the connector says it sent, what the server was sent, and the fewest that can be."""
    told, came = one.said["requests"], shop.requests()
    assert told == came == expected, f"{told} said, {came} came, {expected} is the fewest"


def told_few(one: Taken, shop: Shop, pages: int) -> None:
    """Beside the pages 1C is asked for at most four things: our node of the plan, what it has to tell, the kinds of
    contacts; and it is told what is stored. How many customers there are plays no part.
    """
    told, came = one.said["requests"], shop.requests()
    assert told == came and pages + 2 <= came <= pages + 4, f"{told} said, {came} came, {pages} pages"


def route(one: Taken, account: str, entity: str = "customer") -> dict[str, Any]:
    return next(each for each in one.said["routes"] if (each["account"], each["entity"]) == (account, entity))


def did(one: Taken, account: str, **figures: int) -> None:
    """The figures of a route of customers; those not named are 0."""
    expected = dict.fromkeys(("read", "changed", "created", "updated", "deactivated"), 0) | figures
    assert {name: route(one, account)[name] for name in expected} == expected
    assert not any(route(one, account)[name] for name in ("conflicts", "unreadable", "waiting", "refused", "parked"))


def keep(workspace: Path) -> Path:
    """A copy of the store as it stands, to be compared with later."""
    before = workspace / "before.db"
    before.unlink(missing_ok=True)
    with closing(sqlite3.connect(workspace / "connector.db")) as store, closing(sqlite3.connect(before)) as copy:
        store.backup(copy)
    return before


TABLES: Final = ("hub", "identifier", "link", "dirty", "operation", "conflict", "journal", "holding", "lookup")
"""All that grows with the customers: not the run's own row, its cursors and its lock."""


def wrote(workspace: Path, before: Path, **figures: int) -> None:
    """So many rows of each table are not as they were, and none of the tables that are not named."""
    moved = {}
    with closing(sqlite3.connect(workspace / "connector.db")) as store:
        store.execute("ATTACH ? AS old", (str(before),))
        for name in TABLES:
            new, old = (f"SELECT * FROM {place}.{name}" for place in ("main", "old"))
            more, less = (f"SELECT count(*) FROM ({one} EXCEPT {other})" for one, other in ((new, old), (old, new)))
            moved[name] = store.execute(f"SELECT max(({more}), ({less}))").fetchone()[0]
    moved = {name: count for name, count in moved.items() if count}
    assert moved == figures, f"{moved} were written, not {figures}"


# scenarios


def pull(bench: Bench) -> list[Line]:
    rows, taken = bench.rows, bench.taken
    with bench.shop() as shop:
        for _ in range(bench.rounds):
            shop.become(rows)
            bench.raw(shop, "poster", rows)
            _pull_once(bench, shop)
    return [
        ratio("full first pull / bare pull", 1.5, 1.2, taken["pull"], taken["raw poster"]),
        ratio("no-op without a cursor / own full, one side", 0.6, 0.35, taken["pull no-op"], taken["pull"]),
        ratio("1 % changed / no-op, one side", 1.5, 1.2, taken["pull changed"], taken["pull no-op"]),
    ]


def _pull_once(bench: Bench, shop: Shop) -> None:
    rows, groups = bench.rows, 1
    workspace = shop.workspace(bench.fresh("pull"), "poster")
    full = bench.sync("pull", workspace)
    requests_are(full, shop, feed(rows, POSTER_PAGE) + groups)
    did(full, "poster", read=rows, changed=rows)
    before = keep(workspace)
    idle = bench.sync("pull no-op", workspace)
    requests_are(idle, shop, feed(rows, POSTER_PAGE) + groups)
    did(idle, "poster", read=rows)
    wrote(workspace, before)
    shop.become(rows, revision=1)
    some, count = bench.sync("pull changed", workspace), changed("poster", rows)
    requests_are(some, shop, feed(rows, POSTER_PAGE) + groups)
    did(some, "poster", read=rows, changed=count)
    wrote(workspace, before, hub=count, link=count)


def both(bench: Bench) -> list[Line]:
    rows, taken = bench.rows, bench.taken
    with bench.shop() as shop:
        for _ in range(bench.rounds):
            shop.become(rows)
            bench.raw(shop, "poster", rows)
            bench.raw(shop, "saplab", rows)
            _both_once(bench, shop)
    raws = (taken["raw poster"][-bench.rounds :], taken["raw saplab"][-bench.rounds :])
    count = changed("poster", rows) + changed("saplab", rows)
    carried = ratio(
        "1 % changed each side and carried over / no-op and the bare writes",
        *(1.5, 1.2, taken["both changed"], taken["both no-op"], taken["bare writes"]),
    )
    return [
        ratio("first sync of two sides / both bare pulls", 1.5, 1.1, taken["both"], *raws),
        ratio("no-op without a cursor / own full, two sides", 0.6, 0.35, taken["both no-op"], taken["both"]),
        replace(carried, seen=f"{carried.seen}; {count} updates, {UPDATE_CALLS} requests each"),
    ]


def _both_once(bench: Bench, shop: Shop) -> None:
    rows, groups = bench.rows, 2
    pages = feed(rows, POSTER_PAGE) + feed(rows, SAPLAB_PAGE) + groups
    workspace = shop.workspace(bench.fresh("both"), "poster", "saplab")
    full = bench.sync("both", workspace)
    requests_are(full, shop, pages + firms(rows))
    for account in ("poster", "saplab"):
        did(full, account, read=rows, changed=rows)
    before = keep(workspace)
    idle = bench.sync("both no-op", workspace)
    requests_are(idle, shop, pages + firms(rows, turn=1))
    for account in ("poster", "saplab"):
        did(idle, account, read=rows)
    wrote(workspace, before)
    _carried(bench, shop, workspace, pages)


def _carried(bench: Bench, shop: Shop, workspace: Path, pages: int) -> None:
    """1 % changed on each side: every change is written on the other one, once, and nothing else is."""
    rows = bench.rows
    before = keep(workspace)
    shop.become(rows, revision=1)
    bench.bare_writes(shop, rows)
    shop.become(rows, revision=1)
    there = {"poster": changed("poster", rows), "saplab": changed("saplab", rows)}
    accept = [f"--accept=customer/{account}:changes" for account in there]
    some = bench.sync("both changed", workspace, *accept)
    edits = sum(there.values())
    requests_are(some, shop, pages + firms(rows, turn=2) + UPDATE_CALLS * edits)
    did(some, "poster", read=rows, changed=there["poster"], updated=there["saplab"])
    did(some, "saplab", read=rows, changed=there["saplab"], updated=there["poster"])
    wrote(workspace, before, hub=edits, link=2 * edits, operation=edits)


def cursor(bench: Bench) -> list[Line]:
    sizes = (max(1, bench.rows // 10), bench.rows)
    with bench.shop(1) as shop:
        workspaces = [_based(bench, shop, rows) for rows in sizes]
        for _ in range(bench.rounds):
            for rows, workspace in zip(sizes, workspaces, strict=True):
                shop.become(rows)
                shop.requests()
                before = keep(workspace)
                idle = bench.sync(f"cursor {rows}", workspace)
                told_few(idle, shop, 0)
                did(idle, "onec")
                wrote(workspace, before)
            bench.start("cursor start", idle)
    small, large = (bench.taken[f"cursor {rows}"] for rows in sizes)
    return [
        ratio("no-op with a cursor / start with the same imports", 2.0, 1.3, large, bench.taken["cursor start"]),
        ratio(f"no-op with a cursor at {sizes[1]} / at {sizes[0]} rows", 1.15, 1.05, large, small),
    ]


def _based(bench: Bench, shop: Shop, rows: int) -> Path:
    shop.become(rows)
    workspace = shop.workspace(bench.fresh(f"base-{rows}"), "onec")
    shop.requests()
    full = bench.sync("cursor full", workspace)
    did(full, "onec", read=rows, changed=rows)
    told_few(full, shop, feed(rows + 1, ONEC_PAGE))  # the end shows itself only by a page that is not full
    return workspace


def memory(bench: Bench, share: int = 10) -> list[Line]:
    """Once: peaks hardly move between rounds."""
    sizes, lines = (max(1, bench.rows // share), bench.rows), []
    with bench.shop() as shop:
        for name, accounts in (("first pull", ("poster",)), ("first sync of both", ("poster", "saplab"))):
            peaks = []
            for rows in sizes:
                shop.become(rows)
                one = bench.sync(f"memory {name} {rows}", shop.workspace(bench.fresh("memory"), *accounts))
                peaks.append(one.memory or 0.0)
            level = bench.start(f"memory start {name}", one).memory or 0.0
            lines += _memory_lines(name, sizes, peaks, level)
    return lines


def _memory_lines(name: str, sizes: Sequence[int], peaks: Sequence[float], level: float) -> list[Line]:
    seen = f"{peaks[0]:.1f} MB at {sizes[0]}, {peaks[1]:.1f} MB at {sizes[1]}, {level:.1f} MB after imports"
    flat = Line(
        f"peak memory of a {name}, {sizes[1]} / {sizes[0]} rows", 1.15, 1.05, seen, measured=peaks[1] / peaks[0]
    )
    above = Line("the same above the level after imports", 60, 60, seen, measured=peaks[1] - level, unit=" MB")
    return [flat, above]


def xml(bench: Bench) -> list[Line]:
    file = bench.folder / f"goods-{bench.rows}.xml"
    if not file.exists():
        goods.write(file, bench.rows)
    for _ in range(bench.rounds):
        for way in ("bare", "ours"):
            one = run("-m", "tests.bench.goods", way, str(file))
            assert one.said == {"goods": bench.rows}
            bench.taken[f"goods {way}"].append(one)
        bench.start("goods start", one)
    peak = median(one.memory or 0.0 for one in bench.taken["goods ours"])
    level = median(one.memory or 0.0 for one in bench.taken["goods start"])
    seen = f"{peak:.1f} MB, {level:.1f} MB after imports; a file of {file.stat().st_size / 1e6:.0f} MB"
    return [
        ratio("XML to records / bare iterparse", 2.0, 1.6, bench.taken["goods ours"], bench.taken["goods bare"]),
        Line("the same above the level after imports", 30, 30, seen, measured=peak - level, unit=" MB"),
    ]


SCENARIOS: Final[dict[str, Callable[[Bench], list[Line]]]] = {
    "pull": pull,
    "both": both,
    "cursor": cursor,
    "memory": memory,
    "xml": xml,
}
