"""The outbox: every intended write, committed before the call that carries it out (invariant 2).

This module is the only writer of `operation`.

Where the receiver comes for what it is to get (CommerceML, files of EnterpriseData) an operation is written as
`offered`, and nobody calls anything. `offered` gives what waits for an account, in the order of its making; it is given
again, as it stands then, until it is acknowledged, for the receiver knows it by our stable id. `call` settles that id,
`refresh` changes what is still offered; `acknowledge` makes it done, once, and says which operations that were. Both
belong into one durable transaction with the links they make: `connector.sync.ledger.offers` does that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from connector.locale import Sentence
from connector.model.states import OPEN, Operation, Status
from connector.store.db import Db

_COLUMNS = "id, run, entity, account, spoke, uid, verb, external_id, patch, expect, status, repeat, reason, evidence"


class Outbox:
    """Operations by status, by record and by run."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def intend(self, operations: Sequence[Operation], run: int, at: str) -> None:
        """Write the intents; each operation gets its id. Call inside a durable transaction, before any call."""
        for operation in operations:
            operation.run = run
            operation.id = self._db.insert(
                "INSERT INTO operation (run, entity, account, spoke, uid, verb, external_id, patch, expect, status,"
                " repeat, reason, evidence, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run,
                    operation.entity,
                    operation.account,
                    operation.spoke,
                    operation.uid,
                    operation.verb,
                    operation.external_id,
                    _dump(operation.patch),
                    _dump(operation.expect),
                    operation.status,
                    operation.repeat,
                    _reason(operation.reason),
                    _dump(operation.evidence),
                    at,
                ),
            )

    def become(
        self,
        operation: Operation,
        status: Status,
        *,
        reason: object = None,
        evidence: dict[str, Any] | None = None,
        external_id: str | None = None,
    ) -> None:
        """Record what an operation came to."""
        operation.status = status
        operation.reason = reason
        operation.evidence = operation.evidence if evidence is None else evidence
        operation.external_id = external_id or operation.external_id
        self._db.run(
            "UPDATE operation SET status = ?, reason = ?, evidence = ?, external_id = ? WHERE id = ?",
            (
                status,
                _reason(reason),
                _dump(operation.evidence),
                operation.external_id,
                operation.id,
            ),
        )

    def withdraw(self, operation: Operation) -> None:
        """It has provably not happened and is not wanted as it stands: planned again if still needed."""
        self._db.run("DELETE FROM operation WHERE id = ?", (operation.id,))

    def waiting(self, account: str) -> list[int]:
        """The ids of what is offered to an account, in the order of its making."""
        rows = self._db.all(
            "SELECT id FROM operation WHERE status = 'offered' AND status <> 'done' AND account = ?", (account,)
        )
        return sorted(row[0] for row in rows)

    def offered(self, account: str, chunk: int = 200) -> Iterator[list[Operation]]:
        """What waits for the receiver to come for it, in the order of its making, read as it is taken, in parts."""
        ids = self.waiting(account)
        for start in range(0, len(ids), chunk):
            yield self._still_offered(ids[start : start + chunk])

    def _still_offered(self, operation_ids: Iterable[int]) -> list[Operation]:
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM operation WHERE status = 'offered' AND id {self._db.among}",
            (self._db.listed(operation_ids),),
        )
        return [_operation(row) for row in sorted(rows, key=itemgetter(0))]

    def call(self, operation: Operation, external_id: str) -> bool:
        """Under which id the receiver will know it, settled before it is given; False when it is no longer offered."""
        touched = self._db.run(
            "UPDATE operation SET external_id = ? WHERE id = ? AND status = 'offered'", (external_id, operation.id)
        )
        if touched:
            operation.external_id = external_id
        return touched == 1

    def called(self, account: str, external_ids: Iterable[str]) -> dict[str, tuple[int, str]]:
        """Of these ids, those that something offered to an account was given under: id -> (operation, uid)."""
        rows = self._db.all(
            "SELECT external_id, id, uid FROM operation WHERE status = 'offered' AND status <> 'done' AND account = ?"
            f" AND external_id {self._db.among}",
            (account, self._db.listed(external_ids)),
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def refresh(self, operation: Operation, patch: dict[str, Any], evidence: dict[str, Any] | None = None) -> bool:
        """Offer something else instead; False when it is no longer offered."""
        kept = operation.evidence if evidence is None else evidence
        touched = self._db.run(
            "UPDATE operation SET patch = ?, evidence = ? WHERE id = ? AND status = 'offered'",
            (_dump(patch), _dump(kept), operation.id),
        )
        if touched:
            operation.patch, operation.evidence = patch, kept
        return touched == 1

    def acknowledge(self, operation_ids: Iterable[int]) -> list[Operation]:
        """The receiver has these: those of them that were offered until now, and are done from now on."""
        found = self._still_offered(operation_ids)
        for operation in found:
            self.become(operation, "done")
        return found

    def get(self, operation_id: int) -> Operation | None:
        row = self._db.one(f"SELECT {_COLUMNS} FROM operation WHERE id = ?", (operation_id,))
        return None if row is None else _operation(row)

    def with_status(self, *statuses: Status) -> list[Operation]:
        """Operations in one of these statuses, in the order they were intended."""
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM operation WHERE {self._of(statuses)}", (self._db.listed(statuses),)
        )
        return [_operation(row) for row in sorted(rows, key=itemgetter(0))]

    def _of(self, statuses: Sequence[Status]) -> str:
        """The index of what is not done is used only where a statement says that it wants nothing done.

        It must not ask for an order either: SQLite would then rather read every operation in the order of ids.
        """
        return f"status {self._db.among}" + ("" if "done" in statuses else " AND status <> 'done'")

    def of_run(self, run: int) -> list[Operation]:
        rows = self._db.all(f"SELECT {_COLUMNS} FROM operation WHERE run = ? ORDER BY id", (run,))
        return [_operation(row) for row in rows]

    def unfinished(self, uids: Iterable[str]) -> dict[str, list[Operation]]:
        """uid -> its operations that are open or were refused."""
        found: dict[str, list[Operation]] = {}
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM operation WHERE status <> 'done' AND uid {self._db.among} ORDER BY id",
            (self._db.listed(uids),),
        )
        for row in rows:
            operation = _operation(row)
            found.setdefault(operation.uid, []).append(operation)
        return found

    def created(self, uids: Iterable[str]) -> set[tuple[str, str]]:
        """(uid, spoke) of every record that we have created there, or tried to."""
        rows = self._db.all(
            f"SELECT DISTINCT uid, spoke FROM operation WHERE verb = 'create' AND uid {self._db.among}",
            (self._db.listed(uids),),
        )
        return set(rows)

    def forget_refusals(self, uid: str, spoke: str, verb: str) -> None:
        """A refusal that is no longer what would be planned says nothing any more."""
        self._db.run(
            "DELETE FROM operation WHERE uid = ? AND spoke = ? AND verb = ? AND status = 'refused'", (uid, spoke, verb)
        )

    def count_open(self) -> int:
        """What a person must look at. What is offered waits for its receiver alone: see `count_offered`."""
        statuses: tuple[Status, ...] = (*(status for status in OPEN if status != "offered"), "refused")
        count: int = self._db.value(
            f"SELECT count(*) FROM operation WHERE {self._of(statuses)}", (self._db.listed(statuses),)
        )
        return count

    def count_offered(self) -> dict[str, int]:
        """account -> how much waits until it is fetched."""
        statuses: tuple[Status, ...] = ("offered",)
        return dict(
            self._db.all(
                f"SELECT account, count(*) FROM operation WHERE {self._of(statuses)} GROUP BY account ORDER BY account",
                (self._db.listed(statuses),),
            )
        )


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _reason(reason: Any) -> str | None:
    if reason is None or isinstance(reason, str):
        return reason
    sentence: Sentence = getattr(reason, "sentence", reason)
    return sentence.pack()


def _operation(row: tuple[Any, ...]) -> Operation:
    return Operation(
        id=row[0],
        run=row[1],
        entity=row[2],
        account=row[3],
        spoke=row[4],
        uid=row[5],
        verb=row[6],
        external_id=row[7],
        patch=json.loads(row[8]),
        expect=json.loads(row[9]),
        status=row[10],
        repeat=row[11],
        reason=None if row[12] is None else Sentence.unpack(row[12]),
        evidence=json.loads(row[13]),
    )
