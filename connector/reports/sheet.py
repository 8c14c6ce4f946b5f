"""One table in a file that a person may fill in and give back: .xlsx or .csv, the file's ending decides.

Every cell is text: an INN keeps its leading zero, a card number its last digits, and nothing is ever a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from math import ceil
from pathlib import Path
from typing import Any, Final

from connector.errors import UsageError
from connector.locale import N_

ENDINGS: Final = (".xlsx", ".csv")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_MOST_BYTES: Final = 64 * 1024 * 1024
_LIST: Final = 255  # what Excel holds in one list of choices
_CHOICES: Final = "choices"
_A4: Final = 9
_LINE: Final = 15.0
_MOST_LINES: Final = 10
_FOLDED: Final = 1.15  # words are not cut, so that a line of a cell is seldom full
_CELL: Final = 32767  # what Excel holds in one cell


@dataclass(frozen=True)
class Sheet:
    """Heads and rows of text. `choices` are offered in a column (by head), `offers` in one cell (row from 0, head).

    `asked` are the columns to be filled in, `hidden` those that only the program reads. `notes` stand on a second page
    of a workbook, whose title they begin with.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    offers: Mapping[tuple[int, str], Sequence[str]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    notes: Sequence[str] = ()


def ending_of(file: Path) -> str:
    """`.xlsx` or `.csv`. UsageError for another ending."""
    ending = file.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(N_("{file}: the ending must be one of {endings}"), file=file, endings=", ".join(ENDINGS))
    return ending


def write(file: Path, sheet: Sheet) -> None:
    """Write the table. UsageError when the file cannot be written (it may be open in Excel)."""
    try:
        if ending_of(file) == ".csv":
            file.write_text(_csv(sheet), encoding="utf-8-sig", newline="")
        else:
            _write_xlsx(file, sheet)
    except OSError as error:
        raise UsageError(N_("{file} cannot be written: {reason}"), file=file, reason=error.strerror) from error


def read(file: Path) -> list[tuple[int, dict[str, str]]]:
    """(line, head -> text) of every row that is not empty. UsageError when the file is no table."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(N_("{file} is larger than {limit} bytes"), file=file, limit=_MOST_BYTES)
        lines = _read_csv(file) if ending_of(file) == ".csv" else _read_xlsx(file)
    except OSError as error:
        raise UsageError(N_("{file} cannot be read: {reason}"), file=file, reason=error.strerror) from error
    if not lines:
        raise UsageError(N_("{file} holds no table"), file=file)
    heads = [head.strip() for head in lines[0]]
    return [
        (number, dict(zip(heads, cells, strict=False)))
        for number, cells in enumerate(lines[1:], 2)
        if any(cell.strip() for cell in cells)
    ]


def _csv(sheet: Sheet) -> str:
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(sheet.heads)
    writer.writerows([_guarded(cell) for cell in row] for row in sheet.rows)
    return out.getvalue()


def _guarded(cell: str) -> str:
    """A spreadsheet takes some beginnings for a formula; an apostrophe before them makes it text."""
    return f"'{cell}" if cell.startswith((*_FORMULA, "'")) else cell


def _read_csv(file: Path) -> list[list[str]]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(N_("{file} is not UTF-8; save it as “CSV UTF-8”"), file=file) from error
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    return [[_bare(cell) for cell in row] for row in csv.reader(StringIO(text), delimiter=delimiter)]


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") else cell


def _write_xlsx(file: Path, sheet: Sheet) -> None:
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(file), options) as book:
        page = book.add_worksheet()
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        head = book.add_format({"bold": True, "bottom": 1})
        asked = book.add_format({"num_format": "@", "bg_color": "#FFF8DC", "border": 1, "valign": "top"})
        for column, name in enumerate(sheet.heads):
            page.write_string(0, column, name, head)
        for number, row in enumerate(sheet.rows, 1):
            for column, cell in enumerate(row):
                page.write_string(number, column, cell[:_CELL], asked if sheet.heads[column] in sheet.asked else text)
        if sheet.notes:
            _explain(book.add_worksheet(sheet.notes[0][:31]), sheet.notes[1:], text)
        _arrange(page, sheet, _Lists(book))


class _Lists:
    """Choices that are longer than what Excel keeps in a cell stand on a hidden page of their own, a row each."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._page: Any = None
        self._rows = 0

    def place(self, choices: Sequence[str]) -> str:
        """Where they stand, as Excel writes it."""
        if self._page is None:
            self._page = self._book.add_worksheet(_CHOICES)
            self._page.hide()
        for column, choice in enumerate(choices):
            self._page.write_string(self._rows, column, choice)
        self._rows += 1
        from xlsxwriter.utility import xl_range_abs

        return f"={_CHOICES}!{xl_range_abs(self._rows - 1, 0, self._rows - 1, len(choices) - 1)}"


def _arrange(page: Any, sheet: Sheet, lists: _Lists) -> None:
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    if sheet.rows:
        page.autofilter(0, 0, len(sheet.rows), len(sheet.heads) - 1)
    widths = [_width(name, [row[at] for row in sheet.rows], name in sheet.asked) for at, name in enumerate(sheet.heads)]
    for number, row in enumerate(sheet.rows, 1):
        lines = max(_lines(cell, width) for cell, width in zip(row, widths, strict=True))
        if lines > 1:  # not every program makes room for wrapped text by itself
            page.set_row(number, _LINE * min(lines, _MOST_LINES))
    for column, name in enumerate(sheet.heads):
        hidden = {"hidden": True} if name in sheet.hidden else {}
        page.set_column(column, column, widths[column], None, hidden)
        for number in range(len(sheet.rows)):
            _offer(page, number + 1, column, sheet.offers.get((number, name), sheet.choices.get(name, ())), lists)


def _offer(page: Any, row: int, column: int, choices: Sequence[str], lists: _Lists) -> None:
    """A list to choose from; another text is warned about, not refused."""
    listed = [choice.replace(",", ";") for choice in choices]
    if listed:
        source = listed if len(",".join(listed)) <= _LIST else lists.place(choices)
        page.data_validation(row, column, row, column, {"validate": "list", "source": source, "error_type": "warning"})


def _explain(page: Any, lines: Sequence[str], text: Any) -> None:
    page.set_column(0, 0, 110)
    for number, line in enumerate(lines):
        page.write_string(number, 0, line, text)


def _lines(cell: str, width: int) -> int:
    return 1 if len(cell) < width else ceil(len(cell) * _FOLDED / width)


def _width(head: str, cells: Sequence[str], asked: bool) -> int:
    """In characters; where something is to be filled in there is room for it."""
    return min(48, max(32 if asked else 8, 2 + max(map(len, (head, *cells[:200])))))


def _read_xlsx(file: Path) -> list[list[str]]:
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        text = N_("reading .xlsx needs one more package: pip install connector[xlsx-read]; .csv works without it")
        raise UsageError(text) from error
    try:
        rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise UsageError(N_("{file} is no workbook"), file=file) from error
    return [list(_texts(row)) for row in rows]


def _texts(row: Sequence[Any]) -> Iterator[str]:
    """A number that a person typed is a whole number far more often than not."""
    for cell in row:
        if isinstance(cell, bool):
            yield str(cell).lower()
        elif isinstance(cell, float) and cell.is_integer():
            yield str(int(cell))
        else:
            yield str(cell)
