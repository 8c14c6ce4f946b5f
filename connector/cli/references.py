"""How a person names a record: by uid, by its place in a system, or by any identifier."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from connector.cli.records import names_of, person
from connector.cli.session import Session, known
from connector.errors import UsageError
from connector.locale import N_

if TYPE_CHECKING:
    from connector.model.states import Link

_PHONE: Final = re.compile(r"[+0-9()\s.-]{7,}\Z")


def place_of(session: Session, text: str) -> Link:
    """The link of ACCOUNT:ENTITY:EXTERNAL_ID. UsageError when it is no place, or nothing was seen there."""
    from connector.model.records import ENTITIES

    account, _, rest = text.partition(":")
    entity, colon, external_id = rest.partition(":")
    if not (account and colon and external_id):
        raise UsageError(N_("“{text}” is no record; write ACCOUNT:ENTITY:EXTERNAL_ID"), text=text)
    spoke = session.account(account).spoke
    link = session.workspace.store.crosswalk.at(spoke, known(entity, ENTITIES), external_id)
    if link is None:
        link = session.workspace.meet(account, entity, external_id, person())
    if link is None:
        raise UsageError(N_("nothing is known of {text}; it is seen by: connector plan"), text=text)
    return link


def uid_of(session: Session, text: str) -> str:
    """The one record that this names. UsageError for none, and for several, which are listed."""
    store = session.workspace.store
    if store.hub.entity_of(text) is not None:
        return store.hub.survivor(text)
    if ":" in text and text.partition(":")[0] in session.settings.accounts:
        return place_of(session, text).uid
    found = _identified(session, text)
    if not found:
        raise UsageError(N_("no record is known by “{text}”"), text=text)
    if len(found) > 1:
        names = names_of(session, found)
        listed = "; ".join(f"{uid} {names.get(uid, '')}".strip() for uid in found)
        raise UsageError(N_("several records are known by “{text}”: {found}"), text=text, found=listed)
    return found[0]


def _identified(session: Session, text: str) -> list[str]:
    store = session.workspace.store
    values = dict.fromkeys([text, text.strip().casefold(), *_phones(text)])
    by_value = [uid for value in values for uid in store.hub.by_value(value)]
    by_place = [link.uid for link in store.crosswalk.by_external_id(text)]
    return list(dict.fromkeys(store.hub.survivor(uid) for uid in (*by_value, *by_place)))


def _phones(text: str) -> list[str]:
    """The international spellings that a phone typed in any way may have."""
    if not _PHONE.match(text):
        return []
    digits = re.sub(r"[^0-9]", "", text)
    russian = [f"+7{digits[-10:]}"] if len(digits) in (10, 11) else []
    return [f"+{digits}", *russian]
