"""The same mapping for the row path: from the canonical bytes of a row straight to its values, by name.

Two things make it faster than `read`: the bytes are decoded into a struct that has only the mapped keys, and a field
remembers what the first few texts it met have come to: cities, percents and empty fields repeat in every base. It gives
exactly what `as_dict(read(row))` gives; the tests of mappings prove both equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from connector.mapping.compiler import Column, Problems, Source
from connector.model.values import ABSENT

ReadBody = Callable[[bytes, Problems], dict[str, Any]]

REMEMBERED: Final = 256
"""So many different texts of one field are remembered."""


def body_reader(entity: str, columns: list[Column], paths: Sequence[str]) -> ReadBody:
    """The function that gives the values of a raw row: (canonical bytes, problems) -> what is not ABSENT, in order."""
    source = _Quick(entity, [column for column in columns if column.row.reads], paths)
    exec(compile(source.text(), f"<mapping of {entity}, quick>", "exec"), source.scope)  # noqa: S102 - of literals only
    read: ReadBody = source.scope["read"]
    return read


class _Quick(Source):
    def __init__(self, entity: str, columns: list[Column], paths: Sequence[str]) -> None:
        super().__init__(entity, columns)
        self._slots = {path: f"r{index}" for index, path in enumerate(paths)}
        fields: list[tuple[str, Any, Any]] = [(slot, Any, ABSENT) for slot in self._slots.values()]
        names = {slot: path for path, slot in self._slots.items()}
        row = msgspec.defstruct("Raw", fields, rename=names, gc=False)
        self.scope |= {"M": ABSENT, "decode": msgspec.json.Decoder(row, float_hook=Decimal).decode}

    def text(self) -> str:
        body = [line for index, column in enumerate(self._columns) for line in self._field(index, column)]
        told = [f"if v{i} is not A: values[{column.name!r}] = v{i}" for i, column in enumerate(self._columns)]
        lines = ["raw = decode(body)", *self._heads(), *body, *self._rules(), "values = {}", *told, "return values"]
        return "def read(body, problems):\n" + "\n".join(f"    {line}" for line in lines)

    def _reached(self, head: tuple[str, ...], key: str) -> str:
        return super()._reached(head, key) if head else f"raw.{self._slots[key]}"

    def _single(self, index: int, column: Column, blank: str) -> list[str]:
        if "." in column.row.reads[0]:
            return super()._single(index, column, blank)
        self.scope[f"c{index}"] = {}
        return [
            f"x = {self._take(column.row.reads[0])}",
            "is_text = x.__class__ is str",
            f"v{index} = c{index}.get(x, M) if is_text else M",
            f"if v{index} is M and x is not M:",
            "    try:",
            f"        v{index} = e{index} if x in {blank} else t{index}(x)",
            f"        if is_text and len(c{index}) < {REMEMBERED}: c{index}[x] = v{index}",
            "    except Bad as error:",
            f"        v{index} = fail(problems, {column.name!r}, x, error, b{index}, e{index})",
        ]
