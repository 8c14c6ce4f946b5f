"""The tables of conflicts and links in Russian, as Excel gives them back: other columns, other types, other spaces."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from connector.reports.sheet import read

Run = Callable[..., Any]
Said = Callable[..., str]
Row = dict[str, Any]

NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def shop(shop: Path) -> Path:
    """The same workspace, whose language is Russian."""
    file = shop / "connector.yaml"
    text = file.read_text(encoding="utf-8")
    assert "language: en" in text
    file.write_text(text.replace("language: en", "language: ru"), encoding="utf-8")
    return shop


def in_excel(file: Path, rows: Sequence[Row], heads: Sequence[str]) -> None:
    """Saved by Excel: numbers are numbers, dates are dates."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(file)) as book:
        page = book.add_worksheet()
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        page.write_row(0, 0, [f"{head}{NBSP}" for head in heads])
        for number, row in enumerate(rows, 1):
            for column, head in enumerate(heads):
                value = row.get(head, "")
                if isinstance(value, datetime.date):
                    page.write_datetime(number, column, datetime.datetime(value.year, value.month, value.day), day)
                elif isinstance(value, bool):
                    page.write_boolean(number, column, value)
                elif isinstance(value, int | float):
                    page.write_number(number, column, float(value))
                else:
                    page.write_string(number, column, value)
        book.add_worksheet("Что делать").write_string(0, 0, "…")


def edited(file: Path, changes: Mapping[int, Row], *, only: frozenset[int] = frozenset()) -> None:
    """Numbers of conflicts become numbers, rows go, an empty one comes, columns change places and get spaces."""
    rows: list[Row] = [{**row, "номер": float(row["номер"])} for _, row in read(file)]
    heads = [*reversed(rows[0]), "заметки"]
    kept = [row for row in rows if not only or row["номер"] in only]
    in_excel(file, [{}, *({**row, **changes.get(int(row["номер"]), {})} for row in kept)], heads)


def conflicts(run: Run, **wanted: str) -> list[dict[str, Any]]:
    listed = run("conflicts", "list", "--json")
    return [one for one in listed if all(one[name] == value for name, value in wanted.items())]


def test_the_heads_and_words_are_russian(said: Said, run: Run) -> None:
    said("conflicts", "export", "c.xlsx")
    rows = [row for _, row in read(Path("c.xlsx"))]
    assert {"номер", "метка", "вид", "сущность", "запись", "поле", "было", "чьё значение", "значение"} <= set(rows[0])
    assert len(rows) == len(conflicts(run))
    said("links", "export", "l.xlsx")
    rows = [row for _, row in read(Path("l.xlsx"))]
    assert set(rows[0]) == {"сущность", "ключ записи", "имя", "подключение", "номер там", "основная", "как", "когда"}
    assert {"покупатель", "карта", "группа"} <= {row["сущность"] for row in rows}
    assert {row["основная"] for row in rows} <= {"да", "нет"}
    assert not {row["как"] for row in rows} & {"created", "phone", "id_1c", "card"}


def test_an_account_with_spaces_is_that_account(said: Said, run: Run) -> None:
    (conflict,) = conflicts(run, kind="field", field="phone")
    said("conflicts", "export", "c.xlsx")
    edited(Path("c.xlsx"), {conflict["id"]: {"чьё значение": f" panel {NBSP}"}})
    assert run("conflicts", "import", "c.xlsx", "--json") == {"decided": 1, "left": []}
    decided = run("conflicts", "show", str(conflict["id"]), "--json")
    assert decided["record"]["phone"] == conflict["values"]["panel"]


@pytest.mark.parametrize("typed", [74951230099.0, 84951230099.0, "8 (495) 123-00-99", f"+7{NBSP}495{NBSP}123-00-99 "])
def test_a_phone_is_understood_as_people_type_it(said: Said, run: Run, typed: Any) -> None:
    (conflict,) = conflicts(run, kind="field", field="phone")
    said("conflicts", "export", "c.xlsx")
    edited(Path("c.xlsx"), {conflict["id"]: {"значение": typed}}, only=frozenset({conflict["id"]}))
    assert run("conflicts", "import", "c.xlsx", "--json") == {"decided": 1, "left": []}
    assert run("conflicts", "show", str(conflict["id"]), "--json")["record"]["phone"] == "+74951230099"


