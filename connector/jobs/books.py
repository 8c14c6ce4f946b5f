"""The accounting facts of a workspace, from its settings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from connector.config import Settings
from connector.model.books import Books, Seller


def books_of(settings: Settings) -> Books:
    """The open time, and who sells where. An organization that names no base keeps its books in each."""
    organizations = settings.organizations
    bases = {account.spoke for account in settings.accounts.values() if account.kind == "onec"}
    own = {base: [one.inn for one in organizations.values() if one.base in (None, base)] for base in bases}
    return Books(
        zone=ZoneInfo(settings.timezone),
        start_from=settings.start_from,
        closed_until=settings.closed_until,
        spots={
            name: Seller(organizations[spot.organization].inn, spot.storage) for name, spot in settings.spots.items()
        },
        alone={base: inns[0] for base, inns in own.items() if len(inns) == 1},
    )
