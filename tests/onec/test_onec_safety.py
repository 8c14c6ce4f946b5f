"""What was made to do harm is refused by every reader of files and answers of others: one table over all of them."""

from __future__ import annotations

import io
import os
import struct
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.errors import BrokenAnswer
from connector.jobs.exchange.reading import read_files
from connector.systems.onec import archives, safexml
from connector.systems.onec.bank import BankAdapter
from connector.systems.onec.commerceml import prove_file, read_file
from connector.systems.onec.enterprisedata import PLAN, Counters, Folder, whole_message
from connector.systems.onec.metadata import read_metadata
from connector.systems.onec.safexml import NotXml
from connector.systems.virtpos import document as virtpos

Reader = Callable[[bytes], object]
REFUSALS = (BrokenAnswer, NotXml, virtpos.NotReadable)
SPACE = "http://v8.1c.ru/edi/edi_stnd/EnterpriseData/1.8"
SECRET = "root:x:0:0"


def site(inner: str) -> str:
    root = "КоммерческаяИнформация"
    return f"<{root} ВерсияСхемы='2.05'><Контрагент><Ид>1</Ид>{inner}</Контрагент></{root}>"


def message(inner: str) -> str:
    head = f"<m:Header><m:Format>{SPACE}</m:Format><m:CreationDate>2026-11-21T10:00:00</m:CreationDate></m:Header>"
    body = f"<Body xmlns='{SPACE}'><Справочник.Валюты><А>{inner}</А></Справочник.Валюты></Body>"
    return f"<Message xmlns:m='http://www.1c.ru/SSL/Exchange/Message'>{head}{body}</Message>"


def metadata(inner: str) -> str:
    schema = f"<EntityType Name='A'>{inner}</EntityType><EntitySet Name='A' EntityType='StandardODATA.A'/>"
    return f"<x:Edmx xmlns:x='e'><x:DataServices><Schema>{schema}</Schema></x:DataServices></x:Edmx>"


def answer(inner: str) -> str:
    return f"<root><success>1</success><orders><order><paid>1</paid><comment>{inner}</comment></order></orders></root>"


def imported(data: bytes) -> object:
    """As a person gives it to `exchange import`; the file lies in the folder of the test."""
    path = Path("given.xml")
    path.write_bytes(data)
    return read_files(path)


READERS: dict[str, tuple[Reader, Callable[[str], str]]] = {
    "commerceml": (lambda data: list(read_file(io.BytesIO(data), "f.xml").items), site),
    "commerceml proved": (lambda data: prove_file(io.BytesIO(data), "f.xml"), site),
    "enterprisedata": (lambda data: whole_message(io.BytesIO(data), "f.xml"), message),
    "import of commerceml": (imported, site),
    "import of enterprisedata": (imported, message),
    "metadata": (lambda data: read_metadata(io.BytesIO(data)), metadata),
    "virtpos": (virtpos.decode, answer),
    "virtpos streamed": (lambda data: list(virtpos.orders(io.BytesIO(data), {})), answer),
    "small document": (safexml.whole, answer),
}
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def before(text: str) -> Callable[[str], bytes]:
    return lambda whole: f'<?xml version="1.0" encoding="UTF-8"?>{text}{whole}'.encode()


