"""EnterpriseData, the universal exchange format of 1C (versions 1.8 and 1.10 written, 1.2 and later read).

    message = read_message(stream, "Message_UT_CON.xml")
    for item in message.objects: ...
    write_message(stream, Header(version="1.8", created_at="2026-11-21T10:00:00"), [("Справочник.Контрагенты", {...})])

A stable `Ссылка` is what makes a second sending no duplicate: it is our uid.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from connector.systems.onec.enterprisedata.codec import data_of, element_of
from connector.systems.onec.enterprisedata.counters import Counters
from connector.systems.onec.enterprisedata.exchange import Judgement, Node, judge, next_header
from connector.systems.onec.enterprisedata.folder import PLAN, Folder, Received, Sent
from connector.systems.onec.enterprisedata.message import (
    Confirmation,
    Header,
    Item,
    Message,
    Written,
    read_message,
    whole_message,
    write_message,
)
from connector.systems.onec.enterprisedata.schema import negotiated, version_of

if TYPE_CHECKING:
    from connector.config import Account
    from connector.systems.onec.enterprisedata.adapter import EnterpriseDataAdapter

__all__ = [
    "PLAN",
    "Confirmation",
    "Counters",
    "Folder",
    "Header",
    "Item",
    "Judgement",
    "Message",
    "Node",
    "Received",
    "Sent",
    "Written",
    "build",
    "data_of",
    "element_of",
    "judge",
    "negotiated",
    "next_header",
    "read_message",
    "version_of",
    "whole_message",
    "write_message",
]


def build(
    account: Account,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> EnterpriseDataAdapter:
    """The adapter of a configured account of the channel `enterprisedata`: messages in a folder that 1C sees too."""
    from connector.systems.onec.enterprisedata.adapter import EnterpriseDataAdapter
    from connector.systems.onec.enterprisedata.register import Register
    from connector.systems.onec.enterprisedata.ways import FolderWay

    del clock, sleep
    assert account.folder is not None and account.state is not None and account.peer_code is not None
    zone = ZoneInfo(account.timezone)
    counters = Counters(account.state / "counters.json", plan=PLAN, code=account.peer_code)
    folder = Folder(account.folder, counters, now=lambda: datetime.now(zone))
    way = FolderWay(account.name, folder, Register(account.state / "register.jsonl"))
    return EnterpriseDataAdapter(account.spoke, way, account.state)
