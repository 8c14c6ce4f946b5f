"""Recover: what an earlier run left without a known outcome is looked at before anything else happens (invariant 5)."""

from __future__ import annotations

from typing import Any

from connector.errors import ConnectorError, RetryError, StopError
from connector.locale import N_, Sentence
from connector.model.records import as_dict
from connector.model.states import Operation
from connector.store.hub import TO_MERGE, TO_PLAN
from connector.sync.apply import Applier, kind_of
from connector.sync.identity import findable
from connector.sync.observe import decode


class Recovery:
    """Looks at `sent` and `unknown` operations with the means of an applier."""

    def __init__(self, applier: Applier) -> None:
        self.applier = applier
        self.store = applier.store
        self.looked = 0

    def recover(self) -> None:
        """Every open operation becomes done, withdrawn or parked; where the account is out of reach it stays open."""
        for operation in self.store.outbox.with_status("sent", "unknown"):
            if operation.account not in self.applier.adapters or operation.account in self.applier.tally.stopped:
                continue
            adapter = self.applier.adapters[operation.account]
            before = adapter.requests()
            try:
                self._look(operation)
                self.looked += 1
            except ConnectorError as error:
                with self.store.transaction(durable=True):
                    self.store.outbox.become(operation, "unknown", reason=error)
                if isinstance(error, StopError | RetryError):
                    self.applier.tally.stopped.setdefault(operation.account, error)
            finally:
                self.applier.spent[operation.entity, operation.account] += adapter.requests() - before

    def _look(self, operation: Operation) -> None:
        match operation.verb:
            case "create":
                self._look_for_created(operation)
            case "stamp":
                self._plan_again(operation)
            case _:
                self._look_at_changed(operation)

    def _plan_again(self, operation: Operation) -> None:
        if operation.verb == "create":
            self.applier.single.add(operation.account)  # a batch must not fail again and again for one bad record
        with self.store.transaction(durable=True):
            self.store.outbox.withdraw(operation)
            self.store.hub.mark(operation.entity, [operation.uid], TO_PLAN)

    def _look_for_created(self, operation: Operation) -> None:
        can = self.applier.adapters[operation.account].capabilities(operation.entity)
        keys = findable(operation.entity, operation.patch, can.find_by)
        if not keys and not can.keeps_reference:
            if operation.repeat == "same":
                self._plan_again(operation)
            else:
                self._park(operation, N_("{account} cannot be asked whether the record was created: look there"))
            return
        found = self.applier.find(operation)
        if found is None:
            self._plan_again(operation)
            return
        row, how = found
        mapping = self.applier.mappings[operation.spoke, operation.entity]
        ours = operation.uid in (row.reference, row.external_id)
        if ours or self._holds(operation, as_dict(mapping.read(decode(row.body), []))):
            how = "created"  # else it is somebody else's record with our key: they meet for the first time
        with self.store.transaction(durable=True):
            self.applier.link(operation, row.external_id, row, how)
            self.store.outbox.become(operation, "done", external_id=row.external_id, evidence={"verified": "found"})
            self.store.hub.mark(operation.entity, [operation.uid], TO_MERGE)
        self.applier.tally.done[kind_of(operation)] += 1

    def _look_at_changed(self, operation: Operation) -> None:
        adapter = self.applier.adapters[operation.account]
        if not adapter.capabilities(operation.entity).readable:
            if operation.repeat == "never":
                self._park(operation, N_("{account} cannot be asked whether the change was made: look there"))
            else:
                self._plan_again(operation)
            return
        mapping = self.applier.mappings[operation.spoke, operation.entity]
        row = adapter.get(operation.entity, operation.external_id or "", mapping.paths)
        link = self.store.crosswalk.at(operation.spoke, operation.entity, operation.external_id or "")
        with self.store.transaction(durable=True):
            if row is not None and link is not None:
                self.applier.saw(link, row)
            elif link is not None:
                self.store.crosswalk.set_gone([link.id])
            values = {} if row is None else as_dict(mapping.read(decode(row.body), []))
            if self._holds(operation, values):
                self.store.outbox.become(operation, "done", evidence={"verified": "read"})
                self.applier.tally.done[kind_of(operation)] += 1
            else:
                self.store.outbox.withdraw(operation)
            self.store.hub.mark(operation.entity, [operation.uid], TO_MERGE)

    def _holds(self, operation: Operation, values: dict[str, Any]) -> bool:
        mapping = self.applier.mappings[operation.spoke, operation.entity]
        told = [name for name in operation.patch if name in values and name not in mapping.references]
        return bool(told) and all(mapping.equal(name, values[name], operation.patch[name]) for name in told)

    def _park(self, operation: Operation, reason: str) -> None:
        evidence = {**operation.evidence, "before": operation.expect, "expected": operation.patch}
        with self.store.transaction(durable=True):
            self.store.outbox.become(
                operation, "parked", reason=Sentence(reason, account=operation.account), evidence=evidence
            )
        self.applier.tally.parked[kind_of(operation)] += 1
