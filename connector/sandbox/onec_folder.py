"""A base of 1C that synchronises through a folder: «Синхронизация данных», transport «Локальный или сетевой каталог».

    peer = FolderPeer(folder, partner="CON")
    peer.put("<Справочник.Контрагенты>…")      # a user writes an object: it is registered for the partner
    peer.turn()                                # «Синхронизировать»: takes our message, leaves its own

It is strict as БСП is: an element out of its order, or one that is lacking, stops the whole load and nothing is
confirmed; a message that is not newer is «ранее принято»; what was not confirmed is sent again in every message. It
keeps objects in its own spelling, forgets what its configuration has no place for, and adds what it has. A reference to
something that it has not makes a new, hollow object (`made_up`), as 1C does.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from lxml import etree

from connector.sandbox.onec.messages import FORMAT, MESSAGE, Failed, read_message
from connector.sandbox.onec.profiles import PLAN

VERSIONS: Final = ("1.8", "1.10")
BEFORE: Final = "Сообщение обмена было ранее принято"

_SEQUENCES: Final = {
    "Справочник.Контрагенты": (
        "КлючевыеСвойства! ОКПО ДополнительнаяИнформация ДокументУдЛичность КонтактнаяИнформация ГоловнойКонтрагент"
        " ОбособленноеПодразделение ДополнительныеРеквизиты ОсновнойБанковскийСчет ОсновнойДоговор ФизическоеЛицо"
    ),
    "Справочник.Контрагенты/КлючевыеСвойства": (
        "Ссылка Наименование! НаименованиеПолное ИНН КПП ЮридическоеФизическоеЛицо! СтранаРегистрации Группа GLN"
    ),
    "Справочник.Контрагенты/КонтактнаяИнформация/Строка": (
        "ВидКонтактнойИнформации! ЗначенияПолей! НаименованиеКонтактнойИнформации"
    ),
    "Справочник.ДисконтныеКарты": "КлючевыеСвойства! ПрограммаЛояльности ДатаОткрытия",
    "Справочник.ДисконтныеКарты/КлючевыеСвойства": "Ссылка НомерКарты! ВладелецКарты!",
    "Справочник.ДисконтныеКарты/КлючевыеСвойства/ВладелецКарты/Контрагент": (
        "Ссылка Наименование! НаименованиеПолное ИНН КПП ЮридическоеФизическоеЛицо! СтранаРегистрации Группа GLN"
    ),
    "Документ.ЗаказКлиента": (
        "КлючевыеСвойства! Ответственный КонтактноеЛицоКонтрагента ОжидаемаяДатаПоступления СпособДоставки Валюта!"
        " Сумма Подразделение Склад Контрагент! ДанныеВзаиморасчетов АдресДоставки ТипЦен СуммаВключаетНДС Товары"
        " Услуги Оплаты ДополнительныеРеквизиты Комментарий"
    ),
    "Документ.ЗаказКлиента/КлючевыеСвойства": "Ссылка Дата! Номер! Организация!",
    "Документ.ЗаказКлиента/КлючевыеСвойства/Организация": (
        "Ссылка Наименование! НаименованиеСокращенное НаименованиеПолное ИНН КПП ГоловнаяОрганизация"
        " ЮридическоеФизическоеЛицо!"
    ),
    "Документ.ЗаказКлиента/Товары/Строка": (
        "НомерСтрокиДокумента ДанныеНоменклатуры! ЕдиницаИзмерения Количество Сумма Цена СтавкаНДС СуммаНДС"
    ),
    "Документ.ЗаказКлиента/Услуги/Строка": (
        "НомерСтрокиДокумента ДанныеНоменклатуры! Количество Сумма Цена СтавкаНДС СуммаНДС Содержание"
    ),
    "УдалениеОбъекта": "СсылкаНаОбъект!",
}
"""The sequences that are checked, `!` behind what is demanded: from the schema package of the format, typed in."""

_REFERENCES: Final = {
    "Контрагент": "Справочник.Контрагенты",
    "Номенклатура": "Справочник.Номенклатура",
    "Организация": "Справочник.Организации",
    "Склад": "Справочник.Склады",
}
_DROPPED: Final = frozenset({"ДокументУдЛичность", "ДополнительнаяИнформация"})
_PHONE: Final = re.compile(r"\+?7(\d{3})(\d{3})(\d{2})(\d{2})\Z")

Wins = Literal["theirs", "ours"]


class FolderPeer:
    """One base and its node for one partner. `wins`: whose object stays when both have changed it."""

    def __init__(
        self,
        folder: Path,
        *,
        partner: str = "CON",
        code: str = "УТ",
        spelled: str = "UT",
        versions: tuple[str, ...] = VERSIONS,
        packed: bool = False,
        wins: Wins = "theirs",
    ) -> None:
        self.folder, self.partner, self.code, self.spelled = folder, partner, code, spelled
        self.versions, self.packed, self.wins = versions, packed, wins
        self.objects: dict[str, dict[str, str]] = {}
        self.deleted: list[tuple[str, str]] = []
        self.made_up: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.version = versions[0]
        self.sent = self.received = 0
        self._changes: dict[tuple[str, str], int | None] = {}
        self._minutes = 0

    # its users -------------------------------------------------------------------------------------------------

    def put(self, xml: str) -> str:
        """A user writes an object; its key. Registered for the partner."""
        element = etree.fromstring(xml)
        kind, key = _kind(element), _key(element)
        self.objects.setdefault(kind, {})[key] = _text(element)
        self._changes[kind, key] = None
        return key

    def edit(self, kind: str, key: str, old: str, new: str) -> None:
        """A user changes a part of an object."""
        xml = self.objects[kind][key]
        if old not in xml:
            raise AssertionError(f"{old} is not in {xml}")
        self.put(xml.replace(old, new))

    def delete(self, kind: str, key: str) -> None:
        """A user removes an object."""
        del self.objects[kind][key]
        self._changes[kind, key] = None

    def register_all(self) -> None:
        """«Зарегистрировать все»: everything is sent anew."""
        self._changes = {(kind, key): None for kind, objects in self.objects.items() for key in objects}

    # the exchange ----------------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Take what the partner has left, then leave what is registered; a load that fails is said, and no more."""
        try:
            self.take()
        except Failed as reason:
            self.said.append(str(reason))
        self.leave()

    @property
    def own_file(self) -> Path:
        return self.folder / f"Message_{self.spelled}_{self.partner}.{'zip' if self.packed else 'xml'}"

    @property
    def their_file(self) -> Path:
        return self.folder / f"Message_{self.partner}_{self.spelled}.xml"

    def take(self) -> int | None:
        """Load the partner's message; how many objects, None where there is none. Failed: nothing of it counts."""
        try:
            data = self.their_file.read_bytes()
        except FileNotFoundError:
            return None
        header, body = read_message(data)
        if header.sender is None or header.plan != PLAN or header.sender != self.partner:
            raise Failed(f'Узел "{header.sender}" плана обмена "{header.plan}" не найден')
        if header.receiver != self.code:
            raise Failed(f'Ошибка 178: сообщение предназначено узлу "{header.receiver}"')
        if header.version not in self.versions:
            raise Failed(f"Версия формата {header.version} не поддерживается")
        assert header.number is not None and header.received is not None
        if header.received > self.sent:
            raise Failed(f"Подтверждено сообщение {header.received}, отправлено {self.sent}")
        self._forget(header.received)
        self._agree(header.available)
        if header.number <= self.received:
            self.said.append(f"{BEFORE}: {header.number}")
            return 0
        for element in body:
            _check(element, _kind(element))
        for element in body:
            self._load(element)
        self.received = header.number
        return len(body)

    def _forget(self, number: int) -> None:
        self._changes = {one: sent for one, sent in self._changes.items() if sent is None or sent > number}

    def _agree(self, available: tuple[str, ...]) -> None:
        common = [version for version in self.versions if version in available]
        if common:
            self.version = max(common, key=lambda version: int(version.partition(".")[2]))

    def _load(self, element: etree._Element) -> None:
        kind = _kind(element)
        if kind == "УдалениеОбъекта":
            self._remove(element)
            return
        key = _key(element)
        if (kind, key) in self._changes and self.wins == "ours":
            self.said.append(f"Коллизия: {kind} {key} не загружен")
            return
        self._refer(element)
        self._changes.pop((kind, key), None)
        before = self.objects.setdefault(kind, {}).get(key)
        self.objects[kind][key] = _text(_own_spelling(element, before is None))

    def _remove(self, element: etree._Element) -> None:
        named = next(item for item in element.iter() if _kind(item).endswith("Ссылка"))
        name, key = _kind(named).removesuffix("Ссылка"), str(named.text)
        for kind, objects in self.objects.items():
            if kind.partition(".")[2] == name and key in objects:
                del objects[key]
                self.deleted.append((kind, key))

    def _refer(self, element: etree._Element) -> None:
        """What is referred to and is not there is made of its key properties."""
        for item in element.iter():
            kind = _REFERENCES.get(_kind(item))
            key = next((str(one.text) for one in item if _kind(one) == "Ссылка"), None) if kind else None
            if kind and key is not None and key not in self.objects.get(kind, {}):
                self.made_up.append((kind, key))

    def leave(self) -> Path:
        """Write the next message with everything that is registered and not confirmed."""
        self.sent += 1
        for one, number in self._changes.items():
            self._changes[one] = self.sent if number is None else number
        data = self._message()
        if self.packed:
            with zipfile.ZipFile(self.own_file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"{self.own_file.stem}.xml", data)
        else:
            self.own_file.write_bytes(data)
        return self.own_file

    def _message(self) -> bytes:
        space = f"{FORMAT}/{self.version}"
        root = etree.Element("Message", nsmap={"msg": MESSAGE, "xsi": "http://www.w3.org/2001/XMLSchema-instance"})
        header = etree.SubElement(root, f"{{{MESSAGE}}}Header")
        self._minutes += 1
        created = f"2026-11-21T{10 + self._minutes // 60 % 12:02}:{self._minutes % 60:02}:00"
        for name, value in (("Format", space), ("CreationDate", created)):
            etree.SubElement(header, f"{{{MESSAGE}}}{name}").text = value
        confirmation = etree.SubElement(header, f"{{{MESSAGE}}}Confirmation")
        facts = (PLAN, self.partner, self.code, str(self.sent), str(self.received))
        for name, value in zip(("ExchangePlan", "To", "From", "MessageNo", "ReceivedNo"), facts, strict=True):
            etree.SubElement(confirmation, f"{{{MESSAGE}}}{name}").text = value
        for version in self.versions:
            etree.SubElement(header, f"{{{MESSAGE}}}AvailableVersion").text = version
        etree.SubElement(header, f"{{{MESSAGE}}}Prefix").text = "УТ"
        body = etree.SubElement(root, f"{{{space}}}Body", nsmap={None: space})
        body.extend(self._registered(space))
        return b"\xef\xbb\xbf" + etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _registered(self, space: str) -> Iterator[etree._Element]:
        for kind, key in self._changes:
            xml = self.objects.get(kind, {}).get(key)
            if xml is not None:
                yield _moved(etree.fromstring(xml), space)
                continue
            gone = etree.Element(f"{{{space}}}УдалениеОбъекта")
            inner = etree.SubElement(etree.SubElement(gone, f"{{{space}}}СсылкаНаОбъект"), f"{{{space}}}СсылкаНаОбъект")
            etree.SubElement(inner, f"{{{space}}}{kind.partition('.')[2]}Ссылка").text = key
            yield gone


