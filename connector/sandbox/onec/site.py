"""A web service that somebody wrote for this base: `/base/ws/site.1cws`, buyers of a site in a table of their own.

As such services are: a row has the elements that are not empty, a second word for our own key, a refusal inside the
answer with a code. `PutCustomer` with a `Код` replaces the whole row, without one makes a new row; a second row with
one `ВнешнийКод` is refused. `GetCustomers` gives pages, and a mark that asks for what was changed after it. An element
that the description does not know is a fault of SOAP.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Response
from lxml import etree

if TYPE_CHECKING:
    from connector.sandbox.world import World

NAME: Final = "Site"
PATH: Final = "site"
SPACE: Final = "http://www.example.org/site"
FIELDS: Final = ("Код", "ВнешнийКод", "Наименование", "Вид", "Телефон", "Почта", "ИНН", "КПП", "ДатаРождения", "Скидка",
                 "Комментарий", "Удален")  # fmt: skip
LONGEST_PAGE: Final = 1000
_TAKES: Final = {
    "Ping": (),
    "GetCustomers": ("Since", "Page", "Size"),
    "FindCustomers": ("Field", "Value"),
    "PutCustomer": ("Customer",),
}
_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_WSDL: Final = Path(__file__).with_name("site.wsdl")

Row = dict[str, str]


class Fault(Exception):
    """Answered as a SOAP fault."""


class Site:
    """The table. `changes` counts every change; a row carries the count of its last one."""

    def __init__(self, world: World) -> None:
        self.state: dict[str, Any] = world.state.setdefault("site", {"rows": {}, "changes": 0})

    @property
    def rows(self) -> dict[str, Row]:
        return {code: row["fields"] for code, row in self.state["rows"].items()}

    def put(self, fields: Row) -> str:
        """A new row, or the whole of one that is there; its code."""
        self.state["changes"] += 1
        code = fields.get("Код") or f"{len(self.state['rows']) + 1:09}"
        kept = {name: value for name, value in fields.items() if value}
        self.state["rows"][code] = {"fields": {**kept, "Код": code}, "changed": self.state["changes"]}
        return code

    def since(self, mark: int) -> list[Row]:
        found = [row for row in self.state["rows"].values() if row["changed"] > mark]
        return [row["fields"] for row in sorted(found, key=lambda row: (row["changed"], row["fields"]["Код"]))]


def serves(path: str) -> bool:
    """Whether a path below `/ws/` is this service's."""
    return path.strip("/").removesuffix(".1cws") == PATH


def serve(world: World, verb: str, body: bytes) -> Response:
    """The description for a GET, the answer of an operation for a POST."""
    if verb == "GET":
        return Response(_WSDL.read_bytes(), content_type="text/xml; charset=utf-8")
    try:
        name, given = _called(body)
        with world.lock:
            return _reply(name, _performed(Site(world), name, given))
    except Fault as reason:
        return _fault(str(reason))


def _called(body: bytes) -> tuple[str, etree._Element]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Fault(f"Ошибка разбора XML: {error}") from error
    called = root.find(f"{{{_ENVELOPE}}}Body/*")
    name = "" if called is None else etree.QName(called).localname
    if called is None or etree.QName(called).namespace != SPACE or name not in _TAKES:
        raise Fault(f"Операция {name} не найдена.")
    for element in called:
        if etree.QName(element).namespace != SPACE or etree.QName(element).localname not in _TAKES[name]:
            raise Fault(f"Неизвестный параметр {etree.QName(element).localname}.")
    return name, called


def _performed(site: Site, name: str, given: etree._Element) -> Any:
    match name:
        case "Ping":
            return True
        case "GetCustomers":
            return _listed(site, given)
        case "FindCustomers":
            field, value = _text(given, "Field"), _text(given, "Value")
            if field not in FIELDS:
                return _refusal("НетПоля", f"Поле {field} не найдено.")
            wanted = value.casefold()  # a base of 1C does not tell letters by their case
            found = [row for row in site.rows.values() if wanted and row.get(field, "").casefold().startswith(wanted)]
            return {"Покупатели": found}
        case _:
            return _stored(site, given)


def _listed(site: Site, given: etree._Element) -> Any:
    page, size = int(_text(given, "Page") or 0), int(_text(given, "Size") or 0)
    if page < 1 or not 1 <= size <= LONGEST_PAGE:
        raise Fault("Неверный номер или размер страницы.")
    mark = _text(given, "Since") or "0"
    if not mark.isdecimal():
        return _refusal("НеверныйЗапрос", f"Отметка {mark} не распознана.")
    found = site.since(int(mark))
    return {"Покупатели": found[(page - 1) * size : page * size], "Отметка": str(site.state["changes"])}


def _stored(site: Site, given: etree._Element) -> Any:
    element = given.find(f"{{{SPACE}}}Customer")
    fields = {etree.QName(item).localname: item.text or "" for item in (() if element is None else element)}
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise Fault(f"Неизвестный элемент {sorted(unknown)[0]}.")
    if not fields.get("Наименование", "").strip():
        return _refusal("НеверныйЗапрос", "Не заполнено наименование покупателя.")
    code, ours = fields.get("Код"), fields.get("ВнешнийКод")
    if code and code not in site.rows:
        return _refusal("НетТакого", f"Покупатель {code} не найден.")
    if ours and any(row.get("ВнешнийКод") == ours and row["Код"] != code for row in site.rows.values()):
        return _refusal("УжеЕсть", f"Покупатель с внешним кодом {ours} уже есть.")
    return {"Код": site.put(fields)}


def _refusal(code: str, text: str) -> Any:
    return {"Ошибка": text, "КодОшибки": code}


def _text(given: etree._Element, name: str) -> str:
    return given.findtext(f"{{{SPACE}}}{name}") or ""


# answers -------------------------------------------------------------------------------------------------------


def _reply(name: str, answer: Any) -> Response:
    root = etree.Element(f"{{{_ENVELOPE}}}Envelope", nsmap={"soap": _ENVELOPE})
    body = etree.SubElement(root, f"{{{_ENVELOPE}}}Body")
    response = etree.SubElement(body, f"{{{SPACE}}}{name}Response", nsmap={"m": SPACE})
    result = etree.SubElement(response, f"{{{SPACE}}}return")
    if not isinstance(answer, dict):
        result.text = str(answer).lower()
        return _xml(root, 200)
    for field in ("Ошибка", "КодОшибки", "Покупатели", "Отметка", "Код"):
        if field == "Покупатели" and field in answer:
            _rows(etree.SubElement(result, f"{{{SPACE}}}{field}"), answer[field])
        elif field in answer:
            etree.SubElement(result, f"{{{SPACE}}}{field}").text = answer[field]
    return _xml(root, 200)


def _rows(parent: etree._Element, rows: list[Row]) -> None:
    for row in rows:
        element = etree.SubElement(parent, f"{{{SPACE}}}Покупатель")
        for name in FIELDS:
            if row.get(name):
                etree.SubElement(element, f"{{{SPACE}}}{name}").text = row[name]


def _fault(text: str) -> Response:
    root = etree.Element(f"{{{_ENVELOPE}}}Envelope", nsmap={"soap": _ENVELOPE})
    fault = etree.SubElement(etree.SubElement(root, f"{{{_ENVELOPE}}}Body"), f"{{{_ENVELOPE}}}Fault")
    etree.SubElement(fault, "faultcode").text = "soap:Server"
    etree.SubElement(fault, "faultstring").text = text
    return _xml(root, 500)


def _xml(root: etree._Element, status: int) -> Response:
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(data, status, content_type="text/xml; charset=utf-8")
