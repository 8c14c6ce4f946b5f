"""The bare minimum of carrying 1 % of the rows of each side to the other: look at the record, write it, nothing else.

python -m tests.bench.carry URL ROWS
"""

from __future__ import annotations

import json
import sys
from typing import Final

import requests

from tests.bench import people
from tests.bench.noting import note

_ADDRESS: Final = "переехал, дом 1"


def carry(url: str, rows: int) -> int:
    count = 0
    with requests.Session() as session:
        session.trust_env = False
        for number in range(1, rows + 1):
            if people.is_changed("saplab", number):
                client = {"client_id": str(number), "address": _ADDRESS}
                session.get(f"{url}/poster/clients.getClient?token=t&client_id={number}").json()
                session.post(f"{url}/poster/clients.updateClient?token=t", json=client).json()
            elif people.is_changed("poster", number):
                form = f"{url}/saplab/panel/client/form/{number}"
                shown = session.get(form).json()["client"]
                session.post(form, data={**shown, "address": _ADDRESS, "status": "on"}).json()
            else:
                continue
            count += 1
    return count


if __name__ == "__main__":
    print(json.dumps({"written": carry(sys.argv[1], int(sys.argv[2]))}))
    note()
