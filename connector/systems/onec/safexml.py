"""XML of others, read piece by piece: no entities, no DTD, no network, no end of memory.

    for element in elements(stream, {"Товар"}): ...        # each is cleared once the next one is asked for

A DOCTYPE, a text that is not XML or that breaks off, and an element without end raise `NotXml` with a reason for a
person; nothing is ever guessed from a broken file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final, Literal, Protocol, cast

from lxml import etree

from connector.locale import N_, Sentence


class Readable(Protocol):
    """What bytes are read from: a file, the body of an answer."""

    def read(self, size: int = -1, /) -> bytes: ...


class NotXml(ValueError):
    """The bytes are no XML that we read; `sentence` says why."""

    def __init__(self, text: str, /, **facts: object) -> None:
        self.sentence = Sentence(text, **facts)
        super().__init__(str(self.sentence))


Event = tuple[str, etree._Element]
Kind = Literal["start", "end"]

_OPTIONS: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def events(
    stream: Readable, tags: Collection[str] | None = None, kinds: tuple[Kind, ...] = ("end",)
) -> Iterator[Event]:
    """Raw events of the parser, for readers that keep their own place; the reader clears what it has used.

    `tags` are local names (any namespace). The root is checked before the first event is given.
    """
    names = None if tags is None else [f"{{*}}{tag}" for tag in tags]
    checked = stream if isinstance(stream, Checked) else Checked(stream)
    parser = etree.iterparse(checked, events=kinds, tag=names, **_OPTIONS)
    try:
        yield from parser
    except etree.XMLSyntaxError as error:
        raise _reason(error) from None


def elements(stream: Readable, tags: Collection[str]) -> Iterator[etree._Element]:
    """Whole elements with these local names, in order, outermost only; each is emptied after its turn."""
    inside = 0
    for kind, element in events(stream, tags, ("start", "end")):
        if kind == "start":
            inside += 1
            continue
        inside -= 1
        if inside == 0:
            yield element
            release(element)


def release(element: etree._Element) -> None:
    """Forget an element that was used, and all that stands before it beside it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


def local(element: etree._Element) -> str:
    """The name without its namespace; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: etree._Element | None) -> str | None:
    """The text without surrounding blanks; None where there is no element, or nothing in it."""
    if element is None or element.text is None:
        return None
    return element.text.strip() or None


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of this local name."""
    return next((found for found in element if local(found) == name), None)


def child_text(element: etree._Element, name: str) -> str | None:
    return text_of(child(element, name))


def whole(data: bytes) -> etree._Element:
    """The root of a small document that is in memory already."""
    parser = etree.XMLParser(**_OPTIONS)
    _has_root(data)
    try:
        return cast("etree._Element", etree.fromstring(data, parser))
    except etree.XMLSyntaxError as error:
        raise _reason(error) from None


_PROLOG: Final = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_LONGEST_PROLOG: Final = 64 * 1024


class Checked:
    """Passes bytes on to the parser once it is sure that no DOCTYPE stands before the root.

    A reader that says `used()` after each object is refused an object that is longer than `most` bytes: what the
    parser holds at one time has an end.
    """

    def __init__(self, stream: Readable, most: int | None = None) -> None:
        self._stream, self._most = stream, most
        self._sure = False
        self._held = 0

    def used(self) -> None:
        """All that was read so far is done with."""
        self._held = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        while not self._sure:
            more = b"" if _has_root(data) else self._stream.read(size)
            self._sure = not more
            data += more
        self._held += len(data)
        if self._most is not None and self._held > self._most:
            raise NotXml(N_("one object of it is longer than {limit} bytes"), limit=self._most)
        return data


def _has_root(data: bytes) -> bool:
    """Whether the root has begun in these first bytes; refuses a DOCTYPE. Reads UTF-16 too, by its ASCII half."""
    head = data[: 2 * _LONGEST_PROLOG].removeprefix(b"\xef\xbb\xbf")
    head = head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"")
    match = _PROLOG.match(head)
    rest = head[match.end() :] if match is not None else head
    if rest[:9].upper() == b"<!DOCTYPE":
        raise NotXml(N_("it declares a document type, which no exchange file needs and an attack does"))
    if rest and rest[:1] != b"<":  # also what hides behind an encoding in which no sign looks like ASCII
        raise NotXml(N_("it is not well-formed XML, or it breaks off (line {line})"), line=1)
    if len(rest) < 9 or rest[:2] in (b"<?", b"<!"):
        if len(head) > _LONGEST_PROLOG:
            raise NotXml(N_("it begins with so much that is not XML that it cannot be an exchange file"))
        return False
    return True


def _reason(error: etree.XMLSyntaxError) -> NotXml:
    line = error.position[0] if error.position else 0
    return NotXml(N_("it is not well-formed XML, or it breaks off (line {line})"), line=line)
