"""A catalogue of any size costs the server no more memory than a small one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.shop import Raw, Shop, played

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to see the memory")

GOOD = (
    "<Товар><Ид>{0:036}</Ид><Артикул>A-{0}</Артикул><Наименование>Товар номер {0} с длинным именем</Наименование>"
    '<БазоваяЕдиница Код="796 ">шт</БазоваяЕдиница>'
    "<Группы><Ид>bd72d8f9-55bc-11d9-848a-00112f43529a</Ид></Группы></Товар>\n"
)
MEGABYTE = 1024 * 1024
SIZE = 24 * MEGABYTE


def most(pid: int) -> float:
    """The most memory that a process has ever had, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) / 1024


def catalogue() -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.05"><Каталог><Товары>'
    one = GOOD.format(0)
    goods = "".join(GOOD.format(number) for number in range(SIZE // len(one.encode())))
    return f"{head}{goods}</Товары></Каталог></КоммерческаяИнформация>".encode()


def test_a_long_catalogue_costs_no_memory(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.offer([1])
    data = catalogue()
    command = [sys.executable, "-m", "connector", "-C", str(shop.folder), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert url is not None
            session = played(url[0])
            session.orders()
            session.catalogue()
            before = most(process.pid)
            raw = Raw(url[0])
            raw.enter()
            limit = int(raw.call("type=catalog&mode=init").partition("file_limit=")[2])
            for start in range(0, len(data), limit):
                piece = data[start : start + limit]
                assert raw.call("type=catalog&mode=file&filename=import.xml", piece) == "success"
            while (answer := raw.call("type=catalog&mode=import&filename=import.xml")).startswith("progress"):
                continue
            assert answer == "success"
            assert most(process.pid) - before < 15
        finally:
            process.kill()
    assert len(shop.inbox[-1].read_bytes()) == len(data)
