"""Exchange messages of EnterpriseData, as a base with the data synchronisation of БСП takes and gives them.

The base keeps objects as the XML they came in: it is a partner of an exchange, not a bookkeeper. `World.state["soap"]`:

    polls      how many times a job answers Active before it is done
    versions   versions of the format it knows
    objects    {"Справочник.Контрагенты": {key: xml}}; the key is Ссылка, else the key properties as they are
    changes    {node guid: {"type key": message number or null}}
    versioned  {node guid: version agreed on}
    files      {id: {part number: base64}}
    jobs       {id: {polls, error, file, parts, done}}
    serial     last id given

Numbering (БСП, ОбменДаннымиXDTOСервер): a message whose number is not above the last accepted one is refused as
accepted before and its body ignored; ReceivedNo n makes the base forget its changes up to n; a number of 0 or below is
never acknowledged. A load through the Upload service knows no node and no number.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_DNS, uuid5

from lxml import etree

from connector.sandbox.onec.base import Base, Record
from connector.sandbox.onec.profiles import PLAN

if TYPE_CHECKING:
    from connector.sandbox.world import World

MESSAGE: Final = "http://www.1c.ru/SSL/Exchange/Message"
FORMAT: Final = "http://v8.1c.ru/edi/edi_stnd/EnterpriseData"
VERSIONS: Final = ("1.6", "1.8", "1.10")
BEFORE: Final = "Сообщение обмена было ранее принято"
_LARGEST: Final = 200 * 1024 * 1024


class Failed(Exception):
    """The job ends as Failed, with this text."""


@dataclass(frozen=True)
class Header:
    """What a message says of itself. `number` and the rest are None without a Confirmation."""

    version: str | None
    available: tuple[str, ...]
    plan: str | None = None
    sender: str | None = None
    receiver: str | None = None
    number: int | None = None
    received: int | None = None


def first_soap() -> dict[str, Any]:
    """What a base that never exchanged with anybody keeps."""
    names = ("objects", "changes", "versioned", "files", "jobs")
    return {"polls": 1, "versions": list(VERSIONS), "serial": 0, **{name: {} for name in names}}


class Exchange:
    """The exchange side of one base. Its users' hands are `put` and `delete`; a partner comes by message."""

    def __init__(self, world: World) -> None:
        self.world, self._base = world, Base(world)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.state["soap"]
        return found

    # the users of the base -------------------------------------------------------------------------------------

    def objects(self, kind: str) -> dict[str, str]:
        """Key -> XML of every object of a type: `Справочник.Контрагенты`."""
        found: dict[str, str] = self.state["objects"].setdefault(kind, {})
        return found

    def put(self, xml: str) -> None:
        """An object is written in the base: `<Справочник.Контрагенты>…`, in any version of the format or in none."""
        element = _parsed(xml.encode())
        self._store(element)
        self._note(etree.QName(element).localname, _key(element))

    def delete(self, kind: str, key: str) -> None:
        """An object is removed; a partner is told by УдалениеОбъекта."""
        del self.objects(kind)[key]
        self._note(kind, key)

    def _store(self, element: etree._Element) -> None:
        kind = etree.QName(element).localname
        if kind == "УдалениеОбъекта":
            self._remove(element)
            return
        self.objects(kind)[_key(element)] = _bare(element)

    def _remove(self, element: etree._Element) -> None:
        named = (item for item in element.iter() if _local(item).endswith("Ссылка") and len(item) == 0)
        reference = next((item.text for item in named), None)
        for objects in self.state["objects"].values():
            objects.pop(reference, None)

    def _note(self, kind: str, key: str) -> None:
        for guid in self._nodes():
            self.state["changes"].setdefault(guid, {})[f"{kind} {key}"] = None

    # nodes -----------------------------------------------------------------------------------------------------

    def _nodes(self) -> dict[str, Record]:
        rows = self._base.objects(f"ExchangePlan_{PLAN}")
        return {guid: row for guid, row in rows.items() if not row["ThisNode"]}

    def _this(self) -> str:
        rows = self._base.objects(f"ExchangePlan_{PLAN}").values()
        return str(next(row["Code"] for row in rows if row["ThisNode"]))

    def node(self, plan: str, code: str) -> tuple[str, Record] | None:
        """The node of a partner by its code; None for an unknown one, or for another plan."""
        found = ((guid, row) for guid, row in self._nodes().items() if row["Code"] == code)
        return next(found, None) if plan == PLAN else None

    # taking a message ------------------------------------------------------------------------------------------

    def load(self, archive: bytes, plan: str, code: str) -> int:
        """A message through the plan; how many objects it brought. Raises Failed."""
        found = self.node(plan, code)
        if found is None:
            raise Failed(f'Узел "{code}" плана обмена "{plan}" не найден')
        guid, node = found
        header, body = read_message(_unpacked(archive))
        self._check(header, code, node)
        if header.received is not None:
            changes = self.state["changes"].get(guid, {})
            kept = {name: sent for name, sent in changes.items() if sent is None or sent > header.received}
            self.state["changes"][guid] = kept
        common = [version for version in self.state["versions"] if version in header.available]
        if common:
            self.state["versioned"][guid] = max(common, key=_order)
        count = self._take(body) if header.version is not None else 0
        if header.number is not None and header.number > 0:
            node["ReceivedNo"] = str(header.number)
        return count

    def upload(self, archive: bytes) -> int:
        """A message by hand: no plan, no node, no number."""
        header, body = read_message(_unpacked(archive))
        self._check_version(header)
        return self._take(body)

    def _check(self, header: Header, code: str, node: Record) -> None:
        if header.sender is None:
            raise Failed("Ошибка 9: в заголовке сообщения нет раздела Confirmation")
        if header.sender != code:
            raise Failed(f'Отправитель сообщения "{header.sender}" не соответствует узлу "{code}"')
        if header.receiver != self._this():
            raise Failed(f'Ошибка 178: сообщение предназначено узлу "{header.receiver}"')
        self._check_version(header)
        if header.number is not None and 0 < header.number <= int(node["ReceivedNo"]):
            raise Failed(f"{BEFORE}: {header.number}")

    def _check_version(self, header: Header) -> None:
        if header.version is not None and header.version not in self.state["versions"]:
            raise Failed(f"Версия формата {header.version} не поддерживается")

    def _take(self, body: Iterable[etree._Element]) -> int:
        count = 0
        for element in body:
            self._store(element)
            count += 1
        return count

    # giving a message ------------------------------------------------------------------------------------------

    def prepare(self, plan: str, code: str) -> bytes:
        """The next message for a node, zipped. Raises Failed."""
        found = self.node(plan, code)
        if found is None:
            raise Failed(f'Узел "{code}" плана обмена "{plan}" не найден')
        guid, node = found
        node["SentNo"] = str(int(node["SentNo"]) + 1)
        changes = self.state["changes"].setdefault(guid, {})
        for name, message in changes.items():
            changes[name] = int(node["SentNo"]) if message is None else message
        version = self.state["versioned"].get(guid, self.state["versions"][0])
        return _zipped(self._message(version, node, [name.split(" ", 1) for name in changes]))

    def _message(self, version: str, node: Record, changed: list[list[str]]) -> bytes:
        root = etree.Element("Message", nsmap={"msg": MESSAGE})
        header = etree.SubElement(root, f"{{{MESSAGE}}}Header")
        _text(header, "Format", f"{FORMAT}/{version}")
        _text(header, "CreationDate", self._base.now())
        confirmation = etree.SubElement(header, f"{{{MESSAGE}}}Confirmation")
        for name, value in (
            ("ExchangePlan", PLAN),
            ("To", node["Code"]),
            ("From", self._this()),
            ("MessageNo", node["SentNo"]),
            ("ReceivedNo", node["ReceivedNo"]),
        ):
            _text(confirmation, name, value)
        for known in self.state["versions"]:
            _text(header, "AvailableVersion", known)
        body = etree.SubElement(root, f"{{{FORMAT}/{version}}}Body", nsmap={None: f"{FORMAT}/{version}"})
        for kind, key in changed:
            body.append(self._sent(kind, key, f"{FORMAT}/{version}"))
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def _sent(self, kind: str, key: str, namespace: str) -> etree._Element:
        xml = self.objects(kind).get(key)
        if xml is not None:
            return _in_namespace(_parsed(xml.encode()), namespace)
        gone = etree.Element(f"{{{namespace}}}УдалениеОбъекта")
        reference = etree.SubElement(gone, f"{{{namespace}}}СсылкаНаОбъект")
        item = etree.SubElement(reference, f"{{{namespace}}}СсылкаНаОбъект")
        etree.SubElement(item, f"{{{namespace}}}{kind.partition('.')[2]}Ссылка").text = key
        return gone

    # files and jobs --------------------------------------------------------------------------------------------

    def new_id(self) -> str:
        self.state["serial"] += 1
        return str(uuid5(NAMESPACE_DNS, f"{self.world.seed} {self.state['serial']}.soap.example"))


