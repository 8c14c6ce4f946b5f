"""The exchange with client-bank programs, 1CClientBankExchange: statements in, payment orders out.

    statement = read_statement(Path("kl_to_1c.txt").read_bytes(), "kl_to_1c.txt")
    statement.payments[0].counterparty.inn, statement.total("in")

As a channel of 1C it is a folder whose `*.txt` files are statements; their payments are rows of the entity `payment`.
"""

from __future__ import annotations

from connector.systems.onec.bank.adapter import BankAdapter, build
from connector.systems.onec.bank.balances import Difference, differences
from connector.systems.onec.bank.orders import Order, orders_file
from connector.systems.onec.bank.statement import (
    MAX_BYTES,
    Party,
    Payment,
    Problem,
    Statement,
    Turnover,
    read_statement,
)

__all__ = [
    "MAX_BYTES",
    "BankAdapter",
    "Difference",
    "Order",
    "Party",
    "Payment",
    "Problem",
    "Statement",
    "Turnover",
    "build",
    "differences",
    "orders_file",
    "read_statement",
]
