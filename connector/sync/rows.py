"""What the parts of the engine that read and store rows have in common: one spelling, one way to find, one report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from connector.errors import RowError
from connector.locale import N_, Sentence
from connector.model.records import ENTITIES
from connector.model.routes import Route
from connector.model.states import JournalLine

encode: Final = msgspec.json.Encoder().encode
decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode

_MOST: Final = 200
"""Characters of a raw value that the journal keeps."""


def reference_rows(entity: str, values: Any, uid: str) -> list[tuple[str, str, str, str]]:
    """A record can be found by what it refers to: (entity, field, the other's uid, uid)."""
    return [
        (entity, name, values[name], uid) for name in ENTITIES[entity].references if isinstance(values.get(name), str)
    ]


def problem_line(
    route: Route, external_id: str, uid: str | None, problem: RowError, amount: int | None = None
) -> JournalLine:
    """`amount` is how much money waits with the row, in minor units."""
    return JournalLine(
        account=route.account,
        entity=route.entity,
        external_id=external_id,
        uid=uid,
        field=problem.field,
        value=None if problem.value is None else _text(problem.value),
        reason=problem.reason,
        amount=amount,
        do=Sentence(N_("correct the value in {account}, record {id}"), account=route.account, id=external_id),
    )


def unidentified(what: str | Sentence) -> Sentence:
    """Why a row has no usable identity; a sentence of the adapter's own stands for itself."""
    return what if isinstance(what, Sentence) else Sentence(N_("the row cannot be identified: {what}"), what=what)


def _text(value: Any) -> str:
    """A raw value in one cell; what is longer is told whole by `connector journal show`."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