# messages ------------------------------------------------------------------------------------------------------


def read_message(data: bytes) -> tuple[Header, list[etree._Element]]:
    """Header and objects. Raises Failed for what is no message."""
    root = _parsed(data)
    header = root.find(f"{{{MESSAGE}}}Header")
    if root.tag != "Message" or header is None:
        raise Failed("Файл не является сообщением обмена EnterpriseData")
    body = next((item for item in root if _local(item) == "Body"), None)
    confirmation = header.find(f"{{{MESSAGE}}}Confirmation")
    given = (header.findtext(f"{{{MESSAGE}}}Format") or "").strip()
    if not given.startswith(FORMAT):
        raise Failed(f"Неизвестный формат сообщения {given}")
    version = given.removeprefix(FORMAT).strip("/") or None
    available = tuple(item.text or "" for item in header.iterfind(f"{{{MESSAGE}}}AvailableVersion"))
    objects = [] if body is None else [item for item in body if isinstance(item.tag, str)]
    if confirmation is None:
        return Header(version, available), objects
    said = {_local(item): (item.text or "").strip() for item in confirmation}
    numbers = (_number(said.get("MessageNo")), _number(said.get("ReceivedNo")))
    return Header(version, available, said.get("ExchangePlan"), said.get("From"), said.get("To"), *numbers), objects


