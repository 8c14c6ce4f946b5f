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
    """A text with its facts, in no language yet. `str()` gives the English one."""

    __slots__ = ("facts", "text")

    def __init__(self, text: str, /, **facts: object) -> None:
        self.text = text
        self.facts = facts

    def __str__(self) -> str:
        return self.in_("en")

    def __repr__(self) -> str:
        return f"Sentence({str(self)!r})"

    def pack(self) -> str:
        """How a sentence is stored, so that it can still be read in either language."""
        facts = {name: fact.pack() if isinstance(fact, Sentence) else fact for name, fact in self.facts.items()}
        return json.dumps([self.text, facts], ensure_ascii=False, default=str)

    @classmethod
    def unpack(cls, stored: str) -> Sentence:
        """What `pack` stored; a text that is no packed sentence is taken as it stands."""
        try:
            text, facts = json.loads(stored)
            return cls(text, **{name: _inner(fact) for name, fact in facts.items()})
        except (ValueError, TypeError, AttributeError):
            return cls("{text}", text=stored)

    def in_(self, language: str) -> str:
        shown = {name: fact.in_(language) if isinstance(fact, Sentence) else fact for name, fact in self.facts.items()}
        return translate(self.text, language).format(**shown)


def _inner(fact: object) -> object:
    return Sentence.unpack(fact) if isinstance(fact, str) and fact.startswith('["') else fact


def translate(text: str, language: str) -> str:
    """The text in `language`; the English one when the catalogue has no such text."""
    return _catalogue(language).gettext(text) if text else ""  # gettext answers "" with its header


def plural(one: str, many: str, count: int, language: str) -> str:
    """The right form for `count`, with `{count}` filled in."""
    return _catalogue(language).ngettext(one, many, count).format(count=count)


def spoken(environ: Mapping[str, str] = os.environ) -> str:
    """The language of this machine, used where no `connector.yaml` says `language:`. Russian unless it says English."""
    wished = next((value for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    return "en" if wished.lower().startswith("en") else "ru"
