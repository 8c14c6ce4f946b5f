"""The first state of a base: its service catalogues, then the people, cards and goods of the sample company."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_DNS, uuid5

from connector.sandbox.onec.base import OPTIONS, Record
from connector.sandbox.onec.messages import first_soap
from connector.sandbox.onec.profiles import CONFIGURATIONS, PLAN
from connector.sandbox.onec.schema import EMPTY_DATE, UNDEFINED, Configuration, Kind
from connector.sandbox.people import guid_of

if TYPE_CHECKING:
    from connector.sandbox.company import Company, Person
    from connector.sandbox.world import State, World

PROFILE: Final = "ut11"
PEER: Final = "CON"
"""The code of the node that stands for the connector in the exchange plan."""

Row = Mapping[str, Any]

_ACCOUNTS: Final = {
    "50.01": "Касса организации",
    "51": "Расчетные счета",
    "62.01": "Расчеты с покупателями",
    "90.01": "Выручка",
}
_CONTACT_TITLES: Final = {"Телефон": "Телефон", "АдресЭлектроннойПочты": "Электронная почта", "Адрес": "Адрес"}


def first_state(world: World) -> State:
    """A base of the profile that was asked for (`ut11` unless said otherwise), filled from the world's company."""
    chosen = dict(world.options)
    configuration = CONFIGURATIONS[chosen.pop("profile", PROFILE)]
    state: State = {
        "profile": configuration.name,
        "options": {**OPTIONS, **chosen},
        "composition": list(configuration.resources),
        "hidden": {},
        "read_only": [],
        "closed_until": "",
        "version": 0,
        "numbers": {},
        "objects": {},
        "records": {},
        "changes": {},
        "soap": first_soap(),
    }
    base = _Filling(configuration, state)
    base.service()
    base.people(world.company)
    base.goods(world.company)
    return state


def guid(name: str) -> str:
    return str(uuid5(NAMESPACE_DNS, f"{name}.base.example"))


