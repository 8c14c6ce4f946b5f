"""What a person reads: moments without machine marks, places beside names, and what to do beside what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

from connector.locale.words import field_called
from tests.commands.conftest import Run

Said = Callable[..., str]


def test_moments_are_short(said: Said) -> None:
    assert re.search(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b", said("status"))
    assert not re.search(r"\d\dT\d\d:\d\d", said("status"))


def test_whom_a_question_is_about_is_told_with_the_place(run: Run, said: Said) -> None:
    asked = next(one for one in run("conflicts", "list", "--json") if one["kind"] == "identity")
    whole = run("conflicts", "show", str(asked["id"]), "--json")
    line = next(line for line in said("conflicts", "list").splitlines() if line.startswith(f"{asked['id']}\t"))
    assert whole["links"][0]["account"] in line.split("\t")[3]


def test_a_field_inside_the_lines_of_a_document_has_a_name() -> None:
    assert field_called("lines.2.price", "ru") == "строка 2 цена"
    assert field_called("lines.2", "ru") == "строка 2"
    assert field_called("phone", "ru") == "телефон"
    assert field_called(None, "ru") == ""
    assert field_called("lines.2.price", "en") == "line 2 price"
