"""A folder of statements as an account: every payment in it is a row, and nothing is ever written back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connector.errors import BrokenAnswer, ConnectorError, Forbidden, Invalid
from connector.locale import N_, Sentence
from connector.systems.base import Capabilities, Check, Page, Row
from connector.systems.onec.bank.balances import differences
from connector.systems.onec.bank.rows import Rows, rows_of, said_otherwise
from connector.systems.onec.bank.statement import HEADER, MAX_BYTES, created_at, header_of, read_statement
from connector.systems.rows import canonical_body, decode_body
from connector.systems.uncalled import Uncalled

if TYPE_CHECKING:
    from connector.config import Account

ENTITY: Final = "payment"
_CAN: Final = Capabilities(feed="snapshot", complete=False, repeat={})
Remember = Callable[[str, Sequence[str]], Mapping[str, bytes]]
Problem = tuple[str, Sentence]
"""Where in the folder, and what."""


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> BankAdapter:
    """The adapter of a configured folder."""
    del clock, sleep
    assert account.folder is not None
    return BankAdapter(account.name, account.spoke, account.folder)


class BankAdapter(Uncalled):
    """One folder. Implements `systems.base.Adapter`; statements are read, payments are never changed."""

    kind = "onec"

    def __init__(self, account: str, spoke: str, folder: Path) -> None:
        self.account, self.spoke, self.folder = account, spoke, folder
        self.remember: Remember | None = None

    def capabilities(self, entity: str) -> Capabilities:
        return _CAN if entity == ENTITY else Capabilities()

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        """A page a file, the newest first: its word counts where an older one says something else.

        A payment that several statements tell of is given once; what they say of it differently is told.
        """
        del cursor
        self._refuse_other(entity)
        given = _Given(self.remember)
        for file in self._newest_first():
            rows, unreadable = self._read(file, given)
            fresh = given.take(file.name, rows, unreadable)
            yield Page([Row(key, canonical_body(raw, paths)) for key, raw in fresh.items()], None, unreadable)

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        self._refuse_other(entity)
        given = _Given(self.remember)
        for file in self._newest_first():
            rows, unreadable = self._read(file, given)
            raw = given.take(file.name, rows, unreadable).get(external_id)
            if raw is not None:
                return Row(external_id, canonical_body(raw, paths))
        return None

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        raise self._cannot()

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        del entities
        try:
            files = self._files()
        except ConnectorError as error:
            return [Check(name="folder", ok=False, text=error.sentence)]
        checks = [Check(name="folder", ok=True, text=Sentence(N_("{count} statements"), count=len(files)))]
        for file in files:
            checks += [Check(name="statement", ok=True, warning=True, text=said) for said in _doubts(file)]
        return checks

    def requests(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self) -> list[Path]:
        try:
            return sorted(file for file in self.folder.iterdir() if file.suffix.lower() == ".txt" and file.is_file())
        except OSError as error:
            reason = error.strerror or type(error).__name__
        text = N_("{account}: the folder {folder} cannot be read: {reason}")
        raise Forbidden(text, account=self.account, folder=str(self.folder), reason=reason)

    def _newest_first(self) -> list[Path]:
        """By when they were made, as far as they say it, then by name."""
        return sorted(self._files(), key=lambda file: (_made(file), file.name), reverse=True)

    def _read(self, file: Path, given: _Given) -> tuple[Rows, list[Problem]]:
        """Rows by id, and what is to be told of the file: what could not be read, was set aside or does not add up.

        A file that is no statement, or stops in the middle, is told as a whole; the others are read all the same.
        """
        try:
            statement = read_statement(_content(file), file.name)
        except BrokenAnswer as error:
            return {}, [(file.name, error.sentence)]
        told = [(problem.line, problem.reason) for problem in statement.problems]
        told += [(difference.line, difference.reason) for difference in differences(statement)]
        told += [(one.line, one.aside) for one in statement.payments if one.aside is not None]
        rows = rows_of([one for one in statement.payments if one.aside is None], given.known)
        return rows, [_problem(file, line, reason) for line, reason in sorted(told, key=lambda one: one[0])]

    def _refuse_other(self, entity: str) -> None:
        if entity != ENTITY:
            text = N_("{account} has no {entity}: it is a folder of bank statements")
            raise Invalid(text, account=self.account, entity=entity)

    def _cannot(self) -> ConnectorError:
        return Invalid(N_("{account} is a folder of bank statements: it can only be read"), account=self.account)


class _Given:
    """What this feed has given so far, and what earlier ones have."""

    def __init__(self, remember: Remember | None) -> None:
        self._remember = remember
        self._rows: dict[str, tuple[str, Mapping[str, Any]]] = {}

    def known(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The rows of these ids, as far as there are any."""
        found: dict[str, Mapping[str, Any]] = {key: self._rows[key][1] for key in ids if key in self._rows}
        left = [key for key in ids if key not in found]
        if self._remember is not None and left:
            found.update({key: decode_body(body) for key, body in self._remember(ENTITY, left).items()})
        return found

    def take(self, file: str, rows: Rows, problems: list[Problem]) -> Rows:
        """The rows that are new; one that another file has given otherwise is a problem."""
        fresh: Rows = {}
        for key, raw in rows.items():
            if key not in self._rows:
                self._rows[key] = (file, raw)
                fresh[key] = raw
            elif said_otherwise(raw, self._rows[key][1]):
                problems.append((f"{file}:{key}", _otherwise(raw, *self._rows[key])))
        return fresh


def _otherwise(raw: Mapping[str, Any], file: str, newer: Mapping[str, Any]) -> Sentence:
    text = N_(
        "payment {number} of {date} is told differently by {file}, which is newer and counts: {newer} there, {older} "
        "here; move the wrong statement out of the folder"
    )
    return Sentence(
        text, number=raw["number"], date=raw["date"], file=file, newer=_told(newer), older=_told(raw)
    )  # fmt: skip


def _told(raw: Mapping[str, Any]) -> str:
    return " ".join(str(raw[name]) for name in ("amount", "purpose") if raw[name] is not None)


def _problem(file: Path, line: int, reason: Sentence) -> Problem:
    place = f"{file.name}:{line}"
    return place, Sentence(N_("{place}: {reason}"), place=place, reason=reason)


def _content(file: Path) -> bytes:
    """Never more of it than a statement may have, and a byte that tells so."""
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _made(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return created_at(header_of(stream.read(HEADER), file.name)) or ""
    except (OSError, BrokenAnswer):
        return ""  # what is wrong with it is told when it is read


def _doubts(file: Path) -> Iterator[Sentence]:
    try:
        statement = read_statement(_content(file), file.name)
    except BrokenAnswer as error:
        yield error.sentence
        return
    for difference in differences(statement):
        yield _problem(file, difference.line, difference.reason)[1]
