"""The web services of an emulated base: EnterpriseDataExchange_1_0_1_1 and EnterpriseDataUpload_1_0_1_1.

They live beside OData under `/base/ws/<Service>.1cws` (also without the ending) and describe themselves with `?wsdl`:
document/literal wrapped, SOAP 1.1 and 1.2. Out-parameters stand beside `return`. A job runs in the background: it is
asked for by its id and answers Active a few times; an id nobody knows is Canceled. A part or a file that is not there
when data are put is a SOAP fault, a message that cannot be taken is a job that Failed with an ErrorMessage.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flask import Response
from lxml import etree

from connector.sandbox.onec.messages import Exchange, Failed, cut

if TYPE_CHECKING:
    from connector.sandbox.world import World

XS: Final = "http://www.w3.org/2001/XMLSchema"
RESULT: Final = "http://v8.1c.ru/SSL/Exchange/EnterpriseDataExchange"
ENVELOPES: Final = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_BINDINGS: Final = (("Soap", f"{_WSDL}soap/"), ("Soap12", f"{_WSDL}soap12/"))

NO_NODE: Final = "Заданный узел плана обмена не найден. Обратитесь к администратору приложения."
NO_PART: Final = "Часть файла с указанным номером не найдена."
NO_FILE_ID: Final = "Не указан идентификатор загружаемого файла. Дальнейшее выполнение метода невозможно."

Given = Mapping[str, str | None]
Answer = dict[str, Any]


class Fault(Exception):
    """Answered as a SOAP fault."""


@dataclass(frozen=True)
class Operation:
    """One operation: its parameters with their types, what it returns, its out-parameters, and what it does."""

    takes: Mapping[str, str]
    returns: str
    gives: tuple[str, ...]
    does: Callable[[Exchange, Given], Answer]


# what the operations do ----------------------------------------------------------------------------------------


def _ping(_: Exchange, __: Given) -> Answer:
    return {"return": ""}


def _test(exchange: Exchange, given: Given) -> Answer:
    known = exchange.node(given["ExchangePlanName"] or "", given["PeerCode"] or "") is not None
    return {"return": known, "ErrorMessage": "" if known else NO_NODE}


def _test_upload(_: Exchange, __: Given) -> Answer:
    return {"return": True, "ErrorMessage": ""}


def _put_part(exchange: Exchange, given: Given) -> Answer:
    """A part without a number, or with the number 0, is the first; one that comes again replaces the earlier."""
    if not given["FileID"]:
        raise Fault(NO_FILE_ID)
    try:
        base64.b64decode(given["PartData"] or "", validate=False)
        number = int(given["PartNumber"] or 0) or 1
    except (binascii.Error, ValueError):
        raise Fault("Переданные данные не соответствуют типу для получения данных.") from None
    exchange.state["files"].setdefault(given["FileID"], {})[str(number)] = given["PartData"] or ""
    return {"return": "", "ErrorMessage": ""}


def _put_data(exchange: Exchange, given: Given) -> Answer:
    archive = _joined(exchange, given["FileID"] or "")
    plan, code = given["ExchangePlanName"] or "", given["PeerCode"] or ""
    return _started(exchange, lambda: {"count": exchange.load(archive, plan, code)})


def _put_upload(exchange: Exchange, given: Given) -> Answer:
    archive = _joined(exchange, given["FileID"] or "")
    return _started(exchange, lambda: {"count": exchange.upload(archive)})


def _joined(exchange: Exchange, file: str) -> bytes:
    """All parts, counted from one; the temporary file is gone afterwards."""
    parts = exchange.state["files"].get(file)
    if not parts:
        raise Fault(f"Не найден ни один фрагмент сессии передачи с идентификатором {file}.")
    try:
        data = b"".join(base64.b64decode(parts[str(number)]) for number in range(1, len(parts) + 1))
    except KeyError as error:
        raise Fault(f"Файл не обнаружен: data.zip.{error.args[0]}") from None
    del exchange.state["files"][file]
    return data


def _started(exchange: Exchange, work: Callable[[], Answer]) -> Answer:
    """A job. It is done at once; its answer is kept back for as many questions as the base is set to."""
    key = exchange.new_id()
    job: Answer = {"polls": exchange.state["polls"], "error": "", "file": "", "parts": 0}
    try:
        job |= work()
    except Failed as reason:
        job["error"] = str(reason)
    exchange.state["jobs"][key] = job
    return {"return": "", "OperationID": key, "ErrorMessage": ""}


def _status(exchange: Exchange, key: str) -> tuple[str, Answer]:
    job = exchange.state["jobs"].get(key)
    if job is None:
        return "Canceled", {"error": "", "file": "", "parts": 0}
    if job["polls"] > 0:
        job["polls"] -= 1
        return "Active", {**job, "error": ""}
    return ("Failed" if job["error"] else "Completed"), job


def _put_result(exchange: Exchange, given: Given) -> Answer:
    status, job = _status(exchange, given["OperationID"] or "")
    return {"return": status, "ErrorMessage": job["error"]}


def _prepare(exchange: Exchange, given: Given) -> Answer:
    size = int(float(given["PartSize"] or 0))
    plan, code = given["ExchangePlanName"] or "", given["PeerCode"] or ""

    def work() -> Answer:
        parts = cut(exchange.prepare(plan, code), size)
        file = exchange.new_id()
        exchange.state["files"][file] = {str(number): part for number, part in enumerate(parts, 1)}
        return {"file": file, "parts": len(parts)}

    return _started(exchange, work)


def _prepare_result(exchange: Exchange, given: Given) -> Answer:
    status, job = _status(exchange, given["OperationID"] or "")
    done = status == "Completed"
    result = {
        "ErrorMessage": job["error"],
        "FileID": job["file"] if done else "",
        "PartCount": job["parts"] if done else 0,
        "Status": status,
    }
    return {"return": result, "ErrorMessage": job["error"]}


def _get_part(exchange: Exchange, given: Given) -> Answer:
    part = exchange.state["files"].get(given["FileID"], {}).get(str(int(given["PartNumber"] or 0)))
    return {"return": part, "ErrorMessage": NO_PART if part is None else ""}


def _confirm(exchange: Exchange, given: Given) -> Answer:
    """Only the temporary file goes: this acknowledges nothing, whatever ClearDataPool says."""
    exchange.state["files"].pop(given["FileID"], None)
    return {"return": "", "ErrorMessage": ""}


_NODE: Final = {"ExchangePlanName": "xs:string", "PeerCode": "xs:string"}
_PART: Final = {"FileID": "xs:string", "PartNumber": "xs:int?", "PartData": "xs:base64Binary"}
_JOB: Final = {"OperationID": "xs:string"}
_STARTED: Final = ("OperationID", "ErrorMessage")
_ERROR: Final = ("ErrorMessage",)

SERVICES: Final[dict[str, dict[str, Operation]]] = {
    "EnterpriseDataExchange_1_0_1_1": {
        "Ping": Operation({}, "xs:string?", (), _ping),
        "TestConnection": Operation(_NODE, "xs:boolean", _ERROR, _test),
        "PrepareDataForGetting": Operation({**_NODE, "PartSize": "xs:decimal"}, "xs:string?", _STARTED, _prepare),
        "PrepareDataActionResult": Operation(_JOB, "result", _ERROR, _prepare_result),
        "GetDataPart": Operation(
            {"FileID": "xs:string", "PartNumber": "xs:int"}, "xs:base64Binary?", _ERROR, _get_part
        ),
        "ConfirmGettingFile": Operation(
            {"FileID": "xs:string", "ClearDataPool": "xs:boolean"}, "xs:string?", _ERROR, _confirm
        ),
        "PutFilePart": Operation(_PART, "xs:string?", _ERROR, _put_part),
        "PutData": Operation({**_NODE, "FileID": "xs:string"}, "xs:string?", _STARTED, _put_data),
        "PutDataActionResult": Operation(_JOB, "xs:string", _ERROR, _put_result),
    },
    "EnterpriseDataUpload_1_0_1_1": {
        "Ping": Operation({}, "xs:string?", (), _ping),
        "TestConnection": Operation({}, "xs:boolean", _ERROR, _test_upload),
        "PutFilePart": Operation(_PART, "xs:string?", _ERROR, _put_part),
        "PutData": Operation({"FileID": "xs:string"}, "xs:string?", _STARTED, _put_upload),
        "PutDataActionResult": Operation(_JOB, "xs:string", _ERROR, _put_result),
    },
}


def namespace(service: str) -> str:
    return f"http://www.1c.ru/SSL/{service}"


# serving -------------------------------------------------------------------------------------------------------


def service_of(path: str) -> str | None:
    """The service that a path below `/ws/` names; None for another."""
    name = path.strip("/").removesuffix(".1cws")
    return name if name in SERVICES else None


def serve(world: World, service: str, verb: str, body: bytes, address: str) -> Response:
    """The description for a GET, the answer of an operation for a POST."""
    if verb == "GET":
        return Response(wsdl(service, address), content_type="text/xml; charset=utf-8")
    envelope = ENVELOPES[0]
    try:
        root = _parsed(body)
        envelope = etree.QName(root).namespace or envelope
        return _reply(envelope, service, *_performed(Exchange(world), service, root))
    except Fault as reason:
        return _fault(envelope, str(reason))


def _performed(exchange: Exchange, service: str, root: etree._Element) -> tuple[str, Operation, Answer]:
    called = root.find("{*}Body/*")
    if called is None or etree.QName(root).namespace not in ENVELOPES:
        raise Fault("Неверный конверт SOAP.")
    name = etree.QName(called).localname
    operation = SERVICES[service].get(name)
    if operation is None or etree.QName(called).namespace != namespace(service):
        raise Fault(f"Операция {name} не найдена.")
    given = {etree.QName(item).localname: item.text for item in called}
    for parameter in operation.takes:
        if parameter not in given:
            raise Fault(f"Не указан параметр {parameter}.")
    return name, operation, operation.does(exchange, given)


def _parsed(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise Fault(f"Ошибка разбора XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise Fault("Ошибка разбора XML: объявление типа документа")
    return root


def _reply(envelope: str, service: str, name: str, operation: Operation, answer: Answer) -> Response:
    space = namespace(service)
    root = etree.Element(f"{{{envelope}}}Envelope", nsmap={"soap": envelope})
    response = etree.SubElement(
        etree.SubElement(root, f"{{{envelope}}}Body"), f"{{{space}}}{name}Response", nsmap={"m": space}
    )
    for field in ("return", *operation.gives):
        _field(etree.SubElement(response, f"{{{space}}}{field}"), answer[field])
    return _xml(root, 200)


def _field(element: etree._Element, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _field(etree.SubElement(element, f"{{{RESULT}}}{name}"), inner)
    elif value is None:
        element.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
    else:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)


def _fault(envelope: str, text: str) -> Response:
    root = etree.Element(f"{{{envelope}}}Envelope", nsmap={"soap": envelope})
    fault = etree.SubElement(etree.SubElement(root, f"{{{envelope}}}Body"), f"{{{envelope}}}Fault")
    if envelope == ENVELOPES[0]:
        etree.SubElement(fault, "faultcode").text = "soap:Server"
        etree.SubElement(fault, "faultstring").text = text
    else:
        code = etree.SubElement(fault, f"{{{envelope}}}Code")
        etree.SubElement(code, f"{{{envelope}}}Value").text = "soap:Receiver"
        reason = etree.SubElement(fault, f"{{{envelope}}}Reason")
        said = etree.SubElement(reason, f"{{{envelope}}}Text")
        said.set("{http://www.w3.org/XML/1998/namespace}lang", "ru")
        said.text = text
    return _xml(root, 500)


def _xml(root: etree._Element, status: int) -> Response:
    kind = "text/xml" if etree.QName(root).namespace == ENVELOPES[0] else "application/soap+xml"
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return Response(body, status, content_type=f"{kind}; charset=utf-8")


# the description -----------------------------------------------------------------------------------------------


def wsdl(service: str, address: str) -> bytes:
    """What the platform writes for a web service of the configuration."""
    space = namespace(service)
    spaces = {None: _WSDL, "tns": space, "xs": XS, "res": RESULT, "s11": _BINDINGS[0][1], "s12": _BINDINGS[1][1]}
    root = etree.Element(f"{{{_WSDL}}}definitions", {"name": service, "targetNamespace": space}, nsmap=spaces)
    types = etree.SubElement(root, f"{{{_WSDL}}}types")
    if service.startswith("EnterpriseDataExchange"):
        types.append(_result_schema())
    types.append(_schema(service))
    for name in SERVICES[service]:
        for kind, element in (("Request", name), ("Response", f"{name}Response")):
            message = etree.SubElement(root, f"{{{_WSDL}}}message", {"name": f"{name}{kind}Message"})
            etree.SubElement(message, f"{{{_WSDL}}}part", {"name": "parameters", "element": f"tns:{element}"})
    _port_type(root, service)
    for suffix, binding in _BINDINGS:
        _binding(root, service, suffix, binding)
    ports = etree.SubElement(root, f"{{{_WSDL}}}service", {"name": service})
    for suffix, binding in _BINDINGS:
        facts = {"name": f"{service}{suffix}", "binding": f"tns:{service}{suffix}Binding"}
        port = etree.SubElement(ports, f"{{{_WSDL}}}port", facts)
        etree.SubElement(port, f"{{{binding}}}address", {"location": address})
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _result_schema() -> etree._Element:
    schema = etree.Element(f"{{{XS}}}schema", {"targetNamespace": RESULT, "elementFormDefault": "qualified"})
    kind = etree.SubElement(schema, f"{{{XS}}}complexType", {"name": "PrepareDataOperationResult"})
    sequence = etree.SubElement(kind, f"{{{XS}}}sequence")
    for name in ("ErrorMessage", "FileID", "PartCount", "Status"):
        facts = {"name": name, "type": "xs:int" if name == "PartCount" else "xs:string", "minOccurs": "0"}
        etree.SubElement(sequence, f"{{{XS}}}element", facts)
    return schema


def _schema(service: str) -> etree._Element:
    facts = {"targetNamespace": namespace(service), "elementFormDefault": "qualified"}
    schema = etree.Element(f"{{{XS}}}schema", facts)
    if service.startswith("EnterpriseDataExchange"):
        etree.SubElement(schema, f"{{{XS}}}import", {"namespace": RESULT})
    for name, operation in SERVICES[service].items():
        _wrapper(schema, name, operation.takes)
        outs = {"return": operation.returns, **dict.fromkeys(operation.gives, "xs:string?")}
        _wrapper(schema, f"{name}Response", outs)
    return schema


def _wrapper(schema: etree._Element, name: str, fields: Mapping[str, str]) -> None:
    element = etree.SubElement(schema, f"{{{XS}}}element", {"name": name})
    kind = etree.SubElement(element, f"{{{XS}}}complexType")
    sequence = etree.SubElement(kind, f"{{{XS}}}sequence")
    for field, declared in fields.items():
        plain = "res:PrepareDataOperationResult" if declared == "result" else declared.rstrip("?")
        facts = {"name": field, "type": plain} | ({"nillable": "true"} if declared.endswith("?") else {})
        etree.SubElement(sequence, f"{{{XS}}}element", facts)


def _port_type(root: etree._Element, service: str) -> None:
    port = etree.SubElement(root, f"{{{_WSDL}}}portType", {"name": f"{service}PortType"})
    for name in SERVICES[service]:
        operation = etree.SubElement(port, f"{{{_WSDL}}}operation", {"name": name})
        for kind, message in (("input", "Request"), ("output", "Response")):
            facts = {"name": f"{name}{message}", "message": f"tns:{name}{message}Message"}
            etree.SubElement(operation, f"{{{_WSDL}}}{kind}", facts)


def _binding(root: etree._Element, service: str, suffix: str, binding: str) -> None:
    facts = {"name": f"{service}{suffix}Binding", "type": f"tns:{service}PortType"}
    found = etree.SubElement(root, f"{{{_WSDL}}}binding", facts)
    transport = "http://schemas.xmlsoap.org/soap/http"
    etree.SubElement(found, f"{{{binding}}}binding", {"style": "document", "transport": transport})
    for name in SERVICES[service]:
        operation = etree.SubElement(found, f"{{{_WSDL}}}operation", {"name": name})
        action = f"{namespace(service)}#{service}:{name}"
        etree.SubElement(operation, f"{{{binding}}}operation", {"style": "document", "soapAction": action})
        for kind, message in (("input", "Request"), ("output", "Response")):
            part = etree.SubElement(operation, f"{{{_WSDL}}}{kind}", {"name": f"{name}{message}"})
            etree.SubElement(part, f"{{{binding}}}body", {"use": "literal"})
