"""What a named transform is: two functions, an equality and a law they must obey.

    read(write(value)) equals value under the transform's own equality

A transform never guesses: what it cannot read is `Unreadable`, what it cannot say is `Unwritable`, each with a reason
for a person. Blank raw values never reach `read`, and `write` is never asked to say None unless it patches.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Final, Literal

from connector.locale import N_, Sentence

Kind = Literal["text", "flag", "amount"]
"""What the canonical value is: str, bool, or int of minor units."""

MISSING: Final = object()
"""Stands for a raw key that the remote did not send."""

OMIT: Final = object()
"""As one of the raw values a transform writes: leave this key as it stands."""

UNSAYABLE: Final = object()
"""As `empty` of a transform: known empty has no spelling there."""


class _Refused(ValueError):
    def __init__(self, text: str, /, **facts: object) -> None:
        self.text, self.facts = text, facts
        self.sentence = Sentence(text, **facts)
        super().__init__(text)


class Unreadable(_Refused):
    """The raw value does not say what it should; `text` (marked with N_) and `facts` say why.

    `about` is the part of it that is meant, where a person knows only that part.
    """

    about: object = None


class Unwritable(_Refused):
    """The canonical value cannot be said to this system; `text` (marked with N_) and `facts` say why."""


@dataclass(frozen=True, kw_only=True)
class Transform:
    """A named two-way conversion of one field.

    `read` takes one raw value per path (None for a blank one, when there are several paths) and returns the canonical
    value, None or ABSENT. `write` takes the canonical value and returns one raw value per write path. A patching
    transform (`patches`) also takes what stands there now (MISSING when unknown); one that `clears` takes None too.
    `reads` and `writes` say how many paths it can take; `blank` are raw texts that are always empty for it and
    `blank_is` what they mean; `empty` is what says "empty" when the mapping names no blank. `sample` makes a canonical
    value for the laws.
    """

    name: str
    kind: Kind
    read: Callable[..., Any]
    sample: Callable[[Random], Any]
    write: Callable[..., Any] | None = None
    equal: Callable[[Any, Any], bool] = operator.eq
    reads: range = field(default=range(1, 2))
    writes: range = field(default=range(1, 2))
    blank: tuple[str, ...] = ()
    blank_is: Any = None
    empty: Any = ""
    patches: bool = False
    clears: bool = False


def scalar_text(raw: object) -> str:
    """The text of a value that systems send now as a text, now as a number (systems.md 1.7)."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        return f"{raw:f}" if isinstance(raw, Decimal) else str(raw)
    raise Unreadable(N_("a single value was expected"))
