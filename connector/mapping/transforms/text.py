"""Texts, names of people and of firms."""

from __future__ import annotations

import html
import re
from random import Random
from typing import Any, Final
from unicodedata import normalize

from connector.mapping.transforms.base import MISSING, Transform, scalar_text

_FORMS: Final = ("ООО", "ОАО", "ПАО", "ЗАО", "НАО", "АО", "ТОО", "ИП", "ПБОЮЛ", "ЧП", "НКО", "АНО", "ГУП", "МУП")
_WITHOUT_QUOTES: Final = ("ИП", "ПБОЮЛ", "ЧП")
_LEGAL: Final = re.compile(rf"({'|'.join(_FORMS)})\s+[\"«“„](.*)[\"»”“]\Z", re.DOTALL)
_SOLE: Final = re.compile(rf"({'|'.join(_WITHOUT_QUOTES)})\s+(.+)\Z", re.DOTALL)
_QUOTES: Final = str.maketrans(dict.fromkeys("\"«»“”„'’", " "))
_DEEPEST_ENTITIES: Final = 8


def plain(raw: object) -> str | None:
    """Trimmed, NFC, one kind of line ending; None when nothing is left. Inner spaces stay as they are."""
    text = (raw if isinstance(raw, str) else scalar_text(raw)).strip()
    if not text.isascii():
        text = normalize("NFC", text)
    if "\r" in text or "\0" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
    return text or None


def from_html(raw: object) -> str | None:
    """`plain` after entities are unescaped once: Poster sends `кав&#39;ярні` (systems.md 1.7, P-98)."""
    text = raw if isinstance(raw, str) else scalar_text(raw)
    return plain(html.unescape(text)) if "&" in text else plain(text)


def same_html(left: str, right: str) -> bool:
    """Equal but for the spelling of entities: the remote may escape what we wrote, once more or not at all."""
    return left == right or _unescaped(left) == _unescaped(right)


def _unescaped(text: str) -> str | None:
    for _ in range(_DEEPEST_ENTITIES):
        if "&" not in text or (shorter := html.unescape(text)) == text:
            break
        text = shorter
    return plain(text)


def one_line(text: str) -> str:
    return " ".join(text.split())


def read_name(*slots: Any) -> str | None:
    """One string from one slot or several, in the order the mapping names them (P-35)."""
    try:
        text = " ".join(filter(None, slots))
    except TypeError:
        text = " ".join(scalar_text(slot) for slot in slots if slot is not None)
    if "&" in text:
        text = html.unescape(text)
    text = " ".join(text.split())
    return (text if text.isascii() else normalize("NFC", text)) or None


def same_name(left: str, right: str) -> bool:
    """A name is a bag of words: systems sort its parts into slots as they like (P-35)."""
    return left == right or _bag(left) == _bag(right)


def _bag(name: str) -> list[str]:
    return sorted(html.unescape(name).split())


def write_name(value: str, current: object) -> str:
    """One slot: the name; what stands there already stays when it is the same name."""
    standing = _name_of(current)
    return current if isinstance(current, str) and standing is not None and same_name(standing, value) else value


def name_writer(slots: int) -> Any:
    """A writer of `slots` slots: the first words one by one, the rest in the last slot."""

    def write(value: str, current: object) -> tuple[str, ...]:
        parts = value.split(" ", slots - 1)
        if isinstance(current, tuple) and all(isinstance(part, str) for part in current):
            standing = read_name(*current)
            if standing is not None and same_name(standing, value):
                return current
        return (*parts, *[""] * (slots - len(parts)))

    return write


def _name_of(current: object) -> str | None:
    return read_name(current) if current is not MISSING and isinstance(current, str) else None


def read_joined(*slots: Any) -> str | None:
    """What the slots say, each once, with commas between: an address behind the way of delivery."""
    said = [text for slot in slots if slot is not None and (text := plain(slot)) is not None]
    return ", ".join(dict.fromkeys(said)) or None


def read_words(*slots: Any) -> str | None:
    """What the slots say on one line, with single spaces between: brand and article, which are one good together."""
    said = [one_line(text) for slot in slots if slot is not None and (text := plain(slot)) is not None]
    return " ".join(said) or None