def _number(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError:
        raise Failed(f"Неверный номер сообщения {text}") from None


def _parsed(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Failed(f"Ошибка разбора XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise Failed("Ошибка разбора XML: объявление типа документа")
    return root


def _unpacked(archive: bytes) -> bytes:
    """The first entry of a zip, as the base takes it."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            entries = packed.infolist()
            if not entries:
                raise Failed("Файл архива не содержит данных.")
            if entries[0].file_size > _LARGEST:
                raise Failed("Файл архива слишком велик.")
            return packed.read(entries[0])
    except zipfile.BadZipFile:
        raise Failed("Файл не является архивом zip.") from None


def _zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.xml", data)
    return packed.getvalue()


def cut(data: bytes, kilobytes: int) -> list[str]:
    """The parts of a file in base64; one part for a size of 0."""
    size = kilobytes * 1024 if kilobytes > 0 else max(len(data), 1)
    return [base64.b64encode(data[start : start + size]).decode() for start in range(0, max(len(data), 1), size)]


def _key(element: etree._Element) -> str:
    """Ссылка of the key properties; without one the key properties themselves."""
    keys = next((item for item in element if _local(item) == "КлючевыеСвойства"), None)
    if keys is None:
        return _bare(element)
    reference = next((item.text for item in keys if _local(item) == "Ссылка"), None)
    return reference if reference is not None else " ".join("".join(item.itertext()).strip() for item in keys)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _bare(element: etree._Element) -> str:
    """The element as text, without namespaces."""
    return etree.tostring(_in_namespace(element, None), encoding="unicode", with_tail=False)


def _in_namespace(element: etree._Element, namespace: str | None) -> etree._Element:
    """A copy, its elements in another namespace."""
    prefix = "" if namespace is None else f"{{{namespace}}}"
    copy = etree.Element(f"{prefix}{_local(element)}", nsmap={None: namespace} if namespace else None)
    copy.text = element.text
    for child in element:
        if isinstance(child.tag, str):
            copy.append(_in_namespace(child, namespace))
    return copy


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _text(parent: etree._Element, name: str, value: str) -> None:
    etree.SubElement(parent, f"{{{MESSAGE}}}{name}").text = value
