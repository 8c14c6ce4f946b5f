"""What a person reads: moments without machine marks, places beside names, and what to do beside what is wrong."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from connector.locale.words import field_called
from connector.reports.sheet import Sheet, read, write
from tests.commands.conftest import Run

Said = Callable[..., str]


def test_moments_are_short(said: Said) -> None:
    assert re.search(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b", said("status"))
    assert not re.search(r"\d\dT\d\d:\d\d", said("status"))


def test_whom_a_question_is_about_is_told_with_the_place(run: Run, said: Said) -> None:
    asked = next(one for one in run("conflicts", "list", "--json") if one["kind"] == "identity")
    whole = run("conflicts", "show", str(asked["id"]), "--json")
    line = next(line for line in said("conflicts", "list").splitlines() if line.startswith(f"{asked['id']}\t"))
    assert whole["links"][0]["account"] in line.split("\t")[3]


def test_a_field_inside_the_lines_of_a_document_has_a_name() -> None:
    assert field_called("lines.2.price", "ru") == "строка 2 цена"
    assert field_called("lines.2", "ru") == "строка 2"
    assert field_called("phone", "ru") == "телефон"
    assert field_called(None, "ru") == ""
    assert field_called("lines.2.price", "en") == "line 2 price"


def test_choices_too_long_for_a_cell_can_still_be_chosen(tmp_path: Path) -> None:
    long, short = [f"{number} {'x' * 90}" for number in range(4)], ["kafe", "buh"]
    file = tmp_path / "t.xlsx"
    write(file, Sheet(["id", "take"], [["1", ""], ["2", ""]], offers={(0, "take"): long, (1, "take"): short}))
    with zipfile.ZipFile(file) as packed:
        page = packed.read("xl/worksheets/sheet1.xml").decode()
        told = packed.read("xl/sharedStrings.xml").decode()
        book = packed.read("xl/workbook.xml").decode()
    assert "<formula1>choices!$A$1:$D$1</formula1>" in page and "kafe,buh" in page
    assert all(choice in told for choice in long)
    assert 'name="choices"' in book and 'state="hidden"' in book
    assert 'orientation="landscape"' in page and 'fitToHeight="0"' in page
    assert [row["id"] for _, row in read(file)] == ["1", "2"], "the first page is the table"
