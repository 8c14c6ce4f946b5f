"""Discount groups: two names of the id (S-01), and a name that is shown with its discount behind it (S-26).

The list shows `Розница - 0%` where clients show `Розница`. Written back as shown, the name would grow at every change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def normal(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of the list with its id under `group_id`; all else as it is shown."""
    return raw if "group_id" in raw else {**raw, "group_id": raw.get("id")}


def bare_name(group: Mapping[str, Any]) -> str:
    """The name without the discount that the panel shows behind it; only once, and only its own."""
    return str(group.get("name") or "").removesuffix(f" - {group.get('discount')}%")


def changed(group: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """The whole form of a group with `patch` laid over."""
    standing = {"name": bare_name(group), "discount": group.get("discount"), "comment": group.get("comment")}
    return {**standing, **patch}
