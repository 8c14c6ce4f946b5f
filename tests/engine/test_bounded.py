"""A first run of very many records with conflicts holds a handful of them at a time."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

import connector.sync.planning as planning
import connector.sync.settle as settle
from connector.model.states import Conflict, Operation
from connector.sync.engine import Options
from connector.sync.waits import Wait
from tests.engine.worlds import World, new_store

RECORDS = 200
CHUNK = 10


class Watch:
    """The most objects of each kind that were alive at once while a run was applying."""

    def __init__(self) -> None:
        self.most: dict[type, int] = {}
        self.told = 0

    def observing(self, account: str, entity: str, rows: int) -> None:
        """Nothing is planned yet."""

    def applying(self, operation: Operation) -> None:
        self.told += 1
        if self.told % CHUNK:  # to look through all objects takes its time
            return
        alive = [type(one) for one in gc.get_objects() if isinstance(one, Operation | Conflict | Wait)]
        for kind in (Operation, Conflict, Wait):
            self.most[kind] = max(self.most.get(kind, 0), alive.count(kind))


def test_what_a_run_keeps_does_not_grow_with_the_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (planning, settle):
        monkeypatch.setattr(module, "CHUNK", CHUNK)
    monkeypatch.setattr(planning.Planner, "KEEP", CHUNK)
    store = new_store(f"sqlite:///{tmp_path}/store.db")
    world = World(store)
    for number in range(RECORDS):
        phone = f"+7916{number:07d}" if number % 2 else ""
        world.books.insert("customer", {"title": f"Н{number}", "mail": f"n{number}@x.ru", "phone": phone}, f"b{number}")
        world.till.add("customer", full=f"М{number}", email=f"n{number}@x.ru", city=f"Город {number}")
    engine, watch = world.engine(), Watch()
    engine.progress = watch
    report = engine.run(Options(consent=lambda _match: True))
    assert report.route("customer", "till").updated == 2 * RECORDS, "named, and stamped"
    assert report.route("customer", "shop").created == RECORDS // 2
    assert report.route("customer", "shop").waiting == RECORDS // 2
    assert report.route("customer", "till").conflicts == RECORDS
    assert len(report.conflicts) == RECORDS, "they are read from the log when somebody asks"
    assert watch.most[Operation] <= 4 * CHUNK
    assert watch.most[Wait] <= 4 * CHUNK
    assert watch.most[Conflict] <= 4 * CHUNK
    store.close()
