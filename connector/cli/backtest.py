"""Two mappings over the rows that the store has seen: what a changed mapping would make different."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from connector.errors import RowError, UsageError
from connector.locale import N_
from connector.mapping import Mapping, build, load
from connector.mapping.explain import backtest
from connector.model.values import ABSENT
from connector.resources import mappings_folder
from connector.yamlfile import read

if TYPE_CHECKING:
    from connector.cli.session import Session
    from connector.config import Account


@dataclass
class Trial:
    """Two mappings of one entity of one account."""

    account: Account
    before: Mapping
    after: Mapping
    rows: int = 0

    def differences(self, session: Session) -> Iterator[dict[str, Any]]:
        """Every field that would be read differently. Absent is a missing key, an unreadable value its reason."""
        for found in backtest(self.before, self.after, self._seen(session)):
            shown = {"account": self.account.name, "entity": self.after.entity, "external_id": found.external_id}
            values = {"before": _shown(found.before, session), "after": _shown(found.after, session)}
            yield {**shown, "field": found.field, **values}

    def _seen(self, session: Session) -> Iterator[tuple[str, dict[str, Any]]]:
        crosswalk = session.workspace.store.crosswalk
        for links in crosswalk.each(self.account.spoke, self.after.entity):
            for link in links:
                if link.seen is not None:
                    self.rows += 1
                    yield link.external_id, msgspec.json.decode(link.seen, type=dict[str, Any])


def of_own(session: Session, names: Sequence[str]) -> list[Trial]:
    """Every mapping of the workspace against the shipped one it stands before."""
    own = session.settings.folder / "mappings"
    trials = []
    for account, entity in _routed(session, names):
        file = _place(account, entity)
        if (own / file).is_file() and (mappings_folder() / file).is_file():
            shipped = load([mappings_folder()], account.kind, entity, account.profile, timezone=account.timezone)
            after = load([own], account.kind, entity, account.profile, timezone=account.timezone)
            if shipped.version != after.version:
                trials.append(Trial(account, shipped, after))
    return trials


def of_file(session: Session, names: Sequence[str], file: Path) -> list[Trial]:
    """A mapping that is not in use yet against the one that is. UsageError when it is for none of the accounts."""
    document = read(file)
    said = document.data if isinstance(document.data, dict) else {}
    trials = []
    for account, entity in _routed(session, names):
        if (said.get("system"), said.get("entity"), said.get("profile")) == (account.kind, entity, account.profile):
            before = session.workspace.mapping(account.name, entity)
            after = build(document, account.kind, entity, account.profile, timezone=account.timezone)
            trials.append(Trial(account, before, after))
    if not trials:
        raise UsageError(
            N_("{file} is a mapping for none of these accounts: {accounts}"), file=file, accounts=", ".join(names)
        )
    return trials


def _routed(session: Session, names: Sequence[str]) -> Iterator[tuple[Account, str]]:
    for routes in session.settings.routes:
        for route in routes.routes:
            if route.account in names and route.direction != "off":
                yield session.settings.accounts[route.account], routes.entity


def _place(account: Account, entity: str) -> Path:
    return (
        Path("profiles", account.profile, f"{entity}.yaml") if account.profile else Path(account.kind, f"{entity}.yaml")
    )


def _shown(value: Any, session: Session) -> Any:
    if isinstance(value, RowError):
        return value.reason.in_(session.screen.language)
    return None if value is ABSENT else value
