"""EnterpriseData through a folder: numbers that are never lost, files that are never half there, two sides in turn."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigError, Locked, RowError, StopError, UsageError
from connector.systems.onec.enterprisedata import (
    PLAN,
    Confirmation,
    Counters,
    Folder,
    Header,
    Item,
    Node,
    Received,
    read_message,
    write_message,
)

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CUSTOMER = (
    "Справочник.Контрагенты",
    {"КлючевыеСвойства": {"Наименование": "Анна", "ЮридическоеФизическоеЛицо": "ФизическоеЛицо"}},
)


class OneC:
    """The other side: 1C with a counter of its own."""

    def __init__(self, folder: Path, code: str = "УТ", spelled: str = "UT") -> None:
        self.folder, self.code, self.spelled = folder, code, spelled
        self.sent = self.received = 0

    def message(self, *objects: Any, **changes: Any) -> bytes:
        facts = {"plan": PLAN, "to": "CON", "sender": self.code, "number": self.sent, "received": self.received}
        header = Header(
            version="1.8",
            created_at="2026-11-21T10:00:00",
            confirmation=Confirmation(**{**facts, **changes}),  # type: ignore[arg-type]
            available=("1.8", "1.10"),
        )
        stream = io.BytesIO()
        write_message(stream, header, objects)
        return stream.getvalue()

    def write(self, *objects: Any, packed: bool = False, **changes: Any) -> Path:
        self.sent += 1
        data = self.message(*objects, **changes)
        file = self.folder / f"Message_{self.spelled}_CON.{'zip' if packed else 'xml'}"
        if packed:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("Message.xml", data)
        else:
            file.write_bytes(data)
        return file

    def read(self) -> tuple[Header, list[Item]]:
        with (self.folder / f"Message_CON_{self.spelled}.xml").open("rb") as stream:
            message = read_message(stream)
            items = list(message.objects)
        assert message.header.confirmation is not None
        self.received = message.header.confirmation.number
        return message.header, items


class Desk:
    """Our side, with what it has taken in."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.counters = Counters(state / "kafe.json", plan=PLAN, code="CON")
        self.folder = Folder(folder, self.counters, now=lambda: NOW)
        self.taken: list[Item] = []

    def take(self, header: Header, objects: Iterator[Item]) -> None:
        assert header.version == "1.8"
        self.taken += objects

    def receive(self) -> list[tuple[str, int]]:
        return [(one.became, one.objects) for one in self.folder.receive(self.take)]


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    return tmp_path / "shared"


@pytest.fixture
def desk(shared: Path, tmp_path: Path) -> Desk:
    return Desk(shared, tmp_path / "state")


@pytest.fixture
def onec(shared: Path) -> OneC:
    return OneC(shared)


