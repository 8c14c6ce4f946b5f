"""Discount groups: two names of the id (S-01), and a name that is shown with its discount behind it (S-26).

The list shows `Розница - 0%` where clients show `Розница`. Written back as shown, the name would grow at every change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def normal(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the list with `group_id` and the bare name."""
    row = dict(raw)
    row.setdefault("group_id", raw.get("id"))
    if isinstance(raw.get("name"), str):
        row["name"] = bare_name(raw["name"], raw.get("discount"))
    return row


def bare_name(name: str, discount: Any) -> str:
    """The name without the discount that the panel shows behind it; only once, and only its own."""
    return name.removesuffix(f" - {discount}%")


def changed(group: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The whole form of a group with `patch` laid over."""
    standing = {name: group.get(name) for name in ("name", "discount", "comment")}
    return {**standing, **patch}
