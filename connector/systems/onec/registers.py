"""What registers tell: settlements with customers, goods in stock, prices. Read only, in the words of the profile.

    Registers(wire, profile).read("settlements", before=datetime(2026, 11, 1), only={"customer": "…guid…"})
    [{"customer": "…guid…", "organization": "…guid…", "amount": Decimal("1500.00")}, …]

A balance is what there was just before a moment of the server's own clock, or is now. A reference that is empty is
None; where a property holds references of several types, rows that hold another one than the profile names are left
out (on account 62 a row may belong to nobody). Numbers keep every digit, and rows of equal keys are added up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any, Final

from connector.errors import BrokenAnswer, UsageError
from connector.locale import N_
from connector.systems.onec.filters import Condition, Guid, cast, field
from connector.systems.onec.names import title_of
from connector.systems.onec.profile import Column, Profile, RegisterTable
from connector.systems.onec.values import guid_of, is_empty
from connector.systems.onec.wire import Entity, Wire

_TYPE_PREFIX: Final = "StandardODATA."
_NO_TABLE: Final = N_("{account}: the profile {profile} does not say where {name} are kept; add them under “registers”")
_NO_KEY: Final = N_("{account}: {name} have no {key}; known keys: {keys}")
_NO_ACCOUNT: Final = N_("{account}: 1C has no accounts {codes} in {resource}; correct “registers” of the profile")
_NO_PROPERTY: Final = N_("{account}: {resource} does not tell {property}; correct “registers” of the profile")


class Registers:
    """The registers of one base that its profile names."""

    def __init__(self, wire: Wire, profile: Profile) -> None:
        self._wire, self._profile = wire, profile

    def read(
        self, name: str, before: datetime | None = None, only: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """One of the tables of the profile; `only` the rows with these keys (key -> guid).

        UsageError where the profile has no such table or the table no such key.
        """
        table = self._profile.registers.get(name)  # type: ignore[call-overload]
        if table is None:
            raise UsageError(_NO_TABLE, account=self._wire.account, profile=self._profile.profile, name=name)
        params: dict[str, str | datetime | Condition | None] = {"Period": before}
        if only:
            params["Condition"] = self._only(name, table, only)
        if table.accounts:
            params["AccountCondition"] = self._accounts(table)
        rows = self._wire.table(table.resource, table.table, params)
        return list(self._summed(table, rows))

    def _only(self, name: str, table: RegisterTable, only: Mapping[str, str]) -> Condition:
        conditions = []
        for key, guid in only.items():
            column = table.keys.get(key)
            if column is None:
                raise UsageError(_NO_KEY, account=self._wire.account, name=name, key=key, keys=", ".join(table.keys))
            if isinstance(column, Column):  # compared with a plain guid a property of several types never matches
                conditions.append(field(column.property).eq(cast(Guid(guid), column.of)))
            else:
                conditions.append(field(column).eq(Guid(guid)))
        return reduce(Condition.__and__, conditions)

    def _accounts(self, table: RegisterTable) -> Condition:
        """The accounts whose code begins with one of these, as a condition."""
        chart = str(table.chart)
        where = reduce(Condition.__or__, (field("Code").starts_with(code) for code in table.accounts))
        rows = self._wire.rows(chart, select=("Ref_Key", "Code"), where=where, order="Code")
        if not rows:
            facts = {"resource": title_of(chart), "codes": ", ".join(table.accounts)}
            raise BrokenAnswer(_NO_ACCOUNT, account=self._wire.account, **facts)
        return field("Account_Key").among([Guid(str(row["Ref_Key"])) for row in rows])

    def _summed(self, table: RegisterTable, rows: Sequence[Entity]) -> Iterator[dict[str, Any]]:
        sums: dict[tuple[Any, ...], list[Decimal]] = {}
        for row in rows:
            keys = self._keys(table, row)
            if keys is None:
                continue
            figures = [_number(self._said(table, row, name)) for name in table.figures.values()]
            found = sums.setdefault(keys, [Decimal(0)] * len(figures))
            sums[keys] = [one + other for one, other in zip(found, figures, strict=True)]
        for keys, figures in sums.items():
            yield dict(zip((*table.keys, *table.figures), (*keys, *figures), strict=True))

    def _keys(self, table: RegisterTable, row: Mapping[str, Any]) -> tuple[str | None, ...] | None:
        """The references of a row; None for a row whose property of several types holds something else."""
        found: list[str | None] = []
        for column in table.keys.values():
            name, of = (column.property, column.of) if isinstance(column, Column) else (column, None)
            value = self._said(table, row, name)
            if of is not None and row.get(f"{name}_Type") != _TYPE_PREFIX + of:
                return None
            found.append(None if is_empty(value) else guid_of(str(value)))
        return tuple(found)

    def _said(self, table: RegisterTable, row: Mapping[str, Any], name: str) -> Any:
        if name not in row:
            facts = {"resource": title_of(table.resource), "property": name}
            raise BrokenAnswer(_NO_PROPERTY, account=self._wire.account, **facts)
        return row[name]


def _number(value: object) -> Decimal:
    """A figure as the base says it: a number of JSON, or the text of one."""
    return Decimal(str(value))
