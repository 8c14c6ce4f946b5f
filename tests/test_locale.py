"""Every text that a person reads is in the catalogue, has its Russian twin with the same facts, and is compiled."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from connector.locale import Sentence, plural, translate
from connector.locale.words import told

ROOT = Path(__file__).resolve().parent.parent
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
NOT_WORDS = re.compile(r"\{[^}]*\}|`[^`]*`|JSON")
BANNED = ("контрагент не", "TODO", "юзер", "аккаунт коннектора", "саппорт")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """bin/translate.py as a module."""
    spec = importlib.util.spec_from_file_location("translate", ROOT / "bin/translate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated_and_compiled(tool: ModuleType) -> None:
    assert list(tool.complaints("ru", tool.merged("ru"))) == []


def test_a_missing_translation_and_a_lost_fact_are_seen(tool: ModuleType) -> None:
    catalog = tool.Catalog("ru", "connector")
    catalog.add("no {thing}", "нет")
    catalog.add("fine", "хорошо")
    catalog.add("nothing yet", "")
    catalog.add(("{count} record", "{count} records"), ("{count} запись", "{count} записи"))
    found = [complaint for complaint in tool.complaints("ru", catalog) if "up to date" not in complaint]
    assert [complaint.split(":")[1] for complaint in found] == [
        " the facts differ",
        " not translated",
        " not translated",
    ]


def test_russian_is_russian(tool: ModuleType) -> None:
    for message in tool.kept("ru"):
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        for string in strings if message.id else ():
            said = NOT_WORDS.sub("", string)
            assert CYRILLIC.search(said) or not re.search("[A-Za-z]", said), (message.id, string)
            assert string, message.id
            assert not any(word in string for word in BANNED), string


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    return (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )


def our_errors() -> set[str]:
    import connector.errors as errors

    return {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}


def test_no_sentence_is_raised_unmarked() -> None:
    """A text given to an error or a Sentence is marked with N_, or is a name that holds a marked text."""
    speaking = our_errors() | {"Sentence", "Wrong", "Outdated", "Damaged"}
    unmarked = []
    for file in (ROOT / "connector").rglob("*.py"):
        if "sandbox" in file.parts and file.name != "remote.py":
            continue
        for call in calls(ast.parse(file.read_text(encoding="utf-8"))):
            if name_of(call) in speaking:
                place = 2 if name_of(call) == "RowError" else 0
                text = call.args[place] if len(call.args) > place else None
                if isinstance(text, ast.Constant | ast.JoinedStr) and getattr(text, "value", "") not in (
                    "{text}",
                    "{problem}",
                ):
                    unmarked.append(f"{file.relative_to(ROOT)}:{call.lineno}")
    assert unmarked == []


def test_marked_texts_are_plain_constants() -> None:
    """gettext collects what is written, not what is computed: an f-string inside N_ would never be found."""
    computed = [
        f"{file.relative_to(ROOT)}:{call.lineno}"
        for file in (ROOT / "connector").rglob("*.py")
        for call in calls(ast.parse(file.read_text(encoding="utf-8")))
        if name_of(call) == "N_" and not all(isinstance(arg, ast.Constant) for arg in call.args)
    ]
    assert computed == []


def test_a_sentence_in_both_languages() -> None:
    sentence = Sentence("{account} has no {entity} {id}", account="kafe", entity="customer", id=5)
    assert sentence.in_("en") == "kafe has no customer 5"
    assert sentence.in_("ru") == "в kafe нет customer 5"
    inner = Sentence("{reason}", reason=Sentence("stopped"))
    assert (inner.in_("ru"), inner.in_("en")) == ("остановлено", "stopped")
    assert Sentence.unpack(inner.pack()).in_("ru") == "остановлено"


def test_an_unknown_text_is_shown_as_it_is() -> None:
    assert translate("never seen before", "ru") == "never seen before"
    things = [str(plural("{count} thing", "{count} things", count=count)) for count in (1, 2)]
    assert things == ["1 thing", "2 things"]


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 прогон"), (3, "3 прогона"), (11, "11 прогонов"), (24, "24 прогона"), (25, "25 прогонов")]
)
def test_what_is_counted_agrees_with_its_number(count: int, said: str) -> None:
    sentence = plural(
        "{account}: a change of legal details is seen within {count} run",
        "{account}: a change of legal details is seen within {count} runs",
        count=count,
        account="panel",
    )
    for one in (sentence, Sentence.unpack(sentence.pack())):
        assert one.in_("ru").endswith(f"через {said}")
    assert str(sentence).endswith("1 run" if count == 1 else f"{count} runs")
    assert told(sentence, "ru").endswith(said)


@pytest.mark.parametrize(("count", "form"), [(1, 0), (2, 1), (5, 2), (11, 2), (21, 0), (22, 1), (25, 2)])
def test_russian_has_three_forms(tool: ModuleType, count: int, form: int) -> None:
    from babel.messages.plurals import get_plural

    catalog = tool.kept("ru")
    assert catalog.num_plurals == get_plural("ru").num_plurals == 3
    rule = re.search(r"plural=(.*?);?\Z", catalog.plural_forms.strip())
    assert rule is not None
    import gettext

    assert gettext.c2py(rule[1].rstrip(";"))(count) == form
