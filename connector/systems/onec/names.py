"""What a resource of OData is called in 1C's own windows: `Catalog_Контрагенты` is «Справочник Контрагенты»."""

from __future__ import annotations

from typing import Final

_KINDS: Final = {
    "Catalog": "Справочник",
    "Document": "Документ",
    "DocumentJournal": "Журнал документов",
    "Constant": "Константа",
    "ExchangePlan": "План обмена",
    "ChartOfAccounts": "План счетов",
    "ChartOfCalculationTypes": "План видов расчета",
    "ChartOfCharacteristicTypes": "План видов характеристик",
    "InformationRegister": "Регистр сведений",
    "AccumulationRegister": "Регистр накопления",
    "CalculationRegister": "Регистр расчета",
    "AccountingRegister": "Регистр бухгалтерии",
    "BusinessProcess": "Бизнес-процесс",
    "Task": "Задача",
}
"""Prefix of a resource -> how the tree of «Состав» calls it. Names of 1C, not words of ours: never translated."""


def title_of(resource: str) -> str:
    """The name under which a person finds it in 1C."""
    kind, separator, name = resource.partition("_")
    return f"«{_KINDS[kind]} {name}»" if separator and kind in _KINDS else resource
