"""A complete system in memory, with faults on demand.

`MemorySystem` is the remote side: it keeps rows, spells values its own way, refuses doubles, and is edited by its own
users. `MemoryAdapter` is one account of it and passes the same contract suite as the adapters of real systems, so
that what is proved on it about the engine holds for them.

    shop = MemorySystem({"customer": Table({"name": Column(), "phone": Column(scheme="phone", unique=True)})})
    adapter = MemoryAdapter(shop, account="shop")
    shop.add("customer", name="Анна", phone="+79991234567")     # a user of the system
    shop.faults = Script(Fault("create", "after", OutcomeUnknown("{account}: no answer", account="shop")))
"""

from __future__ import annotations

from connector.systems.memory.adapter import MemoryAdapter
from connector.systems.memory.faults import Fault, Faults, Kill, Moment, Script, Step, Verb
from connector.systems.memory.remote import MemorySystem, Stored
from connector.systems.memory.table import Column, Table, as_given, as_text

__all__ = [
    "Column",
    "Fault",
    "Faults",
    "Kill",
    "MemoryAdapter",
    "MemorySystem",
    "Moment",
    "Script",
    "Step",
    "Stored",
    "Table",
    "Verb",
    "as_given",
    "as_text",
]
