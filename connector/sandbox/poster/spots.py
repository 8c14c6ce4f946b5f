"""spots.*: halls and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.sandbox.poster.wire import Call, escaped, method


@method("spots.getSpotTablesHalls")
def get_halls(call: Call) -> object:
    """Names with HTML entities in them (P-98); the deleted ones too."""
    return [{**row, "hall_name": escaped(row["hall_name"])} for row in call.state["halls"].values()]


@method("spots.getTableHallTables")
def get_tables(call: Call) -> object:
    """Deleted ones too unless `without_deleted=1`; the mark is called `is_deleted` here (P-14)."""
    spot, hall = call.text("spot_id"), call.text("hall_id")
    rows = [
        row
        for row in call.state["tables"].values()
        if spot in ("", row["spot_id"])
        and hall in ("", row["hall_id"])
        and not (call.text("without_deleted") == "1" and row["is_deleted"] == "1")
    ]
    return [_shown(call, row) for row in rows]


def _shown(call: Call, row: Mapping[str, Any]) -> dict[str, Any]:
    busy = any(item["table"] == row["table_id"] and item["status"] == "1" for item in call.state["receipts"].values())
    shown = {name: value for name, value in row.items() if name != "table_capacity"}
    return {**shown, "status": "2" if busy else "1"}
