"""Whether two lists of lines are the same sale. Pure.

A line is what was sold: which good, how many, for how much, at which rate of VAT. Its price and its discount follow
from these and are not compared; nor are names, which every system spells in its own way, and the order of the lines.
What one side does not say is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

Line = Mapping[str, Any]


def same_lines(one: Sequence[Line] | None, other: Sequence[Line] | None) -> bool:
    """Whether every line of either list has its match in the other."""
    return not differing(one, other)


def differing(one: Sequence[Line] | None, other: Sequence[Line] | None) -> list[int]:
    """The numbers of the lines, counted from 1, that have no match in the other list: of either list, each once."""
    told, read = list(one or ()), list(other or ())
    left = [number for number in range(max(len(told), len(read))) if not _in_place(told, read, number)]
    spare = [number for number in left if number < len(read)]
    lacking: set[int] = set()
    for number in (number for number in left if number < len(told)):
        match = next((place for place in spare if _same(told[number], read[place])), None)
        if match is None:
            lacking.add(number)
        else:
            spare.remove(match)
    return [number + 1 for number in sorted(lacking | set(spare))]


def _in_place(told: Sequence[Line], read: Sequence[Line], number: int) -> bool:
    return number < min(len(told), len(read)) and _same(told[number], read[number])


def _same(one: Line, other: Line) -> bool:
    if not _is_same_good(one, other):
        return False
    return all(_alike(one.get(name), other.get(name)) for name in ("quantity", "total", "vat_rate"))


def _alike(one: Any, other: Any) -> bool:
    return one is None or other is None or one == other or _number(one) == _number(other)


def _number(value: Any) -> Any:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _is_same_good(one: Line, other: Line) -> bool:
    """By what the target calls it, where both say that; else they differ if neither article nor name is common."""
    if one.get("product") is not None and other.get("product") is not None:
        return bool(one["product"] == other["product"])
    articles, names = _said(one, other, "sku"), _said(one, other, "name")
    return len(articles) < 2 or len(names) < 2


def _said(one: Line, other: Line, name: str) -> set[str]:
    """What the two call it; nothing where either is silent."""
    values = [_folded(line.get(name)) for line in (one, other)]
    return set(values) if all(values) else set()


def _folded(value: Any) -> str:
    return " ".join(value.split()).casefold() if isinstance(value, str) else ""


def renamed(lines: Iterable[Line] | None, names: Mapping[str, str], *, strict: bool) -> list[dict[str, Any]]:
    """The lines with goods called as `names` says. What is not in it keeps its name where `strict`, else has none."""
    found = []
    for line in lines or ():
        own = {name: value for name, value in line.items() if name != "product"}
        product = line.get("product")
        name = names.get(product, product if strict else None) if product is not None else None
        found.append(own if name is None else {"product": name, **own})
    return found
