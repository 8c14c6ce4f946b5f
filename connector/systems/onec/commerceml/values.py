"""Single values of CommerceML as they are really written, made to look one way (1c.md, section 1).

Text was often escaped twice, a number may have a comma or blanks, an hour may lack its zero, an empty date is the
letter `T`, an identifier may begin with `#`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NamedTuple

from connector.errors import RowError
from connector.locale import N_

_ESCAPED: Final = re.compile(r"&(?:quot|amp|lt|gt|apos|#0?39);")
_CHARACTERS: Final = {
    "&quot;": '"',
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&apos;": "'",
    "&#39;": "'",
    "&#039;": "'",
}
_BLANKS: Final = str.maketrans({"\xa0": None, "\u202f": None, " ": None, ",": "."})
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\Z")
_TIME: Final = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?"
_CLOCK: Final = re.compile(rf"{_TIME}\Z")
_MOMENT: Final = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})(?:[T ]{_TIME})?\Z")
_RUSSIAN: Final = re.compile(rf"([0-9]{{2}})\.([0-9]{{2}})\.([0-9]{{4}})(?: {_TIME})?\Z")
_NEVER: Final = ("", "T", "0001-01-01")
_TRUE: Final = ("true", "да", "истина", "1")
_FALSE: Final = ("false", "нет", "ложь", "0", "")


class GoodId(NamedTuple):
    """A good, and its characteristic where the line names one."""

    good: str
    characteristic: str | None


def plain(text: str | None) -> str:
    """Text without surrounding blanks, and without what was escaped twice."""
    if text is None:
        return ""
    text = text.strip()
    return _ESCAPED.sub(lambda match: _CHARACTERS[match[0]], text) if "&" in text else text


def number(name: str, text: str) -> str:
    """Digits as they are, with a point; empty stays empty. RowError for what is no number."""
    if _NUMBER.match(text):
        return text
    tidy = text.translate(_BLANKS)
    if tidy and not _NUMBER.match(tidy):
        raise RowError(name, text, N_("it is no number"))
    return tidy


def moment(name: str, text: str) -> str:
    """`YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`, as much as is said; empty where the date is empty in any of its forms."""
    if text in _NEVER:
        return ""
    if (match := _MOMENT.match(text)) is not None:
        year, month, day, *clock = match.groups()
    elif (match := _RUSSIAN.match(text)) is not None:
        day, month, year, *clock = match.groups()
    else:
        raise RowError(name, text, N_("it is no date"))
    try:
        hour, minute, second = (int(part or 0) for part in clock)
        when = datetime(int(year), int(month), int(day), hour, minute, second)
    except ValueError:
        raise RowError(name, text, N_("there is no such day or time")) from None
    if when.year == 1:
        return ""
    return when.date().isoformat() if clock[0] is None else when.isoformat()


def clock(name: str, text: str) -> str:
    """`HH:MM:SS`; empty stays empty."""
    if text in ("", "T"):
        return ""
    match = _CLOCK.match(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        raise RowError(name, text, N_("it is no time of day"))
    return f"{int(match[1]):02}:{match[2]}:{match[3] or '00'}"


def truth(name: str, text: str) -> bool:
    """Yes or no in any of the words that are used; nothing is no."""
    word = text.casefold()
    if word not in _TRUE and word not in _FALSE:
        raise RowError(name, text, N_("it is neither yes nor no"))
    return word in _TRUE


def good_id(text: str) -> GoodId:
    """`GUID` or `GUID#GUID of the characteristic`."""
    good, _, characteristic = text.partition("#")
    return GoodId(good.strip(), characteristic.strip() or None)


def bare_id(text: str) -> str:
    """An identifier of a classifier or catalogue without the `#` that some bases put before or behind it."""
    return text.strip("#")
