"""Everything a person reads, in Russian and English.

Texts are written in English where they arise, marked with `N_`, and translated where they are shown.
A text that carries facts is a `Sentence`: the facts stay apart, so that one error reads well in both languages.
"""

from __future__ import annotations

import gettext
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("ru", "en")
DOMAIN: Final = "connector"


def N_(text: str) -> str:
    """Mark a text for translation where it arises; it is translated where it is shown."""
    return text


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, Path(__file__).parent, [language], fallback=True)


class Sentence:
    """A text with its facts, in no language yet. `str()` gives the English one.

    `many` is the other form of a text that counts something: `plural` makes it.
    """

    __slots__ = ("facts", "many", "text")

    def __init__(self, text: str, /, **facts: object) -> None:
        self.text = text
        self.facts = facts
        self.many: str | None = None

    def __str__(self) -> str:
        return self.in_("en")

    def __repr__(self) -> str:
        return f"Sentence({str(self)!r})"

    def with_facts(self, facts: Mapping[str, object]) -> Sentence:
        """The same text about other facts."""
        other = Sentence(self.text, **facts)
        other.many = self.many
        return other

    def pack(self) -> str:
        """How a sentence is stored, so that it can still be read in either language."""
        facts = {name: fact.pack() if isinstance(fact, Sentence) else fact for name, fact in self.facts.items()}
        parts = [self.text, facts] if self.many is None else [self.text, facts, self.many]
        return json.dumps(parts, ensure_ascii=False, default=str)

    @classmethod
    def unpack(cls, stored: str) -> Sentence:
        """What `pack` stored; a text that is no packed sentence is taken as it stands."""
        try:
            text, facts, *many = json.loads(stored)
            sentence = cls(text, **{name: _inner(fact) for name, fact in facts.items()})
        except (ValueError, TypeError, AttributeError):
            return cls("{text}", text=stored)
        sentence.many = many[0] if many else None
        return sentence

    def in_(self, language: str) -> str:
        shown = {name: fact.in_(language) if isinstance(fact, Sentence) else fact for name, fact in self.facts.items()}
        if self.many is None:
            return translate(self.text, language).format(**shown)
        return _catalogue(language).ngettext(self.text, self.many, int(str(self.facts["count"]))).format(**shown)


def plural(one: str, many: str, /, *, count: int, **facts: object) -> Sentence:
    """A sentence in the form that `count` needs: of two in English, of three in Russian. Both texts hold `{count}`."""
    sentence = Sentence(one, count=count, **facts)
    sentence.many = many
    return sentence


def _inner(fact: object) -> object:
    return Sentence.unpack(fact) if isinstance(fact, str) and fact.startswith('["') else fact


def translate(text: str, language: str) -> str:
    """The text in `language`; the English one when the catalogue has no such text."""
    return _catalogue(language).gettext(text) if text else ""  # gettext answers "" with its header


def spoken(environ: Mapping[str, str] = os.environ) -> str:
    """The language of this machine, used where no `connector.yaml` says `language:`. Russian unless it says English."""
    wished = next((value for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    return "en" if wished.lower().startswith("en") else "ru"
