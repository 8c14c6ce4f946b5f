"""Who is right when voices differ. Pure; the order in which voices are given never matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations
from typing import Any

from connector.model.routes import Rule
from connector.model.values import ABSENT

Alike = Callable[["Voice", "Voice"], bool]


@dataclass(frozen=True)
class Voice:
    """One word on a unit: who says it, the value, the spokes that hold it, and when it was last changed there."""

    name: str
    value: tuple[Any, ...]
    spokes: frozenset[str]
    changed_at: str | None = None


def united(voices: Sequence[Voice], alike: Alike) -> Voice | None:
    """The one word that all voices say; None when any two of them differ.

    A voice that is silent about a part contradicts nobody there, so each pair is compared: two that contradict each
    other may both be like a third. What one leaves out another fills in.
    """
    if not all(alike(one, other) for one, other in combinations(voices, 2)):
        return None
    first = voices[0]
    parts = zip(*(voice.value for voice in voices), strict=True)
    value = tuple(next((part for part in said if part is not ABSENT), ABSENT) for said in parts)
    spokes = frozenset().union(*(voice.spokes for voice in voices))
    return replace(first, value=value, spokes=spokes)


def decide(rule: Rule, voices: Sequence[Voice], alike: Alike, tolerance: float) -> Voice | None:
    """The voice that wins, or None when a person must say."""
    match rule.name:
        case "spokes":
            return _authority(rule.spokes, voices, alike)
        case "latest":
            return _latest(voices, alike, tolerance)
        case "union":
            return _union(voices)
        case _:
            return None


def _authority(spokes: frozenset[str], voices: Sequence[Voice], alike: Alike) -> Voice | None:
    """The authority's word, when it has spoken and does not contradict itself."""
    heard = [voice for voice in voices if voice.spokes & spokes]
    return united(heard, alike) if heard else None


def _latest(voices: Sequence[Voice], alike: Alike, tolerance: float) -> Voice | None:
    """The last change, where every voice knows its time and no other one is within the clock tolerance."""
    moments = [(voice, _moment(voice.changed_at)) for voice in voices]
    known = [(voice, moment) for voice, moment in moments if moment is not None]
    if len(known) < len(voices):
        return None
    newest, at = max(known, key=lambda item: item[1])
    others = [moment for voice, moment in known if not alike(voice, newest)]
    return newest if all(at - moment > tolerance for moment in others) else None


def _moment(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _union(voices: Sequence[Voice]) -> Voice | None:
    """Every line that anyone wrote, once, in one fixed order. Only texts can be united."""
    columns = list(zip(*(voice.value for voice in voices), strict=True))
    if any(
        not isinstance(part, str) and part is not None and part is not ABSENT for column in columns for part in column
    ):
        return None
    return Voice("union", tuple(_lines(column) for column in columns), frozenset())


def _lines(parts: Sequence[Any]) -> Any:
    texts = [part for part in parts if isinstance(part, str)]
    if not texts:
        return None if None in parts else ABSENT
    return "\n".join(sorted({line for text in texts for line in text.splitlines() if line.strip()}))
