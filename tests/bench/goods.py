"""A catalogue of CommerceML of any length, read bare and read by the connector.

python -m tests.bench.goods bare|ours FILE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from tests.bench.noting import note

_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<КоммерческаяИнформация ВерсияСхемы="2.07" ДатаФормирования="2026-11-21T10:00:00">
<Каталог СодержитТолькоИзменения="false"><Ид>1</Ид><Наименование>Основной каталог</Наименование><Товары>
"""
_GOOD: Final = """<Товар><Ид>{number:08x}-0000-4000-8000-000000000001</Ид><Артикул>А-{number}</Артикул>
<Наименование>Чай чёрный листовой № {number}, 100 г</Наименование>
<БазоваяЕдиница Код="796" НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт</БазоваяЕдиница>
<Группы><Ид>00000000-0000-4000-8000-{group:012x}</Ид></Группы>
<Описание>Крупный лист, собран вручную, упакован на месте; хранить в сухом месте вдали от света.</Описание>
<ЗначенияСвойств><ЗначенияСвойства><Ид>1</Ид><Значение>Индия</Значение></ЗначенияСвойства></ЗначенияСвойств>
<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>20</Ставка></СтавкаНалога></СтавкиНалогов>
<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>Вес</Наименование><Значение>0.1</Значение></ЗначениеРеквизита>
</ЗначенияРеквизитов></Товар>
"""
_END: Final = "</Товары></Каталог></КоммерческаяИнформация>\n"


def write(file: Path, goods: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(_HEAD)
        for number in range(1, goods + 1):
            out.write(_GOOD.format(number=number, group=number % 50))
        out.write(_END)


def bare(file: Path) -> int:
    """Every element as lxml gives it when it is asked for nothing else; a good is forgotten when it is over."""
    from lxml import etree

    count = 0
    for _, element in etree.iterparse(str(file)):
        if element.tag != "Товар":
            continue
        count += 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return count


def ours(file: Path) -> int:
    """Every good as a record of plain values, as an import takes it."""
    from connector.systems.onec.commerceml import read_file

    with file.open("rb") as stream:
        return sum(item.kind == "product" and item.problem is None for item in read_file(stream, file.name).items)


if __name__ == "__main__":
    read = bare(Path(sys.argv[2])) if sys.argv[1] == "bare" else ours(Path(sys.argv[2]))
    print(json.dumps({"goods": read}))
    note()
