"""What 1C sends back by hand to the site counts as if it had come by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.cli import main
from server.shop import Shop, uid_of


def returned(number: int, key: str) -> str:
    state = "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Номер по 1С</Наименование><Значение>000-1</Значение>"
    said = f"{state}</ЗначениеРеквизита></ЗначенияРеквизитов>"
    return f"<Документ><Ид>{key}</Ид><Номер>A-{number}</Номер><Дата>2026-11-21</Дата>{said}</Документ>"


def test_orders_that_1c_gives_back_by_hand_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop(tmp_path / "shop")
    shop.offer([1, 2])
    with shop.store() as store:
        _, second = store.outbox.waiting("site")
    file = tmp_path / "orders.xml"
    root = "КоммерческаяИнформация"
    file.write_text(f"<{root} ВерсияСхемы='2.05'>{returned(1, uid_of(1))}</{root}>", "utf-8")
    assert main(["-C", str(shop.folder), "exchange", "import", str(file), "--account", "site", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["objects"] == {"order": 1}
    with shop.store() as store:
        assert store.outbox.waiting("site") == [second], "1C has the first one"
