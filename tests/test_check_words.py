"""Every check that an adapter can give is called in words of the person who reads the table."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import connector
from connector.locale.words import CHECKS, called

CODE = Path(connector.__file__).parent


def names() -> Iterator[str]:
    """What stands as `name` of a Check anywhere in the code, without the entity in front."""
    for file in CODE.rglob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        known = {
            node.target.id: node.value
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Check":
                (value,) = [one.value for one in node.keywords if one.arg == "name"]
                value = known.get(value.id, value) if isinstance(value, ast.Name) else value
                yield from (part.rpartition(": ")[2] for part in words(value))


def words(value: ast.expr) -> list[str]:
    if isinstance(value, ast.IfExp):
        return [*words(value.body), *words(value.orelse)]
    if isinstance(value, ast.JoinedStr):
        value = value.values[-1]
    assert isinstance(value, ast.Constant) and isinstance(value.value, str), ast.dump(value)
    return [value.value]


def test_every_check_has_a_word_in_russian() -> None:
    found = set(names())
    assert {"reachable", "folder", "units", "rights"} <= found
    assert {name for name in found if name not in CHECKS or called(CHECKS, name, "ru") == name} == set()