def read_legal_name(*slots: Any) -> str | None:
    """A firm: one string, or its form and its name apart (`ООО`, `Рога и Копыта` -> `ООО "Рога и Копыта"`, S-16)."""
    parts = [text for slot in slots if slot is not None and (text := plain(slot)) is not None]
    if len(slots) == 1 or len(parts) < 2:
        return one_line(" ".join(parts)) or None
    form, name = one_line(parts[0]), one_line(parts[1])
    return f"{form} {name}" if form in _WITHOUT_QUOTES else f'{form} "{name}"'


def write_legal_name(value: str) -> tuple[str, str]:
    """The form and the name apart; a name without a known form keeps an empty form."""
    found = _LEGAL.match(value) or _SOLE.match(value)
    return (found[1], found[2].strip()) if found else ("", value)


def same_legal_name(left: str, right: str) -> bool:
    """The same words in the same order, whatever the quotes."""
    return left == right or left.translate(_QUOTES).split() == right.translate(_QUOTES).split()


def read_name_with_percent(name: object, percent: object) -> str | None:
    """A group's name without the percent that the panel appends to it in lists (S-26)."""
    shown = None if name is None else plain(name)
    return shown if shown is None or percent is None else plain(shown.removesuffix(f" - {plain(percent)}%"))


def same_but_percent(left: str, right: str) -> bool:
    return left == right or _PERCENTS.sub("", left) == _PERCENTS.sub("", right)


_PERCENTS: Final = re.compile(r"(?: - \d+%)+\Z", re.ASCII)
_LETTERS: Final = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
_ODD: Final = ("O'Neil", "&", "<b>", "«Ромашка»", '"Ромашка"', "кав'ярні", "№1", "5%", "Ёлка", "🙂", "0", "&amp;")


def word(random: Random) -> str:
    return "".join(random.choices(_LETTERS, k=random.randint(1, 12))).capitalize()


def sample_text(random: Random) -> str:
    parts = [word(random) if random.random() < 0.7 else random.choice(_ODD) for _ in range(random.randint(1, 5))]
    return random.choice((" ", "  ", "\n", ", ")).join(parts)


def sample_name(random: Random) -> str:
    return " ".join(word(random) for _ in range(random.randint(1, 5)))


def sample_legal_name(random: Random) -> str:
    form = random.choice((*_FORMS, "Фонд"))
    name = " ".join(word(random) for _ in range(random.randint(1, 3)))
    return f"{form} {name}" if form in (*_WITHOUT_QUOTES, "Фонд") else f'{form} "{name}"'


def _as_is(value: str) -> str:
    return value


TEXT: Final = Transform(name="text", kind="text", read=plain, write=_as_is, sample=sample_text)
HTML_TEXT: Final = Transform(
    name="html_text", kind="text", read=from_html, write=_as_is, equal=same_html, sample=sample_text
)


JOINED: Final = Transform(
    name="joined", kind="text", read=read_joined, sample=sample_text, reads=range(1, 5), writes=range(0)
)
WORDS: Final = Transform(
    name="words", kind="text", read=read_words, sample=sample_text, reads=range(1, 5), writes=range(0)
)

NAME_WITH_PERCENT: Final = Transform(
    name="name_with_percent",
    kind="text",
    read=read_name_with_percent,
    write=_as_is,
    equal=same_but_percent,
    sample=sample_text,
    reads=range(2, 3),
)


def person_name(writes: int) -> Transform:
    """`person_name` for a number of write slots."""
    write = write_name if writes == 1 else name_writer(writes)
    return Transform(
        name="person_name",
        kind="text",
        read=read_name,
        write=write,
        equal=same_name,
        sample=sample_name,
        reads=range(1, 5),
        writes=range(1, 5),
        patches=True,
    )


def legal_name(writes: int) -> Transform:
    """`legal_name` in one string or in two (form and name)."""
    return Transform(
        name="legal_name",
        kind="text",
        read=read_legal_name,
        write=_as_is if writes == 1 else write_legal_name,
        equal=same_legal_name,
        sample=sample_legal_name,
        reads=range(1, 3),
        writes=range(1, 3),
    )
