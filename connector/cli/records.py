"""How records, links and operations are shown: by account and with a name a person knows them by."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from connector.locale.words import FIELDS, called, shown

if TYPE_CHECKING:
    from connector.cli.session import Session
    from connector.model.states import Conflict, Link

_LONG: Final = 16
_UID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def person() -> str:
    """Who decides: the user of this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "person"


def account_of(session: Session, entity: str, spoke: str) -> str:
    """The account through which an entity of a spoke is reached; the spoke itself where there is none any more."""
    routes = session.workspace.routes.get(entity)
    route = routes.route(spoke) if routes is not None else None
    if route is not None:
        return route.account
    return next((name for name, account in session.settings.accounts.items() if account.spoke == spoke), spoke)


def spokes(session: Session) -> dict[str, str]:
    """Account -> the spoke behind it."""
    return {name: account.spoke for name, account in session.settings.accounts.items()}


def names_of(session: Session, uids: Iterable[str]) -> dict[str, str]:
    """uid -> what a person calls the record: its name, number or phone."""
    bodies = session.workspace.store.hub.bodies(set(uids))
    names = {uid: _name(msgspec.json.decode(body)) for uid, body in bodies.items()}
    nameless = [uid for uid, name in names.items() if not name]
    return {**names, **(_seen_names(session, nameless) if nameless else {})}


def _seen_names(session: Session, uids: Sequence[str]) -> dict[str, str]:
    """What a system shows, where the hub has no name yet: it may be the name that is in dispute."""
    links = session.workspace.store.crosswalk.of(uids)
    seen = {uid: [_name(msgspec.json.decode(link.seen)) for link in own if link.seen] for uid, own in links.items()}
    return {uid: next(filter(None, names), "") for uid, names in seen.items()}


def places_of(session: Session, uids: Iterable[str]) -> dict[str, str]:
    """uid -> its name and where it is: “Anna Petrova (kafe 55, vp 7)”; a long id is cut."""
    wanted = list(dict.fromkeys(uids))
    names, links = names_of(session, wanted), session.workspace.store.crosswalk.of(wanted)
    return {uid: _placed(session, names.get(uid) or uid, links.get(uid, ())) for uid in wanted}


def _placed(session: Session, name: str, links: Iterable[Link]) -> str:
    where = [
        f"{account_of(session, link.entity, link.spoke)} {_short(link.external_id)}" for link in links if not link.gone
    ]
    return f"{name} ({', '.join(where)})" if where else name


def _short(external_id: str) -> str:
    return external_id if len(external_id) <= _LONG else f"{external_id[:8]}…"


def _name(values: Mapping[str, Any]) -> str:
    for field in ("name", "number", "uid", "phone", "email", "barcode"):
        if values.get(field):
            return str(values[field])
    return ""


def record_json(entity: str, body: bytes) -> dict[str, Any]:
    """The canonical record; money as text."""
    from connector.sync.report import shown_value

    return {name: shown_value(entity, name, value) for name, value in msgspec.json.decode(body).items()}


def link_json(session: Session, link: Link) -> dict[str, Any]:
    shown = {
        "account": account_of(session, link.entity, link.spoke),
        "external_id": link.external_id,
        "primary": link.primary,
        "how": link.how,
        "by": link.by,
        "at": link.at,
    }
    return {**shown, "gone": True} if link.gone else shown


def conflict_document(session: Session, conflict: Conflict) -> dict[str, Any]:
    """A conflict in the shape of the contract: its values by account."""
    from connector.sync.report import conflict_json

    shown = conflict_json(conflict)
    values = {account_of(session, conflict.entity, spoke): value for spoke, value in shown["values"].items()}
    return {**shown, "values": values}


def text_of(value: object) -> str:
    """A value in a cell: nothing for empty, JSON for what is not plain."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def cell_of(session: Session, field: str | None, value: object) -> str:
    """A canonical value as a person reads it: records by name and place, a word of ours by what it is called."""
    language = session.screen.language
    if isinstance(value, list) and value and all(isinstance(one, str) and _UID.fullmatch(one) for one in value):
        return "; ".join(places_of(session, value).values())
    if isinstance(value, str) and _UID.fullmatch(value):
        return names_of(session, [value]).get(value) or value
    if isinstance(value, dict):
        return "; ".join(
            f"{called(FIELDS, name, language)}: {cell_of(session, name, one)}" for name, one in value.items()
        )
    return shown(field, text_of(value), language)


def moment(at: str | None) -> str:
    """A moment as a person reads it: “2026-11-21 10:00”, on the clock of the workspace."""
    return "" if at is None else at[:16].replace("T", " ")