class _Filling:
    """Puts rows straight into a state, as the people of the base did before anybody looked."""

    def __init__(self, configuration: Configuration, state: State) -> None:
        self.configuration, self.state = configuration, state

    def put(self, resource: str, key: str, values: Row, tables: Mapping[str, list[Record]] | None = None) -> str:
        kind = self.configuration.kinds[resource]
        row: Record = {item.key: item.empty for item in kind.properties}
        row |= {f"{item.key}_Type": UNDEFINED for item in kind.properties if item.kind == "any"}
        row |= {table.name: [] for table in kind.tables}
        row |= {name: value for name, value in values.items() if name in row}
        if row.get("IsFolder"):
            keep = ("Code", "Description", "Parent_Key", "IsFolder", "DeletionMark", "Predefined", "PredefinedDataName")
            row |= {item.key: None for item in kind.properties if item.key not in keep}
        for name, lines in (tables or {}).items():
            row[name] = [self._line(kind, name, place, line) for place, line in enumerate(lines, 1)]
        self._number(kind, row)
        self.state["version"] += 1
        row["DataVersion"] = f"AAAA{self.state['version']:07d}="
        self.state["objects"].setdefault(resource, {})[key] = row
        return key

    def _line(self, kind: Kind, name: str, place: int, line: Record) -> Record:
        part = kind.table(name)
        empty = {item.key: item.empty for item in part.properties} if part else {}
        return {"LineNumber": str(place), **empty, **line}

    def _number(self, kind: Kind, row: Record) -> None:
        name, length = kind.code
        if row[name] == "":
            numbers = self.state["numbers"]
            numbers[kind.resource] = numbers.get(kind.resource, 0) + 1
            row[name] = str(numbers[kind.resource]).zfill(length)

    # what every base has ---------------------------------------------------------------------------------------

    def service(self) -> None:
        for name, kind in self.configuration.contact_kinds.items():
            values = {
                "Description": _CONTACT_TITLES[kind],
                "Тип": kind,
                "Predefined": True,
                "PredefinedDataName": name,
                "ИмяПредопределенногоВида": name,
            }
            self.put("Catalog_ВидыКонтактнойИнформации", guid(name), values)
        self.put("Catalog_Валюты", guid("rub"), {"Code": "643", "Description": "RUB", "НаименованиеПолное": "Рубль"})
        firm = {
            "Description": "ООО «Зерно»",
            "НаименованиеПолное": "ООО «Зерно»",
            "ИНН": "7701234567",
            "КПП": "770101001",
        }
        self.put("Catalog_Организации", guid("main"), firm)
        self.put(f"ExchangePlan_{PLAN}", guid("this"), {"Code": "UT", "Description": "Эта база", "ThisNode": True})
        node = self.put(f"ExchangePlan_{PLAN}", guid("peer"), {"Code": PEER, "Description": "Коннектор"})
        self.state["changes"][node] = {}
        if "ChartOfAccounts_Хозрасчетный" in self.configuration.kinds:
            for code, name in _ACCOUNTS.items():
                self.put("ChartOfAccounts_Хозрасчетный", guid(code), {"Code": code, "Description": name})

    # people ----------------------------------------------------------------------------------------------------

    def people(self, company: Company) -> None:
        groups = self._groups(company)
        self._card_kinds()
        for person in company.people_of("onec"):
            self._person(person, groups.get(person.group, ""))

    def _groups(self, company: Company) -> dict[str, str]:
        """Folders of counterparties; in УТ 11 segments of partners."""
        known = {group.key: guid_of(group.key) for group in company.groups_of("onec")}
        segments = "Catalog_СегментыПартнеров" in self.configuration.kinds
        for group in company.groups_of("onec"):
            values = {"Description": group.name, "DeletionMark": group.deleted, "IsFolder": True}
            resource = "Catalog_СегментыПартнеров" if segments else "Catalog_Контрагенты"
            self.put(resource, known[group.key], values)
        return known

    def _card_kinds(self) -> None:
        for resource in ("Catalog_ВидыКартЛояльности", "Catalog_ВидыДисконтныхКарт"):
            if resource in self.configuration.kinds:
                self.put(resource, guid("cards"), {"Description": "Накопительная"})

    def _person(self, person: Person, group: str) -> None:
        legal = person.legal
        values: dict[str, Any] = {
            "Description": legal.full if legal else person.full_name,
            "НаименованиеПолное": legal.full if legal else person.full_name,
            "ИНН": legal.inn if legal else "",
            "КПП": legal.kpp if legal else "",
            "РегистрационныйНомер": legal.ogrn if legal else "",
            "Комментарий": person.comment,
            "DeletionMark": not person.active,
            "ДатаРождения": f"{person.birthday}T00:00:00" if person.birthday else EMPTY_DATE,
            "Пол": {"m": "Мужской", "f": "Женский"}.get(person.sex, ""),
            "Клиент": True,
            "Покупатель": True,
            **self._legal_kind(person),
        }
        tables = {"КонтактнаяИнформация": self._contacts(person)}
        if self.configuration.name == "ut11":
            self.put("Catalog_Партнеры", person.guid, values, tables)
            own = {**values, "Партнер_Key": person.guid}
            self.put("Catalog_Контрагенты", guid(f"{person.key} legal"), own)
        else:
            place = {"Parent_Key": group} if group else {}
            self.put("Catalog_Контрагенты", person.guid, {**values, **place}, tables)
        self._cards(person)

    def _legal_kind(self, person: Person) -> dict[str, str]:
        trader = person.legal is not None and person.legal.form == "ИП"
        firm = person.legal is not None and not trader
        if self.configuration.name == "ut11":
            kind = "ЮрЛицо" if firm else "ИндивидуальныйПредприниматель" if trader else "ФизЛицо"
            partner = "Компания" if person.legal else "ЧастноеЛицо"
            return {"ЮрФизЛицо": partner, "ЮридическоеФизическоеЛицо": kind}
        person_or_firm = "ЮридическоеЛицо" if firm else "ФизическоеЛицо"
        kind = "ИндивидуальныйПредприниматель" if trader else person_or_firm
        return {"ЮридическоеФизическоеЛицо": person_or_firm, "ВидКонтрагента": kind}

    def _contacts(self, person: Person) -> list[Record]:
        """One row a way to reach him, of the kinds this configuration has for a customer."""
        kinds = self.configuration.contact_kinds
        first = {kind: next(name for name in kinds if kinds[name] == kind) for kind in set(kinds.values())}
        legal = person.legal.address if person.legal else ""
        rows = []
        if person.phone:
            rows.append(self._contact(first["Телефон"], {"Представление": person.phone, "НомерТелефона": person.phone}))
        if person.email:
            email = {
                "Представление": person.email,
                "АдресЭП": person.email,
                "ДоменноеИмяСервера": _domain(person.email),
            }
            rows.append(self._contact(first["АдресЭлектроннойПочты"], email))
        if person.address:
            rows.append(self._contact(first["Адрес"], {"Представление": person.address, "Город": person.city}))
        if legal and self.configuration.name != "ut11":
            rows.append(self._contact("ЮрАдресКонтрагента", {"Представление": legal}))
        return rows

    def _contact(self, name: str, values: dict[str, str]) -> Record:
        return {"Тип": self.configuration.contact_kinds[name], "Вид_Key": guid(name), **values}

    def _cards(self, person: Person) -> None:
        for card in person.cards:
            if self.configuration.name == "ut11":
                status = {"new": "НеАктивирована", "active": "Действует", "blocked": "Аннулирована"}[card.status]
                values = {
                    "Партнер_Key": person.guid,
                    "Штрихкод": card.barcode,
                    "МагнитныйКод": card.uid,
                    "Статус": status,
                }
                resource = "Catalog_КартыЛояльности"
            elif self.configuration.name == "unf":
                values = {
                    "ВладелецКарты_Key": person.guid,
                    "КодКартыШтрихкод": card.barcode,
                    "КодКартыМагнитный": card.uid,
                }
                resource = "Catalog_ДисконтныеКарты"
            else:
                return
            own = {"Description": f"{card.type} {card.uid}", "Owner_Key": guid("cards"), **values}
            self.put(resource, guid(f"card {card.uid} {person.key}"), own)

    # goods -----------------------------------------------------------------------------------------------------

    def goods(self, company: Company) -> None:
        for place in company.storages:
            self.put("Catalog_Склады", guid_of(place.key), {"Description": place.name})
        for category in company.categories:
            if not category.ingredients:
                parent = {"Parent_Key": guid_of(category.parent)} if category.parent else {}
                values = {"Description": category.name, "IsFolder": True, **parent}
                self.put("Catalog_Номенклатура", guid_of(category.key), values)
        for product in company.products:
            self._product(product.key, product.name, product.category, product.sku)
            self._price(product.key, product.price)
            if product.barcode:
                record = {"Штрихкод": product.barcode, "Номенклатура_Key": guid_of(product.key)}
                self.state["records"].setdefault("InformationRegister_ШтрихкодыНоменклатуры", []).append(record)

    def _product(self, key: str, name: str, category: str, sku: str) -> None:
        values = {
            "Description": name,
            "НаименованиеПолное": name,
            "Артикул": sku,
            "Parent_Key": guid_of(category),
            "ТипНоменклатуры": "Запас",
        }
        self.put("Catalog_Номенклатура", guid_of(key), values)

    def _price(self, key: str, kopecks: int) -> None:
        """Two prices: the one of the beginning of the year, and what it is now."""
        records = self.state["records"].setdefault("InformationRegister_ЦеныНоменклатуры", [])
        for period, price in (("2026-01-01T00:00:00", kopecks * 9 // 10), ("2026-09-01T00:00:00", kopecks)):
            found = {"Period": period, "Номенклатура_Key": guid_of(key), "Цена": str(Decimal(price) / 100)}
            records.append({**found, "Active": True})


def _domain(email: str) -> str:
    return email.rpartition("@")[2]
