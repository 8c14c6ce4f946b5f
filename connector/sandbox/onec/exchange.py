"""SelectChanges and NotifyChangesReceived: what changed since a node last said that it had everything.

Each change is kept for each node until the message that carried it is acknowledged. A message carries all changes that
are kept, those of earlier unacknowledged messages too; an object that changes again after it was sent is kept anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lxml import etree

from connector.sandbox.onec.base import Base, Record, View, kind_shape
from connector.sandbox.onec.errors import refusal
from connector.sandbox.onec.reading import taken
from connector.sandbox.onec.shapes import Form, deleted_entry, entry, feed

_NODE: Final = re.compile(r"(?P<plan>ExchangePlan_\w+)\(guid'{1,2}(?P<guid>[0-9a-fA-F-]{36})'{1,2}\)")


def select_changes(base: Base, given: Mapping[str, str], form: Form) -> etree._Element:
    """The feed of one message; its number is put on every change that has none yet."""
    node, guid, number = _asked(base, given)
    changes = base.world.state["changes"][guid]
    for name, message in changes.items():
        changes[name] = number if message is None else message
    node["SentNo"] = str(number)
    return feed(form, [_entry(base, form, *name.split(" ")) for name in changes])


def notify_received(base: Base, given: Mapping[str, str]) -> None:
    """Forget the changes of this message and of those before it."""
    node, guid, number = _asked(base, given)
    changes = base.world.state["changes"]
    changes[guid] = {name: sent for name, sent in changes[guid].items() if sent is None or sent > number}
    node["ReceivedNo"] = str(number)


def _asked(base: Base, given: Mapping[str, str]) -> tuple[Record, str, int]:
    for name in ("DataExchangePoint", "MessageNo"):
        if name not in given:
            raise refusal(12, name)
    match = _NODE.search(given["DataExchangePoint"])
    kind = base.kind(match["plan"]) if match else None
    if match is None or kind is None:
        raise refusal(8, given["DataExchangePoint"])
    base.may_change(kind.resource)  # both calls write: the number of a message on the changes, and on the node
    number = given["MessageNo"]
    if not (number.isascii() and number.isdigit()) or int(number) == 0:
        raise refusal(21, "MessageNo")
    guid = match["guid"].lower()
    node = base.object(kind, guid)
    if node["ThisNode"]:
        raise refusal(9, kind.resource)
    return node, guid, int(number)


def _entry(base: Base, form: Form, resource: str, guid: str) -> etree._Element:
    kind = base.configuration.kinds[resource]
    row = base.objects(resource).get(guid)
    if row is None:
        return deleted_entry(form, resource, guid, base.now())
    shape = kind_shape(kind)
    return entry(View(base, shape, row, guid), taken(shape, ()), form, base.now())
