"""Why a record cannot be written to a system now, and what a person does about it. Pure.

Each remedy names the place where something is to be done, or the command. `connector journal dismiss` takes the number
of the line that tells of the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.errors import RowError
from connector.locale import N_, Sentence
from connector.model.routes import EntityRoutes, Route
from connector.sync.view import View

_LONG: Final = 16
"""A longer id (a 1C key) tells a person nothing: the account is named alone."""

_GIVEN: Final = frozenset({"id_1c", "reference"})
"""Schemes that nobody types in: a record cannot be given one."""


@dataclass(slots=True)
class Wait:
    """A record that cannot be written there now, and why; planned again in every run until the reason goes."""

    uid: str
    account: str
    entity: str
    external_id: str
    field: str
    reason: Sentence
    do: Sentence
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Waits:
    """Makes the waits of one record for one route."""

    view: View
    routes: EntityRoutes
    route: Route

    def lacks(self, field: str) -> Wait:
        do = N_("fill in {field} in {places}. If it is not to go to {system}: connector journal dismiss ID")
        return self._wait(field, N_("{system} needs {field} to create this record"), do)

    def nameless(self, schemes: Sequence[str]) -> Wait:
        """It carries nothing by which this system can be asked for it."""
        fields = ", ".join(scheme for scheme in schemes if scheme not in _GIVEN)
        do = N_(
            "give it one of these in {places}: {fields}. If it is not to go to {system}: connector journal dismiss ID"
        )
        reason = N_("nothing by which {system} could find this record again after a lost answer")
        wait = self._wait("", reason, do, fields=fields)
        wait.refused = True
        return wait

    def shared(self, fields: Sequence[str], others: Sequence[str]) -> Wait:
        """What it carries others carry too: after a lost answer nobody could tell which of them is there."""
        reason = N_("{system} could not tell this record from others that carry the same {fields}")
        wait = self._wait("", reason, _ONE_OR_TWO, fields=", ".join(fields), other=others[0])
        wait.refused = True
        return wait

    def taken(self, field: str, others: Sequence[str]) -> Wait:
        reason = N_("{system} takes each {field} once, and other records carry it too")
        return self._wait(field, reason, _ONE_OR_TWO, fields=field, other=others[0])

    def in_old_row(self, field: str, external_id: str) -> Wait:
        """A row there of a record that was merged into this one carries the value still."""
        reason = N_("{system} takes each {field} once, and its record {id}, merged into this one, carries it still")
        return self._wait(field, reason, N_("clear {field} of record {id} in {system}"), id=external_id)

    def ignored(self, field: str, external_id: str) -> Wait:
        do = N_("write {field} of record {id} in {system} by hand, or let our user of {system} change it")
        return self._wait(field, N_("{system} does not keep what is written to {field}"), do, id=external_id)

    def unsayable(self, error: RowError) -> Wait:
        do = N_("correct {field} in {places}, so that {system} takes it")
        return self._wait(error.field, N_("{system} cannot be told this {field}: {why}"), do, why=error.reason)

    def _wait(self, field: str, reason: str, do: str, **facts: Any) -> Wait:
        view, route = self.view, self.route
        link = view.link(route.spoke)
        facts = {"system": route.account, "field": field, "uid": view.uid, "places": self._places(), **facts}
        return Wait(
            uid=view.uid,
            account=route.account,
            entity=view.entity,
            external_id=link.external_id if link else view.uid,
            field=field,
            reason=_with(reason, facts),
            do=_with(do, facts),
        )

    def _places(self) -> str:
        """Where a person finds the record: “kafe 55, buh”."""
        found = []
        for link in self.view.links:
            route = self.routes.route(link.spoke)
            if link.primary and not link.gone and route is not None and route is not self.route:
                short = len(link.external_id) <= _LONG
                found.append(f"{route.account} {link.external_id}" if short else route.account)
        return ", ".join(sorted(found)) or self.route.account


_ONE_OR_TWO: Final = N_(
    "if both are one: connector links merge {other} {uid}. If not, correct {fields} in {places}. "
    "If it is not to go to {system}: connector journal dismiss ID"
)


def _with(text: str, facts: dict[str, Any]) -> Sentence:
    """The sentence with the facts that it mentions."""
    return Sentence(text, **{name: fact for name, fact in facts.items() if f"{{{name}}}" in text})
