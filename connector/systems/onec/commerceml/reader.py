"""Reading files of CommerceML 2.03 to 2.10 and 3.1, of any length, as they come.

    file = read_file(stream, "import0_1.xml")
    file.head.version                     # "2.07"
    for item in file.items: item.kind, item.id, item.data, item.problem

No real file is valid by a schema (1c.md, section 1), so none is asked: what is unknown is passed on or passed over. An
object that cannot be read is an item with a problem, and the rest of the file is read. A file that stops in the
middle, has another root or declares a DOCTYPE raises BrokenAnswer; `whole_file` proves a file, and counts it, before
anything of it is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from lxml import etree

from connector.errors import BrokenAnswer, RowError
from connector.locale import N_, Sentence
from connector.systems.onec.commerceml.shapes import customer, groups, marked, named, offer
from connector.systems.onec.commerceml.values import bare_id, plain
from connector.systems.onec.safexml import Checked, Event, NotXml, Readable, events, local, release

ROOT: Final = "КоммерческаяИнформация"
ORDER: Final = "Заказ товара"
MAX_OBJECT: Final = 32 * 1024 * 1024
"""Bytes between two objects that are known here: no order, group of groups or property is as long."""

Kind = Literal[
    "group", "property", "product", "offer", "price_type", "storage", "unit", "order", "document", "customer"
]

_KINDS: Final[dict[str, Kind]] = {
    "Группа": "group",
    "Свойство": "property",
    "Товар": "product",
    "Предложение": "offer",
    "ТипЦены": "price_type",
    "Склад": "storage",
    "ЕдиницаИзмерения": "unit",
    "Документ": "document",
    "Контрагент": "customer",
}
_SECTIONS: Final = ("Классификатор", "Каталог", "ПакетПредложений", "ИзмененияПакетаПредложений")
_READ: Final[dict[str, Callable[[etree._Element], dict[str, Any]]]] = {"Предложение": offer, "Контрагент": customer}
_KEYS: Final = {"Документ": "Номер", "ЕдиницаИзмерения": "Код"}
"""By what an object is known where that is not its `Ид`: 1C knows an order by its number."""
_DELETED: Final = ("удален", "удалён")


@dataclass(frozen=True, kw_only=True)
class Head:
    """`made_at` as the file says it, which may be a day alone."""

    version: str
    made_at: str
    id: str | None = None


class Section(NamedTuple):
    """Where an object stands. `only_changes`: objects that are not in the section stay as they were."""

    kind: str
    id: str | None
    only_changes: bool


class Item(NamedTuple):
    """One object, in the order of the file. With a problem, `data` is empty and `id` may be."""

    kind: Kind
    id: str
    data: Mapping[str, Any]
    section: Section | None = None
    problem: RowError | None = None
    line: int = 0

    @property
    def gone(self) -> bool:
        """Whether 1C says that the object was deleted."""
        return self.data.get("ПометкаУдаления") is True or str(self.data.get("Статус", "")).casefold() in _DELETED


Made = Callable[[etree._Element, str, Section | None], Iterable[Item]]
"""The items of one element."""


@dataclass
class File:
    """A file being read: the head is known, the objects come as they are asked for, once."""

    head: Head
    items: Iterator[Item]


class Counted(NamedTuple):
    """A file that is whole: its head, how many objects of a kind can be read, and how many cannot."""

    head: Head
    objects: Mapping[str, int]
    unreadable: int


def read_file(stream: Readable, file: str = "") -> File:
    """Read the head; the objects follow lazily. BrokenAnswer for what is no file of CommerceML."""
    head, parsed, checked = _begun(stream, file)
    return File(head, _items(parsed, checked, file, _objects))


def prove_file(stream: Readable, file: str = "") -> Head:
    """Read to the end without looking at what the objects say. BrokenAnswer as from `whole_file`, in half the time."""
    head, parsed, checked = _begun(stream, file)
    for _ in _items(parsed, checked, file, lambda *_: ()):
        raise AssertionError("nothing is made of the objects")
    return head


def _begun(stream: Readable, file: str) -> tuple[Head, Iterator[Event], Checked]:
    checked = Checked(stream, MAX_OBJECT)
    parsed = events(checked, {ROOT, *_KINDS}, ("start", "end"))
    try:
        kind, root = next(parsed, (None, None))
    except NotXml as error:
        reason = error.sentence
    else:
        if kind == "start" and root is not None and local(root) == ROOT and root.getparent() is None:
            return _head(root), parsed, checked
        reason = Sentence(N_("it is no file of CommerceML"))
    raise _broken(file, reason)


def whole_file(stream: Readable, file: str = "") -> Counted:
    """Read to the end and count. BrokenAnswer for a file that is none, or stops in the middle."""
    read = read_file(stream, file)
    found: Counter[str] = Counter()
    unreadable = 0
    for item in read.items:
        if item.problem is None:
            found[item.kind] += 1
        else:
            unreadable += 1
    return Counted(read.head, found, unreadable)


def _head(root: etree._Element) -> Head:
    return Head(
        version=plain(root.get("ВерсияСхемы")),
        made_at=plain(root.get("ДатаФормирования")),
        id=root.get("Ид"),
    )


def _items(parsed: Iterator[Event], checked: Checked, file: str, made: Made) -> Iterator[Item]:
    """Outermost objects only: the goods of an order are parts of it."""
    depth = 0
    places = _Places()
    try:
        for kind, element in parsed:
            depth += 1 if kind == "start" else -1
            if kind == "start" or depth != 0 or (name := local(element)) == ROOT:
                continue
            yield from made(element, name, places.of(element))
            release(element)
            checked.used()
    except NotXml as error:
        reason = error.sentence
    else:
        return
    raise _broken(file, reason)


class _Places:
    """The section of each object; neighbours share theirs."""

    def __init__(self) -> None:
        self._parent: etree._Element | None = None
        self._section: Section | None = None

    def of(self, element: etree._Element) -> Section | None:
        parent = element.getparent()
        if parent is not self._parent:
            self._parent = parent
            self._section = next((_section(one) for one in element.iterancestors() if local(one) in _SECTIONS), None)
        return self._section


def _section(element: etree._Element) -> Section:
    name = local(element)
    said = plain(element.get("СодержитТолькоИзменения")).casefold()
    key = named(element, "Ид")
    return Section(name, None if key is None else bare_id(key), said == "true" or name == "ИзмененияПакетаПредложений")


def _objects(element: etree._Element, name: str, section: Section | None) -> Sequence[Item]:
    kind, known_by, line = _KINDS[name], _KEYS.get(name, "Ид"), element.sourceline or 0
    try:
        if name == "Группа":
            return [_item(kind, known_by, data, section, line) for data in groups(element)]
        return (_item(kind, known_by, _READ.get(name, marked)(element), section, line),)
    except RowError as error:
        return (Item(kind, named(element, known_by) or "", {}, section, error, line),)


def _item(kind: Kind, known_by: str, data: Mapping[str, Any], section: Section | None, line: int) -> Item:
    key = data.get(known_by)
    if not isinstance(key, str) or key == "":
        problem = RowError(known_by, "", N_("without it the object cannot be known again"))
        return Item(kind, "", {}, section, problem, line)
    if kind == "document" and data.get("ХозОперация", ORDER) in (ORDER, ""):
        kind = "order"  # one that does not say what it is, is an order: sites send nothing else
    return Item(kind, key, data, section, None, line)


def _broken(file: str, reason: Sentence) -> BrokenAnswer:
    return BrokenAnswer(N_("{file}: {reason}"), file=file, reason=reason)
