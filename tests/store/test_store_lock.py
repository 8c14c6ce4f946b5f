"""One run at a time: a live owner is respected, a dead one is not waited for, and only one of many racers wins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from connector.errors import Locked
from connector.store import Store
from connector.store.owner import lives, this_process
from connector.store.store import LOCK_DEAD_AFTER, LOCK_HUNG_AFTER

AT = "2026-11-21T10:00:00+03:00"
NOW = 1_790_000_000


def unknown(owner: str) -> None:
    """A process of which nothing is known: on another machine, say."""


def test_a_live_lock_is_respected(store: Store, opened: Callable[..., Store]) -> None:
    store.take_lock("run", "kafe-pc:1", AT, NOW, unknown)
    with pytest.raises(Locked) as info:
        opened().take_lock("run", "other-pc:2", AT, NOW + LOCK_DEAD_AFTER - 1, unknown)
    assert info.value.exit_code == 2
    assert info.value.fact("owner") == "kafe-pc:1"
    assert info.value.fact("at") == AT
    assert store.beat("run", "kafe-pc:1", NOW)


def test_the_owner_may_take_it_again(store: Store) -> None:
    store.take_lock("run", "a", AT, NOW, unknown)
    store.take_lock("run", "a", AT, NOW + 1, unknown)
    assert store.db.one("SELECT owner, beat FROM lock") == ("a", NOW + 1)


def test_locks_of_other_names_do_not_matter(store: Store) -> None:
    store.take_lock("run", "a", AT, NOW, unknown)
    store.take_lock("upgrade", "b", AT, NOW, unknown)


def test_a_dropped_lock_is_free(store: Store) -> None:
    store.take_lock("run", "a", AT, NOW, unknown)
    store.drop_lock("run", "b")
    with pytest.raises(Locked):
        store.take_lock("run", "b", AT, NOW, unknown)
    store.drop_lock("run", "a")
    store.take_lock("run", "b", AT, NOW, unknown)


def test_a_silent_owner_loses_it_and_is_told(store: Store) -> None:
    store.take_lock("run", "a", AT, NOW, unknown)
    assert store.beat("run", "a", NOW + 60)
    with pytest.raises(Locked):
        store.take_lock("run", "b", AT, NOW + LOCK_DEAD_AFTER, unknown)
    store.take_lock("run", "b", AT, NOW + 60 + LOCK_DEAD_AFTER, unknown)
    assert not store.beat("run", "a", NOW + 200)
    assert store.beat("run", "b", NOW + 200)
    store.drop_lock("run", "a")
    assert store.db.value("SELECT owner FROM lock") == "b"


def test_a_process_that_is_gone_is_not_waited_for(store: Store) -> None:
    store.take_lock("run", "a", AT, NOW, unknown)
    store.take_lock("run", "b", AT, NOW, lambda owner: False)
    assert store.db.value("SELECT owner FROM lock") == "b"


def test_a_process_that_lives_is_waited_for_longer(store: Store) -> None:
    store.take_lock("run", "a", AT, NOW, unknown)
    with pytest.raises(Locked):
        store.take_lock("run", "b", AT, NOW + LOCK_HUNG_AFTER - 1, lambda owner: True)
    store.take_lock("run", "b", AT, NOW + LOCK_HUNG_AFTER, lambda owner: True)


def test_a_clock_that_was_wrong_does_not_lock_for_ever(store: Store) -> None:
    store.take_lock("run", "a", AT, NOW + 10 * LOCK_HUNG_AFTER, unknown)
    store.take_lock("run", "b", AT, NOW, unknown)
    with pytest.raises(Locked):
        store.take_lock("run", "c", AT, NOW - LOCK_DEAD_AFTER - 1, unknown)


# names of owners


def test_a_name_tells_whether_its_process_lives() -> None:
    own = this_process()
    assert own != this_process(), "two runs of one process are two owners"
    assert own.split(":")[1] == str(os.getpid())
    assert lives(own) is (True if sys.platform == "linux" else None)


@pytest.mark.parametrize("owner", ["", "a", "kafe-pc:1", "a:b:c:d:e", "host:1:-:-:0", "host:1:ffffffffffff:1:0"])
def test_of_other_machines_nothing_is_known(owner: str) -> None:
    assert lives(owner) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
def test_a_later_process_of_the_same_number_is_another() -> None:
    host, pid, machine, started, nonce = this_process().split(":")
    assert lives(":".join((host, pid, machine, str(int(started) + 1), nonce))) is False


# real processes

RACER = """
import sys, time
from connector.errors import Locked
from connector.store import open_store
from connector.store.owner import this_process
with open_store(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        store.take_lock("run", this_process(), "", int(time.time()))
        print("mine", flush=True)
        sys.stdin.readline()
    except Locked:
        print("locked", flush=True)
"""

Racer = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def racer(url: str) -> Iterator[Racer]:
    running: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RACER, url]
        running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_of_racing_processes_one_wins(racer: Racer) -> None:
    racers = [racer() for _ in range(4)]
    assert [hear(process) for process in racers] == ["ready"] * 4
    for process in racers:
        say(process)
    assert sorted(hear(process) for process in racers) == ["locked", "locked", "locked", "mine"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a dead owner is known by its silence")
def test_a_killed_owner_is_followed_at_once(racer: Racer) -> None:
    killed, waiting, next_one = racer(), racer(), racer()
    for process in (killed, waiting, next_one):
        assert hear(process) == "ready"
    say(killed)
    assert hear(killed) == "mine"
    say(waiting)
    assert hear(waiting) == "locked"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    say(next_one)
    assert hear(next_one) == "mine"
