"""The lines of `connector check` that every REST adapter can tell from one small answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final

from connector.errors import ConnectorError, Forbidden
from connector.locale import N_, Sentence
from connector.systems.base import Check
from connector.transport.messages import Response

CLOCK_TOLERANCE: Final = 120.0
"""Seconds by which the clocks may differ before a person is told."""


def refused(error: ConnectorError, *, first: bool) -> Check:
    """What an error of the first, or of a later, small read says about the account."""
    if isinstance(error, Forbidden):
        return Check(name="credentials" if first else "rights", ok=False, text=error.sentence)
    return Check(name="reachable", ok=False, text=error.sentence)


def opening(response: Response, now: float) -> list[Check]:
    """Reachable, credentials and clock, from the first answer."""
    reached = Check(name="reachable", ok=True, text=Sentence(N_("the system answers")))
    known = Check(name="credentials", ok=True, text=Sentence(N_("the credentials are accepted")))
    return [reached, known, *_clock(response, now)]


def fields(entity: str, records: Sequence[Mapping[str, Any]], paths: Sequence[str]) -> Check:
    """Whether the mapped raw keys are in what came. Without a record nobody can tell."""
    if not records:
        text = N_("{entity}: there are no records yet, so the mapped fields cannot be seen")
        return Check(name="fields", ok=True, text=Sentence(text, entity=entity))
    lacking = [path for path in paths if not any(path in record for record in records)]
    if lacking:
        text = N_("{entity}: the mapped fields {fields} are not in the answer")
        shown = Sentence(text, entity=entity, fields=", ".join(lacking))
        return Check(name="fields", ok=False, text=shown, warning=True)
    return Check(name="fields", ok=True, text=Sentence(N_("{entity}: the mapped fields are there"), entity=entity))


def _clock(response: Response, now: float) -> list[Check]:
    said = response.headers.get("date")
    if said is None:
        return []
    try:
        theirs = parsedate_to_datetime(said)
    except ValueError:
        return []
    skew = abs(now - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp())
    fine = skew <= CLOCK_TOLERANCE
    text = N_("the clocks agree") if fine else N_("the clocks differ by {seconds} seconds; set the clock here")
    return [Check(name="clock", ok=True, text=Sentence(text, seconds=round(skew)), warning=not fine)]
