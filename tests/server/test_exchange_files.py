"""Files of 1C: pieces, names, archives, and everything that must be refused."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from connector.sandbox.commerceml_client import NEW, OLD, Broken
from connector.sandbox.commerceml_files import Good, catalogue_files
from connector.systems.onec.commerceml import CommercemlAdapter, whole_file
from connector.systems.rows import decode_body
from tests.server.shop import GOODS, Raw, Shop, new_base, played

WHOLE = (
    '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.05"><Каталог><Товары><Товар>'
    "<Ид>g1</Ид><Наименование>Кофе</Наименование></Товар></Товары></Каталог></КоммерческаяИнформация>"
).encode()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def sent(url: str, name: str, data: bytes, *, imported: str | None = None, kind: str = "catalog") -> str:
    """Send one file by hand and have it imported; the answer that ended it."""
    raw = Raw(url)
    raw.enter(kind)
    raw.call(f"type={kind}&mode=init")
    answer = raw.call(f"type={kind}&mode=file&filename={quote(name)}", data)
    if answer != "success":
        return answer
    return raw.call(f"type={kind}&mode=import&filename={quote(imported or name)}")


# what is taken -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", [OLD, NEW], ids=["old", "new"])
def test_a_catalogue_arrives_whole_and_in_order(tmp_path: Path, behaviour: object) -> None:
    shop = Shop(tmp_path / "shop", file_limit=1)
    base = new_base()
    base.goods = [Good(guid=f"g{number}", name=f"Товар {number} {'х' * 300}") for number in range(3000)]
    with shop.open() as url:
        session = played(url, base, behaviour)  # type: ignore[arg-type]
        session.catalogue()
    version = session.behaviour.version
    made = "2026-11-21T10:00:00"
    expected = list(catalogue_files(base.goods, version, made).values())
    assert [file.read_bytes() for file in shop.inbox] == expected
    assert sum(step.mode == "file" for step in session.steps) > len(expected)
    with shop.inbox[0 if version < "3" else 1].open("rb") as stream:
        assert whole_file(stream).objects["product"] == 3000


def test_a_long_file_is_held_as_progress(shop: Shop) -> None:
    base = new_base()
    base.goods = [Good(guid=f"g{number}", name=f"Товар {number}") for number in range(3000)]
    with shop.open(hold=0.02) as url:
        session = played(url, base)
        session.catalogue()
    answers = [step.answer for step in session.steps if step.mode == "import"]
    assert "progress" in answers
    assert answers.count("success") == 2


def test_an_import_that_is_asked_for_again_is_not_done_again(shop: Shop) -> None:
    with shop.open() as url:
        raw = Raw(url)
        raw.enter()
        raw.call("type=catalog&mode=init")
        raw.call("type=catalog&mode=file&filename=import.xml", WHOLE)
        for _ in range(3):
            assert raw.call("type=catalog&mode=import&filename=import.xml") == "success"
        assert len(shop.inbox) == 1
        raw.call("type=catalog&mode=file&filename=import.xml", WHOLE)
        assert raw.call("type=catalog&mode=import&filename=import.xml") == "success"
    assert [file.read_bytes() for file in shop.inbox] == [WHOLE, WHOLE], "a second file of the name is another file"


def test_an_exchange_that_begins_anew_forgets_what_came_before(shop: Shop) -> None:
    with shop.open() as url:
        raw = Raw(url)
        raw.enter()
        raw.call("type=catalog&mode=init")
        raw.call("type=catalog&mode=file&filename=import.xml", WHOLE[:100])
        raw.call("type=catalog&mode=init")
        raw.call("type=catalog&mode=file&filename=import.xml", WHOLE)
        assert raw.call("type=catalog&mode=import&filename=import.xml") == "success"
    assert [file.read_bytes() for file in shop.inbox] == [WHOLE]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1251"])
def test_a_file_may_be_written_in_any_encoding_1c_writes(shop: Shop, encoding: str) -> None:
    text = WHOLE.decode()
    data = text.replace("UTF-8", "windows-1251" if encoding == "cp1251" else "UTF-8").encode(encoding)
    with shop.open() as url:
        assert sent(url, "import.xml", data) == "success"
    [page] = [page for page in adapter(shop).feed("product", ["Наименование"]) if page.rows]
    assert decode_body(page.rows[0].body) == {"Наименование": "Кофе"}


def adapter(shop: Shop) -> CommercemlAdapter:
    return CommercemlAdapter("site", "site", shop.folder / "exchange/site")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("/tmp/import.xml", "import.xml"),
        ("upload/1c/webdata/import.xml", "import.xml"),
        ("C:\\Temp\\v8\\import.xml", "Temp/v8/import.xml"),
        ("goods\\1\\import.xml", "goods/1/import.xml"),
        ("goods\\1\\import.xml", "import.xml"),
        ("IMPORT.XML", "import.xml"),
        ("каталог.xml", "каталог.xml"),
    ],
)
def test_a_name_is_known_again_with_folders_and_slashes_of_any_kind(shop: Shop, name: str, asked: str) -> None:
    with shop.open() as url:
        assert sent(url, name, WHOLE, imported=asked) == "success"
    assert len(shop.inbox) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_a_name_may_stand_unencoded_in_the_address(shop: Shop, encoding: str) -> None:
    with shop.open() as url:
        raw = Raw(url)
        raw.enter()
        raw.call("type=catalog&mode=init")
        query = "type=catalog&mode=file&filename=мой каталог.xml".encode(encoding).decode("latin-1")
        head = f"POST {raw.path}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {raw.cookie}\r\n"
        assert _sent_raw(raw, head.encode("latin-1") + f"Content-Length: {len(WHOLE)}\r\n\r\n".encode() + WHOLE)
        assert raw.call(f"type=catalog&mode=import&filename={quote('мой каталог.xml')}") == "success"


def _sent_raw(raw: Raw, data: bytes) -> bool:
    import socket

    with socket.create_connection((raw.host, raw.port), 10) as connection:
        connection.sendall(data)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer.endswith(b"success")


def test_a_picture_is_taken_and_forgotten(shop: Shop) -> None:
    with shop.open() as url:
        played(url).picture("import_files\\ab\\1.jpg", b"\xff\xd8" * 1000)
        arriving = list((shop.folder / "exchange/site/arriving").rglob("*"))
        assert [path for path in arriving if path.is_file()] == []


def test_what_no_run_reads_is_proved_and_not_kept(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    (shop.folder / "mappings/routes.yaml").write_text("[]", encoding="utf-8")
    with shop.open() as url:
        assert sent(url, "import.xml", WHOLE) == "success"
        assert sent(url, "import.xml", WHOLE[:-5]).startswith("failure")
    assert shop.inbox == []


# archives ------------------------------------------------------------------------------------------------------


def test_archives_are_refused_unless_the_account_takes_them(shop: Shop) -> None:
    with shop.open() as url:
        assert "packed files are not taken" in sent(url, "v8_1.zip", zipped(**{"import.xml": WHOLE}))


def test_an_archive_is_unpacked_and_its_files_are_named_by_1c(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop", zip=True)
    files = {"webdata/import.xml": WHOLE, "offers.xml": WHOLE, "import_files/1.jpg": b"\xff\xd8"}
    with shop.open() as url:
        raw = Raw(url)
        raw.enter()
        assert raw.call("type=catalog&mode=init") == "zip=yes\nfile_limit=16777216"
        data = zipped(**files)
        raw.call("type=catalog&mode=file&filename=v8_3B8F_3e.zip", data[:100])
        raw.call("type=catalog&mode=file&filename=v8_3B8F_3e.zip", data[100:])
        for name in ("import.xml", "offers.xml"):
            assert raw.call(f"type=catalog&mode=import&filename={name}") == "success"
    assert [file.read_bytes() for file in shop.inbox] == [WHOLE, WHOLE]


def bomb(size: int) -> bytes:
    return zipped(**{"import.xml": bytes(size)})


def lying(data: bytes) -> bytes:
    """The same archive, that says of its files to be of one byte."""
    packed = bytearray(data)
    start = packed.rindex(b"PK\x01\x02")
    packed[start + 24 : start + 28] = (1).to_bytes(4, "little")
    return bytes(packed)


@pytest.mark.parametrize(
    "data",
    [
        bomb(300 * 1024 * 1024),
        lying(bomb(20 * 1024 * 1024)),
        zipped(**{f"{number}.xml": b"" for number in range(10_001)}),
        zipped(**{"../../import.xml": WHOLE}),
        zipped(**{"import.xml": WHOLE})[:-30],
        b"PK\x03\x04 no archive",
        zipped(**{"import.zip": zipped(**{"import.xml": WHOLE})}),
    ],
    ids=["bomb", "lying bomb", "too many", "climbs out", "cut", "none", "nested"],
)
def test_an_archive_that_is_none_or_too_much_is_refused(tmp_path: Path, data: bytes) -> None:
    shop = Shop(tmp_path / "shop", zip=True, largest=10)
    with shop.open() as url:
        assert sent(url, "v8.zip", data, imported="import.xml").startswith("failure\n")
        left = [path for path in (shop.folder / "exchange/site/arriving").rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in left) <= 10 * 1024 * 1024
    assert shop.inbox == []
    assert not (tmp_path / "import.xml").exists()


# what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        + WHOLE.partition(b"?>")[2].replace("Кофе".encode(), b"&e;"),
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">' + WHOLE.partition(b"?>")[2],
        WHOLE[:-30],
        b"<html><body>no</body></html>",
        b"no xml at all",
        b"",
        b"<a>" * 400,
    ],
    ids=["entity", "dtd", "cut", "html", "text", "empty", "deep"],
)
def test_a_file_that_is_not_one_is_refused_in_a_sentence_and_leaves_nothing(shop: Shop, data: bytes) -> None:
    with shop.open() as url:
        for kind in ("catalog", "sale"):
            answer = sent(url, "import.xml", data, kind=kind) if kind == "catalog" or data else "failure\nempty"
            assert answer.startswith("failure\n"), answer
            assert "passwd" not in answer and "root:" not in answer
    assert shop.inbox == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.xml",
        "a/../../x.xml",
        "..\\..\\x.xml",
        "",
        "/",
        "a\x00.xml",
        "x" * 300 + ".xml",
        "a:b.xml",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(shop: Shop, name: str) -> None:
    before = set(shop.folder.rglob("*"))
    with shop.open() as url:
        assert sent(url, name, WHOLE).startswith("failure\n")
    after = set(shop.folder.rglob("*")) - before
    assert [path for path in after if path.suffix == ".xml"] == []
    assert not (shop.folder.parent / "x.xml").exists()


def test_a_file_that_was_never_sent_cannot_be_imported(shop: Shop) -> None:
    with shop.open() as url:
        raw = Raw(url)
        raw.enter()
        assert "no file of this name" in raw.call("type=catalog&mode=import&filename=import.xml")


def test_a_piece_and_an_exchange_have_limits(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop", file_limit=1, largest=2)
    megabyte = 1024 * 1024
    with shop.open() as url:
        raw = Raw(url)
        raw.enter()
        raw.call("type=catalog&mode=init")
        assert "one piece" in raw.call("type=catalog&mode=file&filename=a.xml", bytes(megabyte + 1))
        for _ in range(2):
            assert raw.call("type=catalog&mode=file&filename=a.xml", bytes(megabyte)) == "success"
        assert "longer than" in raw.call("type=catalog&mode=file&filename=b.xml", bytes(megabyte))
        with pytest.raises(ConnectionError):
            raw.call("type=catalog&mode=file&filename=c.xml", bytes(30 * megabyte))


def test_the_inbox_does_not_fill_the_disk(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop", file_limit=1, largest=1)
    filler = WHOLE.replace(b"</", b" " * 900_000 + b"</", 1)
    with shop.open() as url:
        answers = [sent(url, "import.xml", filler) for _ in range(6)]
    assert answers[:4] == ["success"] * 4
    assert "too much waits" in answers[5]


def test_what_was_observed_is_forgotten(shop: Shop) -> None:
    with shop.open() as url:
        for _ in range(3):
            assert sent(url, "import.xml", WHOLE) == "success"
    read = adapter(shop)
    read.entities = {"product", "order"}
    first = int(shop.inbox[0].stem)
    assert [page.cursor for page in read.feed("product", ["Ид"])][-1] == str(first + 2)
    list(read.feed("order", ["Ид"], str(first + 2)))
    assert len(shop.inbox) == 3, "the goods of nobody were stored yet"
    list(read.feed("product", ["Ид"], str(first + 1)))
    assert [int(file.stem) for file in shop.inbox] == [first + 2]
    with shop.open() as url:
        sent(url, "import.xml", WHOLE)
    list(read.feed("product", ["Ид"], str(first + 3)))
    list(read.feed("order", ["Ид"], str(first + 3)))
    assert shop.inbox == []
    with shop.open() as url:
        sent(url, "import.xml", WHOLE)
    assert [int(file.stem) for file in shop.inbox] == [first + 4], "a number is never given twice"
    assert list(read.feed("order", ["Ид"], str(first + 3)))[-1].cursor == str(first + 4)
    assert list(read.feed("order", ["Ид"], str(first)))[-1].cursor == str(first + 4), "a store put back reads it again"


def test_a_good_is_put_together_from_its_files(shop: Shop) -> None:
    base = new_base()
    with shop.open() as url:
        played(url, base, NEW).catalogue()
    seen: dict[str, bytes] = {}
    read = adapter(shop)
    read.remember = lambda entity, ids: {key: seen[key] for key in ids if key in seen}
    for page in read.feed("product", ["Наименование", "Артикул", "Цены", "Остатки"]):
        seen.update({row.external_id: row.body for row in page.rows})
    assert sorted(seen) == [good.guid for good in GOODS]
    coffee = decode_body(seen["g1"])
    assert list(coffee) == ["Наименование", "Артикул", "Цены", "Остатки"]
    assert (coffee["Наименование"], coffee["Артикул"]) == ("Кофе", "ESP")
    assert coffee["Остатки"][0]["Количество"] == "0"


# who comes in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1251"])
def test_credentials_are_known_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    word = "pässword" if encoding == "latin-1" else "пароль"
    shop = Shop(tmp_path / "shop", password=word)
    with shop.open() as url:
        assert Raw(url).enter(password=word, encoding=encoding) == "success"


def test_a_wrong_password_is_told_and_slows_the_next_ones_down(shop: Shop) -> None:
    with shop.open() as url:
        with pytest.raises(Broken, match="авторизоваться"):
            played(url, password="x").orders()
        raw = Raw(url)
        for login, password in (("robot", "парол"), ("robo", "пароль"), ("", ""), ("vp", "key-of-the-till")):
            assert raw.enter(login=login, password=password) == "failure"
        assert raw.enter() == "failure", "the right one waits too: the address was wrong too often"
        assert raw.cookie == ""


def test_the_wait_grows_and_ends(shop: Shop) -> None:
    from connector.server.exchange.door import Limits

    now = [0.0]
    limits = Limits(lambda: now[0])
    waits = []
    for _ in range(20):
        limits.wrong("a")
        waits.append(limits.wait("a"))
        now[0] += waits[-1]
    assert waits[:7] == [0, 0, 0, 0, 2, 4, 8]
    assert waits[-1] == 900
    assert limits.wait("b") == 0
    assert limits.wait("a") == 0
    limits.right("a")
    limits.wrong("a")
    assert limits.wait("a") == 0


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer x", "Basic " + "A" * 5000, "Basic cm9ib3Q="])
def test_what_is_no_credential_is_refused(shop: Shop, header: str) -> None:
    with shop.open() as url:
        answer = Raw(url).call("type=catalog&mode=checkauth", headers={"Authorization": header} if header else {})
        assert answer.startswith("failure\n")


@pytest.mark.parametrize("mode", ["init", "file", "import", "query", "success", "info", "complete"])
def test_nothing_is_answered_without_a_session(shop: Shop, mode: str) -> None:
    shop.offer([1])
    with shop.open() as url:
        for cookie in ("", "connector=", "connector=guessed", "other=x"):
            raw = Raw(url)
            raw.cookie = cookie
            answer = raw.call(f"type=sale&mode={mode}&filename=x.xml", WHOLE if mode == "file" else None)
            assert answer.startswith("failure\n")
            assert "A-1" not in answer
    assert shop.statuses() == {"offered": 1}


def test_a_session_belongs_to_its_account(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.accounts["other"] = {**shop.accounts["site"], "login": "other", "password": "другой"}
    shop.offer([1])
    with shop.open() as url:
        raw = Raw(url, "/exchange/other")
        assert raw.enter(login="robot") == "failure"
        assert raw.enter(login="other", password="другой") == "success"
        raw.path = "/exchange/site"
        assert raw.call("type=sale&mode=query").startswith("failure\n")
        raw.path = "/bitrix/admin/1c_exchange.php"
        assert "A-1" not in raw.call("type=sale&mode=query")
        bitrix = Raw(url, "/bitrix/admin/1c_exchange.php")
        assert bitrix.enter("sale") == "success"
        assert "A-1" in bitrix.call("type=sale&mode=query")
        assert Raw(url, "/exchange/nobody").enter() == "failure"


@pytest.mark.parametrize("query", ["", "type=catalog", "mode=init", "type=x&mode=init", "type=sale&mode=drop", "&&=&"])
def test_a_call_that_is_not_known_is_a_failure_and_no_page(shop: Shop, query: str) -> None:
    with shop.open() as url:
        raw = Raw(url)
        raw.enter("sale")
        assert raw.call(query).startswith("failure\n")


def test_a_session_ends_when_nobody_uses_it(shop: Shop) -> None:
    from connector.server.exchange.visits import IDLE, Visit, Visits

    now, ended = [0.0], []
    visits = Visits({"site": shop.folder / "exchange/site"}, lambda: now[0], ended.append)
    first = visits.begin("site", "sale")
    now[0] += IDLE - 1
    assert visits.find(first.token, "site") is first
    now[0] += IDLE + 1
    assert visits.find(first.token, "site") is None
    assert ended == [first]
    assert not first.folder.exists()
    many: list[Visit] = [visits.begin("site", "sale") for _ in range(40)]
    assert sum(visits.find(visit.token, "site") is not None for visit in many) == 16


def test_several_sessions_do_not_mix(shop: Shop) -> None:
    answers: list[str] = []

    def send(url: str, number: int) -> None:
        text = WHOLE.decode().replace("Кофе", f"Кофе {number}")
        answers.append(sent(url, "import.xml", text.encode()))

    with shop.open() as url:
        threads = [threading.Thread(target=send, args=(url, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["success"] * 8
    told = sorted(file.read_text(encoding="utf-8").partition("Кофе ")[2][0] for file in shop.inbox)
    assert told == [str(number) for number in range(8)]


def test_no_secret_is_logged_or_answered(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    shop.offer([1])
    with shop.open() as url:
        played(url).orders()
        Raw(url).enter(password="wrong-secret")
    assert "пароль" not in caplog.text
    assert "wrong-secret" not in caplog.text
    assert "+79990000000" not in caplog.text
