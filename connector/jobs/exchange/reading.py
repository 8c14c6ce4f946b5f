"""An exchange file, read to its end and told: what it carries, how many, for how much, and what is wrong with it.

    read = read_files(path)                  # an archive counts as what is in it
    read.format, read.version, read.objects, read.sums

Nothing is kept of the objects: memory does not grow with a file of XML. A file that stops in the middle is
BrokenAnswer, so that what comes out of here is whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from connector.jobs.exchange.formats import Format, format_of
from connector.locale import N_, Sentence
from connector.model.values import minor, money_text
from connector.systems.onec.archives import Opened, broken, files_of
from connector.systems.onec.bank import MAX_BYTES, differences, read_statement
from connector.systems.onec.commerceml import read_file
from connector.systems.onec.enterprisedata import Confirmation, read_message

ROOM: Final = 16 * 1024**3
"""Bytes of all files of one import, unpacked."""
_TOLD: Final = 1000
"""So many remarks are kept; all are counted."""

_NAMES: Final = {
    "Справочник.Контрагенты": "customer",
    "Справочник.КонтрагентыГруппа": "group",
    "Справочник.Номенклатура": "product",
    "Справочник.ДисконтныеКарты": "card",
    "Справочник.Склады": "storage",
    "Документ.ЗаказКлиента": "order",
}
"""Objects of EnterpriseData by what they are called here; the others keep the name that the format gives them."""


class Remark(NamedTuple):
    """Something about a place in a file. `unreadable`: the object cannot be used; else it is left out, or differs."""

    place: str
    text: Sentence
    unreadable: bool


@dataclass
class Read:
    """What a file carries: every object that can be read, `skipped` among them those that are left out all the same.

    `sums` in kopecks; `message` is the confirmation of a message of EnterpriseData.
    """

    format: Format
    version: str | None = None
    files: list[tuple[str, Opened]] = field(default_factory=list)
    objects: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    skipped: int = 0
    doubts: int = 0
    remarks: list[Remark] = field(default_factory=list)
    message: Confirmation | None = None

    def bad(self, place: str, text: Sentence) -> None:
        """An object that cannot be used."""
        self.unreadable += 1
        self._remark(Remark(place, text, True))

    def left(self, place: str, text: Sentence) -> None:
        """An object that is left out."""
        self.skipped += 1
        self._remark(Remark(place, text, False))

    def doubt(self, place: str, text: Sentence) -> None:
        """Something that a person should look at."""
        self.doubts += 1
        self._remark(Remark(place, text, False))

    def _remark(self, remark: Remark) -> None:
        if len(self.remarks) < _TOLD:
            self.remarks.append(remark)

    def document(self, language: str) -> dict[str, Any]:
        """The shape of `exchange import --json`."""
        told = [{"place": one.place, "reason": one.text.in_(language)} for one in self.remarks]
        return {
            "format": self.format,
            **({} if self.version is None else {"version": self.version}),
            "objects": dict(self.objects),
            "sums": {name: money_text(amount) for name, amount in self.sums.items()},
            "unreadable": self.unreadable,
            "skipped": self.skipped,
            **({"remarks": told} if told else {}),
        }


def read_files(path: Path) -> Read:
    """Read a file, or every exchange file of an archive. BrokenAnswer for one that is broken or of another format."""
    found: Read | None = None
    for name, opened in files_of(path, ROOM):
        with opened() as stream:
            format_ = format_of(stream, name)
        if found is None:
            found = Read(format_)
        elif found.format != format_:
            raise broken(path.name, N_("the archive holds files of several formats: import them one by one"))
        found.files.append((name, opened))
        with opened() as stream:
            _READERS[format_](found, stream, name)
    assert found is not None
    return found


def _commerceml(read: Read, stream: IO[bytes], name: str) -> None:
    file = read_file(stream, name)
    read.version = read.version or file.head.version or None
    for item in file.items:
        if item.problem is not None:
            read.bad(_line(name, item.line), item.problem.sentence)
            continue
        read.objects[item.kind] += 1
        if item.kind in ("order", "document"):
            _add(read, item.kind, item.data)


def _enterprisedata(read: Read, stream: IO[bytes], name: str) -> None:
    message = read_message(stream, name)
    read.version = read.version or message.header.version
    read.message = message.header.confirmation
    for number, item in enumerate(message.objects, 1):
        kind = _NAMES.get(item.type, item.type)
        if item.problem is not None:
            read.bad(f"{name}: {item.type} {number}", item.problem.sentence)
            continue
        read.objects[kind] += 1
        if item.type.startswith("Документ."):
            _add(read, kind, item.data)


def _bank(read: Read, stream: IO[bytes], name: str) -> None:
    statement = read_statement(stream.read(MAX_BYTES + 1), name)
    read.version = read.version or statement.version
    for problem in statement.problems:
        read.bad(_line(name, problem.line), problem.reason)
    for payment in statement.payments:
        if payment.aside is not None:
            read.left(_line(name, payment.line), payment.aside)
        read.objects["payment"] += 1
        read.sums[payment.direction] += payment.amount
    for difference in differences(statement):
        read.doubt(_line(name, difference.line), difference.reason)


_READERS: Final = {"commerceml": _commerceml, "enterprisedata": _enterprisedata, "bank": _bank}


def _add(read: Read, kind: str, data: Mapping[str, Any]) -> None:
    """The sum of a document, where it says one."""
    try:
        said = Decimal(str(data.get("Сумма", "")))
    except InvalidOperation:
        return
    read.sums[kind] += minor(said)


def _line(name: str, line: int) -> str:
    return f"{name}:{line}" if line else name
