"""Messages of EnterpriseData: a header and objects, streamed both ways.

    with open(path, "rb") as stream:
        message = read_message(stream, path.name)
        message.header.version, message.header.confirmation
        for item in message.objects: item.type, item.data, item.problem

An object that cannot be read is an item with a problem, and the rest of the file is read. A file that stops in the
middle, is no message, or declares a DOCTYPE raises BrokenAnswer; `whole_message` proves a file before anything of it
is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple

from lxml import etree

from connector.errors import BrokenAnswer, RowError
from connector.locale import N_, Sentence
from connector.systems.onec.enterprisedata.codec import data_of, element_of
from connector.systems.onec.enterprisedata.schema import MESSAGE, NAMESPACE, READ, WRITTEN, version_of
from connector.systems.onec.safexml import Checked, Event, NotXml, Readable, child, child_text, events, local, release

MAX_OBJECT: Final = 64 * 1024 * 1024
"""Bytes of one object: a document of a hundred thousand lines is shorter."""

MANUAL: Final = None
"""The confirmation of a file that a person loads by hand: none."""

_HEADER: Final = f"{{{MESSAGE}}}Header"
_NSMAP: Final = {
    "msg": MESSAGE,
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """Who sends which message to whom, and the last one that the sender has received."""

    plan: str
    to: str
    sender: str
    number: int
    received: int


@dataclass(frozen=True, kw_only=True)
class Header:
    """`version` None: the format is named without a version, the message carries settings only."""

    version: str | None
    created_at: str
    confirmation: Confirmation | None = MANUAL
    available: Sequence[str] = ()
    new_sender: str | None = None
    prefix: str | None = None
    sending: Mapping[str, str] = field(default_factory=dict)  # object type -> versions, as the partner sends them
    receiving: Mapping[str, str] = field(default_factory=dict)


class Item(NamedTuple):
    """One object of a body, in its order. With a problem, `data` is empty."""

    type: str
    data: Mapping[str, Any]
    problem: RowError | None = None


@dataclass
class Message:
    """A message being read: the header is known, the objects come as they are asked for, once."""

    header: Header
    objects: Iterator[Item]


# -- reading


def read_message(stream: Readable, file: str = "") -> Message:
    """Read the header; the objects follow lazily. BrokenAnswer for what is no message that we can read."""
    checked = Checked(stream, MAX_OBJECT)
    parsed = events(checked, None, ("start", "end"))
    header = _begun(parsed, file)
    return Message(header, (_item(element) for element in _elements(parsed, checked, file)))


def _begun(parsed: Iterator[Event], file: str) -> Header:
    try:
        return _header(parsed, file)
    except NotXml as error:
        reason = error.sentence
    raise _broken(file, reason)


def whole_message(stream: Readable, file: str = "") -> tuple[Header, int]:
    """The header and the number of objects of a file that is whole. BrokenAnswer otherwise."""
    checked = Checked(stream, MAX_OBJECT)
    parsed = events(checked, None, ("start", "end"))
    header = _begun(parsed, file)
    return header, sum(1 for _ in _elements(parsed, checked, file))


def _header(parsed: Iterator[Event], file: str) -> Header:
    kind, root = next(parsed)
    if kind != "start" or local(root) != "Message":
        raise _broken(
            file, Sentence(N_("it is no message of EnterpriseData: it begins with <{root}>"), root=local(root))
        )
    for kind, element in parsed:
        if kind == "end" and element.tag == _HEADER:
            header = _header_of(element, file)
            element.clear()
            return header
        if kind == "start" and local(element) == "Body":
            break
    raise _broken(file, Sentence(N_("it has no header")))


def _header_of(element: etree._Element, file: str) -> Header:
    format_ = child_text(element, "Format") or ""
    if not format_.startswith(NAMESPACE.rstrip("/")):
        raise _broken(file, Sentence(N_("its format is “{format}”, not EnterpriseData"), format=format_))
    version = version_of(format_)
    if version is not None and version not in READ:
        raise _broken(file, Sentence(N_("EnterpriseData {version} is not known here"), version=version))
    types = child(element, "AvailableObjectTypes")
    listed = [] if types is None else [item for item in types if local(item) == "ObjectType"]
    return Header(
        version=version,
        created_at=child_text(element, "CreationDate") or "",
        confirmation=_confirmation(child(element, "Confirmation"), file),
        available=tuple(item.text.strip() for item in element if local(item) == "AvailableVersion" and item.text),
        new_sender=child_text(element, "NewFrom"),
        prefix=child_text(element, "Prefix"),
        sending={child_text(item, "Name") or "": child_text(item, "Sending") or "" for item in listed},
        receiving={child_text(item, "Name") or "": child_text(item, "Receiving") or "" for item in listed},
    )


def _confirmation(element: etree._Element | None, file: str) -> Confirmation | None:
    if element is None:
        return None
    return Confirmation(
        plan=child_text(element, "ExchangePlan") or "",
        to=child_text(element, "To") or "",
        sender=child_text(element, "From") or "",
        number=_number(child_text(element, "MessageNo"), file),
        received=_number(child_text(element, "ReceivedNo"), file),
    )


def _number(text: str | None, file: str) -> int:
    if text is None:
        return 0
    if not text.lstrip("-").isdecimal():
        raise _broken(file, Sentence(N_("“{value}” is no message number"), value=text))
    return int(text)


def _elements(parsed: Iterator[Event], checked: Checked, file: str) -> Iterator[etree._Element]:
    """The children of the body, each given whole at its end and forgotten when the next one is asked for."""
    depth = 0
    try:
        for kind, element in parsed:
            if kind == "start":
                depth += 1
                continue
            depth -= 1
            if depth == 1 and _in_body(element):
                yield element
                release(element)
                checked.used()
    except NotXml as error:
        reason = error.sentence
    else:
        return
    raise _broken(file, reason)


def _in_body(element: etree._Element) -> bool:
    parent = element.getparent()
    return parent is not None and local(parent) == "Body"


def _item(element: etree._Element) -> Item:
    try:
        return Item(local(element), data_of(element))
    except RowError as error:
        return Item(local(element), {}, error)


def _broken(file: str, reason: Sentence) -> BrokenAnswer:
    return BrokenAnswer(N_("{file}: {reason}"), file=file, reason=reason)


# -- writing


class Written(NamedTuple):
    """What went into a message: how many objects, and those that could not be written: (place from 1, why)."""

    written: int
    refused: Sequence[tuple[int, RowError]]


def write_message(stream: IO[bytes], header: Header, objects: Iterable[tuple[str, Mapping[str, Any]]]) -> Written:
    """Write a message object by object; memory does not grow with it. An object that cannot be written is left out.

    An acknowledgement is a message without objects. UTF-8 with a byte order mark, as 1C writes its own files.
    """
    if header.version not in WRITTEN:
        raise ValueError(f"EnterpriseData {header.version} is not written")
    refused: list[tuple[int, RowError]] = []
    count = 0
    stream.write(b"\xef\xbb\xbf")
    with etree.xmlfile(stream, encoding="utf-8") as file:
        file.write_declaration()
        with file.element("Message", nsmap=_NSMAP):
            file.write(_header_element(header))
            with file.element(_body(header.version), nsmap={None: NAMESPACE + header.version}):
                for place, (type_, data) in enumerate(objects, 1):
                    try:
                        file.write(element_of(type_, data, header.version))
                        count += 1
                    except RowError as error:
                        refused.append((place, error))
    return Written(count, refused)


def _body(version: str) -> str:
    return f"{{{NAMESPACE}{version}}}Body"


def _header_element(header: Header) -> etree._Element:
    root = etree.Element(_HEADER, nsmap={"msg": MESSAGE})
    _add(root, "Format", f"{NAMESPACE}{header.version}")
    _add(root, "CreationDate", header.created_at)
    if header.confirmation is not None:
        part = etree.SubElement(root, f"{{{MESSAGE}}}Confirmation")
        _add(part, "ExchangePlan", header.confirmation.plan)
        _add(part, "To", header.confirmation.to)
        _add(part, "From", header.confirmation.sender)
        _add(part, "MessageNo", str(header.confirmation.number))
        _add(part, "ReceivedNo", str(header.confirmation.received))
    for version in header.available or (header.version or "",):
        _add(root, "AvailableVersion", version)
    if header.new_sender is not None:
        _add(root, "NewFrom", header.new_sender)
    _add_types(root, header)
    if header.prefix is not None:
        _add(root, "Prefix", header.prefix)
    return root


def _add_types(root: etree._Element, header: Header) -> None:
    names = dict.fromkeys([*header.sending, *header.receiving])
    if not names:
        return
    types = etree.SubElement(root, f"{{{MESSAGE}}}AvailableObjectTypes")
    for name in names:
        item = etree.SubElement(types, f"{{{MESSAGE}}}ObjectType")
        _add(item, "Name", name)
        _add(item, "Sending", header.sending.get(name, ""))
        _add(item, "Receiving", header.receiving.get(name, ""))


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{MESSAGE}}}{name}").text = text
