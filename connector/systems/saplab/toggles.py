"""Calls that change a position: looked at before, sent once, looked at afterwards.

`pay` is a switch on a GET: a second call gives the money back (S-07). The others change state on a GET too (S-06), and
`set_status` may send an SMS each time (S-32). None of them is ever repeated. When the answer is lost, the position
itself says whether the call has happened: changed as wanted is done, unchanged is unknown, for it may still come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

from connector.errors import Invalid, Missing, OutcomeUnknown, RetryError, StopError, Unavailable
from connector.locale import N_

Position = Mapping[str, Any]
Positions = Mapping[str, Position]

_FLAGS: Final = {
    "order.deny": ("is_denied", True),
    "order.archive": ("is_archived", True),
    "order.unarchive": ("is_archived", False),
}
NAMES: Final = frozenset({*_FLAGS, "order.pay", "order.documents", "order.set_status"})


class Panel(Protocol):
    """What a switch needs of the panel. `send` is the plain call, `positions` reads them as they are now."""

    account: str

    def send(self, endpoint: str, params: Mapping[str, Any]) -> Any: ...

    def positions(self, ids: Sequence[str]) -> Positions: ...


class Flights:
    """Which positions have a call under way: one at a time for each, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    @contextmanager
    def of(self, account: str, ids: Sequence[str]) -> Iterator[None]:
        """Hold these positions. Unavailable when one is held already: a second call would not know what it finds."""
        with self._lock:
            if not self._busy.isdisjoint(ids):
                text = N_("{account}: a call for position {external_id} is under way; nothing was sent")
                raise Unavailable(text, account=account, external_id=", ".join(ids))
            self._busy.update(ids)
        try:
            yield
        finally:
            with self._lock:
                self._busy.difference_update(ids)


def switches(
    account: str, external_id: str, patch: Mapping[str, Any], status_of: Callable[[str], Sequence[str]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """The calls that make a position say what a patch says. Invalid for what no call can make it say.

    A status is named as the shop calls it, and must be one of its own. A position that was denied stays so, and paying
    moves money of the client: neither is ever done from a patch.
    """
    calls: list[tuple[str, Mapping[str, Any]]] = []
    for name, value in patch.items():
        if name == "is_denied" and value in ("1", 1, True):
            calls.append(("order.deny", {"id": external_id}))
        elif name == "status_name":
            calls.append(("order.set_status", {"id": external_id, "status_id": _only(account, str(value), status_of)}))
        else:
            text = N_("{account}: no call of the panel sets “{field}” of a position to “{value}”")
            raise Invalid(text, account=account, field=name, value=value)
    return calls


def _only(account: str, name: str, status_of: Callable[[str], Sequence[str]]) -> str:
    found = status_of(name)
    if len(found) != 1:
        text = N_("{account}: the shop has {count} statuses called “{name}”; name one that it has in the mapping")
        raise Invalid(text, account=account, count=len(found), name=name)
    return found[0]


def run(panel: Panel, flights: Flights, endpoint: str, params: Mapping[str, Any]) -> Any:
    """One such call; the answer's content, or `{"status": "success", "unchanged": true}` where nothing was to be done.

    Missing when there is no such position, and nothing is sent. OutcomeUnknown carries what was read before and after.
    """
    ids = [part.strip() for part in str(params["ids" if endpoint == "order.documents" else "id"]).split(",")]
    with flights.of(panel.account, ids):
        before = _read(panel, endpoint, ids)
        if _nothing_to_do(endpoint, params, before):
            return {"status": "success", "unchanged": True}
        done = _wanted(endpoint, params, before)
        try:
            answer = panel.send(endpoint, params)
        except OutcomeUnknown as error:
            return _after_silence(panel, endpoint, done, before, error)
        after = _look_again(panel, ids)
        if after is not None and not done(after):
            raise _doubt(panel, endpoint, before, after)
        return answer


def _read(panel: Panel, endpoint: str, ids: Sequence[str]) -> Positions:
    found = panel.positions(ids)
    lacking = [key for key in ids if key not in found]
    if lacking:
        text = N_("{account}: {endpoint}: there is no position {external_id}; nothing was sent")
        raise Missing(text, account=panel.account, endpoint=endpoint, external_id=", ".join(lacking))
    return found


def _nothing_to_do(endpoint: str, params: Mapping[str, Any], before: Positions) -> bool:
    """Whether the position already is what the call makes of it. `pay` and `documents` always do something."""
    (first, *_) = before.values()
    if endpoint in _FLAGS:
        name, wanted = _FLAGS[endpoint]
        return _flag(first, name) == wanted
    return endpoint == "order.set_status" and str(first.get("status_id")) == str(params["status_id"])


def _wanted(endpoint: str, params: Mapping[str, Any], before: Positions) -> Callable[[Positions], bool]:
    """What the positions look like once the call has happened."""
    if endpoint == "order.documents":
        return lambda after: all(_document(after.get(key)) not in (None, _document(before[key])) for key in before)
    ((key, first),) = before.items()
    if endpoint == "order.set_status":
        return lambda after: key in after and str(after[key].get("status_id")) == str(params["status_id"])
    name, wanted = _FLAGS.get(endpoint) or ("is_payed", not _flag(first, "is_payed"))
    return lambda after: key in after and _flag(after[key], name) == wanted


def _after_silence(
    panel: Panel, endpoint: str, done: Callable[[Positions], bool], before: Positions, error: OutcomeUnknown
) -> Any:
    after = _look_again(panel, list(before))
    if after is not None and done(after):
        return {"status": "success"}
    raise _doubt(panel, endpoint, before, after) from error


def _look_again(panel: Panel, ids: Sequence[str]) -> Positions | None:
    """The positions afterwards; None when they cannot be read now: then the answer alone counts."""
    try:
        return panel.positions(ids)
    except (RetryError, StopError):
        return None


def _doubt(panel: Panel, endpoint: str, before: Positions, after: Positions | None) -> OutcomeUnknown:
    text = N_(
        "{account}: {endpoint} was sent for position {external_id}, and the position does not show it. "
        "Look at it in the panel before doing anything else"
    )
    evidence = {"before": _shown(before), "after": None if after is None else _shown(after)}
    facts = {"account": panel.account, "endpoint": endpoint, "external_id": ", ".join(before)}
    return OutcomeUnknown(text, evidence=evidence, **facts)


def _shown(positions: Positions) -> dict[str, dict[str, Any]]:
    names = ("status_id", "is_payed", "is_denied", "is_archived", "doc_id")
    return {key: {name: row.get(name) for name in names} for key, row in positions.items()}


def _flag(row: Position, name: str) -> bool:
    return row.get(name) in ("1", 1, True)


def _document(row: Position | None) -> str | None:
    value = None if row is None else row.get("doc_id")
    return None if value is None else str(value)
