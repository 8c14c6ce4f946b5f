"""What a thing says of others, completed: whoever refers to something in EnterpriseData names it as well.

A mapping gives the GUID of a card's owner, the INN of an organization, the GUID of a good; the format wants their key
properties. They are taken from what 1C itself has told, and are never made up: 1C would make a new organization or a
new good of a name that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from connector.errors import Invalid
from connector.locale import N_
from connector.systems.onec.enterprisedata.directory import Directory
from connector.systems.onec.enterprisedata.rows import (
    CUSTOMER,
    ORGANIZATION,
    PRODUCT,
    REFERENCE,
    STORAGE,
    key_properties,
    keys_of,
)

ROUBLES: Final = {"ДанныеКлассификатора": {"Код": "643", "Наименование": "руб."}}
_SERVICES: Final = ("Услуга", "Работа")
_OWNER: Final = "ВладелецКарты"
_GOOD: Final = "ДанныеНоменклатуры"

Row = dict[str, Any]
Known = Callable[[str], Mapping[str, Any] | None]
"""How a counterparty of this GUID stands in 1C, as far as we know."""


class Composer:
    """One base. Invalid where 1C has not told of what is referred to."""

    def __init__(self, account: str, directory: Directory, customer: Known) -> None:
        self._account, self._directory, self._customer = account, directory, customer

    def completed(self, entity: str, row: Mapping[str, Any], key: str) -> Row:
        """The row with everything named that it refers to."""
        match entity:
            case "card":
                return self._card(dict(row))
            case "order":
                return self._order(dict(row), key)
            case _:
                return dict(row)

    def _card(self, row: Row) -> Row:
        owner = row.get(_OWNER)
        if isinstance(owner, Mapping) and isinstance(said := owner.get("Контрагент"), Mapping):
            row[_OWNER] = {"Контрагент": self._counterparty(said)}
        return row

    def _order(self, row: Row, key: str) -> Row:
        row.setdefault("Номер", key[-12:].upper())
        row.setdefault("Валюта", ROUBLES)
        row["Контрагент"] = self._counterparty(row.get("Контрагент") or {})
        row["Организация"] = self._organization(row.get("Организация") or {})
        if row.get("Склад"):
            row["Склад"] = self._storage(row["Склад"])
        goods, services = self._lines(row.pop("Товары", None) or [])
        return {**row, "Товары": goods, "Услуги": services}

    def _counterparty(self, said: Mapping[str, Any]) -> Row:
        key = str(said.get(REFERENCE) or "")
        known = self._customer(key)
        if known is None:
            if key_properties(CUSTOMER) >= said.keys() and said.get("Наименование"):
                return dict(said)  # as 1C itself says it
            text = N_("{account}: it is not known how the counterparty {key} is called in 1C")
            raise Invalid(text, account=self._account, key=key)
        return keys_of(CUSTOMER, known, key)

    def _organization(self, said: Mapping[str, Any]) -> Row:
        """The one with this INN; where nobody is named, the only one there is."""
        inn = str(said.get("ИНН") or "")
        found = self._directory.find(ORGANIZATION, "ИНН", inn) if inn else self._directory.all(ORGANIZATION)
        if len(found) != 1:
            text = N_(
                "{account}: 1C has told of {count} organizations with the INN “{inn}”, and one is needed."
                " Let its exchange carry organizations, and name the one that sells under “organizations”"
            )
            raise Invalid(text, account=self._account, count=len(found), inn=inn)
        key, row = found[0]
        return keys_of(ORGANIZATION, row, key)

    def _storage(self, said: Mapping[str, Any]) -> Row:
        name = str(said.get("Наименование") or "")
        found = self._directory.find(STORAGE, "Наименование", name)
        if len(found) != 1:
            text = N_(
                "{account}: 1C has told of {count} storages called “{name}”, and one is needed."
                " Let its exchange carry storages, and name it under “spots” as it is called there"
            )
            raise Invalid(text, account=self._account, count=len(found), name=name)
        key, row = found[0]
        return keys_of(STORAGE, row, key)

    def _lines(self, lines: Sequence[Mapping[str, Any]]) -> tuple[list[Row], list[Row]]:
        """Goods and services, numbered as they stand in the document."""
        goods: list[Row] = []
        services: list[Row] = []
        for number, line in enumerate(lines, 1):
            kind, good = self._good(line.get(_GOOD) or {})
            told = {**line, "НомерСтрокиДокумента": number, _GOOD: good}
            (services if kind in _SERVICES else goods).append(told)
        return goods, services

    def _good(self, said: Mapping[str, Any]) -> tuple[str, Row]:
        named = said.get("Номенклатура") or {}
        key = str(named.get(REFERENCE) or "")
        row = self._directory.get(PRODUCT, key)
        if row is None:
            text = N_("{account}: 1C has not told of the good “{name}”")
            raise Invalid(text, account=self._account, name=named.get("Наименование") or key)
        return str(row.get("ТипНоменклатуры", "")), {"Номенклатура": keys_of(PRODUCT, row, key)}


__all__ = ["Composer", "Known"]