ATTACKS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "external entity": ("&e;", before('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')),
    "laughs": ("&l9;", before(f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>')),
    "external dtd": ("1", before('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">')),
    "small letters": ("1", before("<!doctype x>")),
    "behind a comment": ("1", before(f"<!-- {'x' * 5000} --><?pi x?>\n<!DOCTYPE x>")),
    "utf-16": ("1", lambda whole: f"<!DOCTYPE x>{whole}".encode("utf-16")),
    "utf-16 without a mark": ("1", lambda whole: f"<!DOCTYPE x>{whole}".encode("utf-16-le")),
    "ebcdic": ("1", lambda whole: b'\x4c\x6f\xa7\x94\x93' + f"<!DOCTYPE x>{whole}".encode("cp1140", "replace")),
    "an endless beginning": ("1", before(f"<!-- {'x' * 200_000} -->")),
    "deep": ("<a>" * 5000 + "</a>" * 5000, before("")),
    "one long text": ("x" * 11_000_000, before("")),
    "an entity that nobody declared": ("&nobody;", before("")),
    "cut": ("1", lambda whole: whole.encode()[:-12]),
    "text behind the end": ("1", lambda whole: f"{whole}<x/>".encode()),
    "no xml": ("", lambda whole: b"\x00\x01\x02" + bytes(100)),
    "nothing": ("", lambda whole: b""),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("reader", READERS)
def test_what_does_harm_is_refused(reader: str, attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read, shell = READERS[reader]
    inner, made = ATTACKS[attack]
    with pytest.raises(REFUSALS) as info:
        read(made(shell(inner)))
    sentence = info.value.sentence
    assert SECRET not in str(sentence) and len(str(sentence)) < 500
    assert sentence.in_("ru") != str(sentence), "a person is told in his language"


@pytest.mark.parametrize("reader", READERS)
def test_the_same_without_harm_is_read(reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the table above would prove nothing."""
    monkeypatch.chdir(tmp_path)
    read, shell = READERS[reader]
    read(shell("1").encode())
    read(before("<!-- a comment -->")(shell("&lt;!DOCTYPE x&gt;")))
    if reader != "virtpos":  # which answers in UTF-8
        read(shell("1").encode("utf-16"))


@pytest.mark.parametrize("reader", [name for name in READERS if not name.startswith(("metadata", "virtpos", "small"))])
@pytest.mark.parametrize("root", ["<html><body/></html>", "<x/>", "<КоммерческаяИнформация2/>", "<message/>"])
def test_another_root_is_another_format(
    reader: str, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BrokenAnswer):
        READERS[reader][0](root.encode())


def test_one_object_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    """None of its texts is too long by itself: only the sum of them tells."""

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            first = site("").encode().partition(b"</")[0] if self.given == 0 else b""
            self.given += max(size, 1)
            return first + b"<a>" + b"x" * max(size, 1) + b"</a>"

    stream = Endless()
    with pytest.raises(BrokenAnswer, match="longer than"):
        list(read_file(stream, "f.xml").items)  # type: ignore[arg-type]
    assert stream.given < 40 * 1024 * 1024


# archives

WHOLE = site("1").encode()


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def lying(data: bytes, size: int) -> bytes:
    """The same archive, that says of its file to have as many bytes."""
    place = data.rindex(b"PK\x01\x02")
    return data[: place + 24] + struct.pack("<I", size) + data[place + 28 :]


def locked(data: bytes) -> bytes:
    place = data.rindex(b"PK\x01\x02")
    return data[: place + 8] + struct.pack("<H", 1) + data[place + 10 :]


ARCHIVES = {
    "bomb": zipped({"a.xml": bytes(300 * 1024 * 1024)}),
    "lying bomb": lying(zipped({"a.xml": WHOLE + b" " * 50_000_000}), len(WHOLE)),
    "too many": zipped({f"{number}.xml": b"" for number in range(10_001)}),
    "climbs out": zipped({"../../a.xml": WHOLE}),
    "climbs out backwards": zipped({"..\\..\\a.xml": WHOLE}),
    "a sign that drives a terminal": zipped({"a\x1b[2J.xml": WHOLE}),
    "cut": zipped({"a.xml": WHOLE})[:-30],
    "damaged": zipped({"a.xml": WHOLE}).replace(WHOLE[:4], b"")[: len(WHOLE)],
    "nested": zipped({"a.zip": zipped({"a.xml": WHOLE})}),
    "empty": zipped({}),
    "a folder alone": zipped({"webdata/": b""}),
    "locked": locked(zipped({"a.xml": WHOLE})),
    "two formats": zipped({"a.xml": WHOLE, "b.xml": message("1").encode()}),
    "one broken": zipped({"a.xml": WHOLE, "b.xml": WHOLE[:-5]}),
}  # fmt: skip


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_do_harm_are_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "given.zip"
    path.write_bytes(ARCHIVES[name])
    started = time.process_time()
    with pytest.raises(BrokenAnswer):
        read_files(path)
    assert time.process_time() - started < 30, "it was unpacked first"
    assert [file.name for file in tmp_path.iterdir()] == ["given.zip"], "nothing was laid onto the disk"


@pytest.mark.parametrize("name", sorted(ARCHIVES.keys() - {"two formats", "one broken"}))
def test_an_archive_in_the_folder_of_an_exchange_is_put_aside(name: str, tmp_path: Path) -> None:
    now = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    given = tmp_path / "shared/Message_UT_CON.zip"
    given.parent.mkdir()
    given.write_bytes(ARCHIVES[name])
    os.utime(given, (now.timestamp() - 3600,) * 2)
    folder = Folder(given.parent, Counters(tmp_path / "counters.json", plan=PLAN, code="CON"), now=lambda: now)
    (received,) = folder.receive(lambda *_: pytest.fail("something of it was used"))
    assert (received.became, received.objects) == ("broken", 0)


def test_folders_in_an_archive_are_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "given.zip"
    path.write_bytes(zipped({"webdata/": b"", "webdata/000001/a.xml": WHOLE, "C:\\1c\\b.XML": WHOLE, "x.jpg": b"1"}))
    assert read_files(path).objects == {"customer": 2}
    assert [name for name, _ in archives.files_of(path, 1 << 20)] == ["a.xml", "b.XML"]


def test_more_than_there_is_room_for_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "given.xml"
    path.write_bytes(WHOLE)
    with pytest.raises(BrokenAnswer, match="longer than"):
        archives.files_of(path, len(WHOLE) - 1)


def test_a_statement_that_is_too_long_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "kl.txt"
    with path.open("wb") as file:
        file.write(b"1CClientBankExchange\n")
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(BrokenAnswer, match="longer than"):
        read_files(path)
    (page,) = BankAdapter("bank", "bank", tmp_path).feed("payment", ("number",))
    assert "longer than" in str(page.unreadable[0][1])
