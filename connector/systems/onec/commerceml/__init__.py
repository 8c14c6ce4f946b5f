"""CommerceML 2.03 to 2.10 and 3.1: what 1C sends to a site, and the orders that it fetches from there.

    for item in read_file(stream, "offers0_1.xml").items: ...
    for part in OrdersFile(orders, version="2.05", made_at="2026-11-21T10:00:00"): ...

1C is the client here: it calls us, and fetches orders when its schedule says so (1c.md, section 1).
"""

from __future__ import annotations

from connector.systems.onec.commerceml.adapter import INBOX, CommercemlAdapter, Returned, build, orders_of
from connector.systems.onec.commerceml.orders import (
    VERSIONS,
    OrdersFile,
    Refused,
    info_file,
    order_element,
    written_version,
)
from connector.systems.onec.commerceml.reader import (
    Counted,
    File,
    Head,
    Item,
    Section,
    prove_file,
    read_file,
    whole_file,
)
from connector.systems.onec.commerceml.state import OrderState, Paper, state_of
from connector.systems.onec.commerceml.values import GoodId, good_id

__all__ = [
    "INBOX",
    "VERSIONS",
    "CommercemlAdapter",
    "Counted",
    "File",
    "GoodId",
    "Head",
    "Item",
    "OrderState",
    "OrdersFile",
    "Paper",
    "Refused",
    "Returned",
    "Section",
    "build",
    "good_id",
    "info_file",
    "order_element",
    "orders_of",
    "prove_file",
    "read_file",
    "state_of",
    "whole_file",
    "written_version",
]