# the schema ----------------------------------------------------------------------------------------------------


def _check(element: etree._Element, way: str) -> None:
    """Failed for an element that is unknown, out of its order or lacking."""
    listed = _SEQUENCES.get(way)
    names = [_kind(item) for item in element]
    if listed is not None:
        order = [name.rstrip("!") for name in listed.split()]
        unknown = [name for name in names if name not in order]
        if unknown or names != sorted(names, key=order.index):
            raise Failed(f"Ошибка чтения XDTO: {way}: {unknown or names}")
        lacking = [name for name in listed.split() if name.endswith("!") and name.rstrip("!") not in names]
        if lacking:
            raise Failed(f"Ошибка чтения XDTO: {way}: не заполнено {lacking}")
    for item in element:
        _check(item, f"{way}/{_kind(item)}")


# spelling ------------------------------------------------------------------------------------------------------


def _own_spelling(element: etree._Element, new: bool) -> etree._Element:
    """As this configuration keeps it."""
    copy = etree.fromstring(_text(element))
    for item in list(copy):
        if item.tag in _DROPPED:
            copy.remove(item)
    for item in copy.iter("ЗначенияПолей"):
        item.text = _contact(item.text or "")
    if new and copy.tag == "Справочник.Контрагенты":
        etree.SubElement(copy, "ВнутреннийКод").text = "00-000017"  # of its own extension
    if new and copy.tag == "Документ.ЗаказКлиента":
        number = copy.find("КлючевыеСвойства/Номер")
        assert number is not None
        number.text = f"00УТ-{number.text}"
    return copy


def _contact(told: str) -> str:
    """Contact information is stored as JSON by newer configurations, and phones as a person reads them."""
    shown = etree.fromstring(told.encode()).get("Представление", "") if told.startswith("<") else told
    if told.startswith("{"):
        return told
    if (match := _PHONE.match(shown)) is not None:
        shown = "+7 ({}) {}-{}-{}".format(*match.groups())
    quoted = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"value": "{quoted}"}}'


def _kind(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _key(element: etree._Element) -> str:
    keys = next(item for item in element if _kind(item) == "КлючевыеСвойства")
    return next(str(item.text) for item in keys if _kind(item) == "Ссылка")


def _text(element: etree._Element) -> str:
    return etree.tostring(_moved(element, None), encoding="unicode", with_tail=False)


def _moved(element: etree._Element, space: str | None) -> etree._Element:
    """A copy in another namespace."""
    prefix = "" if space is None else f"{{{space}}}"
    copy = etree.Element(f"{prefix}{_kind(element)}", nsmap={None: space} if space else None)
    copy.text = element.text
    copy.extend(_moved(item, space) for item in element if isinstance(item.tag, str))
    return copy