@pytest.mark.parametrize(("typed", "means"), [("да", True), ("Нет ", False), (True, True), (0.0, False), (1.0, True)])
def test_a_yes_is_understood_as_people_type_it(said: Said, run: Run, typed: Any, means: bool) -> None:
    (conflict,) = conflicts(run, kind="field", field="active")
    said("conflicts", "export", "c.xlsx")
    edited(Path("c.xlsx"), {conflict["id"]: {"значение": typed}})
    assert run("conflicts", "import", "c.xlsx", "--json") == {"decided": 1, "left": []}
    assert run("conflicts", "show", str(conflict["id"]), "--json")["record"]["active"] is means


def test_different_ones_in_russian(said: Said, run: Run) -> None:
    conflict = conflicts(run, kind="identity", entity="customer")[0]
    said("conflicts", "export", "c.xlsx")
    edited(Path("c.xlsx"), {conflict["id"]: {"чьё значение": f"Это разные{NBSP}"}})
    assert run("conflicts", "import", "c.xlsx", "--json") == {"decided": 1, "left": []}
    assert run("conflicts", "show", str(conflict["id"]), "--json")["winner"] == "separate"


def test_what_was_not_filled_in_stays_open_whatever_became_of_its_rows(said: Said, run: Run) -> None:
    before = conflicts(run)
    said("conflicts", "export", "c.xlsx")
    edited(Path("c.xlsx"), {}, only=frozenset({before[0]["id"], before[1]["id"]}))
    assert run("conflicts", "import", "c.xlsx", "--json") == {"decided": 0, "left": []}
    assert conflicts(run) == before


def test_a_row_that_was_copied_or_lost_its_number_is_told_in_russian(said: Said, run: Run) -> None:
    first, second = conflicts(run)[:2]
    said("conflicts", "export", "c.xlsx")
    different = {"чьё значение": "это разные"}
    edited(Path("c.xlsx"), {first["id"]: different, second["id"]: {**different, "номер": first["id"]}})
    left = run("conflicts", "import", "c.xlsx", "--json", code=1)
    assert left["decided"] <= 1
    assert "расхождени" in left["left"][0]["reason"]


def test_links_come_back_from_russian_excel(said: Said, run: Run) -> None:
    said("links", "export", "l.xlsx")
    rows: list[Row] = [row for _, row in read(Path("l.xlsx"))]
    for row in rows:
        if row["номер там"].isdecimal() and not row["номер там"].startswith("0"):
            row["номер там"] = float(row["номер там"])
        row["подключение"] = f"{row['подключение']}{NBSP}"
        row["сущность"] = row["сущность"].capitalize()
    in_excel(Path("l.xlsx"), rows[::2], list(reversed(rows[0])))
    assert run("links", "import", "l.xlsx", "--json") == {"joined": 0, "left": []}


def test_groups_are_joined_by_giving_them_one_key(said: Said, run: Run) -> None:
    said("links", "export", "l.xlsx", "--entity", "group")
    rows: list[Row] = [row for _, row in read(Path("l.xlsx"))]
    one = next(row for row in rows if row["подключение"] == "kafe")
    other = next(row for row in rows if row["подключение"] == "panel")
    other["ключ записи"] = one["ключ записи"]
    in_excel(Path("l.xlsx"), rows, list(rows[0]))
    assert run("links", "import", "l.xlsx", "--json") == {"joined": 1, "left": []}
    shown = run("links", "show", f"panel:group:{other['номер там']}", "--json")
    assert {link["account"] for link in shown["links"]} == {"kafe", "panel"}
    assert run("links", "import", "l.xlsx", "--json") == {"joined": 0, "left": []}


def test_a_table_without_a_column_names_it_in_russian(said: Said) -> None:
    in_excel(
        Path("l.xlsx"),
        [{"сущность": "группа", "подключение": "kafe", "номер там": 1}],
        ["сущность", "подключение", "номер там"],
    )
    assert "ключ записи" in said("links", "import", "l.xlsx", code=3)


def test_an_english_table_is_read_in_a_russian_workspace(said: Said, run: Run) -> None:
    said("links", "export", "l.csv", "--entity", "group")
    rows = [row for _, row in read(Path("l.csv"))]
    heads = ("entity", "uid", "account", "external_id")
    russian = ("сущность", "ключ записи", "подключение", "номер там")
    cells = [dict(zip(heads, ("group", *(row[name] for name in russian[1:])), strict=True)) for row in rows]
    in_excel(Path("e.xlsx"), cells, heads)
    assert run("links", "import", "e.xlsx", "--json") == {"joined": 0, "left": []}
