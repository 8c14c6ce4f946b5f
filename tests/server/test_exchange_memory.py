"""A catalogue of any size costs the server no more memory than a small one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def served(shop: Shop) -> Iterator[tuple[int, str]]:
    """The server as a process of its own: its number and its address."""
    command = [sys.executable, "-m", "connector", "-C", str(shop.folder), "serve", "--port", "0"]
    env = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # what the C library keeps for each thread is not what is looked for
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert url is not None
            yield process.pid, url[0]
        finally:
            process.kill()


def test_a_long_answer_costs_no_memory(tmp_path: Path) -> None:
    """What a thousand orders cost, five thousand of 11 MB cost too, give or take what is known of each of them."""
    shop = Shop(tmp_path / "shop")
    shop.offer(range(1000))
    with served(shop) as (pid, url):
        raw = Raw(url)
        raw.enter("sale")
        raw.bytes("type=sale&mode=query")
        before = most(pid)
        shop.offer(range(1000, 5000))
        raw.enter("sale")
        assert len(raw.bytes("type=sale&mode=query")) > 10 * MEGABYTE
        assert most(pid) - before < 9


def test_a_long_catalogue_costs_no_memory(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.offer([1])
    data = catalogue()
    with served(shop) as (pid, url):
        session = played(url)
        session.orders()
        session.catalogue()
        before = most(pid)
        raw = Raw(url)
        raw.enter()
        limit = int(raw.call("type=catalog&mode=init").partition("file_limit=")[2])
        for start in range(0, len(data), limit):
            piece = data[start : start + limit]
            assert raw.call("type=catalog&mode=file&filename=import.xml", piece) == "success"
        while (answer := raw.call("type=catalog&mode=import&filename=import.xml")).startswith("progress"):
            continue
        assert answer == "success"
        assert most(pid) - before < 15
    assert len(shop.inbox[-1].read_bytes()) == len(data)