def names(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("packed", [False, True])
def test_two_sides_in_turn(desk: Desk, onec: OneC, shared: Path, packed: bool) -> None:
    onec.write(CUSTOMER, CUSTOMER, packed=packed)
    assert desk.receive() == [("accept", 2)]
    assert len(desk.taken) == 2
    sent = desk.folder.send([CUSTOMER])
    assert (sent.number, sent.file, sent.written.written) == (1, "Message_CON_UT.xml", 1)
    header, items = onec.read()
    assert header.confirmation == Confirmation(plan=PLAN, to="УТ", sender="CON", number=1, received=1)
    assert (header.version, [item.type for item in items]) == ("1.10", ["Справочник.Контрагенты"])
    assert desk.folder.acknowledged == 0
    onec.write(packed=packed)
    assert desk.receive() == [("accept", 0)]
    assert desk.folder.acknowledged == 1
    suffix = "zip" if packed else "xml"
    assert names(shared) == [
        "Message_CON_UT.xml",
        f"processed/Message_UT_CON-1.{suffix}",
        f"processed/Message_UT_CON-2.{suffix}",
    ]


def test_nothing_came(desk: Desk, shared: Path) -> None:
    (shared / "Message_UT_OTHER.xml").write_text("another's")
    (shared / "readme.txt").write_text("a person's")
    assert desk.receive() == []
    assert names(shared) == ["Message_UT_OTHER.xml", "readme.txt"]


def test_a_message_that_was_here_is_not_read_again(desk: Desk, onec: OneC) -> None:
    file = onec.write(CUSTOMER)
    data = file.read_bytes()
    assert desk.receive() == [("accept", 1)]
    file.write_bytes(data)
    [again] = desk.folder.receive(desk.take)
    assert (again.became, again.objects, len(desk.taken)) == ("seen", 0, 1)
    assert "received before" in str(again.reason)


def test_a_confirmation_counts_even_where_the_body_was_seen(desk: Desk, onec: OneC) -> None:
    onec.write(CUSTOMER)
    desk.receive()
    desk.folder.send([CUSTOMER])
    onec.read()
    onec.sent -= 1
    onec.write(CUSTOMER)
    assert desk.receive() == [("seen", 0)]
    assert desk.folder.acknowledged == 1


def test_what_is_not_for_us_is_put_aside_with_the_reason(desk: Desk, onec: OneC, shared: Path) -> None:
    onec.write(CUSTOMER, to="OTHER")
    [received] = desk.folder.receive(desk.take)
    assert (received.became, desk.taken) == ("refuse", [])
    failed = sorted((shared / "failed").iterdir())
    assert [file.suffix for file in failed] == [".txt", ".xml"]
    assert "OTHER" in failed[0].read_text("utf-8")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"<html><body/></html>", id="html"),
        pytest.param(b"PK\x03\x04", id="archive"),
        pytest.param(b"", id="empty"),
        pytest.param(None, id="cut"),
    ],
)
def test_a_broken_file_changes_nothing(desk: Desk, onec: OneC, shared: Path, data: bytes | None) -> None:
    file = onec.write(CUSTOMER, CUSTOMER)
    file.write_bytes(file.read_bytes()[:-40] if data is None else data)
    old = (NOW - timedelta(hours=1)).timestamp()
    os.utime(file, (old, old))
    [received] = desk.folder.receive(desk.take)
    assert (received.became, received.objects, desk.taken) == ("broken", 0, [])
    assert desk.counters.load().received == 0
    assert not file.exists() and len(names(shared / "failed")) == 2


def test_a_file_that_is_still_being_written_is_left_for_the_next_time(desk: Desk, onec: OneC, shared: Path) -> None:
    file = onec.write(CUSTOMER)
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    os.utime(file, (NOW.timestamp() - 5, NOW.timestamp() - 5))
    assert desk.receive() == []
    assert file.read_bytes() == whole[:-40]
    file.write_bytes(whole)
    assert desk.receive() == [("accept", 1)]


@pytest.mark.parametrize("kind", ["torn", "locked", "empty"])
def test_archives_that_cannot_be_opened(desk: Desk, onec: OneC, kind: str) -> None:
    file = onec.write(*[CUSTOMER] * 50, packed=True)
    data = bytearray(file.read_bytes())
    if kind == "torn":
        data[60:80] = b"\0" * 20
    elif kind == "locked":
        data[6] |= 1
        at = data.rindex(b"PK\x01\x02")
        data[at + 8] |= 1
    else:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("readme.txt", "nothing")
        data = bytearray(stream.getvalue())
    file.write_bytes(bytes(data))
    os.utime(file, (0, 0))
    assert desk.receive() == [("broken", 0)]
    assert desk.taken == []


def test_a_message_whose_objects_could_not_be_stored_is_read_again(desk: Desk, onec: OneC) -> None:
    onec.write(CUSTOMER)

    def fails(header: Header, objects: Iterator[Item]) -> None:
        next(objects)
        raise RowError("Наименование", "Анна", "no place left")

    with pytest.raises(RowError):
        desk.folder.receive(fails)
    assert desk.counters.load().received == 0
    assert desk.receive() == [("accept", 1)]


def test_objects_that_nobody_read_are_not_confirmed(desk: Desk, onec: OneC) -> None:
    onec.write(CUSTOMER, CUSTOMER)
    with pytest.raises(ValueError, match="not read to their end"):
        desk.folder.receive(lambda header, objects: None)
    assert desk.counters.load().received == 0
    assert desk.receive() == [("accept", 2)]


