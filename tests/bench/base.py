"""A loopback 1C that registers changes: as much of its OData as a run with a cursor asks for.

Its customers are only ever read once, so their rows are made as they are asked for. Nothing changes in it: the exchange
plan has nothing to tell, which is the run whose cost must not depend on how many customers there are.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from tests.bench import people

PROFILE: Final = """\
profile: bench
title: A base with an exchange plan
exchange_plan: Connector
entities:
  customer:
    resource: Catalog_Customers
    create: false
    update: false
"""
MAPPING: Final = """\
system: onec
profile: bench
entity: customer
fields:
  name:    {path: Description, as: person_name}
  inn:     {path: ИНН, as: inn}
  comment: {path: Комментарий, as: text}
  active:  {path: DeletionMark, as: boolean_inverted}
"""
ROUTES: Final = """\
- entity: customer
  spokes:
    onec: {direction: read}
  authority: {default: onec}
"""
PEER: Final = "CON"

_NODE: Final = "11111111-0000-4000-8000-000000000001"
_NOTHING: Final = b'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"></feed>'


class Base:
    """`rows` customers in the order of their keys."""

    def __init__(self) -> None:
        self.rows = 0

    def answer(self, verb: str, path: str, query: dict[str, str]) -> tuple[int, bytes, list[bytes | memoryview]]:
        if verb == "POST":
            return 200, b"application/atom+xml", [_NOTHING]
        if path.startswith("ExchangePlan_"):
            rows: list[Any] = [{"Ref_Key": _NODE, "SentNo": 0}]
        elif path == "Catalog_Customers":
            start = int(query.get("$skip", 0))
            rows = [_customer(number) for number in range(start + 1, min(self.rows, start + int(query["$top"])) + 1)]
        else:
            rows = []
        return 200, b"application/json;odata=nometadata", [json.dumps({"value": rows}).encode()]


def _customer(number: int) -> dict[str, Any]:
    r = people.chance(number)
    return {
        "Ref_Key": f"{number:08x}-0000-4000-8000-000000000000",
        "DataVersion": "AAAAAAAAAAE=",
        "DeletionMark": False,
        "Description": re.sub(" +", " ", f"{people.LAST[r % 8]} {people.FIRST[r % 10]}"),
        "ИНН": "",
        "Комментарий": f"покупатель {number}",
    }
