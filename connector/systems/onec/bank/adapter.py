"""A folder of statements as an account: every payment in it is a row, and nothing is ever written back."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connector.errors import ConnectorError, Forbidden, Invalid
from connector.locale import N_, Sentence
from connector.model.values import money_text
from connector.systems.base import Capabilities, Check, Outcome, Page, Raw, Row
from connector.systems.onec.bank.statement import Party, Payment, read_statement
from connector.systems.rows import canonical_body

if TYPE_CHECKING:
    from connector.config import Account

ENTITY: Final = "payment"
_CAN: Final = Capabilities(feed="snapshot", complete=False, repeat={})


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


class BankAdapter:
    """One folder. Implements `systems.base.Adapter`; statements are read, payments are never changed."""

    kind = "onec"

    def __init__(self, account: str, spoke: str, folder: Path) -> None:
        self.account, self.spoke, self._folder = account, spoke, folder

    def capabilities(self, entity: str) -> Capabilities:
        return _CAN if entity == ENTITY else Capabilities()

    def feed(self, entity: str, paths: Sequence[str], cursor: str | None = None) -> Iterator[Page]:
        """A page a file, in the order of their names. A payment told by two overlapping statements is given once."""
        del cursor
        self._refuse_other(entity)
        given: set[str] = set()
        for file in self._files():
            rows, unreadable = self._read(file)
            fresh = {external_id: raw for external_id, raw in rows.items() if external_id not in given}
            given.update(fresh)
            yield Page(
                [Row(external_id, canonical_body(raw, paths)) for external_id, raw in fresh.items()], None, unreadable
            )

    def get(self, entity: str, external_id: str, paths: Sequence[str]) -> Row | None:
        self._refuse_other(entity)
        for file in self._files():
            raw = self._read(file)[0].get(external_id)
            if raw is not None:
                return Row(external_id, canonical_body(raw, paths))
        return None

    def find(self, entity: str, scheme: str, value: str, paths: Sequence[str]) -> list[Row]:
        raise self._cannot()

    def create(self, entity: str, patch: Raw, reference: str) -> Outcome:
        raise self._cannot()

    def create_many(self, entity: str, patches: Sequence[tuple[Raw, str]]) -> list[Outcome]:
        raise self._cannot()

    def update(self, entity: str, external_id: str, patch: Raw, current: Row | None) -> Outcome:
        raise self._cannot()

    def delete(self, entity: str, external_id: str) -> Outcome:
        raise self._cannot()

    def stamp(self, entity: str, values: Mapping[str, str | None]) -> None:
        raise self._cannot()

    def call(self, endpoint: str, params: Mapping[str, Any]) -> Any:
        raise self._cannot()

    def check(self, entities: Mapping[str, Sequence[str]]) -> list[Check]:
        del entities
        try:
            files = self._files()
        except ConnectorError as error:
            return [Check(name="folder", ok=False, text=error.sentence)]
        checks = [Check(name="folder", ok=True, text=Sentence(N_("{count} statements"), count=len(files)))]
        for file in files:
            try:
                read_statement(file.read_bytes(), file.name)
            except ConnectorError as error:
                checks.append(Check(name="statement", ok=True, warning=True, text=error.sentence))
        return checks

    def requests(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self) -> list[Path]:
        try:
            return sorted(file for file in self._folder.iterdir() if file.suffix.lower() == ".txt" and file.is_file())
        except OSError as error:
            reason = error.strerror or type(error).__name__
        text = N_("{account}: the folder {folder} cannot be read: {reason}")
        raise Forbidden(text, account=self.account, folder=str(self._folder), reason=reason)

    def _read(self, file: Path) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str]]]:
        """Rows by id, and what could not be read."""
        statement = read_statement(file.read_bytes(), file.name)
        rows: dict[str, dict[str, Any]] = {}
        for payment in statement.payments:
            if payment.aside is None:
                rows[_free(rows, payment_id(payment))] = raw_of(payment)
        unreadable = [("", f"{file.name}:{problem.line}: {problem.reason}") for problem in statement.problems]
        return rows, unreadable

    def _refuse_other(self, entity: str) -> None:
        if entity != ENTITY:
            text = N_("{account} has no {entity}: it is a folder of bank statements")
            raise Invalid(text, account=self.account, entity=entity)

    def _cannot(self) -> ConnectorError:
        return Invalid(N_("{account} is a folder of bank statements: it can only be read"), account=self.account)


def payment_id(payment: Payment) -> str:
    """What makes a payment the same in every statement that tells of it: a bank gives no number of its own."""
    facts = (
        payment.account,
        payment.direction,
        payment.kind,
        payment.number,
        payment.date,
        str(payment.amount),
        payment.payer.account,
        payment.receiver.account,
    )
    return hashlib.sha256("\x1f".join(fact or "" for fact in facts).encode()).hexdigest()[:32]


def _free(rows: Mapping[str, Any], external_id: str) -> str:
    """Two payments of one statement that agree in everything are two payments."""
    number = 2
    free = external_id
    while free in rows:
        free, number = f"{external_id}-{number}", number + 1
    return free


def raw_of(payment: Payment) -> dict[str, Any]:
    """A payment as a raw row: money as text with two decimals, empty as null."""
    return {
        "kind": payment.kind,
        "number": payment.number,
        "date": payment.date,
        "moved_on": payment.moved_on,
        "direction": payment.direction,
        "account": payment.account,
        "amount": money_text(payment.amount),
        "purpose": payment.purpose,
        **_raw_party("payer", payment.payer),
        **_raw_party("receiver", payment.receiver),
    }


def _raw_party(prefix: str, party: Party) -> dict[str, Any]:
    names = ("name", "inn", "kpp", "account", "bank", "bik", "correspondent")
    return {f"{prefix}_{name}": getattr(party, name) for name in names}