def test_the_number_is_on_the_disk_before_the_message(desk: Desk, onec: OneC, shared: Path) -> None:
    onec.write()
    desk.receive()

    def breaks() -> Iterator[Any]:
        yield CUSTOMER
        assert desk.counters.load().sent == 1
        raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        desk.folder.send(breaks())
    assert not (shared / "Message_CON_UT.xml").exists()
    assert names(shared) == ["processed/Message_UT_CON-1.xml"]
    assert desk.folder.send([CUSTOMER]).number == 2


def test_the_message_before_stays_until_the_new_one_is_whole(desk: Desk, onec: OneC, shared: Path) -> None:
    onec.write()
    desk.receive()
    desk.folder.send([CUSTOMER])

    def looks() -> Iterator[Any]:
        assert onec.read()[0].confirmation is not None
        yield CUSTOMER
        assert len(onec.read()[1]) == 1
        yield CUSTOMER

    desk.folder.send(looks())
    assert len(onec.read()[1]) == 2


def test_before_1c_has_written_nobody_knows_its_code(desk: Desk) -> None:
    with pytest.raises(UsageError, match="first message"):
        desk.folder.send([CUSTOMER])
    assert desk.counters.load().sent == 0


def test_a_code_that_is_a_path_leads_nowhere(desk: Desk, shared: Path) -> None:
    onec = OneC(shared, code="../../evil")
    onec.write()
    desk.receive()
    assert desk.folder.send([]).file == "Message_CON_UT.xml"
    desk.counters.save(Node(plan=PLAN, code="CON", peer="../../evil"))
    with pytest.raises(UsageError):
        desk.folder.send([])


def test_counters_of_another_node_stop_the_exchange(desk: Desk, onec: OneC, tmp_path: Path) -> None:
    onec.write()
    desk.receive()
    other = Counters(tmp_path / "state" / "kafe.json", plan=PLAN, code="NEW")
    with pytest.raises(ConfigError, match="CON"):
        other.load()


def test_damaged_counters_stop_the_exchange(desk: Desk, onec: OneC, tmp_path: Path) -> None:
    onec.write()
    desk.receive()
    (tmp_path / "state" / "kafe.json").write_text('{"plan": "x", "sent"')
    file = onec.write(CUSTOMER)
    for exchange in (desk.receive, lambda: desk.folder.send([])):
        with pytest.raises(ConfigError, match="damaged"):
            exchange()
    assert desk.taken == [] and not file.exists()


def test_counters_are_readable_by_a_person(desk: Desk, onec: OneC, tmp_path: Path) -> None:
    onec.write()
    desk.receive()
    said = json.loads((tmp_path / "state" / "kafe.json").read_text("utf-8"))
    assert (said["code"], said["peer"], said["spelled"], said["received"], said["version"]) == (
        "CON",
        "УТ",
        "UT",
        1,
        "1.10",
    )


def test_one_process_at_a_time(desk: Desk, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from connector.systems.onec.enterprisedata import Counters\n"
        "with Counters(Path(sys.argv[1]), plan='p', code='c').held():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "state" / "kafe.json")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(Locked):
        desk.receive()
    process.kill()
    process.wait()
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.close()
    assert desk.receive() == []


def test_a_folder_that_is_not_there_is_said(desk: Desk, shared: Path) -> None:
    shared.rmdir()
    with pytest.raises(StopError, match="cannot be used"):
        desk.receive()


def test_a_message_of_settings_only_tells_the_partner(desk: Desk, onec: OneC, shared: Path) -> None:
    onec.sent = 1
    data = onec.message().replace(b"EnterpriseData/1.8</msg:Format>", b"EnterpriseData</msg:Format>")
    (shared / "Message_UT_CON.xml").write_bytes(data)
    received = desk.folder.receive(desk.take)
    assert [one.became for one in received] == ["settings"] and isinstance(received[0], Received)
    assert desk.counters.load().peer == "УТ"
    assert desk.counters.load().received == 0
