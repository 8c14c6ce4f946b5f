"""Collects every text that a person reads, and compiles its translations.

    .venv/bin/python bin/translate.py           merge new texts into the .po files, compile them, list what is missing
    .venv/bin/python bin/translate.py --check   only say what is missing or not compiled; exit code 1 when anything is

Texts are marked with N_ (see connector.locale); what is looked at stands in pyproject.toml under [tool.babel].
"""

from __future__ import annotations

import io
import sys
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "connector" / "locale"
LANGUAGES = ("ru",)
DOMAIN = "connector"
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # a date that moved with every run would be a change without content


def main(arguments: Sequence[str]) -> int:
    missing = 0
    for language in LANGUAGES:
        catalog = merged(language)
        if "--check" not in arguments:
            po_file(language).write_bytes(po_bytes(catalog))
            po_file(language).with_suffix(".mo").write_bytes(mo_bytes(catalog))
        for complaint in complaints(language, catalog):
            print(complaint)
            missing += 1
    return 1 if missing else 0


def po_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def extracted() -> Catalog:
    """Every marked text of the code."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)["tool"]["babel"]
    methods = [(one["pattern"], one["method"]) for one in settings["mappings"]]
    keywords = {name: tuple(places) for name, places in settings["keywords"].items()}
    template = Catalog()
    for _, _, text, _, _ in extract_from_dir(ROOT, methods, keywords=keywords, comment_tags=()):
        template.add(text)
    return template


def kept(language: str) -> Catalog:
    """What stands in the .po file."""
    if not po_file(language).exists():
        return Catalog(language, DOMAIN)
    with po_file(language).open("rb") as file:
        return read_po(file, language, DOMAIN)


def merged(language: str) -> Catalog:
    """The .po file with the texts of the code: new ones empty, unused ones dropped, none guessed."""
    catalog = kept(language)
    catalog.update(extracted(), no_fuzzy_matching=True, update_header_comment=False)
    catalog.obsolete.clear()
    catalog.header_comment = ""
    catalog.project, catalog.version = DOMAIN, ""
    catalog.creation_date = catalog.revision_date = _SOME_DAY
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, width=110, no_location=True, sort_output=True)
    return out.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def complaints(language: str, catalog: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue: texts without a translation, facts that differ, a .mo that is not its own."""
    for message in catalog:
        if message.id:
            yield from (f"{language}: {problem}" for problem in _problems(message, catalog.num_plurals))
    compiled = po_file(language).with_suffix(".mo")
    if po_file(language).read_bytes() != po_bytes(catalog) or compiled.read_bytes() != mo_bytes(catalog):
        yield f"{language}: the catalogue is not up to date; run bin/translate.py"


def _problems(message: Message, forms: int) -> Iterator[str]:
    texts = _several(message.id)
    strings = _several(message.string)
    if len(strings) != (forms if len(texts) > 1 else 1) or not all(strings) or message.fuzzy:
        yield f"not translated: {texts[0]!r}"
        return
    facts = {fact for text in texts for fact in facts_of(text)}
    for string in strings:
        if not facts_of(string) <= facts or (len(texts) == 1 and facts_of(string) != facts):
            yield f"the facts differ: {texts[0]!r} -> {string!r}"


def _several(text: object) -> tuple[str, ...]:
    return tuple(map(str, text)) if isinstance(text, list | tuple) else (str(text or ""),)


def facts_of(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
