"""Yes and no in the spellings of the systems (S-15), and closed tables of values."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from connector.locale import N_
from connector.mapping.transforms.base import MISSING, OMIT, UNSAYABLE, Transform, Unreadable, Unwritable, scalar_text

_UNKNOWN: Final = N_("unknown value; known values: {known}")
_YES: Final = frozenset({"1", "on", "true", "yes", "t", "y"})
_NO: Final = frozenset({"0", "off", "false", "no", "f", "n"})


def read_flag(raw: object) -> bool:
    """`"1"`/`"0"`, `on`/`off`, true/false, as text, number or JSON flag."""
    if raw is True or raw is False:
        return raw
    text = scalar_text(raw).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise Unreadable(N_("yes or no was expected"))


def read_inverted(raw: object) -> bool:
    return not read_flag(raw)


def read_legal(raw: object) -> str:
    return "legal" if read_flag(raw) else "person"


def _sample(random: Random) -> bool:
    return random.random() < 0.5


def _sample_legal(random: Random) -> str:
    return random.choice(("person", "legal"))


def _flag(name: str, read: Any, write: Any, **more: Any) -> Transform:
    return Transform(name=name, kind="flag", read=read, write=write, sample=_sample, **{"empty": UNSAYABLE, **more})


FLAG: Final = _flag("flag", read_flag, lambda value: "1" if value else "0")
FLAG_INVERTED: Final = _flag("flag_inverted", read_inverted, lambda value: "0" if value else "1")
BOOLEAN: Final = _flag("boolean", read_flag, lambda value: value)
BOOLEAN_INVERTED: Final = _flag("boolean_inverted", read_inverted, lambda value: not value)
CHECKBOX: Final = _flag("checkbox", read_flag, lambda value: "on" if value else None, blank_is=False)
"""A form's box: `on`, or None, which means that the key is left out of the form (S-15)."""
LEGAL_CHECKBOX: Final = Transform(
    name="legal_checkbox",
    kind="text",
    read=read_legal,
    write=lambda value: "on" if _legal(value) else None,
    sample=_sample_legal,
    blank_is="person",
    empty=UNSAYABLE,
)


def _legal(value: str) -> bool:
    if value not in ("legal", "person"):
        raise Unwritable(N_("only a person or a legal entity can be written here"))
    return value == "legal"


_PARTNER: Final = {"legal": ("Компания", "ЮридическоеЛицо"), "person": ("ЧастноеЛицо", "ФизическоеЛицо")}
_PARTNER_KINDS: Final = {word: kind for kind, words in _PARTNER.items() for word in words}


def _read_partner(partner: object, counterparty: object) -> str | None:
    """The Партнер's own word; that of his Контрагент where he has none."""
    raw = counterparty if partner is None else partner
    try:
        return None if raw is None else _PARTNER_KINDS[scalar_text(raw).strip()]
    except KeyError:
        raise Unreadable(_UNKNOWN, known=", ".join(_PARTNER_KINDS)) from None


def _write_partner(value: str, current: object) -> tuple[object, object]:
    """The word of the Партнер and that of his Контрагент, who is not made for a person's sake alone."""
    _legal(value)
    partner, counterparty = _PARTNER[value]
    held = current[1] if isinstance(current, tuple) else MISSING
    return partner, OMIT if value == "person" and held in (MISSING, None, "") else counterparty


ONEC_PARTNER_KIND: Final = Transform(
    name="onec_partner_kind",
    kind="text",
    read=_read_partner,
    write=_write_partner,
    sample=_sample_legal,
    reads=range(2, 3),
    writes=range(2, 3),
    empty=UNSAYABLE,
    patches=True,
)
"""In УТ 11 a Партнер is Компания or ЧастноеЛицо, and his Контрагент has words of its own for the same."""


def table(values: Mapping[str, str | bool], otherwise: str | bool | None = None) -> Transform:
    """A closed list, raw text -> canonical. Of several words for one value the standing one or the first is written.

    `otherwise` is what every other raw text means; without it an unknown one is unreadable.
    """
    back: dict[str | bool, str] = {}
    for raw_word, canonical in values.items():
        back.setdefault(canonical, raw_word)
    known = ", ".join(values)

    def read(raw: object) -> str | bool:
        word = ("true" if raw else "false") if isinstance(raw, bool) else scalar_text(raw).strip()
        found = values.get(word, otherwise)
        if found is None:
            raise Unreadable(_UNKNOWN, known=known)
        return found

    def write(value: Any, current: object) -> object:
        if value not in back:
            raise Unwritable(N_("this value has no word here; known values: {known}"), known=", ".join(map(str, back)))
        if current is not MISSING and isinstance(current, str) and values.get(current.strip()) == value:
            return current
        return back[value]

    kind = "flag" if all(isinstance(value, bool) for value in values.values()) else "text"
    choices = list(back)
    return Transform(
        name="table",
        kind=kind,  # type: ignore[arg-type]
        read=read,
        write=write,
        sample=lambda random: random.choice(choices),
        patches=True,
    )
